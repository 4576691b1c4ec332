/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>

#include "report_sections.h"
#include "report_words.h"

#define BITS_A_GIGABIT 1e9
#define HZ_A_GHZ       1e9
#define PPM_A_PERCENT  10000.0
#define SIZES_TEXT     256u

static void key_columns(struct section *section)
{
	section_column(section, SECTION_LEFT, "");
	section_column(section, SECTION_LEFT, "");
}

/** A row when there is something to say. */
static void text_row(struct section *section, const char *key, const char *value)
{
	if (value[0] == '\0')
		return;
	section_cell(section, "%s", key);
	section_cell(section, "%s", value);
}

void section_environment(struct section *section, const void *context)
{
	const struct run_result *result = context;
	const struct run_environment *environment = &result->environment;

	key_columns(section);
	text_row(section, "reflector", environment->reflector);
	text_row(section, "host", environment->host);
	text_row(section, "kernel", environment->kernel);
	if (environment->cpus > 0) {
		section_cell(section, "CPU");
		section_cell(section, "%s, %u online, TSC %.4g GHz", environment->cpu,
		             environment->cpus, (double)environment->tsc_hz / HZ_A_GHZ);
	}
	text_row(section, "DPDK", environment->dpdk);
	text_row(section, "driver", environment->driver);
	text_row(section, "device", environment->device);
	if (environment->link_rate > 0) {
		section_cell(section, "link");
		section_cell(section, "%.4g Gbit/s",
		             (double)environment->link_rate / BITS_A_GIGABIT);
	}
	text_row(section, "memory", environment->hugepages ? "huge pages" : "no huge pages");
	text_row(section, "crypto suite", environment->crypto);
	text_row(section, "timestamps", environment->timestamps);
	text_row(section, "configuration", environment->config_path);
	text_row(section, "its SHA-256", environment->config_sha256);
}

static void rate_row(struct section *section, const struct run_result *result, const char *key)
{
	const struct load_rate *rate = &result->config->rate;

	if (result->config->group_count == 0)
		return;
	struct words packets = words_rate(
	        (double)load_rate_packets(result->config, rate, result->environment.link_rate));
	section_cell(section, "%s", key);
	if (rate->parts > 0)
		section_cell(section, "%g %% of the link: %s packets/s",
		             (double)rate->parts / PPM_A_PERCENT, packets.text);
	else
		section_cell(section, "%s packets/s, %s on the wire", packets.text,
		             words_wire_rate(result, (double)rate->packets).text);
}

static void search_rows(struct section *section, const struct load_config *config)
{
	section_cell(section, "loss allowed");
	section_cell(section, "NDR %s, PDR %s", words_percent((double)config->ndr_loss).text,
	             words_percent((double)config->pdr_loss).text);
	section_cell(section, "precision");
	section_cell(section,
	             "%s of the rate; a trial with loss is repeated up to %" PRIu32 " times",
	             words_percent((double)config->precision).text, config->search_retries);
	if (config->confirm_ns > 0)
		text_row(section, "confirmed for", words_duration(config->confirm_ns).text);
	text_row(section, "at most", words_duration(config->search_limit_ns).text);
}

static void paced_rows(struct section *section, const struct run_result *result)
{
	const struct load_config *config = result->config;
	bool trials = config->run == LOAD_RUN_SEARCH || config->run == LOAD_RUN_RAMP;

	rate_row(section, result, config->run == LOAD_RUN_SEARCH ? "highest rate" : "rate");
	text_row(section, trials ? "a trial's length" : "length",
	         words_duration(config->duration_ns).text);
	text_row(section, "warm-up", words_duration(config->warm_up_ns).text);
	if (config->run == LOAD_RUN_SEARCH)
		search_rows(section, config);
	if (config->run == LOAD_RUN_RAMP) {
		section_cell(section, "ramp of sessions");
		section_cell(section, "%s to %s, %s at a time", words_count(config->ramp_from).text,
		             words_count(config->ramp_to).text,
		             words_count(config->ramp_step).text);
	}
	text_row(section, "missed slot", words_duration(config->late_slot_ns).text);
}

void section_asked(struct section *section, const void *context)
{
	const struct run_result *result = context;
	const struct load_config *config = result->config;

	key_columns(section);
	text_row(section, "run", words_run(config->run));
	if (config->peer == LOAD_PEER_SWAP)
		text_row(section, "peer", "a forwarder that swaps addresses and ports: no TWAMP");
	if (config->run == LOAD_RUN_BURST) {
		section_cell(section, "bursts");
		section_cell(section, "%s of %s frames back to back",
		             words_count(config->burst_rounds).text,
		             words_count(config->burst_frames).text);
	} else {
		paced_rows(section, result);
	}
	text_row(section, "timeout", words_duration(config->timeout_ns).text);
	section_cell(section, "sessions");
	section_cell(section, "%s set up", words_count(result->sessions).text);
}

static const char *sizes(const struct load_group *group, char text[SIZES_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	if (group->imix)
		used = (size_t)snprintf(text, SIZES_TEXT, "IMIX: ");
	for (unsigned i = 0; i < group->size_count && used < SIZES_TEXT; i++)
		used += (size_t)snprintf(text + used, SIZES_TEXT - used, "%s%" PRIu16,
		                         i > 0 ? " " : "", group->sizes[i]);
	return text;
}

void section_groups(struct section *section, const void *context)
{
	const struct run_result *result = context;

	section_column(section, SECTION_LEFT, "group");
	section_column(section, SECTION_RIGHT, "sessions");
	section_column(section, SECTION_LEFT, "mode");
	section_column(section, SECTION_LEFT, "reflector");
	section_column(section, SECTION_RIGHT, "DSCP");
	section_column(section, SECTION_RIGHT, "VLAN");
	section_column(section, SECTION_RIGHT, "share");
	section_column(section, SECTION_LEFT, "UDP payload (octets)");
	for (unsigned i = 0; i < result->config->group_count; i++) {
		const struct load_group *group = &result->config->groups[i];
		char text[SIZES_TEXT], address[ADDRESS_TEXT_SIZE] = "-";
		section_cell(section, "%s", group->name);
		section_cell(section, "%s", words_count(group->count).text);
		section_cell(section, "%s", words_mode(result, group));
		section_cell(section, "%s",
		             group->reflector.family == 0
		                     ? address
		                     : address_format(&group->reflector, address));
		section_cell(section, "%u", group->dscp);
		if (group->outer_vlan > 0)
			section_cell(section, "%u.%u", group->outer_vlan, group->vlan);
		else if (group->vlan > 0)
			section_cell(section, "%u", group->vlan);
		else
			section_cell(section, "-");
		section_cell(section, "%" PRIu32, group->share);
		section_cell(section, "%s", sizes(group, text));
	}
}
