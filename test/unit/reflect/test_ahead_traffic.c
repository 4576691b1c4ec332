/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Random traffic through a reflector that computes ahead of time and one that does not: with losses, reordering, duplicates and
 * forgeries, idle steps at random moments, bursts of every size about the threshold, fewer slots than sessions. Every verdict must
 * be the other's and every reply OpenSSL's, octet by octet.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "reflect/ahead.h"
#include "unit.h"
#include "world.h"

#define SESSIONS      9u
#define AUTHENTICATED 7u /**< of them; the others are encrypted and unauthenticated */
#define SLOTS         5u
#define BURST         12u
#define ROUNDS        3000u
#define CAPACITY      1000u
/** Past what two sessions' packets are apart before a third one may lose its slot. */
#define TSC_STEP (UINT64_C(1) << 18)

/** A session as its sender and its judge know it. */
struct peer {
	struct request request;
	uint32_t first;   /**< sequence number */
	uint32_t next;    /**< sequence number */
	uint32_t replies; /**< the next reply's sequence number */
};

/** One packet, as it goes into both reflectors. */
struct shot {
	struct peer *peer;
	struct request request;
	bool genuine;
	size_t length;
	uint8_t frame[WORLD_FRAME_MAX];
};

static struct world ahead, plain;
static struct peer peers[SESSIONS];
static struct shot shots[BURST];
static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % limit;
}

static struct core_session *core_session_of(const struct world *world, const struct peer *peer)
{
	const struct flow_key *flow = &peer->request.parameters.flow;
	uint64_t hash = flow_key_hash(flow, core_table_seed(world->reflector.table));

	return core_table_find(world->reflector.table, flow, hash);
}

/** Half of the sessions begin shortly before their numbers wrap around. */
static void peers_set_up(void)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct peer *peer = &peers[i];
		enum test_mode mode = i < AUTHENTICATED   ? TEST_AUTHENTICATED
		                      : i == SESSIONS - 1 ? TEST_UNAUTHENTICATED
		                                          : TEST_ENCRYPTED;

		request_init(&peer->request, i % 2 ? 6 : 4, mode, (uint16_t)i);
		/* Neither is in the first block, which is all that is computed ahead of time. */
		peer->request.parameters.monitoring = i % 3 == 1;
		peer->request.parameters.ptp_timestamps = i % 4 == 2;
		peer->request.padding = 20 * i;
		peer->next = i % 2 ? 0 : UINT32_MAX - 100;
		peer->first = peer->next;
		peer->replies = i % 3 ? 0 : UINT32_MAX - 50;
		(void)request_session(&ahead, &peer->request);
		(void)request_session(&plain, &peer->request);
		core_session_of(&ahead, peer)->reflected = peer->replies;
		core_session_of(&plain, peer)->reflected = peer->replies;
	}
}

/** In order, after a loss, late, or once more. */
static uint32_t pick_number(struct peer *peer)
{
	switch (random_below(10)) {
	case 0:
		peer->next += random_below(7); /* lost */
		break;
	case 1:
		return peer->next - random_below(40); /* late, or a duplicate */
	default:
		break;
	}
	return peer->next++;
}

/** The MBZ octets of the first block are the sender's; a reflector ignores them (RFC 4656 section 4.1.2). */
static void seal_with_mbz(const struct shot *shot, uint8_t *payload)
{
	void *keys = aligned_alloc(SUITE_KEYS_ALIGN, suite_keys_size(plain.openssl));
	struct suite_job job = {.keys = keys,
	                        .data = payload,
	                        .hmac = payload + SECURE_SENDER_HMAC,
	                        .protected_size = SENDER_PROTECTED_AUTHENTICATED};

	CU_ASSERT_EQUAL_FATAL(
	        suite_keys_expand(plain.openssl, &shot->request.parameters.keys, keys), 0);
	store_be32(payload, shot->request.sequence);
	memset(payload + 4, (int)random_below(255) + 1, TEST_BLOCK - 4);
	suite_seal_burst(plain.openssl, &job, 1);
	suite_keys_wipe(plain.openssl, keys);
	free(keys);
}

static void flip(uint8_t *octets)
{
	octets[random_below(16)] ^= (uint8_t)(1u << random_below(8));
}

