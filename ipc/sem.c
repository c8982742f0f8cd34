// SPDX-License-Identifier: MIT
/*
 * System V semaphores: arrays of counters on which several operations happen at once or not at all.
 *
 * 1 A call of semop() is tried from its first operation to its last on the values as they are. If one of them would
 *   have to wait, what was done so far is taken back, and the call sleeps in the array's queue, which keeps it with
 *   the operation that it waits for. After each change the queue is tried from its head, again and again until
 *   none of the waiting calls can go on: in the order in which they came, as far as they can.
 *
 * 2 Undo. An operation with SEM_UNDO adds its opposite to the adjustment that the process (or those who share it by
 *   CLONE_SYSVSEM) has for that semaphore; when the last of them ends, the adjustments are made, within 0 and 32767.
 *	undo->adj[i] == - sum of the operations with SEM_UNDO since SETVAL, SETALL or the start
 *   A sem_undo is on two lists, that of its process and that of its array; both go with either.
 *
 * 3 Locks: sem_ids.lock guards everything here. A sleeper's queue entry lies on its stack: it looks at its status
 *   under the lock before it returns, and who wakes it takes it out of the queue under the lock.
 *
 * Linux 6.1: ipc/sem.c, which has a lock for each semaphore. semget(2), semop(2), semctl(2). Observed by
 * /proc/sysvipc/sem, ipcs -s.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <ipc/sem.h>
#include <kernel/hrtimer.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <mm/util.h>
#include <linux/sem.h>
#include <seam/uaccess.h>
#include "ipc_internal.h"

#define SEM_WAITS 1 /* status of a call that sleeps; not an errno */

struct sem {
	int val;
	pid_t pid; /* the last that changed it or waited for its zero */
};

struct sem_array {
	struct kern_ipc_perm perm;
	time64_t otime, ctime;
	struct list_head queue; /* of sem_queue, first come first */
	struct list_head undos; /* of sem_undo.of_array */
	int nsems;
	struct sem sems[];
};

/* A call of semop(). */
struct sem_queue {
	struct list_head list;
	struct task_struct *sleeper;
	struct sembuf *ops, *blocking; /* the one that has to wait */
	unsigned int nops;
	struct sem_undo *undo;
	pid_t pid;
	int status; /* SEM_WAITS, 0 or an errno */
};

struct sem_undo {
	struct list_head of_task, of_array;
	struct sem_array *array;
	short adj[];
};

/* What a process, or those who share it, will undo. */
struct sem_undo_list {
	refcount_t refs;
	struct list_head undos; /* sem_ids.lock */
};

static void show_array(struct seq_file *m, struct kern_ipc_perm *perm);
static struct ipc_ids sem_ids = IPC_IDS_INIT(
	sem_ids,
	"       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n",
	show_array);
static int semmsl = SEMMSL, semmns = SEMMNS, semopm = SEMOPM, semmni = SEMMNI, used_sems;

static struct sem_array *to_array(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct sem_array, perm);
}

/* ---- semget ---- */

static int new_array(const struct ipc_params *params)
{
	int nsems = params->size, id;
	struct sem_array *sma;

	if (!nsems)
		return -EINVAL;
	if (used_sems + nsems > semmns)
		return -ENOSPC;
	sma = kvzalloc(sizeof(*sma) + nsems * sizeof(sma->sems[0]), GFP_KERNEL_ACCOUNT);
	if (!sma)
		return -ENOMEM;
	sma->perm.mode = params->flags & S_IRWXUGO;
	sma->perm.key = params->key;
	INIT_LIST_HEAD(&sma->queue);
	INIT_LIST_HEAD(&sma->undos);
	sma->nsems = nsems;
	sma->ctime = ktime_get_real_seconds();
	id = ipc_addid(&sem_ids, &sma->perm, semmni);
	if (id < 0)
		kvfree(sma);
	else
		used_sems += nsems;
	return id;
}

