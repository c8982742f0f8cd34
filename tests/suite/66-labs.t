# SPDX-License-Identifier: MIT
# The labs of docs/labs.md, on both kernels: what maps of a program looks like and why, where malloc gets its memory, why a
# program protects its own, what is copied on write and when, how the kernel touches the memory of a program, what the page
# cache does and how it reads ahead, beside swap; what watermarks are made of; who holds a page, and who a slot of swap; what tmpfs is made of; what a
# shortage of memory does, step by step; on Quire: the words of maps_explained and explain.
. tests/suite/tap.sh
mkdir -p "$build/tests/labs"
make -s -f tools/tools.mk O="$build" tool >&2 || exit 1

on() { # KERNEL OPTION... -- PROGRAM...: run it; its output
	k=$1
	shift
	timeout 300 ./quire run --kernel "$k" --accel tcg --timeout 290 --add /usr/bin/cat "$@" 2>"$scratch/e" </dev/null
}

# One boot of each kernel for those that need no machine of their own.
labs='malloc protect copy watermarks cow pins slots shmem'
truncate -s 4M "$scratch/swap"
adds=
for lab in $labs; do
	gcc -std=gnu17 -O1 -Wno-unused-function -Wno-unused-value -o "$build/tests/labs/$lab" "tests/labs/$lab.c" || exit 1
	adds="$adds --add $build/tests/labs/$lab:/labs/$lab"
