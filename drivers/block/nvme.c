// SPDX-License-Identifier: MIT
/*
 * NVMe disks /dev/nvme0n1, ... (NVM Express Base Specification 1.4).
 *
 * 1 A controller is a page of registers and pairs of rings in memory: commands of 64 bytes are put into a submission
 *   queue, the device answers in a completion queue with entries of 16 bytes, whose phase bit turns at each round. A
 *   doorbell register for each ring tells the other side how far one is. Pair 0 takes administrative commands; it is
 *   only used while a controller is set up, and polled.
 *
 * 2 Each namespace is a disk with pairs of its own, a hardware queue of the block layer each: hctx->lock
 *   serialises the ring. A ring has one slot more than the queue has tags, so it never overflows; the tag is the
 *   command identifier.
 *
 * 3 Memory is named by pages: the first may begin anywhere, all others are whole (virt_boundary_mask sees to that).
 *   Up to two fit into the command, more lie in a list, of which each tag has one.
 *
 * 4 Polling: "nvme.poll_queues=N" gives a disk N pairs without an interrupt. Who reads or writes with RWF_HIPRI
 *   past the cache uses them and looks for the end itself (bdev_poll()).
 *
 * Linux 6.1: drivers/nvme/host/{core,pci}.c. Not here: removal, time-outs and resets, the character device, metadata.
 * Observed by /proc/interrupts (nvme0q1), /sys/block/nvme0n1/queue/io_poll.
 */
#include <base/cpumask.h>
#include <base/err.h>
#include <base/errno.h>
#include <base/math.h>
#include <base/printf.h>
#include <base/string.h>
#include <block/blkdev.h>
#include <block/genhd.h>
#include <drivers/pci.h>
#include <kernel/clockchips.h>
#include <kernel/init.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <mm/dma_pool.h>
#include <mm/gfp.h>
#include <mm/page.h>
#include <mm/pgalloc.h>
#include <mm/slab.h>
#include <seam/barrier.h>
#include <seam/io.h>
#include <seam/page.h>

#define NVME_CLASS   0x010802
#define ADMIN_DEPTH  32
#define IO_DEPTH     64	  /* slots of a ring; one less commands */
#define LIST_BYTES   1024 /* of page addresses, for each tag */
#define MAX_SECTORS  (512u * 1024 / SECTOR_SIZE)
#define MAX_SEGMENTS (LIST_BYTES / 8)
#define NAMESPACES   16

/* Registers, bytes from the start of BAR 0. */
enum {
	REG_CAP = 0x00,
	REG_VS = 0x08,
	REG_CC = 0x14,
	REG_CSTS = 0x1c,
	REG_AQA = 0x24,
	REG_ASQ = 0x28,
	REG_ACQ = 0x30,
	REG_DOORBELLS = 0x1000
};
#define CC_ENABLE      (1u | 6u << 16 | 4u << 20) /* pages of 4 KiB; entries of 64 and 16 bytes */
#define CSTS_READY     1u
#define CSTS_FATAL     2u
#define REGISTER_BYTES 0x2000

enum {
	ADMIN_CREATE_SQ = 0x01,
	ADMIN_CREATE_CQ = 0x05,
	ADMIN_IDENTIFY = 0x06,
	ADMIN_SET_FEATURES = 0x09
};
enum {
	CMD_FLUSH = 0x00,
	CMD_WRITE = 0x01,
	CMD_READ = 0x02,
	CMD_WRITE_ZEROES = 0x08,
	CMD_DATASET = 0x09
};
enum { IDENTIFY_NAMESPACE, IDENTIFY_CONTROLLER, IDENTIFY_LIST };
#define FEATURE_QUEUES	  7
#define RING_CONTIGUOUS	  1u
#define CQ_INTERRUPT	  2u
#define RW_FUA		  (1u << 30) /* cdw12 */
#define ZEROES_DEALLOCATE (1u << 25)
#define DATASET_DISCARD	  4u /* cdw11 */
#define ONCS_DATASET	  4u
#define ONCS_ZEROES	  8u
#define ZEROES_SECTORS	  65536u

struct nvme_command {
	u8 opcode, flags;
	u16 id;
	u32 nsid;
	u64 reserved, metadata;
	u64 prp1, prp2; /* memory */
	u32 cdw10, cdw11, cdw12, cdw13, cdw14, cdw15;
};
static_assert(sizeof(struct nvme_command) == 64, "as the device reads it");

