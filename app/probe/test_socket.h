/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A UDP socket for one test session: TTL 255, DSCP, kernel timestamps in both directions, TTL and DSCP of what is received. No
 * datagram is fragmented: a packet above the path's MTU is an error.
 */
#ifndef SPECULAR_PROBE_TEST_SOCKET_H
#define SPECULAR_PROBE_TEST_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/address.h"
#include "base/error.h"

struct test_socket {
	int fd; /**< -1 when closed */
	struct endpoint local;
	struct endpoint reflector;
	bool transmit_timestamps; /**< the kernel reports them, numbered from 0 by datagram */
};

/** A received datagram: what the kernel tells beside its octets. */
struct datagram {
	uint16_t octets;
	bool foreign; /**< not from the reflector */
	bool timestamp_known;
	struct timespec timestamp; /**< CLOCK_REALTIME of the arrival */
	bool ttl_known;
	bool dscp_known;
	uint8_t ttl;
	uint8_t dscp;
};

/** Binds to local with a free port of low..high (0: the kernel's choice); traffic_class: DSCP << 2 | ECN. ERROR_SYSTEM, ERROR_LIMIT when none is free. */
int test_socket_open(struct test_socket *socket, const struct address *local, uint16_t low,
                     uint16_t high, uint8_t traffic_class, struct error *error);

/** The reflector's address and port, known after Accept-Session. */
int test_socket_connect(struct test_socket *socket, const struct endpoint *reflector,
                        struct error *error);

/** 0, or a negative errno: -EMSGSIZE and -ECONNREFUSED among them. */
int test_socket_send(struct test_socket *socket, const void *payload, size_t size);

/** 1 when a datagram was read (cut at capacity, whole length in datagram->octets), 0 when none waits, else a negative errno. */
int test_socket_receive(struct test_socket *socket, void *payload, size_t capacity,
                        struct datagram *datagram);

/** 1 when a transmit timestamp was read: CLOCK_REALTIME of the number-th datagram; 0 when none waits. */
int test_socket_transmit_timestamp(struct test_socket *socket, uint32_t *number,
                                   struct timespec *timestamp);

/** Safe on a closed one. */
void test_socket_close(struct test_socket *socket);

#endif
