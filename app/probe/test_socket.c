/* SPDX-License-Identifier: BSD-3-Clause */
#include "test_socket.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key_derivation.h"

#define TTL_MAXIMUM         255
#define DSCP_SHIFT          2
#define RECEIVE_BUFFER      (4 * 1024 * 1024)
#define CONTROL_BUFFER_SIZE 512

static int option_set(int fd, int level, int name, int value, const char *what, struct error *error)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)) == 0)
		return 0;
	return error_set(error, ERROR_SYSTEM, "can't set %s: %s", what, strerror(errno));
}

static int options_set(int fd, uint8_t family, uint8_t traffic_class, struct error *error)
{
	bool v6 = family == 6;
	int level = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
	const struct {
		int name;
		int value;
		const char *what;
	} wanted[] = {
	        {v6 ? IPV6_UNICAST_HOPS : IP_TTL, TTL_MAXIMUM, "TTL 255"},
	        {v6 ? IPV6_TCLASS : IP_TOS, traffic_class, "DSCP and ECN"},
	        {v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, 1, "receiving the TTL"},
	        {v6 ? IPV6_RECVTCLASS : IP_RECVTOS, 1, "receiving the DSCP"},
	        {v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, v6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO,
	         "path MTU discovery"},
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int result = option_set(fd, level, wanted[i].name, wanted[i].value, wanted[i].what,
		                        error);
		if (result != 0)
			return result;
	}
	/* More is better but not needed. */
	int size = RECEIVE_BUFFER;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

/** Software timestamps both ways, or receive only, or none at all: the probe then reads its clock itself. */
static void timestamps_enable(struct test_socket *socket)
{
	int both = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
	           SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
	           SOF_TIMESTAMPING_OPT_TSONLY;
	int one = 1;

	socket->transmit_timestamps =
	        setsockopt(socket->fd, SOL_SOCKET, SO_TIMESTAMPING, &both, sizeof(both)) == 0;
	if (!socket->transmit_timestamps)
		(void)setsockopt(socket->fd, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof(one));
}

static int bind_port(int fd, const struct address *local, uint16_t port)
{
	struct endpoint endpoint = {.address = *local, .port = port};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&endpoint, &storage);

	return bind(fd, (struct sockaddr *)&storage, size) == 0 ? 0 : -errno;
}

/** Tries the range from a random port on, so that two probes rarely meet. */
static int bind_range(int fd, const struct address *local, uint16_t low, uint16_t high,
                      struct error *error)
{
	uint32_t span = (uint32_t)high - low + 1, start = 0;
	char text[ADDRESS_TEXT_SIZE];

	if (low == 0)
		span = 1;
	else
		(void)random_octets((uint8_t *)&start, sizeof(start));
	for (uint32_t i = 0; i < span; i++) {
		uint16_t port = (uint16_t)(low == 0 ? 0 : low + (start % span + i) % span);
		int result = bind_port(fd, local, port);
		if (result == 0)
			return 0;
		if (result != -EADDRINUSE)
			return error_set(error, ERROR_SYSTEM, "can't bind to %s port %u: %s",
			                 address_format(local, text), (unsigned)port,
			                 strerror(-result));
	}
	return error_set(error, ERROR_LIMIT, "no UDP port from %u to %u is free", (unsigned)low,
	                 (unsigned)high);
}

