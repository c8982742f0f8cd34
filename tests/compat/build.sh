#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds what tests/compat/run runs, in BUILD/compat: the kernel self tests of Debian's linux-source-6.1 (unpacked there,
# never committed), each with the flags that its Makefile there gives, and our own programs of this folder.
# Installs Debian's packages that are missing, as tools/setup.sh does.
set -u
home=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
build=${QUIRE_BUILD:-$home/build}
to=$build/compat
source=/usr/src/linux-source-6.1.tar.xz
rooms='vm memfd mincore proc exec clone3 membarrier sigaltstack'

"$home/tools/setup.sh" compat || exit 125
mkdir -p "$to/bin"
make -s -C "$home" -f tests/tests.mk O="$build" compat-programs >&2 || exit 125
[ -e "$to/bin/made" ] && [ "$to/bin/made" -nt "$0" ] && [ "$to/bin/made" -nt $source ] && exit 0

tests=linux-source-6.1/tools/testing/selftests
[ -e "$to/$tests/kselftest.h" ] || tar -C "$to" -xJf $source $tests linux-source-6.1/mm/gup_test.h \
	linux-source-6.1/lib/test_hmm_uapi.h linux-source-6.1/include/uapi linux-source-6.1/include/vdso || exit 125

# one FILE OUTPUT [FLAGS]: compile one self test in its own folder
one() {
	file=$1 output=$2
	shift 2
	(cd "$to/$tests/${file%/*}" && gcc -O2 -D_GNU_SOURCE -w -I../../../.. "${file##*/}" "$@" -o "$output" \
		-lpthread -lrt -ldl -lm -lcap -lnuma) || echo "tests/compat/build.sh: $file does not build" >&2
}

for room in $rooms; do
	mkdir -p "$to/bin/$room"
	for file in "$to/$tests/$room"/*.c; do
		name=$(basename "$file" .c) out=$to/bin/$room/$(basename "$file" .c)
		case $room/$name in
		vm/vm_util | memfd/common | memfd/fuse_mnt | memfd/fuse_test) ;;
		vm/khugepaged | vm/madv_populate | vm/soft-dirty | vm/split_huge_page_test | vm/userfaultfd)
			one "$room/$name.c" "$out" vm_util.c -no-pie ;;
		vm/protection_keys) one "$room/$name.c" "$out" -mxsave -no-pie ;;
		vm/*) one "$room/$name.c" "$out" -no-pie ;;
		memfd/*) one "$room/$name.c" "$out" common.c -D_FILE_OFFSET_BITS=64 ;;
		exec/load_address)
			for align in 0x1000 0x200000 0x1000000; do
				one "$room/$name.c" "$out.$align" -Wl,-z,max-page-size=$align -fPIE -pie
				one "$room/$name.c" "$out.static.$align" -Wl,-z,max-page-size=$align -fPIE -static-pie
			done ;;
		*) one "$room/$name.c" "$out" ;;
		esac
	done
done
# What execveat looks for beside itself.
cd "$to/bin/exec" || exit 125
ln -sf execveat execveat.symlink
cp execveat execveat.denatured && chmod -x execveat.denatured
printf '#!/bin/sh\nexit $*\n' >script && chmod +x script
mkdir -p subdir
cp "$to/$tests/exec/Makefile" Makefile
cp "$to/$tests/vm/va_128TBswitch.sh" ../vm/
touch "$to/bin/made"
