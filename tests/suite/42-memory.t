# SPDX-License-Identifier: MIT
# Physical memory on machines of many shapes: what the kernel makes of maps with holes, nodes, zones and limits;
# the debugging modes; and, at the end of each boot, all check functions and the ledger.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
out="$scratch/memory.out"
log="$scratch/memory.log"

# boot OPTIONS... -- SCRIPT: run SCRIPT in a guest; its output in $out, the kernel's in $log
boot() {
	: >"$log"
	timeout 120 ./quire run --accel tcg --timeout 110 --console-log "$log" "$@" >"$out" 2>"$scratch/memory.err"
	booted=$?
}
# says "what" PATTERN [FILE]: a line matches (in the output, or FILE)
says() {
	n=$((n + 1))
	if tr -d '\r' <"${3:-$out}" | grep -q -E -e "$2"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		tail -n 5 "${3:-$out}" | sed 's/^/# /'
	fi
}
# whole "what": the last boot went well and every page is where the books say
whole() {
	is "$1: boots" $booted 0
	says "$1: all lists are in order" '^check: ok$'
	says "$1: the ledger agrees" '^all accounts agree with the counters$'
	no_complaint "$log" "$1" 'BUG:|WARNING:|Oops|Call Trace|Bad page'
}
check='echo "check: $(cat /sys/kernel/debug/mm_check)"; tail -n 1 /proc/mm/ledger'
node() { for a; do printf '%s %s ' --qemu-arg "$a"; done; }

# ---- sizes ----
for mem in 16M 62M 2G 6G; do
	boot --mem $mem -- /bin/busybox sh -c "cat /proc/zoneinfo /proc/iomem; $check"
	whole "sizing, $mem"
	case $mem in
	2G)
		is 'zones of 2 GiB: Normal is empty' "$(awk '/zone +Normal/ { z = 1 } z && /managed/ { print $2; exit }' "$out")" 0
		says 'zones of 2 GiB: the rest of it is DMA32' 'zone +DMA32'
		;;
	6G) is 'zones of 6 GiB: DMA32 and Normal' "$(awk '/zone +(DMA32|Normal)/ { z = 1 } z && /managed/ { z = 0; if ($2 > 100000) k++ } END { print k }' "$out")" 2 ;;
	esac
done
boot --mem 20G -- sh -c "$check"
whole 'sizing, 20G'
same() { grep -E '^MemTotal|^DirectMap' "$out" | tr -s ' \n' ' '; }
boot --append mem=62M -- sh -c "cat /proc/meminfo; $check"
whole 'mem=62M'
first=$(same)
boot --append mem=0x3e00000 -- cat /proc/meminfo
is 'mem=62M is mem=0x3e00000' "$(same)" "$first"

boot --append 'nobodys=value another loglevel=5 mem=62M' -- sh -c "cat /proc/cmdline; tr '\\0' '\\n' </proc/1/environ; tr '\\0' '\\n' </proc/1/cmdline; cat /proc/sys/kernel/printk; $check"
whole 'command line'
says 'command line: in /proc/cmdline as it was given' ' nobodys=value another loglevel=5 mem=62M$'
says 'command line: a key that nobody knows goes to the environment of init' '^nobodys=value$'
says 'command line: a word that nobody knows goes to its arguments' '^another$'
says 'command line: loglevel= has its effect' '^5[[:space:]]'

