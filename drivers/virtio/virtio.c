/* SPDX-License-Identifier: MIT */
/* Virtio devices meet virtio drivers: negotiation of status and features (Virtio 1.2, 3.1). */
#include <base/errno.h>
#include <base/string.h>
#include <base/types.h>
#include <drivers/virtio.h>
#include <kernel/printk.h>
#include <sync/mutex.h>
#include <sync/ranks.h>

#include <linux/virtio_config.h>

static struct virtio_device *virtio_devices;
static struct virtio_driver *virtio_drivers;
static u32 nr_virtio_devices;
static DEFINE_MUTEX(virtio_lock, LOCK_VIRTIO_BUS); /* the three above */

static void virtio_add_status(struct virtio_device *vdev, u8 status)
{
	vdev->config->set_status(vdev, vdev->config->get_status(vdev) | status);
}

void virtio_device_ready(struct virtio_device *vdev)
{
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER_OK);
}

static int virtio_negotiate(struct virtio_device *vdev, const struct virtio_driver *driver)
{
	u64 offered = vdev->config->get_features(vdev);

	if (!(offered >> VIRTIO_F_VERSION_1 & 1))
		return -ENODEV;
	vdev->features = (offered & driver->features) | 1ull << VIRTIO_F_VERSION_1;
	vdev->config->set_features(vdev, vdev->features);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_FEATURES_OK);
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_FEATURES_OK))
		return -ENODEV;
	return 0;
}

/* => virtio_lock held */
static void virtio_bind(struct virtio_device *vdev, struct virtio_driver *driver)
{
	int err;

	if (vdev->driver || vdev->id != driver->id)
		return;
	virtio_add_status(vdev, VIRTIO_CONFIG_S_DRIVER);
	err = virtio_negotiate(vdev, driver);
	if (!err) {
		vdev->driver = driver; /* the transport looks at it while queues are made */
		err = driver->probe(vdev);
	}
	if (err) {
		vdev->driver = NULL;
		virtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);
		pr_warn("virtio%u: %s refused the device, error %d\n", vdev->number, driver->name,
			err);
	}
}

void virtio_reset_device(struct virtio_device *vdev)
{
	vdev->config->set_status(vdev, 0);
	for (unsigned int i = 0; i < VIRTIO_MAX_QUEUES; i++)
		if (vdev->vqs[i])
			vdev->config->del_vq(vdev->vqs[i]);
}

/* => virtio_lock held */
static struct virtio_device *find_device(u32 number)
{
	struct virtio_device *vdev;

	for (vdev = virtio_devices; vdev && vdev->number != number; vdev = vdev->next)
		;
	return vdev;
}

int virtio_unbind(const char *driver, u32 number)
{
	struct virtio_device *vdev;
	int err = -ENODEV;

	mutex_lock(&virtio_lock);
	vdev = find_device(number);
	if (vdev && vdev->driver && !strcmp(vdev->driver->name, driver) && vdev->driver->remove) {
		vdev->driver->remove(vdev);
		vdev->driver = NULL;
		err = 0;
	}
	mutex_unlock(&virtio_lock);
	return err;
}

int virtio_rebind(const char *name, u32 number)
{
	struct virtio_driver *driver;
	struct virtio_device *vdev;
	int err = -ENODEV;

	mutex_lock(&virtio_lock);
	vdev = find_device(number);
	for (driver = virtio_drivers; vdev && driver; driver = driver->next) {
		if (strcmp(driver->name, name) || driver->id != vdev->id)
			continue;
		err = -EBUSY;
		if (vdev->driver)
			break;
		vdev->config->set_status(vdev, 0);
		virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
		virtio_bind(vdev, driver);
		err = vdev->driver ? 0 : -ENODEV;
		break;
	}
	mutex_unlock(&virtio_lock);
	return err;
}

int register_virtio_device(struct virtio_device *vdev)
{
	struct virtio_driver *driver;

	vdev->config->set_status(vdev, 0);
	virtio_add_status(vdev, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	mutex_lock(&virtio_lock);
	vdev->number = nr_virtio_devices++;
	vdev->next = virtio_devices;
	virtio_devices = vdev;
	for (driver = virtio_drivers; driver; driver = driver->next)
		virtio_bind(vdev, driver);
	mutex_unlock(&virtio_lock);
	return 0;
}

int unregister_virtio_device(struct virtio_device *vdev)
{
	struct virtio_device **link;
	int err = 0;

	mutex_lock(&virtio_lock);
	if (vdev->driver && !vdev->driver->remove)
		err = -EBUSY;
	else if (vdev->driver)
		vdev->driver->remove(vdev);
	if (!err) {
		vdev->driver = NULL;
		for (link = &virtio_devices; *link != vdev; link = &(*link)->next)
			;
		*link = vdev->next;
	}
	mutex_unlock(&virtio_lock);
	return err;
}

void register_virtio_driver(struct virtio_driver *driver)
{
	struct virtio_device *vdev;

	mutex_lock(&virtio_lock);
	driver->next = virtio_drivers;
	virtio_drivers = driver;
	for (vdev = virtio_devices; vdev; vdev = vdev->next)
		virtio_bind(vdev, driver);
	mutex_unlock(&virtio_lock);
}

void virtio_config_interrupt(struct virtio_device *vdev)
{
	const struct virtio_driver *driver = READ_ONCE(vdev->driver);

	if (driver && driver->config_changed)
		driver->config_changed(vdev);
}
