/* SPDX-License-Identifier: BSD-3-Clause */
/** The file of the audit trail: whole lines are appended, or nothing. Main thread only. */
#ifndef SPECULAR_OPERATION_AUDIT_FILE_H
#define SPECULAR_OPERATION_AUDIT_FILE_H

#include <stddef.h>

#include "base/error.h"

/**
 * Opens for appending; a new file has mode 0600 and, when user is not "", that owner, who has to open it again later. What is no
 * regular file is refused, and so is a symbolic link. ERROR_SYSTEM, ERROR_ARGUMENT. ERROR_PERMISSION: it is a third user's, or others may
 * write to it.
 */
int audit_file_open(const char *path, const char *user, int *fd, struct error *error);

/** One write. ERROR_SYSTEM: nothing of the line is in the file. */
int audit_file_append(int fd, const char *line, size_t size, struct error *error);

#endif
