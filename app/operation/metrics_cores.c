/* SPDX-License-Identifier: BSD-3-Clause */
/** Metrics of the polling lcores. */
#include "metrics.h"

#define NS_PER_SECOND   1e9
#define CORE_TEXT_SIZE  12u
#define DROP_PREFIX     (sizeof("drop_") - 1)
#define TURNAROUND_SIZE (sizeof(turnaround_bounds) / sizeof(turnaround_bounds[0]))
#define BURST_SIZE      (sizeof(burst_bounds) / sizeof(burst_bounds[0]))

/** In steps that Prometheus's quantiles can interpolate between; the lcores' own buckets are finer. */
static const double turnaround_bounds[] = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4,
                                           2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 1e-1};
static const double burst_bounds[] = {1, 2, 4, 8, 16, 24, 32};

/** Frames of each lcore, by what became of them. */
static const struct family {
	enum datapath_counter counter;
	const char *name;
} families[] = {
        {DATAPATH_RECEIVED, "specular_received_packets"},
        {DATAPATH_REFLECTED, "specular_reflected_packets"},
        {DATAPATH_EXCEPTION, "specular_exception_packets"},
        {DATAPATH_FROM_KERNEL, "specular_from_kernel_packets"},
        {DATAPATH_FROM_KERNEL_LOST, "specular_from_kernel_lost_packets"},
};

/** What a family tells of one lcore. */
typedef double (*core_value)(const struct status_source *source, unsigned core);

static uint64_t datapath(const struct status_source *source, unsigned core, unsigned counter)
{
	return counter_read(&source->workers[core]->reflector.counters->values[counter]);
}

static void write_packets(struct metric_writer *writer, const struct status_source *source)
{
	char number[CORE_TEXT_SIZE];
	const struct metric_label labels[] = {{"core", number}, {NULL, NULL}};

	for (unsigned i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		metric_family(writer, METRIC_COUNTER, families[i].name, "packets",
		              datapath_counter_descriptions[families[i].counter].meaning);
		for (unsigned core = 0; core < source->worker_count; core++) {
			(void)snprintf(number, sizeof(number), "%u", core);
			metric_unsigned(writer, labels,
			                datapath(source, core, families[i].counter));
		}
	}
}

static void write_drops(struct metric_writer *writer, const struct status_source *source)
{
	char number[CORE_TEXT_SIZE];

	metric_family(writer, METRIC_COUNTER, "specular_dropped_packets", "packets",
	              "frames that were dropped, by reason; all received ones are reflected, "
	              "handed to the kernel or dropped");
	for (unsigned core = 0; core < source->worker_count; core++) {
		(void)snprintf(number, sizeof(number), "%u", core);
		for (unsigned i = 0; i < DATAPATH_COUNTER_COUNT; i++) {
			if (!datapath_counter_is_drop((enum datapath_counter)i))
				continue;
			const struct metric_label labels[] = {
			        {"core", number},
			        {"reason", datapath_counter_descriptions[i].name + DROP_PREFIX},
			        {NULL, NULL}};
			metric_unsigned(writer, labels, datapath(source, core, i));
		}
	}
}

static void write_cores(struct metric_writer *writer, const struct status_source *source,
                        core_value value)
{
	char number[CORE_TEXT_SIZE], cpu[CORE_TEXT_SIZE];
	const struct metric_label labels[] = {{"core", number}, {"cpu", cpu}, {NULL, NULL}};

	for (unsigned core = 0; core < source->worker_count; core++) {
		(void)snprintf(number, sizeof(number), "%u", core);
		(void)snprintf(cpu, sizeof(cpu), "%u",
		               (unsigned)source->config->eal.worker_cpus[core]);
		metric_double(writer, labels, value(source, core));
	}
}

static double polls(const struct status_source *source, unsigned core)
{
	return (double)counter_read(&source->workers[core]->polls);
}

