# SPDX-License-Identifier: MIT
# Two control groups that read a disk each: the limit of one is kept at its own cost, the neighbour's pages stay. On both kernels.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
for d in vda vdb; do
	head -c 16777216 /dev/zero >"$scratch/$d"
done
# shellcheck disable=SC2016
guest='
exec 8</dev/vda 9</dev/vdb
mount -t cgroup2 none /sys/fs/cgroup; cd /sys/fs/cgroup; echo +memory >cgroup.subtree_control; mkdir a b
echo 4M >a/memory.max
in_group() { (echo 0 >$1/cgroup.procs; exec dd if=/dev/$2 of=/dev/null bs=64k 2>/dev/null); }
in_group b vdb; b=$(cat b/memory.current)
in_group a vda; in_group a vda; a=$(cat a/memory.current)
echo fits $((a > 2097152 && a <= 4194304)) $((b >= 16777216))
echo stays $((b - $(cat b/memory.current) < 1048576))
echo file $(($(sed -n "s/^file //p" b/memory.stat) >= 16777216))
echo max $(($(sed -n "s/^max //p" a/memory.events) > 0)) $(sed -n "s/^max //p" b/memory.events)
echo 8M >b/memory.max; echo lowered $(($(cat b/memory.current) <= 8388608))
echo 2M >b/memory.reclaim; echo reclaimed $(($(cat b/memory.current) <= 6291456))
rmdir a && rmdir b && echo removed $(sed -n "s/^nr_descendants //p" cgroup.stat)
[ -e /dev/vdc ] || exit
mkdir /m c; mount -t ext2 /dev/vdc /m; echo 4M >c/memory.max
(echo 0 >c/cgroup.procs; i=0; while [ $i -lt 28000 ]; do [ -e /m/no$i ]; i=$((i+1)); done; echo lookups $i)
echo dentries $(sed -n "/^oom/p" c/memory.events) $(($(sed -n "s/^max //p" c/memory.events) > 0)) $(($(cat c/memory.peak) >= 3145728))
'
third=
if command -v mke2fs >/dev/null; then
	truncate -s 4M "$scratch/vdc"
	mke2fs -q -F -t ext2 -b 4096 "$scratch/vdc"
	third="--disk $scratch/vdc"
fi
for kernel in linux quire; do
	# shellcheck disable=SC2046,SC2086
	timeout 240 ./quire run --kernel $kernel $([ $kernel = quire ] || echo --module ext4) --accel tcg --timeout 220 --mem 128M \
		--disk "$scratch/vda" --disk "$scratch/vdb" $third -- sh -c "$guest" >"$scratch/out" 2>"$scratch/err"
	get() { sed -n "s/^$1 //p" "$scratch/out"; }
	is "$kernel: cgroup: a group keeps its limit, another has what it read" "$(get fits)" '1 1'
	is "$kernel: cgroup: the neighbour keeps its pages" "$(get stays)" 1
	is "$kernel: cgroup: memory.stat: file" "$(get file)" 1
	is "$kernel: cgroup: memory.events: max" "$(get max)" '1 0'
	is "$kernel: cgroup: a lowered limit is reclaimed to" "$(get lowered)" 1
	is "$kernel: cgroup: memory.reclaim" "$(get reclaimed)" 1
	is "$kernel: cgroup: rmdir with charged pages" "$(get removed)" 0
	[ -n "$third" ] || continue
	is "$kernel: cgroup: names that were looked up go, and nobody is killed" "$(get lookups) $(get dentries)" \
		'28000 oom 0 oom_kill 0 oom_group_kill 0 1 1'
done

# Under pressure: over a limit with swap, more file pages than memory below memory.low, a promise among siblings.
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
for kernel in linux quire; do
	rm -f "$scratch/vda" "$scratch/vdb"
	truncate -s 64M "$scratch/vda"
	truncate -s 112M "$scratch/vdb"
	timeout 240 ./quire run --kernel $kernel --accel tcg --timeout 220 --mem 96M --disk "$scratch/vda" --disk "$scratch/vdb" \
		-- "$build/tests/disk/memcg" /dev/vda /dev/vdb >"$scratch/tap" 2>"$scratch/err"
	relay "$scratch/tap" "$kernel"
	is "$kernel: to the end" "$(grep -c '^1\.\.' "$scratch/tap")" 1
done
rm -f "$scratch/vda" "$scratch/vdb" "$scratch/vdc"
finish
