# SPDX-License-Identifier: MIT
# ext2 on a virtio disk: what tests/disk/ext2.c says, on the oracle first; e2fsck finds nothing afterwards, also when
# the machine was switched off without umount; features and damage that are refused or survived by name.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
command -v mke2fs >/dev/null || skip_all 'no mke2fs (e2fsprogs)'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 1
dir="$scratch/ext2"
rm -rf "$dir" && mkdir -p "$dir"

# mkfs IMAGE SIZE [mke2fs options]
mkfs() {
	image=$1 size=$2
	shift 2
	truncate -s "$size" "$image"
	mke2fs -q -F -t ext2 "$@" "$image" || exit 1
}

# boot KERNEL IMAGES -- PROGRAM: stdout and stderr to $dir/out, the log to $dir/log
boot() {
	kernel=$1 disks=
	shift
	while [ "$1" != -- ]; do
		case $1 in
		--add | --mem) disks="$disks $1 $2" && shift ;;
		*) disks="$disks --disk $1" ;;
		esac
		shift
	done
	shift
	# shellcheck disable=SC2086
	timeout 300 ./quire run --kernel "$kernel" --accel tcg --timeout 120 --console-log "$dir/log" $disks -- "$@" \
		>"$dir/out" 2>&1
}

# clean "what" IMAGE: e2fsck finds nothing
clean() {
	ok "$1: e2fsck finds nothing" e2fsck -fn "$2"
}

# has "what" PATTERN [FILE]
has() {
	ok "$1" grep -q -E -e "$2" "${3:-$dir/out}"
}

# Three kinds of images in one boot, each by the same program.
for kernel in linux quire; do
	mkfs "$dir/$kernel.1024" 16M -N 2000 -m 1 -b 1024 -g 2048 -O '^resize_inode,^sparse_super,^filetype'
	mkfs "$dir/$kernel.2048" 16M -N 2000 -m 1 -b 2048 -I 128 -O '^dir_index,^resize_inode' 2>/dev/null
	mkfs "$dir/$kernel.4096" 16M -N 2000 -m 1 -b 4096
	boot $kernel "$dir/$kernel.1024" "$dir/$kernel.2048" "$dir/$kernel.4096" --add "$build/tests/disk/ext2:/ext2" -- \
		sh -c 'failed=0; for d in a b c; do /ext2 /dev/vd$d /tmp/m || failed=1; done; exit $failed'
	is "$kernel: exit status" $? 0
	relay "$dir/out" "$kernel: ext2"
	for b in 1024 2048 4096; do
		clean "$kernel, blocks of $b" "$dir/$kernel.$b"
	done
done

# Many directories whose names are freed while they are looked up.
for kernel in linux quire; do
	mkfs "$dir/many" 32M -N 2000 -b 4096
	boot $kernel "$dir/many" -- "$build/tests/disk/dir_storm" /dev/vda /tmp/m
	is "$kernel: names that are freed: to the end" $? 0
	relay "$dir/out" "$kernel: ext2"
done

# Features: an incompatible one is refused, one that is compatible for reading is mounted read-only; both by name.
mkfs "$dir/plain" 8M
mkfs "$dir/extent" 8M -O extent
mkfs "$dir/quota" 8M -O quota
mkfs "$dir/flex" 8M -O flex_bg,64bit,extent
mkfs "$dir/journal" 8M -O has_journal
boot quire "$dir/plain" "$dir/extent" "$dir/quota" "$dir/flex" "$dir/journal" -- sh -c '
	cd /tmp; for d in vdb vdc vdd vde; do mkdir $d; mount -t ext2 -o rw /dev/$d $d && echo $d mounted rw; done
	mount -t ext2 -o ro /dev/vdb vdb && echo vdb mounted ro; mount -t ext2 -o ro /dev/vdc vdc && echo vdc mounted ro
	mount -o remount,rw vdc || echo vdc stays ro
	mkdir a && mount -t ext2 /dev/vda a && mount -o remount,ro a && mount -o remount,rw,resuid=9 a && grep /dev/vda /proc/mounts'
is 'features: what is mounted' "$(grep -E '^vd' "$dir/out" | tr '\n' ' ')" 'vde mounted rw vdc mounted ro vdc stays ro '
has 'extent is named' 'couldn.t mount because of unsupported optional features .40.: extents' "$dir/log"
has 'flex_bg and 64bit too' 'unsupported optional features .2c0.: extents 64bit flex_bg' "$dir/log"
has 'quota: not for writing' 'couldn.t mount RDWR because of unsupported optional features .*quota' "$dir/log"
has 'remount changes options' 'resuid=9'

