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

static struct address address_from_flow(const uint8_t octets[16])
{
	uint8_t mapped[16];

	flow_address_from_ipv4(mapped, octets + 12);
	if (memcmp(mapped, octets, sizeof(mapped)) == 0)
		return address_make(4, octets + 12);
	return address_make(6, octets);
}

void flow_key_endpoints(const struct flow_key *key, struct endpoint *sender,
                        struct endpoint *reflector)
{
	sender->address = address_from_flow(key->source);
	sender->port = be16toh(key->source_port);
	reflector->address = address_from_flow(key->destination);
	reflector->port = be16toh(key->destination_port);
}