done
part() { # NAME: what it printed, into $scratch/lab, and how it ended
	sed -n "/^== $1\$/,/^== ended/p" "$scratch/labs" >"$scratch/lab"
	tail -n 1 "$scratch/lab"
}
for k in linux quire; do
	# shellcheck disable=SC2086
	on $k --disk "$scratch/swap" $adds -- sh -c "mkswap /dev/vda >/dev/null
		part() { echo \"== \$1\"; shift; \"\$@\"; echo \"== ended \$?\"; }
		for lab in $labs; do part \$lab /labs/\$lab /dev/vda; done
		part leave /labs/shmem /dev/vda leave" >"$scratch/labs"
	for lab in $labs; do
		is "$lab: $k: to its end" "$(part $lab)" '== ended 0'
		relay "$scratch/lab" "$lab: $k"
	done
	# Does swap make a file of tmpfs permanent? Its bytes are on the device after the next start, and the file is not.
	part leave >/dev/null
	relay "$scratch/lab" "shmem: $k"
	on $k --disk "$scratch/swap" --add "$build/tests/labs/shmem:/lab" -- sh -c 'exec /lab /dev/vda look' >"$scratch/lab"
	is "shmem: $k: started again, to its end" $? 0
	relay "$scratch/lab" "shmem: $k"
	is "shmem: $k: the device has the bytes all the same" "$(grep -a -o 'left in tmpfs, page' "$scratch/swap" | wc -l)" 64
done

# The flight record of a shortage, and the calls behind it.
gcc -std=gnu17 -O1 -Wno-unused-function -Wno-unused-value -static -o "$build/tests/labs/reclaim" tests/labs/reclaim.c || exit 1
truncate -s 16M "$scratch/file"
truncate -s 160M "$scratch/swap.large"
reclaims() { # COMMAND OPTION...
	timeout 200 ./quire "$@" --mem 80M --timeout 180 --disk "$scratch/file" --disk "$scratch/swap.large" \
		--add "$build/tests/labs/reclaim:/lab" -- sh -c 'mkswap /dev/vdb >/dev/null && exec /lab /dev/vda /dev/vdb' </dev/null
}
for k in linux quire; do
	reclaims run --kernel $k --accel tcg --smp 1 >"$scratch/lab" 2>"$scratch/e"
	is "reclaim: $k: to its end" $? 0
	relay "$scratch/lab" "reclaim: $k"
done
reclaims profile --calls shrink_node >"$scratch/calls" 2>"$scratch/e"
way() { grep -c "^ *[1-9][0-9]* times by .*$1 > .*shrink_node$" "$scratch/calls"; }
is 'reclaim: quire: calls: by kswapd' "$(way 'kthread_main > kswapd')" 1
is 'reclaim: quire: calls: kswapd does not call itself' "$(way 'kswapd > kswapd')" 0
is 'reclaim: quire: calls: by who allocates' "$(way try_to_free_pages | sed 's/^[1-9][0-9]*$/yes/')" yes
for f in shrink_inactive_list lru_isolate shrink_list_of try_to_unmap_swap swap_writeout; do
	is "reclaim: quire: calls: shrink_node leads to $f" "$(grep -c " $f$" "$scratch/calls" | sed 's/^[1-9][0-9]*$/yes/')" yes
done
rm -f "$scratch/file" "$scratch/swap.large"

# The page cache, with a disk.
if command -v mke2fs >/dev/null; then
	gcc -std=gnu17 -O1 -Wno-unused-function -o "$build/tests/labs/pagecache" tests/labs/pagecache.c || exit 1
	for k in linux quire; do
		rm -f "$scratch/img"
		truncate -s 64M "$scratch/img"
		mke2fs -q -F -t ext2 -b 4096 "$scratch/img"
		timeout 300 ./quire run --kernel $k --accel tcg --mem 256M --timeout 290 --disk "$scratch/img" -- \
			"$build/tests/labs/pagecache" /dev/vda /tmp/m >"$scratch/lab" 2>"$scratch/e" </dev/null
		is "pagecache: $k: to its end" $? 0
		relay "$scratch/lab" "pagecache: $k"
	done
fi

# The shape of maps: size, rights, offset and name of each row; what differs on purpose is left out.
shape() {
	/usr/bin/python3 -c '
import sys
for line in open(sys.argv[1]):
    f = line.split()
    start, end = (int(x, 16) for x in f[0].split("-"))
    name = f[5] if len(f) > 5 else ""
    if name not in ("[vvar]", "[vsyscall]"):
        print(hex(start) if start < 1 << 32 and name[:1] == "/" else "", end - start, f[1], f[2], name)
' "$1"
}
format='^[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][ps] [0-9a-f]{8} [0-9a-f]{2,}:[0-9a-f]{2,} [0-9]+( +[^ ].*| )$'
for k in linux quire; do
	on $k --add /usr/bin/setarch -- sh -c 'setarch -R /usr/bin/cat /proc/self/maps; echo ==; busybox cat /proc/self/maps' >"$scratch/maps"
	sed '/^==/,$d' "$scratch/maps" >"$scratch/maps.$k"
	sed '1,/^==/d' "$scratch/maps" >"$scratch/static.$k"
	is "maps: $k: each row has the form" "$(grep -cvE "$format" "$scratch/maps.$k" "$scratch/static.$k" | cut -d: -f2 | tr '\n' ' ')" '0 0 '
	is "maps: $k: five rows of the C library" "$(grep -c /libc.so.6 "$scratch/maps.$k")" 5
	is "maps: $k: the first row of a program linked to 0x400000" "$(sed -n '1s/ .*//p' "$scratch/static.$k")" 00400000-00401000
	shape "$scratch/maps.$k" >"$scratch/shape.$k"
	shape "$scratch/static.$k" >>"$scratch/shape.$k"
done
ok 'maps: quire: sizes, rights, offsets and names as on Linux' cmp "$scratch/shape.linux" "$scratch/shape.quire"
is 'maps: quire: the gate' "$(tail -n 1 "$scratch/maps.quire" | cut -d' ' -f1,2)" 'ffffffffff600000-ffffffffff601000 --xp'

# Why these rows: the words, against the segments that readelf shows.
on quire -- cat /proc/self/maps_explained >"$scratch/explained"
libc=$(sed -n 's/.* \(\/.*\/libc\.so\.6\)$/\1/p' "$scratch/explained" | head -n 1)
words() { grep -A 1 " $libc\$" "$scratch/explained" | grep -c "	$1"; }
is 'maps_explained: quire: a row for each segment, and one for RELRO' "$(grep -c " $libc\$" "$scratch/explained")" \
	"$(($(readelf -lW "$libc" | grep -c '^  LOAD') + $(readelf -lW "$libc" | grep -c GNU_RELRO)))"
for w in headers code constants RELRO data; do
	is "maps_explained: quire: $w of the C library" "$(words "$w")" 1
done
is 'maps_explained: quire: the row without a name behind it is its .bss' \
	"$(grep -A 3 "rw-p .* $libc\$" "$scratch/explained" | grep -c '(.bss)')" 1
is 'maps_explained: quire: heap, stack and gate' "$(grep -c -e '^	heap' -e '^	stack of the first' -e '^	the gate' "$scratch/explained")" 3
is 'maps_explained: quire: each row has its words' "$(grep -c '^	[a-zR]' "$scratch/explained")" \
	"$(($(grep -c '^[0-9a-f]' "$scratch/explained") + $(grep -c '	its first file page' "$scratch/explained")))"
is 'maps: quire: a file found by its inode' "$(on quire -- sh -c 'i=$(grep -m 1 /busybox /proc/self/maps | awk "{print \$5}"); find / -xdev -inum $i' | head -n 1)" \
	"$(sed -n '1s/.* //p' "$scratch/static.quire")"

# One vm_mm for all VMAs; pgd + index counts in entries, not in bytes.
./quire explain --timeout 180 text stack >"$scratch/explained" 2>"$scratch/e"
is 'explain: quire: each VMA has the same vm_mm' "$(grep -c '^vmas: .* each vm_mm is' "$scratch/explained")" 2
is 'explain: quire: the entry of an address is at pgd + index, scaled by 8' "$(/usr/bin/python3 -c '
import re, sys
text = open(sys.argv[1]).read()
pgd = [int(x, 16) for x in re.findall(r"^mm: .*, pgd (\S+),", text, re.M)]
rows = re.findall(r"^pgd\[ *(\d+)\] at (\S+) =", text, re.M)
print(len(rows), all(int(at, 16) == p + 8 * int(i) for p, (i, at) in zip(pgd, rows)))
' "$scratch/explained")" '2 True'
finish
