# SPDX-License-Identifier: MIT
# Reclaim on small machines. Memory that is a fraction of the file: a disk whose pages hold their numbers, read on a small machine.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
disk=$scratch/numbered
python3 - "$disk" <<'X'
import sys
with open(sys.argv[1], "wb") as f:
    for page in range(96 * 256):
        f.write(page.to_bytes(8, "little") * 512)
X
timeout 520 tests/run-guest --smp 2 --accel tcg --timeout 500 --mem 40M --disk "$disk" scan >"$scratch/scan" 2>&1
relay "$scratch/scan"
is 'scan: to the end' "$(grep -c '^ *1\.\.' "$scratch/scan")" 1
# Both policies keep a small set that is used again and again; on Linux, too, but in two minutes: by hand.
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
timeout 520 ./quire run --accel tcg --timeout 500 --mem 40M --disk "$disk" -- "$build/tests/disk/policy" vda >"$scratch/policy" 2>&1
relay "$scratch/policy" 'a small set'
is 'a small set: to the end' "$(grep -c '^1\.\.' "$scratch/policy")" 1
# What decides which pages go, and what is seen of it. Swap on a disk without a head, so that it may be read ahead by address.
rm -f "$disk"
truncate -s 128M "$disk"
truncate -s 160M "$disk.swap"
# under_pressure PROGRAM "what" [KERNEL]: on both kernels, with a disk and an area of swap
under_pressure() {
	for k in ${3:-linux quire}; do
		./quire run --kernel $k --accel tcg --timeout 500 --smp 1 --mem 128M --disk "$disk" --disk "$disk.swap,nvme" \
			--add "$build/tests/disk:/disk" -- sh -c "mkswap /dev/nvme0n1 >/dev/null && exec /disk/$1 /dev/vda /dev/nvme0n1" \
			>"$scratch/$1" 2>"$scratch/err" </dev/null
		is "$k: $2: to the end" $? 0
		relay "$scratch/$1" "$k: $2"
	done
}
under_pressure pressure pressure
# What the trace events tell of a shortage adds up to what is counted.
under_pressure reclaim_events events
# Who would reclaim for himself waits for kswapd while half of the reserve is gone. It passes on Linux, too; by hand, since an earlier form
# of it once made Linux stand still.
under_pressure throttle reserve quire
rm -f "$disk.swap"
# Two nodes: the near one is reclaimed before the far one is asked (zone_reclaim_mode), and does not hold all dirty pages; a cpuset has one.
rm -f "$disk"
truncate -s 640M "$disk"
for k in linux quire; do
	./quire run --kernel $k --accel tcg --timeout 500 --smp 2 --numa 2 --mem 512M --console-log "$scratch/nodes.log" \
		--disk "$disk" --add "$build/tests/disk:/disk" --add "$build/tests/guest/cpuset:/cpuset" \
		-- sh -c '/disk/nodes vda && /cpuset' >"$scratch/nodes" 2>&1 </dev/null
	is "$k: two nodes: to the end" $? 0
	relay "$scratch/nodes" "$k: two nodes"
done
no_complaint "$scratch/nodes.log" quire
rm -f "$disk"
finish
