/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>

#include "base/bytes.h"
#include "flights.h"
#include "lcore.h"
#include "link_watch.h"
#include "outcome.h"
#include "share_out.h"

#define LCORES_MAX         RTE_MAX_LCORE
#define HAND_OVER_FRAMES   8192u
#define NS_PER_SECOND      1e9
#define NS_PER_MICROSECOND UINT64_C(1000)
#define BITS_PER_MEGABIT   1000000u
/** Packets are remembered for longer than the timeout: they may leave late, and their lcore look late for their replies. */
#define FLIGHT_MARGIN_NS 1000000u
/** A doubled packet is right behind the other one, unless who sent it did not get its CPU. Bursts are many, and short. */
#define LINGER_NS       UINT64_C(50000000)
#define BURST_LINGER_NS UINT64_C(1000000)

struct engine {
	struct engine_settings settings;
	struct lcore *lcores[LCORES_MAX];
	struct rte_ring *hand_over[LCORES_MAX];
	struct share_out share;
	struct flights flights;
	/** Those that the sessions' flights are for; rate is the largest there may be. */
	struct flights_need need;
	unsigned given; /**< sessions that have flights now */
	uint64_t trial; /**< number of the newest */
	struct trial_order order;
	struct rte_eth_stats before;
	struct link_watch link;
	uint64_t down_before; /**< ticks of link, when the newest trial began */
	bool interrupted;
	bool launched;
};

static uint64_t to_ticks(const struct engine *engine, uint64_t nanoseconds)
{
	return (uint64_t)((double)nanoseconds * (double)engine->settings.tsc_hz / NS_PER_SECOND);
}

static bool has_keys(const struct load_sessions *sessions)
{
	for (unsigned i = 0; i < sessions->count; i++) {
		if (sessions->sessions[i].core.keys != NULL)
			return true;
	}
	return false;
}

/** Every frame fits a buffer and the port. */
static int check_sizes(const struct engine_settings *settings, struct error *error)
{
	const struct load_sessions *sessions = settings->sessions;
	uint32_t room = rte_pktmbuf_data_room_size(settings->pool) - RTE_PKTMBUF_HEADROOM;

	for (unsigned i = 0; i < sessions->count; i++) {
		const struct load_session *session = &sessions->sessions[i];
		uint32_t size = send_frame_size(session->format, session->headers_size);
		const char *name = settings->config->groups[session->group].name;

		if (size - session->network_offset > settings->mtu)
			return error_set(error, ERROR_ARGUMENT,
			                 "group %s: a packet of %u octets is more than the port's "
			                 "MTU of %u",
			                 name, size - session->network_offset, settings->mtu);
		if (size > room)
			return error_set(
			        error, ERROR_ARGUMENT,
			        "group %s: a frame of %u octets is more than a buffer's %u", name,
			        size, room);
	}
	return 0;
}

static bool same_address(const struct reflect_address *address, const struct flow_key *flow)
{
	return memcmp(address->octets, flow->destination, sizeof(address->octets)) == 0 &&
	       address->vlan == flow->vlan && address->outer_vlan == flow->outer_vlan;
}

/** Where replies come to: what the receiver takes for test traffic. */
static int add_destination(struct reflector_settings *to, const struct flow_key *flow,
                           struct error *error)
{
	uint16_t port = load_be16(&flow->destination_port);
	unsigned i = 0;

	if (to->address_count == 0 || port < to->port_lower)
		to->port_lower = port;
	if (to->address_count == 0 || port > to->port_upper)
		to->port_upper = port;
	while (i < to->address_count && !same_address(&to->addresses[i], flow))
		i++;
	if (i < to->address_count)
		return 0;
	if (i == REFLECT_ADDRESSES_MAX)
		return error_set(error, ERROR_LIMIT,
		                 "sessions from more than %u addresses are not supported",
		                 REFLECT_ADDRESSES_MAX);
	memcpy(to->addresses[i].octets, flow->destination, sizeof(to->addresses[i].octets));
	to->addresses[i].vlan = flow->vlan;
	to->addresses[i].outer_vlan = flow->outer_vlan;
	to->address_count++;
	return 0;
}

static int fill_destinations(const struct load_sessions *sessions, struct reflector_settings *to,
                             struct error *error)
{
	int status = 0;

	for (unsigned i = 0; i < sessions->count && status == 0; i++)
		status = add_destination(to, &sessions->sessions[i].core.flow, error);
	return status;
}

