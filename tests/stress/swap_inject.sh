# SPDX-License-Identifier: MIT
# Each n-th allocation, copy and request to the disk on the ways to swap and back fails once.
# cpus: 1
# mem: 64M
# disks: 16M
# takes: 900
mkswap /dev/vda >/dev/null && cat /sys/class/zram-control/hot_add >/dev/null && echo 16M >/sys/block/zram0/disksize || exit 1
mkswap /dev/zram0 >/dev/null && exec /inject -s /dev/vda -z /dev/zram0
