/* SPDX-License-Identifier: BSD-3-Clause */
#include "imb_loop.h"

#include <stdlib.h>
#include <string.h>

#include "bare.h"

#define SESSIONS       64u
#define PACKET_SIZE    64u
#define PROTECTED_SIZE 16u
#define CIPHER_HASH    2u /**< bare_imb's fastest way on each kind of CPU */

struct imb_loop {
	struct suite *suite;
	uint8_t *keys; /**< SESSIONS expanded */
	struct suite_job jobs[IMB_LOOP_BURST];
	uint8_t packets[IMB_LOOP_BURST][PACKET_SIZE];
	unsigned next; /**< session */
};

static int expand_keys(struct imb_loop *loop, struct error *error)
{
	size_t size = suite_keys_size(loop->suite);

	loop->keys = aligned_alloc(SUITE_KEYS_ALIGN, SESSIONS * size);
	if (loop->keys == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for keys");
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct session_keys raw;

		memset(&raw, (int)i + 1, sizeof(raw));
		int status = suite_keys_expand(loop->suite, &raw, loop->keys + i * size);
		if (status != 0)
			return error_set(error, status, "ipsec-mb expands no keys");
	}
	return 0;
}

int imb_loop_create(struct imb_loop **loop, struct error *error)
{
	struct imb_loop *made = calloc(1, sizeof(*made));

	*loop = NULL;
	if (made == NULL)
		return error_set(error, ERROR_MEMORY, "no memory for a loop");
	int status = bare_imb[CIPHER_HASH].create(&bare_imb[CIPHER_HASH], &made->suite, error);
	if (status == 0)
		status = expand_keys(made, error);
	if (status != 0) {
		imb_loop_destroy(made);
		return status;
	}
	for (unsigned i = 0; i < IMB_LOOP_BURST; i++)
		made->jobs[i] = (struct suite_job){
		        .data = made->packets[i],
		        .hmac = made->packets[i] + PROTECTED_SIZE,
		        .protected_size = PROTECTED_SIZE,
		        .cipher = SUITE_AES_ECB,
		};
	*loop = made;
	return 0;
}

void imb_loop_destroy(struct imb_loop *loop)
{
	if (loop == NULL)
		return;
	suite_destroy(loop->suite);
	free(loop->keys);
	free(loop);
}

bool imb_loop_run(struct imb_loop *loop, unsigned bursts)
{
	size_t size = suite_keys_size(loop->suite);
	bool verified = true;

	for (unsigned burst = 0; burst < bursts; burst++) {
		for (unsigned i = 0; i < IMB_LOOP_BURST; i++)
			loop->jobs[i].keys = loop->keys + loop->next++ % SESSIONS * size;
		suite_seal_burst(loop->suite, loop->jobs, IMB_LOOP_BURST);
		suite_open_burst(loop->suite, loop->jobs, IMB_LOOP_BURST);
		for (unsigned i = 0; i < IMB_LOOP_BURST; i++)
			verified = verified && loop->jobs[i].verified;
	}
	return verified;
}
