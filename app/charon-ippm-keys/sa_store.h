/* SPDX-License-Identifier: GPL-2.0-or-later */
/**
 * The established IKE SAs with their keys, and the changes to them that subscribers have yet to hear of. The daemon's threads
 * write, the key server's thread reads: every function may be called from any thread, holds a mutex for a short time, and never
 * waits for anything else. An SA is a message as IKE_KEY_SA with all that is known of it.
 */
#ifndef CHARON_IPPM_KEYS_SA_STORE_H
#define CHARON_IPPM_KEYS_SA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/ike_key_message.h"

struct sa_store;
struct sa;

/** Where a reader of all SAs is; it stays valid while SAs come and go. */
struct sa_cursor {
	const struct sa *next;
	uint64_t last; /**< SAs with a higher number came after the reading began */
	struct sa_cursor *other;
};

/** ERROR_MEMORY or ERROR_SYSTEM. */
int sa_store_create(struct sa_store **store);

/** Wipes all. No cursor may be open. store may be NULL. */
void sa_store_destroy(struct sa_store *store);

/** Readable while there are changes to take. */
int sa_store_changed_fd(const struct sa_store *store);

/**
 * Enters an SA, or what has changed of one; an UP when it is new or differs. ERROR_ARGUMENT: it can't be written
 * as a message, or lacks what an SA must have; ERROR_MEMORY.
 */
int sa_store_put(struct sa_store *store, const struct ike_key_message *sa);

/** The addresses of an SA have changed: an UP. ERROR_NOT_FOUND: it is not here, which is no fault of the caller. */
int sa_store_move(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                  const uint8_t spi_r[IKE_KEY_SPI_SIZE], const struct address *local,
                  const struct address *peer);

/** Says that an SA has replaced another; told when both are here. The old one stays until it is removed. */
void sa_store_rekeyed(struct sa_store *store, const struct ike_key_message *rekeyed);

/** Forgets an SA and wipes its keys: GONE. ERROR_NOT_FOUND. */
int sa_store_remove(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                    const uint8_t spi_r[IKE_KEY_SPI_SIZE]);

size_t sa_store_count(struct sa_store *store);

/** ERROR_NOT_FOUND. The caller wipes *sa. */
int sa_store_get(struct sa_store *store, const uint8_t spi_i[IKE_KEY_SPI_SIZE],
                 const uint8_t spi_r[IKE_KEY_SPI_SIZE], struct ike_key_message *sa);

/** The SA with that peer which was entered last. ERROR_NOT_FOUND. The caller wipes *sa. */
int sa_store_get_by_peer(struct sa_store *store, const struct address *peer,
                         struct ike_key_message *sa);

/** Begins to read all SAs, oldest first. Between open and close the cursor stays where it is in memory. */
void sa_cursor_open(struct sa_store *store, struct sa_cursor *cursor);
/** False at the end. Those that came after the reading began are not met. The caller wipes *sa. */
bool sa_cursor_next(struct sa_store *store, struct sa_cursor *cursor, struct ike_key_message *sa);
void sa_cursor_close(struct sa_store *store, struct sa_cursor *cursor);

/**
 * The oldest change that was not yet taken: IKE_KEY_EVENT_UP with all of the SA, _REKEYED or _GONE. ERROR_NOT_FOUND: there is
 * none. ERROR_MEMORY, once: changes were lost for want of memory, and only reading all SAs anew tells what is here. The caller
 * wipes *event.
 */
int sa_store_take_change(struct sa_store *store, struct ike_key_message *event);

#endif
