// SPDX-License-Identifier: MIT
/* Boot self tests of traps, user copies, symbols, the system call table, and time arithmetic. */
#include <base/types.h>
#include <base/string.h>
#include <base/printf.h>
#include <seam/current.h>
#include <seam/extable.h>
#include <seam/page.h>
#include <seam/ptrace.h>
#include <seam/thread.h>
#include <seam/uaccess.h>
#include <mm/vmalloc.h>
#include <kernel/init.h>
#include <kernel/kallsyms.h>
#include <kernel/ksyscall.h>
#include <kernel/panic.h>
#include <kernel/selftest.h>
#include <kernel/task.h>
#include <kernel/time.h>
#include <kernel/timekeeping.h>

#define EDGE 80 /* bytes around the end of a page that the copies are tried on */

unsigned long __clear_user_asm(void __user *to, unsigned long n);

/* Every length, and every number of bytes that can be reached: the rest must be exact. */
static int __init test_copy_edge(void)
{
	u8 *page = vmalloc(PAGE_SIZE), *end, buf[2 * EDGE];

	SELFTEST_EXPECT(page);
	end = page + PAGE_SIZE;
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		page[i] = (u8)(i * 7 + 1);
	for (unsigned int n = 0; n <= EDGE; n++) {
		for (unsigned int have = 0; have <= n + 8 && have <= EDGE; have++) {
			unsigned int good = have < n ? have : n;

			memset(buf, 0xee, sizeof(buf));
			SELFTEST_EXPECT(raw_copy_user(buf, end - have, n) == n - good);
			SELFTEST_EXPECT(!memcmp(buf, end - have, good));
			SELFTEST_EXPECT(buf[n] == 0xee);
			SELFTEST_EXPECT(raw_copy_user(end - have, buf, n) == n - good);
			memset(end - EDGE, 0x55, EDGE);
			SELFTEST_EXPECT(__clear_user_asm((void __user *)(end - have), n) ==
					n - good);
			SELFTEST_EXPECT(have == 0 || n == 0 || *(end - have) == 0);
			for (unsigned int i = PAGE_SIZE - EDGE; i < PAGE_SIZE; i++)
				page[i] = (u8)(i * 7 + 1);
		}
	}
	vfree(page);
	return 0;
}
SELFTEST("uaccess-copy-edge", test_copy_edge);

/* Addresses that can never be read: each primitive answers, none oopses. */
static int __init test_uaccess_fixup(void)
{
	const unsigned long bad[] = {
		0,
		8,
		TASK_SIZE_MAX - 8,
		TASK_SIZE_MAX,
		0x0000800000000000UL,
		0x8000000000000000UL,
		PAGE_OFFSET,
		VMALLOC_START,
		-4096UL,
		-8UL,
	};
	u8 buf[16];
	u64 x;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		void __user *p = (void __user *)bad[i];

		memset(buf, 0xee, sizeof(buf));
		SELFTEST_EXPECT(copy_from_user(buf, p, 16) == 16);
		SELFTEST_EXPECT(buf[0] == 0 && buf[15] == 0);
		SELFTEST_EXPECT(copy_to_user(p, buf, 16) == 16);
		SELFTEST_EXPECT(clear_user(p, 16) == 16);
		x = 1;
		SELFTEST_EXPECT(get_user(x, (u64 __user *)p) == -EFAULT && x == 0);
		SELFTEST_EXPECT(get_user(buf[3], (u8 __user *)p) == -EFAULT);
		SELFTEST_EXPECT(put_user((u64)1, (u64 __user *)p) == -EFAULT);
		SELFTEST_EXPECT(put_user((u16)1, (u16 __user *)p) == -EFAULT);
		SELFTEST_EXPECT(strncpy_from_user((char *)buf, p, 16) == -EFAULT);
		SELFTEST_EXPECT(strnlen_user(p, 16) == 0);
		SELFTEST_EXPECT(copy_from_user_nofault(buf, p, 8) == -EFAULT);
		SELFTEST_EXPECT(fault_in_readable(p, 8) == 8);
		SELFTEST_EXPECT(fault_in_writeable(p, 8) == 8);
	}
	SELFTEST_EXPECT(copy_from_kernel_nofault(buf, (void *)0xffffffffff5ff000UL, 8) == -EFAULT);
	SELFTEST_EXPECT(copy_from_kernel_nofault(buf, (void *)0x8000, 8) == -ERANGE);
	return 0;
}
SELFTEST("uaccess-fixup", test_uaccess_fixup);

