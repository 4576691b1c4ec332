/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "crypto/key_derivation.h"
#include "dscp.h"
#include "report.h"

#define NS_PER_S  1e9
#define NS_PER_MS 1e6

static const char *plural(uint64_t number)
{
	return number == 1 ? "" : "s";
}

static void distribution_line(FILE *out, const char *name, const struct distribution *distribution)
{
	if (distribution->count == 0) {
		(void)fprintf(out, "%-18s %10s %10s %10s %10s %10s\n", name, "-", "-", "-", "-",
		              "-");
		return;
	}
	(void)fprintf(out, "%-18s %10.4f %10.4f %10.4f %10.4f %10.4f\n", name,
	              (double)distribution->minimum / NS_PER_MS,
	              (double)distribution->median / NS_PER_MS,
	              (double)distribution->p95 / NS_PER_MS, (double)distribution->p99 / NS_PER_MS,
	              (double)distribution->maximum / NS_PER_MS);
}

static void hops(FILE *out, const struct hop_range *range, const char *direction)
{
	if (!range->known)
		(void)fprintf(out, "unknown %s", direction);
	else if (range->minimum == range->maximum)
		(void)fprintf(out, "%u %s", range->minimum, direction);
	else
		(void)fprintf(out, "%u to %u %s", range->minimum, range->maximum, direction);
}

static void packets(FILE *out, const struct statistics *s)
{
	double percent = s->sent == 0 ? 0 : 100.0 * (double)s->lost / (double)s->sent;

	(void)fprintf(out,
	              "%-18s %" PRIu64 " sent, %" PRIu64 " answered, %" PRIu64 " lost (%.3g%%)",
	              "packets", s->sent, s->answered, s->lost, percent);
	if (s->lost > 0)
		(void)fprintf(out,
		              ": %" PRIu64 " forward, %" PRIu64 " reverse, %" PRIu64
		              " unknown, %" PRIu64 " late",
		              s->lost_forward, s->lost_reverse, s->lost_unknown, s->late);
	(void)fprintf(out, "\n%-18s %" PRIu64 " (%" PRIu64 " forward, %" PRIu64 " reverse)\n",
	              "duplicates", s->duplicates, s->duplicates_forward, s->duplicates_reverse);
	(void)fprintf(out,
	              "%-18s %" PRIu64 " of %" PRIu64 " (%" PRIu64 " forward, %" PRIu64
	              " reverse), extent at most %" PRIu64 "\n",
	              "reordered", s->reordering_round_trip.reordered,
	              s->reordering_round_trip.packets, s->reordering_forward.reordered,
	              s->reordering_reverse.reordered, s->reordering_round_trip.maximum_extent);
	if (s->corrupt + s->foreign == 0)
		return;
	(void)fprintf(out, "%-18s", "refused");
	for (unsigned verdict = REPLY_UNKNOWN_SEQUENCE; verdict < REPLY_VERDICT_COUNT; verdict++)
		if (s->verdicts[verdict] != 0)
			(void)fprintf(out, " %" PRIu64 " %s", s->verdicts[verdict],
			              reply_verdict_name((enum reply_verdict)verdict));
	(void)fprintf(out, "\n");
}

static void times(FILE *out, const struct statistics *s)
{
	(void)fprintf(out, "%-18s %10s %10s %10s %10s %10s\n", "milliseconds", "min", "median",
	              "p95", "p99", "max");
	distribution_line(out, "round trip", &s->rtt);
	distribution_line(out, "turnaround", &s->turnaround);
	distribution_line(out, "one-way forward", &s->one_way_forward);
	distribution_line(out, "one-way reverse", &s->one_way_reverse);
	distribution_line(out, "variation forward", &s->ipdv_forward);
	distribution_line(out, "variation reverse", &s->ipdv_reverse);
	if (s->turnaround_invalid > 0)
		(void)fprintf(out,
		              "%-18s %" PRIu64
		              " replies whose turnaround can't be: the reflector's clock stepped\n",
		              "left out", s->turnaround_invalid);
	if (s->answered == 0)
		return;
	(void)fprintf(out, "%-18s ", "clocks");
	if (s->synchronized)
		(void)fprintf(out, "both synchronized, one-way error at most %.4f ms\n",
		              (double)s->one_way_error_ns / NS_PER_MS);
	else
		(void)fprintf(out, "not both synchronized: one-way times are not to be trusted\n");
}

/** "46 in 100, 0 in 3 packets", of RFC 7750's field. */
static void received_line(FILE *out, const char *name, const uint64_t *counts, unsigned number)
{
	bool first = true;

	(void)fprintf(out, "%-18s", name);
	for (unsigned i = 0; i < number; i++) {
		if (counts[i] == 0)
			continue;
		if (number == ECN_COUNT)
			(void)fprintf(out, "%s %s", first ? "" : ",", ecn_name(i));
		else
			(void)fprintf(out, "%s %u", first ? "" : ",", i);
		(void)fprintf(out, " in %" PRIu64, counts[i]);
		first = false;
	}
	(void)fprintf(out, " packets\n");
}

