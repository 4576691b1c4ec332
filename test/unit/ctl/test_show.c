/* SPDX-License-Identifier: BSD-3-Clause */
/** Answers as tables, from fixed documents and from hostile ones. */
#include <string.h>

#include "show.h"
#include "unit.h"

static char text[16384];

static const char *show(enum ctl_command command, const char *json, bool all)
{
	json_t *document = json_loads(json, 0, NULL);
	FILE *out = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	CU_ASSERT_PTR_NOT_NULL_FATAL(document);
	CU_ASSERT_EQUAL(show_of(command)(document, all, out), 0);
	(void)fclose(out);
	json_decref(document);
	return text;
}

static void has(const char *line)
{
	CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
	if (strstr(text, line) == NULL)
		(void)printf("missing: %s\nin:\n%s", line, text);
}

static void status_at_a_glance(void)
{
	(void)show(
	        CTL_STATUS,
	        "{\"version\": \"1.2\", \"pid\": 7, \"state\": \"draining\", \"started\": \"T\","
	        "\"uptime_seconds\": 90061.5, \"suite\": \"x\", \"hugepages\": true,"
	        "\"clock\": {\"synchronized\": true, \"source\": \"tsc\", \"error_ns\": 1500},"
	        "\"modes\": [\"a\", \"b\"], \"sessions\": {\"installed\": 3, \"started\": 2,"
	        "\"stopped\": 1, \"limit\": 9}, \"connections\": {\"open\": 4, \"half_open\": 5},"
	        "\"packets\": {\"received\": 10, \"reflected\": 6, \"exception\": 3, \"dropped\": "
	        "1},"
	        "\"cores\": {\"count\": 2, \"stuck\": 1}, \"stuck\": [1]}",
	        false);
	has("version         1.2, process 7\n");
	has("state           draining\n");
	has("1d 01:01:01 ago\n");
	has("hugepages       yes\n");
	has("clock           synchronized, error 1.50 us, source tsc\n");
	has("modes           a, b\n");
	has("sessions        3 of at most 9; 2 started, 1 stopped\n");
	has("packets         10 received: 6 reflected, 3 to the kernel, 1 dropped\n");
	has("stuck           polling lcore 1\n");
}

static void sessions_in_rows(void)
{
	(void)show(CTL_SESSIONS,
	           "{\"total\": 9, \"matched\": 2, \"sessions\": [{\"sid\": \"aa\", \"state\": "
	           "\"started\","
	           "\"mode\": \"encrypted\", \"key\": \"k\", \"connection\": 3, \"sender\": "
	           "{\"address\":"
	           "\"2001:db8::1\", \"port\": 5}, \"reflector\": {\"address\": \"192.0.2.2\", "
	           "\"port\": 6},"
	           "\"received\": 100, \"reflected\": 99, \"last_received_age_seconds\": 0.5},"
	           "{\"sid\": \"bb\", \"last_received_age_seconds\": null}]}",
	           false);
	has("aa   started  encrypted  [2001:db8::1]:5  192.0.2.2:6       100         99  0.50 s  k "
	    " ");
	has("bb   -        -          -                -                   -          -       -  - "
	    " ");
	has("\n2 of 2 shown; 9 in all\n");
	(void)show(CTL_SESSION, "{\"session\": {\"sid\": \"cc\", \"dscp\": 46}}", false);
	has("cc\n");
	(void)show(CTL_SESSION, "{\"sid\": \"dd\", \"timeout_seconds\": 2}", false);
	has("dd\n");
	has("2.00 s\n");
}

static void counters_with_their_meaning(void)
{
	const char *json =
	        "{\"datapath\": {\"received\": 5, \"drop_hmac\": 0}, \"control\": {\"x\": 1},"
	        "\"descriptions\": {\"datapath\": [{\"name\": \"received\", \"unit\":"
	        "\"packets\", \"meaning\": \"frames\"}]}}";

	CU_ASSERT_STRING_EQUAL(show(CTL_COUNTERS, json, false),
	                       "COUNTER   VALUE  UNIT     MEANING\n"
	                       "received      5  packets  frames\n"
	                       "x             1  -        -\n");
	(void)show(CTL_COUNTERS, json, true);
	has("drop_hmac");
}

