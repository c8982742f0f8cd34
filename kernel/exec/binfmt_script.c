// SPDX-License-Identifier: MIT
/*
 * Scripts: a file that begins with "#!INTERPRETER [ARGUMENT]" is run by that interpreter, with the
 * argument (one, spaces included) and the script's name before the other arguments. exec.c goes round
 * again with bprm->interpreter, at most five times.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <fs/file.h>
#include <kernel/exec.h>
#include <kernel/init.h>

static inline bool spacetab(char c)
{
	return c == ' ' || c == '\t';
}

static inline const char *next_non_spacetab(const char *first, const char *last)
{
	for (; first <= last; first++)
		if (!spacetab(*first))
			return first;
	return NULL;
}

static inline const char *next_terminator(const char *first, const char *last)
{
	for (; first <= last; first++)
		if (spacetab(*first) || !*first)
			return first;
	return NULL;
}

/*
 * Cut the line in bprm->buf into name and argument, both ended by NUL. 0, or -ENOEXEC: no name, or the
 * name is longer than the buffer and would be cut off. An argument that is too long is cut.
 */
static int parse_line(struct linux_binprm *bprm, char **name, char **arg)
{
	char *buf_end = bprm->buf + sizeof(bprm->buf) - 1;
	char *i_end = strnchr(bprm->buf, sizeof(bprm->buf), '\n');
	const char *sep, *start;

	if (!i_end) {
		start = next_non_spacetab(bprm->buf + 2, buf_end);
		if (!start)
			return -ENOEXEC;
		if (!next_terminator(start, buf_end))
			return -ENOEXEC;
		i_end = buf_end;
	}
	while (spacetab(i_end[-1]))
		i_end--;
	start = next_non_spacetab(bprm->buf + 2, i_end);
	if (!start || start == i_end)
		return -ENOEXEC;
	*arg = NULL;
	sep = next_terminator(start, i_end);
	if (sep && *sep)
		*arg = (char *)next_non_spacetab(sep, i_end);
	*i_end = '\0';
	if (sep)
		*(char *)sep = '\0';
	if (*arg && !**arg)
		*arg = NULL;
	*name = (char *)start;
	return 0;
}

static int load_script(struct linux_binprm *bprm)
{
	char *name, *arg;
	struct file *file;
	int err;

	if (bprm->buf[0] != '#' || bprm->buf[1] != '!')
		return -ENOEXEC;
	err = parse_line(bprm, &name, &arg);
	if (err)
		return err;
	/* The interpreter could not open the script: its fd is closed by the exec. */
	if (bprm->interp_flags & BINPRM_FLAGS_PATH_INACCESSIBLE)
		return -ENOENT;
	err = remove_arg_zero(bprm);
	if (err)
		return err;
	err = copy_string_kernel(bprm->interp, bprm);
	if (err < 0)
		return err;
	bprm->argc++;
	if (arg) {
		err = copy_string_kernel(arg, bprm);
		if (err < 0)
			return err;
		bprm->argc++;
	}
	err = copy_string_kernel(name, bprm);
	if (err)
		return err;
	bprm->argc++;
	err = bprm_change_interp(name, bprm);
	if (err < 0)
		return err;
	file = open_exec(name);
	if (IS_ERR(file))
		return PTR_ERR(file);
	bprm->interpreter = file;
	return 0;
}

static struct linux_binfmt script_format = {
	.name = "script",
	.load_binary = load_script,
};

static int __init init_script_binfmt(void)
{
	register_binfmt(&script_format);
	return 0;
}
core_initcall(init_script_binfmt);
