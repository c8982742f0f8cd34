// SPDX-License-Identifier: MIT
/*
 * Virtio block devices /dev/vda, vdb, ... (Virtio 1.2, 5.2).
 *
 * A request is a header that the device reads, the data, and a byte of status that it writes. Queue n of the
 * device is hardware queue n of the block layer: its lock serialises the ring, its thread ends requests. The
 * interrupt is off while the thread works and on again before it sleeps.
 *
 * Writing back: with VIRTIO_BLK_F_FLUSH (and wce, where that can be read) the device has a volatile cache, and the
 * block layer sends flushes; there is no FUA. A new capacity (interrupt) is read by a work item.
 *
 * Removal (/sys/bus/virtio/drivers/virtio_blk/unbind): no new requests, device reset, what it had ends with EIO.
 * Linux 6.1: drivers/block/virtio_blk.c.
 */
#include <base/bitops.h>
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <drivers/virtio.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <seam/page.h>
#include <sync/workqueue.h>

#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>

#define PART_BITS      4 /* minors of a disk: 16 */
#define MAX_DISKS      256
#define SEGMENTS_MAX   126 /* a ring of 128, header and status */
#define ID_BYTES       VIRTIO_BLK_ID_BYTES
#define ID_PATIENCE_MS 1000

/* What the device sees of a request besides the data; the driver's part of struct request. */
struct vblk_request {
	struct virtio_blk_outhdr head;
	struct virtio_blk_discard_write_zeroes range;
	u8 status;
};

struct vblk;

struct vblk_queue {
	struct vblk *vblk;
	struct virtqueue *vq;
	struct bio_vec sg[SEGMENTS_MAX];	  /* hctx->lock: of the request being queued */
	struct virtio_buf bufs[SEGMENTS_MAX + 2]; /* hctx->lock */
	char name[16];
};

struct vblk {
	struct virtio_device *vdev;
	struct gendisk *disk;
	struct work_struct config_work;
	unsigned int index, nr_queues;
	char id[ID_BYTES + 1];
	struct vblk_queue *queues;
};

static int vblk_major;
static unsigned long indexes[MAX_DISKS / BITS_PER_LONG]; /* atomic: taken by disks */

#define vblk_get(vdev, field)                                                                      \
	({                                                                                         \
		__typeof__((struct virtio_blk_config){}.field) __value;                            \
		(vdev)->config->get(vdev, offsetof(struct virtio_blk_config, field), &__value,     \
				    sizeof(__value));                                              \
		__value;                                                                           \
	})

/* ---- requests ---- */

/* Header and range of @rq; the pieces between header and status are *@nr_data. */
static blk_status_t fill_head(struct vblk_queue *q, struct request *rq, struct vblk_request *vr,
			      unsigned int *nr_data)
{
	*nr_data = 0;
	vr->head = (struct virtio_blk_outhdr){ .sector = blk_rq_pos(rq) };
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		vr->head.type = op_is_write(req_op(rq)) ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
		*nr_data = blk_rq_map_sg(rq, q->sg, SEGMENTS_MAX);
		for (unsigned int i = 0; i < *nr_data; i++)
			q->bufs[1 + i] =
				(struct virtio_buf){ bvec_virt(&q->sg[i]), q->sg[i].bv_len };
		return BLK_STS_OK;
	case REQ_OP_FLUSH:
		vr->head.type = VIRTIO_BLK_T_FLUSH;
		vr->head.sector = 0;
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
	case REQ_OP_WRITE_ZEROES:
		vr->head.type = req_op(rq) == REQ_OP_DISCARD ? VIRTIO_BLK_T_DISCARD
							     : VIRTIO_BLK_T_WRITE_ZEROES;
		vr->head.sector = 0;
		vr->range = (struct virtio_blk_discard_write_zeroes){
			.sector = blk_rq_pos(rq),
			.num_sectors = blk_rq_sectors(rq),
			.flags = req_op(rq) == REQ_OP_WRITE_ZEROES && !(rq->cmd_flags & REQ_NOUNMAP)
					 ? VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP
					 : 0,
		};
		q->bufs[1] = (struct virtio_buf){ &vr->range, sizeof(vr->range) };
		*nr_data = 1;
		return BLK_STS_OK;
	}
	return BLK_STS_NOTSUPP;
}

