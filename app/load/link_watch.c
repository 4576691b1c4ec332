/* SPDX-License-Identifier: BSD-3-Clause */
#include "link_watch.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>

#include "clock/tsc_clock.h"
#include "port.h"

/** Its carrier, not its flags: the kernel may take a second to tell these. True also of an interface that can't be asked. */
static bool interface_has_carrier(unsigned index)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq request = {.ifr_data = (void *)&link};
	int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool known = file >= 0 && if_indextoname(index, request.ifr_name) != NULL &&
	             ioctl(file, SIOCETHTOOL, &request) == 0;

	if (file >= 0)
		(void)close(file);
	return !known || link.data != 0;
}

bool link_is_up(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	if (!port_link_is_up(port_id))
		return false;
	return rte_eth_dev_info_get(port_id, &info) != 0 || info.if_index == 0 ||
	       interface_has_carrier(info.if_index);
}

void link_watch_look(struct link_watch *watch, uint16_t port_id)
{
	uint64_t now = tsc_now();

	if (watch->down)
		watch->down_ticks += now - watch->last_tsc;
	watch->down = !link_is_up(port_id);
	watch->last_tsc = now;
}
