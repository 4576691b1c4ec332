/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The configuration of specular-load: one YAML file to one const struct; doc/load.md has every key. `eal` and `ports` are the
 * appliance's (doc/configuration.md), so that one host and its NICs are described the same way for both. Errors as config/config.h's.
 */
#ifndef SPECULAR_LOAD_LOAD_CONFIG_H
#define SPECULAR_LOAD_LOAD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"
#include "config/config.h"
#include "wire/test_packet.h"

#define LOAD_GROUPS_MAX     32u
#define LOAD_SIZES_MAX      32u      /**< packets of a group's size pattern */
#define LOAD_SESSIONS_MAX   1048576u /**< of all groups */
#define LOAD_PERCENTAGE_MAX 1000000u /**< 100 %, in parts a million */
#define LOAD_SECONDS_MAX    604800u  /**< a week */

/** What comes back. */
enum load_peer {
	LOAD_PEER_TWAMP, /**< a Session-Reflector, with which sessions are negotiated */
	/**
	 * Any forwarder that exchanges addresses and ports and changes nothing else (testpmd 5tswap): no control connection, the
	 * packets are unauthenticated Session-Sender packets. A reference, and what the wire itself can carry.
	 */
	LOAD_PEER_SWAP,
};

enum load_run { LOAD_RUN_RATE, LOAD_RUN_SEARCH, LOAD_RUN_SOAK, LOAD_RUN_RAMP, LOAD_RUN_BURST };

/** When replies are opened and judged. */
enum load_judge {
	LOAD_JUDGE_AT_ONCE, /**< by the lcore that received them */
	/** Kept as they came, judged after the trial: bursts only, so that the lcore can receive faster than a reflector sends. */
	LOAD_JUDGE_AFTERWARDS,
};

/** Sessions that are alike. */
struct load_group {
	char name[CONFIG_NAME_SIZE];
	uint32_t count; /**< sessions */
	/** Of enum twamp_mode: one security mode, MODE_IKEV2_DERIVED or not. Unused with LOAD_PEER_SWAP. */
	uint32_t mode;
	struct address
	        source; /**< one of the port's; family 0: the port's first of the reflector's family */
	struct address reflector; /**< test packets go there */
	uint16_t source_port;     /**< of the first session; the others follow */
	uint16_t
	        reflector_port; /**< asked for, of the first session; the server may suggest others */
	uint16_t vlan;          /**< 0 for none; one of the port's VLANs */
	uint16_t outer_vlan;
	uint8_t dscp;
	uint8_t ttl;
	bool symmetrical;       /**< RFC 6038 section 5.1.4 */
	bool zero_padding;      /**< else pseudo-random, RFC 5357 section 4.1.2 */
	bool reply_padding_any; /**< the reflector may send padding of its own, RFC 5357 section 4.2.1 */
	uint16_t sizes
	        [LOAD_SIZES_MAX]; /**< octets of the UDP payload; a session's packets go through them in turn */
	unsigned size_count;
	bool imix;      /**< sizes are filled with the seven, four and one of a simple IMIX */
	uint32_t share; /**< packets of this group among the others' shares, from 1 */
};

struct load_mac {
	bool known;
	uint8_t octets[6];
};

/** A rate: packets a second, or a share of the link's. */
struct load_rate {
	uint64_t packets; /**< a second, 0 when parts is given */
	uint32_t parts;   /**< a million of the link rate, Ethernet overhead (24 octets) included */
};

struct load_control {
	struct endpoint server; /**< family 0 with LOAD_PEER_SWAP */
	uint32_t connections;   /**< sessions are spread over them */
	uint32_t requests;      /**< that wait for their answers at a time, of a connection */
	char key_file[CONFIG_PATH_SIZE];
	char key_id[81]; /**< "" for none */
	char sa_file[CONFIG_PATH_SIZE];
	char ike_socket[CONFIG_PATH_SIZE];
	bool token_key_direct; /**< as ikev2.token-key of the appliance */
	uint32_t allow_count;  /**< PBKDF2 iterations at most */
	uint32_t timeout;      /**< seconds, asked for in Request-TW-Session */
};

