/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker_set.h"

#include <string.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "base/log.h"
#include "reflect/ahead.h"
#include "session/flow.h"

/* The exception path may take this part of a second's frames at once. */
#define EXCEPTION_BURST_DIVISOR 10u
#define EXCEPTION_BURST_MINIMUM 64u

static int add_addresses(struct reflector_settings *settings, const struct config_prefix *addresses,
                         unsigned count, uint16_t vlan, uint16_t outer_vlan, struct error *error)
{
	for (unsigned i = 0; i < count; i++) {
		if (settings->address_count == REFLECT_ADDRESSES_MAX)
			return error_set(error, ERROR_LIMIT,
			                 "more than %u addresses in all are not supported",
			                 REFLECT_ADDRESSES_MAX);
		struct reflect_address *own = &settings->addresses[settings->address_count++];
		const struct address *address = &addresses[i].address;
		if (address->family == 4)
			flow_address_from_ipv4(own->octets, address->octets);
		else
			memcpy(own->octets, address->octets, sizeof(own->octets));
		own->vlan = vlan;
		own->outer_vlan = outer_vlan;
	}
	return 0;
}

static int fill_settings(const struct config *config, struct reflector_settings *settings,
                         struct error *error)
{
	int status = 0;

	settings->port_lower = config->test.port_lower;
	settings->port_upper = config->test.port_upper;
	settings->zero_padding = config->test.padding == PADDING_ZERO;
	settings->discard_zero_multiplier = config->test.discard_zero_multiplier;
	for (unsigned i = 0; i < config->port_count && status == 0; i++) {
		const struct config_port *port = &config->ports[i];
		status = add_addresses(settings, port->addresses, port->address_count, 0, 0, error);
		for (unsigned k = 0; k < port->vlan_count && status == 0; k++) {
			const struct config_vlan *vlan = &port->vlans[k];
			status = add_addresses(settings, vlan->addresses, vlan->address_count,
			                       vlan->id, vlan->outer_id, error);
		}
	}
	return status;
}

/** Nothing is computed ahead of time for a mode that is not offered. */
static int make_ahead(const struct config *config, struct reflector *reflector, int node,
                      struct error *error)
{
	unsigned sessions = config->test.ahead;

	if (sessions == 0 || (config->control.modes & MODE_AUTHENTICATED) == 0)
		return 0;
	void *memory =
	        rte_malloc_socket("ahead", ahead_pool_size(sessions), AHEAD_POOL_ALIGN, node);
	if (memory == NULL)
		return error_set(error, ERROR_MEMORY,
		                 "no memory for test.ahead: %u sessions a core; "
		                 "lower it or raise eal.memory",
		                 sessions);
	reflector->ahead = ahead_pool_init(memory, sessions);
	return 0;
}

