/* SPDX-License-Identifier: BSD-3-Clause */
/** What a wrong configuration says, word for word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "unit.h"

#define EAL     "eal: {lcores: {main: 0, workers: [0]}}\n"
#define DRIVERS "drivers-config: " SOURCE_ROOT "/drivers-config\n"
#define PORTS   "ports: [{name: a, device: net_ring0, addresses: [192.0.2.2/24]}]\n"
#define REST    EAL DRIVERS PORTS /* three lines that are right */
#define CONTROL_KEYS                                                                               \
	"listen, modes, servwait, refwait, count, salt-lifetime, set-up-deadline, half-open, "     \
	"limits, sender-addresses, log-per-minute"
#define PORT_KEYS                                                                                  \
	"name, device, driver, addresses, vlans, queues, mtu, exception, kernel-interface, "       \
	"exception-rate"
#define PREFIX "allowed: a unicast ADDRESS/LENGTH such as 192.0.2.2/24"

struct wrong {
	const char *text;
	int code;
	const char *error;
};

static void refuse_all(const struct wrong *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct config *config = NULL;
		struct error error = {""};
		int status = config_parse("t.yaml", cases[i].text, strlen(cases[i].text), &config,
		                          &error);
		CU_ASSERT_EQUAL(status, cases[i].code);
		CU_ASSERT_STRING_EQUAL(error.text, cases[i].error);
		CU_ASSERT_PTR_NULL(config);
		if (status != cases[i].code || strcmp(error.text, cases[i].error) != 0)
			(void)fprintf(stderr, "%s\n  gave %d: %s\n  want %d: %s\n", cases[i].text,
			              status, error.text, cases[i].code, cases[i].error);
		config_free(config);
	}
}

#define REFUSE_ALL(cases) refuse_all(cases, sizeof(cases) / sizeof((cases)[0]))

static void keys_are_checked(void)
{
	static const struct wrong cases[] = {
	        {REST "control: {servwiat: 5}\n", ERROR_ARGUMENT,
	         "t.yaml:4:11: control.servwiat: unknown key, did you mean \"servwait\"?; "
	         "allowed: " CONTROL_KEYS},
	        {REST "control: {colour: 5}\n", ERROR_ARGUMENT,
	         "t.yaml:4:11: control.colour: unknown key; allowed: " CONTROL_KEYS},
	        {REST "tests: {}\n", ERROR_ARGUMENT,
	         "t.yaml:4:1: tests: unknown key, did you mean \"test\"?; allowed: eal, "
	         "drivers-config, ports, control, keys, ikev2, test, operation, log"},
	        {EAL "ports: [{nam: a, device: net_ring0}]\n", ERROR_ARGUMENT,
	         "t.yaml:2:10: ports[0].nam: unknown key, did you mean \"name\"?; "
	         "allowed: " PORT_KEYS},
	        {REST "test: {padding: zero, padding: zero}\n", ERROR_FORMAT,
	         "t.yaml:4:23: test.padding: duplicate key, first on line 4; allowed: each key "
	         "once"},
	        {REST EAL, ERROR_FORMAT,
	         "t.yaml:4:1: eal: duplicate key, first on line 1; allowed: each key once"},
	        {PORTS, ERROR_ARGUMENT,
	         "t.yaml:1:1: eal: missing; allowed: a mapping of lcores, hugepages, memory, idle, "
	         "idle-sleep"},
	        {"eal: {idle: spin}\n" PORTS, ERROR_ARGUMENT,
	         "t.yaml:1:6: eal.lcores: missing; allowed: a mapping of main, workers"},
	        {"eal: {lcores: {main: 0}}\n" PORTS, ERROR_ARGUMENT,
	         "t.yaml:1:15: eal.lcores.workers: missing; allowed: a list of 1 to 32: an integer "
	         "from 0 to 1023"},
	        {EAL, ERROR_ARGUMENT,
	         "t.yaml:1:1: ports: missing; allowed: a list of 1 to 16: a mapping of " PORT_KEYS},
	        {EAL "ports: [{name: a}]\n", ERROR_ARGUMENT,
	         "t.yaml:2:9: ports[0].device: missing; allowed: a PCI address such as "
	         "0000:01:00.0, "
	         "or a DPDK vdev such as net_tap0,iface=x"},
	        {EAL "ports:\n  - {name: a, device: net_ring0, vlans: [{}]}\n", ERROR_ARGUMENT,
	         "t.yaml:3:42: ports[0].vlans[0].id: missing; allowed: an integer from 1 to 4094"},
	};

	REFUSE_ALL(cases);
}

