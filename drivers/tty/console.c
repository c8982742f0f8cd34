/* SPDX-License-Identifier: MIT */
/*
 * /dev/console: console=ttyS0[,options] or console=hvc0; the last one counts, as on Linux, also
 * when its device does not exist (then opening /dev/console fails with ENODEV). The kernel's own
 * messages always go to the serial port.
 */
#include <base/printf.h>
#include <base/string.h>
#include <drivers/console.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <kernel/init.h>
#include <kernel/param.h>

#include <linux/major.h>

#define SERIAL_MINOR 64
#define HVC_MAJOR    229

static dev_t console_dev = MKDEV(TTY_MAJOR, SERIAL_MINOR);

dev_t console_tty_dev(void)
{
	return console_dev;
}

static int __init console_setup(char *arg)
{
	unsigned long index;
	char *end;

	if (!strncmp(arg, "ttyS", 4)) {
		index = simple_strtoul(arg + 4, &end, 10);
		console_dev = MKDEV(TTY_MAJOR, SERIAL_MINOR + index);
	} else if (!strncmp(arg, "hvc", 3)) {
		index = simple_strtoul(arg + 3, &end, 10);
		console_dev = MKDEV(HVC_MAJOR, index);
	} else {
		return 0;
	}
	return 1;
}
__setup("console=", console_setup);
