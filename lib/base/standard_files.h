/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * Standard input, output and error: a program that is started without one of them would give its number to the next socket, and
 * then write its log or report to a peer.
 */
#ifndef SPECULAR_BASE_STANDARD_FILES_H
#define SPECULAR_BASE_STANDARD_FILES_H

/** Opens /dev/null in place of those that are closed. Before anything else is opened. 0 or ERROR_SYSTEM. */
int standard_files_open(void);

#endif
