/* SPDX-License-Identifier: BSD-3-Clause */
/** Static SA file: IKEv2 SPIs to the shared secret key prf(SK_d, "IPPM") of RFC 7717 section 5.1. */
#include <string.h>

#include "base/secret.h"
#include "crypto/key_derivation.h"
#include "key/ike_sa.h"
#include "key/key_file_schema.h"
#include "key/secret_file.h"
#include "key/secret_table.h"

#define SPI_ALLOWED  "16 hexadecimal digits, not all zero"
#define SK_D_ALLOWED "hexadecimal digits, two an octet of the PRF's output"
#define PRF_ALLOWED                                                                                \
	"hmac-md5, hmac-sha1, aes128-xcbc, hmac-sha2-256, hmac-sha2-384, hmac-sha2-512, "          \
	"aes128-cmac"

/** One SA as the file has it; a secret. */
struct sa {
	uint8_t spi_i[IKE_SPI_SIZE];
	uint8_t spi_r[IKE_SPI_SIZE];
	enum ike_prf prf;
	uint8_t sk_d[SK_D_SIZE_MAXIMUM];
	size_t sk_d_size;
};

static int hex_digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	character = (char)(character | 0x20);
	return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/** Octets written; 0 when the text is not an even number of hexadecimal digits that fits. */
static size_t parse_hex(const struct yaml_tree_node *scalar, uint8_t *octets, size_t room)
{
	if (scalar->length % 2 != 0 || scalar->length / 2 > room)
		return 0;
	for (size_t i = 0; i < scalar->length / 2; i++) {
		int high = hex_digit(scalar->text[2 * i]);
		int low = hex_digit(scalar->text[2 * i + 1]);
		if (high < 0 || low < 0)
			return 0;
		octets[i] = (uint8_t)(high << 4 | low);
	}
	return scalar->length / 2;
}

/** RFC 7296 section 3.1: an SPI of an established SA is not zero. */
static int read_spi(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                    void *destination, struct error *error)
{
	static const uint8_t zero[IKE_SPI_SIZE];
	uint8_t spi[IKE_SPI_SIZE];

	if (parse_hex(scalar, spi, sizeof(spi)) != sizeof(spi) ||
	    memcmp(spi, zero, sizeof(zero)) == 0)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "not an SPI; allowed: " SPI_ALLOWED);
	memcpy(destination, spi, sizeof(spi));
	return 0;
}

static int read_prf(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                    void *destination, struct error *error)
{
	char quote[YAML_TREE_QUOTE_SIZE];
	enum ike_prf prf;

	if (ike_prf_parse(scalar->text, &prf) != 0)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "unknown prf %s; allowed: " PRF_ALLOWED,
		                       yaml_tree_quote(scalar, quote));
	memcpy(destination, &prf, sizeof(prf));
	return 0;
}

static int read_sk_d(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                     void *destination, struct error *error)
{
	struct sa *sa = destination;

	sa->sk_d_size = parse_hex(scalar, sa->sk_d, sizeof(sa->sk_d));
	if (sa->sk_d_size == 0)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "not a key; allowed: " SK_D_ALLOWED);
	return 0;
}

static const struct schema_field fields[] = {
        {.key = "spi-i",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct sa, spi_i),
         .size = IKE_SPI_SIZE,
         .read = read_spi,
         .allowed = SPI_ALLOWED},
        {.key = "spi-r",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct sa, spi_r),
         .size = IKE_SPI_SIZE,
         .read = read_spi,
         .allowed = SPI_ALLOWED},
        {.key = "prf",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .offset = offsetof(struct sa, prf),
         .size = sizeof(enum ike_prf),
         .read = read_prf,
         .allowed = PRF_ALLOWED},
        /* Fills sk_d and sk_d_size: the whole struct is its destination. */
        {.key = "sk-d",
         .type = SCHEMA_CUSTOM,
         .required = true,
         .read = read_sk_d,
         .allowed = SK_D_ALLOWED},
        {.key = NULL}};

