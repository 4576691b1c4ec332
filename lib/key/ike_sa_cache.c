/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/ike_sa_cache.h"

#include <search.h>
#include <stddef.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
	_Static_assert(offsetof(struct ike_sa, spis) == 0, "an SA's address is its SPIs'");
	return memcmp(left, right, IKE_SPIS_SIZE);
}

struct ike_sa *ike_sa_cache_find(const struct ike_sa_cache *cache,
                                 const uint8_t spis[IKE_SPIS_SIZE])
{
	struct ike_sa **found = tfind(spis, &cache->root, compare);

	return found != NULL ? *found : NULL;
}

int ike_sa_cache_add(struct ike_sa_cache *cache, struct ike_sa *sa)
{
	if (cache->count >= cache->capacity)
		return ERROR_LIMIT;
	if (tsearch(sa, &cache->root, compare) == NULL)
		return ERROR_MEMORY;
	LIST_INSERT_HEAD(&cache->sas, sa, link);
	cache->count++;
	return 0;
}

void ike_sa_cache_remove(struct ike_sa_cache *cache, struct ike_sa *sa)
{
	(void)tdelete(sa, &cache->root, compare);
	LIST_REMOVE(sa, link);
	cache->count--;
}

void ike_sa_cache_clear(struct ike_sa_cache *cache)
{
	struct ike_sa *sa;

	while ((sa = LIST_FIRST(&cache->sas)) != NULL) {
		ike_sa_cache_remove(cache, sa);
		ike_sa_destroy(sa);
	}
}
