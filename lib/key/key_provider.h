/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Where shared secrets come from: one header, asynchronous, since the answer may have to come from a daemon's socket.
 * Providers: PSK file (KeyID to passphrase), static SA table (SPIs to prf(SK_d, "IPPM")), and an IKE daemon (charon_provider.h). Slow
 * path only.
 */
#ifndef SPECULAR_KEY_KEY_PROVIDER_H
#define SPECULAR_KEY_KEY_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/address.h"
#include "base/error.h"

#define SHARED_SECRET_SIZE_MAXIMUM 1024u
#define KEY_PROVIDER_ID_SIZE       80u
#define IKE_SPI_SIZE               8u
#define KEY_NAME_SIZE              128u
#define KEY_IDENTITY_SIZE          256u

/** A shared secret on its way; a secret: wiped by whoever holds it last. */
struct shared_secret {
	uint8_t octets[SHARED_SECRET_SIZE_MAXIMUM];
	size_t size;
	char name
	        [KEY_NAME_SIZE]; /**< for logs: the KeyID, or "spi-i/spi-r" in hexadecimal. Never key octets. */
	/** Of the IKE peer, cut when it is longer; "" for a KeyID, or when the provider does not know it. */
	char identity[KEY_IDENTITY_SIZE];
};

/**
 * Answer. status 0: *secret is valid during the call only (copy what is needed; the provider wipes it). ERROR_NOT_FOUND: no such
 * KeyID or SA. ERROR_PERMISSION: there is one, but not for this client. ERROR_UNAVAILABLE: the provider could not be asked. reason is for
 * the log when status is not 0: more than the status tells, e.g. whose SA it is; NULL when there is nothing more. Valid during the call.
 */
typedef void (*key_answer)(void *context, int status, const struct shared_secret *secret,
                           const char *reason);

/** A secret is not good for new connections any more (its SA is gone): nothing derived from it is to be kept for these. */
typedef void (*key_gone)(void *context, const struct shared_secret *secret);

/** What is looked up. */
struct key_query {
	enum { KEY_QUERY_KEY_ID, KEY_QUERY_IKE_SA } kind;
	uint8_t key_id
	        [KEY_PROVIDER_ID_SIZE]; /**< KeyID as on the wire; for an IKE SA: SPIi, SPIr, the rest ignored */
	struct address peer; /**< the Control-Client's address */
};

struct key_provider;

/** A pending look-up; ends with its answer or with key_provider_cancel. */
struct key_lookup;

/**
 * Asks. The answer may come before this returns (then *lookup is NULL) or later from the event loop (then *lookup can be
 * cancelled until the answer has come). Returns 0, or ERROR_MEMORY with no answer to come.
 */
int key_provider_ask(struct key_provider *provider, const struct key_query *query,
                     key_answer answer, void *context, struct key_lookup **lookup);

/** No answer comes any more. */
void key_provider_cancel(struct key_provider *provider, struct key_lookup *lookup);

/** Tells of secrets that go, until the provider is destroyed (which tells nothing). One watcher. */
void key_provider_watch(struct key_provider *provider, key_gone gone, void *context);

/** Ends pending look-ups without an answer and wipes every secret. provider may be NULL. */
void key_provider_destroy(struct key_provider *provider);

/** What may be shown of a key: names, never its octets. Valid during the call. */
struct key_status {
	const char *name;           /**< the KeyID, or "spi-i/spi-r" in hexadecimal */
	const struct address *peer; /**< of an IKE SA; NULL: not known */
	const char *identity;       /**< of the IKE peer; NULL: not known */
};

/** False ends the visits. */
typedef bool (*key_visit)(void *context, const struct key_status *key);

/** Every key that the provider knows now. The visitor asks nothing. provider may be NULL. */
void key_provider_visit(const struct key_provider *provider, key_visit visit, void *context);

/** The operations of one kind of provider; its own struct begins with struct key_provider. */
struct key_provider_operations {
	int (*ask)(struct key_provider *provider, const struct key_query *query, key_answer answer,
	           void *context, struct key_lookup **lookup);
	void (*cancel)(struct key_provider *provider, struct key_lookup *lookup);
	void (*destroy)(struct key_provider *provider);
	void (*visit)(const struct key_provider *provider, key_visit visit,
	              void *context); /**< NULL: shows none */
};

struct key_provider {
	const struct key_provider_operations *operations;
	key_gone gone; /**< NULL: nobody watches */
	void *gone_context;
};

/**
 * PSK file: YAML, `keys: [{key-id: ..., secret-key: ...}]` (names of RFC 8913). Refused with ERROR_PERMISSION when group or others
 * may read it, or when it is neither root's nor this process's user's nor owner's; errors carry file:line:column. Passphrases: printable ASCII, no newline or control characters (RFC 5357 section 3.1).
 */
int psk_file_load(const char *path, uid_t owner, struct key_provider **provider,
                  struct error *error);

/** From memory, without the permission check: for the fuzz target and unit tests. */
int psk_file_parse(const char *name, const char *text, size_t size, struct key_provider **provider,
                   struct error *error);

/**
 * Static SA table: YAML, `security-associations: [{spi-i: 16 hex digits, spi-r: ..., prf: hmac-sha2-256, sk-d: hex}]`.
 * Keeps prf(SK_d, "IPPM") only; SK_d is wiped after reading. The permission rule of psk_file_load applies.
 */
int sa_file_load(const char *path, uid_t owner, struct key_provider **provider,
                 struct error *error);
int sa_file_parse(const char *name, const char *text, size_t size, struct key_provider **provider,
                  struct error *error);

/** The probe takes its only SA's SPIs from such a file: the index-th; ERROR_NOT_FOUND past the end. */
int sa_file_spis(const struct key_provider *provider, unsigned index, uint8_t spi_i[IKE_SPI_SIZE],
                 uint8_t spi_r[IKE_SPI_SIZE]);

#endif
