// SPDX-License-Identifier: MIT
/*
 * Fuzz target of the parser of firmware tables: the input is one table behind a sound RSDP and RSDT, its length and
 * checksum made right unless its first byte says otherwise. Physical memory is one block, so that each byte read outside
 * is the sanitizer's.
 */
#define main acpi_test_main
#include "../hosted/acpi_test.c"
#undef main

int printk(const char *fmt, ...)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static const char names[][5] = { "APIC", "SRAT", "SLIT", "MCFG", "HPET", "FACP", "SSDT" };
	u32 at, entry;

	if (size < 36)
		return 0;
	if (!ram)
		ram = malloc(RAM_SIZE);
	build();
	reset();
	at = next_table;
	memcpy(ram + at, data, size);
	if (!(data[0] & 0x80)) {
		u32 len = size;

		memcpy(ram + at,
		       data[0] & 0x40 ? (const char *)data : names[data[0] % ARRAY_SIZE(names)], 4);
		memcpy(ram + at + 4, &len, 4);
		fix_checksum(at);
	}
	/* The RSDT's first entry is the new table. */
	entry = table_at[nr_tables - 1] + 36 + 4 * (data[1] % 6);
	memcpy(ram + entry, &at, 4);
	fix_checksum(table_at[nr_tables - 1]);
	acpi_boot_init();
	check_limits();
	return 0;
}
