/* SPDX-License-Identifier: MIT */
/*
 * 16550A serial ports COM1 to COM4 as ttyS0 to ttyS3 (PC16550D data sheet).
 *
 * Output is polled: the emulated FIFO is empty at once, and on real hardware 16 bytes take a
 * millisecond at 115200 baud. Input comes by interrupt.
 */
#include <base/types.h>
#include <drivers/tty.h>
#include <fs/char_dev.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <seam/io.h>
#include <seam/processor.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>

#include <linux/major.h>
#include <linux/serial_reg.h>

#define NR_PORTS     4
#define SERIAL_MINOR 64
#define FIFO_BYTES   16
#define SPIN_MAX     100000

static struct serial_port {
	u16 base;
	u8 irq;
	const char *name;
	struct tty_struct *tty;
	spinlock_t lock; /* the registers */
} ports[NR_PORTS] = {
	{ 0x3f8, 4, "ttyS0", NULL, {} },
	{ 0x2f8, 3, "ttyS1", NULL, {} },
	{ 0x3e8, 4, "ttyS2", NULL, {} },
	{ 0x2e8, 3, "ttyS3", NULL, {} },
};

static irqreturn_t serial_interrupt(int irq, void *data)
{
	struct serial_port *port = data;
	u8 buf[64];
	size_t n = 0;

	if (inb(port->base + UART_IIR) & UART_IIR_NO_INT)
		return IRQ_NONE;
	spin_lock(&port->lock);
	while (n < sizeof(buf) && inb(port->base + UART_LSR) & UART_LSR_DR)
		buf[n++] = inb(port->base + UART_RX);
	spin_unlock(&port->lock);
	if (n) {
		tty_insert_flip_string(port->tty, buf, n);
		tty_flip_buffer_push(port->tty);
	}
	return IRQ_HANDLED;
}

static int serial_write(struct tty_struct *tty, const u8 *buf, int count)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;
	int i, spins;

	spin_lock_irqsave(&port->lock, flags);
	for (i = 0; i < count; i++) {
		for (spins = 0; !(inb(port->base + UART_LSR) & UART_LSR_THRE) && spins < SPIN_MAX;
		     spins++)
			cpu_relax();
		outb(buf[i], port->base + UART_TX);
	}
	spin_unlock_irqrestore(&port->lock, flags);
	return count;
}

static unsigned int serial_write_room(struct tty_struct *tty)
{
	return FIFO_BYTES;
}

static int serial_open(struct tty_struct *tty)
{
	struct serial_port *port = tty->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&port->lock, flags);
	outb(UART_FCR_ENABLE_FIFO | UART_FCR_TRIGGER_8, port->base + UART_FCR);
	outb(UART_MCR_DTR | UART_MCR_RTS | UART_MCR_OUT2, port->base + UART_MCR);
	outb(UART_IER_RDI, port->base + UART_IER);
	spin_unlock_irqrestore(&port->lock, flags);
	return 0;
}

static void serial_close(struct tty_struct *tty)
{
	struct serial_port *port = tty->driver_data;

	outb(0, port->base + UART_IER);
}

static const struct tty_operations serial_ops = {
	.open = serial_open,
	.close = serial_close,
	.write = serial_write,
	.write_room = serial_write_room,
};

/* A UART keeps what is written to its scratch register. */
static bool __init serial_present(struct serial_port *port)
{
	outb(0x5a, port->base + UART_SCR);
	if (inb(port->base + UART_SCR) != 0x5a)
		return false;
	outb(0xa5, port->base + UART_SCR);
	return inb(port->base + UART_SCR) == 0xa5;
}

static void __init serial_add(struct serial_port *port, unsigned int index)
{
	int err;

	port->tty = kzalloc(sizeof(*port->tty), GFP_KERNEL);
	if (!port->tty) {
		pr_warn("%s: no memory\n", port->name);
		return;
	}
	tty_init(port->tty, port->name, MKDEV(TTY_MAJOR, SERIAL_MINOR + index), &serial_ops);
	port->tty->driver_data = port;
	port->tty->termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
	port->tty->termios.c_ispeed = port->tty->termios.c_ospeed = 115200;
	err = request_irq(port->irq, serial_interrupt, IRQF_SHARED, port->name, port);
	if (!err)
		err = tty_register(port->tty);
	if (err)
		pr_warn("%s: error %d\n", port->name, err);
}

static int __init serial_init(void)
{
	unsigned int i;

	for (i = 0; i < NR_PORTS; i++) {
		spin_lock_init(&ports[i].lock, LOCK_SERIAL);
		if (serial_present(&ports[i]))
			serial_add(&ports[i], i);
	}
	return 0;
}
device_initcall(serial_init);
