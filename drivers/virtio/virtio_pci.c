/* SPDX-License-Identifier: MIT */
/*
 * Virtio over PCI, modern interface (Virtio 1.2, 4.1): register blocks are found through vendor
 * capabilities; entry 0 of the MSI-X table reports configuration changes, entry 1 all queues, or (where the
 * driver asks for it and the table is long enough) entry 1 + n queue n, on CPU n.
 */
#include <base/compiler.h>
#include <base/cpumask.h>
#include <base/errno.h>
#include <base/types.h>
#include <drivers/pci.h>
#include <drivers/virtio.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <seam/io.h>
#include <seam/page.h>
#include <seam/processor.h>

#include <linux/pci_regs.h>
#include <linux/virtio_config.h>
#include <linux/virtio_pci.h>

#define VIRTIO_PCI_VENDOR      0x1af4
#define VIRTIO_PCI_MODERN_BASE 0x1040
#define VIRTIO_PCI_LEGACY_BASE 0x1000
#define MSIX_CONFIG	       0
#define MSIX_QUEUES	       1 /* and, with a vector each, the following */

struct virtio_pci_device {
	struct virtio_device vdev;
	struct pci_dev *pci;
	void __iomem *common;
	void __iomem *notify_base;
	void __iomem *device;
	u32 device_bytes;
	u32 notify_multiplier;
	bool shared; /* MSIX_QUEUES is requested for all queues */
};

static struct virtio_pci_device *to_virtio_pci(struct virtio_device *vdev)
{
	return container_of(vdev, struct virtio_pci_device, vdev);
}

static u8 vp_get_status(struct virtio_device *vdev)
{
	return readb(to_virtio_pci(vdev)->common + VIRTIO_PCI_COMMON_STATUS);
}

static void vp_set_status(struct virtio_device *vdev, u8 status)
{
	void __iomem *common = to_virtio_pci(vdev)->common;

	writeb(status, common + VIRTIO_PCI_COMMON_STATUS);
	while (!status) {
		u8 now = readb(common + VIRTIO_PCI_COMMON_STATUS);

		if (!now || now == 0xff) /* all ones: it was taken out */
			break;
		cpu_relax();
	}
}

static u64 vp_get_features(struct virtio_device *vdev)
{
	void __iomem *common = to_virtio_pci(vdev)->common;
	u64 features;

	writel(0, common + VIRTIO_PCI_COMMON_DFSELECT);
	features = readl(common + VIRTIO_PCI_COMMON_DF);
	writel(1, common + VIRTIO_PCI_COMMON_DFSELECT);
	return features | (u64)readl(common + VIRTIO_PCI_COMMON_DF) << 32;
}

static void vp_set_features(struct virtio_device *vdev, u64 features)
{
	void __iomem *common = to_virtio_pci(vdev)->common;

	writel(0, common + VIRTIO_PCI_COMMON_GFSELECT);
	writel((u32)features, common + VIRTIO_PCI_COMMON_GF);
	writel(1, common + VIRTIO_PCI_COMMON_GFSELECT);
	writel((u32)(features >> 32), common + VIRTIO_PCI_COMMON_GF);
}

static void vp_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int bytes)
{
	struct virtio_pci_device *vp = to_virtio_pci(vdev);
	unsigned int i;

	for (i = 0; i < bytes; i++)
		((u8 *)buf)[i] = offset + i < vp->device_bytes ? readb(vp->device + offset + i) : 0;
}

static void vp_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		   unsigned int bytes)
{
	struct virtio_pci_device *vp = to_virtio_pci(vdev);
	unsigned int i;

	for (i = 0; i < bytes && offset + i < vp->device_bytes; i++)
		writeb(((const u8 *)buf)[i], vp->device + offset + i);
}

static u16 vp_queue_max(struct virtio_device *vdev, u16 index)
{
	void __iomem *common = to_virtio_pci(vdev)->common;

	if (index >= readw(common + VIRTIO_PCI_COMMON_NUMQ))
		return 0;
	writew(index, common + VIRTIO_PCI_COMMON_Q_SELECT);
	return readw(common + VIRTIO_PCI_COMMON_Q_SIZE);
}

