/* SPDX-License-Identifier: BSD-3-Clause */
#include "bursts.h"

#include <stdlib.h>

#define NS_PER_SECOND 1e9

struct bursts *bursts_create(unsigned rounds, bool swap)
{
	struct bursts *bursts = calloc(1, sizeof(*bursts));

	if (bursts == NULL)
		return NULL;
	bursts->swap = swap;
	bursts->rates = calloc(rounds + 1u, sizeof(*bursts->rates));
	bursts->each = calloc(rounds + 1u, sizeof(*bursts->each));
	if (bursts->rates == NULL || bursts->each == NULL) {
		bursts_destroy(bursts);
		return NULL;
	}
	return bursts;
}

void bursts_destroy(struct bursts *bursts)
{
	if (bursts != NULL) {
		free(bursts->rates);
		free(bursts->each);
	}
	free(bursts);
}

/* Without a reflector's clock: replies that waited for this side arrive together, so that what went before counts too. */
static uint64_t took_by_arrival(const struct trial_burst *burst)
{
	return burst->return_ns > burst->arrival_ns ? burst->return_ns : burst->arrival_ns;
}

/* Frames a second between the first and the last; 0 when the round does not count. */
static double rate_of(const struct trial_result *round, bool swap)
{
	const struct trial_burst *burst = &round->burst;
	uint64_t took = swap ? took_by_arrival(burst) : burst->reflector_ns;

	if (burst->sent < 2 || burst->received != burst->sent || took == 0 || round->interrupted ||
	    round->lost > 0 || load_measures_wrong(&round->measures) > 0)
		return 0;
	return (double)(burst->received - 1) * NS_PER_SECOND / (double)took;
}

void bursts_add(struct bursts *bursts, const struct trial_result *round)
{
	struct trial_result *sum = &bursts->sum;
	double rate = rate_of(round, bursts->swap);

	bursts->each[bursts->each_count++] = rate;
	if (rate > 0)
		bursts->rates[bursts->count++] = rate;
	sum->order = round->order;
	sum->sent += round->sent;
	sum->duration_ns += round->duration_ns;
	sum->lost += round->lost;
	sum->lost_forward += round->lost_forward;
	sum->lost_backward += round->lost_backward;
	sum->lost_unknown += round->lost_unknown;
	sum->limits |= round->limits;
	sum->link_down_ns += round->link_down_ns;
	sum->interrupted = sum->interrupted || round->interrupted;
	load_measures_merge(&sum->measures, &round->measures);
	sum->burst.sent += round->burst.sent;
	sum->burst.received += round->burst.received;
	sum->burst.send_ns += round->burst.send_ns;
	sum->burst.arrival_ns += round->burst.arrival_ns;
	sum->burst.return_ns += round->burst.return_ns;
	sum->burst.reflector_ns += round->burst.reflector_ns;
	if (sum->duration_ns > 0) {
		double seconds = (double)sum->duration_ns / NS_PER_SECOND;
		sum->sent_rate = (double)sum->sent / seconds;
		sum->answered_rate = (double)sum->measures.answered / seconds;
	}
}

static int compare_rates(const void *left, const void *right)
{
	double difference = *(const double *)left - *(const double *)right;

	return (difference > 0) - (difference < 0);
}

/* Nearest rank. */
static double percentile(const struct bursts *bursts, unsigned percent)
{
	unsigned rank = (bursts->count * percent + 99) / 100;

	return bursts->rates[rank > 0 ? rank - 1 : 0];
}

void bursts_summarize(struct bursts *bursts, struct burst_summary *summary)
{
	*summary = (struct burst_summary){.rounds = bursts->count,
	                                  .lost = bursts->sum.lost,
	                                  .each = bursts->each,
	                                  .each_count = bursts->each_count,
	                                  .out_of_time = bursts->out_of_time};
	bursts->each = NULL;
	if (bursts->count == 0)
		return;
	qsort(bursts->rates, bursts->count, sizeof(*bursts->rates), compare_rates);
	summary->valid = true;
	summary->rate_median = percentile(bursts, 50);
	summary->rate_p10 = percentile(bursts, 10);
	summary->rate_p90 = percentile(bursts, 90);
	summary->rate_best = bursts->rates[bursts->count - 1];
}
