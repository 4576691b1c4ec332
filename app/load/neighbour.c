/* SPDX-License-Identifier: BSD-3-Clause */
#include "neighbour.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

#define DISCARD_PORT    9u
#define RETRY_MS        100
#define MESSAGE_SIZE    4096u
#define IPV4_OCTETS     4u
#define IPV6_OCTETS     16u
#define ENTRY_IS_VALID  (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT)
#define PEER_MAC_REMEDY "or set reflector.mac to the Ethernet address of the next hop"

struct request {
	struct nlmsghdr header;
	union {
		struct rtmsg route;
		struct ndmsg neighbour;
	};
	uint8_t attributes[64];
};

static unsigned char family_of(const struct address *address)
{
	return address->family == 4 ? AF_INET : AF_INET6;
}

static size_t octets_of(const struct address *address)
{
	return address->family == 4 ? IPV4_OCTETS : IPV6_OCTETS;
}

bool neighbour_interface(const struct config_port *port, const struct load_group *group,
                         char name[CONFIG_INTERFACE_SIZE])
{
	int length;

	if (group->vlan == 0)
		length = snprintf(name, CONFIG_INTERFACE_SIZE, "%s", port->kernel_interface);
	else if (group->outer_vlan == 0)
		length = snprintf(name, CONFIG_INTERFACE_SIZE, "%s.%u", port->kernel_interface,
		                  group->vlan);
	else
		length = snprintf(name, CONFIG_INTERFACE_SIZE, "%s.%u.%u", port->kernel_interface,
		                  group->outer_vlan, group->vlan);
	return length > 0 && length < (int)CONFIG_INTERFACE_SIZE;
}

/* The kernel's macros for these drop const. */
static const void *data_of(const struct nlmsghdr *header)
{
	return (const uint8_t *)header + NLMSG_HDRLEN;
}

static const void *value_of(const struct rtattr *attribute)
{
	return (const uint8_t *)attribute + RTA_LENGTH(0);
}

/* The first attribute of a type behind the family's header; NULL when there is none, or the message is something else. */
static const struct rtattr *find_attribute(const void *message, size_t size, uint16_t type,
                                           size_t family_header, uint16_t wanted)
{
	const struct nlmsghdr *header = message;

	if (size < NLMSG_LENGTH(family_header) || header->nlmsg_type != type ||
	    header->nlmsg_len < NLMSG_LENGTH(family_header) || header->nlmsg_len > size)
		return NULL;
	size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(family_header);
	while (at + sizeof(struct rtattr) <= header->nlmsg_len) {
		const struct rtattr *attribute =
		        (const struct rtattr *)(const void *)((const uint8_t *)message + at);
		if (attribute->rta_len < sizeof(*attribute) ||
		    attribute->rta_len > header->nlmsg_len - at)
			return NULL;
		if (attribute->rta_type == wanted)
			return attribute;
		at += RTA_ALIGN(attribute->rta_len);
	}
	return NULL;
}

bool neighbour_read_route(const void *message, size_t size, struct address *gateway)
{
	const struct nlmsghdr *header = message;

	memset(gateway, 0, sizeof(*gateway));
	if (size < NLMSG_LENGTH(sizeof(struct rtmsg)) || header->nlmsg_type != RTM_NEWROUTE)
		return false;
	const struct rtmsg *route = data_of(header);
	const struct rtattr *found =
	        find_attribute(message, size, RTM_NEWROUTE, sizeof(*route), RTA_GATEWAY);
	size_t octets = route->rtm_family == AF_INET ? IPV4_OCTETS : IPV6_OCTETS;
	if (found != NULL && found->rta_len >= RTA_LENGTH(octets))
		*gateway = address_make(route->rtm_family == AF_INET ? 4 : 6, value_of(found));
	return true;
}

bool neighbour_read_entry(const void *message, size_t size, uint8_t mac[FRAME_MAC_SIZE])
{
	const struct nlmsghdr *header = message;
	const struct rtattr *found =
	        find_attribute(message, size, RTM_NEWNEIGH, sizeof(struct ndmsg), NDA_LLADDR);

	if (found == NULL || found->rta_len != RTA_LENGTH(FRAME_MAC_SIZE))
		return false;
	const struct ndmsg *entry = data_of(header);
	if ((entry->ndm_state & ENTRY_IS_VALID) == 0)
		return false;
	memcpy(mac, value_of(found), FRAME_MAC_SIZE);
	return true;
}

static void add_attribute(struct request *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};
	uint8_t *at = (uint8_t *)request + NLMSG_ALIGN(request->header.nlmsg_len);

	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + attribute.rta_len;
}

