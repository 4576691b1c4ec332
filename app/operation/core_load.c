/* SPDX-License-Identifier: BSD-3-Clause */
#include "core_load.h"

#define UNKNOWN (-1.0)

void core_load_look(struct core_load *load, const struct status_source *source, uint64_t tsc)
{
	for (unsigned core = 0; core < source->worker_count; core++) {
		const struct worker *worker = source->workers[core];
		const uint64_t *values = worker->reflector.counters->values;

		load->looks[core][0] = load->looks[core][1];
		load->looks[core][1] = (struct core_look){
		        .tsc = tsc,
		        .busy_ticks = counter_read(&worker->statistics.busy_ticks),
		        .received = counter_read(&values[DATAPATH_RECEIVED])};
	}
}

double core_load_share(const struct core_load *load, unsigned core)
{
	const struct core_look *looks = load->looks[core];
	uint64_t elapsed = looks[1].tsc - looks[0].tsc;
	uint64_t busy = looks[1].busy_ticks - looks[0].busy_ticks;

	if (looks[0].tsc == 0 || elapsed == 0)
		return UNKNOWN;
	return busy < elapsed ? (double)busy / (double)elapsed : 1.0;
}

double core_load_cycles_per_packet(const struct core_load *load, unsigned core)
{
	const struct core_look *looks = load->looks[core];
	uint64_t received = looks[1].received - looks[0].received;

	if (looks[0].tsc == 0 || received == 0)
		return UNKNOWN;
	return (double)(looks[1].busy_ticks - looks[0].busy_ticks) / (double)received;
}