static void types_are_checked(void)
{
	static const struct wrong cases[] = {
	        {"[1, 2]\n", ERROR_FORMAT,
	         "t.yaml:1:1: a list where a mapping is expected; allowed: a mapping of eal, "
	         "drivers-config, ports, control, keys, ikev2, test, operation, log"},
	        {"eal: 5\n" PORTS, ERROR_FORMAT,
	         "t.yaml:1:6: eal: a scalar where a mapping is expected; allowed: a mapping of "
	         "lcores, "
	         "hugepages, memory, idle, idle-sleep"},
	        {REST "control: {servwait: soon}\n", ERROR_FORMAT,
	         "t.yaml:4:21: control.servwait: \"soon\" is not an integer; allowed: an integer "
	         "from "
	         "1 to 604800"},
	        {REST "control: {servwait: \"5\"}\n", ERROR_FORMAT,
	         "t.yaml:4:21: control.servwait: \"5\" is not an integer; allowed: an integer from "
	         "1 to "
	         "604800"},
	        {REST "control: {servwait: [5]}\n", ERROR_FORMAT,
	         "t.yaml:4:21: control.servwait: a list where a scalar is expected; allowed: an "
	         "integer "
	         "from 1 to 604800"},
	        {REST "control: {modes: mixed}\n", ERROR_FORMAT,
	         "t.yaml:4:18: control.modes: a scalar where a list is expected; allowed: a list "
	         "of "
	         "unauthenticated, authenticated, encrypted, mixed, individual-session-control, "
	         "reflect-octets, symmetrical-size, dscp-ecn-monitoring, ptp-timestamps"},
	        {REST "test: {discard-zero-multiplier: yes}\n", ERROR_FORMAT,
	         "t.yaml:4:33: test.discard-zero-multiplier: \"yes\" is not a boolean; allowed: "
	         "true, "
	         "false"},
	        {REST "keys: {psk-file: }\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: keys.psk-file: empty; allowed: 1 to 511 printable ASCII characters"},
	        {REST "keys: {psk-file: \"a\\nb\"}\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: keys.psk-file: not printable ASCII; allowed: 1 to 511 printable "
	         "ASCII "
	         "characters"},
	};

	REFUSE_ALL(cases);
}

