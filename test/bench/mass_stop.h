/* SPDX-License-Identifier: BSD-3-Clause */
/** For how long the slow path serves nobody else when very many sessions end at once: seen by a client that connects meanwhile. */
#ifndef SPECULAR_BENCH_MASS_STOP_H
#define SPECULAR_BENCH_MASS_STOP_H

#include "appliance_process.h"

enum mass_stop_how {
	MASS_STOP_STOP_SESSIONS, /**< Stop-Sessions on each connection, Timeout 0: they end soon after */
	MASS_STOP_CONNECTION_END,
	MASS_STOP_WAYS,
};
extern const char *const mass_stop_names[MASS_STOP_WAYS];

struct mass_stop_times {
	double usual_us; /**< median from connect to Greeting, before */
	double stall_us; /**< the longest while the sessions end */
};

/** Installs sessions on `connections` connections (unauthenticated) and ends them all at once. Errors of control_load_run. */
int mass_stop_measure(const struct appliance_process *appliance, enum mass_stop_how how,
                      unsigned connections, unsigned sessions, unsigned first_address,
                      struct mass_stop_times *times, struct error *error);

#endif
