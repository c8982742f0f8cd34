# SPDX-License-Identifier: MIT
# Twice the memory in anonymous, shmem and file pages, every byte checked, while swap devices come and go.
# mem: 48M
# disks: 128M 192M 192M
seed=$1 seconds=$2
mkswap /dev/vda >/dev/null && mkswap /dev/vdb >/dev/null && mke2fs /dev/vdc >/dev/null || exit 1
mkdir -p /tmp/files && mount -t ext2 /dev/vdc /tmp/files || exit 1
/disk/mixture "$seconds" "$seed" 4000 /tmp/files /dev/vda /dev/vdb || { cat /proc/mm/oom/last; exit 1; }
