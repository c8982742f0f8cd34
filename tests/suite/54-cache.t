# SPDX-License-Identifier: MIT
# The page cache over a disk, on both kernels: readahead, fadvise, the life of a dirty page, sync calls, expiry, limits,
# laptop mode, direct I/O, what counts as a major fault; and what the image on the host holds afterwards.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$scratch/cache
disk=$out.img

run() { # KERNEL OPTION... -- PROGRAM...
	kernel=$1
	shift
	./quire run --kernel "$kernel" --accel tcg --timeout 200 --mem 256M --console-log "$out.log" "$@" >"$out.tap" 2>"$scratch/err" </dev/null
}

for k in linux quire; do
	rm -f "$disk"
	truncate -s 64M "$disk"
	run $k --disk "$disk" --add "$build/tests/disk:/disk" -- sh -c '/disk/pagecache vda && /disk/major vda'
	status=$?
	relay "$out.tap" "$k"
	is "$k: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 2'
	yes 'quire page cache' | head -c 1048576 >"$out.want"
	ok "$k: the image holds what fsync promised" cmp -n 1048576 "$disk" "$out.want"
	# The machine is switched off at once: what was written just before is on the disk.
	# shellcheck disable=SC2016
	run $k --disk "$disk" -- sh -c 'for i in $(seq 300); do [ -b /dev/vda ] && break; sleep 0.1; done; [ -b /dev/vda ] || exit 7
		exec 3<>/dev/vda; yes "kept open" | head -c 65536 >&3; sleep 1000 3<&3 & exit 0'
	status=$?
	is "$k: a program writes, and the machine goes off" "$status" 0
	yes 'kept open' | head -c 65536 >"$out.want"
	ok "$k: what was written before the machine went off is there" cmp -n 65536 "$disk" "$out.want"
done
no_complaint "$out.log" quire
finish
