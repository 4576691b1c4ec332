/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_config.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "wire/control_message.h"

#define HOST                                                                                       \
	"eal: {lcores: {main: 0, workers: [0]}}\n"                                                 \
	"drivers-config: " SOURCE_ROOT "/drivers-config\n"                                         \
	"ports: [{name: a, device: net_ring0, addresses: [192.0.2.1/24, \"2001:db8::1/64\"], "     \
	"vlans: [{id: 7, outer-id: 8, addresses: [198.51.100.1/24]}]}]\n"
#define ONE HOST "sessions: [{reflector: 192.0.2.2}]\n"

static struct load_config *parse(const char *text)
{
	struct load_config *config = NULL;
	struct error error = {""};

	if (load_config_parse("t.yaml", text, strlen(text), &config, &error) != 0)
		(void)fprintf(stderr, "%s\n", error.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(config);
	return config;
}

static void refuse(const char *text, const char *wanted)
{
	struct load_config *config = NULL;
	struct error error = {""};
	int status = load_config_parse("t.yaml", text, strlen(text), &config, &error);

	CU_ASSERT(status != 0);
	CU_ASSERT_PTR_NULL(config);
	CU_ASSERT_STRING_EQUAL(error.text, wanted);
	if (strcmp(error.text, wanted) != 0)
		(void)fprintf(stderr, "gave %s\nwant %s\n", error.text, wanted);
	load_config_free(config);
}

static void defaults_are_written(void)
{
	struct load_config *config = parse(ONE);
	const struct load_group *group = &config->groups[0];

	CU_ASSERT_EQUAL(config->group_count, 1);
	CU_ASSERT_STRING_EQUAL(group->name, "group0");
	CU_ASSERT(group->count == 1 && group->mode == MODE_UNAUTHENTICATED && group->share == 1);
	CU_ASSERT(group->source.family == 4 && group->source.octets[3] == 1);
	CU_ASSERT(group->size_count == 1 && group->sizes[0] == 112);
	CU_ASSERT(group->ttl == 255 && group->source_port == 20000);
	CU_ASSERT(address_equal(&config->control.server.address, &group->reflector));
	CU_ASSERT_EQUAL(config->control.server.port, TWAMP_CONTROL_PORT);
	CU_ASSERT(config->run == LOAD_RUN_RATE && config->rate.packets == 1000);
	CU_ASSERT(config->duration_ns == 10000000000 && config->timeout_ns == 1000000000);
	CU_ASSERT(config->warm_up_ns == 100000000 && config->late_slot_ns == 1000000);
	CU_ASSERT(config->pdr_loss == 5000 && config->ndr_loss == 0 && config->precision == 10000);
	CU_ASSERT_EQUAL(config->thresholds.loss_maximum, UINT64_MAX);
	CU_ASSERT_EQUAL(config->thresholds.wrong_maximum, 0);
	CU_ASSERT(!config->peer_mac.known && config->link_rate == 0 && config->evidence == 3);
	CU_ASSERT_EQUAL(config->host.port_count, 1);
	CU_ASSERT_STRING_EQUAL(config->host.ports[0].driver.name, "ring");
	CU_ASSERT_EQUAL(config->host.eal.idle, IDLE_SPIN);
	load_config_free(config);
}

static void values_are_taken(void)
{
	struct load_config *config =
	        parse(HOST "reflector: {kind: twamp, mac: \"02:00:00:00:00:02\", link-rate: 25G}\n"
	                   "control: {server: 127.0.0.1, port: 8620, connections: 4, key-file: "
	                   "k.yaml, key-id: me, token-key: direct}\n"
	                   "sessions:\n"
	                   "  - {name: plain, count: 10, reflector: \"2001:db8::2\", dscp: 46, "
	                   "reply-padding: any, sizes: [64, 512], share: 3}\n"
	                   "  - {mode: authenticated, reflector: 198.51.100.2, vlan: 7, "
	                   "outer-vlan: 8, imix: true}\n"
	                   "run: {mode: search, rate: 100%, duration: 500ms, search: {pdr-loss: "
	                   "1%, confirm: 2s}}\n"
	                   "thresholds: {loss: 0.1%, rtt-p99: 50us, ndr: 1M}\n"
	                   "report: {folder: out, evidence: 0}\n");
	const struct load_group *imix = &config->groups[1];

	CU_ASSERT(config->peer_mac.known && config->peer_mac.octets[5] == 2);
	CU_ASSERT_STRING_EQUAL(config->control.key_file, "k.yaml");
	CU_ASSERT(config->control.token_key_direct && config->control.connections == 4);
	CU_ASSERT(config->groups[0].source.family == 6 && config->groups[0].size_count == 2);
	CU_ASSERT(config->groups[0].reply_padding_any && !imix->reply_padding_any);
	CU_ASSERT(imix->source.octets[0] == 198 && imix->size_count == 12);
	CU_ASSERT(imix->sizes[0] == 48 && imix->sizes[1] == 594 - 18 - 28);
	CU_ASSERT_EQUAL(imix->sizes[6], 1518 - 18 - 28);
	/* Frames of 64, 594 and 1518 octets as 7 : 4 : 1. */
	unsigned small = 0, middle = 0;
	for (unsigned i = 0; i < imix->size_count; i++) {
		small += imix->sizes[i] == 48; /* of which the mode's header makes more */
		middle += imix->sizes[i] == 594 - 18 - 28;
	}
	CU_ASSERT(small == 7 && middle == 4);
	CU_ASSERT(config->run == LOAD_RUN_SEARCH && config->rate.parts == 1000000);
	CU_ASSERT(config->pdr_loss == 10000 && config->confirm_ns == 2000000000);
	CU_ASSERT(config->thresholds.loss_maximum == 1000 &&
	          config->thresholds.rtt_p99_maximum == 50000 &&
	          config->thresholds.ndr_minimum == 1000000);
	CU_ASSERT_STRING_EQUAL(config->report_folder, "out");
	load_config_free(config);
}

static void shares_of_a_link_become_packets(void)
{
	struct load_config *config =
	        parse(HOST "sessions: [{reflector: 192.0.2.2, sizes: [14, 100]}]\n"
	                   "run: {rate: 50%}\n");
	/* 14 octets make a frame of the least size: 84 on the wire; 100 make 166. */
	CU_ASSERT_EQUAL(load_group_wire_octets(&config->groups[0]), 125 * 256);
	CU_ASSERT_EQUAL(load_rate_packets(config, &config->rate, UINT64_C(10000000000)), 5000000);
	load_config_free(config);
}

static void tags_and_shares_are_on_the_wire_too(void)
{
	struct load_config *config =
	        parse(HOST "sessions:\n"
	                   "  - {reflector: 192.0.2.2, sizes: [14]}\n"
	                   "  - {reflector: 198.51.100.2, vlan: 7, outer-vlan: 8, sizes: [100], "
	                   "share: 3}\n"
	                   "run: {rate: 10%}\n");
	CU_ASSERT_EQUAL(load_group_wire_octets(&config->groups[0]), 84 * 256);
	CU_ASSERT_EQUAL(load_group_wire_octets(&config->groups[1]), 174 * 256);
	/* Of four packets three are long. */
	CU_ASSERT_EQUAL(load_rate_packets(config, &config->rate, UINT64_C(10000000000)),
	                UINT64_C(1000000000) * 4 / ((84 + 3 * 174) * 8));
	load_config_free(config);
}

static void what_may_just_be_is_taken(void)
{
	/* The last session's port is 65535. */
	struct load_config *config =
	        parse(HOST "sessions: [{reflector: 192.0.2.2, count: 45536}]\n"
	                   "run: {mode: ramp, ramp: {from: 45536, to: 45536}}\n");
	CU_ASSERT(config->ramp_from == config->ramp_to && config->ramp_step == 1);
	CU_ASSERT_EQUAL(config->judge, LOAD_JUDGE_AT_ONCE);
	load_config_free(config);
	/* Ports that end where another group's begin, both ways. */
	config = parse(HOST "sessions: [{reflector: 192.0.2.2, count: 5}, {reflector: 192.0.2.2, "
	                    "source-port: 20005, reflector-port: 18765, count: 3}, {reflector: "
	                    "192.0.2.2, source-port: 19990, reflector-port: 18750, count: 10}]\n"
	                    "run: {mode: burst}\n");
	/* What is judged while frames come would slow down a burst. */
	CU_ASSERT_EQUAL(config->judge, LOAD_JUDGE_AFTERWARDS);
	load_config_free(config);
}

static void mistakes_are_named(void)
{
	refuse(HOST, "t.yaml:1:1: sessions: missing; allowed: a list of 1 to 32: a mapping of "
	             "name, count, mode, "
	             "reflector, source, source-port, reflector-port, vlan, outer-vlan, dscp, ttl, "
	             "symmetrical-size, "
	             "zero-padding, reply-padding, sizes, imix, share");
	refuse(HOST "sessions: [{reflector: 0.0.0.0}]\n",
	       "t.yaml:4:24: sessions[0].reflector: nobody's address; allowed: the "
	       "Session-Reflector's");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, source: 192.0.2.9}]\n",
	       "t.yaml:4:43: sessions[0].source: not an address of ports[0]; allowed: one that "
	       "stands there");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, source: \"2001:db8::1\"}]\n",
	       "t.yaml:4:43: sessions[0].source: not of the reflector's family; allowed: both IPv4 "
	       "or both IPv6");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, source: 198.51.100.1}]\n",
	       "t.yaml:4:12: sessions[0].vlan: 0 (outer 0) is not where the source is; allowed: 7 "
	       "(outer 8)");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, mode: authenticated}]\n",
	       "t.yaml:1:1: control.key-file: missing, and a group of sessions has a mode with "
	       "keys; allowed: the file "
	       "of pre-shared keys");
	refuse(HOST "control: {key-file: k}\nsessions: [{reflector: 192.0.2.2, mode: mixed}]\n",
	       "t.yaml:4:10: control.key-id: missing, and a group of sessions has a mode with "
	       "keys; allowed: a KeyID of "
	       "the key file");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, count: 60000}]\n",
	       "t.yaml:4:42: sessions[0].count: 60000 sessions from source-port 20000 on pass port "
	       "65535; allowed: up to "
	       "45536, or more groups");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, sizes: [1473]}]\n",
	       "t.yaml:4:43: sessions[0].sizes[0]: 1473 octets of UDP payload do not hold the "
	       "mode's header or not fit "
	       "the MTU; allowed: 14 to 1472");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, sizes: [100], imix: true}]\n",
	       "t.yaml:4:55: sessions[0].imix: sizes are given as well; allowed: one of both");
	refuse(HOST
	       "sessions: [{name: a, reflector: 192.0.2.2}, {name: a, reflector: 192.0.2.3}]\n",
	       "t.yaml:4:52: sessions[1].name: the name of an earlier group; allowed: each once");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, count: 5}, {reflector: 192.0.2.2, "
	            "source-port: 20004, "
	            "reflector-port: 18764}]\n",
	       "t.yaml:4:82: sessions[1].source-port: addresses and ports of sessions[0]; allowed: "
	       "ports that no other "
	       "group has");
	refuse(HOST
	       "reflector: {kind: swap}\nsessions: [{reflector: 192.0.2.2, mode: encrypted}]\n",
	       "t.yaml:5:41: sessions[0].mode: reflector.kind swap has no keys; allowed: "
	       "unauthenticated");
	refuse(ONE "run: {duration: 10}\n", "t.yaml:5:17: run.duration: \"10\" is none of these; "
	                                    "allowed: a duration such as 250us, 20ms, 1.5s or 2h "
	                                    "(up to 168h)");
	refuse(ONE "run: {search: {ndr-loss: 2%, pdr-loss: 1%}}\n",
	       "t.yaml:5:26: run.search.ndr-loss: more than run.search.pdr-loss; allowed: up to "
	       "it");
	refuse(ONE "run: {mode: ramp, ramp: {to: 2}}\n",
	       "t.yaml:5:30: run.ramp.to: more than there are; allowed: up to all sessions of all "
	       "groups");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, count: 3}]\nrun: {mode: ramp, ramp: {from: "
	            "3, to: 2}}\n",
	       "t.yaml:5:32: run.ramp.from: above run.ramp.to; allowed: up to it");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, count: 45537}]\n",
	       "t.yaml:4:42: sessions[0].count: 45537 sessions from source-port 20000 on pass port "
	       "65535; allowed: up to 45536, or more groups");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, count: 5}, {reflector: 192.0.2.2, "
	            "source-port: 19996, reflector-port: 18756, count: 5}]\n",
	       "t.yaml:4:82: sessions[1].source-port: addresses and ports of sessions[0]; allowed: "
	       "ports that no other group has");
	refuse(ONE "thresholds: {los: 0}\n", "t.yaml:5:14: thresholds.los: unknown key, did you "
	                                     "mean \"loss\"?; allowed: loss, rtt-p50, rtt-p99, "
	                                     "rtt-p999, rtt-maximum, turnaround-p99, reordered, "
	                                     "duplicates, wrong, ndr, pdr, burst-rate");
}