static void values_are_checked(void)
{
	static const struct wrong cases[] = {
	        {REST "control:\n  modes: [unauthenticated, mixed, encrypt]\n", ERROR_ARGUMENT,
	         "t.yaml:5:35: control.modes[2]: unknown mode \"encrypt\"; allowed: "
	         "unauthenticated, "
	         "authenticated, encrypted, mixed, individual-session-control, reflect-octets, "
	         "symmetrical-size, dscp-ecn-monitoring, ptp-timestamps"},
	        {REST "control: {modes: [mixed, mixed]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:26: control.modes[1]: \"mixed\" is listed twice; allowed: a list of "
	         "unauthenticated, authenticated, encrypted, mixed, individual-session-control, "
	         "reflect-octets, symmetrical-size, dscp-ecn-monitoring, ptp-timestamps"},
	        {REST "test: {padding: ones}\n", ERROR_ARGUMENT,
	         "t.yaml:4:17: test.padding: unknown value \"ones\"; allowed: reuse, zero"},
	        {REST "test: {crypto: openssl}\n", ERROR_ARGUMENT,
	         "t.yaml:4:16: test.crypto: unknown value \"openssl\"; allowed: auto, avx512, "
	         "ipsec-mb"},
	        {REST "control: {count: 3000}\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: control.count: \"3000\" is not a power of two; allowed: a power of "
	         "two "
	         "from 1024 to 16777216"},
	        {REST "control: {count: 512}\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: control.count: \"512\" is out of range; allowed: a power of two "
	         "from "
	         "1024 to 16777216"},
	        {REST "control: {servwait: -1}\n", ERROR_ARGUMENT,
	         "t.yaml:4:21: control.servwait: \"-1\" is out of range; allowed: an integer from "
	         "1 to "
	         "604800"},
	        {REST "control: {servwait: 18446744073709551617}\n", ERROR_ARGUMENT,
	         "t.yaml:4:21: control.servwait: \"18446744073709551617\" is out of range; "
	         "allowed: an "
	         "integer from 1 to 604800"},
	        {EAL "ports: []\n", ERROR_ARGUMENT,
	         "t.yaml:2:8: ports: too few elements; allowed: a list of 1 to 16: a mapping of "
	         "" PORT_KEYS},
	        {EAL "ports: [{name: a b, device: net_ring0}]\n", ERROR_ARGUMENT,
	         "t.yaml:2:16: ports[0].name: \"a b\" is not a name; allowed: 1 to 63 letters, "
	         "digits, "
	         "- and _"},
	        {EAL "ports: [{name: a, device: eth0}]\n", ERROR_ARGUMENT,
	         "t.yaml:2:27: ports[0].device: \"eth0\" is not a device; allowed: a PCI address "
	         "such "
	         "as 0000:01:00.0, or a DPDK vdev such as net_tap0,iface=x"},
	        {EAL "ports: [{name: a, device: net_ring0, kernel-interface: sixteen-letters-}]\n",
	         ERROR_ARGUMENT,
	         "t.yaml:2:56: ports[0].kernel-interface: \"sixteen-letters-\" is not an interface "
	         "name; allowed: 1 to 15 letters, digits, -, _ and ."},
	};

	REFUSE_ALL(cases);
}

#define OWN(address) EAL "ports: [{name: a, device: net_ring0, addresses: [\"" address "\"]}]\n"
#define OWN_REFUSED(address, why)                                                                  \
	{                                                                                          \
		OWN(address), ERROR_ARGUMENT,                                                      \
		        "t.yaml:2:50: ports[0].addresses[0]: \"" address "\" " why "; " PREFIX     \
	}

static void addresses_are_checked(void)
{
	static const struct wrong cases[] = {
	        OWN_REFUSED("192.0.2.2", "has no prefix length"),
	        OWN_REFUSED("192.0.2.2/0", "has no prefix length"),
	        OWN_REFUSED("192.0.2.2/33", "is not an address with a prefix length"),
	        OWN_REFUSED("192.0.2.2/", "is not an address with a prefix length"),
	        OWN_REFUSED("192.0.2.2/2x", "is not an address with a prefix length"),
	        OWN_REFUSED("192.0.2.256/24", "is not an address with a prefix length"),
	        OWN_REFUSED("2001:db8::2/129", "is not an address with a prefix length"),
	        OWN_REFUSED("0.0.0.0/24", "is the unspecified address"),
	        OWN_REFUSED("127.0.0.1/8", "is a loopback address"),
	        OWN_REFUSED("::1/128", "is a loopback address"),
	        OWN_REFUSED("224.0.0.1/4", "is not a unicast address"),
	        OWN_REFUSED("255.255.255.255/24", "is not a unicast address"),
	        OWN_REFUSED("192.0.2.0/24", "is the network, not a host in it"),
	        OWN_REFUSED("192.0.2.255/24", "is the network's broadcast address"),
	        OWN_REFUSED("192.0.2.7/30", "is the network's broadcast address"),
	        OWN_REFUSED("2001:db8::/64", "is the network, not a host in it"),
	        OWN_REFUSED("ff02::1/64", "is a multicast address"),
	        OWN_REFUSED("fe80::1/64", "is a link-local address"),
	        OWN_REFUSED("::ffff:192.0.2.2/120", "is an IPv4-mapped address"),
	        {REST "control: {sender-addresses: [192.0.2.1/24]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:30: control.sender-addresses[0]: \"192.0.2.1/24\" has host bits set; "
	         "allowed: 192.0.2.0/24"},
	        {REST "control: {sender-addresses: [everyone]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:30: control.sender-addresses[0]: \"everyone\" is not a prefix; allowed: "
	         "an "
	         "address or prefix such as 198.51.100.0/24"},
	        {REST "control: {listen: [{address: localhost}]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:30: control.listen[0].address: \"localhost\" is not an address; "
	         "allowed: an "
	         "IPv4 or IPv6 address, 0.0.0.0 or ::"},
	};

	REFUSE_ALL(cases);
}

