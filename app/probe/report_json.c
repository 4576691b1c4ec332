/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <time.h>

#include "base/json_writer.h"
#include "crypto/key_derivation.h"
#include "report.h"

#define JSON_SCHEMA    1
#define NS_PER_S       1000000000
#define TIME_TEXT_SIZE 48u

static void distribution(struct json_writer *json, const char *name, const struct distribution *d)
{
	if (d->count == 0) {
		json_null(json, name);
		return;
	}
	json_open(json, name, '{');
	json_unsigned(json, "count", d->count);
	json_signed(json, "min", d->minimum);
	json_signed(json, "mean", d->mean);
	json_signed(json, "median", d->median);
	json_signed(json, "p95", d->p95);
	json_signed(json, "p99", d->p99);
	json_signed(json, "max", d->maximum);
	json_close(json, '}');
}

static void reordering(struct json_writer *json, const char *name, const struct reordering *r)
{
	json_open(json, name, '{');
	json_unsigned(json, "packets", r->packets);
	json_unsigned(json, "reordered", r->reordered);
	json_unsigned(json, "max_extent", r->maximum_extent);
	json_close(json, '}');
}

static void hops(struct json_writer *json, const char *name, const struct hop_range *range)
{
	if (!range->known) {
		json_null(json, name);
		return;
	}
	json_open(json, name, '{');
	json_unsigned(json, "min", range->minimum);
	json_unsigned(json, "max", range->maximum);
	json_close(json, '}');
}

static void packets(struct json_writer *json, const struct statistics *s)
{
	json_unsigned(json, "sent", s->sent);
	json_unsigned(json, "answered", s->answered);
	json_unsigned(json, "lost", s->lost);
	json_unsigned(json, "lost_forward", s->lost_forward);
	json_unsigned(json, "lost_reverse", s->lost_reverse);
	json_unsigned(json, "lost_unknown", s->lost_unknown);
	json_unsigned(json, "late", s->late);
	json_unsigned(json, "duplicates", s->duplicates);
	json_unsigned(json, "duplicates_forward", s->duplicates_forward);
	json_unsigned(json, "duplicates_reverse", s->duplicates_reverse);
	json_unsigned(json, "corrupt", s->corrupt);
	json_unsigned(json, "foreign", s->foreign);
	json_open(json, "refused", '{');
	for (unsigned verdict = REPLY_UNKNOWN_SEQUENCE; verdict < REPLY_VERDICT_COUNT; verdict++)
		json_unsigned(json, reply_verdict_name((enum reply_verdict)verdict),
		              s->verdicts[verdict]);
	json_close(json, '}');
}

/** By DSCP, those seen; by ECN, all: keys are decimal, and RFC 3168's names. */
static void received(struct json_writer *json, const struct received_classes *received)
{
	static const char *const ecn[ECN_COUNT] = {"not_ect", "ect1", "ect0", "ce"};
	char dscp[4];

	if (!received->known) {
		json_null(json, "received");
		return;
	}
	json_open(json, "received", '{');
	json_open(json, "dscp", '{');
	for (unsigned i = 0; i < DSCP_COUNT; i++) {
		(void)snprintf(dscp, sizeof(dscp), "%u", i % DSCP_COUNT);
		if (received->dscp[i] > 0)
			json_unsigned(json, dscp, received->dscp[i]);
	}
	json_close(json, '}');
	json_open(json, "ecn", '{');
	for (unsigned i = 0; i < ECN_COUNT; i++)
		json_unsigned(json, ecn[i], received->ecn[i]);
	json_close(json, '}');
	json_unsigned(json, "dscp_changed", received->dscp_changed);
	json_unsigned(json, "ecn_changed", received->ecn_changed);
	json_close(json, '}');
}

static void members(struct json_writer *json, const struct statistics *s)
{
	packets(json, s);
	reordering(json, "reordering", &s->reordering_round_trip);
	reordering(json, "reordering_forward", &s->reordering_forward);
	reordering(json, "reordering_reverse", &s->reordering_reverse);
	distribution(json, "rtt_ns", &s->rtt);
	distribution(json, "turnaround_ns", &s->turnaround);
	json_unsigned(json, "turnaround_invalid", s->turnaround_invalid);
	distribution(json, "one_way_forward_ns", &s->one_way_forward);
	distribution(json, "one_way_reverse_ns", &s->one_way_reverse);
	if (s->answered == 0 || s->one_way_error_ns == UINT64_MAX)
		json_null(json, "one_way_error_ns");
	else
		json_unsigned(json, "one_way_error_ns", s->one_way_error_ns);
	json_bool(json, "synchronized", s->synchronized);
	distribution(json, "ipdv_forward_ns", &s->ipdv_forward);
	distribution(json, "ipdv_reverse_ns", &s->ipdv_reverse);
	hops(json, "hops_forward", &s->hops_forward);
	hops(json, "hops_reverse", &s->hops_reverse);
	json_unsigned(json, "dscp_changed", s->dscp_changed);
	received(json, &s->received);
	json_unsigned(json, "ptp_timestamps", s->ptp_timestamps);
	json_unsigned(json, "kernel_departures", s->kernel_departures);
	json_unsigned(json, "kernel_arrivals", s->kernel_arrivals);
	json_unsigned(json, "reply_octets_min", s->reply_octets_minimum);
	json_unsigned(json, "reply_octets_max", s->reply_octets_maximum);
}

