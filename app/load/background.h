/* SPDX-License-Identifier: BSD-3-Clause */
/** Something that blocks, in a thread of its own, while the event loop turns: frames of the kernel go through that. */
#ifndef SPECULAR_LOAD_BACKGROUND_H
#define SPECULAR_LOAD_BACKGROUND_H

#include "base/error.h"

struct event_base;

typedef int (*background_work)(void *context, struct error *error);

/** Returns what work returned, once it has. The main thread; work touches nothing that the loop's events do. */
int background_run(struct event_base *base, background_work work, void *context,
                   struct error *error);

#endif
