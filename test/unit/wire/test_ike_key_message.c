/* SPDX-License-Identifier: BSD-3-Clause */
/* The octets are written out from the tables of doc/ike-key-protocol.md, a line an attribute; peer_question and sa_answer are its example. */
#include "wire/ike_key_message.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "unit.h"

/* clang-format off */
#define SPI_I_VALUE 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08
#define SPI_R_VALUE 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18
#define OLD_SPI_I_VALUE 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28
#define OLD_SPI_R_VALUE 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38
/** prf(SK_d, "IPPM") with HMAC-SHA2-256 of the SK_d 00 01 02 ... 1f. */
#define SECRET_VALUE \
        0x3d, 0xe7, 0x21, 0xe3, 0xb5, 0x78, 0xc7, 0x26, 0x86, 0x38, 0xca, 0x7d, 0x70, 0xc7, 0xb0, 0x78, \
        0x1d, 0x58, 0x8c, 0xca, 0x6f, 0x7a, 0x6f, 0x99, 0xec, 0x9a, 0x5c, 0xb1, 0xf5, 0x9b, 0xd5, 0x1f
#define IPV6_LOCAL_VALUE 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02
#define IPV6_PEER_VALUE  0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01

static const uint8_t spis_question[] = {
        0x00, 0x00, 0x00, 0x2a, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, /* GET_BY_SPIS, request 1 */
        0x00, 0x01, 0x00, 0x08, SPI_I_VALUE,
        0x00, 0x02, 0x00, 0x08, SPI_R_VALUE,
        0x00, 0x0d, 0x00, 0x02, 0x00, 0x02,                                     /* WANT SK_d */
};

static const uint8_t peer_question[] = {
        0x00, 0x00, 0x00, 0x1a, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, /* GET_BY_PEER, request 7 */
        0x00, 0x07, 0x00, 0x04, 0xc0, 0x00, 0x02, 0x01,                         /* PEER_ADDRESS 192.0.2.1 */
        0x00, 0x0d, 0x00, 0x02, 0x00, 0x01,                                     /* WANT the secret */
};

static const uint8_t list_question[] = {
        0x00, 0x00, 0x00, 0x0c, 0x01, 0x03, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, /* LIST, request 2^32 - 1 */
};

static const uint8_t subscribe_question[] = {
        0x00, 0x00, 0x00, 0x12, 0x01, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, /* SUBSCRIBE, request 3 */
        0x00, 0x0d, 0x00, 0x02, 0x00, 0x00,                                     /* WANT nothing */
};

static const uint8_t sa_answer[] = {
        0x00, 0x00, 0x00, 0x82, 0x01, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, /* SA, request 7 */
        0x00, 0x01, 0x00, 0x08, SPI_I_VALUE,
        0x00, 0x02, 0x00, 0x08, SPI_R_VALUE,
        0x00, 0x03, 0x00, 0x02, 0x00, 0x05,                                     /* PRF_HMAC_SHA2_256 */
        0x00, 0x04, 0x00, 0x20, SECRET_VALUE,
        0x00, 0x06, 0x00, 0x04, 0xc0, 0x00, 0x02, 0x02,                         /* LOCAL_ADDRESS 192.0.2.2 */
        0x00, 0x07, 0x00, 0x04, 0xc0, 0x00, 0x02, 0x01,                         /* PEER_ADDRESS 192.0.2.1 */
        0x00, 0x08, 0x00, 0x0c, 'C', 'N', '=', 'r', 'e', 'f', 'l', 'e', 'c', 't', 'o', 'r',
        0x00, 0x09, 0x00, 0x09, 'C', 'N', '=', 's', 'e', 'n', 'd', 'e', 'r',
        0x00, 0x0a, 0x00, 0x03, 'l', 'a', 'b',
};

static const uint8_t end_answer[] = {
        0x00, 0x00, 0x00, 0x14, 0x01, 0x81, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, /* END, request 3 */
        0x00, 0x10, 0x00, 0x04, 0x00, 0x01, 0x02, 0x03,                         /* COUNT 66051 */
};

