# SPDX-License-Identifier: MIT
# The gdb commands print a page, a VMA tree and the free lists of a kernel that stands at a breakpoint.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
command -v gdb >/dev/null || skip_all 'gdb is not installed'
out=$scratch/gdb.out
socket=$scratch/gdb.sock
rm -f "$socket"

# The gdb script names the types of pages as the header does.
is 'types of pages' \
	"$(sed -n '/^PAGE_TYPES/,/}/p' tools/gdb/quire-gdb.py | grep -o '[0-9]*: "[A-Z]*"' | tr -d '":')" \
	"$(sed -n 's/^#define PAGE_TYPE_\([A-Z]*\)[[:space:]]*0x8000000\([0-9a-f]\)u.*/\2 \1/p' include/mm/page.h |
		while read -r nr name; do echo "$((0x$nr)) $name"; done)"

# More VMAs than fit into one leaf: the tree has inner nodes.
timeout 120 ./quire run --accel tcg --smp 1 --timeout 110 --append nokaslr --qemu-arg -S --qemu-arg -gdb --qemu-arg "unix:$socket,server=on,wait=off" \
	-- /usr/bin/python3 -c 'import mmap, time
keep = [mmap.mmap(-1, 4096, prot=1 + i % 2 * 2, flags=34) for i in range(60)]
time.sleep(0.01)
print(len(keep))' >"$scratch/gdb.program" 2>"$scratch/gdb.err" &
pid=$!
i=0
while [ ! -e "$socket" ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i + 1)); done
timeout 110 gdb -nx -q -batch "$build/quire.elf" -x tools/gdb/quire-gdb.py \
	-ex 'set confirm off' -ex "target remote $socket" -ex 'break sys_clock_nanosleep' -ex continue \
	-ex 'echo == ps\n' -ex quire-ps -ex 'echo == vmas\n' -ex 'quire-vmas python3' -ex 'echo == none\n' -ex 'quire-vmas 99' \
	-ex 'echo == text\n' -ex 'quire-page 0x101' \
	-ex 'echo == free\n' -ex quire-free -ex delete -ex detach >"$out" 2>&1
wait $pid
is 'the program goes on' "$? $(cat "$scratch/gdb.program")" '0 60'

part() { sed -n "/^== $1\$/,/^== /p" "$out" | grep -v '^=='; }
is 'ps: init and the program' "$(part ps | grep -c -E ' (init|python3) ')" 2
part vmas >"$scratch/gdb.vmas"
is 'vmas: an inner node' "$(grep -c -m 1 '^inner ' "$scratch/gdb.vmas")" 1
is 'vmas: in order' "$(awk '/^  / { split($1, r, "-"); if (r[1] < end) print "overlap", $1; end = r[2] }' "$scratch/gdb.vmas")" ''
is 'vmas: as many as counted' "$(grep -c '^  ' "$scratch/gdb.vmas")" \
	"$(sed -n 's/.* VMAs in [0-9]* levels, map_count //p' "$scratch/gdb.vmas")"
is 'vmas: no process' "$(part none)" 'no process 99 with an address space'
is 'page: of the kernel text' "$(part text | grep -c -E '^(pfn 0x101 |flags .* reserved )')" 2
part free >"$scratch/gdb.free"
is 'free: zones' "$(grep -c '^node 0 zone DMA' "$scratch/gdb.free")" 2
is 'free: eleven orders each' "$(grep -c '^  order' "$scratch/gdb.free")" 22
is 'nothing contradicts itself' "$(grep -c 'BUT ' "$out")" 0
is 'no command failed' "$(grep -c -i -E 'error|traceback' "$out")" 0
finish
