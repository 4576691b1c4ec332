/* SPDX-License-Identifier: BSD-3-Clause */
/** Whether the appliance does its work, for a load balancer or a container's probe. */
#ifndef SPECULAR_OPERATION_HEALTH_H
#define SPECULAR_OPERATION_HEALTH_H

#include <stdbool.h>

#include "status_source.h"

#define HEALTH_TEXT_SIZE 128u

/**
 * False while a polling lcore is stuck, while the appliance drains or stops, and while no port has a link; text says which, or "ok".
 * One line without its end.
 */
bool health_check(const struct status_source *source, char text[HEALTH_TEXT_SIZE]);

#endif
