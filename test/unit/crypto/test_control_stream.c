/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/control_stream.h"

#include <string.h>

#include "base/error.h"
#include "unit.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BLOCK           16u
#define MESSAGE_SIZE    112u /**< Request-TW-Session, the longest */

/** Both ends of one connection, and octets that tell one message from another. */
struct connection {
	struct control_stream *server;
	struct control_stream *client;
};

static struct connection connect_ends(void)
{
	struct session_keys keys;

	memcpy(keys.aes, vector_control_aes, sizeof(keys.aes));
	memcpy(keys.hmac, vector_control_hmac, sizeof(keys.hmac));
	struct connection connection = {
	        .server = control_stream_create(&keys, vector_server_iv, vector_client_iv),
	        .client = control_stream_create(&keys, vector_client_iv, vector_server_iv),
	};
	memset(&keys, 0, sizeof(keys)); /* the streams keep their own copy */
	CU_ASSERT_PTR_NOT_NULL_FATAL(connection.server);
	CU_ASSERT_PTR_NOT_NULL_FATAL(connection.client);
	return connection;
}

static void disconnect(struct connection *connection)
{
	control_stream_destroy(connection->server);
	control_stream_destroy(connection->client);
}

static void message_fill(uint8_t *octets, size_t size, unsigned number)
{
	for (size_t i = 0; i < size; i++)
		octets[i] = (uint8_t)(i * 7 + number * 31);
}

static void transcript(void)
{
	struct connection connection = connect_ends();

	for (size_t i = 0; i < COUNT_OF(control_vectors); i++) {
		const struct control_vector *vector = &control_vectors[i];
		struct control_stream *from =
		        vector->from_server ? connection.server : connection.client;
		struct control_stream *to =
		        vector->from_server ? connection.client : connection.server;
		size_t covered = vector->size - (vector->has_hmac ? CONTROL_STREAM_HMAC_SIZE : 0);
		uint8_t octets[MESSAGE_SIZE];

		memcpy(octets, vector->plain, covered);
		CU_ASSERT_EQUAL(vector->has_hmac
		                        ? control_stream_send_with_hmac(from, octets, vector->size)
		                        : control_stream_send(from, octets, vector->size),
		                0);
		CU_ASSERT(memcmp(octets, vector->sent, vector->size) == 0);
		CU_ASSERT_EQUAL(control_stream_receive(to, octets, covered), 0);
		CU_ASSERT(memcmp(octets, vector->plain, covered) == 0);
		if (vector->has_hmac)
			CU_ASSERT(control_stream_receive_hmac(to, octets + covered));
	}
	disconnect(&connection);
}

/** Hundreds of messages of every size both ways; the receiver takes them block by block or whole. */
static void chains_over_many_messages(void)
{
	struct connection connection = connect_ends();

	for (unsigned number = 0; number < 600; number++) {
		struct control_stream *from =
		        number % 3 == 0 ? connection.server : connection.client;
		struct control_stream *to = number % 3 == 0 ? connection.client : connection.server;
		size_t size = BLOCK * (2 + number % 6), covered = size - CONTROL_STREAM_HMAC_SIZE;
		size_t step = number % 2 == 0 ? covered : BLOCK;
		uint8_t octets[MESSAGE_SIZE], expected[MESSAGE_SIZE];

		message_fill(octets, size, number);
		message_fill(expected, size, number);
		CU_ASSERT_EQUAL(control_stream_send_with_hmac(from, octets, size), 0);
		CU_ASSERT(memcmp(octets, expected, BLOCK) != 0);
		for (size_t at = 0; at < covered; at += step)
			CU_ASSERT_EQUAL(control_stream_receive(to, octets + at, step), 0);
		CU_ASSERT(memcmp(octets, expected, covered) == 0);
		CU_ASSERT(control_stream_receive_hmac(to, octets + covered));
	}
	disconnect(&connection);
}

/** Server-Start's block and then an Accept-Session with one bit turned over, or none (bit outside): is the HMAC right? */
static bool received_with_flipped_bit(size_t bit)
{
	struct connection connection = connect_ends();
	uint8_t octets[BLOCK + 48];

	message_fill(octets, sizeof(octets), 1);
	CU_ASSERT_EQUAL(control_stream_send(connection.server, octets, BLOCK), 0);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(connection.server, octets + BLOCK, 48), 0);
	if (bit < 8 * sizeof(octets))
		octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	CU_ASSERT_EQUAL(control_stream_receive(connection.client, octets, BLOCK), 0);
	CU_ASSERT_EQUAL(control_stream_receive(connection.client, octets + BLOCK, 32), 0);
	bool right = control_stream_receive_hmac(connection.client, octets + BLOCK + 32);
	disconnect(&connection);
	return right;
}

static void a_flipped_bit_anywhere_is_seen(void)
{
	const size_t bits = 8 * (BLOCK + 48);

	for (size_t bit = 0; bit < bits; bit++)
		CU_ASSERT(!received_with_flipped_bit(bit));
	CU_ASSERT(received_with_flipped_bit(bits));
}

