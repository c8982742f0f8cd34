#!/bin/sh
# SPDX-License-Identifier: MIT
# root.sh IMAGE: a Debian 12 root file system with the programs of tests/roots, as an ext2 image of 1200 MiB of which
# half is used. Nothing is mounted. About two minutes and 170 MB of downloads; MIRROR=URL names another mirror.
#   ./quire shell --root IMAGE
set -eu
image=$1
mirror=${MIRROR:-http://deb.debian.org/debian}
packages=procps,busybox-static,file,less,e2fsprogs,git,python3,libpython3.11-testsuite,gcc,libc6-dev,sqlite3,redis-server,redis-tools
packages=$packages,fio,stress-ng,memtester

need() {
	command -v "$1" >/dev/null && return
	[ "$(id -u)" = 0 ] && apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1 && command -v "$1" >/dev/null && return
	echo "quire: $1 is missing here; install it with: sudo apt-get install $2" >&2
	exit 125
}
need mmdebstrap mmdebstrap
need mke2fs e2fsprogs
[ "$(id -u)" = 0 ] || need fakeroot fakeroot

mkdir -p "$(dirname "$image")"
work=$(mktemp -d "$image.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 125' INT TERM
echo "quire: building a Debian root in $image (once)" >&2
mmdebstrap --quiet --variant=minbase --include="$packages" --aptopt='Acquire::Languages "none"' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' bookworm "$work/root.tar" "$mirror" >"$work/log" 2>&1 || {
	tail -n 5 "$work/log" >&2
	exit 125
}
# Ownership and device nodes need root's rights, or the appearance of them. /dev, /proc and /sys are mounted over.
pack='mkdir "$1/tree"; tar -C "$1/tree" --exclude="./dev/*" -xf "$1/root.tar"
	rm -rf "$1"/tree/var/cache/apt/* "$1"/tree/var/lib/apt/lists/*
	mke2fs -q -t ext2 -O none,filetype,sparse_super,large_file -b 4096 -I 256 -m 0 -N 65536 -d "$1/tree" "$1/image" 1200M'
if [ "$(id -u)" = 0 ]; then
	sh -ec "$pack" sh "$work"
else
	fakeroot sh -ec "$pack" sh "$work"
fi
mv "$work/image" "$image"
