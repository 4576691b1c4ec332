/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patience.h"
#include "record.h"

#define ROUNDS       16u
#define ROUNDS_QUICK 7u
#define ROUNDS_SMOKE 2u

static const char usage[] =
        "usage: %s [--quick] [--smoke] [--rounds N] [--seconds S]\n"
        "          [--group machine|datapath|stages|bare|scale|features]\n"
        "          [--mode unauthenticated|authenticated|encrypted]\n"
        "          [--suite none|avx512|ipsec-mb|openssl]\n"
        "          [--sessions N] [--burst N] [--payload OCTETS] [--family 4|6]\n"
        "Prints records, one JSON object a line. After S seconds no round begins, once there are "
        "two.\n"
        "With one of the options after --group only that\n"
        "case is measured; what is not said is 1024 sessions, burst 32, 112 octets, IPv4, every "
        "mode\n"
        "and suite. bench_crypto heeds mode, burst and suite, which is what its records call "
        "how.\n";

static bool number_read(const char *text, unsigned *value)
{
	char *end;
	unsigned long number = strtoul(text, &end, 10);

	*value = (unsigned)number;
	return *text != '\0' && *end == '\0' && number > 0 && number <= 1u << 24;
}

static bool option_read(struct options *options, int option, const char *text)
{
	switch (option) {
	case 'q':
		options->quick = true;
		return true;
	case 'x':
		options->smoke = true;
		return true;
	case 'g':
		options->group = text;
		return true;
	case 't':
		return patience_limit_read(text);
	case 'r':
		return number_read(text, &options->rounds) && options->rounds <= RECORD_ROUNDS_MAX;
	default:
		break;
	}
	options->one = true;
	switch (option) {
	case 'm':
		options->mode = text;
		return true;
	case 'u':
		options->suite = text;
		return true;
	case 's':
		return number_read(text, &options->sessions);
	case 'b':
		return number_read(text, &options->burst) && options->burst <= SUITE_BURST_MAX;
	case 'p':
		return number_read(text, &options->payload) && options->payload >= 112 &&
		       options->payload <= 1400;
	case 'f':
		return number_read(text, &options->family) &&
		       (options->family == 4 || options->family == 6);
	default:
		return false;
	}
}

static bool mode_is_known(const char *text)
{
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (strcmp(text, mode_name(mode)) == 0)
			return true;
	}
	return false;
}

static bool is_one_of(const char *text, const char *const *words, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		if (strcmp(text, words[i]) == 0)
			return true;
	}
	return false;
}

/** Otherwise a misspelt name would measure nothing, and succeed. A bench_crypto way has words of its own. */
static bool names_are_known(const struct options *options)
{
	static const char *const suites[] = {"none", "avx512", "ipsec-mb", "openssl"};
	static const char *const groups[] = {"machine", "datapath", "stages",
	                                     "bare",    "scale",    "features"};

	return (options->mode == NULL || mode_is_known(options->mode)) &&
	       (options->suite == NULL || strchr(options->suite, ' ') != NULL ||
	        is_one_of(options->suite, suites, sizeof(suites) / sizeof(suites[0]))) &&
	       (options->group == NULL ||
	        is_one_of(options->group, groups, sizeof(groups) / sizeof(groups[0])));
}

int options_read(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
	        {"quick", no_argument, NULL, 'q'},
	        {"smoke", no_argument, NULL, 'x'},
	        {"rounds", required_argument, NULL, 'r'},
	        {"seconds", required_argument, NULL, 't'},
	        {"group", required_argument, NULL, 'g'},
	        {"mode", required_argument, NULL, 'm'},
	        {"suite", required_argument, NULL, 'u'},
	        {"sessions", required_argument, NULL, 's'},
	        {"burst", required_argument, NULL, 'b'},
	        {"payload", required_argument, NULL, 'p'},
	        {"family", required_argument, NULL, 'f'},
	        {"help", no_argument, NULL, 'h'},
	        {NULL, 0, NULL, 0},
	};
	int option;

	memset(options, 0, sizeof(*options));
	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'h') {
			(void)printf(usage, argv[0]);
			return 1;
		}
		if (option == '?' || !option_read(options, option, optarg)) {
			(void)fprintf(stderr, usage, argv[0]);
			return 3;
		}
	}
	if (optind != argc || !names_are_known(options)) {
		(void)fprintf(stderr, usage, argv[0]);
		return 3;
	}
	if (options->rounds == 0)
		options->rounds = options->smoke   ? ROUNDS_SMOKE
		                  : options->quick ? ROUNDS_QUICK
		                                   : ROUNDS;
	return 0;
}

const char *mode_name(enum test_mode mode)
{
	static const char *const names[MODE_COUNT] = {
	        [TEST_UNAUTHENTICATED] = "unauthenticated",
	        [TEST_AUTHENTICATED] = "authenticated",
	        [TEST_ENCRYPTED] = "encrypted",
	};

	return names[mode];
}

static bool wanted(const char *asked, const char *name)
{
	return asked == NULL || strcmp(asked, name) == 0;
}

bool options_want_mode(const struct options *options, enum test_mode mode)
{
	return wanted(options->mode, mode_name(mode));
}

bool options_want_suite(const struct options *options, const char *suite)
{
	return wanted(options->suite, suite);
}

bool options_want_group(const struct options *options, const char *group)
{
	return wanted(options->group, group);
}

/** All kinds, the fastest first. */
static const struct suite_choice every_suite[] = {
        {"avx512", SUITE_AVX512},
        {"ipsec-mb", SUITE_IPSEC_MB},
        {"openssl", SUITE_OPENSSL},
};
#define EVERY_SUITE_COUNT (sizeof(every_suite) / sizeof(every_suite[0]))

unsigned suite_choices(const struct suite_choice **choices)
{
	static struct suite_choice usable[EVERY_SUITE_COUNT];
	unsigned count = 0;

	for (unsigned i = 0; i < EVERY_SUITE_COUNT; i++) {
		struct suite *suite;
		struct error error;

		if (suite_create(every_suite[i].kind, &suite, &error) != 0)
			continue;
		suite_destroy(suite);
		usable[count++] = every_suite[i];
	}
	*choices = usable;
	return count;
}
