/* SPDX-License-Identifier: BSD-3-Clause */
/** Every session: page after page, put together as one answer. */
#ifndef SPECULAR_CTL_PAGING_H
#define SPECULAR_CTL_PAGING_H

#include "call.h"

/** As call_appliance(); each page has call's time for itself. A session that begins or ends meanwhile may be in it or not. */
int paging_sessions(const struct call *call, const struct request *request, struct answer *answer,
                    struct error *error);

#endif
