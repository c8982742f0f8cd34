/* SPDX-License-Identifier: MIT */
/*
 * seq_file: files whose text is made record by record when they are read.
 *
 * The iterator (start, next, stop, show) is asked for records until the buffer holds enough for
 * the read; what a reader left over stays in the buffer. A record that does not fit doubles the
 * buffer and is shown again, so a show function must be able to run twice. Positions count
 * records (index) and bytes (read_pos); a seek shows from the start and throws away.
 *
 * Lock: m->lock, held over a read; show functions may sleep.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <fs/dentry.h>
#include <fs/file.h>
#include <fs/path.h>
#include <fs/seq_file.h>
#include <mm/slab.h>
#include <seam/page.h>
#include <seam/uaccess.h>
#include <sync/ranks.h>

#define SEQ_SIZE_MAX (256UL << 20)

int seq_open(struct file *file, const struct seq_operations *op)
{
	struct seq_file *m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);

	if (!m)
		return -ENOMEM;
	mutex_init(&m->lock, LOCK_SEQ_FILE);
	m->op = op;
	m->file = file;
	file->private_data = m;
	file->f_mode &= ~FMODE_PWRITE;
	return 0;
}

int seq_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	kvfree(m->buf);
	kfree(m);
	return 0;
}

void *__seq_open_private(struct file *file, const struct seq_operations *ops, int psize)
{
	void *priv = kzalloc(psize, GFP_KERNEL_ACCOUNT);

	if (!priv)
		return NULL;
	if (seq_open(file, ops)) {
		kfree(priv);
		return NULL;
	}
	((struct seq_file *)file->private_data)->private = priv;
	return priv;
}

int seq_release_private(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	kfree(m->private);
	m->private = NULL;
	return seq_release(inode, file);
}

/* ---- reading ---- */

/* A buffer twice as large, empty. 0 or -ENOMEM. */
static int grow(struct seq_file *m)
{
	size_t size = m->size ? m->size * 2 : PAGE_SIZE;

	kvfree(m->buf);
	m->count = m->from = m->size = 0;
	m->buf = size > SEQ_SIZE_MAX ? NULL : kvmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!m->buf)
		return -ENOMEM;
	m->size = size;
	return 0;
}

/* Put at least one record into the empty buffer, growing it. 1, 0 at the end, -errno. */
static int show_first(struct seq_file *m)
{
	void *p;
	int err;

	if (!m->buf && grow(m))
		return -ENOMEM;
	for (;;) {
		m->from = 0;
		p = m->op->start(m, &m->index);
		if (!p || IS_ERR(p)) {
			m->op->stop(m, p);
			return p ? PTR_ERR(p) : 0;
		}
		err = m->op->show(m, p);
		if (!err && !seq_has_overflowed(m) && m->count)
			break;
		if (err || !seq_has_overflowed(m)) { /* an error, or nothing to show: skip */
			p = err < 0 ? p : m->op->next(m, p, &m->index);
			m->op->stop(m, p);
			m->count = 0;
			if (err < 0)
				return err;
			if (!p)
				return 0;
			continue;
		}
		m->op->stop(m, p);
		if (grow(m))
			return -ENOMEM;
	}
	p = m->op->next(m, p, &m->index);
	m->op->stop(m, p);
	return 1;
}

/* Add records behind what the buffer holds until it has @want bytes. */
static void fill(struct seq_file *m, size_t want)
{
	void *p = m->op->start(m, &m->index);

	while (p && !IS_ERR(p) && m->count < want) {
		size_t before = m->count;
		int err = m->op->show(m, p);

		if (err > 0) {
			m->count = before;
		} else if (err || seq_has_overflowed(m)) {
			m->count = before;
			break;
		}
		p = m->op->next(m, p, &m->index);
	}
	m->op->stop(m, p);
}

static void rewind_to_start(struct seq_file *m)
{
	m->index = 0;
	m->read_pos = 0;
	m->from = m->count = 0;
}

/* Make @offset the next byte to be read. 0 or -errno. */
static int traverse(struct seq_file *m, loff_t offset)
{
	loff_t pos = 0;
	int ret;

	rewind_to_start(m);
	while (pos < offset) {
		ret = show_first(m);
		if (ret <= 0)
			return ret;
		if (pos + (loff_t)m->count > offset) {
			m->from = offset - pos;
			m->count -= m->from;
			break;
		}
		pos += m->count;
		m->count = 0;
	}
	m->read_pos = offset;
	return 0;
}

/* Copy buffered bytes out. Bytes or -EFAULT. */
static ssize_t copy_buffered(struct seq_file *m, char __user *buf, size_t size)
{
	size_t n = min(m->count, size);

	if (copy_to_user(buf, m->buf + m->from, n))
		return -EFAULT;
	m->count -= n;
	m->from = m->count ? m->from + n : 0;
	return n;
}

ssize_t seq_read(struct file *file, char __user *buf, size_t size, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	size_t done = 0;
	ssize_t n = 0;

	if (!size)
		return 0;
	mutex_lock(&m->lock);
	if (*ppos == 0 && m->read_pos)
		rewind_to_start(m);
	if (*ppos != m->read_pos) {
		n = traverse(m, *ppos);
		if (n)
			goto out;
	}
	if (m->count) {
		n = copy_buffered(m, buf, size);
		if (n < 0)
			goto out;
		done = n;
	}
	if (done < size && !m->count) {
		n = show_first(m);
		if (n > 0) {
			fill(m, size - done);
			n = copy_buffered(m, buf + done, size - done);
			done += max_t(ssize_t, n, 0);
		}
	}
out:
	if (done) {
		n = done;
		*ppos += done;
		m->read_pos += done;
	}
	mutex_unlock(&m->lock);
	return n;
}

