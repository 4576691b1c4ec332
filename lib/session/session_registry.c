/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/session_registry.h"

#include <rte_rcu_qsbr.h>
#include <stdlib.h>
#include <sys/random.h>

#include "session/session_slab.h"
#include "stats/counters.h"

/** So many may wait to be freed beside those that are published: only address space, unless a core is held up for long. */
#define WAITING_MAX 65536u
/** What session_publish frees at most: more than it makes, so that those who come and go leave nothing behind. */
#define RECLAIM_PER_PUBLISH 2u

enum slab_kind { SLAB_PLAIN, SLAB_KEYED, SLAB_KINDS };
_Static_assert(SLAB_KINDS == CORE_TABLE_AREAS, "a table knows all of them");

struct session_registry {
	unsigned core_count;
	unsigned capacity;
	unsigned count;   /**< published */
	unsigned waiting; /**< withdrawn, not yet freed */
	const struct suite *suite;
	struct rte_rcu_qsbr *rcu;
	struct session_slab
	        slabs[SLAB_KINDS];      /**< of unauthenticated sessions; of those with keys */
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

static int slabs_create(struct session_registry *registry)
{
	unsigned objects = registry->capacity + WAITING_MAX;
	int result =
	        session_slab_create(&registry->slabs[SLAB_PLAIN], registry->core_count, 0, objects);

	if (result != 0)
		return result;
	return session_slab_create(&registry->slabs[SLAB_KEYED], registry->core_count,
	                           suite_keys_size(registry->suite), objects);
}

static int tables_create(struct session_registry *registry)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return ERROR_SYSTEM;
	for (unsigned core = 0; core < registry->core_count; core++) {
		const struct core_table_area areas[CORE_TABLE_AREAS] = {
		        session_slab_area(&registry->slabs[SLAB_PLAIN], core),
		        session_slab_area(&registry->slabs[SLAB_KEYED], core)};

		registry->tables[core] = core_table_create(registry->capacity, seed, areas);
		if (registry->tables[core] == NULL)
			return ERROR_MEMORY;
	}
	return 0;
}

int session_registry_create(unsigned core_count, unsigned capacity, const struct suite *suite,
                            struct session_registry **registry, struct error *error)
{
	*registry = NULL;
	if (core_count == 0 || capacity == 0 || capacity > UINT32_MAX - WAITING_MAX)
		return error_set(error, ERROR_ARGUMENT, "sessions: %u cores, capacity %u",
		                 core_count, capacity);
	struct session_registry *made =
	        calloc(1, sizeof(*made) + core_count * sizeof(struct core_table *));
	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "sessions: out of memory");
	made->core_count = core_count;
	made->capacity = capacity;
	made->suite = suite;
	made->withdrawn_end = &made->withdrawn;
	int result = rcu_create(made);
	if (result == 0)
		result = slabs_create(made);
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

static struct session_slab *slab_of(struct session_registry *registry,
                                    const struct session *session)
{
	return &registry->slabs[session->cores->keys != NULL ? SLAB_KEYED : SLAB_PLAIN];
}

static void session_free(struct session_registry *registry, struct session *session)
{
	struct session_slab *slab = slab_of(registry, session);

	if (session->cores->keys != NULL)
		suite_keys_wipe(registry->suite, session_slab_keys(slab, session));
	session_slab_give_back(slab, session);
}

void session_registry_destroy(struct session_registry *registry)
{
	if (registry == NULL)
		return;
	for (unsigned core = 0; core < registry->core_count; core++)
		core_table_destroy(registry->tables[core]);
	for (unsigned kind = 0; kind < SLAB_KINDS; kind++) {
		struct session_slab *slab = &registry->slabs[kind];
		struct session *session;
		unsigned position = 0;

		while ((session = session_slab_next(slab, &position)) != NULL)
			session_free(registry, session);
		session_slab_destroy(slab);
	}
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

static void core_session_fill(struct core_session *core,
                              const struct session_parameters *parameters, const void *keys)
{
	core->flow = parameters->flow;
	core->reflect_until_tsc = REFLECT_NOT_STARTED;
	core->mode = (uint8_t)parameters->mode;
	core->traffic_class = (uint8_t)(parameters->dscp << 2);
	core->sender_header_size = (uint8_t)sender_header_size(
	        parameters->mode, parameters->symmetrical_size, parameters->monitoring);
	core->features = (uint8_t)((parameters->monitoring ? SESSION_MONITORING : 0) |
	                           (parameters->ptp_timestamps ? SESSION_PTP : 0));
	if (parameters->reflect_octets)
		core->padding_to_reflect_length = parameters->padding_to_reflect_length;
	uint32_t least = (uint32_t)core->sender_header_size + core->padding_to_reflect_length;
	core->least_length = (uint16_t)(least < UINT16_MAX ? least : UINT16_MAX);
	core->keys = keys;
}

static int session_make(struct session_registry *registry,
                        const struct session_parameters *parameters, struct session **made)
{
	bool keyed = parameters->mode != TEST_UNAUTHENTICATED;
	struct session_slab *slab = &registry->slabs[keyed ? SLAB_KEYED : SLAB_PLAIN];
	struct session *session = session_slab_take(slab);
	void *keys = NULL;

	if (session == NULL)
		return slab->touched < slab->capacity ? ERROR_MEMORY : ERROR_LIMIT;
	if (keyed) {
		keys = session_slab_keys(slab, session);
		int result = suite_keys_expand(registry->suite, &parameters->keys, keys);
		if (result != 0) {
			session_slab_give_back(slab, session);
			return result;
		}
	}
	memcpy(session->sid, parameters->sid, sizeof(session->sid));
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
	session->next = NULL;
	*registry->withdrawn_end = session;
	registry->withdrawn_end = &session->next;
	registry->waiting++;
}

/** The oldest `most` of the withdrawn, as far as their grace period is over. */
static void reclaim(struct session_registry *registry, unsigned most)
{
	struct session *session = registry->withdrawn;

	for (; most > 0 && session != NULL; most--) {
		struct session *next = session->next;

		if (rte_rcu_qsbr_check(registry->rcu, session->withdraw_token, false) != 1)
			break;
		session_free(registry, session);
		registry->waiting--;
		session = next;
	}
	registry->withdrawn = session;
	if (session == NULL)
		registry->withdrawn_end = &registry->withdrawn;
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
	reclaim(registry, RECLAIM_PER_PUBLISH);
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
	registry->count++;
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
	registry->count--;
	session_unlink(registry, session, registry->core_count);
}

unsigned session_registry_reclaim(struct session_registry *registry)
{
	reclaim(registry, SESSION_RECLAIM_MAX);
	return registry->waiting;
}

struct session_totals session_totals(const struct session_registry *registry,
                                     const struct session *session)
{
	struct session_totals totals = {0};

	for (unsigned core = 0; core < registry->core_count; core++) {
		const struct core_session *view = &session->cores[core];
		uint64_t last = counter_read(&view->last_received_tsc);
		uint64_t reflected = counter_read(&view->reflected);

		totals.received += reflected + counter_read(&view->not_reflected);
		totals.reflected += reflected;
		if (last > totals.last_received_tsc)
			totals.last_received_tsc = last;
	}
	return totals;
}

unsigned session_registry_count(const struct session_registry *registry)
{
	return registry->count;
}
