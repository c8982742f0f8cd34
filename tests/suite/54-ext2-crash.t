# SPDX-License-Identifier: MIT
# The machine is killed while it writes to ext2: e2fsck repairs, and what was acknowledged is there. make crash: 200 times.
. tests/suite/tap.sh
[ -e "$build/quire.elf" ] || skip_all 'the kernel does not link yet'
command -v mke2fs >/dev/null || skip_all 'no mke2fs (e2fsprogs)'
make -s -f tests/tests.mk O="$build" disk-tests >&2 || exit 1
exec python3 tests/disk/crash.py --build "$build" --kills "${KILLS:-4}" --seed "${SEED:-1}"
