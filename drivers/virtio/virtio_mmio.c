/* SPDX-License-Identifier: MIT */
/*
 * Virtio over MMIO, version 2 (Virtio 1.2, 4.2).
 *
 * Devices are found on the command line, virtio_mmio.device=<size>@<base>:<irq>[:<id>] as microvm
 * writes it, or found by the machine in the firmware's tables (seam/acpi.h).
 */
#include <base/compiler.h>
#include <base/errno.h>
#include <base/printf.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/virtio.h>
#include <drivers/virtio_mmio.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <seam/acpi.h>
#include <seam/io.h>
#include <seam/page.h>

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>

#define MMIO_MAGIC     0x74726976 /* "virt" */
#define MMIO_VERSION   2
#define MMIO_SLOTS_MAX 32

struct virtio_mmio_device {
	struct virtio_device vdev;
	void __iomem *base;
	unsigned int irq;
};

static struct virtio_mmio_slot {
	phys_addr_t base;
	u32 bytes, irq;
} slots[MMIO_SLOTS_MAX] __initdata;
static unsigned int nr_slots __initdata;

static void __iomem *mmio_base(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_mmio_device, vdev)->base;
}

static u8 vm_get_status(struct virtio_device *vdev)
{
	return readl(mmio_base(vdev) + VIRTIO_MMIO_STATUS);
}

static void vm_set_status(struct virtio_device *vdev, u8 status)
{
	writel(status, mmio_base(vdev) + VIRTIO_MMIO_STATUS);
}

static u64 vm_get_features(struct virtio_device *vdev)
{
	void __iomem *base = mmio_base(vdev);
	u64 features;

	writel(0, base + VIRTIO_MMIO_DEVICE_FEATURES_SEL);
	features = readl(base + VIRTIO_MMIO_DEVICE_FEATURES);
	writel(1, base + VIRTIO_MMIO_DEVICE_FEATURES_SEL);
	return features | (u64)readl(base + VIRTIO_MMIO_DEVICE_FEATURES) << 32;
}

static void vm_set_features(struct virtio_device *vdev, u64 features)
{
	void __iomem *base = mmio_base(vdev);

	writel(0, base + VIRTIO_MMIO_DRIVER_FEATURES_SEL);
	writel((u32)features, base + VIRTIO_MMIO_DRIVER_FEATURES);
	writel(1, base + VIRTIO_MMIO_DRIVER_FEATURES_SEL);
	writel((u32)(features >> 32), base + VIRTIO_MMIO_DRIVER_FEATURES);
}

static void vm_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		((u8 *)buf)[i] = readb(mmio_base(vdev) + VIRTIO_MMIO_CONFIG + offset + i);
}

static void vm_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		   unsigned int bytes)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		writeb(((const u8 *)buf)[i], mmio_base(vdev) + VIRTIO_MMIO_CONFIG + offset + i);
}

static u16 vm_queue_max(struct virtio_device *vdev, u16 index)
{
	writel(index, mmio_base(vdev) + VIRTIO_MMIO_QUEUE_SEL);
	return readl(mmio_base(vdev) + VIRTIO_MMIO_QUEUE_NUM_MAX);
}

static void write_address(void __iomem *low, const volatile void *addr)
{
	u64 phys = __pa(addr);

	writel((u32)phys, low);
	writel((u32)(phys >> 32), low + 4);
}

static int vm_queue_enable(struct virtio_device *vdev, struct virtqueue *vq)
{
	void __iomem *base = mmio_base(vdev);

	writel(vq->index, base + VIRTIO_MMIO_QUEUE_SEL);
	if (readl(base + VIRTIO_MMIO_QUEUE_READY))
		return -EBUSY;
	writel(vq->size, base + VIRTIO_MMIO_QUEUE_NUM);
	write_address(base + VIRTIO_MMIO_QUEUE_DESC_LOW, vq->desc);
	write_address(base + VIRTIO_MMIO_QUEUE_AVAIL_LOW, vq->avail);
	write_address(base + VIRTIO_MMIO_QUEUE_USED_LOW, vq->used);
	writel(1, base + VIRTIO_MMIO_QUEUE_READY);
	return 0;
}

