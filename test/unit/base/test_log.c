/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "unit.h"

#define CAPTURE_SIZE 8192

static FILE *capture;
static int standard_error;

/** From here to capture_end standard error goes to a file. */
static void capture_begin(void)
{
	(void)fflush(stderr);
	capture = tmpfile();
	standard_error = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(capture != NULL && standard_error >= 0);
	(void)dup2(fileno(capture), STDERR_FILENO);
}

static void capture_end(char text[CAPTURE_SIZE])
{
	(void)fflush(stderr);
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	rewind(capture);
	text[fread(text, 1, CAPTURE_SIZE - 1, capture)] = '\0';
	(void)fclose(capture);
}

static unsigned count(const char *text, const char *part)
{
	unsigned found = 0;

	for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
		found++;
	return found;
}

static void one_line_with_time_level_and_event(void)
{
	char text[CAPTURE_SIZE];
	int end = 0;

	capture_begin();
	log_event(LOG_LEVEL_WARNING, "sa-not-found", "SPIi %08x", 0x1234u);
	capture_end(text);
	/* 2026-01-02T03:04:05.678Z */
	CU_ASSERT_EQUAL(sscanf(text, "%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ%n", &end), 0);
	CU_ASSERT_EQUAL(end, 24);
	CU_ASSERT_STRING_EQUAL(text + end, " warning sa-not-found: SPIi 00001234\n");
}

static void control_characters_are_replaced(void)
{
	char text[CAPTURE_SIZE];

	capture_begin();
	log_event(LOG_LEVEL_ERROR, "event", "%s", "a\nb\r\x1b[2Jc\td\x7f");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, "\n"), 1);
	CU_ASSERT_EQUAL(count(text, ": a?b??[2Jc?d?\n"), 1);
}

static void long_text_is_cut_to_one_line(void)
{
	char text[CAPTURE_SIZE];
	char word[4096];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	capture_begin();
	log_event(LOG_LEVEL_ERROR, "event", "%s", word);
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, "\n"), 1);
	CU_ASSERT(strlen(text) < 1200);
}

static void levels(void)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char text[CAPTURE_SIZE];
	enum log_level level;

	CU_ASSERT_EQUAL(log_get_level(), LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(log_level_parse("verbose", &level), ERROR_ARGUMENT);
	CU_ASSERT_EQUAL(log_level_parse("", &level), ERROR_ARGUMENT);
	for (unsigned i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(log_level_parse(names[i], &level), 0);
		CU_ASSERT_EQUAL(level, (enum log_level)i);
		log_set_level(level);
		capture_begin();
		for (unsigned j = 0; j < 4; j++)
			log_event((enum log_level)j, "event", "text");
		capture_end(text);
		CU_ASSERT_EQUAL(count(text, "\n"), i + 1);
		CU_ASSERT_EQUAL(count(text, names[i]), 1);
	}
	log_set_level(LOG_LEVEL_INFO);
}

/** Ten events in one minute of the monotonic clock; false when the minute ended among them. */
static bool write_ten(struct log_limiter *limiter, char text[CAPTURE_SIZE])
{
	capture_begin();
	log_event_limited(limiter, LOG_LEVEL_WARNING, "flood", "number %d", 0);
	uint64_t minute = limiter->minute;
	for (int i = 1; i < 10; i++)
		log_event_limited(limiter, LOG_LEVEL_WARNING, "flood", "number %d", i);
	capture_end(text);
	return limiter->minute == minute;
}

static void limiter_suppresses_and_tells(void)
{
	struct log_limiter limiter;
	char text[CAPTURE_SIZE];

	do {
		limiter = (struct log_limiter){.per_minute = 3};
	} while (!write_ten(&limiter, text));
	CU_ASSERT_EQUAL(count(text, "flood"), 3);
	CU_ASSERT_EQUAL(count(text, "number 2"), 1);
	CU_ASSERT_EQUAL(limiter.suppressed, 7);

	limiter.minute--; /* as if these had been written a minute ago */
	capture_begin();
	log_event_limited(&limiter, LOG_LEVEL_WARNING, "flood", "the next minute");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, "warning flood: 7 more of these were not written\n"), 1);
	CU_ASSERT_EQUAL(count(text, "warning flood: the next minute\n"), 1);
	CU_ASSERT_EQUAL(limiter.suppressed, 0);
	CU_ASSERT_EQUAL(limiter.written, 1);
}

static void limiter_counts_nothing_below_the_level(void)
{
	struct log_limiter limiter = {.per_minute = 1};
	char text[CAPTURE_SIZE];

	capture_begin();
	for (unsigned i = 0; i < 5; i++)
		log_event_limited(&limiter, LOG_LEVEL_DEBUG, "flood", "text");
	capture_end(text);
	CU_ASSERT_STRING_EQUAL(text, "");
	CU_ASSERT_EQUAL(limiter.suppressed, 0);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"one line with time, level and event", one_line_with_time_level_and_event},
	        {"control characters are replaced", control_characters_are_replaced},
	        {"long text is cut to one line", long_text_is_cut_to_one_line},
	        {"levels", levels},
	        {"limiter suppresses and tells", limiter_suppresses_and_tells},
	        {"limiter counts nothing below the level", limiter_counts_nothing_below_the_level},
	        CU_TEST_INFO_NULL};
	return unit_run("base-log", tests);
}