const struct schema_field *sa_file_schema(void)
{
	return fields;
}

static int keep(const struct sa *sa, struct secret_table_entry *entry)
{
	memcpy(entry->identity, sa->spi_i, IKE_SPI_SIZE);
	memcpy(entry->identity + IKE_SPI_SIZE, sa->spi_r, IKE_SPI_SIZE);
	ike_sa_name(entry->identity, entry->secret.name);
	_Static_assert(IKE_SECRET_SIZE_MAXIMUM <= SHARED_SECRET_SIZE_MAXIMUM, "fits");
	return ike_shared_secret(sa->prf, sa->sk_d, sa->sk_d_size, entry->secret.octets,
	                         &entry->secret.size);
}

/** SK_d has the length of the PRF's key: RFC 7296 section 2.14. */
static int read_sa(const struct yaml_tree *tree, const struct yaml_tree_node *node,
                   struct secret_table_entry *entry, struct error *error)
{
	struct sa sa = {0};
	int status = schema_read_mapping(tree, node, fields, &sa, error);

	if (status == 0 && sa.sk_d_size != ike_prf_size(sa.prf))
		status = yaml_tree_error(tree, yaml_tree_get(node, "sk-d"), error, ERROR_ARGUMENT,
		                         "%zu octets; allowed: the %zu of %s", sa.sk_d_size,
		                         ike_prf_size(sa.prf), ike_prf_name(sa.prf));
	if (status == 0 && keep(&sa, entry) != 0)
		status = yaml_tree_error(tree, node, error, ERROR_CRYPTO,
		                         "%s failed; allowed: a PRF that this OpenSSL has",
		                         ike_prf_name(sa.prf));
	secret_wipe(&sa, sizeof(sa));
	return status;
}

static int read_sas(const struct yaml_tree *tree, struct key_provider **provider,
                    struct error *error)
{
	const struct yaml_tree_node *list;
	int status = key_file_list(tree, SA_FILE_LIST, 0, &list, error);

	if (status != 0)
		return status;
	struct secret_table *table =
	        secret_table_create(KEY_QUERY_IKE_SA, 2 * IKE_SPI_SIZE, list->count);
	if (table == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	for (const struct yaml_tree_node *node = list->first; status == 0 && node != NULL;
	     node = node->next) {
		struct secret_table_entry *entry = secret_table_add(table);
		status = read_sa(tree, node, entry, error);
		if (status == 0 && secret_table_repeats(table, entry))
			status = yaml_tree_error(
			        tree, node, error, ERROR_ARGUMENT,
			        "the SPIs are given twice; allowed: each pair once");
	}
	if (status != 0) {
		secret_table_destroy(table);
		return status;
	}
	*provider = &table->provider;
	return 0;
}

int sa_file_parse(const char *name, const char *text, size_t size, struct key_provider **provider,
                  struct error *error)
{
	struct yaml_tree *tree;
	int status = yaml_tree_parse(name, text, size, &tree, error);

	*provider = NULL;
	if (status == 0)
		status = read_sas(tree, provider, error);
	yaml_tree_free(tree);
	return status;
}

int sa_file_load(const char *path, uid_t owner, struct key_provider **provider, struct error *error)
{
	struct yaml_tree *tree;
	int status = secret_file_load(path, owner, &tree, error);

	*provider = NULL;
	if (status == 0)
		status = read_sas(tree, provider, error);
	yaml_tree_free(tree);
	return status;
}

int sa_file_spis(const struct key_provider *provider, unsigned index, uint8_t spi_i[IKE_SPI_SIZE],
                 uint8_t spi_r[IKE_SPI_SIZE])
{
	const struct secret_table *table = secret_table_of(provider, KEY_QUERY_IKE_SA);

	if (table == NULL || index >= table->count)
		return ERROR_NOT_FOUND;
	memcpy(spi_i, table->entries[index].identity, IKE_SPI_SIZE);
	memcpy(spi_r, table->entries[index].identity + IKE_SPI_SIZE, IKE_SPI_SIZE);
	return 0;
}
