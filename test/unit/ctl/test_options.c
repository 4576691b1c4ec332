/* SPDX-License-Identifier: BSD-3-Clause */
/** The command line of specularctl, and the line that it sends. */
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "ctl_options.h"
#include "unit.h"

#define WORDS_MAX 16

static struct ctl_options options;
static struct error error;

/** The words with blanks between them, without the program's name. */
static int parse(const char *line)
{
	static char text[512], program[] = "specularctl";
	char *words[WORDS_MAX] = {program}, *rest = NULL;
	int count = 1;

	(void)snprintf(text, sizeof(text), "%s", line);
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		words[count++] = word;
	error.text[0] = '\0';
	return ctl_options_parse(count, words, &options, &error);
}

static void expect_line(const char *line, const char *sent)
{
	char written[REQUEST_SIZE] = "";

	CU_ASSERT_EQUAL(parse(line), 0);
	CU_ASSERT_EQUAL(request_write(&options.request, written, &error), 0);
	CU_ASSERT_STRING_EQUAL(written, sent);
}

static void expect_error(const char *line, const char *text)
{
	CU_ASSERT_EQUAL(parse(line), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, text));
	if (strstr(error.text, text) == NULL)
		(void)printf("%s: %s\n", line, error.text);
}

static void commands_become_lines(void)
{
	expect_line("status", "status\n");
	expect_line("sessions --state started --limit 5 --sort received",
	            "sessions state=started limit=5 sort=received\n");
	expect_line("sessions --peer 2001:db8::1 --mode encrypted",
	            "sessions peer=2001:db8::1 mode=encrypted\n");
	expect_line("session 00112233445566778899aabbccddeeff",
	            "session sid=00112233445566778899aabbccddeeff\n");
	expect_line("cores --core 3", "cores core=3\n");
	expect_error("counters --core 3", "--core is not for counters");
	expect_line("close --connection 7", "close connection=7\n");
	expect_line("close --all", "close all=yes\n");
	expect_line("drain", "drain\n");
	expect_line("drain --deadline 30", "drain deadline=30\n");
	expect_line("log debug", "log level=debug\n");
	expect_line("log a%b\x01\xff", "log level=a%25b%01%FF\n");
	/* The last one counts. */
	expect_line("sessions --limit 5 --limit 6", "sessions limit=6\n");
}

static void options_stand_anywhere(void)
{
	CU_ASSERT_EQUAL(parse("--json --socket /x/y sessions --all"), 0);
	CU_ASSERT(options.json && options.all && options.command == CTL_SESSIONS);
	CU_ASSERT_STRING_EQUAL(options.socket, "/x/y");
	CU_ASSERT_EQUAL(parse("counters -j -s z --wait 0.5"), 0);
	CU_ASSERT(options.json && !options.all && options.wait_ms == 500);
	CU_ASSERT_STRING_EQUAL(options.socket, "z");
	CU_ASSERT_EQUAL(parse("top --interval 1.5"), 0);
	CU_ASSERT_EQUAL(options.interval_ms, 1500);
	CU_ASSERT_EQUAL(parse("status"), 0);
	CU_ASSERT_STRING_EQUAL(options.socket, CALL_SOCKET_PRESET);
	CU_ASSERT_EQUAL(parse("close --help"), 0);
	CU_ASSERT(options.help && options.command == CTL_CLOSE);
	CU_ASSERT_EQUAL(parse("--version"), 0);
	CU_ASSERT(options.version);
}

static void wrong_words_are_named(void)
{
	expect_error("", "COMMAND is missing");
	expect_error("stats", "unknown command stats");
	expect_error("status now", "takes no argument");
	expect_error("session", "takes SID");
	expect_error("session 1234", "32 hexadecimal digits");
	expect_error("log", "takes LEVEL");
	expect_error("close", "--connection ID, --session SID, --all");
	expect_error("close --all --connection 3", "needs one of");
	expect_error("status --deadline 3", "--deadline is not for status");
	expect_error("top --json", "--json is not for top");
	expect_error("sessions --all --limit 3", "exclude each other");
	expect_error("status --wait never", "no number of seconds");
	expect_error("status --wait 0", "no number of seconds");
	expect_error("status --nonsense", "unknown option --nonsense");
	expect_error("status -x", "unknown option -x");
	expect_error("status --socket", "needs a value");
	expect_error("status --nonsense --json", "--nonsense");
	CU_ASSERT(options.json);
}

static void a_long_value_is_refused(void)
{
	char value[2 * REQUEST_SIZE], line[REQUEST_SIZE];
	struct request request = {.command = "log"};

	memset(value, '%', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	request_set(&request, "level", value);
	CU_ASSERT_EQUAL(request_write(&request, line, &error), ERROR_LIMIT);
	/* Each octet is sent as three; "log level=" and the end of the line beside them. */
	for (size_t size = 330; size < 345; size++) {
		value[size] = '\0';
		int status = request_write(&request, line, &error);
		CU_ASSERT_EQUAL(status, 3 * size + 10 + 1 < REQUEST_SIZE ? 0 : ERROR_LIMIT);
		if (status == 0)
			CU_ASSERT_EQUAL(strlen(line), 3 * size + 10 + 1);
		value[size] = '%';
	}
}

static void usage_names_what_a_command_knows(void)
{
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	ctl_options_usage(CTL_DRAIN, out);
	(void)fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "--deadline S"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "--socket PATH"));
	CU_ASSERT_PTR_NULL(strstr(text, "--sort"));
	out = fmemopen(text, sizeof(text), "w");
	ctl_options_usage(CTL_NONE, out);
	(void)fclose(out);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "--sort ORDER"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "connections"));
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"commands become lines", commands_become_lines},
	        {"options stand anywhere", options_stand_anywhere},
	        {"wrong words are named", wrong_words_are_named},
	        {"a long value is refused", a_long_value_is_refused},
	        {"usage names what a command knows", usage_names_what_a_command_knows},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl options", tests);
}
