/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/listener.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/control_server.h"
#include "control/server.h"

#define BACKLOG 128

/** How long accepting pauses after it failed, for want of file descriptors say. */
#define PAUSE_MS 200u

/** Where IP headers hold the DSCP and ECN octet. */
#define IPV4_TOS           1u
#define IPV6_TRAFFIC_CLASS 0u /**< its eight bits begin four bits later */
#define DSCP_MASK          0xfcu
#define SAVED_SYN_SIZE     2u /**< octets of the IP header that are looked at */

struct listener {
	struct control_server *server;
	struct evconnlistener *acceptor;
	struct event *pause;
	char where[ENDPOINT_TEXT_SIZE];
};

/** RFC 5357 section 3.1: the Server SHOULD use the DSCP of the Control-Client's SYN. */
static void take_dscp_of_syn(evutil_socket_t fd, uint8_t family)
{
	uint8_t header[SAVED_SYN_SIZE];
	uint8_t syn[256];
	socklen_t size = sizeof(syn);
	int traffic_class;

	if (getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &size) != 0 || size < sizeof(header))
		return;
	memcpy(header, syn, sizeof(header));
	if (family == 4)
		traffic_class = header[IPV4_TOS] & DSCP_MASK;
	else
		traffic_class = DSCP_MASK & (uint8_t)((header[IPV6_TRAFFIC_CLASS] << 4) |
		                                      (header[IPV6_TRAFFIC_CLASS + 1] >> 4));
	if (traffic_class == 0) /* a socket's own */
		return;
	if (family == 4)
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof(traffic_class));
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class,
		                 sizeof(traffic_class));
}

static void on_accept(struct evconnlistener *acceptor, evutil_socket_t fd, struct sockaddr *peer,
                      int peer_size, void *context)
{
	struct listener *listener = context;
	struct sockaddr_storage own;
	socklen_t own_size = sizeof(own);
	struct endpoint client;
	struct endpoint local;
	struct bufferevent *stream;

	(void)acceptor;
	(void)peer_size;
	if (getsockname(fd, (struct sockaddr *)&own, &own_size) != 0 ||
	    endpoint_from_sockaddr(peer, &client) != 0 ||
	    endpoint_from_sockaddr((struct sockaddr *)&own, &local) != 0) {
		(void)close(fd);
		return;
	}
	take_dscp_of_syn(fd, local.address.family);
	stream = bufferevent_socket_new(listener->server->environment.base, fd,
	                                BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (stream == NULL) {
		(void)close(fd);
		return;
	}
	(void)control_server_adopt(listener->server, stream, &client, &local);
}

/** accept() fails for want of a file descriptor even when there is nothing to accept. */
static bool is_connection_waiting(struct evconnlistener *acceptor)
{
	struct pollfd listening = {.fd = evconnlistener_get_fd(acceptor), .events = POLLIN};

	return poll(&listening, 1, 0) != 0;
}

/** No file descriptor, no memory: a half-open connection has to give way, or trying again at once would only spin. */
static void on_accept_error(struct evconnlistener *acceptor, void *context)
{
	struct listener *listener = context;
	const char *reason = strerror(errno);

	if (!is_connection_waiting(acceptor))
		return;
	if (server_displace_half_open(listener->server, NULL, reason))
		return;
	control_log_event(&listener->server->log, EVENT_ACCEPT_FAILED,
	                  "%s: %s; accepting pauses for %u ms", listener->where, reason, PAUSE_MS);
	(void)evconnlistener_disable(acceptor);
	timer_arm(listener->pause, PAUSE_MS);
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;

	(void)fd;
	(void)what;
	(void)evconnlistener_enable(listener->acceptor);
}

static const char *what_to_do(int code)
{
	switch (code) {
	case EADDRINUSE:
		return "another program listens there: see ss -ltnp";
	case EADDRNOTAVAIL:
		return "no interface has this address: is the port's kernel interface up?";
	case EACCES:
		return "ports below 1024 need CAP_NET_BIND_SERVICE";
	case EAFNOSUPPORT:
		return "the kernel has no such address family";
	default:
		return "see the system's limits";
	}
}

/** A bound, listening, non-blocking socket; -1 with errno. */
static int listening_socket(const struct config_listen *where)
{
	const struct endpoint endpoint = {.address = where->address, .port = where->port};
	struct sockaddr_storage address;
	socklen_t address_size = endpoint_to_sockaddr(&endpoint, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	/* Without it our packets have the default DSCP: not worth failing for. Before the first SYN can come. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, &one, sizeof(one));
	/* Accepted sockets inherit it. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    (where->address.family == 6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) != 0) ||
	    bind(fd, (struct sockaddr *)&address, address_size) != 0 || listen(fd, BACKLOG) != 0) {
		int code = errno;

		(void)close(fd);
		errno = code;
		return -1;
	}
	return fd;
}

int listener_open(struct control_server *server, const struct config_listen *where,
                  struct listener **opened, struct error *error)
{
	const struct endpoint endpoint = {.address = where->address, .port = where->port};
	struct listener *listener = calloc(1, sizeof(*listener));
	int fd;

	if (listener == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a listener");
	listener->server = server;
	(void)endpoint_format(&endpoint, listener->where);
	fd = listening_socket(where);
	if (fd < 0) {
		int status = error_set(error, ERROR_SYSTEM, "cannot listen on TCP %s: %s; %s",
		                       listener->where, strerror(errno), what_to_do(errno));

		free(listener);
		return status;
	}
	listener->pause = evtimer_new(server->environment.base, on_pause_over, listener);
	listener->acceptor =
	        evconnlistener_new(server->environment.base, on_accept, listener,
	                           LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (listener->acceptor == NULL)
		(void)close(fd);
	if (listener->acceptor == NULL || listener->pause == NULL) {
		listener_close(listener);
		return error_set(error, ERROR_MEMORY, "no memory for a listener");
	}
	evconnlistener_set_error_cb(listener->acceptor, on_accept_error);
	*opened = listener;
	return 0;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	if (listener->acceptor != NULL)
		evconnlistener_free(listener->acceptor);
	if (listener->pause != NULL)
		event_free(listener->pause);
	free(listener);
}