/* Returns the answer's octets, 0 for none. */
static size_t ask(struct netlink *netlink, struct request *request, void *answer)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	request->header.nlmsg_flags = NLM_F_REQUEST;
	request->header.nlmsg_seq = ++netlink->sequence;
	if (sendto(netlink->socket, request, request->header.nlmsg_len, 0,
	           (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return 0;
	for (;;) {
		ssize_t size = recv(netlink->socket, answer, MESSAGE_SIZE, 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < (ssize_t)sizeof(struct nlmsghdr))
			return 0;
		if (((const struct nlmsghdr *)answer)->nlmsg_seq == request->header.nlmsg_seq)
			return (size_t)size;
	}
}

static bool contains(const struct config_prefix *prefix, const struct address *address)
{
	unsigned octets = prefix->length / 8u;
	uint8_t mask = (uint8_t)(0xff00u >> prefix->length % 8u);

	if (prefix->address.family != address->family ||
	    memcmp(prefix->address.octets, address->octets, octets) != 0)
		return false;
	return mask == 0 ||
	       ((prefix->address.octets[octets] ^ address->octets[octets]) & mask) == 0;
}

bool neighbour_on_link(const struct config_port *port, const struct load_group *group)
{
	const struct config_prefix *prefixes = port->addresses;
	unsigned count = port->address_count;

	for (unsigned i = 0; i < port->vlan_count && group->vlan != 0; i++) {
		const struct config_vlan *vlan = &port->vlans[i];
		if (vlan->id == group->vlan && vlan->outer_id == group->outer_vlan) {
			prefixes = vlan->addresses;
			count = vlan->address_count;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		if (contains(&prefixes[i], &group->reflector))
			return true;
	}
	return false;
}

/* Whose Ethernet address is needed: the reflector's own, or its gateway's. False when there is no route. */
static bool find_next_hop(struct netlink *netlink, int interface, const struct config_port *port,
                          const struct load_group *group, struct address *next_hop)
{
	const struct address *reflector = &group->reflector;
	uint8_t answer[MESSAGE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint8_t bits = (uint8_t)(8 * octets_of(reflector));
	struct request request = {
	        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
	                   .nlmsg_type = RTM_GETROUTE},
	        .route = {.rtm_family = family_of(reflector), .rtm_dst_len = bits},
	};
	struct address gateway;

	add_attribute(&request, RTA_DST, reflector->octets, octets_of(reflector));
	add_attribute(&request, RTA_OIF, &interface, sizeof(interface));
	size_t size = ask(netlink, &request, answer);
	if (size == 0 || !neighbour_read_route(answer, size, &gateway))
		return false;
	*next_hop = gateway.family != 0 ? gateway : *reflector;
	/* Told an interface, the kernel takes anybody to be on its link when it has no route. */
	return gateway.family != 0 || neighbour_on_link(port, group);
}

static bool find_entry(struct netlink *netlink, int interface, const struct address *next_hop,
                       uint8_t mac[FRAME_MAC_SIZE])
{
	uint8_t answer[MESSAGE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct request request = {
	        .header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
	                   .nlmsg_type = RTM_GETNEIGH},
	        .neighbour = {.ndm_family = family_of(next_hop), .ndm_ifindex = interface},
	};

	add_attribute(&request, NDA_DST, next_hop->octets, octets_of(next_hop));
	size_t size = ask(netlink, &request, answer);
	return size > 0 && neighbour_read_entry(answer, size, mac);
}

/* The kernel only resolves for a packet that it has to send. */
static void provoke(const char *interface, const struct load_group *group)
{
	struct endpoint to = {.address = group->reflector, .port = DISCARD_PORT};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&to, &storage);
	int file = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (file < 0)
		return;
	(void)setsockopt(file, SOL_SOCKET, SO_BINDTODEVICE, interface,
	                 (socklen_t)strlen(interface) + 1);
	(void)sendto(file, "", 0, 0, (const struct sockaddr *)&storage, size);
	(void)close(file);
}

static int resolve(struct netlink *netlink, const char *name, const struct config_port *port,
                   const struct load_group *group, int interrupt_fd, uint8_t mac[FRAME_MAC_SIZE],
                   struct error *error)
{
	struct pollfd interrupt = {.fd = interrupt_fd, .events = POLLIN};
	int interface = (int)if_nametoindex(name);
	char hop[ADDRESS_TEXT_SIZE], reflector[ADDRESS_TEXT_SIZE];
	struct address next_hop;

	(void)address_format(&group->reflector, reflector);
	if (!find_next_hop(netlink, interface, port, group, &next_hop))
		return error_set(error, ERROR_UNAVAILABLE,
		                 "group %s: the kernel has no route to %s by %s: add one, give the "
		                 "port an address of the reflector's network, " PEER_MAC_REMEDY,
		                 group->name, reflector, name);
	for (unsigned waited = 0; waited < NEIGHBOUR_TIMEOUT_MS; waited += RETRY_MS) {
		if (find_entry(netlink, interface, &next_hop, mac))
			return 0;
		provoke(name, group);
		if (poll(&interrupt, 1, RETRY_MS) > 0)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "interrupted while resolving the next hop");
	}
	return error_set(error, ERROR_UNAVAILABLE,
	                 "group %s: %s, the next hop to %s, does not answer ARP or neighbour "
	                 "solicitations on %s within %u s: is it on this wire and VLAN? Check "
	                 "that, " PEER_MAC_REMEDY,
	                 group->name, address_format(&next_hop, hop), reflector, name,
	                 NEIGHBOUR_TIMEOUT_MS / 1000);
}

int neighbour_find(const struct load_config *config, const struct load_group *group,
                   int interrupt_fd, uint8_t mac[FRAME_MAC_SIZE], struct error *error)
{
	const struct config_port *port = &config->host.ports[0];
	char interface[CONFIG_INTERFACE_SIZE];
	struct netlink netlink;

	if (config->peer_mac.known) {
		memcpy(mac, config->peer_mac.octets, FRAME_MAC_SIZE);
		return 0;
	}
	if (port->exception != EXCEPTION_TAP || !neighbour_interface(port, group, interface))
		return error_set(error, ERROR_ARGUMENT,
		                 "port %s has no TAP by which the kernel could find the next hop: "
		                 "set exception to tap, " PEER_MAC_REMEDY,
		                 port->name);
	int status = netlink_open(&netlink, error);
	if (status != 0)
		return status;
	status = resolve(&netlink, interface, port, group, interrupt_fd, mac, error);
	netlink_close(&netlink);
	return status;
}