static const uint8_t error_answer[] = {
        0x00, 0x00, 0x00, 0x20, 0x01, 0x82, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07, /* ERROR, request 7 */
        0x00, 0x0e, 0x00, 0x02, 0x00, 0x01,                                     /* ERROR_CODE not found */
        0x00, 0x0f, 0x00, 0x0a, 'n', 'o', ' ', 's', 'u', 'c', 'h', ' ', 'S', 'A',
};

static const uint8_t up_event[] = {
        0x00, 0x00, 0x00, 0x59, 0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* EVENT_UP */
        0x00, 0x01, 0x00, 0x08, SPI_I_VALUE,
        0x00, 0x02, 0x00, 0x08, SPI_R_VALUE,
        0x00, 0x03, 0x00, 0x02, 0x00, 0x08,                                     /* PRF_AES128_CMAC */
        0x00, 0x05, 0x00, 0x03, 0xd0, 0xd1, 0xd2,                               /* SK_D */
        0x00, 0x06, 0x00, 0x10, IPV6_LOCAL_VALUE,
        0x00, 0x07, 0x00, 0x10, IPV6_PEER_VALUE,
};

static const uint8_t rekeyed_event[] = {
        0x00, 0x00, 0x00, 0x3c, 0x01, 0xc1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* EVENT_REKEYED */
        0x00, 0x01, 0x00, 0x08, SPI_I_VALUE,
        0x00, 0x02, 0x00, 0x08, SPI_R_VALUE,
        0x00, 0x0b, 0x00, 0x08, OLD_SPI_I_VALUE,
        0x00, 0x0c, 0x00, 0x08, OLD_SPI_R_VALUE,
};

static const uint8_t gone_event[] = {
        0x00, 0x00, 0x00, 0x24, 0x01, 0xc2, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* EVENT_GONE */
        0x00, 0x01, 0x00, 0x08, SPI_I_VALUE,
        0x00, 0x02, 0x00, 0x08, SPI_R_VALUE,
};
/* clang-format on */

#define SPIS (IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R))
#define SA_NEEDS                                                                                   \
	(SPIS | IKE_KEY_HAS(IKE_KEY_PRF) | IKE_KEY_HAS(IKE_KEY_LOCAL_ADDRESS) |                    \
	 IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS))

