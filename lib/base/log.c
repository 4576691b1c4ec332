/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/error.h"

#define LINE_SIZE 1024

static enum log_level lowest_level = LOG_LEVEL_INFO;

static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_set_level(enum log_level level)
{
	lowest_level = level;
}

enum log_level log_get_level(void)
{
	return lowest_level;
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return ERROR_ARGUMENT;
}

__attribute__((format(printf, 3, 0))) static void
write_line(enum log_level level, const char *event, const char *format, va_list arguments)
{
	char line[LINE_SIZE];
	char when[32];
	struct timespec now;
	struct tm utc;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &utc) == NULL ||
	    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &utc) == 0)
		when[0] = '\0';
	(void)vsnprintf(line, sizeof(line), format, arguments);
	for (char *c = line; *c != '\0'; c++) {
		if (iscntrl((unsigned char)*c))
			*c = '?';
	}
	(void)fprintf(stderr, "%s.%03ldZ %s %s: %s\n", when, now.tv_nsec / 1000000,
	              level_names[level], event, line);
}

void log_event(enum log_level level, const char *event, const char *format, ...)
{
	va_list arguments;

	if (level > lowest_level)
		return;
	va_start(arguments, format);
	write_line(level, event, format, arguments);
	va_end(arguments);
}

bool log_limiter_admits(struct log_limiter *limiter, enum log_level level, const char *event)
{
	struct timespec now;

	if (level > lowest_level)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	uint64_t minute = (uint64_t)now.tv_sec / 60;
	if (minute != limiter->minute) {
		if (limiter->suppressed > 0)
			log_event(level, event, "%u more of these were not written",
			          limiter->suppressed);
		limiter->minute = minute;
		limiter->written = 0;
		limiter->suppressed = 0;
	}
	if (limiter->written >= limiter->per_minute) {
		limiter->suppressed++;
		return false;
	}
	limiter->written++;
	return true;
}

void log_event_limited(struct log_limiter *limiter, enum log_level level, const char *event,
                       const char *format, ...)
{
	va_list arguments;

	if (!log_limiter_admits(limiter, level, event))
		return;
	va_start(arguments, format);
	write_line(level, event, format, arguments);
	va_end(arguments);
}
