#!/bin/sh
# SPDX-License-Identifier: MIT
# locks-table.sh: prints docs/locks.md, generated from include/sync/ranks.h.
# locks-table.sh --check: fails when docs/locks.md is not what it would print.
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

table() {
	cat <<'X'
# The lock table

Generated from `include/sync/ranks.h` by `tools/locks-table.sh`; do not edit. A task that holds a
lock takes only locks further down. Two of the same rank are held together only when the inner one
is taken by a `_nested()` form. A kernel built with `DEBUG=1` checks this at each lock operation.

X
	awk '
	function flush_section() {
		if (section != "") printf "\n## %s\n\n| rank | name | kind | guards |\n|---|---|---|---|\n", section
		section = ""
	}
	/\/\* ---- .* ---- \*\// {
		section = $0
		sub(/^[^-]*---- /, "", section); sub(/ ----.*/, "", section)
	}
	/^[ \t]*R\([A-Z0-9_]+,/ {
		flush_section()
		line = $0
		sub(/^[ \t]*R\(/, "", line)
		name = line; sub(/,.*/, "", name)
		sub(/^[^,]*,[ \t]*/, "", line)
		kind = line; sub(/,.*/, "", kind)
		sub(/^[^"]*"/, "", line); sub(/"\).*/, "", line)
		gsub(/\|/, "\\|", line)
		printf "| %d | `LOCK_%s` | %s | %s |\n", ++n, name, kind, line
	}' "$home/include/sync/ranks.h"
}

if [ "${1:-}" = --check ]; then
	table | cmp -s - "$home/docs/locks.md" && exit 0
	echo "docs/locks.md is not current; run: tools/locks-table.sh >docs/locks.md" >&2
	exit 1
fi
table
