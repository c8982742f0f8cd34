#!/bin/sh
# SPDX-License-Identifier: MIT
# Pages of tmpfs are in the page cache, but no dropping of caches reaches them: the disk is the memory.
. /tests/tap.sh

number() {
	awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}
changes() { # BEFORE AFTER WANTED: within 100 KiB, for what else goes on
	awk -v d=$(($2 - $1 - $3)) 'BEGIN { print (d < 100 && d > -100) ? "yes" : d }'
}

sync
echo 3 >/proc/sys/vm/drop_caches
cat /proc/sys/vm/stat_refresh
shmem=$(number Shmem) cached=$(number Cached)
dd if=/dev/zero of=/dev/shm/file bs=1k count=2048 2>/dev/null
cat /proc/sys/vm/stat_refresh
is 'dd of 2 MiB: Shmem' "$(changes "$shmem" "$(number Shmem)" 2048)" yes
is 'dd of 2 MiB: Cached' "$(changes "$cached" "$(number Cached)" 2048)" yes
sync
for what in 1 2 3; do
	echo $what >/proc/sys/vm/drop_caches
done
cat /proc/sys/vm/stat_refresh
is 'dropped: Shmem is what it was' "$(changes "$shmem" "$(number Shmem)" 2048)" yes
is 'dropped: Cached does not go to zero' "$(test "$(number Cached)" -ge "$(number Shmem)" && echo yes)" yes
is 'dropped: the file is whole' "$(wc -c </dev/shm/file)" 2097152
rm /dev/shm/file
cat /proc/sys/vm/stat_refresh
is 'rm: Shmem comes back' "$(changes "$shmem" "$(number Shmem)" 0)" yes
is 'rm: Cached too' "$(changes "$cached" "$(number Cached)" 0)" yes
finish