static const struct vector {
	const uint8_t *octets;
	size_t size;
	struct ike_key_message message;
} vectors[] = {
        {spis_question,
         sizeof(spis_question),
         {.type = IKE_KEY_GET_BY_SPIS,
          .request = 1,
          .attributes = SPIS | IKE_KEY_HAS(IKE_KEY_WANT),
          .spi_i = {SPI_I_VALUE},
          .spi_r = {SPI_R_VALUE},
          .want = IKE_KEY_WANT_SK_D}},
        {peer_question,
         sizeof(peer_question),
         {.type = IKE_KEY_GET_BY_PEER,
          .request = 7,
          .attributes = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS) | IKE_KEY_HAS(IKE_KEY_WANT),
          .peer_address = {4, {192, 0, 2, 1}},
          .want = IKE_KEY_WANT_SECRET}},
        {list_question, sizeof(list_question), {.type = IKE_KEY_LIST, .request = UINT32_MAX}},
        {subscribe_question,
         sizeof(subscribe_question),
         {.type = IKE_KEY_SUBSCRIBE,
          .request = 3,
          .attributes = IKE_KEY_HAS(IKE_KEY_WANT),
          .want = IKE_KEY_WANT_NONE}},
        {sa_answer,
         sizeof(sa_answer),
         {.type = IKE_KEY_SA,
          .request = 7,
          .attributes = SA_NEEDS | IKE_KEY_HAS(IKE_KEY_SECRET) |
                        IKE_KEY_HAS(IKE_KEY_LOCAL_IDENTITY) | IKE_KEY_HAS(IKE_KEY_PEER_IDENTITY) |
                        IKE_KEY_HAS(IKE_KEY_CONNECTION),
          .spi_i = {SPI_I_VALUE},
          .spi_r = {SPI_R_VALUE},
          .prf = 5,
          .secret = {SECRET_VALUE},
          .secret_size = 32,
          .local_address = {4, {192, 0, 2, 2}},
          .peer_address = {4, {192, 0, 2, 1}},
          .local_identity = "CN=reflector",
          .peer_identity = "CN=sender",
          .connection = "lab"}},
        {end_answer,
         sizeof(end_answer),
         {.type = IKE_KEY_END,
          .request = 3,
          .attributes = IKE_KEY_HAS(IKE_KEY_COUNT),
          .count = 0x010203}},
        {error_answer,
         sizeof(error_answer),
         {.type = IKE_KEY_ERROR,
          .request = 7,
          .attributes = IKE_KEY_HAS(IKE_KEY_ERROR_CODE) | IKE_KEY_HAS(IKE_KEY_TEXT),
          .error = IKE_KEY_ERROR_NOT_FOUND,
          .text = "no such SA"}},
        {up_event,
         sizeof(up_event),
         {.type = IKE_KEY_EVENT_UP,
          .attributes = SA_NEEDS | IKE_KEY_HAS(IKE_KEY_SK_D),
          .spi_i = {SPI_I_VALUE},
          .spi_r = {SPI_R_VALUE},
          .prf = 8,
          .sk_d = {0xd0, 0xd1, 0xd2},
          .sk_d_size = 3,
          .local_address = {6, {IPV6_LOCAL_VALUE}},
          .peer_address = {6, {IPV6_PEER_VALUE}}}},
        {rekeyed_event,
         sizeof(rekeyed_event),
         {.type = IKE_KEY_EVENT_REKEYED,
          .attributes = SPIS | IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R),
          .spi_i = {SPI_I_VALUE},
          .spi_r = {SPI_R_VALUE},
          .old_spi_i = {OLD_SPI_I_VALUE},
          .old_spi_r = {OLD_SPI_R_VALUE}}},
        {gone_event,
         sizeof(gone_event),
         {.type = IKE_KEY_EVENT_GONE,
          .attributes = SPIS,
          .spi_i = {SPI_I_VALUE},
          .spi_r = {SPI_R_VALUE}}},
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static bool same(const struct ike_key_message *left, const struct ike_key_message *right)
{
#define SAME(field) (memcmp(&left->field, &right->field, sizeof(left->field)) == 0)
	return SAME(type) && SAME(request) && SAME(attributes) && SAME(spi_i) && SAME(spi_r) &&
	       SAME(old_spi_i) && SAME(old_spi_r) && SAME(prf) && SAME(want) && SAME(error) &&
	       SAME(count) && SAME(secret) && SAME(secret_size) && SAME(sk_d) && SAME(sk_d_size) &&
	       SAME(local_address) && SAME(peer_address) && SAME(local_identity) &&
	       SAME(peer_identity) && SAME(connection) && SAME(text);
#undef SAME
}

/** A failed reading leaves no attribute behind, least of all a secret. */
static bool is_bare(const struct ike_key_message *message)
{
	const struct ike_key_message bare = {.type = message->type, .request = message->request};

	return same(message, &bare);
}

static void written(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
		size_t size = ike_key_message_write(&vectors[i].message, octets, sizeof(octets));
		CU_ASSERT_EQUAL(size, vectors[i].size);
		CU_ASSERT(memcmp(octets, vectors[i].octets, vectors[i].size) == 0);
	}
}

static void read_back(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		struct ike_key_message message;
		memset(&message, 0xee, sizeof(message));
		CU_ASSERT_EQUAL(ike_key_message_read(vectors[i].octets, vectors[i].size, &message),
		                0);
		CU_ASSERT_EQUAL(message.version, IKE_KEY_VERSION);
		CU_ASSERT(same(&message, &vectors[i].message));
	}
}