#define PORT(name, device, more) "  - {name: " name ", device: " device ", " more "}\n"

static void ports_are_checked_together(void)
{
	static const struct wrong cases[] = {
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0", "addresses: [192.0.2.2/24]")
	                 PORT("a", "net_ring1", "addresses: [192.0.2.3/24]"),
	         ERROR_ARGUMENT,
	         "t.yaml:5:12: ports[1].name: the name of an earlier port; allowed: each once"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0", "addresses: [192.0.2.2/24]")
	                 PORT("b", "net_ring0", "addresses: [192.0.2.3/24]"),
	         ERROR_ARGUMENT,
	         "t.yaml:5:23: ports[1].device: the device of an earlier port; allowed: each once"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0",
	                                     "addresses: [192.0.2.2/24], kernel-interface: spec1")
	                 PORT("b", "net_ring1", "addresses: [192.0.2.3/24]"),
	         ERROR_ARGUMENT,
	         "t.yaml:5:5: ports[1].kernel-interface: the interface of an earlier port; "
	         "allowed: "
	         "each once"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0", "addresses: [192.0.2.2/24]")
	                 PORT("b", "net_ring1",
	                      "vlans: [{id: 5, addresses: [192.0.2.3/24, 192.0.2.2/25]}]"),
	         ERROR_ARGUMENT,
	         "t.yaml:5:76: ports[1].vlans[0].addresses[1]: the address is given twice; "
	         "allowed: "
	         "each once"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0",
	                                     "addresses: [192.0.2.2/24], vlans: "
	                                     "[{id: 5}, {id: 5, outer-id: 6}, {id: 5}]"),
	         ERROR_ARGUMENT,
	         "t.yaml:4:100: ports[0].vlans[2]: VLAN 5 (outer 0) is given twice; allowed: each "
	         "once"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_ring0", "vlans: [{id: 5}]"), ERROR_ARGUMENT,
	         "t.yaml:4:5: ports[0].addresses: neither the port nor a VLAN has an address; "
	         "allowed: "
	         "one or more"},
	        {EAL DRIVERS "ports:\n" PORT("a", "\"0000:01:00.0\"", "addresses: [192.0.2.2/24]"),
	         ERROR_ARGUMENT,
	         "t.yaml:4:5: ports[0].driver: missing; allowed: the driver profile of a PCI "
	         "device"},
	        {EAL DRIVERS
	         "ports:\n" PORT("a", "net_ring0", "addresses: [192.0.2.2/24], queues: 17"),
	         ERROR_ARGUMENT,
	         "t.yaml:4:69: ports[0].queues: 17 is more than driver ring has; allowed: 1 to 16"},
	        {EAL DRIVERS "ports:\n" PORT("a", "net_null0", "addresses: [192.0.2.2/24]"),
	         ERROR_NOT_FOUND,
	         "t.yaml:4:5: ports[0].driver: no driver profile \"null\" in " SOURCE_ROOT
	         "/drivers-config; allowed: af_packet, af_xdp, i40e, ice, ixgbe, memif, mlx5, "
	         "pcap, "
	         "ring, tap, virtio"},
	};

	REFUSE_ALL(cases);
}

#define TEN(x)         x x x x x x x x x x
#define PATH_107       "/" TEN("1234567890") "123456"
#define CHARON(socket) REST "ikev2:\n  provider: charon\n  socket: " socket "\n"
#define TOO_LONG                                                                                   \
	" characters are too long for the path of a unix socket; allowed: up to 107, with the "    \
	"file's folder where it is relative"

