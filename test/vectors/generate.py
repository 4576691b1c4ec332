#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes vectors.h and lib/crypto/self_test_vectors.h; with --check only compares them with what is committed."""

import pathlib
import random
import struct
import sys

import primitives
import published
import twamp

HERE = pathlib.Path(__file__).resolve().parent
UNIT_HEADER = HERE / "vectors.h"
SELF_TEST_HEADER = HERE.parent.parent / "lib" / "crypto" / "self_test_vectors.h"

PRF_ENUMS = {
    "hmac-md5": "IKE_PRF_HMAC_MD5",
    "hmac-sha1": "IKE_PRF_HMAC_SHA1",
    "aes128-xcbc": "IKE_PRF_AES128_XCBC",
    "hmac-sha2-256": "IKE_PRF_HMAC_SHA2_256",
    "hmac-sha2-384": "IKE_PRF_HMAC_SHA2_384",
    "hmac-sha2-512": "IKE_PRF_HMAC_SHA2_512",
    "aes128-cmac": "IKE_PRF_AES128_CMAC",
}

# The lab's example: the passphrase of KeyID `lab` and the SK_d of its static SA; the rest is made up.
PASSPHRASE = b"specular lab"
SK_D = bytes(range(0x20))
SALT = bytes(range(0xA0, 0xB0))
COUNT = 1024
CHALLENGE = bytes(range(0x10, 0x20))
AES = bytes(range(0x20, 0x30))
HMAC = bytes(range(0x40, 0x60))
CLIENT_IV = bytes(range(0x60, 0x70))
SERVER_IV = bytes(range(0x70, 0x80))
SID = bytes(range(0x80, 0x90))


class Header:
    def __init__(self, guard, about):
        self.lines = [
            "/* SPDX-License-Identifier: BSD-3-Clause */",
            f"/* {about} Written by test/vectors/generate.py: change that. */",
            f"#ifndef {guard}",
            f"#define {guard}",
            "",
            "#include <stdint.h>",
            "",
            "/* clang-format off */",
        ]

    def octets(self, name, value):
        self.lines.append(f"static const uint8_t {name}[{max(1, len(value))}] = {{")
        for i in range(0, max(1, len(value)), 16):
            self.lines.append("\t" + " ".join(f"0x{octet:02x}," for octet in value[i : i + 16] or b"\0"))
        self.lines.append("};")

    def text(self, *lines):
        self.lines.extend(lines)

    def finish(self):
        return "\n".join(self.lines + ["/* clang-format on */", "", "#endif", ""])


def write_example(header):
    """The lab's example from the passphrase or SK_d to TWAMP-Test's keys."""
    key = twamp.token_key(PASSPHRASE, SALT, COUNT)
    secret = twamp.ike_secret("hmac-sha2-256", SK_D)
    ike_key = twamp.token_key(secret, SALT, COUNT)
    test_aes, test_hmac = twamp.test_keys(SID, AES, HMAC)
    header.text(f"#define VECTOR_PASSPHRASE \"{PASSPHRASE.decode()}\"", f"#define VECTOR_COUNT {COUNT}u")
    for name, value in (
        ("vector_salt", SALT),
        ("vector_challenge", CHALLENGE),
        ("vector_control_aes", AES),
        ("vector_control_hmac", HMAC),
        ("vector_token_key", key),
        ("vector_token", twamp.token(key, CHALLENGE, AES, HMAC)),
        ("vector_sk_d", SK_D),
        ("vector_ike_secret", secret),
        ("vector_ike_token_key", ike_key),
        ("vector_ike_token", twamp.token(ike_key, CHALLENGE, AES, HMAC)),
        ("vector_ike_direct_token", twamp.token(secret[:16], CHALLENGE, AES, HMAC)),
        ("vector_sid", SID),
        ("vector_test_aes", test_aes),
        ("vector_test_hmac", test_hmac),
    ):
        header.octets(name, value)


