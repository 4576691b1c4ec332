/* SPDX-License-Identifier: BSD-3-Clause */
#include "session_sender.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crypto/key_derivation.h"

#define NS_PER_S 1000000000
/** From Start-Ack to the first packet. */
#define START_DELAY_NS 1000000
/** After the last answer, so that a duplicate right behind it is seen. */
#define LINGER_NS (50 * 1000000)
/** How often progress is told. */
#define PROGRESS_NS (200 * 1000000)
/** Packets and replies handled before looking at the other side again. */
#define BURST 32u

struct sender {
	struct test_session *sessions;
	unsigned number;
	struct local_clock *clock;
	const struct sender_settings *settings;
	struct pollfd *fds; /**< the sessions, then interrupt, then control */
	bool sending;
	bool waiting;
	enum sender_end end;
	int64_t last_sent_ns;
	int64_t last_event_ns;
	int64_t progress_due_ns;
};

/** The gap to the next packet: constant, or exponential by inversion of a uniform number. */
static int64_t next_gap(const struct sender_settings *settings)
{
	uint32_t random;

	if (!settings->exponential || random_octets((uint8_t *)&random, sizeof(random)) != 0)
		return settings->interval_ns;
	return (int64_t)(-log(((double)random + 1.0) / 4294967296.0) *
	                 (double)settings->interval_ns);
}

/** Sends what is due; returns when the next packet is, or INT64_MAX after the last. */
static int64_t send_due(struct sender *sender)
{
	int64_t next = INT64_MAX;

	for (unsigned i = 0; i < sender->number; i++) {
		struct test_session *session = &sender->sessions[i];
		for (unsigned burst = 0; burst < BURST; burst++) {
			if (session->record.sent == session->record.capacity ||
			    session->next_ns > monotonic_now_ns())
				break;
			(void)test_session_send(session, sender->clock);
			sender->last_sent_ns = monotonic_now_ns();
			session->next_ns += next_gap(sender->settings);
		}
		if (session->record.sent < session->record.capacity && session->next_ns < next)
			next = session->next_ns;
	}
	return next;
}

static void receive_waiting(struct sender *sender, unsigned index)
{
	struct test_session *session = &sender->sessions[index];
	const struct sender_observer *observer = &sender->settings->observer;
	enum reply_verdict verdict;
	uint32_t sequence;

	/* First the departures, so that an RTT is whole when its reply is shown. */
	test_session_transmit_timestamps(session, sender->clock);
	for (unsigned burst = 0; burst < BURST; burst++) {
		if (!test_session_receive(session, sender->clock, &verdict, &sequence))
			break;
		sender->last_event_ns = monotonic_now_ns();
		if (observer->received != NULL)
			observer->received(observer->context, index, &session->record, sequence,
			                   verdict);
	}
}

static bool all_answered(const struct sender *sender)
{
	for (unsigned i = 0; i < sender->number; i++)
		if (sender->sessions[i].record.answered < sender->sessions[i].record.sent)
			return false;
	return true;
}

/** When the run is over if nothing more comes. */
static int64_t end_time(const struct sender *sender)
{
	int64_t timeout = sender->last_sent_ns + sender->settings->timeout_ns;
	int64_t linger = sender->last_event_ns + LINGER_NS;

	return all_answered(sender) && linger < timeout ? linger : timeout;
}

static void take_interrupt(struct sender *sender)
{
	uint8_t drain[256];

	(void)!read(sender->settings->interrupt_fd, drain, sizeof(drain));
	if (!sender->sending)
		sender->waiting = false;
	sender->sending = false;
	sender->end = SENDER_INTERRUPTED;
}

/** A server says nothing while tests run (RFC 5357 section 3.8), so readable means closed. */
static bool control_closed(const struct sender *sender)
{
	uint8_t octet;
	ssize_t got = recv(sender->settings->control_fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT);

	return got >= 0 || errno != EAGAIN;
}

static int wait_until(struct sender *sender, int64_t until_ns, struct error *error)
{
	int64_t left = until_ns - monotonic_now_ns();
	struct timespec timeout = {0};
	unsigned number = sender->number;

	if (left > 0) {
		timeout.tv_sec = left / NS_PER_S;
		timeout.tv_nsec = left % NS_PER_S;
	}
	if (ppoll(sender->fds, number + 2, &timeout, NULL) < 0 && errno != EINTR)
		return error_set(error, ERROR_SYSTEM, "ppoll: %s", strerror(errno));
	for (unsigned i = 0; i < number; i++)
		if (sender->fds[i].revents != 0)
			receive_waiting(sender, i);
	if (sender->fds[number].revents != 0)
		take_interrupt(sender);
	if (sender->fds[number + 1].revents != 0 && control_closed(sender)) {
		sender->fds[number + 1].fd = -1;
		sender->end = SENDER_CONTROL_CLOSED;
		sender->sending = sender->waiting = false;
	}
	return 0;
}

static void progress(struct sender *sender, bool always)
{
	const struct sender_observer *observer = &sender->settings->observer;
	int64_t now = monotonic_now_ns();

	if (observer->progress == NULL || (!always && now < sender->progress_due_ns))
		return;
	observer->progress(observer->context, sender->sessions, sender->number);
	sender->progress_due_ns = now + PROGRESS_NS;
}

static int run(struct sender *sender, struct error *error)
{
	while (sender->waiting) {
		int64_t next = sender->sending ? send_due(sender) : INT64_MAX;
		int result;

		progress(sender, false);
		if (next == INT64_MAX) {
			next = end_time(sender);
			if (next <= monotonic_now_ns())
				break;
		}
		if (sender->settings->observer.progress != NULL && next > sender->progress_due_ns)
			next = sender->progress_due_ns;
		result = wait_until(sender, next, error);
		if (result != 0)
			return result;
	}
	for (unsigned i = 0; i < sender->number; i++)
		receive_waiting(sender, i);
	progress(sender, true);
	return (int)sender->end;
}

int session_sender_run(struct test_session *sessions, unsigned number, struct local_clock *clock,
                       const struct sender_settings *settings, struct error *error)
{
	int64_t start = monotonic_now_ns() + START_DELAY_NS;
	struct sender sender = {.sessions = sessions,
	                        .number = number,
	                        .clock = clock,
	                        .settings = settings,
	                        .sending = true,
	                        .waiting = true,
	                        .last_sent_ns = start,
	                        .last_event_ns = start,
	                        .end = SENDER_FINISHED};
	int result;

	sender.fds = calloc((size_t)number + 2, sizeof(*sender.fds));
	if (sender.fds == NULL)
		return error_set(error, ERROR_MEMORY, "out of memory");
	/* Wake up on time: the default slack of 50 us would be seen in the send schedule. */
	(void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	for (unsigned i = 0; i < number; i++) {
		sessions[i].next_ns = start + settings->interval_ns * i / number;
		sender.fds[i] = (struct pollfd){.fd = sessions[i].socket.fd, .events = POLLIN};
	}
	sender.fds[number] = (struct pollfd){.fd = settings->interrupt_fd, .events = POLLIN};
	sender.fds[number + 1] = (struct pollfd){.fd = settings->control_fd, .events = POLLIN};
	result = run(&sender, error);
	free(sender.fds);
	return result;
}
