/* SPDX-License-Identifier: BSD-3-Clause */
#include "netlink.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_SIZE  256u
#define RESPONSE_SIZE 4096u

/* A request under construction: header, family's header, attributes. */
union request {
	struct nlmsghdr header;
	uint8_t octets[REQUEST_SIZE];
};

int netlink_open(struct netlink *netlink, struct error *error)
{
	netlink->sequence = 0;
	netlink->socket = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink->socket < 0)
		return error_set(error, ERROR_SYSTEM, "rtnetlink socket: %s", strerror(errno));
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket >= 0)
		(void)close(netlink->socket);
	netlink->socket = -1;
}

static void begin(struct netlink *netlink, union request *request, uint16_t type, uint16_t flags,
                  const void *family_header, uint32_t family_header_size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_LENGTH(family_header_size);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
	request->header.nlmsg_seq = ++netlink->sequence;
	memcpy(NLMSG_DATA(&request->header), family_header, family_header_size);
}

static void add_attribute(union request *request, uint16_t type, const void *data, uint16_t size)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};
	uint32_t at = NLMSG_ALIGN(request->header.nlmsg_len);

	memcpy(request->octets + at, &attribute, sizeof(attribute));
	memcpy(request->octets + at + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = at + attribute.rta_len;
}

/* Returns 0 or the kernel's errno, positive. */
static int transact(const struct netlink *netlink, const union request *request)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	uint8_t response[RESPONSE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *header = (struct nlmsghdr *)(void *)response;

	if (sendto(netlink->socket, request, request->header.nlmsg_len, 0,
	           (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return errno;
	for (;;) {
		ssize_t size = recv(netlink->socket, response, sizeof(response), 0);
		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return errno;
		if ((size_t)size < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
			return EBADMSG;
		if (header->nlmsg_seq != request->header.nlmsg_seq ||
		    header->nlmsg_type != NLMSG_ERROR)
			continue;
		const struct nlmsgerr *answer = NLMSG_DATA(header);
		return -answer->error;
	}
}

static int kernel_error(struct error *error, int number, const char *what)
{
	if (number == EPERM || number == EACCES)
		return error_set(error, ERROR_PERMISSION,
		                 "%s: %s; run as root or with CAP_NET_ADMIN", what,
		                 strerror(number));
	return error_set(error, ERROR_SYSTEM, "%s: %s", what, strerror(number));
}

int netlink_link_set_up(struct netlink *netlink, unsigned interface, const uint8_t mac[MAC_SIZE],
                        uint16_t mtu, struct error *error)
{
	struct ifinfomsg link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)interface};
	uint32_t mtu_attribute = mtu;
	union request request;
	int number;

	/* Two steps, since some kernels change a MAC only while the interface is down. */
	begin(netlink, &request, RTM_NEWLINK, 0, &link, sizeof(link));
	add_attribute(&request, IFLA_ADDRESS, mac, MAC_SIZE);
	add_attribute(&request, IFLA_MTU, &mtu_attribute, sizeof(mtu_attribute));
	if ((number = transact(netlink, &request)) != 0)
		return kernel_error(error, number, "setting MAC and MTU");
	link.ifi_flags = IFF_UP;
	link.ifi_change = IFF_UP;
	begin(netlink, &request, RTM_NEWLINK, 0, &link, sizeof(link));
	if ((number = transact(netlink, &request)) != 0)
		return kernel_error(error, number, "setting the interface up");
	return 0;
}

int netlink_address_add(struct netlink *netlink, unsigned interface,
                        const struct config_prefix *prefix, struct error *error)
{
	bool ipv4 = prefix->address.family == 4;
	uint16_t size = ipv4 ? 4 : 16;
	uint32_t flags = IFA_F_NODAD | IFA_F_PERMANENT;
	struct ifaddrmsg address = {
	        .ifa_family = ipv4 ? AF_INET : AF_INET6,
	        .ifa_prefixlen = prefix->length,
	        .ifa_scope = RT_SCOPE_UNIVERSE,
	        .ifa_index = interface,
	};
	union request request;
	char text[ADDRESS_TEXT_SIZE];

	begin(netlink, &request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, sizeof(address));
	add_attribute(&request, IFA_LOCAL, prefix->address.octets, size);
	add_attribute(&request, IFA_ADDRESS, prefix->address.octets, size);
	if (!ipv4)
		add_attribute(&request, IFA_FLAGS, &flags, sizeof(flags));
	int number = transact(netlink, &request);
	if (number == 0 || number == EEXIST)
		return 0;
	return kernel_error(error, number, address_format(&prefix->address, text));
}
