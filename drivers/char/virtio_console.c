/* SPDX-License-Identifier: MIT */
/*
 * Virtio console (Virtio 1.2, 5.3): ports that are byte streams to the host.
 *
 * A console port becomes a terminal hvcN; any other port becomes /dev/vportNpM, whose name, given
 * by the host, is in /sys/class/virtio-ports/vportNpM/name. Queue numbers: port 0 has 0 (in) and
 * 1 (out), control messages 2 and 3, port p > 0 has 2p+2 and 2p+3.
 *
 * Input: a port that somebody reads, from its first opening on, keeps its queue filled with
 * page-sized buffers; until then the host keeps what it has. A filled one is read by the user (or
 * fed to the terminal) and given back. Output: pieces are copied into buffers that are
 * freed when the host has taken them; a writer sleeps while the queue is full.
 *
 * End of file: the host closes its side (PORT_OPEN 0). What came before is read first, then reads
 * return 0; writes fail with EPIPE once nobody listens.
 *
 * Control messages arrive in interrupt context and are handled by a work item, since adding a
 * port allocates.
 */
#include <base/err.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/tty.h>
#include <drivers/virtio.h>
#include <drivers/virtio_console.h>
#include <fs/char_dev.h>
#include <fs/devtmpfs.h>
#include <fs/file.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <kernel/clockchips.h>
#include <kernel/cpu.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/slab.h>
#include <seam/page.h>
#include <seam/uaccess.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>
#include <sync/wait.h>
#include <sync/workqueue.h>

#include <linux/major.h>
#include <linux/virtio_console.h>
#include <linux/virtio_ids.h>

#define NR_IN_BUFS 8
#define QUEUE_ENTRIES                                                                              \
	32 /* buffers that wait in a queue: a page or less each, so many need no more */
#define IN_BYTES	PAGE_SIZE
#define OUT_BYTES_MAX	(32 * 1024)
#define HVC_OUT_BYTES	256
#define NR_CONTROL_BUFS 16
#define HVC_MAJOR	229 /* Documentation/admin-guide/devices.txt of Linux */
#define VPORT_MAJOR	249 /* of the range for local use */
#define VPORT_MINORS	64

/* A buffer of input: filled by the host up to @bytes, read up to @offset. */
struct port_buf {
	struct list_head node;
	u32 bytes, offset;
	u8 data[];
};

struct vport {
	struct virtio_console *console;
	u32 id;
	struct virtqueue *in, *out;
	spinlock_t in_lock;	  /* the in queue, filled */
	spinlock_t out_lock;	  /* the out queue, out_pending */
	struct list_head filled;  /* struct port_buf, oldest first */
	unsigned int out_pending; /* requests that the host has not taken */
	bool host_connected;
	bool announced; /* it has its node or terminal */
	bool opened;	/* tty_mutex-free: in_lock; one opener at a time */
	bool in_filled; /* it has its buffers; changed by the opener alone */
	struct mutex read_lock;
	wait_queue_head_t wait;
	char *name;
	char node_name[20];
	struct tty_struct *tty; /* of a console port */
};

struct virtio_console {
	struct virtio_device *vdev;
	unsigned int index;
	u32 nr_ports;
	bool multiport;
	struct vport **ports;
	struct virtqueue *control_in, *control_out;
	spinlock_t control_lock; /* both control queues */
	struct work_struct control_work;
	struct virtio_console *next;
};

/* A control message with the name that may follow it. */
struct control_msg {
	struct virtio_console_control head;
	char tail[120];
};

static struct virtio_console *consoles;
static unsigned int nr_consoles, nr_hvcs;

/* ---- input ---- */

static struct vport *port_of_vq(struct virtqueue *vq)
{
	return vq->priv;
}

/* Give a buffer to the host. => in_lock held */
static void add_inbuf(struct vport *port, struct port_buf *buf)
{
	struct virtio_buf vb = { buf->data, IN_BYTES - sizeof(*buf) };

	if (virtqueue_add(port->in, &vb, 0, 1, buf))
		kfree(buf);
}

