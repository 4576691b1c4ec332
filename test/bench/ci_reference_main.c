/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Runs beside the reflector of tools/ci-bench, on the same CPU, and times the reference (imb_loop.h) every other millisecond for some
 * 0.05 ms. Answers each line of standard input with the nanoseconds a packet since the last one: the 90th percentile, the median, the 10th.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cycles.h"
#include "imb_loop.h"

#define INTERVAL_MS   2
#define WARM_UP       2u /**< bursts, not timed */
#define BURSTS        8u
#define SAMPLES_MAX   65536u
#define NS_PER_SECOND 1000000000ull

struct seen {
	uint64_t samples[SAMPLES_MAX]; /**< ns of BURSTS; the first so many of a long time */
	unsigned count;
};

static uint64_t now_ns(void)
{
	struct timespec now = {0, 0};

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static bool look(struct seen *seen, struct imb_loop *loop)
{
	bool verified = imb_loop_run(loop, WARM_UP);
	uint64_t begin = now_ns();
	verified = imb_loop_run(loop, BURSTS) && verified;
	uint64_t took = now_ns() - begin;
	if (seen->count < SAMPLES_MAX)
		seen->samples[seen->count++] = took;
	return verified;
}

static bool answer(struct seen *seen)
{
	static const double quantiles[] = {0.9, 0.5, 0.1};

	for (unsigned i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
		double took = cycles_quantile(seen->samples, seen->count, quantiles[i]);

		if (printf("%.3f ", took / (BURSTS * IMB_LOOP_BURST)) < 0)
			return false;
	}
	seen->count = 0;
	return putchar('\n') != EOF && fflush(stdout) == 0;
}

static int serve(struct imb_loop *loop)
{
	static struct seen seen;
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
	char line[16];

	for (;;) {
		int ready = poll(&input, 1, INTERVAL_MS);

		if (ready < 0 || !look(&seen, loop))
			return EXIT_FAILURE;
		if (ready == 0)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return EXIT_SUCCESS;
		if (!answer(&seen))
			return EXIT_FAILURE;
	}
}

int main(void)
{
	struct imb_loop *loop;
	struct error error;

	if (imb_loop_create(&loop, &error) != 0) {
		(void)fprintf(stderr, "ci_reference: %s\n", error.text);
		return EXIT_FAILURE;
	}
	int status = serve(loop);
	imb_loop_destroy(loop);
	return status;
}