struct nvme_completion {
	u32 result, reserved;
	u16 sq_head, sq_id;
	u16 id;
	u16 status; /* bit 0: the phase */
};
static_assert(sizeof(struct nvme_completion) == 16, "as the device writes it");

struct nvme_range {
	u32 attributes, blocks;
	u64 block;
};

/* A pair of rings. */
struct nvme_queue {
	struct nvme *nvme;
	struct blk_mq_hw_ctx *hctx; /* NULL: the administrative one */
	unsigned int id, depth;
	bool interrupts;
	struct nvme_command *sq; /* hctx->lock, as all that follows */
	volatile struct nvme_completion *cq;
	void *lists;		 /* LIST_BYTES for each tag */
	unsigned int tail, head; /* next slot to write; to look at */
	bool phase;		 /* of entries that are new */
	struct bio_vec sg[MAX_SEGMENTS];
	char name[16];
};

struct nvme {
	struct pci_dev *pci;
	void __iomem *registers;
	unsigned int index, stride; /* bytes between doorbells */
	unsigned int queues_left, next_queue;
	u32 max_sectors;
	u16 oncs;
	bool cache;
	struct nvme_queue *admin;
};

struct nvme_disk {
	struct nvme *nvme;
	struct gendisk *disk;
	u32 nsid;
	unsigned int block_shift, nr_queues, nr_poll;
	struct nvme_queue **queue;
};

static unsigned int poll_queues __initdata;

static int __init set_poll_queues(char *arg)
{
	poll_queues = min_t(unsigned int, simple_strtoul(arg, NULL, 0), NR_CPUS);
	return 1;
}
__setup("nvme.poll_queues=", set_poll_queues);

/* ---- rings ---- */

static void __iomem *doorbell(struct nvme_queue *q, bool completion)
{
	return q->nvme->registers + REG_DOORBELLS + (2 * q->id + completion) * q->nvme->stride;
}

static void put_command(struct nvme_queue *q, const struct nvme_command *command)
{
	q->sq[q->tail] = *command;
	q->tail = (q->tail + 1) % q->depth;
}

/* All commands so far are the device's. */
static void ring_doorbell(struct nvme_queue *q)
{
	wmb();
	writel(q->tail, doorbell(q, false));
}

static bool completion_pending(struct nvme_queue *q)
{
	return (READ_ONCE(q->cq[q->head].status) & 1) == q->phase;
}

/* The next completion into @c; false: there is none, and the device knows that all before have been seen. */
static bool next_completion(struct nvme_queue *q, struct nvme_completion *c)
{
	if (!completion_pending(q))
		return false;
	rmb(); /* the phase before the rest */
	*c = (struct nvme_completion){ .result = q->cq[q->head].result,
				       .id = q->cq[q->head].id,
				       .status = q->cq[q->head].status >> 1 };
	if (++q->head == q->depth) {
		q->head = 0;
		q->phase = !q->phase;
	}
	if (!completion_pending(q))
		writel(q->head, doorbell(q, true));
	return true;
}

static void *ring_memory(size_t bytes)
{
	return dma_alloc_pages(bytes, GFP_KERNEL | __GFP_ZERO);
}

static void free_ring(const volatile void *ring, size_t bytes)
{
	dma_free_pages((void *)ring, bytes);
}

static void free_queue(struct nvme_queue *q)
{
	if (!q)
		return;
	free_ring(q->sq, q->depth * sizeof(*q->sq));
	free_ring(q->cq, q->depth * sizeof(*q->cq));
	free_ring(q->lists, q->depth * LIST_BYTES);
	kfree(q);
}

static struct nvme_queue *alloc_queue(struct nvme *nvme, unsigned int id, unsigned int depth)
{
	struct nvme_queue *q = kzalloc(sizeof(*q), GFP_KERNEL);

	if (!q)
		return NULL;
	q->nvme = nvme;
	q->id = id;
	q->depth = depth;
	q->phase = true;
	q->sq = ring_memory(depth * sizeof(*q->sq));
	q->cq = ring_memory(depth * sizeof(*q->cq));
	q->lists = id ? ring_memory(depth * LIST_BYTES) : NULL;
	if (q->sq && q->cq && (q->lists || !id))
		return q;
	free_queue(q);
	return NULL;
}