# One copy: what the file system changes is seen in the device before anything is written, and the other way round.
# Switched off without umount: the last sync is on the disk.
mkfs "$dir/alias" 8M
for kernel in linux quire; do
	boot $kernel "$dir/alias" -- "$build/tests/disk/alias" /dev/vda /tmp/m
	is "$kernel: one copy of a block: exit status" $? 0
	relay "$dir/out" "$kernel: alias"
	e2fsck -fy "$dir/alias" >/dev/null 2>&1
	is "$kernel: what was written before the power went is there" \
		"$(debugfs -R 'cat /late' "$dir/alias" 2>/dev/null)" 'written before the end'
	debugfs -w -R 'rm /late' "$dir/alias" >/dev/null 2>&1
done

# What file systems are asked besides reading and writing: parts of pages, pages that move, frames that fail.
for kernel in linux quire; do
	mkfs "$dir/aops" 16M -b 1024
	boot $kernel "$dir/aops" -- "$build/tests/disk/aops" /dev/vda /tmp/m
	is "$kernel: operations on pages: exit status" $? 0
	relay "$dir/out" "$kernel: aops"
	clean "$kernel, operations on pages" "$dir/aops"
done

# Inodes and dentries go when memory is short.
for kernel in linux quire; do
	mkfs "$dir/lru" 32M -b 4096 -N 6000
	# shellcheck disable=SC2016
	boot $kernel --mem 160M --add "$build/tests/disk/lru:/lru" "$dir/lru" -- sh -c '
		/lru /dev/vda /tmp/m; status=$?
		mount -t debugfs none /sys/kernel/debug; cat /sys/kernel/debug/shrinkers 2>/dev/null
		exit $status'
	is "$kernel: what is only cached goes: exit status" $? 0
	relay "$dir/out" "$kernel: cached"
	ok "$kernel: e2fsck repairs nothing but counts" sh -c 'e2fsck -fy "$1" >/dev/null; [ $? -le 1 ]' - "$dir/lru"
done

is 'quire: cached: shrinkers: dentries and inodes were asked, and no more went than were looked at' \
	"$(awk '($1 == "sb-dentry" || $1 == "inodes") && $3 && $5 && $4 >= $5' "$dir/out" | wc -l)" 2

# Large folios: random changes against a copy in memory, with small blocks and with large ones.
for kernel in linux quire; do
	mkfs "$dir/folio.1024" 16M -b 1024
	mkfs "$dir/folio.4096" 16M -b 4096
	boot $kernel "$dir/folio.1024" "$dir/folio.4096" --add "$build/tests/disk/largefolio:/largefolio" -- \
		sh -c '/largefolio /dev/vda /tmp/m; first=$?; /largefolio /dev/vdb /tmp/m && exit $first'
	is "$kernel: large folios: exit status" $? 0
	relay "$dir/out" "$kernel: large folios"
	clean "$kernel, large folios, blocks of 1024" "$dir/folio.1024"
	clean "$kernel, large folios, blocks of 4096" "$dir/folio.4096"
done

# A disk that becomes full, with small blocks and with large ones.
for kernel in linux quire; do
	mkfs "$dir/full.1024" 16M -b 1024
	mkfs "$dir/full.4096" 16M -b 4096
	boot $kernel "$dir/full.1024" "$dir/full.4096" --add "$build/tests/disk/full:/full" -- \
		sh -c '/full /dev/vda /tmp/m; first=$?; /full /dev/vdb /tmp/m && exit $first'
	is "$kernel: full: exit status" $? 0
	relay "$dir/out" "$kernel: full"
	clean "$kernel, full, blocks of 1024" "$dir/full.1024"
	clean "$kernel, full, blocks of 4096" "$dir/full.4096"
done

# Damage: named in the log, errors= obeyed, no oops.
mkfs "$dir/bad" 8M -b 1024 -e remount-ro
printf 'wrong\n' >"$dir/wrong"
debugfs -w -f - "$dir/bad" >/dev/null 2>&1 <<-X
	write $dir/wrong f
	write $dir/wrong g
	mkdir d
	sif f block[0] 99999999
	sif d block[0] 3
X
cp "$dir/bad" "$dir/bad2"
boot quire "$dir/bad" "$dir/bad2" -- sh -c '
	mkdir /tmp/m /tmp/n; mount -t ext2 /dev/vda /tmp/m; mount -t ext2 -o errors=continue /dev/vdb /tmp/n
	cat /tmp/m/g; cat /tmp/m/f; touch /tmp/m/new; cat /tmp/n/f; touch /tmp/n/new && echo goes on; ls /tmp/n/d'
has 'a block number outside: the reader gets an error' '(Structure needs cleaning|I/O error|Input/output error)'
has 'the log names inode and block' 'EXT2-fs .vda.: error: .*inode [0-9]+: invalid block 99999999' "$dir/log"
has 'errors=remount-ro' 'remounting filesystem read-only' "$dir/log"
has 'nothing is written any more' '/tmp/m/new: Read-only file system'
has 'errors=continue goes on' 'goes on'
has 'a directory block that is none' 'EXT2-fs .vdb.: error: .*directory #' "$dir/log"
no_complaint "$dir/log"
finish