/** Thresholds: what JUnit and the exit code judge. UINT64_MAX: none. Durations in nanoseconds, ratios in parts a million. */
struct load_thresholds {
	uint64_t loss_maximum;
	uint64_t rtt_p50_maximum;
	uint64_t rtt_p99_maximum;
	uint64_t rtt_p999_maximum;
	uint64_t rtt_maximum;
	uint64_t turnaround_p99_maximum;
	uint64_t reordered_maximum;
	uint64_t duplicates_maximum;
	uint64_t wrong_maximum; /**< replies that broke a rule, in packets; default 0 */
	uint64_t ndr_minimum;   /**< packets a second */
	uint64_t pdr_minimum;
	uint64_t burst_rate_minimum; /**< packets a second, LOAD_RUN_BURST */
};

struct load_config {
	/** eal, ports (one), drivers, path, test.crypto: as the functions that start a host want them. All else in it is zero. */
	struct config host;
	enum load_peer peer;
	/** Of the next hop; when it is not known the kernel's neighbour table is asked, by the port's TAP. */
	struct load_mac peer_mac;
	uint64_t link_rate; /**< bits a second; 0: as the port says */
	struct load_control control;
	struct load_group groups[LOAD_GROUPS_MAX];
	unsigned group_count;

	enum load_run run;
	enum load_judge judge;
	struct load_rate
	        rate; /**< rate, soak, ramp: of all sessions together; search: where it begins, the most */
	uint64_t warm_up_ns;  /**< before each trial's first counted packet */
	uint64_t duration_ns; /**< rate and soak: of the whole; search and ramp: of a trial */
	uint64_t
	        timeout_ns; /**< a reply later than this is late and counts as lost; also how long a trial waits at its end */
	uint64_t
	        late_slot_ns; /**< a packet that leaves later than this behind its schedule is a missed slot */
	uint16_t send_burst; /**< packets at once, 1 to 64 */
	/* search */
	uint64_t ndr_loss;        /**< parts a million, usually 0 */
	uint64_t pdr_loss;        /**< parts a million, usually 5000 (0.5 %) as FD.io CSIT */
	uint64_t precision;       /**< parts a million of the rate: the search ends below it */
	uint64_t confirm_ns;      /**< the result is confirmed for so long; 0: not */
	uint32_t search_retries;  /**< of a trial with loss, before it is believed */
	uint64_t search_limit_ns; /**< no trial of a search begins later */
	bool latency;             /**< trials at 10, 50 and 90 % of PDR follow */
	/* ramp */
	uint32_t ramp_from, ramp_to, ramp_step; /**< sessions */
	/* burst (RFC 2544 section 26.4) */
	uint32_t burst_frames; /**< sent back to back */
	uint32_t burst_rounds;
	uint64_t burst_limit_ns; /**< no round begins later */

	uint64_t
	        clock_error_ns; /**< one-way delays' error as the user states it; 0: by the packets' Error Estimates */
	struct load_thresholds thresholds;
	/* report */
	char report_folder[CONFIG_PATH_SIZE]; /**< "" for none but the terminal */
	bool progress;
	uint32_t evidence; /**< offending packets kept of each kind, 0 to 16 */
};

/** On success the caller owns *config until load_config_free. Errors and codes as config_load. */
int load_config_load(const char *path, struct load_config **config, struct error *error);
/** As load_config_load, from memory: the fuzz target's way in. */
int load_config_parse(const char *name, const char *text, size_t size, struct load_config **config,
                      struct error *error);
void load_config_free(struct load_config *config);

/** The group's octets of a frame on the wire with overhead (preamble, FCS, gap), averaged over its sizes, times 2^8. */
uint64_t load_group_wire_octets(const struct load_group *group);

/** Packets a second of all groups for a rate, link_rate in bits a second. */
uint64_t load_rate_packets(const struct load_config *config, const struct load_rate *rate,
                           uint64_t link_rate);

#endif
