/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Simulated paths: packets are lost, doubled and overtaken on the way there and on the way back, a reflector numbers what it gets, and what
 * is told must be what was done to them, as far as loss.h says that it can be.
 */
#include <stdlib.h>
#include <string.h>

#include "loss.h"
#include "receiver.h"
#include "unit.h"

#define PACKETS 400u
#define QUIET                                                                                      \
	20u /**< packets at both ends to which nothing happens, where a test wants exact figures */
#define COPIES (2 * PACKETS)
#define DEPTH  5u /**< places that a packet may be overtaken by */
#define TRIALS 2000u
#define NOBODY UINT32_MAX
#define PARTS  1000u

/** What happens to packets, each in so many of PARTS. */
struct path {
	unsigned forward_loss, backward_loss;
	unsigned forward_copies, backward_copies;
	unsigned forward_order, backward_order;
	bool quiet_ends;
};

/** A reply on its way back. */
struct reply {
	uint32_t sequence;
	uint32_t number;
};

struct simulation {
	struct load_group_format format;
	struct load_session session;
	uint32_t number_of[PACKETS]; /**< the first reply's; NOBODY: not answered */
	unsigned reached[PACKETS];   /**< copies that the reflector got */
	unsigned faults;
	uint64_t duplicates, duplicates_forward;
	uint32_t reflector; /**< its next number */
};

static uint64_t random_state;

static uint32_t random_below(uint32_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((random_state >> 33) % limit);
}

static bool happens(unsigned parts)
{
	return random_below(PARTS) < parts;
}

/** Some change their places with one a little further on. */
static void shuffle(struct reply *list, unsigned count, unsigned from, unsigned to, unsigned parts)
{
	for (unsigned i = from; i + DEPTH < to && i + DEPTH < count; i++) {
		if (!happens(parts))
			continue;
		unsigned other = i + 1 + random_below(DEPTH - 1);
		struct reply moved = list[i];
		memmove(&list[i], &list[i + 1], (other - i) * sizeof(moved));
		list[other] = moved;
	}
}

static bool is_quiet(const struct path *path, uint32_t sequence)
{
	return path->quiet_ends && (sequence < QUIET || sequence >= PACKETS - QUIET);
}

/** Copies what gets through, some of it twice. */
static unsigned pass(const struct path *path, const struct reply *from, unsigned count,
                     unsigned loss, unsigned copies, struct reply *to)
{
	unsigned passed = 0;

	for (unsigned i = 0; i < count; i++) {
		bool quiet = is_quiet(path, from[i].sequence);

		if (!quiet && happens(loss))
			continue;
		to[passed++] = from[i];
		if (!quiet && happens(copies) && passed < 2 * COPIES)
			to[passed++] = from[i];
	}
	return passed;
}

/** As the receiver has it. */
static void arrive(struct simulation *simulation, const struct reply *reply)
{
	struct load_session *session = &simulation->session;
	uint32_t *first = &simulation->number_of[reply->sequence];
	enum loss_number number = loss_note_number(session, reply->number);

	if (*first == NOBODY) {
		simulation->faults +=
		        number == LOSS_NUMBER_SEEN || number == LOSS_NUMBER_IMPOSSIBLE;
		*first = reply->number;
		loss_note_first(session, reply->sequence, reply->number);
		return;
	}
	simulation->duplicates++;
	simulation->faults += number == LOSS_NUMBER_IMPOSSIBLE;
	if (number != LOSS_NUMBER_SEEN && reply->number != *first) {
		session->duplicates_forward++;
		simulation->duplicates_forward++;
	}
}

static void simulation_begin(struct simulation *simulation)
{
	memset(simulation, 0, sizeof(*simulation));
	memset(simulation->number_of, 0xff, sizeof(simulation->number_of));
	simulation->session.format = &simulation->format;
	simulation->session.flight_mask = 511;
	receive_begin(&simulation->session);
}

/** Quiet ends are not shuffled either. */
static void run(struct simulation *simulation, const struct path *path)
{
	static struct reply sent[PACKETS], there[2 * COPIES], back[4 * COPIES];
	unsigned edge = path->quiet_ends ? QUIET : 0;

	simulation_begin(simulation);
	for (uint32_t i = 0; i < PACKETS; i++)
		sent[i] = (struct reply){.sequence = i};
	simulation->session.next_sequence = PACKETS;
	unsigned count = pass(path, sent, PACKETS, path->forward_loss, path->forward_copies, there);
	shuffle(there, count, edge, count - edge, path->forward_order);
	for (unsigned i = 0; i < count; i++) {
		there[i].number = simulation->reflector++;
		simulation->reached[there[i].sequence]++;
	}
	count = pass(path, there, count, path->backward_loss, path->backward_copies, back);
	shuffle(back, count, edge, count - edge, path->backward_order);
	for (unsigned i = 0; i < count; i++)
		arrive(simulation, &back[i]);
}

/** What was really done to the packets up to the last one answered. */
struct truth {
	uint64_t forward, backward, unknown, answered;
	uint64_t
	        copies_lost; /**< doubled requests: replies beside one a packet, that did not come */
};

static struct truth truth_of(const struct simulation *simulation)
{
	struct truth truth = {0};

	for (uint32_t i = 0; i < PACKETS; i++) {
		bool answered = simulation->number_of[i] != NOBODY;

		truth.answered += answered;
		if (i >= simulation->session.highest_answered)
			truth.unknown++;
		else if (simulation->reached[i] == 0)
			truth.forward++;
		else if (!answered)
			truth.backward++;
		if (simulation->reached[i] > 1)
			truth.copies_lost += simulation->reached[i] - 1;
	}
	truth.copies_lost -= simulation->session.duplicates_forward;
	return truth;
}

