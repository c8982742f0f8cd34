// SPDX-License-Identifier: MIT
/*
 * Tables of the firmware.
 *
 * 1 Purpose. MADT says which CPUs and I/O APICs there are, FADT how to switch the machine off, HPET and FADT where
 * timers are, SRAT and SLIT which memory and CPU is near which, MCFG where PCI configuration lies. Byte code (AML)
 * is not interpreted: the sleep type of soft-off and microvm's list of virtio devices are found in the DSDT by
 * their byte pattern, which has been the same since ACPI 1.0.
 *
 * 2 Hostile tables. A table is used only if it lies entirely in memory that the memory map mentions (or in the BIOS
 * area), below 4 GiB, if its length is sane and its bytes add up to zero. Every entry inside is checked against the
 * table's end before it is read; an entry of length 0 ends the table. Counts are capped by the arrays here.
 *
 * 3 Context. Runs once on the boot CPU over the early mapping; nothing refers to the tables later.
 *
 * 4 Linux: drivers/acpi/tables.c and arch/x86/kernel/acpi/boot.c over all of ACPICA.
 *
 * 5 Observe: the boot log names each table with its address and length.
 */
#include <base/types.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/string.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <seam/page.h>
#include "acpi.h"
#include "apic.h"
#include "memmap.h"

#define TABLE_MAX (4U << 20)

struct acpi_header {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem_id[6], oem_table_id[8];
	u32 oem_revision;
	char creator_id[4];
	u32 creator_revision;
} __attribute__((packed));

/* Generic address structure. */
struct acpi_gas {
	u8 space, width, offset, access;
	u64 address;
} __attribute__((packed));

struct acpi_fadt {
	struct acpi_header h;
	u32 facs, dsdt;
	u8 model, profile;
	u16 sci_int;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios, pstate;
	u32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	u8 pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len, gpe1_base,
		cst_cnt;
	u16 c2_lat, c3_lat, flush_size, flush_stride;
	u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	u16 boot_arch;
	u8 reserved;
	u32 flags;
	struct acpi_gas reset_reg;
	u8 reset_value;
	u16 arm_boot;
	u8 minor;
	u64 x_facs, x_dsdt;
	struct acpi_gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0,
		x_gpe1;
	struct acpi_gas sleep_control, sleep_status;
} __attribute__((packed));

#define FADT_TMR_VAL_EXT (1u << 8)
#define FADT_RESET_REG	 (1u << 10)
#define FADT_HW_REDUCED	 (1u << 20)

struct acpi_mcfg_window acpi_mcfg[4];
unsigned int acpi_mcfg_nr;
struct acpi_virtio_mmio acpi_virtio_mmio[32];
unsigned int acpi_virtio_mmio_nr;
u64 acpi_pm_timer, acpi_hpet_base;
bool acpi_pm_timer_is_port, acpi_pm_timer_32bit;
struct acpi_poweroff acpi_poweroff;
struct acpi_reset acpi_reset;
bool acpi_disabled;

struct srat_mem srat_mem[MAX_SRAT_MEM] __initdata;
unsigned int srat_mem_nr __initdata;
struct srat_cpu srat_cpu[256] __initdata;
unsigned int srat_cpu_nr __initdata;
u8 slit[MAX_SLIT * MAX_SLIT] __initdata;
unsigned int slit_nr __initdata;

static int __init setup_acpi(char *arg)
{
	if (!arg)
		return -EINVAL;
	if (!strcmp(arg, "off"))
		acpi_disabled = true;
	else if (strcmp(arg, "on") && strcmp(arg, "force") && strcmp(arg, "noirq"))
		return -EINVAL;
	return 0;
}
early_param("acpi", setup_acpi);

/* ---- reaching a table ---- */

static u8 __init sum_bytes(const void *p, u32 n)
{
	const u8 *b = p;
	u8 sum = 0;

	while (n--)
		sum += *b++;
	return sum;
}

/* [phys, phys + len) as a pointer, NULL when it is not memory that firmware could have put tables in. */
static const void *__init firmware_memory(u64 phys, u64 len)
{
	if (phys >= 1ULL << 32 || len > (1ULL << 32) - phys)
		return NULL;
	if (!(phys >= 0xe0000 && phys + len <= 0x100000) &&
	    (!e820_type_at(phys) || !e820_type_at(phys + len - 1)))
		return NULL;
	return __va(phys);
}

