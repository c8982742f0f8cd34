# SPDX-License-Identifier: MIT
# Memory that is a fraction of the file: a disk whose pages hold their numbers, read on a small machine.
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
	timeout 120 tests/run-guest $options --accel tcg --timeout 100 --mem 40M --disk "$disk" scan >"$scratch/scan" 2>&1
	is "96 MiB in 40 MiB, $options: the guest test scan" \
		"$(grep -c '^ *not ok' "$scratch/scan") $(grep -c '^ *ok' "$scratch/scan")" '0 15'
	grep -E '^ *(not ok|#)' "$scratch/scan" | sed 's/^ */# /'
done
rm -f "$disk"
finish
