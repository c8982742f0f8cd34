// SPDX-License-Identifier: MIT
/* reboot(2): ending or restarting the machine. */
#include <base/errno.h>
#include <base/string.h>
#include <sync/mutex.h>
#include <sync/preempt.h>
#include <kernel/cpu.h>
#include <kernel/cred.h>
#include <kernel/exit.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <seam/processor.h>
#include <seam/uaccess.h>
#include <linux/reboot.h>

static DEFINE_MUTEX(reboot_mutex, LOCK_REBOOT);

static void (*reboot_hooks[8])(void);

void register_reboot_hook(void (*fn)(void))
{
	for (unsigned int i = 0; i < sizeof(reboot_hooks) / sizeof(reboot_hooks[0]); i++)
		if (!reboot_hooks[i] || reboot_hooks[i] == fn) {
			reboot_hooks[i] = fn;
			return;
		}
}

static void run_reboot_hooks(void)
{
	for (unsigned int i = 0; i < sizeof(reboot_hooks) / sizeof(reboot_hooks[0]); i++)
		if (reboot_hooks[i])
			reboot_hooks[i]();
}

/* From here on this task stays on its CPU, the only one that runs. */
static void stop_others(void)
{
	preempt_disable();
	smp_send_stop();
}

void kernel_restart(char *cmd)
{
	system_state = SYSTEM_RESTART;
	if (cmd)
		pr_emerg("Restarting system with command '%s'\n", cmd);
	else
		pr_emerg("Restarting system\n");
	run_reboot_hooks();
	stop_others();
	machine_restart(cmd);
}

void kernel_halt(void)
{
	system_state = SYSTEM_HALT;
	pr_emerg("System halted\n");
	run_reboot_hooks();
	stop_others();
	machine_halt();
}

void kernel_power_off(void)
{
	system_state = SYSTEM_POWER_OFF;
	pr_emerg("Power down\n");
	run_reboot_hooks();
	stop_others();
	machine_power_off();
}

SYSCALL_DEFINE4(reboot, int, magic1, int, magic2, unsigned int, cmd, void __user *, arg)
{
	char buffer[256];
	long ret;

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != (int)LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	mutex_lock(&reboot_mutex);
	ret = 0;
	switch (cmd) {
	case LINUX_REBOOT_CMD_RESTART:
		kernel_restart(NULL);
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF: /* there is no keyboard */
		break;
	case LINUX_REBOOT_CMD_HALT:
		kernel_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		kernel_power_off();
	case LINUX_REBOOT_CMD_RESTART2:
		ret = strncpy_from_user(buffer, arg, sizeof(buffer) - 1);
		if (ret < 0) {
			ret = -EFAULT;
			break;
		}
		buffer[sizeof(buffer) - 1] = '\0';
		kernel_restart(buffer);
	default:
		ret = -EINVAL; /* kexec, suspend: not there */
	}
	mutex_unlock(&reboot_mutex);
	return ret;
}
