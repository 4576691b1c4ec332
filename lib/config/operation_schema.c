/* SPDX-License-Identifier: BSD-3-Clause */
/** The keys of operation and log: how the running appliance is watched and told what to do. */
#include <string.h>

#include "config/address_value.h"
#include "config/config.h"
#include "config/config_schema.h"
#include "config/schema_table.h"

#define SOCKET_PRESET "/run/specular/specular.sock"
#define HTTP_PORT     9862

/** A text that may be empty, which means none. */
#define TEXT_OR_NONE(type_, member, key_, default_)                                                \
	{                                                                                          \
		.key = (key_), .type = SCHEMA_TEXT, .offset = offsetof(type_, member),             \
		.size = SIZE_OF(type_, member), .maximum = SIZE_OF(type_, member) - 1,             \
		.text = (default_)                                                                 \
	}

#define HOST_ALLOWED    "a DNS name without a port, such as appliance.example.net"
#define HOST_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

/** A name as a browser sends it: of the characters that names of hosts have, one dot between two labels and one at its end, which goes. */
static int read_host(const struct yaml_tree *tree, const struct yaml_tree_node *scalar,
                     void *destination, struct error *error)
{
	const char *text = scalar->text;
	size_t size = scalar->length;
	char quote[YAML_TREE_QUOTE_SIZE];

	if (size > 0 && text[size - 1] == '.')
		size--;
	if (size == 0 || size >= CONFIG_HOST_NAME_SIZE || strspn(text, HOST_CHARACTERS) < size ||
	    text[0] == '.' || text[size - 1] == '.' || strstr(text, "..") != NULL)
		return yaml_tree_error(tree, scalar, error, ERROR_ARGUMENT,
		                       "%s is no name of a host; allowed: " HOST_ALLOWED,
		                       yaml_tree_quote(scalar, quote));
	memcpy(destination, text, size);
	return 0;
}

static const struct schema_field host = {.type = SCHEMA_CUSTOM,
                                         .size = CONFIG_HOST_NAME_SIZE,
                                         .read = read_host,
                                         .allowed = HOST_ALLOWED};

static const struct schema_field http_fields[] = {
        {.key = "address",
         .type = SCHEMA_CUSTOM,
         .offset = offsetof(struct config_http, listen.address),
         .size = sizeof(struct address),
         .read = address_value_read_address,
         .allowed = ADDRESS_VALUE_ADDRESS,
         .text = "127.0.0.1"},
        INTEGER(struct config_http, listen.port, "port", 1, UINT16_MAX, HTTP_PORT),
        {.key = "hosts",
         .type = SCHEMA_LIST,
         .change = SCHEMA_RELOAD,
         .offset = offsetof(struct config_http, hosts),
         .size = CONFIG_HOST_NAME_SIZE,
         .count_offset = offsetof(struct config_http, host_count),
         .element = &host,
         .maximum = CONFIG_HTTP_HOSTS_MAX},
        END};

const struct schema_field config_operation_fields[] = {
        TEXT_OR_NONE(struct config_operation, socket, "socket", SOCKET_PRESET),
        TEXT(struct config_operation, socket_group, "socket-group"),
        MAPPING(struct config_operation, http, "http", http_fields),
        INTEGER(struct config_operation, drain_deadline, "drain-deadline", 0, 604800, 0,
                .change = SCHEMA_RELOAD),
        INTEGER(struct config_operation, stuck_after, "stuck-after", 1, 3600, 5,
                .change = SCHEMA_RELOAD),
        TEXT(struct config_operation, user, "user"),
        END};

static const struct schema_choice levels[] = {{"error", LOG_LEVEL_ERROR},
                                              {"warning", LOG_LEVEL_WARNING},
                                              {"info", LOG_LEVEL_INFO},
                                              {"debug", LOG_LEVEL_DEBUG},
                                              {NULL, 0}};
static const struct schema_choice formats[] = {{"auto", LOG_FORMAT_AUTO},
                                               {"text", LOG_FORMAT_TEXT},
                                               {"journal", LOG_FORMAT_JOURNAL},
                                               {"json", LOG_FORMAT_JSON},
                                               {NULL, 0}};

const struct schema_field config_log_fields[] = {
        CHOICE(struct config_log, level, "level", levels, LOG_LEVEL_INFO),
        CHOICE(struct config_log, format, "format", formats, LOG_FORMAT_AUTO),
        TEXT_OR_NONE(struct config_log, audit, "audit", NULL), END};
