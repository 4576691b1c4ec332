/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <string.h>

#include "dscp.h"
#include "unit.h"
#include "wire/ike_key_message.h"

#define ARGUMENTS_MAXIMUM 16

static struct options options;
static struct error error;

/** Parses a command line given as one text, split at blanks. */
static int parse(const char *line)
{
	static char text[256];
	char *argv[ARGUMENTS_MAXIMUM + 1] = {NULL}, *save = NULL, *word;
	int argc = 0;

	(void)strncpy(text, line, sizeof(text) - 1);
	error.text[0] = '\0';
	for (word = strtok_r(text, " ", &save); word != NULL && argc < ARGUMENTS_MAXIMUM;
	     word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	return options_parse(argc, argv, &options, &error);
}

static void defaults_stand(void)
{
	CU_ASSERT(parse("probe 192.0.2.2") == OPTIONS_RUN);
	CU_ASSERT_STRING_EQUAL(options.host, "192.0.2.2");
	CU_ASSERT(options.port == 862 && options.packets == 100 && options.sessions == 1);
	CU_ASSERT(options.interval_ns == 100000000 && !options.exponential);
	CU_ASSERT(options.timeout_ns == 2000000000 && options.padding == PADDING_AUTOMATIC);
	CU_ASSERT(options.modes.count == 1 && options.modes.modes[0] == MODE_UNAUTHENTICATED);
	CU_ASSERT(options.allow_count == 32768 && options.fallback && options.progress == -1);
}

static void short_and_long_options_agree(void)
{
	struct options letters;

	CU_ASSERT(parse("probe -c 5 -i 0.5e -A EA -k f -u lab -s 99 -D ef -L 3 -P 1000-2000 -S "
	                "::1") == ERROR_ARGUMENT);
	CU_ASSERT(parse("probe -c 5 -i 0.5e -A E -k f -u lab -s 99 -D ef -L 3 -P 1000-2000 h") ==
	          ERROR_ARGUMENT); /* seventeen words: the host was cut off */
	CU_ASSERT(parse("probe -c5 -i0.5e -AE -kf -ulab -s99 -Def -L3 -P1000-2000 -J -4 h") ==
	          OPTIONS_RUN);
	letters = options;
	CU_ASSERT(parse("probe --count=5 --interval=0.5e --mode=encrypted --key-file=f "
	                "--key-id=lab --padding=99 --dscp=46 --timeout=3 --ports=1000-2000 "
	                "--json --ipv4 h") == OPTIONS_RUN);
	CU_ASSERT(options.packets == 5 && letters.packets == 5);
	CU_ASSERT(options.exponential && letters.exponential);
	CU_ASSERT(options.interval_ns == 500000000 && letters.interval_ns == 500000000);
	CU_ASSERT(options.modes.modes[0] == MODE_ENCRYPTED && letters.modes.modes[0] == 4);
	CU_ASSERT(options.padding == 99 && letters.padding == 99);
	CU_ASSERT(options.dscp == 46 && letters.dscp == 46);
	CU_ASSERT(options.port_low == 1000 && letters.port_high == 2000);
	CU_ASSERT(options.family == 4 && letters.family == 4 && options.json && letters.json);
}

static void hosts_and_ports_are_told_apart(void)
{
	char host[HOST_TEXT_SIZE];
	uint16_t port = 862;

	CU_ASSERT(host_port_parse("2001:db8::1", host, &port) == 0 && port == 862);
	CU_ASSERT_STRING_EQUAL(host, "2001:db8::1");
	CU_ASSERT(host_port_parse("[2001:db8::1]:8620", host, &port) == 0 && port == 8620);
	CU_ASSERT_STRING_EQUAL(host, "2001:db8::1");
	CU_ASSERT(host_port_parse("[::1]", host, &port) == 0 && port == 8620);
	CU_ASSERT(host_port_parse("example.net:1", host, &port) == 0 && port == 1);
	CU_ASSERT_STRING_EQUAL(host, "example.net");
	CU_ASSERT(host_port_parse("h:0", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse("h:65536", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse("h:", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse(":862", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse("[::1", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse("[::1]862", host, &port) == ERROR_FORMAT);
	CU_ASSERT(host_port_parse("", host, &port) == ERROR_FORMAT);
}

static void wrong_values_name_the_option(void)
{
	static const char *const lines[][2] = {
	        {"probe -c 0 h", "--count"},
	        {"probe -c 1x h", "--count"},
	        {"probe -c -1 h", "--count"},
	        {"probe -i x h", "--interval"},
	        {"probe -i 1z h", "--interval"},
	        {"probe -i 1ee h", "--interval"},
	        {"probe -i nan h", "--interval"},
	        {"probe -L -1 h", "--timeout"},
	        {"probe -D 64 h", "--dscp"},
	        {"probe --ecn 4 h", "--ecn"},
	        {"probe --ptp --tai-offset -1 h", "--tai-offset"},
	        {"probe --tai-offset 37 h", "--ptp"},
	        {"probe -P 9-5 h", "--ports"},
	        {"probe -s 70000 h", "--padding"},
	        {"probe --mode open h", "--mode"},
	        {"probe -A X h", "-A"},
	        {"probe --sessions 65 h", "--sessions"},
	        {"probe --reflect-octets 1 h", "--reflect-octets"},
	        {"probe --reflect-octets 20 -s 20 h", "--padding"},
	        {"probe --ike-token-key raw h", "--ike-token-key"},
	        {"probe --allow-count 10 h", "--allow-count"},
	        {"probe -4 -6 h", "-4 and -6"},
	        {"probe -u lab h", "--key-file"},
	        {"probe -k f h", "--key-id"},
	        {"probe --ike --ike-sa f h", "--ike and --ike-sa"},
	        {"probe --ike=run/socket h", "absolute path"},
	        {"probe --ike= h", "--ike"},
	        {"probe --ike-peer ::1 h", "--ike-peer needs --ike"},
	        {"probe --ike-initiate lab h", "--ike-initiate needs --ike"},
	        {"probe --ike --ike-vici tcp://x h", "--ike-vici needs --ike-initiate"},
	        {"probe --ike --ike-peer h h", "--ike-peer"},
	        {"probe --ike --ike-peer 0.0.0.0 h", "--ike-peer"},
	        {"probe --ike --ike-initiate -x h", "--ike-initiate"},
	        {"probe --ike --ike-initiate= h", "--ike-initiate"},
	        {"probe --ike --ike-initiate lab --ike-vici -x h", "--ike-vici"},
	        {"probe --bogus h", "--bogus"},
	        {"probe -xJ h", "-x"},
	        {"probe -c", "-c"},
	        {"probe", "HOST"},
	        {"probe a b", "one HOST"},
	        {"probe h:0", "h:0"},
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		CU_ASSERT(parse(lines[i][0]) == ERROR_ARGUMENT);
		CU_ASSERT(strstr(error.text, lines[i][1]) != NULL);
	}
}

static void json_is_known_in_spite_of_errors(void)
{
	CU_ASSERT(parse("probe -J -c 0 h") == ERROR_ARGUMENT);
	CU_ASSERT(options.json);
	CU_ASSERT(parse("probe -c 0 --bogus h --json") == ERROR_ARGUMENT);
	CU_ASSERT(options.json);
	CU_ASSERT(strstr(error.text, "--count") != NULL);
	CU_ASSERT(parse("probe -c 0 h") == ERROR_ARGUMENT);
	CU_ASSERT(!options.json);
}

static void modes_need_their_keys(void)
{
	CU_ASSERT(parse("probe --mode encrypted h") == ERROR_ARGUMENT);
	CU_ASSERT(strstr(error.text, "mode encrypted needs a key") != NULL);
	CU_ASSERT(parse("probe --mode ikev2-mixed h") == ERROR_ARGUMENT);
	CU_ASSERT(strstr(error.text, "--ike-sa") != NULL);
	CU_ASSERT(parse("probe --mode mixed -k f -u lab --ike-sa g h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 1 && options.modes.modes[0] == MODE_MIXED);
	CU_ASSERT(parse("probe --mode unauthenticated -k f -u lab --ike-sa g h") == OPTIONS_RUN);
	CU_ASSERT(parse("probe -k f -u lab h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 3 && options.modes.modes[0] == MODE_ENCRYPTED);
	CU_ASSERT(parse("probe --ike-sa g h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 3);
	CU_ASSERT(options.modes.modes[0] == (MODE_ENCRYPTED | MODE_IKEV2_DERIVED));
}

static void the_daemon_may_be_named(void)
{
	CU_ASSERT(parse("probe h") == OPTIONS_RUN && options.ike.socket == NULL);
	CU_ASSERT(parse("probe --ike h") == OPTIONS_RUN);
	CU_ASSERT_STRING_EQUAL(options.ike.socket, IKE_KEY_SOCKET_DEFAULT);
	CU_ASSERT_STRING_EQUAL(options.host, "h");
	CU_ASSERT(options.modes.count == 3);
	CU_ASSERT(options.modes.modes[0] == (MODE_ENCRYPTED | MODE_IKEV2_DERIVED));
	CU_ASSERT(parse("probe --ike=/a h") == OPTIONS_RUN);
	CU_ASSERT_STRING_EQUAL(options.ike.socket, "/a");
	CU_ASSERT(parse("probe h --ike /b -J") == OPTIONS_RUN && options.json);
	CU_ASSERT_STRING_EQUAL(options.ike.socket, "/b");
	CU_ASSERT_STRING_EQUAL(options.host, "h");
	CU_ASSERT(parse("probe h --ike") == OPTIONS_RUN);
	CU_ASSERT_STRING_EQUAL(options.ike.socket, IKE_KEY_SOCKET_DEFAULT);
	CU_ASSERT(parse("probe --ike --ike-peer ::1 --ike-initiate lab --ike-vici tcp://x h") ==
	          OPTIONS_RUN);
	CU_ASSERT(options.ike.peer.family == 6);
	CU_ASSERT_STRING_EQUAL(options.ike.connection, "lab");
	CU_ASSERT_STRING_EQUAL(options.ike.vici_uri, "tcp://x");
	CU_ASSERT(parse("probe --ike --no-fallback -k f -u lab h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 1);
	CU_ASSERT(parse("probe --ike -k f -u lab h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 6 && options.modes.modes[1] == MODE_ENCRYPTED);
}

static void fallback_only_with_a_key_and_when_allowed(void)
{
	CU_ASSERT(parse("probe --mode ikev2-mixed --ike-sa g h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 1);
	CU_ASSERT(parse("probe --mode ikev2-mixed --ike-sa g -k f -u lab h") == OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 2 && options.modes.modes[1] == MODE_MIXED);
	CU_ASSERT(parse("probe --mode ikev2-mixed --ike-sa g -k f -u lab --no-fallback h") ==
	          OPTIONS_RUN);
	CU_ASSERT(options.modes.count == 1);
}

static void help_and_version_need_no_host(void)
{
	CU_ASSERT(parse("probe --help") == OPTIONS_HELP);
	CU_ASSERT(parse("probe -h") == OPTIONS_HELP);
	CU_ASSERT(parse("probe --version") == OPTIONS_VERSION);
}

static void dscp_by_number_and_name(void)
{
	uint8_t dscp;

	CU_ASSERT(dscp_parse("0x2e", &dscp) == 0 && dscp == 46);
	CU_ASSERT(dscp_parse("EF", &dscp) == 0 && dscp == 46);
	CU_ASSERT(dscp_parse("cs1", &dscp) == 0 && dscp == 8);
	CU_ASSERT(dscp_parse("AF43", &dscp) == 0 && dscp == 38);
	CU_ASSERT(dscp_parse("0", &dscp) == 0 && dscp == 0);
	CU_ASSERT(ecn_parse("CE", &dscp) == 0 && dscp == 3);
	CU_ASSERT(ecn_parse("1", &dscp) == 0 && dscp == 1);
	CU_ASSERT(ecn_parse("11", &dscp) == ERROR_FORMAT && ecn_parse("", &dscp) == ERROR_FORMAT);
	CU_ASSERT_STRING_EQUAL(ecn_name(2), "ECT(0)");
	CU_ASSERT(dscp_parse("64", &dscp) == ERROR_FORMAT);
	CU_ASSERT(dscp_parse("-1", &dscp) == ERROR_FORMAT);
	CU_ASSERT(dscp_parse("", &dscp) == ERROR_FORMAT);
	CU_ASSERT(dscp_parse("cs8", &dscp) == ERROR_FORMAT);
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"defaults stand", defaults_stand},
	        {"short and long options agree", short_and_long_options_agree},
	        {"hosts and ports are told apart", hosts_and_ports_are_told_apart},
	        {"wrong values name the option", wrong_values_name_the_option},
	        {"JSON is known in spite of errors", json_is_known_in_spite_of_errors},
	        {"modes need their keys", modes_need_their_keys},
	        {"the daemon may be named", the_daemon_may_be_named},
	        {"fall-back only with a key and when allowed",
	         fallback_only_with_a_key_and_when_allowed},
	        {"help and version need no host", help_and_version_need_no_host},
	        {"DSCP by number and name", dscp_by_number_and_name},
	        CU_TEST_INFO_NULL};
	return unit_run("app-probe-options", tests);
}
