/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "document.h"
#include "show.h"
#include "table.h"

static void add_session(struct table *table, const json_t *session)
{
	char endpoint[SHOW_ENDPOINT_SIZE];

	table_member(table, session, "sid");
	table_member(table, session, "state");
	table_member(table, session, "mode");
	table_cell(table, "%s", show_endpoint(session, "sender", endpoint));
	table_cell(table, "%s", show_endpoint(session, "reflector", endpoint));
	table_member(table, session, "received");
	table_member(table, session, "reflected");
	table_quantity(table, session, "last_received_age_seconds", quantity_duration);
	table_member(table, session, "key");
	table_member(table, session, "connection");
}

int show_sessions(const json_t *document, bool all, FILE *out)
{
	const json_t *sessions = document_at(document, "sessions");
	int status = table_of("SID STATE MODE SENDER REFLECTOR >RECEIVED >REFLECTED >LAST KEY "
	                      ">CONNECTION",
	                      sessions, add_session, out);

	(void)all;
	(void)fprintf(out, "\n%zu of %" PRIu64 "%s shown; %" PRIu64 " in all\n",
	              json_array_size(sessions), document_count(document, "matched"),
	              json_is_false(document_at(document, "complete")) ? " or more" : "",
	              document_count(document, "total"));
	return status;
}

int show_session(const json_t *document, bool all, FILE *out)
{
	static const char *const members[][2] = {
	        {"sid", "sid"},
	        {"state", "state"},
	        {"mode", "mode"},
	        {"key", "key"},
	        {"connection", "connection"},
	        {"vlan", "vlan"},
	        {"outer vlan", "outer_vlan"},
	        {"dscp", "dscp"},
	        {"padding to reflect", "padding_to_reflect_octets"},
	        {"accepted", "accepted"},
	        {"started", "started"},
	        {"stopped", "stopped"},
	        {"received", "received"},
	        {"reflected", "reflected"},
	};
	struct table *table = table_create(". .");
	/* Its members, or one mapping with them. */
	const json_t *inner = document_at(document, "session");
	const json_t *session = json_is_object(inner) ? inner : document;
	char endpoint[SHOW_ENDPOINT_SIZE];

	(void)all;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		table_cell(table, "%s", members[i][0]);
		table_member(table, session, members[i][1]);
	}
	table_cell(table, "sender");
	table_cell(table, "%s", show_endpoint(session, "sender", endpoint));
	table_cell(table, "reflector");
	table_cell(table, "%s", show_endpoint(session, "reflector", endpoint));
	table_cell(table, "last received");
	table_quantity(table, session, "last_received_age_seconds", quantity_duration);
	table_cell(table, "timeout");
	table_quantity(table, session, "timeout_seconds", quantity_duration);
	return table_end(table, out);
}

static void add_connection(struct table *table, const json_t *connection)
{
	char endpoint[SHOW_ENDPOINT_SIZE];

	table_member(table, connection, "id");
	table_cell(table, "%s", show_endpoint(connection, "peer", endpoint));
	table_cell(table, "%s", show_endpoint(connection, "local", endpoint));
	table_member(table, connection, "state");
	table_list(table, connection, "mode");
	table_member(table, connection, "key.name");
	table_member(table, connection, "sessions.accepted");
	table_member(table, connection, "sessions.started");
	table_member(table, connection, "since");
}

int show_connections(const json_t *document, bool all, FILE *out)
{
	(void)all;
	return table_of(">ID PEER LOCAL STATE MODE KEY >ACCEPTED >STARTED SINCE",
	                document_at(document, "connections"), add_connection, out);
}

int show_keys(const json_t *document, bool all, FILE *out)
{
	struct table *ids = table_create("PRE-SHARED_KEY");
	struct table *ike = table_create(". .");
	struct table *sas = table_create("SPI-I SPI-R PEER IDENTITY");
	const char *provider = document_text(document, "ike.provider", "none");
	bool lost = json_is_false(document_at(document, "ike.connected"));
	const json_t *key;
	size_t index;

	(void)all;
	json_array_foreach (document_at(document, "psk"), index, key)
		table_member(ids, key, "key_id");
	table_cell(ike, "IKE SAs");
	table_cell(ike, "provider %s%s", provider,
	           lost && strcmp(provider, "none") != 0 ? ", not connected" : "");
	json_array_foreach (document_at(document, "ike.sas"), index, key) {
		table_member(sas, key, "spi_i");
		table_member(sas, key, "spi_r");
		table_member(sas, key, "peer");
		table_member(sas, key, "identity");
	}
	int status = table_print(ids, out);
	(void)fputc('\n', out);
	if (status == 0)
		status = table_print(ike, out);
	if (status == 0 && json_array_size(document_at(document, "ike.sas")) > 0)
		status = table_print(sas, out);
	table_destroy(ids);
	table_destroy(ike);
	table_destroy(sas);
	return status;
}
