/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sa_store.h"

#include <pthread.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/error.h"
#include "base/secret.h"

#define SPIS_SIZE (2 * (size_t)IKE_KEY_SPI_SIZE)

/** A message as octets: a fifth of the struct's size. */
struct record {
	size_t size;
	uint8_t octets[];
};

TAILQ_HEAD(sa_list, sa);
STAILQ_HEAD(change_list, change);

struct peer {
	struct address address; /* the key of store->peers: stays first */
	struct sa_list sas;     /* oldest first; never empty */
};

struct sa {
	uint8_t spis[SPIS_SIZE]; /* the key of store->by_spis: stays first */
	uint64_t number;         /* in order of insertion */
	struct record *record;
	struct peer *peer;
	TAILQ_ENTRY(sa) of_store;
	TAILQ_ENTRY(sa) of_peer;
};

struct change {
	STAILQ_ENTRY(change) link;
	struct record *record;
};

struct sa_store {
	pthread_mutex_t mutex; /* over all that follows, but for changed_fd's value */
	void *by_spis; /* of struct sa; tsearch(3) keeps it balanced, whatever SPIs peers choose */
	void *peers;   /* of struct peer */
	struct sa_list sas; /* oldest first */
	size_t count;
	uint64_t number;
	struct sa_cursor *cursors;
	struct change_list changes;
	bool changes_lost;
	int changed_fd;
};

static int compare_spis(const void *left, const void *right)
{
	return memcmp(left, right, SPIS_SIZE);
}

static int compare_addresses(const void *left, const void *right)
{
	return memcmp(left, right, sizeof(struct address));
}

static void set_spis(uint8_t spis[SPIS_SIZE], const uint8_t *spi_i, const uint8_t *spi_r)
{
	memcpy(spis, spi_i, IKE_KEY_SPI_SIZE);
	memcpy(spis + IKE_KEY_SPI_SIZE, spi_r, IKE_KEY_SPI_SIZE);
}

static void record_free(struct record *record)
{
	if (record)
		secret_wipe(record->octets, record->size);
	free(record);
}

static int record_make(const struct ike_key_message *message, uint8_t type, struct record **record)
{
	struct ike_key_message typed = *message;
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	int result = ERROR_ARGUMENT;

	typed.type = type;
	typed.request = 0;
	size_t size = ike_key_message_write(&typed, octets, sizeof(octets));
	/* What can't be read, for want of an attribute perhaps, would end the clients' connections. */
	if (size > 0 && ike_key_message_read(octets, size, &typed) == 0) {
		*record = malloc(sizeof(**record) + size);
		result = *record ? 0 : ERROR_MEMORY;
	}
	if (result == 0) {
		(*record)->size = size;
		memcpy((*record)->octets, octets, size);
	}
	secret_wipe(octets, sizeof(octets));
	secret_wipe(&typed, sizeof(typed));
	return result;
}

static bool record_equal(const struct record *left, const struct record *right)
{
	return left->size == right->size && secret_equal(left->octets, right->octets, left->size);
}

/* Can't fail: record_make has tried. */
static void record_read(const struct record *record, struct ike_key_message *message)
{
	(void)ike_key_message_read(record->octets, record->size, message);
}

static struct sa *find_sa(struct sa_store *store, const uint8_t *spi_i, const uint8_t *spi_r)
{
	uint8_t spis[SPIS_SIZE];

	set_spis(spis, spi_i, spi_r);
	struct sa *const *found = tfind(spis, &store->by_spis, compare_spis);
	return found ? *found : NULL;
}

static void changed(struct sa_store *store)
{
	/* Fails only when it counts to the end, and then it is readable anyway. */
	(void)!eventfd_write(store->changed_fd, 1);
}

static void tell(struct sa_store *store, const struct ike_key_message *message, uint8_t type)
{
	struct change *change = malloc(sizeof(*change));

	if (change && record_make(message, type, &change->record) == 0) {
		STAILQ_INSERT_TAIL(&store->changes, change, link);
	} else {
		free(change);
		store->changes_lost = true;
	}
	changed(store);
}

static void peer_leave(struct sa_store *store, struct sa *sa)
{
	struct peer *peer = sa->peer;

	if (!peer)
		return;
	TAILQ_REMOVE(&peer->sas, sa, of_peer);
	sa->peer = NULL;
	if (TAILQ_EMPTY(&peer->sas)) {
		tdelete(peer, &store->peers, compare_addresses);
		free(peer);
	}
}

static int peer_find_or_add(struct sa_store *store, const struct address *address,
                            struct peer **peer)
{
	struct peer **found = tfind(address, &store->peers, compare_addresses);

