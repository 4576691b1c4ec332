/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Counters: one table of name, unit and meaning for each side. A polling lcore has its own array of datapath counters that it
 * alone writes; the slow path has one array of control counters. Reading them disturbs nobody (relaxed loads).
 */
#ifndef SPECULAR_STATS_COUNTERS_H
#define SPECULAR_STATS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * Datapath: every received frame is counted once as RECEIVED and once more as REFLECTED, EXCEPTION or one of DROP_*, so that
 * RECEIVED = REFLECTED + EXCEPTION + sum of DROP_*. FROM_KERNEL* count the other direction.
 */
#define DATAPATH_COUNTERS(X)                                                                       \
	X(RECEIVED, "received", "packets", "frames taken from the receive queues")                 \
	X(REFLECTED, "reflected", "packets", "test packets answered")                              \
	X(EXCEPTION, "exception", "packets", "frames handed to the kernel")                        \
	X(DROP_SEGMENTED, "drop_segmented", "packets", "frame in more than one buffer")            \
	X(DROP_OTHER_STATION, "drop_other_station", "packets",                                     \
	  "frame to another station's Ethernet address, seen by a promiscuous port")               \
	X(DROP_TRUNCATED, "drop_truncated", "packets", "frame shorter than its headers say")       \
	X(DROP_CHECKSUM, "drop_checksum", "packets",                                               \
	  "wrong IPv4 header checksum, or an IPv6 test packet without UDP checksum")               \
	X(DROP_FRAGMENT, "drop_fragment", "packets", "fragment of a test packet")                  \
	X(DROP_UNKNOWN_FLOW, "drop_unknown_flow", "packets",                                       \
	  "UDP in the test port range that belongs to no session")                                 \
	X(DROP_BEFORE_START, "drop_before_start", "packets",                                       \
	  "test packet of a session that is not started")                                          \
	X(DROP_AFTER_STOP, "drop_after_stop", "packets",                                           \
	  "test packet later than Stop-Sessions and Timeout")                                      \
	X(DROP_TOO_SHORT, "drop_too_short", "packets",                                             \
	  "test packet shorter than its mode's header and padding to reflect")                     \
	X(DROP_HMAC, "drop_hmac", "packets", "test packet with a wrong HMAC")                      \
	X(DROP_ERROR_ESTIMATE, "drop_error_estimate", "packets",                                   \
	  "test packet with an Error Estimate Multiplier of zero")                                 \
	X(DROP_REPLY_TOO_LONG, "drop_reply_too_long", "packets",                                   \
	  "the reply would not fit the buffer or the MTU")                                         \
	X(DROP_TRANSMIT, "drop_transmit", "packets", "the transmit queue was full")                \
	X(DROP_EXCEPTION_RATE, "drop_exception_rate", "packets",                                   \
	  "more frames for the kernel than exception-rate allows")                                 \
	X(DROP_EXCEPTION_FULL, "drop_exception_full", "packets",                                   \
	  "the ring to the kernel was full")                                                       \
	X(DROP_EXCEPTION_OFF, "drop_exception_off", "packets",                                     \
	  "frame for the kernel on a port without exception path")                                 \
	X(FROM_KERNEL, "from_kernel", "packets", "frames of the kernel that were transmitted")     \
	X(FROM_KERNEL_LOST, "from_kernel_lost", "packets",                                         \
	  "frames of the kernel that the transmit queue had no room for")

