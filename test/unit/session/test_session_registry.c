/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/session_registry.h"

#include <rte_rcu_qsbr.h>

#include "stats/counters.h"

#include "fake_suite.h"
#include "unit.h"

#define CORES    3u
#define CAPACITY 8u

static struct session_registry *registry;
static struct error error;

static void set_up(void)
{
	fake_expanded = 0;
	fake_wiped = 0;
	fake_expand_fails = false;
	fake_wiped_what_it_expanded = true;
	CU_ASSERT_EQUAL_FATAL(session_registry_create(CORES, CAPACITY, NULL, &registry, &error), 0);
}

static struct core_session *find(unsigned core, const struct flow_key *flow)
{
	const struct core_table *table = session_registry_table(registry, core);

	return core_table_find(table, flow, flow_key_hash(flow, core_table_seed(table)));
}

static void publish_reaches_every_core(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	fake_parameters(&parameters, TEST_AUTHENTICATED, 1);
	parameters.symmetrical_size = true;
	parameters.padding_to_reflect_length = 9;
	CU_ASSERT(session_registry_flow_free(registry, &parameters.flow));
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	CU_ASSERT(!session_registry_flow_free(registry, &parameters.flow));
	for (unsigned core = 0; core < CORES; core++) {
		CU_ASSERT_PTR_EQUAL(find(core, &parameters.flow), &session->cores[core]);
		CU_ASSERT_EQUAL(session->cores[core].reflected, 0);
	}
	CU_ASSERT_EQUAL(session->cores[0].mode, TEST_AUTHENTICATED);
	CU_ASSERT_EQUAL(session->cores[0].sender_header_size,
	                SECURE_SENDER_SYMMETRICAL_HEADER_SIZE);
	CU_ASSERT_EQUAL(session->cores[0].reflector_header_size, SECURE_REFLECTOR_HEADER_SIZE);
	CU_ASSERT_EQUAL(session->cores[0].padding_to_reflect_length,
	                0); /* without Reflect Octets */
	CU_ASSERT_EQUAL(session->cores[0].traffic_class, 46 << 2);
	CU_ASSERT_EQUAL(session->cores[0].reflect_until_tsc, REFLECT_NOT_STARTED);
	session_start(registry, session);
	CU_ASSERT_EQUAL(session->cores[0].reflect_until_tsc, REFLECT_NO_DEADLINE);
	session_stop(registry, session, 1234);
	CU_ASSERT_EQUAL(session->cores[0].reflect_until_tsc, 1234);
	CU_ASSERT_EQUAL(fake_expanded, 1);
	CU_ASSERT_EQUAL(session_registry_count(registry), 1);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_wiped, 1);
	CU_ASSERT(fake_wiped_what_it_expanded);
}

static void unauthenticated_sessions_have_no_keys(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	fake_parameters(&parameters, TEST_UNAUTHENTICATED, 1);
	parameters.reflect_octets = true;
	parameters.padding_to_reflect_length = 9;
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	CU_ASSERT_PTR_NULL(session->cores[0].keys);
	CU_ASSERT_EQUAL(session->cores[0].padding_to_reflect_length, 9);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_expanded + fake_wiped, 0);
}

static void refusals(void)
{
	struct session_parameters parameters;
	struct session *sessions[CAPACITY], *refused;

	set_up();
	for (uint16_t i = 0; i < CAPACITY; i++) {
		fake_parameters(&parameters, TEST_ENCRYPTED, i);
		CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &sessions[i], &error),
		                      0);
	}
	fake_parameters(&parameters, TEST_ENCRYPTED, CAPACITY);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &refused, &error), ERROR_LIMIT);
	CU_ASSERT_PTR_NULL(refused);
	session_withdraw(registry, sessions[0]);
	fake_parameters(&parameters, TEST_ENCRYPTED, 1);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &refused, &error), ERROR_EXISTS);
	CU_ASSERT_EQUAL(session_registry_count(registry), CAPACITY - 1);
	fake_expand_fails = true;
	fake_parameters(&parameters, TEST_ENCRYPTED, 0);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &refused, &error), ERROR_CRYPTO);
	CU_ASSERT(session_registry_flow_free(registry, &parameters.flow));
	fake_expand_fails = false;
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &refused, &error), 0);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_expanded, CAPACITY + 1);
	CU_ASSERT_EQUAL(fake_wiped, CAPACITY + 1);
	CU_ASSERT_EQUAL(session_registry_create(0, 1, NULL, &registry, &error), ERROR_ARGUMENT);
	CU_ASSERT_PTR_NULL(registry);
}