# ---- holes and banks ----
boot --append 'memmap=16M$256M,8M$300M memmap=64K$0x5000000' -- sh -c "cat /proc/iomem; $check"
whole 'memmap=: holes'
says 'memmap=: a hole ends a bank' '^00100000-04ffffff : System RAM'
says 'memmap=: and the next one begins behind it' '^05010000-0fffffff : System RAM'
says 'memmap=: in the log' 'user: .*mem 0x0000000010000000-0x0000000010ffffff. reserved' "$log"
boot --append 'memmap=exactmap memmap=640K@0 memmap=200M@1M memmap=255M@256M' -- sh -c "cat /proc/iomem /proc/mm/ledger; $check"
whole 'two banks'
is 'two banks: two lines above 1 MiB' "$(grep -c -E '^0{0,1}[0-9a-f]{7,8}-.* : System RAM' "$out")" 3
boot --mem 3G --append 'memmap=1G$1G' -- sh -c "cat /proc/mm/ledger; $check"
whole 'a hole of 1 GiB'
is 'a hole of 1 GiB has no descriptors' "$(awk '/^total/ { print ($2 < 600000) }' "$out")" 1
boot --mem 512M $(node -M q35,memory-backend=r -object memory-backend-ram,id=r,size=3T,reserve=off -cpu max,phys-bits=46 -m 3T) \
	--append 'memmap=exactmap memmap=640K@0 memmap=2047M@1M memmap=64M@0x28000000000' -- \
	sh -c "grep -E '^total|^hole' /proc/mm/ledger; grep Sys /proc/iomem; $check"
whole 'memory at 2.5 TiB'
says 'memory at 2.5 TiB: the bank is there' '^28000000000-28003ffffff : System RAM'
is 'memory at 2.5 TiB: what lies between has no descriptors' "$(awk '/^total/ { print ($2 < 560000) }' "$out")" 1

# ---- nodes ----
show='cd /sys/devices/system/node; for n in node*; do echo "$n: $(cat $n/distance) cpus=$(cat $n/cpulist) $(grep MemTotal $n/meminfo | tr -s " " | cut -d" " -f4)"; done; echo "memory $(cat has_memory) cpu $(cat has_cpu) online $(cat online)"'
boot --smp 2 --numa 2 -- sh -c "$show; $check; cat /proc/buddyinfo"
whole 'two nodes'
says 'two nodes: CPU and distances' '^node1: 20 10 cpus=1 [1-9]'
says 'two nodes: fallback order' 'Fallback order for Node 1: 1 0 ' "$log"
boot --smp 2 $(node -object memory-backend-ram,id=m0,size=256M -object memory-backend-ram,id=m1,size=256M \
	-numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,memdev=m1 -numa node,nodeid=2,cpus=1 \
	-numa dist,src=0,dst=1,val=40 -numa dist,src=0,dst=2,val=20 -numa dist,src=1,dst=2,val=15) -- \
	sh -c "$show; taskset -c 1 dd if=/dev/zero of=/tmp/x bs=1M count=40 2>/dev/null; echo \"foreign \$(cat node2/numastat | tr '\n' ' ')\"; grep -h numa_hit node1/numastat; $check"
whole 'nodes without CPU and without memory'
says 'a node without CPU' '^node1: 40 10 15 cpus= [1-9]'
says 'a node without memory' '^node2: 20 15 10 cpus=1 0'
says 'states of nodes' '^memory 0-1 cpu 0,2 online 0-2'
says 'SLIT decides the fallback order' 'Fallback order for Node 2: 1 0 ' "$log"
is 'a CPU without memory takes from the nearest node' "$(awk '/^numa_hit/ { print ($2 > 10000) }' "$out")" 1
set --
for i in $(seq 0 31); do
	set -- "$@" $(node -object memory-backend-ram,id=m$i,size=16M -numa node,nodeid=$i,memdev=m$i$([ "$i" -lt 2 ] && echo ,cpus=$i))
done
boot --smp 2 --mem 512M "$@" --append movablecore=128M -- sh -c "cat /sys/devices/system/node/has_memory /proc/zoneinfo; $check"
whole '32 nodes, CPUs on two'
says '32 nodes: each has memory' '^0-31'
says '32 nodes: the last one has zones' '^Node 31, zone +DMA32'
for p in movablecore=128M kernelcore=384M kernelcore=75% movablecore=25%; do
	boot --append $p -- sh -c "cat /proc/zoneinfo; $check"
	whole "$p"
	is "$p: about 128 MiB are movable" "$(awk '/zone +Movable/ { z = 1 } z && /managed/ { print ($2 > 30000 && $2 < 36000); exit }' "$out")" 1
