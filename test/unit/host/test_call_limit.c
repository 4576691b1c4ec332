/* SPDX-License-Identifier: BSD-3-Clause */
#include "call_limit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "unit.h"

#define HELD 8u

static const struct sockaddr_un name = {.sun_family = AF_UNIX,
                                        .sun_path = "\0specular-test-call-limit"};

static int made(int type)
{
	int file = socket(AF_UNIX, type, 0);

	CU_ASSERT_FATAL(file >= 0);
	return file;
}

/** As DPDK's memif when its server takes nobody: what waits already fills the server's queue. */
static void a_connect_that_waits_ends(void)
{
	const struct sockaddr *address = (const struct sockaddr *)&name;
	int server = made(SOCK_SEQPACKET), held[HELD];
	struct call_limit limit;
	unsigned count = 0;

	CU_ASSERT_EQUAL_FATAL(bind(server, address, sizeof(name)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(server, 1), 0);
	do {
		held[count] = made(SOCK_SEQPACKET | SOCK_NONBLOCK);
	} while (connect(held[count++], address, sizeof(name)) == 0 && count < HELD);
	CU_ASSERT_EQUAL_FATAL(errno, EAGAIN);
	int client = made(SOCK_SEQPACKET);
	call_limit_begin(&limit, 20);
	int status = connect(client, address, sizeof(name));
	int reason = errno;
	CU_ASSERT_TRUE(call_limit_end(&limit));
	CU_ASSERT_EQUAL(status, -1);
	CU_ASSERT_EQUAL(reason, EINTR);
	(void)close(client);
	while (count > 0)
		(void)close(held[--count]);
	(void)close(server);
}

static void a_call_in_time_is_left_alone(void)
{
	struct call_limit limit;

	call_limit_begin(&limit, 3600000);
	CU_ASSERT_EQUAL(usleep(1000), 0);
	CU_ASSERT_FALSE(call_limit_end(&limit));
	/* And no signal comes later. */
	call_limit_begin(&limit, 5);
	(void)call_limit_end(&limit);
	CU_ASSERT_EQUAL(usleep(20000), 0);
}

int main(void)
{
	CU_TestInfo tests[] = {{"a connect that waits ends", a_connect_that_waits_ends},
	                       {"a call in time is left alone", a_call_in_time_is_left_alone},
	                       CU_TEST_INFO_NULL};

	return unit_run("host-call-limit", tests);
}