static int fill_in_queue(struct vport *port)
{
	struct port_buf *buf;
	unsigned long flags;
	unsigned int i;

	if (port->in_filled)
		return 0;
	for (i = 0; i < NR_IN_BUFS; i++) {
		buf = kmalloc(IN_BYTES, GFP_KERNEL);
		if (!buf && !i)
			return -ENOMEM;
		if (!buf)
			break;
		spin_lock_irqsave(&port->in_lock, flags);
		add_inbuf(port, buf);
		spin_unlock_irqrestore(&port->in_lock, flags);
	}
	virtqueue_kick(port->in);
	port->in_filled = true;
	return 0;
}

static void feed_tty(struct vport *port, struct port_buf *buf)
{
	tty_insert_flip_string(port->tty, buf->data, buf->bytes);
	tty_flip_buffer_push(port->tty);
}

static void port_in_ready(struct virtqueue *vq)
{
	struct vport *port = port_of_vq(vq);
	struct port_buf *buf;
	unsigned long flags;
	u32 bytes;

	spin_lock_irqsave(&port->in_lock, flags);
	while ((buf = virtqueue_get_buf(vq, &bytes))) {
		buf->bytes = min_t(u32, bytes, IN_BYTES - sizeof(*buf));
		buf->offset = 0;
		if (port->tty)
			feed_tty(port, buf);
		if (port->tty || !buf->bytes) {
			add_inbuf(port, buf);
			virtqueue_kick(vq);
		} else {
			list_add_tail(&buf->node, &port->filled);
		}
	}
	spin_unlock_irqrestore(&port->in_lock, flags);
	wake_up_interruptible_poll(&port->wait, EPOLLIN | EPOLLRDNORM);
}

static struct port_buf *first_filled(struct vport *port)
{
	struct port_buf *buf;
	unsigned long flags;

	spin_lock_irqsave(&port->in_lock, flags);
	buf = list_first_entry_or_null(&port->filled, struct port_buf, node);
	spin_unlock_irqrestore(&port->in_lock, flags);
	return buf;
}

static bool port_readable(struct vport *port)
{
	return first_filled(port) || !READ_ONCE(port->host_connected);
}

/* => read_lock held, so @buf stays the first */
static ssize_t copy_out(struct vport *port, struct port_buf *buf, char __user *to, size_t count)
{
	size_t n = min_t(size_t, count, buf->bytes - buf->offset);
	unsigned long flags;

	if (copy_to_user(to, buf->data + buf->offset, n))
		return -EFAULT;
	buf->offset += n;
	if (buf->offset == buf->bytes) {
		spin_lock_irqsave(&port->in_lock, flags);
		list_del(&buf->node);
		add_inbuf(port, buf);
		virtqueue_kick(port->in);
		spin_unlock_irqrestore(&port->in_lock, flags);
	}
	return n;
}

static ssize_t vport_read(struct file *file, char __user *to, size_t count, loff_t *pos)
{
	struct vport *port = file->private_data;
	struct port_buf *buf;
	ssize_t done = 0, n;

	if (!count)
		return 0;
	if (!port_readable(port)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		n = wait_event_interruptible(port->wait, port_readable(port));
		if (n)
			return n;
	}
	if (mutex_lock_interruptible(&port->read_lock))
		return -ERESTARTSYS;
	while ((size_t)done < count && (buf = first_filled(port))) {
		n = copy_out(port, buf, to + done, count - done);
		if (n < 0) {
			if (!done)
				done = n;
			break;
		}
		done += n;
	}
	mutex_unlock(&port->read_lock);
	return done;
}

/* ---- output ---- */

/* Free what the host has taken. => out_lock held */
static void reclaim_out(struct vport *port)
{
	void *buf;
	u32 bytes;

	while ((buf = virtqueue_get_buf(port->out, &bytes))) {
		kfree(buf);
		port->out_pending--;
	}
}

