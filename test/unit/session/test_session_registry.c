/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/session_registry.h"

#include <rte_rcu_qsbr.h>
#include <stdio.h>
#include <sys/resource.h>

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
	parameters.ptp_timestamps = true;
	CU_ASSERT(session_registry_flow_free(registry, &parameters.flow));
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	CU_ASSERT(!session_registry_flow_free(registry, &parameters.flow));
	for (unsigned core = 0; core < CORES; core++) {
		CU_ASSERT_PTR_EQUAL(find(core, &parameters.flow), &session->cores[core]);
		CU_ASSERT_EQUAL(session->cores[core].reflected, 0);
	}
	CU_ASSERT_EQUAL(session->cores[0].mode, TEST_AUTHENTICATED);
	CU_ASSERT_EQUAL(session->cores[0].features, SESSION_PTP);
	CU_ASSERT_EQUAL(session->cores[0].sender_header_size,
	                SECURE_SENDER_SYMMETRICAL_HEADER_SIZE);
	CU_ASSERT_EQUAL(session->cores[0].least_length, SECURE_SENDER_SYMMETRICAL_HEADER_SIZE);
	CU_ASSERT_EQUAL(session->cores[0].padding_to_reflect_length,
	                0); /* without Reflect Octets */
	CU_ASSERT_EQUAL(session->cores[0].traffic_class, 46 << 2);
	CU_ASSERT_EQUAL(session->cores[0].reflect_until_tsc, REFLECT_NOT_STARTED);
	CU_ASSERT(memcmp(session->sid, parameters.sid, sizeof(session->sid)) == 0);
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

/** No packet is so long: it must not wrap around to a length that some are. */
static void the_least_length_is_bounded(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	for (uint16_t mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		uint32_t header = mode == TEST_UNAUTHENTICATED ? 14 : 48;

		for (uint32_t less = 0; less <= 1; less++) {
			fake_parameters(&parameters, (enum test_mode)mode,
			                (uint16_t)(2 * mode + less));
			parameters.reflect_octets = true;
			parameters.padding_to_reflect_length =
			        (uint16_t)(UINT16_MAX - less * (header + 1));
			CU_ASSERT_EQUAL_FATAL(
			        session_publish(registry, &parameters, &session, &error), 0);
			CU_ASSERT_EQUAL(session->cores[0].least_length, UINT16_MAX - less);
		}
	}
	session_registry_destroy(registry);
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
	static const unsigned wrong[][2] = {{0, 1}, {1, 0}, {1, UINT32_MAX}};
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(
		        session_registry_create(wrong[i][0], wrong[i][1], NULL, &registry, &error),
		        ERROR_ARGUMENT);
		CU_ASSERT_PTR_NULL(registry);
	}
}

/** A core whose table refuses: the session must not stay on the others. */
static void partial_failure_rolls_back(void)
{
	struct session_parameters parameters;
	struct session *first, *session;

	set_up();
	fake_parameters(&parameters, TEST_AUTHENTICATED, 1);
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &first, &error), 0);
	/* The flow is free but for the last core, which still has the first one. */
	for (unsigned core = 0; core < CORES - 1; core++)
		CU_ASSERT_EQUAL(core_table_remove(session_registry_table(registry, core),
		                                  &first->cores[core]),
		                0);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), ERROR_EXISTS);
	for (unsigned core = 0; core < CORES - 1; core++)
		CU_ASSERT_PTR_NULL(find(core, &parameters.flow));
	CU_ASSERT_PTR_EQUAL(find(CORES - 1, &parameters.flow), &first->cores[CORES - 1]);
	CU_ASSERT_EQUAL(session_registry_count(registry), 1);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	CU_ASSERT_EQUAL(fake_wiped, 1);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_wiped, 2);
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

