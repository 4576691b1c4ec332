/* SPDX-License-Identifier: BSD-3-Clause */
#include "exception.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <event2/event.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "tap.h"
#include "vlan_tag.h"

#define TO_KERNEL_RING_SIZE   1024u
#define FROM_KERNEL_RING_SIZE 1024u
#define BURST                 32u
#define BURSTS_PER_TICK       8u /* leaves the loop to others in between */
#define READS_PER_EVENT       64u
#define BUSY_INTERVAL_US      200
#define IDLE_INTERVAL_US      1600
#define IDLE_TICKS            16u /* empty ticks before the interval doubles */
#define RING_NAME_SIZE        32u

/* One TAP and the tags that its frames carry on the wire. */
struct interface {
	struct exception_port *port;
	struct vlan_tags tags;
	struct event *readable;
	int file;
};

struct exception_port {
	struct exception_path *path;
	const struct port *port;
	struct rte_ring *to_kernel;
	struct rte_ring *from_kernel;
	struct interface *interfaces; /* the untagged one first */
	unsigned interface_count;
};

struct exception_path {
	struct event_base *base;
	struct control_counters *counters;
	struct event *timer;
	long interval_us;
	unsigned empty_ticks;
	unsigned port_count;
	struct exception_port ports[];
};

static void count(struct exception_path *path, enum control_counter counter)
{
	counter_add(&path->counters->values[counter], 1);
}

static struct interface *find_interface(struct exception_port *port, const struct vlan_tags *tags)
{
	for (unsigned i = 0; i < port->interface_count; i++) {
		struct interface *interface = &port->interfaces[i];
		if (interface->tags.id == tags->id && interface->tags.outer_id == tags->outer_id)
			return interface;
	}
	return NULL;
}

static void write_frame(struct exception_port *port, struct rte_mbuf *mbuf)
{
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	size_t length = rte_pktmbuf_data_len(mbuf);
	struct interface *interface = NULL;
	struct vlan_tags tags;

	if (mbuf->nb_segs == 1 && vlan_tags_read(frame, length, &tags))
		interface = find_interface(port, &tags);
	if (interface == NULL) {
		count(port->path, CONTROL_EXCEPTION_ERRORS);
		return;
	}
	/* Answer with the outer tag's EtherType that the neighbours use. */
	interface->tags.outer_type = tags.outer_type;
	struct iovec parts[] = {
	        {.iov_base = frame, .iov_len = VLAN_MAC_SIZE},
	        {.iov_base = frame + VLAN_MAC_SIZE + tags.size,
	         .iov_len = length - VLAN_MAC_SIZE - tags.size},
	};
	if (writev(interface->file, parts, 2) < 0)
		count(port->path, CONTROL_EXCEPTION_ERRORS);
	else
		count(port->path, CONTROL_EXCEPTION_TO_KERNEL);
}

/* Returns frames handled; a full tick's worth means that more may wait. */
static unsigned drain(struct exception_port *port)
{
	struct rte_mbuf *mbufs[BURST];
	unsigned handled = 0;

	if (port->to_kernel == NULL)
		return 0;
	for (unsigned burst = 0; burst < BURSTS_PER_TICK; burst++) {
		unsigned taken =
		        rte_ring_sc_dequeue_burst(port->to_kernel, (void **)mbufs, BURST, NULL);
		for (unsigned i = 0; i < taken; i++)
			write_frame(port, mbufs[i]);
		if (taken > 0)
			rte_pktmbuf_free_bulk(mbufs, taken);
		handled += taken;
		if (taken < BURST)
			break;
	}
	return handled;
}

static void on_tick(evutil_socket_t unused, short what, void *context)
{
	struct exception_path *path = context;
	unsigned handled = 0;

	(void)unused;
	(void)what;
	for (unsigned i = 0; i < path->port_count; i++)
		handled += drain(&path->ports[i]);
	if (handled > 0) {
		path->interval_us = BUSY_INTERVAL_US;
		path->empty_ticks = 0;
	} else if (++path->empty_ticks >= IDLE_TICKS && path->interval_us < IDLE_INTERVAL_US) {
		path->interval_us *= 2;
		path->empty_ticks = 0;
	}
	struct timeval interval = {.tv_usec = path->interval_us};
	(void)event_add(path->timer, &interval);
}