static void lengths(void)
{
	static const struct {
		uint8_t first[4];
		int status;
	} cases[] = {
	        {{0, 0, 0, 0}, ERROR_FORMAT},
	        {{0, 0, 0, 11}, ERROR_FORMAT},
	        {{0, 0, 0, 12}, 0},
	        {{0, 0, 0x10, 0x00}, 0},
	        {{0, 0, 0x10, 0x01}, ERROR_FORMAT},
	        {{1, 0, 0, 12}, ERROR_FORMAT},
	        {{'G', 'E', 'T', ' '}, ERROR_FORMAT},
	        {{0xff, 0xff, 0xff, 0xff}, ERROR_FORMAT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t octets[IKE_KEY_HEADER_SIZE] = {0};
		size_t length = 1;
		memcpy(octets, cases[i].first, 4);
		for (size_t size = 0; size < 4; size++)
			CU_ASSERT_EQUAL(ike_key_message_length(octets, size, &length),
			                ERROR_UNAVAILABLE);
		/* What can't be followed is told as soon as the length is there. */
		for (size_t size = 4; size < IKE_KEY_HEADER_SIZE; size++)
			CU_ASSERT_EQUAL(ike_key_message_length(octets, size, &length),
			                cases[i].status == 0 ? ERROR_UNAVAILABLE : ERROR_FORMAT);
		CU_ASSERT_EQUAL(length, 1);
		CU_ASSERT_EQUAL(ike_key_message_length(octets, sizeof(octets), &length),
		                cases[i].status);
		if (cases[i].status == 0)
			CU_ASSERT_EQUAL(length, load_be32(cases[i].first));
	}
}

/** Cut anywhere, with the length in the header as it was or made to fit: no message but one whose attributes happen to be optional. */
static void truncated(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		for (size_t size = 0; size < vectors[i].size; size++) {
			uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
			struct ike_key_message message;
			memcpy(octets, vectors[i].octets, size);
			CU_ASSERT_EQUAL(ike_key_message_read(octets, size, &message), ERROR_FORMAT);
			CU_ASSERT(is_bare(&message));
			if (size < 4)
				continue;
			store_be32(octets, (uint32_t)size);
			int status = ike_key_message_read(octets, size, &message);
			uint8_t again[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
			size_t rewritten = ike_key_message_write(&message, again, sizeof(again));
			CU_ASSERT(status == 0 ? rewritten == size
			                      : status == ERROR_FORMAT && is_bare(&message));
		}
	}
}

/** A header of the type and the attributes' octets after it. */
static int read_attributes(uint8_t type, const uint8_t *values, size_t size,
                           struct ike_key_message *message)
{
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM] = {0, 0, 0, 0, IKE_KEY_VERSION, type};

	memcpy(octets + IKE_KEY_HEADER_SIZE, values, size);
	store_be32(octets, (uint32_t)(IKE_KEY_HEADER_SIZE + size));
	int status = ike_key_message_read(octets, IKE_KEY_HEADER_SIZE + size, message);
	CU_ASSERT(status == 0 || is_bare(message));
	return status;
}

/** Each attribute with each length from 0 to 300: right for these alone. */
static void attribute_lengths(void)
{
	static const struct {
		size_t smallest, other, largest;
	} allowed[] = {
	        [IKE_KEY_SPI_I] = {8, 8, 8},
	        [IKE_KEY_SPI_R] = {8, 8, 8},
	        [IKE_KEY_PRF] = {2, 2, 2},
	        [IKE_KEY_SECRET] = {1, 0, 64},
	        [IKE_KEY_SK_D] = {1, 0, 64},
	        [IKE_KEY_LOCAL_ADDRESS] = {4, 4, 16},
	        [IKE_KEY_PEER_ADDRESS] = {4, 4, 16},
	        [IKE_KEY_LOCAL_IDENTITY] = {0, 0, 255},
	        [IKE_KEY_PEER_IDENTITY] = {0, 0, 255},
	        [IKE_KEY_CONNECTION] = {0, 0, 255},
	        [IKE_KEY_OLD_SPI_I] = {8, 8, 8},
	        [IKE_KEY_OLD_SPI_R] = {8, 8, 8},
	        [IKE_KEY_WANT] = {2, 2, 2},
	        [IKE_KEY_ERROR_CODE] = {2, 2, 2},
	        [IKE_KEY_TEXT] = {0, 0, 255},
	        [IKE_KEY_COUNT] = {4, 4, 4},
	};

	for (uint8_t type = 0; type < 40; type++) {
		for (size_t length = 0; length <= 300; length++) {
			uint8_t values[4 + 300] = {0, type};
			struct ike_key_message message;
			bool known = type >= IKE_KEY_SPI_I && type <= IKE_KEY_COUNT;
			store_be16(values + 2, (uint16_t)length);
			memset(values + 4, 'x', length);
			/* other 0: all between; else only the smallest and the largest. */
			bool right = !known || length == allowed[type].smallest ||
			             length == allowed[type].largest ||
			             (allowed[type].other == 0 && length > allowed[type].smallest &&
			              length < allowed[type].largest);
			CU_ASSERT_EQUAL(read_attributes(IKE_KEY_LIST, values, 4 + length, &message),
			                right ? 0 : ERROR_FORMAT);
			CU_ASSERT_EQUAL(message.attributes, known && right ? IKE_KEY_HAS(type) : 0);
		}
	}
}

