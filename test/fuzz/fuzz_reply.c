/* SPDX-License-Identifier: BSD-3-Clause */
/* A UDP payload as a Session-Reflector's reply, in each mode; a heap copy of exact size shows any read past its end. */
#include <stdlib.h>
#include <string.h>

#include "wire/test_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *payload = malloc(size > 0 ? size : 1);

	if (payload == NULL)
		return 0;
	if (size > 0)
		memcpy(payload, data, size);
	for (enum test_mode mode = TEST_UNAUTHENTICATED; mode <= TEST_ENCRYPTED; mode++) {
		struct reflector_packet packet;
		for (unsigned monitoring = 0; monitoring < 2; monitoring++) {
			int status = reflector_packet_read(payload, size, mode, monitoring != 0,
			                                   &packet);
			if ((status == 0) != (size >= reflector_header_size(mode, monitoring != 0)))
				abort();
		}
	}
	free(payload);
	return 0;
}
