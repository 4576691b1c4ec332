/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Whether the CPU on which this runs is its owner's alone (core_share.h), for scripts, while something else is measured there: looks every
 * two milliseconds, for some five microseconds. Answers each line of standard input with how often it looked since the last one, and how
 * often the core was ours.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core_share.h"

#define INTERVAL_MS 2

int main(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	unsigned looks = 0, whole = 0;
	char line[16];

	for (;;) {
		int ready = poll(&input, 1, INTERVAL_MS);

		if (ready < 0)
			return EXIT_FAILURE;
		looks++;
		whole += core_share_is_whole() ? 1 : 0;
		if (ready == 0)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return EXIT_SUCCESS;
		if (printf("%u %u\n", looks, whole) < 0 || fflush(stdout) != 0)
			return EXIT_FAILURE;
		looks = whole = 0;
	}
}