static void session(struct json_writer *json, const struct test_session *session,
                    const struct statistics *s)
{
	char text[ENDPOINT_TEXT_SIZE], sid[2 * SID_SIZE + 1];

	for (unsigned i = 0; i < SID_SIZE; i++)
		(void)snprintf(sid + (size_t)2 * i, 3, "%02x", session->sid[i]);
	json_open(json, NULL, '{');
	json_string(json, "sid", sid);
	json_string(json, "local", endpoint_format(&session->socket.local, text));
	json_string(json, "reflector", endpoint_format(&session->socket.reflector, text));
	json_unsigned(json, "send_errors", session->send_errors);
	json_unsigned(json, "icmp_errors", session->unreachable);
	members(json, s);
	json_close(json, '}');
}

static const char *text_or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

static void ike_sa(struct json_writer *json, const struct server_sa *sa)
{
	char spi[IKE_SPI_TEXT_SIZE], peer[ADDRESS_TEXT_SIZE];

	if (sa == NULL) {
		json_null(json, "ike_sa");
		return;
	}
	json_open(json, "ike_sa", '{');
	json_string(json, "spi_i", ike_spi_format(sa->spi_i, spi));
	json_string(json, "spi_r", ike_spi_format(sa->spi_r, spi));
	json_string(json, "prf", sa->prf == 0 ? NULL : ike_prf_name((enum ike_prf)sa->prf));
	json_string(json, "peer", sa->peer.family == 0 ? NULL : address_format(&sa->peer, peer));
	json_string(json, "peer_identity", text_or_null(sa->peer_identity));
	json_string(json, "local_identity", text_or_null(sa->local_identity));
	json_close(json, '}');
}

static void settings(struct json_writer *json, const struct run *run)
{
	const struct options *options = run->options;

	json_open(json, "settings", '{');
	json_unsigned(json, "packets", options->packets);
	json_unsigned(json, "sessions", options->sessions);
	json_signed(json, "interval_ns", options->interval_ns);
	json_bool(json, "exponential", options->exponential);
	json_signed(json, "timeout_ns", options->timeout_ns);
	json_unsigned(json, "dscp", options->dscp);
	json_unsigned(json, "ecn", options->ecn);
	if (options->ptp)
		json_signed(json, "tai_offset_s", run->format.tai_offset);
	else
		json_null(json, "tai_offset_s");
	json_unsigned(json, "padding", run->format.padding);
	json_unsigned(json, "packet_octets", run->sessions[0].payload_size);
	json_close(json, '}');
}

static void started(struct json_writer *json, int64_t unix_ns)
{
	char text[TIME_TEXT_SIZE], date[TIME_TEXT_SIZE / 2];
	time_t seconds = unix_ns / NS_PER_S;
	struct tm broken;

	(void)gmtime_r(&seconds, &broken);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &broken);
	(void)snprintf(text, sizeof(text), "%s.%09ldZ", date, (long)(unix_ns % NS_PER_S));
	json_string(json, "started", text);
}

static void measured(struct json_writer *json, const struct report *report)
{
	static const char *const ends[] = {
	        [SENDER_FINISHED] = "finished",
	        [SENDER_INTERRUPTED] = "interrupted",
	        [SENDER_CONTROL_CLOSED] = "control-closed",
	};
	const struct run *run = report->run;

	json_string(json, "end", ends[run->end]);
	started(json, run->started_unix_ns);
	json_signed(json, "duration_ns", run->duration_ns);
	json_unsigned(json, "clock_steps", run->clock.steps);
	settings(json, run);
	json_open(json, "total", '{');
	members(json, report->total);
	json_close(json, '}');
	json_open(json, "sessions", '[');
	for (unsigned i = 0; i < run->session_count; i++)
		session(json, &run->sessions[i], &report->sessions[i]);
	json_close(json, ']');
}

void report_json(FILE *out, const struct report *report)
{
	struct json_writer json = {.out = out};
	const struct run *run = report->run;
	const struct mode_list *asked = &run->options->modes;
	char text[ENDPOINT_TEXT_SIZE];

	json_open(&json, NULL, '{');
	json_unsigned(&json, "schema", JSON_SCHEMA);
	json_string(&json, "program", "specular-probe");
	json_string(&json, "version", SPECULAR_VERSION);
	json_string(&json, "host", run->options->host[0] == '\0' ? NULL : run->options->host);
	json_string(&json, "server",
	            run->server.address.family == 0 ? NULL : endpoint_format(&run->server, text));
	json_string(&json, "mode", run->mode == 0 ? NULL : probe_mode_name(run->mode));
	json_string(&json, "mode_asked",
	            asked->count == 0 ? NULL : probe_mode_name(asked->modes[0]));
	json_open(&json, "features", '[');
	if (run->mode & MODE_INDIVIDUAL_SESSION_CONTROL)
		json_string(&json, NULL, "individual-session-control");
	if (run->mode & MODE_REFLECT_OCTETS)
		json_string(&json, NULL, "reflect-octets");
	if (run->mode & MODE_SYMMETRICAL_SIZE)
		json_string(&json, NULL, "symmetrical-size");
	if (run->mode & MODE_DSCP_ECN_MONITORING)
		json_string(&json, NULL, "dscp-ecn-monitoring");
	if (run->mode & MODE_PTP_TIMESTAMPS)
		json_string(&json, NULL, "ptp-timestamps");
	json_close(&json, ']');
	ike_sa(&json, run_server_sa(run));
	json_string(&json, "error", report->error);
	if (report->total != NULL)
		measured(&json, report);
	json_close(&json, '}');
}
