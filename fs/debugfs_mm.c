// SPDX-License-Identifier: MIT
/*
 * /sys/kernel/debug: memblock/{memory,reserved} as Linux shows them, with the owner's name; ledger, every
 * page in its account; mm_check, which runs all check functions of physical memory when it is read (they
 * stop the kernel on a contradiction) and says how many accounts of the ledger differ from the counters.
 */
#include <base/types.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <mm/dma_pool.h>
#include <mm/gfp.h>
#include <mm/ledger.h>
#include <mm/memblock.h>
#include <mm/percpu_alloc.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>
#include <mm/zone.h>

static int memblock_show(struct seq_file *m, void *v)
{
	struct memblock_type *type = m->private;

	for (unsigned long i = 0; i < type->cnt; i++) {
		struct memblock_region *r = &type->regions[i];

		seq_printf(m, "%4lu: 0x%016llx..0x%016llx%s%s\n", i, (unsigned long long)r->base,
			   (unsigned long long)(r->base + r->size - 1), r->name ? " " : "",
			   r->name ? r->name : "");
	}
	return 0;
}

static int mm_check_show(struct seq_file *m, void *v)
{
	int wrong;

	buddy_check();
	slab_check_all();
	vmalloc_check();
	pcpu_check();
	wrong = ledger_check();
	if (wrong)
		seq_printf(m, "%d accounts of the ledger differ from the counters: see the log\n",
			   wrong);
	else
		seq_puts(m, "ok\n");
	return 0;
}

static void show_dma_pool(const struct dma_pool_info *i, void *m)
{
	seq_printf(m, "%-16s %4lu %4lu %4zu %2lu\n", i->name, i->nr_active, i->nr_blocks,
		   i->size_bytes, i->nr_runs);
}

/* As /sys/devices/.../pools of a Linux device: name, blocks in use, blocks, bytes of one, runs of pages. */
static int dma_pools_show(struct seq_file *m, void *v)
{
	seq_puts(m, "poolinfo - 0.1\n");
	dma_pool_for_each(show_dma_pool, m);
	return 0;
}

static int __init debugfs_mm_init(void)
{
	struct kernfs_node *dir = kernfs_create_dir(&debugfs_root, "memblock", 0755);

	if (dir) {
		kernfs_create_file(dir, "memory", 0444, memblock_show, NULL, &memblock.memory);
		kernfs_create_file(dir, "reserved", 0444, memblock_show, NULL, &memblock.reserved);
	}
	kernfs_create_file(&debugfs_root, "ledger", 0444, ledger_show, NULL, NULL);
	kernfs_create_file(&debugfs_root, "dma_pools", 0444, dma_pools_show, NULL, NULL);
	kernfs_create_file(&debugfs_root, "mm_check", 0400, mm_check_show, NULL, NULL);
	return 0;
}
fs_initcall(debugfs_mm_init);
