// SPDX-License-Identifier: MIT
/* What the kernel says and dies of, on the played machine: to standard error, and the end. */
#include <base/bug.h>
#include <base/printf.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/printk.h>
#include <host/os.h>
#include <host/test.h>

enum system_states system_state = SYSTEM_RUNNING;
bool oops_in_progress;
unsigned long host_warnings;
static bool expect_warnings;

void host_expect_warnings(bool yes)
{
	__atomic_store_n(&expect_warnings, yes, __ATOMIC_RELAXED);
}

int vprintk(const char *fmt, va_list args)
{
	char buf[1024];
	int n = vsnprintf(buf, sizeof(buf), fmt, args);

	if (__atomic_load_n(&expect_warnings, __ATOMIC_RELAXED))
		return n;
	os_print(buf[0] == KERN_SOH[0] && buf[1] ? buf + 2 : buf);
	return n;
}

int printk(const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vprintk(fmt, args);
	va_end(args);
	return n;
}

void dump_stack(void)
{
	char buf[4096];

	if (__atomic_load_n(&expect_warnings, __ATOMIC_RELAXED))
		return;
	os_backtrace(buf, sizeof(buf));
	os_print(buf);
}

void panic(const char *fmt, ...)
{
	char buf[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	host_expect_warnings(false);
	dump_stack();
	os_fatal("panic: %s", buf);
}

void bug_at(const char *file, int line)
{
	panic("kernel BUG at %s:%d", file, line);
}

void warn_slowpath_fmt(const char *file, int line, unsigned int taint, const char *fmt, ...)
{
	va_list args;

	__atomic_fetch_add(&host_warnings, 1, __ATOMIC_RELAXED);
	if (__atomic_load_n(&expect_warnings, __ATOMIC_RELAXED))
		return;
	printk("WARNING: at %s:%d\n", file, line);
	if (fmt) {
		va_start(args, fmt);
		vprintk(fmt, args);
		va_end(args);
	}
	dump_stack();
}

int sprint_symbol(char *buf, unsigned long address)
{
	return sprintf(buf, "0x%lx", address);
}

int sprint_symbol_no_offset(char *buf, unsigned long address)
{
	return sprint_symbol(buf, address);
}

int sprint_backtrace(char *buf, unsigned long address)
{
	return sprint_symbol(buf, address);
}
