/* SPDX-License-Identifier: BSD-3-Clause */
/* The pcap file format with nanoseconds: https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcap.html */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock/timestamp.h"
#include "evidence_slots.h"

#define PCAP_MAGIC_NANOSECONDS                                                                     \
	0xa1b23c4du /**< written in the host's order, which readers see by it */
#define PCAP_VERSION_MAJOR 2u
#define PCAP_VERSION_MINOR 4u
#define PCAP_ETHERNET      1u

struct pcap_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t reserved[2];
	uint32_t snap_length;
	uint32_t link_type;
};
_Static_assert(sizeof(struct pcap_header) == 24, "as the format has it");

struct pcap_record {
	uint32_t seconds;
	uint32_t nanoseconds;
	uint32_t captured;
	uint32_t original;
};
_Static_assert(sizeof(struct pcap_record) == 16, "as the format has it");

static void write_all(FILE *file, const struct evidence *evidence)
{
	const struct pcap_header header = {.magic = PCAP_MAGIC_NANOSECONDS,
	                                   .major = PCAP_VERSION_MAJOR,
	                                   .minor = PCAP_VERSION_MINOR,
	                                   .snap_length = UINT16_MAX,
	                                   .link_type = PCAP_ETHERNET};
	unsigned count = evidence_count(evidence);

	fwrite(&header, sizeof(header), 1, file);
	for (unsigned i = 0; i < count; i++) {
		unsigned place = evidence_slot_at(evidence, i);
		const struct evidence_slot *slot = &evidence->slots[place];
		struct timespec time = ntp_to_timespec(slot->received_ntp);
		struct pcap_record record = {.seconds = (uint32_t)time.tv_sec,
		                             .nanoseconds = (uint32_t)time.tv_nsec,
		                             .captured = slot->kept,
		                             .original = slot->length};

		fwrite(&record, sizeof(record), 1, file);
		fwrite(evidence->frames + (size_t)place * evidence->frame_size, slot->kept, 1,
		       file);
	}
}

int evidence_write_pcap(const struct evidence *evidence, const char *path, struct error *error)
{
	FILE *file = fopen(path, "wbe");
	int status = 0;

	if (file == NULL)
		return error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
	write_all(file, evidence);
	if (ferror(file) != 0)
		status = error_set(error, ERROR_SYSTEM, "%s: can't be written: %s", path,
		                   strerror(errno));
	if (fclose(file) != 0 && status == 0)
		status = error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
	return status;
}
