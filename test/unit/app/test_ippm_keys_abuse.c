/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that may not ask, ask wrongly, ask too much or don't listen; and others in the place of the socket. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>

#include "key_server_fixture.h"

#define AN_ID_OF_NOBODY "4294967294"

static void refuses_others(void)
{
	struct fixture fixture;

	fixture_prepare(&fixture);
	peer_permission_clear(&fixture.settings.permission);
	CU_ASSERT_EQUAL(peer_permission_parse(AN_ID_OF_NOBODY, AN_ID_OF_NOBODY,
	                                      &fixture.settings.permission, NULL),
	                0);
	put(&fixture, 1);
	fixture_start(&fixture);
	int silent = client_open(&fixture), fd = client_open(&fixture);
	client_ask(fd, IKE_KEY_LIST, 1, 0);
	client_expect_error(fd, 0, IKE_KEY_ERROR_NOT_PERMITTED, true);
	client_expect_error(silent, 0, IKE_KEY_ERROR_NOT_PERMITTED, true);
	close(silent);
	close(fd);
	fixture_stop(&fixture);
	CU_ASSERT_EQUAL(fixture.lines, 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_line, "uid"));
	CU_ASSERT_PTR_NOT_NULL(strstr(fixture.last_line, "pid"));
	fixture_clean(&fixture);
}

static void permits_by_group(void)
{
	struct fixture fixture;
	gid_t groups[64];
	char gid[16];
	int count = getgroups(64, groups);

	fixture_prepare(&fixture);
	peer_permission_clear(&fixture.settings.permission);
	snprintf(gid, sizeof(gid), "%u", (unsigned)(count > 0 ? groups[count - 1] : getgid()));
	CU_ASSERT_EQUAL(
	        peer_permission_parse(AN_ID_OF_NOBODY, gid, &fixture.settings.permission, NULL), 0);
	fixture_start(&fixture);
	expect_service(&fixture);
	fixture_clean(&fixture);
}

static void hangs_up_on_nonsense(void)
{
	static const struct {
		const char *octets;
		size_t size;
		uint32_t request;
		uint16_t error;
	} cases[] = {
	        {"\xff\xff\xff\xff\x01\x03\0\0\0\0\0\1", 12, 0, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\x10\x01\x01\x03\0\0\0\0\0\1", 12, 0, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\0\0\x01\x03\0\0\0\0\0\1", 12, 0, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\0\x0c\x02\x03\0\0\0\0\0\7", 12, 7, IKE_KEY_ERROR_VERSION},
	        {"\0\0\0\x0c\x01\x09\0\0\0\0\0\7", 12, 7, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\0\x0c\x01\x81\0\0\0\0\0\7", 12, 0, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\0\x0c\x01\x01\0\0\0\0\0\7", 12, 0, IKE_KEY_ERROR_BAD_REQUEST},
	        {"\0\0\0\x0d\x01\x03\0\0\0\0\0\7\0", 13, 0, IKE_KEY_ERROR_BAD_REQUEST},
	};
	struct fixture fixture;

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = client_open(&fixture);
		client_send_octets(fd, cases[i].octets, cases[i].size);
		client_expect_error(fd, cases[i].request, cases[i].error, true);
		close(fd);
	}
	expect_service(&fixture);
	fixture_clean(&fixture);
}

/* Octet by octet is slow but right; half a message is not, and neither are those that come on top of it. */
static void half_a_message(void)
{
	static const uint8_t list[] = {0, 0, 0, 12, 1, IKE_KEY_LIST, 0, 0, 0, 0, 0, 8};
	struct fixture fixture;

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	for (unsigned i = 0; i < sizeof(list); i++)
		client_send_octets(fd, &list[i], 1);
	CU_ASSERT_EQUAL(client_read_all(fd, 8, false), 0);
	close(fd);
	fixture_stop(&fixture);

	fixture.limits.half_message_ms = 50;
	fixture_start(&fixture);
	int idle = client_open(&fixture);
	fd = client_open(&fixture);
	client_send_octets(fd, list, 5);
	client_expect_error(fd, 0, IKE_KEY_ERROR_BAD_REQUEST, true);
	close(fd);
	/* One that has sent nothing at all is welcome for ever. */
	client_ask(idle, IKE_KEY_LIST, 9, 0);
	CU_ASSERT_EQUAL(client_read_all(idle, 9, false), 0);
	close(idle);
	fixture_clean(&fixture);
}

