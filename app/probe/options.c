/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key_derivation.h"
#include "dscp.h"
#include "wire/ike_key_message.h"

#define NS_PER_S           1e9
#define DURATION_MAXIMUM   3600.0
#define PORT_MAXIMUM       65535u
#define TAI_OFFSET_MAXIMUM 1000u

enum long_option {
	OPTION_MODE = 256,
	OPTION_SESSIONS,
	OPTION_INDIVIDUAL,
	OPTION_REFLECT_OCTETS,
	OPTION_SYMMETRICAL,
	OPTION_ZERO_PADDING,
	OPTION_IKE_SA,
	OPTION_IKE,
	OPTION_IKE_PEER,
	OPTION_IKE_INITIATE,
	OPTION_IKE_VICI,
	OPTION_IKE_TOKEN_KEY,
	OPTION_ALLOW_COUNT,
	OPTION_NO_FALLBACK,
	OPTION_PROGRESS,
	OPTION_NO_PROGRESS,
	OPTION_CONTROL_DSCP,
	OPTION_REFLECTOR,
	OPTION_VERSION,
	OPTION_ECN,
	OPTION_DSCP_ECN,
	OPTION_PTP,
	OPTION_TAI_OFFSET,
};

static const char short_options[] = "46A:c:D:hi:Jk:L:P:qs:S:u:vZ";

static const struct option long_options[] = {
        {"ipv4", no_argument, NULL, '4'},
        {"ipv6", no_argument, NULL, '6'},
        {"authmode", required_argument, NULL, 'A'},
        {"count", required_argument, NULL, 'c'},
        {"dscp", required_argument, NULL, 'D'},
        {"help", no_argument, NULL, 'h'},
        {"interval", required_argument, NULL, 'i'},
        {"json", no_argument, NULL, 'J'},
        {"key-file", required_argument, NULL, 'k'},
        {"timeout", required_argument, NULL, 'L'},
        {"ports", required_argument, NULL, 'P'},
        {"quiet", no_argument, NULL, 'q'},
        {"padding", required_argument, NULL, 's'},
        {"source", required_argument, NULL, 'S'},
        {"key-id", required_argument, NULL, 'u'},
        {"verbose", no_argument, NULL, 'v'},
        {"zero-addresses", no_argument, NULL, 'Z'},
        {"mode", required_argument, NULL, OPTION_MODE},
        {"sessions", required_argument, NULL, OPTION_SESSIONS},
        {"individual", no_argument, NULL, OPTION_INDIVIDUAL},
        {"reflect-octets", required_argument, NULL, OPTION_REFLECT_OCTETS},
        {"symmetrical", no_argument, NULL, OPTION_SYMMETRICAL},
        {"dscp-ecn", no_argument, NULL, OPTION_DSCP_ECN},
        {"ecn", required_argument, NULL, OPTION_ECN},
        {"ptp", no_argument, NULL, OPTION_PTP},
        {"tai-offset", required_argument, NULL, OPTION_TAI_OFFSET},
        {"zero-padding", no_argument, NULL, OPTION_ZERO_PADDING},
        {"ike-sa", required_argument, NULL, OPTION_IKE_SA},
        {"ike", optional_argument, NULL, OPTION_IKE},
        {"ike-peer", required_argument, NULL, OPTION_IKE_PEER},
        {"ike-initiate", required_argument, NULL, OPTION_IKE_INITIATE},
        {"ike-vici", required_argument, NULL, OPTION_IKE_VICI},
        {"ike-token-key", required_argument, NULL, OPTION_IKE_TOKEN_KEY},
        {"allow-count", required_argument, NULL, OPTION_ALLOW_COUNT},
        {"no-fallback", no_argument, NULL, OPTION_NO_FALLBACK},
        {"progress", no_argument, NULL, OPTION_PROGRESS},
        {"no-progress", no_argument, NULL, OPTION_NO_PROGRESS},
        {"control-dscp", required_argument, NULL, OPTION_CONTROL_DSCP},
        {"reflector", required_argument, NULL, OPTION_REFLECTOR},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
};

int host_port_parse(const char *text, char host[HOST_TEXT_SIZE], uint16_t *port)
{
	const char *start = text, *colon = strchr(text, ':'), *port_text = NULL;
	size_t length = strlen(text);

	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (close == NULL || (close[1] != '\0' && close[1] != ':'))
			return ERROR_FORMAT;
		start = text + 1;
		length = (size_t)(close - start);
		port_text = close[1] == ':' ? close + 2 : NULL;
	} else if (colon != NULL && strchr(colon + 1, ':') == NULL) {
		length = (size_t)(colon - text);
		port_text = colon + 1;
	}
	if (length == 0 || length >= HOST_TEXT_SIZE)
		return ERROR_FORMAT;
	if (port_text != NULL) {
		char *end;
		unsigned long number = strtoul(port_text, &end, 10);
		if (*port_text < '0' || *port_text > '9' || *end != '\0' || number == 0 ||
		    number > PORT_MAXIMUM)
			return ERROR_FORMAT;
		*port = (uint16_t)number;
	}
	memcpy(host, start, length);
	host[length] = '\0';
	return 0;
}

