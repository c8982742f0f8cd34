# SPDX-License-Identifier: MIT
# The kernel's own page tables, as debugfs shows them: areas in their places, nothing writable and executable.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
dump=$build/tap/kernel-map
look='cat /sys/kernel/debug/page_tables/kernel; cat /sys/kernel/debug/mm_check; grep -w ioremap /proc/vmallocinfo | grep -c phys='

for machine in q35 microvm; do
	./quire run --accel tcg --timeout 60 --machine $machine --smp 2 -- sh -c "$look" >"$dump"
	is "$machine: the areas of the layout, in order" "$(sed -n 's/^---\[ \(.*\) \]---$/\1/p' "$dump" | tr '\n' ',')" \
		'Kernel Space Start,Low Kernel Mapping,vmalloc() Area,Vmemmap,CPU entry Area,High Kernel Mapping,Fixmap Area,'
	is "$machine: one run ends where the next begins" "$(awk '/^0x/ {split($1, a, "-"); if (end && end != a[1]) bad++; end = a[2]}
		END {print bad + 0, end}' "$dump")" '0 0x0000000000000000'
	is "$machine: nothing is writable and executable" "$(grep -c ' RW .* x  ' "$dump")" 0
	is "$machine: only the image is executable" "$(grep ' x  ' "$dump" | grep -vc '^0xffffffff8')" 0
	is "$machine: nothing is open to user mode" "$(grep -c ' USR ' "$dump")" 0
	is "$machine: the direct map uses large pages" "$([ "$(grep -c 'PSE GLB NX  p[mu]d' "$dump")" -gt 0 ] && echo yes)" yes
	is "$machine: every process has the master's kernel half" "$(grep -c '^ok$' "$dump")" 1
	is "$machine: device registers are in vmallocinfo" "$([ "$(tail -n 1 "$dump")" -gt 0 ] && echo yes)" yes
done
finish
