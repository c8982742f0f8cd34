/* SPDX-License-Identifier: MIT */
/*
 * PCI functions as the firmware left them: enumerated once, bound to drivers by identity; they may be taken out.
 *
 * Quire does not assign addresses; the firmware of q35 has done so. Interrupts are MSI-X only,
 * since routing of the legacy pins would need an AML interpreter.
 */
#ifndef DRIVERS_PCI_H
#define DRIVERS_PCI_H

#include <base/types.h>
#include <base/list.h>
#include <kernel/irq.h>
#include <seam/io.h>

#define PCI_NR_BARS	6
#define PCI_ANY_ID	0xffff

struct pci_driver;

struct pci_dev {
	struct list_head node;		/* in the list of all functions, in bus order */
	u8 bus, devfn;
	u8 secondary;			/* of a bridge: the bus behind it; otherwise 0 */
	u16 vendor, device;
	u16 subsystem_vendor, subsystem_device;
	u32 class_code;			/* base class, sub class, programming interface */
	const struct pci_driver *driver;
	void *driver_data;
	phys_addr_t bar_start[PCI_NR_BARS];	/* 0: not there, or a port range */
	u64 bar_bytes[PCI_NR_BARS];
	u8 msix_cap;			/* offset of the capability, 0 if there is none */
	u16 msix_nr;			/* entries of the table */
	void __iomem *msix_table;
	u16 *msix_irq;			/* of each entry, 0: none */
};

struct pci_device_id {
	u16 vendor, device;		/* PCI_ANY_ID: any */
	u32 class_code;			/* 0: any */
};

struct pci_driver {
	const char *name;
	const struct pci_device_id *ids;	/* ends with vendor 0 */
	int (*probe)(struct pci_dev *dev);
	/*
	 * Undo probe; the function may be gone already, and read as all ones. -EBUSY: it cannot let go, nothing was done.
	 * NULL: never. May sleep.
	 */
	int (*remove)(struct pci_dev *dev);
	struct pci_driver *next;
};

/* Configuration space. Any context; an unaligned @where is the caller's mistake. */
u8 pci_read_config_byte(const struct pci_dev *dev, int where);
u16 pci_read_config_word(const struct pci_dev *dev, int where);
u32 pci_read_config_dword(const struct pci_dev *dev, int where);
void pci_write_config_word(const struct pci_dev *dev, int where, u16 value);
void pci_write_config_dword(const struct pci_dev *dev, int where, u32 value);

/* Offset of the first capability @cap_id after offset @after (0: from the start); 0 if none. */
int pci_find_capability(const struct pci_dev *dev, int after, u8 cap_id);

/* Let the function decode memory and master the bus. */
void pci_set_master(struct pci_dev *dev);

/* Map @bytes of BAR @bar from @offset. NULL when the BAR is absent, too small, or memory is short. May sleep. */
void __iomem *pci_iomap(struct pci_dev *dev, int bar, u64 offset, u64 bytes);

/*
 * Turn MSI-X on with all entries masked; then give entry @entry an interrupt on CPU @cpu that calls
 * @handler(irq, @data). May sleep. 0 or a negative errno.
 */
int pci_enable_msix(struct pci_dev *dev);
int pci_request_msix(struct pci_dev *dev, unsigned int entry, int cpu, irq_handler_t handler,
		     const char *name, void *data);
/* Undo; returns after the last call of the handler. pci_synchronize_msix() only waits for that. May sleep. */
void pci_free_msix(struct pci_dev *dev, unsigned int entry, void *data);
void pci_synchronize_msix(struct pci_dev *dev, unsigned int entry);
/* Turn MSI-X off. => every entry was freed. May sleep. */
void pci_disable_msix(struct pci_dev *dev);

/* Bind @driver to all matching functions, now and later. May sleep. */
void pci_register_driver(struct pci_driver *driver);
/* Take all functions of @bus from their drivers and forget them. 0, or -EBUSY: some are left. May sleep. */
int pci_remove_bus(u8 bus);

#endif
