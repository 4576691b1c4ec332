# SPDX-License-Identifier: BSD-3-Clause
"""AES-128, HMAC and the MACs made of them, in plain Python from their standards.

Nothing here calls OpenSSL or ipsec-mb: AES is written out from FIPS 197, and the digests are CPython's own C modules,
not hashlib's, which are OpenSSL's. published.py compares each of them with its standard's published answers.
"""

from _md5 import md5
from _sha1 import sha1

try:
    from _sha256 import sha256
    from _sha512 import sha384, sha512
except ImportError:  # Python 3.12 made them one
    from _sha2 import sha256, sha384, sha512

BLOCK = 16
DIGESTS = {"md5": (md5, 64), "sha1": (sha1, 64), "sha256": (sha256, 64), "sha384": (sha384, 128), "sha512": (sha512, 128)}


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


# AES-128: FIPS 197.


def _times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _make_sbox():
    box = []
    for value in range(256):
        inverse = next((i for i in range(256) if _times(value, i) == 1), 0)
        rotated = [((inverse << n) | (inverse >> (8 - n))) & 0xFF for n in range(5)]
        box.append(rotated[0] ^ rotated[1] ^ rotated[2] ^ rotated[3] ^ rotated[4] ^ 0x63)
    return box


SBOX = _make_sbox()
SBOX_INVERSE = [SBOX.index(value) for value in range(256)]
TIMES = {factor: [_times(factor, value) for value in range(256)] for factor in (1, 2, 3, 9, 11, 13, 14)}


def _round_keys(key):
    words = [key[i : i + 4] for i in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = words[i - 1]
        if i % 4 == 0:
            word = bytes(SBOX[octet] for octet in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _times(2, constant)
        words.append(xor(words[i - 4], word))
    return [b"".join(words[i : i + 4]) for i in range(0, 44, 4)]


def _mix(state, factors):
    out = []
    for column in range(0, 16, 4):
        for row in range(4):
            octet = 0
            for i in range(4):
                octet ^= TIMES[factors[(i - row) % 4]][state[column + i]]
            out.append(octet)
    return bytes(out)


def aes_encrypt_block(key, block):
    keys = _round_keys(key)
    state = xor(block, keys[0])
    for number in range(1, 11):
        state = [SBOX[octet] for octet in state]
        state = bytes(state[(i + 4 * (i % 4)) % 16] for i in range(16))
        if number < 10:
            state = _mix(state, (2, 3, 1, 1))
        state = xor(state, keys[number])
    return state


def aes_decrypt_block(key, block):
    keys = _round_keys(key)
    state = xor(block, keys[10])
    for number in range(9, -1, -1):
        state = bytes(state[(i - 4 * (i % 4)) % 16] for i in range(16))
        state = bytes(SBOX_INVERSE[octet] for octet in state)
        state = xor(state, keys[number])
        if number > 0:
            state = _mix(state, (14, 11, 13, 9))
    return state


class CbcEncryption:
    """AES-128-CBC whose chain goes on from call to call."""

    def __init__(self, key, iv=bytes(BLOCK)):
        self.key, self.last = key, iv

    def update(self, plain):
        out = b""
        for i in range(0, len(plain), BLOCK):
            self.last = aes_encrypt_block(self.key, xor(plain[i : i + BLOCK], self.last))
            out += self.last
        return out


def cbc_encrypt(key, plain, iv=bytes(BLOCK)):
    return CbcEncryption(key, iv).update(plain)


def cbc_decrypt(key, text, iv=bytes(BLOCK)):
    out = b""
    for i in range(0, len(text), BLOCK):
        block = text[i : i + BLOCK]
        out += xor(aes_decrypt_block(key, block), iv)
        iv = block
    return out


# HMAC: RFC 2104. PBKDF2: RFC 8018 section 5.2.


def hmac(digest, key, message):
    function, size = DIGESTS[digest]
    if len(key) > size:
        key = function(key).digest()
    key = key.ljust(size, b"\0")
    inner = function(xor(key, b"\x36" * size) + message).digest()
    return function(xor(key, b"\x5c" * size) + inner).digest()


def pbkdf2_sha1(secret, salt, count, size):
    out = b""
    number = 1
    while len(out) < size:
        last = hmac("sha1", secret, salt + number.to_bytes(4, "big"))
        total = int.from_bytes(last, "big")
        for _ in range(count - 1):
            last = hmac("sha1", secret, last)
            total ^= int.from_bytes(last, "big")
        out += total.to_bytes(len(last), "big")
        number += 1
    return out[:size]


# AES-XCBC: RFC 3566 section 4 and RFC 4434. AES-CMAC: RFC 4493 section 2 and RFC 4615.


def _last_block_mac(key, message, whole_key, padded_key):
    count = max(1, -(-len(message) // BLOCK))
    head, tail = message[: (count - 1) * BLOCK], message[(count - 1) * BLOCK :]
    if len(tail) == BLOCK:
        tail = xor(tail, whole_key)
    else:
        tail = xor((tail + b"\x80").ljust(BLOCK, b"\0"), padded_key)
    return cbc_encrypt(key, head + tail)[-BLOCK:]


def xcbc(key, message):
    first, second, third = (aes_encrypt_block(key, bytes([n]) * BLOCK) for n in (1, 2, 3))
    return _last_block_mac(first, message, second, third)


def xcbc_prf(key, message):
    key = xcbc(bytes(BLOCK), key) if len(key) > BLOCK else key.ljust(BLOCK, b"\0")
    return xcbc(key, message)


def _double(block):
    number = int.from_bytes(block, "big") << 1
    if number >> 128:
        number = (number & ((1 << 128) - 1)) ^ 0x87
    return number.to_bytes(BLOCK, "big")


def cmac(key, message):
    first = _double(aes_encrypt_block(key, bytes(BLOCK)))
    return _last_block_mac(key, message, first, _double(first))


def cmac_prf(key, message):
    return cmac(key if len(key) == BLOCK else cmac(bytes(BLOCK), key), message)


# The PRFs of IKEv2 by the names that the configuration gives them.
PRFS = {
    "hmac-md5": lambda key, message: hmac("md5", key, message),
    "hmac-sha1": lambda key, message: hmac("sha1", key, message),
    "aes128-xcbc": xcbc_prf,
    "hmac-sha2-256": lambda key, message: hmac("sha256", key, message),
    "hmac-sha2-384": lambda key, message: hmac("sha384", key, message),
    "hmac-sha2-512": lambda key, message: hmac("sha512", key, message),
    "aes128-cmac": cmac_prf,
}
