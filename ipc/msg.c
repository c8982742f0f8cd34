// SPDX-License-Identifier: MIT
/*
 * System V message queues: messages with a type, received in their order or by their type.
 *
 * 1 Who waits lies in one of two lists of the queue, and whoever makes it possible finishes the waiting call for it:
 *   - a message that is sent goes straight to the first receiver that waits for its type; one whose buffer is too
 *     small gets E2BIG, and the message goes on to the next;
 *   - when a message is taken out, those senders put in theirs whose message fits now, in the order in which they came.
 *   So a call that wakes with status 0 is done; nobody can snatch away in between what it was woken for. IPC_SET
 *   wakes all of them with MSG_AGAIN: rights and room are other ones now.
 *
 * 2 Invariants: cbytes and qnum are the sums over the messages, msg_bytes and msg_hdrs those over all
 *   queues. A message fits while cbytes stays within qbytes and there are no more messages than qbytes.
 *
 * 3 Locks: msg_ids.lock guards everything here; text is copied from and to the user without it. Entries of sleepers
 *   lie on their stacks: a sleeper looks at its status under the lock before it returns, and whoever finishes it
 *   takes it out of the list under the lock.
 *
 * Linux 6.1: ipc/msg.c, msgutil.c. msgget(2), msgop(2), msgctl(2). Observed by /proc/sysvipc/msg, ipcs -q.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/proc_fs.h>
#include <fs/seq_file.h>
#include <kernel/cred.h>
#include <kernel/init.h>
#include <kernel/ksyscall.h>
#include <kernel/sched.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>
#include <mm/slab.h>
#include <seam/uaccess.h>
#include "ipc_internal.h"
#include <linux/capability.h>
#include <linux/msg.h>

/* States of a call that sleeps; not errnos. */
#define MSG_WAITS 1
#define MSG_AGAIN 2

struct msg_msg {
	struct list_head list;
	long type;
	size_t size; /* bytes */
	char text[];
};

struct msg_queue {
	struct kern_ipc_perm perm;
	time64_t stime, rtime, ctime;
	unsigned long cbytes, qnum, qbytes;
	pid_t lspid, lrpid;
	struct list_head messages;  /* of msg_msg, oldest first */
	struct list_head receivers; /* of msg_receiver, first come first */
	struct list_head senders;   /* of msg_sender, the same */
};

/* Which messages a receiver wants. */
enum msg_search {
	SEARCH_ANY,
	SEARCH_EQUAL,
	SEARCH_NOTEQUAL,
	SEARCH_LESSEQUAL, /* the lowest type that is not above */
	SEARCH_NUMBER,	  /* the n-th message, to be copied */
};

struct msg_wait {
	struct list_head list;
	struct task_struct *sleeper;
	int status; /* MSG_WAITS, MSG_AGAIN, 0 or an errno */
};

struct msg_receiver {
	struct msg_wait wait;
	enum msg_search mode;
	long type;
	size_t maxsize;
	pid_t pid;
	struct msg_msg *msg;
};

struct msg_sender {
	struct msg_wait wait;
	struct msg_msg *msg;
	pid_t pid;
};

static void show_queue(struct seq_file *m, struct kern_ipc_perm *perm);
static struct ipc_ids msg_ids = IPC_IDS_INIT(
	msg_ids,
	"       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n",
	show_queue);
static int msgmax = MSGMAX, msgmnb = MSGMNB, msgmni = MSGMNI;
static unsigned long msg_bytes, msg_hdrs; /* in all queues */

static struct msg_queue *to_queue(struct kern_ipc_perm *perm)
{
	return container_of(perm, struct msg_queue, perm);
}

/* ---- msgget ---- */

static int new_queue(const struct ipc_params *params)
{
	struct msg_queue *msq = kzalloc(sizeof(*msq), GFP_KERNEL_ACCOUNT);
	int id;

	if (!msq)
		return -ENOMEM;
	msq->perm.mode = params->flags & S_IRWXUGO;
	msq->perm.key = params->key;
	msq->ctime = ktime_get_real_seconds();
	msq->qbytes = READ_ONCE(msgmnb);
	INIT_LIST_HEAD(&msq->messages);
	INIT_LIST_HEAD(&msq->receivers);
	INIT_LIST_HEAD(&msq->senders);
	id = ipc_addid(&msg_ids, &msq->perm, READ_ONCE(msgmni));
	if (id < 0)
		kfree(msq);
	return id;
}

