/* SPDX-License-Identifier: BSD-3-Clause */
#include "wire/ike_key_message.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/secret.h"

/* Offsets as the figures of doc/ike-key-protocol.md draw them. */

enum header_offset {
	HEADER_LENGTH = 0,
	HEADER_VERSION = 4,
	HEADER_TYPE = 5,
	HEADER_RESERVED = 6,
	HEADER_REQUEST = 8,
	HEADER_END = 12,
};
static_assert(HEADER_END == IKE_KEY_HEADER_SIZE, "header");

enum attribute_offset {
	ATTRIBUTE_TYPE = 0,
	ATTRIBUTE_LENGTH = 2,
	ATTRIBUTE_VALUE = 4,
};

#define LENGTH_SIZE 4u
#define IPV4_SIZE   4u
#define IPV6_SIZE   16u

/** How a value is written, and where its field is in struct ike_key_message. */
enum kind { NOT_KNOWN, SPI, NUMBER_16, NUMBER_32, SECRET, ADDRESS, TEXT };

struct attribute {
	enum kind kind;
	size_t field;
	size_t size_field; /**< of a secret: the octet that says how long it is */
};

#define FIELD(kind, name)                                                                          \
	{                                                                                          \
		kind, offsetof(struct ike_key_message, name), 0                                    \
	}
#define SECRET_FIELD(name)                                                                         \
	{                                                                                          \
		SECRET, offsetof(struct ike_key_message, name),                                    \
		        offsetof(struct ike_key_message, name##_size)                              \
	}

static const struct attribute attributes[] = {
        [IKE_KEY_SPI_I] = FIELD(SPI, spi_i),
        [IKE_KEY_SPI_R] = FIELD(SPI, spi_r),
        [IKE_KEY_PRF] = FIELD(NUMBER_16, prf),
        [IKE_KEY_SECRET] = SECRET_FIELD(secret),
        [IKE_KEY_SK_D] = SECRET_FIELD(sk_d),
        [IKE_KEY_LOCAL_ADDRESS] = FIELD(ADDRESS, local_address),
        [IKE_KEY_PEER_ADDRESS] = FIELD(ADDRESS, peer_address),
        [IKE_KEY_LOCAL_IDENTITY] = FIELD(TEXT, local_identity),
        [IKE_KEY_PEER_IDENTITY] = FIELD(TEXT, peer_identity),
        [IKE_KEY_CONNECTION] = FIELD(TEXT, connection),
        [IKE_KEY_OLD_SPI_I] = FIELD(SPI, old_spi_i),
        [IKE_KEY_OLD_SPI_R] = FIELD(SPI, old_spi_r),
        [IKE_KEY_WANT] = FIELD(NUMBER_16, want),
        [IKE_KEY_ERROR_CODE] = FIELD(NUMBER_16, error),
        [IKE_KEY_TEXT] = FIELD(TEXT, text),
        [IKE_KEY_COUNT] = FIELD(NUMBER_32, count),
};
#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))
static_assert(ATTRIBUTES <= 32, "a bit each in ike_key_message.attributes");

#define SPIS     (IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R))
#define OLD_SPIS (IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R))
#define WHOLE_SA                                                                                   \
	(SPIS | IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |                    \
	 IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS))

/** What a message can't be understood without; whether a key is in it depends on what was asked for. */
static const uint32_t required[UINT8_MAX + 1] = {
        [IKE_KEY_GET_BY_SPIS] = SPIS,
        [IKE_KEY_GET_BY_PEER] = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
        [IKE_KEY_SA] = WHOLE_SA,
        [IKE_KEY_END] = IKE_KEY_HAS(IKE_KEY_COUNT),
        [IKE_KEY_ERROR] = IKE_KEY_HAS(IKE_KEY_ERROR_CODE),
        [IKE_KEY_EVENT_UP] = WHOLE_SA,
        [IKE_KEY_EVENT_REKEYED] = SPIS | OLD_SPIS,
        [IKE_KEY_EVENT_GONE] = SPIS,
};

