/* SPDX-License-Identifier: BSD-3-Clause */
/** A range of UDP ports as value/mask pairs: flow rules of most NICs match masks, not ranges. */
#ifndef SPECULAR_HOST_PORT_RANGE_H
#define SPECULAR_HOST_PORT_RANGE_H

#include <stdint.h>

/** The most pairs that any range of 16-bit numbers takes. */
#define PORT_RANGE_MASKS_MAX 30u

/** Matches a port when (port & mask) == value. Host order. */
struct port_mask {
	uint16_t value;
	uint16_t mask;
};

/** Splits lower..upper (inclusive, lower <= upper) into the fewest prefixes; returns how many were written. */
unsigned port_range_split(uint16_t lower, uint16_t upper,
                          struct port_mask masks[PORT_RANGE_MASKS_MAX]);

#endif