done
boot --smp 2 --numa 2 --append kernelcore=256M -- sh -c "cat /proc/zoneinfo; $check"
whole 'kernelcore= over two nodes'
is 'kernelcore= over two nodes: both have a movable zone' "$(awk '/zone +Movable/ { z = 1 } z && /managed/ { z = 0; k += $2 > 10000 } END { print k }' "$out")" 2
# Zones of 6 GiB as Linux 6.1 has them (node, zone, first frame, frames); its DMA begins with frame 1.
zones='awk "/^Node/ {n = \$2 + 0; z = \$4} /present/ {p = \$2} /start_pfn/ && p && z != \"DMA\" {printf \"%s:%s:%s:%s \", n, z, \$2, p} END {print \"zones\"}" /proc/zoneinfo'
cut_as() { # OPTIONS -- ZONES: what the options leave of the zones
	want=$(echo "$*" | sed 's/.* -- //')
	boot --mem 6G $(echo "$*" | sed 's/ -- .*//') -- sh -c "$zones; $check"
	whole "$(echo "$*" | sed 's/ -- .*//')"
	is "$(echo "$*" | sed 's/ -- .*//'): the highest zone alone is cut" "$(grep zones "$out" | tr -d '\r')" "$want zones"
}
cut_as --append kernelcore=1G -- 0:DMA32:4096:520160 0:Movable:1048576:1048576
cut_as --append kernelcore=50% -- 0:DMA32:4096:520160 0:Normal:1048576:263168 0:Movable:1311744:785408
cut_as --smp 2 --numa 2 --append kernelcore=1G -- 0:DMA32:4096:520160 0:Movable:1048576:262144 1:Movable:1310720:786432

# ---- what start-up says ----
boot --append 'memblock=debug boottrace=1 initcall_debug loglevel=8 log_buf_len=1M' -- sh -c "cat /sys/kernel/debug/memblock/reserved; dmesg | sed -n 1p; $check"
whole 'memblock=debug'
says 'log_buf_len=1M: the first line of many is still there' '0\.000000\] Linux version'
says 'memblock=debug: operations are logged' 'memblock: .*reserve' "$log"
says 'memblock=debug: the configuration' 'MEMBLOCK configuration' "$log"
says 'memblock: ranges have owners' '0x[0-9a-f]{16}\.\.0x[0-9a-f]{16} memmap'
is 'boottrace=1: the levels of initcalls, in order' "$(sed -n 's/.*boottrace:     initcalls \([^ :]*\).*/\1/p' "$log" | tr -d '\r' | tr '\n' ' ')" \
	'early 0 1 2 3 4 5 rootfs 6 7 '
is 'boottrace=1: what the steps of start-up take is what start-up takes' "$(awk '/boottrace: start_kernel/ { all = $(NF - 1) }
	/boottrace:   [^ ]/ && !all { sum += $(NF - 1) } END { print (all > 1000 && sum == all) }' "$log")" 1
is 'initcall_debug: called in the order of their table' \
	"$(tr -d '\r' <"$log" | sed -n 's/.*calling  \([a-z0-9_]*\)+0x0.*/\1/p' | tr '\n' ' ')" \
	"$(nm "$build/quire.elf" | sed -n 's/^\([0-9a-f]*\) . __initcall_\(.*\)/\1 \2/p' | sort | awk '$2 != "start" && $2 != "end" { print $2 }' | tr '\n' ' ')"
is 'initcall_debug: each returned' "$(grep -c 'calling  ' "$log")" "$(grep -c 'initcall .* returned -*[0-9]* after [0-9]* usecs' "$log")"
says 'boottrace=1: steps with depth, time and pages' 'boottrace:   *[a-z_]+.*: [0-9]+ cycles, [0-9]+ us, -?[0-9]+ pages' "$log"