static bool length_allowed(enum kind kind, size_t length)
{
	switch (kind) {
	case SPI:
		return length == IKE_KEY_SPI_SIZE;
	case NUMBER_16:
		return length == sizeof(uint16_t);
	case NUMBER_32:
		return length == sizeof(uint32_t);
	case SECRET:
		return length >= 1 && length <= IKE_KEY_SECRET_SIZE_MAXIMUM;
	case ADDRESS:
		return length == IPV4_SIZE || length == IPV6_SIZE;
	case TEXT:
		return length < IKE_KEY_TEXT_SIZE;
	case NOT_KNOWN:
		break;
	}
	return false;
}

/** The text comes from a peer of the IKE daemon and goes to logs and terminals. */
static void text_read(char *text, const uint8_t *octets, size_t length)
{
	for (size_t i = 0; i < length; i++)
		text[i] = octets[i] >= ' ' && octets[i] <= '~' ? (char)octets[i] : '?';
}

static void value_read(const struct attribute *attribute, const uint8_t *value, size_t length,
                       struct ike_key_message *message)
{
	uint8_t *field = (uint8_t *)message + attribute->field;

	switch (attribute->kind) {
	case SPI:
		memcpy(field, value, length);
		break;
	case NUMBER_16:
		*(uint16_t *)(void *)field = load_be16(value);
		break;
	case NUMBER_32:
		*(uint32_t *)(void *)field = load_be32(value);
		break;
	case SECRET:
		memcpy(field, value, length);
		((uint8_t *)message)[attribute->size_field] = (uint8_t)length;
		break;
	case ADDRESS:
		*(struct address *)(void *)field = address_make(length == IPV4_SIZE ? 4 : 6, value);
		break;
	case TEXT:
		text_read((char *)field, value, length);
		break;
	case NOT_KNOWN:
		break;
	}
}

/** How many octets the field's value takes; SIZE_MAX when it can't be written. */
static size_t value_length(const struct attribute *attribute, const struct ike_key_message *message)
{
	const uint8_t *field = (const uint8_t *)message + attribute->field;
	size_t length = 0;

	switch (attribute->kind) {
	case SPI:
		length = IKE_KEY_SPI_SIZE;
		break;
	case NUMBER_16:
		length = sizeof(uint16_t);
		break;
	case NUMBER_32:
		length = sizeof(uint32_t);
		break;
	case SECRET:
		length = ((const uint8_t *)message)[attribute->size_field];
		break;
	case ADDRESS: {
		uint8_t family = ((const struct address *)(const void *)field)->family;
		length = family == 4 ? IPV4_SIZE : family == 6 ? IPV6_SIZE : 0;
		break;
	}
	case TEXT:
		length = strnlen((const char *)field, IKE_KEY_TEXT_SIZE);
		break;
	case NOT_KNOWN:
		break;
	}
	return length_allowed(attribute->kind, length) ? length : SIZE_MAX;
}

static void value_write(const struct attribute *attribute, const struct ike_key_message *message,
                        uint8_t *value, size_t length)
{
	const uint8_t *field = (const uint8_t *)message + attribute->field;

	switch (attribute->kind) {
	case NUMBER_16:
		store_be16(value, *(const uint16_t *)(const void *)field);
		break;
	case NUMBER_32:
		store_be32(value, *(const uint32_t *)(const void *)field);
		break;
	case ADDRESS:
		memcpy(value, ((const struct address *)(const void *)field)->octets, length);
		break;
	case SPI:
	case SECRET:
	case TEXT:
		memcpy(value, field, length);
		break;
	case NOT_KNOWN:
		break;
	}
}

int ike_key_message_length(const uint8_t *octets, size_t size, size_t *length)
{
	if (size < LENGTH_SIZE)
		return ERROR_UNAVAILABLE;
	uint32_t told = load_be32(octets + HEADER_LENGTH);
	if (told < IKE_KEY_HEADER_SIZE || told > IKE_KEY_MESSAGE_SIZE_MAXIMUM)
		return ERROR_FORMAT;
	if (size < IKE_KEY_HEADER_SIZE)
		return ERROR_UNAVAILABLE;
	*length = told;
	return 0;
}

