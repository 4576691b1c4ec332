/* SPDX-License-Identifier: BSD-3-Clause */
#include "privileges.h"

#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_BIT(capability) (1u << (capability))

/* Effective capabilities 0 to 31, which hold all that matter here; none when the kernel does not say. */
static uint32_t effective_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	memset(data, 0, sizeof(data));
	return syscall(SYS_capget, &header, data) == 0 ? data[0].effective : 0;
}

static uint32_t needed_capabilities(const struct config *config)
{
	uint32_t needed = 0;

	for (unsigned i = 0; i < config->port_count; i++) {
		const struct config_port *port = &config->ports[i];
		if (port->exception == EXCEPTION_TAP)
			needed |= CAPABILITY_BIT(CAP_NET_ADMIN);
		if (strncmp(port->device, "net_af_", strlen("net_af_")) == 0)
			needed |= CAPABILITY_BIT(CAP_NET_RAW) | CAPABILITY_BIT(CAP_NET_ADMIN);
	}
	return needed;
}

int privileges_check(const struct config *config, struct error *error)
{
	uint32_t missing = needed_capabilities(config) & ~effective_capabilities();
	bool admin = (missing & CAPABILITY_BIT(CAP_NET_ADMIN)) != 0;
	bool raw = (missing & CAPABILITY_BIT(CAP_NET_RAW)) != 0;

	if (missing == 0)
		return 0;
	return error_set(error, ERROR_PERMISSION,
	                 "the process lacks %s%s%s, which TAP interfaces and packet sockets need; "
	                 "run as root or give it (systemd: AmbientCapabilities)",
	                 admin ? "CAP_NET_ADMIN" : "", admin && raw ? " and " : "",
	                 raw ? "CAP_NET_RAW" : "");
}
