/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The protected TWAMP-Control connection: RFC 4656 sections 3.2 and 3.4.
 *
 * Two independent AES-128-CBC streams under one AES Session-key, each with its own IV, chained across messages. Each HMAC covers
 * what was sent in that direction since the previous HMAC; it is encrypted like the rest. The server's first HMAC covers the
 * encrypted block of Server-Start too (RFC 5357 section 3.2). In unauthenticated mode (keys NULL at creation) every function
 * passes octets through, writes zero HMACs and verifies any.
 */
#ifndef SPECULAR_CRYPTO_CONTROL_STREAM_H
#define SPECULAR_CRYPTO_CONTROL_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/suite.h"

#define CONTROL_STREAM_IV_SIZE   16u
#define CONTROL_STREAM_HMAC_SIZE 16u

struct control_stream;

/**
 * keys NULL: unauthenticated. send_iv and receive_iv: this side's and the peer's IV (16 octets; ignored when keys is NULL).
 * Keys are copied and wiped at destroy. NULL when memory or OpenSSL fails.
 */
struct control_stream *control_stream_create(const struct session_keys *keys,
                                             const uint8_t *send_iv, const uint8_t *receive_iv);
void control_stream_destroy(struct control_stream *stream);

/** Encrypts size octets (a multiple of 16) in place without an HMAC; they are covered by the next one (Server-Start's tail). */
int control_stream_send(struct control_stream *stream, uint8_t *octets, size_t size);

/** Writes the HMAC into the last 16 of size octets, then encrypts all in place. size: a multiple of 16, at least 32. */
int control_stream_send_with_hmac(struct control_stream *stream, uint8_t *octets, size_t size);

/**
 * Decrypts size octets (a multiple of 16) in place and adds them to what the next HMAC covers. Blocks are given once, in order,
 * as they arrive; an HMAC block is not given here but to control_stream_receive_hmac.
 */
int control_stream_receive(struct control_stream *stream, uint8_t *octets, size_t size);

/** Decrypts an HMAC block and compares it in constant time; then a new span begins. True when right. */
bool control_stream_receive_hmac(struct control_stream *stream,
                                 uint8_t hmac[CONTROL_STREAM_HMAC_SIZE]);

#endif
