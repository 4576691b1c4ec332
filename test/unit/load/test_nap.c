/* SPDX-License-Identifier: BSD-3-Clause */
#include "nap.h"

#include "unit.h"

#define HZ   UINT64_C(2000000000) /* two ticks a nanosecond */
#define NOW  UINT64_C(1000000)
#define MOST UINT64_C(50000)

static uint64_t length(uint64_t event_in_ns)
{
	return nap_length_ns(NOW, NOW + 2 * event_in_ns, HZ, MOST);
}

static void it_ends_before_the_event(void)
{
	CU_ASSERT_EQUAL(length(MOST + NAP_MARGIN_NS + 1), MOST);
	CU_ASSERT_EQUAL(length(MOST + NAP_MARGIN_NS), MOST);
	CU_ASSERT_EQUAL(length(NAP_MARGIN_NS + 1000), 1000);
	CU_ASSERT_EQUAL(length(NAP_MARGIN_NS), 0);
	CU_ASSERT_EQUAL(length(1), 0);
}

static void without_an_event_it_is_as_long_as_may_be(void)
{
	CU_ASSERT_EQUAL(nap_length_ns(NOW, UINT64_MAX, HZ, MOST), MOST);
	CU_ASSERT_EQUAL(nap_length_ns(0, UINT64_MAX, 1, MOST), MOST);
}

static void what_is_due_leaves_no_time(void)
{
	CU_ASSERT_EQUAL(nap_length_ns(NOW, NOW, HZ, MOST), 0);
	CU_ASSERT_EQUAL(nap_length_ns(NOW, NOW - 1, HZ, MOST), 0);
	CU_ASSERT_EQUAL(nap_length_ns(NOW, 0, HZ, MOST), 0);
}

int main(void)
{
	CU_TestInfo tests[] = {{"it ends before the event", it_ends_before_the_event},
	                       {"without an event it is as long as may be",
	                        without_an_event_it_is_as_long_as_may_be},
	                       {"what is due leaves no time", what_is_due_leaves_no_time},
	                       CU_TEST_INFO_NULL};

	return unit_run("load-nap", tests);
}