/* False when the kernel had no frame. */
static bool read_frame(struct interface *interface)
{
	struct exception_port *port = interface->port;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(port->port->pool);
	uint8_t discarded[VLAN_MAC_SIZE];

	if (mbuf == NULL) {
		count(port->path, CONTROL_EXCEPTION_ERRORS);
		return read(interface->file, discarded, sizeof(discarded)) >= 0;
	}
	uint16_t head = (uint16_t)(VLAN_MAC_SIZE + interface->tags.size);
	uint8_t *frame = rte_pktmbuf_mtod(mbuf, uint8_t *);
	struct iovec parts[] = {
	        {.iov_base = frame, .iov_len = VLAN_MAC_SIZE},
	        {.iov_base = frame + head, .iov_len = (size_t)rte_pktmbuf_tailroom(mbuf) - head},
	};
	ssize_t length = readv(interface->file, parts, 2);
	if (length <= (ssize_t)VLAN_MAC_SIZE) {
		rte_pktmbuf_free(mbuf);
		return length >= 0;
	}
	vlan_tags_write(frame, &interface->tags);
	mbuf->data_len = (uint16_t)(length + interface->tags.size);
	mbuf->pkt_len = mbuf->data_len;
	if (rte_ring_sp_enqueue(port->from_kernel, mbuf) != 0) {
		rte_pktmbuf_free(mbuf);
		count(port->path, CONTROL_EXCEPTION_ERRORS);
	} else {
		count(port->path, CONTROL_EXCEPTION_FROM_KERNEL);
	}
	return true;
}

static void on_readable(evutil_socket_t file, short what, void *context)
{
	struct interface *interface = context;

	(void)file;
	(void)what;
	for (unsigned i = 0; i < READS_PER_EVENT; i++) {
		if (!read_frame(interface))
			break;
	}
	/* The kernel talks: an answer is likely, and whoever waits for it should not wait for an idle tick. */
	interface->port->path->empty_ticks = 0;
	if (interface->port->path->interval_us != BUSY_INTERVAL_US) {
		struct timeval soon = {.tv_usec = BUSY_INTERVAL_US};
		interface->port->path->interval_us = BUSY_INTERVAL_US;
		(void)event_add(interface->port->path->timer, &soon);
	}
}

static struct rte_ring *make_ring(const struct port *port, const char *direction, unsigned size,
                                  unsigned flags)
{
	char name[RING_NAME_SIZE];

	(void)snprintf(name, sizeof(name), "%s%u", direction, port->id);
	return rte_ring_create(name, size, SOCKET_ID_ANY, flags);
}

static int add_interface(struct exception_port *port, struct netlink *netlink,
                         const struct config_vlan *vlan, struct error *error)
{
	const struct config_port *config = port->port->config;
	struct interface *interface = &port->interfaces[port->interface_count];
	struct tap_settings settings = {.mtu = port->port->mtu};
	int length;
	int status;

	if (!rte_is_valid_assigned_ether_addr(&port->port->mac))
		return error_set(error, ERROR_UNAVAILABLE,
		                 "port %s: its driver has no MAC address for the kernel's TAP; use "
		                 "exception: management",
		                 config->name);
	memcpy(settings.mac, port->port->mac.addr_bytes, MAC_SIZE);
	interface->port = port;
	if (vlan == NULL) {
		settings.addresses = config->addresses;
		settings.address_count = config->address_count;
		length = snprintf(settings.name, sizeof(settings.name), "%s",
		                  config->kernel_interface);
	} else {
		bool two = vlan->outer_id != 0;
		interface->tags = (struct vlan_tags){
		        .id = vlan->id,
		        .outer_id = vlan->outer_id,
		        .outer_type = two ? ETHERTYPE_SERVICE : 0,
		        .size = (uint16_t)(two ? 2 * VLAN_TAG_SIZE : VLAN_TAG_SIZE),
		};
		settings.addresses = vlan->addresses;
		settings.address_count = vlan->address_count;
		length = two ? snprintf(settings.name, sizeof(settings.name), "%s.%u.%u",
		                        config->kernel_interface, vlan->outer_id, vlan->id)
		             : snprintf(settings.name, sizeof(settings.name), "%s.%u",
		                        config->kernel_interface, vlan->id);
	}
	if (length < 0 || (size_t)length >= sizeof(settings.name))
		return error_set(
		        error, ERROR_ARGUMENT,
		        "port %s: kernel-interface %s with its VLAN IDs is longer than %zu "
		        "characters; choose a shorter one",
		        config->name, config->kernel_interface, sizeof(settings.name) - 1);
	if ((status = tap_open(netlink, &settings, &interface->file, error)) != 0)
		return status;
	port->interface_count++;
	interface->readable = event_new(port->path->base, interface->file, EV_READ | EV_PERSIST,
	                                on_readable, interface);
	if (interface->readable == NULL || event_add(interface->readable, NULL) != 0)
		return error_set(error, ERROR_MEMORY, "no memory for an event");
	return 0;
}

