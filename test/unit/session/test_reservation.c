/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/reservation.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#define SIZE (5 * RESERVATION_HUGE_PAGE / 2 + 100)

static size_t resident_pages(void *memory, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (size + page - 1) / page, resident = 0;
	unsigned char *of = calloc(pages, 1);

	CU_ASSERT_PTR_NOT_NULL_FATAL(of);
	CU_ASSERT_EQUAL(mincore(memory, pages * page, of), 0);
	for (size_t i = 0; i < pages; i++)
		resident += of[i] & 1;
	free(of);
	return resident;
}

/** No core is the first to touch a page of its table. */
static void what_is_full_is_there(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *memory = reservation_create(SIZE, RESERVATION_FULL, RESERVATION_NO_HUGE);

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	CU_ASSERT_EQUAL((uintptr_t)memory % RESERVATION_HUGE_PAGE, 0);
	CU_ASSERT_EQUAL(resident_pages(memory, SIZE), (SIZE + page - 1) / page);
	CU_ASSERT_EQUAL(memory[SIZE - 1], 0);
	reservation_destroy(memory, SIZE);
}

/** What nobody asked for takes no memory; what is usable is zero, and stays what it was when more becomes so. */
static void what_grows_takes_what_is_used(void)
{
	uint8_t *memory = reservation_create(SIZE, RESERVATION_GROWS, RESERVATION_NO_HUGE);
	size_t usable = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
	CU_ASSERT_EQUAL((uintptr_t)memory % RESERVATION_HUGE_PAGE, 0);
	CU_ASSERT(reservation_grow(memory, SIZE, 1, &usable));
	CU_ASSERT_EQUAL(usable, RESERVATION_HUGE_PAGE);
	CU_ASSERT_EQUAL(resident_pages(memory, SIZE), 0);
	CU_ASSERT_EQUAL(memory[usable - 1], 0);
	memory[0] = 7;
	CU_ASSERT(reservation_grow(memory, SIZE, usable, &usable));
	CU_ASSERT_EQUAL(usable, RESERVATION_HUGE_PAGE);
	CU_ASSERT(reservation_grow(memory, SIZE, SIZE, &usable));
	CU_ASSERT(usable >= SIZE);
	CU_ASSERT(usable < SIZE + (size_t)sysconf(_SC_PAGESIZE));
	CU_ASSERT_EQUAL(memory[0], 7);
	memory[SIZE - 1] = 8;
	reservation_destroy(memory, SIZE);
	reservation_destroy(NULL, SIZE);
}

int main(void)
{
	CU_TestInfo tests[] = {{"what is full is there", what_is_full_is_there},
	                       {"what grows takes what is used", what_grows_takes_what_is_used},
	                       CU_TEST_INFO_NULL};
	return unit_run("session-reservation", tests);
}
