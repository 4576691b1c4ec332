/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The Server with the charon provider behind it, in random sequences of set-ups, disconnections, and what an IKE daemon does. A model of
 * the daemon tells after each step which answers may have come: Accept 0 for a live SA of this client's alone, 6 for one that is not
 * there or another's, 5 only where the daemon was away meanwhile; and at the end every set-up has its answer.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_daemon.h"
#include "harness.h"

#define MODE      (MODE_ENCRYPTED | MODE_IKEV2_DERIVED)
#define SAS       6u
#define SET_UPS   10u
#define STEPS     250u
#define RUNS      8u
#define QUESTIONS 64u
/** No time-out in this test. */
#define LONG_MS 600000u
/** PBKDF2 iterations that take some turns of the event loop. */
#define COUNT 8192u

struct set_up {
	struct client client;
	bool used;
	unsigned sa;      /**< from 1 */
	bool foreign;     /**< from another address than the SA's peer */
	bool half_closed; /**< by the client */
	bool may_fail;    /**< the daemon was not to be asked at some time */
};

struct question {
	uint32_t request;
	unsigned sa;
};

struct world {
	struct harness harness;
	struct fake_daemon fake;
	unsigned run, step;
	uint32_t random;
	struct set_up set_ups[SET_UPS];
	/* The daemon's truth. */
	bool live[SAS + 1];
	unsigned changed[SAS + 1]; /**< the step of it */
	bool subscribed;           /**< SUBSCRIBE has come */
	bool told;                 /**< and has been answered */
	struct question questions[QUESTIONS];
	unsigned question_count;
	unsigned accepted, not_found, failed;
};

#define HOLDS(world, condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			(void)printf("run %u, step %u: %s\n", (world)->run, (world)->step,         \
			             #condition);                                                  \
		CU_ASSERT(condition);                                                              \
	} while (0)

static unsigned choose(struct world *world, unsigned number)
{
	world->random = world->random * 1664525u + 1013904223u;
	return (world->random >> 16) % number;
}

static unsigned choose_sa(struct world *world)
{
	return 1 + choose(world, SAS);
}

/* --- Clients ---------------------------------------------------------------------------------------------------------------- */

static void begin_set_up(struct world *world)
{
	struct set_up *set_up = &world->set_ups[choose(world, SET_UPS)];
	uint8_t secret[FAKE_SECRET_SIZE];
	char address[ADDRESS_TEXT_SIZE];

	if (set_up->used)
		return;
	*set_up = (struct set_up){.used = true,
	                          .sa = choose_sa(world),
	                          .foreign = choose(world, 6) == 0,
	                          .may_fail = !world->told};
	fake_spis(set_up->sa, world->harness.ike.key_id);
	fake_secret(set_up->sa, secret);
	(void)snprintf(address, sizeof(address), "192.0.2.%u", set_up->foreign ? 100 : set_up->sa);
	client_connect(&set_up->client, &world->harness, address);
	CU_ASSERT_FATAL(client_read_greeting(&set_up->client));
	client_send_set_up(&set_up->client, MODE, NULL, secret, sizeof(secret));
}

static void leave(struct world *world)
{
	struct set_up *set_up = &world->set_ups[choose(world, SET_UPS)];

	if (!set_up->used)
		return;
	if (choose(world, 3) == 0) {
		set_up->half_closed = true;
		(void)shutdown(bufferevent_getfd(set_up->client.stream), SHUT_WR);
		return;
	}
	client_close(&set_up->client);
	set_up->used = false;
}

static void check_answer(struct world *world, const struct set_up *set_up, int accept)
{
	bool live = world->live[set_up->sa];
	/* The answer of one step may be read in the next. */
	bool either = world->step - world->changed[set_up->sa] <= 1;

	switch (accept) {
	case ACCEPT_OK:
		world->accepted++;
		HOLDS(world, !set_up->foreign);
		HOLDS(world, live || either);
		break;
	case ACCEPT_NO_IKE_SA:
		world->not_found++;
		HOLDS(world, set_up->foreign || !live || either);
		break;
	case ACCEPT_TEMPORARY_LIMIT:
		world->failed++;
		HOLDS(world, set_up->may_fail);
		break;
	default:
		HOLDS(world, accept == ACCEPT_OK);
	}
}

