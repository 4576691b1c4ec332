/* SPDX-License-Identifier: BSD-3-Clause */
/** On what a run runs: host, CPU, driver, versions, clock. Main thread. */
#ifndef SPECULAR_LOAD_ENVIRONMENT_H
#define SPECULAR_LOAD_ENVIRONMENT_H

#include "result.h"

struct port;
struct suite;

/** What is known before anything is started, and the time of the beginning. */
void environment_begin(struct run_environment *environment, const struct load_config *config);
/** The rest, once the port is started. */
void environment_complete(struct run_environment *environment, const struct port *port,
                          const struct suite *suite, uint64_t tsc_hz, bool hugepages);

/** Bits a second as the port says, 0 when it does not. */
uint64_t environment_link_rate(const struct port *port);

#endif
