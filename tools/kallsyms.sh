#!/bin/sh
# kallsyms.sh INPUT.elf|/dev/null OUTPUT.S - the symbol table that is linked into the kernel.
#
# Three arrays in section .kallsyms, sorted by address: offsets from the base of the kernel map (u32),
# where each 16th name begins (u32), and the names: a type letter as nm prints it, the name, a NUL.
# /dev/null gives an empty table, for the first of the three links.
set -e
[ $# = 2 ] || { echo "usage: kallsyms.sh INPUT.elf|/dev/null OUTPUT.S" >&2; exit 2; }
if [ "$1" = /dev/null ]; then
	cat /dev/null
else
	LC_ALL=C ${NM:-nm} -n --defined-only "$1"
fi | LC_ALL=C awk '
BEGIN { n = len = 0 }
$1 ~ /^ffffffff/ && $2 ~ /^[TtDdBbRrWwVv]$/ &&
$3 !~ /^(\.L|\$|__initcall_|__setup_|__syscall_def_|__selftest_def_|__func__\.|__PRETTY_FUNCTION__)/ {
	addr[n] = $1; name[n] = $2 $3; pos[n] = len; len += length($3) + 2; n++
}
END {
	print "\t.section .kallsyms, \"a\"\n\t.balign 8"
	print "\t.globl kallsyms_num, kallsyms_offsets, kallsyms_name_marks, kallsyms_names"
	print "kallsyms_num:\t.long " n
	print "kallsyms_offsets:"
	for (i = 0; i < n; i++) print "\t.long 0x" addr[i] " - 0xffffffff80000000"
	print "kallsyms_name_marks:"
	for (i = 0; i < n; i += 16) print "\t.long " pos[i]
	print "kallsyms_names:"
	for (i = 0; i < n; i++) print "\t.asciz \"" name[i] "\""
	print "\t.section .note.GNU-stack, \"\", @progbits"
}' > "$2.tmp"
mv "$2.tmp" "$2"
