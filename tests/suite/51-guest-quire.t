# SPDX-License-Identifier: MIT
# All guest tests on Quire, in one boot, and nothing of note in its log.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
tests/run-guest --kernel quire --accel tcg --console-log "$scratch/log" >"$scratch/tap"
status=$?
relay "$scratch/tap"
is 'to the end' "$status $(grep -c '^1\.\.' "$scratch/tap")" '0 1'
no_complaint "$scratch/log"
finish
