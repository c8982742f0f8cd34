# SPDX-License-Identifier: MIT
# Anonymous memory on a swap device, on both kernels; and more of it than there is RAM.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$scratch/swap
disk=$out.img

run() { # KERNEL OPTION... -- PROGRAM...
	kernel=$1
	shift
	./quire run --kernel "$kernel" --accel tcg --timeout 200 --console-log "$out.log" "$@" >"$out.tap" 2>"$out.err" </dev/null
}

for k in linux quire; do
	rm -f "$disk"
	truncate -s 16M "$disk"
	run $k --mem 256M --disk "$disk" -- "$build/tests/disk/swap" /dev/vda
	status=$?
	relay "$out.tap" "$k"
	is "$k: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
	run $k --mem 256M --smp 4 --disk "$disk" -- "$build/tests/disk/swap_shmem" /dev/vda
	status=$?
	relay "$out.tap" "$k, shmem"
	is "$k, shmem: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
done
is 'quire: no complaint in the log' "$(grep -c -E 'BUG:|WARNING:|Oops|lockdep:|Kernel panic' "$out.log")" 0

for k in linux quire; do
	rm -f "$disk" "$disk.2"
	truncate -s 4M "$disk"
	truncate -s 16M "$disk.2"
	run $k --mem 128M --disk "$disk" --disk "$disk.2" --add "$build/tests/disk/swap_order:/swap_order" -- \
		sh -c 'mkswap /dev/vda >/dev/null && mkswap /dev/vdb >/dev/null && exec /swap_order /dev/vda /dev/vdb'
	status=$?
	relay "$out.tap" "$k"
	is "$k, order: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
done

if command -v mke2fs >/dev/null; then
	for k in linux quire; do
		rm -f "$disk"
		truncate -s 24M "$disk"
		mke2fs -q -F -t ext2 -b 4096 "$disk"
		run $k --mem 256M --disk "$disk" -- "$build/tests/disk/swapfile" /dev/vda
		relay "$out.tap" "$k, a file"
		is "$k: a swap file, to the end" "$(grep -c '^1\.\.' "$out.tap")" 1
	done
fi

# Debian's Linux has no fail_make_request.
truncate -s 16M "$disk"
run quire --mem 256M --disk "$disk" -- "$build/tests/disk/swapfile" -fail /dev/vda /sys/block/vda/make-it-fail
relay "$out.tap" 'a device that fails'
is 'a device that fails, to the end' "$(grep -c '^1\.\.' "$out.tap")" 1

truncate -s 64M "$disk" "$disk.2"
run quire --smp 2 --mem 48M --disk "$disk" --disk "$disk.2" -- "$build/tests/disk/swap_storm" /dev/vda /dev/vdb 6 3200
relay "$out.tap" 'a storm'
is 'a storm, to the end' "$(grep -c '^1\.\.' "$out.tap")" 1
is 'a storm: no complaint in the log' "$(grep -c -E 'BUG:|WARNING:|Oops|lockdep:|Kernel panic|Out of memory' "$out.log")" 0
rm -f "$disk" "$disk.2"
finish