boot --smp 2 -- sh -c "cd /proc/mm; cat globals layout node/0 page_alloc; awk '{ s += \$2 } /^pgalloc/ { p += \$2 } END { print \"pgalloc\", p }' /proc/vmstat
	cat page_alloc; before=\$(awk '/low/ { s += \$5 } END { print s }' node/0); echo 4096 >/proc/sys/vm/extra_free_kbytes
	awk -v b=\$before '/low/ { s += \$5 } END { print \"extra\", s - b }' node/0; echo 0 >/proc/sys/vm/extra_free_kbytes
	dmesg | grep -A 20 'kernel memory layout'; grep MemTotal /proc/meminfo; grep 'System RAM' /proc/iomem; cat /sys/kernel/debug/extfrag/unusable_index; $check"
whole '/proc/mm'
for g in min_low_pfn max_low_pfn max_pfn max_mapnr nr_kernel_pages nr_all_pages dma_reserve totalram_pages high_memory early_tables; do
	says "globals: $g" "^$g +[0-9a-f]"
done
value() { sed -n "s/^$1[: ]*\([0-9a-f]*\).*/\1/p" "$out" | head -n 1; }
end=$(sed -n 's/^0*[0-9a-f]*-0*\([0-9a-f]*\) : System RAM.*/\1/p' "$out" | tail -n 1)
is 'globals: max_pfn is where memory ends' "$(value max_pfn)" $(((0x$end + 1) / 4096))
is 'globals: max_mapnr and max_low_pfn are max_pfn' "$(value max_mapnr) $(value max_low_pfn)" "$(value max_pfn) $(value max_pfn)"
is 'globals: totalram_pages is MemTotal' "$(($(value totalram_pages) * 4))" "$(value MemTotal)"
is 'globals: high_memory is where the direct map ends' "0x$(value high_memory)" \
	"$(sed -n 's/^ *lowmem *: 0x[0-9a-f]* - \(0x[0-9a-f]*\) .*/\1/p' "$out" | head -n 1)"
says 'globals: a descriptor has 32 bytes' '^struct_page +32 bytes'
says 'layout: vmalloc, as in the log' '^ *vmalloc : 0x[0-9a-f]{16} - 0x[0-9a-f]{16}   \( +512 GB\)'
says 'layout: .text' '^ *\.text   : 0x[0-9a-f]{16} - 0x[0-9a-f]{16}   \( +[0-9]+ kB\)'
says 'node: its fields' '^node_start_pfn 0'
says 'node: zonelist' '^zonelist 0:DMA32 0:DMA'
says 'node: kswapd, and what it was asked for' '^kswapd [1-9][0-9]* asked 0 order 0 classzone_idx -?[0-9]+ failures 0'
says 'node: all_unreclaimable' '^all_unreclaimable 0'
says 'node: inactive_ratio of a zone' '^  inactive_ratio 1'
says 'node: watermarks of a zone' '  watermarks min [0-9]+ low [0-9]+ high [0-9]+ promo [0-9]+ boost 0'
says 'page_alloc: the table of fallbacks' '^Unmovable +Reclaimable, then Movable'
is 'page_alloc: what the ways gave and took back is what the zones miss' \
	"$(awk '/^pages in use, by these/ { a = $NF } /^pages in use, by the z/ { d = a - $NF } END { print (a > 1000 && d * d <= 64 * 64) }' "$out")" 1
is 'page_alloc: the sum of the ways is that of vmstat' "$(awk '/^pages in all/ { a[n++] = $NF } /^pgalloc / { p = $2 } END { print (a[0] <= p && p <= a[1]) }' "$out")" 1
is 'page_alloc: a list is filled once for many pages' "$(awk '/^pages in all/ { p = $NF } /^per-CPU lists filled, times/ { t = $NF } END { print (t * 10 < p) }' "$out")" 1
is 'extra_free_kbytes: lies between min and low' "$(awk '/^extra/ { print ($2 > 1000 && $2 < 1030) }' "$out")" 1
says 'extfrag: unusable_index' '^Node 0, zone +DMA32 0\.000 '

