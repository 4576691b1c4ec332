/* SPDX-License-Identifier: BSD-3-Clause */
#include "ike_options.h"

#include <string.h>
#include <sys/un.h>

#define SOCKET_PATH_SIZE sizeof(((struct sockaddr_un *)0)->sun_path)

/** A value that is handed to swanctl, which must not take it for an option of its own. */
static int word_check(const char *name, const char *word, struct error *error)
{
	if (word == NULL || (word[0] != '\0' && word[0] != '-'))
		return 0;
	return error_set(error, ERROR_ARGUMENT, "%s: \"%s\" is empty or begins with '-'", name,
	                 word);
}

int ike_options_check(struct ike_options *options, struct error *error)
{
	const char *alone = options->peer_text != NULL    ? "--ike-peer"
	                    : options->connection != NULL ? "--ike-initiate"
	                                                  : NULL;
	int result;

	if (options->socket == NULL && alone != NULL)
		return error_set(error, ERROR_ARGUMENT, "%s needs --ike", alone);
	if (options->vici_uri != NULL && options->connection == NULL)
		return error_set(error, ERROR_ARGUMENT, "--ike-vici needs --ike-initiate");
	if (options->socket != NULL &&
	    (options->socket[0] != '/' || strlen(options->socket) >= SOCKET_PATH_SIZE))
		return error_set(error, ERROR_ARGUMENT,
		                 "--ike: \"%s\" is not an absolute path of at most %zu octets",
		                 options->socket, SOCKET_PATH_SIZE - 1);
	if (options->peer_text != NULL && (address_parse(options->peer_text, &options->peer) != 0 ||
	                                   address_is_unspecified(&options->peer)))
		return error_set(error, ERROR_ARGUMENT, "--ike-peer: \"%s\" is not an IP address",
		                 options->peer_text);
	result = word_check("--ike-initiate", options->connection, error);
	return result != 0 ? result : word_check("--ike-vici", options->vici_uri, error);
}
