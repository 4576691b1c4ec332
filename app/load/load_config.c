/* SPDX-License-Identifier: BSD-3-Clause */
#include "load_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_complete.h"
#include "config/config_reader.h"
#include "load_schema.h"
#include "load_thresholds.h"
#include "wire/control_message.h"

#define PATH_SIZE    96u
#define PORTS_END    65536u
#define SIZE_DEFAULT 112u
/** Ethernet header and FCS, and what the wire adds: preamble, start of frame, gap. */
#define WIRE_OVERHEAD     (14u + 4u + 20u)
#define VLAN_TAG_OCTETS   4u
#define IPV4_UDP_OVERHEAD 28u
#define IPV6_UDP_OVERHEAD 48u
/** A frame on the wire is never shorter, without preamble and gap. */
#define WIRE_MINIMUM   (64u + 20u)
#define WIRE_FRACTION  256u
#define BITS_AN_OCTET  8u
#define PARTS_IN_WHOLE 1000000.0

/** Frames of 64, 594 and 1518 octets as 7 : 4 : 1, mixed: the simple IMIX. */
static const uint16_t imix_frames[] = {64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 594, 64};
#define IMIX_FRAME_OVERHEAD (14u + 4u)

struct check {
	const struct yaml_tree *tree;
	struct load_config *config;
	struct error *error;
};

__attribute__((format(printf, 4, 5))) static int
refuse_group(const struct check *check, unsigned index, const char *key, const char *format, ...)
{
	char path[PATH_SIZE], text[ERROR_TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)snprintf(path, sizeof(path), "sessions[%u].%s", index, key);
	return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT, "%s", text);
}

static int refuse(const struct check *check, const char *path, const char *text)
{
	return yaml_tree_path_error(check->tree, path, check->error, ERROR_ARGUMENT, "%s", text);
}

static enum test_mode group_test_mode(const struct load_config *config,
                                      const struct load_group *group)
{
	if (config->peer == LOAD_PEER_SWAP)
		return TEST_UNAUTHENTICATED;
	if ((group->mode & MODE_AUTHENTICATED) != 0)
		return TEST_AUTHENTICATED;
	return (group->mode & MODE_ENCRYPTED) != 0 ? TEST_ENCRYPTED : TEST_UNAUTHENTICATED;
}

static unsigned headers_overhead(const struct load_group *group)
{
	return group->reflector.family == 6 ? IPV6_UDP_OVERHEAD : IPV4_UDP_OVERHEAD;
}

/** The source that stands first in the port's addresses, or in those of the group's VLAN; NULL without one of the family. */
static const struct address *first_source(const struct config_port *port,
                                          const struct load_group *group)
{
	const struct config_prefix *addresses = port->addresses;
	unsigned count = port->address_count;

	for (unsigned i = 0; group->vlan != 0 && i < port->vlan_count; i++) {
		if (port->vlans[i].id == group->vlan &&
		    port->vlans[i].outer_id == group->outer_vlan) {
			addresses = port->vlans[i].addresses;
			count = port->vlans[i].address_count;
		}
	}
	for (unsigned i = 0; i < count; i++) {
		if (addresses[i].address.family == group->reflector.family)
			return &addresses[i].address;
	}
	return NULL;
}

static void fill_imix(const struct load_config *config, struct load_group *group)
{
	unsigned least =
	        sender_header_size(group_test_mode(config, group), group->symmetrical, false);

	group->size_count = sizeof(imix_frames) / sizeof(imix_frames[0]);
	for (unsigned i = 0; i < group->size_count; i++) {
		unsigned around = IMIX_FRAME_OVERHEAD + headers_overhead(group);
		unsigned payload = imix_frames[i] > around ? imix_frames[i] - around : 0;
		group->sizes[i] = (uint16_t)(payload > least ? payload : least);
	}
}

