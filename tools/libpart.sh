#!/bin/sh
# SPDX-License-Identifier: MIT
# libpart.sh ARCHIVE MEMBER OUT.S FUNCTION... - functions of a library of user space, as assembly that gives the same bytes.
#
# A member of an archive is linked whole or not at all, and most of a library would lie in the kernel for nothing. The
# functions are cut out of the member's .text, with their relocations and all of its .rodata. A function that jumps
# to another one without a relocation cannot be cut out: that is an error, as is a red zone.
set -eu
archive=$1 member=$2 out=$3
shift 3
stem=${out%.S}
fail() { echo "libpart: $archive($member): $*" >&2; exit 1; }

[ -e "$archive" ] || fail "not there; tools/setup.sh build installs it"
ar p "$archive" "$member" >"$stem.member.o"
objcopy -O binary -j .text "$stem.member.o" "$stem.text"
# Constants: sections of their own, named in relocations by symbols of the section or of a place in it.
sections=$(readelf -SW "$stem.member.o" | sed -n 's/^ *\[ *\([0-9]*\)\] \(\.rodata[^ ]*\) .*/\1:\2/p')
for s in $sections; do
	objcopy -O binary -j "${s#*:}" --set-section-flags "${s#*:}=alloc" "$stem.member.o" "$stem${s#*:}"
done
{
	echo "/* Cut out of $(basename "$archive") by tools/libpart.sh. */"
	for s in $sections; do
		printf '\t.section .rodata, "a"\n\t.balign 32\n.Lsection%s:\n\t.incbin "%s"\n' "${s%%:*}" "$stem${s#*:}"
		# shellcheck disable=SC2016
		readelf -sW "$stem.member.o" | awk -v s="${s%%:*}" '$7 == s && $4 != "SECTION" && $8 ~ /^\.LC/ {
			printf "\t.set .Lmember%s, .Lsection%s + 0x%s\n", $8, s, $2 }'
	done
} >"$out.tmp"

for f in "$@"; do
	# shellcheck disable=SC2046
	set -- $(readelf -sW "$stem.member.o" | sed -n "s/^ *[0-9]*: \([0-9a-f]*\) *\([0-9]*\) FUNC .* $f\$/\1 \2/p")
	[ $# = 2 ] || fail "no function $f"
	start=$((0x$1)) size=$2 end=$((0x$1 + $2))
	{
		printf '\t.text\n\t.balign 16\n\t.globl %s\n\t.type %s, @function\n%s:\n' "$f" "$f" "$f"
		printf '\t.incbin "%s.text", %d, %d\n\t.size %s, . - %s\n' "$stem" "$start" "$size" "$f" "$f"
	} >>"$out.tmp"
	readelf -rW "$stem.member.o" | sed -n "/'.rela.text'/,/^\$/p" | grep R_X86 | while read -r at _ type _ symbol sign addend; do
		at=$((0x$at))
		[ "$at" -ge "$start" ] && [ "$at" -lt "$end" ] || continue
		case $type in R_X86_64_PC32 | R_X86_64_PLT32) ;; *) fail "$f: relocation $type" ;; esac
		case $symbol in
		.LC*) symbol=.Lmember$symbol ;;
		.rodata*)
			nr=$(for s in $sections; do [ "${s#*:}" != "$symbol" ] || echo "${s%%:*}"; done)
			symbol=.Lsection$nr
			;;
		.*) fail "$f: refers to $symbol" ;;
		*) printf '\t.globl %s\n' "$symbol" ;; # clang's assembler does not know it from .reloc alone
		esac
		printf '\t.reloc %s + %d, %s, %s %s 0x%s\n' "$f" $((at - start)) "$type" "$symbol" "$sign" "$addend"
	done >>"$out.tmp"
	objdump -dr --no-show-raw-insn --start-address="$start" --stop-address="$end" "$stem.member.o" >"$stem.dis"
	# A branch is followed by its relocation, or stays inside.
	awk -v f="$f" '
		/\tR_X86_64/ { was = ""; next }
		{ if (was) bad = was; was = "" }
		/^ *[0-9a-f]+:\t(j|call)/ && $0 !~ "<" f "[+>]" && $NF ~ /^</ { was = $0 }
		/-0x[0-9a-f]+\(%rsp/ { bad = $0 }
		END { if (was) bad = was; if (bad) { print bad; exit 1 } }' "$stem.dis" >&2 || fail "$f: cannot be cut out"
done
printf '\t.section .note.GNU-stack, "", @progbits\n' >>"$out.tmp"
rm -f "$stem.member.o" "$stem.dis"
mv "$out.tmp" "$out"
