# SPDX-License-Identifier: MIT
# The kernel's own page tables, as debugfs shows them: areas in their places, nothing writable and executable.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
dump=$scratch/kernel-map
look='cat /sys/kernel/debug/page_tables/kernel; cat /sys/kernel/debug/mm_check; sed -n "/ioremap$/s/^/area /p" /proc/vmallocinfo'
# Areas of device registers, and how many of them are not in a run of the dump that is uncached.
registers='/^0x.* PWT PCD / {split($1, a, "-"); from[n] = a[1] ""; to[n++] = a[2] ""}
	/^area / {split($2, b, "-"); wrong++; for (i = 0; i < n; i++) if (from[i] <= b[1] "" && b[1] "" < to[i]) {wrong--; break}}
	END {print wrong + 0}'

for machine in q35 microvm; do
	./quire run --accel tcg --timeout 180 --machine $machine --smp 2 -- sh -c "$look" >"$dump"
	is "$machine: the areas of the layout, in order" "$(sed -n 's/^---\[ \(.*\) \]---$/\1/p' "$dump" | tr '\n' ',')" \
		'Kernel Space Start,Low Kernel Mapping,vmalloc() Area,Vmemmap,CPU entry Area,High Kernel Mapping,Fixmap Area,'
	is "$machine: one run ends where the next begins" "$(awk '/^0x/ {split($1, a, "-"); if (end && end != a[1]) bad++; end = a[2]}
		END {print bad + 0, end}' "$dump")" '0 0x0000000000000000'
	is "$machine: nothing is writable and executable" "$(grep -c ' RW .* x  ' "$dump")" 0
	is "$machine: only the image is executable" "$(grep ' x  ' "$dump" | grep -vc '^0xffffffff[89ab]')" 0
	is "$machine: nothing is open to user mode" "$(grep -c ' USR ' "$dump")" 0
	is "$machine: the direct map uses large pages" "$([ "$(grep -c 'PSE     GLB NX  p[mu]d' "$dump")" -gt 0 ] && echo yes)" yes
	is "$machine: every process has the master's kernel half" "$(grep -c '^ok$' "$dump")" 1
	driver=virtio_pci_probe window='00000000f[de]'
	[ $machine = q35 ] || driver=virtio_mmio window=00000000feb
	is "$machine: vmallocinfo: the registers of a virtio device, with driver and address" \
		"$([ "$(grep -c " $driver.*+0x.* phys=0x$window.* ioremap$" "$dump")" -gt 0 ] && echo yes)" yes
	is "$machine: vmallocinfo: registers are mapped uncached" "$(tr -d '\r' <"$dump" | awk "$registers")" 0
done

# KASLR: `nokaslr` gives the documented places; a seed gives its own, again and again; without one each boot differs.
areas='sed -n "s/^ *\(vmemmap\|vmalloc\|lowmem\|\.text\) *: \(0x[0-9a-f]*\) .*/\1 \2/p" /proc/mm/layout'
places() { ./quire run --accel tcg --timeout 180 --smp 1 --machine microvm "$@" -- sh -c "$areas" | tr '\n' ' '; }
text=0x$(nm "$build/quire.elf" | awk '$3 == "_text" {print $1}')
is 'nokaslr: the documented places' "$(places --append nokaslr)" \
	"vmemmap 0xffffea0000000000 vmalloc 0xffffc90000000000 lowmem 0xffff888000000000 .text $text "
first=$(places) second=$(places)
for area in vmemmap vmalloc lowmem .text; do
	at() { echo "$1" | sed "s/.*$area \([^ ]*\) .*/\1/"; }
	ok "two boots differ: $area" [ "$(at "$first")" != "$(at "$second")" ]
done
is 'a seed repeats' "$(places --seed 4711)" "$(places --seed 4711)"
# Seeds that lead to the borders: 208 puts the first 4 GiB of the direct map across a top-level entry, 1079 the image
# into the last slot of its window.
for seed in 208 1079; do
	is "seed $seed" "$(./quire run --accel tcg --timeout 180 --smp 2 --mem 5G --seed $seed -- sh -c 'cat /sys/kernel/debug/mm_check')" ok
done
is 'seed 1079: 1020 MiB up' "$(places --seed 1079 | sed 's/.*text //')" "0xffffffffbfd${text#0xffffffff801} "

# The sections that the kernel tells are those of its file, moved by what the log says; addresses in their low half,
# which sh can count with.
./quire run --accel tcg --timeout 180 --smp 1 --append loglevel=8 --console-log "$dump.log" -- \
	sh -c 'cat /proc/mm/layout; grep -w start_kernel /proc/kallsyms' >"$dump"
nm "$build/quire.elf" >"$dump.nm"
offset=$(sed -n 's/.*Kernel Offset: \(0x[0-9a-f]*\) from .*/\1/p' "$dump.log")
ok 'the log tells the offset' [ "$((offset % 0x200000 + offset / 0x1000000))" -gt 0 ]
low() { awk -v s="$1" '$3 == s {print "0x" substr($1, 9)}' "$dump.nm" | while read -r at; do printf '0x%x\n' $((at + offset)); done; }
is '/proc/kallsyms is moved too' "$(awk '$3 == "start_kernel" {print "0x" substr($1, 9)}' "$dump")" "$(low start_kernel)"
for section in .text:_text:_etext .rodata:__start_rodata:__end_rodata .data:_sdata:_edata \
	.bss:__bss_start:__bss_stop .init:__init_begin:__init_end .percpu:__per_cpu_start:__per_cpu_end; do
	name=${section%%:*} from=$(low "$(echo "$section" | cut -d: -f2)") to=$(low "${section##*:}")
	is "section $name: where the file has it" \
		"$(awk -v n="$name" '$1 == n {print "0x" substr($3, 11), "0x" substr($5, 11)}' "$dump")" "$from $to"
	is "section $name: its size" "$(awk -v n="$name" '$1 == n {print $(NF - 1)}' "$dump" | tr -d '( ')" \
		"$(((to - from + 1023) / 1024))"
done
is 'what was init is free memory' "$(sed -n 's/.*Freeing unused kernel image (initmem) memory: \([0-9]*\)K.*/\1/p' "$dump.log")" \
	"$((($(low __init_end) - $(low __init_begin)) / 1024))"
is '.rodata begins where readelf has it' "$(readelf -SW "$build/quire.elf" | grep -c " \.rodata  *PROGBITS  *$(awk '$3 == "__start_rodata" {print $1}' "$dump.nm") ")" 1
finish
