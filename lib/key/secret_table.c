/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/secret_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

static struct secret_table *table_of(struct key_provider *provider)
{
	return (struct secret_table *)(void *)provider;
}

static size_t table_size(unsigned capacity)
{
	return sizeof(struct secret_table) + capacity * sizeof(struct secret_table_entry);
}

/** Looks at every entry whatever it finds: the time tells nothing about which identities there are. */
static const struct shared_secret *find(const struct secret_table *table, const uint8_t *identity)
{
	const struct shared_secret *found = NULL;

	for (unsigned i = 0; i < table->count; i++) {
		const struct secret_table_entry *entry = &table->entries[i];
		if (secret_equal(entry->identity, identity, table->identity_size))
			found = &entry->secret;
	}
	return found;
}

static int table_ask(struct key_provider *provider, const struct key_query *query,
                     key_answer answer, void *context, struct key_lookup **lookup)
{
	const struct secret_table *table = table_of(provider);
	const struct shared_secret *secret =
	        (int)query->kind == table->kind ? find(table, query->key_id) : NULL;

	*lookup = NULL;
	answer(context, secret != NULL ? 0 : ERROR_NOT_FOUND, secret, NULL);
	return 0;
}

/** Nothing is ever pending. */
static void table_cancel(struct key_provider *provider, struct key_lookup *lookup)
{
	(void)provider;
	(void)lookup;
}

static void table_destroy(struct key_provider *provider)
{
	secret_table_destroy(table_of(provider));
}

static void table_visit(const struct key_provider *provider, key_visit visit, void *context)
{
	const struct secret_table *table = (const struct secret_table *)(const void *)provider;

	for (unsigned i = 0; i < table->count; i++) {
		const struct key_status status = {.name = table->entries[i].secret.name};

		if (!visit(context, &status))
			return;
	}
}

static const struct key_provider_operations table_operations = {
        .ask = table_ask, .cancel = table_cancel, .destroy = table_destroy, .visit = table_visit};

struct secret_table *secret_table_create(int kind, size_t identity_size, unsigned capacity)
{
	struct secret_table *table = calloc(1, table_size(capacity));

	if (table == NULL)
		return NULL;
	table->provider.operations = &table_operations;
	table->kind = kind;
	table->identity_size = identity_size;
	table->capacity = capacity;
	return table;
}

const struct secret_table *secret_table_of(const struct key_provider *provider, int kind)
{
	const struct secret_table *table = (const struct secret_table *)(const void *)provider;

	return provider->operations == &table_operations && table->kind == kind ? table : NULL;
}

struct secret_table_entry *secret_table_add(struct secret_table *table)
{
	return table->count < table->capacity ? &table->entries[table->count++] : NULL;
}

bool secret_table_repeats(const struct secret_table *table, const struct secret_table_entry *entry)
{
	for (const struct secret_table_entry *other = table->entries; other < entry; other++) {
		if (secret_equal(other->identity, entry->identity, table->identity_size))
			return true;
	}
	return false;
}

void secret_table_destroy(struct secret_table *table)
{
	if (table == NULL)
		return;
	secret_wipe(table->entries, table->capacity * sizeof(table->entries[0]));
	free(table);
}
