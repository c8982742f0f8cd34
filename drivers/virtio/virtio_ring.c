/* SPDX-License-Identifier: MIT */
/*
 * Split virtqueues (Virtio 1.2, 2.7).
 *
 *   desc[]   pieces of memory, chained by .next; free ones form a list from free_head
 *   avail    ring of chain heads, written by us    (avail->idx: how many ever)
 *   used     ring of finished heads, written by the device
 *
 * Invariant: nr_free + descriptors of requests in flight == size.
 * The device is another CPU as far as memory order goes: a head is stored before avail->idx,
 * used->idx is loaded before the entry, and avail->idx is stored before the device's wish for
 * notification is read.
 *
 * A request of many pieces takes one descriptor that points to a table of its own (VIRTIO_F_INDIRECT_DESC), if
 * the driver asked for that and there is memory for the table; else one descriptor a piece.
 */
#include <base/bug.h>
#include <base/compiler.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/types.h>
#include <drivers/virtio.h>
#include <mm/gfp.h>
#include <mm/slab.h>
#include <seam/barrier.h>
#include <seam/page.h>

#include <linux/virtio_config.h>

#define VIRTQUEUE_SIZE_MAX 128
#define INDIRECT_MIN	   4 /* pieces from which a table is worth its allocation */

static void virtqueue_layout(struct virtqueue *vq, void *mem)
{
	unsigned int i;

	vq->desc = mem;
	vq->avail = mem + vq->size * sizeof(struct vring_desc);
	vq->used =
		mem + ALIGN(vq->size * sizeof(struct vring_desc) + sizeof(u16) * (3 + vq->size), 4);
	for (i = 0; i < vq->size; i++)
		vq->desc[i].next = i + 1;
	vq->nr_free = vq->size;
}

static size_t virtqueue_bytes(unsigned int size)
{
	return ALIGN(size * sizeof(struct vring_desc) + sizeof(u16) * (3 + size), 4) +
	       sizeof(u16) * 3 + size * sizeof(struct vring_used_elem);
}

struct virtqueue *virtio_find_vq(struct virtio_device *vdev, u16 index, const char *name,
				 vq_callback_t callback, void *priv)
{
	u16 size = min_t(u16, vdev->config->queue_max(vdev, index),
			 vdev->queue_limit ?: VIRTQUEUE_SIZE_MAX);
	struct virtqueue *vq;
	void *mem;
	int err;

	if (!size || index >= VIRTIO_MAX_QUEUES)
		return ERR_PTR(-ENOENT);
	vq = kzalloc(sizeof(*vq), GFP_KERNEL);
	if (!vq)
		return ERR_PTR(-ENOMEM);
	vq->data = kcalloc(size, sizeof(void *), GFP_KERNEL);
	mem = kzalloc(virtqueue_bytes(size), GFP_KERNEL);
	err = -ENOMEM;
	if (!vq->data || !mem)
		goto free;
	if (virtio_has_feature(vdev, VIRTIO_RING_F_INDIRECT_DESC)) {
		vq->indirect = kcalloc(size, sizeof(void *), GFP_KERNEL);
		if (!vq->indirect)
			goto free;
	}
	vq->vdev = vdev;
	vq->index = index;
	vq->size = size;
	vq->name = name;
	vq->callback = callback;
	vq->priv = priv;
	virtqueue_layout(vq, mem);
	if (!callback)
		vq->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	vdev->vqs[index] = vq;
	err = vdev->config->queue_enable(vdev, vq);
	if (!err)
		return vq;
	vdev->vqs[index] = NULL;
free:
	kfree(mem);
	kfree(vq->indirect);
	kfree(vq->data);
	kfree(vq);
	return ERR_PTR(err);
}

void virtio_del_vqs(struct virtio_device *vdev)
{
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++) {
		struct virtqueue *vq = vdev->vqs[i];

		if (!vq)
			continue;
		vdev->vqs[i] = NULL;
		for (unsigned int head = 0; vq->indirect && head < vq->size; head++)
			kfree(vq->indirect[head]);
		kfree(vq->desc);
		kfree(vq->indirect);
		kfree(vq->data);
		kfree(vq);
	}
}

