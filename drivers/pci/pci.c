/* SPDX-License-Identifier: MIT */
/*
 * PCI: enumeration, capabilities, BARs, MSI-X.
 *
 * Configuration space is reached by mechanism 1 (ports 0xcf8 and 0xcfc; PCI Local Bus 3.0,
 * 3.2.2.3.2), which every q35 machine has; microvm has no PCI and answers all ones. The bus tree
 * is walked from bus 0 through the secondary bus number of each bridge, once at boot in one thread.
 * Afterwards functions only go (hotplug.c), under pci_lock.
 */
#include <base/compiler.h>
#include <base/errno.h>
#include <base/list.h>
#include <base/types.h>
#include <drivers/pci.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <mm/slab.h>
#include <seam/io.h>
#include <sync/mutex.h>
#include <sync/ranks.h>
#include <sync/spinlock.h>

#include <linux/pci_regs.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc

static LIST_HEAD(pci_devices);
static struct pci_driver *pci_drivers;
static DEFINE_MUTEX(pci_lock, LOCK_PCI_BUS); /* the two above, and bindings */
static DEFINE_SPINLOCK(pci_config_lock, LOCK_PCI_CONFIG);

static u32 config_read(u8 bus, u8 devfn, int where)
{
	unsigned long flags;
	u32 value;

	spin_lock_irqsave(&pci_config_lock, flags);
	outl(0x80000000u | (u32)bus << 16 | (u32)devfn << 8 | (where & 0xfc), CONFIG_ADDRESS);
	value = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&pci_config_lock, flags);
	return value;
}

static void config_write(u8 bus, u8 devfn, int where, u32 value)
{
	unsigned long flags;

	spin_lock_irqsave(&pci_config_lock, flags);
	outl(0x80000000u | (u32)bus << 16 | (u32)devfn << 8 | (where & 0xfc), CONFIG_ADDRESS);
	outl(value, CONFIG_DATA);
	spin_unlock_irqrestore(&pci_config_lock, flags);
}

u32 pci_read_config_dword(const struct pci_dev *dev, int where)
{
	return config_read(dev->bus, dev->devfn, where);
}

u16 pci_read_config_word(const struct pci_dev *dev, int where)
{
	return pci_read_config_dword(dev, where) >> (8 * (where & 2));
}

u8 pci_read_config_byte(const struct pci_dev *dev, int where)
{
	return pci_read_config_dword(dev, where) >> (8 * (where & 3));
}

void pci_write_config_dword(const struct pci_dev *dev, int where, u32 value)
{
	config_write(dev->bus, dev->devfn, where, value);
}

void pci_write_config_word(const struct pci_dev *dev, int where, u16 value)
{
	int shift = 8 * (where & 2);
	u32 old = pci_read_config_dword(dev, where);

	/* The status register beside the command register clears by writing ones: write zeros. */
	if ((where & ~3) == PCI_COMMAND)
		old &= 0xffff;
	pci_write_config_dword(dev, where, (old & ~(0xffffu << shift)) | (u32)value << shift);
}