static blk_status_t vblk_queue_rq(struct blk_mq_hw_ctx *hctx, struct request *rq, bool last)
{
	struct vblk_queue *q = hctx->driver_data;
	struct vblk_request *vr = blk_mq_rq_to_pdu(rq);
	unsigned int nr_data, nr_out;
	blk_status_t status = fill_head(q, rq, vr, &nr_data);

	if (status)
		return status;
	q->bufs[0] = (struct virtio_buf){ &vr->head, sizeof(vr->head) };
	q->bufs[1 + nr_data] = (struct virtio_buf){ &vr->status, sizeof(vr->status) };
	nr_out = 1 + (op_is_write(req_op(rq)) ? nr_data : 0);
	if (virtqueue_add(q->vq, q->bufs, nr_out, 2 + nr_data - nr_out, rq)) {
		virtqueue_kick(q->vq); /* those before it */
		return BLK_STS_RESOURCE;
	}
	if (last)
		virtqueue_kick(q->vq);
	return BLK_STS_OK;
}

static void vblk_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct vblk_queue *q = hctx->driver_data;

	virtqueue_kick(q->vq);
}

static struct request *vblk_reap(struct blk_mq_hw_ctx *hctx)
{
	struct vblk_queue *q = hctx->driver_data;
	struct vblk_request *vr;
	struct request *rq;
	u32 bytes;

	rq = virtqueue_get_buf(q->vq, &bytes);
	if (!rq)
		return NULL;
	vr = blk_mq_rq_to_pdu(rq);
	rq->status = vr->status == VIRTIO_BLK_S_OK	 ? BLK_STS_OK
		     : vr->status == VIRTIO_BLK_S_UNSUPP ? BLK_STS_NOTSUPP
							 : BLK_STS_IOERR;
	return rq;
}

static bool vblk_enable_irq(struct blk_mq_hw_ctx *hctx)
{
	struct vblk_queue *q = hctx->driver_data;

	return virtqueue_enable_cb(q->vq);
}

static const struct blk_mq_ops vblk_mq_ops = {
	.queue_rq = vblk_queue_rq,
	.commit_rqs = vblk_commit_rqs,
	.reap = vblk_reap,
	.enable_irq = vblk_enable_irq,
};

static void vblk_interrupt(struct virtqueue *vq)
{
	struct vblk_queue *q = vq->priv;
	struct blk_mq_hw_ctx *hctx = q->vblk->disk->queue->hctx;

	virtqueue_disable_cb(vq);
	if (hctx)
		blk_mq_irq(&hctx[q - q->vblk->queues]);
}

/* ---- the disk ---- */

static ssize_t vblk_serial(struct gendisk *disk, char *buf, size_t size)
{
	struct vblk *vblk = disk->private_data;

	return strscpy(buf, vblk->id, size);
}

static void vblk_free_disk(struct gendisk *disk)
{
	struct vblk *vblk = disk->private_data;

	clear_bit(vblk->index, indexes);
	kfree(vblk->queues);
	kfree(vblk);
}

static const struct block_device_operations vblk_fops = {
	.serial = vblk_serial,
	.free_disk = vblk_free_disk,
};

/* "vd" and letters: a to z, aa to zz, ... */
static void name_disk(char *name, size_t size, unsigned int index)
{
	char letters[8], *p = letters + sizeof(letters);

	*--p = 0;
	for (int left = index; left >= 0; left = left / 26 - 1)
		*--p = 'a' + left % 26;
	snprintf(name, size, "vd%s", p);
}

static bool has_write_cache(struct virtio_device *vdev)
{
	if (virtio_has_feature(vdev, VIRTIO_BLK_F_CONFIG_WCE))
		return vblk_get(vdev, wce);
	return virtio_has_feature(vdev, VIRTIO_BLK_F_FLUSH);
}

static int set_block_sizes(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	struct request_queue *q = vblk->disk->queue;
	unsigned int block = 512;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_BLK_SIZE))
		block = vblk_get(vdev, blk_size);
	if (block < 512 || block > PAGE_SIZE || !is_power_of_2(block)) {
		pr_err("virtio_blk: blocks of %u bytes are not possible\n", block);
		return -EINVAL;
	}
	blk_queue_logical_block_size(q, block);
	if (!virtio_has_feature(vdev, VIRTIO_BLK_F_TOPOLOGY))
		return 0;
	if (vblk_get(vdev, physical_block_exp) < 8)
		blk_queue_physical_block_size(q, block << vblk_get(vdev, physical_block_exp));
	if (vblk_get(vdev, min_io_size))
		q->limits.io_min = block * vblk_get(vdev, min_io_size);
	if (vblk_get(vdev, opt_io_size))
		q->limits.io_opt = block * vblk_get(vdev, opt_io_size);
	q->limits.alignment_offset = block * vblk_get(vdev, alignment_offset);
	return 0;
}

