/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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

static void limiter_tells_without_another_event(void)
{
	struct log_limiter limiter = {.per_minute = 3};
	char text[CAPTURE_SIZE];

	log_event_limited(&limiter, LOG_LEVEL_DEBUG, "flood", "not written");
	limiter.suppressed = 2;
	limiter.minute--;
	capture_begin();
	log_limiter_tell(&limiter, LOG_LEVEL_WARNING, "flood");
	log_limiter_tell(&limiter, LOG_LEVEL_WARNING, "flood");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, "\n"), 1);
	CU_ASSERT_EQUAL(count(text, "warning flood: 2 more of these were not written\n"), 1);
}

static void text_is_utf8_without_control_characters(void)
{
	char text[CAPTURE_SIZE];

	capture_begin();
	log_event(LOG_LEVEL_ERROR, "event", "%s",
	          "K\xc3\xb6ln \xc2\x9b[2J \xff\xc3 \xf0\x9f\x9b\xb0");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, ": K\xc3\xb6ln ??[2J ?? \xf0\x9f\x9b\xb0\n"), 1);
	/* Nor one that reads from right to left, or has letters of no width. */
	capture_begin();
	log_event(LOG_LEVEL_ERROR, "event", "%s",
	          "a\xe2\x80\xae"
	          "b \xe2\x80\x8b \xe2\x80\xa6");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, ": a???b ??? \xe2\x80\xa6\n"), 1);
	log_set_format(LOG_FORMAT_JSON);
	capture_begin();
	log_event(LOG_LEVEL_ERROR, "event", "%s",
	          "\xc3\xb6\x1b\xc2\x9b[2J\xff \xe2\x80\xae \xf3\xa0\x81\x81 \xf0\x9f\x9b\xb0");
	capture_end(text);
	log_set_format(LOG_FORMAT_TEXT);
	CU_ASSERT_EQUAL(count(text,
	                      "\"text\": \"\xc3\xb6\\u001b\\u009b[2J\\ufffd \\u202e \\udb40\\udc41 "
	                      "\xf0\x9f\x9b\xb0\"}\n"),
	                1);
}

static void journal_lines_begin_with_a_priority(void)
{
	char text[CAPTURE_SIZE];

	log_set_format(LOG_FORMAT_JOURNAL);
	log_set_level(LOG_LEVEL_DEBUG);
	capture_begin();
	for (unsigned i = 0; i < 4; i++)
		log_event((enum log_level)i, "event", "text\n<0>%u", i);
	capture_end(text);
	CU_ASSERT_STRING_EQUAL(text, "<3>event: text?<0>0\n<4>event: text?<0>1\n"
	                             "<6>event: text?<0>2\n<7>event: text?<0>3\n");
	log_set_level(LOG_LEVEL_INFO);
	log_set_format(LOG_FORMAT_TEXT);
}

/** One line in the format that auto gives when JOURNAL_STREAM has this value; NULL: there is none. */
static void write_automatically(const char *stream, char text[CAPTURE_SIZE])
{
	if (stream != NULL)
		(void)setenv("JOURNAL_STREAM", stream, 1);
	else
		(void)unsetenv("JOURNAL_STREAM");
	log_set_format(LOG_FORMAT_AUTO);
	log_event(LOG_LEVEL_ERROR, "event", "text");
	capture_end(text);
	(void)unsetenv("JOURNAL_STREAM");
	log_set_format(LOG_FORMAT_TEXT);
}

static void the_journal_is_recognized(void)
{
	static const struct {
		const char *
		        marks; /* what stands between and behind the numbers; "": no numbers, NULL: no variable */
		uintmax_t more; /* added to the inode */
		bool journal;
	} cases[] = {{":", 0, true},  {":", 1, false}, {": ", 0, false},
	             {"-", 0, false}, {"", 0, false},  {NULL, 0, false}};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char stream[64] = "";
		char text[CAPTURE_SIZE];
		struct stat status;

		capture_begin();
		CU_ASSERT_EQUAL_FATAL(fstat(STDERR_FILENO, &status), 0);
		if (cases[i].marks != NULL && cases[i].marks[0] != '\0')
			(void)snprintf(stream, sizeof(stream), "%ju%s%ju%s",
			               (uintmax_t)status.st_dev,
			               strchr(cases[i].marks, ':') != NULL ? ":" : "",
			               (uintmax_t)status.st_ino + cases[i].more,
			               strchr(cases[i].marks, ' ') != NULL ? " " : "");
		write_automatically(cases[i].marks != NULL ? stream : NULL, text);
		CU_ASSERT_EQUAL(strcmp(text, "<3>event: text\n") == 0, cases[i].journal);
		CU_ASSERT_EQUAL(count(text, "error event: text\n") == 1, !cases[i].journal);
	}
}

