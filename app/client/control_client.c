/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_client.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

/** Of the greeting: what stands before Modes. */
#define GREETING_UNUSED_SIZE 12u
/** A segment of TCP holds about so many. */
#define REQUESTS_A_WRITE 12u

static const struct control_words option_words = {
        .key = "--key-id and the passphrase in --key-file",
        .sa = "the SA and --ike-token-key",
        .session = "check --source, --reflector, --padding, --timeout and --dscp, or try "
                   "--zero-addresses",
        .sessions = "ask for fewer --sessions",
};

static const struct control_words *words_of(const struct control_client *client)
{
	return client->words != NULL ? client->words : &option_words;
}

/** Servers of text protocols greet with letters, where TWAMP's greeting has octets that are unused (RFC 4656 section 3.1). */
static int check_unused(const uint8_t unused[GREETING_UNUSED_SIZE], struct error *error)
{
	char text[GREETING_UNUSED_SIZE + 1] = {0};

	for (size_t i = 0; i < GREETING_UNUSED_SIZE; i++) {
		if (unused[i] < ' ' || unused[i] > '~')
			return 0;
		text[i] = (char)unused[i];
	}
	return error_set(error, ERROR_UNAVAILABLE,
	                 "this is no TWAMP server: it says \"%s...\"; is its port right?", text);
}

static int read_greeting(struct control_channel *channel, uint8_t octets[GREETING_SIZE],
                         struct error *error)
{
	const char *what = "Server-Greeting";
	int result = control_channel_read(channel, octets, GREETING_UNUSED_SIZE, what, error);

	if (result == 0)
		result = check_unused(octets, error);
	return result != 0
	               ? result
	               : control_channel_read(channel, octets + GREETING_UNUSED_SIZE,
	                                      GREETING_SIZE - GREETING_UNUSED_SIZE, what, error);
}

int control_client_connect(struct control_client *client, const struct endpoint *server,
                           const struct address *source, uint8_t dscp, int interrupt_fd,
                           struct error *error)
{
	uint8_t octets[GREETING_SIZE];
	int result;

	*client = (struct control_client){0};
	result = control_channel_connect(&client->channel, server, source, dscp, interrupt_fd,
	                                 error);
	if (result == 0)
		result = read_greeting(&client->channel, octets, error);
	if (result != 0)
		return result;
	server_greeting_read(octets, &client->greeting);
	if (client->greeting.modes == 0)
		return error_set(
		        error, ERROR_UNAVAILABLE,
		        "the server offers no mode: it does not want to talk to this address "
		        "now (too many connections, or not allowed); try again later");
	return 0;
}

int control_client_check_count(uint32_t count, uint32_t allowed_count, struct error *error)
{
	if (count < PBKDF2_COUNT_MINIMUM || (count & (count - 1)) != 0)
		return error_set(error, ERROR_LIMIT,
		                 "the server's PBKDF2 count %u is not a power of two from %u "
		                 "(RFC 4656 section 3.1): passphrases would be badly protected",
		                 count, PBKDF2_COUNT_MINIMUM);
	if (count > allowed_count)
		return error_set(
		        error, ERROR_LIMIT,
		        "the server asks for a PBKDF2 count of %u, more than the %u allowed: "
		        "--allow-count %u allows it",
		        count, allowed_count, count);
	return 0;
}

/** KeyID, Token and Client-IV of a keyed mode; RFC 4656 section 3.1. */
static int seal_response(struct control_client *client, const struct credentials *credentials,
                         struct set_up_response *response, struct error *error)
{
	uint8_t token_key[TOKEN_KEY_SIZE];
	int result = credentials_token_key(credentials, client->mode, &client->greeting,
	                                   response->key_id, token_key, error);

	if (result == 0 && (random_octets(client->keys.aes, sizeof(client->keys.aes)) != 0 ||
	                    random_octets(client->keys.hmac, sizeof(client->keys.hmac)) != 0 ||
	                    random_octets(response->client_iv, sizeof(response->client_iv)) != 0 ||
	                    token_seal(token_key, client->greeting.challenge, &client->keys,
	                               response->token) != 0))
		result = error_set(error, ERROR_CRYPTO, "making the session keys failed");
	secret_wipe(token_key, sizeof(token_key));
	return result;
}

