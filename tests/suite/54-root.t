# SPDX-License-Identifier: MIT
# Some of Debian's programs in a Debian root on a disk: their status and output are those on Linux (tests/roots).
# The root is built by `make root` (network, minutes); make compat-root runs all of them, on both kernels.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
root=${ROOT:-$build/root/debian.img}
[ -e "$root" ] || skip_all "there is no $root: make root builds it"
exec tests/roots/run --quick --kernel quire --root "$root"
