// SPDX-License-Identifier: MIT
/*
 * Names of local sockets: a file (S_IFSOCK; the socket is found by its inode), an abstract name (first byte 0; found by
 * its bytes and type), or none. Bound sockets lie in chains by name, all others in chains by their address, so that
 * /proc/net/unix has everyone. unix(7); Linux 6.1: net/unix/af_unix.c.
 *
 * A name is given once and stays as long as the socket is there, so that sk->addr is read without the table lock.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/hash.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/fs_struct.h>
#include <fs/inode.h>
#include <fs/namei.h>
#include <fs/seq_file.h>
#include <kernel/random.h>
#include <kernel/task.h>
#include <mm/slab.h>
#include <sync/ranks.h>
#include "unix_internal.h"

#define TABLE_BITS  6
#define NAME_OFFSET ((int)__builtin_offsetof(struct sockaddr_un, sun_path))

static DEFINE_SPINLOCK(table_lock, LOCK_UNIX_TABLE);
static struct hlist_head bound[1 << TABLE_BITS], others[1 << TABLE_BITS];

/* --- addresses --------------------------------------------------------------------------------------- */

struct unix_address *unix_address_get(struct unix_sock *sk)
{
	struct unix_address *addr = smp_load_acquire(&sk->addr);

	if (addr)
		atomic_inc(&addr->refs);
	return addr;
}

void unix_address_put(struct unix_address *addr)
{
	if (addr && atomic_dec_and_test(&addr->refs))
		kfree(addr);
}

static struct unix_address *address_new(const struct sockaddr_un *sun, int len)
{
	struct unix_address *addr = kzalloc(sizeof(*addr), GFP_KERNEL_ACCOUNT);

	if (!addr)
		return NULL;
	atomic_set(&addr->refs, 1);
	addr->len = len;
	memcpy(&addr->sun, sun, len);
	return addr;
}

int unix_check_name(const struct sockaddr_un *sun, int len)
{
	return len <= NAME_OFFSET || len > (int)sizeof(*sun) || sun->sun_family != AF_UNIX ? -EINVAL
											   : 0;
}

/* --- the table --------------------------------------------------------------------------------------- */

static struct hlist_head *abstract_chain(const struct sockaddr_un *sun, int len)
{
	u32 h = 0;

	for (int i = NAME_OFFSET; i < len; i++)
		h = h * 31 + ((const u8 *)sun)[i];
	return &bound[hash_32(h, TABLE_BITS)];
}

static struct hlist_head *inode_chain(const struct inode *inode)
{
	return &bound[hash_ptr(inode, TABLE_BITS)];
}

void unix_hash(struct unix_sock *sk)
{
	spin_lock(&table_lock);
	hlist_add_head(&sk->node, &others[hash_ptr(sk, TABLE_BITS)]);
	spin_unlock(&table_lock);
}

void unix_unhash(struct unix_sock *sk)
{
	struct path path;

	spin_lock(&table_lock);
	hlist_del_init(&sk->node);
	sk->bound = false;
	sk->file = NULL;
	path = sk->path;
	sk->path = (struct path){ 0 };
	spin_unlock(&table_lock);
	if (path.dentry)
		path_put(&path);
}

/* @addr is the name of @sk from now on. => table_lock */
static void give_name(struct unix_sock *sk, struct unix_address *addr, struct hlist_head *chain)
{
	smp_store_release(&sk->addr, addr);
	sk->bound = true;
	hlist_del(&sk->node);
	hlist_add_head(&sk->node, chain);
}

void unix_share_name(struct unix_sock *to, struct unix_sock *from)
{
	struct unix_address *old_addr;
	struct path old;

	spin_lock(&table_lock);
	old = to->path;
	old_addr = to->addr;
	to->path = from->path;
	if (to->path.dentry)
		path_get(&to->path);
	to->addr = from->addr;
	if (to->addr)
		atomic_inc(&to->addr->refs);
	spin_unlock(&table_lock);
	if (old.dentry)
		path_put(&old);
	unix_address_put(old_addr);
}

