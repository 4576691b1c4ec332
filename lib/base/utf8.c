/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/utf8.h"

#define TWO_OCTETS_BITS 0x1fu /* of their lead */
#define FOLLOWER_BITS   0x3fu

size_t utf8_character_size(const char *character)
{
	const unsigned char *text = (const unsigned char *)character;
	/* By lead octet: how many follow, and within which bounds the first of these is. */
	static const struct {
		unsigned char first, last, followers, low, high;
	} leads[] = {{0x00, 0x7f, 0, 0, 0},       {0xc2, 0xdf, 1, 0x80, 0xbf},
	             {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
	             {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
	             {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
	             {0xf4, 0xf4, 3, 0x80, 0x8f}};
	size_t row = 0;

	while (row < sizeof(leads) / sizeof(leads[0]) && text[0] > leads[row].last)
		row++;
	if (row == sizeof(leads) / sizeof(leads[0]) || text[0] < leads[row].first)
		return 0;
	for (size_t i = 1; i <= leads[row].followers; i++) {
		unsigned char low = i == 1 ? leads[row].low : 0x80;
		unsigned char high = i == 1 ? leads[row].high : 0xbf;
		if (text[i] < low || text[i] > high)
			return 0;
	}
	return 1u + leads[row].followers;
}

uint32_t utf8_code_point(const char *character, size_t size)
{
	const uint8_t *octets = (const uint8_t *)character;
	uint32_t code = octets[0];

	if (size > 1) /* The lead of n octets has 7 - n bits. */
		code &= TWO_OCTETS_BITS >> (size - 2);
	for (size_t i = 1; i < size; i++)
		code = code << 6 | (octets[i] & FOLLOWER_BITS);
	return code;
}

bool utf8_is_control(uint32_t code)
{
	return code < ' ' || (code >= 0x7f && code <= 0x9f);
}

bool utf8_misleads(uint32_t code)
{
	return code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}