static int no_more_checks(struct kern_ipc_perm *perm, const struct ipc_params *params)
{
	return 0;
}

SYSCALL_DEFINE2(msgget, key_t, key, int, msgflg)
{
	static const struct ipc_ops ops = { .getnew = new_queue, .more_checks = no_more_checks };
	struct ipc_params params = { .key = key, .flags = msgflg };

	return ipcget(&msg_ids, &ops, &params);
}

/* ---- waiting. => all with msg_ids.lock held ---- */

static void finish(struct msg_wait *wait, int status)
{
	list_del(&wait->list);
	wait->status = status;
	wake_up_process(wait->sleeper);
}

static void finish_all(struct list_head *waiting, int status)
{
	while (!list_empty(waiting))
		finish(list_first_entry(waiting, struct msg_wait, list), status);
}

/* Sleep in @queue, the lock given up meanwhile. 0, MSG_AGAIN or an errno; -ERESTARTNOHAND for a signal. */
static int wait_in(struct list_head *queue, struct msg_wait *wait)
{
	wait->sleeper = current;
	wait->status = MSG_WAITS;
	list_add_tail(&wait->list, queue);
	do {
		set_current_state(TASK_INTERRUPTIBLE);
		mutex_unlock(&msg_ids.lock);
		schedule();
		mutex_lock(&msg_ids.lock);
		if (wait->status != MSG_WAITS)
			return wait->status;
	} while (!signal_pending(current));
	list_del(&wait->list);
	return -ERESTARTNOHAND;
}

/* The queue @id, which current may access like @flags, or ERR_PTR. */
static struct msg_queue *queue_for(int id, int flags)
{
	struct kern_ipc_perm *perm = ipc_obtain(&msg_ids, id);
	int err = IS_ERR(perm) ? PTR_ERR(perm) : ipcperms(perm, flags);

	return err ? ERR_PTR(err) : to_queue(perm);
}

/* ---- messages in and out. => all with msg_ids.lock held ---- */

static bool fits(const struct msg_queue *msq, const struct msg_msg *msg)
{
	return msg->size + msq->cbytes <= msq->qbytes && msq->qnum + 1 <= msq->qbytes;
}

static bool matches(const struct msg_msg *msg, enum msg_search mode, long type)
{
	switch (mode) {
	case SEARCH_ANY:
	case SEARCH_NUMBER:
		return true;
	case SEARCH_EQUAL:
		return msg->type == type;
	case SEARCH_NOTEQUAL:
		return msg->type != type;
	case SEARCH_LESSEQUAL:
		return msg->type <= type;
	}
	return false;
}

/* To the first who waits for it. False: nobody does. */
static bool hand_over(struct msg_queue *msq, struct msg_msg *msg)
{
	struct msg_receiver *r, *next;

	list_for_each_entry_safe (r, next, &msq->receivers, wait.list) {
		if (!matches(msg, r->mode, r->type))
			continue;
		if (r->maxsize < msg->size) {
			finish(&r->wait, -E2BIG);
			continue;
		}
		r->msg = msg;
		msq->lrpid = r->pid;
		msq->rtime = ktime_get_real_seconds();
		finish(&r->wait, 0);
		return true;
	}
	return false;
}

static void put_message(struct msg_queue *msq, struct msg_msg *msg, pid_t pid)
{
	msq->lspid = pid;
	msq->stime = ktime_get_real_seconds();
	if (hand_over(msq, msg))
		return;
	list_add_tail(&msg->list, &msq->messages);
	msq->cbytes += msg->size;
	msq->qnum++;
	msg_bytes += msg->size;
	msg_hdrs++;
}

static void unlink_message(struct msg_queue *msq, struct msg_msg *msg)
{
	list_del(&msg->list);
	msq->cbytes -= msg->size;
	msq->qnum--;
	msg_bytes -= msg->size;
	msg_hdrs--;
}