bool unix_name_path(struct unix_sock *sk, struct path *path)
{
	spin_lock(&table_lock);
	*path = sk->path;
	if (path->dentry)
		path_get(path);
	spin_unlock(&table_lock);
	return path->dentry;
}

/* => table_lock */
static struct unix_sock *find_abstract(const struct sockaddr_un *sun, int len, int type)
{
	struct unix_sock *sk;

	hlist_for_each_entry (sk, abstract_chain(sun, len), node)
		if (!sk->path.dentry && sk->type == type && sk->addr->len == len &&
		    !memcmp(&sk->addr->sun, sun, len))
			return sk;
	return NULL;
}

/* --- giving a name ----------------------------------------------------------------------------------- */

static int bind_abstract(struct unix_sock *sk, struct unix_address *addr)
{
	int err = 0;

	spin_lock(&table_lock);
	if (sk->addr)
		err = -EINVAL;
	else if (find_abstract(&addr->sun, addr->len, sk->type))
		err = -EADDRINUSE;
	else
		give_name(sk, addr, abstract_chain(&addr->sun, addr->len));
	spin_unlock(&table_lock);
	return err;
}

/* The file has been made: @path. -EINVAL: another thread has given a name meanwhile. */
static int bind_inode(struct unix_sock *sk, struct unix_address *addr, const struct path *path)
{
	int err = 0;

	spin_lock(&table_lock);
	if (sk->addr) {
		err = -EINVAL;
	} else {
		sk->path = *path;
		path_get(&sk->path);
		give_name(sk, addr, inode_chain(path->dentry->d_inode));
	}
	spin_unlock(&table_lock);
	return err;
}

static int bind_file(struct unix_sock *sk, struct unix_address *addr)
{
	umode_t mode = file_inode(sk->file)->i_mode & ~current_umask();
	struct dentry *dentry;
	struct path dir;
	int err;

	dentry = kern_path_create(AT_FDCWD, addr->sun.sun_path, &dir, 0);
	if (IS_ERR(dentry))
		return PTR_ERR(dentry) == -EEXIST ? -EADDRINUSE : PTR_ERR(dentry);
	err = vfs_mknod(dir.dentry->d_inode, dentry, mode, 0);
	if (!err) {
		err = bind_inode(sk, addr, &(struct path){ .mnt = dir.mnt, .dentry = dentry });
		if (err)
			vfs_unlink(dir.dentry->d_inode, dentry);
	}
	done_path_create(&dir, dentry);
	return err;
}

int unix_bind(struct unix_sock *sk, const struct sockaddr_un *sun, int len)
{
	struct unix_address *addr;
	int err;

	if (len == NAME_OFFSET && sun->sun_family == AF_UNIX)
		return unix_autobind(sk);
	err = unix_check_name(sun, len);
	if (err)
		return err;
	addr = address_new(sun, len);
	if (!addr)
		return -ENOMEM;
	if (!addr->sun.sun_path[0]) {
		err = bind_abstract(sk, addr);
	} else {
		/* A path ends at its first zero byte, or behind the last that was given; the zero counts. */
		addr->len = NAME_OFFSET + strnlen(addr->sun.sun_path, len - NAME_OFFSET) + 1;
		err = bind_file(sk, addr);
	}
	if (err)
		unix_address_put(addr);
	return err;
}

/* An abstract name of five hexadecimal digits, the first free one from a random start on. */
int unix_autobind(struct unix_sock *sk)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct unix_address *addr;
	int err = -EADDRINUSE;
	u32 start;

	if (READ_ONCE(sk->addr))
		return 0;
	addr = address_new(&sun, NAME_OFFSET + 6);
	if (!addr)
		return -ENOMEM;
	get_random_bytes(&start, sizeof(start));
	for (u32 tries = 0; tries < 1 << 20 && err == -EADDRINUSE; tries++) {
		char digits[6];

		snprintf(digits, sizeof(digits), "%05x", (start + tries) & 0xfffff);
		memcpy(addr->sun.sun_path + 1, digits, 5);
		err = bind_abstract(sk, addr);
		cond_resched();
	}
	if (err)
		unix_address_put(addr);
	return err == -EINVAL	    ? 0
	       : err == -EADDRINUSE ? -ENOSPC
				    : err; /* EINVAL: another thread was faster */
}

