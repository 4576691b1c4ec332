/* SPDX-License-Identifier: GPL-2.0-or-later */
/** What the key server has to say, bounded: no client can fill the daemon's log. Used by one thread. */
#ifndef CHARON_IPPM_KEYS_KEY_LOG_H
#define CHARON_IPPM_KEYS_KEY_LOG_H

#include <stdint.h>

#define KEY_LOG_LINES_PER_MINUTE 20u

/** Takes a line without its end; what is not printable ASCII is '?'. */
typedef void key_log_write(void *context, const char *line);

/** Zero-initialised but for write and context. write may be NULL: nothing is said. */
struct key_log {
	key_log_write *write;
	void *context;
	int64_t minute;
	unsigned written;
	unsigned left_out; /**< told when the next minute's first line comes */
};

void key_log_line(struct key_log *log, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
