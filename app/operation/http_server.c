/* SPDX-License-Identifier: BSD-3-Clause */
#include "http_server.h"

#include <errno.h>
#include <event2/event.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_clients.h"
#include "http_host.h"
#include "http_pages.h"

#define BACKLOG       32
#define US_PER_MS     1000
#define MS_PER_SECOND 1000
#define US_PER_SECOND 1000000u
#define NS_PER_US     1000u
/** So often the daemon looks for itself while there are connections. */
#define LOOK_MS 1000
/** When the process has no file for a client: it waits in the backlog so long. */
#define NO_FILE_MS 100

/** A page's own files are all that it may load, and nobody may frame it. */
#define CONTENT_SECURITY_POLICY                                                                    \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "            \
	"img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct http_server {
	struct operation *operation;
	const struct config_http *config; /**< a reload changes the hosts in it */
	struct MHD_Daemon *daemon;
	struct http_clients clients;
	struct event *ready;   /**< the daemon's epoll has something */
	struct event *timeout; /**< the daemon wants to look for itself */
	uint64_t accepted;     /**< connections so far */
};

static uint64_t now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * US_PER_SECOND + (uint64_t)now.tv_nsec / NS_PER_US;
}

static enum MHD_Result keep_parameter(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
	struct http_request *request = context;

	(void)kind;
	if (request->count < OPERATION_PARAMETERS_MAX)
		request->parameters[request->count] = (struct http_parameter){name, value};
	request->count++;
	return MHD_YES;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct http_answer *answer)
{
	struct MHD_Response *response;

	if (answer->page != NULL)
		/* It is not written to. */
		response = MHD_create_response_from_buffer(
		        answer->size, (void *)(uintptr_t)answer->page, MHD_RESPMEM_PERSISTENT);
	else if (answer->text != NULL)
		response = MHD_create_response_from_buffer(answer->size, answer->text,
		                                           MHD_RESPMEM_MUST_FREE);
	else
		return MHD_NO;
	if (response == NULL) {
		free(answer->text);
		return MHD_NO;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	(void)MHD_add_response_header(response, "Content-Security-Policy", CONTENT_SECURITY_POLICY);
	(void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	(void)MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	(void)MHD_add_response_header(response, "X-Frame-Options", "DENY");
	(void)MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (answer->status == MHD_HTTP_SERVICE_UNAVAILABLE)
		(void)MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
	enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct http_answer answer = {.status = status,
	                             .type = "text/plain; charset=utf-8",
	                             .page = text,
	                             .size = strlen(text)};

	return send_answer(connection, &answer);
}

struct host_check {
	const struct config_http *config;
	bool foreign;
};

static enum MHD_Result check_header(void *context, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
	struct host_check *check = context;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0)
		check->foreign |= value == NULL || !http_host_is_ours(value, check->config);
	return MHD_YES;
}

/** Without the header, in HTTP/1.0, it is no browser. */
static bool is_foreign(const struct http_server *server, struct MHD_Connection *connection)
{
	struct host_check check = {.config = server->config};

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, check_header, &check);
	return check.foreign;
}

static struct http_client *client_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

static enum MHD_Result answer_request(struct http_server *server, struct MHD_Connection *connection,
                                      const char *url)
{
	struct http_client *client = client_of(connection);
	struct http_request request = {.path = url};
	struct http_answer answer;
	uint64_t begun = now_us();

	/* Who is asked whether the appliance is well does not say no because others ask too much. */
	if (strcmp(url, HTTP_HEALTH_PATH) != 0 &&
	    (client == NULL || !http_clients_admit(&server->clients, begun)))
		return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
		              "the appliance has enough to do with other requests; ask again\n");
	request.accept =
	        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
	(void)MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, keep_parameter,
	                                &request);
	http_pages_answer(server->operation, &request, &answer);
	if (client != NULL)
		http_clients_answered(&server->clients, client,
		                      answer.text != NULL ? answer.size : 0, now_us() - begun);
	return send_answer(connection, &answer);
}

/** Called for a request's headers, and again when all of it was read: answered then, so that the connection can go on. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **seen)
{
	static const char marker;
	struct http_server *server = context;

	(void)version;
	(void)data;
	if (is_foreign(server, connection))
		return refuse(connection, MHD_HTTP_MISDIRECTED_REQUEST,
		              "the Host of this request is none of the appliance's; allowed: an IP "
		              "address, localhost, and the names in operation.http.hosts of its "
		              "configuration\n");
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
		              "only GET and HEAD are answered\n");
	if (*seen == NULL) {
		*seen = (void *)(uintptr_t)&marker;
		return MHD_YES;
	}
	/* A body, of no use here. */
	if (*size > 0)
		return MHD_NO;
	return answer_request(server, connection, url);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **client,
                          enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = context;
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	server->accepted += what == MHD_CONNECTION_NOTIFY_STARTED;
	if (what == MHD_CONNECTION_NOTIFY_STARTED && info != NULL) {
		*client = http_clients_add(&server->clients, info->connect_fd, now_us());
	} else if (what == MHD_CONNECTION_NOTIFY_CLOSED && *client != NULL) {
		http_clients_remove(&server->clients, *client);
		*client = NULL;
	}
}

