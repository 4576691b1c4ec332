/* SPDX-License-Identifier: BSD-3-Clause */
#include "load.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>
#include <rte_ether.h>

#include "background.h"
#include "base/log.h"
#include "conductor.h"
#include "crypto/key_derivation.h"
#include "device_check.h"
#include "environment.h"
#include "findings.h"
#include "group_format.h"
#include "link_watch.h"
#include "neighbour.h"
#include "privileges.h"
#include "suite_choice.h"

#define LINK_TIMEOUT_MS 10000u
#define LINK_POLL_MS    20u
#define MS_PER_SECOND   1000u

static int start_crypto(struct load *load, struct error *error)
{
	int status = key_derivation_self_test(error);

	if (status == 0)
		status = suite_choose(&load->config->host, &load->suite_kind, error);
	return status != 0 ? status : suite_create(load->suite_kind, &load->suite, error);
}

static void stop_crypto(struct load *load)
{
	suite_destroy(load->suite);
}

static int start_clock(struct load *load, struct error *error)
{
	struct clock_sample sample = clock_sample_take();

	(void)error;
	load->tsc_hz = tsc_frequency_hz();
	tsc_clock_init(&load->clock, load->tsc_hz, &sample);
	return 0;
}

static int start_base(struct load *load, struct error *error)
{
	struct event_config *config = event_config_new();

	load->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (config != NULL) {
		/* The exception path's timer is finer than epoll's milliseconds. */
		(void)event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		load->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (load->base != NULL && load->interrupt_fd >= 0)
		return 0;
	if (load->base != NULL)
		event_base_free(load->base);
	return error_set(error, ERROR_MEMORY, "libevent");
}

static void stop_base(struct load *load)
{
	event_base_free(load->base);
	(void)close(load->interrupt_fd);
}

static void on_clock(evutil_socket_t unused, short what, void *context)
{
	struct load *load = context;
	struct clock_sample sample = clock_sample_take();

	(void)unused;
	(void)what;
	if (tsc_clock_update(&load->clock, &sample))
		log_event(LOG_LEVEL_WARNING, "clock-step",
		          "the system clock jumped; timestamps follow it at once");
}

static const int interruptions[LOAD_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};

/* nohup has it so. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

/* Only the first signal is kind: with its events gone, the next one has its default action again. */
static void on_interrupt(evutil_socket_t number, short what, void *context)
{
	struct load *load = context;

	(void)what;
	log_event(LOG_LEVEL_INFO, "stopping", "signal %s; once more ends at once",
	          strsignal((int)number));
	load->interrupt = true;
	(void)eventfd_write(load->interrupt_fd, 1);
	for (unsigned i = 0; i < LOAD_SIGNALS; i++) {
		if (load->signals[i] == NULL)
			continue;
		(void)event_del(load->signals[i]);
		/* A shell that started it in the background had it ignored. Of a lost terminal both kernel and shell tell. */
		(void)signal(interruptions[i], interruptions[i] == SIGHUP ? SIG_IGN : SIG_DFL);
	}
}

static void stop_events(struct load *load)
{
	for (unsigned i = 0; i < LOAD_SIGNALS; i++) {
		if (load->signals[i] != NULL)
			event_free(load->signals[i]);
		load->signals[i] = NULL;
	}
	if (load->clock_timer != NULL)
		event_free(load->clock_timer);
	load->clock_timer = NULL;
}

/* A lost terminal is an interruption too: the reports are in files. */
static bool await_signals(struct load *load)
{
	for (unsigned i = 0; i < LOAD_SIGNALS; i++) {
		if (interruptions[i] == SIGHUP && is_ignored(SIGHUP))
			continue;
		load->signals[i] = evsignal_new(load->base, interruptions[i], on_interrupt, load);
		if (load->signals[i] == NULL || event_add(load->signals[i], NULL) != 0)
			return false;
	}
	return true;
}

static int start_events(struct load *load, struct error *error)
{
	struct timeval interval = {.tv_usec = 1000 * CLOCK_UPDATE_INTERVAL_MS};

	load->clock_timer = event_new(load->base, -1, EV_PERSIST, on_clock, load);
	if (load->clock_timer != NULL && event_add(load->clock_timer, &interval) == 0 &&
	    await_signals(load))
		return 0;
	stop_events(load);
	return error_set(error, ERROR_MEMORY, "no memory for an event");
}

static int start_eal(struct load *load, struct error *error)
{
	const struct config *host = &load->config->host;
	int status = privileges_check(host, error);

	if (status == 0)
		status = device_check(&host->ports[0], PCI_SYSFS, error);
	return status != 0 ? status : eal_start(host, &load->eal, error);
}

static void stop_eal(struct load *load)
{
	eal_stop(&load->eal);
}

static int open_port(struct load *load, struct error *error)
{
	const struct load_config *config = load->config;
	/* A burst is built before it goes out, and may be kept until it is judged. */
	uint32_t more = config->run == LOAD_RUN_BURST ? 2 * config->burst_frames : 0;

	return port_open(&config->host.ports[0], config->host.eal.worker_count, more, &load->port,
	                 error);
}

static void close_port(struct load *load)
{
	port_close(&load->port);
}

static int start_exception(struct load *load, struct error *error)
{
	return exception_create(load->base, &load->port, 1, &load->counters, &load->exception,
	                        error);
}

static void stop_exception(struct load *load)
{
	exception_destroy(load->exception);
}

/* A memif has no link before its peer is there: what is sent until then is lost. */
static int await_link(struct load *load, struct error *error)
{
	/* By the clock: a look may take long, and so may a pause on a busy machine. */
	uint64_t end = tsc_now() + load->tsc_hz / MS_PER_SECOND * LINK_TIMEOUT_MS;

	while (tsc_now() < end) {
		struct timeval interval = {.tv_usec = 1000 * LINK_POLL_MS};
		if (link_is_up(load->port.id))
			return 0;
		(void)event_base_loopexit(load->base, &interval);
		(void)event_base_dispatch(load->base);
		if (load->interrupt)
			return error_set(error, ERROR_UNAVAILABLE,
			                 "interrupted while waiting for the link");
	}
	return error_set(error, ERROR_UNAVAILABLE,
	                 "port %s has no link after %u s: is the reflector's side there and up?",
	                 load->port.config->name, LINK_TIMEOUT_MS / MS_PER_SECOND);
}

static void stop_port(struct load *load)
{
	port_stop(&load->port);
}

static int start_port(struct load *load, struct error *error)
{
	int status = port_start(&load->port, error);

	if (status == 0 && (status = await_link(load, error)) != 0)
		stop_port(load);
	if (status == 0)
		environment_complete(&load->result->environment, &load->port, load->suite,
		                     load->tsc_hz, load->eal.hugepages);
	return status;
}

static int start_bridge(struct load *load, struct error *error)
{
	load->bridge.port_id = load->port.id;
	load->bridge.queues = load->port.queues;
	load->bridge.to_kernel = exception_to_kernel(load->exception, 0);
	load->bridge.from_kernel = exception_from_kernel(load->exception, 0);
	return bridge_launch(&load->bridge, error);
}

static void stop_bridge(struct load *load)
{
	bridge_stop(&load->bridge);
}

static bool any_keyed(const struct load_config *config)
{
	for (unsigned i = 0; i < config->group_count; i++) {
		if (group_test_mode(&config->groups[i], config->peer) != TEST_UNAUTHENTICATED)
			return true;
	}
	return false;
}

/* In a thread of its own. */
static int open_sessions(void *context, struct error *error)
{
	struct load *load = context;
	const struct load_config *config = load->config;
	struct opening_settings settings = {
	        .config = config,
	        .suite = any_keyed(config) ? load->suite : NULL,
	        .station = load->port.mac.addr_bytes,
	        .next_hops = (const uint8_t(*)[FRAME_MAC_SIZE])load->next_hops,
	        .interrupt_fd = load->interrupt_fd,
	};
	int status = 0;

	for (unsigned i = 0; i < config->group_count && status == 0; i++)
		status = neighbour_find(config, &config->groups[i], load->interrupt_fd,
		                        load->next_hops[i], error);
	if (status == 0)
		status = opening_create(&settings, &load->opening, error);
	return status != 0 ? status : opening_run(load->opening, &load->sessions, error);
}

/* In a thread of its own. */
static int close_sessions(void *context, struct error *error)
{
	struct load *load = context;

	(void)error;
	opening_close(load->opening);
	load->opening = NULL;
	return 0;
}

static void stop_sessions(struct load *load)
{
	struct error error;

	if (background_run(load->base, close_sessions, load, &error) != 0)
		log_event(LOG_LEVEL_WARNING, "stop-sessions", "%s", error.text);
	load_sessions_free(&load->sessions, load->suite);
}

static int start_sessions(struct load *load, struct error *error)
{
	int status = background_run(load->base, open_sessions, load, error);

	load->result->sessions = load->sessions.count;
	if (status != 0)
		stop_sessions(load);
	return status;
}

static void on_link(evutil_socket_t unused, short what, void *context)
{
	struct load *load = context;
	bool up = engine_watch_link(load->engine);

	(void)unused;
	(void)what;
	if (up != load->link_up)
		log_event(LOG_LEVEL_WARNING, "link", "port %s: link %s", load->port.config->name,
		          up ? "up" : "down");
	load->link_up = up;
}

static int start_link_timer(struct load *load, struct error *error)
{
	struct timeval interval = {.tv_usec = 1000 * LINK_WATCH_INTERVAL_MS};

	load->link_up = true;
	load->link_timer = event_new(load->base, -1, EV_PERSIST, on_link, load);
	if (load->link_timer != NULL && event_add(load->link_timer, &interval) == 0)
		return 0;
	return error_set(error, ERROR_MEMORY, "no memory for an event");
}

/* The bridge polls again behind it: control connections are still to be closed. */
static void stop_engine(struct load *load)
{
	struct error error;

	if (load->link_timer != NULL)
		event_free(load->link_timer);
	load->result->link_down_ns = engine_link_down_ns(load->engine);
	engine_stop(load->engine);
	engine_destroy(load->engine);
	evidence_destroy(load->evidence);
	if (bridge_launch(&load->bridge, &error) != 0)
		log_event(LOG_LEVEL_WARNING, "bridge", "%s", error.text);
}

static int start_engine(struct load *load, struct error *error)
{
	const struct load_config *config = load->config;
	bool station = rte_is_valid_assigned_ether_addr(&load->port.mac);
	struct engine_settings settings = {
	        .port_id = load->port.id,
	        .queues = load->port.queues,
	        .station = station ? load->port.mac.addr_bytes : NULL,
	        .mtu = load->port.mtu,
	        .pool = load->port.pool,
	        .to_kernel = load->bridge.to_kernel,
	        .from_kernel = load->bridge.from_kernel,
	        .sessions = &load->sessions,
	        .suite_kind = load->suite_kind,
	        .clock = &load->clock,
	        .tsc_hz = load->tsc_hz,
	        .config = config,
	};

	if (config->evidence > 0) {
		load->evidence = evidence_create(config->evidence,
		                                 (uint16_t)(load->port.mtu + PORT_FRAME_OVERHEAD));
		if (load->evidence == NULL)
			return error_set(error, ERROR_MEMORY, "no memory for evidence");
	}
	settings.evidence = load->evidence;
	int status = engine_create(&settings, &load->engine, error);
	if (status != 0) {
		evidence_destroy(load->evidence);
		return status;
	}
	bridge_stop(&load->bridge);
	status = engine_launch(load->engine, error);
	if (status == 0)
		status = start_link_timer(load, error);
	if (status != 0)
		stop_engine(load);
	return status;
}

/*
 * In this order up, in reverse order down; a stage that fails has cleaned up after itself. Lcores poll from the bridge on, since control
 * connections and neighbours need the port; the engine takes over once the sessions are known.
 */
static const struct stage {
	const char *name;
	int (*start)(struct load *load, struct error *error);
	void (*stop)(struct load *load); /* may be NULL */
} stages[] = {
        {"cryptography", start_crypto, stop_crypto},
        {"clock", start_clock, NULL},
        {"event loop", start_base, stop_base},
        {"timers and signals", start_events, stop_events},
        {"EAL", start_eal, stop_eal},
        {"port", open_port, close_port},
        {"exception path", start_exception, stop_exception},
        {"port start", start_port, stop_port},
        {"bridge", start_bridge, stop_bridge},
        {"sessions", start_sessions, stop_sessions},
        {"engine", start_engine, stop_engine},
};

#define STAGE_COUNT (sizeof(stages) / sizeof(stages[0]))

static int measure(struct load *load, struct error *error)
{
	struct conductor conductor = {
	        .config = load->config,
	        .base = load->base,
	        .engine = load->engine,
	        .opening = load->opening,
	        .progress = &load->progress,
	        .result = load->result,
	        .link_rate = load->result->environment.link_rate,
	        .interrupt = &load->interrupt,
	};
	int status = conductor_run(&conductor, error);

	if (load->evidence != NULL) {
		struct error reason;
		int written = findings_take(load->evidence, &load->sessions, load->result, &reason);
		if (written != 0 && status == 0)
			status = error_set(error, written, "%s", reason.text);
	}
	return status;
}

int load_run(struct load *load, struct error *error)
{
	size_t started;
	int status = 0;

	for (started = 0; started < STAGE_COUNT; started++) {
		log_event(LOG_LEVEL_DEBUG, "start", "%s", stages[started].name);
		status = stages[started].start(load, error);
		if (status != 0)
			break;
	}
	if (status == 0)
		status = measure(load, error);
	while (started-- > 0) {
		log_event(LOG_LEVEL_DEBUG, "stop", "%s", stages[started].name);
		if (stages[started].stop != NULL)
			stages[started].stop(load);
	}
	if (load->interrupt)
		load->result->interrupted = true;
	(void)clock_gettime(CLOCK_REALTIME, &load->result->environment.ended);
	return status;
}
