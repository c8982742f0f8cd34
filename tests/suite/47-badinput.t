# SPDX-License-Identifier: MIT
# Bad input to the kernel from outside: a corrupted initramfs, plain and gzip, is named with entry and offset;
# unknown and malformed parameters are named and ignored; too little memory gives a sentence with a number.
# (Hostile programs: tests/guest/hostile.c; wild pointers: tests/guest/efault.c; mistakes of the command: 10-tool.t.)
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
dir="$scratch/bad"
rm -rf "$dir" && mkdir -p "$dir/bin" "$dir/in"

# What the command would have given to QEMU, taken by a QEMU that only copies it.
cat >"$dir/bin/qemu-system-x86_64" <<'X'
#!/bin/sh
for a; do
	[ "$prev" = -initrd ] && cp "$a" "$OUT"
	prev=$a
done
X
chmod +x "$dir/bin/qemu-system-x86_64"
OUT=$dir/good.cpio PATH="$dir/bin:$PATH" ./quire run --kernel /bin/true --accel tcg -- true >/dev/null 2>&1
echo 'the file that is broken' >"$dir/in/victim"
echo 'the one behind it' >"$dir/in/zz-behind"
(cd "$dir/in" && find . | LC_ALL=C sort | cpio -o -H newc 2>/dev/null) >"$dir/tail.cpio"
at=$(grep -abo victim "$dir/tail.cpio" | head -n 1 | cut -d : -f 1)
header=$((at - 110))
base=$(($(stat -c %s "$dir/good.cpio") + 3 & ~3))

# corrupt OUT OFFSET BYTES: a copy of tail.cpio with the bytes put at the offset
corrupt() {
	cp "$dir/tail.cpio" "$dir/$1"
	printf '%s' "$3" | dd of="$dir/$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# behind FILE: the good archive, and FILE behind it
behind() {
	cp "$dir/good.cpio" "$dir/initrd"
	truncate -s "$base" "$dir/initrd"
	cat "$1" >>"$dir/initrd"
}

# says "what" PATTERN: the machine starts with that initramfs, its log has the pattern, and there is no oops
says() {
	timeout 60 ./quire run --accel tcg --timeout 20 --console-log "$dir/log" --qemu-arg -initrd --qemu-arg "$dir/initrd" \
		-- true >"$dir/out" 2>&1
	status=$?
	n=$((n + 1))
	if tr -d '\r' <"$dir/log" | grep -q -E "$2"; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		grep -i -e initramfs -e panic "$dir/log" | head -n 5 | sed 's/^/# /'
	fi
	no_complaint "$dir/log" "$1" 'Oops|BUG:'
}

behind "$dir/tail.cpio"
says 'two archives, one behind the other' 'Run /init'
is 'a good one runs the program' "$status" 0
is 'and complains of nothing' "$(grep -c 'initramfs:' "$dir/log")" 0
corrupt magic "$header" 070799
behind "$dir/magic"
says 'a wrong magic number: entry and offset' "initramfs: .*(no cpio header|old format).*offset $((base + header))"
corrupt hex "$((header + 54))" ZZZZZZZZ
behind "$dir/hex"
says 'a size that is no number' "initramfs: .*not hexadecimal.*offset $((base + header))"
corrupt name "$((header + 94))" FFFFFFFF
behind "$dir/name"
says 'a name of 4 GiB' "initramfs: .*impossible length.*offset $((base + header))"
corrupt size "$((header + 54))" 7FFFFFFF
behind "$dir/size"
says 'a file larger than the archive' 'initramfs: .*victim.*offset [0-9]+'
corrupt type "$((header + 14))" 0000F000
behind "$dir/type"
says 'an entry of no known type' 'initramfs: .*victim.*unknown type.*offset [0-9]+|initramfs: .*unknown type.*victim'
head -c "$((at + 20))" "$dir/tail.cpio" >"$dir/short"
behind "$dir/short"
says 'an archive that ends within an entry' 'initramfs: .*offset [0-9]+'
gzip -9n <"$dir/good.cpio" >"$dir/initrd"
says 'the archive as gzip' 'Run /init'
is 'runs the program too' "$status" 0
gzip -9n <"$dir/tail.cpio" >"$dir/packed"
head -c 60 "$dir/packed" >"$dir/packed.short"
behind "$dir/packed.short"
says 'gzip that ends early' 'initramfs: .*offset [0-9]+'
cp "$dir/packed" "$dir/packed.bad"
printf '\377\377\377\377' | dd of="$dir/packed.bad" bs=1 seek=30 conv=notrunc 2>/dev/null
behind "$dir/packed.bad"
says 'gzip with wrong bytes' 'initramfs: .*offset [0-9]+'
size=$(stat -c %s "$dir/packed")
cp "$dir/packed" "$dir/packed.sum"
printf '\001\002\003\004' | dd of="$dir/packed.sum" bs=1 seek=$((size - 8)) conv=notrunc 2>/dev/null
behind "$dir/packed.sum"
says 'gzip with a wrong check sum' 'initramfs: .*(sum|CRC|crc).*'

# parameters
timeout 60 ./quire run --accel tcg --timeout 50 --console-log "$dir/log" \
	--append 'nonsense=1 foo.bar=2 maxcpus=many failslab=1,2 loglevel=loud mem=x fault_seed=zz' -- true >"$dir/out" 2>&1
is 'unknown and malformed parameters: the program runs' $? 0
for p in 'nonsense=1' 'foo.bar=2' 'maxcpus=many' 'failslab=1,2' 'loglevel=loud' 'mem=x' 'fault_seed=zz'; do
	is "$p is named" "$(grep -c -i -E "(unknown|malformed|invalid|bad).*$p" "$dir/log")" 1
done

# memory
mistake 'memory that the archive does not fit into' 'needs at least [0-9]* MiB of memory' \
	./quire run --accel tcg --timeout 30 --mem 6M -- true
size=$(stat -c %s "$dir/good.cpio")
said=$(timeout 60 ./quire run --accel tcg --timeout 30 --append "mem=$(((size >> 20) + 2))M" -- true 2>&1)
is 'memory that is too little for the kernel: 126' $? 126
is 'it says how much is needed' "$(printf '%s\n' "$said" | grep -c -m 1 -E 'needs at least [0-9]+ MiB of memory')" 1
finish