/** Every message without each of its attributes in turn, and with each of them twice. */
static void missing_and_twice(void)
{
	static const uint32_t needed[UINT8_MAX + 1] = {
	        [IKE_KEY_GET_BY_SPIS] = SPIS,
	        [IKE_KEY_GET_BY_PEER] = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
	        [IKE_KEY_SA] = SA_NEEDS,
	        [IKE_KEY_END] = IKE_KEY_HAS(IKE_KEY_COUNT),
	        [IKE_KEY_ERROR] = IKE_KEY_HAS(IKE_KEY_ERROR_CODE),
	        [IKE_KEY_EVENT_UP] = SA_NEEDS,
	        [IKE_KEY_EVENT_REKEYED] =
	                SPIS | IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R),
	        [IKE_KEY_EVENT_GONE] = SPIS,
	};

	for (size_t i = 0; i < VECTORS; i++) {
		const uint8_t *values = vectors[i].octets + IKE_KEY_HEADER_SIZE;
		size_t size = vectors[i].size - IKE_KEY_HEADER_SIZE;
		for (size_t at = 0; at < size;) {
			uint8_t other[2 * IKE_KEY_TEXT_SIZE];
			struct ike_key_message message;
			uint16_t type = load_be16(values + at);
			size_t length = 4u + load_be16(values + at + 2);
			bool needs = (needed[vectors[i].message.type] & IKE_KEY_HAS(type)) != 0;

			memcpy(other, values, at);
			memcpy(other + at, values + at + length, size - at - length);
			CU_ASSERT_EQUAL(read_attributes(vectors[i].message.type, other,
			                                size - length, &message),
			                needs ? ERROR_FORMAT : 0);
			memcpy(other, values, size);
			memcpy(other + size, values + at, length);
			CU_ASSERT_EQUAL(read_attributes(vectors[i].message.type, other,
			                                size + length, &message),
			                ERROR_FORMAT);
			at += length;
		}
	}
}

static void headers(void)
{
	struct ike_key_message message;
	uint8_t octets[sizeof(sa_answer)];

	for (unsigned version = 0; version <= UINT8_MAX; version++) {
		memcpy(octets, sa_answer, sizeof(octets));
		octets[4] = (uint8_t)version;
		CU_ASSERT_EQUAL(ike_key_message_read(octets, sizeof(octets), &message),
		                version == IKE_KEY_VERSION ? 0 : ERROR_UNAVAILABLE);
		CU_ASSERT_EQUAL(message.version, version);
		CU_ASSERT_EQUAL(message.request, 7);
		CU_ASSERT(version == IKE_KEY_VERSION || is_bare(&message));
	}
	for (size_t at = 6; at < 8; at++) {
		memcpy(octets, sa_answer, sizeof(octets));
		octets[at] = 1;
		CU_ASSERT_EQUAL(ike_key_message_read(octets, sizeof(octets), &message),
		                ERROR_FORMAT);
		CU_ASSERT_EQUAL(message.request, 7);
		CU_ASSERT(is_bare(&message));
	}
	memcpy(octets, sa_answer, sizeof(octets));
	octets[3]--;
	CU_ASSERT_EQUAL(ike_key_message_read(octets, sizeof(octets), &message), ERROR_FORMAT);
}

