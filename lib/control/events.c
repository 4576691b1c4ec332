/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/events.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/error.h"

#define CONTROL_EVENT_ROW_(name, level, text) [EVENT_##name] = {LOG_LEVEL_##level, text},

static const struct {
	enum log_level level;
	const char *name;
} events[CONTROL_EVENT_COUNT] = {CONTROL_EVENTS(CONTROL_EVENT_ROW_)};

void control_log_set_rate(struct control_log *log, uint32_t per_minute)
{
	for (unsigned i = 0; i < CONTROL_EVENT_COUNT; i++)
		log->limiters[i].per_minute = per_minute;
}

void control_log_tell(struct control_log *log)
{
	for (unsigned i = 0; i < CONTROL_EVENT_COUNT; i++)
		log_limiter_tell(&log->limiters[i], events[i].level, events[i].name);
}

bool control_log_admits(struct control_log *log, enum control_event event)
{
	return log_limiter_admits(&log->limiters[event], events[event].level, events[event].name);
}

void control_log_write(enum control_event event, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_event(events[event].level, events[event].name, "%s", text);
}
