/* SPDX-License-Identifier: BSD-3-Clause */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TUN_DEVICE "/dev/net/tun"

static int open_device(struct error *error)
{
	int file = open(TUN_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (file >= 0)
		return file;
	if (errno == ENOENT || errno == ENODEV || errno == ENXIO)
		return error_set(error, ERROR_NOT_FOUND,
		                 TUN_DEVICE
		                 ": %s: exception: tap needs it; run: modprobe tun (in a "
		                 "container, pass the device in)",
		                 strerror(errno));
	return error_set(error, ERROR_PERMISSION, TUN_DEVICE ": %s; run as root", strerror(errno));
}

static int attach(int file, const char *name, struct error *error)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(file, TUNSETIFF, &request) == 0)
		return 0;
	switch (errno) {
	case EBUSY:
		return error_set(
		        error, ERROR_EXISTS,
		        "the TAP is in use by another process: is specular running already "
		        "in this network namespace?");
	case EINVAL:
		return error_set(
		        error, ERROR_EXISTS,
		        "an interface of that name exists and is no TAP that can be taken; "
		        "choose another kernel-interface");
	case EPERM:
		return error_set(
		        error, ERROR_PERMISSION,
		        "the kernel forbids making a TAP; run as root or with CAP_NET_ADMIN");
	default:
		return error_set(error, ERROR_SYSTEM, "making the TAP: %s", strerror(errno));
	}
}

/* The addresses are the configuration's alone: no router may add others. Best effort, IPv6 may be off. */
static void ignore_router_advertisements(const char *name)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", name);
	int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return;
	(void)!write(file, "0", 1);
	(void)close(file);
}

static int set_up(struct netlink *netlink, const struct tap_settings *settings, int file,
                  struct error *error)
{
	int status = attach(file, settings->name, error);
	unsigned interface;

	if (status != 0)
		return status;
	if ((interface = if_nametoindex(settings->name)) == 0)
		return error_set(error, ERROR_SYSTEM, "its index: %s", strerror(errno));
	ignore_router_advertisements(settings->name);
	if ((status = netlink_link_set_up(netlink, interface, settings->mac, settings->mtu,
	                                  error)) != 0)
		return status;
	for (unsigned i = 0; i < settings->address_count; i++) {
		if ((status = netlink_address_add(netlink, interface, &settings->addresses[i],
		                                  error)) != 0)
			return status;
	}
	return 0;
}

int tap_open(struct netlink *netlink, const struct tap_settings *settings, int *file,
             struct error *error)
{
	struct error reason;
	int opened = open_device(error);
	int status;

	if (opened < 0)
		return opened;
	if ((status = set_up(netlink, settings, opened, &reason)) != 0) {
		(void)close(opened);
		return error_set(error, status, "kernel interface %s: %.400s", settings->name,
		                 reason.text);
	}
	*file = opened;
	return 0;
}