static void unknown(void)
{
	/* clang-format off */
	static const uint8_t values[] = {
	        0x00, 0x00, 0x00, 0x00,                   /* attribute 0 */
	        0x00, 0x11, 0x00, 0x03, 'n', 'e', 'w',    /* the first that has no name yet */
	        0x00, 0x10, 0x00, 0x04, 0, 0, 0, 9,       /* COUNT */
	        0x00, 0x11, 0x00, 0x00,                   /* once more */
	        0xff, 0xff, 0x00, 0x01, 'x',
	        0x01, 0x10, 0x00, 0x01, 'x',              /* like COUNT in its last octet */
	};
	/* clang-format on */
	struct ike_key_message message;
	uint8_t octets[IKE_KEY_HEADER_SIZE];

	CU_ASSERT_EQUAL(read_attributes(IKE_KEY_END, values, sizeof(values), &message), 0);
	CU_ASSERT_EQUAL(message.attributes, IKE_KEY_HAS(IKE_KEY_COUNT));
	CU_ASSERT_EQUAL(message.count, 9);
	for (unsigned type = 0; type <= UINT8_MAX; type++) {
		message = (struct ike_key_message){.type = (uint8_t)type, .request = 5};
		CU_ASSERT_EQUAL(ike_key_message_write(&message, octets, sizeof(octets)),
		                IKE_KEY_HEADER_SIZE);
		bool needs = type == IKE_KEY_GET_BY_SPIS || type == IKE_KEY_GET_BY_PEER ||
		             (type >= IKE_KEY_SA && type <= IKE_KEY_ERROR) ||
		             (type >= IKE_KEY_EVENT_UP && type <= IKE_KEY_EVENT_GONE);
		CU_ASSERT_EQUAL(ike_key_message_read(octets, sizeof(octets), &message),
		                needs ? ERROR_FORMAT : 0);
		CU_ASSERT_EQUAL(message.type, type);
		CU_ASSERT_EQUAL(message.request, 5);
	}
}

static void texts(void)
{
	static const uint8_t values[] = {
	        0x00, 0x0f, 0x00, 0x0a, 'a', ' ', '~', 0x7f, 0x1f, 0x00, 0x1b, 0xc3, 0xbc, 'z',
	};
	uint8_t longest[4 + 255] = {0x00, 0x09, 0x00, 0xff};
	struct ike_key_message message;

	CU_ASSERT_EQUAL(read_attributes(IKE_KEY_LIST, values, sizeof(values), &message), 0);
	CU_ASSERT_STRING_EQUAL(message.text, "a ~??????z");
	memset(longest + 4, 'i', 255);
	CU_ASSERT_EQUAL(read_attributes(IKE_KEY_LIST, longest, sizeof(longest), &message), 0);
	CU_ASSERT_EQUAL(strlen(message.peer_identity), 255);
}

static void room_too_small(void)
{
	for (size_t i = 0; i < VECTORS; i++) {
		for (size_t room = 0; room <= vectors[i].size; room++) {
			uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
			memset(octets, 0xee, sizeof(octets));
			CU_ASSERT_EQUAL(ike_key_message_write(&vectors[i].message, octets, room),
			                room < vectors[i].size ? 0 : room);
			CU_ASSERT_EQUAL(octets[room], 0xee);
		}
	}
}

static void sizes_of_secrets(void)
{
	static const uint8_t sizes[] = {0, 1, 20, 64, 65, 255};

	for (size_t i = 0; i < sizeof(sizes); i++) {
		bool fits = sizes[i] >= 1 && sizes[i] <= 64;
		uint8_t octets[128];
		struct ike_key_message secret = {.type = IKE_KEY_LIST,
		                                 .attributes = IKE_KEY_HAS(IKE_KEY_SECRET),
		                                 .secret_size = sizes[i]};
		struct ike_key_message sk_d = {.type = IKE_KEY_LIST,
		                               .attributes = IKE_KEY_HAS(IKE_KEY_SK_D),
		                               .sk_d_size = sizes[i]};
		struct ike_key_message back;
		memset(secret.secret, 0x5e, fits ? sizes[i] : 0);
		memset(sk_d.sk_d, 0xd5, fits ? sizes[i] : 0);
		size_t size = ike_key_message_write(&secret, octets, sizeof(octets));
		CU_ASSERT_EQUAL(size, fits ? 16u + sizes[i] : 0);
		if (fits)
			CU_ASSERT(ike_key_message_read(octets, size, &back) == 0 &&
			          same(&back, &secret));
		size = ike_key_message_write(&sk_d, octets, sizeof(octets));
		CU_ASSERT_EQUAL(size, fits ? 16u + sizes[i] : 0);
		if (fits)
			CU_ASSERT(ike_key_message_read(octets, size, &back) == 0 &&
			          same(&back, &sk_d));
	}
}

