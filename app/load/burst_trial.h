/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * A TRIAL_BURST on an lcore: all frames are made beforehand and given to the device in as large calls as it takes. With judge_afterwards
 * their replies are kept as they come, since the lcore must receive faster than a reflector sends.
 */
#ifndef SPECULAR_LOAD_BURST_TRIAL_H
#define SPECULAR_LOAD_BURST_TRIAL_H

#include "lcore.h"

/** A trial begins. */
void burst_trial_begin(struct lcore *lcore);
/** Makes some more frames; true once they are all there, or there are no buffers for more. */
bool burst_trial_build(struct lcore *lcore);
/** Gives frames to the device. Returns whether all have left. */
bool burst_trial_send(struct lcore *lcore);
/** Takes replies from the device and keeps them. Returns how many. */
unsigned burst_trial_collect(struct lcore *lcore);
/** Whether there are as many as were sent, or no more can be kept. */
bool burst_trial_is_complete(const struct lcore *lcore);
/** Judges what was kept. */
void burst_trial_judge(struct lcore *lcore);
/** Frames that did not leave are freed. */
void burst_trial_drop(struct lcore *lcore);

#endif
