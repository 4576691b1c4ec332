/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "base/error.h"
#include "document.h"
#include "show.h"
#include "table.h"

#define BAR_WIDTH 40

static void add_core(struct table *table, const json_t *core)
{
	bool stuck = json_is_true(document_at(core, "stuck"));

	table_member(table, core, "core");
	table_member(table, core, "cpu");
	table_cell(table, stuck ? "STUCK" : "polls");
	table_quantity(table, core, "heartbeat_age_seconds", quantity_duration);
	table_quantity(table, core, "busy_share", quantity_percent);
	table_quantity(table, core, "cycles_per_packet", quantity_scaled);
	table_member(table, core, "received");
	table_member(table, core, "reflected");
	table_quantity(table, core, "turnaround_ns.p50", quantity_nanoseconds);
	table_quantity(table, core, "turnaround_ns.p99", quantity_nanoseconds);
	table_quantity(table, core, "turnaround_ns.p99_9", quantity_nanoseconds);
	table_quantity(table, core, "turnaround_ns.max", quantity_nanoseconds);
}

static double sum_counts(const json_t *bursts)
{
	const json_t *burst;
	double sum = 0;
	size_t index;

	json_array_foreach (bursts, index, burst)
		sum += (double)document_count(burst, "count");
	return sum;
}

/** How many polls found how many packets. */
static int print_bursts(const json_t *core, FILE *out)
{
	static const char bar[BAR_WIDTH + 1] = "########################################";
	const json_t *bursts = document_at(core, "burst_sizes"), *burst;
	struct table *table = table_create(">BURST >POLLS >SHARE .");
	double sum = sum_counts(bursts);
	char share[QUANTITY_SIZE];
	size_t index;

	json_array_foreach (bursts, index, burst) {
		double part = (double)document_count(burst, "count") / (sum > 0 ? sum : 1);
		table_member(table, burst, "size");
		table_member(table, burst, "count");
		table_cell(table, "%s", quantity_percent(part, share));
		table_cell(table, "%.*s", (int)(part * BAR_WIDTH + 0.5), bar);
	}
	(void)fprintf(out, "\npackets a burst of polling lcore %" PRIu64 "\n",
	              document_count(core, "core"));
	return table_end(table, out);
}

int show_cores(const json_t *document, bool all, FILE *out)
{
	const json_t *cores = document_at(document, "cores"), *core;
	size_t index;
	int status = table_of(">CORE >CPU STATE >HEARTBEAT >BUSY >CYCLES/PACKET >RECEIVED "
	                      ">REFLECTED >P50 >P99 >P99.9 >MAX",
	                      cores, add_core, out);

	(void)all;
	json_array_foreach (cores, index, core) {
		if (status == 0 && json_array_size(document_at(core, "burst_sizes")) > 0)
			status = print_bursts(core, out);
	}
	return status;
}
