/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * IKE SAs by their SPIs. A balanced tree: peers choose half of an SA's SPIs, and no choice makes a look-up slow. SPIs are no secret
 * (they go in the clear), so that their comparison need not take constant time.
 */
#ifndef SPECULAR_KEY_IKE_SA_CACHE_H
#define SPECULAR_KEY_IKE_SA_CACHE_H

#include <stdint.h>
#include <sys/queue.h>

#include "key/ike_sa.h"

LIST_HEAD(ike_sa_list, ike_sa);

/** Zero-initialised but for capacity. */
struct ike_sa_cache {
	void *root; /**< of tsearch(3) */
	struct ike_sa_list sas;
	unsigned count;
	unsigned capacity; /**< SAs that it takes at most */
};

/** NULL when there is none. Owned by the cache. */
struct ike_sa *ike_sa_cache_find(const struct ike_sa_cache *cache,
                                 const uint8_t spis[IKE_SPIS_SIZE]);

/** Takes sa over, whose SPIs are not in the cache. ERROR_LIMIT, ERROR_MEMORY: sa is still the caller's. */
int ike_sa_cache_add(struct ike_sa_cache *cache, struct ike_sa *sa);

/** Takes an SA out; it is the caller's then. */
void ike_sa_cache_remove(struct ike_sa_cache *cache, struct ike_sa *sa);

/** Wipes and frees every SA. */
void ike_sa_cache_clear(struct ike_sa_cache *cache);

#endif