static void port_out_done(struct virtqueue *vq)
{
	struct vport *port = port_of_vq(vq);
	unsigned long flags;

	spin_lock_irqsave(&port->out_lock, flags);
	reclaim_out(port);
	spin_unlock_irqrestore(&port->out_lock, flags);
	wake_up_interruptible_poll(&port->wait, EPOLLOUT | EPOLLWRNORM);
	if (port->tty)
		tty_wakeup(port->tty);
}

/* Queue @bytes of @buf, which is the host's from now on. -ENOSPC: the queue is full. */
static int send_out(struct vport *port, void *buf, u32 bytes)
{
	struct virtio_buf vb = { buf, bytes };
	unsigned long flags;
	int err;

	spin_lock_irqsave(&port->out_lock, flags);
	reclaim_out(port);
	err = virtqueue_add(port->out, &vb, 1, 0, buf);
	if (!err) {
		port->out_pending++;
		virtqueue_kick(port->out);
	}
	spin_unlock_irqrestore(&port->out_lock, flags);
	return err;
}

/* Before power-off: the host takes what is queued on its own thread, so give it the time (3 s at most). */
static void drain_ports(void)
{
	unsigned int patience = 3000;

	for (struct virtio_console *console = consoles; console; console = console->next)
		for (u32 i = 0; i < console->nr_ports; i++) {
			struct vport *port = console->ports[i];
			unsigned int pending = port && READ_ONCE(port->host_connected);

			while (pending && patience) {
				unsigned long flags;

				spin_lock_irqsave(&port->out_lock, flags);
				reclaim_out(port);
				pending = port->out_pending;
				spin_unlock_irqrestore(&port->out_lock, flags);
				if (pending) {
					patience--;
					mdelay(1);
				}
			}
		}
}

static bool port_writable(struct vport *port)
{
	return READ_ONCE(port->out->nr_free) > 0 || !READ_ONCE(port->host_connected);
}

