/* SPDX-License-Identifier: BSD-3-Clause */
/** Readers look flows up without pause while the writer publishes and withdraws them: ASan and TSan are the judges. */
#include <pthread.h>
#include <rte_rcu_qsbr.h>
#include <sched.h>

#include "session/session_registry.h"
#include "stats/counters.h"

#include "fake_suite.h"
#include "unit.h"

#define CORES   2u
#define FLOWS   64u
#define ROUNDS  20000u
#define LOOKUPS 20000u
#define WAITING 4096u

static struct session_registry *registry;
static bool stop;

struct reader {
	pthread_t thread;
	unsigned core;
	uint64_t lookups;
	uint64_t hits;
	uint64_t wrong;
};

/** What the datapath does with a session that it found. */
static void use(struct reader *reader, struct core_session *found, const struct flow_key *flow)
{
	const struct session_keys *keys = found->keys;

	if (!flow_key_equal(&found->flow, flow) ||
	    (keys != NULL && (keys->aes[15] != 0xa5 || keys->hmac[31] != 0x5a)))
		reader->wrong++;
	counter_add(&found->reflected, 1);
	found->plan.payload_length++;
	reader->hits++;
}

/** Eight flows in a burst, the last one twice, and one alone. The resident flow is always there. */
static void look_up(struct reader *reader, struct core_table *table,
                    const struct flow_key all[FLOWS + 1], unsigned number)
{
	enum { BURST = 8 };
	struct core_table_reader table_reader = core_table_reader(table);
	struct core_session *found[BURST];
	struct flow_key flows[BURST];
	uint64_t hashes[BURST];

	for (unsigned i = 0; i < BURST; i++) {
		flows[i] = all[i < BURST - 2 ? (number + i) % FLOWS : FLOWS];
		hashes[i] = core_table_hash(&table_reader, &flows[i]);
	}
	for (unsigned i = 0; i < BURST; i++)
		found[i] = core_table_candidate(&table_reader, hashes[i]);
	for (unsigned i = 0; i < BURST; i++)
		found[i] = core_table_confirm(table, found[i], &flows[i], hashes[i]);
	counter_add(&reader->lookups, BURST);
	for (unsigned i = 0; i < BURST; i++) {
		if (found[i] != NULL)
			use(reader, found[i], &flows[i]);
		else if (i >= BURST - 2)
			reader->wrong++;
	}
	const struct flow_key *flow = &all[(number * 5) % FLOWS];
	struct core_session *single =
	        core_table_find(table, flow, flow_key_hash(flow, core_table_seed(table)));
	if (single != NULL)
		use(reader, single, flow);
}

static enum test_mode mode_of(unsigned number)
{
	return number % 4 == 0 ? TEST_UNAUTHENTICATED : TEST_AUTHENTICATED;
}

static void *reader_run(void *argument)
{
	struct reader *reader = argument;
	struct core_table *table = session_registry_table(registry, reader->core);
	struct rte_rcu_qsbr *rcu = session_registry_rcu(registry);
	struct flow_key flows[FLOWS + 1];

	for (uint16_t number = 0; number <= FLOWS; number++) {
		struct session_parameters parameters;

		fake_parameters(&parameters, mode_of(number), number);
		flows[number] = parameters.flow;
	}
	rte_rcu_qsbr_thread_online(rcu, reader->core);
	for (unsigned number = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); number += 7) {
		look_up(reader, table, flows, number);
		rte_rcu_qsbr_quiescent(rcu, reader->core);
	}
	rte_rcu_qsbr_thread_offline(rcu, reader->core);
	return NULL;
}

/** The writer goes on until every reader has seen a good deal of it. */
static bool readers_have_enough(const struct reader readers[CORES])
{
	for (unsigned core = 0; core < CORES; core++) {
		if (counter_read(&readers[core].lookups) < LOOKUPS)
			return false;
	}
	return true;
}

static void publish_and_withdraw_under_readers(void)
{
	struct session *sessions[FLOWS + 1] = {NULL};
	struct reader readers[CORES] = {0};
	struct session_parameters parameters;
	struct error error;
	unsigned failures = 0;

	CU_ASSERT_EQUAL_FATAL(session_registry_create(CORES, FLOWS + 1, NULL, &registry, &error),
	                      0);
	fake_parameters(&parameters, mode_of(FLOWS), FLOWS);
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &sessions[FLOWS], &error), 0);
	for (unsigned core = 0; core < CORES; core++) {
		readers[core].core = core;
		CU_ASSERT_EQUAL_FATAL(
		        pthread_create(&readers[core].thread, NULL, reader_run, &readers[core]), 0);
	}
	for (unsigned round = 0; round < ROUNDS || !readers_have_enough(readers); round++) {
		uint16_t number = (uint16_t)((round * 29) % FLOWS);

		if (sessions[number] != NULL) {
			(void)session_totals(registry, sessions[number]);
			session_withdraw(registry, sessions[number]);
			sessions[number] = NULL;
		} else {
			fake_parameters(&parameters, mode_of(number), number);
			failures += session_publish(registry, &parameters, &sessions[number],
			                            &error) != 0;
			session_start(registry, sessions[number]);
		}
		/* A reader that is off its CPU holds back all that is withdrawn meanwhile. */
		while (session_registry_reclaim(registry) > WAITING)
			(void)sched_yield();
		if (round % 64 == 0)
			(void)sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned core = 0; core < CORES; core++) {
		(void)pthread_join(readers[core].thread, NULL);
		CU_ASSERT_EQUAL(readers[core].wrong, 0);
		CU_ASSERT(readers[core].hits > 0);
	}
	CU_ASSERT_EQUAL(failures, 0);
	while (session_registry_reclaim(registry) > 0) {
	}
	unsigned keyed = 0;
	for (unsigned number = 0; number <= FLOWS; number++)
		keyed += sessions[number] != NULL && sessions[number]->cores->keys != NULL;
	CU_ASSERT_EQUAL(fake_wiped, fake_expanded - keyed);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_wiped, fake_expanded);
	CU_ASSERT(fake_wiped_what_it_expanded);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"publish and withdraw under readers", publish_and_withdraw_under_readers},
	        CU_TEST_INFO_NULL};
	return unit_run("session-session_concurrency", tests);
}
