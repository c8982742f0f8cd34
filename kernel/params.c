// SPDX-License-Identifier: MIT
/*
 * The kernel's command line.
 *
 * "name", "name=value", "name=\"value with spaces\"", separated by spaces; everything behind "--" is for
 * init. A parameter that some room has registered (early_param, __setup) is handed to its function; the
 * function's refusal, an unknown name and an unclosed quote are each named in the log and otherwise
 * without effect. What nobody knows goes to init: as an environment string if it has a value, as an
 * argument otherwise, as Linux does. Names with a dot are meant for modules; there are none.
 */
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include "params.h"

char boot_command_line[COMMAND_LINE_SIZE];
static char tmp_line[COMMAND_LINE_SIZE] __initdata;

static inline char dash2underscore(char c)
{
	return c == '-' ? '_' : c;
}

static bool parameqn(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (dash2underscore(a[i]) != dash2underscore(b[i]) || !a[i])
			return false;
	return true;
}

static inline bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *next_arg(char *args, char **param, char **val)
{
	bool in_quote = false, quoted = false;
	unsigned int i, equals = 0;

	if (*args == '"') {
		args++;
		in_quote = quoted = true;
	}
	for (i = 0; args[i]; i++) {
		if (is_space(args[i]) && !in_quote)
			break;
		if (!equals && args[i] == '=')
			equals = i;
		if (args[i] == '"')
			in_quote = !in_quote;
	}
	*param = args;
	*val = NULL;
	if (equals) {
		args[equals] = '\0';
		*val = args + equals + 1;
		if (**val == '"') {
			(*val)++;
			if (args[i - 1] == '"')
				args[i - 1] = '\0';
		}
	}
	if (quoted && i > 0 && args[i - 1] == '"')
		args[i - 1] = '\0';
	if (args[i]) {
		args[i] = '\0';
		args += i + 1;
	} else {
		args += i;
	}
	while (is_space(*args))
		args++;
	return args;
}

/* Does registered name @str, perhaps ending with '=', mean @param? */
static bool names(const char *str, const char *param)
{
	size_t n = strlen(str);

	if (n && str[n - 1] == '=')
		n--;
	return strlen(param) == n && parameqn(str, param, n);
}

/* Run the early functions for one parameter. */
static void __init do_early(char *param, char *val)
{
	for (const struct obs_kernel_param *p = __setup_start; p < __setup_end; p++)
		if (p->early && names(p->str, param) && p->setup_func(val))
			pr_warn("Malformed early option '%s%s%s': ignored\n", param, val ? "=" : "",
				val ?: "");
}

void __init parse_early_param(void)
{
	static bool done __initdata;
	char *param, *val, *args = tmp_line;

	if (done)
		return;
	done = true;
	strscpy(tmp_line, boot_command_line, sizeof(tmp_line));
	while (is_space(*args))
		args++;
	while (*args) {
		args = next_arg(args, &param, &val);
		if (!val && !strcmp(param, "--"))
			break;
		do_early(param, val);
	}
}

/* Known to somebody: 1 handled, 0 unknown. */
static int __init do_setup(char *param, char *val)
{
	int known = 0;

	for (const struct obs_kernel_param *p = __setup_start; p < __setup_end; p++) {
		if (!names(p->str, param))
			continue;
		known = 1;
		if (!p->early && !p->setup_func(val ?: ""))
			pr_warn("Malformed option '%s%s%s': ignored\n", param, val ? "=" : "",
				val ?: "");
	}
	return known;
}

/* What goes to init. */
const char *argv_init[MAX_INIT_ARGS + 2] = { "init", NULL };
const char *envp_init[MAX_INIT_ENVS + 2] = { "HOME=/", "TERM=linux", NULL };

static bool __init add_init_string(const char **list, int max, const char *s, size_t name_len)
{
	int i;

	for (i = 0; list[i]; i++)
		if (name_len && !strncmp(list[i], s, name_len) && list[i][name_len] == '=')
			break; /* a later one replaces an earlier */
	if (i >= max) {
		pr_warn("Too many parameters for init: '%s' ignored\n", s);
		return false;
	}
	list[i] = s;
	return true;
}

static void __init pass_to_init(char *param, char *val)
{
	if (strchr(param, '.') && (!val || strchr(param, '.') < val)) {
		pr_warn("Unknown module parameter '%s%s%s': ignored\n", param, val ? "=" : "",
			val ?: "");
		return;
	}
	pr_notice("Unknown kernel command line parameter '%s%s%s', passed to user space\n", param,
		  val ? "=" : "", val ?: "");
	if (val) {
		size_t n = strlen(param);

		/* "name\0value" lies in one piece, or one quote apart: make it "name=value" again. */
		if (val == param + n + 2)
			memmove(val - 1, val, strlen(val) + 1);
		param[n] = '=';
		add_init_string(envp_init, MAX_INIT_ENVS, param, n);
	} else {
		add_init_string(argv_init, MAX_INIT_ARGS, param, 0);
	}
}

/* @args stays in memory: init's strings point into it. */
void __init parse_boot_args(char *args)
{
	char *param, *val;
	bool for_init = false;

	while (is_space(*args))
		args++;
	while (*args) {
		args = next_arg(args, &param, &val);
		if (for_init) {
			if (val)
				param[strlen(param)] = '=';
			add_init_string(argv_init, MAX_INIT_ARGS, param, 0);
		} else if (!val && !strcmp(param, "--")) {
			for_init = true;
		} else if (!do_setup(param, val)) {
			pass_to_init(param, val);
		}
	}
}