static void examples_load(void)
{
	static const char *const names[] = {"load-rate", "load-search", "ci-bench-load"};
	static const enum load_run runs[] = {LOAD_RUN_RATE, LOAD_RUN_SEARCH, LOAD_RUN_BURST};

	for (unsigned i = 0; i < 3; i++) {
		struct load_config *config;
		struct error error = {""};
		char path[512];

		(void)snprintf(path, sizeof(path), SOURCE_ROOT "/config/%s.yaml", names[i]);
		CU_ASSERT_EQUAL(load_config_load(path, &config, &error), 0);
		CU_ASSERT_STRING_EQUAL(error.text, "");
		CU_ASSERT_PTR_NOT_NULL_FATAL(config);
		CU_ASSERT(config->run == runs[i] && config->control.key_file[0] == '/');
		load_config_free(config);
	}
}

/** A threshold that is there and judges nothing would be met whatever happens. */
static void thresholds_without_a_figure_are_refused(void)
{
	refuse(ONE "thresholds: {ndr: 1M}\n",
	       "t.yaml:5:19: thresholds.ndr: nothing would be judged by it: run.mode is not "
	       "search; allowed: none");
	refuse(ONE "run: {mode: ramp}\nthresholds: {pdr: 1M}\n",
	       "t.yaml:6:19: thresholds.pdr: nothing would be judged by it: run.mode is not "
	       "search; allowed: none");
	refuse(ONE "run: {mode: search}\nthresholds: {burst-rate: 1M}\n",
	       "t.yaml:6:26: thresholds.burst-rate: nothing would be judged by it: run.mode is "
	       "not burst; allowed: none");
	refuse(ONE "run: {mode: search, search: {latency: false}}\nthresholds: {rtt-p99: 1ms}\n",
	       "t.yaml:6:23: thresholds.rtt-p99: nothing would be judged by it: "
	       "run.search.latency is false, so no trial follows the search; allowed: none");
	load_config_free(parse(ONE "run: {mode: search, search: {latency: false}}\n"
	                           "thresholds: {ndr: 1, pdr: 1, wrong: 3, loss: none}\n"));
	load_config_free(parse(ONE "run: {mode: search}\nthresholds: {loss: 1%, duplicates: 0}\n"));
	load_config_free(
	        parse(ONE "run: {mode: burst}\nthresholds: {burst-rate: 1, rtt-p50: 1s}\n"));
}