/* ---- administration ---- */

/* Carry out one command and wait for it, at most five seconds. 0, -EIO; *@result if that is wanted. May sleep. */
static int admin_command(struct nvme *nvme, struct nvme_command *command, u32 *result)
{
	struct nvme_queue *q = nvme->admin;
	struct nvme_completion c;

	command->id = q->tail;
	put_command(q, command);
	ring_doorbell(q);
	for (unsigned int us = 0; !next_completion(q, &c); us += 20) {
		if (us > 5000000)
			return -EIO;
		udelay(20);
	}
	if (result)
		*result = c.result;
	return c.status ? -EIO : 0;
}

static int identify(struct nvme *nvme, unsigned int what, u32 nsid, void *page)
{
	struct nvme_command c = {
		.opcode = ADMIN_IDENTIFY, .nsid = nsid, .prp1 = virt_to_phys(page), .cdw10 = what
	};

	return admin_command(nvme, &c, NULL);
}

/* How many pairs besides the first the device has for us. */
static int ask_queues(struct nvme *nvme, unsigned int want)
{
	struct nvme_command c = { .opcode = ADMIN_SET_FEATURES, .cdw10 = FEATURE_QUEUES };
	u32 got;
	int err;

	c.cdw11 = (want - 1) << 16 | (want - 1);
	err = admin_command(nvme, &c, &got);
	if (!err)
		nvme->queues_left = min3(want, (got & 0xffff) + 1, (got >> 16) + 1);
	return err;
}

static int create_rings(struct nvme_queue *q)
{
	u32 size = (q->depth - 1) << 16 | q->id;
	struct nvme_command cq = { .opcode = ADMIN_CREATE_CQ,
				   .prp1 = virt_to_phys((void *)q->cq),
				   .cdw10 = size,
				   .cdw11 = RING_CONTIGUOUS };
	struct nvme_command sq = { .opcode = ADMIN_CREATE_SQ,
				   .prp1 = virt_to_phys(q->sq),
				   .cdw10 = size,
				   .cdw11 = RING_CONTIGUOUS | q->id << 16 };
	int err;

	if (q->interrupts)
		cq.cdw11 |= CQ_INTERRUPT | q->id << 16;
	err = admin_command(q->nvme, &cq, NULL);
	return err ? err : admin_command(q->nvme, &sq, NULL);
}

/* ---- requests ---- */

/* Name the memory of @rq in @c. */
static void map_data(struct nvme_queue *q, struct request *rq, struct nvme_command *c)
{
	unsigned int nr = blk_rq_map_sg(rq, q->sg, MAX_SEGMENTS), pages = 0;
	u64 *list = q->lists + rq->tag * LIST_BYTES;

	for (unsigned int i = 0; i < nr; i++) {
		u64 at = virt_to_phys(bvec_virt(&q->sg[i])), end = at + q->sg[i].bv_len;

		for (; at < end; at = round_down(at, PAGE_SIZE) + PAGE_SIZE) {
			if (!pages++)
				c->prp1 = at;
			else
				list[pages - 2] = at;
		}
	}
	if (pages == 2)
		c->prp2 = list[0];
	else if (pages > 2)
		c->prp2 = virt_to_phys(list);
}

static blk_status_t fill_command(struct nvme_queue *q, struct request *rq, struct nvme_command *c)
{
	struct nvme_disk *nd = rq->q->queuedata;
	unsigned int shift = nd->block_shift - SECTOR_SHIFT;
	u64 block = blk_rq_pos(rq) >> shift;
	u32 blocks = blk_rq_sectors(rq) >> shift;
	struct nvme_range *range;

	*c = (struct nvme_command){ .nsid = nd->nsid, .id = rq->tag };
	switch (req_op(rq)) {
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		c->opcode = op_is_write(req_op(rq)) ? CMD_WRITE : CMD_READ;
		map_data(q, rq, c);
		break;
	case REQ_OP_WRITE_ZEROES:
		c->opcode = CMD_WRITE_ZEROES;
		break;
	case REQ_OP_FLUSH:
		c->opcode = CMD_FLUSH;
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
		range = q->lists + rq->tag * LIST_BYTES;
		*range = (struct nvme_range){ .block = block, .blocks = blocks };
		c->opcode = CMD_DATASET;
		c->prp1 = virt_to_phys(range);
		c->cdw11 = DATASET_DISCARD;
		return BLK_STS_OK;
	default:
		return BLK_STS_NOTSUPP;
	}
	c->cdw10 = (u32)block;
	c->cdw11 = block >> 32;
	c->cdw12 = blocks - 1;
	if (rq->cmd_flags & REQ_FUA)
		c->cdw12 |= RW_FUA;
	if (req_op(rq) == REQ_OP_WRITE_ZEROES && !(rq->cmd_flags & REQ_NOUNMAP))
		c->cdw12 |= ZEROES_DEALLOCATE;
	return BLK_STS_OK;
}

