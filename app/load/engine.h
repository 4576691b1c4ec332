/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The polling lcores of the load. Each owns a queue pair of the port and some of the sessions, sends their packets by schedule and judges
 * what comes back. Like the appliance's workers they make no system call (but the sleep that `idle: sleep` asks for), take no lock and allocate nothing while they poll; they poll from
 * launch to stop, also between trials, since frames for the kernel (ARP, TCP) pass through them.
 */
#ifndef SPECULAR_LOAD_ENGINE_H
#define SPECULAR_LOAD_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "clock/tsc_clock.h"
#include "crypto/suite.h"
#include "load_session.h"
#include "measures.h"
#include "trial.h"

struct rte_mempool;
struct rte_ring;
struct evidence;

struct engine_settings {
	uint16_t port_id;
	uint16_t queues;        /**< one an lcore */
	const uint8_t *station; /**< the port's Ethernet address, NULL: none */
	uint16_t mtu;
	struct rte_mempool *pool;     /**< of frames to send */
	struct rte_ring *to_kernel;   /**< NULL without exception path; all lcores enqueue */
	struct rte_ring *from_kernel; /**< NULL without; the first lcore dequeues */
	struct load_sessions *sessions;
	enum suite_kind suite_kind; /**< that expanded the sessions' keys */
	const struct tsc_clock *clock;
	uint64_t tsc_hz;
	const struct load_config *config;
	struct evidence *evidence; /**< NULL: none is kept */
	uint64_t
	        linger_ns; /**< that a trial waits for doubles once all is answered; 0: as is usual */
};

struct engine;

/** Sessions are shared out (session.owner), flights allocated for the largest rate and the timeout. Lcores 1..queues. */
int engine_create(const struct engine_settings *settings, struct engine **engine,
                  struct error *error);
void engine_destroy(struct engine *engine);

int engine_launch(struct engine *engine, struct error *error);
/** Returns when every lcore has left its loop. */
void engine_stop(struct engine *engine);

/** Begins a trial; returns at once. No trial may be running. ERROR_ARGUMENT: the rate or frames can't be held in flight (memory said). */
int engine_begin(struct engine *engine, const struct trial_order *order, struct error *error);
/** No more packets: the trial goes on until its replies are in, or timed out. */
void engine_interrupt(struct engine *engine);
/** True once every lcore is through with sending, waiting and judging. */
bool engine_finished(const struct engine *engine);
/** Looks at the port's link; to be called every LINK_WATCH_INTERVAL_MS. Whether it is up. */
bool engine_watch_link(struct engine *engine);
/** How long the link was down since the engine was made, as far as anybody looked. */
uint64_t engine_link_down_ns(const struct engine *engine);
/** What is measured so far, merged over the lcores; any time. For progress and the series of seconds. */
void engine_look(const struct engine *engine, struct load_measures *measures);
/** After engine_finished: the whole result. */
void engine_collect(struct engine *engine, struct trial_result *result);

#endif
