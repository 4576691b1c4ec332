# SPDX-License-Identifier: BSD-3-Clause
"""Published answers of the primitives, and a check of primitives.py against them."""

import primitives as p

_COUNTING = bytes(range(20))
_JEFE = (b"Jefe", b"what do ya want for nothing?")
_LONG_KEY_TEXT = b"Test Using Larger Than Block-Size Key - Hash Key First"

# (PRF, key, message, answer, where it is published)
PRFS = [
    ("hmac-md5", b"\x0b" * 16, b"Hi There",
     "9294727a3638bb1c13f48ef8158bfc9d", "RFC 2202 section 2, case 1"),
    ("hmac-md5", *_JEFE,
     "750c783e6ab0b503eaa86e310a5db738", "RFC 2202 section 2, case 2"),
    ("hmac-md5", b"\xaa" * 80, _LONG_KEY_TEXT,
     "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd", "RFC 2202 section 2, case 6"),
    ("hmac-sha1", b"\x0b" * 20, b"Hi There",
     "b617318655057264e28bc0b6fb378c8ef146be00", "RFC 2202 section 3, case 1"),
    ("hmac-sha1", *_JEFE,
     "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202 section 3, case 2"),
    ("hmac-sha1", b"\xaa" * 80, _LONG_KEY_TEXT,
     "aa4ae5e15272d00e95705637ce8a3b55ed402112", "RFC 2202 section 3, case 6"),
    ("aes128-xcbc", bytes(range(16)), b"",
     "75f0251d528ac01c4573dfd584d79f29", "RFC 3566 section 4.6, case 1"),
    ("aes128-xcbc", bytes(range(16)), bytes(range(16)),
     "d2a246fa349b68a79998a4394ff7a263", "RFC 3566 section 4.6, case 3"),
    ("aes128-xcbc", bytes(range(16)), _COUNTING,
     "47f51b4564966215b8985c63055ed308", "RFC 4434 section 2.1, key of 16"),
    ("aes128-xcbc", bytes(range(10)), _COUNTING,
     "0fa087af7d866e7653434e602fdde835", "RFC 4434 section 2.1, key of 10"),
    ("aes128-xcbc", bytes(range(16)) + b"\xed\xcb", _COUNTING,
     "8cd3c93ae598a9803006ffb67c40e9e4", "RFC 4434 section 2.1, key of 18"),
    ("hmac-sha2-256", b"\x0b" * 20, b"Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", "RFC 4231 section 4.2"),
    ("hmac-sha2-256", *_JEFE,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231 section 4.3"),
    ("hmac-sha2-256", b"\xaa" * 131, _LONG_KEY_TEXT,
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231 section 4.7"),
    ("hmac-sha2-384", b"\x0b" * 20, b"Hi There",
     "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
     "faea9ea9076ede7f4af152e8b2fa9cb6", "RFC 4231 section 4.2"),
    ("hmac-sha2-384", *_JEFE,
     "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
     "8e2240ca5e69e2c78b3239ecfab21649", "RFC 4231 section 4.3"),
    ("hmac-sha2-512", b"\x0b" * 20, b"Hi There",
     "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
     "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854", "RFC 4231 section 4.2"),
    ("hmac-sha2-512", *_JEFE,
     "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
     "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737", "RFC 4231 section 4.3"),
    ("aes128-cmac", bytes(range(16)) + b"\xed\xcb", _COUNTING,
     "84a348a4a45d235babfffc0d2b4da09a", "RFC 4615 section 4, key of 18"),
    ("aes128-cmac", bytes(range(16)), _COUNTING,
     "980ae87b5f4c9c5214f5b6a8455e4c2d", "RFC 4615 section 4, key of 16"),
    ("aes128-cmac", bytes(range(10)), _COUNTING,
     "290d9e112edb09ee141fcf64c0b72f3d", "RFC 4615 section 4, key of 10"),
]

# (secret, salt, count, answer, where): HMAC-SHA1
PBKDF2 = [
    (b"password", b"salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6", "RFC 6070, count 1"),
    (b"password", b"salt", 4096, "4b007901b765489abead49d926f721d065a429c1", "RFC 6070, count 4096"),
    (b"password", b"ATHENA.MIT.EDUraeburn", 1, "cdedb5281bb2f801565a1122b2563515", "RFC 3962 B, count 1"),
    (b"password", b"ATHENA.MIT.EDUraeburn", 2, "01dbee7f4a9e243e988b62c73cda935d", "RFC 3962 B, count 2"),
    (b"password", b"ATHENA.MIT.EDUraeburn", 1200, "5c08eb61fdf71e4e4ec3cf6ba1f5512b", "RFC 3962 B, count 1200"),
]


def _expect(what, computed, published):
    if computed.hex() != published:
        raise SystemExit(f"{what}: computed {computed.hex()}, published {published}")


def check():
    """Ends the program when primitives.py gives another answer than a standard does."""
    key, plain = bytes(range(16)), bytes.fromhex("00112233445566778899aabbccddeeff")
    text = "69c4e0d86a7b0430d8cdb78070b4c55a"
    _expect("FIPS 197 appendix C.1", p.aes_encrypt_block(key, plain), text)
    _expect("FIPS 197 appendix C.1, back", p.aes_decrypt_block(key, bytes.fromhex(text)), plain.hex())
    key = bytes.fromhex("c286696d887c9aa0611bbb3e2025a45a")
    iv = bytes.fromhex("562e17996d093d28ddb3ba695a2e6f58")
    text = "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1"
    _expect("RFC 3602 section 4, case 2", p.cbc_encrypt(key, bytes(range(32)), iv), text)
    _expect("RFC 3602 section 4, case 2, back", p.cbc_decrypt(key, bytes.fromhex(text), iv), bytes(range(32)).hex())
    for prf, prf_key, message, answer, where in PRFS:
        _expect(f"{prf}: {where}", p.PRFS[prf](prf_key, message), answer)
    for secret, salt, count, answer, where in PBKDF2:
        _expect(f"PBKDF2: {where}", p.pbkdf2_sha1(secret, salt, count, len(answer) // 2), answer)