/** What a refusal of Set-Up-Response means to the person. */
static int set_up_refused(const struct control_client *client, uint8_t accept, struct error *error)
{
	const struct control_words *words = words_of(client);
	const char *remedy = "", *where = "";

	if (accept == ACCEPT_NO_IKE_SA)
		return error_set(error, ERROR_NOT_FOUND,
		                 "the server has no IKE SA with these SPIs (Accept %u)", accept);
	if (accept == ACCEPT_TEMPORARY_LIMIT)
		remedy = client->mode & MODE_IKEV2_DERIVED
		                 ? "; try again later: the server is full, or can't ask its IKE "
		                   "daemon, then its log says why"
		                 : "; try again later";
	else if (client->mode & MODE_IKEV2_DERIVED) {
		remedy = "; most often the two sides hold different SK_d or derive the Token's key "
		         "differently: check ";
		where = words->sa;
	} else if (client->mode & MODE_KEYED_MASK) {
		remedy = "; most often the key is wrong or unknown there: check ";
		where = words->key;
	}
	return error_set(error, ERROR_PERMISSION,
	                 "the server refused the set-up: %s (Accept %u)%s%s", accept_name(accept),
	                 accept, remedy, where);
}

static int receive_server_start(struct control_client *client, const uint8_t client_iv[IV_SIZE],
                                struct error *error)
{
	uint8_t octets[SERVER_START_SIZE] = {0};
	bool keyed = client->mode & MODE_KEYED_MASK;
	int result = control_channel_read(&client->channel, octets, SERVER_START_CLEAR_SIZE,
	                                  "Server-Start", error);

	if (result != 0 && keyed && result == ERROR_UNAVAILABLE) {
		struct error reason = *error;
		return error_set(error, result,
		                 "%.300s; some servers answer a wrong key so: check %s",
		                 reason.text,
		                 client->mode & MODE_IKEV2_DERIVED ? words_of(client)->sa
		                                                   : words_of(client)->key);
	}
	if (result != 0)
		return result;
	server_start_read(octets, &client->server_start);
	if (client->server_start.accept != ACCEPT_OK)
		return set_up_refused(client, client->server_start.accept, error);
	client->stream = control_stream_create(keyed ? &client->keys : NULL, client_iv,
	                                       client->server_start.server_iv);
	if (client->stream == NULL)
		return error_set(error, ERROR_CRYPTO, "can't make the control stream");
	result = control_channel_read(&client->channel, octets + SERVER_START_CLEAR_SIZE,
	                              SERVER_START_SIZE - SERVER_START_CLEAR_SIZE, "Server-Start",
	                              error);
	if (result == 0 && control_stream_receive(client->stream, octets + SERVER_START_CLEAR_SIZE,
	                                          SERVER_START_SIZE - SERVER_START_CLEAR_SIZE) != 0)
		result = error_set(error, ERROR_CRYPTO, "decrypting Server-Start failed");
	if (result == 0)
		server_start_read(octets, &client->server_start);
	return result;
}

int control_client_set_up(struct control_client *client, uint32_t mode,
                          const struct credentials *credentials, struct error *error)
{
	struct set_up_response response = {.mode = mode};
	uint8_t octets[SET_UP_RESPONSE_SIZE];
	int result = 0;

	client->mode = mode;
	if (mode & MODE_KEYED_MASK)
		result = seal_response(client, credentials, &response, error);
	if (result != 0)
		return result;
	set_up_response_write(octets, &response);
	result = control_channel_write(&client->channel, octets, sizeof(octets), "Set-Up-Response",
	                               error);
	if (result != 0)
		return result;
	return receive_server_start(client, response.client_iv, error);
}

static int send_message(struct control_client *client, uint8_t *octets, size_t size,
                        const char *what, struct error *error)
{
	if (control_stream_send_with_hmac(client->stream, octets, size) != 0)
		return error_set(error, ERROR_CRYPTO, "encrypting %s failed", what);
	return control_channel_write(&client->channel, octets, size, what, error);
}

static int read_blocks(struct control_client *client, uint8_t *octets, size_t size,
                       const char *what, struct error *error)
{
	int result = control_channel_read(&client->channel, octets, size, what, error);

	if (result == 0 && control_stream_receive(client->stream, octets, size) != 0)
		result = error_set(error, ERROR_CRYPTO, "decrypting %s failed", what);
	return result;
}

static int read_hmac(struct control_client *client, const char *what, struct error *error)
{
	uint8_t hmac[CONTROL_STREAM_HMAC_SIZE];
	int result = control_channel_read(&client->channel, hmac, sizeof(hmac), what, error);

	if (result != 0)
		return result;
	if (!control_stream_receive_hmac(client->stream, hmac))
		return error_set(error, ERROR_CRYPTO, "the HMAC of the server's %s is wrong: %s",
		                 what,
		                 client->server_hmac_seen
		                         ? "somebody changes the control connection on its way"
		                         : "the server does not hold this key, or somebody changes "
		                           "the control connection on its way");
	client->server_hmac_seen = true;
	return 0;
}

