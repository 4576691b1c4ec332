/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/key_derivation.h"
#include "probe_series.h"
#include "unit.h"

#define SESSIONS    2u
#define PACKETS     3u
#define INTERVAL_NS 10000000
#define PAYLOAD     41u

/** Two sessions of three packets: of the first one the second packet is lost on its way there, the second one is whole. */
struct measurement {
	struct options options;
	struct test_session sessions[SESSIONS];
	struct statistics each[SESSIONS];
	struct statistics total;
	struct run run;
	struct report report;
};

static struct endpoint endpoint(uint8_t host, uint16_t port)
{
	const uint8_t octets[] = {192, 0, 2, host};

	return (struct endpoint){.address = address_make(4, octets), .port = port};
}

static void measure(struct measurement *m)
{
	const struct session_record *records[SESSIONS];

	*m = (struct measurement){.options = {.host = "reflector.example",
	                                      .modes = {.count = 1, .modes = {MODE_ENCRYPTED}},
	                                      .packets = PACKETS,
	                                      .sessions = SESSIONS,
	                                      .interval_ns = INTERVAL_NS,
	                                      .timeout_ns = SERIES_TIMEOUT}};
	for (unsigned i = 0; i < SESSIONS; i++) {
		struct test_session *session = &m->sessions[i];
		uint32_t replies = 0;

		session->sid[0] = (uint8_t)(0xa0 + i);
		session->socket.local = endpoint(1, (uint16_t)(4000 + i));
		session->socket.reflector = endpoint(2, (uint16_t)(5000 + i));
		session->payload_size = PAYLOAD;
		CU_ASSERT_FATAL(session_record_init(&session->record, PACKETS, SERIES_TIMEOUT, 0) ==
		                0);
		for (uint32_t packet = 0; packet < PACKETS; packet++) {
			series_send(&session->record, (int64_t)packet * INTERVAL_NS);
			if (i == 0 && packet == 1)
				continue;
			CU_ASSERT(series_answer(&session->record, packet, replies++) ==
			          REPLY_ANSWER);
		}
		records[i] = &session->record;
		CU_ASSERT_FATAL(statistics_compute(&records[i], 1, &m->each[i]) == 0);
	}
	CU_ASSERT_FATAL(statistics_compute(records, SESSIONS, &m->total) == 0);
	m->run = (struct run){.options = &m->options,
	                      .server = endpoint(2, TWAMP_CONTROL_PORT),
	                      .mode = MODE_ENCRYPTED | MODE_SYMMETRICAL_SIZE,
	                      .sessions = m->sessions,
	                      .session_count = SESSIONS,
	                      .end = SENDER_FINISHED,
	                      .started_unix_ns = 1700000000123456789};
	m->report = (struct report){.run = &m->run, .total = &m->total, .sessions = m->each};
}

static void release(struct measurement *m)
{
	for (unsigned i = 0; i < SESSIONS; i++)
		session_record_free(&m->sessions[i].record);
}

/** What a report says; the caller frees it. */
static char *said(void (*write)(FILE *, const struct report *), const struct report *report)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	CU_ASSERT_FATAL(out != NULL);
	write(out, report);
	(void)fclose(out);
	return text;
}

static bool says(const char *text, const char *part)
{
	if (strstr(text, part) != NULL)
		return true;
	(void)fprintf(stderr, "no \"%s\" in:\n%s", part, text);
	return false;
}

