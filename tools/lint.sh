#!/bin/sh
# SPDX-License-Identifier: MIT
# lint.sh [GATE...]: the lint gates, each first shown a canary it must object to. TAP.
home=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$home" || exit 1
build=$(realpath -m "${QUIRE_BUILD:-build}")
n=0
bad=0

result() {
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $2" && return
	echo "not ok $n - $2"
	bad=$((bad + 1))
	head -n "${LINT_LINES:-60}" "$build/lint.out" | sed 's/^/# /'
}

# The gate must refuse the canary.
canary() {
	rm -f "$build/lint/$1/tests/canary/$2.ok"
	! make -s -f tools/lint.mk O="$build" "$build/lint/$1/tests/canary/$2.ok" >"$build/lint.out" 2>&1 &&
		grep -q "canary/$2:[0-9]" "$build/lint.out"
	result $? "$1: sees its canary"
}

gate() {
	make -k -s -j"$(nproc)" -f tools/lint.mk O="$build" "lint-$1" >"$build/lint.out" 2>&1
	result $? "$1: nothing to object to"
}

[ $# -gt 0 ] || set -- gcc clang sparse tidy cppcheck format
mkdir -p "$build"
for g; do
	case $g in
	gcc | clang) canary "$g" warning.c ;;
	format) canary format format.c ;;
	*) canary "$g" "$g.c" ;;
	esac
	gate "$g"
done
echo "1..$n"
[ $bad = 0 ]
