# SPDX-License-Identifier: MIT
# In the guest: rounds of Debian's trinity on the memory calls, as nobody, until SECONDS are over. After each round all
# memory must add up. trinity.sh SECONDS SEED CALLS
seconds=$1 seed=$2 calls=$3
mkdir -p /tmp/trinity && chmod 777 /tmp/trinity && cd /tmp/trinity || exit 1
# The address spaces of its children fill up; the OOM killer is to find them, not this script.
echo -1000 >/proc/self/oom_score_adj
# brk is not among them: trinity never calls it, even when told to, for the heap is its own.
wanted=
for call in mmap munmap mprotect madvise mremap mlock munlock mincore msync mlockall munlockall mlock2 remap_file_pages \
	process_vm_readv process_vm_writev memfd_create membarrier pkey_alloc pkey_free pkey_mprotect shmget shmat shmdt \
	shmctl fallocate ftruncate vmsplice userfaultfd process_madvise prctl personality; do
	wanted="$wanted -c $call"
done
end=$(($(date +%s) + seconds)) rounds=0
while [ "$(date +%s)" -lt "$end" ]; do
	rm -rf /tmp/trinity/*
	# Without sockets it crashes on Linux as well.
	# shellcheck disable=SC2086
	timeout -s KILL 200 /usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
		echo 500 >/proc/self/oom_score_adj
		exec trinity -q -l off -a 64 -C 4 --disable-fds=sockets --disable-fds=perf --disable-fds=drm "$@"' - \
		-N "$calls" -s "$seed" $wanted >out 2>&1
	status=$?
	sed -n '/Ran [0-9]* syscalls/p' out
	# 137 is a round whose main process was chosen by the OOM killer, unless time was up.
	if [ $status != 0 ] && ! dmesg | grep -q 'Out of memory'; then
		echo "seed $seed: trinity ended with $status"
		tail -n 5 out
		exit 1
	fi
	# Its children end with it, each in its own time: until then pages are on their way from one account to another.
	tries=0
	while grep -qs '^trinity' /proc/[0-9]*/comm && [ $tries -lt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	ipcrm -a 2>/dev/null
	if [ -e /sys/kernel/debug/mm_check ]; then # not on Linux
		echo 1 >/sys/kernel/debug/mm_settle
		answer=$(cat /sys/kernel/debug/mm_check)
		[ "$answer" = ok ] || { echo "seed $seed: $answer"; exit 1; }
	fi
	rounds=$((rounds + 1)) seed=$((seed + 1))
done
echo "$rounds rounds, the next seed is $seed"
