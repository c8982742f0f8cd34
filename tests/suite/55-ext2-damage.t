# SPDX-License-Identifier: MIT
# ext2 that is damaged, or whose disk goes: mutated images (tests/disk/mangle.c; make crash: IMAGES=400), a disk that
# vanishes. Errors, never an oops; the rest of the system lives.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
command -v mke2fs >/dev/null || skip_all 'no mke2fs (e2fsprogs)'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 1
dir="$scratch/ext2-damage"
rm -rf "$dir" && mkdir -p "$dir/root/dir/sub" "$build/fuzz"

# The image that the fuzz target changes, too, with blocks of 1 KiB; and one with blocks of 4 KiB.
mkdir -p "$dir/corpus"
QUIRE_BUILD="$build" tests/fuzz/seeds ext2_fuzz "$dir/corpus"
cp "$build/fuzz/ext2.image" "$dir/1024"
head -c 300000 "$build/quire.elf" >"$dir/root/dir/big"
for i in 1 2 3 4 5 6 7 8 9; do echo $i >"$dir/root/dir/sub/$i"; done
ln -s dir/big "$dir/root/link"
truncate -s 1M "$dir/4096"
mke2fs -q -F -t ext2 -b 4096 -N 64 -d "$dir/root" "$dir/4096"
for image in 1024 4096; do
	truncate -s 1M "$dir/target"
	timeout 900 ./quire run --accel tcg --timeout 800 --console-log "$dir/log" --disk "$dir/$image" --disk "$dir/target" \
		-- "$build/tests/disk/mangle" /dev/vda /dev/vdb /tmp/m "${SEED:-1}" "${IMAGES:-30}" >"$dir/out" 2>&1
	is "mutated images, blocks of $image: the guest ends" $? 0
	sed 's/^/# /' "$dir/out"
	no_complaint "$dir/log" "mutated images, blocks of $image"
	is "mutated images, blocks of $image: errors are told" "$(grep -q 'EXT2-fs (vdb): error' "$dir/log" && echo yes)" yes
done

# A directory has one name: it lies neither in itself nor in two places.
truncate -s 1M "$dir/loop"
mke2fs -q -F -t ext2 -b 1024 "$dir/loop"
printf 'mkdir a\nlink a a/self\nmkdir b\nlink a b/second\nlink / a/root\n' | debugfs -w "$dir/loop" >/dev/null 2>&1
is 'a directory in itself is refused' "$(timeout 200 ./quire run --accel tcg --timeout 100 --disk "$dir/loop" -- sh -c '
	mkdir /tmp/m; mount -t ext2 /dev/vda /tmp/m; cd /tmp/m; ls; rmdir a/self; rmdir a/root; rmdir b/second' 2>&1 | grep -c 'Too many levels')" 3

truncate -s 16M "$dir/disk"
mke2fs -q -F -t ext2 -b 1024 "$dir/disk"
printf 'written in time\n' >"$dir/text"
debugfs -w -R "write $dir/text unread" "$dir/disk" >/dev/null 2>&1
timeout 200 ./quire run --accel tcg --timeout 100 --console-log "$dir/log" --disk "$dir/disk" -- sh -c '
	mkdir /tmp/m; mount -t ext2 /dev/vda /tmp/m; cd /tmp/m
	cp unread synced; sync; dd if=/dev/zero of=late bs=64k count=8 2>/dev/null
	for i in 0 1 2 3; do echo virtio$i >/sys/bus/virtio/drivers/virtio_blk/unbind; done 2>/dev/null
	cat synced; dd if=/dev/zero of=later bs=1k count=1 conv=fsync
	mkdir directory; ls -R . >/dev/null; cd /
	umount /tmp/m && echo unmounted; mount -t ext2 /dev/vda /tmp/m; echo lives >/tmp/x; cat /tmp/x' >"$dir/out" 2>&1
is 'a disk that vanishes: the guest ends' $? 0
ok 'what is cached is read' grep -q 'written in time' "$dir/out"
ok 'a write that has to reach the disk fails' grep -q -E 'dd: .*(I/O error|Input/output error|No space|Read-only)' "$dir/out"
ok 'it can be unmounted' grep -q '^unmounted' "$dir/out"
ok 'the system lives' grep -q '^lives' "$dir/out"
no_complaint "$dir/log"
e2fsck -fy "$dir/disk" >/dev/null 2>&1
is 'what was synced is on the disk' "$(debugfs -R 'cat /synced' "$dir/disk" 2>/dev/null)" 'written in time'
finish
