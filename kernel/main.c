// SPDX-License-Identifier: MIT
/*
 * From the first C function to the first program.
 *
 * start_kernel() runs on the boot CPU, as init_task, with interrupts off: memory, traps, scheduler, clock,
 * each standing on those before it. rest_init() makes PID 1 and PID 2 and becomes the idle loop. PID 1
 * (kernel_init) starts the other CPUs, runs the initcalls, the last of which unpack the initial RAM disk and
 * find devices, runs the boot self tests if asked to (`selftest`), gives the memory of start-up back, opens
 * /dev/console and becomes /init.
 * Parameters: init=, rdinit=, boottrace=, selftest, quiet and others of printk.
 */
#include <base/bug.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/string.h>
#include <sync/completion.h>
#include <sync/kthread.h>
#include <sync/rcu.h>
#include <sync/workqueue.h>
#include <fs/dentry.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/namei.h>
#include <kernel/clockchips.h>
#include <kernel/cpu.h>
#include <kernel/cred.h>
#include <kernel/exec.h>
#include <kernel/fork.h>
#include <kernel/futex.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/panic.h>
#include <kernel/param.h>
#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/selftest.h>
#include <kernel/signal.h>
#include <kernel/tick.h>
#include <kernel/timekeeping.h>
#include <kernel/timer.h>
#include <kernel/uts.h>
#include <mm/gfp.h>
#include <mm/memblock.h>
#include <mm/mm_struct.h>
#include <mm/mmap.h>
#include <mm/percpu_alloc.h>
#include <mm/reclaim.h>
#include <mm/slab.h>
#include <mm/vmstat.h>
#include <seam/irqflags.h>
#include <seam/setup.h>
#include <seam/smp.h>
#include <seam/thread.h>
#include "params.h"

enum system_states system_state;
static struct completion kthreadd_done;

/* A step of start-up, for boottrace. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		boottrace_enter(#call);                                                            \
		call;                                                                              \
		boottrace_leave();                                                                 \
	} while (0)

/* init= and rdinit= ------------------------------------------------------------------------------ */

static const char *execute_command;
static const char *ramdisk_execute_command = "/init";

static int __init init_setup(char *str)
{
	execute_command = str;
	/* What was given for the boot loader's own use before init= is not for init. */
	for (int i = 1; argv_init[i]; i++)
		argv_init[i] = NULL;
	return 1;
}
__setup("init=", init_setup);

static int __init rdinit_setup(char *str)
{
	ramdisk_execute_command = str;
	for (int i = 1; argv_init[i]; i++)
		argv_init[i] = NULL;
	return 1;
}
__setup("rdinit=", rdinit_setup);

/* PID 1 ------------------------------------------------------------------------------------------ */

/* initcall_debug: each call and how it ended, in Linux's words. */
static bool initcall_debug;

static int __init setup_initcall_debug(char *str)
{
	return kstrtobool(str ?: "1", &initcall_debug);
}
early_param("initcall_debug", setup_initcall_debug);

static int __init trace_initcall(const struct initcall *c)
{
	ktime_t start = ktime_get();
	int ret;

	pr_debug("calling  %pS @ %d\n", c->fn, current->pid);
	ret = c->fn();
	pr_debug("initcall %pS returned %d after %lld usecs\n", c->fn, ret,
		 (ktime_get() - start) / NSEC_PER_USEC);
	return ret;
}

static void __init do_one_initcall(const struct initcall *c)
{
	unsigned int count = preempt_count();
	int ret;

	boottrace_enter(c->name);
	ret = initcall_debug ? trace_initcall(c) : c->fn();
	boottrace_leave();
	if (ret && ret != -ENODEV)
		pr_warn("initcall %s returned %d\n", c->name, ret);
	if (preempt_count() != count)
		panic("initcall %s left preempt_count at %u", c->name, preempt_count());
	if (irqs_disabled()) {
		pr_warn("initcall %s left interrupts disabled\n", c->name);
		local_irq_enable();
	}
}

static void __init do_initcalls(void)
{
	static const struct {
		const char *name;
		const struct initcall *first;
	} levels[] __initconst = {
		{ "initcalls early", __initcall_start },
		{ "initcalls 0 pure", __initcall0_start },
		{ "initcalls 1 core", __initcall1_start },
		{ "initcalls 2 postcore", __initcall2_start },
		{ "initcalls 3 arch", __initcall3_start },
		{ "initcalls 4 subsys", __initcall4_start },
		{ "initcalls 5 fs", __initcall5_start },
		{ "initcalls rootfs", __initcallrootfs_start },
		{ "initcalls 6 device", __initcall6_start },
		{ "initcalls 7 late", __initcall7_start },
		{ NULL, __initcall_end },
	};

	for (unsigned int i = 0; levels[i].name; i++) {
		boottrace_enter(levels[i].name);
		for (const struct initcall *c = levels[i].first; c < levels[i + 1].first; c++)
			do_one_initcall(c);
		boottrace_leave();
	}
}

