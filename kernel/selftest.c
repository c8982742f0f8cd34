// SPDX-License-Identifier: MIT
/* The runner of the boot self tests, see kernel/selftest.h. */
#include <base/errno.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/selftest.h>
#include <mm/ledger.h>
#include <mm/settle.h>

extern const struct selftest __selftest_start[], __selftest_end[];

static bool wanted;
static char prefix[32];

static int __init setup_selftest(char *arg)
{
	wanted = true;
	if (arg)
		strscpy(prefix, arg, sizeof(prefix));
	return 0;
}
early_param("selftest", setup_selftest);

void selftest_complain(const char *file, int line, const char *what)
{
	pr_err("# selftest: %s:%d: %s\n", file, line, what);
}

int run_selftests(void)
{
	int nr = 0, failed = 0;

	if (!wanted)
		return 0;
	for (const struct selftest *t = __selftest_start; t < __selftest_end; t++) {
		int err;

		if (strncmp(t->name, prefix, strlen(prefix)))
			continue;
		mm_settle(); /* what a former test put off to free must not count in this one */
		err = t->fn();
		/* Each page must be where the books say, after every test. */
		if (!err && ledger_check())
			err = -EUCLEAN;
		if (err)
			pr_err("not ok %d - %s: %d\n", ++nr, t->name, err);
		else
			pr_info("ok %d - %s\n", ++nr, t->name);
		failed += err != 0;
	}
	pr_info("1..%d\n", nr);
	pr_info("selftest: %d of %d failed\n", failed, nr);
	return failed;
}