static int complete_sizes(const struct check *check, unsigned index)
{
	const struct load_config *config = check->config;
	struct load_group *group = &check->config->groups[index];
	unsigned least =
	        sender_header_size(group_test_mode(config, group), group->symmetrical, false);
	unsigned most = config->host.ports[0].mtu - headers_overhead(group);

	if (group->imix && group->size_count > 0)
		return refuse_group(check, index, "imix",
		                    "sizes are given as well; allowed: one of both");
	if (group->imix)
		fill_imix(config, group);
	if (group->size_count == 0) {
		group->sizes[0] = (uint16_t)(least > SIZE_DEFAULT ? least : SIZE_DEFAULT);
		group->size_count = 1;
	}
	for (unsigned i = 0; i < group->size_count; i++) {
		char key[PATH_SIZE];
		(void)snprintf(key, sizeof(key), group->imix ? "imix" : "sizes[%u]", i);
		if (group->sizes[i] < least || group->sizes[i] > most)
			return refuse_group(
			        check, index, key,
			        "%u octets of UDP payload do not hold the mode's header or not fit "
			        "the MTU; allowed: %u to %u",
			        (unsigned)group->sizes[i], least, most);
	}
	return 0;
}

static int check_source(const struct check *check, unsigned index)
{
	struct load_group *group = &check->config->groups[index];
	const struct config *host = &check->config->host;
	uint16_t vlan = 0, outer_vlan = 0;

	if (group->source.family == 0) {
		const struct address *source = first_source(&host->ports[0], group);
		if (source == NULL)
			return refuse_group(check, index, "source",
			                    "missing, and ports[0] has no address of the "
			                    "reflector's family in this VLAN; "
			                    "allowed: an address of ports[0]");
		group->source = *source;
	}
	if (group->source.family != group->reflector.family)
		return refuse_group(
		        check, index, "source",
		        "not of the reflector's family; allowed: both IPv4 or both IPv6");
	if (!config_owns_address(host, &group->source, &vlan, &outer_vlan))
		return refuse_group(check, index, "source",
		                    "not an address of ports[0]; allowed: one that stands there");
	if (vlan != group->vlan || outer_vlan != group->outer_vlan)
		return refuse_group(
		        check, index, "vlan",
		        "%u (outer %u) is not where the source is; allowed: %u (outer %u)",
		        (unsigned)group->vlan, (unsigned)group->outer_vlan, (unsigned)vlan,
		        (unsigned)outer_vlan);
	return 0;
}

/** True when two groups have a flow in common: same addresses, VLANs, and the same pair of ports in some session. */
static bool flows_meet(const struct load_group *left, const struct load_group *right)
{
	long shift = (long)right->source_port - (long)left->source_port;

	return address_equal(&left->source, &right->source) &&
	       address_equal(&left->reflector, &right->reflector) &&
	       (long)right->reflector_port - (long)left->reflector_port == shift &&
	       shift < (long)left->count && -shift < (long)right->count;
}

static int check_group(const struct check *check, unsigned index)
{
	const struct load_config *config = check->config;
	struct load_group *group = &check->config->groups[index];

	if (group->name[0] == '\0')
		(void)snprintf(group->name, sizeof(group->name), "group%u", index);
	if (address_is_unspecified(&group->reflector))
		return refuse_group(check, index, "reflector",
		                    "nobody's address; allowed: the Session-Reflector's");
	if (group->source_port + group->count > PORTS_END)
		return refuse_group(check, index, "count",
		                    "%u sessions from source-port %u on pass port 65535; allowed: "
		                    "up to %u, or more groups",
		                    (unsigned)group->count, (unsigned)group->source_port,
		                    PORTS_END - group->source_port);
	if (group->reflector_port + group->count > PORTS_END)
		return refuse_group(check, index, "count",
		                    "%u sessions from reflector-port %u on pass port 65535; "
		                    "allowed: up to %u, or more groups",
		                    (unsigned)group->count, (unsigned)group->reflector_port,
		                    PORTS_END - group->reflector_port);
	for (unsigned i = 0; i < index; i++) {
		if (strcmp(config->groups[i].name, group->name) == 0)
			return refuse_group(check, index, "name",
			                    "the name of an earlier group; allowed: each once");
	}
	int status = check_source(check, index);
	for (unsigned i = 0; status == 0 && i < index; i++) {
		if (flows_meet(&config->groups[i], group))
			status = refuse_group(check, index, "source-port",
			                      "addresses and ports of sessions[%u]; allowed: ports "
			                      "that no other group has",
			                      i);
	}
	return status == 0 ? complete_sizes(check, index) : status;
}

