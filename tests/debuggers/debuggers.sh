#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's strace, gdb, pmap and smem, unmodified, on tests/debuggers/crash.c. Run by tests/suite/52-debuggers.t on both kernels.
. /tests/tap.sh
export HOME=/tmp LC_ALL=C.UTF-8
cd /tmp || exit 1
crash=/tests/crash
echo core >/proc/sys/kernel/core_pattern
ulimit -c unlimited

# has "what" FILE REGEXP...: FILE has a line that matches each.
has() {
	what=$1 file=$2
	shift 2
	for want in "$@"; do
		grep -q -E -- "$want" "$file" || {
			ok "$what" false
			echo "# no line matches: $want"
			sed 's/^/# | /' "$file" | head -n 30
			return
		}
	done
	ok "$what" true
}
# gdb takes seconds to start: one session with several parts, divided by "echo == NAME"; the first error ends it.
part() { # NAME: what gdb said in it
	sed -n "/^== $1\$/,/^== /p" /tmp/session >/tmp/said
}

# ---- strace ----

strace -o out $crash >shown
is 'strace: the program runs' "$? $(cat shown)" '0 deep 6'
has 'strace: first and last call' out '^execve\("/tests/crash", \["/tests/crash"\], 0x[0-9a-f]+ /\* [0-9]+ vars \*/\) = 0$' \
	'^write\(1, "deep 6\\n", 7\) += 7$' '^exit_group\(0\) += \?$' '^\+\+\+ exited with 0 \+\+\+$'
has 'strace: memory calls' out '^brk\(NULL\) += 0x' '^mmap\(NULL, [0-9]+, PROT_READ, MAP_PRIVATE, 3, 0\) += 0x' '^mprotect\(0x'
is 'strace: no call is missing' "$(grep -c ENOSYS out)" 0
(strace -o out $crash x) >shown 2>&1
is 'strace: dies as the program does' $? 139
has 'strace: a signal with its address' out '^--- SIGSEGV \{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10\} ---$' \
	'^\+\+\+ killed by SIGSEGV \(core dumped\) \+\+\+$'
strace -f -o out $crash fork >shown
is 'strace -f: both run' "$? $(cat shown)" '0 child 7'
is 'strace -f: of two processes' "$(cut -d' ' -f 1 out | sort -u | grep -c .)" 2
has 'strace -f: the end of the child' out '^[0-9]+ +--- SIGCHLD \{si_signo=SIGCHLD, si_code=CLD_EXITED, .*si_status=7' \
	'^[0-9]+ +\+\+\+ exited with 7 \+\+\+$'
strace -c -o out $crash >shown
has 'strace -c: a table of calls' out '^100.00 ' ' mmap$' ' write$'
strace -o out -e inject=write:error=ENOSPC $crash >shown
has 'strace: a call made to fail' out 'write\(1, "deep 6\\n", 7\) += -1 ENOSPC .*\(INJECTED\)'
is 'strace: and nothing was written' "$(cat shown)" ''
sleep 1000 &
slept=$!
strace -o out -p $slept 2>said &
tracer=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q attached said && break; sleep 1; done
kill $tracer
wait $tracer
has 'strace -p: attached and detached' said 'attached' 'detached'
is 'strace -p: the program sleeps on' "$(sed -n 's/^State:.*\([A-Z]\) .*/\1/p' /proc/$slept/status)" S

# ---- gdb ----

