/* SPDX-License-Identifier: BSD-3-Clause */
/** Readers look flows up without pause while the writer publishes and withdraws them: ASan and TSan are the judges. */
#include <pthread.h>
#include <rte_rcu_qsbr.h>
#include <sched.h>

#include "session/session_registry.h"
#include "stats/counters.h"

#include "fake_suite.h"
#include "unit.h"

#define CORES  2u
#define FLOWS  64u
#define ROUNDS 20000u

static struct session_registry *registry;
static bool stop;

struct reader {
	pthread_t thread;
	unsigned core;
	uint64_t lookups;
	uint64_t hits;
	uint64_t wrong;
};

static void look_up(struct reader *reader, struct core_table *table, uint16_t number)
{
	struct session_parameters parameters;

	fake_parameters(&parameters, TEST_AUTHENTICATED, number);
	uint64_t hash = flow_key_hash(&parameters.flow, core_table_seed(table));
	core_table_prefetch(table, hash);
	core_table_prefetch_session(table, hash);
	struct core_session *found = core_table_find(table, &parameters.flow, hash);
	reader->lookups++;
	if (found == NULL)
		return;
	const struct session_keys *keys = found->keys;
	if (keys->aes[15] != 0xa5 || keys->hmac[31] != 0x5a ||
	    !flow_key_equal(&found->flow, &parameters.flow))
		reader->wrong++;
	found->reflected++;
	counter_add(&found->received, 1);
	reader->hits++;
}

static void *reader_run(void *argument)
{
	struct reader *reader = argument;
	struct core_table *table = session_registry_table(registry, reader->core);
	struct rte_rcu_qsbr *rcu = session_registry_rcu(registry);

	rte_rcu_qsbr_thread_online(rcu, reader->core);
	for (uint16_t number = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED);
	     number = (uint16_t)((number + 7) % FLOWS)) {
		look_up(reader, table, number);
		look_up(reader, table, (uint16_t)((number + 1) % FLOWS));
		rte_rcu_qsbr_quiescent(rcu, reader->core);
	}
	rte_rcu_qsbr_thread_offline(rcu, reader->core);
	return NULL;
}

static void publish_and_withdraw_under_readers(void)
{
	struct session *sessions[FLOWS] = {NULL};
	struct reader readers[CORES] = {0};
	struct session_parameters parameters;
	struct error error;
	unsigned failures = 0;

	CU_ASSERT_EQUAL_FATAL(session_registry_create(CORES, FLOWS, NULL, &registry, &error), 0);
	for (unsigned core = 0; core < CORES; core++) {
		readers[core].core = core;
		CU_ASSERT_EQUAL_FATAL(
		        pthread_create(&readers[core].thread, NULL, reader_run, &readers[core]), 0);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint16_t number = (uint16_t)((round * 29) % FLOWS);

		if (sessions[number] != NULL) {
			(void)session_totals(registry, sessions[number]);
			session_withdraw(registry, sessions[number]);
			sessions[number] = NULL;
		} else {
			fake_parameters(&parameters, TEST_AUTHENTICATED, number);
			failures += session_publish(registry, &parameters, &sessions[number],
			                            &error) != 0;
			session_start(registry, sessions[number]);
		}
		(void)session_registry_reclaim(registry);
		if (round % 64 == 0)
			(void)sched_yield();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (unsigned core = 0; core < CORES; core++) {
		(void)pthread_join(readers[core].thread, NULL);
		CU_ASSERT_EQUAL(readers[core].wrong, 0);
		CU_ASSERT(readers[core].lookups > 0);
	}
	CU_ASSERT_EQUAL(failures, 0);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	CU_ASSERT_EQUAL(fake_wiped, fake_expanded - session_registry_count(registry));
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
