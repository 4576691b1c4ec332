/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode_list.h"

#include <string.h>

#include "base/error.h"
#include "unit.h"

#define IKE_AUTHENTICATED (MODE_IKEV2_DERIVED | MODE_AUTHENTICATED)
#define ALL_OFFERED       0xffu

static void names_and_letters_keep_their_order(void)
{
	struct mode_list list = {0};

	CU_ASSERT(mode_list_parse("ikev2-authenticated,mixed,mixed", &list) == 0);
	CU_ASSERT(list.count == 2 && list.modes[0] == IKE_AUTHENTICATED);
	CU_ASSERT(list.modes[1] == MODE_MIXED);
	CU_ASSERT(mode_list_parse_letters("oAE", &list) == 0);
	CU_ASSERT(list.count == 5 && list.modes[2] == MODE_UNAUTHENTICATED);
	CU_ASSERT(list.modes[4] == MODE_ENCRYPTED);
	CU_ASSERT(mode_list_parse("", &list) == ERROR_FORMAT);
	CU_ASSERT(mode_list_parse("mixed,", &list) == ERROR_FORMAT);
	CU_ASSERT(mode_list_parse("open", &list) == ERROR_FORMAT);
	CU_ASSERT(mode_list_parse_letters("X", &list) == ERROR_FORMAT);
	CU_ASSERT(mode_list_parse_letters("", &list) == ERROR_FORMAT);
}

static void fallback_keeps_the_protection(void)
{
	struct mode_list list = {0};

	(void)mode_list_parse("ikev2-encrypted,ikev2-authenticated", &list);
	mode_list_add_fallbacks(&list);
	CU_ASSERT(list.count == 4 && list.modes[1] == MODE_ENCRYPTED);
	CU_ASSERT(list.modes[3] == MODE_AUTHENTICATED);
	CU_ASSERT(mode_list_choose(&list, ALL_OFFERED, false) ==
	          (MODE_IKEV2_DERIVED | MODE_ENCRYPTED));
	CU_ASSERT(mode_list_choose(&list, ALL_OFFERED, true) == MODE_ENCRYPTED);
	CU_ASSERT(mode_list_choose(&list, 0x0f, false) == MODE_ENCRYPTED);
	CU_ASSERT(mode_list_choose(&list, MODE_UNAUTHENTICATED, false) == 0);
	CU_ASSERT(mode_list_needs_key(&list) && mode_list_needs_sa(&list));
}

static void nothing_weaker_than_asked(void)
{
	struct mode_list list = {0};

	(void)mode_list_parse("ikev2-authenticated", &list);
	CU_ASSERT(mode_list_choose(&list, 0x0f, false) == 0);
	CU_ASSERT(mode_list_choose(&list, ALL_OFFERED, true) == 0);
	/* IKEv2Derived alone, or with another security mode, is no offer of this one. */
	CU_ASSERT(mode_list_choose(&list, MODE_IKEV2_DERIVED | MODE_ENCRYPTED, false) == 0);
	CU_ASSERT(!mode_list_needs_key(&list));
}

static void offers_are_told_in_words(void)
{
	char text[MODE_LIST_TEXT_SIZE];

	CU_ASSERT_STRING_EQUAL(modes_describe(0, text), "nothing");
	CU_ASSERT_STRING_EQUAL(modes_describe(MODE_MIXED | MODE_SYMMETRICAL_SIZE, text),
	                       "mixed, symmetrical-size");
	CU_ASSERT(strstr(modes_describe(UINT32_MAX, text), "ikev2-mixed") != NULL);
	CU_ASSERT_STRING_EQUAL(probe_mode_name(IKE_AUTHENTICATED | MODE_REFLECT_OCTETS),
	                       "ikev2-authenticated");
	CU_ASSERT_STRING_EQUAL(probe_mode_name(0), "unknown");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"names and letters keep their order", names_and_letters_keep_their_order},
	        {"fall-back keeps the protection", fallback_keeps_the_protection},
	        {"nothing weaker than asked", nothing_weaker_than_asked},
	        {"offers are told in words", offers_are_told_in_words},
	        CU_TEST_INFO_NULL};
	return unit_run("client-modes", tests);
}
