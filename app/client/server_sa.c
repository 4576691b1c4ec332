/* SPDX-License-Identifier: BSD-3-Clause */
#include "server_sa.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/secret.h"
#include "crypto/key_derivation.h"
#include "ike_initiate.h"
#include "key/ike_key_query.h"

#define QUERY_TIMEOUT_MS 3000

/** A secret that its PRF can't have made would be used in vain: the server has another key. */
static int take(const struct ike_key_message *answer, struct server_sa *sa, struct error *error)
{
	size_t size = ike_prf_size((enum ike_prf)answer->prf);

	if (answer->secret_size == 0 || (size != 0 && size != answer->secret_size))
		return error_set(error, ERROR_FORMAT,
		                 "the IKE daemon's secret is not as long as its PRF's: is its "
		                 "plugin the one of this version?");
	sa->known = true;
	memcpy(sa->spi_i, answer->spi_i, sizeof(sa->spi_i));
	memcpy(sa->spi_r, answer->spi_r, sizeof(sa->spi_r));
	sa->prf = answer->prf;
	sa->peer = answer->peer_address;
	memcpy(sa->peer_identity, answer->peer_identity, sizeof(sa->peer_identity));
	memcpy(sa->local_identity, answer->local_identity, sizeof(sa->local_identity));
	memcpy(sa->secret, answer->secret, answer->secret_size);
	sa->secret_size = answer->secret_size;
	return 0;
}

static const struct address *peer_meant(const struct ike_options *options,
                                        const struct address *server)
{
	return options->peer.family != 0 ? &options->peer : server;
}

int server_sa_find(const struct ike_options *options, const struct address *server,
                   int interrupt_fd, struct server_sa *sa, struct error *error)
{
	const struct address *peer = peer_meant(options, server);
	struct ike_key_message request = {.type = IKE_KEY_GET_BY_PEER,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) |
	                                                IKE_KEY_HAS(IKE_KEY_WANT),
	                                  .peer_address = *peer,
	                                  .want = IKE_KEY_WANT_SECRET};
	struct ike_key_message answer = {0};
	char text[ADDRESS_TEXT_SIZE];
	int result = ike_key_query(options->socket, &request, QUERY_TIMEOUT_MS, interrupt_fd,
	                           &answer, error);

	*sa = (struct server_sa){0};
	if (result == 0)
		result = take(&answer, sa, error);
	else if (result == ERROR_NOT_FOUND)
		(void)error_set(error, result,
		                "the IKE daemon at %s has no SA with %s: bring one up "
		                "(--ike-initiate NAME does), or say with --ike-peer whose is meant",
		                options->socket, address_format(peer, text));
	secret_wipe(&answer, sizeof(answer));
	return result;
}

int server_sa_bring_up(const struct ike_options *options, const struct address *server,
                       bool verbose, int interrupt_fd, struct server_sa *sa, struct error *error)
{
	char text[ADDRESS_TEXT_SIZE];
	int result;

	*sa = (struct server_sa){0};
	(void)address_format(peer_meant(options, server), text);
	log_event(LOG_LEVEL_INFO, "ike-initiate", "no SA with %s: bringing up %s", text,
	          options->connection);
	if (ike_initiate(options, IKE_INITIATE_TIMEOUT_S, verbose, interrupt_fd, error) != 0)
		return ERROR_NOT_FOUND;
	result = server_sa_find(options, server, interrupt_fd, sa, error);
	if (result == ERROR_NOT_FOUND)
		(void)error_set(error, result,
		                "%.100s is up, but the IKE daemon at %s has no SA with %s: is that "
		                "connection with another peer (--ike-peer)?",
		                options->connection, options->socket, text);
	return result;
}

bool server_sa_same(const struct server_sa *left, const struct server_sa *right)
{
	return memcmp(left->spi_i, right->spi_i, sizeof(left->spi_i)) == 0 &&
	       memcmp(left->spi_r, right->spi_r, sizeof(left->spi_r)) == 0;
}

const char *ike_spi_format(const uint8_t spi[IKE_SPI_SIZE], char text[IKE_SPI_TEXT_SIZE])
{
	for (size_t i = 0; i < IKE_SPI_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", (unsigned)spi[i]);
	return text;
}

void server_sa_wipe_secret(struct server_sa *sa)
{
	secret_wipe(sa->secret, sizeof(sa->secret));
	sa->secret_size = 0;
}
