/* SPDX-License-Identifier: BSD-3-Clause */
/** Opening a file of secrets: only its owner may read it. */
#ifndef SPECULAR_KEY_SECRET_FILE_H
#define SPECULAR_KEY_SECRET_FILE_H

#include <sys/types.h>

#include "config/yaml_tree.h"

/**
 * As yaml_tree_load, with ERROR_PERMISSION unless the file is a regular one of root, this process's user, owner or who owns its
 * folder, that neither group nor others may access. The checks are made on the open file, so that it can't be exchanged in between.
 */
int secret_file_load(const char *path, uid_t owner, struct yaml_tree **tree, struct error *error);

#endif