static int make_arrays(struct lcore *lcore, struct error *error)
{
	lcore->measures = calloc(1, sizeof(*lcore->measures));
	lcore->between = calloc(1, sizeof(*lcore->between));
	lcore->burst.frames = calloc(LCORE_BURST_FRAMES_MAX, sizeof(struct rte_mbuf *));
	lcore->burst.flights = calloc(LCORE_BURST_FRAMES_MAX, sizeof(struct load_flight *));
	lcore->burst.collected = calloc(LCORE_COLLECTED_MAX, sizeof(struct rte_mbuf *));
	lcore->burst.arrivals = calloc(LCORE_COLLECTED_MAX, sizeof(uint64_t));
	if (lcore->measures == NULL || lcore->between == NULL || lcore->burst.frames == NULL ||
	    lcore->burst.flights == NULL || lcore->burst.collected == NULL ||
	    lcore->burst.arrivals == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for an lcore");
	return 0;
}

static void fill_receiver(const struct engine *engine, struct lcore *lcore, unsigned index)
{
	const struct engine_settings *settings = &engine->settings;
	struct receiver *receiver = &lcore->receiver;

	receiver->sessions = settings->sessions;
	receiver->suite = lcore->sender.suite;
	receiver->clock = settings->clock;
	receiver->measures = lcore->between;
	receiver->evidence = settings->evidence;
	receiver->ns_per_tsc = NS_PER_SECOND / (double)settings->tsc_hz;
	receiver->timeout_tsc = to_ticks(engine, settings->config->timeout_ns);
	receiver->core = (uint8_t)index;
	receiver->station = settings->station;
}

static int make_hand_over(struct engine *engine, struct lcore *lcore, unsigned index,
                          struct error *error)
{
	static const struct rte_mbuf_dynfield field = {.name = "specular_load_arrival",
	                                               .size = sizeof(uint64_t),
	                                               .align = _Alignof(uint64_t)};
	char name[RTE_RING_NAMESIZE];

	if (engine->settings.queues == 1)
		return 0;
	(void)snprintf(name, sizeof(name), "load_hand_over_%u", index);
	engine->hand_over[index] =
	        rte_ring_create(name, HAND_OVER_FRAMES, SOCKET_ID_ANY, RING_F_SC_DEQ);
	lcore->hand_over = engine->hand_over;
	lcore->arrival_field = rte_mbuf_dynfield_register(&field);
	if (engine->hand_over[index] == NULL || lcore->arrival_field < 0)
		return error_set(error, ERROR_MEMORY, "no ring to lcore %u", index + 1);
	return 0;
}

static uint64_t linger_of(const struct engine_settings *settings)
{
	if (settings->linger_ns != 0)
		return settings->linger_ns;
	return settings->config->run == LOAD_RUN_BURST ? BURST_LINGER_NS : LINGER_NS;
}

static int make_lcore(struct engine *engine, unsigned index, struct error *error)
{
	const struct engine_settings *settings = &engine->settings;
	const struct load_config *config = settings->config;
	struct lcore *lcore = aligned_alloc(_Alignof(struct lcore), sizeof(*lcore));

	if (lcore == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for an lcore");
	memset(lcore, 0, sizeof(*lcore));
	engine->lcores[index] = lcore;
	lcore->port_id = settings->port_id;
	lcore->queue_id = (uint16_t)index;
	lcore->pool = settings->pool;
	lcore->to_kernel = settings->to_kernel;
	lcore->from_kernel = index == 0 ? settings->from_kernel : NULL;
	lcore->tsc_hz = settings->tsc_hz;
	lcore->late_ticks = to_ticks(engine, config->late_slot_ns);
	lcore->timeout_ticks = to_ticks(engine, config->timeout_ns);
	lcore->linger_ticks = to_ticks(engine, linger_of(settings));
	lcore->send_burst = config->send_burst;
	lcore->judge_afterwards = config->judge == LOAD_JUDGE_AFTERWARDS;
	lcore->idle = config->host.eal.idle;
	lcore->idle_sleep_ns = config->host.eal.idle_sleep_us * NS_PER_MICROSECOND;
	lcore->sender.clock = settings->clock;
	int status = make_arrays(lcore, error);
	if (status == 0 && has_keys(settings->sessions))
		status = suite_create(settings->suite_kind, &lcore->sender.suite, error);
	if (status != 0)
		return status;
	fill_receiver(engine, lcore, index);
	status = fill_destinations(settings->sessions, &lcore->receiver.settings, error);
	return status != 0 ? status : make_hand_over(engine, lcore, index, error);
}

static uint64_t link_rate_of(const struct engine_settings *settings)
{
	struct rte_eth_link link = {0};

	if (settings->config->link_rate != 0)
		return settings->config->link_rate;
	if (rte_eth_link_get_nowait(settings->port_id, &link) != 0 ||
	    link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN)
		return 0;
	return (uint64_t)link.link_speed * BITS_PER_MEGABIT;
}

/** Flights for whatever the configuration can order: all sessions, or each step of a ramp. */
static int make_flights(struct engine *engine, struct error *error)
{
	const struct load_config *config = engine->settings.config;
	unsigned sessions = engine->settings.sessions->count;
	uint64_t count;

	engine->need = (struct flights_need){
	        .rate = (double)load_rate_packets(config, &config->rate,
	                                          link_rate_of(&engine->settings)),
	        .frames = config->run == LOAD_RUN_BURST ? config->burst_frames : 0,
	        .window_ns = config->timeout_ns + config->late_slot_ns + FLIGHT_MARGIN_NS};
	count = share_out_flights(&engine->share, sessions, &engine->need);
	for (uint64_t step = config->ramp_from;
	     config->run == LOAD_RUN_RAMP && step > 0 && step<sessions; step += config->ramp_step> 0
	             ? config->ramp_step
	             : sessions) {
		uint64_t needed = share_out_flights(&engine->share, (unsigned)step, &engine->need);
		count = needed > count ? needed : count;
	}
	for (unsigned i = 0; i < sessions; i++)
		flights_give(&engine->settings.sessions->sessions[i], engine->flights.nowhere,
		             FLIGHTS_MINIMUM);
	return flights_create(&engine->flights, count, &engine->need, sessions, error);
}

int engine_create(const struct engine_settings *settings, struct engine **created,
                  struct error *error)
{
	struct engine *engine;
	int status;

	if (settings->sessions->count == 0 || settings->queues == 0 ||
	    settings->queues >= LCORES_MAX || settings->queues > UINT8_MAX)
		return error_set(error, ERROR_ARGUMENT, "%u sessions on %u lcores",
		                 settings->sessions->count, settings->queues);
	status = check_sizes(settings, error);
	if (status != 0)
		return status;
	engine = calloc(1, sizeof(*engine));
	if (engine == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for the engine");
	engine->settings = *settings;
	for (unsigned i = 0; i < settings->queues && status == 0; i++)
		status = make_lcore(engine, i, error);
	if (status == 0)
		status = share_out_create(&engine->share, settings->config, settings->sessions,
		                          engine->lcores, settings->queues, error);
	if (status == 0)
		status = make_flights(engine, error);
	if (status != 0) {
		engine_destroy(engine);
		return status;
	}
	*created = engine;
	return 0;
}

static void destroy_ring(struct rte_ring *ring)
{
	void *mbuf;

	while (ring != NULL && rte_ring_sc_dequeue(ring, &mbuf) == 0)
		rte_pktmbuf_free(mbuf);
	rte_ring_free(ring);
}

static void destroy_lcore(struct lcore *lcore)
{
	if (lcore == NULL)
		return;
	suite_destroy(lcore->sender.suite);
	free(lcore->measures);
	free(lcore->between);
	free(lcore->burst.frames);
	free(lcore->burst.flights);
	free(lcore->burst.collected);
	free(lcore->burst.arrivals);
	free(lcore);
}

void engine_destroy(struct engine *engine)
{
	if (engine == NULL)
		return;
	engine_stop(engine);
	for (unsigned i = 0; i < engine->settings.queues; i++) {
		destroy_ring(engine->hand_over[i]);
		destroy_lcore(engine->lcores[i]);
	}
	share_out_destroy(&engine->share);
	for (unsigned i = 0; i < engine->settings.sessions->count; i++)
		engine->settings.sessions->sessions[i].flights = NULL;
	flights_destroy(&engine->flights);
	free(engine);
}

static void command_all(struct engine *engine, enum lcore_command command)
{
	uint64_t word = engine->trial << LCORE_COMMAND_BITS | command;

	for (unsigned i = 0; i < engine->settings.queues; i++)
		__atomic_store_n(&engine->lcores[i]->command, word, __ATOMIC_RELEASE);
}

int engine_launch(struct engine *engine, struct error *error)
{
	engine->launched = true;
	for (unsigned i = 0; i < engine->settings.queues; i++) {
		if (rte_eal_remote_launch(lcore_run, engine->lcores[i], i + 1) != 0) {
			engine_stop(engine);
			return error_set(error, ERROR_SYSTEM, "lcore %u did not take its work",
			                 i + 1);
		}
	}
	return 0;
}

void engine_stop(struct engine *engine)
{
	if (!engine->launched)
		return;
	command_all(engine, LCORE_STOP);
	for (unsigned i = 0; i < engine->settings.queues; i++)
		(void)rte_eal_wait_lcore(i + 1);
	engine->launched = false;
}

static int check_order(const struct engine *engine, const struct trial_order *order,
                       struct error *error)
{
	if (!engine->launched || !engine_finished(engine))
		return error_set(error, ERROR_ARGUMENT, "a trial is running, or no lcore is");
	if (order->kind == TRIAL_PACED && !(order->rate > 0))
		return error_set(error, ERROR_ARGUMENT, "a rate of %g packets/s", order->rate);
	if (order->kind == TRIAL_BURST &&
	    (order->frames == 0 || order->frames > LCORE_BURST_FRAMES_MAX))
		return error_set(error, ERROR_ARGUMENT, "a burst of %u frames: 1 to %u can be",
		                 order->frames, LCORE_BURST_FRAMES_MAX);
	return 0;
}

int engine_begin(struct engine *engine, const struct trial_order *order, struct error *error)
{
	unsigned all = engine->settings.sessions->count;
	struct flights_need need = engine->need;
	int status = check_order(engine, order, error);

	if (status != 0)
		return status;
	engine->order = *order;
	if (order->sessions == 0 || order->sessions > all)
		engine->order.sessions = all;
	if (order->kind == TRIAL_BURST) {
		engine->order.rate = 0;
		need.frames = order->frames > need.frames ? order->frames : need.frames;
	} else {
		engine->order.frames = 0;
		need.rate = order->rate > need.rate ? order->rate : need.rate;
	}
	uint64_t count = share_out_flights(&engine->share, engine->order.sessions, &need);
	if (count > engine->flights.count)
		return error_set(error, ERROR_ARGUMENT,
		                 "%.0f packets/s or %u at once of %u sessions can't be held in "
		                 "flight: there is memory for %llu packets, not %llu",
		                 order->rate, order->frames, engine->order.sessions,
		                 (unsigned long long)engine->flights.count,
		                 (unsigned long long)count);
	bool give = engine->given != engine->order.sessions || need.rate > engine->need.rate ||
	            need.frames > engine->need.frames;
	engine->need = need;
	engine->given = engine->order.sessions;
	engine->interrupted = false;
	share_out_order(&engine->share, &engine->order, &need, &engine->flights, give);
	(void)rte_eth_stats_get(engine->settings.port_id, &engine->before);
	link_watch_look(&engine->link, engine->settings.port_id);
	engine->down_before = engine->link.down_ticks;
	engine->trial++;
	command_all(engine, LCORE_TRIAL);
	return 0;
}

void engine_interrupt(struct engine *engine)
{
	if (engine_finished(engine))
		return;
	engine->interrupted = true;
	command_all(engine, LCORE_INTERRUPT);
}

bool engine_finished(const struct engine *engine)
{
	for (unsigned i = 0; i < engine->settings.queues; i++) {
		if (__atomic_load_n(&engine->lcores[i]->finished, __ATOMIC_ACQUIRE) !=
		    engine->trial)
			return false;
	}
	return true;
}

bool engine_watch_link(struct engine *engine)
{
	link_watch_look(&engine->link, engine->settings.port_id);
	return !engine->link.down;
}

static uint64_t to_ns(const struct engine *engine, uint64_t ticks)
{
	return (uint64_t)((double)ticks * NS_PER_SECOND / (double)engine->settings.tsc_hz);
}

uint64_t engine_link_down_ns(const struct engine *engine)
{
	return to_ns(engine, engine->link.down_ticks);
}

void engine_look(const struct engine *engine, struct load_measures *measures)
{
	memset(measures, 0, sizeof(*measures));
	for (unsigned i = 0; i < engine->settings.queues; i++) {
		const struct lcore *lcore = engine->lcores[i];

		/* Until then its measures are the last trial's, or just being cleared. */
		if (__atomic_load_n(&lcore->begun, __ATOMIC_ACQUIRE) == engine->trial)
			load_measures_merge(measures, lcore->measures);
	}
}

void engine_collect(struct engine *engine, struct trial_result *result)
{
	struct rte_eth_stats after = engine->before;

	(void)rte_eth_stats_get(engine->settings.port_id, &after);
	link_watch_look(&engine->link, engine->settings.port_id);
	uint64_t down_ticks = engine->link.down_ticks - engine->down_before;
	const struct outcome_device device = {.missed = after.imissed - engine->before.imissed,
	                                      .no_buffer =
	                                              after.rx_nombuf - engine->before.rx_nombuf,
	                                      .link_down_ns = to_ns(engine, down_ticks)};
	outcome_collect(engine->lcores, engine->settings.queues, &engine->order, &device, result);
	result->interrupted = engine->interrupted;
}
