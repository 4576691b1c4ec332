/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ippm_keys_listener.h"

#include <string.h>

#include "base/error.h"
#include "base/secret.h"
#include "identity_text.h"

static void get_spis(ike_sa_t *ike_sa, uint8_t spi_i[IKE_KEY_SPI_SIZE],
                     uint8_t spi_r[IKE_KEY_SPI_SIZE])
{
	ike_sa_id_t *id = ike_sa->get_id(ike_sa);
	/* Both in network byte order, as they came. */
	uint64_t initiator = id->get_initiator_spi(id), responder = id->get_responder_spi(id);

	memcpy(spi_i, &initiator, IKE_KEY_SPI_SIZE);
	memcpy(spi_r, &responder, IKE_KEY_SPI_SIZE);
}

static struct address get_address(host_t *host)
{
	struct endpoint endpoint = {0};

	(void)endpoint_from_sockaddr(host->get_sockaddr(host), &endpoint);
	return endpoint.address;
}

/* The last round of authentication is the one whose identity charon tells. */
static bool is_by_eap(ike_sa_t *ike_sa)
{
	enumerator_t *rounds = ike_sa->create_auth_cfg_enumerator(ike_sa, FALSE);
	auth_cfg_t *round;
	bool by_eap = false;

	while (rounds->enumerate(rounds, &round))
		by_eap = (uintptr_t)round->get(round, AUTH_RULE_AUTH_CLASS) == AUTH_CLASS_EAP;
	rounds->destroy(rounds);
	return by_eap;
}

static void set_names(struct ike_key_message *message, ike_sa_t *ike_sa)
{
	const char *name = ike_sa->get_name(ike_sa);

	if (identity_text(message->local_identity, ike_sa->get_my_id(ike_sa), false))
		message->attributes |= IKE_KEY_HAS(IKE_KEY_LOCAL_IDENTITY);
	if (identity_text(message->peer_identity, ike_sa->get_other_eap_id(ike_sa),
	                  is_by_eap(ike_sa)))
		message->attributes |= IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY);
	if (name && strlen(name) < IKE_KEY_TEXT_SIZE) {
		memcpy(message->connection, name, strlen(name) + 1);
		message->attributes |= IKE_KEY_HAS(IKE_KEY_CONNECTION);
	}
}

/* Where charon.flush_auth_cfg is set, charon itself no longer knows by which identity EAP has authenticated the peer. */
static void keep_peer_identity(const struct ippm_keys_listener *this, ike_sa_t *before,
                               struct ike_key_message *message)
{
	struct ike_key_message known;
	uint8_t spi_i[IKE_KEY_SPI_SIZE], spi_r[IKE_KEY_SPI_SIZE];

	get_spis(before, spi_i, spi_r);
	if (sa_store_get(this->store, spi_i, spi_r, &known) < 0)
		return;
	message->attributes &= ~IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY);
	message->attributes |= known.attributes & IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY);
	memcpy(message->peer_identity, known.peer_identity, sizeof(message->peer_identity));
	secret_wipe(&known, sizeof(known));
}

/* RFC 7717 section 5.1: shared secret key = prf(SK_d, "IPPM"). */
static int derive(struct ike_key_message *message, pseudo_random_function_t algorithm, chunk_t sk_d)
{
	prf_t *prf = lib->crypto->create_prf(lib->crypto, algorithm);
	int result = ERROR_CRYPTO;

	if (!prf)
		return ERROR_CRYPTO;
	size_t size = prf->get_block_size(prf);
	if (size <= sizeof(message->secret) && prf->set_key(prf, sk_d) &&
	    prf->get_bytes(prf, chunk_from_str("IPPM"), message->secret)) {
		message->secret_size = (uint8_t)size;
		message->prf = (uint16_t)algorithm;
		message->attributes |= IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_SECRET);
		result = 0;
	}
	prf->destroy(prf);
	return result;
}

static int set_keys(const struct ippm_keys_listener *this, struct ike_key_message *message,
                    ike_sa_t *ike_sa)
{
	keymat_v2_t *keymat = (keymat_v2_t *)ike_sa->get_keymat(ike_sa);
	chunk_t sk_d = chunk_empty; /* stays charon's */
	pseudo_random_function_t algorithm = keymat->get_skd(keymat, &sk_d);

	if (sk_d.len == 0)
		return ERROR_CRYPTO;
	if (this->keep_sk_d) {
		if (sk_d.len > sizeof(message->sk_d))
			return ERROR_CRYPTO;
		memcpy(message->sk_d, sk_d.ptr, sk_d.len);
		message->sk_d_size = (uint8_t)sk_d.len;
		message->attributes |= IKE_KEY_HAS(IKE_KEY_SK_D);
	}
	return derive(message, algorithm, sk_d);
}

