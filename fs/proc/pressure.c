// SPDX-License-Identifier: MIT
/* /proc/pressure/{io,memory,cpu}: pressure of the whole machine; the open files are kernel/sched/psi_file.c's. */
#include <fs/file.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/init.h>
#include <kernel/psi.h>

#define PRESSURE_FILE(name, res)                                                                   \
	static int name##_open(struct inode *inode, struct file *file)                             \
	{                                                                                          \
		return psi_open(file, &psi_system, res);                                           \
	}                                                                                          \
	static const struct file_operations name##_fops = {                                        \
		.open = name##_open,                                                               \
		.read = seq_read,                                                                  \
		.write = psi_write,                                                                \
		.llseek = seq_lseek,                                                               \
		.poll = psi_poll,                                                                  \
		.release = psi_release,                                                            \
	}
PRESSURE_FILE(io, PSI_IO);
PRESSURE_FILE(memory, PSI_MEM);
PRESSURE_FILE(cpu, PSI_CPU);

static int __init pressure_init(void)
{
	struct proc_dir_entry *dir;

	if (!psi_enabled)
		return 0;
	dir = proc_mkdir("pressure", NULL);
	proc_create("io", 0666, dir, &io_fops);
	proc_create("memory", 0666, dir, &memory_fops);
	proc_create("cpu", 0666, dir, &cpu_fops);
	return 0;
}
fs_initcall(pressure_init);