static int session_declined(const struct control_client *client, uint8_t accept,
                            struct error *error)
{
	const struct control_words *words = words_of(client);
	const char *remedy = "", *what = "";

	switch (accept) {
	case ACCEPT_NOT_SUPPORTED:
		remedy = "; it does not take these addresses, this padding, timeout or DSCP: ";
		what = words->session;
		break;
	case ACCEPT_PERMANENT_LIMIT:
		remedy = "; a limit of the server: ";
		what = words->sessions;
		break;
	case ACCEPT_TEMPORARY_LIMIT:
		remedy = "; a limit of the server: try again later";
		break;
	default:
		break;
	}
	return error_set(error, ERROR_PERMISSION,
	                 "the server declined the session: %s (Accept %u)%s%s", accept_name(accept),
	                 accept, remedy, what);
}

int control_client_send_requests(struct control_client *client,
                                 const struct request_tw_session *requests, unsigned count,
                                 struct error *error)
{
	uint8_t commands[REQUESTS_A_WRITE * REQUEST_TW_SESSION_SIZE];
	int result = 0;

	for (unsigned done = 0; done < count && result == 0;) {
		unsigned some = count - done < REQUESTS_A_WRITE ? count - done : REQUESTS_A_WRITE;
		size_t size = (size_t)some * REQUEST_TW_SESSION_SIZE;
		memset(commands, 0, size);
		for (unsigned i = 0; i < some && result == 0; i++) {
			uint8_t *command = commands + (size_t)i * REQUEST_TW_SESSION_SIZE;
			request_tw_session_write(command, &requests[done + i]);
			if (control_stream_send_with_hmac(client->stream, command,
			                                  REQUEST_TW_SESSION_SIZE) != 0)
				result = error_set(error, ERROR_CRYPTO,
				                   "encrypting Request-TW-Session failed");
		}
		if (result == 0)
			result = control_channel_write(&client->channel, commands, size,
			                               "Request-TW-Session", error);
		done += some;
	}
	return result;
}

static int read_accept(struct control_client *client, struct accept_session *accept,
                       struct error *error)
{
	uint8_t answer[ACCEPT_SESSION_SIZE];
	int result = read_blocks(client, answer, sizeof(answer) - CONTROL_HMAC_SIZE,
	                         "Accept-Session", error);

	if (result == 0)
		result = read_hmac(client, "Accept-Session", error);
	if (result == 0)
		accept_session_read(answer, accept);
	return result;
}

int control_client_receive_accept(struct control_client *client, struct request_tw_session *request,
                                  bool *suggested, struct accept_session *accept,
                                  struct error *error)
{
	bool once = *suggested;
	int result = read_accept(client, accept, error);

	*suggested = false;
	if (result != 0)
		return result;
	if (accept->accept != ACCEPT_OK && accept->port != 0 && !once &&
	    accept->port != request->receiver.port) {
		/* RFC 5357 section 3.5: a port was suggested in place of the one asked. */
		request->receiver.port = accept->port;
		*suggested = true;
		return 0;
	}
	if (accept->accept != ACCEPT_OK)
		return session_declined(client, accept->accept, error);
	if (accept->port == 0)
		return error_set(error, ERROR_FORMAT,
		                 "the server accepted the session without a port");
	if ((client->mode & MODE_REFLECT_OCTETS) &&
	    accept->reflected_octets != request->octets_to_reflect)
		return error_set(error, ERROR_FORMAT,
		                 "the server did not reflect the octets of Request-TW-Session "
		                 "(RFC 6038 section 4.3)");
	return 0;
}

int control_client_request_session(struct control_client *client,
                                   struct request_tw_session *request,
                                   struct accept_session *accept, struct error *error)
{
	bool suggested = false;
	int result;

	do {
		result = control_client_send_requests(client, request, 1, error);
		if (result == 0)
			result = control_client_receive_accept(client, request, &suggested, accept,
			                                       error);
	} while (result == 0 && suggested);
	return result;
}

/** Start-N-Ack or Stop-N-Ack: each SID of ours exactly once; RFC 5938 sections 3.3 and 3.5. */
static int read_acks(struct control_client *client, uint8_t command, const char *what,
                     const uint8_t (*sids)[SID_SIZE], uint32_t sessions, bool *seen,
                     struct error *error)
{
	uint32_t left = sessions;
	uint8_t refused = ACCEPT_OK;

