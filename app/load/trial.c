/* SPDX-License-Identifier: BSD-3-Clause */
#include "trial.h"

#define PARTS_IN_WHOLE 1000000.0
/** The share of the ordered rate that must have been sent. */
#define OFFERED_SHARE 0.99

double trial_loss(const struct trial_result *result)
{
	return result->sent == 0 ? 0 : (double)result->lost * PARTS_IN_WHOLE / (double)result->sent;
}

bool trial_offered(const struct trial_result *result)
{
	return result->order.kind == TRIAL_BURST ||
	       result->sent_rate >= result->order.rate * OFFERED_SHARE;
}
