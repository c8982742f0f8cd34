/* SPDX-License-Identifier: MIT */
/*
 * Slots of PCI Express that can be emptied while the machine runs: downstream ports with the native hot-plug registers
 * (PCI Express Base 5.0, 6.7 and 7.5.3.10 and following).
 *
 *	ON -- attention button --> BLINKING -- 5 s --> drivers let go, power off --> OFF
 *	 ^------ button again ------'
 *
 * The 5 s are the specification's, in which whoever pressed the button may change his mind. A device that is taken out
 * without a word (presence detect says empty) goes at once: its drivers find registers that read as all ones. What is
 * put into a slot is not taken into use, as nobody here assigns addresses.
 *
 * The interrupt only queues work; works alone touch slots, in an ordered queue, one at a time: no lock. Linux 6.1: drivers/pci/hotplug/pciehp_*.c.
 * Observed by: QEMU's `device_del` with ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off; the log.
 */
#include <base/errno.h>
#include <base/types.h>
#include <drivers/pci.h>
#include <kernel/init.h>
#include <kernel/irq.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <mm/slab.h>
#include <sync/workqueue.h>

#include <linux/pci_regs.h>

#define CLASS_BRIDGE_PCI 0x060400
#define PATIENCE	 (5 * HZ)
#define EVENTS		 (PCI_EXP_SLTSTA_ABP | PCI_EXP_SLTSTA_PDC)

struct slot {
	struct pci_dev *port;
	int cap;	     /* offset of the capability */
	unsigned int number; /* physical slot number */
	bool blinking;
	struct work_struct events;
	struct delayed_work timeout;
};

static struct workqueue_struct *hotplug_wq; /* from the first slot on */

/* Change @mask of the control register to @bits; the status beside it clears by ones: @events of it go. */
static void slot_write(struct slot *slot, u16 mask, u16 bits, u16 events)
{
	u16 control = pci_read_config_word(slot->port, slot->cap + PCI_EXP_SLTCTL);

	control = (control & ~mask) | bits;
	pci_write_config_dword(slot->port, slot->cap + PCI_EXP_SLTCTL, control | (u32)events << 16);
}

static void slot_indicate(struct slot *slot, u16 indicator)
{
	slot_write(slot, PCI_EXP_SLTCTL_PIC, indicator, 0);
}

static bool slot_occupied(struct slot *slot)
{
	return pci_read_config_word(slot->port, slot->cap + PCI_EXP_SLTSTA) & PCI_EXP_SLTSTA_PDS;
}

/* Whatever is in the slot goes, and then the power. */
static void slot_empty(struct slot *slot)
{
	int err = pci_remove_bus(slot->port->secondary);

	slot->blinking = false;
	if (err) {
		pr_warn("pciehp: Slot(%u): in use by a driver that cannot let go\n", slot->number);
		slot_indicate(slot, PCI_EXP_SLTCTL_PWR_IND_ON);
		return;
	}
	slot_write(slot, PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PIC,
		   PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF, 0);
	pr_info("pciehp: Slot(%u): powered off\n", slot->number);
}

static void timeout_work(struct work_struct *work)
{
	struct slot *slot = container_of(to_delayed_work(work), struct slot, timeout);

	if (slot->blinking)
		slot_empty(slot);
}

static void button_pressed(struct slot *slot)
{
	if (slot->blinking) {
		slot->blinking = false;
		cancel_delayed_work(&slot->timeout); /* the next press has 5 s of its own */
		slot_indicate(slot, PCI_EXP_SLTCTL_PWR_IND_ON);
		pr_info("pciehp: Slot(%u): Button cancel\n", slot->number);
		return;
	}
	if (!slot_occupied(slot))
		return;
	slot->blinking = true;
	slot_indicate(slot, PCI_EXP_SLTCTL_PWR_IND_BLINK);
	queue_delayed_work(hotplug_wq, &slot->timeout, PATIENCE);
	pr_info("pciehp: Slot(%u): Button press: will power off in 5 sec\n", slot->number);
}

static void events_work(struct work_struct *work)
{
	struct slot *slot = container_of(work, struct slot, events);
	u16 events = pci_read_config_word(slot->port, slot->cap + PCI_EXP_SLTSTA) & EVENTS;

	slot_write(slot, 0, 0, events);
	if ((events & PCI_EXP_SLTSTA_PDC) && !slot_occupied(slot)) {
		pr_info("pciehp: Slot(%u): Card not present\n", slot->number);
		slot_empty(slot);
	} else if (events & PCI_EXP_SLTSTA_ABP) {
		button_pressed(slot);
	}
}

static irqreturn_t slot_irq(int irq, void *data)
{
	struct slot *slot = data;

	queue_work(hotplug_wq, &slot->events);
	return IRQ_HANDLED;
}

static int hotplug_probe(struct pci_dev *port)
{
	int cap = pci_find_capability(port, 0, PCI_CAP_ID_EXP), err;
	struct slot *slot;
	u32 able;

	if (!cap || !(pci_read_config_word(port, cap + PCI_EXP_FLAGS) & PCI_EXP_FLAGS_SLOT))
		return -ENODEV;
	able = pci_read_config_dword(port, cap + PCI_EXP_SLTCAP);
	if (!(able & PCI_EXP_SLTCAP_HPC))
		return -ENODEV;
	if (!hotplug_wq)
		hotplug_wq = alloc_ordered_workqueue("pciehp", 0);
	if (!hotplug_wq)
		return -ENOMEM;
	slot = kzalloc(sizeof(*slot), GFP_KERNEL);
	if (!slot)
		return -ENOMEM;
	slot->port = port;
	slot->cap = cap;
	slot->number = able >> 19;
	INIT_WORK(&slot->events, events_work);
	INIT_DELAYED_WORK(&slot->timeout, timeout_work);
	pci_set_master(port);
	err = pci_enable_msix(port);
	if (!err)
		err = pci_request_msix(port, 0, 0, slot_irq, "pciehp", slot);
	if (err) {
		kfree(slot);
		return err;
	}
	slot_write(slot, 0, PCI_EXP_SLTCTL_ABPE | PCI_EXP_SLTCTL_PDCE | PCI_EXP_SLTCTL_HPIE,
		   EVENTS);
	return 0;
}

static const struct pci_device_id hotplug_ids[] = { { PCI_ANY_ID, PCI_ANY_ID, CLASS_BRIDGE_PCI },
						    { 0 } };

static struct pci_driver hotplug_driver = {
	.name = "pciehp",
	.ids = hotplug_ids,
	.probe = hotplug_probe,
};

static int __init hotplug_init(void)
{
	pci_register_driver(&hotplug_driver);
	return 0;
}
device_initcall(hotplug_init);
