// SPDX-License-Identifier: MIT
/*
 * The page cache and shmem against a model: a file is an array of bytes. Reads and writes with buffers that end in the
 * middle (short copies), mapped reads and writes, truncation, growth, holes, look-ups; then threads that fault on a
 * mapping while it is truncated. After each step mapping_check(). STEPS=n changes the length. rooms: mm mode: tsan
 */
#include <base/err.h>
#include <base/math.h>
#include <base/string.h>
#include <fs/fdtable.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/iov_iter.h>
#include <kernel/task.h>
#include <linux/falloc.h>
#include <linux/mman.h>
#include <mm/fault_inject.h>
#include <mm/filemap.h>
#include <mm/folio.h>
#include <mm/gfp.h>
#include <mm/mmap.h>
#include <mm/shmem.h>
#include <seam/uaccess.h>
#include <host/balance.h>
#include <host/mmu.h>
#include <host/syscalls.h>
#include <host/test.h>
#include <host/vfs.h>
#include "../../mm/shmem/shmem_internal.h"

#define FD	   3
#define FILE_PAGES 24UL
#define FILE_BYTES (FILE_PAGES * PAGE_SIZE)
#define BUF	   0x10000000UL /* where a buffer of the program ends: behind it nothing is mapped */
#define BUF_PAGES  8UL
#define MAP	   0x20000000UL

static u8 model[FILE_BYTES], bytes[FILE_BYTES];
static unsigned long size;
static struct file *file;
static struct mm_struct *mm;

static void start(void)
{
	struct rlimit stack = { 8UL << 20, RLIM_INFINITY };

	mm = mm_alloc();
	CHECK(mm);
	arch_pick_mmap_layout(mm, &stack);
	host_use_mm(mm);
	CHECK_EQ(sys_mmap(BUF - BUF_PAGES * PAGE_SIZE, BUF_PAGES * PAGE_SIZE,
			  PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		 BUF - BUF_PAGES * PAGE_SIZE);
	file = shmem_file_setup("cache", 0, VM_NORESERVE);
	CHECK(!IS_ERR(file));
	fd_install(FD, file);
	CHECK_EQ(sys_mmap(MAP, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, FD, 0),
		 MAP);
	memset(model, 0, sizeof(model));
	size = 0;
}

static void finish(void)
{
	host_use_mm(NULL);
	mmput(mm);
	host_close(FD);
}

/* ---- steps ---- */

/* The program's read(2) or write(2) of @n bytes, of which the first @good are mapped. */
static ssize_t transfer(bool write, loff_t pos, size_t n, size_t good)
{
	void __user *buf = (void __user *)(BUF - good);
	struct iov_iter iter;
	struct kiocb iocb = { .ki_filp = file, .ki_pos = pos };

	iov_iter_ubuf(&iter, write ? ITER_SOURCE : ITER_DEST, buf, n);
	return write ? file->f_op->write_iter(&iocb, &iter) : file->f_op->read_iter(&iocb, &iter);
}

static void step_write(unsigned long pos, size_t n, size_t good)
{
	ssize_t done;

	for (size_t i = 0; i < good; i++)
		bytes[i] = host_random();
	CHECK_EQ(copy_to_user((void __user *)(BUF - good), bytes, good), 0);
	done = transfer(true, pos, n, good);
	if (os_env("TRACE", 0))
		host_note("write %#lx %#lx good %#lx: %ld", pos, n, good, done);
	if (!good) {
		CHECK_EQ(done, -EFAULT);
		return;
	}
	/* A copy that ends early may leave out what it had in the last page, but nothing before. */
	CHECK(done <= (ssize_t)good && (done > 0 || good < PAGE_SIZE));
	if (n == good)
		CHECK_EQ(done, n);
	if (done <= 0) {
		CHECK_EQ(done, -EFAULT);
		return;
	}
	memcpy(model + pos, bytes, done);
	size = max(size, pos + done);
}

static void step_read(unsigned long pos, size_t n, size_t good)
{
	size_t there = pos < size ? min(n, size - pos) : 0;
	ssize_t done = transfer(false, pos, n, good);

	if (!there) {
		CHECK_EQ(done, 0);
		return;
	}
	if (there <= good)
		CHECK_EQ(done, there);
	else
		CHECK(good ? done > 0 && done <= (ssize_t)good : done == -EFAULT);
	if (done <= 0)
		return;
	CHECK_EQ(copy_from_user(bytes, (void __user *)(BUF - good), done), 0);
	for (ssize_t i = 0; i < done; i++) {
		if (bytes[i] == model[pos + i])
			continue;
		host_note("byte %#lx of %#lx (read from %#lx): %u, not %u", pos + i, size, pos,
			  bytes[i], model[pos + i]);
		CHECK(bytes[i] == model[pos + i]);
	}
}

static void step_truncate(unsigned long newsize)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE, .ia_size = newsize };
	struct inode *inode = file_inode(file);

	inode_lock(inode);
	CHECK_EQ(inode->i_op->setattr(file->f_path.dentry, &attr), 0);
	inode_unlock(inode);
	if (newsize < size)
		memset(model + newsize, 0, FILE_BYTES - newsize);
	size = newsize;
}

static void step_punch(unsigned long pos, size_t n)
{
	unsigned long end = min(pos + n, FILE_BYTES);

	CHECK_EQ(vfs_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, end - pos),
		 0);
	memset(model + pos, 0, end - pos);
}

