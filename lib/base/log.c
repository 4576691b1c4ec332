/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/complaint.h"
#include "base/error.h"
#include "base/log_output.h"
#include "base/time_text.h"
#include "base/utf8.h"

#define TEXT_SIZE 1024
/** Of a longer text JSON would have room for no more than escapes, of six octets each. */
#define ESCAPED_SIZE_MAX 256
/** time, level, event, text and an event's own. */
#define MEMBERS_MAX 32u

#define TEXT_TIME_DIGITS 3
#define JSON_TIME_DIGITS 6

static enum log_level lowest_level = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;

static const struct {
	const char *name;
	unsigned priority; /* sd-daemon(3), syslog(3) */
} levels[] = {{"error", 3}, {"warning", 4}, {"info", 6}, {"debug", 7}};

void log_set_level(enum log_level level)
{
	lowest_level = level;
}

enum log_level log_get_level(void)
{
	return lowest_level;
}

void log_set_format(enum log_format format)
{
	if (format == LOG_FORMAT_AUTO)
		format = complaint_goes_to_journal() ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
	line_format = format;
}

int log_level_parse(const char *text, enum log_level *level)
{
	for (unsigned i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcmp(text, levels[i].name) == 0) {
			*level = (enum log_level)i;
			return 0;
		}
	}
	return ERROR_ARGUMENT;
}

const char *log_level_name(enum log_level level)
{
	return levels[level].name;
}

/** A text from outside must not look like another one, or move a terminal's cursor. */
static void make_printable(char *text)
{
	while (*text != '\0') {
		size_t size = utf8_character_size(text);

		uint32_t code = size == 0 ? 0 : utf8_code_point(text, size);

		if (size == 0) {
			size = 1;
		} else if (!utf8_is_control(code) && !utf8_misleads(code)) {
			text += size;
			continue;
		}
		memset(text, '?', size);
		text += size;
	}
}

static const char *printable(const char *text, char copy[TEXT_SIZE])
{
	(void)snprintf(copy, TEXT_SIZE, "%s", text);
	make_printable(copy);
	return copy;
}

static size_t make_json(enum log_level level, const char *event, const struct json_member *own,
                        unsigned count, const char *text, char line[LOG_LINE_SIZE])
{
	char when[TIME_TEXT_SIZE];
	char copy[TEXT_SIZE];
	struct json_member members[MEMBERS_MAX] = {
	        JSON_TEXT("time", time_text_now(JSON_TIME_DIGITS, when)),
	        JSON_TEXT("level", levels[level].name), JSON_TEXT("event", event),
	        JSON_TEXT("text", strlen(text) > ESCAPED_SIZE_MAX ? printable(text, copy) : text)};
	unsigned used = 4;

	for (unsigned i = 0; i < count && used < MEMBERS_MAX; i++)
		members[used++] = own[i];
	return json_line(members, used, line, LOG_LINE_SIZE);
}

static size_t make_text(enum log_level level, const char *event, const char *text,
                        char line[LOG_LINE_SIZE])
{
	char copy[TEXT_SIZE];
	char when[TIME_TEXT_SIZE];
	int length;

	if (line_format == LOG_FORMAT_JOURNAL)
		length = snprintf(line, LOG_LINE_SIZE, "<%u>%s: %s\n", levels[level].priority,
		                  event, printable(text, copy));
	else
		length = snprintf(line, LOG_LINE_SIZE, "%s %s %s: %s\n",
		                  time_text_now(TEXT_TIME_DIGITS, when), levels[level].name, event,
		                  printable(text, copy));
	return length < LOG_LINE_SIZE ? (size_t)length : LOG_LINE_SIZE - 1;
}

static bool write_out(enum log_level level, const char *event, const struct json_member *members,
                      unsigned count, const char *text)
{
	char line[LOG_LINE_SIZE];
	size_t size = 0;

	if (line_format == LOG_FORMAT_JSON)
		size = make_json(level, event, members, count, text, line);
	if (size == 0)
		size = make_text(level, event, text, line);
	return log_output(line, size);
}

/** Once somebody reads again. */
static void tell_lost(void)
{
	char text[64];
	uint64_t lost = log_output_take_lost();

	if (lost == 0)
		return;
	(void)snprintf(text, sizeof(text), "%" PRIu64 " lines found no reader", lost);
	/* Not told after all; it has counted itself. */
	if (!write_out(LOG_LEVEL_WARNING, "log-lines-lost", NULL, 0, text))
		log_output_add_lost(lost - 1);
}

bool log_write(enum log_level level, const char *event, const struct json_member *members,
               unsigned count, const char *text)
{
	tell_lost();
	return write_out(level, event, members, count, text);
}

__attribute__((format(printf, 3, 0))) static void
write_line(enum log_level level, const char *event, const char *format, va_list arguments)
{
	char text[TEXT_SIZE];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	(void)log_write(level, event, NULL, 0, text);
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

static uint64_t minutes(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec / 60;
}

void log_limiter_tell(struct log_limiter *limiter, enum log_level level, const char *event)
{
	if (limiter->suppressed == 0 || limiter->minute == minutes())
		return;
	log_event(level, event, "%u more of these were not written", limiter->suppressed);
	limiter->suppressed = 0;
}

bool log_limiter_admits(struct log_limiter *limiter, enum log_level level, const char *event)
{
	if (level > lowest_level)
		return false;
	uint64_t minute = minutes();
	if (minute != limiter->minute) {
		log_limiter_tell(limiter, level, event);
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