/** The HMAC of a span of one block, as a receiver finds it deciphered. */
static void hmac_of(const uint8_t span[BLOCK], uint8_t hmac[CONTROL_STREAM_HMAC_SIZE])
{
	struct connection connection = connect_ends();
	uint8_t octets[2 * BLOCK];

	memcpy(octets, span, BLOCK);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(connection.client, octets, sizeof(octets)),
	                0);
	CU_ASSERT_EQUAL(control_stream_receive(connection.server, octets, sizeof(octets)), 0);
	memcpy(hmac, octets + BLOCK, CONTROL_STREAM_HMAC_SIZE);
	disconnect(&connection);
}

/** Who has the key of the cipher but not that of the HMAC may have all of it right but one bit. */
static void each_bit_of_an_hmac_counts(void)
{
	const uint8_t span[BLOCK] = {2, 7, 1, 8};
	uint8_t hmac[CONTROL_STREAM_HMAC_SIZE];

	hmac_of(span, hmac);
	for (size_t bit = 0; bit <= 8 * sizeof(hmac); bit++) {
		struct connection connection = connect_ends();
		uint8_t octets[2 * BLOCK];

		memcpy(octets, span, BLOCK);
		memcpy(octets + BLOCK, hmac, sizeof(hmac));
		if (bit < 8 * sizeof(hmac))
			octets[BLOCK + bit / 8] ^= (uint8_t)(1u << bit % 8);
		CU_ASSERT_EQUAL(control_stream_send(connection.client, octets, sizeof(octets)), 0);
		CU_ASSERT_EQUAL(control_stream_receive(connection.server, octets, BLOCK), 0);
		CU_ASSERT_EQUAL(control_stream_receive_hmac(connection.server, octets + BLOCK),
		                bit == 8 * sizeof(hmac));
		disconnect(&connection);
	}
}

static bool receive(struct control_stream *stream, const uint8_t sent[32])
{
	uint8_t octets[32];

	memcpy(octets, sent, sizeof(octets));
	CU_ASSERT_EQUAL(control_stream_receive(stream, octets, BLOCK), 0);
	return control_stream_receive_hmac(stream, octets + BLOCK);
}

static void replay_loss_and_reordering_are_seen(void)
{
	uint8_t first[32] = {2}, second[32] = {3};
	struct connection connection = connect_ends();
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(connection.client, first, sizeof(first)), 0);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(connection.client, second, sizeof(second)),
	                0);
	CU_ASSERT(receive(connection.server, first));
	CU_ASSERT(!receive(connection.server, first));
	disconnect(&connection);

	connection = connect_ends();
	CU_ASSERT(!receive(connection.server, second));
	disconnect(&connection);

	connection = connect_ends();
	CU_ASSERT(receive(connection.server, first));
	CU_ASSERT(receive(connection.server, second));
	CU_ASSERT(!receive(connection.client, first)); /* sent back to where it came from */
	disconnect(&connection);
}

static void wrong_sizes_are_refused(void)
{
	struct connection connection = connect_ends();
	struct control_stream *open = control_stream_create(NULL, NULL, NULL);
	struct control_stream *streams[] = {connection.client, open};
	uint8_t octets[64] = {0};

	for (unsigned i = 0; i < COUNT_OF(streams); i++) {
		CU_ASSERT_EQUAL(control_stream_send(streams[i], octets, 15), ERROR_ARGUMENT);
		CU_ASSERT_EQUAL(control_stream_receive(streams[i], octets, 17), ERROR_ARGUMENT);
		CU_ASSERT_EQUAL(control_stream_send_with_hmac(streams[i], octets, 0),
		                ERROR_ARGUMENT);
		CU_ASSERT_EQUAL(control_stream_send_with_hmac(streams[i], octets, 16),
		                ERROR_ARGUMENT);
		CU_ASSERT_EQUAL(control_stream_send_with_hmac(streams[i], octets, 40),
		                ERROR_ARGUMENT);
		CU_ASSERT_EQUAL(control_stream_send(streams[i], octets, 0), 0);
	}
	control_stream_destroy(open);
	disconnect(&connection);
	control_stream_destroy(NULL);
}

static void unauthenticated_passes_through(void)
{
	struct control_stream *stream = control_stream_create(NULL, NULL, NULL);
	uint8_t octets[48];

	CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
	for (unsigned i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i + 1);
	CU_ASSERT_EQUAL(control_stream_send(stream, octets, 16), 0);
	CU_ASSERT_EQUAL(control_stream_send_with_hmac(stream, octets, sizeof(octets)), 0);
	for (unsigned i = 0; i < sizeof(octets); i++)
		CU_ASSERT_EQUAL(octets[i], i < 32 ? i + 1 : 0);
	octets[40] = 1;
	CU_ASSERT_EQUAL(control_stream_receive(stream, octets, 32), 0);
	CU_ASSERT(control_stream_receive_hmac(stream, octets + 32));
	for (unsigned i = 0; i < 32; i++)
		CU_ASSERT_EQUAL(octets[i], i + 1);
	CU_ASSERT_EQUAL(octets[40], 1);
	control_stream_destroy(stream);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"transcript", transcript},
	        {"chains over many messages", chains_over_many_messages},
	        {"a flipped bit anywhere is seen", a_flipped_bit_anywhere_is_seen},
	        {"each bit of an HMAC counts", each_bit_of_an_hmac_counts},
	        {"replay, loss and reordering are seen", replay_loss_and_reordering_are_seen},
	        {"wrong sizes are refused", wrong_sizes_are_refused},
	        {"unauthenticated passes through", unauthenticated_passes_through},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("crypto-control-stream", tests);
}