def write_packets(header):
    """A sender's packet and its reply in both modes, with the example's TWAMP-Test keys."""
    aes, hmac = twamp.test_keys(SID, AES, HMAC)
    sender = (7, 0xEA6B0C0D_80000000, 0x9A01)
    reply = (3, 0xEA6B0C0D_80300000, 0x8F02, 0xEA6B0C0D_80200000, sender, 254)
    rows = []
    for encrypted, mode, cipher in ((False, "authenticated", "ECB"), (True, "encrypted", "CBC")):
        for direction, bare in ((twamp.SENDER, twamp.sender_header(*sender)), (twamp.REFLECTOR, twamp.reflector_header(*reply))):
            padding = bytes(range(64)) if direction == twamp.SENDER else b""
            plain, sealed, size = twamp.packet(encrypted, aes, hmac, bare, padding)
            name = f"vector_{mode}_{direction}"
            header.octets(f"{name}_plain", plain)
            header.octets(f"{name}_sealed", sealed)
            rows.append(
                f"\t{{\"{mode} {direction}\", {name}_plain, {name}_sealed, {len(sealed)}, {len(bare)}, {size}, SUITE_AES_{cipher}}},"
            )
    header.text(
        "struct packet_vector {",
        "\tconst char *name;",
        "\tconst uint8_t *plain; /**< with a zero HMAC */",
        "\tconst uint8_t *sealed;",
        "\tuint16_t size;",
        "\tuint16_t hmac_offset;",
        "\tuint16_t protected_size;",
        "\tuint8_t cipher; /**< enum suite_cipher */",
        "};",
        "static const struct packet_vector packet_vectors[] = {",
        *rows,
        "};",
    )


def write_prf_rows(header, name, vectors):
    rows = []
    for number, (prf, key, message, answer, where) in enumerate(vectors):
        header.octets(f"{name}_{number}_key", key)
        header.octets(f"{name}_{number}_data", message)
        header.octets(f"{name}_{number}_out", answer)
        rows.append(
            f"\t{{\"{prf}, {where}\", {name}_{number}_key, {name}_{number}_data, {name}_{number}_out, "
            f"{len(key)}, {len(message)}, {PRF_ENUMS[prf]}}},"
        )
    header.text(f"static const struct prf_vector {name}s[] = {{", *rows, "};")


def write_prfs(header):
    """Every PRF on published input."""
    header.text(
        "struct prf_vector {",
        "\tconst char *name;",
        "\tconst uint8_t *key;",
        "\tconst uint8_t *data;",
        "\tconst uint8_t *out;",
        "\tuint16_t key_size;",
        "\tuint16_t data_size;",
        "\tenum ike_prf prf;",
        "};",
    )
    write_prf_rows(header, "prf_vector", [(*row[:3], bytes.fromhex(row[3]), row[4]) for row in published.PRFS])


def write_prf_edges(header):
    """Keys and messages around the sizes where the PRFs change course: the block of AES and those of the digests."""
    source = random.Random(4615)
    rows = []
    for prf, function in primitives.PRFS.items():
        for key_size in (0, 1, 15, 16, 17, 32, 63, 64, 65, 128, 129):
            message_size = (0, 1, 15, 16, 17, 31, 32, 33, 64, 100, 4)[len(rows) * 7 % 11]
            key, message = source.randbytes(key_size), source.randbytes(message_size)
            rows.append((prf, key, message, function(key, message), f"key of {key_size}, message of {message_size}"))
    write_prf_rows(header, "prf_edge_vector", rows)


def control_messages():
    """(who sends, octets before the HMAC, whether an HMAC follows): a session's set-up, start and stop."""
    request = struct.pack(
        "!BBBBIIHH16s16s16sIQQI8x",
        5, 4, 0, 0, 0, 0, 20000, 20001, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]), bytes(16), 64,
        0xEA6B0C0D_00000000, 2 << 32, 0,
    )  # fmt: skip
    return [
        ("server", struct.pack("!Q8x", 0xEA6B0C00_12345678), False),
        ("client", request, True),
        ("server", struct.pack("!BxH16s12x", 0, 20001, SID), True),
        ("client", struct.pack("!B15x", 2), True),
        ("server", struct.pack("!B15x", 0), True),
        ("client", struct.pack("!BBxxI8x", 3, 0, 1), True),
    ]