static void write_address(void __iomem *low, const volatile void *addr)
{
	u64 phys = __pa(addr);

	writel((u32)phys, low);
	writel((u32)(phys >> 32), low + 4);
}

static irqreturn_t vp_queue_irq(int irq, void *data)
{
	virtio_queue_interrupt(data);
	return IRQ_HANDLED;
}

static irqreturn_t vp_queues_irq(int irq, void *data)
{
	struct virtio_device *vdev = data;
	unsigned int i;

	for (i = 0; i < VIRTIO_MAX_QUEUES; i++)
		if (vdev->vqs[i])
			virtio_queue_interrupt(vdev->vqs[i]);
	return IRQ_HANDLED;
}

/* Does each queue have an entry of its own? */
static bool vp_vector_per_queue(struct virtio_pci_device *vp, const struct virtqueue *vq)
{
	return vp->vdev.driver->vector_per_queue && MSIX_QUEUES + vq->index < vp->pci->msix_nr;
}

/* Entry of the MSI-X table for @vq, with its interrupt requested. */
static int vp_request_vector(struct virtio_pci_device *vp, struct virtqueue *vq)
{
	int entry = MSIX_QUEUES, err;

	if (vp_vector_per_queue(vp, vq)) {
		entry += vq->index;
		err = pci_request_msix(vp->pci, entry, vq->index % nr_cpu_ids, vp_queue_irq,
				       vq->name, vq);
	} else {
		err = vp->shared ? 0
				 : pci_request_msix(vp->pci, entry, 0, vp_queues_irq, "virtio",
						    &vp->vdev);
		vp->shared |= !err;
	}
	return err ? err : entry;
}

static void vp_del_vq(struct virtqueue *vq)
{
	struct virtio_pci_device *vp = to_virtio_pci(vq->vdev);

	if (vp_vector_per_queue(vp, vq))
		pci_free_msix(vp->pci, MSIX_QUEUES + vq->index, vq);
	else
		pci_synchronize_msix(vp->pci, MSIX_QUEUES);
}

static int vp_queue_enable(struct virtio_device *vdev, struct virtqueue *vq)
{
	struct virtio_pci_device *vp = to_virtio_pci(vdev);
	void __iomem *common = vp->common;
	int entry = vp_request_vector(vp, vq);

	if (entry < 0)
		return entry;
	writew(MSIX_CONFIG, common + VIRTIO_PCI_COMMON_MSIX);
	writew(vq->index, common + VIRTIO_PCI_COMMON_Q_SELECT);
	writew(vq->size, common + VIRTIO_PCI_COMMON_Q_SIZE);
	writew(entry, common + VIRTIO_PCI_COMMON_Q_MSIX);
	if (readw(common + VIRTIO_PCI_COMMON_Q_MSIX) != entry) {
		vp_del_vq(vq);
		return -EBUSY;
	}
	write_address(common + VIRTIO_PCI_COMMON_Q_DESCLO, vq->desc);
	write_address(common + VIRTIO_PCI_COMMON_Q_AVAILLO, vq->avail);
	write_address(common + VIRTIO_PCI_COMMON_Q_USEDLO, vq->used);
	vq->notify =
		vp->notify_base + readw(common + VIRTIO_PCI_COMMON_Q_NOFF) * vp->notify_multiplier;
	writew(1, common + VIRTIO_PCI_COMMON_Q_ENABLE);
	return 0;
}

static void vp_notify(struct virtqueue *vq)
{
	writew(vq->index, vq->notify);
}

static const struct virtio_config_ops virtio_pci_config_ops = {
	.get_status = vp_get_status,
	.set_status = vp_set_status,
	.get_features = vp_get_features,
	.set_features = vp_set_features,
	.get = vp_get,
	.set = vp_set,
	.queue_max = vp_queue_max,
	.queue_enable = vp_queue_enable,
	.notify = vp_notify,
	.del_vq = vp_del_vq,
};

static irqreturn_t vp_config_irq(int irq, void *data)
{
	virtio_config_interrupt(data);
	return IRQ_HANDLED;
}

