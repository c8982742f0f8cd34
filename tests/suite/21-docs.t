# SPDX-License-Identifier: MIT
# Documents that are generated are current; links lead somewhere.
. tests/suite/tap.sh
ok 'docs/locks.md is generated from the ranks' tools/locks-table.sh --check
for f in README.md docs/*.md; do
	broken=$(sed -n 's/.*](\([^)#:]*\)).*/\1/p' "$f" | while read -r to; do
		[ -e "$(dirname "$f")/$to" ] || echo "$to"
	done)
	is "links of $f" "$broken" ""
done
# The policy that docs/policy.md writes is one that compiles.
awk '/^```c/ { c = 1; next } /^```/ { c = 0 } c' docs/policy.md >"$scratch/clock.c"
is 'docs/policy.md: its file compiles, without a warning' "$(make -s O="$build" "$build/k/$scratch/clock.o" 2>&1 | grep -v '^  CC')" ""
is 'docs/policy.md: and is a policy' "$(nm "$build/k/$scratch/clock.o" | grep -c reclaim_policy_register)" 1
rm -rf "${build:?}/k/$scratch"
is 'no path of a developer'\''s machine' "$(git grep -lE '/(work|home)/[a-z]+/' -- . 2>/dev/null | grep -v tests/suite/21-docs.t)" ""
finish
