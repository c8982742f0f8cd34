# seconds: 1800
# stress-ng --class filesystem and --class io, a stressor at a time: its status, and whether it was skipped or idle.
cd /root && mkdir stress && cd stress || exit 1
for stressor in $( (stress-ng --class 'filesystem?'; stress-ng --class 'io?') 2>&1 | sed 's/.*stressors: //' | tr ' ' '\n' | sort -u); do
	for seconds in 2 15; do # who did nothing has more time
		# By count, so that speed does not matter: at the fifth statx of a file that it has removed it gives up, on Linux, too.
		[ $stressor = io-uring ] && seconds='50 --io-uring-ops 100'
		# Of its file of 64 MiB Linux needs longer to write than it has.
		[ $stressor = readahead ] && seconds="$seconds --readahead-bytes 16M"
		timeout 60 stress-ng --temp-path /root/stress --$stressor 1 -t $seconds --metrics >said 2>&1 </dev/null
		how="status $?"
		grep -q -E 'skipped: [1-9]|be skipped|skipping' said && break
		grep -q -E "metrc: \[[0-9]*\] $stressor +[1-9]" said && break
	done
	grep -q -E "metrc: \[[0-9]*\] $stressor +[1-9]" said || how="$how, idle"
	grep -q -E 'skipped: [1-9]|be skipped|skipping' said && how="$how, skipped"
	echo "$stressor: $how"
done
cd .. && rm -rf stress
exit 0
