/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The only meeting point of control and reflect: the slow path publishes a session to every core's table, and frees it (keys
 * wiped) only after every core has passed a quiescent state since its withdrawal (rte_rcu_qsbr).
 */
#ifndef SPECULAR_SESSION_SESSION_REGISTRY_H
#define SPECULAR_SESSION_SESSION_REGISTRY_H

#include <stdint.h>

#include "base/error.h"
#include "crypto/suite.h"
#include "session/core_table.h"
#include "session/session.h"

/** What one call of session_registry_reclaim frees at most: well below a millisecond. */
#define SESSION_RECLAIM_MAX 1024u

struct rte_rcu_qsbr;
struct session_registry;

/** Sums over the cores. */
struct session_totals {
	uint64_t received;
	uint64_t reflected;
	uint64_t last_received_tsc; /**< 0 when none came */
};

/**
 * suite: expands keys, of the kind that the cores use; must outlive the registry. capacity: sessions at once; it reserves address
 * space, which counts against no limit of memory; memory is for those that there are (and the cores' tables, 13 octets a session and
 * core). Slow path.
 */
int session_registry_create(unsigned core_count, unsigned capacity, const struct suite *suite,
                            struct session_registry **registry, struct error *error);
/** All cores must have stopped. Wipes and frees every session, published or withdrawn. */
void session_registry_destroy(struct session_registry *registry);

/**
 * What a polling lcore needs: its table, and the RCU variable in which it reports quiescent states as thread id `core`. All ids
 * are registered, but offline: a core goes online before its first look-up (rte_rcu_qsbr_thread_online) and offline after its
 * last. A core that is offline holds back no reclaim.
 */
struct core_table *session_registry_table(struct session_registry *registry, unsigned core);
struct rte_rcu_qsbr *session_registry_rcu(struct session_registry *registry);

/** True when no published session has this flow. Slow path. */
bool session_registry_flow_free(const struct session_registry *registry,
                                const struct flow_key *flow);

/**
 * Publishes a session, not started. ERROR_EXISTS: the flow is in use. ERROR_LIMIT: capacity. ERROR_MEMORY, ERROR_CRYPTO.
 * parameters (with its raw keys) stays the caller's to wipe. *session lives until session_withdraw.
 */
int session_publish(struct session_registry *registry, const struct session_parameters *parameters,
                    struct session **session, struct error *error);

/** From now on test packets are answered: Start-Sessions. */
void session_start(const struct session_registry *registry, struct session *session);
/** Test packets received before the TSC deadline are still answered: Stop-Sessions plus Timeout (RFC 5357 section 3.8). */
void session_stop(const struct session_registry *registry, struct session *session,
                  uint64_t until_tsc);
/** Takes it off every core's table at once; memory goes at a later session_registry_reclaim. The pointer is dead to the caller. */
void session_withdraw(struct session_registry *registry, struct session *session);

/**
 * Frees withdrawn sessions whose grace period is over, the oldest first and at most SESSION_RECLAIM_MAX, so that control goes on
 * when very many are withdrawn at once; called by a slow-path timer. Returns how many are still waiting: call again soon when
 * those are more than one call frees.
 */
unsigned session_registry_reclaim(struct session_registry *registry);

struct session_totals session_totals(const struct session_registry *registry,
                                     const struct session *session);
/** Published sessions. */
unsigned session_registry_count(const struct session_registry *registry);

#endif
