/* SPDX-License-Identifier: MIT */
/*
 * What the kinds of System V objects have in common: a key, an owner, rights, and a place in a table.
 *
 * Legend: l  the table's lock;  c  constant
 */
#ifndef QUIRE_IPC_INTERNAL_H
#define QUIRE_IPC_INTERNAL_H

#include <base/types.h>
#include <sync/mutex.h>
#include <mm/xarray.h>
#include <linux/ipc.h>

struct file;
struct seq_file;

#define IPCMNI		32768	/* places in a table: an id is a sequence number and an index of 15 bits */
#define IPCMNI_SHIFT	15

struct kern_ipc_perm {
	int id;			/* c */
	key_t key;		/* l */
	uid_t uid, cuid;	/* l, c: owner and creator */
	gid_t gid, cgid;
	umode_t mode;		/* l: rights, and flags of the kind above them */
	bool deleted;		/* l: out of the table */
};

/* The objects of one kind. */
struct ipc_ids {
	struct mutex lock;
	struct xarray objects;	/* l: struct kern_ipc_perm by index */
	struct xarray keys;	/* l: the same by key, private ones apart */
	int in_use;		/* l */
	int max_idx;		/* l: highest index in use, -1: none */
	int last_idx;		/* l: index given out last */
	unsigned int seq;	/* l */
	int next_id;		/* l: id that is wanted for the next one, or -1 */
	/* /proc/sysvipc: the first line, and one for each object. => lock held */
	const char *header;
	void (*show)(struct seq_file *m, struct kern_ipc_perm *perm);
};

#define IPC_IDS_INIT(name, header_, show_)					\
	{									\
		.lock = __MUTEX_INITIALIZER((name).lock, LOCK_IPC),		\
		.objects = XARRAY_INIT((name).objects, XA_FLAGS_ALLOC),		\
		.keys = XARRAY_INIT((name).keys, 0), .max_idx = -1, .last_idx = -1, .next_id = -1, \
		.header = (header_), .show = (show_)				\
	}

/* A get call: what was asked for, and what the kind of object does about it. => both with ids->lock held */
struct ipc_params {
	key_t key;
	int flags;
	size_t size;
};
struct ipc_ops {
	int (*getnew)(const struct ipc_params *params);		/* the new id, or an errno */
	int (*more_checks)(struct kern_ipc_perm *perm, const struct ipc_params *params);
};

/* The id of the object with params->key, or of a new one. May sleep; takes ids->lock. */
int ipcget(struct ipc_ids *ids, const struct ipc_ops *ops, const struct ipc_params *params);

/*
 * Put @new into the table, owned by current, when less than @limit objects are in it; its key is set.
 * => ids->lock held. Its id, -ENOSPC or -ENOMEM
 */
int ipc_addid(struct ipc_ids *ids, struct kern_ipc_perm *new, int limit);
/* Out of the table. => ids->lock held */
void ipc_rmid(struct ipc_ids *ids, struct kern_ipc_perm *perm);
/* No get call finds it any more; the id still does. => ids->lock held */
void ipc_set_key_private(struct ipc_ids *ids, struct kern_ipc_perm *perm);
/* The object of @id, or ERR_PTR(-EINVAL). The second form takes an index. => ids->lock held */
struct kern_ipc_perm *ipc_obtain(struct ipc_ids *ids, int id);
struct kern_ipc_perm *ipc_obtain_idx(struct ipc_ids *ids, int idx);

/* Has current the rights that the lowest nine bits of @flags name? 0 or -EACCES. => ids->lock held */
int ipcperms(const struct kern_ipc_perm *perm, int flags);
/* May current change or remove it? 0 or -EPERM. => ids->lock held */
int ipc_may_control(const struct kern_ipc_perm *perm);
void kernel_to_ipc64_perm(const struct kern_ipc_perm *in, struct ipc64_perm *out);
/* IPC_SET: owner and rights. 0 or -EINVAL. => ids->lock held */
int ipc_update_perm(const struct ipc64_perm *in, struct kern_ipc_perm *out);

/* The directory /proc/sysvipc, made when it is first asked for; and a file in it. */
struct proc_dir_entry *sysvipc_dir(void);
int ipc_proc_open(struct file *file, struct ipc_ids *ids);

#endif