/** The socket's path and the audit's, as t.yaml in the folder /x has them. */
static void check_paths(const char *yaml, const char *socket, const char *audit)
{
	struct config *config = NULL;
	struct error error = {""};

	CU_ASSERT_EQUAL_FATAL(config_parse("/x/t.yaml", yaml, strlen(yaml), &config, &error), 0);
	CU_ASSERT_STRING_EQUAL(config->operation.socket, socket);
	CU_ASSERT_STRING_EQUAL(config->log.audit, audit);
	CU_ASSERT(!config->operation.socket_preset);
	config_free(config);
}

#define NO_HOST                                                                                    \
	" is no name of a host; allowed: a DNS name without a port, such as appliance.example.net"

static void operation_is_checked(void)
{
	static const struct wrong cases[] = {
	        {REST "operation: {socket: /" PATH_107 "}\n", ERROR_ARGUMENT,
	         "t.yaml:4:21: operation.socket: 108" TOO_LONG},
	        {REST "operation: {http: }\n", ERROR_FORMAT,
	         "t.yaml:4:19: operation.http: a scalar where a mapping is expected; allowed: a "
	         "mapping of address, port, hosts"},
	        {REST "operation: {http: {address: localhost}}\n", ERROR_ARGUMENT,
	         "t.yaml:4:29: operation.http.address: \"localhost\" is not an address; allowed: "
	         "an IPv4 or IPv6 address, 0.0.0.0 or ::"},
	        {REST "operation: {http: {hosts: [a.example.net, \"a:9862\"]}}\n", ERROR_ARGUMENT,
	         "t.yaml:4:43: operation.http.hosts[1]: \"a:9862\"" NO_HOST},
	        {REST "operation: {http: {hosts: [a..b]}}\n", ERROR_ARGUMENT,
	         "t.yaml:4:28: operation.http.hosts[0]: \"a..b\"" NO_HOST},
	        {REST "operation: {http: {hosts: [.]}}\n", ERROR_ARGUMENT,
	         "t.yaml:4:28: operation.http.hosts[0]: \".\"" NO_HOST},
	        {REST "operation: {socket-group: \"\"}\n", ERROR_ARGUMENT,
	         "t.yaml:4:27: operation.socket-group: empty; allowed: 1 to 63 printable ASCII "
	         "characters"},
	        {REST "log: {level: loud}\n", ERROR_ARGUMENT,
	         "t.yaml:4:14: log.level: unknown value \"loud\"; allowed: error, warning, info, "
	         "debug"},
	};
	static const char http[] = REST "operation: {http: {hosts: [a, B.example.net.]}}\n";
	struct config *config = NULL;
	struct error error = {""};

	REFUSE_ALL(cases);
	check_paths(REST "operation: {socket: a.sock}\nlog: {audit: trail}\n", "/x/a.sock",
	            "/x/trail");
	check_paths(REST "operation: {socket: \"\"}\nlog: {audit: log}\n", "", CONFIG_AUDIT_LOG);
	check_paths(REST "operation: {socket: /a}\nlog: {audit: \"\"}\n", "/a", "");
	CU_ASSERT_EQUAL_FATAL(config_parse("t.yaml", http, strlen(http), &config, &error), 0);
	CU_ASSERT(config->operation.http.enabled);
	CU_ASSERT_EQUAL(config->operation.http.listen.port, 9862);
	CU_ASSERT_EQUAL(config->operation.http.listen.address.octets[0], 127);
	CU_ASSERT_EQUAL(config->operation.http.host_count, 2);
	CU_ASSERT_STRING_EQUAL(config->operation.http.hosts[0], "a");
	CU_ASSERT_STRING_EQUAL(config->operation.http.hosts[1], "B.example.net");
	config_free(config);
}