static void text_tells_what_was_measured(void)
{
	struct measurement m;
	char *text;

	measure(&m);
	text = said(report_text, &m.report);
	CU_ASSERT(says(text, "--- 192.0.2.2:862, encrypted, 2 sessions, 3 packets each, 0.01 s "
	                     "apart ---\n"));
	CU_ASSERT(says(text, "octets             41 there, 41 back (UDP payload)\n"));
	CU_ASSERT(says(text, "session 1          192.0.2.1:4000 to 192.0.2.2:5000: 3 sent, 2 "
	                     "answered, round trip median 3.0000 ms\n"));
	CU_ASSERT(says(text, "session 2          192.0.2.1:4001 to 192.0.2.2:5001: 3 sent, 3 "
	                     "answered, round trip median 3.0000 ms\n"));
	CU_ASSERT(says(text, "packets            6 sent, 5 answered, 1 lost (16.7%): 1 forward, "
	                     "0 reverse, 0 unknown, 0 late\n"));
	CU_ASSERT(says(text, "duplicates         0 (0 forward, 0 reverse)\n"));
	CU_ASSERT(says(text, "reordered          0 of 5 (0 forward, 0 reverse), extent at most "
	                     "0\n"));
	CU_ASSERT(says(text, "round trip             3.0000     3.0000     3.0000     3.0000     "
	                     "3.0000\n"));
	CU_ASSERT(says(text, "turnaround             0.0500     0.0500     0.0500     0.0500     "
	                     "0.0500\n"));
	CU_ASSERT(says(text, "one-way forward     5001.0000 "));
	CU_ASSERT(says(text, "one-way reverse    -4998.0000 "));
	CU_ASSERT(says(text, "clocks             both synchronized, one-way error at most "));
	CU_ASSERT(says(text, "hops               5 forward, 3 reverse\n"));
	CU_ASSERT(strstr(text, "refused") == NULL && strstr(text, "unreachable") == NULL);
	free(text);
	release(&m);
}

static void text_tells_what_went_wrong(void)
{
	struct measurement m;
	char *text;

	measure(&m);
	m.run.end = SENDER_INTERRUPTED;
	m.run.clock.steps = 1;
	m.sessions[1].unreachable = 4;
	m.total.corrupt = m.total.verdicts[REPLY_BAD_HMAC] = 7;
	m.total.dscp_changed = 2;
	m.total.received.known = true;
	m.total.received.dscp[0] = 3;
	m.total.received.dscp[46] = 4;
	m.total.received.ecn[3] = 7;
	m.total.received.ecn_changed = 7;
	m.total.received.dscp_changed = 3;
	m.total.ptp_timestamps = 5;
	m.total.turnaround_invalid = 3;
	m.total.synchronized = false;
	m.total.hops_forward.maximum++;
	m.total.hops_reverse.known = false;
	m.total.rtt.count = 0;
	text = said(report_text, &m.report);
	CU_ASSERT(says(text, ", interrupted ---\n"));
	CU_ASSERT(says(text, "refused            7 bad_hmac\n"));
	CU_ASSERT(says(text, "round trip                  -          - "));
	CU_ASSERT(says(text, "left out           3 replies whose turnaround can't be"));
	CU_ASSERT(says(text, "clocks             not both synchronized"));
	CU_ASSERT(says(text, "hops               5 to 6 forward, unknown reverse\n"));
	CU_ASSERT(says(text, "DSCP               changed in 2 replies\n"));
	CU_ASSERT(says(text, "DSCP there         0 in 3, 46 in 4 packets\n"));
	CU_ASSERT(says(text, "ECN there          CE in 7 packets\n"));
	CU_ASSERT(says(text, "changed            DSCP in 3, ECN in 7 packets on the way there\n"));
	CU_ASSERT(says(text, "timestamps         PTP in 5 of "));
	CU_ASSERT(says(text, "clock steps        this host's wall clock stepped 1 time:"));
	CU_ASSERT(says(text, "unreachable        4 ICMP errors"));
	free(text);
	m.report.total = NULL;
	text = said(report_text, &m.report);
	CU_ASSERT_STRING_EQUAL(text, "");
	free(text);
	release(&m);
}

