/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define WAIT_PRESET     5000
#define INTERVAL_PRESET 2000
#define SECONDS_MAX     86400.0
#define MS_PER_SECOND   1000
#define SID_DIGITS      32u
#define ONLY(command)   (1u << (command))
#define EVERY           ((1u << CTL_COMMAND_COUNT) - 1)
#define SIGNATURE_SIZE  64

static const struct {
	const char *name;
	const char *
	        argument; /**< the word that it needs, sent as a parameter of this name in small letters; NULL: none */
	const char *parameter;
	const char *meaning;
} commands[] = {
        [CTL_STATUS] = {"status", NULL, NULL, "the appliance at a glance"},
        [CTL_SESSIONS] = {"sessions", NULL, NULL, "test sessions, 100 unless told"},
        [CTL_SESSION] = {"session", "SID", "sid", "one test session, whole"},
        [CTL_CONNECTIONS] = {"connections", NULL, NULL, "control connections"},
        [CTL_COUNTERS] = {"counters", NULL, NULL, "what was counted, with its meaning"},
        [CTL_CORES] = {"cores", NULL, NULL, "what the polling lcores do"},
        [CTL_PORTS] = {"ports", NULL, NULL, "ports: links, addresses, what drivers count"},
        [CTL_KEYS] = {"keys", NULL, NULL, "names of keys and IKE SAs, never a key"},
        [CTL_CLOSE] = {"close", NULL, NULL, "end a control connection, a session, or all"},
        [CTL_DRAIN] = {"drain", NULL, NULL, "let sessions end, take no new ones, then stop"},
        [CTL_RELOAD] = {"reload", NULL, NULL, "read the configuration and keys again"},
        [CTL_LOG] = {"log", "LEVEL", "level", "log error, warning, info or debug"},
        [CTL_TOP] = {"top", NULL, NULL, "all of it live, full screen"},
};

enum option_code {
	OPTION_WAIT = 256,
	OPTION_VERSION,
	OPTION_ALL,
	OPTION_INTERVAL,
	OPTION_PARAMETER, /**< and the rows behind: sent as they are */
};

struct option_row {
	int code;
	const char *name;
	const char *value; /**< NULL: none */
	unsigned commands;
	const char *meaning;
};

static const struct option_row rows[] = {
        {'s', "socket", "PATH", EVERY, "the appliance's (" CALL_SOCKET_PRESET ")"},
        {'j', "json", NULL, EVERY & ~ONLY(CTL_TOP), "the appliance's answer as it is"},
        {OPTION_WAIT, "wait", "S", EVERY, "seconds for an answer (5)"},
        {'h', "help", NULL, EVERY, "print this; behind a command, what that one knows"},
        {OPTION_VERSION, "version", NULL, EVERY, "print the version"},
        {OPTION_PARAMETER, "state", "STATE", ONLY(CTL_SESSIONS),
         "sessions accepted, started or stopped"},
        {OPTION_PARAMETER, "mode", "MODE", ONLY(CTL_SESSIONS),
         "unauthenticated, authenticated or encrypted"},
        {OPTION_PARAMETER, "peer", "ADDRESS", ONLY(CTL_SESSIONS), "of this Session-Sender"},
        {OPTION_PARAMETER, "sort", "ORDER", ONLY(CTL_SESSIONS),
         "most first: reflected, received, started; or sid"},
        {OPTION_PARAMETER, "limit", "N", ONLY(CTL_SESSIONS) | ONLY(CTL_KEYS),
         "so many at most: sessions up to 1000, keys up to 10000"},
        {OPTION_ALL, "all", NULL, ONLY(CTL_SESSIONS) | ONLY(CTL_COUNTERS) | ONLY(CTL_CLOSE),
         "every session; also counters of zero; close all"},
        {OPTION_PARAMETER, "core", "N", ONLY(CTL_CORES), "of this polling lcore alone"},
        {OPTION_PARAMETER, "connection", "ID", ONLY(CTL_CLOSE), "the control connection to close"},
        {OPTION_PARAMETER, "session", "SID", ONLY(CTL_CLOSE), "the test session to end"},
        {OPTION_PARAMETER, "deadline", "S", ONLY(CTL_DRAIN),
         "stop after so many seconds, whatever still runs"},
        {OPTION_INTERVAL, "interval", "S", ONLY(CTL_TOP), "seconds between two looks (2)"},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static void print_option(const struct option_row *row, FILE *out)
{
	char signature[SIGNATURE_SIZE];

	(void)snprintf(signature, sizeof(signature), "%s%s%s", row->name,
	               row->value != NULL ? " " : "", row->value != NULL ? row->value : "");
	if (row->code < OPTION_WAIT)
		(void)fprintf(out, "  -%c, --%-18s %s\n", row->code, signature, row->meaning);
	else
		(void)fprintf(out, "      --%-18s %s\n", signature, row->meaning);
}

static void print_options(enum ctl_command command, bool general, FILE *out)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		bool every = (rows[i].commands | ONLY(CTL_TOP)) == EVERY;
		bool wanted = command == CTL_NONE || (rows[i].commands & ONLY(command)) != 0;
		if (every == general && wanted)
			print_option(&rows[i], out);
	}
}

