/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The protocol between an IKE daemon and those who use keys derived from its SAs (RFC 7717 section 5.1), over a unix stream socket:
 * doc/ike-key-protocol.md. Bytes only: nothing here reads or writes a socket.
 *
 * A message is a header of 12 octets and attributes; integers are in network byte order:
 *
 *     length (4, of the whole message)  version (1)  type (1)  reserved (2, zero)  request (4)
 *     attribute: type (2)  length (2, of the value)  value
 *
 * A reader ignores attributes that it does not know. request is the client's to choose; answers repeat it, events have 0.
 */
#ifndef SPECULAR_WIRE_IKE_KEY_MESSAGE_H
#define SPECULAR_WIRE_IKE_KEY_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"

#define IKE_KEY_VERSION              1u
#define IKE_KEY_HEADER_SIZE          12u
#define IKE_KEY_MESSAGE_SIZE_MAXIMUM 4096u
#define IKE_KEY_SPI_SIZE             8u
#define IKE_KEY_SECRET_SIZE_MAXIMUM  64u
/** An IKE identity as text, or a connection's name, and the terminator. */
#define IKE_KEY_TEXT_SIZE 256u

/** Where the plugin listens unless told otherwise: the one place in /run that Debian's profile of charon leaves it. */
#define IKE_KEY_SOCKET_DEFAULT "/run/charon.ippm-keys"

enum ike_key_message_type {
	/* Requests. */
	IKE_KEY_GET_BY_SPIS = 1, /**< SPI_I, SPI_R; WANT. Answer: SA or ERROR */
	IKE_KEY_GET_BY_PEER =
	        2,        /**< PEER_ADDRESS; WANT. Answer: the newest SA with that peer, or ERROR */
	IKE_KEY_LIST = 3, /**< answer: an SA each, without keys; then END */
	IKE_KEY_SUBSCRIBE = 4, /**< WANT. Answer: an SA each; then END; from then on events */
	/* Answers. */
	IKE_KEY_SA = 128,
	IKE_KEY_END = 129,   /**< COUNT */
	IKE_KEY_ERROR = 130, /**< ERROR, TEXT */
	/* Events. */
	IKE_KEY_EVENT_UP = 192, /**< as SA: established, or its addresses have changed */
	IKE_KEY_EVENT_REKEYED =
	        193, /**< SPI_I, SPI_R of the new SA, which has come UP; OLD_SPI_I, OLD_SPI_R */
	IKE_KEY_EVENT_GONE = 194, /**< SPI_I, SPI_R */
};

enum ike_key_attribute {
	IKE_KEY_SPI_I = 1, /**< 8 octets, as on the wire of IKE */
	IKE_KEY_SPI_R = 2,
	IKE_KEY_PRF = 3,    /**< 2 octets: the Transform ID of RFC 7296 section 3.3.2 */
	IKE_KEY_SECRET = 4, /**< prf(SK_d, "IPPM"), 1 to 64 octets */
	IKE_KEY_SK_D =
	        5, /**< 1 to 64 octets; only when asked for, and only when the daemon exposes it */
	IKE_KEY_LOCAL_ADDRESS = 6, /**< 4 or 16 octets */
	IKE_KEY_PEER_ADDRESS = 7,
	IKE_KEY_LOCAL_IDENTITY =
	        8, /**< text, at most 255 octets, no terminator; says the type too */
	IKE_KEY_PEER_IDENTITY = 9,
	IKE_KEY_CONNECTION = 10, /**< text: the daemon's name of the SA's configuration */
	IKE_KEY_OLD_SPI_I = 11,
	IKE_KEY_OLD_SPI_R = 12,
	IKE_KEY_WANT = 13,       /**< 2 octets: enum ike_key_want; left out: the secret */
	IKE_KEY_ERROR_CODE = 14, /**< 2 octets: enum ike_key_error */
	IKE_KEY_TEXT = 15,       /**< for people, at most 255 octets */
	IKE_KEY_COUNT = 16,      /**< 4 octets */
};

enum ike_key_want {
	IKE_KEY_WANT_NONE = 0,
	IKE_KEY_WANT_SECRET = 1,
	IKE_KEY_WANT_SK_D = 2,
};

enum ike_key_error {
	IKE_KEY_ERROR_NOT_FOUND = 1,     /**< no such SA */
	IKE_KEY_ERROR_NOT_PERMITTED = 2, /**< these credentials may not ask; the connection ends */
	IKE_KEY_ERROR_BAD_REQUEST = 3,   /**< malformed, or not a request; the connection ends */
	IKE_KEY_ERROR_VERSION =
	        4, /**< not the header's version, which is the daemon's; the connection ends */
	IKE_KEY_ERROR_NOT_EXPOSED = 5, /**< the daemon does not hand out SK_d */
	IKE_KEY_ERROR_BUSY =
	        6, /**< too many clients, or this one does not read; the connection ends */
};

/**
 * Any message. A field counts when the bit of its attribute is set: IKE_KEY_HAS(IKE_KEY_PRF). May hold secrets: wiped by
 * whoever holds it. Texts are terminated; what is not printable ASCII is '?' after reading.
 */
struct ike_key_message {
	uint8_t version; /**< set by reading */
	uint8_t type;
	uint32_t request;
	uint32_t attributes;
	uint8_t spi_i[IKE_KEY_SPI_SIZE];
	uint8_t spi_r[IKE_KEY_SPI_SIZE];
	uint8_t old_spi_i[IKE_KEY_SPI_SIZE];
	uint8_t old_spi_r[IKE_KEY_SPI_SIZE];
	uint16_t prf;
	uint16_t want;
	uint16_t error;
	uint32_t count;
	uint8_t secret[IKE_KEY_SECRET_SIZE_MAXIMUM];
	uint8_t secret_size;
	uint8_t sk_d[IKE_KEY_SECRET_SIZE_MAXIMUM];
	uint8_t sk_d_size;
	struct address local_address;
	struct address peer_address;
	char local_identity[IKE_KEY_TEXT_SIZE];
	char peer_identity[IKE_KEY_TEXT_SIZE];
	char connection[IKE_KEY_TEXT_SIZE];
	char text[IKE_KEY_TEXT_SIZE];
};

#define IKE_KEY_HAS(attribute) (UINT32_C(1) << (attribute))

/**
 * Looks at the size octets that have come so far. 0 and *length when a whole header is there: the message is complete when
 * size >= *length. ERROR_UNAVAILABLE: more octets are needed to tell. ERROR_FORMAT: a length below the header's or above
 * IKE_KEY_MESSAGE_SIZE_MAXIMUM; the stream can't be followed any more.
 */
int ike_key_message_length(const uint8_t *octets, size_t size, size_t *length);

/**
 * Reads one whole message; every field that has no attribute is zero. ERROR_FORMAT: an attribute that is cut, of a wrong length or
 * there twice, a reserved field that is not zero, or one missing that the type needs. ERROR_UNAVAILABLE: another version; version and
 * request are set. A type that is not known is no error of reading.
 */
int ike_key_message_read(const uint8_t *octets, size_t length, struct ike_key_message *message);

/**
 * Writes the attributes that the bits tell of, and this protocol's version. Returns the octets written, or 0 when they do not fit
 * into room or a field can't be written (a secret or text that is too long, an address of no family).
 */
size_t ike_key_message_write(const struct ike_key_message *message, uint8_t *octets, size_t room);

/** "no such SA" and so on for an enum ike_key_error; never NULL. */
const char *ike_key_error_name(uint16_t error);

#endif
