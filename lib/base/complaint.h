/* SPDX-License-Identifier: BSD-3-Clause */
/** What a program says before, or instead of, having a log: one line on standard error, which may be the journal. */
#ifndef SPECULAR_BASE_COMPLAINT_H
#define SPECULAR_BASE_COMPLAINT_H

#include <stdbool.h>

/** systemd.exec(5), $JOURNAL_STREAM. */
bool complaint_goes_to_journal(void);

/** "PROGRAM: text": an error, which the journal is told by the priority of sd-daemon(3) in front. */
void complain(const char *program, const char *text);

#endif
