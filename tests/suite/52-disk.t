# SPDX-License-Identifier: MIT
# Disks: as files, on both kernels and both machines; errors of the device; a disk that vanishes while it is written;
# requests that are made to fail; RAM disks.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$scratch/disk
disk=$out.img
fresh() { # an empty disk of 64 MiB
	rm -f "$disk"
	truncate -s 64M "$disk"
}

# programs "what" COMMAND...: a TAP stream of a test program becomes part of this one
program() {
	what=$1
	shift
	fresh
	"$@" >"$out.tap" 2>"$scratch/err" </dev/null
	status=$?
	relay "$out.tap" "$what"
	is "$what: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
}
run() {
	./quire run --accel tcg --timeout 180 --console-log "$out.log" "$@"
}

for kernel in linux quire; do
	program "$kernel, virtio-blk" run --kernel $kernel --disk "$disk" -- "$build/tests/disk/blockdev" vda
done
no_complaint "$out.log" 'quire, virtio-blk'
program 'quire, virtio-blk over MMIO' run --machine microvm --disk "$disk" -- "$build/tests/disk/blockdev" vda
no_complaint "$out.log" 'quire, virtio-blk over MMIO'

for kernel in linux quire; do
	program "$kernel, nvme" run --kernel $kernel --disk "$disk,nvme" -- "$build/tests/disk/blockdev" nvme0n1
done
program 'quire, nvme, polled' run --disk "$disk,nvme" --append nvme.poll_queues=1 -- "$build/tests/disk/polled" nvme0n1
no_complaint "$out.log" 'quire, nvme'

# An error reaches its caller, once.
faulty="driver=blkdebug,node-name=faulty,image.driver=file,image.filename=$disk"
fault() { # NUMBER IOTYPE ONCE [SECTOR]
	faulty="$faulty,inject-error.$1.event=none,inject-error.$1.iotype=$2,inject-error.$1.once=$3,inject-error.$1.errno=5"
	[ -z "${4:-}" ] || faulty="$faulty,inject-error.$1.sector=$4"
}
fault 0 read off 2048
fault 1 write off 8192
fault 2 flush on
for kernel in linux quire; do
	program "$kernel, errors" run --kernel $kernel --qemu-arg -blockdev --qemu-arg "$faulty" \
		--qemu-arg -device --qemu-arg virtio-blk-pci,drive=faulty -- "$build/tests/disk/ioerror" vda
done
is 'quire, errors: the log names the sector' \
	"$(grep -c -F 'I/O error, dev vda, sector 2048 op 0x0:(READ)' "$out.log" | sed 's/^[1-9].*/some/')" some
no_complaint "$out.log" 'quire, errors'

# An error of writing a file: each open file learns of it once.
head -c 65536 /dev/zero | tr '\0' b >"$out.bad"
for kernel in linux quire; do
	rm -f "$disk"
	truncate -s 16M "$disk"
	mke2fs -q -F -t ext2 -b 4096 "$disk"
	debugfs -w -R "write $out.bad bad" "$disk" >/dev/null 2>&1
	faulty="driver=blkdebug,node-name=faulty,image.driver=file,image.filename=$disk"
	fault 0 write off $(($(debugfs -R 'bmap bad 4' "$disk" 2>/dev/null) * 8))
	run --kernel $kernel --qemu-arg -blockdev --qemu-arg "$faulty" --qemu-arg -device --qemu-arg virtio-blk-pci,drive=faulty -- \
		"$build/tests/disk/errseq" /dev/vda /tmp/m >"$out.tap" 2>"$scratch/err" </dev/null
	status=$?
	relay "$out.tap" "$kernel, told once"
	is "$kernel, told once: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
done
no_complaint "$out.log" 'quire, told once'

# The driver loses its device while one program writes through the cache, one past it, and one has it mapped.
rm -f "$disk.2"
truncate -s 16M "$disk.2"
for kernel in linux quire; do
	program "$kernel, vanishing" run --kernel $kernel --disk "$disk" --disk "$disk.2" -- "$build/tests/disk/vanish" vda vdb
