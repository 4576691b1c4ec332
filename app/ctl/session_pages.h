/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Some of the sessions: those of one state, those with most packets. The appliance looks at a part of very many at a time, and tells from where
 * to go on; its answers are put together as one.
 */
#ifndef SPECULAR_CTL_SESSION_PAGES_H
#define SPECULAR_CTL_SESSION_PAGES_H

#include "call.h"

/** As call_appliance(), of the command sessions; each page has call's time for itself. */
int session_pages_call(const struct call *call, const struct request *request,
                       struct answer *answer, struct error *error);

#endif