static void not_writable(void)
{
	static const uint8_t families[] = {0, 1, 5, 7, 255};
	uint8_t octets[IKE_KEY_MESSAGE_SIZE_MAXIMUM];

	for (size_t i = 0; i < sizeof(families); i++) {
		struct ike_key_message message = {.type = IKE_KEY_GET_BY_PEER,
		                                  .attributes = IKE_KEY_HAS(IKE_KEY_PEER_ADDRESS),
		                                  .peer_address = {.family = families[i]}};
		CU_ASSERT_EQUAL(ike_key_message_write(&message, octets, sizeof(octets)), 0);
	}
	struct ike_key_message endless = {.type = IKE_KEY_ERROR,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_TEXT)};
	memset(endless.text, 'x', sizeof(endless.text));
	CU_ASSERT_EQUAL(ike_key_message_write(&endless, octets, sizeof(octets)), 0);
	struct ike_key_message nameless = {.type = IKE_KEY_LIST, .attributes = IKE_KEY_HAS(0)};
	CU_ASSERT_EQUAL(ike_key_message_write(&nameless, octets, sizeof(octets)), 0);
	nameless.attributes = IKE_KEY_HAS(IKE_KEY_COUNT + 1);
	CU_ASSERT_EQUAL(ike_key_message_write(&nameless, octets, sizeof(octets)), 0);
	nameless.attributes = IKE_KEY_HAS(31);
	CU_ASSERT_EQUAL(ike_key_message_write(&nameless, octets, sizeof(octets)), 0);
}

/** Adds the hexadecimal digits of a line "    0007 0004 c0000201   | what it is"; others have none before the bar. */
static size_t example_line(const char *line, uint8_t *octets, size_t size)
{
	unsigned octet;
	int length;

	if (strncmp(line, "    ", 4) != 0 || strchr(line, '|') == NULL)
		return size;
	while (sscanf(line, " %2x%n", &octet, &length) == 1) {
		octets[size++] = (uint8_t)octet;
		line += length;
	}
	return size;
}

/** The document's example is these vectors, one after the other. */
static void example(void)
{
	static const struct {
		const uint8_t *octets;
		size_t size;
	} parts[] = {{peer_question, sizeof(peer_question)},
	             {sa_answer, sizeof(sa_answer)},
	             {error_answer, sizeof(error_answer)},
	             {rekeyed_event, sizeof(rekeyed_event)}};
	uint8_t octets[1024];
	char line[512];
	size_t size = 0;
	size_t at = 0;
	FILE *document = fopen(SOURCE_ROOT "/doc/ike-key-protocol.md", "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	while (fgets(line, sizeof(line), document) != NULL && size < sizeof(octets) / 2)
		size = example_line(line, octets, size);
	(void)fclose(document);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		CU_ASSERT(at + parts[i].size <= size &&
		          memcmp(octets + at, parts[i].octets, parts[i].size) == 0);
		at += parts[i].size;
	}
	CU_ASSERT_EQUAL(at, size);
}

static void error_names(void)
{
	CU_ASSERT_STRING_EQUAL(ike_key_error_name(IKE_KEY_ERROR_NOT_FOUND), "no such SA");
	for (uint16_t error = IKE_KEY_ERROR_NOT_FOUND; error <= IKE_KEY_ERROR_BUSY; error++)
		CU_ASSERT(strcmp(ike_key_error_name(error), "unknown error") != 0);
	CU_ASSERT_STRING_EQUAL(ike_key_error_name(0), "unknown error");
	CU_ASSERT_STRING_EQUAL(ike_key_error_name(IKE_KEY_ERROR_BUSY + 1), "unknown error");
	CU_ASSERT_STRING_EQUAL(ike_key_error_name(UINT16_MAX), "unknown error");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"every message is written as the document says", written},
	        {"every message is read as the document says", read_back},
	        {"lengths of a stream", lengths},
	        {"cut at every octet", truncated},
	        {"lengths of attributes", attribute_lengths},
	        {"attributes missing or there twice", missing_and_twice},
	        {"version, reserved and length", headers},
	        {"unknown attributes and types", unknown},
	        {"texts", texts},
	        {"room too small", room_too_small},
	        {"sizes of secrets", sizes_of_secrets},
	        {"fields that can't be written", not_writable},
	        {"the document's example", example},
	        {"names of errors", error_names},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("wire-ike-key-message", tests);
}