static void on_completed(void *context, struct MHD_Connection *connection, void **unused,
                         enum MHD_RequestTerminationCode end)
{
	struct http_server *server = context;
	struct http_client *client = client_of(connection);

	(void)unused;
	(void)end;
	if (client != NULL)
		http_clients_completed(&server->clients, client, now_us());
}

static unsigned count_connections(const struct http_server *server)
{
	const union MHD_DaemonInfo *info =
	        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info != NULL ? info->num_connections : 0;
}

static void set_timer(struct http_server *server, uint64_t milliseconds)
{
	const struct timeval wait = {
	        .tv_sec = (time_t)(milliseconds / MS_PER_SECOND),
	        .tv_usec = (suseconds_t)(milliseconds % MS_PER_SECOND * US_PER_MS)};

	(void)evtimer_add(server->timeout, &wait);
}

/**
 * One turn of the daemon, and a timer for the next that it wants by itself. With all connections taken it stops to listen, and
 * begins again only in a turn after the one that closed some, for which it does not ask.
 */
static void run_daemon(struct http_server *server)
{
	unsigned before = count_connections(server);
	MHD_UNSIGNED_LONG_LONG milliseconds = LOOK_MS;

	http_clients_expire(&server->clients, now_us(),
	                    before < HTTP_CLIENTS_MAX ? HTTP_REQUEST_SECONDS
	                                              : HTTP_CROWDED_SECONDS);
	(void)MHD_run(server->daemon);
	unsigned after = count_connections(server);
	if (MHD_get_timeout(server->daemon, &milliseconds) != MHD_YES && before == 0 &&
	    after == 0) {
		(void)evtimer_del(server->timeout);
		return;
	}
	if (after < before)
		milliseconds = 0;
	else if (milliseconds > LOOK_MS)
		milliseconds = LOOK_MS;
	set_timer(server, milliseconds);
}

/** Somebody who can't be let in keeps the listener ready: it is not asked again and again. */
static void on_ready(evutil_socket_t fd, short what, void *context)
{
	struct http_server *server = context;
	uint64_t accepted = server->accepted;

	(void)fd;
	(void)what;
	bool idle = count_connections(server) == 0;
	run_daemon(server);
	if (idle && accepted == server->accepted) {
		(void)event_del(server->ready);
		set_timer(server, NO_FILE_MS);
	}
}

static void on_timeout(evutil_socket_t fd, short what, void *context)
{
	struct http_server *server = context;

	(void)fd;
	(void)what;
	(void)event_add(server->ready, NULL);
	run_daemon(server);
}

static int refuse_address(const struct config_listen *listen, struct error *error)
{
	int reason = errno;
	const struct endpoint where = {listen->address, listen->port};
	char text[ENDPOINT_TEXT_SIZE];

	return error_set(error, reason == EADDRINUSE ? ERROR_EXISTS : ERROR_SYSTEM,
	                 "operation.http: cannot listen on TCP %s: %s",
	                 endpoint_format(&where, text), strerror(reason));
}

/** Sets *fd, which is the caller's. */
static int open_socket(const struct config_listen *config, int *fd, struct error *error)
{
	const int yes = 1;
	const struct endpoint where = {config->address, config->port};
	struct sockaddr_storage name;
	socklen_t size = endpoint_to_sockaddr(&where, &name);

	*fd = socket(name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return refuse_address(config, error);
	(void)setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (name.ss_family == AF_INET6)
		(void)setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(*fd, (const struct sockaddr *)&name, size) == 0 && listen(*fd, BACKLOG) == 0)
		return 0;
	int status = refuse_address(config, error);
	(void)close(*fd);
	return status;
}

/** The daemon owns fd from here on. */
static bool start_daemon(struct http_server *server, int fd)
{
	const union MHD_DaemonInfo *info;
	struct event_base *base = operation_base(server->operation);

	server->daemon = MHD_start_daemon(
	        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, fd,
	        MHD_OPTION_CONNECTION_LIMIT, HTTP_CLIENTS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
	        HTTP_REQUEST_SECONDS, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
	        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
	        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CLIENT_MEMORY,
	        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (server->daemon == NULL) {
		(void)close(fd);
		return false;
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL)
		return false;
	server->ready = event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_ready, server);
	server->timeout = evtimer_new(base, on_timeout, server);
	return server->ready != NULL && server->timeout != NULL &&
	       event_add(server->ready, NULL) == 0;
}

int http_server_create(struct operation *operation, const struct config_http *config,
                       struct http_server **created, struct error *error)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int fd = -1;

	if (server == NULL)
		return error_set(error, ERROR_MEMORY, "operation.http: no memory");
	server->operation = operation;
	server->config = config;
	http_clients_init(&server->clients, now_us());
	int status = open_socket(&config->listen, &fd, error);
	if (status == 0 && !start_daemon(server, fd))
		status = error_set(error, ERROR_MEMORY, "operation.http: no memory");
	if (status != 0) {
		http_server_destroy(server);
		return status;
	}
	*created = server;
	return 0;
}

void http_server_destroy(struct http_server *server)
{
	if (server == NULL)
		return;
	if (server->ready != NULL)
		event_free(server->ready);
	if (server->timeout != NULL)
		event_free(server->timeout);
	if (server->daemon != NULL)
		MHD_stop_daemon(server->daemon);
	free(server);
}
