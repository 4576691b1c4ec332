/* SPDX-License-Identifier: BSD-3-Clause */
#include "group_format.h"

#include <stdlib.h>

#include "crypto/key_derivation.h"
#include "reflect/checksum.h"

#define DSCP_SHIFT 2u

enum test_mode group_test_mode(const struct load_group *group, enum load_peer peer)
{
	if (peer == LOAD_PEER_SWAP)
		return TEST_UNAUTHENTICATED;
	return group->mode & MODE_ENCRYPTED       ? TEST_ENCRYPTED
	       : group->mode & MODE_AUTHENTICATED ? TEST_AUTHENTICATED
	                                          : TEST_UNAUTHENTICATED;
}

static uint16_t largest_size(const struct load_group *group)
{
	uint16_t largest = 0;

	for (unsigned i = 0; i < group->size_count; i++)
		largest = group->sizes[i] > largest ? group->sizes[i] : largest;
	return largest;
}

/* RFC 5357 section 4.2.1: the reply is as long as the packet, or longer when its header does not fit into that. */
static uint16_t reply_size(const struct load_group_format *format, uint16_t payload)
{
	if (format->peer == LOAD_PEER_SWAP || payload > format->reflector_header_size)
		return payload;
	return format->reflector_header_size;
}

static int make_padding(const struct load_group *group, struct load_group_format *format,
                        struct error *error)
{
	size_t size = (size_t)largest_size(group) - format->sender_header_size;

	format->padding = calloc(1, size + 1);
	if (format->padding == NULL)
		return error_set(error, ERROR_MEMORY, "group %s: no memory for its padding",
		                 group->name);
	if (!group->zero_padding && random_octets(format->padding, size) != 0)
		return error_set(error, ERROR_CRYPTO, "group %s: no random octets for its padding",
		                 group->name);
	return 0;
}

int group_format_make(const struct load_group *group, enum load_peer peer,
                      struct load_group_format *format, struct error *error)
{
	enum test_mode mode = group_test_mode(group, peer);

	*format = (struct load_group_format){
	        .mode = mode,
	        .peer = peer,
	        .symmetrical = group->symmetrical,
	        .reply_padding_any = group->reply_padding_any,
	        .reply_traffic_class = (uint8_t)(group->dscp << DSCP_SHIFT),
	        .sender_header_size = sender_header_size(mode, group->symmetrical, false),
	        .reflector_header_size = reflector_header_size(mode, false),
	        .protected_size = sender_protected_size(mode),
	        .size_count = group->size_count,
	};
	for (unsigned i = 0; i < group->size_count; i++) {
		if (group->sizes[i] < format->sender_header_size)
			return error_set(error, ERROR_ARGUMENT,
			                 "group %s: a payload of %u octets is smaller than its "
			                 "mode's header of %u",
			                 group->name, group->sizes[i], format->sender_header_size);
	}
	int status = make_padding(group, format, error);
	if (status != 0) {
		group_format_free(format);
		return status;
	}
	for (unsigned i = 0; i < group->size_count; i++) {
		size_t padding = (size_t)group->sizes[i] - format->sender_header_size;
		format->sizes[i] = (struct load_size){
		        .payload = group->sizes[i],
		        .reply = reply_size(format, group->sizes[i]),
		        .padding_sum = checksum_at(format->sender_header_size,
		                                   checksum_sum(format->padding, padding)),
		};
	}
	return 0;
}

void group_format_free(struct load_group_format *format)
{
	free(format->padding);
	format->padding = NULL;
}
