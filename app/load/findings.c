/* SPDX-License-Identifier: BSD-3-Clause */
#include "findings.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define V4_MAPPED_SIZE 12u

static const char *format_end(const uint8_t octets[16], uint16_t port,
                              char text[ENDPOINT_TEXT_SIZE])
{
	uint8_t mapped[16];
	struct endpoint endpoint = {.port = be16toh(port)};

	flow_address_from_ipv4(mapped, octets + V4_MAPPED_SIZE);
	if (memcmp(mapped, octets, sizeof(mapped)) == 0)
		endpoint.address = address_make(4, octets + V4_MAPPED_SIZE);
	else
		endpoint.address = address_make(6, octets);
	return endpoint_format(&endpoint, text);
}

/* What entry->detail is, by fault; NULL where it says nothing. */
static const char *detail_name(enum load_fault fault)
{
	switch (fault) {
	case LOAD_FAULT_UNKNOWN_SEQUENCE:
		return "the next one to be sent is";
	case LOAD_FAULT_LENGTH:
		return "octets expected:";
	case LOAD_FAULT_SENDER_TTL:
		return "sent with";
	case LOAD_FAULT_TTL:
		return "at least";
	case LOAD_FAULT_DSCP:
		return "negotiated:";
	case LOAD_FAULT_PADDING:
	case LOAD_FAULT_MBZ:
		return "at octet";
	case LOAD_FAULT_REFLECTOR_SEQUENCE:
		return "the highest so far, one more:";
	case LOAD_FAULT_TURNAROUND:
		return "round trip in ns:";
	default:
		return NULL;
	}
}

void findings_describe(const struct evidence_entry *entry, const struct load_sessions *sessions,
                       char text[RESULT_TEXT_SIZE])
{
	const char *meaning = load_fault_descriptions[entry->fault].meaning;
	const char *detail = detail_name(entry->fault);
	char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE];
	int used;

	if (entry->session >= sessions->count) {
		used = snprintf(text, RESULT_TEXT_SIZE, "%s", meaning);
	} else {
		const struct flow_key *flow = &sessions->sessions[entry->session].core.flow;
		used = snprintf(
		        text, RESULT_TEXT_SIZE,
		        "session %" PRIu32 " (%s to %s), sender sequence %" PRIu32 ": %s",
		        entry->session, format_end(flow->destination, flow->destination_port, from),
		        format_end(flow->source, flow->source_port, to), entry->sequence, meaning);
	}
	if (detail != NULL && used > 0 && (size_t)used < RESULT_TEXT_SIZE)
		(void)snprintf(text + used, RESULT_TEXT_SIZE - (size_t)used, "; %s %" PRIu64,
		               detail, entry->detail);
}

int findings_make_folder(const char *path, struct error *error)
{
	char made[CONFIG_PATH_SIZE];
	struct stat status;

	(void)snprintf(made, sizeof(made), "%s", path);
	for (char *at = strchr(made + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(made, 0755);
		*at = '/';
	}
	int failed = mkdir(made, 0755) != 0 ? errno : 0;
	if (stat(made, &status) != 0)
		return error_set(error, ERROR_SYSTEM, "%s: %s", made, strerror(failed));
	if (!S_ISDIR(status.st_mode))
		return error_set(error, ERROR_SYSTEM, "%s is there and no folder", made);
	return access(made, W_OK) == 0
	               ? 0
	               : error_set(error, ERROR_SYSTEM, "%s: %s", made, strerror(errno));
}

int findings_begin(const char *folder, struct error *error)
{
	char path[CONFIG_PATH_SIZE + sizeof(FINDINGS_FILE) + 1];
	int status = findings_make_folder(folder, error);

	if (status != 0)
		return status;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, FINDINGS_FILE);
	return unlink(path) == 0 || errno == ENOENT
	               ? 0
	               : error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
}

static int write_pcap(const struct evidence *evidence, struct run_result *result,
                      struct error *error)
{
	const char *folder = result->config->report_folder;
	char path[CONFIG_PATH_SIZE + sizeof(FINDINGS_FILE) + 1], temporary[sizeof(path) + 8];

	if (folder[0] == '\0' || result->evidence_count == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/%s", folder, FINDINGS_FILE);
	(void)snprintf(temporary, sizeof(temporary), "%s/.%s.new", folder, FINDINGS_FILE);
	if (strlen(path) >= sizeof(result->evidence_path))
		return error_set(error, ERROR_SYSTEM, "%s: the path is too long", path);
	int status = findings_make_folder(folder, error);
	if (status == 0)
		status = evidence_write_pcap(evidence, temporary, error);
	if (status == 0 && rename(temporary, path) != 0)
		status = error_set(error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
	if (status != 0)
		(void)unlink(temporary);
	else
		memcpy(result->evidence_path, path, strlen(path) + 1);
	return status;
}

int findings_take(const struct evidence *evidence, const struct load_sessions *sessions,
                  struct run_result *result, struct error *error)
{
	unsigned count = evidence_count(evidence);

	result->evidence_count = count < RUN_EVIDENCE_MAX ? count : RUN_EVIDENCE_MAX;
	for (unsigned i = 0; i < result->evidence_count; i++) {
		struct evidence_entry entry = evidence_get(evidence, i);
		struct run_evidence *kept = &result->evidence[i];
		kept->fault = entry.fault;
		kept->received_ntp = entry.received_ntp;
		kept->session = entry.session;
		findings_describe(&entry, sessions, kept->what);
	}
	return write_pcap(evidence, result, error);
}
