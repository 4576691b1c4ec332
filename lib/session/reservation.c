/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/reservation.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_PAGE RESERVATION_HUGE_PAGE

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

static size_t mapped_size(size_t size)
{
	return round_up(size, (size_t)sysconf(_SC_PAGESIZE));
}

/** Cuts off what is before and behind [aligned, aligned + size) in the mapping. */
static void trim(uint8_t *mapping, size_t mapping_size, uint8_t *aligned, size_t size)
{
	size_t before = (size_t)(aligned - mapping);
	size_t behind = mapping_size - before - size;

	if (before > 0)
		(void)munmap(mapping, before);
	if (behind > 0)
		(void)munmap(aligned + size, behind);
}

void *reservation_create(size_t size, enum reservation_use use, size_t huge_from)
{
	size_t mapped = mapped_size(size);
	int protection = use == RESERVATION_FULL ? PROT_READ | PROT_WRITE : PROT_NONE;
	uint8_t *mapping =
	        mmap(NULL, mapped + HUGE_PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mapping == MAP_FAILED)
		return NULL;
	uint8_t *memory = mapping + round_up((uintptr_t)mapping, HUGE_PAGE) - (uintptr_t)mapping;
	trim(mapping, mapped + HUGE_PAGE, memory, mapped);
	/* Only advice: without huge pages all is the same, with more misses of the TLB. */
	if (huge_from < mapped && mapped - huge_from >= HUGE_PAGE)
		(void)madvise(memory + huge_from, mapped - huge_from, MADV_HUGEPAGE);
	/* Else a core's look-up could be the first to touch a page. */
	if (use == RESERVATION_FULL)
		memset(memory, 0, mapped);
	return memory;
}

bool reservation_grow(void *memory, size_t size, size_t end, size_t *usable)
{
	if (end <= *usable)
		return true;
	/* Whole huge pages, so that the kernel can give one. */
	size_t wanted = round_up(end, HUGE_PAGE);
	size_t mapped = mapped_size(size);
	if (wanted > mapped)
		wanted = mapped;
	if (mprotect((uint8_t *)memory + *usable, wanted - *usable, PROT_READ | PROT_WRITE) != 0)
		return false;
	*usable = wanted;
	return true;
}

void reservation_destroy(void *memory, size_t size)
{
	if (memory != NULL)
		(void)munmap(memory, mapped_size(size));
}