static void step_mapped(unsigned long at, bool write)
{
	u32 value = host_random();
	enum host_access want = at < PAGE_ALIGN(size) ? HOST_ACCESS_OK : HOST_ACCESS_BUS;

	CHECK_EQ(write ? host_user_write(MAP + at, value) : host_user_read(MAP + at, &value), want);
	if (want != HOST_ACCESS_OK)
		return;
	/* What is written behind the end of the file within its last page belongs to nobody. */
	if (at + 4 > size) {
		if (write)
			CHECK_EQ(host_user_write(MAP + at, 0), HOST_ACCESS_OK);
		if (write && at < size)
			memset(model + at, 0, size - at);
	} else if (write) {
		memcpy(model + at, &value, 4);
	} else {
		CHECK(!memcmp(&value, model + at, 4));
	}
}

static void step_look_up(pgoff_t index)
{
	struct folio *folio = filemap_get_entry(file->f_mapping, index);

	if (!folio)
		return;
	CHECK_EQ(folio->index, index);
	CHECK(folio->mapping == file->f_mapping);
	CHECK((unsigned long)index < DIV_ROUND_UP(size, PAGE_SIZE));
	folio_put(folio);
}

static void random_step(void)
{
	unsigned long pos = host_random_below(FILE_BYTES - 1),
		      n = 1 + host_random_below(3 * PAGE_SIZE);
	size_t good;

	if (host_random_below(4) == 0)
		pos &= PAGE_MASK;
	n = min(n, FILE_BYTES - pos);
	good = host_random_below(3) ? n : host_random_below(n + 1);
	switch (host_random_below(8)) {
	case 0:
	case 1:
		step_write(pos, n, good);
		break;
	case 2:
		step_read(pos, n, good);
		break;
	case 3:
		step_truncate(host_random_below(3) ? pos : pos + n);
		break;
	case 4:
		step_punch(pos, n);
		break;
	case 5:
	case 6:
		step_mapped(pos & ~3UL, host_random_below(2));
		break;
	case 7:
		step_look_up(pos >> PAGE_SHIFT);
		break;
	}
}

TEST(files_against_a_model)
{
	unsigned long steps = os_env("STEPS", 4000);
	struct host_balance before = host_balance();

	start();
	host_mmu_strict = true;
	for (unsigned long step = 0; step < steps; step++) {
		random_step();
		mapping_check(file->f_mapping);
		shmem_check(file_inode(file));
		CHECK_EQ(i_size_read(file_inode(file)), size);
		CHECK(host_mmu_check());
		if (step % 100 == 0)
			for (unsigned long pos = 0; pos < size; pos += 4 * PAGE_SIZE)
				step_read(pos, 4 * PAGE_SIZE, 4 * PAGE_SIZE);
	}
	host_mmu_strict = false;
	finish();
	host_balance_check(&before);
}

/* A write that could not read a byte leaves no page behind, and keeps one that fallocate(2) took. */
TEST(failed_writes)
{
	struct host_balance before = host_balance();
	struct folio *folio;

	start();
	for (size_t n = 100; n <= PAGE_SIZE; n += PAGE_SIZE - 100) {
		step_write(5 * PAGE_SIZE, n, 0);
		CHECK(!filemap_get_entry(file->f_mapping, 5));
		CHECK_EQ(vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, 5 * PAGE_SIZE, n), 0);
		step_write(5 * PAGE_SIZE, n, 0);
		folio = filemap_get_entry(file->f_mapping, 5);
		CHECK(folio);
		folio_put(folio);
		step_punch(5 * PAGE_SIZE, PAGE_SIZE);
	}
	finish();
	host_balance_check(&before);
}

/* ---- faults, reads and writes while the file changes its size ---- */

static void user_of_the_file(void *arg)
{
	host_use_mm(mm);
	for (int i = 0; i < 1500; i++) {
		unsigned long at = host_random_below(FILE_BYTES) & ~3UL;
		u32 value = 0;
		enum host_access res = host_random_below(2) ? host_user_read(MAP + at, &value)
							    : host_user_write(MAP + at, 0x55555555);

		CHECK(res == HOST_ACCESS_OK || res == HOST_ACCESS_BUS);
		CHECK(value == 0 || value == 0x55555555);
	}
	host_use_mm(NULL);
}

static void changer_of_the_file(void *arg)
{
	for (int i = 0; i < 300; i++) {
		if (host_random_below(2))
			step_truncate(host_random_below(FILE_PAGES + 1) << PAGE_SHIFT);
		else
			step_punch(host_random_below(FILE_PAGES) << PAGE_SHIFT, 3 * PAGE_SIZE);
	}
}

TEST(faults_race_with_truncation)
{
	struct host_balance before = host_balance();
	struct task_struct *t[4];

	start();
	step_truncate(FILE_BYTES);
	host_use_mm(NULL);
	for (unsigned int i = 0; i < 4; i++)
		t[i] = host_start(i < 3 ? user_of_the_file : changer_of_the_file, NULL, i + 1,
				  "cache");
	for (int i = 0; i < 4; i++)
		host_join(t[i]);
	mapping_check(file->f_mapping);
	shmem_check(file_inode(file));
	finish();
	host_balance_check(&before);
}
