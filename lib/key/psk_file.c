/* SPDX-License-Identifier: BSD-3-Clause */
/** PSK file: KeyID to passphrase. */
#include <string.h>

#include "key/key_file_schema.h"
#include "key/secret_file.h"
#include "key/secret_table.h"

#define KEY_ID_ALLOWED     "1 to 80 octets of UTF-8 without control characters"
#define SECRET_KEY_ALLOWED "1 to 1024 printable ASCII characters"

static bool is_control(char character)
{
	unsigned char octet = (unsigned char)character;

	return octet < ' ' || octet == 0x7f;
}

/** libyaml has checked the UTF-8. */
static int read_key_id(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                       void *destination, struct error *error)
{
	struct secret_table_entry *entry = destination;
	const char *what = scalar->length == 0                     ? "empty"
	                   : scalar->length > KEY_PROVIDER_ID_SIZE ? "too long"
	                                                           : NULL;

	for (size_t i = 0; what == NULL && i < scalar->length; i++) {
		if (is_control(scalar->text[i]))
			what = "has a control character";
	}
	if (what != NULL)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "%s; allowed: " KEY_ID_ALLOWED, what);
	memcpy(entry->identity, scalar->text, scalar->length);
	memcpy(entry->secret.name, scalar->text, scalar->length);
	return 0;
}

static int read_secret_key(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                           void *destination, struct error *error)
{
	struct secret_table_entry *entry = destination;
	const char *what = scalar->length == 0                           ? "empty"
	                   : scalar->length > SHARED_SECRET_SIZE_MAXIMUM ? "too long"
	                                                                 : NULL;

	for (size_t i = 0; what == NULL && i < scalar->length; i++) {
		if (scalar->text[i] < ' ' || scalar->text[i] > '~')
			what = "has a character that is not printable ASCII";
	}
	if (what != NULL)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "%s; allowed: " SECRET_KEY_ALLOWED, what);
	memcpy(entry->secret.octets, scalar->text, scalar->length);
	entry->secret.size = scalar->length;
	return 0;
}

/* Both readers fill the whole entry: no single member is the destination, and defaults have nothing to write. */
static const struct schema_field fields[] = {{.key = "key-id",
                                              .type = SCHEMA_CUSTOM,
                                              .required = true,
                                              .read = read_key_id,
                                              .allowed = KEY_ID_ALLOWED},
                                             {.key = "secret-key",
                                              .type = SCHEMA_CUSTOM,
                                              .required = true,
                                              .read = read_secret_key,
                                              .allowed = SECRET_KEY_ALLOWED},
                                             {.key = NULL}};

const struct schema_field *psk_file_schema(void)
{
	return fields;
}

static int read_keys(const struct yaml_tree *tree, struct key_provider **provider,
                     struct error *error)
{
	const struct yaml_tree_node *list;
	int status = key_file_list(tree, PSK_FILE_LIST, 1, &list, error);

	if (status != 0)
		return status;
	struct secret_table *table =
	        secret_table_create(KEY_QUERY_KEY_ID, KEY_PROVIDER_ID_SIZE, list->count);
	if (table == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	for (const struct yaml_tree_node *node = list->first; status == 0 && node != NULL;
	     node = node->next) {
		struct secret_table_entry *entry = secret_table_add(table);
		status = schema_read_mapping(tree, node, fields, entry, error);
		if (status == 0 && secret_table_repeats(table, entry))
			status = yaml_tree_error(tree, yaml_tree_get(node, "key-id"), error,
			                         ERROR_ARGUMENT,
			                         "given twice; allowed: each KeyID once");
	}
	if (status != 0) {
		secret_table_destroy(table);
		return status;
	}
	*provider = &table->provider;
	return 0;
}

int psk_file_parse(const char *name, const char *text, size_t size, struct key_provider **provider,
                   struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_parse(name, text, size, &tree, error);

	*provider = NULL;
	if (status == 0)
		status = read_keys(tree, provider, error);
	yaml_tree_free(tree);
	return status;
}

int psk_file_load(const char *path, uid_t owner, struct key_provider **provider,
                  struct error *error)
{
	struct yaml_tree *tree;
	int status = secret_file_load(path, owner, &tree, error);

	*provider = NULL;
	if (status == 0)
		status = read_keys(tree, provider, error);
	yaml_tree_free(tree);
	return status;
}
