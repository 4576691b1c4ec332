/* SPDX-License-Identifier: BSD-3-Clause */
/** What shows the running appliance and takes orders: filled from the appliance, one of its stages. */
#ifndef SPECULAR_APP_OPERATE_H
#define SPECULAR_APP_OPERATE_H

#include "appliance.h"

int operate_start(struct appliance *appliance, struct error *error);
void operate_stop(struct appliance *appliance);

#endif
