/* SPDX-License-Identifier: BSD-3-Clause */
#include "reflect/reflector.h"

#include "base/bytes.h"
#include "reflect/ahead.h"
#include "reflect/stages.h"
#include "reflect/stamp.h"

/** Larger bursts fill the suite's lanes, and come when the core is too busy to compute ahead: then a look would be in vain. */
#define AHEAD_BURST_MAX 8u

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

void burst_compact(struct burst *burst)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		if (burst->packets[i].frame != NULL)
			burst_keep(burst, i, &kept);
	}
	burst->count = kept;
}

HOT void make_job(struct suite_job *job, const struct packet *packet, enum test_mode mode,
                  uint16_t protected_size, uint32_t hmac)
{
	job->keys = packet->core->keys;
	job->data = packet->payload;
	job->hmac = packet->payload + hmac;
	job->protected_size = protected_size;
	job->cipher = mode == TEST_ENCRYPTED ? SUITE_AES_CBC : SUITE_AES_ECB;
	job->verified = false;
}

/** The look goes over all of them: usually each is. */
static bool all_verified(const struct suite_job *jobs, unsigned count)
{
	bool all = true;

	for (unsigned i = 0; i < count; i++)
		all = all & jobs[i].verified;
	return all;
}

static struct ahead_pool *ahead_for(const struct burst *burst)
{
	return burst->count <= AHEAD_BURST_MAX ? burst->reflector->ahead : NULL;
}

/** A genuine authenticated packet: the next one's sequence number is likely to follow its own. */
static void expect_next(const struct burst *burst, struct ahead_pool *ahead,
                        const struct packet *packet)
{
	packet->core->expected_sequence = load_be32(packet->payload + SECURE_SENDER_SEQUENCE) + 1;
	ahead_take(ahead, packet->core, burst->arrival->receive_tsc);
}

static bool open_ahead(const struct burst *burst, struct ahead_pool *ahead,
                       const struct packet *packet)
{
	if (!ahead_open(ahead, packet->core, packet->payload, packet->payload + SECURE_SENDER_HMAC))
		return false;
	expect_next(burst, ahead, packet);
	return true;
}

static bool seal_ahead(const struct burst *burst, struct ahead_pool *ahead,
                       const struct packet *packet)
{
	return ahead_seal(ahead, packet->core, burst->arrival->receive_tsc, packet->payload,
	                  packet->payload + SECURE_REFLECTOR_HMAC);
}

/** Removes the packets whose job did not verify; jobs are of some of the packets, in their order. */
static void keep_verified(struct burst *burst, struct ahead_pool *ahead,
                          const struct suite_job *jobs, unsigned job_count)
{
	unsigned job = 0, kept = 0;

	for (unsigned i = 0; i < burst->count; i++) {
		const struct packet *packet = &burst->packets[i];

		if (job < job_count && jobs[job].data == packet->payload) {
			if (!jobs[job++].verified) {
				burst_drop(burst, packet->frame, DATAPATH_DROP_HMAC);
				continue;
			}
			if (ahead != NULL && packet->core->mode == TEST_AUTHENTICATED)
				expect_next(burst, ahead, packet);
		}
		burst_keep(burst, i, &kept);
	}
	burst->count = kept;
}

/** Opens the keyed packets of the burst in one call, but for what was opened ahead of time; unauthenticated ones pass. */
void stage_open(struct burst *burst)
{
	struct ahead_pool *ahead = ahead_for(burst);
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned count = burst->count, job_count = 0;

	if (burst->keyed == 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		const struct packet *packet = &burst->packets[i];
		enum test_mode mode = packet->core->mode;

		if (mode == TEST_UNAUTHENTICATED || (mode == TEST_AUTHENTICATED && ahead != NULL &&
		                                     open_ahead(burst, ahead, packet)))
			continue;
		make_job(&jobs[job_count++], packet, mode, sender_protected_size(mode),
		         SECURE_SENDER_HMAC);
	}
	if (job_count == 0)
		return;
	suite_open_burst(burst->reflector->suite, jobs, job_count);
	if (ahead != NULL || !all_verified(jobs, job_count))
		keep_verified(burst, ahead, jobs, job_count);
}

/** Of an encrypted packet; ptp: only with burst->has_ptp. */
HOT void write_stamp(const struct burst *burst, const struct packet *packet, struct stamp *ntp,
                     struct stamp *ptp)
{
	struct stamp *stamp = burst->has_ptp && packet_has(packet, SESSION_PTP) ? ptp : ntp;

	stamp_for(stamp, burst, packet);
	stamp_write_secure(packet, stamp);
}

/** Encrypted packets get their timestamp under the cipher, the others after it (RFC 5357 section 4.2.1). */
void stage_seal(struct burst *burst)
{
	struct ahead_pool *ahead = ahead_for(burst);
	struct suite_job jobs[REFLECT_BURST_MAX];
	unsigned count = burst->count, job_count = 0;
	struct stamp stamp, ptp;
	bool stamp_made = false;

	if (burst->keyed == 0)
		return;
	for (unsigned i = 0; i < count; i++) {
		const struct packet *packet = &burst->packets[i];
		enum test_mode mode = packet->core->mode;

		if (mode == TEST_UNAUTHENTICATED)
			continue;
		if (mode == TEST_ENCRYPTED) {
			if (!stamp_made) {
				stamp = stamp_now(burst);
				if (burst->has_ptp)
					ptp = stamp_ptp(burst, &stamp);
			}
			stamp_made = true;
			write_stamp(burst, packet, &stamp, &ptp);
		} else if (ahead != NULL && seal_ahead(burst, ahead, packet)) {
			continue;
		}
		make_job(&jobs[job_count++], packet, mode, reflector_protected_size(mode),
		         SECURE_REFLECTOR_HMAC);
	}
	if (job_count > 0)
		suite_seal_burst(burst->reflector->suite, jobs, job_count);
}

void reflect_burst(struct reflector *reflector, const struct reflect_arrival *arrival,
                   struct reflect_frame *frames, unsigned count)
{
	struct burst burst;

	burst.reflector = reflector;
	burst.arrival = arrival;
	stage_parse(&burst, frames, count);
	stage_lookup(&burst);
	stage_open(&burst);
	stage_build(&burst);
	stage_seal(&burst);
	stage_stamp(&burst);
}

void reflect_tidy(struct reflector *reflector)
{
	if (reflector->ahead != NULL)
		ahead_tidy(reflector->ahead, reflector->table);
}

bool reflect_idle(struct reflector *reflector)
{
	return reflector->ahead != NULL &&
	       ahead_refill(reflector->ahead, reflector->table, reflector->suite);
}
