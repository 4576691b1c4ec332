/* SPDX-License-Identifier: BSD-3-Clause */
/* rte_eth_read_clock is the only way to a NIC's clock and not yet of the stable ABI. */
#define ALLOW_EXPERIMENTAL_API
#include "nic_clock.h"

#include <string.h>
#include <time.h>

#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>

#include "base/log.h"

#define MEASURE_NS            50000000
#define NANOSECONDS_IN_SECOND 1000000000ull

int nic_clock_choose(const struct config_port *port, bool capable, struct nic_clock *clock,
                     struct error *error)
{
	enum config_timestamp_source source = port->driver.timestamps;

	if (source == CONFIG_TIMESTAMP_TSC)
		return 0;
	clock->wanted =
	        capable && rte_mbuf_dyn_rx_timestamp_register(&clock->rx_timestamp_offset,
	                                                      &clock->rx_timestamp_flag) == 0;
	if (source == CONFIG_TIMESTAMP_NIC && !clock->wanted)
		return error_set(error, ERROR_UNAVAILABLE,
		                 "port %s: its driver profile asks for NIC timestamps, which this "
		                 "port does not offer; set timestamps to auto or tsc",
		                 port->name);
	return 0;
}

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * NANOSECONDS_IN_SECOND + (uint64_t)now.tv_nsec;
}

/* sample->tsc gets the NIC's ticks; start_ns the monotonic time when it began. */
static bool take(uint16_t port_id, struct clock_sample *sample, uint64_t *start_ns)
{
	uint64_t before;
	uint64_t after;

	*start_ns = monotonic_ns();
	if (rte_eth_read_clock(port_id, &before) != 0)
		return false;
	*sample = clock_sample_take();
	if (rte_eth_read_clock(port_id, &after) != 0)
		return false;
	/* The system clock's reading lies anywhere between the two of the NIC. */
	sample->tsc = before + (after - before) / 2;
	sample->uncertainty_ns += (monotonic_ns() - *start_ns) / 2;
	return true;
}

int nic_clock_start(const struct config_port *port, uint16_t port_id, struct nic_clock *clock,
                    struct error *error)
{
	struct timespec pause = {.tv_nsec = MEASURE_NS};
	struct clock_sample first;
	struct clock_sample second;
	uint64_t first_ns;
	uint64_t second_ns;

	if (!clock->wanted)
		return 0;
	clock->readable = take(port_id, &first, &first_ns);
	(void)nanosleep(&pause, NULL);
	clock->readable =
	        clock->readable && take(port_id, &second, &second_ns) && second.tsc > first.tsc;
	if (!clock->readable) {
		if (port->driver.timestamps == CONFIG_TIMESTAMP_NIC)
			return error_set(
			        error, ERROR_UNAVAILABLE,
			        "port %s: its driver profile asks for NIC timestamps, but the "
			        "NIC's clock cannot be read; set timestamps to auto or tsc",
			        port->name);
		log_event(LOG_LEVEL_DEBUG, "nic-clock", "port %s: not readable, TSC instead",
		          port->name);
		return 0;
	}
	/* Not by the system clock, which may step meanwhile. */
	uint64_t hz = (uint64_t)((double)(second.tsc - first.tsc) * NANOSECONDS_IN_SECOND /
	                         (double)(second_ns - first_ns));
	tsc_clock_init(&clock->clock, hz, &second);
	return 0;
}

void nic_clock_update(uint16_t port_id, struct nic_clock *clock)
{
	struct clock_sample sample;
	uint64_t start_ns;

	if (clock->readable && take(port_id, &sample, &start_ns))
		(void)tsc_clock_update(&clock->clock, &sample);
}
