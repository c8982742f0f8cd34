/* SPDX-License-Identifier: MIT */
/* Files whose text is produced record by record. fs/seq_file.c. */
#ifndef QUIRE_FS_SEQ_FILE_H
#define QUIRE_FS_SEQ_FILE_H

#include <base/types.h>
#include <base/list.h>
#include <base/string.h>
#include <sync/mutex.h>
#include <stdarg.h>

struct dentry;
struct file;
struct inode;
struct path;
struct seq_operations;

struct seq_file {
	char *buf;
	size_t size;
	size_t from;			/* first byte of buf not read yet */
	size_t count;			/* bytes in buf from there on; == size: it overflowed */
	size_t pad_until;
	loff_t index;
	loff_t read_pos;
	struct mutex lock;
	const struct seq_operations *op;
	int poll_event;
	struct file *file;
	void *private;
};

struct seq_operations {
	void *(*start)(struct seq_file *m, loff_t *pos);
	void (*stop)(struct seq_file *m, void *v);
	void *(*next)(struct seq_file *m, void *v, loff_t *pos);
	int (*show)(struct seq_file *m, void *v);
};
#define SEQ_START_TOKEN	((void *)1)

static inline bool seq_has_overflowed(struct seq_file *m)
{
	return m->count == m->size;
}

int seq_open(struct file *file, const struct seq_operations *op);
void *__seq_open_private(struct file *file, const struct seq_operations *ops, int psize);
int seq_release_private(struct inode *inode, struct file *file);
ssize_t seq_read(struct file *file, char __user *buf, size_t size, loff_t *ppos);
loff_t seq_lseek(struct file *file, loff_t offset, int whence);
int seq_release(struct inode *inode, struct file *file);
int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data);
int single_release(struct inode *inode, struct file *file);

void seq_vprintf(struct seq_file *m, const char *fmt, va_list args);
void seq_printf(struct seq_file *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void seq_putc(struct seq_file *m, char c);
void seq_puts(struct seq_file *m, const char *s);
int seq_write(struct seq_file *m, const void *data, size_t len);
void seq_put_decimal_ull(struct seq_file *m, const char *delimiter, unsigned long long num);
/* Append with each character of @esc as \ooo. */
void seq_escape(struct seq_file *m, const char *s, const char *esc);
void seq_setwidth(struct seq_file *m, size_t size);
void seq_pad(struct seq_file *m, char c);
int seq_path(struct seq_file *m, const struct path *path, const char *esc);
int seq_file_path(struct seq_file *m, struct file *file, const char *esc);
int seq_dentry(struct seq_file *m, struct dentry *dentry, const char *esc);
int seq_path_root(struct seq_file *m, const struct path *path, const struct path *root, const char *esc);

#endif