static int number_parse(const char *name, const char *text, unsigned long low, unsigned long high,
                        uint32_t *value, struct error *error)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 0);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || number < low ||
	    number > high)
		return error_set(error, ERROR_ARGUMENT,
		                 "%s: \"%s\" is not a number from %lu to %lu", name, text, low,
		                 high);
	*value = (uint32_t)number;
	return 0;
}

/** Seconds with a fraction; suffix (may be NULL) gets the letter behind the number, or 0. */
static int seconds_parse(const char *name, const char *text, int64_t *ns, char *suffix,
                         struct error *error)
{
	char *end;
	double seconds = strtod(text, &end);
	char letter = *end;

	if (suffix != NULL) {
		*suffix = letter;
		if (letter != '\0')
			end++;
	}
	if (end == text || *end != '\0' || !isfinite(seconds) || seconds < 0 ||
	    seconds > DURATION_MAXIMUM)
		return error_set(error, ERROR_ARGUMENT,
		                 "%s: \"%s\" is not a number of seconds from 0 to %.0f", name, text,
		                 DURATION_MAXIMUM);
	*ns = (int64_t)(seconds * NS_PER_S + 0.5);
	return 0;
}

static int interval_parse(const char *text, struct options *options, struct error *error)
{
	char suffix;
	int result = seconds_parse("--interval", text, &options->interval_ns, &suffix, error);

	if (result != 0)
		return result;
	if (suffix != '\0' && suffix != 'e' && suffix != 'f')
		return error_set(
		        error, ERROR_ARGUMENT,
		        "--interval: \"%s\" ends with %c; e (exponential) or f (fixed) are "
		        "allowed",
		        text, suffix);
	options->exponential = suffix == 'e';
	return 0;
}

static int ports_parse(const char *text, struct options *options, struct error *error)
{
	unsigned low, high;
	char rest;

	if (strcmp(text, "0") == 0)
		return 0;
	if (sscanf(text, "%5u-%5u%c", &low, &high, &rest) != 2 || low == 0 || low > high ||
	    high > PORT_MAXIMUM)
		return error_set(error, ERROR_ARGUMENT,
		                 "--ports: \"%s\" is not LOW-HIGH with ports from 1 to 65535",
		                 text);
	options->port_low = (uint16_t)low;
	options->port_high = (uint16_t)high;
	return 0;
}

static int modes_parse(const char *name, const char *text, int result, struct error *error)
{
	if (result == 0)
		return 0;
	return error_set(
	        error, ERROR_ARGUMENT,
	        "%s: \"%s\": the modes are unauthenticated (O), authenticated (A), encrypted "
	        "(E), mixed (M), ikev2-authenticated, ikev2-encrypted, ikev2-mixed",
	        name, text);
}

static int dscp_option(const char *name, const char *text, uint8_t *dscp, struct error *error)
{
	if (dscp_parse(text, dscp) == 0)
		return 0;
	return error_set(
	        error, ERROR_ARGUMENT,
	        "%s: \"%s\" is neither a number from 0 to 63 nor a name such as ef, af41, cs6",
	        name, text);
}

static int ecn_option(const char *text, uint8_t *ecn, struct error *error)
{
	if (ecn_parse(text, ecn) == 0)
		return 0;
	return error_set(error, ERROR_ARGUMENT,
	                 "--ecn: \"%s\" is none of not-ect, ect1, ect0, ce, or 0 to 3", text);
}

static int tai_offset_option(const char *text, int32_t *seconds, struct error *error)
{
	uint32_t number = 0;
	int result = number_parse("--tai-offset", text, 0, TAI_OFFSET_MAXIMUM, &number, error);

	*seconds = (int32_t)number;
	return result;
}

static int family_option(struct options *options, uint8_t family, struct error *error)
{
	if (options->family != 0 && options->family != family)
		return error_set(error, ERROR_ARGUMENT, "-4 and -6 exclude each other");
	options->family = family;
	return 0;
}

