/* SPDX-License-Identifier: BSD-3-Clause */
/** The charon provider's side of the connection: connecting, the snapshot, deadlines, loss and back-off. */
#include <event2/event.h>
#include <string.h>
#include <time.h>

#include "key/charon.h"
#include "key/charon_message.h"

uint64_t charon_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void arm(struct event *timer, uint64_t delay_ms)
{
	struct timeval delay = {.tv_sec = (time_t)(delay_ms / 1000),
	                        .tv_usec = (suseconds_t)(delay_ms % 1000 * 1000)};

	(void)evtimer_add(timer, &delay);
}

/** Every SA is gone as far as we know. */
static void forget_sas(struct charon_provider *charon)
{
	struct ike_sa *sa;

	while ((sa = LIST_FIRST(&charon->cache.sas)) != NULL)
		charon_forget_sa(charon, sa);
}

static void log_failure(struct charon_provider *charon, int status)
{
	const char *reason = charon->failure.text;

	if (status == ERROR_PERMISSION)
		log_event_limited(&charon->limiters[CHARON_LOG_REFUSED], LOG_LEVEL_ERROR,
		                  "ike-daemon-refused", "%s", reason);
	else if (charon->state == CHARON_READY)
		log_event_limited(&charon->limiters[CHARON_LOG_LOST], LOG_LEVEL_WARNING,
		                  "ike-daemon-lost",
		                  "%s; the keys of %u SAs are forgotten until it is reached again",
		                  reason, charon->cache.count);
	else
		log_event_limited(&charon->limiters[CHARON_LOG_UNREACHABLE], LOG_LEVEL_WARNING,
		                  "ike-daemon-unreachable", "%s", reason);
}

/** A connection that held ends the row of failures; a refusal stands until somebody changes something. */
static void back_off(struct charon_provider *charon, int status, uint64_t now)
{
	if (charon->state == CHARON_READY && now - charon->since_ms >= CHARON_PAUSE_MAXIMUM_MS)
		charon->pause_ms = CHARON_PAUSE_MINIMUM_MS;
	if (status == ERROR_PERMISSION) {
		charon->pause_ms = CHARON_PAUSE_MAXIMUM_MS;
		charon->earliest_ms = now + charon->pause_ms;
	}
	arm(charon->retry, charon->pause_ms);
	charon->pause_ms *= 2;
	if (charon->pause_ms > CHARON_PAUSE_MAXIMUM_MS)
		charon->pause_ms = CHARON_PAUSE_MAXIMUM_MS;
}

/** The daemon can't be reached, is lost, or is not to be used. context: the provider. */
static void on_ended(void *context, int status, const char *reason)
{
	struct charon_provider *charon = context;
	struct error failure;

	(void)error_set(&charon->failure, status, "%s: %s", charon->settings->socket, reason);
	log_failure(charon, status);
	charon_connection_close(charon->connection);
	charon->connection = NULL;
	(void)evtimer_del(charon->deadline);
	back_off(charon, status, charon_now_ms());
	charon->state = CHARON_DOWN;
	/* Call-backs may ask; what they begin is for the next connection. */
	failure = charon->failure;
	charon_lookup_set_aside(charon);
	forget_sas(charon);
	charon_lookup_fail(charon, failure.text);
}

static int subscribe(struct charon_provider *charon)
{
	struct ike_key_message request = {.type = IKE_KEY_SUBSCRIBE,
	                                  .request = CHARON_SUBSCRIPTION,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_WANT),
	                                  .want = charon_want(charon)};

	charon->request = CHARON_SUBSCRIPTION;
	charon->snapshot_count = 0;
	return charon_connection_send(charon->connection, &request);
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct charon_provider *charon = context;
	const struct charon_receiver receiver = {
	        .message = charon_take_message, .ended = on_ended, .context = charon};
	struct error error = {""};

	(void)fd;
	(void)what;
	charon->since_ms = charon_now_ms();
	charon->earliest_ms = charon->since_ms + CHARON_PAUSE_MINIMUM_MS;
	int status = charon_connection_open(charon->base, charon->settings->socket, &receiver,
	                                    &charon->connection, &error);
	if (status == 0 && subscribe(charon) != 0)
		status = error_set(&error, ERROR_MEMORY, "out of memory");
	if (status != 0) {
		on_ended(charon, status, error.text);
		return;
	}
	charon->state = CHARON_SNAPSHOT;
	arm(charon->deadline, charon->settings->timeout_ms);
}

void charon_daemon_ready(struct charon_provider *charon)
{
	charon->state = CHARON_READY;
	(void)evtimer_del(charon->deadline);
	log_event_limited(&charon->limiters[CHARON_LOG_CONNECTED], LOG_LEVEL_INFO,
	                  "ike-daemon-connected", "%s: SAs with keys: %u", charon->settings->socket,
	                  charon->cache.count);
	charon_lookup_resume(charon);
}

/** Re-armed when it fires early: questions come and go too often to move it with each. */
static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct charon_provider *charon = context;
	const struct key_lookup *oldest = TAILQ_FIRST(&charon->asked);
	uint64_t timeout = charon->settings->timeout_ms;
	struct error error;

	(void)fd;
	(void)what;
	if (charon->state == CHARON_READY) {
		if (oldest == NULL)
			return;
		uint64_t waited = charon_now_ms() - oldest->asked_ms;
		if (waited < timeout) {
			arm(charon->deadline, timeout - waited);
			return;
		}
	}
	(void)error_set(&error, ERROR_UNAVAILABLE,
	                "the IKE daemon does not answer within %u ms (ikev2.timeout)",
	                (unsigned)timeout);
	on_ended(charon, ERROR_UNAVAILABLE, error.text);
}

int charon_daemon_ask(struct charon_provider *charon, struct key_lookup *lookup)
{
	struct ike_key_message request = {.type = IKE_KEY_GET_BY_SPIS,
	                                  .attributes = IKE_KEY_HAS(IKE_KEY_SPI_I) |
	                                                IKE_KEY_HAS(IKE_KEY_SPI_R) |
	                                                IKE_KEY_HAS(IKE_KEY_WANT),
	                                  .want = charon_want(charon)};

	/* 0 is the events' number. */
	if (++charon->request == 0)
		charon->request = CHARON_SUBSCRIPTION + 1;
	request.request = charon->request;
	memcpy(request.spi_i, lookup->query.key_id, IKE_SPI_SIZE);
	memcpy(request.spi_r, lookup->query.key_id + IKE_SPI_SIZE, IKE_SPI_SIZE);
	if (charon_connection_send(charon->connection, &request) != 0)
		return ERROR_LIMIT;
	lookup->request = request.request;
	lookup->asked_ms = charon_now_ms();
	if (!evtimer_pending(charon->deadline, NULL))
		arm(charon->deadline, charon->settings->timeout_ms);
	return 0;
}

void charon_daemon_connect_soon(struct charon_provider *charon)
{
	arm(charon->retry, 0);
}

int charon_daemon_init(struct charon_provider *charon)
{
	charon->pause_ms = CHARON_PAUSE_MINIMUM_MS;
	charon->retry = evtimer_new(charon->base, on_retry, charon);
	charon->deadline = evtimer_new(charon->base, on_deadline, charon);
	return charon->retry != NULL && charon->deadline != NULL ? 0 : ERROR_MEMORY;
}

void charon_daemon_destroy(struct charon_provider *charon)
{
	if (charon->retry != NULL)
		event_free(charon->retry);
	if (charon->deadline != NULL)
		event_free(charon->deadline);
	charon_connection_close(charon->connection);
}