int test_socket_open(struct test_socket *sock, const struct address *local, uint16_t low,
                     uint16_t high, uint8_t traffic_class, struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size = sizeof(storage);
	int result;

	*sock = (struct test_socket){0};
	sock->fd = socket(local->family == 6 ? AF_INET6 : AF_INET,
	                  SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (sock->fd < 0)
		return error_set(error, ERROR_SYSTEM, "socket: %s", strerror(errno));
	result = options_set(sock->fd, local->family, traffic_class, error);
	if (result == 0)
		result = bind_range(sock->fd, local, low, high, error);
	if (result == 0 && (getsockname(sock->fd, (struct sockaddr *)&storage, &size) != 0 ||
	                    endpoint_from_sockaddr((struct sockaddr *)&storage, &sock->local) != 0))
		result = error_set(error, ERROR_SYSTEM, "getsockname: %s", strerror(errno));
	if (result != 0) {
		test_socket_close(sock);
		return result;
	}
	timestamps_enable(sock);
	return 0;
}

int test_socket_connect(struct test_socket *sock, const struct endpoint *reflector,
                        struct error *error)
{
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(reflector, &storage);
	char text[ENDPOINT_TEXT_SIZE];

	sock->reflector = *reflector;
	if (connect(sock->fd, (struct sockaddr *)&storage, size) == 0)
		return 0;
	return error_set(error, ERROR_UNAVAILABLE, "no way to the reflector %s: %s",
	                 endpoint_format(reflector, text), strerror(errno));
}

int test_socket_send(struct test_socket *sock, const void *payload, size_t size)
{
	return send(sock->fd, payload, size, MSG_NOSIGNAL) >= 0 ? 0 : -errno;
}

static void ancillary_read(struct msghdr *message, struct datagram *datagram)
{
	struct cmsghdr *control;

	for (control = CMSG_FIRSTHDR(message); control != NULL;
	     control = CMSG_NXTHDR(message, control)) {
		const void *data = CMSG_DATA(control);
		int number = 0;
		if (control->cmsg_len >= CMSG_LEN(sizeof(number)))
			memcpy(&number, data, sizeof(number));
		/* SCM_TIMESTAMPING holds three timespecs, the software one first; SCM_TIMESTAMPNS holds one. */
		if (control->cmsg_level == SOL_SOCKET && (control->cmsg_type == SCM_TIMESTAMPING ||
		                                          control->cmsg_type == SCM_TIMESTAMPNS)) {
			memcpy(&datagram->timestamp, data, sizeof(datagram->timestamp));
			datagram->timestamp_known = datagram->timestamp.tv_sec != 0;
		} else if ((control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TTL) ||
		           (control->cmsg_level == IPPROTO_IPV6 &&
		            control->cmsg_type == IPV6_HOPLIMIT)) {
			datagram->ttl = (uint8_t)number;
			datagram->ttl_known = true;
		} else if (control->cmsg_level == IPPROTO_IPV6 &&
		           control->cmsg_type == IPV6_TCLASS) {
			datagram->dscp = (uint8_t)((unsigned)number >> DSCP_SHIFT) & 0x3f;
			datagram->dscp_known = true;
		} else if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_TOS) {
			datagram->dscp = *(const uint8_t *)data >> DSCP_SHIFT;
			datagram->dscp_known = true;
		}
	}
}

static bool is_reflector(const struct test_socket *sock, const struct sockaddr_storage *from)
{
	struct endpoint endpoint;

	return endpoint_from_sockaddr((const struct sockaddr *)from, &endpoint) == 0 &&
	       endpoint.port == sock->reflector.port &&
	       address_equal(&endpoint.address, &sock->reflector.address);
}

int test_socket_receive(struct test_socket *sock, void *payload, size_t capacity,
                        struct datagram *datagram)
{
	_Alignas(struct cmsghdr) char control[CONTROL_BUFFER_SIZE];
	struct sockaddr_storage from;
	struct iovec vector = {.iov_base = payload, .iov_len = capacity};
	struct msghdr message = {.msg_name = &from,
	                         .msg_namelen = sizeof(from),
	                         .msg_iov = &vector,
	                         .msg_iovlen = 1,
	                         .msg_control = control,
	                         .msg_controllen = sizeof(control)};
	ssize_t size;

	memset(&from, 0, sizeof(from));
	size = recvmsg(sock->fd, &message, MSG_DONTWAIT | MSG_TRUNC);
	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	*datagram =
	        (struct datagram){.octets = (uint16_t)size, .foreign = !is_reflector(sock, &from)};
	ancillary_read(&message, datagram);
	return 1;
}

int test_socket_transmit_timestamp(struct test_socket *sock, uint32_t *number,
                                   struct timespec *timestamp)
{
	for (;;) {
		_Alignas(struct cmsghdr) char control[CONTROL_BUFFER_SIZE];
		struct msghdr message = {.msg_control = control, .msg_controllen = sizeof(control)};
		bool numbered = false, timed = false;
		struct cmsghdr *header;

		if (!sock->transmit_timestamps ||
		    recvmsg(sock->fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return 0;
		for (header = CMSG_FIRSTHDR(&message); header != NULL;
		     header = CMSG_NXTHDR(&message, header)) {
			struct sock_extended_err report;
			if (header->cmsg_level == SOL_SOCKET &&
			    header->cmsg_type == SCM_TIMESTAMPING) {
				memcpy(timestamp, CMSG_DATA(header), sizeof(*timestamp));
				timed = timestamp->tv_sec != 0;
			} else if (header->cmsg_len >= CMSG_LEN(sizeof(report))) {
				memcpy(&report, CMSG_DATA(header), sizeof(report));
				if (report.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) {
					*number = report.ee_data;
					numbered = true;
				}
			}
		}
		if (numbered && timed)
			return 1;
	}
}

void test_socket_close(struct test_socket *sock)
{
	if (sock->fd >= 0)
		(void)close(sock->fd);
	sock->fd = -1;
}
