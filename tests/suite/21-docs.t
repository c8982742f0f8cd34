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
is 'no path of a developer'\''s machine' "$(git grep -lE '/(work|home)/[a-z]+/' -- . 2>/dev/null | grep -v tests/suite/21-docs.t)" ""
finish