	if (found) {
		*peer = *found;
		return 0;
	}
	*peer = calloc(1, sizeof(**peer));
	if (!*peer)
		return ERROR_MEMORY;
	(*peer)->address = *address;
	TAILQ_INIT(&(*peer)->sas);
	if (tsearch(*peer, &store->peers, compare_addresses))
		return 0;
	free(*peer);
	return ERROR_MEMORY;
}

/* Puts the SA among those of its peer, at its place in the order of insertion. */
static int peer_join(struct sa_store *store, struct sa *sa, const struct address *address)
{
	struct peer *peer;

	if (sa->peer && address_equal(&sa->peer->address, address))
		return 0;
	if (peer_find_or_add(store, address, &peer) < 0)
		return ERROR_MEMORY;
	peer_leave(store, sa);
	sa->peer = peer;
	struct sa *older = TAILQ_LAST(&peer->sas, sa_list);
	while (older && older->number > sa->number)
		older = TAILQ_PREV(older, sa_list, of_peer);
	if (older)
		TAILQ_INSERT_AFTER(&peer->sas, older, sa, of_peer);
	else
		TAILQ_INSERT_HEAD(&peer->sas, sa, of_peer);
	return 0;
}

static void sa_free(struct sa *sa)
{
	if (sa)
		record_free(sa->record);
	free(sa);
}

static int add(struct sa_store *store, const struct ike_key_message *message, struct record *record)
{
	struct sa *sa = calloc(1, sizeof(*sa));

	if (!sa)
		return ERROR_MEMORY;
	set_spis(sa->spis, message->spi_i, message->spi_r);
	sa->number = ++store->number;
	if (peer_join(store, sa, &message->peer_address) < 0) {
		free(sa);
		return ERROR_MEMORY;
	}
	if (!tsearch(sa, &store->by_spis, compare_spis)) {
		peer_leave(store, sa);
		free(sa);
		return ERROR_MEMORY;
	}
	sa->record = record;
	TAILQ_INSERT_TAIL(&store->sas, sa, of_store);
	store->count++;
	tell(store, message, IKE_KEY_EVENT_UP);
	return 0;
}

static int change(struct sa_store *store, struct sa *sa, const struct ike_key_message *message,
                  struct record *record)
{
	if (peer_join(store, sa, &message->peer_address) < 0)
		return ERROR_MEMORY;
	bool differs = !record_equal(sa->record, record);
	record_free(sa->record);
	sa->record = record;
	if (differs)
		tell(store, message, IKE_KEY_EVENT_UP);
	return 0;
}

static int put(struct sa_store *store, const struct ike_key_message *message)
{
	struct record *record = NULL;
	int result = record_make(message, IKE_KEY_SA, &record);

	if (result < 0)
		return result;
	struct sa *sa = find_sa(store, message->spi_i, message->spi_r);
	result = sa ? change(store, sa, message, record) : add(store, message, record);
	if (result < 0)
		record_free(record);
	return result;
}

int sa_store_create(struct sa_store **store)
{
	*store = calloc(1, sizeof(**store));
	if (!*store)
		return ERROR_MEMORY;
	(*store)->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if ((*store)->changed_fd < 0 || pthread_mutex_init(&(*store)->mutex, NULL) != 0) {
		if ((*store)->changed_fd >= 0)
			close((*store)->changed_fd);
		free(*store);
		*store = NULL;
		return ERROR_SYSTEM;
	}
	TAILQ_INIT(&(*store)->sas);
	STAILQ_INIT(&(*store)->changes);
	return 0;
}

static void forget(struct sa_store *store, struct sa *sa)
{
	for (struct sa_cursor *cursor = store->cursors; cursor; cursor = cursor->other)
		if (cursor->next == sa)
			cursor->next = TAILQ_NEXT(sa, of_store);
	tdelete(sa, &store->by_spis, compare_spis);
	peer_leave(store, sa);
	TAILQ_REMOVE(&store->sas, sa, of_store);
	store->count--;
	sa_free(sa);
}

void sa_store_destroy(struct sa_store *store)
{
	if (!store)
		return;
	while (!TAILQ_EMPTY(&store->sas))
		forget(store, TAILQ_FIRST(&store->sas));
	while (!STAILQ_EMPTY(&store->changes)) {
		struct change *first = STAILQ_FIRST(&store->changes);
		STAILQ_REMOVE_HEAD(&store->changes, link);
		record_free(first->record);
		free(first);
	}
	pthread_mutex_destroy(&store->mutex);
	close(store->changed_fd);
	free(store);
}

int sa_store_changed_fd(const struct sa_store *store)
{
	return store->changed_fd;
}

int sa_store_put(struct sa_store *store, const struct ike_key_message *sa)
{
	pthread_mutex_lock(&store->mutex);
	int result = put(store, sa);
	pthread_mutex_unlock(&store->mutex);
	return result;
}