loff_t seq_lseek(struct file *file, loff_t offset, int whence)
{
	struct seq_file *m = file->private_data;
	loff_t ret = -EINVAL;

	mutex_lock(&m->lock);
	if (whence == SEEK_CUR)
		offset += file->f_pos;
	else if (whence != SEEK_SET)
		goto out;
	if (offset < 0)
		goto out;
	ret = offset;
	if (offset != m->read_pos) {
		int err = traverse(m, offset);

		if (err) {
			rewind_to_start(m);
			file->f_pos = 0;
			ret = err;
			goto out;
		}
	}
	file->f_pos = offset;
out:
	mutex_unlock(&m->lock);
	return ret;
}

/* ---- files of one record ---- */

static void *single_start(struct seq_file *m, loff_t *pos)
{
	return *pos ? NULL : SEQ_START_TOKEN;
}

static void *single_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return NULL;
}

static void single_stop(struct seq_file *m, void *v) {}

int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data)
{
	struct seq_operations *op = kmalloc(sizeof(*op), GFP_KERNEL_ACCOUNT);
	int err;

	if (!op)
		return -ENOMEM;
	*op = (struct seq_operations){ single_start, single_stop, single_next, show };
	err = seq_open(file, op);
	if (err)
		kfree(op);
	else
		((struct seq_file *)file->private_data)->private = data;
	return err;
}

int single_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;

	kfree(m->op);
	return seq_release(inode, file);
}

/* ---- writing records: each marks an overflow by count == size, and leaves the text cut, with a NUL at the end ---- */

void seq_vprintf(struct seq_file *m, const char *fmt, va_list args)
{
	size_t room = m->size - m->from - m->count;
	int len;

	if (m->count >= m->size)
		return;
	len = vsnprintf(m->buf + m->from + m->count, room, fmt, args);
	if ((size_t)len < room)
		m->count += len;
	else
		m->count = m->size;
}

void seq_printf(struct seq_file *m, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	seq_vprintf(m, fmt, args);
	va_end(args);
}

int seq_write(struct seq_file *m, const void *data, size_t len)
{
	char *at = m->buf + m->from + m->count;
	size_t room = m->size - m->from - m->count;

	if (m->count >= m->size)
		return -1;
	if (len >= room) {
		memcpy(at, data, room - 1);
		at[room - 1] = 0;
		m->count = m->size;
		return -1;
	}
	memcpy(at, data, len);
	m->count += len;
	return 0;
}

void seq_putc(struct seq_file *m, char c)
{
	seq_write(m, &c, 1);
}

void seq_puts(struct seq_file *m, const char *s)
{
	seq_write(m, s, strlen(s));
}

static void seq_put_decimal_ull_width(struct seq_file *m, const char *delimiter,
				      unsigned long long num, unsigned int width)
{
	char digits[24];
	unsigned int n = sizeof(digits);

	if (delimiter)
		seq_puts(m, delimiter);
	do {
		digits[--n] = '0' + num % 10;
		num /= 10;
	} while (num);
	for (; width > sizeof(digits) - n; width--)
		seq_putc(m, ' ');
	seq_write(m, digits + n, sizeof(digits) - n);
}

void seq_put_decimal_ull(struct seq_file *m, const char *delimiter, unsigned long long num)
{
	seq_put_decimal_ull_width(m, delimiter, num, 0);
}

/* The bytes of @esc, and those that a reader could take for the escape itself, in octal. */
void seq_escape(struct seq_file *m, const char *s, const char *esc)
{
	for (; *s; s++) {
		if (strchr(esc, *s))
			seq_printf(m, "\\%03o", (unsigned char)*s);
		else
			seq_putc(m, *s);
	}
}

void seq_setwidth(struct seq_file *m, size_t size)
{
	m->pad_until = m->count + size;
}

void seq_pad(struct seq_file *m, char c)
{
	while (m->count < m->pad_until && !seq_has_overflowed(m))
		seq_putc(m, ' ');
	if (c)
		seq_putc(m, c);
}

/* ---- paths ---- */

/* Print what @name, a pointer into a page or an ERR_PTR, says. 0 or -errno. */
static int put_name(struct seq_file *m, const char *name, const char *esc)
{
	if (IS_ERR(name)) {
		if (PTR_ERR(name) == -ENAMETOOLONG)
			m->count = m->size;
		return PTR_ERR(name);
	}
	seq_escape(m, name, esc);
	return 0;
}

int seq_path(struct seq_file *m, const struct path *path, const char *esc)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	err = put_name(m, d_path(path, page, PAGE_SIZE), esc);
	free_page((unsigned long)page);
	return err;
}

int seq_file_path(struct seq_file *m, struct file *file, const char *esc)
{
	return seq_path(m, &file->f_path, esc);
}

int seq_dentry(struct seq_file *m, struct dentry *dentry, const char *esc)
{
	char *page = (char *)__get_free_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	err = put_name(m, dentry_path(dentry, page, PAGE_SIZE), esc);
	free_page((unsigned long)page);
	return err;
}

/* As seq_path() from @root. There is one name space, so roots agree. */
int seq_path_root(struct seq_file *m, const struct path *path, const struct path *root,
		  const char *esc)
{
	return seq_path(m, path, esc);
}