/* The table at @phys if it is sound. */
static const struct acpi_header *__init get_table(u64 phys)
{
	const struct acpi_header *h = firmware_memory(phys, sizeof(*h));

	if (!h)
		return NULL;
	if (h->length < sizeof(*h) || h->length > TABLE_MAX || !firmware_memory(phys, h->length)) {
		pr_warn("ACPI: table at 0x%llx has an impossible length %u, ignored\n", phys,
			h->length);
		return NULL;
	}
	if (sum_bytes(h, h->length)) {
		pr_warn("ACPI: %.4s at 0x%llx has a wrong checksum, ignored\n", h->signature, phys);
		return NULL;
	}
	pr_info("ACPI: %.4s 0x%016llx %06X (v%02u %.6s %.8s)\n", h->signature, phys, h->length,
		h->revision, h->oem_id, h->oem_table_id);
	return h;
}

/* ---- MADT ---- */

struct madt_lapic {
	u8 type, len, acpi_id, apic_id;
	u32 flags;
} __attribute__((packed));
struct madt_ioapic {
	u8 type, len, id, reserved;
	u32 address, gsi_base;
} __attribute__((packed));
struct madt_override {
	u8 type, len, bus, irq;
	u32 gsi;
	u16 flags;
} __attribute__((packed));
struct madt_lapic_addr {
	u8 type, len;
	u16 reserved;
	u64 address;
} __attribute__((packed));
struct madt_x2apic {
	u8 type, len;
	u16 reserved;
	u32 apic_id, flags, acpi_id;
} __attribute__((packed));

static void __init madt_entry(const u8 *e)
{
	switch (e[0]) {
	case 0: {
		const struct madt_lapic *l = (const void *)e;

		if (e[1] >= sizeof(*l) && (l->flags & 1) && l->apic_id != 0xff)
			apic_found_cpu(l->apic_id);
		break;
	}
	case 1: {
		const struct madt_ioapic *io = (const void *)e;

		if (e[1] >= sizeof(*io))
			ioapic_found(io->id, io->address, io->gsi_base);
		break;
	}
	case 2: {
		const struct madt_override *o = (const void *)e;

		if (e[1] >= sizeof(*o) && o->bus == 0)
			ioapic_isa_override(o->irq, o->gsi, o->flags);
		break;
	}
	case 5: {
		const struct madt_lapic_addr *a = (const void *)e;

		if (e[1] >= sizeof(*a))
			lapic_phys = a->address;
		break;
	}
	case 9: {
		const struct madt_x2apic *x = (const void *)e;

		if (e[1] >= sizeof(*x) && (x->flags & 1))
			apic_found_cpu(x->apic_id);
		break;
	}
	}
}

/* Call @fn for each {type, length} entry of a table from offset @from. */
static void __init for_each_entry(const struct acpi_header *h, u32 from, void (*fn)(const u8 *))
{
	const u8 *p = (const u8 *)h + from, *end = (const u8 *)h + h->length;

	while (p + 2 <= end && p[1] >= 2 && p + p[1] <= end) {
		fn(p);
		p += p[1];
	}
}

static void __init parse_madt(const struct acpi_header *h)
{
	if (h->length < 44)
		return;
	lapic_phys = *(const u32 *)((const u8 *)h + 36);
	for_each_entry(h, 44, madt_entry);
}

/* ---- SRAT, SLIT ---- */

struct srat_lapic {
	u8 type, len, domain_low, apic_id;
	u32 flags;
	u8 eid, domain_high[3];
	u32 clock;
} __attribute__((packed));
struct srat_memory {
	u8 type, len;
	u32 domain;
	u16 r1;
	u64 base, length;
	u32 r2, flags;
	u64 r3;
} __attribute__((packed));
struct srat_x2apic {
	u8 type, len;
	u16 r1;
	u32 domain, apic_id, flags, clock, r2;
} __attribute__((packed));

static void __init add_srat_cpu(u32 apicid, u32 domain)
{
	if (srat_cpu_nr < ARRAY_SIZE(srat_cpu))
		srat_cpu[srat_cpu_nr++] = (struct srat_cpu){ apicid, domain };
}

static void __init srat_entry(const u8 *e)
{
	if (e[0] == 0 && e[1] >= sizeof(struct srat_lapic)) {
		const struct srat_lapic *l = (const void *)e;

		if (l->flags & 1)
			add_srat_cpu(l->apic_id, l->domain_low | l->domain_high[0] << 8 |
							 l->domain_high[1] << 16 |
							 (u32)l->domain_high[2] << 24);
	} else if (e[0] == 1 && e[1] >= sizeof(struct srat_memory)) {
		const struct srat_memory *m = (const void *)e;

		if ((m->flags & 1) && m->length && m->base < 1ULL << 52 &&
		    m->length <= (1ULL << 52) - m->base && srat_mem_nr < MAX_SRAT_MEM)
			srat_mem[srat_mem_nr++] = (struct srat_mem){ m->base, m->length, m->domain,
								     !!(m->flags & 2) };
	} else if (e[0] == 2 && e[1] >= sizeof(struct srat_x2apic)) {
		const struct srat_x2apic *x = (const void *)e;

		if (x->flags & 1)
			add_srat_cpu(x->apic_id, x->domain);
	}
}

