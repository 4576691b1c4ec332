/* SPDX-License-Identifier: BSD-3-Clause */
/** A trial in JSON. */
#ifndef SPECULAR_LOAD_REPORT_JSON_TRIAL_H
#define SPECULAR_LOAD_REPORT_JSON_TRIAL_H

#include "base/json_writer.h"
#include "result.h"

/** An array's element. */
void report_json_trial(struct json_writer *json, const struct named_trial *trial);

/** "limits": names of enum trial_limit. */
void report_json_limits(struct json_writer *json, unsigned limits);

#endif
