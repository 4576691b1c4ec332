/* SPDX-License-Identifier: BSD-3-Clause */
/** What the packets of a group look like, from its configuration: header sizes, sizes, padding. */
#ifndef SPECULAR_LOAD_GROUP_FORMAT_H
#define SPECULAR_LOAD_GROUP_FORMAT_H

#include "base/error.h"
#include "load_session.h"

/** The test packets' mode of a control connection's (RFC 5618: mixed is unauthenticated). */
enum test_mode group_test_mode(const struct load_group *group, enum load_peer peer);

/** ERROR_ARGUMENT: a size is smaller than the mode's header. ERROR_MEMORY, ERROR_CRYPTO. */
int group_format_make(const struct load_group *group, enum load_peer peer,
                      struct load_group_format *format, struct error *error);
void group_format_free(struct load_group_format *format);

#endif