static void __init parse_slit(const struct acpi_header *h)
{
	const u8 *p = (const u8 *)h + 44;
	u64 n;

	if (h->length < 44)
		return;
	n = *(const u64 *)((const u8 *)h + 36);
	if (!n || n > MAX_SLIT || 44 + n * n > h->length) {
		pr_warn("ACPI: SLIT with %llu localities is not used\n", n);
		return;
	}
	slit_nr = n;
	memcpy(slit, p, n * n);
}

/* ---- FADT, DSDT ---- */

/*
 * \_S5_ in AML: NameOp (optionally a root prefix) "_S5_" PackageOp length count SLP_TYPa SLP_TYPb ...
 * where a value is a ByteConst (0x0a n), zero (0x00) or one (0x01).
 */
static bool __init find_s5(const u8 *p, u32 len, u8 *a, u8 *b)
{
	for (u32 i = 1; i + 12 < len; i++) {
		const u8 *q;
		u8 *out[2] = { a, b };

		if (memcmp(p + i, "_S5_\x12", 5) || (p[i - 1] != 8 && p[i - 1] != '\\'))
			continue;
		q = p + i + 5;
		q += (*q >> 6) + 2; /* length of the package, number of elements */
		for (int k = 0; k < 2 && q + 1 < p + len; k++) {
			if (*q == 0x0a)
				q++;
			*out[k] = *q++ & 7;
		}
		return true;
	}
	return false;
}

/*
 * A virtio-mmio device of microvm: "LNRO0005" and, further on, its resources:
 * Memory32Fixed (86 09 00, rw, base, length) and Extended Interrupt (89 06 00, flags, 1, number).
 */
static void __init find_virtio_mmio(const u8 *p, u32 len)
{
	for (u32 i = 0; i + 8 < len && acpi_virtio_mmio_nr < ARRAY_SIZE(acpi_virtio_mmio); i++) {
		struct acpi_virtio_mmio dev = { 0 };

		if (memcmp(p + i, "LNRO0005", 8))
			continue;
		for (u32 k = i + 8; k + 21 <= len && k < i + 160; k++) {
			if (memcmp(p + k, "\x86\x09\x00", 3) ||
			    memcmp(p + k + 12, "\x89\x06\x00", 3))
				continue;
			memcpy(&dev.irq, p + k + 17, 4);
			dev.base = *(const u32 *)(p + k + 4);
			dev.size = *(const u32 *)(p + k + 8);
			acpi_virtio_mmio[acpi_virtio_mmio_nr++] = dev;
			break;
		}
	}
}

static void __init parse_dsdt(u64 phys, bool hw_reduced)
{
	const struct acpi_header *h = get_table(phys);

	if (!h)
		return;
	if (!find_s5((const u8 *)h, h->length, &acpi_poweroff.slp_typa, &acpi_poweroff.slp_typb)) {
		/* QEMU's microvm writes 5 into the sleep control register. */
		acpi_poweroff.slp_typa = acpi_poweroff.slp_typb = 5;
		acpi_poweroff.pm1a = 0;
	}
	find_virtio_mmio((const u8 *)h, h->length);
}

static void __init parse_fadt(const struct acpi_header *h)
{
	struct acpi_fadt f;
	u64 dsdt;

	memset(&f, 0, sizeof(f));
	memcpy(&f, h, min_t(u32, h->length, sizeof(f)));
	if (!(f.flags & FADT_HW_REDUCED)) {
		if (f.pm_tmr_len == 4) {
			acpi_pm_timer = f.pm_tmr;
			acpi_pm_timer_is_port = true;
			if (f.x_pm_tmr.address && f.x_pm_tmr.space <= 1) {
				acpi_pm_timer = f.x_pm_tmr.address;
				acpi_pm_timer_is_port = f.x_pm_tmr.space == 1;
			}
			acpi_pm_timer_32bit = f.flags & FADT_TMR_VAL_EXT;
		}
		acpi_poweroff.pm1a = f.pm1a_cnt;
		acpi_poweroff.pm1b = f.pm1b_cnt;
	} else if (f.sleep_control.address && f.sleep_control.space <= 1) {
		acpi_poweroff.sleep_control = f.sleep_control.address;
		acpi_poweroff.sleep_control_is_port = f.sleep_control.space == 1;
	}
	if ((f.flags & FADT_RESET_REG) && f.reset_reg.space <= 1 && f.reset_reg.address)
		acpi_reset = (struct acpi_reset){ f.reset_reg.address, f.reset_value, true,
						  f.reset_reg.space == 1 };
	dsdt = f.x_dsdt ? f.x_dsdt : f.dsdt;
	if (dsdt)
		parse_dsdt(dsdt, f.flags & FADT_HW_REDUCED);
}

