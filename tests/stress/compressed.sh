# SPDX-License-Identifier: MIT
# Twice the memory on a zram disk, every word checked: what writes to swap for want of memory needs memory for it.
# mem: 128M
seconds=$2
/disk/compressed_storm "$seconds" 50000
