# SPDX-License-Identifier: BSD-3-Clause
"""Keys and ciphers of TWAMP, written from the RFC texts and sharing nothing with lib/crypto.

RFC 4656 section 3.1 (Token), section 4.1.2 (test keys), RFC 7717 section 5.1 (IKEv2), RFC 4434 and 4615 (AES PRFs)."""

import hashlib
import hmac
from collections import namedtuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

ZERO_IV = bytes(16)
Keys = namedtuple("Keys", "aes hmac")


def aes_ecb(key, data):
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def aes_ecb_decrypt(key, data):
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def aes_cbc(key, data, iv=ZERO_IV):
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def aes_cbc_decrypt(key, data, iv=ZERO_IV):
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def cbc_stream_encryptor(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()


def cbc_stream_decryptor(key, iv):
    return Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()


def hmac_sha1_128(key, data):
    return hmac.new(key, data, hashlib.sha1).digest()[:16]


def token_key(secret, salt, count):
    """PBKDF2 of the shared secret with what the greeting says."""
    return hashlib.pbkdf2_hmac("sha1", secret, salt, count, 16)


def token(key, challenge, keys):
    return aes_cbc(key, challenge + keys.aes + keys.hmac)


def test_keys(control, sid):
    """TWAMP-Test keys: the TWAMP-Control keys encrypted with the SID as the key."""
    return Keys(aes_ecb(sid, control.aes), aes_cbc(sid, control.hmac))


def _xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def aes_xcbc(key, data):
    """AES-XCBC-MAC of RFC 3566 without the cut to 96 bits, and RFC 4434's rule for keys that are not 16 octets."""
    if len(key) > 16:
        key = aes_xcbc(bytes(16), key)
    key = key.ljust(16, b"\0")
    k1, k2, k3 = (aes_ecb(key, bytes([number]) * 16) for number in (1, 2, 3))
    blocks = [data[at:at + 16] for at in range(0, len(data), 16)] or [b""]
    state = bytes(16)
    for block in blocks[:-1]:
        state = aes_ecb(k1, _xor(state, block))
    last = blocks[-1]
    if len(last) == 16:
        return aes_ecb(k1, _xor(_xor(last, state), k2))
    return aes_ecb(k1, _xor(_xor((last + b"\x80").ljust(16, b"\0"), state), k3))


def aes_cmac(key, data):
    """AES-CMAC-PRF-128 of RFC 4615."""
    if len(key) != 16:
        key = aes_cmac(bytes(16), key)
    mac = CMAC(algorithms.AES(key))
    mac.update(data)
    return mac.finalize()


PRFS = {
    "hmac-md5": lambda key, data: hmac.new(key, data, hashlib.md5).digest(),
    "hmac-sha1": lambda key, data: hmac.new(key, data, hashlib.sha1).digest(),
    "aes128-xcbc": aes_xcbc,
    "hmac-sha2-256": lambda key, data: hmac.new(key, data, hashlib.sha256).digest(),
    "hmac-sha2-384": lambda key, data: hmac.new(key, data, hashlib.sha384).digest(),
    "hmac-sha2-512": lambda key, data: hmac.new(key, data, hashlib.sha512).digest(),
    "aes128-cmac": aes_cmac,
}


def ike_secret(prf, sk_d):
    """prf(SK_d, "IPPM")."""
    return PRFS[prf](sk_d, b"IPPM")