static int check_keys(const struct check *check, unsigned index)
{
	const struct load_control *control = &check->config->control;
	const struct load_group *group = &check->config->groups[index];

	if (check->config->peer == LOAD_PEER_SWAP) {
		if (group->mode != MODE_UNAUTHENTICATED)
			return refuse_group(
			        check, index, "mode",
			        "reflector.kind swap has no keys; allowed: unauthenticated");
		return 0;
	}
	if ((group->mode & MODE_KEYED_MASK) == 0 || (group->mode & MODE_IKEV2_DERIVED) != 0)
		return 0;
	if (control->key_file[0] == '\0')
		return refuse(check, "control.key-file",
		              "missing, and a group of sessions has a mode with keys; allowed: the "
		              "file of pre-shared keys");
	if (control->key_id[0] == '\0')
		return refuse(check, "control.key-id",
		              "missing, and a group of sessions has a mode with keys; allowed: a "
		              "KeyID of the key file");
	return 0;
}

static int check_control(const struct check *check)
{
	struct load_config *config = check->config;
	struct load_control *control = &config->control;

	if (config->peer == LOAD_PEER_SWAP)
		return 0;
	if (address_is_unspecified(&control->server.address))
		control->server.address = config->groups[0].reflector;
	int status = config_resolve_path(check->tree, &config->host, "control.key-file",
	                                 control->key_file, check->error);
	if (status == 0)
		status = config_resolve_path(check->tree, &config->host, "control.sa-file",
		                             control->sa_file, check->error);
	return status == 0 ? config_resolve_path(check->tree, &config->host, "control.ike-socket",
	                                         control->ike_socket, check->error)
	                   : status;
}

static uint64_t count_sessions(const struct load_config *config)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < config->group_count; i++)
		count += config->groups[i].count;
	return count;
}

static int check_ramp(const struct check *check, uint64_t sessions)
{
	struct load_config *config = check->config;

	if (config->ramp_to == 0)
		config->ramp_to = (uint32_t)sessions;
	if (config->ramp_to > sessions)
		return refuse(check, "run.ramp.to",
		              "more than there are; allowed: up to all sessions of all groups");
	if (config->ramp_from > config->ramp_to)
		return refuse(check, "run.ramp.from", "above run.ramp.to; allowed: up to it");
	if (config->ramp_step == 0) {
		config->ramp_step = (config->ramp_to - config->ramp_from) / 10;
		if (config->ramp_step == 0)
			config->ramp_step = 1;
	}
	return 0;
}

static int check_run(const struct check *check)
{
	struct load_config *config = check->config;
	uint64_t sessions = count_sessions(config);

	config->judge = config->run == LOAD_RUN_BURST ? LOAD_JUDGE_AFTERWARDS : LOAD_JUDGE_AT_ONCE;
	if (sessions > LOAD_SESSIONS_MAX)
		return refuse(check, "sessions",
		              "more than 1048576 of all groups; allowed: up to that");
	if (config->duration_ns == 0)
		return refuse(check, "run.duration",
		              "nothing would be measured; allowed: from 1ns on");
	if (config->timeout_ns == 0)
		return refuse(check, "run.timeout",
		              "every reply would be late; allowed: from 1ns on");
	if (config->ndr_loss > config->pdr_loss)
		return refuse(check, "run.search.ndr-loss",
		              "more than run.search.pdr-loss; allowed: up to it");
	if (config->precision == 0)
		return refuse(check, "run.search.precision",
		              "the search would not end; allowed: from 1ppm on");
	if (config->search_limit_ns == 0)
		return refuse(check, "run.search.time-limit",
		              "no trial could begin; allowed: from 1ns on");
	if (config->burst_limit_ns == 0)
		return refuse(check, "run.burst.time-limit",
		              "no round could begin; allowed: from 1ns on");
	if (config->run == LOAD_RUN_RAMP)
		return check_ramp(check, sessions);
	return 0;
}

