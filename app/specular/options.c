/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <getopt.h>
#include <stddef.h>

const char options_usage[] =
        "usage: specular --config FILE [--check] [--log-level LEVEL]\n"
        "\n"
        "  -c, --config FILE      the YAML configuration (doc/configuration.md)\n"
        "      --check            check the configuration and its key files, then stop\n"
        "  -l, --log-level LEVEL  error, warning, info or debug; wins over log.level\n"
        "      --version          print the version\n"
        "  -h, --help             print this\n"
        "\n"
        "Ends with 0 after SIGINT or SIGTERM, with 2 for a wrong command line or configuration, "
        "with 1 when it\n"
        "could not start or run. SIGHUP reads the configuration again, SIGUSR1 writes the "
        "counters to the log,\n"
        "SIGUSR2 opens the audit trail's file again.\n";

enum long_only { OPTION_CHECK = 256, OPTION_VERSION };

int options_parse(int argc, char **argv, struct options *options, struct error *error)
{
	static const struct option known[] = {
	        {"config", required_argument, NULL, 'c'},
	        {"check", no_argument, NULL, OPTION_CHECK},
	        {"log-level", required_argument, NULL, 'l'},
	        {"version", no_argument, NULL, OPTION_VERSION},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	int letter;

	*options = (struct options){.log_level = LOG_LEVEL_INFO};
	optind = 0; /* so that it can be called more than once */
	opterr = 0;
	while ((letter = getopt_long(argc, argv, ":c:l:h", known, NULL)) != -1) {
		switch (letter) {
		case 'c':
			options->config = optarg;
			break;
		case OPTION_CHECK:
			options->check = true;
			break;
		case 'l':
			if (log_level_parse(optarg, &options->log_level) != 0)
				return error_set(
				        error, ERROR_ARGUMENT,
				        "--log-level %s: allowed: error, warning, info, debug",
				        optarg);
			options->log_level_given = true;
			break;
		case OPTION_VERSION:
			options->version = true;
			break;
		case 'h':
			options->help = true;
			break;
		case ':':
			return error_set(error, ERROR_ARGUMENT, "%s needs a value",
			                 argv[optind - 1]);
		default:
			/* A letter may stand among others, a long name is the word before optind. */
			if (optopt > 0 && optopt < OPTION_CHECK)
				return error_set(error, ERROR_ARGUMENT, "unknown option -%c",
				                 optopt);
			return error_set(error, ERROR_ARGUMENT, "unknown option %s",
			                 argv[optind - 1]);
		}
	}
	if (optind < argc)
		return error_set(error, ERROR_ARGUMENT, "unexpected word %s", argv[optind]);
	if (options->config == NULL && !options->help && !options->version)
		return error_set(error, ERROR_ARGUMENT, "--config FILE is missing");
	return 0;
}