/** Memory is used again, with all of the former session gone from it. */
static void freed_memory_is_used_again(void)
{
	struct session_parameters parameters;
	struct session *session;

	set_up();
	for (unsigned mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		fake_parameters(&parameters, (enum test_mode)mode, 1);
		CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
		const struct core_session *views = session->cores;
		session_start(registry, session);
		for (unsigned core = 0; core < CORES; core++) {
			session->cores[core].reflected = 7;
			session->cores[core].expected_sequence = 8;
		}
		session_withdraw(registry, session);
		CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
		fake_parameters(&parameters, (enum test_mode)mode, 2);
		CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
		CU_ASSERT_PTR_EQUAL(session->cores, views);
		for (unsigned core = 0; core < CORES; core++) {
			CU_ASSERT_EQUAL(views[core].reflected, 0);
			CU_ASSERT_EQUAL(views[core].expected_sequence, 0);
			CU_ASSERT_EQUAL(views[core].reflect_until_tsc, REFLECT_NOT_STARTED);
		}
		session_withdraw(registry, session);
		CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	}
	CU_ASSERT_EQUAL(fake_expanded, 4);
	CU_ASSERT_EQUAL(fake_wiped, 4);
	CU_ASSERT(fake_wiped_what_it_expanded);
	session_registry_destroy(registry);
}

/** All of it, not only what was given back last. */
static void all_that_was_freed_is_used_again(void)
{
	const struct core_session *before[CAPACITY];
	struct session_parameters parameters;
	struct session *sessions[CAPACITY];
	unsigned found = 0;

	set_up();
	for (uint16_t i = 0; i < CAPACITY; i++) {
		fake_parameters(&parameters, TEST_ENCRYPTED, i);
		CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &sessions[i], &error),
		                      0);
		before[i] = sessions[i]->cores;
	}
	for (unsigned i = 0; i < CAPACITY; i++)
		session_withdraw(registry, sessions[i]);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	for (uint16_t i = 0; i < CAPACITY; i++) {
		fake_parameters(&parameters, TEST_ENCRYPTED, i);
		CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &sessions[i], &error),
		                      0);
		for (unsigned k = 0; k < CAPACITY; k++)
			found += sessions[i]->cores == before[k];
	}
	CU_ASSERT_EQUAL(found, CAPACITY);
	session_registry_destroy(registry);
}

/** Keys are gone where they lay, not only counted as gone. ASan would stop whoever looks at freed memory, so it is asked before. */
static void keys_are_wiped_where_they_lay(void)
{
	static const uint8_t zeros[sizeof(struct session_keys)];
	struct session_parameters parameters;
	struct session *session;

	set_up();
	fake_parameters(&parameters, TEST_AUTHENTICATED, 1);
	CU_ASSERT_EQUAL_FATAL(session_publish(registry, &parameters, &session, &error), 0);
	const void *keys = session->cores->keys;
	CU_ASSERT(memcmp(keys, zeros, sizeof(zeros)) != 0);
	session_withdraw(registry, session);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	fake_expand_fails = true; /* the next one gets the same memory, and leaves its keys alone */
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), ERROR_CRYPTO);
	CU_ASSERT_EQUAL(fake_wiped, 1);
	CU_ASSERT(fake_key_memory_was_zero);
	session_registry_destroy(registry);
}

/** Withdrawn at once by the thousand: freed in parts. Who publishes and withdraws in turn needs no timer. */
static void reclaim_is_bounded(void)
{
	enum { MANY = 5 * SESSION_RECLAIM_MAX / 2 };
	static struct session *sessions[MANY];
	struct session_parameters parameters;
	unsigned wrong = 0;

	set_up();
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL_FATAL(session_registry_create(1, MANY, NULL, &registry, &error), 0);
	struct rte_rcu_qsbr *rcu = session_registry_rcu(registry);
	for (unsigned i = 0; i < MANY; i++) {
		fake_parameters(&parameters, i % 2 == 0 ? TEST_UNAUTHENTICATED : TEST_ENCRYPTED,
		                (uint16_t)i);
		wrong += session_publish(registry, &parameters, &sessions[i], &error) != 0;
	}
	for (unsigned i = 0; i < MANY; i++)
		session_withdraw(registry, sessions[i]);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), MANY - SESSION_RECLAIM_MAX);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), MANY - 2 * SESSION_RECLAIM_MAX);
	CU_ASSERT_EQUAL(session_registry_reclaim(registry), 0);
	CU_ASSERT_EQUAL(fake_wiped, MANY / 2);
	fake_parameters(&parameters, TEST_ENCRYPTED, 1);
	for (unsigned i = 0; i < 4 * MANY; i++) {
		wrong += session_publish(registry, &parameters, &sessions[0], &error) != 0;
		session_withdraw(registry, sessions[0]);
	}
	CU_ASSERT_EQUAL(wrong, 0);
	/* A core that reports nothing holds all back, until there is no memory left to wait in. */
	rte_rcu_qsbr_thread_online(rcu, 0);
	unsigned published = 0;
	int status;
	while ((status = session_publish(registry, &parameters, &sessions[0], &error)) == 0) {
		session_withdraw(registry, sessions[0]);
		published++;
	}
	CU_ASSERT_EQUAL(status, ERROR_LIMIT);
	CU_ASSERT(published >= MANY);
	rte_rcu_qsbr_quiescent(rcu, 0);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &sessions[0], &error), 0);
	rte_rcu_qsbr_thread_offline(rcu, 0);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_wiped, fake_expanded);
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

