# SPDX-License-Identifier: MIT
# Streams, exit statuses, signals and the terminal, on both kernels.
. tests/suite/tap.sh
kernels=linux
[ -e "$build/quire.elf" ] && kernels='linux quire'
random=$scratch/random
head -c 10485760 /dev/urandom >"$random"
sum=$(sha256sum <"$random")

for k in $kernels; do
	q="timeout 120 ./quire run --kernel $k --accel tcg --timeout 100"
	is "$k: 10 MiB through standard output" "$($q --add "$random:/random" -- cat /random | sha256sum)" "$sum"
	is "$k: 10 MiB through both" "$($q -- cat <"$random" | sha256sum)" "$sum"
	$q -- sh -c 'echo out; printf "%s|" "$@"; echo err >&2; exit 7' sh 'a b' '' '*' >"$scratch/o" 2>"$scratch/e"
	is "$k: exit status" $? 7
	is "$k: standard output apart" "$(sed -n 1p "$scratch/o")" out
	is "$k: standard error apart" "$(cat "$scratch/e")" err
	is "$k: arguments with spaces" "$(sed 1d "$scratch/o")" 'a b||*|'
	$q -- sh -c 'wc -c; kill -9 $$' </dev/null >"$scratch/o" 2>/dev/null
	is "$k: death by signal 9" $? 137
	is "$k: no input at all" "$(cat "$scratch/o")" 0
	printf 'abc\000\001\377' | $q -- sh -c 'cat; echo; echo end' >"$scratch/o"
	is "$k: end of standard input" "$(head -c 3 "$scratch/o"; tail -c 5 "$scratch/o")" "abc
end"
	is "$k: odd bytes" "$(od -An -tx1 -j 3 -N 3 "$scratch/o")" ' 00 01 ff'
	is "$k: a reader that leaves" "$($q -- yes 2>/dev/null | head -n 1)" y
	timeout 60 ./quire run --kernel $k --accel tcg --timeout 6 -- sleep 100 2>"$scratch/e"
	is "$k: time-out" $? 124
	# On a busy host init may not have run by then: that is said before, with the log of the kernel.
	is "$k: time-out is said" "$(sed '/^\[/d; /^quire: init has not run/d' "$scratch/e")" 'quire: time-out after 6 seconds'
	./quire run --kernel $k --accel tcg --timeout 1 --qemu-arg -S -- true 2>"$scratch/e"
	is "$k: time-out before the first instruction" "$? $(cat "$scratch/e")" '124 quire: init has not run; the kernel said nothing
quire: time-out after 1 seconds'
	printf 'garbage' >"$scratch/garbage"
	chmod +x "$scratch/garbage"
	$q -- "$scratch/garbage" 2>"$scratch/e"
	is "$k: not a program" $? 125
	is "$k: not a program, in words" "$(grep -c 'Exec format error' "$scratch/e")" 1
	# Ctrl-C: the tool passes it to the program, the machine lives to report.
	$q -- sh -c 'trap "echo caught; exit 5" INT; echo ready; while :; do sleep 0.1; done' >"$scratch/o" &
	pid=$!
	i=0
	while ! grep -q ready "$scratch/o" && [ $i -lt 900 ]; do sleep 0.1; i=$((i + 1)); done
	pkill -INT -P $pid quire 2>/dev/null || kill -INT $pid
	wait $pid
	is "$k: SIGINT reaches the program" "$? $(tail -n 1 "$scratch/o")" '5 caught'
	# The shell on its terminal: each step is typed when the one before has shown.
	rm -f "$scratch/keys" "$scratch/o"
	mkfifo "$scratch/keys"
	timeout 100 ./quire shell --kernel $k --accel tcg --timeout 90 <"$scratch/keys" >"$scratch/o" 2>&1 &
	pid=$!
	exec 3>"$scratch/keys"
	shows() {
		i=0
		while ! grep -q "$1" "$scratch/o" && [ $i -lt 900 ]; do sleep 0.1; i=$((i + 1)); done
	}
	shows 'quire:/'
	printf 'tty; stty size; sleep 100 &\njobs; kill %%1\necho \044((6*7)); sleep 50\n' >&3
	shows '^42'
	sleep 1
	printf '\003' >&3
	printf 'echo after\nexit 3\n' >&3
	exec 3>&-
	wait $pid
	is "$k: shell: exit status, after Ctrl-C" $? 3
	out=$(cat "$scratch/o")
	for word in /dev/hvc0 '24 80' '[1]+  Running' 42 '^after'; do
		is "$k: shell: $word" "$(printf '%s\n' "$out" | tr -d '\r' | grep -c -m 1 -F "${word#^}")" 1
	done
	# An input that has ended ends the shell whenever it comes to read; what was typed before is not lost.
	timeout 100 ./quire shell --kernel $k --accel tcg --timeout 60 </dev/null >"$scratch/o" 2>&1
	is "$k: shell: no input" $? 0
	printf 'echo typed ahead\nexit 5\n' | timeout 100 ./quire shell --kernel $k --accel tcg --timeout 60 >"$scratch/o" 2>&1
	is "$k: shell: input that came before it, and ended" "$? $(tr -d '\r' <"$scratch/o" | grep -c '^typed ahead')" '5 1'
done
finish
