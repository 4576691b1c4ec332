/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The IKE SA that the Token's key comes from. The Control-Client looks it up by the server's address (RFC 7717 section 5.1): here by asking
 * the host's IKE daemon. Blocking.
 */
#ifndef SPECULAR_CLIENT_SERVER_SA_H
#define SPECULAR_CLIENT_SERVER_SA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ike_options.h"
#include "key/key_provider.h"
#include "wire/ike_key_message.h"

#define IKE_SPI_TEXT_SIZE (2 * IKE_SPI_SIZE + 1)

struct server_sa {
	bool known; /**< SPIs are there */
	uint8_t spi_i[IKE_SPI_SIZE];
	uint8_t spi_r[IKE_SPI_SIZE];
	uint16_t prf;                           /**< Transform ID; 0: not known */
	struct address peer;                    /**< family 0: not known */
	char peer_identity[IKE_KEY_TEXT_SIZE];  /**< "": not known */
	char local_identity[IKE_KEY_TEXT_SIZE]; /**< "": not known */
	uint8_t secret
	        [IKE_KEY_SECRET_SIZE_MAXIMUM]; /**< prf(SK_d, "IPPM"), wiped once the set-up is over */
	size_t secret_size;                    /**< 0: not here */
};

/**
 * Asks the daemon for the newest SA with options->peer, or with server when that has none. ERROR_NOT_FOUND: no SA. ERROR_UNAVAILABLE,
 * ERROR_PERMISSION, ERROR_FORMAT: as ike_key_query. The text has the remedy. *sa is zero after an error.
 */
int server_sa_find(const struct ike_options *options, const struct address *server,
                   int interrupt_fd, struct server_sa *sa, struct error *error);

/**
 * Has options->connection brought up and asks again; this is logged. verbose: so is what swanctl says. May take longer than a server waits
 * for Set-Up-Response. Errors: as server_sa_find; ERROR_NOT_FOUND when it could not be brought up.
 */
int server_sa_bring_up(const struct ike_options *options, const struct address *server,
                       bool verbose, int interrupt_fd, struct server_sa *sa, struct error *error);

/** The same SPIs. */
bool server_sa_same(const struct server_sa *left, const struct server_sa *right);

/** 16 hexadecimal digits; returns text. */
const char *ike_spi_format(const uint8_t spi[IKE_SPI_SIZE], char text[IKE_SPI_TEXT_SIZE]);

/** The rest stays, for the report. */
void server_sa_wipe_secret(struct server_sa *sa);

#endif