# ---- debugging ----
boot --smp 2 --append 'page_owner=on stackdepth' -- sh -c "sed 's/^/depth: /' /sys/kernel/debug/stack_depth; cat /sys/kernel/debug/page_owner >/tmp/po; head -n 400 /tmp/po; cat /sys/kernel/debug/page_owner_stacks/show_stacks; $check"
whole 'page_owner=on'
says 'page_owner: Linux'"'"'s first line' '^Page allocated via order [0-9]+, mask 0x[0-9a-f]+\([A-Z_|a-z]+\), pid [0-9]+, tgid [0-9]+ \(.*\), ts [0-9]+ ns, free_ts [0-9]+ ns$'
says 'page_owner: the second' '^PFN [0-9]+ type [A-Z][a-z]+ Block [0-9]+ type [A-Z][a-z]+ Flags 0x'
says 'page_owner: a call trace' '^ [a-z_]+\+0x[0-9a-f]+/0x[0-9a-f]+$'
says 'page_owner: pages of each place' '^nr_base_pages: [0-9]+$'
is 'stack_depth: init, kthreadd and others used part of their stack' \
	"$(awk '/^depth: +1 init / { i = 1 } /^depth: +2 kthreadd / { k = 1 } /^depth: / { n++; bad += $4 < 200 || $4 >= $5 || $5 != 16384 } END { print i, k, (n > 4), bad + 0 }' "$out")" '1 1 1 0'
says 'page_owner: tells the size of its store' 'page_owner: allocated [0-9]+ bytes' "$log"
boot --smp 2 --append 'page_poison=1 init_on_alloc=1' -- sh -c "$check"
whole 'page_poison=1'
says 'page_poison=1: takes precedence over init_on_alloc' 'take precedence' "$log"
for p in init_on_alloc=1 init_on_free=1; do
	boot --smp 2 --append $p -- sh -c "$check"
	whole "$p"
done
says 'init_on_free=1: said in the log' 'mem auto-init: stack:off, heap alloc:off, heap free:on' "$log"
boot --smp 2 --append debug_pagealloc=on -- sh -c "grep DirectMap /proc/meminfo; $check"
whole 'debug_pagealloc=on'
says 'debug_pagealloc=on: the direct map has small pages alone' '^DirectMap2M: +0 kB'
boot --append 'page_poison=1 provoke=page-write' -- true
says 'page_poison=1: a write after free is reported' 'pagealloc: single bit error' "$log"
says 'page_poison=1: with its place' '120: aa aa aa ab aa' "$log"
boot --append 'debug_pagealloc=on provoke=page-read' -- true
is 'debug_pagealloc=on: a read after free stops the kernel' $booted 126
says 'debug_pagealloc=on: with its place' 'provoke_page_read' "$log"

# ---- the ledger ----
boot --smp 2 -- sh -c 'L=/proc/mm/ledger; for a in "other kernel" "page tables" "kernel stacks" "pipe buffers"; do
	echo "$a" >/sys/kernel/debug/ledger_lose; grep counted $L; tail -n 1 $L; echo none >/sys/kernel/debug/ledger_lose; tail -n 1 $L; done'
for a in 'other kernel' 'page tables' 'kernel stacks' 'pipe buffers'; do
	says "ledger: a page lost in \"$a\" is seen there" "^$a +[0-9]+ pages +[0-9]+ kB  counted [0-9]+"
done
is 'ledger: one account differs each time' "$(grep -c '^1 accounts differ' "$out")" 4
is 'ledger: and agrees when the page is back' "$(grep -c '^all accounts agree' "$out")" 4
finish
