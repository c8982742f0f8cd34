/* SPDX-License-Identifier: MIT */
/*
 * Kernel parameters. A function returns 0 when it understood the value; otherwise the parameter is
 * named in the log and ignored. early_param functions run from setup_arch(), before there is an
 * allocator; __setup functions (str ends with "=" when a value is wanted) after it.
 */
#ifndef QUIRE_KERNEL_PARAM_H
#define QUIRE_KERNEL_PARAM_H

#include <base/types.h>
#include <kernel/init.h>

struct obs_kernel_param {
	const char *str;
	int (*setup_func)(char *);
	int early;
};

#define __setup_param(s, unique, fn, is_early)						\
	static const struct obs_kernel_param __setup_##unique				\
	__attribute__((used, section(".init.setup"), aligned(8))) = { s, fn, is_early }

/* Linux's convention: early functions return 0, __setup functions return 1 when handled. */
#define early_param(str, fn)	__setup_param(str, fn, fn, 1)
#define __setup(str, fn)	__setup_param(str, fn, fn, 0)

extern const struct obs_kernel_param __setup_start[], __setup_end[];

/* Run the early_param functions over boot_command_line; once. Called by setup_arch(). */
void parse_early_param(void);
/* The next "name" or "name=value" of @args ("" quoting as in Linux); returns what is behind it. */
char *next_arg(char *args, char **param, char **val);
/* "1", "y", "on" ... or -EINVAL */
int kstrtobool(const char *s, bool *res);

#endif