static int check_nsems(struct kern_ipc_perm *perm, const struct ipc_params *params)
{
	return (int)params->size > to_array(perm)->nsems ? -EINVAL : 0;
}

SYSCALL_DEFINE3(semget, key_t, key, int, nsems, int, semflg)
{
	static const struct ipc_ops ops = { .getnew = new_array, .more_checks = check_nsems };
	struct ipc_params params = { .key = key, .flags = semflg, .size = nsems };

	if (nsems < 0 || nsems > semmsl)
		return -EINVAL;
	return ipcget(&sem_ids, &ops, &params);
}

/* ---- operations. => sem_ids.lock held ---- */

/* One operation. 0, SEM_WAITS or -ERANGE. */
static int do_op(struct sem_array *sma, const struct sembuf *op, struct sem_undo *undo)
{
	struct sem *sem = &sma->sems[op->sem_num];
	int val = sem->val + op->sem_op, adj;

	if (op->sem_op ? val < 0 : val)
		return SEM_WAITS;
	if (val > SEMVMX)
		return -ERANGE;
	if (op->sem_flg & SEM_UNDO) {
		adj = undo->adj[op->sem_num] - op->sem_op;
		if (adj < -SEMAEM - 1 || adj > SEMAEM)
			return -ERANGE;
		undo->adj[op->sem_num] = adj;
	}
	sem->val = val;
	return 0;
}

static void take_back(struct sem_array *sma, const struct sembuf *op, struct sem_undo *undo)
{
	sma->sems[op->sem_num].val -= op->sem_op;
	if (op->sem_flg & SEM_UNDO)
		undo->adj[op->sem_num] += op->sem_op;
}

/* All operations of @q or none: 0, SEM_WAITS, -EAGAIN (IPC_NOWAIT) or -ERANGE. */
static int do_ops(struct sem_array *sma, struct sem_queue *q)
{
	unsigned int done;
	int status = 0;

	for (done = 0; done < q->nops && !status; done++)
		status = do_op(sma, &q->ops[done], q->undo);
	if (status) {
		q->blocking = &q->ops[--done];
		if (status == SEM_WAITS && (q->blocking->sem_flg & IPC_NOWAIT))
			status = -EAGAIN;
		while (done--)
			take_back(sma, &q->ops[done], q->undo);
		return status;
	}
	while (done--)
		sma->sems[q->ops[done].sem_num].pid = q->pid;
	sma->otime = ktime_get_real_seconds();
	return 0;
}

static bool alters(const struct sem_queue *q)
{
	for (unsigned int i = 0; i < q->nops; i++)
		if (q->ops[i].sem_op)
			return true;
	return false;
}

static void finish(struct sem_queue *q, int status)
{
	list_del(&q->list);
	q->status = status;
	wake_up_process(q->sleeper);
}

/* Values changed: let those go on who can. */
static void update_queue(struct sem_array *sma)
{
	struct sem_queue *q, *next;
	bool again;

	do {
		again = false;
		list_for_each_entry_safe (q, next, &sma->queue, list) {
			int status = do_ops(sma, q);

			if (status == SEM_WAITS)
				continue;
			again |= !status && alters(q);
			finish(q, status);
		}
	} while (again);
}

/* ---- undo ---- */

/* The list of current, made when it is first needed. NULL without memory. */
static struct sem_undo_list *own_undos(void)
{
	struct sem_undo_list *list = current->sysvsem_undo;

	if (list)
		return list;
	list = kmalloc(sizeof(*list), GFP_KERNEL_ACCOUNT);
	if (!list)
		return NULL;
	refcount_set(&list->refs, 1);
	INIT_LIST_HEAD(&list->undos);
	current->sysvsem_undo = list;
	return list;
}

int share_semundo(struct task_struct *task)
{
	task->sysvsem_undo = own_undos();
	if (!task->sysvsem_undo)
		return -ENOMEM;
	refcount_inc(&task->sysvsem_undo->refs);
	return 0;
}