	while (left > 0) {
		uint8_t header[SESSION_LIST_HEADER_SIZE], sid[SID_SIZE];
		struct session_list list;
		int result = read_blocks(client, header, sizeof(header), what, error);
		if (result != 0)
			return result;
		session_list_read(header, &list);
		if (list.command != command || list.sessions == 0 || list.sessions > left)
			return error_set(error, ERROR_FORMAT,
			                 "the server sent something else than %s", what);
		for (uint32_t i = 0; i < list.sessions; i++) {
			uint32_t match = 0;
			result = read_blocks(client, sid, sizeof(sid), what, error);
			if (result != 0)
				return result;
			while (match < sessions && memcmp(sids[match], sid, SID_SIZE) != 0)
				match++;
			if (match == sessions || seen[match])
				return error_set(error, ERROR_FORMAT,
				                 "the server's %s has a SID that is not ours",
				                 what);
			seen[match] = true;
			left--;
		}
		result = read_hmac(client, what, error);
		if (result != 0)
			return result;
		if (list.accept != ACCEPT_OK)
			refused = list.accept;
	}
	if (refused != ACCEPT_OK)
		return error_set(error, ERROR_PERMISSION,
		                 "the server answered %s with %s (Accept %u)", what,
		                 accept_name(refused), refused);
	return 0;
}

/** Start-N-Sessions or Stop-N-Sessions and its Acks. */
static int exchange_list(struct control_client *client, uint8_t command, const char *what,
                         uint8_t ack, const char *ack_what, const uint8_t (*sids)[SID_SIZE],
                         uint32_t sessions, struct error *error)
{
	struct session_list list = {.command = command, .sessions = sessions};
	size_t size = SESSION_LIST_SIZE(sessions);
	uint8_t *octets = calloc(1, size);
	bool *seen = calloc(sessions, sizeof(*seen));
	int result;

	if (octets == NULL || seen == NULL) {
		result = error_set(error, ERROR_MEMORY, "out of memory");
	} else {
		session_list_write(octets, &list);
		memcpy(octets + SESSION_LIST_HEADER_SIZE, sids, (size_t)sessions * SID_SIZE);
		result = send_message(client, octets, size, what, error);
		if (result == 0)
			result = read_acks(client, ack, ack_what, sids, sessions, seen, error);
	}
	free(octets);
	free(seen);
	return result;
}

int control_client_start(struct control_client *client, const uint8_t (*sids)[SID_SIZE],
                         uint32_t sessions, struct error *error)
{
	uint8_t command[START_SESSIONS_SIZE] = {0}, answer[START_ACK_SIZE];
	uint8_t accept;
	int result;

	if (client->mode & MODE_INDIVIDUAL_SESSION_CONTROL)
		return exchange_list(client, COMMAND_START_N_SESSIONS, "Start-N-Sessions",
		                     COMMAND_START_N_ACK, "Start-N-Ack", sids, sessions, error);
	start_sessions_write(command);
	result = send_message(client, command, sizeof(command), "Start-Sessions", error);
	if (result == 0)
		result = read_blocks(client, answer, sizeof(answer) - CONTROL_HMAC_SIZE,
		                     "Start-Ack", error);
	if (result == 0)
		result = read_hmac(client, "Start-Ack", error);
	if (result != 0)
		return result;
	accept = start_ack_read(answer);
	if (accept != ACCEPT_OK)
		return error_set(error, ERROR_PERMISSION,
		                 "the server refused to start the sessions: %s (Accept %u)",
		                 accept_name(accept), accept);
	return 0;
}

int control_client_stop(struct control_client *client, const uint8_t (*sids)[SID_SIZE],
                        uint32_t sessions, struct error *error)
{
	struct stop_sessions message = {.accept = ACCEPT_OK, .sessions = sessions};
	uint8_t command[STOP_SESSIONS_SIZE] = {0};

	if (client->mode & MODE_INDIVIDUAL_SESSION_CONTROL)
		return exchange_list(client, COMMAND_STOP_N_SESSIONS, "Stop-N-Sessions",
		                     COMMAND_STOP_N_ACK, "Stop-N-Ack", sids, sessions, error);
	stop_sessions_write(command, &message);
	return send_message(client, command, sizeof(command), "Stop-Sessions", error);
}

void control_client_close(struct control_client *client)
{
	control_stream_destroy(client->stream);
	client->stream = NULL;
	secret_wipe(&client->keys, sizeof(client->keys));
	control_channel_close(&client->channel);
}
