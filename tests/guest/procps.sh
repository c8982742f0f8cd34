#!/usr/bin/bash
# SPDX-License-Identifier: MIT
# Debian's viewers of memory, unmodified: they print sane values and complain about nothing.
# needs: /usr/bin/bash /usr/bin/free /usr/bin/vmstat /usr/bin/top /usr/bin/slabtop /usr/bin/ps /usr/bin/pmap /usr/bin/grep /usr/bin/awk /lib/terminfo/d/dumb
. /tests/tap.sh
cd /tmp || exit 1
total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)

# quiet "what" COMMAND...: succeeds and says nothing on standard error; its output in /tmp/shown
quiet() {
	what=$1
	shift
	"$@" >/tmp/shown 2>/tmp/said
	is "$what: succeeds" $? 0
	is "$what: no complaint" "$(cat /tmp/said)" ''
}

quiet 'free' /usr/bin/free
is 'free: the total is MemTotal' "$(awk '/^Mem:/ { print $2 }' shown)" "$total"
is 'free: used, free and available are below it' \
	"$(awk '/^Mem:/ { print ($3 > 0 && $4 > 0 && $7 > 0 && $3 < $2 && $4 < $2 && $7 < $2) }' shown)" 1
quiet 'free -h' /usr/bin/free -h
quiet 'free -w -t' /usr/bin/free -w -t
is 'free -t: the last line is the sum' "$(awk '/^Total:/ { print $2 }' shown)" "$total"
quiet 'vmstat' /usr/bin/vmstat
is 'vmstat: 17 numbers' "$(tail -n 1 shown | wc -w)" 17
is 'vmstat: free memory' "$(awk 'NR == 3 { print ($4 > 0 && $4 < '"$total"') }' shown)" 1
quiet 'vmstat 1 2' /usr/bin/vmstat 1 2
is 'vmstat 1 2: two samples' "$(wc -l <shown)" 4
quiet 'vmstat -s' /usr/bin/vmstat -s
is 'vmstat -s: total memory' "$(awk '/K total memory/ { print $1 }' shown)" "$total"
quiet 'vmstat -m' /usr/bin/vmstat -m
ok 'vmstat -m: caches' /usr/bin/grep -q kmalloc-64 shown
quiet 'vmstat -f' /usr/bin/vmstat -f
quiet 'slabtop' /usr/bin/slabtop -o
ok 'slabtop: a table of caches' /usr/bin/grep -q -E 'OBJS +ACTIVE +USE +OBJ SIZE +SLABS OBJ/SLAB CACHE SIZE NAME' shown
ok 'slabtop: with caches in it' /usr/bin/grep -q -E '^ *[0-9]+ +[0-9]+ +[0-9]+% .* kmalloc-' shown
quiet 'top' env TERM=dumb /usr/bin/top -b -n 1
ok 'top: memory' /usr/bin/grep -q -E '^MiB Mem : +[0-9.]+ total, +[0-9.]+ free, +[0-9.]+ used' shown
ok 'top: itself in the list' /usr/bin/grep -q -E ' top$' shown
quiet 'ps aux' /usr/bin/ps aux
ok 'ps: resident sizes' awk 'NR > 1 && $6 > 0 { n++ } END { exit !n }' shown
quiet 'pmap -x' /usr/bin/pmap -x $$
ok 'pmap: the sum is above zero' awk '/^total/ { exit !($3 > 0 && $4 > 0) }' shown
quiet 'pmap -X' /usr/bin/pmap -X $$
is 'pmap -X: columns in the order of smaps' "$(awk 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == "Rss") print $(i - 1), $(i + 1) }' shown)" 'Size Pss'
ok 'pmap -X: Pss is at most Rss, in the sum too' awk '$NF == "KB" { exit !($2 > 0 && $3 > 0 && $3 <= $2) }' shown
quiet 'pmap -XX' /usr/bin/pmap -XX $$
ok 'pmap -XX: VmFlags' /usr/bin/grep -q 'rd ex mr mw me' shown
finish
