/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A reflector with sessions, a clock that stands still, and a builder of requests and expected replies that shares no code with
 * lib/reflect: it writes frames octet by octet and sums checksums the plain way.
 */
#ifndef SPECULAR_TEST_REFLECT_WORLD_H
#define SPECULAR_TEST_REFLECT_WORLD_H

#include "reflect/reflector.h"
#include "session/session_registry.h"

#define WORLD_PORT         20001u /**< of the Session-Reflector */
#define WORLD_FRAME_MAX    10240u
#define WORLD_TRANSMIT_NTP UINT64_C(0xe8e7e6e5a1a2a3a4)
#define WORLD_RECEIVE_NTP  UINT64_C(0xe8e7e6e5a1000000)
#define WORLD_ERROR        0x9107u /**< S, Scale 17, Multiplier 7 */
/* The same moments in PTPv2 truncated format, WORLD_TAI_OFFSET seconds ahead of UTC, by hand: fractions of 2^32 rounded to ns. */
#define WORLD_TAI_OFFSET   37
#define WORLD_TRANSMIT_PTP ((UINT64_C(0xe8e7e6e5) - 2208988800 + 37) << 32 | 631387928)
#define WORLD_RECEIVE_PTP  ((UINT64_C(0xe8e7e6e5) - 2208988800 + 37) << 32 | 628906250)
#define WORLD_CLASS        0x2bu /**< DSCP and ECN of requests */
#define WORLD_RECEIVE_TSC  1000u

/** The Ethernet address that requests go to. */
extern const uint8_t world_reflector_mac[6];

struct world {
	struct reflector_settings settings;
	struct tsc_clock clock;
	struct datapath_counters counters;
	struct suite *suite;   /**< the datapath's */
	struct suite *openssl; /**< the Session-Sender's */
	struct session_registry *registry;
	struct reflector reflector;
	uint16_t mtu; /**< of the frames' port */
	const uint8_t
	        *station; /**< the port's address; that of requests unless a test says otherwise */
};

/** The environment variable SPECULAR_TEST_SUITE names the datapath's suite: ipsec-mb (default) or avx512. */
void world_set_up(struct world *world);
/** The same with a datapath of another suite. */
void world_set_up_suite(struct world *world, enum suite_kind kind);
void world_tear_down(struct world *world);
/** Says so when not. */
bool world_has_avx512(void);

/** How a request looks; zeros are a plain one. */
struct request {
	struct session_parameters parameters;
	const uint8_t
	        *extensions; /**< IPv4 options, or IPv6 extension headers whose last says UDP */
	size_t extensions_size;
	uint8_t extension_type; /**< IPv6: the first one */
	unsigned tags;          /**< VLAN tags, from the flow */
	unsigned trailer;       /**< octets of Ethernet behind IP */
	unsigned udp_surplus;   /**< octets of IP behind UDP */
	size_t padding;         /**< incl. padding to reflect */
	uint32_t sequence;
	uint64_t timestamp;
	uint16_t error_estimate;
	uint64_t receive_ntp; /**< when it is received; 0: at WORLD_RECEIVE_NTP */
	uint64_t receive_ptp; /**< the same in PTP format; 0: WORLD_RECEIVE_PTP */
	uint16_t told_error;  /**< the reply's Error Estimate but for its format; 0: WORLD_ERROR */
	uint8_t symmetrical_mbz; /**< each octet of it: must be zero, but nobody looks */
	uint8_t ttl;
	uint16_t identification;
	bool dont_fragment;
	bool no_checksum;
};

/** A request of a session of its own: family 4 or 6, number tells flows apart. */
void request_init(struct request *request, uint8_t family, enum test_mode mode, uint16_t number);

/** Publishes and starts its session. */
struct session *request_session(struct world *world, const struct request *request);

/** Writes the frame and returns its length. */
size_t request_build(const struct world *world, const struct request *request,
                     uint8_t frame[WORLD_FRAME_MAX]);

/** What the reply must be, sealed and with its checksum; returns its length. */
size_t reply_expect(const struct world *world, const struct request *request, uint32_t sequence,
                    uint8_t frame[WORLD_FRAME_MAX]);

/** The offset of the UDP header in a frame of this request; and in its reply. */
size_t request_udp_offset(const struct request *request);
size_t reply_udp_offset(const struct request *request);

/** True when the UDP checksum of a frame whose UDP header lies at udp_offset is right, computed in full. */
bool udp_checksum_is_right(const uint8_t *frame, size_t ip_offset, size_t udp_offset);
size_t request_ip_offset(const struct request *request);
/** Writes the right checksum. */
void udp_checksum_write(uint8_t *frame, size_t ip_offset, size_t udp_offset);
void ipv4_checksum_write(uint8_t *ip);

/** All is received at WORLD_RECEIVE_TSC and WORLD_RECEIVE_NTP, on the world's port. */
struct reflect_arrival world_arrival(const struct world *world);

/** Runs one frame of exactly length octets in a buffer of capacity octets (at least length); the result is copied to reply. */
struct reflect_frame world_reflect(struct world *world, const uint8_t *frame, size_t length,
                                   size_t capacity, uint8_t reply[WORLD_FRAME_MAX]);

#endif
