# SPDX-License-Identifier: MIT
# The commands of docs/tour.md do what the tour says: each succeeds and prints something.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
grep '^    \./quire run' docs/tour.md | sed 's/^ *//' >"$scratch/tour"
while read -r line; do
	out=$(timeout 100 sh -c "$line" </dev/null 2>&1)
	ok "$(printf '%.60s' "$line")" test $? = 0 -a -n "$out"
done <"$scratch/tour"
out=$(sed -n 1p "$scratch/tour")
case $(timeout 100 sh -c "$out" </dev/null 2>&1) in
*page_fault_user*mm_page_alloc* | *mm_page_alloc*page_fault_user*) ok 'both events are recorded' true ;;
*) ok 'both events are recorded' false ;;
esac
finish
