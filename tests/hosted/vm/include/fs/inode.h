/* SPDX-License-Identifier: MIT */
/* Below mm/ in this test: fs/inode.h as far as address spaces use it. One thread; see fake.c. */
#pragma once
#include <base/types.h>
struct super_block {
	dev_t s_dev;
};
struct inode {
	umode_t i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
};
#define IS_SWAPFILE(i)		  0
#define IS_APPEND(i)		  0
#define S_ISREG(m)		  ((m) == 1)
#define S_ISBLK(m)		  0
#define inode_owner_or_capable(i) 1
#define inode_permission(i, m)	  0
