# SPDX-License-Identifier: MIT
# The kernel broken on purpose: what it says, and that the command says it too.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'

# breaks WHAT PATTERN...: panics with exit status 126, and standard error matches each pattern
breaks() {
	what=$1
	shift
	timeout 60 ./quire run --accel tcg --timeout 50 --smp 1 --append "provoke=$what" -- true >/dev/null 2>"$build/tap/panic"
	is "provoke=$what: 126" $? 126
	for pattern in '^quire: kernel panicked' 'Kernel panic - not syncing' "$@"; do
		is "provoke=$what: $pattern" "$(tr -d '\r' <"$build/tap/panic" | grep -c -m 1 -e "$pattern")" 1
	done
}

trace=' [a-z_][A-Za-z0-9_.]*+0x[0-9a-f]*/0x[0-9a-f]*'
breaks null 'NULL pointer dereference' "$trace" 'Call Trace'
breaks wild 'BUG: unable to handle page fault' "$trace"
breaks write-text 'BUG:' "$trace"
breaks exec-data 'BUG:'
breaks user 'BUG:'
breaks divide 'divide error'
breaks opcode 'invalid opcode'
breaks overflow 'stack' "$trace"
breaks stack-end 'corrupted stack end detected inside scheduler'
breaks bug 'kernel BUG at'
breaks panic 'provoked' "$trace"
finish
