/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/reflector.h"

#include "reflect/stages.h"
#include "reflect/stamp.h"

_Static_assert(REFLECT_BURST_MAX <= SUITE_BURST_MAX, "a burst is one call of the suite");

void burst_drop(struct burst *burst, struct reflect_frame *frame, enum datapath_counter reason)
{
	frame->verdict = VERDICT_DROP;
	frame->counter = (uint8_t)reason;
	counter_add(&burst->reflector->counters->values[reason], 1);
}

void burst_leave_to_kernel(struct reflect_frame *frame)
{
	frame->verdict = VERDICT_EXCEPTION;
	frame->counter = DATAPATH_EXCEPTION;
}

static void make_job(struct suite_job *job, const struct packet *packet, uint16_t protected_size,
                     uint32_t hmac)
{
	const struct core_session *session = packet->core;

	job->keys = session->keys;
	job->data = packet->payload;
	job->hmac = packet->payload + hmac;
	job->protected_size = protected_size;
	job->cipher = session->mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB;
	job->verified = false;
}

/** Opens the keyed packets of the burst in one call; unauthenticated ones pass. */
void stage_open(struct burst *burst)
{
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned job_count = 0, job = 0, kept = 0;

	if (burst->keyed == 0)
		return;
	for (unsigned i = 0; i < burst->count; i++) {
		enum test_mode mode = burst->packets[i].core->mode;

		if (mode != TEST_UNAUTHENTICATED)
			make_job(&jobs[job_count++], &burst->packets[i],
			         sender_protected_size(mode), SECURE_SENDER_HMAC);
	}
	suite_open_burst(burst->reflector->suite, jobs, job_count);
	for (unsigned i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];

		if (packet->core->mode == TEST_UNAUTHENTICATED || jobs[job++].verified)
			burst_keep(burst, i, &kept);
		else
			burst_drop(burst, packet->frame, DATAPATH_DROP_HMAC);
	}
	burst->count = kept;
}

/** Encrypted packets get their timestamp under the cipher, the others after it (RFC 5357 section 4.2.1). */
void stage_seal(struct burst *burst)
{
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned job_count = 0;
	struct stamp stamp;
	bool stamp_made = false;

	if (burst->keyed == 0)
		return;
	for (unsigned i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];
		enum test_mode mode = packet->core->mode;

		if (mode == TEST_UNAUTHENTICATED)
			continue;
		if (mode == TEST_ENCRYPTED) {
			if (!stamp_made)
				stamp = stamp_now(burst);
			stamp_made = true;
			stamp_for(&stamp, packet);
			stamp_write_secure(packet, &stamp);
		}
		make_job(&jobs[job_count++], packet, reflector_protected_size(mode),
		         SECURE_REFLECTOR_HMAC);
	}
	if (job_count > 0)
		suite_seal_burst(burst->reflector->suite, jobs, job_count);
}

void reflect_burst(struct reflector *reflector, struct reflect_frame *frames, unsigned count)
{
	struct burst burst;

	burst.reflector = reflector;
	stage_parse(&burst, frames, count);
	stage_lookup(&burst);
	stage_open(&burst);
	stage_build(&burst);
	stage_seal(&burst);
	stage_stamp(&burst);
}