static void too_many_clients(void)
{
	struct fixture fixture;
	int fds[8], extra[40];

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 8; i++) {
		fds[i] = client_open(&fixture);
		client_ask(fds[i], IKE_KEY_LIST, 1, 0);
		CU_ASSERT_EQUAL(client_read_all(fds[i], 1, false), 0);
	}
	/* More than there are places to leave, and none reads its error before the last has come. */
	for (unsigned i = 0; i < 40; i++)
		extra[i] = client_open(&fixture);
	for (unsigned i = 0; i < 40; i++) {
		client_expect_error(extra[i], 0, IKE_KEY_ERROR_BUSY, true);
		close(extra[i]);
	}
	for (unsigned i = 0; i < 8; i++) {
		client_ask(fds[i], IKE_KEY_LIST, 2, 0);
		CU_ASSERT_EQUAL(client_read_all(fds[i], 2, false), 0);
		close(fds[i]);
	}
	fixture_clean(&fixture);
}

/* One who asks and asks and never reads is not read from any more; the others don't feel it. */
static void one_who_does_not_read(void)
{
	struct fixture fixture;
	uint8_t list[] = {0, 0, 0, 12, 1, IKE_KEY_LIST, 0, 0, 0, 0, 0, 8};
	size_t sent = 0;

	fixture_prepare(&fixture);
	for (uint32_t number = 1; number <= 500; number++)
		put(&fixture, number);
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	CU_ASSERT_EQUAL(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	for (unsigned tries = 0; tries < 100; tries++) {
		while (send(fd, list, sizeof(list), MSG_NOSIGNAL) == (ssize_t)sizeof(list))
			sent += sizeof(list);
		CU_ASSERT(errno == EAGAIN || errno == EWOULDBLOCK);
		expect_service(&fixture);
	}
	CU_ASSERT(sent < 1000 * sizeof(list) * 1000);
	/* When it reads at last, every answer is there. */
	CU_ASSERT_EQUAL(client_read_all(fd, 8, false), 500);
	CU_ASSERT_EQUAL(client_read_all(fd, 8, false), 500);
	close(fd);
	expect_service(&fixture);
	fixture_clean(&fixture);
}

static void subscriber_who_does_not_read(void)
{
	struct fixture fixture;
	struct ike_key_message message;

	fixture_prepare(&fixture);
	fixture.limits.unsent_maximum = 50000;
	fixture.limits.leave_ms = PATIENCE_MS;
	fixture_start(&fixture);
	int fd = client_open(&fixture), other = client_open(&fixture);
	client_ask(fd, IKE_KEY_SUBSCRIBE, 1, IKE_KEY_WANT_SECRET);
	CU_ASSERT_EQUAL(client_read_all(fd, 1, true), 0);
	client_ask(other, IKE_KEY_SUBSCRIBE, 1, IKE_KEY_WANT_SECRET);
	CU_ASSERT_EQUAL(client_read_all(other, 1, true), 0);
	/* Until the kernel's buffer is full and ours too; the other one reads each. */
	for (uint32_t number = 1; number <= 5000; number++) {
		put(&fixture, number);
		CU_ASSERT_FATAL(client_receive(other, &message));
		CU_ASSERT_EQUAL_FATAL(message.type, IKE_KEY_EVENT_UP);
		CU_ASSERT_EQUAL_FATAL(sa_number(&message), number);
	}
	/* What it missed begins with an error that says so. */
	do {
		CU_ASSERT_FATAL(client_receive(fd, &message));
	} while (message.type == IKE_KEY_EVENT_UP);
	CU_ASSERT_EQUAL(message.type, IKE_KEY_ERROR);
	CU_ASSERT_EQUAL(message.error, IKE_KEY_ERROR_BUSY);
	CU_ASSERT(!client_receive(fd, &message));
	close(fd);
	close(other);
	fixture_clean(&fixture);
}

/* Changes during a list that its reader does not take wait for its end. */
static void changes_wait_for_the_list(void)
{
	struct fixture fixture;
	struct ike_key_message message;
	uint32_t count = 0;

	fixture_prepare(&fixture);
	for (uint32_t number = 1; number <= 5000; number++)
		put(&fixture, number);
	while (sa_store_take_change(fixture.store, &message) == 0)
		continue;
	fixture_start(&fixture);
	int fd = client_open(&fixture);
	client_ask(fd, IKE_KEY_SUBSCRIBE, 1, IKE_KEY_WANT_SECRET);
	CU_ASSERT_FATAL(client_receive(fd, &message));
	drop(&fixture, 5000);
	drop(&fixture, 1);
	expect_service(&fixture);
	for (count = 1; client_receive(fd, &message) && message.type == IKE_KEY_SA; count++)
		;
	CU_ASSERT_EQUAL(message.type, IKE_KEY_END);
	CU_ASSERT_EQUAL(message.count, count);
	CU_ASSERT_EQUAL(count, 4999);
	CU_ASSERT_FATAL(client_receive(fd, &message));
	CU_ASSERT_EQUAL(message.type, IKE_KEY_EVENT_GONE);
	CU_ASSERT_EQUAL(sa_number(&message), 5000);
	CU_ASSERT_FATAL(client_receive(fd, &message));
	CU_ASSERT_EQUAL(message.type, IKE_KEY_EVENT_GONE);
	CU_ASSERT_EQUAL(sa_number(&message), 1);
	close(fd);
	fixture_clean(&fixture);
}

static void the_log_is_bounded(void)
{
	struct fixture fixture;

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	for (unsigned i = 0; i < 100; i++) {
		int fd = client_open(&fixture);
		client_send_octets(fd, "\0\0\0\0", 4);
		client_expect_error(fd, 0, IKE_KEY_ERROR_BAD_REQUEST, true);
		close(fd);
	}
	fixture_stop(&fixture);
	/* Two minutes' worth, should one end meanwhile, and the line that says what was left out. */
	CU_ASSERT(fixture.lines <= 2 * KEY_LOG_LINES_PER_MINUTE + 1);
	fixture_clean(&fixture);
}

static mode_t socket_mode(const struct fixture *fixture)
{
	struct stat status = {0};

	CU_ASSERT_EQUAL(lstat(fixture->settings.socket_path, &status), 0);
	CU_ASSERT(S_ISSOCK(status.st_mode));
	return status.st_mode & 07777;
}

static void the_socket_file(void)
{
	struct fixture fixture;
	struct key_server *second = NULL;
	struct error error = {{0}};

	fixture_prepare(&fixture);
	fixture_start(&fixture);
	CU_ASSERT_EQUAL(socket_mode(&fixture), 0600);
	/* Somebody listens there. */
	CU_ASSERT_EQUAL(key_server_create(&fixture.settings, NULL, fixture.store, NULL, NULL,
	                                  &second, &error),
	                ERROR_EXISTS);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.text, fixture.settings.socket_path));
	expect_service(&fixture);
	/* Its file was moved away and another server listens: that one's file stays. */
	CU_ASSERT_EQUAL(unlink(fixture.settings.socket_path), 0);
	struct fixture other = fixture;
	CU_ASSERT_EQUAL(peer_permission_parse("0 1", "", &other.settings.permission, NULL), 0);
	fixture_start(&other);
	CU_ASSERT_EQUAL(socket_mode(&other), 0666);
	fixture_stop(&fixture);
	CU_ASSERT_EQUAL(socket_mode(&other), 0666);
	fixture_stop(&other);
	key_settings_clear(&other.settings);
	fixture_clean(&fixture);
}

