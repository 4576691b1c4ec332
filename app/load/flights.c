/* SPDX-License-Identifier: BSD-3-Clause */
#include "flights.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sender.h"

#define NS_PER_SECOND  1e9
#define NS_PER_MS      1e6
#define HUGE_PAGE_SIZE ((uint64_t)2 << 20)
#define MIB            ((uint64_t)1 << 20)
/** Entries of one session: its sequence numbers must tell a packet from one that is long gone. */
#define SESSION_FLIGHTS_MAX (UINT32_C(1) << 30)

uint32_t flights_of_session(const struct flights_need *need, uint32_t share, uint64_t total_share,
                            unsigned sessions)
{
	double part = (double)share / (double)total_share / sessions;
	double packets = need->rate * part * (double)need->window_ns / NS_PER_SECOND +
	                 need->frames * part + SEND_BURST_MAX + 1;
	uint32_t entries = FLIGHTS_MINIMUM;

	while (entries < packets && entries < SESSION_FLIGHTS_MAX)
		entries *= 2;
	return entries;
}

static uint64_t free_octets(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

int flights_create(struct flights *flights, uint64_t count, const struct flights_need *need,
                   unsigned sessions, struct error *error)
{
	uint64_t octets = count * sizeof(struct load_flight), free_memory = free_octets();
	uint64_t most = FLIGHTS_OCTETS_MAX;

	flights->entries = NULL;
	flights->count = count;
	if (free_memory / 2 < most)
		most = free_memory / 2;
	octets = (octets + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
	if (octets > most)
		return error_set(
		        error, ERROR_LIMIT,
		        "packets on their way at %.0f packets/s (%u at once) of %u "
		        "sessions within a timeout of %.0f ms take %llu MiB of memory, more "
		        "than the %llu MiB there may be: lower the rate, the timeout or the "
		        "number of sessions",
		        need->rate, need->frames, sessions, (double)need->window_ns / NS_PER_MS,
		        (unsigned long long)(octets / MIB), (unsigned long long)(most / MIB));
	void *memory =
	        mmap(NULL, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return error_set(error, ERROR_MEMORY,
		                 "no memory for packets on their way: %llu MiB",
		                 (unsigned long long)(octets / MIB));
	(void)madvise(memory, octets, MADV_HUGEPAGE);
	/* No lcore shall be the first to touch a page. */
	memset(memory, 0, octets);
	flights->entries = memory;
	return 0;
}

void flights_destroy(struct flights *flights)
{
	uint64_t octets = flights->count * sizeof(struct load_flight);

	octets = (octets + HUGE_PAGE_SIZE - 1) / HUGE_PAGE_SIZE * HUGE_PAGE_SIZE;
	if (flights->entries != NULL)
		(void)munmap(flights->entries, octets);
	flights->entries = NULL;
	flights->count = 0;
}

void flights_give(struct load_session *session, struct load_flight *entries, uint32_t count)
{
	memset(entries, 0, count * sizeof(*entries));
	session->flights = entries;
	session->flight_mask = count - 1;
}
