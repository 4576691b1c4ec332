/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the datapath's crypto costs without the datapath, and what the libraries alone take for the same operations, keys and sizes:
 * authenticated, AES-ECB and HMAC-SHA1 over 16 octets each way; encrypted, AES-CBC and HMAC over 32 octets to open and 96 to seal.
 */
#include <stdlib.h>
#include <string.h>

#include "alternate.h"
#include "crypto_case.h"
#include "options.h"

#define PLACES_MAX    16u
#define PACKETS       4096u
#define PACKETS_QUICK 2048u
#define PACKETS_SMOKE 128u
/** Seconds a mode, for what somebody else on the core disturbs. */
#define PATIENCE       10.0
#define PATIENCE_QUICK 1.0

static const unsigned all_bursts[] = {1, 8, USUAL_BURST, SUITE_BURST_MAX};
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void give_up(const struct error *error)
{
	(void)fprintf(stderr, "bench: %s\n", error->text);
	exit(1);
}

static unsigned places_of_suites(struct crypto_place *places[PLACES_MAX])
{
	static char names[PLACES_MAX][32];
	const struct suite_choice *choices;
	unsigned count = suite_choices(&choices);
	struct error error;

	for (unsigned i = 0; i < count; i++) {
		struct suite *suite;

		(void)snprintf(names[i], sizeof(names[i]), "suite %s", choices[i].name);
		if (suite_create(choices[i].kind, &suite, &error) != 0 ||
		    crypto_place_create(names[i], suite, &places[i], &error) != 0)
			give_up(&error);
	}
	return count;
}

static unsigned places_of_bare(struct crypto_place **places, const struct bare *bare,
                               unsigned count)
{
	struct error error;

	for (unsigned i = 0; i < count; i++) {
		if (crypto_place_of_bare(&bare[i], &places[i], &error) != 0)
			give_up(&error);
	}
	return count;
}

static bool wanted_burst(const struct options *options, unsigned burst)
{
	if (options->one || options->quick || options->smoke)
		return burst == (options->burst != 0 ? options->burst : USUAL_BURST);
	return true;
}

static void measure(const struct options *options, enum test_mode mode, unsigned burst,
                    struct crypto_place **places, unsigned count, struct patience *patience)
{
	static struct alternation alternation;
	struct crypto_case cases[PLACES_MAX];
	struct error error;

	memset(&alternation, 0, sizeof(alternation));
	alternation.patience = *patience;
	for (unsigned i = 0; i < count; i++) {
		if (!options_want_suite(options, places[i]->how))
			continue;
		cases[i] = (struct crypto_case){.place = places[i],
		                                .mode = mode,
		                                .burst = burst,
		                                .packets = options->smoke   ? PACKETS_SMOKE
		                                           : options->quick ? PACKETS_QUICK
		                                                            : PACKETS};
		if (crypto_case_check(&cases[i], &error) != 0)
			give_up(&error);
		struct measurement *added =
		        alternation_add(&alternation, crypto_case_measure, &cases[i]);
		record_init(&added->record, "crypto", "tsc-cycles/packet");
		record_text(&added->record, "how", places[i]->how);
		record_text(&added->record, "mode", mode_name(mode));
		record_number(&added->record, "burst", burst);
	}
	alternation_run(&alternation, options->rounds);
	alternation_print(&alternation);
	*patience = alternation.patience;
}

static void measure_mode(const struct options *options, enum test_mode mode,
                         struct crypto_place **places, unsigned count)
{
	struct patience patience = {.seconds = options->smoke   ? 0
	                                       : options->quick ? PATIENCE_QUICK
	                                                        : PATIENCE};
	struct record quiet;

	for (unsigned i = 0; i < COUNT_OF(all_bursts); i++) {
		if (wanted_burst(options, all_bursts[i]))
			measure(options, mode, all_bursts[i], places, count, &patience);
	}
	patience_record(&patience, "crypto", &quiet);
	record_text(&quiet, "mode", mode_name(mode));
	record_print(&quiet, stdout);
}

int main(int argc, char **argv)
{
	struct crypto_place *places[PLACES_MAX];
	struct options options;
	int end = options_read(&options, argc, argv);
	unsigned count;

	if (end != 0)
		return end - 1;
	count = places_of_suites(places);
	count += places_of_bare(&places[count], bare_imb, BARE_IMB_COUNT);
	count += places_of_bare(&places[count], bare_openssl, BARE_OPENSSL_COUNT);
	for (unsigned mode = TEST_AUTHENTICATED; mode < MODE_COUNT; mode++) {
		if (options_want_mode(&options, mode))
			measure_mode(&options, mode, places, count);
	}
	for (unsigned i = 0; i < count; i++)
		crypto_place_destroy(places[i]);
	return 0;
}
