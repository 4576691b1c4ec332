/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * The modes that a person asks for, in order of preference, and what is taken of a server's offer. Fall-back: RFC 7717 sections
 * 5.1 and 5.2. A mode of this list is one security mode, alone or with IKEv2Derived. Nothing weaker than what was asked is ever
 * chosen: the fall-back of an IKEv2 mode is the same protection with a pre-shared key.
 */
#ifndef SPECULAR_CLIENT_MODE_LIST_H
#define SPECULAR_CLIENT_MODE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/control_message.h"

#define MODE_LIST_CAPACITY  16u
#define MODE_LIST_TEXT_SIZE 320u

struct mode_list {
	uint32_t modes[MODE_LIST_CAPACITY];
	unsigned count;
};

/** "authenticated", "ikev2-encrypted,encrypted" and so on: appends in order; ERROR_FORMAT, ERROR_LIMIT. */
int mode_list_parse(const char *names, struct mode_list *list);

/** twping's letters: O open, A authenticated, E encrypted, M mixed, in either case: appends in order; as mode_list_parse. */
int mode_list_parse_letters(const char *letters, struct mode_list *list);

/** Appends a mode once; ERROR_LIMIT when full. */
int mode_list_add(struct mode_list *list, uint32_t mode);

/** After each IKEv2 mode puts the same protection without IKEv2Derived, unless the list has it already. */
void mode_list_add_fallbacks(struct mode_list *list);

/** Whether some mode of the list needs a pre-shared key / an IKE SA. */
bool mode_list_needs_key(const struct mode_list *list);
bool mode_list_needs_sa(const struct mode_list *list);

/**
 * The first mode of the list that is offered, without the IKEv2 ones when without_ike; 0 when there is none.
 */
uint32_t mode_list_choose(const struct mode_list *list, uint32_t offered, bool without_ike);

/** "ikev2-authenticated" and so on for one security mode with or without IKEv2Derived; feature bits are ignored. */
const char *probe_mode_name(uint32_t mode);

/** "unauthenticated, authenticated, ikev2-authenticated, individual-session-control" of a Modes field; "nothing" when 0. */
const char *modes_describe(uint32_t modes, char text[MODE_LIST_TEXT_SIZE]);

/** The same for a list. */
const char *mode_list_describe(const struct mode_list *list, char text[MODE_LIST_TEXT_SIZE]);

#endif