static void cores_ports_connections_keys(void)
{
	(void)show(
	        CTL_CORES,
	        "{\"cores\": [{\"core\": 0, \"cpu\": 1, \"stuck\": true, \"busy_share\": 0.5,"
	        "\"turnaround_ns\": {\"p50\": 1500}, \"burst_sizes\": [{\"size\": 1, \"count\": 3},"
	        "{\"size\": 4, \"count\": 1}]}]}",
	        false);
	has("STUCK");
	has("50.0%");
	has("1.50 us");
	has("    1      3  75.0%  ##############################\n");
	(void)show(CTL_PORTS,
	           "{\"ports\": [{\"port\": 0, \"name\": \"lab\", \"link\": {\"up\": true, "
	           "\"speed_mbps\": 10},"
	           "\"addresses\": [\"192.0.2.2/24\"], \"vlans\": [{\"vlan\": 7}], \"statistics\": "
	           "{\"received_octets\": 2048}}]}",
	           false);
	has("up, 10 Mbit/s");
	has("192.0.2.2/24");
	has("2.00 KiB");
	has("OUTER VLAN");
	(void)show(CTL_CONNECTIONS,
	           "{\"connections\": [{\"id\": 4, \"mode\": [\"encrypted\"], \"key\": {\"kind\": "
	           "\"key-id\","
	           "\"name\": \"me\"}}]}",
	           false);
	has("encrypted  me");
	(void)show(CTL_KEYS,
	           "{\"psk\": [{\"key_id\": \"me\"}], \"ike\": {\"provider\": \"charon\", "
	           "\"connected\": false,"
	           "\"sas\": [{\"spi_i\": \"01\", \"spi_r\": \"02\", \"identity\": \"x\"}]}}",
	           false);
	has("me\n");
	has("provider charon, not connected\n");
	has("01     02     -     x\n");
}

static void an_outcome_is_told(void)
{
	CU_ASSERT_STRING_EQUAL(
	        show(CTL_RELOAD,
	             "{\"schema\": \"s\", \"command\": \"reload\", \"changed\": [\"a\", \"b\"],"
	             "\"needs_restart\": [], \"keys\": {\"new\": 2}}",
	             false),
	        "changed   a\n          b\nkeys new  2\n");
}

/** Whatever is in a document, texts of tables are lines of what can be printed. */
static void hostile_documents_are_harmless(void)
{
	static const char *const documents[] = {
	        "{}",
	        "{\"sessions\": 1, \"cores\": {}, \"ports\": \"x\", \"psk\": {}, \"ike\": [], "
	        "\"connections\": null, \"datapath\": [], \"stuck\": 7, \"modes\": {}}",
	        "{\"sessions\": [1, [], null], \"cores\": [1, {\"burst_sizes\": [1, {}]}], "
	        "\"ports\": [[]],"
	        "\"psk\": [0], \"ike\": {\"sas\": [[]]}, \"connections\": [1], \"datapath\": "
	        "{\"\": \"\"},"
	        "\"stuck\": [\"x\"]}",
	        "{\"sessions\": [{\"sid\": \"\\u001b[2J\\u009b\\u007f\", \"sender\": {\"address\":"
	        "\"\\r\\n:\", \"port\": -1}}], \"psk\": [{\"key_id\": \"a\\u001b]0;x\\u0007\"}],"
	        "\"state\": \"\\u202e\", \"datapath\": {\"\\u001b\": 1}, \"ike\": {\"provider\":"
	        "\"\\u001b[31m\"}, \"cores\": [{\"core\": \"\\n\", \"busy_share\": 1e308,"
	        "\"cycles_per_packet\": -1e308, \"burst_sizes\": [{\"count\": 9223372036854775807},"
	        "{\"count\": -9223372036854775807}]}], \"\\u001b[m\": \"\\u001b\"}",
	};

	for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
		for (unsigned command = 0; command < CTL_COMMAND_COUNT; command++) {
			(void)show((enum ctl_command)command, documents[i], true);
			for (const char *at = text; *at != '\0'; at++)
				CU_ASSERT_FALSE(((unsigned char)*at < ' ' && *at != '\n') ||
				                *at == 0x7f);
			CU_ASSERT_PTR_NULL(strstr(text, "\xc2\x9b"));
		}
	}
}

int main(void)
{
	CU_TestInfo tests[] = {
	        {"status at a glance", status_at_a_glance},
	        {"sessions in rows", sessions_in_rows},
	        {"counters with their meaning", counters_with_their_meaning},
	        {"cores, ports, connections, keys", cores_ports_connections_keys},
	        {"an outcome is told", an_outcome_is_told},
	        {"hostile documents are harmless", hostile_documents_are_harmless},
	        CU_TEST_INFO_NULL,
	};

	return unit_run("ctl show", tests);
}