def write_control(header):
    streams = {
        "client": twamp.ControlStream(AES, HMAC, CLIENT_IV),
        "server": twamp.ControlStream(AES, HMAC, SERVER_IV),
    }
    header.octets("vector_client_iv", CLIENT_IV)
    header.octets("vector_server_iv", SERVER_IV)
    rows = []
    for number, (who, plain, with_hmac) in enumerate(control_messages()):
        stream = streams[who]
        sent = stream.send_with_hmac(plain) if with_hmac else stream.send(plain)
        header.octets(f"vector_control_{number}_plain", plain)
        header.octets(f"vector_control_{number}_sent", sent)
        rows.append(
            f"\t{{vector_control_{number}_plain, vector_control_{number}_sent, {len(sent)}, "
            f"{'true' if who == 'server' else 'false'}, {'true' if with_hmac else 'false'}}},"
        )
    header.text(
        "struct control_vector {",
        "\tconst uint8_t *plain; /**< without the HMAC */",
        "\tconst uint8_t *sent;",
        "\tuint16_t size; /**< of what is sent, with the HMAC if there is one */",
        "\tbool from_server;",
        "\tbool has_hmac;",
        "};",
        "/* In order: Server-Start's encrypted block, Request-TW-Session, Accept-Session, Start-Sessions, Start-Ack, Stop-Sessions. */",
        "static const struct control_vector control_vectors[] = {",
        *rows,
        "};",
    )


def write_random(header):
    """What the self-test leaves out: other keys, secrets and sizes, from a fixed seed."""
    source = random.Random(7717)
    keys = []
    for number in range(24):
        prf = list(PRF_ENUMS)[number % len(PRF_ENUMS)]
        keys.append((prf, source.randbytes((1, 8, 15, 17, 32, 40, 64)[number % 6 if prf.startswith("aes") else number % 7])))
    # As IKE has it: SK_d is as long as the PRF's output (RFC 7296 section 2.14).
    whole = random.Random(7296)
    keys += [(prf, whole.randbytes(len(twamp.ike_secret(prf, bytes(16))))) for prf in PRF_ENUMS]
    rows = []
    for number, (prf, key) in enumerate(keys):
        value = twamp.ike_secret(prf, key)
        header.octets(f"vector_secret_{number}_sk_d", key)
        header.octets(f"vector_secret_{number}_out", value)
        rows.append(f"\t{{vector_secret_{number}_sk_d, vector_secret_{number}_out, {len(key)}, {len(value)}, {PRF_ENUMS[prf]}}},")
    header.text(
        "struct secret_vector {",
        "\tconst uint8_t *sk_d;",
        "\tconst uint8_t *out;",
        "\tuint16_t sk_d_size;",
        "\tuint16_t size;",
        "\tenum ike_prf prf;",
        "};",
        "static const struct secret_vector secret_vectors[] = {",
        *rows,
        "};",
        "struct session_vector {",
        "\tuint8_t secret[24], salt[16];",
        "\tuint16_t secret_size, count;",
        "\tuint8_t token_key[16], challenge[16], aes[16], hmac[32], token[64], sid[16], test_aes[16], test_hmac[32];",
        "};",
        "static const struct session_vector session_vectors[] = {",
    )
    for number in range(8):
        secret = source.randbytes(3 * number + 1)
        salt, challenge, aes, sid = (source.randbytes(16) for _ in range(4))
        hmac, count = source.randbytes(32), (1, 2, 1024, 2048)[number % 4]
        key = twamp.token_key(secret, salt, count)
        test_aes, test_hmac = twamp.test_keys(sid, aes, hmac)
        values = (key, challenge, aes, hmac, twamp.token(key, challenge, aes, hmac), sid, test_aes, test_hmac)
        listed = ",\n\t ".join("{" + ",".join(str(octet) for octet in value) + "}" for value in values)
        header.text(
            "\t{{" + ",".join(map(str, secret)) + "}, {" + ",".join(map(str, salt)) + f"}}, {len(secret)}, {count},\n\t {listed}}},"
        )
    header.text("};")


def generate():
    self_test = Header("SPECULAR_CRYPTO_SELF_TEST_VECTORS_H", "Known answers of the self-tests at start.")
    self_test.text("#include <stdbool.h>", "", '#include "crypto/key_derivation.h"', "")
    write_example(self_test)
    write_packets(self_test)
    write_prfs(self_test)
    write_control(self_test)
    unit = Header("SPECULAR_TEST_VECTORS_H", "Known answers of the unit tests, beside those of the self-tests.")
    unit.text('#include "crypto/key_derivation.h"', '#include "crypto/self_test_vectors.h"', "")
    write_prf_edges(unit)
    write_random(unit)
    return {SELF_TEST_HEADER: self_test.finish(), UNIT_HEADER: unit.finish()}


def main():
    published.check()
    if sys.argv[1:] not in ([], ["--check"]):
        raise SystemExit("usage: generate.py [--check]")
    for path, text in generate().items():
        if not sys.argv[1:]:
            path.write_text(text)
        elif path.read_text() != text:
            raise SystemExit(f"{path} is not what generate.py writes")


if __name__ == "__main__":
    main()
