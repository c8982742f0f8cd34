# SPDX-License-Identifier: MIT
# Anonymous memory on a swap device, on both kernels; and more of it than there is RAM.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
out=$scratch/swap
disk=$out.img

# program KERNEL WHAT OPTION... -- PROGRAM...: its TAP, to the end, and nothing of note in the log
program() {
	kernel=$1 what=$1${2:+, $2}
	shift 2
	./quire run --kernel "$kernel" --accel tcg --timeout 200 --console-log "$out.log" "$@" >"$out.tap" 2>"$scratch/err" </dev/null
	status=$?
	relay "$out.tap" "$what"
	is "$what: to the end" "$status $(grep -c '^1\.\.' "$out.tap")" '0 1'
	[ "$kernel" = linux ] || no_complaint "$out.log" "$what"
}

for k in linux quire; do
	rm -f "$disk"
	truncate -s 16M "$disk" "$disk.2"
	program $k '' --mem 256M --disk "$disk" --disk "$disk.2,nvme" -- "$build/tests/disk/swap" /dev/vda nvme0n1
	# With memory above 4 GiB.
	program $k shmem --mem 3G --smp 4 --disk "$disk" -- "$build/tests/disk/swap_shmem" /dev/vda
done

for k in linux quire; do
	rm -f "$disk" "$disk.2"
	truncate -s 4M "$disk"
	truncate -s 16M "$disk.2"
	program $k order --mem 128M --smp 2 --disk "$disk" --disk "$disk.2" --add "$build/tests/disk/swap_order:/swap_order" \
		--add /usr/sbin/mkswap --add /usr/sbin/swapon --add /usr/sbin/swapoff -- sh -c '
		/usr/sbin/mkswap /dev/vda >/dev/null && /usr/sbin/swapon -p 5 /dev/vda && /usr/sbin/swapon -s &&
			/usr/sbin/swapon --show=NAME,TYPE,SIZE,USED,PRIO --noheadings --bytes && /usr/sbin/swapoff /dev/vda
		mkswap /dev/vda >/dev/null && mkswap /dev/vdb >/dev/null && exec /swap_order /dev/vda /dev/vdb'
	grep -E '^(Filename|/dev/vda)' "$out.tap" >"$out.swapon.$k"
done
is 'swapon -s: the disk, its size and priority' "$(sed -n 2p "$out.swapon.quire" | tr -s ' \t' ' ')" '/dev/vda partition 4092 0 5'
lines=$(wc -l <"$out.swapon.linux")
is 'linux: lines that swapon shows' "$lines" 3
[ "$lines" != 3 ] || ok 'swapon -s and --show: as on Linux' cmp "$out.swapon.linux" "$out.swapon.quire"

if command -v mke2fs >/dev/null; then
	for k in linux quire; do
		rm -f "$disk"
		truncate -s 24M "$disk"
		mke2fs -q -F -t ext2 -b 4096 "$disk"
		program $k 'a file' --mem 256M --disk "$disk" -- "$build/tests/disk/swapfile" /dev/vda
		truncate -s 16M "$disk.2"
		program $k calls --mem 256M --disk "$disk.2" --disk "$disk" -- "$build/tests/disk/swap_calls" /dev/vda /dev/vdb
	done
fi

# Debian's Linux has no fail_make_request.
truncate -s 16M "$disk"
program quire 'a device that fails' --mem 256M --disk "$disk" -- \
	"$build/tests/disk/swapfile" -fail /dev/vda /sys/block/vda/make-it-fail

# Nor zswap.
truncate -s 64M "$disk"
program quire zswap --mem 128M --smp 2 --disk "$disk" --add "$build/tests/disk/zswap:/zswap" -- \
	sh -c 'mkswap /dev/vda >/dev/null && exec /zswap /dev/vda'

truncate -s 64M "$disk" "$disk.2"
program quire 'a storm' --smp 2 --mem 48M --disk "$disk" --disk "$disk.2" -- \
	"$build/tests/disk/swap_storm" /dev/vda /dev/vdb 6 3200
is 'a storm: nobody is killed' "$(grep -c 'Out of memory' "$out.log")" 0
program quire 'a storm with zswap' --smp 2 --mem 48M --append 'zswap.enabled=1 zswap.max_pool_percent=1' \
	--disk "$disk" --disk "$disk.2" -- "$build/tests/disk/swap_storm" /dev/vda /dev/vdb 3 3200
is 'a storm with zswap: nobody is killed' "$(grep -c 'Out of memory' "$out.log")" 0
rm -f "$disk" "$disk.2"
finish
