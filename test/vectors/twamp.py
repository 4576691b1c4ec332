# SPDX-License-Identifier: BSD-3-Clause
"""TWAMP's keys, tokens, packets and control stream as RFC 4656, RFC 5357 and RFC 7717 describe them, on primitives.py."""

import struct

import primitives as p

HMAC_SIZE = 16
SENDER, REFLECTOR = "sender", "reflector"


def token_key(secret, salt, count):
    """RFC 4656 section 3.1."""
    return p.pbkdf2_sha1(secret, salt, count, 16)


def token(key, challenge, aes, hmac):
    """RFC 4656 section 3.1."""
    return p.cbc_encrypt(key, challenge + aes + hmac)


def test_keys(sid, aes, hmac):
    """RFC 4656 section 4.1.2: the SID is the AES key, TWAMP-Control's keys are what it encrypts."""
    return p.aes_encrypt_block(sid, aes), p.cbc_encrypt(sid, hmac)


def ike_secret(prf, sk_d):
    """RFC 7717 section 5.1."""
    return p.PRFS[prf](sk_d, b"IPPM")


def tag(hmac, data):
    """RFC 4656 section 3.2: HMAC-SHA1 cut to 128 bits."""
    return p.hmac("sha1", hmac, data)[:HMAC_SIZE]


def protect(encrypted, aes, hmac, plain):
    """RFC 4656 section 4.1.2: the protected octets and their HMAC, which covers the plaintext and stays clear."""
    sealed = p.cbc_encrypt(aes, plain) if encrypted else p.aes_encrypt_block(aes, plain)
    return sealed, tag(hmac, plain)


def sender_header(sequence, timestamp, error):
    """RFC 4656 section 4.1.2, authenticated and encrypted modes: 32 octets before the HMAC."""
    return struct.pack("!I12xQH6x", sequence, timestamp, error)


def reflector_header(sequence, timestamp, error, receive, sender, ttl):
    """RFC 5357 section 4.2.1, authenticated and encrypted modes: 96 octets before the HMAC. sender: (sequence, timestamp, error)."""
    return struct.pack("!I12xQH6xQ8xI12xQH6xB15x", sequence, timestamp, error, receive, *sender, ttl)


def packet(encrypted, aes, hmac, header, padding=b""):
    """A whole test packet: (plain with a zero HMAC, sealed, number of protected octets)."""
    size = len(header) if encrypted else p.BLOCK
    sealed, mac = protect(encrypted, aes, hmac, header[:size])
    return header + bytes(HMAC_SIZE) + padding, sealed + header[size:] + mac + padding, size


class ControlStream:
    """One direction of TWAMP-Control after its set-up: RFC 4656 sections 3.2 and 3.4."""

    def __init__(self, aes, hmac, iv):
        self.cipher, self.hmac, self.span = p.CbcEncryption(aes, iv), hmac, b""

    def send(self, octets):
        """Octets that a later HMAC covers."""
        self.span += octets
        return self.cipher.update(octets)

    def send_with_hmac(self, octets):
        """A message up to its HMAC; what is sent includes the HMAC."""
        mac = tag(self.hmac, self.span + octets)
        self.span = b""
        return self.cipher.update(octets + mac)