/* What current will undo of @sma, or ERR_PTR. => sem_ids.lock held */
static struct sem_undo *get_undo(struct sem_array *sma)
{
	struct sem_undo_list *list = own_undos();
	struct sem_undo *undo;

	if (!list)
		return ERR_PTR(-ENOMEM);
	list_for_each_entry (undo, &list->undos, of_task)
		if (undo->array == sma)
			return undo;
	undo = kvzalloc(sizeof(*undo) + sma->nsems * sizeof(undo->adj[0]), GFP_KERNEL_ACCOUNT);
	if (!undo)
		return ERR_PTR(-ENOMEM);
	undo->array = sma;
	list_add(&undo->of_task, &list->undos);
	list_add(&undo->of_array, &sma->undos);
	return undo;
}

static void free_undo(struct sem_undo *undo)
{
	list_del(&undo->of_task);
	list_del(&undo->of_array);
	kvfree(undo);
}

static void make_undo(struct sem_undo *undo, pid_t pid)
{
	struct sem_array *sma = undo->array;

	for (int i = 0; i < sma->nsems; i++) {
		if (!undo->adj[i])
			continue;
		sma->sems[i].val = clamp(sma->sems[i].val + undo->adj[i], 0, SEMVMX);
		sma->sems[i].pid = pid;
	}
	sma->otime = ktime_get_real_seconds();
	free_undo(undo);
	update_queue(sma);
}

void __exit_sem(struct task_struct *task)
{
	struct sem_undo_list *list = task->sysvsem_undo;

	task->sysvsem_undo = NULL;
	if (!refcount_dec_and_test(&list->refs))
		return;
	mutex_lock(&sem_ids.lock);
	while (!list_empty(&list->undos))
		make_undo(list_first_entry(&list->undos, struct sem_undo, of_task),
			  task_tgid_nr(task));
	mutex_unlock(&sem_ids.lock);
	kfree(list);
}

/* SETVAL and SETALL: nobody's adjustment of the semaphores from @first up to @end counts any more. */
static void forget_undos(struct sem_array *sma, int first, int end)
{
	struct sem_undo *undo;

	list_for_each_entry (undo, &sma->undos, of_array)
		memset(&undo->adj[first], 0, (end - first) * sizeof(undo->adj[0]));
}

/* ---- semop ---- */

/* Sleep in the queue of @sma. 0, -EAGAIN (time-out), -EINTR, -EIDRM, -ERANGE. => sem_ids.lock held, also after it */
static int wait_in_queue(struct sem_array *sma, struct sem_queue *q, ktime_t *expires)
{
	bool timed_out;

	q->sleeper = current;
	q->status = SEM_WAITS;
	list_add_tail(&q->list, &sma->queue);
	do {
		set_current_state(TASK_INTERRUPTIBLE);
		mutex_unlock(&sem_ids.lock);
		timed_out = !schedule_hrtimeout_range(expires, current->timer_slack_ns,
						      HRTIMER_MODE_ABS);
		mutex_lock(&sem_ids.lock);
		if (q->status != SEM_WAITS)
			return q->status;
	} while (!timed_out && !signal_pending(current));
	list_del(&q->list);
	return timed_out ? -EAGAIN : -EINTR;
}

/* May current do what @q wants to array @id? The array, or ERR_PTR. */
static struct sem_array *array_for(int id, struct sem_queue *q)
{
	struct kern_ipc_perm *perm = ipc_obtain(&sem_ids, id);
	struct sem_array *sma;
	bool undo = false;
	int err;

	if (IS_ERR(perm))
		return ERR_CAST(perm);
	sma = to_array(perm);
	for (unsigned int i = 0; i < q->nops; i++) {
		if (q->ops[i].sem_num >= sma->nsems)
			return ERR_PTR(-EFBIG);
		undo |= q->ops[i].sem_flg & SEM_UNDO;
	}
	err = ipcperms(perm, alters(q) ? S_IWUGO : S_IRUGO);
	if (!err && undo) {
		q->undo = get_undo(sma);
		err = IS_ERR(q->undo) ? PTR_ERR(q->undo) : 0;
	}
	return err ? ERR_PTR(err) : sma;
}

