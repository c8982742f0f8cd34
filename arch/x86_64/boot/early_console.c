// SPDX-License-Identifier: MIT
/*
 * Messages and exceptions before anything else works.
 *
 * The first serial port (a 16550 at 0x3f8 on every machine that matters) is polled. It is tried by writing its
 * scratch register, so that a machine without one does not wait for a transmitter that is never ready.
 */
#include <base/types.h>
#include <kernel/printk.h>
#include <seam/io.h>
#include <seam/processor.h>
#include <seam/setup.h>
#include "early.h"

#define COM1 0x3f8

enum {
	UART_TX = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_SCR = 7
};

static int port_state; /* 0 not tried, 1 works, -1 none */

/* The port, or 0 when none answers. */
static u16 early_console_port(void)
{
	if (!port_state) {
		outb(0x5a, COM1 + UART_SCR);
		port_state = inb(COM1 + UART_SCR) == 0x5a ? 1 : -1;
		if (port_state > 0) {
			outb(0, COM1 + UART_IER);
			outb(0x80, COM1 + UART_LCR);
			outb(1, COM1 + UART_TX); /* 115200 baud */
			outb(0, COM1 + UART_IER);
			outb(3, COM1 + UART_LCR); /* 8N1 */
			outb(7, COM1 + UART_FCR);
			outb(3, COM1 + UART_MCR);
		}
	}
	return port_state > 0 ? COM1 : 0;
}

static void early_putc(char c)
{
	unsigned int patience = 100000;

	while (!(inb(COM1 + UART_LSR) & 0x20) && --patience)
		cpu_relax();
	outb(c, COM1 + UART_TX);
}

void early_console_write(const char *s, unsigned int n)
{
	if (!early_console_port())
		return;
	while (n--) {
		if (*s == '\n')
			early_putc('\r');
		early_putc(*s++);
	}
}

static void early_con_write(struct console *con, const char *text, size_t bytes)
{
	early_console_write(text, bytes);
}

struct console early_con = { .name = "earlyser", .write = early_con_write };

void __init early_puts(const char *s)
{
	unsigned int n = 0;

	while (s[n])
		n++;
	early_console_write(s, n);
}

static void __init early_puthex(const char *name, u64 value)
{
	char buf[19];

	for (int i = 0; i < 16; i++)
		buf[i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
	buf[16] = 0;
	early_puts(name);
	early_puts(buf);
}

struct early_frame {
	u64 vector, error, rip, cs, flags, rsp, ss;
};

/* An exception while booting: nothing can be repaired, so say where it was. */
void __init early_trap(struct early_frame *f, u64 cr2)
{
	u64 *rbp = __builtin_frame_address(0);

	early_puthex("\nQuire: early exception ", f->vector);
	early_puthex(" error ", f->error);
	early_puthex("\n  rip ", f->rip);
	early_puthex(" rsp ", f->rsp);
	early_puthex(" cr2 ", cr2);
	early_puts("\n  called from");
	rbp = (u64 *)rbp[0];
	for (int i = 0; i < 12 && (u64)rbp >= __START_KERNEL_map; i++, rbp = (u64 *)rbp[0])
		early_puthex(" ", rbp[1]);
	early_puts("\n");
	machine_panic_stop();
}

struct early_gate {
	u16 offset_low, segment;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

static struct early_gate early_idt[32] __initdata __aligned(16);

void __init early_idt_setup(void)
{
	struct desc_ptr ptr = { sizeof(early_idt) - 1, (u64)early_idt };

	for (int i = 0; i < 32; i++) {
		u64 addr = (u64)early_trap_stubs + 16 * i;

		early_idt[i] = (struct early_gate){
			.offset_low = addr,
			.offset_mid = addr >> 16,
			.offset_high = addr >> 32,
			.segment = __KERNEL_CS,
			.type = 0x8e,
		};
	}
	__asm__ volatile("lidt %0" : : "m"(ptr));
}
