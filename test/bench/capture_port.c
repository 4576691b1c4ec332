/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_port.h"

#include <errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dpdk_port.h"

#define PCAP_MAGIC        0xa1b2c3d4u
#define LINKTYPE_ETHERNET 1u
#define SNAPLEN           65535u

/** https://wiki.wireshark.org/Development/LibpcapFileFormat, in this machine's byte order. */
struct pcap_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snaplen, network;
};

struct pcap_record {
	uint32_t seconds, microseconds, captured, length;
};

static unsigned packets_of(unsigned sessions)
{
	return sessions < CAPTURE_PACKETS_MIN   ? CAPTURE_PACKETS_MIN
	       : sessions > CAPTURE_PACKETS_MAX ? CAPTURE_PACKETS_MAX
	                                        : sessions;
}

static void shuffle(struct traffic *traffic, unsigned *indexes, unsigned count)
{
	for (unsigned i = count - 1; i > 0; i--) {
		unsigned other = (unsigned)(traffic_random(traffic) % (i + 1));
		unsigned held = indexes[i];

		indexes[i] = indexes[other];
		indexes[other] = held;
	}
}

static bool write_packets(FILE *file, struct traffic *traffic, const unsigned *indexes,
                          unsigned count, uint16_t payload)
{
	const struct pcap_header header = {PCAP_MAGIC, 2, 4, 0, 0, SNAPLEN, LINKTYPE_ETHERNET};
	bool written = fwrite(&header, sizeof(header), 1, file) == 1;

	for (unsigned first = 0; first < count && written; first += REFLECT_BURST_MAX) {
		traffic_prepare_from(traffic, indexes + first,
		                     RTE_MIN(count - first, REFLECT_BURST_MAX), payload);
		for (unsigned i = 0; i < traffic->count && written; i++) {
			const struct reflect_frame *frame = &traffic->frames[i];
			const struct pcap_record record = {0, 0, frame->length, frame->length};

			written = fwrite(&record, sizeof(record), 1, file) == 1 &&
			          fwrite(frame->octets, frame->length, 1, file) == 1;
		}
	}
	return fflush(file) == 0 && written;
}

/** Writes the capture into a file that no folder shows; NULL when that fails. */
static FILE *capture_write(struct traffic *traffic, unsigned count, uint16_t payload)
{
	unsigned sessions = traffic->world->settings.sessions;
	unsigned *indexes = malloc(count * sizeof(*indexes));
	int descriptor = memfd_create("capture", MFD_CLOEXEC);
	FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;

	if (indexes == NULL || file == NULL) {
		free(indexes);
		return NULL;
	}
	for (unsigned i = 0; i < count; i++)
		indexes[i] = i % sessions;
	shuffle(traffic, indexes, count);
	bool written = write_packets(file, traffic, indexes, count, payload);
	free(indexes);
	if (written)
		return file;
	(void)fclose(file);
	return NULL;
}

int capture_port_open(struct capture_port *port, unsigned number, struct traffic *traffic,
                      uint16_t payload, struct error *error)
{
	unsigned count = packets_of(traffic->world->settings.sessions);
	FILE *file = capture_write(traffic, count, payload);
	char arguments[96];

	memset(port, 0, sizeof(*port));
	if (file == NULL)
		return error_set(error, ERROR_SYSTEM, "capture in memory: %s", strerror(errno));
	(void)snprintf(port->name, sizeof(port->name), "net_pcap%u", number);
	(void)snprintf(arguments, sizeof(arguments), "rx_pcap=/proc/self/fd/%d,infinite_rx=1",
	               fileno(file));
	int status = dpdk_port_pool(port->name, count, &port->pool, error);
	if (status == 0)
		status = dpdk_port_open(port->name, arguments, port->pool, &port->id, error);
	(void)fclose(file);
	if (status != 0)
		capture_port_close(port);
	return status;
}

void capture_port_close(struct capture_port *port)
{
	if (port->name[0] == '\0')
		return;
	dpdk_port_close(port->name);
	rte_mempool_free(port->pool);
	memset(port, 0, sizeof(*port));
}