static void json_tells_the_same(void)
{
	struct measurement m;
	char *text;

	measure(&m);
	text = said(report_json, &m.report);
	CU_ASSERT(says(text, "\"server\": \"192.0.2.2:862\""));
	CU_ASSERT(says(text, "\"mode\": \"encrypted\""));
	CU_ASSERT(says(text, "\"features\": [\n    \"symmetrical-size\"\n  ]"));
	CU_ASSERT(says(text, "\"error\": null"));
	CU_ASSERT(says(text, "\"end\": \"finished\""));
	CU_ASSERT(says(text, "\"started\": \"2023-11-14T22:13:20.123456789Z\""));
	CU_ASSERT(says(text, "\"interval_ns\": 10000000"));
	CU_ASSERT(says(text, "\"packet_octets\": 41"));
	CU_ASSERT(says(text, "\"sent\": 6,\n    \"answered\": 5,\n    \"lost\": 1,\n    "
	                     "\"lost_forward\": 1,\n"));
	CU_ASSERT(says(text, "\"hops_forward\": {\n      \"min\": 5,\n      \"max\": 5\n    }"));
	CU_ASSERT(says(text, "\"synchronized\": true"));
	CU_ASSERT(says(text, "\"received\": null"));
	CU_ASSERT(says(text, "\"tai_offset_s\": null"));
	CU_ASSERT(says(text, "\"sid\": \"a0000000000000000000000000000000\""));
	CU_ASSERT(says(text, "\"sid\": \"a1000000000000000000000000000000\""));
	CU_ASSERT(says(text, "\"local\": \"192.0.2.1:4001\""));
	free(text);
	m.total.rtt.count = 0;
	m.total.hops_reverse.known = false;
	m.total.one_way_error_ns = UINT64_MAX;
	text = said(report_json, &m.report);
	CU_ASSERT(says(text, "\"rtt_ns\": null"));
	CU_ASSERT(says(text, "\"hops_reverse\": null"));
	CU_ASSERT(says(text, "\"one_way_error_ns\": null"));
	free(text);
	release(&m);
}

/** Of an IKE daemon's SA all is known, of an SA file's only the SPIs; key octets are nobody's business. */
static void the_ike_sa_is_told(void)
{
	struct measurement m;
	struct server_sa *sa;
	char *text;

	measure(&m);
	text = said(report_json, &m.report);
	CU_ASSERT(says(text, "\"ike_sa\": null"));
	free(text);
	m.run.mode |= MODE_IKEV2_DERIVED;
	sa = &m.run.credentials.sa;
	sa->known = true;
	memcpy(sa->spi_i, "\x01\x23\x45\x67\x89\xab\xcd\xef", sizeof(sa->spi_i));
	memcpy(sa->spi_r, "\xfe\xdc\xba\x98\x76\x54\x32\x10", sizeof(sa->spi_r));
	text = said(report_text, &m.report);
	CU_ASSERT(
	        says(text, "IKE SA             spi-i 0123456789abcdef, spi-r fedcba9876543210\n"));
	free(text);
	text = said(report_json, &m.report);
	CU_ASSERT(says(text, "\"prf\": null,\n    \"peer\": null,\n"));
	free(text);
	sa->prf = IKE_PRF_HMAC_SHA2_384;
	sa->peer = endpoint(2, 0).address;
	(void)snprintf(sa->peer_identity, sizeof(sa->peer_identity), "CN=reflector");
	(void)snprintf(sa->local_identity, sizeof(sa->local_identity), "CN=probe");
	text = said(report_text, &m.report);
	CU_ASSERT(says(text, "spi-r fedcba9876543210, hmac-sha2-384, with 192.0.2.2 "
	                     "(CN=reflector)\n"));
	free(text);
	text = said(report_json, &m.report);
	CU_ASSERT(says(text, "\"ike_sa\": {\n"
	                     "    \"spi_i\": \"0123456789abcdef\",\n"
	                     "    \"spi_r\": \"fedcba9876543210\",\n"
	                     "    \"prf\": \"hmac-sha2-384\",\n"
	                     "    \"peer\": \"192.0.2.2\",\n"
	                     "    \"peer_identity\": \"CN=reflector\",\n"
	                     "    \"local_identity\": \"CN=probe\"\n  }"));
	free(text);
	release(&m);
}

int main(void)
{
	CU_TestInfo tests[] = {{"text tells what was measured", text_tells_what_was_measured},
	                       {"text tells what went wrong", text_tells_what_went_wrong},
	                       {"json tells the same", json_tells_the_same},
	                       {"the IKE SA is told", the_ike_sa_is_told},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-probe-report", tests);
}