/* The pieces in a table of their own, to which the first free descriptor points. False: no memory. */
static bool add_indirect(struct virtqueue *vq, const struct virtio_buf *bufs, unsigned int nr_out,
			 unsigned int nr)
{
	struct vring_desc *table = kmalloc_array(nr, sizeof(*table), GFP_ATOMIC | __GFP_NOWARN);
	struct vring_desc *desc = &vq->desc[vq->free_head];
	unsigned int i;

	if (!table)
		return false;
	for (i = 0; i < nr; i++)
		table[i] = (struct vring_desc){ .addr = __pa(bufs[i].addr),
						.len = bufs[i].bytes,
						.flags = VRING_DESC_F_NEXT |
							 (i >= nr_out ? VRING_DESC_F_WRITE : 0),
						.next = i + 1 };
	table[nr - 1].flags &= ~VRING_DESC_F_NEXT;
	vq->indirect[vq->free_head] = table;
	desc->addr = __pa(table);
	desc->len = nr * sizeof(*table);
	desc->flags = VRING_DESC_F_INDIRECT;
	vq->free_head = desc->next;
	return true;
}

/* Let the device see the request at @head, which takes @nr descriptors. */
static void publish(struct virtqueue *vq, u16 head, unsigned int nr, void *data)
{
	u16 slot = vq->avail->idx;

	vq->nr_free -= nr;
	vq->data[head] = data;
	vq->avail->ring[slot & (vq->size - 1)] = head;
	smp_wmb();
	WRITE_ONCE(vq->avail->idx, slot + 1);
}

int virtqueue_add(struct virtqueue *vq, const struct virtio_buf *bufs, unsigned int nr_out,
		  unsigned int nr_in, void *data)
{
	unsigned int nr = nr_out + nr_in, i;
	u16 head = vq->free_head, last = head;

	BUG_ON(!nr || !data);
	if (vq->indirect && nr >= INDIRECT_MIN && vq->nr_free &&
	    add_indirect(vq, bufs, nr_out, nr)) {
		publish(vq, head, 1, data);
		return 0;
	}
	if (vq->nr_free < nr)
		return -ENOSPC;
	for (i = 0; i < nr; i++) {
		struct vring_desc *desc = &vq->desc[vq->free_head];

		last = vq->free_head;
		desc->addr = __pa(bufs[i].addr);
		desc->len = bufs[i].bytes;
		desc->flags = VRING_DESC_F_NEXT | (i >= nr_out ? VRING_DESC_F_WRITE : 0);
		vq->free_head = desc->next;
	}
	vq->desc[last].flags &= ~VRING_DESC_F_NEXT;
	publish(vq, head, nr, data);
	return 0;
}

void virtqueue_disable_cb(struct virtqueue *vq)
{
	WRITE_ONCE(vq->avail->flags, VRING_AVAIL_F_NO_INTERRUPT);
}

bool virtqueue_enable_cb(struct virtqueue *vq)
{
	WRITE_ONCE(vq->avail->flags, 0);
	smp_mb(); /* the device reads the flag after it has written used->idx, or we see its idx */
	return vq->last_used != READ_ONCE(vq->used->idx);
}

void virtqueue_kick(struct virtqueue *vq)
{
	smp_mb();
	if (!(READ_ONCE(vq->used->flags) & VRING_USED_F_NO_NOTIFY))
		vq->vdev->config->notify(vq);
}

static void virtqueue_free_chain(struct virtqueue *vq, u16 head)
{
	u16 last = head, nr = 1;

	if (vq->indirect && vq->indirect[head]) {
		kfree(vq->indirect[head]);
		vq->indirect[head] = NULL;
	}
	while (vq->desc[last].flags & VRING_DESC_F_NEXT) {
		last = vq->desc[last].next;
		nr++;
	}
	vq->desc[last].next = vq->free_head;
	vq->free_head = head;
	vq->nr_free += nr;
}

void *virtqueue_get_buf(struct virtqueue *vq, u32 *bytes)
{
	struct vring_used_elem *elem;
	void *data;
	u32 head;

	if (vq->last_used == READ_ONCE(vq->used->idx))
		return NULL;
	smp_rmb();
	elem = &vq->used->ring[vq->last_used & (vq->size - 1)];
	head = elem->id;
	BUG_ON(head >= vq->size || !vq->data[head]);
	*bytes = elem->len;
	data = vq->data[head];
	vq->data[head] = NULL;
	virtqueue_free_chain(vq, head);
	vq->last_used++;
	return data;
}

void virtio_queue_interrupt(struct virtqueue *vq)
{
	if (vq->callback && vq->last_used != READ_ONCE(vq->used->idx))
		vq->callback(vq);
}
