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
for options in '--smp 2'; do
	# shellcheck disable=SC2086
	timeout 220 tests/run-guest $options --accel tcg --timeout 200 --mem 40M --disk "$disk" scan >"$scratch/scan" 2>&1
	is "96 MiB in 40 MiB, $options: the guest test scan" \
		"$(grep -c '^ *not ok' "$scratch/scan") $(grep -c '^ *ok' "$scratch/scan")" '0 15'
	grep -E '^ *(not ok|#)' "$scratch/scan" | sed 's/^ */# /'
done
# Both policies keep a small set that is used again and again; on Linux, too, but in two minutes: by hand.
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 125
timeout 220 ./quire run --accel tcg --timeout 200 --mem 40M --disk "$disk" -- "$build/tests/disk/policy" vda >"$scratch/policy" 2>&1
is 'a scan beside a small set, two policies' "$(grep -c '^not ok' "$scratch/policy") $(grep -c '^ok' "$scratch/policy")" '0 9'
grep -E '^(not ok|#)' "$scratch/policy" | sed 's/^/# /'
# What decides which pages go, and what is seen of it. Swap on a disk without a head, so that it may be read ahead by address.
rm -f "$disk"
truncate -s 128M "$disk"
truncate -s 160M "$disk.swap"
for k in linux quire; do
	./quire run --kernel $k --accel tcg --timeout 200 --smp 1 --mem 128M --disk "$disk" --disk "$disk.swap,nvme" \
		--add "$build/tests/disk:/disk" -- sh -c 'mkswap /dev/nvme0n1 >/dev/null && exec /disk/pressure /dev/vda /dev/nvme0n1' \
		>"$scratch/pressure" 2>&1 </dev/null
	is "$k: pressure: to the end" $? 0
	relay "$scratch/pressure" "$k: pressure"
done
# What the trace events tell of a shortage adds up to what is counted.
for k in linux quire; do
	./quire run --kernel $k --accel tcg --timeout 200 --smp 1 --mem 128M --disk "$disk" --disk "$disk.swap,nvme" \
		--add "$build/tests/disk:/disk" -- sh -c 'mkswap /dev/nvme0n1 >/dev/null && exec /disk/reclaim_events /dev/vda /dev/nvme0n1' \
		>"$scratch/events" 2>&1 </dev/null
	is "$k: events: to the end" $? 0
	relay "$scratch/events" "$k: events"
done
rm -f "$disk.swap"
# Two nodes: the near one is reclaimed before the far one is asked (zone_reclaim_mode), and does not hold all dirty pages; a cpuset has one.
rm -f "$disk"
truncate -s 640M "$disk"
for k in linux quire; do
	./quire run --kernel $k --accel tcg --timeout 200 --smp 2 --numa 2 --mem 512M --console-log "$scratch/nodes.log" \
		--disk "$disk" --add "$build/tests/disk:/disk" --add "$build/tests/guest/cpuset:/cpuset" \
		-- sh -c '/disk/nodes vda && /cpuset' >"$scratch/nodes" 2>&1 </dev/null
	is "$k: two nodes: to the end" $? 0
	relay "$scratch/nodes" "$k: two nodes"
done
is 'quire: no complaint in the log' "$(grep -c -E 'BUG:|WARNING:|Oops|lockdep:|Kernel panic' "$scratch/nodes.log")" 0
rm -f "$disk"
finish