static blk_status_t nvme_queue_rq(struct blk_mq_hw_ctx *hctx, struct request *rq, bool last)
{
	struct nvme_queue *q = hctx->driver_data;
	struct nvme_command command;
	blk_status_t status = fill_command(q, rq, &command);

	if (status)
		return status;
	put_command(q, &command);
	if (last)
		ring_doorbell(q);
	return BLK_STS_OK;
}

static void nvme_commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	ring_doorbell(hctx->driver_data);
}

/* Status code types 0 (generic) and 2 (media), as Linux understands them. */
static blk_status_t status_of(unsigned int code)
{
	switch (code & 0x7ff) {
	case 0:
		return BLK_STS_OK;
	case 0x81: /* capacity exceeded */
		return BLK_STS_NOSPC;
	case 0x80: /* outside the namespace */
		return BLK_STS_TARGET;
	case 0x01: /* no such command */
	case 0x02: /* a field */
	case 0x0b: /* a namespace */
		return BLK_STS_NOTSUPP;
	case 0x280 ... 0x287:
		return BLK_STS_MEDIUM;
	default:
		return BLK_STS_IOERR;
	}
}

static struct request *nvme_reap(struct blk_mq_hw_ctx *hctx)
{
	struct nvme_queue *q = hctx->driver_data;
	struct nvme_completion c;
	struct request *rq;

	if (!next_completion(q, &c))
		return NULL;
	rq = blk_mq_tag_to_rq(hctx, c.id);
	if (!rq || !rq->started) {
		pr_err_ratelimited("%s: the device ends command %u, which it was not given\n",
				   q->name, c.id);
		return NULL;
	}
	rq->status = status_of(c.status);
	return rq;
}

/* Each completion interrupts; one that came before is seen here. */
static bool nvme_enable_irq(struct blk_mq_hw_ctx *hctx)
{
	struct nvme_queue *q = hctx->driver_data;

	return q->interrupts && completion_pending(q);
}

static const struct blk_mq_ops nvme_mq_ops = {
	.queue_rq = nvme_queue_rq,
	.commit_rqs = nvme_commit_rqs,
	.reap = nvme_reap,
	.enable_irq = nvme_enable_irq,
};

static irqreturn_t nvme_interrupt(int irq, void *data)
{
	struct nvme_queue *q = data;

	if (q->hctx)
		blk_mq_irq(q->hctx);
	return IRQ_HANDLED;
}

/* ---- disks ---- */

static void nvme_free_disk(struct gendisk *disk)
{
	struct nvme_disk *nd = disk->private_data;

	for (unsigned int i = 0; i < nd->nr_queues; i++)
		free_queue(nd->queue[i]);
	kfree(nd->queue);
	kfree(nd);
}

static const struct block_device_operations nvme_fops = {
	.free_disk = nvme_free_disk,
};

static int make_queue(struct nvme_disk *nd, unsigned int i)
{
	struct nvme *nvme = nd->nvme;
	struct nvme_queue *q = alloc_queue(nvme, nvme->next_queue, IO_DEPTH);
	int err = 0;

	if (!q)
		return -ENOMEM;
	nd->queue[i] = q;
	q->interrupts = i < nd->nr_queues - nd->nr_poll;
	snprintf(q->name, sizeof(q->name), "nvme%uq%u", nvme->index, q->id);
	if (q->interrupts)
		err = pci_request_msix(nvme->pci, q->id, i % nr_cpu_ids, nvme_interrupt, q->name,
				       q);
	if (!err)
		err = create_rings(q);
	if (!err) {
		nvme->next_queue++;
		nvme->queues_left--;
	}
	return err;
}

