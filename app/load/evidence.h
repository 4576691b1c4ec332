/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The first offending packets of each kind, kept whole: an lcore copies them into slots made beforehand, the main thread writes a pcap
 * (link type Ethernet, nanoseconds) when the run is over. An lcore takes a slot by one atomic addition, no lock.
 */
#ifndef SPECULAR_LOAD_EVIDENCE_H
#define SPECULAR_LOAD_EVIDENCE_H

#include <stdint.h>

#include "base/error.h"
#include "measures.h"

struct evidence;
struct load_session;

/** At most per_fault (0 to 16) of each kind, frame_size octets kept of each. NULL when memory fails. */
struct evidence *evidence_create(unsigned per_fault, uint16_t frame_size);
void evidence_destroy(struct evidence *evidence);

/** An lcore. The frame as received (before it was decrypted in place, if the caller still has it so). evidence may be NULL. */
void evidence_keep(struct evidence *evidence, enum load_fault fault, const uint8_t *frame,
                   uint16_t length, uint64_t received_ntp, uint32_t session, uint32_t sequence,
                   uint64_t detail);

struct evidence_entry {
	enum load_fault fault;
	uint64_t received_ntp;
	uint32_t session;  /**< index, UINT32_MAX: none */
	uint32_t sequence; /**< sender's, as the packet says */
	uint64_t detail;   /**< what was expected, by fault: see judge.h */
	const uint8_t *frame;
	uint16_t length;
};
/** Main thread, lcores idle. In order of arrival. */
unsigned evidence_count(const struct evidence *evidence);
struct evidence_entry evidence_get(const struct evidence *evidence, unsigned index);
/** ERROR_SYSTEM with the path. */
int evidence_write_pcap(const struct evidence *evidence, const char *path, struct error *error);

#endif
