/* SPDX-License-Identifier: BSD-3-Clause */
/** The key files that a configuration names. */
#ifndef SPECULAR_OPERATION_KEY_FILES_H
#define SPECULAR_OPERATION_KEY_FILES_H

#include "config/config.h"
#include "key/key_provider.h"

/**
 * Reads keys.psk-file and, with ikev2.provider static, ikev2.sa-file; NULL where there is none. The caller destroys both. On an error,
 * which names file, line and column or the key that names the file, both are NULL.
 */
int key_files_load(const struct config *config, struct key_provider **psk,
                   struct key_provider **ike, struct error *error);

#endif
