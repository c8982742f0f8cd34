# SPDX-License-Identifier: MIT
# Twice the memory while of what kswapd allocates, and of what it sends to the disk, each tenth fails: nothing is lost.
# cpus: 2
# mem: 48M
# disks: 64M 64M
seconds=$2
d=/sys/kernel/debug
mount -t debugfs none $d 2>/dev/null
bounds=$(grep -A 1 ' kswapd$' /proc/kallsyms | sed 's/ .*//')
for kind in fail_page_alloc failslab fail_make_request; do
	echo "0x${bounds%%
*}" >$d/$kind/require-start && echo "0x${bounds##*
}" >$d/$kind/require-end || exit 1
	echo 32 >$d/$kind/stacktrace-depth
	echo 0 >$d/$kind/verbose
	echo -1 >$d/$kind/times
done
for kind in fail_page_alloc failslab; do echo N >$d/$kind/ignore-gfp-wait; done
echo N >$d/fail_page_alloc/ignore-gfp-highmem
echo 0 >$d/fail_page_alloc/min-order
for disk in vda vdb; do
	mkswap /dev/$disk >/dev/null && echo 1 >/sys/block/$disk/make-it-fail || exit 1
done
for kind in fail_page_alloc failslab fail_make_request; do echo 10 >$d/$kind/probability; done
end=$(($(date +%s) + seconds)) status=0
while [ "$(date +%s)" -lt "$end" ] && [ $status = 0 ]; do
	/disk/swap_storm /dev/vda /dev/vdb 6 3200
	status=$?
done
for kind in fail_page_alloc failslab fail_make_request; do echo 0 >$d/$kind/probability; done
echo 1 >$d/mm_settle
answer=$(cat $d/mm_check)
echo "mm_check: $answer"
[ $status = 0 ] && [ "$answer" = ok ]