static int do_semop(int id, struct sembuf *ops, unsigned int nops, ktime_t *expires)
{
	struct sem_queue q = { .ops = ops, .nops = nops, .pid = task_tgid_nr(current) };
	struct sem_array *sma;
	int status;

	mutex_lock(&sem_ids.lock);
	sma = array_for(id, &q);
	if (IS_ERR(sma)) {
		status = PTR_ERR(sma);
		goto out;
	}
	status = do_ops(sma, &q);
	if (status == SEM_WAITS)
		status = wait_in_queue(sma, &q, expires);
	else if (!status && alters(&q))
		update_queue(sma);
out:
	mutex_unlock(&sem_ids.lock);
	return status;
}

static long semtimedop(int id, const struct sembuf __user *uops, unsigned int nops,
		       const struct timespec64 *timeout)
{
	ktime_t expires;
	struct sembuf *ops;
	long err;

	if (nops > semopm)
		return -E2BIG;
	if (nops < 1 || id < 0)
		return -EINVAL;
	ops = vmemdup_user(uops, nops * sizeof(*ops));
	if (IS_ERR(ops))
		return PTR_ERR(ops);
	if (timeout)
		expires = ktime_add_safe(ktime_get(), timespec64_to_ktime(*timeout));
	err = timeout && !timespec64_valid(timeout)
		      ? -EINVAL
		      : do_semop(id, ops, nops, timeout ? &expires : NULL);
	kvfree(ops);
	return err;
}

SYSCALL_DEFINE3(semop, int, semid, struct sembuf __user *, sops, unsigned int, nsops)
{
	return semtimedop(semid, sops, nsops, NULL);
}

SYSCALL_DEFINE4(semtimedop, int, semid, struct sembuf __user *, sops, unsigned int, nsops,
		const struct __kernel_timespec __user *, timeout)
{
	struct timespec64 ts;

	if (timeout && get_timespec64(&ts, timeout))
		return -EFAULT;
	return semtimedop(semid, sops, nsops, timeout ? &ts : NULL);
}

/* ---- semctl ---- */

static long sem_info(int cmd, void __user *buf)
{
	struct seminfo info = {
		.semmni = semmni,
		.semmns = semmns,
		.semmsl = semmsl,
		.semopm = semopm,
		.semvmx = SEMVMX,
		.semmnu = SEMMNU,
		.semmap = SEMMAP,
		.semume = SEMUME,
		.semusz = cmd == SEM_INFO ? sem_ids.in_use : SEMUSZ,
		.semaem = cmd == SEM_INFO ? used_sems : SEMAEM,
	};
	long max_idx = max(READ_ONCE(sem_ids.max_idx), 0);

	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max_idx;
}

