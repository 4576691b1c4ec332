/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/session_registry.h"

#include <rte_rcu_qsbr.h>
#include <stdlib.h>
#include <sys/random.h>

#include "stats/counters.h"

struct session_registry {
	unsigned core_count;
	unsigned capacity;
	unsigned count;
	const struct suite *suite;
	struct rte_rcu_qsbr *rcu;
	struct session **published;     /**< count of capacity entries */
	struct session *withdrawn;      /**< oldest first, so that tokens ascend */
	struct session **withdrawn_end; /**< where the next one is hung in */
	struct core_table *tables[];
};

static int rcu_create(struct session_registry *registry)
{
	size_t size = rte_rcu_qsbr_get_memsize(registry->core_count);

	registry->rcu = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN(size, RTE_CACHE_LINE_SIZE));
	if (registry->rcu == NULL)
		return ERROR_MEMORY;
	if (rte_rcu_qsbr_init(registry->rcu, registry->core_count) != 0)
		return ERROR_ARGUMENT;
	for (unsigned core = 0; core < registry->core_count; core++) {
		if (rte_rcu_qsbr_thread_register(registry->rcu, core) != 0)
			return ERROR_ARGUMENT;
	}
	return 0;
}

static int tables_create(struct session_registry *registry)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return ERROR_SYSTEM;
	for (unsigned core = 0; core < registry->core_count; core++) {
		registry->tables[core] = core_table_create(registry->capacity, seed);
		if (registry->tables[core] == NULL)
			return ERROR_MEMORY;
	}
	return 0;
}

int session_registry_create(unsigned core_count, unsigned capacity, const struct suite *suite,
                            struct session_registry **registry, struct error *error)
{
	*registry = NULL;
	if (core_count == 0 || capacity == 0)
		return error_set(error, ERROR_ARGUMENT, "sessions: no core or no capacity");
	struct session_registry *made =
	        calloc(1, sizeof(*made) + core_count * sizeof(struct core_table *));
	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "sessions: out of memory");
	made->core_count = core_count;
	made->capacity = capacity;
	made->suite = suite;
	made->withdrawn_end = &made->withdrawn;
	made->published = calloc(capacity, sizeof(struct session *));
	int result = made->published != NULL ? 0 : ERROR_MEMORY;
	if (result == 0)
		result = rcu_create(made);
	if (result == 0)
		result = tables_create(made);
	if (result != 0) {
		session_registry_destroy(made);
		return error_set(error, result, "sessions: tables for %u sessions on %u cores: %s",
		                 capacity, core_count, error_name(result));
	}
	*registry = made;
	return 0;
}

static void session_free(const struct session_registry *registry, struct session *session)
{
	void *keys = session->cores != NULL ? (void *)(uintptr_t)session->cores->keys : NULL;

	if (keys != NULL)
		suite_keys_wipe(registry->suite, keys);
	free(keys);
	free(session->cores);
	free(session);
}

void session_registry_destroy(struct session_registry *registry)
{
	if (registry == NULL)
		return;
	for (unsigned i = 0; i < registry->count; i++)
		session_free(registry, registry->published[i]);
	for (struct session *session = registry->withdrawn; session != NULL;) {
		struct session *next = session->next_withdrawn;

		session_free(registry, session);
		session = next;
	}
	for (unsigned core = 0; core < registry->core_count; core++)
		core_table_destroy(registry->tables[core]);
	free(registry->published);
	free(registry->rcu);
	free(registry);
}

struct core_table *session_registry_table(struct session_registry *registry, unsigned core)
{
	return registry->tables[core];
}

struct rte_rcu_qsbr *session_registry_rcu(struct session_registry *registry)
{
	return registry->rcu;
}

bool session_registry_flow_free(const struct session_registry *registry,
                                const struct flow_key *flow)
{
	const struct core_table *table = registry->tables[0];

	return core_table_find(table, flow, flow_key_hash(flow, core_table_seed(table))) == NULL;
}

static int expand_keys(const struct session_registry *registry,
                       const struct session_parameters *parameters, void **expanded)
{
	void *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(registry->suite));

	if (keys == NULL)
		return ERROR_MEMORY;
	int result = suite_keys_expand(registry->suite, &parameters->keys, keys);
	if (result != 0) {
		free(keys);
		return result;
	}
	*expanded = keys;
	return 0;
}

static void core_session_fill(struct core_session *core,
                              const struct session_parameters *parameters, const void *keys)
{
	core->flow = parameters->flow;
	core->reflect_until_tsc = REFLECT_NOT_STARTED;
	core->mode = (uint8_t)parameters->mode;
	core->traffic_class = (uint8_t)(parameters->dscp << 2);
	core->sender_header_size =
	        sender_header_size(parameters->mode, parameters->symmetrical_size);
	core->reflector_header_size = reflector_header_size(parameters->mode);
	if (parameters->reflect_octets)
		core->padding_to_reflect_length = parameters->padding_to_reflect_length;
	core->keys = keys;
}