/** Takes the answers that have come. */
static void look(struct world *world)
{
	for (unsigned i = 0; i < SET_UPS; i++) {
		struct set_up *set_up = &world->set_ups[i];

		if (!set_up->used)
			continue;
		set_up->may_fail = set_up->may_fail || !world->told;
		size_t come = evbuffer_get_length(bufferevent_get_input(set_up->client.stream));
		if (come < SERVER_START_SIZE && !set_up->client.ended)
			continue;
		if (come >= SERVER_START_SIZE)
			check_answer(world, set_up,
			             client_read_server_start(&set_up->client, MODE));
		else
			HOLDS(world, set_up->half_closed);
		client_close(&set_up->client);
		set_up->used = false;
	}
}

/* --- Daemon ----------------------------------------------------------------------------------------------------------------- */

static unsigned sa_of(const struct ike_key_message *request)
{
	uint8_t spis[IKE_SPIS_SIZE];

	for (unsigned sa = 1; sa <= SAS; sa++) {
		fake_spis(sa, spis);
		if (memcmp(request->spi_i, spis, IKE_SPI_SIZE) == 0)
			return sa;
	}
	return 0;
}

static bool is_readable(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&readable, 1, 0) == 1 && (readable.revents & POLLIN) != 0;
}

/** Takes a connection and the requests that have come. */
static void daemon_reads(struct world *world)
{
	struct fake_daemon *fake = &world->fake;
	struct ike_key_message request;

	if (fake->peer < 0 && is_readable(fake->listener))
		fake_accept(fake);
	while (is_readable(fake->peer) && world->question_count < QUESTIONS &&
	       fake_request(fake, &request)) {
		if (request.type == IKE_KEY_SUBSCRIBE) {
			fake->subscription = request.request;
			world->subscribed = true;
			continue;
		}
		unsigned sa = sa_of(&request);
		HOLDS(world, request.type == IKE_KEY_GET_BY_SPIS && sa != 0 && world->told);
		world->questions[world->question_count++] = (struct question){request.request, sa};
	}
}

static void daemon_tells_all(struct world *world)
{
	uint32_t count = 0;

	if (!world->subscribed || world->told)
		return;
	for (unsigned sa = 1; sa <= SAS; sa++) {
		if (!world->live[sa])
			continue;
		fake_say_sa(&world->fake, IKE_KEY_SA, world->fake.subscription, sa);
		count++;
	}
	fake_say_end(&world->fake, count);
	world->told = true;
}

static void daemon_answers(struct world *world)
{
	if (world->question_count == 0)
		return;
	struct question *question = &world->questions[choose(world, world->question_count)];
	if (world->live[question->sa])
		fake_say_sa(&world->fake, IKE_KEY_SA, question->request, question->sa);
	else
		fake_say_error(&world->fake, question->request, IKE_KEY_ERROR_NOT_FOUND, "");
	*question = world->questions[--world->question_count];
}

static void set_live(struct world *world, unsigned sa, bool live)
{
	world->live[sa] = live;
	world->changed[sa] = world->step;
}

/** An SA comes up, maybe one that had gone; or goes. */
static void daemon_changes(struct world *world)
{
	unsigned sa = choose_sa(world);

	set_live(world, sa, !world->live[sa]);
	if (!world->told)
		return;
	if (world->live[sa])
		fake_say_sa(&world->fake, IKE_KEY_EVENT_UP, 0, sa);
	else
		fake_say_gone(&world->fake, sa);
}

static void daemon_rekeys(struct world *world)
{
	unsigned old = choose_sa(world), new = choose_sa(world);
	struct ike_key_message message = {
	        .type = IKE_KEY_EVENT_REKEYED,
	        .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) | IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                      IKE_KEY_HAS(IKE_KEY_OLD_SPI_I) | IKE_KEY_HAS(IKE_KEY_OLD_SPI_R)};
	uint8_t spis[2][IKE_SPIS_SIZE];

	if (!world->live[old] || world->live[new])
		return;
	set_live(world, old, false);
	set_live(world, new, true);
	if (!world->told)
		return;
	fake_spis(new, spis[0]);
	fake_spis(old, spis[1]);
	memcpy(message.spi_i, spis[0], IKE_SPI_SIZE);
	memcpy(message.spi_r, spis[0] + IKE_SPI_SIZE, IKE_SPI_SIZE);
	memcpy(message.old_spi_i, spis[1], IKE_SPI_SIZE);
	memcpy(message.old_spi_r, spis[1] + IKE_SPI_SIZE, IKE_SPI_SIZE);
	fake_say_sa(&world->fake, IKE_KEY_EVENT_UP, 0, new);
	fake_say(&world->fake, &message);
	fake_say_gone(&world->fake, old);
}