static int attributes_read(const uint8_t *octets, size_t length, struct ike_key_message *message)
{
	for (size_t at = HEADER_END; at < length;) {
		if (length - at < ATTRIBUTE_VALUE)
			return ERROR_FORMAT;
		uint16_t type = load_be16(octets + at + ATTRIBUTE_TYPE);
		size_t size = load_be16(octets + at + ATTRIBUTE_LENGTH);
		at += ATTRIBUTE_VALUE;
		if (length - at < size)
			return ERROR_FORMAT;
		if (type < ATTRIBUTES && attributes[type].kind != NOT_KNOWN) {
			if ((message->attributes & IKE_KEY_HAS(type)) != 0 ||
			    !length_allowed(attributes[type].kind, size))
				return ERROR_FORMAT;
			value_read(&attributes[type], octets + at, size, message);
			message->attributes |= IKE_KEY_HAS(type);
		}
		at += size;
	}
	return 0;
}

int ike_key_message_read(const uint8_t *octets, size_t length, struct ike_key_message *message)
{
	size_t told = 0;

	memset(message, 0, sizeof(*message));
	if (ike_key_message_length(octets, length, &told) != 0 || told != length)
		return ERROR_FORMAT;
	struct ike_key_message header = {
	        .version = octets[HEADER_VERSION],
	        .type = octets[HEADER_TYPE],
	        .request = load_be32(octets + HEADER_REQUEST),
	};
	*message = header;
	if (header.version != IKE_KEY_VERSION)
		return ERROR_UNAVAILABLE;
	int status = load_be16(octets + HEADER_RESERVED) == 0
	                     ? attributes_read(octets, length, message)
	                     : ERROR_FORMAT;
	if (status == 0 && (required[header.type] & ~message->attributes) != 0)
		status = ERROR_FORMAT;
	if (status != 0) {
		secret_wipe(message, sizeof(*message));
		*message = header;
	}
	return status;
}

size_t ike_key_message_write(const struct ike_key_message *message, uint8_t *octets, size_t room)
{
	size_t at = HEADER_END;

	if (room < HEADER_END)
		return 0;
	for (unsigned type = 0; type < 32; type++) {
		if ((message->attributes & IKE_KEY_HAS(type)) == 0)
			continue;
		size_t length =
		        type < ATTRIBUTES ? value_length(&attributes[type], message) : SIZE_MAX;
		if (length == SIZE_MAX || room - at < ATTRIBUTE_VALUE + length)
			return 0;
		store_be16(octets + at + ATTRIBUTE_TYPE, (uint16_t)type);
		store_be16(octets + at + ATTRIBUTE_LENGTH, (uint16_t)length);
		value_write(&attributes[type], message, octets + at + ATTRIBUTE_VALUE, length);
		at += ATTRIBUTE_VALUE + length;
	}
	store_be32(octets + HEADER_LENGTH, (uint32_t)at);
	octets[HEADER_VERSION] = IKE_KEY_VERSION;
	octets[HEADER_TYPE] = message->type;
	store_be16(octets + HEADER_RESERVED, 0);
	store_be32(octets + HEADER_REQUEST, message->request);
	return at;
}

const char *ike_key_error_name(uint16_t error)
{
	static const char *const names[] = {
	        [IKE_KEY_ERROR_NOT_FOUND] = "no such SA",
	        [IKE_KEY_ERROR_NOT_PERMITTED] = "not permitted",
	        [IKE_KEY_ERROR_BAD_REQUEST] = "bad request",
	        [IKE_KEY_ERROR_VERSION] = "another version of the protocol",
	        [IKE_KEY_ERROR_NOT_EXPOSED] = "SK_d is not exposed",
	        [IKE_KEY_ERROR_BUSY] = "busy",
	};

	if (error >= sizeof(names) / sizeof(names[0]) || names[error] == NULL)
		return "unknown error";
	return names[error];
}