cat >script <<'X'
echo == condition\n
break deeper if n == 2
run
bt
print depth
set variable n = 3
continue
delete
echo == watch\n
break main
run
watch depth
continue
continue
delete
tbreak deeper if n == 3
continue
finish
stepi
print $rip != 0
print child(5)
echo == catch\n
catch syscall write
continue
info registers orig_rax
continue
continue
delete
echo == follow\n
set follow-fork-mode child
break child
run fork
bt
continue
delete
set follow-fork-mode parent
echo == crash\n
file /tests/crash
run x
bt
print $_siginfo._sifields._sigfault.si_addr
print $_siginfo.si_signo
info proc mappings
generate-core-file gcore
kill
echo == own\n
core-file gcore
bt
print depth
echo == end\n
X
gdb -nx -q -batch -x script $crash >session 2>&1
part condition
has 'gdb: a breakpoint with a condition' said '^Breakpoint 1, deeper \(n=2\)' '^#3 .* in main \(argc=1' '= 1$'
has 'gdb: a variable is set, the program goes on' said '^deep 5$' 'exited normally'
part watch
has 'gdb: a watchpoint in hardware' said '^Hardware watchpoint [0-9]+: depth' '^Old value = 0' '^New value = 1' '^New value = 2'
has 'gdb: finish, a step, a call' said '^Value returned is .* = 3' '= 1$' '= 9$'
part catch
has 'gdb: system calls are caught' said 'call to syscall write' 'returned from syscall write' '^orig_rax +0x1 '
part follow
has 'gdb: follows the child' said 'child \(n=3\)' 'exited with code 07'
part crash
has 'gdb: a crash' said 'received signal SIGSEGV' '^#0 .*deeper \(n=3\)' '= \(void \*\) 0x10' '= 11$'
has 'gdb: mappings' said '0x1000 +0x1000 +r-xp +/tests/crash' '\[stack\]' '\[vdso\]'
has 'gdb: writes a core' said 'Saved corefile gcore'
part own
has 'gdb: reads its own core' said '^#3 .* in deeper \(n=0\)' '= 3$'

rm -f core*
(exec $crash x) 2>/dev/null
mv core* kernel.core
$crash threads >shown &
many=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do grep -q ready shown && break; sleep 1; done
cat >script <<X
echo == kernel\\n
core-file kernel.core
bt
print depth
x/i \$pc
info auxv
echo == attach\\n
attach $many
info threads
thread apply all bt
detach
echo == sleeper\\n
attach $slept
detach
echo == end\\n
X
gdb -nx -q -batch -x script $crash >session 2>&1
part kernel
has 'gdb: reads the core of the kernel' said '^Program terminated with signal SIGSEGV' '^#0 .*deeper \(n=3\)' '^#4 .* in main \(argc=2' '= 3$' \
	'^=> 0x[0-9a-f]+ <deeper\+[0-9]+>:.*movb' 'AT_SYSINFO_EHDR'
part attach
has 'gdb: attach to threads' said '^\* 1 .*Thread 0x' '^  2 .*Thread 0x' '^  3 .*Thread 0x' 'in main \(' 'in waiter \(' 'detached'
is 'gdb: they go on after it' "$(grep -c State /proc/$many/status) $(sed -n 's/^TracerPid:\t//p' /proc/$many/status)" '1 0'
part sleeper
has 'gdb: attach to one who sleeps' said 'detached'
is 'gdb: it sleeps on' "$(sed -n 's/^State:.*\([A-Z]\) .*/\1/p' /proc/$slept/status)" S
kill -ABRT $many
wait $many 2>/dev/null
is 'threads: death by a signal' $? 134
gdb -nx -q -batch -ex 'info threads' $crash core >said 2>&1
has 'gdb: a core of three threads' said '^\* 1 ' '^  2 ' '^  3 '

# ---- pmap, smem ----

pmap -x $slept >out
is 'pmap -x: resident pages as in smaps' "$(awk '/^total/ { print $4 }' out)" \
	"$(awk '/^Rss:/ && !v { sum += $2 } /vsyscall/ { v = 1 } END { print sum }' /proc/$slept/smaps)"
pmap -X $slept >out
ok 'pmap -X: Pss lies between what is private and what is resident' awk '$NF == "KB" { exit !($3 > 0 && $3 <= $2) }' out
# Pss moves with each BusyBox that runs beside it; Rss stands still.
smem -H -c 'pid rss pss uss' >out 2>said
is 'smem: no complaint' "$(cat said)" ''
is 'smem: one that sleeps: Rss as smaps has it' "$(awk -v p=$slept '$1 == p { print $2 }' out)" "$(awk '/^Rss:/ { r += $2 } END { print r }' /proc/$slept/smaps)"
ok 'smem: USS <= PSS <= RSS, of each' awk '!($4 <= $3 && $3 <= $2) { bad = 1 } END { exit !(NR > 2 && !bad) }' out
smem -w -H >out 2>said
is 'smem -w: five rows, no complaint' "$(grep -c . out)$(cat said)" 5
kill $slept
finish
