# SPDX-License-Identifier: MIT
# quire bench scale: by the clock, by locks and by shared cache lines. Nothing here depends on how fast it ran.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel is not built'
table=$scratch/scale
timeout 500 ./quire bench scale --cpus 2 --ms 50 disjoint-faults shared-faults >"$table" 2>"$scratch/e" ||
	tail -n 5 "$scratch/e" | sed 's/^/# /'

column() { # OPERATION KERNEL COLUMN
	awk -v op="$1" -v kernel="$2" -v column="$3" 'NF == 1 { now = $1 } now == op && $1 == kernel { print $column }' "$table"
}
more() { # A B: A > B
	awk -v a="$1" -v b="$2" 'BEGIN { exit !(a != "" && a != "-" && b != "" && b != "-" && a + 0 > b + 0) }'
}

for k in quire linux; do
	is "$k: the rows that were asked for" "$(grep -c "^$k " "$table")" 2
	ok "$k: faults by the clock" more "$(column disjoint-faults $k 3)" 0
	ok "$k: pages of a file that two CPUs map share lines" more "$(column shared-faults $k 12)" 0
	ok "$k: by atomic instructions, too" more "$(column shared-faults $k 13)" 0
done
ok 'quire: locks were held for some time' more "$(column disjoint-faults quire 10)" 0
is 'linux: has no lock statistics' "$(column disjoint-faults linux 10)" -

# The same by hand: the columns of /proc/lock_stat, and its clearing.
./quire run --kernel "$build/lockstat/quire.elf" --accel tcg --smp 2 -- sh -c 'cat /proc/lock_stat; echo 0 >/proc/lock_stat; echo cleared
	cat /proc/lock_stat; echo x >/proc/lock_stat || echo refused' >"$scratch/lock_stat" 2>/dev/null
is 'lock_stat: its version' "$(head -n 1 "$scratch/lock_stat")" 'lock_stat version 0.4'
is 'lock_stat: 12 numbers a row' "$(awk '/: +[0-9]/ && NF != 13 { print }' "$scratch/lock_stat")" ''
ok 'lock_stat: locks of start-up were taken' more "$(awk '/cleared/ { exit } $1 == "ZONE:" { print $9 }' "$scratch/lock_stat")" 10
is 'lock_stat: a class and its name once' "$(awk '/cleared/ { exit } /: +[0-9]/ { print $1 }' "$scratch/lock_stat" | sort | uniq -d)" ''
ok 'lock_stat: 0 clears' more "$(awk '/: +[0-9]/ { n += $9 } /cleared/ { print n; exit }' "$scratch/lock_stat")" \
	"$(awk '/: +[0-9]/ && c { n += $9 } /cleared/ { c = 1 } END { print n + 0 }' "$scratch/lock_stat")"
is 'lock_stat: nothing else may be written' "$(tail -n 1 "$scratch/lock_stat")" refused
is 'the kernel as it comes has no lock_stat' "$(./quire run --accel tcg -- sh -c 'ls /proc/lock_stat 2>/dev/null' 2>/dev/null)" ''

# A QEMU without plugins and a name that is none: each is told, the rest comes.
mkdir -p "$scratch/noplugin"
printf '#!/bin/sh\n[ "$1" = -help ] && exit\nexec /usr/bin/qemu-system-x86_64 "$@"\n' >"$scratch/noplugin/qemu-system-x86_64"
chmod +x "$scratch/noplugin/qemu-system-x86_64"
PATH=$(realpath "$scratch/noplugin"):$PATH timeout 200 ./quire bench scale --cpus 1 --ms 20 --kernel quire map-unmap nothing >"$table" 2>"$scratch/e"
is 'scale: a mistake and no plugin: status' $? 125
ok 'the plugin is told' grep -q 'built without plugins' "$scratch/e"
ok 'the name is told' grep -q 'no operation nothing' "$scratch/e"
ok 'operations by the clock come' more "$(column map-unmap quire 3)" 0
ok 'and locks' more "$(column map-unmap quire 10)" 0
is 'without cache lines' "$(column map-unmap quire 11)" -

mistake 'scale: an unknown name' 'no operation nothing' ./quire bench scale nothing
mistake 'scale: no number of CPUs' 'numbers from 1 to 32' ./quire bench scale --cpus 0
mistake 'scale: milliseconds' 'tells what is meant' ./quire bench scale --ms 10x
mistake 'scale: an unknown option' 'is no option' ./quire bench scale --speed 3
finish