/** Options about what is sent and where. */
static int option_measure(int option, const char *value, struct options *o, struct error *error)
{
	uint32_t number = 0;
	int result = 0;

	switch (option) {
	case 'c':
		return number_parse("--count", value, 1, PACKETS_MAXIMUM, &o->packets, error);
	case 'i':
		return interval_parse(value, o, error);
	case 's':
		return number_parse("--padding", value, 0, PADDING_MAXIMUM, &o->padding, error);
	case 'D':
		return dscp_option("--dscp", value, &o->dscp, error);
	case OPTION_CONTROL_DSCP:
		return dscp_option("--control-dscp", value, &o->control_dscp, error);
	case OPTION_ECN:
		return ecn_option(value, &o->ecn, error);
	case OPTION_TAI_OFFSET:
		return tai_offset_option(value, &o->tai_offset, error);
	case 'L':
		return seconds_parse("--timeout", value, &o->timeout_ns, NULL, error);
	case 'P':
		return ports_parse(value, o, error);
	case OPTION_SESSIONS:
		return number_parse("--sessions", value, 1, SESSIONS_MAXIMUM, &o->sessions, error);
	case OPTION_REFLECT_OCTETS:
		result =
		        number_parse("--reflect-octets", value, 2, PADDING_MAXIMUM, &number, error);
		o->reflect_octets = (uint16_t)number;
		return result;
	default:
		return error_set(error, ERROR_ARGUMENT, "unknown option; see --help");
	}
}

/** Options about the IKE SA: where it comes from. */
static int option_ike(int option, const char *value, struct options *o, struct error *error)
{
	switch (option) {
	case OPTION_IKE_SA:
		o->sa_file = value;
		return 0;
	case OPTION_IKE:
		o->ike.socket = value != NULL ? value : IKE_KEY_SOCKET_DEFAULT;
		return 0;
	case OPTION_IKE_PEER:
		o->ike.peer_text = value;
		return 0;
	case OPTION_IKE_INITIATE:
		o->ike.connection = value;
		return 0;
	case OPTION_IKE_VICI:
		o->ike.vici_uri = value;
		return 0;
	default:
		return option_measure(option, value, o, error);
	}
}

static int option_protection(int option, const char *value, struct options *o, struct error *error)
{
	switch (option) {
	case OPTION_MODE:
		return modes_parse("--mode", value, mode_list_parse(value, &o->modes), error);
	case 'A':
		return modes_parse("-A", value, mode_list_parse_letters(value, &o->modes), error);
	case OPTION_IKE_TOKEN_KEY:
		o->ike_token_direct = strcmp(value, "direct") == 0;
		if (!o->ike_token_direct && strcmp(value, "pbkdf2") != 0)
			return error_set(error, ERROR_ARGUMENT,
			                 "--ike-token-key: \"%s\" is neither pbkdf2 nor direct",
			                 value);
		return 0;
	case OPTION_ALLOW_COUNT:
		return number_parse("--allow-count", value, PBKDF2_COUNT_MINIMUM, UINT32_MAX,
		                    &o->allow_count, error);
	default:
		return option_ike(option, value, o, error);
	}
}

static int option_apply(int option, const char *value, struct options *o, struct error *error)
{
	switch (option) {
	case '4':
		return family_option(o, 4, error);
	case '6':
		return family_option(o, 6, error);
	case 'k':
		o->key_file = value;
		return 0;
	case 'u':
		o->key_id = value;
		return 0;
	case 'S':
		o->source = value;
		return 0;
	case OPTION_REFLECTOR:
		o->reflector = value;
		return 0;
	case 'Z':
		o->zero_addresses = true;
		return 0;
	case OPTION_INDIVIDUAL:
		o->individual = true;
		return 0;
	case OPTION_SYMMETRICAL:
		o->symmetrical = true;
		return 0;
	case OPTION_DSCP_ECN:
		o->monitoring = true;
		return 0;
	case OPTION_PTP:
		o->ptp = true;
		return 0;
	case OPTION_ZERO_PADDING:
		o->zero_padding = true;
		return 0;
	case OPTION_NO_FALLBACK:
		o->fallback = false;
		return 0;
	case 'J':
		o->json = true;
		return 0;
	case 'q':
		o->quiet = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	case OPTION_PROGRESS:
		o->progress = 1;
		return 0;
	case OPTION_NO_PROGRESS:
		o->progress = 0;
		return 0;
	default:
		return option_protection(option, value, o, error);
	}
}

