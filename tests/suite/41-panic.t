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

# vm.panic_on_oom: 1 spares a control group at its limit and SysRq-f, 2 does not spare the group.
# shellcheck disable=SC2016 # for the guest
on_oom='
echo 1 >/proc/sys/vm/overcommit_memory; echo $1 >/proc/sys/vm/panic_on_oom
mount -t cgroup2 none /sys/fs/cgroup; cd /sys/fs/cgroup; echo +memory >cgroup.subtree_control; mkdir g; echo 4M >g/memory.max
eat() { dd if=/dev/zero of=/dev/null bs=$1 count=1; }
(echo 0 >g/cgroup.procs; eat 20M); echo group $?
sleep 100 & echo 1000 >/proc/$!/oom_score_adj; echo f >/proc/sysrq-trigger; wait $!; echo sysrq $?
eat 100M; echo machine $?'
for value in 0 1 2; do
	timeout 60 ./quire run --accel tcg --timeout 50 --smp 1 --mem 64M -- sh -c "$on_oom" sh $value >"$scratch/out" 2>"$scratch/panic"
	status=$?
	case $value in
	0) expected='0 group 137 sysrq 137 machine 137 ' why='' ;;
	1) expected='126 group 137 sysrq 137 ' why='system-wide' ;;
	2) expected='126 ' why='compulsory' ;;
	esac
	is "panic_on_oom $value: who is killed until it panics" "$status $(tr '\n' ' ' <"$scratch/out")" "$expected"
	[ -z "$why" ] || ok "panic_on_oom $value: it says $why" \
		grep -q "Kernel panic - not syncing: Out of memory: $why panic_on_oom is enabled" "$scratch/panic"
done

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