static void __init parse_hpet(const struct acpi_header *h)
{
	const struct acpi_gas *gas = (const void *)((const u8 *)h + 40);

	if (h->length >= 56 && gas->space == 0)
		acpi_hpet_base = gas->address;
}

static void __init parse_mcfg(const struct acpi_header *h)
{
	struct {
		u64 base;
		u16 segment;
		u8 first, last;
		u32 reserved;
	} __attribute__((packed)) e;

	for (u32 at = 44; at + sizeof(e) <= h->length && acpi_mcfg_nr < ARRAY_SIZE(acpi_mcfg);
	     at += sizeof(e)) {
		memcpy(&e, (const u8 *)h + at, sizeof(e));
		if (e.first <= e.last)
			acpi_mcfg[acpi_mcfg_nr++] =
				(struct acpi_mcfg_window){ e.base, e.segment, e.first, e.last };
	}
}

/* ---- the root ---- */

static void __init parse_table(const struct acpi_header *h)
{
	if (!memcmp(h->signature, "APIC", 4))
		parse_madt(h);
	else if (!memcmp(h->signature, "FACP", 4))
		parse_fadt(h);
	else if (!memcmp(h->signature, "HPET", 4))
		parse_hpet(h);
	else if (!memcmp(h->signature, "SRAT", 4))
		for_each_entry(h, 48, srat_entry);
	else if (!memcmp(h->signature, "SLIT", 4))
		parse_slit(h);
	else if (!memcmp(h->signature, "MCFG", 4))
		parse_mcfg(h);
}

struct acpi_rsdp {
	char signature[8];
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt, length;
	u64 xsdt;
	u8 ext_checksum, reserved[3];
} __attribute__((packed));

static bool __init rsdp_ok(const struct acpi_rsdp *r)
{
	return r && !memcmp(r->signature, "RSD PTR ", 8) && !sum_bytes(r, 20);
}

static const struct acpi_rsdp *__init scan_rsdp(u64 from, u64 to)
{
	for (u64 at = from; at + sizeof(struct acpi_rsdp) <= to; at += 16)
		if (rsdp_ok(__va(at)))
			return __va(at);
	return NULL;
}

static const struct acpi_rsdp *__init find_rsdp(void)
{
	const struct acpi_rsdp *r = NULL;
	u64 ebda = (u64)(*(const u16 *)__va(0x40e)) << 4;

	if (rsdp_from_loader)
		r = firmware_memory(rsdp_from_loader, sizeof(*r));
	if (rsdp_ok(r))
		return r;
	r = NULL;
	if (ebda >= 0x80000 && ebda < 0xa0000)
		r = scan_rsdp(ebda, min(ebda + 1024, 0xa0000ULL));
	return r ? r : scan_rsdp(0xe0000, 0x100000);
}

void __init acpi_boot_init(void)
{
	const struct acpi_rsdp *r = acpi_disabled ? NULL : find_rsdp();
	const struct acpi_header *root = NULL;
	bool wide = false;

	if (!r) {
		if (!acpi_disabled)
			pr_info("ACPI: no tables\n");
		acpi_disabled = true;
		return;
	}
	pr_info("ACPI: RSDP 0x%016llx (v%02u %.6s)\n", (u64)__pa(r), r->revision, r->oem_id);
	if (r->revision >= 2 && r->xsdt) {
		root = get_table(r->xsdt);
		wide = root && !memcmp(root->signature, "XSDT", 4);
	}
	if (!wide)
		root = get_table(r->rsdt);
	if (!root || (!wide && memcmp(root->signature, "RSDT", 4))) {
		pr_warn("ACPI: no valid root table, going on without ACPI\n");
		acpi_disabled = true;
		return;
	}
	for (u32 at = sizeof(*root), step = wide ? 8 : 4; at + step <= root->length; at += step) {
		const u8 *entry = (const u8 *)root + at;
		const struct acpi_header *h =
			get_table(wide ? *(const u64 *)entry : *(const u32 *)entry);

		if (h)
			parse_table(h);
	}
}