/** The strictest protection for which keys were given, as twping does; nothing weaker is taken without being asked for. */
static void default_modes(struct options *o)
{
	uint32_t ike = o->sa_file != NULL || o->ike.socket != NULL ? MODE_IKEV2_DERIVED : 0;

	if (ike == 0 && o->key_file == NULL) {
		(void)mode_list_add(&o->modes, MODE_UNAUTHENTICATED);
		return;
	}
	(void)mode_list_add(&o->modes, MODE_ENCRYPTED | ike);
	(void)mode_list_add(&o->modes, MODE_AUTHENTICATED | ike);
	(void)mode_list_add(&o->modes, MODE_MIXED | ike);
}

static int options_check(struct options *o, struct error *error)
{
	int result;

	if ((o->key_file != NULL) != (o->key_id != NULL))
		return error_set(error, ERROR_ARGUMENT,
		                 "--key-file (-k) and --key-id (-u) belong together");
	if (o->key_id != NULL && (o->key_id[0] == '\0' || strlen(o->key_id) > KEY_ID_SIZE))
		return error_set(error, ERROR_ARGUMENT, "--key-id: 1 to %u octets are allowed",
		                 KEY_ID_SIZE);
	if (o->sa_file != NULL && o->ike.socket != NULL)
		return error_set(error, ERROR_ARGUMENT, "--ike and --ike-sa exclude each other");
	result = ike_options_check(&o->ike, error);
	if (result != 0)
		return result;
	if (o->modes.count == 0)
		default_modes(o);
	if (!o->fallback)
		o->modes.count = 1;
	else if (o->key_file != NULL)
		mode_list_add_fallbacks(&o->modes);
	if (mode_list_needs_key(&o->modes) && o->key_file == NULL)
		return error_set(
		        error, ERROR_ARGUMENT,
		        "mode %s needs a key: give --key-file (-k) and --key-id (-u)",
		        probe_mode_name(mode_list_choose(&o->modes, MODE_KEYED_MASK, true)));
	if (mode_list_needs_sa(&o->modes) && o->sa_file == NULL && o->ike.socket == NULL)
		return error_set(error, ERROR_ARGUMENT,
		                 "an ikev2 mode needs an SA: give --ike or --ike-sa");
	if (o->tai_offset != TAI_OFFSET_KERNEL && !o->ptp)
		return error_set(error, ERROR_ARGUMENT, "--tai-offset is for --ptp");
	if (o->reflect_octets != 0 && o->padding != PADDING_AUTOMATIC &&
	    o->padding <= o->reflect_octets)
		return error_set(error, ERROR_ARGUMENT,
		                 "--padding must be larger than --reflect-octets (RFC 6038)");
	return 0;
}

static int option_unknown(const char *word, struct error *error)
{
	bool letter = optopt > 0 && optopt < OPTION_MODE;
	char name[] = {'-', (char)optopt, '\0'};

	return error_set(error, ERROR_ARGUMENT,
	                 "%s: unknown option, or its value is missing; see --help",
	                 letter ? name : word);
}

int options_parse(int argc, char *argv[], struct options *options, struct error *error)
{
	int option, result, failure = 0;

	*options = (struct options){.port = TWAMP_CONTROL_PORT,
	                            .fallback = true,
	                            .allow_count = ALLOW_COUNT_DEFAULT,
	                            .packets = 100,
	                            .sessions = 1,
	                            .interval_ns = 100000000,
	                            .timeout_ns = 2000000000,
	                            .padding = PADDING_AUTOMATIC,
	                            .tai_offset = TAI_OFFSET_KERNEL,
	                            .progress = -1};
	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		/* After an error the rest is read all the same: --json may be there. */
		struct error ignored, *reason = failure == 0 ? error : &ignored;
		if (option == 'h' && failure == 0)
			return OPTIONS_HELP;
		if (option == OPTION_VERSION && failure == 0)
			return OPTIONS_VERSION;
		/* getopt_long takes a value that may be left out behind '=' only; no HOST begins with '/'. */
		if (option == OPTION_IKE && optarg == NULL && optind < argc &&
		    argv[optind][0] == '/')
			optarg = argv[optind++];
		result = option == '?' ? option_unknown(argv[optind > 1 ? optind - 1 : 1], reason)
		                       : option_apply(option, optarg, options, reason);
		failure = failure == 0 ? result : failure;
	}
	if (failure != 0)
		return failure;
	if (argc - optind != 1)
		return error_set(error, ERROR_ARGUMENT, "%s; see --help",
		                 argc == optind ? "HOST is missing" : "one HOST only");
	if (host_port_parse(argv[optind], options->host, &options->port) != 0)
		return error_set(error, ERROR_ARGUMENT,
		                 "\"%s\" is not HOST, HOST:PORT or [ADDRESS]:PORT", argv[optind]);
	result = options_check(options, error);
	return result != 0 ? result : OPTIONS_RUN;
}
