/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A key provider whose secrets are all in memory: what the PSK file and the SA file are once they have been read. Each secret stands under an
 * identity of KEY_PROVIDER_ID_SIZE octets. Answers come before the question returns.
 */
#ifndef SPECULAR_KEY_SECRET_TABLE_H
#define SPECULAR_KEY_SECRET_TABLE_H

#include <stdbool.h>

#include "key/key_provider.h"

#define SECRET_TABLE_SIZE_MAXIMUM 4096u

struct secret_table_entry {
	uint8_t identity[KEY_PROVIDER_ID_SIZE];
	struct shared_secret secret;
};

struct secret_table {
	struct key_provider provider; /**< first: a struct key_provider * is its address */
	int kind;                     /**< of struct key_query */
	size_t identity_size;         /**< octets of a query's key_id that count */
	unsigned count;
	unsigned capacity;
	struct secret_table_entry entries[];
};

/** capacity: at most SECRET_TABLE_SIZE_MAXIMUM. NULL when memory is short. */
struct secret_table *secret_table_create(int kind, size_t identity_size, unsigned capacity);

/** The table behind a provider of a kind, or NULL when it is another provider. */
const struct secret_table *secret_table_of(const struct key_provider *provider, int kind);

/** A zeroed entry to be filled by the caller; NULL when the table is full. */
struct secret_table_entry *secret_table_add(struct secret_table *table);

/** True when an entry before this one has its identity. */
bool secret_table_repeats(const struct secret_table *table, const struct secret_table_entry *entry);

/**
 * Calls gone for every secret of old that next (NULL: there is none any more) does not have under the same identity; both are tables, of the
 * same kind. Returns how many there are; gone may be NULL. ERROR_MEMORY: none was told.
 */
int secret_table_compare(const struct secret_table *old, const struct secret_table *next,
                         key_gone gone, void *context);

/** Wipes and frees; as key_provider_destroy. table may be NULL. */
void secret_table_destroy(struct secret_table *table);

#endif
