/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/session_slab.h"

#include <string.h>

#include "base/error.h"
#include "session/reservation.h"

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* no-ops without ASan */
#else
#define ASAN_POISON_MEMORY_REGION(memory, size)   ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#endif

/** What an installed session may take for each core: see huge_from. */
#define OCTETS_A_CORE 256u
/** Of that a table's two slots, each a tenth of a cache line. */
#define TABLE_OCTETS 13u
/** Whoever takes more than that anyway has huge pages from here on. */
#define SMALL_PAGES_MOST 8u
/** An appliance made for so many huge pages of sessions can spare one while it has few. */
#define HUGE_PAGES_ALONE 4u

static size_t objects_size(const struct session_slab *slab)
{
	return slab->capacity * slab->object_size;
}

static size_t sessions_size(const struct session_slab *slab)
{
	return slab->capacity * sizeof(struct session);
}

/** What a session takes beside its object. */
static size_t beside(const struct session_slab *slab)
{
	return sizeof(struct session) + (size_t)slab->core_count * TABLE_OCTETS;
}

/** Whether there may be many sessions, and all of them in huge pages take no more than they may. */
static bool fits_huge_pages(const struct session_slab *slab)
{
	size_t page = RESERVATION_HUGE_PAGE;
	size_t pages = (objects_size(slab) + page - 1) / page;

	return objects_size(slab) >= HUGE_PAGES_ALONE * page &&
	       pages * page + slab->capacity * beside(slab) <=
	               (size_t)slab->capacity * slab->core_count * OCTETS_A_CORE;
}

/**
 * From where on there are huge pages. Where there may be many sessions all are in huge ones, even if few of them cannot fill the first:
 * half of the packets of 64k sessions would wait for page walks. Else from where one that has only just begun leaves a session, with its
 * share of the tables, within what it may take a core, and what comes before is in small pages.
 */
static size_t huge_from(const struct session_slab *slab)
{
	size_t most = slab->core_count * OCTETS_A_CORE;
	size_t used = slab->object_size + beside(slab);
	size_t spare = used < most ? most - used : 1;
	/* After k pages there are k * page / object_size sessions. */
	size_t pages = (slab->object_size + spare - 1) / spare;

	if (fits_huge_pages(slab))
		return 0;
	return (pages < SMALL_PAGES_MOST ? pages : SMALL_PAGES_MOST) * RESERVATION_HUGE_PAGE;
}

int session_slab_create(struct session_slab *slab, unsigned core_count, size_t keys_size,
                        unsigned capacity)
{
	memset(slab, 0, sizeof(*slab));
	slab->core_count = core_count;
	slab->capacity = capacity;
	slab->object_size = core_count * sizeof(struct core_session) + keys_size;
	slab->objects = reservation_create(objects_size(slab), RESERVATION_GROWS, huge_from(slab));
	slab->sessions =
	        reservation_create(sessions_size(slab), RESERVATION_GROWS, RESERVATION_NO_HUGE);
	if (slab->objects != NULL && slab->sessions != NULL)
		return 0;
	session_slab_destroy(slab);
	return ERROR_MEMORY;
}

void session_slab_destroy(struct session_slab *slab)
{
	if (slab->objects != NULL)
		ASAN_UNPOISON_MEMORY_REGION(slab->objects, slab->touched * slab->object_size);
	if (slab->sessions != NULL)
		ASAN_UNPOISON_MEMORY_REGION(slab->sessions, slab->touched * sizeof(struct session));
	reservation_destroy(slab->objects, objects_size(slab));
	reservation_destroy(slab->sessions, sessions_size(slab));
	memset(slab, 0, sizeof(*slab));
}

static uint8_t *object_of(const struct session_slab *slab, const struct session *session)
{
	return slab->objects + (size_t)(session - slab->sessions) * slab->object_size;
}

/** One that was never in use; NULL when there is no memory for it. */
static struct session *take_new(struct session_slab *slab)
{
	size_t end = (size_t)slab->touched + 1;

	if (end > slab->capacity ||
	    !reservation_grow(slab->objects, objects_size(slab), end * slab->object_size,
	                      &slab->objects_usable) ||
	    !reservation_grow(slab->sessions, sessions_size(slab), end * sizeof(struct session),
	                      &slab->sessions_usable))
		return NULL;
	return &slab->sessions[slab->touched++];
}

struct session *session_slab_take(struct session_slab *slab)
{
	struct session *session = slab->free;

	if (session != NULL) {
		ASAN_UNPOISON_MEMORY_REGION(session, sizeof(*session));
		slab->free = session->next;
	} else {
		session = take_new(slab);
		if (session == NULL)
			return NULL;
	}
	uint8_t *object = object_of(slab, session);
	ASAN_UNPOISON_MEMORY_REGION(object, slab->object_size);
	memset(object, 0, slab->core_count * sizeof(struct core_session));
	memset(session, 0, sizeof(*session));
	session->cores = (struct core_session *)(void *)object;
	return session;
}

void session_slab_give_back(struct session_slab *slab, struct session *session)
{
	session->cores = NULL;
	session->next = slab->free;
	slab->free = session;
	ASAN_POISON_MEMORY_REGION(object_of(slab, session), slab->object_size);
	ASAN_POISON_MEMORY_REGION(session, sizeof(*session));
}

void *session_slab_keys(const struct session_slab *slab, const struct session *session)
{
	return object_of(slab, session) + slab->core_count * sizeof(struct core_session);
}

struct session *session_slab_next(struct session_slab *slab, unsigned *position)
{
	while (*position < slab->touched) {
		struct session *session = &slab->sessions[(*position)++];

		ASAN_UNPOISON_MEMORY_REGION(session, sizeof(*session));
		if (session->cores != NULL)
			return session;
	}
	return NULL;
}

struct core_table_area session_slab_area(const struct session_slab *slab, unsigned core)
{
	uint8_t *first = slab->objects + core * sizeof(struct core_session);

	return (struct core_table_area){.first = (struct core_session *)(void *)first,
	                                .stride = slab->object_size,
	                                .count = slab->capacity};
}
