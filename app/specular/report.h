/* SPDX-License-Identifier: BSD-3-Clause */
/** What a person reads in the log about the whole appliance. */
#ifndef SPECULAR_APP_REPORT_H
#define SPECULAR_APP_REPORT_H

#include "appliance.h"

/** One line: version, suite, hugepages, ports with driver, MAC and addresses, control endpoints; one of the IKE daemon, if any. */
void report_started(const struct appliance *appliance);

/** One line for each counter that is not zero, and how many live IKE SAs are known. */
void report_counters(const struct appliance *appliance);

#endif