/* There is room: those who waited for it put in what fits. */
static void admit_senders(struct msg_queue *msq)
{
	struct msg_sender *s, *next;

	list_for_each_entry_safe (s, next, &msq->senders, wait.list) {
		if (!fits(msq, s->msg))
			continue;
		put_message(msq, s->msg, s->pid);
		finish(&s->wait, 0);
	}
}

static struct msg_msg *find_message(const struct msg_queue *msq, enum msg_search mode, long type)
{
	struct msg_msg *msg, *found = NULL;
	long nr = 0;

	list_for_each_entry (msg, &msq->messages, list) {
		if (mode == SEARCH_NUMBER ? nr++ != type : !matches(msg, mode, type))
			continue;
		if (mode != SEARCH_LESSEQUAL)
			return msg;
		if (!found || msg->type < found->type)
			found = msg;
	}
	return found;
}

/* ---- msgsnd ---- */

static struct msg_msg *load_message(const void __user *text, size_t size, long type)
{
	struct msg_msg *msg = kvmalloc(sizeof(*msg) + size, GFP_KERNEL_ACCOUNT);

	if (!msg)
		return ERR_PTR(-ENOMEM);
	msg->type = type;
	msg->size = size;
	if (!copy_from_user(msg->text, text, size))
		return msg;
	kvfree(msg);
	return ERR_PTR(-EFAULT);
}

/* Put @s->msg into queue @id, waiting for room unless @flags say not to. */
static int send(int id, struct msg_sender *s, int flags)
{
	struct msg_queue *msq;
	bool slept = false;
	int ret;

	mutex_lock(&msg_ids.lock);
	do {
		msq = queue_for(id, S_IWUGO);
		if (IS_ERR(msq)) {
			ret = slept && PTR_ERR(msq) == -EINVAL ? -EIDRM : PTR_ERR(msq);
		} else if (fits(msq, s->msg)) {
			put_message(msq, s->msg, s->pid);
			ret = 0;
		} else {
			ret = flags & IPC_NOWAIT ? -EAGAIN : wait_in(&msq->senders, &s->wait);
			slept = true;
		}
	} while (ret == MSG_AGAIN);
	mutex_unlock(&msg_ids.lock);
	return ret;
}

SYSCALL_DEFINE4(msgsnd, int, msqid, struct msgbuf __user *, msgp, size_t, msgsz, int, msgflg)
{
	struct msg_sender s = { .pid = task_tgid_nr(current) };
	long type;
	int err;

	if (get_user(type, &msgp->mtype))
		return -EFAULT;
	if (msgsz > (size_t)READ_ONCE(msgmax) || msqid < 0 || type < 1)
		return -EINVAL;
	s.msg = load_message(msgp->mtext, msgsz, type);
	if (IS_ERR(s.msg))
		return PTR_ERR(s.msg);
	err = send(msqid, &s, msgflg);
	if (err)
		kvfree(s.msg);
	return err;
}

/* ---- msgrcv ---- */

static void set_search(struct msg_receiver *r, long type, int flags)
{
	r->type = type;
	if (flags & MSG_COPY) {
		r->mode = SEARCH_NUMBER;
	} else if (!type) {
		r->mode = SEARCH_ANY;
	} else if (type < 0) {
		r->mode = SEARCH_LESSEQUAL;
		r->type = type == LONG_MIN ? LONG_MAX : -type;
	} else {
		r->mode = flags & MSG_EXCEPT ? SEARCH_NOTEQUAL : SEARCH_EQUAL;
	}
}

/* @msg of @msq is what @r wants: take it out into r->msg; or (MSG_COPY) copy it into r->msg, which has room for @room. */
static int take_message(struct msg_queue *msq, struct msg_msg *msg, struct msg_receiver *r,
			size_t room)
{
	if (r->maxsize < msg->size)
		return -E2BIG;
	if (r->mode == SEARCH_NUMBER) {
		if (room < msg->size)
			return -EINVAL;
		r->msg->type = msg->type;
		r->msg->size = msg->size;
		memcpy(r->msg->text, msg->text, msg->size);
		return 0;
	}
	unlink_message(msq, msg);
	msq->rtime = ktime_get_real_seconds();
	msq->lrpid = r->pid;
	r->msg = msg;
	admit_senders(msq);
	return 0;
}

