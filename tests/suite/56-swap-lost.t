# SPDX-License-Identifier: MIT
# Swap that is lost, by a sector or as a whole: who needs what was there gets SIGBUS, all others go on; and swapoff without memory.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$scratch/lost
disk=$out.img
truncate -s 16M "$disk"

lost() { # "what" KERNEL ARGUMENT... -- PROGRAM...
	what="$2, $1"
	kernel=$2
	shift 2
	./quire run --kernel "$kernel" --accel tcg --timeout 200 --console-log "$out.log" "$@" >"$out.tap" 2>"$scratch/err" </dev/null
	status=$?
	relay "$out.tap" "$what"
	is "$what: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
	[ "$kernel" = linux ] || no_complaint "$out.log" "$what"
}

# Sector 8192 is page 1024 of the device.
faulty="driver=blkdebug,node-name=faulty,image.driver=file,image.filename=$disk,inject-error.0.event=none"
faulty="$faulty,inject-error.0.iotype=read,inject-error.0.once=off,inject-error.0.errno=5,inject-error.0.sector=8192"
for k in linux quire; do
	mem=96M # as little as Linux boots in
	[ $k = linux ] || mem=32M
	lost 'one sector' $k --mem 128M --qemu-arg -blockdev --qemu-arg "$faulty" --qemu-arg -device --qemu-arg virtio-blk-pci,drive=faulty \
		-- "$build/tests/disk/swap_lost" sector /dev/vda 1024
	truncate -s 256M "$disk.2"
	lost swapoff $k --mem "$mem" --disk "$disk.2" -- "$build/tests/disk/swap_lost" off /dev/vda
	rm -f "$disk.2"
done

# In heavy use, again and again: the driver lets go; and the slot is emptied.
truncate -s 64M "$disk"
lost 'a device that goes' linux --mem 128M --smp 4 --disk "$disk" -- "$build/tests/disk/swap_pulled" vda file disk
for cpus in 1 4; do
	truncate -s 64M "$disk.2"
	lost "devices that go, $cpus CPUs" quire --mem 128M --smp $cpus --disk "$disk" --disk "$disk.2" --add "$build/tests/disk/swap_pulled:/swap_pulled" -- \
		sh -c '/swap_pulled vda file disk zswap swapoff second && echo 1 >/sys/kernel/debug/mm_settle && cat /sys/kernel/debug/mm_check >&2'
	is "$what: mm_check" "$(tail -n 1 "$scratch/err")" ok
done
# Of Linux by hand: it passed 39 times of 40, and once its swapoff failed with another error than expected.
: >"$scratch/err"
unplug "$scratch/err" "$out.monitor" &
# shellcheck disable=SC2046
lost 'a disk that is pulled out' quire --mem 128M --smp 4 $(hot_disk "$disk" "$out.monitor") -- "$build/tests/disk/swap_pulled" vda pull
wait
rm -f "$disk" "$disk.2"
finish
