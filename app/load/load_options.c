/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_options.h"

#include <getopt.h>
#include <stddef.h>

const char load_usage[] =
        "usage: specular-load --config FILE [--check] [--output FOLDER] [--quiet] [--log-level "
        "LEVEL]\n"
        "\n"
        "  -c, --config FILE      the YAML configuration (doc/load.md)\n"
        "      --check            check the configuration, then stop\n"
        "  -o, --output FOLDER    write the reports there, whatever the configuration says\n"
        "  -q, --quiet            no progress\n"
        "  -l, --log-level LEVEL  error, warning (default), info or debug\n"
        "      --version          print the version\n"
        "  -h, --help             print this\n"
        "\n"
        "Ends with 0 when every threshold is met, 1 when one is missed or after SIGINT, SIGTERM or "
        "SIGHUP,\n"
        "2 when it could not run, or was interrupted before the first packet. The first signal "
        "ends the\n"
        "running trial and reports what there is, a second one ends at once.\n";

enum long_only { OPTION_CHECK = 256, OPTION_VERSION };

static const struct option known[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, OPTION_CHECK},
        {"output", required_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'q'},
        {"log-level", required_argument, NULL, 'l'},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
};

static int unknown(char **argv, struct error *error)
{
	/* A letter may stand among others, a long name is the word before optind. */
	if (optopt > 0 && optopt < OPTION_CHECK)
		return error_set(error, ERROR_ARGUMENT, "unknown option -%c", optopt);
	return error_set(error, ERROR_ARGUMENT, "unknown option %s", argv[optind - 1]);
}

static int take(int letter, char **argv, struct load_options *options, struct error *error)
{
	switch (letter) {
	case 'c':
		options->config = optarg;
		return 0;
	case 'o':
		options->output = optarg;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	case 'l':
		if (log_level_parse(optarg, &options->log_level) == 0)
			return 0;
		return error_set(error, ERROR_ARGUMENT,
		                 "--log-level %s: allowed: error, warning, info, debug", optarg);
	case OPTION_CHECK:
		options->check = true;
		return 0;
	case OPTION_VERSION:
		options->version = true;
		return 0;
	case 'h':
		options->help = true;
		return 0;
	case ':':
		return error_set(error, ERROR_ARGUMENT, "%s needs a value", argv[optind - 1]);
	default:
		return unknown(argv, error);
	}
}

int load_options_parse(int argc, char **argv, struct load_options *options, struct error *error)
{
	int letter;

	*options = (struct load_options){.log_level = LOG_LEVEL_WARNING};
	optind = 0; /* so that it can be called more than once */
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":c:o:ql:h", known, NULL)) != -1) {
		int status = take(letter, argv, options, error);
		if (status != 0)
			return status;
	}
	if (optind < argc)
		return error_set(error, ERROR_ARGUMENT, "unexpected word %s", argv[optind]);
	if (options->config == NULL && !options->help && !options->version)
		return error_set(error, ERROR_ARGUMENT, "--config FILE is missing");
	if (options->output != NULL && options->output[0] == '\0')
		return error_set(error, ERROR_ARGUMENT, "--output needs a folder's name");
	return 0;
}
