/* SPDX-License-Identifier: BSD-3-Clause */
#include "key/ike_sa.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "crypto/key_derivation.h"

_Static_assert(IKE_SPI_SIZE == IKE_KEY_SPI_SIZE, "the same SPIs");
_Static_assert(IKE_SECRET_SIZE_MAXIMUM == IKE_KEY_SECRET_SIZE_MAXIMUM, "the same secret");

/** No PRF of IKEv2 has a shorter output, and `token-key: direct` needs as much. */
#define SECRET_SIZE_MINIMUM 16u

void ike_sa_name(const uint8_t spis[IKE_SPIS_SIZE], char name[KEY_NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	_Static_assert(2 * IKE_SPIS_SIZE + 2 <= KEY_NAME_SIZE, "fits");
	char *to = name;

	for (unsigned i = 0; i < IKE_SPIS_SIZE; i++) {
		if (i == IKE_SPI_SIZE)
			*to++ = '/';
		*to++ = digits[spis[i] >> 4];
		*to++ = digits[spis[i] & 0xf];
	}
	*to = '\0';
}

static int take_secret(const struct ike_key_message *message, struct ike_sa *sa,
                       struct error *error)
{
	size_t minimum = ike_prf_size((enum ike_prf)message->prf);

	if (minimum == 0)
		minimum = SECRET_SIZE_MINIMUM;
	if ((message->attributes & IKE_KEY_HAS(IKE_KEY_SECRET)) == 0)
		return error_set(error, ERROR_ARGUMENT, "it came without its secret");
	if (message->secret_size < minimum)
		return error_set(error, ERROR_ARGUMENT, "its secret has %u octets instead of %zu",
		                 (unsigned)message->secret_size, minimum);
	memcpy(sa->secret, message->secret, message->secret_size);
	sa->secret_size = message->secret_size;
	return 0;
}

/** RFC 7296 section 2.14: SK_d is as long as the PRF's key, which is as long as its output. */
static int derive_secret(const struct ike_key_message *message, struct ike_sa *sa,
                         struct error *error)
{
	enum ike_prf prf = (enum ike_prf)message->prf;
	size_t size = ike_prf_size(prf);

	if (size == 0)
		return error_set(error, ERROR_ARGUMENT, "its PRF %u is unknown here",
		                 (unsigned)message->prf);
	if ((message->attributes & IKE_KEY_HAS(IKE_KEY_SK_D)) == 0)
		return error_set(error, ERROR_ARGUMENT, "it came without its SK_d");
	if (message->sk_d_size < size)
		return error_set(error, ERROR_ARGUMENT, "its SK_d has %u octets instead of %zu",
		                 (unsigned)message->sk_d_size, size);
	if (ike_shared_secret(prf, message->sk_d, message->sk_d_size, sa->secret, &size) != 0)
		return error_set(error, ERROR_ARGUMENT, "this OpenSSL does not have %s",
		                 ike_prf_name(prf));
	sa->secret_size = (uint8_t)size;
	return 0;
}

int ike_sa_read(const struct ike_key_message *message, enum config_derive derive,
                struct ike_sa **sa, struct error *error)
{
	size_t identity_size = strlen(message->peer_identity) + 1;
	struct ike_sa *read = calloc(1, sizeof(*read) + identity_size);

	*sa = NULL;
	if (read == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	memcpy(read->spis, message->spi_i, IKE_SPI_SIZE);
	memcpy(read->spis + IKE_SPI_SIZE, message->spi_r, IKE_SPI_SIZE);
	read->peer = message->peer_address;
	memcpy(read->peer_identity, message->peer_identity, identity_size);
	int status = derive == DERIVE_APPLIANCE ? derive_secret(message, read, error)
	                                        : take_secret(message, read, error);
	if (status == 0)
		*sa = read;
	else
		ike_sa_destroy(read);
	return status;
}

void ike_sa_destroy(struct ike_sa *sa)
{
	if (sa == NULL)
		return;
	secret_wipe(sa, sizeof(*sa));
	free(sa);
}

void ike_sa_secret(const struct ike_sa *sa, struct shared_secret *secret)
{
	memcpy(secret->octets, sa->secret, sa->secret_size);
	secret->size = sa->secret_size;
	ike_sa_name(sa->spis, secret->name);
	(void)snprintf(secret->identity, sizeof(secret->identity), "%s", sa->peer_identity);
}

static int permit_address(const struct ike_sa *sa, const struct address *client,
                          struct error *error)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!address_equal(&sa->peer, client))
		return error_set(error, ERROR_PERMISSION, "the SA's peer is %s",
		                 address_format(&sa->peer, text));
	return 0;
}

/* "keyid:" of "keyid:probe-1": the length; 0: it has none. */
static size_t prefix_length(const char *identity)
{
	size_t length = strspn(identity, "abcdefghijklmnopqrstuvwxyz0123456789");

	return length > 0 && identity[length] == ':' ? length + 1 : 0;
}

/* The marks by which a text without a prefix tells a name or address from a mailbox and from a DN. */
static unsigned marks(const char *identity)
{
	return strchr(identity, '=') ? 2 : strchr(identity, '@') ? 1 : 0;
}

/* A wildcard stands for a part of an identity, not for its kind. */
static bool same_kind(const char *pattern, const char *identity)
{
	size_t prefix = prefix_length(pattern);

	if (prefix > 0 || prefix_length(identity) > 0)
		return prefix == prefix_length(identity) && memcmp(pattern, identity, prefix) == 0;
	return marks(pattern) == marks(identity);
}

static bool identity_matches(const char *pattern, const char *identity)
{
	if (strcmp(pattern, "*") != 0 && !same_kind(pattern, identity))
		return false;
	return fnmatch(pattern, identity, 0) == 0;
}

static int permit_identity(const struct ike_sa *sa, const struct config_ikev2 *settings,
                           struct error *error)
{
	for (unsigned i = 0; i < settings->allowed_identity_count; i++)
		if (identity_matches(settings->allowed_identities[i], sa->peer_identity))
			return 0;
	return error_set(error, ERROR_PERMISSION,
	                 "the SA's peer \"%s\" is none of ikev2.allowed-identities",
	                 sa->peer_identity);
}

int ike_sa_permit(const struct ike_sa *sa, const struct config_ikev2 *settings,
                  const struct address *client, struct error *error)
{
	int status = 0;

	if (settings->require_peer_address_match)
		status = permit_address(sa, client, error);
	if (status == 0 && settings->allowed_identity_count > 0)
		status = permit_identity(sa, settings, error);
	return status;
}
