// SPDX-License-Identifier: MIT
/*
 * The files of zswap (mm/compress/zswap.c) and frontswap (mm/swap/frontswap.c), with Linux 6.1's names:
 *
 *	/sys/module/zswap/parameters/	enabled, compressor, zpool, max_pool_percent, accept_threshold_percent, same_filled_pages_enabled,
 *					non_same_filled_pages_enabled; each also as zswap.NAME=VALUE at boot
 *	/sys/kernel/debug/zswap/	what is kept, and why pages were rejected
 *	/sys/kernel/debug/frontswap/	calls
 *
 * There is one algorithm and one kind of pool; the name of another one is ENOENT, as where it is not built in. The files come to be when
 * somebody looks. Linux 6.1: Documentation/admin-guide/mm/zswap.rst.
 */
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/kernfs.h>
#include <fs/seq_file.h>
#include <fs/sysfs.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <mm/frontswap.h>
#include <mm/zswap.h>
#include <seam/page.h>

/* ---- parameters ---- */

enum kind { ENABLED, BOOL, UINT, NAME };

struct zswap_param {
	const char *name;
	enum kind kind;
	void *value; /* of a NAME: the only one */
};

static const struct zswap_param params[] = {
	{ "enabled", ENABLED, &zswap_enabled },
	{ "compressor", NAME, "lz4" },
	{ "zpool", NAME, "zsmalloc" },
	{ "max_pool_percent", UINT, &zswap_max_pool_percent },
	{ "accept_threshold_percent", UINT, &zswap_accept_threshold_percent },
	{ "same_filled_pages_enabled", BOOL, &zswap_same_filled_pages_enabled },
	{ "non_same_filled_pages_enabled", BOOL, &zswap_non_same_filled_pages_enabled },
};

static int param_set(const struct zswap_param *p, const char *text)
{
	unsigned int number;
	bool on;
	int err;

	if (p->kind == NAME)
		return strcmp(text, p->value) ? -ENOENT : 0;
	err = p->kind == UINT ? kstrtouint(text, 0, &number) : kstrtobool(text, &on);
	if (err)
		return err;
	if (p->kind == ENABLED)
		return zswap_enable(on);
	if (p->kind == BOOL)
		WRITE_ONCE(*(bool *)p->value, on);
	else
		WRITE_ONCE(*(unsigned int *)p->value, number);
	return 0;
}

static int param_show(struct seq_file *m, void *v)
{
	const struct zswap_param *p = m->private;

	if (p->kind == NAME)
		seq_printf(m, "%s\n", (const char *)p->value);
	else if (p->kind == UINT)
		seq_printf(m, "%u\n", READ_ONCE(*(unsigned int *)p->value));
	else
		seq_puts(m, READ_ONCE(*(bool *)p->value) ? "Y\n" : "N\n");
	return 0;
}

static ssize_t param_write(struct file *file, char *buf, size_t count)
{
	int err = param_set(kernfs_of(file_inode(file))->priv, strim(buf));

	return err ? err : (ssize_t)count;
}

/* zswap.NAME=VALUE: those that are no more than a value; zswap itself is enabled when there is memory for it. */
static bool enable_at_boot __initdata;

static int __init setup_enabled(char *text)
{
	return !kstrtobool(text, &enable_at_boot);
}
__setup("zswap.enabled=", setup_enabled);

#define SETUP(nr, name)                                                                            \
	static int __init setup_##name(char *text)                                                 \
	{                                                                                          \
		return !param_set(&params[nr], text);                                              \
	}                                                                                          \
	__setup("zswap." #name "=", setup_##name)

SETUP(1, compressor);
SETUP(2, zpool);
SETUP(3, max_pool_percent);
SETUP(4, accept_threshold_percent);
SETUP(5, same_filled_pages_enabled);
SETUP(6, non_same_filled_pages_enabled);

static void fill_module(struct kernfs_node *module)
{
	const char *last;
	struct kernfs_node *dir = kernfs_make_path(module, "zswap/parameters/enabled", &last);

	for (unsigned int i = 0; dir && i < ARRAY_SIZE(params); i++)
		kernfs_fill_file(dir, params[i].name, 0644, param_show, param_write,
				 (void *)&params[i]);
}

/* ---- counters ---- */

static int counter_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%ld\n", atomic_long_read(m->private));
	return 0;
}

static int pool_size_show(struct seq_file *m, void *v)
{
	seq_printf(m, "%lu\n", zswap_pool_pages() << PAGE_SHIFT);
	return 0;
}

static void fill_zswap(struct kernfs_node *dir)
{
	static const char *const names[NR_ZSWAP_STATS] = {
#define X(item, name) [item] = name,
		ZSWAP_STATS(X)
#undef X
	};

	for (unsigned int i = 0; i < NR_ZSWAP_STATS; i++)
		kernfs_fill_file(dir, names[i], 0444, counter_show, NULL, &zswap_stats[i]);
	kernfs_fill_file(dir, "pool_total_size", 0444, pool_size_show, NULL, NULL);
}

static void fill_frontswap(struct kernfs_node *dir)
{
	static const char *const names[NR_FRONTSWAP_STATS] = {
#define X(item, name) [item] = name,
		FRONTSWAP_STATS(X)
#undef X
	};

	for (unsigned int i = 0; i < NR_FRONTSWAP_STATS; i++)
		kernfs_fill_file(dir, names[i], 0444, counter_show, NULL, &frontswap_stats[i]);
}

static int __init zswap_files_init(void)
{
	static const struct kernfs_dir_ops module_ops = { .refresh = fill_module },
					   zswap_ops = { .refresh = fill_zswap },
					   frontswap_ops = { .refresh = fill_frontswap };

	kernfs_create_lazy_dir(&sysfs_root, "module", &module_ops, NULL);
	kernfs_create_lazy_dir(&debugfs_root, "zswap", &zswap_ops, NULL);
	kernfs_create_lazy_dir(&debugfs_root, "frontswap", &frontswap_ops, NULL);
	if (enable_at_boot && zswap_enable(true))
		return -ENOMEM;
	return 0;
}
late_initcall(zswap_files_init);