/* Map the register block that capability @type describes; its length in *@bytes. */
static void __iomem *vp_map_block(struct pci_dev *pci, u8 type, u32 *bytes, int *cap)
{
	int pos = 0;

	while ((pos = pci_find_capability(pci, pos, PCI_CAP_ID_VNDR))) {
		if (pci_read_config_byte(pci, pos + VIRTIO_PCI_CAP_CFG_TYPE) != type)
			continue;
		*bytes = pci_read_config_dword(pci, pos + VIRTIO_PCI_CAP_LENGTH);
		*cap = pos;
		return pci_iomap(pci, pci_read_config_byte(pci, pos + VIRTIO_PCI_CAP_BAR),
				 pci_read_config_dword(pci, pos + VIRTIO_PCI_CAP_OFFSET), *bytes);
	}
	return NULL;
}

static int vp_map_blocks(struct virtio_pci_device *vp)
{
	u32 bytes;
	int cap;

	vp->common = vp_map_block(vp->pci, VIRTIO_PCI_CAP_COMMON_CFG, &bytes, &cap);
	if (!vp->common)
		return -ENODEV;
	vp->notify_base = vp_map_block(vp->pci, VIRTIO_PCI_CAP_NOTIFY_CFG, &bytes, &cap);
	if (!vp->notify_base)
		return -ENODEV;
	vp->notify_multiplier = pci_read_config_dword(vp->pci, cap + VIRTIO_PCI_NOTIFY_CAP_MULT);
	vp->device = vp_map_block(vp->pci, VIRTIO_PCI_CAP_DEVICE_CFG, &bytes, &cap);
	vp->device_bytes = vp->device ? bytes : 0;
	return 0;
}

static int vp_setup_irqs(struct virtio_pci_device *vp)
{
	int err = pci_enable_msix(vp->pci);

	if (!err)
		err = pci_request_msix(vp->pci, MSIX_CONFIG, 0, vp_config_irq, "virtio-config",
				       &vp->vdev);
	return err;
}

static int virtio_pci_probe(struct pci_dev *pci)
{
	struct virtio_pci_device *vp = kzalloc(sizeof(*vp), GFP_KERNEL);
	int err;

	if (!vp)
		return -ENOMEM;
	vp->pci = pci;
	pci->driver_data = vp;
	vp->vdev.config = &virtio_pci_config_ops;
	vp->vdev.id = pci->device >= VIRTIO_PCI_MODERN_BASE ? pci->device - VIRTIO_PCI_MODERN_BASE
							    : pci->subsystem_device;
	pci_set_master(pci);
	err = vp_map_blocks(vp);
	if (err)
		goto free;
	vp_set_status(&vp->vdev, 0);
	err = vp_setup_irqs(vp);
	if (err)
		goto free;
	return register_virtio_device(&vp->vdev);
free:
	pr_warn("virtio-pci %02x:%02x: not usable, error %d (modern interface and MSI-X are needed)\n",
		pci->bus, pci->devfn >> 3, err);
	kfree(vp);
	return err;
}

static int virtio_pci_remove(struct pci_dev *pci)
{
	struct virtio_pci_device *vp = pci->driver_data;
	int err = unregister_virtio_device(&vp->vdev);

	if (err)
		return err;
	pci_free_msix(pci, MSIX_CONFIG, &vp->vdev);
	if (vp->shared)
		pci_free_msix(pci, MSIX_QUEUES, &vp->vdev);
	pci_disable_msix(pci);
	iounmap(vp->common);
	iounmap(vp->notify_base);
	if (vp->device)
		iounmap(vp->device);
	kfree(vp);
	return 0;
}

static const struct pci_device_id virtio_pci_ids[] = { { VIRTIO_PCI_VENDOR, PCI_ANY_ID }, { 0 } };

static struct pci_driver virtio_pci_driver = {
	.name = "virtio-pci",
	.ids = virtio_pci_ids,
	.probe = virtio_pci_probe,
	.remove = virtio_pci_remove,
};

static int __init virtio_pci_init(void)
{
	pci_register_driver(&virtio_pci_driver);
	return 0;
}
device_initcall(virtio_pci_init);
