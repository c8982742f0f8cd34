#!/bin/sh
# SPDX-License-Identifier: MIT
# setup.sh build|run|check|compat: make sure the packages for that purpose are there. Installs what is
# missing when run as root, else prints the exact command and exits with 125.
set -u

build='make:make cc:gcc ld:binutils musl-gcc:musl-tools /usr/lib/x86_64-linux-gnu/liblz4.a:liblz4-dev'
headers=/usr/include/x86_64-linux-gnu/asm/unistd.h
run='qemu-system-x86_64:qemu-system-x86 /bin/busybox:busybox-static'
check="clang:clang sparse:sparse clang-format:clang-format clang-tidy:clang-tidy
	cppcheck:cppcheck prove:perl cpio:cpio gzip:gzip python3:python3
	gdb:gdb strace:strace pmap:procps smem:smem"
libs=/usr/lib/x86_64-linux-gnu
compat="/usr/src/linux-source-6.1.tar.xz:linux-source-6.1 stress-ng:stress-ng trinity:trinity xz:xz-utils python3:python3
	$libs/libjemalloc.so.2:libjemalloc2 $libs/libmimalloc.so.2.0:libmimalloc2.0
	/usr/include/sys/capability.h:libcap-dev /usr/include/numa.h:libnuma-dev"

case ${1:-} in
build) wanted=$build ;;
run) wanted="$build $run" ;;
check) wanted="$build $run $check $compat" ;;
compat) wanted="$build $run $compat" ;;
*) echo "usage: tools/setup.sh build|run|check|compat" >&2; exit 125 ;;
esac

missing=
for pair in $wanted; do
	command -v "${pair%%:*}" >/dev/null 2>&1 || [ -e "${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
[ -e $headers ] || missing="$missing linux-libc-dev libc6-dev"
if [ "$1" = check ] && [ ! -e /usr/include/cmocka.h ]; then
	missing="$missing libcmocka-dev"
fi
[ -z "$missing" ] && exit 0

install="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "quire: missing here:$missing; install them with" >&2
	echo "    sudo $install" >&2
	exit 125
fi
echo "quire: installing$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
if ! $install >/dev/null 2>&1; then
	apt-get -qq update >&2
	$install >&2 || { echo "quire: could not install$missing" >&2; exit 125; }
fi