int pci_find_capability(const struct pci_dev *dev, int after, u8 cap_id)
{
	int pos, hops;

	if (!(pci_read_config_word(dev, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	pos = pci_read_config_byte(dev, after ? after + PCI_CAP_LIST_NEXT : PCI_CAPABILITY_LIST);
	for (hops = 0; pos >= 0x40 && hops < 48; hops++) {
		pos &= ~3;
		if (pci_read_config_byte(dev, pos + PCI_CAP_LIST_ID) == cap_id)
			return pos;
		pos = pci_read_config_byte(dev, pos + PCI_CAP_LIST_NEXT);
	}
	return 0;
}

void pci_set_master(struct pci_dev *dev)
{
	u16 command = pci_read_config_word(dev, PCI_COMMAND);

	pci_write_config_word(dev, PCI_COMMAND,
			      command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
				      PCI_COMMAND_INTX_DISABLE);
}

void __iomem *pci_iomap(struct pci_dev *dev, int bar, u64 offset, u64 bytes)
{
	if (bar < 0 || bar >= PCI_NR_BARS || !dev->bar_start[bar])
		return NULL;
	if (offset > dev->bar_bytes[bar] || bytes > dev->bar_bytes[bar] - offset)
		return NULL;
	return ioremap(dev->bar_start[bar] + offset, bytes);
}

/* Size a BAR by writing all ones; memory decoding is off meanwhile. Returns the next BAR number. */
static int pci_read_bar(struct pci_dev *dev, int bar)
{
	int where = PCI_BASE_ADDRESS_0 + 4 * bar;
	u32 low = pci_read_config_dword(dev, where), high = 0;
	u64 size;
	bool wide;

	if (low & PCI_BASE_ADDRESS_SPACE_IO)
		return bar + 1;
	wide = (low & PCI_BASE_ADDRESS_MEM_TYPE_MASK) == PCI_BASE_ADDRESS_MEM_TYPE_64 &&
	       bar < PCI_NR_BARS - 1;
	pci_write_config_dword(dev, where, 0xffffffff);
	size = pci_read_config_dword(dev, where) & PCI_BASE_ADDRESS_MEM_MASK;
	pci_write_config_dword(dev, where, low);
	if (wide) {
		high = pci_read_config_dword(dev, where + 4);
		pci_write_config_dword(dev, where + 4, 0xffffffff);
		size |= (u64)pci_read_config_dword(dev, where + 4) << 32;
		pci_write_config_dword(dev, where + 4, high);
	} else if (size) {
		size |= 0xffffffff00000000ull;
	}
	dev->bar_start[bar] = ((u64)high << 32) | (low & ~0xfu);
	dev->bar_bytes[bar] = size ? ~size + 1 : 0;
	return bar + (wide ? 2 : 1);
}

static void pci_read_bars(struct pci_dev *dev)
{
	u16 command = pci_read_config_word(dev, PCI_COMMAND);
	int bar = 0, nr = dev->secondary ? 2 : PCI_NR_BARS;

	pci_write_config_word(dev, PCI_COMMAND, command & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO));
	while (bar < nr)
		bar = pci_read_bar(dev, bar);
	pci_write_config_word(dev, PCI_COMMAND, command);
}

int pci_enable_msix(struct pci_dev *dev)
{
	u32 table;
	u16 control;
	unsigned int i;

	if (!dev->msix_cap)
		return -ENODEV;
	control = pci_read_config_word(dev, dev->msix_cap + PCI_MSIX_FLAGS);
	dev->msix_nr = (control & PCI_MSIX_FLAGS_QSIZE) + 1;
	table = pci_read_config_dword(dev, dev->msix_cap + PCI_MSIX_TABLE);
	dev->msix_table = pci_iomap(dev, table & PCI_MSIX_TABLE_BIR, table & PCI_MSIX_TABLE_OFFSET,
				    dev->msix_nr * PCI_MSIX_ENTRY_SIZE);
	dev->msix_irq = kcalloc(dev->msix_nr, sizeof(*dev->msix_irq), GFP_KERNEL);
	if (!dev->msix_table || !dev->msix_irq)
		return -ENOMEM;
	for (i = 0; i < dev->msix_nr; i++)
		writel(PCI_MSIX_ENTRY_CTRL_MASKBIT,
		       dev->msix_table + i * PCI_MSIX_ENTRY_SIZE + PCI_MSIX_ENTRY_VECTOR_CTRL);
	control &= ~PCI_MSIX_FLAGS_MASKALL;
	pci_write_config_word(dev, dev->msix_cap + PCI_MSIX_FLAGS, control | PCI_MSIX_FLAGS_ENABLE);
	return 0;
}

int pci_request_msix(struct pci_dev *dev, unsigned int entry, int cpu, irq_handler_t handler,
		     const char *name, void *data)
{
	struct msi_msg msg;
	void __iomem *slot;
	int irq, err;

	if (entry >= dev->msix_nr)
		return -EINVAL;
	irq = irq_alloc_msi(cpu, &msg);
	if (irq < 0)
		return irq;
	err = request_irq(irq, handler, 0, name, data);
	if (err) {
		irq_free_msi(irq);
		return err;
	}
	slot = dev->msix_table + entry * PCI_MSIX_ENTRY_SIZE;
	writel(msg.address_lo, slot + PCI_MSIX_ENTRY_LOWER_ADDR);
	writel(msg.address_hi, slot + PCI_MSIX_ENTRY_UPPER_ADDR);
	writel(msg.data, slot + PCI_MSIX_ENTRY_DATA);
	writel(0, slot + PCI_MSIX_ENTRY_VECTOR_CTRL);
	dev->msix_irq[entry] = irq;
	return 0;
}

void pci_synchronize_msix(struct pci_dev *dev, unsigned int entry)
{
	if (dev->msix_irq[entry])
		synchronize_irq(dev->msix_irq[entry]);
}

void pci_free_msix(struct pci_dev *dev, unsigned int entry, void *data)
{
	void __iomem *slot = dev->msix_table + entry * PCI_MSIX_ENTRY_SIZE;

	writel(PCI_MSIX_ENTRY_CTRL_MASKBIT, slot + PCI_MSIX_ENTRY_VECTOR_CTRL);
	free_irq(dev->msix_irq[entry], data);
	irq_free_msi(dev->msix_irq[entry]);
	dev->msix_irq[entry] = 0;
}

void pci_disable_msix(struct pci_dev *dev)
{
	u16 control = pci_read_config_word(dev, dev->msix_cap + PCI_MSIX_FLAGS);

	pci_write_config_word(dev, dev->msix_cap + PCI_MSIX_FLAGS,
			      control & ~PCI_MSIX_FLAGS_ENABLE);
	iounmap(dev->msix_table);
	kfree(dev->msix_irq);
	dev->msix_table = NULL;
	dev->msix_irq = NULL;
}

static void pci_match(struct pci_dev *dev, const struct pci_driver *driver)
{
	const struct pci_device_id *id;

	if (dev->driver)
		return;
	for (id = driver->ids; id->vendor; id++) {
		if ((id->vendor != PCI_ANY_ID && id->vendor != dev->vendor) ||
		    (id->device != PCI_ANY_ID && id->device != dev->device) ||
		    (id->class_code && id->class_code != dev->class_code))
			continue;
		dev->driver = driver;
		if (driver->probe(dev) < 0)
			dev->driver = NULL;
		return;
	}
}

void pci_register_driver(struct pci_driver *driver)
{
	struct pci_dev *dev;

	mutex_lock(&pci_lock);
	driver->next = pci_drivers;
	pci_drivers = driver;
	list_for_each_entry (dev, &pci_devices, node)
		pci_match(dev, driver);
	mutex_unlock(&pci_lock);
}

int pci_remove_bus(u8 bus)
{
	struct pci_dev *dev, *next;
	int err = 0;

	mutex_lock(&pci_lock);
	list_for_each_entry_safe (dev, next, &pci_devices, node) {
		if (dev->bus != bus)
			continue;
		if (dev->driver && (!dev->driver->remove || dev->driver->remove(dev))) {
			err = -EBUSY;
			continue;
		}
		list_del(&dev->node);
		kfree(dev);
	}
	mutex_unlock(&pci_lock);
	return err;
}

static void pci_scan_bus(u8 bus);

static void pci_scan_function(u8 bus, u8 devfn, u32 id)
{
	u8 header = config_read(bus, devfn, PCI_CACHE_LINE_SIZE) >> 16 & 0x7f;
	struct pci_dev *dev;
	u8 secondary = 0;

	if (header == PCI_HEADER_TYPE_BRIDGE)
		secondary = config_read(bus, devfn, PCI_PRIMARY_BUS) >> 8;
	if (secondary > bus)
		pci_scan_bus(secondary);
	if (header != PCI_HEADER_TYPE_NORMAL && secondary <= bus)
		return;
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev) {
		pr_warn("pci: %02x:%02x.%x ignored, no memory\n", bus, devfn >> 3, devfn & 7);
		return;
	}
	dev->bus = bus;
	dev->devfn = devfn;
	dev->secondary = secondary;
	dev->vendor = id;
	dev->device = id >> 16;
	dev->class_code = pci_read_config_dword(dev, PCI_CLASS_REVISION) >> 8;
	dev->subsystem_vendor = pci_read_config_word(dev, PCI_SUBSYSTEM_VENDOR_ID);
	dev->subsystem_device = pci_read_config_word(dev, PCI_SUBSYSTEM_ID);
	pci_read_bars(dev);
	dev->msix_cap = pci_find_capability(dev, 0, PCI_CAP_ID_MSIX);
	list_add_tail(&dev->node, &pci_devices);
	pr_debug("pci %02x:%02x.%x: [%04x:%04x] class %06x\n", bus, devfn >> 3, devfn & 7,
		 dev->vendor, dev->device, dev->class_code);
}

static void pci_scan_bus(u8 bus)
{
	unsigned int slot, function, nr_functions;

	for (slot = 0; slot < 32; slot++) {
		nr_functions = 1;
		for (function = 0; function < nr_functions; function++) {
			u8 devfn = slot << 3 | function;
			u32 id = config_read(bus, devfn, PCI_VENDOR_ID);

			if ((id & 0xffff) == 0xffff || !(id & 0xffff))
				continue;
			if (!function && config_read(bus, devfn, PCI_CACHE_LINE_SIZE) >> 16 & 0x80)
				nr_functions = 8;
			pci_scan_function(bus, devfn, id);
		}
	}
}

static int __init pci_init(void)
{
	pci_scan_bus(0);
	return 0;
}
subsys_initcall(pci_init);
