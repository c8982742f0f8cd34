// SPDX-License-Identifier: MIT
/*
 * The end of the road, and the signs before it: warnings, oops counts, taint, panic.
 *
 * panic() prints its reason and a trace, stops the other CPUs (by NMI, so whatever they hold), and
 * hands over to machine_panic_stop(), which leaves QEMU through its exit device where there is one;
 * with panic=N the machine restarts instead, after N seconds or (N < 0) at once.
 * One CPU panics; a second one that tries waits to be stopped.
 * Only printk and the machine are used here: no locks, no allocation.
 */
#include <base/types.h>
#include <base/atomic.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <seam/irqflags.h>
#include <seam/percpu.h>
#include <seam/processor.h>
#include <seam/setup.h>
#include <seam/smp.h>
#include <sync/preempt.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/task.h>

int panic_timeout;
bool panic_on_oops, panic_on_warn;
bool oops_in_progress;
unsigned long oops_count, warn_count;
static unsigned long taint_mask;
static atomic_t panic_cpu = ATOMIC_INIT(-1);

static int __init setup_panic(char *arg)
{
	return kstrtoint(arg, 0, &panic_timeout);
}
early_param("panic", setup_panic);

static int __init setup_oops(char *arg)
{
	if (!arg || strcmp(arg, "panic"))
		return -EINVAL;
	panic_on_oops = true;
	return 0;
}
early_param("oops", setup_oops);

static int __init setup_panic_on_warn(char *arg)
{
	panic_on_warn = !arg || !*arg || *arg != '0';
	return 0;
}
early_param("panic_on_warn", setup_panic_on_warn);

void add_taint(unsigned int flag)
{
	__atomic_fetch_or(&taint_mask, 1UL << flag, __ATOMIC_RELAXED);
}

/* "Not tainted", or "Tainted: " with Linux's letters for what happened. */
const char *print_tainted(void)
{
	static char buf[32];

	if (!taint_mask)
		return "Not tainted";
	snprintf(buf, sizeof(buf), "Tainted: G %c %c", taint_mask & (1UL << TAINT_DIE) ? 'D' : ' ',
		 taint_mask & (1UL << TAINT_WARN) ? 'W' : ' ');
	return buf;
}

static void __attribute__((noreturn)) panic_finish(void)
{
	if (panic_timeout > 0) {
		pr_emerg("Rebooting in %d seconds..\n", panic_timeout);
		for (int i = 0; i < panic_timeout * 10; i++)
			mdelay(100);
	}
	if (panic_timeout)
		machine_restart(NULL);
	machine_panic_stop();
}

void panic(const char *fmt, ...)
{
	static char buf[512];
	int cpu = (int)raw_smp_processor_id();
	va_list args;
	int old;

	local_irq_disable();
	preempt_disable();
	old = atomic_cmpxchg(&panic_cpu, -1, cpu);
	if (old != -1) {
		/* Twice on one CPU: the report itself fails; leave at once. On another: be stopped. */
		if (old == cpu)
			machine_panic_stop();
		for (;;)
			cpu_relax();
	}
	oops_in_progress = true;
	va_start(args, fmt);
	vsnprintf(buf, sizeof(buf), fmt, args);
	va_end(args);
	pr_emerg("Kernel panic - not syncing: %s\n", buf);
	dump_stack();
	smp_send_stop();
	print_kernel_offset(KERN_EMERG);
	pr_emerg("---[ end Kernel panic - not syncing: %s ]---\n", buf);
	panic_finish();
}

void warn_slowpath_fmt(const char *file, int line, unsigned int taint, const char *fmt, ...)
{
	va_list args;

	__atomic_fetch_add(&warn_count, 1, __ATOMIC_RELAXED);
	pr_warn("------------[ cut here ]------------\n");
	pr_warn("WARNING: CPU: %u PID: %d at %s:%d %pS\n", raw_smp_processor_id(),
		current ? current->pid : 0, file, line, __builtin_return_address(0));
	if (fmt) {
		char buf[256];

		va_start(args, fmt);
		vsnprintf(buf, sizeof(buf), fmt, args);
		va_end(args);
		pr_warn("%s", buf);
	}
	dump_stack();
	pr_warn("---[ end trace ]---\n");
	add_taint(taint);
	if (panic_on_warn) {
		panic_on_warn = false; /* a warning on the way down must not end it early */
		panic("kernel: panic_on_warn set ...");
	}
}
