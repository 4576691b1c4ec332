/* SPDX-License-Identifier: BSD-3-Clause */
/** From the kept packets to what the reports say of them, and their pcap in the report's folder. Main thread, lcores idle. */
#ifndef SPECULAR_LOAD_FINDINGS_H
#define SPECULAR_LOAD_FINDINGS_H

#include "evidence.h"
#include "load_session.h"
#include "result.h"

#define FINDINGS_FILE "evidence.pcap"

/** Fills the result's evidence and, with a report folder, writes the pcap. ERROR_SYSTEM when that fails; the rest is right all the same. */
int findings_take(const struct evidence *evidence, const struct load_sessions *sessions,
                  struct run_result *result, struct error *error);

/** Session and sequence in words, and what is wrong with the packet. */
void findings_describe(const struct evidence_entry *entry, const struct load_sessions *sessions,
                       char text[RESULT_TEXT_SIZE]);

/** Before anything is measured: the report's folder is there and can be written to, and no earlier run's pcap is in it. ERROR_SYSTEM. */
int findings_begin(const char *folder, struct error *error);

/** Makes a folder and those above it; one that is there and can be written to is fine. ERROR_SYSTEM names it. */
int findings_make_folder(const char *path, struct error *error);

#endif
