/* SPDX-License-Identifier: BSD-3-Clause */
/** Every session or connection: page after page, put together as one answer. */
#ifndef SPECULAR_CTL_PAGING_H
#define SPECULAR_CTL_PAGING_H

#include "call.h"

/**
 * As call_appliance(), of a command whose list has its name; each page has call's time for itself. What begins or ends meanwhile may be in
 * it or not.
 */
int paging_call(const struct call *call, const struct request *request, struct answer *answer,
                struct error *error);

#endif
