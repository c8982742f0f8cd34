// SPDX-License-Identifier: MIT
/* The battery clock (MC146818): read once, at boot. */
#include <base/types.h>
#include <base/string.h>
#include <kernel/timekeeping.h>
#include <seam/io.h>

enum {
	RTC_SEC = 0,
	RTC_MIN = 2,
	RTC_HOUR = 4,
	RTC_DAY = 7,
	RTC_MONTH = 8,
	RTC_YEAR = 9,
	RTC_A = 10,
	RTC_B = 11,
	RTC_CENTURY = 0x32
};
#define RTC_UPDATING 0x80
#define RTC_BINARY   0x04
#define RTC_24H	     0x02

static const u8 fields[7] = {
	RTC_SEC, RTC_MIN, RTC_HOUR, RTC_DAY, RTC_MONTH, RTC_YEAR, RTC_CENTURY
};

static u8 cmos(u8 reg)
{
	outb(reg, 0x70);
	return inb(0x71);
}

/* All fields, from between two updates. False when no clock answers. */
static bool read_fields(u8 v[7])
{
	u8 again[7];

	for (int tries = 0; tries < 5; tries++) {
		unsigned int patience = 100000;

		while (cmos(RTC_A) & RTC_UPDATING)
			if (!--patience)
				return false;
		for (int i = 0; i < 7; i++)
			v[i] = cmos(fields[i]);
		for (int i = 0; i < 7; i++)
			again[i] = cmos(fields[i]);
		if (!memcmp(v, again, 7) && !(cmos(RTC_A) & RTC_UPDATING))
			return true;
	}
	return false;
}

static unsigned int from_bcd(u8 v)
{
	return (v >> 4) * 10 + (v & 15);
}

time64_t read_persistent_clock(void)
{
	unsigned int d[7], year;
	u8 v[7], b;
	bool pm;

	if (cmos(RTC_A) == 0xff || !read_fields(v))
		return 0;
	b = cmos(RTC_B);
	pm = v[2] & 0x80;
	v[2] &= 0x7f;
	for (int i = 0; i < 7; i++)
		d[i] = b & RTC_BINARY ? v[i] : from_bcd(v[i]);
	if (!(b & RTC_24H))
		d[2] = d[2] % 12 + (pm ? 12 : 0);
	year = d[5] + (d[6] >= 19 && d[6] <= 30 ? d[6] * 100 : d[5] < 70 ? 2000 : 1900);
	if (d[0] > 59 || d[1] > 59 || d[2] > 23 || d[3] < 1 || d[3] > 31 || d[4] < 1 || d[4] > 12)
		return 0;
	return mktime64(year, d[4], d[3], d[2], d[1], d[0]);
}
