# SPDX-License-Identifier: MIT
# A random mix of programs of which one allocation or copy in a hundred fails: programs may fail in any way, the
# kernel in none.
seed=$1 seconds=$2
d=/sys/kernel/debug
mount -t debugfs none $d 2>/dev/null
for kind in fail_page_alloc failslab fail_usercopy fail_futex; do
	echo Y >$d/$kind/task-filter
	echo 0 >$d/$kind/verbose
	echo -1 >$d/$kind/times
	echo 1 >$d/$kind/interval
done
for kind in fail_page_alloc failslab; do echo N >$d/$kind/ignore-gfp-wait; done
echo N >$d/fail_page_alloc/ignore-gfp-highmem
echo 0 >$d/fail_page_alloc/min-order
for kind in fail_page_alloc failslab fail_usercopy fail_futex; do echo 1 >$d/$kind/probability; done

random() { # 0..$1-1, in $r
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	r=$(((seed >> 8) % $1))
}

one() {
	random 12
	case $r in
	0) dash -c 'i=0; while [ $i -lt 20 ]; do (echo x | cat); i=$((i+1)); done' ;;
	1) busybox dd if=/dev/zero of=/tmp/f$r.$$ bs=64k count=16 ;;
	2) busybox find /proc/self /sys -maxdepth 3 ;;
	3) busybox tar c /tests | busybox tar t ;;
	4) busybox ls -lR /proc/self/ ;;
	5) /tests/mmap ;;
	6) /tests/fork ;;
	7) /tests/pipe ;;
	8) /tests/poll ;;
	9) /tests/vfs ;;
	10) /tests/futex ;;
	11) busybox cat /proc/*/maps /proc/*/smaps ;;
	esac
}

end=$(($(date +%s) + seconds)) rounds=0
while [ "$(date +%s)" -lt "$end" ]; do
	pids=
	for job in 1 2 3 4 5 6; do
		random 1000000
		(
			seed=$((seed + r))
			echo 1 >/proc/self/make-it-fail
			one
		) >/dev/null 2>&1 </dev/null &
		pids="$pids $!"
	done
	# A program that lost its way is ended, by its number.
	(sleep 20; kill -9 $pids) >/dev/null 2>&1 &
	guard=$!
	wait $pids
	kill $guard 2>/dev/null
	rm -rf /tmp/f*
	rounds=$((rounds + 1))
done
for kind in fail_page_alloc failslab fail_usercopy fail_futex; do echo 0 >$d/$kind/probability; done
echo 1 >$d/mm_settle
answer=$(cat $d/mm_check)
echo "$rounds rounds of 6 programs; mm_check: $answer"
[ "$answer" = ok ]
