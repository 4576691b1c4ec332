/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_core.h"

#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "evidence.h"
#include "flights.h"
#include "load_sessions.h"
#include "wire/control_message.h"

#define MBUFS         2047u
#define POOL_CACHE    256u
#define RING_SIZE     1024u
#define DESCRIPTORS   64u
#define FLIGHTS       64u /**< of each session */
#define TICKS_A_SLOT  20u
#define DSCP          46u
#define EVIDENCE_KEPT 3u

/** The process's only port. */
static struct {
	struct rte_mempool *pool;
	struct rte_ring *requests, *replies;
	uint16_t id;
} port;

static const uint8_t own_station[FRAME_MAC_SIZE] = {0x02, 0, 0, 0, 0, 0x01};

int load_core_port(struct error *error)
{
	struct rte_eth_conf configuration = {0};

	port.pool = rte_pktmbuf_pool_create("load", MBUFS, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
	                                    SOCKET_ID_ANY);
	port.requests = rte_ring_create("requests", RING_SIZE, SOCKET_ID_ANY, 0);
	port.replies = rte_ring_create("replies", RING_SIZE, SOCKET_ID_ANY, 0);
	if (port.pool == NULL || port.requests == NULL || port.replies == NULL)
		return error_set(error, ERROR_SYSTEM, "no memory for a port");
	int made = rte_eth_from_rings("load", &port.replies, 1, &port.requests, 1, 0);
	port.id = (uint16_t)made;
	if (made < 0 || rte_eth_dev_configure(port.id, 1, 1, &configuration) != 0 ||
	    rte_eth_rx_queue_setup(port.id, 0, DESCRIPTORS, 0, NULL, port.pool) != 0 ||
	    rte_eth_tx_queue_setup(port.id, 0, DESCRIPTORS, 0, NULL) != 0 ||
	    rte_eth_dev_start(port.id) != 0)
		return error_set(error, ERROR_SYSTEM, "no port of rings");
	return 0;
}

static void configure(struct load_core *core, uint16_t payload)
{
	static const uint32_t modes[] = {[TEST_UNAUTHENTICATED] = MODE_UNAUTHENTICATED,
	                                 [TEST_AUTHENTICATED] = MODE_AUTHENTICATED,
	                                 [TEST_ENCRYPTED] = MODE_ENCRYPTED};
	const struct world_settings *settings = &core->world->settings;
	struct load_group *group = &core->config.groups[0];

	core->config.group_count = 1;
	group->count = settings->sessions;
	group->mode = modes[settings->mode];
	group->dscp = DSCP;
	group->ttl = UINT8_MAX;
	group->sizes[0] = payload;
	group->size_count = 1;
	group->share = 1;
}

static struct endpoint endpoint_of(const struct world *world, const uint8_t octets[16],
                                   uint16_t port_number)
{
	bool ipv4 = world->settings.family == 4;

	return (struct endpoint){.address = address_make(ipv4 ? 4 : 6, ipv4 ? octets + 12 : octets),
	                         .port = load_be16(&port_number)};
}

static int add_session(struct load_core *core, unsigned index, struct error *error)
{
	struct session_parameters parameters;

	world_parameters(&core->world->settings, index, &parameters);
	const struct flow_key *flow = &parameters.flow;
	const struct accepted_session accepted = {
	        .way = {.station = own_station,
	                .next_hop = world_station,
	                .sender = endpoint_of(core->world, flow->source, flow->source_port),
	                .reflector =
	                        endpoint_of(core->world, flow->destination, flow->destination_port),
	                .ttl = UINT8_MAX},
	        .sid = parameters.sid,
	        .keys = &parameters.keys};
	int result = load_sessions_add(&core->sessions, core->world->suite, &accepted, error);
	struct load_session *session = &core->sessions.sessions[index];

	/* The world's keys are those of the test already. */
	if (result == 0 && session->core.keys != NULL)
		result = suite_keys_expand(core->world->suite, &parameters.keys,
		                           core->sessions.keys + index * core->sessions.keys_size);
	flights_give(session, core->flights + (size_t)index * FLIGHTS, FLIGHTS);
	receive_begin(session);
	return result;
}

/** An order without a pattern, that is always the same. */
static void shuffle(struct load_core *core)
{
	for (unsigned i = 0; i < core->sessions.count; i++)
		core->order[i] = &core->sessions.sessions[i];
	for (unsigned i = core->sessions.count; i > 1; i--) {
		unsigned other = (unsigned)((traffic_random(core->traffic) >> 32) * i >> 32);
		struct load_session *kept = core->order[i - 1];

		core->order[i - 1] = core->order[other];
		core->order[other] = kept;
	}
}