static void vm_notify(struct virtqueue *vq)
{
	writel(vq->index, mmio_base(vq->vdev) + VIRTIO_MMIO_QUEUE_NOTIFY);
}

static void vm_del_vq(struct virtqueue *vq)
{
	synchronize_irq(container_of(vq->vdev, struct virtio_mmio_device, vdev)->irq);
}

static const struct virtio_config_ops virtio_mmio_config_ops = {
	.get_status = vm_get_status,
	.set_status = vm_set_status,
	.get_features = vm_get_features,
	.set_features = vm_set_features,
	.get = vm_get,
	.set = vm_set,
	.queue_max = vm_queue_max,
	.queue_enable = vm_queue_enable,
	.notify = vm_notify,
	.del_vq = vm_del_vq,
};

static irqreturn_t vm_interrupt(int irq, void *data)
{
	struct virtio_mmio_device *vm = data;
	u32 status = readl(vm->base + VIRTIO_MMIO_INTERRUPT_STATUS);
	unsigned int i;

	if (!status)
		return IRQ_NONE;
	writel(status, vm->base + VIRTIO_MMIO_INTERRUPT_ACK);
	if (status & VIRTIO_MMIO_INT_CONFIG)
		virtio_config_interrupt(&vm->vdev);
	if (status & VIRTIO_MMIO_INT_VRING)
		for (i = 0; i < VIRTIO_MAX_QUEUES; i++)
			if (vm->vdev.vqs[i])
				virtio_queue_interrupt(vm->vdev.vqs[i]);
	return IRQ_HANDLED;
}

static void __init virtio_mmio_probe(const struct virtio_mmio_slot *slot)
{
	struct virtio_mmio_device *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int err = -ENOMEM;

	if (!vm)
		goto fail;
	vm->base = ioremap(slot->base, slot->bytes);
	if (!vm->base)
		goto fail;
	vm->irq = slot->irq;
	vm->vdev.config = &virtio_mmio_config_ops;
	vm->vdev.id = readl(vm->base + VIRTIO_MMIO_DEVICE_ID);
	err = 0;
	if (readl(vm->base + VIRTIO_MMIO_MAGIC_VALUE) != MMIO_MAGIC || !vm->vdev.id)
		goto fail; /* an empty slot is no error */
	err = -ENODEV;
	if (readl(vm->base + VIRTIO_MMIO_VERSION) != MMIO_VERSION)
		goto fail;
	writel(0, vm->base + VIRTIO_MMIO_STATUS);
	err = request_irq(slot->irq, vm_interrupt, IRQF_SHARED, "virtio-mmio", vm);
	if (err)
		goto fail;
	register_virtio_device(&vm->vdev);
	return;
fail:
	if (err)
		pr_warn("virtio-mmio at 0x%llx: not usable, error %d (version 2 is needed: "
			"-global virtio-mmio.force-legacy=off)\n",
			(u64)slot->base, err);
	if (vm && vm->base)
		iounmap(vm->base);
	kfree(vm);
}

void __init virtio_mmio_add(phys_addr_t base, u32 bytes, u32 irq)
{
	if (nr_slots < MMIO_SLOTS_MAX)
		slots[nr_slots++] = (struct virtio_mmio_slot){ base, bytes, irq };
}

static int __init virtio_mmio_param(char *arg)
{
	u64 bytes, base;
	char *end;
	u32 irq;

	bytes = memparse(arg, &end);
	if (*end != '@')
		return -EINVAL;
	base = simple_strtoull(end + 1, &end, 0);
	if (*end != ':' || !bytes)
		return -EINVAL;
	irq = simple_strtoul(end + 1, &end, 0);
	virtio_mmio_add(base, bytes, irq);
	return 0;
}
early_param("virtio_mmio.device", virtio_mmio_param);

static int __init virtio_mmio_init(void)
{
	unsigned int i;

	for (i = 0; i < acpi_virtio_mmio_nr; i++)
		virtio_mmio_add(acpi_virtio_mmio[i].base, acpi_virtio_mmio[i].size,
				acpi_virtio_mmio[i].irq);
	for (i = 0; i < nr_slots; i++)
		virtio_mmio_probe(&slots[i]);
	return 0;
}
device_initcall(virtio_mmio_init);