static int make_queues(struct nvme_disk *nd)
{
	struct nvme *nvme = nd->nvme;
	int err = 0;

	nd->nr_queues = min3((unsigned int)num_online_cpus(), nvme->queues_left,
			     (unsigned int)nvme->pci->msix_nr - nvme->next_queue);
	if (!nd->nr_queues)
		return -EBUSY;
	nd->nr_poll = min(poll_queues, nvme->queues_left - nd->nr_queues);
	nd->nr_queues += nd->nr_poll;
	nd->queue = kcalloc(nd->nr_queues, sizeof(*nd->queue), GFP_KERNEL);
	if (!nd->queue)
		nd->nr_queues = 0;
	for (unsigned int i = 0; i < nd->nr_queues && !err; i++)
		err = make_queue(nd, i);
	return nd->queue ? err : -ENOMEM;
}

static int set_limits(struct nvme_disk *nd)
{
	struct request_queue *q = nd->disk->queue;
	struct queue_limits *lim = &q->limits;
	unsigned int block = 1u << nd->block_shift;

	if (block < SECTOR_SIZE || block > PAGE_SIZE)
		return -EINVAL;
	blk_queue_max_hw_sectors(q, nd->nvme->max_sectors);
	lim->max_segments = MAX_SEGMENTS;
	lim->max_segment_size = 0xffffffff;
	lim->virt_boundary_mask = PAGE_SIZE - 1;
	blk_queue_flag_set(QUEUE_FLAG_NONROT, q);
	blk_queue_write_cache(q, nd->nvme->cache, nd->nvme->cache);
	if (nd->nvme->oncs & ONCS_DATASET) {
		lim->max_discard_sectors = lim->max_hw_discard_sectors =
			0xffffffffu >> SECTOR_SHIFT;
		lim->discard_granularity = block;
	}
	if (nd->nvme->oncs & ONCS_ZEROES)
		lim->max_write_zeroes_sectors = ZEROES_SECTORS << (nd->block_shift - SECTOR_SHIFT);
	blk_queue_logical_block_size(q, block);
	return 0;
}

/* @data: what the device says of the namespace. */
static int make_disk(struct nvme_disk *nd, const u8 *data)
{
	struct gendisk *disk = nd->disk;
	u64 blocks;
	int err;

	memcpy(&blocks, data, sizeof(blocks));
	nd->block_shift = data[128 + 4 * (data[26] & 15) + 2];
	disk->fops = &nvme_fops;
	disk->private_data = nd;
	snprintf(disk->disk_name, sizeof(disk->disk_name), "nvme%un%u", nd->nvme->index, nd->nsid);
	snprintf(disk->driverfs, sizeof(disk->driverfs), "nvme%u", nd->nvme->index);
	disk->queue->queuedata = nd;
	err = set_limits(nd);
	if (!err)
		err = make_queues(nd);
	if (!err)
		err = blk_mq_init_queue(disk, &nvme_mq_ops, nd->nr_queues, IO_DEPTH - 1, 0);
	if (err)
		return err;
	for (unsigned int i = 0; i < nd->nr_queues; i++) {
		disk->queue->hctx[i].driver_data = nd->queue[i];
		nd->queue[i]->hctx = &disk->queue->hctx[i];
	}
	blk_mq_set_poll_queues(disk->queue, nd->nr_poll);
	set_capacity(disk, blocks << (nd->block_shift - SECTOR_SHIFT));
	pr_info("nvme nvme%u: [%s] %llu %u-byte logical blocks, %u queues, %u polled\n",
		nd->nvme->index, disk->disk_name, (unsigned long long)blocks, 1u << nd->block_shift,
		nd->nr_queues, nd->nr_poll);
	return device_add_disk(disk);
}

static int add_namespace(struct nvme *nvme, u32 nsid, void *page)
{
	struct nvme_disk *nd;
	int err = identify(nvme, IDENTIFY_NAMESPACE, nsid, page);

	if (err)
		return err;
	nd = kzalloc(sizeof(*nd), GFP_KERNEL);
	if (!nd)
		return -ENOMEM;
	nd->nvme = nvme;
	nd->nsid = nsid;
	nd->disk = blk_alloc_disk(-1);
	if (!nd->disk) {
		kfree(nd);
		return -ENOMEM;
	}
	err = make_disk(nd, page);
	if (err)
		pr_err("nvme nvme%u: namespace %u: error %d\n", nvme->index, nsid,
		       err); /* its rings stay the device's */
	return err;
}