static long sem_stat(int id, int cmd, void __user *buf)
{
	struct semid64_ds ds = { 0 };
	struct kern_ipc_perm *perm;
	long ret;

	mutex_lock(&sem_ids.lock);
	perm = cmd == IPC_STAT ? ipc_obtain(&sem_ids, id) : ipc_obtain_idx(&sem_ids, id);
	ret = IS_ERR(perm) ? PTR_ERR(perm) : cmd == SEM_STAT_ANY ? 0 : ipcperms(perm, S_IRUGO);
	if (!ret) {
		kernel_to_ipc64_perm(perm, &ds.sem_perm);
		ds.sem_otime = to_array(perm)->otime;
		ds.sem_ctime = to_array(perm)->ctime;
		ds.sem_nsems = to_array(perm)->nsems;
		ret = cmd == IPC_STAT ? 0 : perm->id;
	}
	mutex_unlock(&sem_ids.lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

/* => sem_ids.lock held */
static void remove_array(struct sem_array *sma)
{
	ipc_rmid(&sem_ids, &sma->perm);
	used_sems -= sma->nsems;
	while (!list_empty(&sma->undos))
		free_undo(list_first_entry(&sma->undos, struct sem_undo, of_array));
	while (!list_empty(&sma->queue))
		finish(list_first_entry(&sma->queue, struct sem_queue, list), -EIDRM);
	kvfree(sma);
}

static long set_or_remove(int id, int cmd, const void __user *buf)
{
	struct kern_ipc_perm *perm;
	struct semid64_ds ds;
	int err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	mutex_lock(&sem_ids.lock);
	perm = ipc_obtain(&sem_ids, id);
	err = IS_ERR(perm) ? PTR_ERR(perm) : ipc_may_control(perm);
	if (!err && cmd == IPC_SET) {
		err = ipc_update_perm(&ds.sem_perm, perm);
		if (!err)
			to_array(perm)->ctime = ktime_get_real_seconds();
	} else if (!err) {
		remove_array(to_array(perm));
	}
	mutex_unlock(&sem_ids.lock);
	return err;
}

/* The array @id that current may access like @flags, with sem_ids.lock taken; or ERR_PTR and no lock. */
static struct sem_array *lock_array(int id, int flags)
{
	struct kern_ipc_perm *perm;
	int err;

	mutex_lock(&sem_ids.lock);
	perm = ipc_obtain(&sem_ids, id);
	err = IS_ERR(perm) ? PTR_ERR(perm) : ipcperms(perm, flags);
	if (!err)
		return to_array(perm);
	mutex_unlock(&sem_ids.lock);
	return ERR_PTR(err);
}

/* How many calls wait for semaphore @num to become zero (@zero) or larger? */
static int count_waiting(const struct sem_array *sma, int num, bool zero)
{
	const struct sem_queue *q;
	int count = 0;

	list_for_each_entry (q, &sma->queue, list)
		count += q->blocking->sem_num == num && (q->blocking->sem_op == 0) == zero;
	return count;
}

static long get_one(int id, int num, int cmd)
{
	struct sem_array *sma = lock_array(id, S_IRUGO);
	long ret = -EINVAL;

	if (IS_ERR(sma))
		return PTR_ERR(sma);
	if (num >= 0 && num < sma->nsems)
		ret = cmd == GETVAL   ? sma->sems[num].val
		      : cmd == GETPID ? sma->sems[num].pid
				      : count_waiting(sma, num, cmd == GETZCNT);
	mutex_unlock(&sem_ids.lock);
	return ret;
}

static long set_one(int id, int num, int val)
{
	struct sem_array *sma;
	long err = -EINVAL;

	if (val > SEMVMX || val < 0)
		return -ERANGE;
	sma = lock_array(id, S_IWUGO);
	if (IS_ERR(sma))
		return PTR_ERR(sma);
	if (num >= 0 && num < sma->nsems) {
		forget_undos(sma, num, num + 1);
		sma->sems[num] = (struct sem){ .val = val, .pid = task_tgid_nr(current) };
		sma->ctime = ktime_get_real_seconds();
		update_queue(sma);
		err = 0;
	}
	mutex_unlock(&sem_ids.lock);
	return err;
}

/* How many semaphores array @id has, for current who may access it like @flags; or an errno. */
static long nr_sems(int id, int flags)
{
	struct sem_array *sma = lock_array(id, flags);
	int nsems;

	if (IS_ERR(sma))
		return PTR_ERR(sma);
	nsems = sma->nsems;
	mutex_unlock(&sem_ids.lock);
	return nsems;
}

static int set_values(struct sem_array *sma, const u16 *vals)
{
	for (int i = 0; i < sma->nsems; i++)
		if (vals[i] > SEMVMX)
			return -ERANGE;
	for (int i = 0; i < sma->nsems; i++)
		sma->sems[i] = (struct sem){ .val = vals[i], .pid = task_tgid_nr(current) };
	forget_undos(sma, 0, sma->nsems);
	sma->ctime = ktime_get_real_seconds();
	update_queue(sma);
	return 0;
}

/* GETALL and SETALL: user memory is touched without the lock, so that the array may go meanwhile: EIDRM. */
static long get_or_set_all(int id, int cmd, u16 __user *array)
{
	int flags = cmd == GETALL ? S_IRUGO : S_IWUGO;
	long nsems = nr_sems(id, flags), err = 0;
	struct sem_array *sma;
	u16 *vals;

	if (nsems < 0)
		return nsems;
	vals = kvcalloc(nsems, sizeof(*vals), GFP_KERNEL);
	if (!vals)
		return -ENOMEM;
	if (cmd == SETALL && copy_from_user(vals, array, nsems * sizeof(*vals)))
		err = -EFAULT;
	sma = err ? NULL : lock_array(id, flags);
	if (IS_ERR(sma)) {
		err = -EIDRM;
	} else if (sma) {
		for (int i = 0; cmd == GETALL && i < nsems; i++)
			vals[i] = sma->sems[i].val;
		if (cmd == SETALL)
			err = set_values(sma, vals);
		mutex_unlock(&sem_ids.lock);
	}
	if (!err && cmd == GETALL && copy_to_user(array, vals, nsems * sizeof(*vals)))
		err = -EFAULT;
	kvfree(vals);
	return err;
}

SYSCALL_DEFINE4(semctl, int, semid, int, semnum, int, cmd, unsigned long, arg)
{
	void __user *buf = (void __user *)arg;

	if (semid < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case SEM_INFO:
		return sem_info(cmd, buf);
	case IPC_STAT:
	case SEM_STAT:
	case SEM_STAT_ANY:
		return sem_stat(semid, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
		return set_or_remove(semid, cmd, buf);
	case GETVAL:
	case GETPID:
	case GETNCNT:
	case GETZCNT:
		return get_one(semid, semnum, cmd);
	case SETVAL:
		return set_one(semid, semnum, (int)arg);
	case GETALL:
	case SETALL:
		return get_or_set_all(semid, cmd, buf);
	}
	return -EINVAL;
}

/* ---- /proc ---- */

static void show_array(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct sem_array *sma = to_array(perm);

	seq_printf(m, "%10d %10d  %4o %10u %5u %5u %5u %5u %10llu %10llu\n", perm->key, perm->id,
		   perm->mode, sma->nsems, perm->uid, perm->gid, perm->cuid, perm->cgid,
		   (u64)sma->otime, (u64)sma->ctime);
}

static int sem_proc_open(struct inode *inode, struct file *file)
{
	return ipc_proc_open(file, &sem_ids);
}

static const struct file_operations sem_proc_fops = {
	.open = sem_proc_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};

static int sem_limits_show(struct seq_file *m)
{
	seq_printf(m, "%d\t%d\t%d\t%d\n", semmsl, semmns, semopm, semmni);
	return 0;
}

/* As many of the four numbers as are given. */
static int sem_limits_store(char *buf)
{
	int *limits[] = { &semmsl, &semmns, &semopm, &semmni };
	char *at = skip_spaces(buf), *end;

	for (size_t i = 0; *at && i < 4; i++, at = skip_spaces(end)) {
		long value = simple_strtol(at, &end, 0);

		if (end == at || value < 0 || value > INT_MAX || (i == 3 && value > IPCMNI))
			return -EINVAL;
		WRITE_ONCE(*limits[i], (int)value);
	}
	return 0;
}

static struct ctl_table sem_table[] = { { .path = "kernel/sem",
					  .mode = 0644,
					  .type = CTL_FUNC,
					  .show = sem_limits_show,
					  .store = sem_limits_store },
					{ .path = "kernel/sem_next_id",
					  .mode = 0644,
					  .type = CTL_INT,
					  .data = &sem_ids.next_id,
					  .min = 0,
					  .max = INT_MAX },
					{ 0 } };

static int __init sem_init(void)
{
	register_sysctl_table(sem_table);
	return proc_create("sem", 0444, sysvipc_dir(), &sem_proc_fops) ? 0 : -ENOMEM;
}
fs_initcall(sem_init);
