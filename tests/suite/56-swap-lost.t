# SPDX-License-Identifier: MIT
# A swap device that loses one sector, or is lost as a whole: who needs what was there gets SIGBUS, all others go on.
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
	./quire run --kernel "$kernel" --accel tcg --mem 128M --timeout 200 --console-log "$out.log" "$@" >"$out.tap" 2>"$out.err" </dev/null
	status=$?
	relay "$out.tap" "$what"
	is "$what: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
	[ "$kernel" = linux ] || no_complaint "$out.log" "$what"
}

# Sector 8192 is page 1024 of the device.
faulty="driver=blkdebug,node-name=faulty,image.driver=file,image.filename=$disk,inject-error.0.event=none"
faulty="$faulty,inject-error.0.iotype=read,inject-error.0.once=off,inject-error.0.errno=5,inject-error.0.sector=8192"
for k in linux quire; do
	lost 'one sector' $k --qemu-arg -blockdev --qemu-arg "$faulty" --qemu-arg -device --qemu-arg virtio-blk-pci,drive=faulty \
		-- "$build/tests/disk/swap_lost" sector /dev/vda 1024
	lost 'the device' $k --disk "$disk" -- "$build/tests/disk/swap_lost" vanish vda
done
rm -f "$disk"
finish