static void set_discard(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	struct queue_limits *lim = &vblk->disk->queue->limits;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_DISCARD)) {
		unsigned int unit = vblk_get(vdev, discard_sector_alignment);

		lim->max_discard_sectors = vblk_get(vdev, max_discard_sectors);
		if (!lim->max_discard_sectors)
			lim->max_discard_sectors = 0xffffffffu >> SECTOR_SHIFT;
		lim->max_hw_discard_sectors = lim->max_discard_sectors;
		lim->discard_granularity = unit ? unit << SECTOR_SHIFT : lim->logical_block_size;
	}
	if (virtio_has_feature(vdev, VIRTIO_BLK_F_WRITE_ZEROES)) {
		lim->max_write_zeroes_sectors = vblk_get(vdev, max_write_zeroes_sectors);
		if (!lim->max_write_zeroes_sectors)
			lim->max_write_zeroes_sectors = 0xffffffffu >> SECTOR_SHIFT;
	}
}

static int set_limits(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	struct request_queue *q = vblk->disk->queue;
	u32 segments = 1;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_SEG_MAX))
		segments = vblk_get(vdev, seg_max);
	q->limits.max_segments =
		clamp_t(u32, segments, 1, min(vblk->queues[0].vq->size - 2, SEGMENTS_MAX));
	q->limits.max_segment_size = 0xffffffff;
	if (virtio_has_feature(vdev, VIRTIO_BLK_F_SIZE_MAX))
		q->limits.max_segment_size = max_t(u32, vblk_get(vdev, size_max), (u32)PAGE_SIZE);
	blk_queue_max_hw_sectors(q, 0xffffffffu >> SECTOR_SHIFT);
	blk_queue_write_cache(q, has_write_cache(vdev), false);
	set_disk_ro(vblk->disk, virtio_has_feature(vdev, VIRTIO_BLK_F_RO));
	set_discard(vblk);
	return set_block_sizes(vblk);
}

static void vblk_config_work(struct work_struct *work)
{
	struct vblk *vblk = container_of(work, struct vblk, config_work);

	set_capacity_and_notify(vblk->disk, vblk_get(vblk->vdev, capacity));
}

static void vblk_config_changed(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	if (vblk)
		schedule_work(&vblk->config_work);
}

/* Ask for the serial number before anybody else uses the queue; waits without interrupts. */
static void read_id(struct vblk *vblk)
{
	struct virtqueue *vq = vblk->queues[0].vq;
	struct vblk_request *vr = kzalloc(sizeof(*vr) + ID_BYTES, GFP_KERNEL);
	struct virtio_buf bufs[3];
	u32 bytes;

	if (!vr)
		return;
	vr->head.type = VIRTIO_BLK_T_GET_ID;
	vr->status = VIRTIO_BLK_S_IOERR;
	bufs[0] = (struct virtio_buf){ &vr->head, sizeof(vr->head) };
	bufs[1] = (struct virtio_buf){ vr + 1, ID_BYTES };
	bufs[2] = (struct virtio_buf){ &vr->status, 1 };
	virtqueue_add(vq, bufs, 1, 2, vr);
	virtqueue_kick(vq);
	for (unsigned int us = 0; !virtqueue_get_buf(vq, &bytes); us += 20) {
		if (us > ID_PATIENCE_MS * 1000)
			return; /* the device has the buffer for good */
		udelay(20);
	}
	if (vr->status == VIRTIO_BLK_S_OK)
		memcpy(vblk->id, vr + 1, ID_BYTES);
	kfree(vr);
}

static int find_queues(struct vblk *vblk)
{
	struct virtio_device *vdev = vblk->vdev;
	unsigned int nr = 1, i;

	if (virtio_has_feature(vdev, VIRTIO_BLK_F_MQ))
		nr = clamp_t(unsigned int, vblk_get(vdev, num_queues), 1,
			     min_t(unsigned int, num_online_cpus(), VIRTIO_MAX_QUEUES));
	vblk->queues = kcalloc(nr, sizeof(*vblk->queues), GFP_KERNEL);
	if (!vblk->queues)
		return -ENOMEM;
	vblk->nr_queues = nr;
	for (i = 0; i < nr; i++) {
		struct vblk_queue *q = &vblk->queues[i];

		q->vblk = vblk;
		snprintf(q->name, sizeof(q->name), "virtio%u-req.%u", vdev->number, i);
		q->vq = virtio_find_vq(vdev, i, q->name, vblk_interrupt, q);
		if (IS_ERR(q->vq))
			return PTR_ERR(q->vq);
		virtqueue_disable_cb(q->vq);
	}
	return 0;
}

