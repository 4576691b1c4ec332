/* SPDX-License-Identifier: BSD-3-Clause */
/* Octets as a stream of messages: what was read and written reads back the same; what was refused leaves nothing behind. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "wire/ike_key_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_message(const uint8_t *octets, size_t length)
{
	struct ike_key_message message;
	struct ike_key_message again;
	uint8_t once[IKE_KEY_MESSAGE_SIZE_MAXIMUM];
	uint8_t twice[IKE_KEY_MESSAGE_SIZE_MAXIMUM];

	int status = ike_key_message_read(octets, length, &message);
	if (status != 0) {
		require(status == ERROR_FORMAT || status == ERROR_UNAVAILABLE);
		require((status == ERROR_UNAVAILABLE) == (message.version != IKE_KEY_VERSION));
		require(message.attributes == 0 && message.secret_size == 0 &&
		        message.sk_d_size == 0);
		return;
	}
	/* Unknown attributes are left out: shorter, never longer. */
	size_t written = ike_key_message_write(&message, once, sizeof(once));
	require(written >= IKE_KEY_HEADER_SIZE && written <= length);
	require(ike_key_message_write(&message, once, written - 1) == 0);
	require(ike_key_message_read(once, written, &again) == 0);
	require(again.type == message.type && again.request == message.request &&
	        again.attributes == message.attributes);
	require(ike_key_message_write(&again, twice, sizeof(twice)) == written);
	require(memcmp(once, twice, written) == 0);
	require(ike_key_error_name(message.error) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t length = 0; ike_key_message_length(data, size, &length) == 0 && length <= size;
	     data += length, size -= length) {
		/* Of exact size: any read past its end shows. */
		uint8_t *message = malloc(length);
		if (message == NULL)
			return 0;
		memcpy(message, data, length);
		check_message(message, length);
		free(message);
	}
	return 0;
}
