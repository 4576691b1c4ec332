/* SPDX-License-Identifier: BSD-3-Clause */
/** A Server that does two sessions a turn, and a client with seven. */
#ifndef SPECULAR_TEST_CONTROL_PORTIONS_FIXTURE_H
#define SPECULAR_TEST_CONTROL_PORTIONS_FIXTURE_H

#include <event2/event.h>
#include <string.h>

#include "control/connection.h"
#include "control/control_operator.h"
#include "control/control_status.h"
#include "harness.h"
#include "unit.h"

#define MANY       7u
#define PORTION    2u
#define INDIVIDUAL (MODE_UNAUTHENTICATED | MODE_INDIVIDUAL_SESSION_CONTROL)

struct fixture {
	struct harness harness;
	struct client client;
	uint8_t sids[MANY][SID_SIZE];
};

/** One turn of the event loop, which waits for nothing. */
static inline void turn(struct fixture *fixture)
{
	(void)event_base_loop(fixture->harness.base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static inline void request_all(struct fixture *fixture)
{
	struct request_tw_session request = client_request_template(4);
	struct accept_session answer;

	for (unsigned i = 0; i < MANY; i++) {
		request.sender.port++;
		CU_ASSERT_TRUE(client_request(&fixture->client, &request, &answer));
		CU_ASSERT_EQUAL(answer.accept, ACCEPT_OK);
		memcpy(fixture->sids[i], answer.sid, SID_SIZE);
	}
}

static inline void set_up(struct fixture *fixture, uint32_t mode)
{
	struct config_control *control;

	harness_open(&fixture->harness);
	control = &fixture->harness.config->control;
	control->unauthenticated.sessions_per_connection = MANY;
	control->unauthenticated.sessions_per_address = MANY;
	control->unauthenticated.sessions = MANY + 1;
	harness_start(&fixture->harness);
	CU_ASSERT_TRUE(client_open(&fixture->client, &fixture->harness, CLIENT_IPV4, mode));
	request_all(fixture);
	fixture->harness.server->portion = PORTION;
}

static inline void tear_down(struct fixture *fixture)
{
	client_close(&fixture->client);
	harness_close(&fixture->harness);
}

static inline struct control_counts counts(const struct fixture *fixture)
{
	return control_counts(fixture->harness.server);
}

static inline void send_start(struct fixture *fixture)
{
	uint8_t octets[START_SESSIONS_SIZE] = {0};

	start_sessions_write(octets);
	client_send(&fixture->client, octets, sizeof(octets));
}

/** Turns until something of the command is done, and not all. */
static inline void run_into(struct fixture *fixture,
                            unsigned (*done)(const struct fixture *fixture))
{
	for (unsigned i = 0; i < 1000 && done(fixture) == 0; i++)
		turn(fixture);
	CU_ASSERT_TRUE(done(fixture) > 0);
	CU_ASSERT_TRUE(done(fixture) < MANY);
}

static inline unsigned started(const struct fixture *fixture)
{
	return counts(fixture).sessions_started;
}

static inline unsigned stopped(const struct fixture *fixture)
{
	return counts(fixture).sessions_stopped;
}

static inline unsigned ended(const struct fixture *fixture)
{
	return MANY - session_registry_count(fixture->harness.sessions);
}

#endif