static void socket_path_has_to_fit(void)
{
	static const char *const good[] = {
	        CHARON(PATH_107),
	        /* Unused with another provider. */
	        REST "ikev2: {socket: " PATH_107 "7, derive: appliance, allowed-identities: [a]}\n",
	};
	static const struct wrong cases[] = {
	        {CHARON(PATH_107 "7"), ERROR_ARGUMENT, "t.yaml:6:11: ikev2.socket: 108" TOO_LONG},
	};
	static const char relative[] = CHARON("12345");
	struct config *config = NULL;
	struct error error = {""};

	REFUSE_ALL(cases);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(config_parse("t.yaml", good[i], strlen(good[i]), &config, &error),
		                0);
		config_free(config);
	}
	/* Relative to the file's folder, which counts. */
	CU_ASSERT_EQUAL(config_parse("/" TEN("1234567890") "/t.yaml", relative, strlen(relative),
	                             &config, &error),
	                0);
	CU_ASSERT_EQUAL(strlen(config->ikev2.socket), 107);
	config_free(config);
	CU_ASSERT_EQUAL(config_parse("/" TEN("1234567890") "/1/t.yaml", relative, strlen(relative),
	                             &config, &error),
	                ERROR_ARGUMENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, ":6:11: ikev2.socket: 109" TOO_LONG));
}

static void sections_are_checked_together(void)
{
	static const struct wrong cases[] = {
	        {REST "control: {modes: [reflect-octets]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: control.modes: no security mode; allowed: at least one of "
	         "unauthenticated, authenticated, encrypted, mixed"},
	        {REST "control: {modes: [unauthenticated, mixed]}\n", ERROR_ARGUMENT,
	         "t.yaml:4:18: control.modes: authenticated, encrypted and mixed need a key "
	         "source; "
	         "allowed: with keys.psk-file or ikev2.provider"},
	        {REST
	         "control: {modes: [unauthenticated]}\nikev2: {provider: static, sa-file: s}\n",
	         ERROR_ARGUMENT,
	         "t.yaml:4:18: control.modes: ikev2.provider has no mode to serve; allowed: at "
	         "least "
	         "one of authenticated, encrypted, mixed"},
	        {REST "ikev2: {provider: static}\n", ERROR_ARGUMENT,
	         "t.yaml:4:8: ikev2.sa-file: missing; allowed: the SA table that provider static "
	         "reads"},
	        {REST "ikev2: {provider: charon, timeout: 10000}\n", ERROR_ARGUMENT,
	         "t.yaml:4:36: ikev2.timeout: 10000 ms are not shorter than "
	         "control.set-up-deadline; allowed: up to 9999, or a longer set-up-deadline"},
	        {REST "ikev2: {provider: charon}\ncontrol: {set-up-deadline: 2}\n", ERROR_ARGUMENT,
	         "t.yaml:4:8: ikev2.timeout: 2000 ms are not shorter than "
	         "control.set-up-deadline; allowed: up to 1999, or a longer set-up-deadline"},
	        {REST "control: {salt-lifetime: 60, set-up-deadline: 61}\n", ERROR_ARGUMENT,
	         "t.yaml:4:47: control.set-up-deadline: longer than control.salt-lifetime; "
	         "allowed: up "
	         "to 60"},
	        {REST "control: {listen: [{address: 0.0.0.0}, {address: \"::\"}, {address: "
	              "192.0.2.2}]}\n",
	         ERROR_ARGUMENT,
	         "t.yaml:4:57: control.listen[2]: the same address and port as control.listen[0]; "
	         "allowed: each once"},
	        {REST "test: {ports: {lower: 20000}}\n", ERROR_ARGUMENT,
	         "t.yaml:4:23: test.ports.lower: 20000 is above test.ports.upper; allowed: up to "
	         "19960"},
	        {"eal: {lcores: {main: 0, workers: [0, 0]}}\n" DRIVERS PORTS, ERROR_ARGUMENT,
	         "t.yaml:1:38: eal.lcores.workers[1]: CPU 0 is listed twice; allowed: each CPU "
	         "once"},
	        {EAL DRIVERS "ports: [{name: a, device: net_ring0, addresses: [192.0.2.2/24], "
	                     "exception: management}]\n",
	         ERROR_ARGUMENT,
	         "t.yaml:1:1: control.listen: missing, and no port has an address that the kernel "
	         "is "
	         "given; allowed: a list with a management address"},
	};

	REFUSE_ALL(cases);
}