static int open_port(struct exception_port *port, struct netlink *netlink, struct error *error)
{
	const struct config_port *config = port->port->config;
	int status;

	port->to_kernel = make_ring(port->port, "to_kernel", TO_KERNEL_RING_SIZE, RING_F_SC_DEQ);
	port->from_kernel = make_ring(port->port, "from_kernel", FROM_KERNEL_RING_SIZE,
	                              RING_F_SP_ENQ | RING_F_SC_DEQ);
	port->interfaces = calloc(1 + config->vlan_count, sizeof(*port->interfaces));
	if (port->to_kernel == NULL || port->from_kernel == NULL || port->interfaces == NULL)
		return error_set(error, ERROR_MEMORY, "port %s: no memory for its exception path",
		                 config->name);
	if ((status = add_interface(port, netlink, NULL, error)) != 0)
		return status;
	for (unsigned i = 0; i < config->vlan_count; i++) {
		if ((status = add_interface(port, netlink, &config->vlans[i], error)) != 0)
			return status;
	}
	return 0;
}

static int open_ports(struct exception_path *path, struct error *error)
{
	struct netlink netlink;
	int status = netlink_open(&netlink, error);

	if (status != 0)
		return status;
	for (unsigned i = 0; i < path->port_count && status == 0; i++) {
		if (path->ports[i].port->config->exception == EXCEPTION_TAP)
			status = open_port(&path->ports[i], &netlink, error);
	}
	netlink_close(&netlink);
	return status;
}

static bool any_interface(const struct exception_path *path)
{
	for (unsigned i = 0; i < path->port_count; i++) {
		if (path->ports[i].interface_count > 0)
			return true;
	}
	return false;
}

int exception_create(struct event_base *base, const struct port *ports, unsigned port_count,
                     struct control_counters *counters, struct exception_path **path,
                     struct error *error)
{
	struct exception_path *made =
	        calloc(1, sizeof(*made) + port_count * sizeof(made->ports[0]));
	struct timeval interval = {.tv_usec = BUSY_INTERVAL_US};
	int status;

	if (made == NULL || (made->timer = evtimer_new(base, on_tick, made)) == NULL) {
		free(made);
		return error_set(error, ERROR_MEMORY, "no memory for the exception path");
	}
	made->base = base;
	made->counters = counters;
	made->interval_us = BUSY_INTERVAL_US;
	made->port_count = port_count;
	for (unsigned i = 0; i < port_count; i++)
		made->ports[i] = (struct exception_port){.path = made, .port = &ports[i]};
	if ((status = open_ports(made, error)) != 0) {
		exception_destroy(made);
		return status;
	}
	/* Without an interface there is no ring to look into, and nothing to wake up for. */
	if (any_interface(made))
		(void)event_add(made->timer, &interval);
	*path = made;
	return 0;
}

static void empty_ring(struct rte_ring *ring)
{
	void *mbuf;

	if (ring == NULL)
		return;
	while (rte_ring_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

void exception_destroy(struct exception_path *path)
{
	if (path == NULL)
		return;
	for (unsigned i = 0; i < path->port_count; i++) {
		struct exception_port *port = &path->ports[i];
		for (unsigned k = 0; k < port->interface_count; k++) {
			if (port->interfaces[k].readable != NULL)
				event_free(port->interfaces[k].readable);
			(void)close(port->interfaces[k].file);
		}
		empty_ring(port->to_kernel);
		empty_ring(port->from_kernel);
		free(port->interfaces);
	}
	event_free(path->timer);
	free(path);
}

struct rte_ring *exception_to_kernel(const struct exception_path *path, unsigned index)
{
	return path->ports[index].to_kernel;
}

struct rte_ring *exception_from_kernel(const struct exception_path *path, unsigned index)
{
	return path->ports[index].from_kernel;
}