static int wait_writable(struct vport *port, struct file *file)
{
	if (port_writable(port))
		return 0;
	if (file->f_flags & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(port->wait, port_writable(port));
}

static ssize_t write_some(struct vport *port, struct file *file, const char __user *from,
			  size_t count)
{
	void *buf;
	int err;

	count = min_t(size_t, count, OUT_BYTES_MAX);
	buf = kmalloc(count, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	err = -EFAULT;
	if (copy_from_user(buf, from, count))
		goto free;
	do {
		err = wait_writable(port, file);
		if (err)
			goto free;
		err = -EPIPE;
		if (!READ_ONCE(port->host_connected))
			goto free;
		err = send_out(port, buf, count);
	} while (err == -ENOSPC);
	return count;
free:
	kfree(buf);
	return err;
}

static ssize_t vport_write(struct file *file, const char __user *from, size_t count, loff_t *pos)
{
	struct vport *port = file->private_data;
	size_t done = 0;
	ssize_t n = 0;

	while (done < count) {
		n = write_some(port, file, from + done, count - done);
		if (n < 0)
			break;
		done += n;
	}
	return done ? (ssize_t)done : n;
}

static __poll_t vport_poll(struct file *file, struct poll_table_struct *wait)
{
	struct vport *port = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &port->wait, wait);
	if (port_readable(port))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (port_writable(port))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (!READ_ONCE(port->host_connected))
		mask |= EPOLLHUP;
	return mask;
}

/* ---- control messages ---- */

static void send_control(struct virtio_console *console, u32 id, u16 event, u16 value)
{
	struct virtio_console_control *msg;
	struct virtio_buf vb;
	unsigned long flags;
	void *done;
	u32 bytes;

	if (!console->multiport)
		return;
	msg = kmalloc(sizeof(*msg), GFP_KERNEL);
	if (!msg)
		return;
	*msg = (struct virtio_console_control){ id, event, value };
	vb = (struct virtio_buf){ msg, sizeof(*msg) };
	spin_lock_irqsave(&console->control_lock, flags);
	while ((done = virtqueue_get_buf(console->control_out, &bytes)))
		kfree(done);
	if (virtqueue_add(console->control_out, &vb, 1, 0, msg))
		kfree(msg);
	else
		virtqueue_kick(console->control_out);
	spin_unlock_irqrestore(&console->control_lock, flags);
}

static int vport_open(struct inode *inode, struct file *file)
{
	unsigned int minor = MINOR(inode->i_rdev);
	struct virtio_console *console;
	struct vport *port = NULL;
	unsigned long flags;
	bool busy;
	int err;

	for (console = consoles; console; console = console->next)
		if (console->index == minor / VPORT_MINORS &&
		    minor % VPORT_MINORS < console->nr_ports)
			port = console->ports[minor % VPORT_MINORS];
	if (!port || port->tty)
		return -ENXIO;
	spin_lock_irqsave(&port->in_lock, flags);
	busy = port->opened;
	port->opened = true;
	spin_unlock_irqrestore(&port->in_lock, flags);
	if (busy)
		return -EBUSY;
	err = file->f_mode & FMODE_READ ? fill_in_queue(port) : 0;
	if (err) {
		WRITE_ONCE(port->opened, false);
		return err;
	}
	file->private_data = port;
	send_control(port->console, port->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
	return nonseekable_open(inode, file);
}

static int vport_release(struct inode *inode, struct file *file)
{
	struct vport *port = file->private_data;

	/* What was written must reach the host before it hears that we closed. */
	wait_event(port->wait, !READ_ONCE(port->out_pending) || !READ_ONCE(port->host_connected));
	send_control(port->console, port->id, VIRTIO_CONSOLE_PORT_OPEN, 0);
	WRITE_ONCE(port->opened, false);
	return 0;
}

static const struct file_operations vport_fops = {
	.open = vport_open,
	.release = vport_release,
	.read = vport_read,
	.write = vport_write,
	.poll = vport_poll,
	.llseek = no_llseek,
};

/* ---- hvc terminals ---- */

static int hvc_write(struct tty_struct *tty, const u8 *from, int count)
{
	struct vport *port = tty->driver_data;
	void *buf;

	count = min(count, HVC_OUT_BYTES);
	buf = kmalloc(count, GFP_ATOMIC);
	if (!buf)
		return 0;
	memcpy(buf, from, count);
	if (send_out(port, buf, count)) {
		kfree(buf);
		return 0;
	}
	return count;
}

static unsigned int hvc_write_room(struct tty_struct *tty)
{
	struct vport *port = tty->driver_data;
	unsigned long flags;
	unsigned int room;

	spin_lock_irqsave(&port->out_lock, flags);
	reclaim_out(port);
	room = port->out->nr_free ? HVC_OUT_BYTES : 0;
	spin_unlock_irqrestore(&port->out_lock, flags);
	return room;
}

static unsigned int hvc_chars_in_buffer(struct tty_struct *tty)
{
	struct vport *port = tty->driver_data;

	hvc_write_room(tty);
	return READ_ONCE(port->out_pending);
}

/* Until the terminal is opened the host keeps what was typed: the open would throw it away. */
static int hvc_open(struct tty_struct *tty)
{
	return fill_in_queue(tty->driver_data);
}

static const struct tty_operations hvc_ops = {
	.open = hvc_open,
	.write = hvc_write,
	.write_room = hvc_write_room,
	.chars_in_buffer = hvc_chars_in_buffer,
};

static void make_terminal(struct vport *port)
{
	struct virtio_console_config config;
	struct tty_struct *tty;

	if (port->announced)
		return;
	tty = kzalloc(sizeof(*tty), GFP_KERNEL);
	if (!tty)
		return;
	snprintf(port->node_name, sizeof(port->node_name), "hvc%u", nr_hvcs);
	tty_init(tty, port->node_name, MKDEV(HVC_MAJOR, nr_hvcs++), &hvc_ops);
	tty->driver_data = port;
	if (virtio_has_feature(port->console->vdev, VIRTIO_CONSOLE_F_SIZE)) {
		port->console->vdev->config->get(port->console->vdev, 0, &config, sizeof(config));
		tty->winsize.ws_col = config.cols;
		tty->winsize.ws_row = config.rows;
	}
	port->announced = true;
	port->tty = tty;
	tty_register(tty);
	send_control(port->console, port->id, VIRTIO_CONSOLE_PORT_OPEN, 1);
}

static void make_node(struct vport *port)
{
	if (port->announced)
		return;
	port->announced = true;
	snprintf(port->node_name, sizeof(port->node_name), "vport%up%u", port->console->index,
		 port->id);
	devtmpfs_create_node(port->node_name, S_IFCHR | 0600,
			     MKDEV(VPORT_MAJOR, port->console->index * VPORT_MINORS + port->id));
}

/* ---- ports come and speak ---- */

static int add_port(struct virtio_console *console, u32 id)
{
	struct vport *port;
	u16 queue = id ? 2 * id + 2 : 0;

	if (id >= console->nr_ports || console->ports[id])
		return -EINVAL;
	port = kzalloc(sizeof(*port), GFP_KERNEL);
	if (!port)
		return -ENOMEM;
	port->console = console;
	port->id = id;
	spin_lock_init(&port->in_lock, LOCK_VPORT_IN);
	spin_lock_init(&port->out_lock, LOCK_VPORT_OUT);
	mutex_init(&port->read_lock, LOCK_VPORT_READ);
	init_waitqueue_head(&port->wait);
	INIT_LIST_HEAD(&port->filled);
	port->in = console->vdev->vqs[queue];
	port->out = console->vdev->vqs[queue + 1];
	port->in->priv = port->out->priv = port;
	console->ports[id] = port;
	return 0;
}

static void port_opened_by_host(struct vport *port, bool open)
{
	WRITE_ONCE(port->host_connected, open);
	wake_up_interruptible_all(&port->wait);
	wake_up_all(&port->wait);
}

static void name_port(struct vport *port, const struct control_msg *msg, u32 bytes)
{
	u32 len = bytes > sizeof(msg->head) ? bytes - sizeof(msg->head) : 0;

	if (!port->name)
		port->name = kstrndup(msg->tail, min_t(u32, len, sizeof(msg->tail)), GFP_KERNEL);
	make_node(port);
	if (port->name && !port->tty)
		sysfs_add_virtio_port(port->node_name, port->name);
}

static void control_received(struct virtio_console *console, const struct control_msg *msg,
			     u32 bytes)
{
	u32 id = msg->head.id;
	struct vport *port = id < console->nr_ports ? console->ports[id] : NULL;

	if (bytes < sizeof(msg->head))
		return;
	if (msg->head.event == VIRTIO_CONSOLE_PORT_ADD) {
		if (!port) {
			int err = add_port(console, id);

			send_control(console, id, VIRTIO_CONSOLE_PORT_READY, !err);
		}
		return;
	}
	if (!port)
		return;
	switch (msg->head.event) {
	case VIRTIO_CONSOLE_CONSOLE_PORT:
		make_terminal(port);
		break;
	case VIRTIO_CONSOLE_RESIZE:
		if (port->tty && bytes >= sizeof(msg->head) + 4) {
			const u16 *size = (const u16 *)msg->tail;
			struct winsize ws = { .ws_row = size[1], .ws_col = size[0] };

			tty_do_resize(port->tty, &ws);
		}
		break;
	case VIRTIO_CONSOLE_PORT_OPEN:
		port_opened_by_host(port, msg->head.value);
		if (!port->tty)
			make_node(port);
		break;
	case VIRTIO_CONSOLE_PORT_NAME:
		name_port(port, msg, bytes);
		break;
	}
}

static void control_work(struct work_struct *work)
{
	struct virtio_console *console = container_of(work, struct virtio_console, control_work);
	struct control_msg *msg;
	struct virtio_buf vb;
	unsigned long flags;
	u32 bytes;

	spin_lock_irqsave(&console->control_lock, flags);
	while ((msg = virtqueue_get_buf(console->control_in, &bytes))) {
		spin_unlock_irqrestore(&console->control_lock, flags);
		control_received(console, msg, bytes);
		spin_lock_irqsave(&console->control_lock, flags);
		vb = (struct virtio_buf){ msg, sizeof(*msg) };
		if (virtqueue_add(console->control_in, &vb, 0, 1, msg))
			kfree(msg);
		else
			virtqueue_kick(console->control_in);
	}
	spin_unlock_irqrestore(&console->control_lock, flags);
}

static void control_in_ready(struct virtqueue *vq)
{
	struct virtio_console *console = vq->priv;

	schedule_work(&console->control_work);
}

static int start_control(struct virtio_console *console)
{
	struct control_msg *msg;
	struct virtio_buf vb;
	unsigned int i;

	for (i = 0; i < NR_CONTROL_BUFS; i++) {
		msg = kmalloc(sizeof(*msg), GFP_KERNEL);
		if (!msg)
			return -ENOMEM;
		vb = (struct virtio_buf){ msg, sizeof(*msg) };
		if (virtqueue_add(console->control_in, &vb, 0, 1, msg)) {
			kfree(msg);
			break;
		}
	}
	virtqueue_kick(console->control_in);
	return 0;
}

/* ---- probing ---- */

static int find_queues(struct virtio_console *console)
{
	u16 queue, nr = console->multiport ? 2 * console->nr_ports + 2 : 2;
	struct virtqueue *vq;

	for (queue = 0; queue < nr; queue++) {
		bool control = console->multiport && (queue == 2 || queue == 3);
		bool in = !(queue & 1);
		vq_callback_t callback = control ? (in ? control_in_ready : NULL)
						 : (in ? port_in_ready : port_out_done);

		vq = virtio_find_vq(console->vdev, queue, "virtio-console", callback, console);
		if (IS_ERR(vq))
			return PTR_ERR(vq);
	}
	if (console->multiport) {
		console->control_in = console->vdev->vqs[2];
		console->control_out = console->vdev->vqs[3];
	}
	return 0;
}

static int virtio_console_probe(struct virtio_device *vdev)
{
	struct virtio_console *console = kzalloc(sizeof(*console), GFP_KERNEL);
	struct virtio_console_config config;
	int err = -ENOMEM;

	if (!console)
		return -ENOMEM;
	console->vdev = vdev;
	vdev->priv = console;
	console->multiport = virtio_has_feature(vdev, VIRTIO_CONSOLE_F_MULTIPORT);
	console->nr_ports = 1;
	if (console->multiport) {
		vdev->config->get(vdev, 0, &config, sizeof(config));
		console->nr_ports =
			clamp_t(u32, config.max_nr_ports, 1, (VIRTIO_MAX_QUEUES - 2) / 2);
	}
	spin_lock_init(&console->control_lock, LOCK_VCONSOLE_CONTROL);
	INIT_WORK(&console->control_work, control_work);
	console->ports = kcalloc(console->nr_ports, sizeof(*console->ports), GFP_KERNEL);
	if (!console->ports)
		goto fail;
	vdev->queue_limit = QUEUE_ENTRIES;
	err = find_queues(console);
	if (err)
		goto fail;
	console->index = nr_consoles++;
	console->next = consoles;
	consoles = console;
	register_reboot_hook(drain_ports);
	virtio_device_ready(vdev);
	if (!console->multiport) {
		err = add_port(console, 0);
		if (!err) {
			console->ports[0]->host_connected = true;
			make_terminal(console->ports[0]);
		}
		return err;
	}
	err = start_control(console);
	send_control(console, VIRTIO_CONSOLE_BAD_ID, VIRTIO_CONSOLE_DEVICE_READY, !err);
	return err;
fail:
	kfree(console->ports);
	kfree(console);
	return err;
}

static struct virtio_driver virtio_console_driver = {
	.name = "virtio_console",
	.id = VIRTIO_ID_CONSOLE,
	.features = 1ull << VIRTIO_CONSOLE_F_MULTIPORT | 1ull << VIRTIO_CONSOLE_F_SIZE,
	.probe = virtio_console_probe,
};

static int __init virtio_console_init(void)
{
	register_chrdev(VPORT_MAJOR, "virtio-portsdev", &vport_fops);
	register_virtio_driver(&virtio_console_driver);
	return 0;
}
device_initcall(virtio_console_init);