/* before: the SA that this one replaces, or itself. */
static void enter(const struct ippm_keys_listener *this, ike_sa_t *ike_sa, ike_sa_t *before)
{
	struct ike_key_message message = {
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |
	                      IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
	        .local_address = get_address(ike_sa->get_my_host(ike_sa)),
	        .peer_address = get_address(ike_sa->get_other_host(ike_sa))};

	get_spis(ike_sa, message.spi_i, message.spi_r);
	set_names(&message, ike_sa);
	keep_peer_identity(this, before, &message);
	int result = set_keys(this, &message, ike_sa);
	if (result == 0)
		result = sa_store_put(this->store, &message);
	if (result < 0)
		DBG1(DBG_IKE, "ippm-keys: IKE_SA %s[%d] is not served: %s",
		     ike_sa->get_name(ike_sa), ike_sa->get_unique_id(ike_sa), error_name(result));
	secret_wipe(&message, sizeof(message));
}

static void leave(const struct ippm_keys_listener *this, ike_sa_t *ike_sa)
{
	uint8_t spi_i[IKE_KEY_SPI_SIZE], spi_r[IKE_KEY_SPI_SIZE];

	get_spis(ike_sa, spi_i, spi_r);
	(void)sa_store_remove(this->store, spi_i, spi_r);
}

/* The state is not yet ike_sa's own. */
static bool ike_state_change(listener_t *listener, ike_sa_t *ike_sa, ike_sa_state_t state)
{
	const struct ippm_keys_listener *this = (const struct ippm_keys_listener *)listener;

	if (ike_sa->get_version(ike_sa) != IKEV2)
		return TRUE;
	switch (state) {
	case IKE_ESTABLISHED: { /* again when a rekeying has failed */
		identification_t *peer = ike_sa->get_other_id(ike_sa);
		/* One that replaces another has not got its identities yet: ike_rekey() follows when it has. */
		if (peer->get_type(peer) != ID_ANY)
			enter(this, ike_sa, ike_sa);
		break;
	}
	case IKE_REKEYING:
	case IKE_REKEYED: /* keys are in use until its deletion */
		break;
	default: /* being deleted, which takes minutes when the peer does not answer; gone; or another node's */
		leave(this, ike_sa);
		break;
	}
	return TRUE;
}

static bool ike_rekey(listener_t *listener, ike_sa_t *old, ike_sa_t *new)
{
	const struct ippm_keys_listener *this = (const struct ippm_keys_listener *)listener;
	struct ike_key_message rekeyed = {
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R)};

	if (new->get_version(new) != IKEV2)
		return TRUE;
	enter(this, new, old);
	get_spis(old, rekeyed.old_spi_i, rekeyed.old_spi_r);
	get_spis(new, rekeyed.spi_i, rekeyed.spi_r);
	sa_store_rekeyed(this->store, &rekeyed);
	return TRUE;
}

/* ike_sa has the old addresses still. */
static bool ike_update(listener_t *listener, ike_sa_t *ike_sa, host_t *local, host_t *remote)
{
	const struct ippm_keys_listener *this = (const struct ippm_keys_listener *)listener;
	uint8_t spi_i[IKE_KEY_SPI_SIZE], spi_r[IKE_KEY_SPI_SIZE];
	struct address local_address = get_address(local), peer_address = get_address(remote);

	get_spis(ike_sa, spi_i, spi_r);
	int result = sa_store_move(this->store, spi_i, spi_r, &local_address, &peer_address);
	if (result < 0 && result != ERROR_NOT_FOUND)
		DBG1(DBG_IKE, "ippm-keys: IKE_SA %s[%d] is served with its old addresses: %s",
		     ike_sa->get_name(ike_sa), ike_sa->get_unique_id(ike_sa), error_name(result));
	return TRUE;
}

void ippm_keys_listener_init(struct ippm_keys_listener *listener, struct sa_store *store,
                             bool keep_sk_d)
{
	*listener = (struct ippm_keys_listener){.listener = {.ike_state_change = ike_state_change,
	                                                     .ike_rekey = ike_rekey,
	                                                     .ike_update = ike_update},
	                                        .store = store,
	                                        .keep_sk_d = keep_sk_d};
}