/* --- finding ----------------------------------------------------------------------------------------- */

static struct unix_sock *find_inode(const struct inode *inode)
{
	struct unix_sock *sk, *found = ERR_PTR(-ECONNREFUSED);

	spin_lock(&table_lock);
	hlist_for_each_entry (sk, inode_chain(inode), node)
		if (sk->path.dentry && sk->path.dentry->d_inode == inode)
			found = unix_get(sk);
	spin_unlock(&table_lock);
	return found;
}

static struct unix_sock *find_file(const struct sockaddr_un *sun, int len, int type)
{
	char name[sizeof(sun->sun_path) + 1] = { 0 };
	struct unix_sock *sk;
	struct path path;
	int err;

	memcpy(name, sun->sun_path, len - NAME_OFFSET);
	err = kern_path(name, LOOKUP_FOLLOW, &path);
	if (err)
		return ERR_PTR(err);
	err = inode_permission(path.dentry->d_inode, MAY_WRITE);
	if (err)
		sk = ERR_PTR(err);
	else if (!S_ISSOCK(path.dentry->d_inode->i_mode))
		sk = ERR_PTR(-ECONNREFUSED);
	else
		sk = find_inode(path.dentry->d_inode);
	if (!IS_ERR(sk) && sk->type == type)
		touch_atime(&path);
	path_put(&path);
	if (!IS_ERR(sk) && sk->type != type) {
		unix_put(sk);
		return ERR_PTR(-EPROTOTYPE);
	}
	return sk;
}

struct unix_sock *unix_find(const struct sockaddr_un *sun, int len, int type)
{
	struct unix_sock *sk;

	if (sun->sun_path[0])
		return find_file(sun, len, type);
	spin_lock(&table_lock);
	sk = find_abstract(sun, len, type);
	if (sk)
		unix_get(sk);
	spin_unlock(&table_lock);
	return sk ? sk : ERR_PTR(-ECONNREFUSED);
}

/* --- /proc/net/unix ---------------------------------------------------------------------------------- */

#define ACCEPTS 0x10000 /* the flag of a listener */

/* The state as struct socket's has it: 1 unconnected, 3 connected; without a file 2 and 4. */
static int shown_state(const struct unix_sock *sk)
{
	bool connected = sk->state == UNIX_CONNECTED;

	return sk->file ? (connected ? 3 : 1) : (connected ? 2 : 4);
}

/* => table_lock */
static void show(struct seq_file *m, struct unix_sock *sk)
{
	seq_printf(m, "%016lx: %08X %08X %08X %04X %02X %5lu", 0UL, atomic_read(&sk->refs), 0,
		   sk->state == UNIX_LISTENING ? ACCEPTS : 0, sk->type, shown_state(sk),
		   sk->file ? file_inode(sk->file)->i_ino : 0);
	if (sk->addr) {
		const char *name = sk->addr->sun.sun_path;
		int len = sk->addr->len - NAME_OFFSET - !!*name;

		seq_putc(m, ' ');
		for (int i = 0; i < len; i++)
			seq_putc(m, name[i] ? name[i] : '@');
	}
	seq_putc(m, '\n');
}

static void show_chain(struct seq_file *m, struct hlist_head *chain)
{
	struct unix_sock *sk;

	spin_lock(&table_lock);
	hlist_for_each_entry (sk, chain, node)
		show(m, sk);
	spin_unlock(&table_lock);
}

void unix_show_all(struct seq_file *m)
{
	seq_puts(m, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (int i = 0; i < 1 << TABLE_BITS; i++) {
		show_chain(m, &bound[i]);
		show_chain(m, &others[i]);
	}
}
