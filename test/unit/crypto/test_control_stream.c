/* SPDX-License-Identifier: BSD-3-Clause */
#include "crypto/control_stream.h"

#include "unit.h"

static void unauthenticated_passes_through(void)
{
	struct control_stream *stream = control_stream_create(NULL, NULL, NULL);
	uint8_t octets[48];

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
	control_stream_destroy(stream);
}

int main(void)
{
	CU_TestInfo tests[] = {{"unauthenticated passes through", unauthenticated_passes_through},
	                       CU_TEST_INFO_NULL};
	return unit_run("crypto-control-stream", tests);
}