/** Slow path: control protocol and exception path. */
#define CONTROL_COUNTERS(X)                                                                        \
	X(CONNECTIONS_ACCEPTED, "connections_accepted", "connections", "TCP connections taken")    \
	X(CONNECTIONS_REFUSED, "connections_refused", "connections",                               \
	  "TCP connections over a limit, answered with Modes 0 or Accept 5")                       \
	X(SETUPS_COMPLETED, "setups_completed", "connections", "Server-Start sent with Accept 0")  \
	X(SETUPS_DECLINED, "setups_declined", "connections", "clients that chose Mode 0")          \
	X(SETUPS_BAD_MODE, "setups_bad_mode", "connections", "Modes asked that were not offered")  \
	X(SETUPS_UNKNOWN_KEY, "setups_unknown_key", "connections", "KeyID not in the keyring")     \
	X(SETUPS_UNKNOWN_SA, "setups_unknown_sa", "connections",                                   \
	  "IKE SA not found, answered with Accept 6")                                              \
	X(SETUPS_SA_NOT_ALLOWED, "setups_sa_not_allowed", "connections",                           \
	  "IKE SA that is not for this client, answered with Accept 6")                            \
	X(SETUPS_BAD_TOKEN, "setups_bad_token", "connections",                                     \
	  "Challenge in the Token is not the greeting's")                                          \
	X(SETUPS_PROVIDER_UNREACHABLE, "setups_provider_unreachable", "connections",               \
	  "the key provider did not answer, Accept 5")                                             \
	X(SETUPS_EXPIRED, "setups_expired", "connections", "half-open set-ups past the deadline")  \
	X(SETUPS_DISPLACED, "setups_displaced", "connections",                                     \
	  "half-open set-ups that gave way to newer connections")                                  \
	X(CONTROL_HMAC_FAILURES, "control_hmac_failures", "messages",                              \
	  "control messages with a wrong HMAC; the connection is closed")                          \
	X(COMMANDS_UNKNOWN, "commands_unknown", "messages", "commands answered with Accept 3")     \
	X(SESSIONS_ACCEPTED, "sessions_accepted", "sessions", "Accept-Session with Accept 0")      \
	X(SESSIONS_UNSUPPORTED, "sessions_unsupported", "sessions", "refused with Accept 3")       \
	X(SESSIONS_REFUSED_PERMANENT, "sessions_refused_permanent", "sessions",                    \
	  "refused with Accept 4: a limit that waiting does not lift")                             \
	X(SESSIONS_REFUSED_TEMPORARY, "sessions_refused_temporary", "sessions",                    \
	  "refused with Accept 5: a limit that waiting lifts")                                     \
	X(SESSIONS_FOREIGN_ADDRESS, "sessions_foreign_address", "sessions",                        \
	  "refused: an address that is not the appliance's or the client's")                       \
	X(SESSIONS_PORT_SUGGESTED, "sessions_port_suggested", "sessions",                          \
	  "answered with another Receiver Port")                                                   \
	X(SESSIONS_STARTED, "sessions_started", "sessions", "sessions started")                    \
	X(SESSIONS_STOPPED, "sessions_stopped", "sessions", "sessions stopped by command")         \
	X(SESSIONS_REFWAIT, "sessions_refwait", "sessions", "sessions ended by REFWAIT")           \
	X(STOP_COUNT_MISMATCH, "stop_count_mismatch", "messages",                                  \
	  "Stop-Sessions with a wrong Number of Sessions; the connection is closed")               \
	X(CONNECTIONS_SERVWAIT, "connections_servwait", "connections", "closed by SERVWAIT")       \
	X(CONNECTIONS_CLOSED, "connections_closed", "connections", "TCP connections ended")        \
	X(KEY_DERIVATIONS, "key_derivations", "derivations", "PBKDF2 runs")                        \
	X(KEY_DERIVATIONS_CACHED, "key_derivations_cached", "derivations",                         \
	  "PBKDF2 results taken from the cache")                                                   \
	X(EXCEPTION_TO_KERNEL, "exception_to_kernel", "packets", "frames written to the TAP")      \
	X(EXCEPTION_FROM_KERNEL, "exception_from_kernel", "packets", "frames read from the TAP")   \
	X(EXCEPTION_ERRORS, "exception_errors", "packets",                                         \
	  "frames lost between the TAP and the port")                                              \
	X(AUDIT_LOST, "audit_lost", "entries",                                                     \
	  "entries of the audit trail that could not be written")

#define DATAPATH_COUNTER_ENUM_(name, text, unit, meaning) DATAPATH_##name,
#define CONTROL_COUNTER_ENUM_(name, text, unit, meaning)  CONTROL_##name,

enum datapath_counter { DATAPATH_COUNTERS(DATAPATH_COUNTER_ENUM_) DATAPATH_COUNTER_COUNT };
enum control_counter { CONTROL_COUNTERS(CONTROL_COUNTER_ENUM_) CONTROL_COUNTER_COUNT };

struct counter_description {
	const char *name;    /**< snake_case, stable */
	const char *unit;    /**< plural noun */
	const char *meaning; /**< one line */
};

/** Indexed by enum datapath_counter / enum control_counter. */
extern const struct counter_description datapath_counter_descriptions[DATAPATH_COUNTER_COUNT];
extern const struct counter_description control_counter_descriptions[CONTROL_COUNTER_COUNT];

/** Of the three things that become of a received frame, a drop. */
static inline bool datapath_counter_is_drop(enum datapath_counter counter)
{
	return counter >= DATAPATH_DROP_SEGMENTED && counter <= DATAPATH_DROP_EXCEPTION_OFF;
}

/** One per polling lcore; that lcore alone writes it, the slow path reads it with counter_read. */
struct datapath_counters {
	uint64_t values[DATAPATH_COUNTER_COUNT];
} __attribute__((aligned(64)));

/** One per process; written and read by the slow path. */
struct control_counters {
	uint64_t values[CONTROL_COUNTER_COUNT];
};

/** Single-writer increment: a plain add with a relaxed store, no locked instruction. */
static inline void counter_add(uint64_t *counter, uint64_t amount)
{
	__atomic_store_n(counter, *counter + amount, __ATOMIC_RELAXED);
}

static inline uint64_t counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