static void json_is_an_object_a_line(void)
{
	const struct json_member members[] = {JSON_TEXT("peer", "\"me\\"),
	                                      JSON_NUMBER("id", UINT64_MAX),
	                                      JSON_TEXT("identity", NULL)};
	char text[CAPTURE_SIZE];
	int end = 0;

	log_set_format(LOG_FORMAT_JSON);
	capture_begin();
	log_write(LOG_LEVEL_WARNING, "sa-not-found", members, 3, "a\nb\x1b \"K\xc3\xb6ln\" \xff");
	capture_end(text);
	CU_ASSERT_EQUAL(
	        sscanf(text, "{\"time\": \"%*4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*6[0-9]Z\", %n", &end),
	        0);
	CU_ASSERT_EQUAL(end, 40);
	CU_ASSERT_STRING_EQUAL(text + end,
	                       "\"level\": \"warning\", \"event\": \"sa-not-found\", \"text\": "
	                       "\"a\\u000ab\\u001b \\\"K\xc3\xb6ln\\\" \\ufffd\", \"peer\": "
	                       "\"\\\"me\\\\\", \"id\": 18446744073709551615, "
	                       "\"identity\": null}\n");
	log_set_format(LOG_FORMAT_TEXT);
}

static void json_of_long_texts_is_whole(void)
{
	char text[CAPTURE_SIZE * 3];
	char word[4096];
	struct json_member members[5];

	memset(word, 0x01, sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (unsigned i = 0; i < 5; i++)
		members[i] = JSON_TEXT("word", word);
	size_t size = json_line(members, 5, text, JSON_LINE_SIZE);
	/* Of 24,570 octets each, none fits; an empty object is left. */
	CU_ASSERT_EQUAL(size, 3);
	CU_ASSERT_EQUAL(memcmp(text, "{}\n", 3), 0);
	word[2000] = '\0';
	size = json_line(members, 5, text, JSON_LINE_SIZE);
	CU_ASSERT_EQUAL(size, 1 + strlen("\"word\": \"\"") + 2000 * 6 + 2);
	CU_ASSERT_EQUAL(memcmp(text + size - 4, "1\"}\n", 4), 0);
}

/** Standard error is ends[1] from here on; ends[0] reads what was written. */
static void connect_reader(bool is_pipe, int ends[2])
{
	CU_ASSERT_EQUAL_FATAL(is_pipe ? pipe(ends) : socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	standard_error = dup(STDERR_FILENO);
	CU_ASSERT_FATAL(standard_error >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
	(void)close(ends[1]);
}

static void disconnect_reader(int ends[2])
{
	(void)dup2(standard_error, STDERR_FILENO);
	(void)close(standard_error);
	(void)close(ends[0]);
}

/** Counts the lines that are there to be read, and keeps the first octets of the last piece. */
static unsigned read_lines(int fd, char last[CAPTURE_SIZE])
{
	unsigned lines = 0;
	ssize_t size;

	while ((size = read(fd, last, CAPTURE_SIZE - 1)) > 0) {
		last[size] = '\0';
		lines += count(last, "\n");
	}
	return lines;
}

/** Writes until lines are lost: so many are written, so many lost. Whoever waits for room waits for ever here. */
static void fill(unsigned *written, unsigned *lost)
{
	char word[900];

	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	for (*written = 0; log_write(LOG_LEVEL_INFO, "event", NULL, 0, word); ++*written)
		;
	for (*lost = 1; *lost < 10; ++*lost)
		CU_ASSERT_FALSE(log_write(LOG_LEVEL_INFO, "event", NULL, 0, word));
}

static void a_reader_that_stops_is_not_waited_for(void)
{
	static const enum log_format formats[] = {LOG_FORMAT_TEXT, LOG_FORMAT_JSON};

	for (unsigned i = 0; i < 4; i++) {
		char text[CAPTURE_SIZE], told[64];
		unsigned written, lost;
		int ends[2];

		log_set_format(formats[i / 2]);
		connect_reader(i % 2 == 0, ends);
		fill(&written, &lost);
		CU_ASSERT(written > 10);
		/* What was written is there, each line whole, and nothing of the others. */
		CU_ASSERT_EQUAL(read_lines(ends[0], text), written);
		CU_ASSERT_TRUE(log_write(LOG_LEVEL_INFO, "again", NULL, 0, "text"));
		CU_ASSERT_TRUE(log_write(LOG_LEVEL_INFO, "again", NULL, 0, "text"));
		CU_ASSERT_EQUAL(read_lines(ends[0], text), 3);
		disconnect_reader(ends);
		(void)snprintf(told, sizeof(told), "%u lines found no reader", lost);
		CU_ASSERT_EQUAL(count(text, told), 1);
		CU_ASSERT_EQUAL(count(text, "log-lines-lost"), 1);
		CU_ASSERT(strstr(text, told) < strstr(text, "again"));
	}
	log_set_format(LOG_FORMAT_TEXT);
}

static void lines_without_a_reader_are_counted(void)
{
	char text[CAPTURE_SIZE];
	int ends[2];

	(void)signal(SIGPIPE, SIG_IGN);
	connect_reader(true, ends);
	(void)close(ends[0]);
	for (unsigned i = 0; i < 3; i++)
		CU_ASSERT_FALSE(log_write(LOG_LEVEL_INFO, "event", NULL, 0, "text"));
	ends[0] = -1;
	disconnect_reader(ends);
	capture_begin();
	log_event(LOG_LEVEL_INFO, "event", "text");
	capture_end(text);
	CU_ASSERT_EQUAL(count(text, " warning log-lines-lost: 3 lines found no reader\n"), 1);
	CU_ASSERT_EQUAL(count(text, "\n"), 2);
}

static void no_line_is_longer_than_a_pipe_takes_at_once(void)
{
	char text[CAPTURE_SIZE];
	char word[1024], name[200];
	struct json_member members[16];

	memset(word, 0x01, sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	memset(name, 0x01, sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (unsigned i = 0; i < 16; i++)
		members[i] = JSON_TEXT("name", name);
	log_set_format(LOG_FORMAT_JSON);
	capture_begin();
	CU_ASSERT_TRUE(log_write(LOG_LEVEL_INFO, "event", members, 16, word));
	capture_end(text);
	log_set_format(LOG_FORMAT_TEXT);
	CU_ASSERT(strlen(text) > 2000 && strlen(text) < 4096);
	/* The text is there, and as many members as find room. */
	CU_ASSERT_EQUAL(count(text, "\"text\": \"????"), 1);
	CU_ASSERT_EQUAL(count(text, "\"name\": \"\\u0001"), 2);
	CU_ASSERT_EQUAL(strcmp(text + strlen(text) - 3, "\"}\n"), 0);
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
	        {"limiter tells without another event", limiter_tells_without_another_event},
	        {"text is UTF-8 without control characters",
	         text_is_utf8_without_control_characters},
	        {"journal lines begin with a priority", journal_lines_begin_with_a_priority},
	        {"the journal is recognized", the_journal_is_recognized},
	        {"JSON is an object a line", json_is_an_object_a_line},
	        {"JSON of long texts is whole", json_of_long_texts_is_whole},
	        {"a reader that stops is not waited for", a_reader_that_stops_is_not_waited_for},
	        {"lines without a reader are counted", lines_without_a_reader_are_counted},
	        {"no line is longer than a pipe takes at once",
	         no_line_is_longer_than_a_pipe_takes_at_once},
	        CU_TEST_INFO_NULL};
	return unit_run("base-log", tests);
}
