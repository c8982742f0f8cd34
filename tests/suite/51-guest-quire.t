# SPDX-License-Identifier: MIT
# All guest tests on Quire.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
exec tests/run-guest --kernel quire --accel tcg --console-log "$scratch/guest-quire.log"
