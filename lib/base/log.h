/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The log: one line an event on standard error, for a terminal, for the journal or as JSON. Each event has a stable name;
 * doc/operations.md has the table of all (tools/check-events).
 * Slow path only; a polling lcore never logs. No secret is ever passed here. Level and format are the one thing the process keeps
 * outside its context, so that a library can log before and after the context lives.
 */
#ifndef SPECULAR_BASE_LOG_H
#define SPECULAR_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_line.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/**
 * Text: "time level event: text". Journal: "<N>event: text" with the priority of sd-daemon(3), since the journal adds the time. JSON:
 * an object with time, level, event, text, and what else the event has. Auto: journal when standard error is the journal, else text.
 */
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JOURNAL, LOG_FORMAT_JSON };

/** Sets the lowest importance that is written. Default: info. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/** Default: text. */
void log_set_format(enum log_format format);

/** "error" | "warning" | "info" | "debug"; returns 0 or ERROR_ARGUMENT. */
int log_level_parse(const char *text, enum log_level *level);
/** The inverse. */
const char *log_level_name(enum log_level level);

/**
 * event is a stable name such as "sa-not-found"; the text is one line. Control characters and what is not UTF-8 are replaced by '?', in
 * JSON they are escaped, in a long text replaced too.
 */
void log_event(enum log_level level, const char *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/**
 * Whatever the level: for what must be told. With members that JSON lines have beside the text; their names are none of the log's own.
 * False: the line was lost, since who reads standard error does not. The next line that is not lost has one before it that tells how
 * many were.
 */
bool log_write(enum log_level level, const char *event, const struct json_member *members,
               unsigned count, const char *text);

/** Bounds how often one kind of event is written. Zero-initialised but for per_minute; used by one thread. */
struct log_limiter {
	uint32_t per_minute;
	uint32_t written;    /**< in this minute */
	uint32_t suppressed; /**< in this minute; told by the first event of the next one */
	uint64_t minute;     /**< CLOCK_MONOTONIC minutes of the current window */
};

/** Counts an event; true when its line is to be written, with log_event. Texts of lines that aren't need not be made. */
bool log_limiter_admits(struct log_limiter *limiter, enum log_level level, const char *event);

/** Tells what was suppressed, if anything was and its minute is over: for events that may not come again. */
void log_limiter_tell(struct log_limiter *limiter, enum log_level level, const char *event);

/** As log_event, but at most limiter->per_minute lines a minute; the rest is counted and told later. */
void log_event_limited(struct log_limiter *limiter, enum log_level level, const char *event,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