void ctl_options_usage(enum ctl_command command, FILE *out)
{
	if (command != CTL_NONE) {
		const char *argument = commands[command].argument;
		(void)fprintf(out, "Usage: specularctl [OPTION]... %s%s%s\n%s\n\n",
		              commands[command].name, argument != NULL ? " " : "",
		              argument != NULL ? argument : "", commands[command].meaning);
		print_options(command, false, out);
		print_options(command, true, out);
		return;
	}
	(void)fputs("Usage: specularctl [OPTION]... COMMAND [ARGUMENT]\n"
	            "Asks the running specular, and tells it what to do.\n"
	            "\nCommands\n",
	            out);
	for (size_t i = 0; i < CTL_COMMAND_COUNT; i++)
		(void)fprintf(out, "  %-11s %-6s %s\n", commands[i].name,
		              commands[i].argument != NULL ? commands[i].argument : "",
		              commands[i].meaning);
	(void)fputs("\nOptions of every command\n", out);
	print_options(CTL_NONE, true, out);
	(void)fputs("\nOptions of some commands\n", out);
	print_options(CTL_NONE, false, out);
	(void)fputs("\nExit code: 0 answered, 1 refused or no answer, 2 wrong command line.\n",
	            out);
}

static int find_command(const char *word, enum ctl_command *command, struct error *error)
{
	for (unsigned i = 0; i < CTL_COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, word) == 0) {
			*command = (enum ctl_command)i;
			return 0;
		}
	}
	return error_set(error, ERROR_ARGUMENT, "unknown command %.64s; see --help", word);
}

static int parse_seconds(const char *name, const char *text, double minimum, int64_t *ms,
                         struct error *error)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(seconds) || seconds < minimum ||
	    seconds > SECONDS_MAX)
		return error_set(error, ERROR_ARGUMENT,
		                 "--%s: \"%.32s\" is no number of seconds from %g to %.0f", name,
		                 text, minimum, SECONDS_MAX);
	*ms = (int64_t)(seconds * MS_PER_SECOND);
	return 0;
}

static int take(const struct option_row *row, struct ctl_options *options, struct error *error)
{
	switch (row->code) {
	case 's':
		options->socket = optarg;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	case OPTION_ALL:
		options->all = true;
		return 0;
	case OPTION_WAIT:
		return parse_seconds(row->name, optarg, 0.1, &options->wait_ms, error);
	case OPTION_INTERVAL:
		return parse_seconds(row->name, optarg, 0.1, &options->interval_ms, error);
	default:
		request_set(&options->request, row->name, optarg);
		return 0;
	}
}

static int check_close(struct ctl_options *options, struct error *error)
{
	if (options->all)
		request_set(&options->request, "all", "yes");
	options->all = false;
	if (options->request.count != 1)
		return error_set(error, ERROR_ARGUMENT,
		                 "close needs one of --connection ID, --session SID, --all");
	return 0;
}

