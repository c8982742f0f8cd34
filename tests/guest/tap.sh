# SPDX-License-Identifier: MIT
# TAP for guest tests that are shell scripts; sourced by them. BusyBox sh.
n=0
bad=0

# ok "what" COMMAND...: the command succeeds
ok() {
	what=$1
	shift
	n=$((n + 1))
	if "$@" >/tmp/tap.out 2>&1; then
		echo "ok $n - $what"
	else
		echo "not ok $n - $what"
		bad=$((bad + 1))
		head -n 5 /tmp/tap.out | sed 's/^/# /'
	fi
}

# is "what" GOT WANTED: two strings are equal
is() {
	n=$((n + 1))
	if [ "$2" = "$3" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		bad=$((bad + 1))
		echo "# got '$2', wanted '$3'" | head -n 5
	fi
}

finish() {
	echo "1..$n"
	[ $bad = 0 ]
	exit
}