static void what_stands_in_its_place(void)
{
	struct fixture fixture;
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	struct error error = {{0}};

	fixture_prepare(&fixture);
	/* A socket that nobody listens on any more is replaced. */
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", fixture.settings.socket_path);
	int dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CU_ASSERT_EQUAL(bind(dead, (const struct sockaddr *)&name, sizeof(name)), 0);
	close(dead);
	fixture_start(&fixture);
	expect_service(&fixture);
	fixture_stop(&fixture);
	/* A file that is none is not. */
	int file = open(fixture.settings.socket_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CU_ASSERT_EQUAL(write(file, "x", 1), 1);
	close(file);
	CU_ASSERT_EQUAL(key_server_create(&fixture.settings, NULL, fixture.store, NULL, NULL,
	                                  &fixture.server, &error),
	                ERROR_EXISTS);
	CU_ASSERT_EQUAL(access(fixture.settings.socket_path, F_OK), 0);
	CU_ASSERT_EQUAL(unlink(fixture.settings.socket_path), 0);
	fixture_clean(&fixture);
}

int main(void)
{
	CU_TestInfo tests[] = {{"refuses others", refuses_others},
	                       {"permits by group", permits_by_group},
	                       {"hangs up on nonsense", hangs_up_on_nonsense},
	                       {"half a message", half_a_message},
	                       {"too many clients", too_many_clients},
	                       {"one who does not read", one_who_does_not_read},
	                       {"subscriber who does not read", subscriber_who_does_not_read},
	                       {"changes wait for the list", changes_wait_for_the_list},
	                       {"the log is bounded", the_log_is_bounded},
	                       {"the socket file", the_socket_file},
	                       {"what stands in its place", what_stands_in_its_place},
	                       CU_TEST_INFO_NULL};
	return unit_run("app-ippm-keys-abuse", tests);
}