/** Makes of a genuine packet one that must be refused. */
static void forge(struct shot *shot, uint8_t *payload)
{
	struct shot other = *shot;
	size_t offset = (size_t)(payload - shot->frame);

	shot->genuine = false;
	switch (random_below(5)) {
	case 0:
		flip(payload);
		break;
	case 1:
		flip(payload + SECURE_SENDER_HMAC);
		break;
	case 2:
		flip(payload);
		flip(payload + SECURE_SENDER_HMAC);
		break;
	case 3: /* another number's HMAC */
		other.request.sequence += 1 + random_below(3);
		(void)request_build(&ahead, &other.request, other.frame);
		memcpy(payload + SECURE_SENDER_HMAC, other.frame + offset + SECURE_SENDER_HMAC, 16);
		break;
	default: /* another session's packet */
		other.request.parameters.keys =
		        peers[(shot->peer - peers + 1) % AUTHENTICATED].request.parameters.keys;
		(void)request_build(&ahead, &other.request, other.frame);
		memcpy(payload, other.frame + offset, SECURE_SENDER_HEADER_SIZE);
		break;
	}
}

static void shot_make(struct shot *shot)
{
	struct peer *peer = &peers[random_below(SESSIONS)];

	shot->peer = peer;
	shot->request = peer->request;
	shot->genuine = true;
	shot->request.sequence = pick_number(peer);
	shot->request.timestamp = random_state;
	shot->length = request_build(&ahead, &shot->request, shot->frame);
	uint8_t *payload = shot->frame + request_udp_offset(&shot->request) + 8;
	if (peer->request.parameters.mode != TEST_AUTHENTICATED)
		return;
	switch (random_below(12)) {
	case 0:
	case 1:
		forge(shot, payload);
		break;
	case 2:
		seal_with_mbz(shot, payload);
		break;
	default:
		return;
	}
	udp_checksum_write(shot->frame, request_ip_offset(&shot->request),
	                   request_udp_offset(&shot->request));
}

static void run(struct world *world, unsigned count, uint64_t tsc, struct reflect_frame *frames,
                uint8_t (*buffers)[CAPACITY])
{
	struct reflect_arrival arrival = world_arrival(world);

	arrival.receive_tsc = tsc;
	for (unsigned i = 0; i < count; i++) {
		memcpy(buffers[i], shots[i].frame, shots[i].length);
		frames[i] = (struct reflect_frame){.octets = buffers[i],
		                                   .length = (uint16_t)shots[i].length,
		                                   .capacity = CAPACITY};
	}
	reflect_burst(&world->reflector, &arrival, frames, count);
}

/** What one packet must lead to; its place in the burst is its place among its session's numbers. */
static void judge(const struct shot *shot, const struct reflect_frame *frame)
{
	uint8_t expected[WORLD_FRAME_MAX];

	if (!shot->genuine) {
		CU_ASSERT_EQUAL(frame->verdict, VERDICT_DROP);
		CU_ASSERT_EQUAL(frame->counter, DATAPATH_DROP_HMAC);
		return;
	}
	CU_ASSERT_EQUAL_FATAL(frame->verdict, VERDICT_REFLECT);
	size_t length = reply_expect(&ahead, &shot->request, shot->peer->replies++, expected);
	CU_ASSERT_EQUAL_FATAL(frame->length, length);
	CU_ASSERT(memcmp(frame->octets, expected, length) == 0);
}