/* ---- controllers ---- */

static int wait_ready(struct nvme *nvme, u32 ready)
{
	u64 cap = readq(nvme->registers + REG_CAP);
	unsigned int ms = ((cap >> 24 & 0xff) + 1) * 500;

	for (; ms; ms--) {
		u32 status = readl(nvme->registers + REG_CSTS);

		if (status & CSTS_FATAL)
			return -EIO;
		if ((status & CSTS_READY) == ready)
			return 0;
		msleep(1);
	}
	return -EIO;
}

static int start_controller(struct nvme *nvme)
{
	int err;

	writel(0, nvme->registers + REG_CC);
	err = wait_ready(nvme, 0);
	if (err)
		return err;
	writel((ADMIN_DEPTH - 1) << 16 | (ADMIN_DEPTH - 1), nvme->registers + REG_AQA);
	writeq(virt_to_phys(nvme->admin->sq), nvme->registers + REG_ASQ);
	writeq(virt_to_phys((void *)nvme->admin->cq), nvme->registers + REG_ACQ);
	writel(CC_ENABLE, nvme->registers + REG_CC);
	return wait_ready(nvme, CSTS_READY);
}

/* What the controller says of itself, and its namespaces. @page: for its answers */
static int find_namespaces(struct nvme *nvme, u8 *page)
{
	u32 list[NAMESPACES];
	int err = identify(nvme, IDENTIFY_CONTROLLER, 0, page);

	if (err)
		return err;
	nvme->max_sectors = MAX_SECTORS;
	if (page[77] && page[77] < 16)
		nvme->max_sectors = min_t(u32, MAX_SECTORS, (u32)PAGE_SECTORS << page[77]);
	nvme->oncs = page[520] | page[521] << 8;
	nvme->cache = page[525] & 1;
	pr_info("nvme nvme%u: %.20s\n", nvme->index, (char *)page + 24);
	err = ask_queues(nvme, (num_online_cpus() + poll_queues) * 2);
	if (!err)
		err = identify(nvme, IDENTIFY_LIST, 0, page);
	if (err)
		return err;
	memcpy(list, page, sizeof(list));
	for (unsigned int i = 0; i < NAMESPACES && list[i]; i++)
		add_namespace(nvme, list[i], page);
	return 0;
}

static int nvme_probe(struct pci_dev *pci)
{
	static unsigned int nr_controllers;
	struct nvme *nvme = kzalloc(sizeof(*nvme), GFP_KERNEL);
	u8 *page = ring_memory(PAGE_SIZE);
	int err = -ENOMEM;

	if (!nvme || !page)
		goto out;
	nvme->pci = pci;
	nvme->index = nr_controllers;
	nvme->next_queue = 1;
	pci_set_master(pci);
	nvme->registers = pci_iomap(pci, 0, 0, REGISTER_BYTES);
	nvme->admin = nvme->registers ? alloc_queue(nvme, 0, ADMIN_DEPTH) : NULL;
	if (!nvme->admin)
		goto out;
	nvme->stride = 4u << (readq(nvme->registers + REG_CAP) >> 32 & 15);
	err = pci_enable_msix(pci);
	if (!err)
		err = start_controller(nvme);
	if (!err)
		err = find_namespaces(nvme, page);
	if (!err)
		nr_controllers++;
out:
	if (err)
		pr_err("nvme: %02x:%02x.%u: error %d\n", pci->bus, pci->devfn >> 3, pci->devfn & 7,
		       err);
	if (err && nvme) {
		if (nvme->registers)
			writel(0, nvme->registers + REG_CC); /* it forgets the rings */
		free_queue(nvme->admin);
		kfree(nvme);
	}
	free_ring(page, PAGE_SIZE);
	return err;
}

static const struct pci_device_id nvme_ids[] = {
	{ .vendor = PCI_ANY_ID, .device = PCI_ANY_ID, .class_code = NVME_CLASS },
	{ 0 },
};

static struct pci_driver nvme_driver = {
	.name = "nvme",
	.ids = nvme_ids,
	.probe = nvme_probe,
};

static int __init nvme_init(void)
{
	pci_register_driver(&nvme_driver);
	return 0;
}
device_initcall(nvme_init);
