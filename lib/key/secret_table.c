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

/** An entry in the order of identities. */
struct place {
	const struct secret_table_entry *entry;
};

static int compare_identities(const void *one, const void *other)
{
	const struct place *left = one;
	const struct place *right = other;

	return memcmp(left->entry->identity, right->entry->identity, sizeof(left->entry->identity));
}

/** A table's entries by their identities, which the caller frees: thousands are compared with thousands. NULL: no memory. */
static struct place *sort(const struct secret_table *table)
{
	struct place *sorted = calloc(table->count + 1u, sizeof(*sorted));

	if (sorted == NULL)
		return NULL;
	for (unsigned i = 0; i < table->count; i++)
		sorted[i].entry = &table->entries[i];
	qsort(sorted, table->count, sizeof(*sorted), compare_identities);
	return sorted;
}

static bool has_same(const struct place *sorted, unsigned count,
                     const struct secret_table_entry *entry)
{
	const struct place wanted = {.entry = entry};
	const struct place *found =
	        bsearch(&wanted, sorted, count, sizeof(*sorted), compare_identities);

	return found != NULL && found->entry->secret.size == entry->secret.size &&
	       secret_equal(found->entry->secret.octets, entry->secret.octets, entry->secret.size);
}

int secret_table_compare(const struct secret_table *old, const struct secret_table *next,
                         key_gone gone, void *context)
{
	static const struct secret_table none = {.count = 0};
	const struct secret_table *successor = next != NULL ? next : &none;
	struct place *sorted = sort(successor);
	int count = 0;

	if (sorted == NULL)
		return ERROR_MEMORY;
	for (unsigned i = 0; i < old->count; i++) {
		if (has_same(sorted, successor->count, &old->entries[i]))
			continue;
		count++;
		if (gone != NULL)
			gone(context, &old->entries[i].secret);
	}
	free(sorted);
	return count;
}

void secret_table_destroy(struct secret_table *table)
{
	if (table == NULL)
		return;
	secret_wipe(table->entries, table->capacity * sizeof(table->entries[0]));
	free(table);
}
