// SPDX-License-Identifier: MIT
/*
 * /proc/sys/vm: when dirty pages are written. Of a ratio and its bytes the one written last counts, the other reads
 * 0. Linux 6.1: Documentation/admin-guide/sysctl/vm.rst, mm/page-writeback.c.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/proc_fs.h>
#include <kernel/init.h>
#include <mm/backing_dev.h>
#include <mm/writeback.h>

static void background_ratio_changed(void)
{
	dirty_background_bytes = 0;
}

static void background_bytes_changed(void)
{
	dirty_background_ratio = 0;
}

static void ratio_changed(void)
{
	vm_dirty_bytes = 0;
	dirty_limit_changed();
}

static void bytes_changed(void)
{
	vm_dirty_ratio = 0;
	dirty_limit_changed();
}

/* The flushers sleep for the old interval: let them look. */
static void interval_changed(void)
{
	struct backing_dev_info *bdi = NULL;

	while (dirty_writeback_interval && (bdi = bdi_next(bdi)))
		if (wb_has_dirty_io(&bdi->wb))
			wb_start_background_writeback(&bdi->wb);
}

#define KNOB(name, kind, var, lo, hi, fn)                                                          \
	{                                                                                          \
		.path = "vm/" name, .mode = 0644, .type = kind, .data = &(var), .min = lo,         \
		.max = hi, .changed = fn                                                           \
	}

static struct ctl_table dirty_table[] = {
	KNOB("dirty_background_ratio", CTL_INT, dirty_background_ratio, 0, 100,
	     background_ratio_changed),
	KNOB("dirty_background_bytes", CTL_ULONG, dirty_background_bytes, 1, LONG_MAX,
	     background_bytes_changed),
	KNOB("dirty_ratio", CTL_INT, vm_dirty_ratio, 0, 100, ratio_changed),
	KNOB("dirty_bytes", CTL_ULONG, vm_dirty_bytes, 2 * PAGE_SIZE, LONG_MAX, bytes_changed),
	KNOB("dirty_writeback_centisecs", CTL_INT, dirty_writeback_interval, INT_MIN, INT_MAX,
	     interval_changed),
	KNOB("dirty_expire_centisecs", CTL_INT, dirty_expire_interval, 0, INT_MAX, NULL),
	KNOB("dirtytime_expire_seconds", CTL_INT, dirtytime_expire_interval, 0, INT_MAX, NULL),
	KNOB("laptop_mode", CTL_INT, laptop_mode, INT_MIN / HZ, INT_MAX / HZ, NULL),
	{ 0 }
};

static int __init dirty_sysctl_init(void)
{
	register_sysctl_table(dirty_table);
	return 0;
}
fs_initcall(dirty_sysctl_init);