static void traffic(enum suite_kind kind)
{
	static uint8_t buffers[2][BURST][CAPACITY];
	struct reflect_frame frames[2][BURST];
	uint64_t tsc = 1;

	world_set_up_suite(&ahead, kind);
	world_set_up_suite(&plain, kind);
	struct ahead_pool *pool =
	        ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(SLOTS)), SLOTS);
	ahead.reflector.ahead = pool;
	peers_set_up();
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned count = random_below(2) ? 1 : 1 + random_below(BURST);

		tsc += random_below(16) * TSC_STEP;
		for (unsigned i = 0; i < count; i++)
			shot_make(&shots[i]);
		run(&ahead, count, tsc, frames[0], buffers[0]);
		run(&plain, count, tsc, frames[1], buffers[1]);
		for (unsigned i = 0; i < count; i++) {
			CU_ASSERT_EQUAL(frames[0][i].verdict, frames[1][i].verdict);
			CU_ASSERT_EQUAL(frames[0][i].counter, frames[1][i].counter);
			judge(&shots[i], &frames[0][i]);
			if (shots[i].genuine)
				CU_ASSERT(memcmp(frames[0][i].octets, frames[1][i].octets,
				                 frames[1][i].length) == 0);
		}
		for (uint32_t steps = random_below(5); steps > 0; steps--)
			(void)reflect_idle(&ahead.reflector);
		CU_ASSERT_FALSE(reflect_idle(&plain.reflector));
	}
	CU_ASSERT(memcmp(&ahead.counters, &plain.counters, sizeof(plain.counters)) == 0);
	const struct ahead_statistics *statistics = ahead_pool_statistics(pool);
	CU_ASSERT(statistics->opened > ROUNDS / 10);
	CU_ASSERT(statistics->sealed > ROUNDS / 10);
	CU_ASSERT(statistics->computed >= statistics->opened + statistics->sealed);
	CU_ASSERT(statistics->taken > SLOTS);
	/* Every session that began before a wrap went past it. */
	for (unsigned i = 0; i < SESSIONS; i++)
		CU_ASSERT(peers[i].next < peers[i].first || peers[i].first == 0);
	/* In the other modes there is nothing to compute ahead. */
	for (unsigned i = AUTHENTICATED; i < SESSIONS; i++)
		CU_ASSERT_PTR_NULL(core_session_of(&ahead, &peers[i])->ahead);
	world_tear_down(&ahead);
	world_tear_down(&plain);
	ahead_pool_wipe(pool);
	free(pool);
}

static void with_avx512(void)
{
	struct suite *suite;
	struct error error;

	if (suite_create(SUITE_AVX512, &suite, &error) == ERROR_UNAVAILABLE)
		return;
	suite_destroy(suite);
	traffic(SUITE_AVX512);
}

static void with_ipsec_mb(void)
{
	traffic(SUITE_IPSEC_MB);
}

static void with_openssl(void)
{
	traffic(SUITE_OPENSSL);
}

/** Between a packet and the idle step its session ends, and its memory is freed: ASan would see a read of it. */
static void sessions_end_before_idle_steps(void)
{
	uint8_t frame[WORLD_FRAME_MAX], reply[WORLD_FRAME_MAX], expected[WORLD_FRAME_MAX];
	struct request request;

	world_set_up(&ahead);
	struct ahead_pool *pool =
	        ahead_pool_init(aligned_alloc(AHEAD_POOL_ALIGN, ahead_pool_size(2)), 2);
	ahead.reflector.ahead = pool;
	request_init(&request, 4, TEST_AUTHENTICATED, 1);
	for (unsigned life = 0; life < 200; life++) {
		uint32_t replies = 0;

		request.parameters.keys.hmac[0] = (uint8_t)life;
		struct session *session = request_session(&ahead, &request);
		for (request.sequence = 0; request.sequence < life % 30; request.sequence++) {
			size_t length = request_build(&ahead, &request, frame);

			CU_ASSERT_EQUAL(
			        world_reflect(&ahead, frame, length, CAPACITY, reply).verdict,
			        VERDICT_REFLECT);
			length = reply_expect(&ahead, &request, replies++, expected);
			CU_ASSERT(memcmp(reply, expected, length) == 0);
			CU_ASSERT_EQUAL(session->cores->expected_sequence, request.sequence + 1);
			for (uint32_t steps = random_below(3); steps > 0; steps--)
				(void)reflect_idle(&ahead.reflector);
		}
		session_withdraw(ahead.registry, session);
		CU_ASSERT_EQUAL(session_registry_reclaim(ahead.registry), 0);
		for (uint32_t steps = random_below(200); steps > 0; steps--)
			(void)reflect_idle(&ahead.reflector);
	}
	CU_ASSERT(ahead_pool_statistics(pool)->opened > 0);
	CU_ASSERT(ahead_pool_statistics(pool)->wiped > 0);
	world_tear_down(&ahead);
	ahead_pool_wipe(pool);
	free(pool);
}

int main(void)
{
	CU_TestInfo tests[] = {{"with avx512", with_avx512},
	                       {"with ipsec-mb", with_ipsec_mb},
	                       {"with OpenSSL", with_openssl},
	                       {"sessions end before idle steps", sessions_end_before_idle_steps},
	                       CU_TEST_INFO_NULL};
	return unit_run("reflect-ahead-traffic", tests);
}