static int check_sessions(struct ctl_options *options, struct error *error)
{
	for (unsigned i = 0; options->all && i < options->request.count; i++) {
		const char *name = options->request.parameters[i].name;
		if (strcmp(name, "limit") == 0 || strcmp(name, "sort") == 0)
			return error_set(error, ERROR_ARGUMENT, "--all and --%s exclude each other",
			                 name);
	}
	return 0;
}

/** The words, and what must fit together. */
static int check(int argc, char *argv[], unsigned given, struct ctl_options *options,
                 struct error *error)
{
	const char *argument;
	int status;

	if (optind < argc && (status = find_command(argv[optind++], &options->command, error)) != 0)
		return status;
	if (options->help || options->version)
		return 0;
	if (options->command == CTL_NONE)
		return error_set(error, ERROR_ARGUMENT, "COMMAND is missing; see --help");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if ((given & 1u << i) != 0 && (rows[i].commands & ONLY(options->command)) == 0)
			return error_set(error, ERROR_ARGUMENT, "--%s is not for %s; see %s --help",
			                 rows[i].name, commands[options->command].name,
			                 commands[options->command].name);
	}
	argument = commands[options->command].argument;
	if (argc - optind != (argument != NULL))
		return error_set(error, ERROR_ARGUMENT, "%s takes %s; see --help",
		                 commands[options->command].name,
		                 argument != NULL ? argument : "no argument");
	options->request.command = commands[options->command].name;
	if (argument != NULL)
		request_set(&options->request, commands[options->command].parameter, argv[optind]);
	if (options->command == CTL_SESSION && strlen(argv[optind]) != SID_DIGITS)
		return error_set(error, ERROR_ARGUMENT,
		                 "\"%.64s\" is no SID; allowed: 32 hexadecimal digits",
		                 argv[optind]);
	if (options->command == CTL_CLOSE)
		return check_close(options, error);
	return options->command == CTL_SESSIONS ? check_sessions(options, error) : 0;
}

static int wrong_option(char *argv[], int code, struct error *error)
{
	const char *word = argv[optind > 1 ? optind - 1 : 1];

	if (code == ':')
		return error_set(error, ERROR_ARGUMENT, "%.64s needs a value", word);
	if (optopt > 0 && optopt < OPTION_WAIT)
		return error_set(error, ERROR_ARGUMENT, "unknown option -%c; see --help", optopt);
	return error_set(error, ERROR_ARGUMENT, "unknown option %.64s; see --help", word);
}

int ctl_options_parse(int argc, char *argv[], struct ctl_options *options, struct error *error)
{
	struct option known[ROW_COUNT + 1] = {{0}};
	struct error ignored;
	unsigned given = 0;
	int code, index, failure = 0;

	*options = (struct ctl_options){.command = CTL_NONE,
	                                .socket = CALL_SOCKET_PRESET,
	                                .wait_ms = WAIT_PRESET,
	                                .interval_ms = INTERVAL_PRESET};
	/* Each option is found by its row. */
	for (size_t i = 0; i < ROW_COUNT; i++)
		known[i] = (struct option){rows[i].name,
		                           rows[i].value != NULL ? required_argument : no_argument,
		                           NULL, (int)(OPTION_WAIT + i)};
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":s:jh", known, NULL)) != -1) {
		/* After an error the rest is read all the same: --json may be there. */
		struct error *reason = failure == 0 ? error : &ignored;
		int status = 0;

		index = code - OPTION_WAIT;
		for (size_t i = 0; code < OPTION_WAIT && i < ROW_COUNT; i++) {
			if (rows[i].code == code)
				index = (int)i;
		}
		if (index < 0) {
			status = wrong_option(argv, code, reason);
		} else {
			given |= 1u << index;
			status = take(&rows[index], options, reason);
		}
		failure = failure == 0 ? status : failure;
	}
	return failure != 0 ? failure : check(argc, argv, given, options, error);
}