/* A load that sleeps sees replies late: unlike the appliance it does so only where the file asks for it. */
static void complete_idle(const struct check *check)
{
	const struct yaml_tree_node *eal = yaml_tree_get(check->tree->root, "eal");

	if (yaml_tree_get(eal, "idle") == NULL)
		check->config->host.eal.idle = IDLE_SPIN;
}

static int check_all(const struct check *check)
{
	struct load_config *config = check->config;
	int status = config_complete_host(check->tree, &config->host, check->error);

	complete_idle(check);
	if (status == 0)
		status = config_check_host(check->tree, &config->host, check->error);
	for (unsigned i = 0; status == 0 && i < config->group_count; i++)
		status = check_group(check, i);
	for (unsigned i = 0; status == 0 && i < config->group_count; i++)
		status = check_keys(check, i);
	if (status == 0)
		status = check_control(check);
	if (status == 0)
		status = check_run(check);
	return status == 0 ? load_thresholds_check(check->tree, config, check->error) : status;
}

static int complete(const struct yaml_tree *tree, const char *name, void *made, struct error *error)
{
	struct load_config *config = made;
	const struct check check = {.tree = tree, .config = config, .error = error};
	int status = config_set_path(&config->host, name, error);

	if (status == 0)
		status = check_all(&check);
	if (status == 0)
		status = config_resolve_path(tree, &config->host, "report.folder",
		                             config->report_folder, error);
	return status == 0 ? config_read_drivers(tree, &config->host, error) : status;
}

static const struct config_kind kind = {
        .size = sizeof(struct load_config), .schema = load_schema, .complete = complete};

int load_config_parse(const char *name, const char *text, size_t size, struct load_config **config,
                      struct error *error)
{
	void *made;
	int status = config_reader_parse(&kind, name, text, size, &made, error);

	*config = made;
	return status;
}

int load_config_load(const char *path, struct load_config **config, struct error *error)
{
	void *made;
	int status = config_reader_load(&kind, path, &made, error);

	*config = made;
	return status;
}

void load_config_free(struct load_config *config)
{
	free(config);
}

uint64_t load_group_wire_octets(const struct load_group *group)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < group->size_count; i++) {
		unsigned octets = WIRE_OVERHEAD + headers_overhead(group) + group->sizes[i] +
		                  (group->vlan != 0 ? VLAN_TAG_OCTETS : 0) +
		                  (group->outer_vlan != 0 ? VLAN_TAG_OCTETS : 0);
		sum += octets > WIRE_MINIMUM ? octets : WIRE_MINIMUM;
	}
	return group->size_count > 0 ? sum * WIRE_FRACTION / group->size_count : 0;
}

uint64_t load_rate_packets(const struct load_config *config, const struct load_rate *rate,
                           uint64_t link_rate)
{
	double octets = 0, shares = 0;

	if (rate->parts == 0 || config->group_count == 0)
		return rate->packets;
	for (unsigned i = 0; i < config->group_count; i++) {
		const struct load_group *group = &config->groups[i];
		octets += (double)load_group_wire_octets(group) / WIRE_FRACTION * group->share;
		shares += group->share;
	}
	return (uint64_t)((double)link_rate * rate->parts / PARTS_IN_WHOLE /
	                  (octets / shares * BITS_AN_OCTET));
}