/** The appliance's names of RFC 7750 and RFC 8186 are neither modes of a session nor keys. */
static void what_is_not_measured_is_refused(void)
{
	refuse(HOST "sessions: [{reflector: 192.0.2.2, mode: dscp-ecn-monitoring}]\n",
	       "t.yaml:4:41: sessions[0].mode: unknown mode \"dscp-ecn-monitoring\"; allowed: "
	       "unauthenticated, authenticated, encrypted, mixed, ikev2-authenticated, "
	       "ikev2-encrypted, ikev2-mixed");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, mode: ptp-timestamps}]\n",
	       "t.yaml:4:41: sessions[0].mode: unknown mode \"ptp-timestamps\"; allowed: "
	       "unauthenticated, authenticated, encrypted, mixed, ikev2-authenticated, "
	       "ikev2-encrypted, ikev2-mixed");
	refuse(HOST "sessions: [{reflector: 192.0.2.2, ptp-timestamps: true}]\n",
	       "t.yaml:4:35: sessions[0].ptp-timestamps: unknown key; allowed: name, count, mode, "
	       "reflector, source, source-port, reflector-port, vlan, outer-vlan, dscp, ttl, "
	       "symmetrical-size, zero-padding, reply-padding, sizes, imix, share");
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"defaults are written", defaults_are_written},
	        {"values are taken", values_are_taken},
	        {"shares of a link become packets", shares_of_a_link_become_packets},
	        {"tags and shares are on the wire too", tags_and_shares_are_on_the_wire_too},
	        {"what may just be is taken", what_may_just_be_is_taken},
	        {"mistakes are named", mistakes_are_named},
	        {"examples load", examples_load},
	        {"thresholds without a figure are refused",
	         thresholds_without_a_figure_are_refused},
	        {"what is not measured is refused", what_is_not_measured_is_refused},
	        CU_TEST_INFO_NULL};

	return unit_run("load-load_config", tests);
}
