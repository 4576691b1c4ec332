/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_sender.h"

#include <pthread.h>
#include <stdatomic.h>

#include "probe_reflector.h"
#include "statistics.h"

#define PACKETS 20u
/** Until a reply counts as lost: longer than a busy machine keeps one, where none is. */
#define TIMEOUT_NS      10000000000
#define LOSS_TIMEOUT_NS 1000000000

/** A reflector thread that leaves some packets out. */
struct world {
	struct test_session session;
	struct reflector reflector;
	struct local_clock clock;
	struct sender_settings settings;
	pthread_t thread;
	int interrupt[2];
	int control[2];
	uint32_t ignored;        /**< this one is not received at all */
	uint32_t unanswered;     /**< this one is counted but the reply is dropped */
	uint32_t interrupted_at; /**< at this one the person interrupts */
	uint32_t closed_at;      /**< at this one the control connection ends */
	uint32_t expected;
	atomic_bool over;
};

static void *reflect(void *context)
{
	struct world *world = context;

	for (uint32_t i = 0; i < world->expected; i++) {
		uint32_t sequence;
		if (reflector_receive(&world->reflector) != 1 || atomic_load(&world->over))
			break;
		sequence = load_be32(world->reflector.received);
		if (sequence == world->interrupted_at)
			(void)!write(world->interrupt[1], "i", 1);
		if (sequence == world->closed_at)
			(void)shutdown(world->control[1], SHUT_WR);
		if (sequence == world->ignored)
			continue;
		reflector_build(&world->reflector);
		if (sequence != world->unanswered)
			reflector_send(&world->reflector);
	}
	return NULL;
}

static void world_open(struct world *world, uint32_t packets, int64_t timeout_ns)
{
	struct address local = address_make(4, "\x7f\0\0\1");
	struct packet_format format = {.mode = TEST_UNAUTHENTICATED, .padding = 27};
	struct error error;

	memset(world, 0, sizeof(*world));
	world->ignored = world->unanswered = world->interrupted_at = world->closed_at = UINT32_MAX;
	world->expected = packets;
	local_clock_init(&world->clock);
	reflector_open(&world->reflector, TEST_UNAUTHENTICATED, NULL, NULL);
	CU_ASSERT_FATAL(pipe(world->interrupt) == 0);
	CU_ASSERT_FATAL(socketpair(AF_UNIX, SOCK_STREAM, 0, world->control) == 0);
	world->settings = (struct sender_settings){.interval_ns = 1000000,
	                                           .timeout_ns = timeout_ns,
	                                           .interrupt_fd = world->interrupt[0],
	                                           .control_fd = world->control[0]};
	CU_ASSERT_FATAL(test_session_open(&world->session, &format, &local, 0, 0, 0, packets,
	                                  timeout_ns, &error) == 0);
	CU_ASSERT_FATAL(test_session_accept(&world->session, (const uint8_t[SID_SIZE]){1},
	                                    &world->reflector.endpoint, 0, NULL, NULL,
	                                    &error) == 0);
}

static int world_run(struct world *world, struct statistics *statistics)
{
	const struct session_record *record = &world->session.record;
	struct error error;
	int result;

	CU_ASSERT_FATAL(pthread_create(&world->thread, NULL, reflect, world) == 0);
	result = session_sender_run(&world->session, 1, &world->clock, &world->settings, &error);
	/* A run that ended early leaves the reflector waiting: wake it. */
	atomic_store(&world->over, true);
	(void)test_socket_send(&world->session.socket, "", 1);
	CU_ASSERT(pthread_join(world->thread, NULL) == 0);
	CU_ASSERT(statistics_compute(&record, 1, statistics) == 0);
	return result;
}

static void world_close(struct world *world)
{
	test_session_close(&world->session);
	reflector_close(&world->reflector);
	for (unsigned i = 0; i < 2; i++) {
		(void)close(world->interrupt[i]);
		(void)close(world->control[i]);
	}
}

static void all_are_answered(void)
{
	struct world world;
	struct statistics s;

	world_open(&world, PACKETS, TIMEOUT_NS);
	world.settings.exponential = true;
	CU_ASSERT(world_run(&world, &s) == SENDER_FINISHED);
	CU_ASSERT(s.sent == PACKETS && s.answered == PACKETS && s.lost == 0);
	world_close(&world);
}

static void loss_is_seen_with_its_direction(void)
{
	struct world world;
	struct statistics s;

	world_open(&world, PACKETS, LOSS_TIMEOUT_NS);
	world.ignored = 3;
	world.unanswered = 7;
	CU_ASSERT(world_run(&world, &s) == SENDER_FINISHED);
	CU_ASSERT(s.sent == PACKETS && s.answered == PACKETS - 2);
	CU_ASSERT(s.lost_forward == 1 && s.lost_reverse == 1 && s.lost_unknown == 0);
	world_close(&world);
}

static void interrupt_ends_sending(void)
{
	struct world world;
	struct statistics s;

	world_open(&world, 100000, TIMEOUT_NS);
	world.interrupted_at = 5;
	CU_ASSERT(world_run(&world, &s) == SENDER_INTERRUPTED);
	CU_ASSERT(s.sent >= 6 && s.sent < 100000);
	world_close(&world);
}

static void closed_control_connection_ends_the_run(void)
{
	struct world world;
	struct statistics s;

	world_open(&world, 100000, TIMEOUT_NS);
	world.closed_at = 5;
	CU_ASSERT(world_run(&world, &s) == SENDER_CONTROL_CLOSED);
	CU_ASSERT(s.sent >= 6 && s.sent < 100000);
	world_close(&world);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"all are answered", all_are_answered},
	        {"loss is seen with its direction", loss_is_seen_with_its_direction},
	        {"interrupt ends sending", interrupt_ends_sending},
	        {"closed control connection ends the run", closed_control_connection_ends_the_run},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-sender", tests);
}