static int session_make(const struct session_registry *registry,
                        const struct session_parameters *parameters, struct session **made)
{
	struct session *session = calloc(1, sizeof(*session));
	size_t cores_size = registry->core_count * sizeof(struct core_session);
	void *keys = NULL;
	int result = 0;

	if (session == NULL)
		return ERROR_MEMORY;
	memcpy(session->sid, parameters->sid, sizeof(session->sid));
	session->cores = aligned_alloc(_Alignof(struct core_session), cores_size);
	if (session->cores == NULL) {
		session_free(registry, session);
		return ERROR_MEMORY;
	}
	memset(session->cores, 0, cores_size);
	if (parameters->mode != TEST_UNAUTHENTICATED)
		result = expand_keys(registry, parameters, &keys);
	if (result != 0) {
		session_free(registry, session);
		return result;
	}
	for (unsigned core = 0; core < registry->core_count; core++)
		core_session_fill(&session->cores[core], parameters, keys);
	*made = session;
	return 0;
}

/** Takes it off the first `cores` cores' tables. One of them may have found it already: it waits for their quiescent states. */
static void session_unlink(struct session_registry *registry, struct session *session,
                           unsigned cores)
{
	for (unsigned core = 0; core < cores; core++)
		(void)core_table_remove(registry->tables[core], &session->cores[core]);
	session->withdraw_token = rte_rcu_qsbr_start(registry->rcu);
	*registry->withdrawn_end = session;
	registry->withdrawn_end = &session->next_withdrawn;
}

int session_publish(struct session_registry *registry, const struct session_parameters *parameters,
                    struct session **session, struct error *error)
{
	struct session *made;

	*session = NULL;
	if (registry->count >= registry->capacity)
		return error_set(error, ERROR_LIMIT, "session: %u are all there may be",
		                 registry->capacity);
	if (!session_registry_flow_free(registry, &parameters->flow))
		return error_set(error, ERROR_EXISTS, "session: the flow is in use");
	int result = session_make(registry, parameters, &made);
	if (result != 0)
		return error_set(error, result, "session: %s", error_name(result));
	for (unsigned core = 0; core < registry->core_count; core++) {
		result = core_table_insert(registry->tables[core], &made->cores[core]);
		if (result != 0) {
			session_unlink(registry, made, core);
			return error_set(error, result, "session: core %u's table: %s", core,
			                 error_name(result));
		}
	}
	made->index = registry->count;
	registry->published[registry->count++] = made;
	*session = made;
	return 0;
}

/** The same in every core's view. */
static void reflect_until(const struct session_registry *registry, struct session *session,
                          uint64_t until_tsc)
{
	for (unsigned core = 0; core < registry->core_count; core++)
		__atomic_store_n(&session->cores[core].reflect_until_tsc, until_tsc,
		                 __ATOMIC_RELAXED);
}

void session_start(const struct session_registry *registry, struct session *session)
{
	reflect_until(registry, session, REFLECT_NO_DEADLINE);
}

void session_stop(const struct session_registry *registry, struct session *session,
                  uint64_t until_tsc)
{
	reflect_until(registry, session, until_tsc);
}

void session_withdraw(struct session_registry *registry, struct session *session)
{
	struct session *last = registry->published[--registry->count];

	registry->published[session->index] = last;
	last->index = session->index;
	session_unlink(registry, session, registry->core_count);
}

unsigned session_registry_reclaim(struct session_registry *registry)
{
	struct session *session = registry->withdrawn;
	unsigned waiting = 0;

	while (session != NULL &&
	       rte_rcu_qsbr_check(registry->rcu, session->withdraw_token, false) == 1) {
		struct session *next = session->next_withdrawn;

		session_free(registry, session);
		session = next;
	}
	registry->withdrawn = session;
	if (session == NULL)
		registry->withdrawn_end = &registry->withdrawn;
	for (; session != NULL; session = session->next_withdrawn)
		waiting++;
	return waiting;
}

struct session_totals session_totals(const struct session_registry *registry,
                                     const struct session *session)
{
	struct session_totals totals = {0};

	for (unsigned core = 0; core < registry->core_count; core++) {
		const struct core_session *view = &session->cores[core];
		uint64_t last = counter_read(&view->last_received_tsc);

		totals.received += counter_read(&view->received);
		totals.reflected += counter_read(&view->reflected);
		if (last > totals.last_received_tsc)
			totals.last_received_tsc = last;
	}
	return totals;
}

unsigned session_registry_count(const struct session_registry *registry)
{
	return registry->count;
}