static void daemon_ends(struct world *world)
{
	if (choose(world, 8) != 0)
		return;
	fake_hang_up(&world->fake);
	world->subscribed = world->told = false;
	world->question_count = 0;
	if (choose(world, 2) == 0)
		fake_stop_listening(&world->fake);
}

static void daemon_begins(struct world *world)
{
	if (world->fake.listener < 0)
		fake_listen(&world->fake);
	/* Most times without the pause that keeps look-ups from trying too often. */
	if (choose(world, 4) != 0)
		fake_charon(&world->fake)->earliest_ms = 0;
}

/* --- Runs ------------------------------------------------------------------------------------------------------------------- */

static void (*const actions[])(struct world *world) = {
        begin_set_up,     begin_set_up,   begin_set_up,   begin_set_up,     leave,
        daemon_reads,     daemon_reads,   daemon_answers, daemon_tells_all, daemon_answers,
        daemon_tells_all, daemon_changes, daemon_changes, daemon_rekeys,    daemon_ends,
        daemon_begins,
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static void turn(struct world *world)
{
	for (unsigned i = 2 + choose(world, 4); i > 0; i--)
		(void)event_base_loop(world->harness.base, EVLOOP_NONBLOCK);
}

static unsigned live_count(const struct world *world)
{
	unsigned count = 0;

	for (unsigned sa = 1; sa <= SAS; sa++)
		count += world->live[sa];
	return count;
}

static bool is_settled(const struct world *world)
{
	for (unsigned i = 0; i < SET_UPS; i++) {
		if (world->set_ups[i].used)
			return false;
	}
	return world->told;
}

/** The daemon does its duty until every set-up has its answer. */
static void settle(struct world *world)
{
	if (world->fake.listener < 0)
		fake_listen(&world->fake);
	for (unsigned i = 0; i < 10000 && !is_settled(world); i++) {
		/* Nothing connects by itself before a pause is over. */
		fake_charon(&world->fake)->earliest_ms = 0;
		if (!world->subscribed)
			begin_set_up(world);
		daemon_reads(world);
		daemon_tells_all(world);
		daemon_answers(world);
		world->step++;
		fake_turn(&world->fake);
		look(world);
	}
	HOLDS(world, is_settled(world));
	HOLDS(world, charon_provider_count(world->fake.provider) == live_count(world));
	HOLDS(world, fake_charon(&world->fake)->lookup_count == world->question_count);
}

static void world_open(struct world *world, unsigned run)
{
	memset(world, 0, sizeof(*world));
	world->run = run;
	world->random = run;
	harness_open(&world->harness);
	world->harness.config->control.count = COUNT;
	world->harness.config->ikev2.timeout_ms = LONG_MS;
	fake_init(&world->fake);
	world->fake.settings.timeout_ms = LONG_MS;
	event_base_free(world->fake.base);
	world->fake.base = world->harness.base;
	fake_create(&world->fake);
	harness_start_with(&world->harness, world->fake.provider);
}

static void world_close(struct world *world)
{
	if (world->run % 2 == 0)
		settle(world);
	/* Else with look-ups and derivations under way. */
	for (unsigned i = 0; i < SET_UPS; i++) {
		if (world->set_ups[i].used)
			client_close(&world->set_ups[i].client);
	}
	control_server_destroy(world->harness.server);
	world->harness.server = NULL;
	key_provider_destroy(world->fake.provider);
	world->fake.provider = NULL;
	harness_close(&world->harness);
	world->fake.base = NULL;
	fake_stop(&world->fake);
}

static void server_tells_the_truth(void)
{
	unsigned accepted = 0, not_found = 0, failed = 0;
	struct world world;

	for (unsigned run = 1; run <= RUNS; run++) {
		world_open(&world, run);
		for (world.step = 2; world.step < STEPS; world.step++) {
			actions[choose(&world, ACTIONS)](&world);
			turn(&world);
			look(&world);
		}
		accepted += world.accepted;
		not_found += world.not_found;
		failed += world.failed;
		world_close(&world);
	}
	(void)printf("%u accepted, %u not found, %u failed\n", accepted, not_found, failed);
	CU_ASSERT(accepted > RUNS && not_found > RUNS && failed > RUNS);
}

int main(void)
{
	CU_TestInfo tests[] = {{"Server tells the truth", server_tells_the_truth},
	                       CU_TEST_INFO_NULL};

	return unit_run("control/ike_model", tests);
}