static void received(FILE *out, const struct received_classes *received)
{
	if (!received->known)
		return;
	received_line(out, "DSCP there", received->dscp, DSCP_COUNT);
	received_line(out, "ECN there", received->ecn, ECN_COUNT);
	if (received->dscp_changed + received->ecn_changed > 0)
		(void)fprintf(out,
		              "%-18s DSCP in %" PRIu64 ", ECN in %" PRIu64
		              " packets on the way there\n",
		              "changed", received->dscp_changed, received->ecn_changed);
}

static void block(FILE *out, const struct statistics *s)
{
	packets(out, s);
	times(out, s);
	(void)fprintf(out, "%-18s ", "hops");
	hops(out, &s->hops_forward, "forward");
	(void)fprintf(out, ", ");
	hops(out, &s->hops_reverse, "reverse");
	(void)fprintf(out, "\n");
	received(out, &s->received);
	if (s->ptp_timestamps > 0)
		(void)fprintf(out, "%-18s PTP in %" PRIu64 " of %" PRIu64 " replies\n",
		              "timestamps", s->ptp_timestamps, s->answered);
	if (s->dscp_changed > 0)
		(void)fprintf(out, "%-18s changed in %" PRIu64 " replies\n", "DSCP",
		              s->dscp_changed);
}

static void sessions(FILE *out, const struct report *report)
{
	for (unsigned i = 0; i < report->run->session_count; i++) {
		const struct test_session *session = &report->run->sessions[i];
		const struct statistics *s = &report->sessions[i];
		char local[ENDPOINT_TEXT_SIZE], reflector[ENDPOINT_TEXT_SIZE];
		(void)fprintf(out,
		              "session %-10u %s to %s: %" PRIu64 " sent, %" PRIu64
		              " answered, round trip median %.4f ms\n",
		              i + 1, endpoint_format(&session->socket.local, local),
		              endpoint_format(&session->socket.reflector, reflector), s->sent,
		              s->answered, (double)s->rtt.median / NS_PER_MS);
	}
}

static void ike_sa(FILE *out, const struct server_sa *sa)
{
	char spi_i[IKE_SPI_TEXT_SIZE], spi_r[IKE_SPI_TEXT_SIZE], peer[ADDRESS_TEXT_SIZE];

	if (sa == NULL)
		return;
	(void)fprintf(out, "%-18s spi-i %s, spi-r %s", "IKE SA", ike_spi_format(sa->spi_i, spi_i),
	              ike_spi_format(sa->spi_r, spi_r));
	if (sa->prf != 0)
		(void)fprintf(out, ", %s", ike_prf_name((enum ike_prf)sa->prf));
	if (sa->peer.family != 0)
		(void)fprintf(out, ", with %s", address_format(&sa->peer, peer));
	if (sa->peer_identity[0] != '\0')
		(void)fprintf(out, " (%s)", sa->peer_identity);
	(void)fprintf(out, "\n");
}

void report_text(FILE *out, const struct report *report)
{
	const struct run *run = report->run;
	const struct options *options = run->options;
	char server[ENDPOINT_TEXT_SIZE];

	if (report->total == NULL)
		return;
	(void)fprintf(out, "--- %s, %s, %u session%s, %u packet%s each, %g s apart%s",
	              endpoint_format(&run->server, server), probe_mode_name(run->mode),
	              options->sessions, plural(options->sessions), options->packets,
	              plural(options->packets), (double)options->interval_ns / NS_PER_S,
	              options->exponential ? " on average" : "");
	if (run->end == SENDER_INTERRUPTED)
		(void)fprintf(out, ", interrupted");
	(void)fprintf(out, " ---\n%-18s %zu there", "octets", run->sessions[0].payload_size);
	if (report->total->reply_octets_maximum != 0)
		(void)fprintf(out, ", %u back", report->total->reply_octets_maximum);
	(void)fprintf(out, " (UDP payload)\n");
	ike_sa(out, run_server_sa(run));
	if (run->session_count > 1)
		sessions(out, report);
	block(out, report->total);
	if (run->clock.steps > 0)
		(void)fprintf(out,
		              "%-18s this host's wall clock stepped %" PRIu64
		              " time%s: one-way times are wrong, round trips are not\n",
		              "clock steps", run->clock.steps, plural(run->clock.steps));
	for (unsigned i = 0; i < run->session_count; i++)
		if (run->sessions[i].unreachable > 0)
			(void)fprintf(out,
			              "%-18s %" PRIu64
			              " ICMP errors: nobody listens at the reflector's port\n",
			              "unreachable", run->sessions[i].unreachable);
}