static double busy_polls(const struct status_source *source, unsigned core)
{
	return (double)counter_read(&source->workers[core]->busy_polls);
}

static double busy_seconds(const struct status_source *source, unsigned core)
{
	return (double)counter_read(&source->workers[core]->statistics.busy_ticks) /
	       (double)source->tsc_hz;
}

static double stuck(const struct status_source *source, unsigned core)
{
	return watchdog_core_is_stuck(source->watchdog, core);
}

static double heartbeat_age(const struct status_source *source, unsigned core)
{
	return (double)watchdog_core_silent_ns(source->watchdog, core) / NS_PER_SECOND;
}

static void write_work(struct metric_writer *writer, const struct status_source *source)
{
	metric_family(writer, METRIC_COUNTER, "specular_core_polls", "", "looks at the queues");
	write_cores(writer, source, polls);
	metric_family(writer, METRIC_COUNTER, "specular_core_busy_polls", "",
	              "looks at the queues that found frames");
	write_cores(writer, source, busy_polls);
	metric_family(writer, METRIC_COUNTER, "specular_core_busy_seconds", "seconds",
	              "time spent on frames; its rate is the busy share");
	write_cores(writer, source, busy_seconds);
	if (source->watchdog == NULL)
		return;
	metric_family(writer, METRIC_GAUGE, "specular_core_stuck", "",
	              "1 while the core has not polled for operation.stuck-after");
	write_cores(writer, source, stuck);
	metric_family(writer, METRIC_GAUGE, "specular_core_heartbeat_age_seconds", "seconds",
	              "for so long the core has not polled");
	write_cores(writer, source, heartbeat_age);
}

/** The index of the first bound that is not below value; size: there is none. */
static unsigned find_bound(const double *bounds, unsigned size, double value)
{
	unsigned i = 0;

	while (i < size && bounds[i] < value)
		i++;
	return i;
}

static void write_turnaround(struct metric_writer *writer, const struct status_source *source)
{
	uint64_t counts[TURNAROUND_SIZE + 1] = {0};
	double sum = 0;

	for (unsigned i = 0; i < TURNAROUND_BUCKETS; i++) {
		double end = (double)turnaround_bucket_end(i) / (double)source->tsc_hz;
		double begin =
		        i == 0 ? 0 : (double)turnaround_bucket_end(i - 1) / (double)source->tsc_hz;
		uint64_t count = 0;
		for (unsigned core = 0; core < source->worker_count; core++)
			count += counter_read(&source->workers[core]->statistics.turnaround[i]);
		counts[find_bound(turnaround_bounds, TURNAROUND_SIZE, end)] += count;
		sum += (double)count * (begin + end) / 2;
	}
	metric_family(writer, METRIC_HISTOGRAM, "specular_turnaround_seconds", "seconds",
	              "replies, by the time from a burst's receipt to its replies' transmission; "
	              "the sum is exact to a sixteenth");
	metric_histogram(writer, turnaround_bounds, counts, TURNAROUND_SIZE, sum);
}

static void write_bursts(struct metric_writer *writer, const struct status_source *source)
{
	uint64_t counts[BURST_SIZE + 1] = {0};
	double sum = 0;

	for (unsigned size = 1; size <= WORKER_BURST; size++) {
		uint64_t count = 0;
		for (unsigned core = 0; core < source->worker_count; core++)
			count += counter_read(&source->workers[core]->statistics.burst_sizes[size]);
		counts[find_bound(burst_bounds, BURST_SIZE, size)] += count;
		sum += (double)count * size;
	}
	metric_family(writer, METRIC_HISTOGRAM, "specular_burst_size", "",
	              "looks that found frames, by the number of these");
	metric_histogram(writer, burst_bounds, counts, BURST_SIZE, sum);
}

void metrics_cores(struct metric_writer *writer, const struct status_source *source)
{
	write_packets(writer, source);
	write_drops(writer, source);
	write_work(writer, source);
	write_turnaround(writer, source);
	write_bursts(writer, source);
}