static int __init test_extable_sorted(void)
{
	for (struct exception_table_entry *e = __start___ex_table; e + 1 < __stop___ex_table; e++) {
		unsigned long a = (unsigned long)&e->insn + (long)e->insn;
		unsigned long b = (unsigned long)&e[1].insn + (long)e[1].insn;

		SELFTEST_EXPECT(a <= b);
		SELFTEST_EXPECT(search_exception_tables(a));
	}
	SELFTEST_EXPECT(!search_exception_tables((unsigned long)test_extable_sorted));
	return 0;
}
SELFTEST("extable-sorted", test_extable_sorted);

/* An address of known code prints as name+0xoffset/0xsize, and the trace of this call names us. */
static noinline int __init test_symbols(void)
{
	char name[KSYM_SYMBOL_LEN];
	unsigned long trace[4], size, offset;

	sprint_symbol(name, (unsigned long)kallsyms_count + 1);
	SELFTEST_EXPECT(!strncmp(name, "kallsyms_count+0x1/0x", 21));
	SELFTEST_EXPECT(kallsyms_lookup_name("kallsyms_count") == (unsigned long)kallsyms_count);
	SELFTEST_EXPECT(kallsyms_lookup((unsigned long)kallsyms_count, &size, &offset, name));
	SELFTEST_EXPECT(!strcmp(name, "kallsyms_count") && !offset && size);
	SELFTEST_EXPECT(stack_trace_save(trace, ARRAY_SIZE(trace), 0) > 1);
	sprint_symbol_no_offset(name, trace[0] - 1);
	SELFTEST_EXPECT(!strcmp(name, "test_symbols"));
	return 0;
}
SELFTEST("kallsyms", test_symbols);

static int __init test_syscall_table(void)
{
	for (unsigned int i = 0; i < NR_SYSCALLS; i++) {
		SELFTEST_EXPECT(sys_call_table[i] && sys_call_impl[i]);
		SELFTEST_EXPECT(kernel_text_address((unsigned long)sys_call_table[i]));
	}
	SELFTEST_EXPECT(!strcmp(syscall_name(__NR_rt_sigreturn), "rt_sigreturn"));
	SELFTEST_EXPECT(sys_call_impl[__NR_rt_sigreturn] != sys_call_table[__NR_rt_sigreturn]);
	return 0;
}
SELFTEST("syscall-table", test_syscall_table);

static int __init test_calendar(void)
{
	struct tm_fields tm;

	for (time64_t t = -86400LL * 800; t < 86400LL * 60000; t += 86400LL * 17 + 12345) {
		time64_to_tm(t, 0, &tm);
		SELFTEST_EXPECT(mktime64((unsigned int)(tm.tm_year + 1900),
					 (unsigned int)tm.tm_mon + 1, (unsigned int)tm.tm_mday,
					 (unsigned int)tm.tm_hour, (unsigned int)tm.tm_min,
					 (unsigned int)tm.tm_sec) == t);
	}
	time64_to_tm(1709210096, 0, &tm); /* Thu 29 Feb 2024 12:34:56 */
	SELFTEST_EXPECT(tm.tm_mon == 1 && tm.tm_mday == 29 && tm.tm_wday == 4 && tm.tm_hour == 12);
	return 0;
}
SELFTEST("calendar", test_calendar);

static int __init test_clock(void)
{
	ktime_t last = ktime_get();

	for (int i = 0; i < 1000; i++) {
		ktime_t now = ktime_get();

		SELFTEST_EXPECT(now >= last);
		last = now;
	}
	SELFTEST_EXPECT(ktime_get_real() - ktime_get() - ktime_real_offset() < NSEC_PER_SEC);
	return 0;
}
SELFTEST("clock-monotonic", test_clock);

/* The FPU may be used between begin and end, and user state is never the worse for it. */
static int __init test_kernel_fpu(void)
{
	u64 in[2] = { 0x1122334455667788, 0x99aabbccddeeff00 }, out[2] = { 0, 0 };

	SELFTEST_EXPECT(irq_fpu_usable());
	kernel_fpu_begin();
	__asm__ volatile("movups %1, %%xmm3; movups %%xmm3, %0" : "=m"(out) : "m"(in));
	kernel_fpu_end();
	SELFTEST_EXPECT(out[0] == in[0] && out[1] == in[1]);
	return 0;
}
SELFTEST("kernel-fpu", test_kernel_fpu);
