/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * TSC cycles a packet of the real burst function, fed from memory: for numbers of sessions, sizes of bursts, modes, suites,
 * payloads and families; the share of each stage; the curve over sessions; several lcores. Sessions come in random order; a
 * request is written just before its burst, so that it is cache-hot as from a NIC that writes into the cache. A round's value is the
 * median of its bursts.
 */
#include <stdio.h>
#include <unistd.h>

#include "clock/tsc_clock.h"
#include "datapath_block.h"
#include "lcores.h"

static void print_machine(void)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[256], model[128] = "unknown";
	struct record record;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "model name : %127[^\n\"\\]", model) == 1)
			break;
	}
	if (file != NULL)
		(void)fclose(file);
	record_init(&record, "machine", "tsc-hz");
	record_text(&record, "cpu", model);
	record_number(&record, "cpus", (unsigned long)sysconf(_SC_NPROCESSORS_ONLN));
	record_round(&record, (double)tsc_frequency_hz());
	record_print(&record, stdout);
}

static void measure(const struct options *options, enum test_mode mode, unsigned family)
{
	static struct block block;

	block_fill(&block, options, mode, family);
	if (options_want_group(options, "datapath") || options_want_group(options, "scale") ||
	    options_want_group(options, "bare") || options_want_group(options, "features"))
		block_measure(&block);
	if (options_want_group(options, "stages"))
		block_measure_stages(&block);
	block_empty(&block);
}

int main(int argc, char **argv)
{
	static const unsigned families[] = {USUAL_FAMILY, 6};
	struct options options;
	int end = options_read(&options, argc, argv);

	if (end != 0)
		return end - 1;
	if (options_want_group(&options, "machine"))
		print_machine();
	for (unsigned mode = 0; mode < MODE_COUNT; mode++) {
		if (!options_want_mode(&options, mode))
			continue;
		for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
			if (block_wants(&options, families[i], options.family, USUAL_FAMILY))
				measure(&options, mode, families[i]);
		}
		if (options_want_group(&options, "scale") && !options.one)
			lcores_measure(&options, mode);
	}
	return 0;
}
