/* SPDX-License-Identifier: BSD-3-Clause */
/** The Server on real loopback sockets: listening, its errors, the DSCP of the SYN, running out of file descriptors. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "control/connection.h"
#include "control/server.h"
#include "harness.h"
#include "unit.h"

/** A loopback port that nobody had a moment ago. */
static uint16_t free_port(int family)
{
	struct sockaddr_storage storage = {.ss_family = (sa_family_t)family};
	socklen_t size = sizeof(storage);
	struct endpoint endpoint = {.port = 0};
	int fd = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET)
		((struct sockaddr_in *)&storage)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		((struct sockaddr_in6 *)&storage)->sin6_addr = in6addr_loopback;
	if (fd >= 0 &&
	    bind(fd, (struct sockaddr *)&storage,
	         family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6)) ==
	            0 &&
	    getsockname(fd, (struct sockaddr *)&storage, &size) == 0)
		(void)endpoint_from_sockaddr((struct sockaddr *)&storage, &endpoint);
	if (fd >= 0)
		(void)close(fd);
	return endpoint.port;
}

static void listen_on(struct harness *harness, const char *address, uint16_t port)
{
	struct config_control *control = &harness->config->control;
	struct config_listen *where = &control->listen[control->listen_count++];

	CU_ASSERT_EQUAL_FATAL(address_parse(address, &where->address), 0);
	where->port = port;
}

/** A blocking socket with a DSCP, connected; -1 when the connection fails. */
static int dial(const struct config_listen *where, int dscp)
{
	const struct endpoint endpoint = {.address = where->address, .port = where->port};
	struct sockaddr_storage storage;
	socklen_t size = endpoint_to_sockaddr(&endpoint, &storage);
	int fd = socket(storage.ss_family, SOCK_STREAM, 0);
	int traffic_class = dscp << 2;

	if (storage.ss_family == AF_INET)
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof(traffic_class));
	else
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class,
		                 sizeof(traffic_class));
	if (connect(fd, (struct sockaddr *)&storage, size) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool read_greeting(struct harness *harness, int fd)
{
	uint8_t octets[GREETING_SIZE];

	for (unsigned i = 0; i < 200; i++) {
		if (recv(fd, octets, sizeof(octets), MSG_DONTWAIT) == (ssize_t)sizeof(octets))
			return true;
		harness_run(harness, 5);
	}
	return false;
}

static int option_of(const struct harness *harness, int level, int option)
{
	const struct connection *connection = TAILQ_FIRST(&harness->server->connections);
	int value = -1;
	socklen_t size = sizeof(value);

	if (connection != NULL)
		(void)getsockopt(bufferevent_getfd(connection->stream), level, option, &value,
		                 &size);
	return value;
}

static void serves_both_families_with_the_dscp_of_the_syn(void)
{
	struct harness harness;
	int ipv4;
	int ipv6;

	harness_open(&harness);
	listen_on(&harness, "127.0.0.1", free_port(AF_INET));
	if (free_port(AF_INET6) != 0)
		listen_on(&harness, "::1", free_port(AF_INET6));
	harness_start(&harness);
	CU_ASSERT_EQUAL_FATAL(control_server_listen(harness.server, NULL), 0);
	ipv4 = dial(&harness.config->control.listen[0], 46);
	CU_ASSERT_TRUE(ipv4 >= 0 && read_greeting(&harness, ipv4));
	CU_ASSERT_EQUAL(option_of(&harness, IPPROTO_IP, IP_TOS), 46 << 2);
	/* An answer waits for no acknowledgement of the one before. */
	CU_ASSERT_EQUAL(option_of(&harness, IPPROTO_TCP, TCP_NODELAY), 1);
	if (harness.config->control.listen_count == 2) {
		ipv6 = dial(&harness.config->control.listen[1], 34);
		CU_ASSERT_TRUE(ipv6 >= 0 && read_greeting(&harness, ipv6));
		CU_ASSERT_EQUAL(option_of(&harness, IPPROTO_IPV6, IPV6_TCLASS), 34 << 2);
		(void)close(ipv6);
	}
	(void)close(ipv4);
	CU_ASSERT_TRUE(harness_wait_connections(&harness, 0));
	harness_close(&harness);
}

static void errors_say_what_to_do(void)
{
	struct harness harness;
	struct harness second;
	struct error error = {.text = ""};
	uint16_t port = free_port(AF_INET);

	harness_open(&harness);
	listen_on(&harness, "127.0.0.1", port);
	harness_start(&harness);
	CU_ASSERT_EQUAL_FATAL(control_server_listen(harness.server, &error), 0);
	harness_open(&second);
	listen_on(&second, "127.0.0.1", port);
	harness_start(&second);
	CU_ASSERT_EQUAL(control_server_listen(second.server, &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "127.0.0.1"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another program"));
	harness_close(&second);
	harness_open(&second);
	listen_on(&second, "192.0.2.222", port);
	harness_start(&second);
	CU_ASSERT_EQUAL(control_server_listen(second.server, &error), ERROR_SYSTEM);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "192.0.2.222"));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no interface has this address"));
	harness_close(&second);
	harness_close(&harness);
}

static void accepting_pauses_without_file_descriptors(void)
{
	struct harness harness;
	struct rlimit saved;
	struct rlimit none;
	int fd;

	harness_open(&harness);
	listen_on(&harness, "127.0.0.1", free_port(AF_INET));
	harness_start(&harness);
	CU_ASSERT_EQUAL_FATAL(control_server_listen(harness.server, NULL), 0);
	log_set_level(LOG_LEVEL_WARNING);
	fd = dial(&harness.config->control.listen[0], 0);
	CU_ASSERT_TRUE_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &saved), 0);
	none = saved;
	none.rlim_cur = 0;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
	uint64_t begin = server_monotonic_s();
	harness_run(&harness, 50);
	uint64_t seconds = server_monotonic_s() - begin + 1;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &saved), 0);
	CU_ASSERT_EQUAL(control_server_connections(harness.server), 0);
	/* An attempt, then the pause of a fifth of a second: it did not spin. No line is written, since log_per_minute is 0. */
	uint64_t attempts = harness.server->log.limiters[EVENT_ACCEPT_FAILED].suppressed;
	CU_ASSERT(attempts >= 1 && attempts <= 5 * seconds);
	CU_ASSERT_TRUE(read_greeting(&harness, fd));
	(void)close(fd);
	harness_close(&harness);
}

