/* SPDX-License-Identifier: BSD-3-Clause */
/** A service manager's end of NOTIFY_SOCKET, and what it hears there. */
#ifndef SPECULAR_TEST_OPERATION_MANAGER_H
#define SPECULAR_TEST_OPERATION_MANAGER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct manager {
	char folder[32];
	char path[64];
	int socket;
};

static inline void manager_open(struct manager *manager)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(manager->folder, sizeof(manager->folder), "/tmp/manager-XXXXXX");
	if (mkdtemp(manager->folder) == NULL)
		abort();
	(void)snprintf(manager->path, sizeof(manager->path), "%s/notify", manager->folder);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", manager->path);
	manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(manager->socket, (struct sockaddr *)&address, sizeof(address)) != 0)
		abort();
	(void)setenv("NOTIFY_SOCKET", manager->path, 1);
}

static inline void manager_close(struct manager *manager)
{
	(void)unsetenv("NOTIFY_SOCKET");
	(void)close(manager->socket);
	(void)unlink(manager->path);
	(void)rmdir(manager->folder);
}

/** The next message; "" when there is none. */
static inline const char *manager_hears(const struct manager *manager, char message[256])
{
	ssize_t length = recv(manager->socket, message, 255, 0);

	message[length > 0 ? length : 0] = '\0';
	return message;
}

/** Takes the messages that are there, since who sends into a full socket waits; returns how many begin so. */
static inline unsigned manager_heard(const struct manager *manager, const char *beginning)
{
	char message[256];
	unsigned count = 0;

	while (manager_hears(manager, message)[0] != '\0')
		count += strncmp(message, beginning, strlen(beginning)) == 0;
	return count;
}

#endif