done
no_complaint "$out.log" 'quire, vanishing'

# The same when the disk is pulled out of its slot: the button is pressed, the kernel lets go, the power goes off.
for kernel in linux quire; do
	: >"$scratch/err"
	unplug "$scratch/err" "$out.monitor" &
	# shellcheck disable=SC2016,SC2046
	program "$kernel, unplugged" run --kernel $kernel --disk "$disk.2" \
		$(hot_disk "$disk" "$out.monitor") --add "$build/tests/disk/vanish:/vanish" -- \
		sh -c 'hot=vda other=vdb; [ "$(cat /sys/block/vda/size)" = 131072 ] || hot=vdb other=vda; /vanish $hot $other unplug || exit
			[ -e /proc/mm ] && for i in $(seq 300); do dmesg | grep -q "Slot(1): powered off" && break; sleep 0.1; done; exit 0'
	wait
done
no_complaint "$out.log" 'quire, unplugged'
ok 'quire, unplugged: the slot is off' grep -q 'pciehp: Slot(1): powered off' "$out.log"

# One queue, a disk that writes slowly: a reader does not wait behind all the writes.
for kernel in linux quire; do
	program "$kernel, flooded" run --kernel $kernel --smp 1 \
		--qemu-arg -drive --qemu-arg "if=none,id=slow,format=raw,file=$disk,throttling.bps-write=30000,throttling.bps-write-max=30000" \
		--qemu-arg -device --qemu-arg virtio-blk-pci,drive=slow,num-queues=1 -- "$build/tests/disk/flood" vda
done
no_complaint "$out.log" 'quire, flooded'

# Requests that are made to fail, by Linux's names; the memory of a RAM disk and its account.
fresh
# shellcheck disable=SC2016
run --append 'brd.rd_nr=2 brd.rd_size=8192' --disk "$disk" -- sh -c '
	cd /sys/kernel/debug/fail_make_request; echo 100 >probability; echo 2 >times; echo 0 >verbose
	dd if=/dev/vda bs=4k count=1 iflag=direct of=/dev/null 2>/dev/null; echo "not asked: $?"
	echo 1 >/sys/block/vda/make-it-fail
	for i in 1 2 3; do dd if=/dev/vda bs=4k count=1 iflag=direct of=/dev/null 2>&1 | grep -o "Input/output error"; done
	dd if=/dev/vda bs=4k count=1 iflag=direct of=/dev/null 2>/dev/null; echo "then: $?"
	cat times; echo 0 >probability
	account() { sed -n "s/^RAM disks *\([0-9]*\).*/\1/p" /proc/mm/ledger; }
	account; ls -l /dev/ram0 /dev/ram1 | cut -c 1; cat /sys/block/ram0/size
	dd if=/dev/urandom of=/tmp/data bs=64k count=64 2>/dev/null; dd if=/tmp/data of=/dev/ram0 bs=64k 2>/dev/null; sync
	account; head -c 4194304 /dev/ram0 | cmp - /tmp/data && echo same
	dd if=/dev/zero of=/dev/ram0 bs=64k 2>/dev/null; echo "full: $?"; blkdiscard -f /dev/ram0 2>/dev/null || busybox blkdiscard /dev/ram0
	account' >"$out.tap" 2>&1
is 'fail_make_request: only where make-it-fail is set' "$(sed -n 1p "$out.tap")" 'not asked: 0'
is 'fail_make_request: so many times' "$(sed -n 2,5p "$out.tap" | tr '\n' ' ')" 'Input/output error Input/output error then: 0 0 '
is 'RAM disks: their pages are booked while they are there' "$(sed -n 6,12p "$out.tap" | tr '\n' ' ')" '0 b b 16384 1024 same full: 1 '
is 'RAM disks: and given back by a discard' "$(tail -n 1 "$out.tap")" 0
no_complaint "$out.log" 'fail_make_request, RAM disks'
finish