static int make_disk(struct vblk *vblk)
{
	struct gendisk *disk = vblk->disk;
	int err;

	disk->major = vblk_major;
	disk->first_minor = vblk->index << PART_BITS;
	disk->minors = 1 << PART_BITS;
	disk->fops = &vblk_fops;
	name_disk(disk->disk_name, sizeof(disk->disk_name), vblk->index);
	snprintf(disk->driverfs, sizeof(disk->driverfs), "virtio%u", vblk->vdev->number);
	err = set_limits(vblk);
	if (!err)
		err = blk_mq_init_queue(disk, &vblk_mq_ops, vblk->nr_queues,
					vblk->queues[0].vq->size, sizeof(struct vblk_request));
	if (err)
		return err;
	for (unsigned int i = 0; i < vblk->nr_queues; i++)
		disk->queue->hctx[i].driver_data = &vblk->queues[i];
	set_capacity(disk, vblk_get(vblk->vdev, capacity));
	return 0;
}

static void print_disk(struct vblk *vblk)
{
	unsigned int block = vblk->disk->queue->limits.logical_block_size;
	u64 blocks = get_capacity(vblk->disk) / (block >> SECTOR_SHIFT);

	pr_info("virtio_blk virtio%u: [%s] %llu %u-byte logical blocks (%llu MiB), %u queue%s\n",
		vblk->vdev->number, vblk->disk->disk_name, (unsigned long long)blocks, block,
		(unsigned long long)get_capacity(vblk->disk) >> 11, vblk->nr_queues,
		vblk->nr_queues > 1 ? "s" : "");
}

static int vblk_probe(struct virtio_device *vdev)
{
	struct vblk *vblk = kzalloc(sizeof(*vblk), GFP_KERNEL);
	int err = -ENOMEM;

	if (!vblk)
		return -ENOMEM;
	vblk->vdev = vdev;
	vblk->index = find_first_zero_bit(indexes, MAX_DISKS);
	INIT_WORK(&vblk->config_work, vblk_config_work);
	vblk->disk = vblk->index < MAX_DISKS ? blk_alloc_disk(-1) : NULL;
	if (!vblk->disk) {
		kfree(vblk);
		return err;
	}
	set_bit(vblk->index, indexes);
	vblk->disk->private_data = vblk;
	vblk->disk->fops = &vblk_fops; /* free_disk undoes what follows */
	err = find_queues(vblk);
	if (!err) {
		virtio_device_ready(vdev);
		read_id(vblk);
		err = make_disk(vblk);
	}
	if (!err) {
		print_disk(vblk);
		vdev->priv = vblk;
		err = device_add_disk(vblk->disk);
	}
	if (err) {
		virtio_reset_device(vdev);
		virtio_del_vqs(vdev);
		vdev->priv = NULL;
		put_disk(vblk->disk);
	}
	return err;
}

static void vblk_remove(struct virtio_device *vdev)
{
	struct vblk *vblk = vdev->priv;

	vdev->priv = NULL;
	flush_work(&vblk->config_work);
	del_gendisk(vblk->disk);
	virtio_reset_device(vdev);
	blk_mq_destroy_queue(vblk->disk->queue);
	virtio_del_vqs(vdev);
	pr_info("virtio_blk virtio%u: [%s] removed\n", vdev->number, vblk->disk->disk_name);
	put_disk(vblk->disk);
}

static struct virtio_driver virtio_blk_driver = {
	.name = "virtio_blk",
	.id = VIRTIO_ID_BLOCK,
	.features = 1ull << VIRTIO_BLK_F_SIZE_MAX | 1ull << VIRTIO_BLK_F_SEG_MAX |
		    1ull << VIRTIO_BLK_F_RO | 1ull << VIRTIO_BLK_F_BLK_SIZE |
		    1ull << VIRTIO_BLK_F_FLUSH | 1ull << VIRTIO_BLK_F_TOPOLOGY |
		    1ull << VIRTIO_BLK_F_CONFIG_WCE | 1ull << VIRTIO_BLK_F_MQ |
		    1ull << VIRTIO_BLK_F_DISCARD | 1ull << VIRTIO_BLK_F_WRITE_ZEROES |
		    1ull << VIRTIO_RING_F_INDIRECT_DESC,
	.probe = vblk_probe,
	.remove = vblk_remove,
	.config_changed = vblk_config_changed,
	.vector_per_queue = true,
};

static int __init virtio_blk_init(void)
{
	vblk_major = register_blkdev(0, "virtblk");
	if (vblk_major < 0)
		return vblk_major;
	register_virtio_driver(&virtio_blk_driver);
	return 0;
}
device_initcall(virtio_blk_init);