static int make_worker(const struct worker_environment *environment, struct worker_set *set,
                       unsigned core, struct error *error)
{
	const struct config_eal *eal = &environment->config->eal;
	int node = (int)rte_lcore_to_socket_id(core + 1);
	struct worker *worker =
	        rte_zmalloc_socket("worker", sizeof(*worker), _Alignof(struct worker), node);

	if (worker == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for worker %u", core);
	set->workers[core] = worker;
	set->count = core + 1;
	worker->reflector.settings = &set->settings;
	worker->reflector.clock = environment->clock;
	worker->reflector.table = session_registry_table(environment->sessions, core);
	worker->reflector.counters =
	        rte_zmalloc_socket("counters", sizeof(*worker->reflector.counters),
	                           _Alignof(struct datapath_counters), node);
	if (worker->reflector.counters == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for worker %u", core);
	worker->idle = eal->idle;
	worker->idle_sleep_us = eal->idle_sleep_us;
	worker->rcu = session_registry_rcu(environment->sessions);
	worker->core = core;
	int status = suite_create(environment->suite_kind, &worker->reflector.suite, error);
	return status != 0 ? status
	                   : make_ahead(environment->config, &worker->reflector, node, error);
}

static void set_exception_rate(struct worker_queue *queue, const struct port *port, uint64_t tsc_hz)
{
	uint64_t rate = port->config->exception_rate / port->queues;
	uint64_t burst = rate / EXCEPTION_BURST_DIVISOR;

	if (port->config->exception_rate == 0)
		return;
	queue->exception_tsc_per_frame = tsc_hz / (rate > 0 ? rate : 1);
	queue->exception_burst = burst > EXCEPTION_BURST_MINIMUM ? burst : EXCEPTION_BURST_MINIMUM;
}

static int share_queues(const struct worker_environment *environment, struct worker_set *set,
                        struct error *error)
{
	for (unsigned p = 0; p < environment->config->port_count; p++) {
		const struct port *port = &environment->ports[p];
		for (uint16_t q = 0; q < port->queues; q++) {
			struct worker *worker = set->workers[(p + q) % set->count];
			if (worker->queue_count == WORKER_QUEUES_MAX)
				return error_set(error, ERROR_LIMIT,
				                 "more than %u queues on one lcore",
				                 WORKER_QUEUES_MAX);
			struct worker_queue *queue = &worker->queues[worker->queue_count++];
			queue->port_id = port->id;
			queue->queue_id = q;
			queue->mtu = port->mtu;
			if (rte_is_valid_assigned_ether_addr(&port->mac))
				queue->station = port->mac.addr_bytes;
			queue->offload_ip_checksum = port->offload_ip_checksum;
			queue->nic_clock = port->nic_clock.readable ? &port->nic_clock.clock : NULL;
			queue->rx_timestamp_offset = port->nic_clock.rx_timestamp_offset;
			queue->rx_timestamp_flag = port->nic_clock.rx_timestamp_flag;
			queue->to_kernel = exception_to_kernel(environment->exception, p);
			if (q == 0)
				queue->from_kernel =
				        exception_from_kernel(environment->exception, p);
			set_exception_rate(queue, port, environment->tsc_hz);
		}
	}
	return 0;
}

int worker_set_create(const struct worker_environment *environment, struct worker_set *set,
                      struct error *error)
{
	int status;

	memset(set, 0, sizeof(*set));
	status = fill_settings(environment->config, &set->settings, error);
	for (unsigned core = 0; core < environment->config->eal.worker_count && status == 0; core++)
		status = make_worker(environment, set, core, error);
	if (status == 0)
		status = share_queues(environment, set, error);
	if (status != 0)
		worker_set_destroy(set);
	return status;
}

void worker_set_destroy(struct worker_set *set)
{
	for (unsigned i = 0; i < set->count; i++) {
		ahead_pool_wipe(set->workers[i]->reflector.ahead);
		rte_free(set->workers[i]->reflector.ahead);
		suite_destroy(set->workers[i]->reflector.suite);
		rte_free(set->workers[i]->reflector.counters);
		rte_free(set->workers[i]);
	}
	set->count = 0;
}

int worker_set_launch(struct worker_set *set, struct error *error)
{
	set->launched = true;
	for (unsigned i = 0; i < set->count; i++) {
		if (rte_eal_remote_launch(worker_run, set->workers[i], i + 1) != 0) {
			worker_set_stop(set);
			return error_set(error, ERROR_SYSTEM, "lcore %u did not take its work",
			                 i + 1);
		}
	}
	return 0;
}

void worker_set_stop(struct worker_set *set)
{
	if (!set->launched)
		return;
	for (unsigned i = 0; i < set->count; i++)
		__atomic_store_n(&set->workers[i]->stop, true, __ATOMIC_RELAXED);
	rte_eal_mp_wait_lcore();
	set->launched = false;
}

uint64_t worker_set_counter(const struct worker_set *set, enum datapath_counter counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < set->count; i++)
		sum += counter_read(&set->workers[i]->reflector.counters->values[counter]);
	return sum;
}
