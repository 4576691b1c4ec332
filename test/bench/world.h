/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * What the bench programs reflect with: a session registry with any number of started sessions, whose flows and keys follow from
 * their index, and the settings and clock of a reflector. Nothing is faked: the sessions are published as the slow path does it.
 */
#ifndef SPECULAR_BENCH_WORLD_H
#define SPECULAR_BENCH_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "reflect/reflector.h"
#include "session/session_registry.h"

#define WORLD_SESSIONS_MAX (1u << 24) /**< one sender address each in 10.0.0.0/8 */
#define WORLD_MTU          1500u

struct world_settings {
	enum suite_kind kind; /**< of the cores' suites; its keys are what the registry holds */
	enum test_mode mode;  /**< of every session */
	unsigned family;      /**< 4 or 6, of every session */
	unsigned sessions;
	unsigned cores;
	bool ptp_timestamps; /**< of replies, RFC 8186 */
	bool monitoring;     /**< of DSCP and ECN, RFC 7750 */
	unsigned room;       /**< for so many further sessions, which world_publish brings */
};

struct world {
	struct world_settings settings;
	struct reflector_settings reflector;
	struct tsc_clock clock;
	struct suite *suite; /**< the slow path's */
	struct session_registry *registry;
	struct session **sessions; /**< by index */
};

/** The Ethernet address that requests go to. */
extern const uint8_t world_station[6];

/** Makes the world and publishes and starts its sessions; *world is NULL after an error. */
int world_create(const struct world_settings *settings, struct world **world, struct error *error);
/** world may be NULL. */
void world_destroy(struct world *world);

/** What the index-th session is, published or not. Touches no memory of a session. */
void world_parameters(const struct world_settings *settings, unsigned index,
                      struct session_parameters *parameters);
/** Publishes and starts the index-th session: what world_create does for each. */
int world_publish(struct world *world, unsigned index, struct error *error);
/** Withdraws it again; its memory goes with session_registry_reclaim. */
void world_withdraw(struct world *world, unsigned index);

/** Octets that a world of so many sessions may take, generously; and whether the machine has them to spare. */
bool world_fits(unsigned sessions);

#endif
