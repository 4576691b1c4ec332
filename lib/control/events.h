/* SPDX-License-Identifier: BSD-3-Clause */
/** What the Server tells the log: stable event names, each bounded by control.log_per_minute. No text holds a secret. */
#ifndef SPECULAR_CONTROL_EVENTS_H
#define SPECULAR_CONTROL_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

#define CONTROL_EVENTS(X)                                                                          \
	X(ACCEPT_FAILED, WARNING, "accept-failed")                                                 \
	X(CONNECTION_REFUSED, WARNING, "connection-refused")                                       \
	X(CONNECTION_CLOSED, DEBUG, "connection-closed")                                           \
	X(SET_UP_COMPLETED, INFO, "set-up-completed")                                              \
	X(SET_UP_DECLINED, DEBUG, "set-up-declined")                                               \
	X(SET_UP_EXPIRED, WARNING, "set-up-expired")                                               \
	X(SET_UP_DISPLACED, WARNING, "set-up-displaced")                                           \
	X(SET_UP_OVER_LIMIT, WARNING, "set-up-over-limit")                                         \
	X(SET_UP_FAILED, ERROR, "set-up-failed")                                                   \
	X(MODE_REFUSED, WARNING, "mode-refused")                                                   \
	X(KEY_UNKNOWN, WARNING, "key-unknown")                                                     \
	X(SA_NOT_FOUND, WARNING, "sa-not-found")                                                   \
	X(SA_NOT_ALLOWED, WARNING, "sa-not-allowed")                                               \
	X(TOKEN_WRONG, WARNING, "token-wrong")                                                     \
	X(KEY_PROVIDER_UNREACHABLE, ERROR, "key-provider-unreachable")                             \
	X(HMAC_WRONG, WARNING, "control-hmac-wrong")                                               \
	X(COMMAND_UNEXPECTED, WARNING, "command-unexpected")                                       \
	X(COMMAND_MALFORMED, WARNING, "command-malformed")                                         \
	X(SESSION_ACCEPTED, INFO, "session-accepted")                                              \
	X(SESSION_REFUSED, WARNING, "session-refused")                                             \
	X(SESSION_FAILED, ERROR, "session-failed")                                                 \
	X(SESSION_REFWAIT, INFO, "session-refwait")                                                \
	X(SESSIONS_STOPPED, INFO, "sessions-stopped")                                              \
	X(STOP_COUNT_WRONG, WARNING, "stop-count-wrong")                                           \
	X(SERVWAIT_EXPIRED, INFO, "servwait-expired")

#define CONTROL_EVENT_ENUM_(name, level, text) EVENT_##name,
enum control_event { CONTROL_EVENTS(CONTROL_EVENT_ENUM_) CONTROL_EVENT_COUNT };

/** One limiter a kind of event. */
struct control_log {
	struct log_limiter limiters[CONTROL_EVENT_COUNT];
};

/** Before the first event, of a zeroed log, and when it changes. */
void control_log_set_rate(struct control_log *log, uint32_t per_minute);

/** Tells what was suppressed in a minute that is over; to be called every now and then. */
void control_log_tell(struct control_log *log);

/** True when the event's line is to be written; else it is counted as suppressed. */
bool control_log_admits(struct control_log *log, enum control_event event);
void control_log_write(enum control_event event, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/** Writes one line (format and arguments follow), or counts it as suppressed and doesn't even evaluate the arguments. */
#define control_log_event(log, event, ...)                                                         \
	do {                                                                                       \
		if (control_log_admits(log, event))                                                \
			control_log_write(event, __VA_ARGS__);                                     \
	} while (0)

#endif