static int fill_lcore(struct load_core *core, unsigned burst, struct error *error)
{
	struct lcore *lcore = &core->lcore;
	struct receiver *receiver = &lcore->receiver;

	*lcore = (struct lcore){.port_id = port.id,
	                        .pool = port.pool,
	                        .tsc_hz = tsc_frequency_hz(),
	                        .send_burst = (uint16_t)burst,
	                        .phase = LCORE_SENDING};
	lcore->measures = calloc(1, sizeof(*lcore->measures));
	receiver->evidence = evidence_create(EVIDENCE_KEPT, WORLD_MTU);
	if (lcore->measures == NULL || receiver->evidence == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for an lcore");
	lcore->sender = (struct sender){core->traffic->suite, &core->world->clock};
	receiver->sessions = &core->sessions;
	receiver->settings = core->world->reflector;
	for (unsigned i = 0; i < receiver->settings.address_count; i++)
		memset(&receiver->settings.addresses[i], 0,
		       sizeof(receiver->settings.addresses[i]));
	receiver->suite = core->traffic->suite;
	receiver->clock = &core->world->clock;
	receiver->measures = lcore->measures;
	receiver->ns_per_tsc = 1e9 / (double)lcore->tsc_hz;
	receiver->timeout_tsc = UINT64_MAX;
	receiver->settings.port_lower = 1;
	receiver->settings.port_upper = UINT16_MAX;
	lcore->turn.count = 1;
	lcore->turn.groups[0] = (struct turn_group){.sessions = core->order,
	                                            .count = core->sessions.count,
	                                            .taking_part = core->sessions.count,
	                                            .flights = FLIGHTS,
	                                            .share = 1};
	turn_begin(&lcore->turn);
	turn_count_from_here(&lcore->turn);
	return 0;
}

static int fill(struct load_core *core, const struct world_settings *settings, uint16_t payload,
                unsigned burst, struct error *error)
{
	int result = world_create(settings, &core->world, error);

	if (result == 0)
		result = traffic_create(core->world, 0, &core->traffic, error);
	if (result != 0)
		return result;
	configure(core, payload);
	core->flights = calloc((size_t)settings->sessions * FLIGHTS, sizeof(struct load_flight));
	core->order = calloc(settings->sessions, sizeof(struct load_session *));
	if (core->flights == NULL || core->order == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for packets on their way");
	result = load_sessions_make(&core->config, core->world->suite, &core->sessions, error);
	for (unsigned i = 0; i < settings->sessions && result == 0; i++)
		result = add_session(core, i, error);
	if (result != 0)
		return result;
	shuffle(core);
	return fill_lcore(core, burst, error);
}

int load_core_create(const struct world_settings *settings, uint16_t payload, unsigned burst,
                     struct load_core **created, struct error *error)
{
	struct load_core *core = aligned_alloc(_Alignof(struct load_core), sizeof(*core));

	if (core == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for an lcore");
	memset(core, 0, sizeof(*core));
	int result = fill(core, settings, payload, burst, error);
	if (result != 0) {
		load_core_destroy(core);
		return result;
	}
	*created = core;
	return 0;
}

void load_core_destroy(struct load_core *core)
{
	struct lcore *lcore = &core->lcore;

	if (lcore->stock_count > 0)
		rte_pktmbuf_free_bulk(lcore->stock, lcore->stock_count);
	evidence_destroy(lcore->receiver.evidence);
	free(lcore->measures);
	if (core->world != NULL)
		load_sessions_free(&core->sessions, core->world->suite);
	free(core->flights);
	free(core->order);
	traffic_destroy(core->traffic);
	world_destroy(core->world);
	free(core);
}

void load_core_due(struct load_core *core)
{
	struct lcore *lcore = &core->lcore;
	uint64_t begin = tsc_now() - (uint64_t)lcore->send_burst * TICKS_A_SLOT;

	pacer_begin(&lcore->pacer, begin, lcore->tsc_hz, (double)lcore->tsc_hz / TICKS_A_SLOT,
	            lcore->tsc_hz);
}

void load_core_answer(struct load_core *core)
{
	const struct reflect_arrival arrival = {
	        .receive_tsc = tsc_now(),
	        .receive_time = tsc_clock_read(&core->world->clock, tsc_now()),
	        .station = world_station,
	        .mtu = WORLD_MTU,
	};
	struct reflect_frame frames[REFLECT_BURST_MAX];
	struct rte_mbuf *mbufs[REFLECT_BURST_MAX];
	unsigned count =
	        rte_ring_sc_dequeue_burst(port.requests, (void **)mbufs, REFLECT_BURST_MAX, NULL);

	for (unsigned i = 0; i < count; i++)
		frames[i] = (struct reflect_frame){
		        .octets = rte_pktmbuf_mtod(mbufs[i], uint8_t *),
		        .length = mbufs[i]->data_len,
		        .capacity = (uint16_t)(mbufs[i]->buf_len - mbufs[i]->data_off)};
	reflect_burst(&core->traffic->reflector, &arrival, frames, count);
	for (unsigned i = 0; i < count; i++) {
		mbufs[i]->data_off = (uint16_t)(frames[i].octets - (uint8_t *)mbufs[i]->buf_addr);
		mbufs[i]->data_len = frames[i].length;
		mbufs[i]->pkt_len = frames[i].length;
		if (frames[i].verdict != VERDICT_REFLECT ||
		    rte_ring_sp_enqueue(port.replies, mbufs[i]) != 0) {
			(void)fprintf(stderr, "bench_load: a packet was not answered\n");
			exit(1);
		}
	}
}

bool load_core_is_right(const struct load_core *core)
{
	const struct load_measures *measures = core->lcore.measures;

	return measures->sent > 0 && measures->answered == measures->sent &&
	       load_measures_wrong(measures) == 0;
}