/** A core whose table is full: the session must not stay on the others. */
static void partial_failure_rolls_back(void)
{
	enum { SLOTS = 16 };
	static struct core_session foreign[SLOTS];
	struct session_parameters parameters;
	struct session *session;

	set_up();
	for (uint16_t i = 0; i < SLOTS; i++) {
		foreign[i].flow.outer_vlan = (uint16_t)(i + 1);
		CU_ASSERT_EQUAL(
		        core_table_insert(session_registry_table(registry, CORES - 1), &foreign[i]),
		        0);
	}
	fake_parameters(&parameters, TEST_AUTHENTICATED, 1);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), ERROR_LIMIT);
	for (unsigned core = 0; core < CORES; core++)
		CU_ASSERT_PTR_NULL(find(core, &parameters.flow));
	CU_ASSERT_EQUAL(session_registry_count(registry), 0);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	CU_ASSERT_EQUAL(fake_wiped, 1);
	session_registry_destroy(registry);
}

static void reclaim_waits_for_quiescent_states(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	struct rte_rcu_qsbr *rcu = session_registry_rcu(registry);
	rte_rcu_qsbr_thread_online(rcu, 0);
	rte_rcu_qsbr_thread_online(rcu, 2); /* core 1 never comes online */
	fake_parameters(&parameters, TEST_ENCRYPTED, 1);
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	rte_rcu_qsbr_quiescent(rcu, 0);
	rte_rcu_qsbr_quiescent(rcu, 2);
	session_withdraw(registry, session);
	CU_ASSERT_PTR_NULL(find(0, &parameters.flow));
	CU_ASSERT_EQUAL(session_registry_count(registry), 0);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 1);
	CU_ASSERT_EQUAL(fake_wiped, 0);
	rte_rcu_qsbr_quiescent(rcu, 0);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 1);
	rte_rcu_qsbr_quiescent(rcu, 2);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	CU_ASSERT_EQUAL(fake_wiped, 1);
	CU_ASSERT(fake_wiped_what_it_expanded);
	/* The flow may come back while another one is still waiting. */
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	session_withdraw(registry, session);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), 0);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 1);
	rte_rcu_qsbr_thread_offline(rcu, 0);
	rte_rcu_qsbr_thread_offline(rcu, 2);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	session_registry_destroy(registry);
}

/** Whichever goes first, the others stay, and each is wiped once. */
static void sessions_go_in_any_order(void)
{
	static const unsigned order[] = {0, 3, 1, 5, 2, 4};
	struct session_parameters parameters[6];
	struct session *sessions[6];

	set_up();
	for (uint16_t i = 0; i < 6; i++) {
		fake_parameters(&parameters[i], TEST_AUTHENTICATED, i);
		CU_ASSERT_EQUAL_FATAL(
		        session_publish(registry, &parameters[i], &sessions[i], &error), 0);
	}
	for (unsigned i = 0; i < 6; i++) {
		session_withdraw(registry, sessions[order[i]]);
		CU_ASSERT_EQUAL(session_registry_count(registry), 5 - i);
		for (unsigned k = 0; k < 6; k++) {
			bool gone = false;
			for (unsigned j = 0; j <= i; j++)
				gone = gone || order[j] == k;
			CU_ASSERT_EQUAL(session_registry_flow_free(registry, &parameters[k].flow),
			                gone);
		}
		if (i == 2) /* half of them at once, the rest with the registry */
			CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
		if (i == 4)
			break;
	}
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_expanded, 6);
	CU_ASSERT_EQUAL(fake_wiped, 6);
}

static void totals_are_sums(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	fake_parameters(&parameters, TEST_UNAUTHENTICATED, 1);
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	CU_ASSERT_EQUAL(session_totals(registry, session).last_received_tsc, 0);
	for (unsigned core = 0; core < CORES; core++) {
		counter_add(&session->cores[core].received, core + 2);
		counter_add(&session->cores[core].reflected, core + 1);
	}
	session->cores[1].last_received_tsc = 99;
	struct session_totals totals = session_totals(registry, session);
	CU_ASSERT_EQUAL(totals.received, 9);
	CU_ASSERT_EQUAL(totals.reflected, 6);
	CU_ASSERT_EQUAL(totals.last_received_tsc, 99);
	session_registry_destroy(registry);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"publish reaches every core", publish_reaches_every_core},
	        {"unauthenticated sessions have no keys", unauthenticated_sessions_have_no_keys},
	        {"refusals", refusals},
	        {"partial failure rolls back", partial_failure_rolls_back},
	        {"reclaim waits for quiescent states", reclaim_waits_for_quiescent_states},
	        {"sessions go in any order", sessions_go_in_any_order},
	        {"totals are sums", totals_are_sums},
	        CU_TEST_INFO_NULL};
	return unit_run("session-session_registry", tests);
}
