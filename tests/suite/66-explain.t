# SPDX-License-Identifier: MIT
# quire explain and /proc/mm/explain: each kind of address, references that add up, mappers that are found.
. tests/suite/tap.sh
make -s -f tools/tools.mk O="$build" tool >&2 || exit 1
out=$scratch/explained

# The lines that belong to PLACE (its name stands alone on a line, a blank line ends it).
of() { awk -v p="$1" '$0 == p { on = 1 } on && !NF { exit } on' "$out"; }
word() { of "$1" | sed -n "s/^$2: //p" | head -n 1; }
balanced() { # each page's references: as many as its holders explain
	awk '/^references:/ { n++; split($0, c, /[ ,]+/); bad += c[3] != c[5] || /pinned/ } END { exit !(n > 2 && !bad) }' "$out"
}
all_mapped() { # as many mappers through the reverse map as the map count says
	awk '/^mappers:/ { n++; bad += $2 != $NF } END { exit !(n > 2 && !bad) }' "$out"
}

./quire explain --timeout 180 >"$out" 2>"$scratch/e"
is "explain: the sample is explained" $? 0
for row in 'anon|user virtual' 'hole|user virtual' '800000000000|non-canonical.*' 'ffff888000200000|kernel logical.*' \
	'ffffea0000000000|kernel virtual (struct page)' 'ffffffffff400000|kernel virtual (fixmap)' 'phys:1000000|physical; the bus address.*'; do
	ok "explain: kind of ${row%%|*}" sh -c 'printf "%s\n" "$1" | grep -qx "$2"' - "$(word "${row%%|*}" kind)" "${row#*|}"
done
ok "explain: references, expected as actual" balanced
ok "explain: the reverse map finds each entry" all_mapped
is "explain: an own page is mapped once" "$(word anon mappers)" "1 found through the reverse map, map count 1"
is "explain: a page shared since fork is mapped twice" "$(word cow mappers)" "2 found through the reverse map, map count 2"
is "explain: and its next write copies" "$(word cow next)" "reads without a fault; a write: a copy, or reuse when nobody else has the page"
ok "explain: the page of a file" sh -c 'printf "%s\n" "$1" | grep -q "^held: 1 by the page cache$"' - "$(of file)"
ok "explain: the zero page" sh -c 'printf "%s\n" "$1" | grep -q "the zero page: no reference"' - "$(of zero)"
is "explain: PROT_NONE" "$(word none next)" "any access: SIGSEGV (PROT_NONE)"
is "explain: not touched yet" "$(word untouched next)" "first access: a fault that asks the file or driver"
is "explain: all VMAs share one vm_mm" "$(grep -c '^vmas: .*NOT each' "$out") $(grep -c '^vmas: .* each vm_mm is' "$out" | grep -vcx 0)" "0 1"
is "explain: four levels" "$(of anon | grep -Ec '^(pgd|pud|pmd|pte)\[')" 4

./quire explain --timeout 180 text stack vdso -- cat >"$out" 2>"$scratch/e"
is "explain: another program" "$? $(grep -c '^process: .*(cat)$' "$out")" "0 3"
ok "explain: its text is a file's" sh -c 'printf "%s\n" "$1" | grep -q "^vma kind: a file, private"' - "$(of text)"
./quire explain --timeout 180 -- true >"$out" 2>"$scratch/e"
is "explain: a program that ends at once is told" "$? $(grep -c 'ended before' "$scratch/e")" "1 1"
./quire explain --timeout 180 nowhere >"$out" 2>"$scratch/e"
is "explain: an unknown place is told" "$? $(grep -c 'no such place' "$scratch/e")" "1 1"
./quire explain --kernel linux >"$out" 2>"$scratch/e"
is "explain: Linux has none" $? 125
finish