/* 0, 1 and 2 of PID 1, which everybody inherits. */
static void __init open_console(void)
{
	struct file *file = filp_open("/dev/console", O_RDWR, 0);

	if (IS_ERR(file)) {
		pr_err("Warning: unable to open an initial console (/dev/console: error %ld).\n",
		       PTR_ERR(file));
		return;
	}
	for (int i = 0; i < 3; i++) {
		int fd = get_unused_fd_flags(0);

		if (fd < 0)
			break;
		get_file(file);
		fd_install(fd, file);
	}
	fput(file);
}

static int run_init_process(const char *filename)
{
	argv_init[0] = filename;
	pr_info("Run %s as init process\n", filename);
	return kernel_execve(filename, argv_init, envp_init);
}

/* 0 when @filename runs; what went wrong is told unless it is just not there. */
static int try_to_run(const char *filename)
{
	int ret = run_init_process(filename);

	if (ret && ret != -ENOENT)
		pr_err("Starting init: %s exists but could not be executed (error %d)\n", filename,
		       ret);
	return ret;
}

/* Give each possible CPU its idle task; the boot CPU has one. */
static void __init make_idle_tasks(void)
{
	int cpu;

	for_each_possible_cpu (cpu) {
		struct task_struct *idle;

		if (cpu == raw_smp_processor_id())
			continue;
		idle = fork_idle(cpu);
		if (IS_ERR(idle))
			pr_err("smp: no idle task for CPU %d: %ld\n", cpu, PTR_ERR(idle));
	}
}

static void __init kernel_init_freeable(void)
{
	wait_for_completion(&kthreadd_done);
	system_state = SYSTEM_SCHEDULING;
	STEP(make_idle_tasks());
	STEP(workqueue_init());
	STEP(smp_init());
	STEP(sched_init_smp());
	STEP(do_initcalls());
	open_console();
	run_selftests();
}

static int kernel_init(void *unused)
{
	int ret;

	boottrace_enter("kernel_init");
	kernel_init_freeable();
	boottrace_leave();
	system_state = SYSTEM_FREEING_INITMEM;
	free_initmem();
	mark_rodata_ro();
	/* What start-up had at hand is free memory for the programs. */
	slab_flush_all();
	drain_all_pages(NULL);
	system_state = SYSTEM_RUNNING;

	if (ramdisk_execute_command) {
		ret = run_init_process(ramdisk_execute_command);
		if (!ret)
			return 0;
		if (ret != -ENOENT)
			pr_err("Failed to execute %s (error %d)\n", ramdisk_execute_command, ret);
	}
	if (execute_command) {
		ret = run_init_process(execute_command);
		if (!ret)
			return 0;
		panic("Requested init %s failed (error %d).", execute_command, ret);
	}
	if (!try_to_run("/sbin/init") || !try_to_run("/etc/init") || !try_to_run("/bin/init") ||
	    !try_to_run("/bin/sh"))
		return 0;
	panic("No working init found: give the kernel an initial RAM disk with an executable /init, "
	      "or name one with rdinit= or init=.");
}

/* PID 0 ------------------------------------------------------------------------------------------ */

static void rest_init(void)
{
	pid_t pid;

	init_completion(&kthreadd_done);
	/* PID 1 first; it waits until there is somebody to make kernel threads. */
	pid = user_mode_thread(kernel_init, NULL, CLONE_FS);
	BUG_ON(pid != 1);
	pid = kernel_thread(kthreadd, NULL, "kthreadd", CLONE_FS | CLONE_FILES | CLONE_SIGHAND);
	BUG_ON(pid < 0);
	rcu_read_lock();
	kthreadd_task = find_task_by_vpid(pid);
	rcu_read_unlock();
	complete(&kthreadd_done);
	schedule_preempt_disabled();
	cpu_startup_entry();
}

/* Rooms above the core, with interrupts on. */
static void __init init_upper_rooms(void)
{
	STEP(random_init());
	STEP(pid_init());
	STEP(mm_init_virt());
	STEP(workingset_init());
	STEP(cred_init());
	STEP(signal_init());
	STEP(fork_init());
	STEP(futex_init());
	STEP(vfs_caches_init());
}

void start_kernel(void)
{
	char *command_line;

	pr_notice("%s\n", linux_banner);
	boottrace_enter("start_kernel");
	STEP(setup_arch(&command_line));
	STEP(setup_per_cpu_areas());
	STEP(trap_init());
	STEP(mm_core_init());
	STEP(sched_init());
	STEP(rcu_init());
	STEP(workqueue_init_early());
	STEP(init_timers());
	STEP(hrtimers_init());
	STEP(init_IRQ());
	STEP(time_init());
	STEP(timekeeping_init());
	tick_setup_cpu();
	local_irq_enable();
	parse_boot_args(command_line);
	init_upper_rooms();
	boottrace_leave();
	rest_init();
	__builtin_unreachable();
}
