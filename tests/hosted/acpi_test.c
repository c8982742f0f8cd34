// SPDX-License-Identifier: MIT
/*
 * The parser of firmware tables, in a process: sound tables are understood, hostile ones do no harm.
 *
 * The file under test is included. Its physical memory is a 2 MiB block, so that the address sanitizer sees each byte
 * read outside. Tables are damaged at random, mostly with their checksums repaired, so that the damage is reached.
 * Usage: acpi_test [rounds [seed]]
 */
#include <seam/page.h>
#include <kernel/printk.h>

/* libc's headers and the kernel's types do not go together; this is all that is needed of it. */
void *malloc(unsigned long n);
int printf(const char *fmt, ...);
int rand(void);
void srand(unsigned int seed);
unsigned long strtoul(const char *s, char **end, int base);
void abort(void);
#define assert(x)                                                                                  \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			printf("acpi_test: line %d: %s\n", __LINE__, #x);                          \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define RAM_SIZE (2UL << 20)
static unsigned char *ram;
#undef __va
#undef __pa
#define __va(x) ((void *)(ram + (unsigned long)(x)))
#define __pa(x) ((unsigned long)((unsigned char *)(x)-ram))

#include "../../arch/x86_64/acpi.c"

/* ---- what the parser reports to ---- */

u64 rsdp_from_loader, lapic_phys;
unsigned int apic_cpus_found;
static unsigned int ioapics, overrides;

void apic_found_cpu(u32 apicid)
{
	apic_cpus_found++;
}
void ioapic_found(u32 id, u32 address, u32 gsi_base)
{
	ioapics++;
}
void ioapic_isa_override(u32 irq, u32 gsi, u16 flags)
{
	overrides++;
}
u32 e820_type_at(u64 addr)
{
	return addr >= 0x100000 && addr < RAM_SIZE ? E820_ACPI : 0;
}

/* ---- tables ---- */

#define RSDP   0xe0000
#define TABLES 0x100000
static u32 next_table;

static void fix_checksum(u32 at)
{
	u32 len;
	u8 sum = 0;

	memcpy(&len, ram + at + 4, 4);
	if (len < 36 || at + (u64)len > RAM_SIZE)
		return;
	ram[at + 9] = 0;
	for (u32 i = 0; i < len; i++)
		sum += ram[at + i];
	ram[at + 9] = -sum;
}

static u32 put_table(const char *sig, const void *body, u32 len)
{
	u32 at = next_table, total = len + 36;

	memset(ram + at, 0, 36);
	memcpy(ram + at, sig, 4);
	memcpy(ram + at + 4, &total, 4);
	memcpy(ram + at + 36, body, len);
	fix_checksum(at);
	next_table += (total + 63) & ~63u;
	return at;
}

static u32 table_at[8];
static unsigned int nr_tables;