/* r->msg becomes the message of queue @id that @r wants, waiting for it unless @flags say not to. */
static int receive(int id, struct msg_receiver *r, int flags, size_t room)
{
	struct msg_queue *msq;
	struct msg_msg *msg;
	bool slept = false;
	int ret;

	mutex_lock(&msg_ids.lock);
	do {
		msq = queue_for(id, S_IRUGO);
		msg = IS_ERR(msq) ? NULL : find_message(msq, r->mode, r->type);
		if (IS_ERR(msq)) {
			ret = slept && PTR_ERR(msq) == -EINVAL ? -EIDRM : PTR_ERR(msq);
		} else if (msg) {
			ret = take_message(msq, msg, r, room);
		} else {
			ret = flags & IPC_NOWAIT ? -ENOMSG : wait_in(&msq->receivers, &r->wait);
			slept = true;
		}
	} while (ret == MSG_AGAIN);
	mutex_unlock(&msg_ids.lock);
	return ret;
}

static long store_message(struct msgbuf __user *msgp, const struct msg_msg *msg, size_t size)
{
	size = min(size, msg->size);
	if (put_user(msg->type, &msgp->mtype) || copy_to_user(msgp->mtext, msg->text, size))
		return -EFAULT;
	return (long)size;
}

SYSCALL_DEFINE5(msgrcv, int, msqid, struct msgbuf __user *, msgp, size_t, msgsz, long, msgtyp, int,
		msgflg)
{
	struct msg_receiver r = {
		.pid = task_tgid_nr(current),
		.maxsize = msgflg & MSG_NOERROR ? SIZE_MAX : msgsz,
	};
	size_t room = min(msgsz, (size_t)READ_ONCE(msgmax));
	long ret;

	if (msqid < 0 || (long)msgsz < 0)
		return -EINVAL;
	set_search(&r, msgtyp, msgflg);
	if (msgflg & MSG_COPY) {
		if ((msgflg & MSG_EXCEPT) || !(msgflg & IPC_NOWAIT))
			return -EINVAL;
		r.msg = kvmalloc(sizeof(*r.msg) + room, GFP_KERNEL);
		if (!r.msg)
			return -ENOMEM;
	}
	ret = receive(msqid, &r, msgflg, room);
	if (!ret)
		ret = store_message(msgp, r.msg, msgsz);
	kvfree(r.msg);
	return ret;
}

/* ---- msgctl ---- */

static long msg_info(int cmd, void __user *buf)
{
	struct msginfo info = {
		.msgmax = msgmax,
		.msgmnb = msgmnb,
		.msgmni = msgmni,
		.msgssz = MSGSSZ,
		.msgseg = MSGSEG,
		.msgpool = cmd == MSG_INFO ? msg_ids.in_use : MSGPOOL,
		.msgmap = cmd == MSG_INFO ? (int)msg_hdrs : MSGMAP,
		.msgtql = cmd == MSG_INFO ? (int)msg_bytes : MSGTQL,
	};
	long max_idx = max(READ_ONCE(msg_ids.max_idx), 0);

	return copy_to_user(buf, &info, sizeof(info)) ? -EFAULT : max_idx;
}

static void describe(const struct msg_queue *msq, struct msqid64_ds *ds)
{
	kernel_to_ipc64_perm(&msq->perm, &ds->msg_perm);
	ds->msg_stime = msq->stime;
	ds->msg_rtime = msq->rtime;
	ds->msg_ctime = msq->ctime;
	ds->msg_cbytes = msq->cbytes;
	ds->msg_qnum = msq->qnum;
	ds->msg_qbytes = msq->qbytes;
	ds->msg_lspid = msq->lspid;
	ds->msg_lrpid = msq->lrpid;
}

static long msg_stat(int id, int cmd, void __user *buf)
{
	struct msqid64_ds ds = { 0 };
	struct kern_ipc_perm *perm;
	long ret;

	mutex_lock(&msg_ids.lock);
	perm = cmd == IPC_STAT ? ipc_obtain(&msg_ids, id) : ipc_obtain_idx(&msg_ids, id);
	ret = IS_ERR(perm) ? PTR_ERR(perm) : cmd == MSG_STAT_ANY ? 0 : ipcperms(perm, S_IRUGO);
	if (!ret) {
		describe(to_queue(perm), &ds);
		ret = cmd == IPC_STAT ? 0 : perm->id;
	}
	mutex_unlock(&msg_ids.lock);
	return ret >= 0 && copy_to_user(buf, &ds, sizeof(ds)) ? -EFAULT : ret;
}

