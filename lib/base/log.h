/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The log: one line an event on standard error, "time level event: text", for journald or a terminal.
 * Slow path only; a polling lcore never logs. No secret is ever passed here. The level is the one thing the process keeps
 * outside its context, so that a library can log before and after the context lives.
 */
#ifndef SPECULAR_BASE_LOG_H
#define SPECULAR_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** Sets the lowest importance that is written. Default: info. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/** "error" | "warning" | "info" | "debug"; returns 0 or ERROR_ARGUMENT. */
int log_level_parse(const char *text, enum log_level *level);

/** event is a stable name such as "sa-not-found"; the text is one line, control characters are replaced by '?'. */
void log_event(enum log_level level, const char *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/** Bounds how often one kind of event is written. Zero-initialised but for per_minute; used by one thread. */
struct log_limiter {
	uint32_t per_minute;
	uint32_t written;    /**< in this minute */
	uint32_t suppressed; /**< in this minute; told by the first event of the next one */
	uint64_t minute;     /**< CLOCK_MONOTONIC minutes of the current window */
};

/** Counts an event; true when its line is to be written, with log_event. Texts of lines that aren't need not be made. */
bool log_limiter_admits(struct log_limiter *limiter, enum log_level level, const char *event);

/** As log_event, but at most limiter->per_minute lines a minute; the rest is counted and told later. */
void log_event_limited(struct log_limiter *limiter, enum log_level level, const char *event,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