/** Whom the suite refuses leaves nothing behind, however often. */
static void refused_keys_cost_nothing(void)
{
	struct session_parameters parameters;
	struct session *session;
	unsigned wrong = 0;

	set_up();
	fake_expand_fails = true;
	fake_parameters(&parameters, TEST_AUTHENTICATED, 1);
	for (unsigned i = 0; i < 70000; i++)
		wrong += session_publish(registry, &parameters, &session, &error) != ERROR_CRYPTO;
	CU_ASSERT_EQUAL(wrong, 0);
	fake_expand_fails = false;
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), 0);
	session_registry_destroy(registry);
}

/** Octets of writable memory that the process has, used or not. */
static rlim_t data_size(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long long kilobytes = 0;
	char line[256];

	while (status != NULL && fgets(line, sizeof(line), status) != NULL &&
	       sscanf(line, "VmData: %llu", &kilobytes) != 1) {
	}
	if (status != NULL)
		(void)fclose(status);
	return kilobytes * 1024;
}

static void limit_data(rlim_t size)
{
	struct rlimit limit;

	(void)getrlimit(RLIMIT_DATA, &limit);
	limit.rlim_cur = size;
	CU_ASSERT_EQUAL(setrlimit(RLIMIT_DATA, &limit), 0);
}

/** Millions of sessions may be configured where there is no memory for them; only those that come need it. */
static void capacity_is_not_memory(void)
{
	enum { CONFIGURED = 2097152, MOST = 65536 };
	struct session_parameters parameters;
	struct session *session;
	struct rlimit before;
	unsigned published = 0;
	int status = 0;

	set_up();
	session_registry_destroy(registry);
	(void)getrlimit(RLIMIT_DATA, &before);
	limit_data(data_size() + ((rlim_t)256 << 20));
	CU_ASSERT_EQUAL_FATAL(session_registry_create(CORES, CONFIGURED, NULL, &registry, &error),
	                      0);
	limit_data(data_size());
	while (status == 0 && published < MOST) {
		fake_parameters(&parameters, TEST_AUTHENTICATED, (uint16_t)published);
		status = session_publish(registry, &parameters, &session, &error);
		published += status == 0;
	}
	CU_ASSERT_EQUAL(status, ERROR_MEMORY);
	CU_ASSERT_EQUAL(session_registry_count(registry), published);
	CU_ASSERT(session_registry_flow_free(registry, &parameters.flow));
	limit_data(before.rlim_cur);
	CU_ASSERT_EQUAL(session_publish(registry, &parameters, &session, &error), 0);
	session_registry_destroy(registry);
	CU_ASSERT_EQUAL(fake_wiped, fake_expanded);
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
		counter_add(&session->cores[core].not_reflected, 1);
		counter_add(&session->cores[core].reflected, core + 1);
	}
	session->cores[0].last_received_tsc = 98;
	session->cores[1].last_received_tsc = 99;
	session->cores[2].last_received_tsc = 97;
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
	        {"the least length is bounded", the_least_length_is_bounded},
	        {"refusals", refusals},
	        {"partial failure rolls back", partial_failure_rolls_back},
	        {"reclaim waits for quiescent states", reclaim_waits_for_quiescent_states},
	        {"freed memory is used again", freed_memory_is_used_again},
	        {"all that was freed is used again", all_that_was_freed_is_used_again},
	        {"keys are wiped where they lay", keys_are_wiped_where_they_lay},
	        {"reclaim is bounded", reclaim_is_bounded},
	        {"sessions go in any order", sessions_go_in_any_order},
	        {"refused keys cost nothing", refused_keys_cost_nothing},
	        {"capacity is not memory", capacity_is_not_memory},
	        {"totals are sums", totals_are_sums},
	        CU_TEST_INFO_NULL};
	return unit_run("session-session_registry", tests);
}
