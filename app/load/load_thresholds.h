/* SPDX-License-Identifier: BSD-3-Clause */
/** Which thresholds a run has figures for. */
#ifndef SPECULAR_LOAD_LOAD_THRESHOLDS_H
#define SPECULAR_LOAD_LOAD_THRESHOLDS_H

#include <stdbool.h>

#include "config/yaml_tree.h"
#include "load_config.h"

/** Refuses a threshold that nothing would be judged by in this mode of running: it would be met whatever happens. */
int load_thresholds_check(const struct yaml_tree *tree, const struct load_config *config,
                          struct error *error);

/** Whether there is one of those that each trial is judged by, beside the one for wrong replies. */
bool load_thresholds_of_trials(const struct load_thresholds *thresholds);

#endif
