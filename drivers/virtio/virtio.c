/* SPDX-License-Identifier: MIT */
/* Virtio devices meet virtio drivers: negotiation of status and features (Virtio 1.2, 3.1). */
#include <base/errno.h>
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
		vdev->driver = driver;
		err = driver->probe(vdev);
	}
	if (err) {
		vdev->driver = NULL;
		virtio_add_status(vdev, VIRTIO_CONFIG_S_FAILED);
		pr_warn("virtio%u: %s refused the device, error %d\n", vdev->number, driver->name,
			err);
	}
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
	if (vdev->driver && vdev->driver->config_changed)
		vdev->driver->config_changed(vdev);
}