static uint64_t apart(uint64_t left, uint64_t right)
{
	return left > right ? left - right : right - left;
}

/** tolerance: packets that may be told as lost in the other direction. */
static void expect_truth(const struct simulation *simulation, uint64_t tolerance)
{
	struct truth truth = truth_of(simulation);
	struct session_loss loss = receive_loss(&simulation->session);

	CU_ASSERT_EQUAL(loss.sent, PACKETS);
	CU_ASSERT_EQUAL(loss.answered, truth.answered);
	CU_ASSERT_EQUAL(loss.unknown, truth.unknown);
	CU_ASSERT_EQUAL(loss.forward + loss.backward, truth.forward + truth.backward);
	CU_ASSERT(apart(loss.backward, truth.backward) <= tolerance);
	CU_ASSERT_EQUAL(loss.sent, loss.answered + loss.forward + loss.backward + loss.unknown);
	CU_ASSERT_EQUAL(simulation->faults, 0);
}

static void run_all(const struct path *path, bool exact)
{
	static struct simulation simulation;

	random_state = 1;
	for (unsigned i = 0; i < TRIALS; i++) {
		run(&simulation, path);
		struct truth truth = truth_of(&simulation);
		expect_truth(&simulation, exact ? 0 : truth.copies_lost);
	}
}

static void nothing_happens(void)
{
	const struct path path = {0};

	run_all(&path, true);
}

static void loss_there_is_exact(void)
{
	const struct path path = {.forward_loss = 100};

	run_all(&path, true);
}

static void loss_back_is_exact(void)
{
	const struct path path = {.backward_loss = 300};

	run_all(&path, true);
}

static void loss_both_ways_is_exact(void)
{
	const struct path little = {.forward_loss = 5, .backward_loss = 5};
	const struct path much = {.forward_loss = 400, .backward_loss = 400};

	run_all(&little, true);
	run_all(&much, true);
}

/** Replies doubled on the way back change nothing. */
static void loss_and_copies_of_replies_are_exact(void)
{
	const struct path path = {
	        .forward_loss = 100, .backward_loss = 100, .backward_copies = 200};

	run_all(&path, true);
}

static void copies_of_requests_are_exact_without_loss_back(void)
{
	const struct path path = {
	        .forward_loss = 100, .forward_copies = 200, .backward_copies = 100};

	run_all(&path, true);
}

static void reordering_back_is_exact(void)
{
	const struct path path = {.forward_loss = 100,
	                          .backward_loss = 100,
	                          .backward_copies = 50,
	                          .backward_order = 200};

	run_all(&path, true);
}

static void reordering_both_ways_is_exact_between_quiet_ends(void)
{
	const struct path path = {.forward_loss = 100,
	                          .backward_loss = 100,
	                          .forward_order = 200,
	                          .backward_order = 200,
	                          .backward_copies = 50,
	                          .quiet_ends = true};

	run_all(&path, true);
}

/** Off by what loss.h says at most: doubled requests whose replies were lost. */
static void all_at_once_is_within_what_is_said(void)
{
	const struct path path = {.forward_loss = 100,
	                          .backward_loss = 100,
	                          .forward_copies = 100,
	                          .backward_copies = 100,
	                          .forward_order = 200,
	                          .backward_order = 200,
	                          .quiet_ends = true};

	run_all(&path, false);
}

/** At an end that is not quiet, it is off by the packets that may have been overtaken there at most. */
static void reordering_there_blurs_the_end(void)
{
	static struct simulation simulation;
	const struct path path = {.forward_loss = 100,
	                          .backward_loss = 100,
	                          .forward_order = 300,
	                          .backward_order = 100};

	random_state = 2;
	for (unsigned i = 0; i < TRIALS; i++) {
		run(&simulation, &path);
		expect_truth(&simulation, 2 * DEPTH);
	}
}

static void duplicates_of_requests_are_counted(void)
{
	static struct simulation simulation;
	const struct path path = {
	        .forward_copies = 200, .backward_copies = 200, .backward_order = 100};

	random_state = 3;
	for (unsigned i = 0; i < TRIALS; i++) {
		uint64_t copies = 0;

		run(&simulation, &path);
		for (unsigned k = 0; k < PACKETS; k++)
			copies += simulation.reached[k] - 1;
		CU_ASSERT_EQUAL(simulation.duplicates_forward, copies);
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"nothing_happens", nothing_happens},
	        {"loss_there_is_exact", loss_there_is_exact},
	        {"loss_back_is_exact", loss_back_is_exact},
	        {"loss_both_ways_is_exact", loss_both_ways_is_exact},
	        {"loss_and_copies_of_replies_are_exact", loss_and_copies_of_replies_are_exact},
	        {"copies_of_requests_are_exact_without_loss_back",
	         copies_of_requests_are_exact_without_loss_back},
	        {"reordering_back_is_exact", reordering_back_is_exact},
	        {"reordering_both_ways_is_exact_between_quiet_ends",
	         reordering_both_ways_is_exact_between_quiet_ends},
	        {"all_at_once_is_within_what_is_said", all_at_once_is_within_what_is_said},
	        {"reordering_there_blurs_the_end", reordering_there_blurs_the_end},
	        {"duplicates_of_requests_are_counted", duplicates_of_requests_are_counted},
	        CU_TEST_INFO_NULL,
	};
	return unit_run("load/loss-simulation", tests);
}
