// SPDX-License-Identifier: MIT
/* Mount options of ext2, to and from text. Linux 6.1: fs/ext2/super.c, Documentation/filesystems/ext2.rst. */
#include <base/types.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/printk.h>
#include <fs/dentry.h>
#include <fs/seq_file.h>
#include "ext2.h"

/* Words without a value: the bits that they clear, then set. 0, 0: accepted, without effect. */
static const struct {
	const char *name;
	unsigned long clear, set;
} words[] = {
	{ "bsddf", EXT2_MOUNT_MINIX_DF, 0 },
	{ "minixdf", 0, EXT2_MOUNT_MINIX_DF },
	{ "grpid", 0, EXT2_MOUNT_GRPID },
	{ "bsdgroups", 0, EXT2_MOUNT_GRPID },
	{ "nogrpid", EXT2_MOUNT_GRPID, 0 },
	{ "sysvgroups", EXT2_MOUNT_GRPID, 0 },
	{ "errors=continue", EXT2_MOUNT_ERRORS, EXT2_MOUNT_ERRORS_CONT },
	{ "errors=remount-ro", EXT2_MOUNT_ERRORS, EXT2_MOUNT_ERRORS_RO },
	{ "errors=panic", EXT2_MOUNT_ERRORS, EXT2_MOUNT_ERRORS_PANIC },
	{ "nouid32", 0, EXT2_MOUNT_NO_UID32 },
	{ "debug", 0, EXT2_MOUNT_DEBUG },
	{ "oldalloc", 0, EXT2_MOUNT_OLDALLOC },
	{ "orlov", EXT2_MOUNT_OLDALLOC, 0 },
	{ "user_xattr", 0, EXT2_MOUNT_XATTR_USER },
	{ "nouser_xattr", EXT2_MOUNT_XATTR_USER, 0 },
	{ "check=none", 0, 0 },
	{ "nocheck", 0, 0 },
	{ "nobh", 0, 0 },
	{ "reservation", 0, 0 },
	{ "noreservation", 0, 0 },
	{ "noquota", 0, 0 },
};

/* "name=NUMBER": 1, 0 when it is another option, -EINVAL. */
static int parse_number(const char *opt, const char *name, unsigned long *value)
{
	size_t len = strlen(name);

	if (strncmp(opt, name, len))
		return 0;
	return kstrtoul(opt + len, 0, value) ? -EINVAL : 1;
}

static int parse_option(const char *opt, struct ext2_mount_options *opts, unsigned long *sb_block)
{
	unsigned long value;
	int ret;

	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(opt, words[i].name)) {
			opts->mount_opt = (opts->mount_opt & ~words[i].clear) | words[i].set;
			return 0;
		}
	ret = parse_number(opt, "resuid=", &value);
	if (ret > 0)
		opts->resuid = value;
	if (!ret) {
		ret = parse_number(opt, "resgid=", &value);
		if (ret > 0)
			opts->resgid = value;
	}
	if (!ret) {
		ret = parse_number(opt, "sb=", &value);
		if (ret > 0 && sb_block)
			*sb_block = value;
	}
	if (ret > 0 && value > 0xffffffffUL)
		return -EINVAL;
	return ret > 0 ? 0 : -EINVAL;
}

int ext2_parse_options(struct super_block *sb, char *data, struct ext2_mount_options *opts,
		       unsigned long *sb_block)
{
	char *opt;

	while ((opt = strsep(&data, ",")) != NULL) {
		if (!*opt)
			continue;
		if (parse_option(opt, opts, sb_block)) {
			ext2_msg(sb, KERN_ERR,
				 "error: unrecognized mount option \"%s\" or missing value", opt);
			return -EINVAL;
		}
	}
	return 0;
}

int ext2_show_options(struct seq_file *m, struct dentry *root)
{
	struct ext2_sb_info *sbi = EXT2_SB(root->d_sb);
	const struct ext2_mount_options *opts = &sbi->s_opts;
	unsigned int errors = le16_to_cpu(sbi->s_es->s_errors);

	if (sbi->s_sb_block != 1)
		seq_printf(m, ",sb=%lu", sbi->s_sb_block);
	if (opts->mount_opt & EXT2_MOUNT_MINIX_DF)
		seq_puts(m, ",minixdf");
	if (opts->mount_opt & EXT2_MOUNT_GRPID)
		seq_puts(m, ",grpid");
	if (opts->resuid != le16_to_cpu(sbi->s_es->s_def_resuid))
		seq_printf(m, ",resuid=%u", opts->resuid);
	if (opts->resgid != le16_to_cpu(sbi->s_es->s_def_resgid))
		seq_printf(m, ",resgid=%u", opts->resgid);
	if ((opts->mount_opt & EXT2_MOUNT_ERRORS_CONT) && errors != EXT2_ERRORS_CONTINUE)
		seq_puts(m, ",errors=continue");
	if ((opts->mount_opt & EXT2_MOUNT_ERRORS_RO) && errors != EXT2_ERRORS_RO)
		seq_puts(m, ",errors=remount-ro");
	if ((opts->mount_opt & EXT2_MOUNT_ERRORS_PANIC) && errors != EXT2_ERRORS_PANIC)
		seq_puts(m, ",errors=panic");
	if (opts->mount_opt & EXT2_MOUNT_NO_UID32)
		seq_puts(m, ",nouid32");
	if (opts->mount_opt & EXT2_MOUNT_DEBUG)
		seq_puts(m, ",debug");
	if (opts->mount_opt & EXT2_MOUNT_OLDALLOC)
		seq_puts(m, ",oldalloc");
	if (!(opts->mount_opt & EXT2_MOUNT_XATTR_USER))
		seq_puts(m, ",nouser_xattr");
	return 0;
}
