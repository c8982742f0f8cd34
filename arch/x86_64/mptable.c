// SPDX-License-Identifier: MIT
/*
 * CPUs without ACPI: the MP configuration table of 1995 if the firmware made one, else the number of CPUs that
 * QEMU's firmware configuration device tells (APIC ids then count from 0), else this CPU alone.
 */
#include <base/types.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <seam/io.h>
#include <seam/page.h>
#include "acpi.h"
#include "apic.h"
#include "memmap.h"

struct mp_floating {
	char signature[4];
	u32 table;
	u8 length, revision, checksum, feature1, feature2, reserved[3];
} __attribute__((packed));

struct mp_table {
	char signature[4];
	u16 length;
	u8 revision, checksum;
	char oem[8], product[12];
	u32 oem_table;
	u16 oem_size, entries;
	u32 lapic;
	u16 ext_length;
	u8 ext_checksum, reserved;
} __attribute__((packed));

static u8 __init sum_bytes(const void *p, unsigned int n)
{
	const u8 *b = p;
	u8 sum = 0;

	while (n--)
		sum += *b++;
	return sum;
}

static const struct mp_floating *__init scan(u64 from, u64 to)
{
	for (; from + sizeof(struct mp_floating) <= to; from += 16) {
		const struct mp_floating *f = __va(from);

		if (!memcmp(f->signature, "_MP_", 4) && f->length == 1 && !sum_bytes(f, 16))
			return f;
	}
	return NULL;
}

bool __init mptable_init(void)
{
	const struct mp_floating *f = scan(0x9fc00, 0xa0000);
	const struct mp_table *t;
	const u8 *p, *end;

	if (!f)
		f = scan(0xe0000, 0x100000);
	if (!f || !f->table || f->table > 0xfffff || f->feature1)
		return false;
	t = __va(f->table);
	if (memcmp(t->signature, "PCMP", 4) || t->length < sizeof(*t) ||
	    f->table + t->length > 0x100000 || sum_bytes(t, t->length))
		return false;
	lapic_phys = t->lapic;
	p = (const u8 *)(t + 1);
	end = (const u8 *)t + t->length;
	for (unsigned int i = 0; i < t->entries && p + 8 <= end; i++) {
		if (p[0] == 0) {
			if (p + 20 > end)
				break;
			if (p[3] & 1)
				apic_found_cpu(p[1]);
			p += 20;
			continue;
		}
		if (p[0] == 2 && (p[3] & 1))
			ioapic_found(p[1], *(const u32 *)(p + 4), 0);
		p += 8;
	}
	pr_info("MP table at 0x%x: %u CPUs\n", f->table, apic_cpus_found);
	return apic_cpus_found > 0;
}

#define FW_CFG_SELECTOR	 0x510
#define FW_CFG_DATA	 0x511
#define FW_CFG_SIGNATURE 0
#define FW_CFG_NB_CPUS	 5

unsigned int __init fw_cfg_cpu_count(void)
{
	char sig[4];
	unsigned int n;

	outw(FW_CFG_SIGNATURE, FW_CFG_SELECTOR);
	for (int i = 0; i < 4; i++)
		sig[i] = inb(FW_CFG_DATA);
	if (memcmp(sig, "QEMU", 4))
		return 0;
	outw(FW_CFG_NB_CPUS, FW_CFG_SELECTOR);
	n = inb(FW_CFG_DATA);
	return n | inb(FW_CFG_DATA) << 8;
}