/* => msg_ids.lock held */
static int set_queue(struct msg_queue *msq, const struct msqid64_ds *ds)
{
	int err;

	if (ds->msg_qbytes > (unsigned long)READ_ONCE(msgmnb) && !capable(CAP_SYS_RESOURCE))
		return -EPERM;
	err = ipc_update_perm(&ds->msg_perm, &msq->perm);
	if (err)
		return err;
	msq->qbytes = ds->msg_qbytes;
	msq->ctime = ktime_get_real_seconds();
	finish_all(&msq->receivers, MSG_AGAIN);
	finish_all(&msq->senders, MSG_AGAIN);
	return 0;
}

/* => msg_ids.lock held */
static void remove_queue(struct msg_queue *msq)
{
	struct msg_msg *msg, *next;

	ipc_rmid(&msg_ids, &msq->perm);
	finish_all(&msq->receivers, -EIDRM);
	finish_all(&msq->senders, -EIDRM);
	list_for_each_entry_safe (msg, next, &msq->messages, list) {
		unlink_message(msq, msg);
		kvfree(msg);
	}
	kfree(msq);
}

static long set_or_remove(int id, int cmd, const void __user *buf)
{
	struct kern_ipc_perm *perm;
	struct msqid64_ds ds;
	int err;

	if (cmd == IPC_SET && copy_from_user(&ds, buf, sizeof(ds)))
		return -EFAULT;
	mutex_lock(&msg_ids.lock);
	perm = ipc_obtain(&msg_ids, id);
	err = IS_ERR(perm) ? PTR_ERR(perm) : ipc_may_control(perm);
	if (!err && cmd == IPC_SET)
		err = set_queue(to_queue(perm), &ds);
	else if (!err)
		remove_queue(to_queue(perm));
	mutex_unlock(&msg_ids.lock);
	return err;
}

SYSCALL_DEFINE3(msgctl, int, msqid, int, cmd, void __user *, buf)
{
	if (msqid < 0 || cmd < 0)
		return -EINVAL;
	switch (cmd) {
	case IPC_INFO:
	case MSG_INFO:
		return msg_info(cmd, buf);
	case IPC_STAT:
	case MSG_STAT:
	case MSG_STAT_ANY:
		return msg_stat(msqid, cmd, buf);
	case IPC_SET:
	case IPC_RMID:
		return set_or_remove(msqid, cmd, buf);
	}
	return -EINVAL;
}

/* ---- /proc ---- */

static void show_queue(struct seq_file *m, struct kern_ipc_perm *perm)
{
	struct msg_queue *msq = to_queue(perm);

	seq_printf(m, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u %10llu %10llu %10llu\n",
		   perm->key, perm->id, perm->mode, msq->cbytes, msq->qnum, msq->lspid, msq->lrpid,
		   perm->uid, perm->gid, perm->cuid, perm->cgid, (u64)msq->stime, (u64)msq->rtime,
		   (u64)msq->ctime);
}

static int msg_proc_open(struct inode *inode, struct file *file)
{
	return ipc_proc_open(file, &msg_ids);
}

static const struct file_operations msg_proc_fops = {
	.open = msg_proc_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = seq_release,
};

#define LIMIT(name, variable, largest)                                                             \
	{                                                                                          \
		.path = "kernel/" name, .mode = 0644, .type = CTL_INT, .data = &(variable),        \
		.max = (largest)                                                                   \
	}

static struct ctl_table msg_table[] = { LIMIT("msgmax", msgmax, INT_MAX),
					LIMIT("msgmnb", msgmnb, INT_MAX),
					LIMIT("msgmni", msgmni, IPCMNI),
					LIMIT("msg_next_id", msg_ids.next_id, INT_MAX),
					{ 0 } };

static int __init msg_init(void)
{
	register_sysctl_table(msg_table);
	return proc_create("msg", 0444, sysvipc_dir(), &msg_proc_fops) ? 0 : -ENOMEM;
}
fs_initcall(msg_init);
