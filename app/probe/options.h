/* SPDX-License-Identifier: BSD-3-Clause */
/** The command line of specular-probe: doc/probe.md. */
#ifndef SPECULAR_PROBE_OPTIONS_H
#define SPECULAR_PROBE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "ike_options.h"
#include "mode_list.h"

#define PACKETS_MAXIMUM     10000000u
#define SESSIONS_MAXIMUM    64u
#define HOST_TEXT_SIZE      256u
#define PADDING_AUTOMATIC   UINT32_MAX
#define PADDING_MAXIMUM     65000u
#define ALLOW_COUNT_DEFAULT 32768u
#define TAI_OFFSET_KERNEL   INT32_MIN

struct options {
	char host[HOST_TEXT_SIZE];
	uint16_t port;         /**< of TWAMP-Control */
	const char *reflector; /**< NULL: host */
	const char *source;    /**< NULL: the kernel chooses */
	uint8_t family;        /**< 4, 6 or 0: either */
	struct mode_list modes;
	bool fallback;
	const char *key_file;
	const char *key_id;
	const char *sa_file;
	struct ike_options ike;
	bool ike_token_direct; /**< the AES key is the secret's first 16 octets, no PBKDF2 */
	uint32_t allow_count;
	uint32_t packets; /**< a session */
	uint32_t sessions;
	int64_t interval_ns;
	bool exponential;
	int64_t timeout_ns;
	uint32_t padding; /**< octets, or PADDING_AUTOMATIC: equal length both ways */
	bool zero_padding;
	uint8_t dscp;         /**< of test packets */
	uint8_t ecn;          /**< of test packets: the codepoint, RFC 3168 section 5 */
	uint8_t control_dscp; /**< of the TCP connection */
	uint16_t port_low;    /**< 0: the kernel chooses */
	uint16_t port_high;
	bool individual;         /**< RFC 5938 */
	uint16_t reflect_octets; /**< RFC 6038; 0: not asked */
	bool symmetrical;        /**< RFC 6038 */
	bool monitoring;         /**< of DSCP and ECN, RFC 7750 */
	bool ptp;                /**< the reflector's timestamps, RFC 8186 */
	int32_t tai_offset; /**< the reflector's TAI - UTC in seconds, or TAI_OFFSET_KERNEL: as here */
	bool zero_addresses; /**< request with zero addresses, for a NAT on the way */
	bool json;
	bool quiet;
	bool verbose;
	int progress; /**< 1 yes, 0 no, -1 when standard error is a terminal */
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_VERSION };

/**
 * Parses and checks; options point into argv. Returns an enum options_result or ERROR_ARGUMENT with a text that names the
 * option and what is allowed; options->json and host are right as far as they were read.
 */
int options_parse(int argc, char *argv[], struct options *options, struct error *error);

void options_usage(FILE *out);

/** "host", "host:862", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:862": 0 or ERROR_FORMAT. port is left alone without one. */
int host_port_parse(const char *text, char host[HOST_TEXT_SIZE], uint16_t *port);

#endif