int sa_store_move(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                  const uint8_t spi_r[IKE_KEY_SPI_SIZE], const struct address *local,
                  const struct address *peer)
{
	struct ike_key_message message = {0};
	int result = ERROR_NOT_FOUND;

	pthread_mutex_lock(&store->mutex);
	const struct sa *sa = find_sa(store, spi_i, spi_r);
	if (sa) {
		record_read(sa->record, &message);
		message.local_address = *local;
		message.peer_address = *peer;
		message.attributes |=
		        IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) | IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS);
		result = put(store, &message);
	}
	pthread_mutex_unlock(&store->mutex);
	secret_wipe(&message, sizeof(message));
	return result;
}

void sa_store_rekeyed(struct sa_store *store, const struct ike_key_message *rekeyed)
{
	pthread_mutex_lock(&store->mutex);
	if (find_sa(store, rekeyed->spi_i, rekeyed->spi_r) &&
	    find_sa(store, rekeyed->old_spi_i, rekeyed->old_spi_r))
		tell(store, rekeyed, IKE_KEY_EVENT_REKEYED);
	pthread_mutex_unlock(&store->mutex);
}

int sa_store_remove(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                    const uint8_t spi_r[IKE_KEY_SPI_SIZE])
{
	struct ike_key_message gone = {.attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) |
	                                             IKE_KEY_HAS(IKE_KEY_SPI_R)};

	memcpy(gone.spi_i, spi_i, sizeof(gone.spi_i));
	memcpy(gone.spi_r, spi_r, sizeof(gone.spi_r));
	pthread_mutex_lock(&store->mutex);
	struct sa *sa = find_sa(store, spi_i, spi_r);
	if (sa) {
		forget(store, sa);
		tell(store, &gone, IKE_KEY_EVENT_GONE);
	}
	pthread_mutex_unlock(&store->mutex);
	return sa ? 0 : ERROR_NOT_FOUND;
}

size_t sa_store_count(struct sa_store *store)
{
	pthread_mutex_lock(&store->mutex);
	size_t count = store->count;
	pthread_mutex_unlock(&store->mutex);
	return count;
}

int sa_store_get(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                 const uint8_t spi_r[IKE_KEY_SPI_SIZE], struct ike_key_message *sa)
{
	pthread_mutex_lock(&store->mutex);
	const struct sa *found = find_sa(store, spi_i, spi_r);
	if (found)
		record_read(found->record, sa);
	pthread_mutex_unlock(&store->mutex);
	return found ? 0 : ERROR_NOT_FOUND;
}

int sa_store_get_by_peer(struct sa_store *store, const struct address *peer,
                         struct ike_key_message *sa)
{
	pthread_mutex_lock(&store->mutex);
	struct peer *const *found = tfind(peer, &store->peers, compare_addresses);
	if (found)
		record_read(TAILQ_LAST(&(*found)->sas, sa_list)->record, sa);
	pthread_mutex_unlock(&store->mutex);
	return found ? 0 : ERROR_NOT_FOUND;
}

void sa_cursor_open(struct sa_store *store, struct sa_cursor *cursor)
{
	pthread_mutex_lock(&store->mutex);
	*cursor = (struct sa_cursor){
	        .next = TAILQ_FIRST(&store->sas), .last = store->number, .other = store->cursors};
	store->cursors = cursor;
	pthread_mutex_unlock(&store->mutex);
}

bool sa_cursor_next(struct sa_store *store, struct sa_cursor *cursor, struct ike_key_message *sa)
{
	pthread_mutex_lock(&store->mutex);
	const struct sa *next = cursor->next;
	bool there = next && next->number <= cursor->last;
	if (there) {
		record_read(next->record, sa);
		cursor->next = TAILQ_NEXT(next, of_store);
	}
	pthread_mutex_unlock(&store->mutex);
	return there;
}

void sa_cursor_close(struct sa_store *store, struct sa_cursor *cursor)
{
	pthread_mutex_lock(&store->mutex);
	struct sa_cursor **place = &store->cursors;
	while (*place && *place != cursor)
		place = &(*place)->other;
	if (*place)
		*place = cursor->other;
	pthread_mutex_unlock(&store->mutex);
}

int sa_store_take_change(struct sa_store *store, struct ike_key_message *event)
{
	eventfd_t ignored;
	int result = ERROR_NOT_FOUND;

	pthread_mutex_lock(&store->mutex);
	struct change *first = STAILQ_FIRST(&store->changes);
	if (store->changes_lost) {
		store->changes_lost = false;
		result = ERROR_MEMORY;
	} else if (first) {
		STAILQ_REMOVE_HEAD(&store->changes, link);
		record_read(first->record, event);
		result = 0;
	} else {
		(void)!eventfd_read(store->changed_fd, &ignored);
	}
	pthread_mutex_unlock(&store->mutex);
	if (result == 0) {
		record_free(first->record);
		free(first);
	}
	return result;
}
