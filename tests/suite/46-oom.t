# SPDX-License-Identifier: MIT
# A small machine whose memory is eaten up, with one CPU and two, and counted.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

for options in '--smp 1' '--smp 2' '--icount'; do
	# shellcheck disable=SC2086
	timeout 300 tests/run-guest $options --accel tcg --timeout 290 --mem 32M oom >"$scratch/oom" 2>&1
	is "32 MiB, $options: the guest test oom" "$(grep -c '^ *not ok' "$scratch/oom") $(grep -c '^ *ok' "$scratch/oom")" '0 7'
	grep -E '^ *(not ok|#)' "$scratch/oom" | sed 's/^ */# /'
done
# Exhausted by forks, page tables, shared memory, pipes, sockets, small objects, locked pages.
for cpus in 1 4; do
	timeout 300 tests/run-guest --smp $cpus --accel tcg --timeout 290 --mem 64M oom_kinds >"$scratch/kinds" 2>&1
	is "64 MiB, $cpus CPUs: the guest test oom_kinds" "$(grep -c '^ *not ok' "$scratch/kinds") $(grep -c '^ *ok' "$scratch/kinds")" '0 22'
	grep -E '^ *(not ok|#)' "$scratch/kinds" | sed 's/^ */# /'
done
# The first kill of a boot has a record, though only a group is short and nothing was made for it in time.
timeout 200 ./quire run --accel tcg --timeout 190 --smp 1 --mem 64M -- sh -c 'mount -t cgroup2 none /sys/fs/cgroup && cd /sys/fs/cgroup &&
	echo +memory >cgroup.subtree_control && mkdir a && echo 4M >a/memory.max && (echo 0 >a/cgroup.procs && tail /dev/zero)
	cat /proc/mm/oom/last' >"$scratch/last" 2>&1
is 'the first verdict of a boot, of a group' "$(grep -c -e '^verdict   1 of' -e '^group     /a: ' -e 'tail  <- this one' "$scratch/last")" 3
finish