static void cpu_has_to_exist(void)
{
	char text[512], expected[256];
	struct config *config;
	struct error error = {""};
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	(void)snprintf(text, sizeof(text), "eal: {lcores: {main: 0, workers: [%ld]}}\n%s", cpus,
	               DRIVERS PORTS);
	(void)snprintf(
	        expected, sizeof(expected),
	        "t.yaml:1:35: eal.lcores.workers[0]: CPU %ld does not exist; allowed: 0 to %ld",
	        cpus, cpus - 1);
	CU_ASSERT_EQUAL(config_parse("t.yaml", text, strlen(text), &config, &error),
	                ERROR_ARGUMENT);
	CU_ASSERT_STRING_EQUAL(error.text, expected);
}

static void syntax_is_checked(void)
{
	static const struct wrong cases[] = {
	        {"eal:\n\tidle: sleep\n", ERROR_FORMAT,
	         "t.yaml:2:1: YAML syntax: found character that cannot start any token while "
	         "scanning for the next token; a tab? indent with spaces"},
	        {"eal: [1\n", ERROR_FORMAT,
	         "t.yaml:2:1: YAML syntax: did not find expected ',' or ']' while parsing a flow "
	         "sequence"},
	        {"a: b: c\n", ERROR_FORMAT,
	         "t.yaml:1:5: YAML syntax: mapping values are not allowed in this context"},
	        {"", ERROR_FORMAT, "t.yaml:1:1: an empty file; allowed: a mapping"},
	        {"# only a comment\n", ERROR_FORMAT,
	         "t.yaml:2:1: an empty file; allowed: a mapping"},
	        {REST "---\na: b\n", ERROR_FORMAT, "t.yaml:4:1: a second document; allowed: one"},
	        {"eal: &x {}\n", ERROR_FORMAT,
	         "t.yaml:1:6: an anchor or alias; allowed: values written out"},
	        {"eal: *x\n", ERROR_FORMAT,
	         "t.yaml:1:6: an anchor or alias; allowed: values written out"},
	        {"eal: !!map {}\n", ERROR_FORMAT,
	         "t.yaml:1:6: a tag; allowed: values without a tag"},
	        {"? [a]\n: b\n", ERROR_FORMAT,
	         "t.yaml:1:3: a key that is not a scalar; allowed: names"},
	        {"eal: \"\\0\"\n", ERROR_FORMAT, "t.yaml:1:6: a NUL in a text; allowed: text"},
	        {"[[[[[[[[[[[[[[[[[\n", ERROR_LIMIT,
	         "t.yaml:1:17: nested too deep; allowed: 16 levels"},
	};

	REFUSE_ALL(cases);
}

static void files_are_checked(void)
{
	struct config *config;
	struct error error;

	CU_ASSERT_EQUAL(config_load("/nonexistent/lab.yaml", &config, &error), ERROR_NOT_FOUND);
	CU_ASSERT_STRING_EQUAL(error.text, "/nonexistent/lab.yaml: No such file or directory");
	CU_ASSERT_EQUAL(config_load("/", &config, &error), ERROR_SYSTEM);
	CU_ASSERT_STRING_EQUAL(error.text, "/: not a regular file; allowed: a YAML file");
}

int main(void)
{
	CU_TestInfo tests[] = {{"keys are checked", keys_are_checked},
	                       {"types are checked", types_are_checked},
	                       {"values are checked", values_are_checked},
	                       {"addresses are checked", addresses_are_checked},
	                       {"ports are checked together", ports_are_checked_together},
	                       {"sections are checked together", sections_are_checked_together},
	                       {"socket path has to fit", socket_path_has_to_fit},
	                       {"operation is checked", operation_is_checked},
	                       {"CPU has to exist", cpu_has_to_exist},
	                       {"syntax is checked", syntax_is_checked},
	                       {"files are checked", files_are_checked},
	                       CU_TEST_INFO_NULL};
	return unit_run("config-errors", tests);
}
