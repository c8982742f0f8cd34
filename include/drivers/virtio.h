/* SPDX-License-Identifier: MIT */
/*
 * Virtio: devices, drivers and split virtqueues (Virtual I/O Device 1.2, OASIS).
 *
 * Only modern devices (VIRTIO_F_VERSION_1). A transport (PCI, MMIO) supplies virtio_config_ops;
 * a driver is found by the device id. Buffers are named by kernel addresses of the direct map.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include <base/types.h>

#include <linux/virtio_ring.h>

struct virtio_device;
struct virtqueue;

typedef void (*vq_callback_t)(struct virtqueue *vq);

/* One piece of a request. @addr lies in the direct map and does not cross out of its allocation. */
struct virtio_buf {
	void *addr;
	u32 bytes;
};

/*
 * A split virtqueue. The driver serialises calls on one queue (its own lock); the callback runs
 * in interrupt context.
 */
struct virtqueue {
	struct virtio_device *vdev;
	const char *name;
	vq_callback_t callback;
	void *priv;			/* the driver's */
	u16 index;			/* number of the queue in the device */
	u16 size;			/* descriptors, a power of two */
	u16 free_head, nr_free;		/* free descriptors, chained through desc[].next */
	u16 last_used;			/* next entry of the used ring to look at */
	struct vring_desc *desc;
	struct vring_avail *avail;
	struct vring_used *used;
	void **data;			/* token of the request that starts at a descriptor */
	struct vring_desc **indirect;	/* its table, if it has one; NULL: the device knows none */
	void __iomem *notify;		/* where the transport rings the bell */
};

struct virtio_config_ops {
	u8 (*get_status)(struct virtio_device *vdev);
	void (*set_status)(struct virtio_device *vdev, u8 status);
	u64 (*get_features)(struct virtio_device *vdev);
	void (*set_features)(struct virtio_device *vdev, u64 features);
	void (*get)(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int bytes);
	void (*set)(struct virtio_device *vdev, unsigned int offset, const void *buf, unsigned int bytes);
	/* Largest size of queue @index (0: there is no such queue), then its activation. */
	u16 (*queue_max)(struct virtio_device *vdev, u16 index);
	int (*queue_enable)(struct virtio_device *vdev, struct virtqueue *vq);
	void (*notify)(struct virtqueue *vq);
	/* The device was reset: from here on no callback of @vq runs. Once. May sleep. */
	void (*del_vq)(struct virtqueue *vq);
};

struct virtio_driver {
	const char *name;
	u32 id;				/* VIRTIO_ID_* */
	u64 features;			/* what the driver understands, besides VERSION_1 */
	/* Create the queues, call virtio_device_ready(), start. May sleep. */
	int (*probe)(struct virtio_device *vdev);
	/* Undo probe; ends with virtio_reset_device() and virtio_del_vqs(). NULL: cannot be unbound. May sleep. */
	void (*remove)(struct virtio_device *vdev);
	void (*config_changed)(struct virtio_device *vdev);	/* interrupt context; may be NULL */
	bool vector_per_queue;		/* each queue interrupts the CPU of its number, where the transport can */
	struct virtio_driver *next;
};

#define VIRTIO_MAX_QUEUES 72

struct virtio_device {
	u32 id;
	u32 number;			/* virtio0, virtio1, ... */
	const struct virtio_config_ops *config;
	const struct virtio_driver *driver;
	u64 features;			/* negotiated */
	void *priv;			/* the driver's */
	u16 queue_limit;		/* entries of a queue that the driver needs at most; 0: as many as fit a page */
	struct virtqueue *vqs[VIRTIO_MAX_QUEUES];
	struct virtio_device *next;
};

static inline bool virtio_has_feature(const struct virtio_device *vdev, unsigned int bit)
{
	return vdev->features >> bit & 1;
}

/* By a transport that found a device (reset already); by a driver. May sleep. */
int register_virtio_device(struct virtio_device *vdev);
/* The device goes: its driver lets go of it. 0, or -EBUSY: the driver cannot. May sleep. */
int unregister_virtio_device(struct virtio_device *vdev);
void register_virtio_driver(struct virtio_driver *driver);

/* Create queue @index. ERR_PTR: -ENOENT no such queue, -ENOMEM. May sleep. */
struct virtqueue *virtio_find_vq(struct virtio_device *vdev, u16 index, const char *name,
				 vq_callback_t callback, void *priv);
/* The device forgets everything, and no callback runs any more; then free all its queues. May sleep. */
void virtio_reset_device(struct virtio_device *vdev);
void virtio_del_vqs(struct virtio_device *vdev);
/* Take @vdev from its driver, or give it to the one that fits. 0, -ENODEV, -EBUSY, probe's error. May sleep. */
int virtio_unbind(const char *driver, u32 number);
int virtio_rebind(const char *driver, u32 number);
/* From here on the device may use the queues. */
void virtio_device_ready(struct virtio_device *vdev);

/*
 * Queue a request: @nr_out pieces that the device reads, then @nr_in that it writes.
 * => the caller serialises calls on @vq; any context
 * 0, or -ENOSPC when fewer descriptors than pieces are free. Nothing is told to the device yet.
 */
int virtqueue_add(struct virtqueue *vq, const struct virtio_buf *bufs, unsigned int nr_out,
		  unsigned int nr_in, void *data);
/* Tell the device, if it wants to know. Any context. */
void virtqueue_kick(struct virtqueue *vq);
/*
 * Interrupts of @vq wanted or not: a hint to the device. virtqueue_enable_cb() answers true when something has
 * finished already: then no interrupt may come for it.
 */
void virtqueue_disable_cb(struct virtqueue *vq);
bool virtqueue_enable_cb(struct virtqueue *vq);
/* The token of a finished request and in *@bytes how much the device wrote; NULL if none is finished. */
void *virtqueue_get_buf(struct virtqueue *vq, u32 *bytes);

/* For the transports: an interrupt of the queue, or for a changed configuration. */
void virtio_queue_interrupt(struct virtqueue *vq);
void virtio_config_interrupt(struct virtio_device *vdev);

#endif
