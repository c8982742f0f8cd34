// SPDX-License-Identifier: MIT
/*
 * The 8254 of 1981: channel 0 counts down at 1.193182 MHz and can be latched and read. It is the last resort for
 * measuring the TSC. Channel 2 with its gate in port 0x61, which others use, is missing on QEMU's microvm.
 */
#include <base/types.h>
#include <kernel/init.h>
#include <seam/io.h>
#include "clock_internal.h"

#define PIT_CH0	 0x40
#define PIT_MODE 0x43

static u64 pit_read(void)
{
	u8 low;

	outb(0x00, PIT_MODE); /* latch channel 0 */
	low = inb(PIT_CH0);
	return low | inb(PIT_CH0) << 8;
}

bool __init pit_init(struct reference *ref)
{
	u64 first;

	outb(0x34, PIT_MODE); /* channel 0, low then high byte, mode 2, binary */
	outb(0, PIT_CH0);
	outb(0, PIT_CH0); /* 65536 ticks around */
	first = pit_read();
	if (first == 0xffff && pit_read() == 0xffff && inb(PIT_CH0) == 0xff)
		return false;
	*ref = (struct reference){ "PIT", pit_read, 1193182, CLOCKSOURCE_MASK(16), true };
	for (int i = 0; i < 1000; i++)
		if (pit_read() != first)
			return true;
	return false;
}
