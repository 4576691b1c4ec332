/* SPDX-License-Identifier: BSD-3-Clause */
#include "stats/counters.h"

#define DATAPATH_DESCRIPTION(name, text, unit, meaning) [DATAPATH_##name] = {text, unit, meaning},
#define CONTROL_DESCRIPTION(name, text, unit, meaning)  [CONTROL_##name] = {text, unit, meaning},

const struct counter_description datapath_counter_descriptions[DATAPATH_COUNTER_COUNT] = {
        DATAPATH_COUNTERS(DATAPATH_DESCRIPTION)};

const struct counter_description control_counter_descriptions[CONTROL_COUNTER_COUNT] = {
        CONTROL_COUNTERS(CONTROL_DESCRIPTION)};
