# SPDX-License-Identifier: MIT
# The kernel broken on purpose: what it says, and that the command says it too.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

# breaks WHAT PATTERN...: panics with exit status 126, and standard error matches each pattern
breaks() {
	what=$1
	shift
	timeout 200 ./quire run --accel tcg --timeout 190 --smp 1 --append "provoke=$what" -- true >/dev/null 2>"$scratch/panic"
	is "provoke=$what: 126" $? 126
	for pattern in '^quire: kernel panicked' 'Kernel panic - not syncing' "$@"; do
		is "provoke=$what: $pattern" "$(tr -d '\r' <"$scratch/panic" | grep -c -m 1 -e "$pattern")" 1
	done
}

trace=' [a-z_][A-Za-z0-9_.]*+0x[0-9a-f]*/0x[0-9a-f]*'
breaks null 'NULL pointer dereference' "$trace" 'Call Trace'
breaks wild 'BUG: unable to handle page fault' "$trace"
breaks write-text 'BUG:' "$trace"
breaks exec-data 'BUG:'
breaks vmalloc-guard 'BUG: unable to handle page fault' 'provoke_vmalloc_guard+0x'
breaks user 'BUG:'
breaks divide 'divide error'
breaks opcode 'invalid opcode'
breaks overflow 'stack' "$trace"
breaks stack-end 'corrupted stack end detected inside scheduler'
breaks bug 'kernel BUG at'
breaks panic 'provoked' "$trace"

# vm.panic_on_oom: 1 spares a control group at its limit, a cpuset and SysRq-f, 2 spares SysRq-f alone.
# shellcheck disable=SC2016 # for the guest
on_oom='
echo 1 >/proc/sys/vm/overcommit_memory; echo $1 >/proc/sys/vm/panic_on_oom; shift
mount -t cgroup2 none /sys/fs/cgroup; cd /sys/fs/cgroup; echo +memory +cpuset >cgroup.subtree_control; mkdir group cpuset
echo 4M >group/memory.max; echo 1 >cpuset/cpuset.mems
eat() { dd if=/dev/zero of=/dev/null bs=$1 count=1; }
for kind; do
	case $kind in
	group) (echo 0 >group/cgroup.procs; eat 20M) ;;
	cpuset) (echo 0 >cpuset/cgroup.procs; eat 60M) ;;
	sysrq) sleep 100 & echo 1000 >/proc/$!/oom_score_adj; echo f >/proc/sysrq-trigger; wait $! ;;
	machine) eat 100M ;;
	esac
	echo $kind $?
done'
while read -r status value why kinds; do
	# shellcheck disable=SC2086 # several
	timeout 200 ./quire run --accel tcg --timeout 190 --smp 1 --mem 64M --numa 2 -- sh -c "$on_oom" sh $value $kinds \
		>"$scratch/out" 2>"$scratch/panic" </dev/null
	seen=$?
	expected=$(for kind in $kinds; do echo "$kind 137"; done)
	[ "$status" = 0 ] || expected=$(printf '%s\n' "$expected" | sed '$d')
	is "panic_on_oom $value, $kinds: who is killed until it panics" "$seen $(cat "$scratch/out")" "$status $expected"
	[ "$why" = - ] || ok "panic_on_oom $value: it says $why" \
		grep -q "Kernel panic - not syncing: Out of memory: $why panic_on_oom is enabled" "$scratch/panic"
done <<'END'
0 0 - group cpuset sysrq machine
126 1 system-wide group cpuset sysrq machine
126 2 compulsory sysrq group
126 2 compulsory sysrq cpuset
END

# reports WHAT PATTERN: with slub_debug=FZPU the mistake is told with both callers, and the machine goes on
reports() {
	timeout 200 ./quire run --accel tcg --timeout 190 --smp 1 --append "provoke=$1 slub_debug=FZPU,kmalloc-64" \
		--console-log "$scratch/slab.log" -- true
	is "provoke=$1: goes on" $? 0
	for pattern in "BUG kmalloc-64: $2" 'Allocated in ' 'Freed in\|Object'; do
		is "provoke=$1: $pattern" "$(grep -c -m 1 -e "$pattern" "$scratch/slab.log")" 1
	done
}
reports slab-overflow 'Right Redzone overwritten'
reports slab-uaf 'Poison overwritten'
reports slab-twice 'Object already free'

# Who holds objects: every object in use has its caller.
out=$(./quire run --accel tcg --timeout 180 --smp 1 --append "slub_debug=U,kmalloc-64" -- sh -c '
	cd /sys/kernel/debug/slab && echo * && awk "{n += \$1} END {print n}" kmalloc-64/alloc_traces &&
	grep -c " age=.*pid=.* cpus=" kmalloc-64/alloc_traces && sed -n "s/ .*//;1p" /sys/kernel/slab/kmalloc-64/objects')
is 'slub_debug=U: the cache that tracks' "$(echo "$out" | sed -n 1p)" kmalloc-64
is 'slub_debug=U: many callers' "$([ "$(echo "$out" | sed -n 3p)" -gt 5 ] && echo yes)" yes
is 'slub_debug=U: nearly all objects have one' "$([ "$(echo "$out" | sed -n 2p)" -ge \
	$(($(echo "$out" | sed -n 4p) - 8)) ] && echo yes)" yes
finish
