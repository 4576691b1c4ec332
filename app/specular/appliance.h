/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The running appliance: the process's one context, an explicit ordered list of start stages, and their reverse unwind.
 * Main thread only.
 */
#ifndef SPECULAR_APP_APPLIANCE_H
#define SPECULAR_APP_APPLIANCE_H

#include <stdbool.h>

#include "base/error.h"
#include "clock/tsc_clock.h"
#include "config/config.h"
#include "control/control_server.h"
#include "eal.h"
#include "exception.h"
#include "http_server.h"
#include "key/key_provider.h"
#include "operation.h"
#include "port.h"
#include "session/session_registry.h"
#include "socket_server.h"
#include "stats/counters.h"
#include "status_source.h"
#include "worker_set.h"

struct audit;
struct drain;
struct event;
struct watchdog;

/** Fields in the order in which the stages fill them. */
struct appliance {
	struct config *config; /**< a reload changes it in place */
	bool log_level_given;  /**< on the command line: it wins over the configuration's */
	struct key_provider *psk_provider;
	struct key_provider *ike_provider; /**< of a file, or of a stage of its own */
	enum suite_kind suite_kind;        /**< the same for every core: they share expanded keys */
	struct suite
	        *suite;  /**< expands keys for every core; the workers have suites of their own */
	uint64_t loaded; /**< NTP: when config was read */
	uint64_t tsc_hz;
	struct tsc_clock clock;
	struct event_base *base;
	struct eal eal;
	struct port ports[CONFIG_PORTS_MAX];
	struct exception_path *exception;
	struct session_registry *sessions;
	unsigned sessions_most; /**< that the registry was made for */
	struct worker_set workers;
	struct control_counters counters;
	struct audit *audit; /**< NULL: none */
	struct control_server *control;
	struct watchdog *watchdog;
	struct drain *drain;
	struct status_source status;
	struct operation *operation;
	struct socket_server *operation_socket; /**< NULL: none */
	struct http_server *operation_http;     /**< NULL: none */
	struct event *clock_timer;
	struct event *reclaim_timer;
	struct event *link_timer;
	struct event *terminate_signals[2];
	struct event *report_signal;
	struct event *reopen_signal;
	struct event *reload_signal;
};

/** Loads the key files that the configuration names: part of --check too. Zero-initialise *appliance before. */
int appliance_load_keys(struct appliance *appliance, struct config *config, struct error *error);
void appliance_forget_keys(struct appliance *appliance);

/**
 * Starts everything, runs until SIGINT or SIGTERM (and test sessions have had their time), and takes everything down again. Returns 0 after a signal, else the error of
 * the stage that did not start.
 */
int appliance_run(struct appliance *appliance, struct error *error);

#endif
