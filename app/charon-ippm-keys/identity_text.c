/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity_text.h"

#include <string.h>

#define EAP_PREFIX "eap:"

static bool fits(int length)
{
	return length > 0 && length < (int)IKE_KEY_TEXT_SIZE;
}

/* strongSwan prints an identity by conversions of its own, which the compiler does not know. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
static bool print_plain(char text[IKE_KEY_TEXT_SIZE], identification_t *identity)
{
	return fits(snprintf(text, IKE_KEY_TEXT_SIZE, "%Y", identity));
}

static bool print_octets(char text[IKE_KEY_TEXT_SIZE], const char *prefix,
                         identification_t *identity)
{
	chunk_t octets = identity->get_encoding(identity);

	return fits(snprintf(text, IKE_KEY_TEXT_SIZE, "%s#%+B", prefix, &octets));
}
#pragma GCC diagnostic pop

/* Readers replace all other octets. */
static bool is_printable(const uint8_t *octets, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (octets[i] < ' ' || octets[i] > '~')
			return false;
	return true;
}

static bool is_same(identification_t *left, identification_t *right)
{
	return left->get_type(left) == right->get_type(right) && left->equals(left, right);
}

/* A KEY_ID may be any text, thus also one that begins as ours do. */
static bool reads_back(char *text, identification_t *identity)
{
	if (identity->get_type(identity) == ID_KEY_ID ||
	    strncasecmp(text, EAP_PREFIX, strlen(EAP_PREFIX)) == 0 ||
	    !is_printable((const uint8_t *)text, strlen(text)))
		return false;
	identification_t *read = identification_create_from_string(text);
	bool same = is_same(read, identity);
	read->destroy(read);
	return same;
}

static void set_prefix(char prefix[16], id_type_t type)
{
	const char *name = type == ID_FQDN          ? "fqdn:"
	                   : type == ID_RFC822_ADDR ? "email:"
	                   : type == ID_DER_ASN1_DN ? "asn1dn:"
	                   : type == ID_KEY_ID      ? "keyid:"
	                                            : NULL;
	if (name)
		snprintf(prefix, 16, "%s", name);
	else
		snprintf(prefix, 16, "{%d}:", (int)type);
}

/* A text of all printable characters says what the octets say, unless it looks like the spelling of octets. */
static bool print_with_prefix(char text[IKE_KEY_TEXT_SIZE], identification_t *identity)
{
	chunk_t octets = identity->get_encoding(identity);
	id_type_t type = identity->get_type(identity);
	bool is_text = type == ID_FQDN || type == ID_RFC822_ADDR || type == ID_KEY_ID;
	char prefix[16];

	set_prefix(prefix, type);
	if (!is_text || octets.len == 0 || octets.ptr[0] == '#' ||
	    !is_printable(octets.ptr, octets.len))
		return print_octets(text, prefix, identity);
	return fits(snprintf(text, IKE_KEY_TEXT_SIZE, "%s%.*s", prefix, (int)octets.len,
	                     (const char *)octets.ptr));
}

bool identity_text(char text[IKE_KEY_TEXT_SIZE], identification_t *identity, bool by_eap)
{
	char name[IKE_KEY_TEXT_SIZE];

	if ((!print_plain(name, identity) || !reads_back(name, identity)) &&
	    !print_with_prefix(name, identity))
		return false;
	return fits(snprintf(text, IKE_KEY_TEXT_SIZE, "%s%s", by_eap ? EAP_PREFIX : "", name));
}