static void half_open_ones_give_their_file_descriptors(void)
{
	struct harness harness;
	struct rlimit saved;
	struct rlimit full;
	int held[2];
	int late;

	harness_open(&harness);
	listen_on(&harness, "127.0.0.1", free_port(AF_INET));
	harness_start(&harness);
	CU_ASSERT_EQUAL_FATAL(control_server_listen(harness.server, NULL), 0);
	for (unsigned i = 0; i < 2; i++) {
		held[i] = dial(&harness.config->control.listen[0], 0);
		CU_ASSERT_TRUE_FATAL(held[i] >= 0 && read_greeting(&harness, held[i]));
	}
	late = dial(&harness.config->control.listen[0], 0);
	CU_ASSERT_TRUE_FATAL(late >= 0);
	CU_ASSERT_EQUAL(getrlimit(RLIMIT_NOFILE, &saved), 0);
	full = saved;
	/* The next descriptor would be the one after late. */
	full.rlim_cur = (rlim_t)late + 1;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &full), 0);
	CU_ASSERT_TRUE(read_greeting(&harness, late));
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_NOFILE, &saved), 0);
	CU_ASSERT_EQUAL(harness_counter(&harness, CONTROL_SETUPS_DISPLACED), 1);
	CU_ASSERT_EQUAL(control_server_connections(harness.server), 2);
	for (unsigned i = 0; i < 2; i++)
		(void)close(held[i]);
	(void)close(late);
	harness_close(&harness);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"serves both families with the DSCP of the SYN",
	         serves_both_families_with_the_dscp_of_the_syn},
	        {"errors say what to do", errors_say_what_to_do},
	        {"accepting pauses without file descriptors",
	         accepting_pauses_without_file_descriptors},
	        {"half-open ones give their file descriptors",
	         half_open_ones_give_their_file_descriptors},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("control-listener", tests);
}