static void build(void)
{
	static const u8 dsdt[] =
		"\x08_S5_\x12\x06\x04\x0a\x05\x0a\x05\x00LNRO0005\x86\x09\x00\x01\x00\x0e\xb0\xfe\x00\x02\x00\x00"
		"\x89\x06\x00\x09\x01\x2f\x00\x00\x00\x79\x00";
	u8 madt[8 + 8 + 8 + 12 + 10] = { 0, 0, 0xe0, 0xfe };
	u8 srat[12 + 16 + 40] = { 0 },
			  slit_body[8 + 4] = { 2, 0, 0, 0, 0, 0, 0, 0, 10, 21, 21, 10 };
	u8 fadt[244 - 36] = { 0 }, mcfg[8 + 16] = { 0 }, hpet[20] = { 0 }, rsdt[7 * 4];
	u32 dsdt_at, *r = (u32 *)rsdt;

	memset(ram, 0, RAM_SIZE);
	next_table = TABLES;
	nr_tables = 0;
	memcpy(madt + 8,
	       "\0\x08\0\0\1\0\0\0"
	       "\0\x08\1\1\1\0\0\0"
	       "\1\x0c\0\0\0\0\xc0\xfe\0\0\0\0"
	       "\2\x0a\0\0\2\0\0\0\0\0",
	       38);
	srat[12] = 0, srat[13] = 16, srat[16] = 1;
	srat[28] = 1, srat[29] = 40, srat[28 + 17] = 8, srat[28 + 28] = 1;
	hpet[7] = 0xfe, hpet[6] = 0xd0;
	mcfg[8 + 3] = 0xb0, mcfg[8 + 11] = 255;
	table_at[nr_tables++] = dsdt_at = put_table("DSDT", dsdt, sizeof(dsdt) - 1);
	memcpy(fadt + 4, &dsdt_at, 4);
	*(u16 *)(fadt + 64 - 36) = 0x604;
	*(u16 *)(fadt + 76 - 36) = 0x608;
	fadt[91 - 36] = 4;
	table_at[nr_tables++] = r[0] = put_table("FACP", fadt, sizeof(fadt));
	table_at[nr_tables++] = r[1] = put_table("APIC", madt, sizeof(madt));
	table_at[nr_tables++] = r[2] = put_table("SRAT", srat, sizeof(srat));
	table_at[nr_tables++] = r[3] = put_table("SLIT", slit_body, sizeof(slit_body));
	table_at[nr_tables++] = r[4] = put_table("MCFG", mcfg, sizeof(mcfg));
	table_at[nr_tables++] = r[5] = put_table("HPET", hpet, sizeof(hpet));
	r[6] = 0x7fffff00; /* points nowhere */
	table_at[nr_tables++] = put_table("RSDT", rsdt, sizeof(rsdt));
	memcpy(ram + RSDP, "RSD PTR ", 8);
	memcpy(ram + RSDP + 16, &table_at[nr_tables - 1], 4);
	for (int i = 0, sum = 0; i < 20; i++)
		ram[RSDP + 8] = -(sum += i == 8 ? 0 : ram[RSDP + i]);
}

static void reset(void)
{
	acpi_disabled = false;
	apic_cpus_found = ioapics = overrides = srat_mem_nr = srat_cpu_nr = slit_nr = 0;
	acpi_mcfg_nr = acpi_virtio_mmio_nr = 0;
	acpi_hpet_base = acpi_pm_timer = 0;
	memset(&acpi_poweroff, 0, sizeof(acpi_poweroff));
}

static void check_sound(void)
{
	build();
	reset();
	acpi_boot_init();
	assert(!acpi_disabled);
	assert(apic_cpus_found == 2 && ioapics == 1 && overrides == 1);
	assert(lapic_phys == 0xfee00000);
	assert(acpi_poweroff.pm1a == 0x604 && acpi_poweroff.slp_typa == 5);
	assert(acpi_pm_timer == 0x608 && acpi_pm_timer_is_port);
	assert(srat_cpu_nr == 1 && srat_mem_nr == 1 && slit_nr == 2 && slit[1] == 21);
	assert(acpi_mcfg_nr == 1 && acpi_mcfg[0].base == 0xb0000000);
	assert(acpi_virtio_mmio_nr == 1 && acpi_virtio_mmio[0].base == 0xfeb00e00 &&
	       acpi_virtio_mmio[0].irq == 47);
}

static void check_limits(void)
{
	assert(acpi_mcfg_nr <= ARRAY_SIZE(acpi_mcfg) && srat_mem_nr <= MAX_SRAT_MEM);
	assert(srat_cpu_nr <= ARRAY_SIZE(srat_cpu) && slit_nr <= MAX_SLIT);
	assert(acpi_virtio_mmio_nr <= ARRAY_SIZE(acpi_virtio_mmio));
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	unsigned int seed = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;

	/* Exactly so large: a read outside is the sanitizer's. */
	ram = malloc(RAM_SIZE);
	check_sound();
	srand(seed);
	for (unsigned long i = 0; i < rounds; i++) {
		int hits = 1 + rand() % 4;

		build();
		reset();
		while (hits--) {
			u32 at = table_at[rand() % nr_tables];

			ram[at + rand() % (rand() % 2 ? 48 : 260)] =
				rand() % 3 ? rand() : -(rand() & 1);
			if (rand() % 8)
				fix_checksum(at);
		}
		acpi_boot_init();
		check_limits();
	}
	printf("acpi_test: sound tables understood, %lu damaged ones survived (seed %u)\n", rounds,
	       seed);
	return 0;
}
