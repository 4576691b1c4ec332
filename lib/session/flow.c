/* SPDX-License-Identifier: BSD-3-Clause */
#include "session/flow.h"

#include <endian.h>

static void address_to_flow(uint8_t to[16], const struct address *address)
{
	if (address->family == 4)
		flow_address_from_ipv4(to, address->octets);
	else
		memcpy(to, address->octets, sizeof(address->octets));
}

void flow_key_make(struct flow_key *key, const struct endpoint *sender,
                   const struct endpoint *reflector, uint16_t vlan, uint16_t outer_vlan)
{
	memset(key, 0, sizeof(*key));
	address_to_flow(key->source, &sender->address);
	address_to_flow(key->destination, &reflector->address);
	key->source_port = htobe16(sender->port);
	key->destination_port = htobe16(reflector->port);
	key->vlan = vlan;
	key->outer_vlan = outer_vlan;
}
