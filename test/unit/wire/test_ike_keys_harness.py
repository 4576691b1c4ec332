#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The e2e tests' own client and daemon of the IKE key protocol: against the document's example, and against each other. Ends with
"wire-ike-keys-harness: N passed, N failed"."""

import os
import re
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "test", "e2e"), os.path.join(ROOT, "test", "unit")]
sys.dont_write_bytecode = True
from harness import ike_keys as ike  # noqa: E402
from unit import unit_run  # noqa: E402

OLD = ike.make_sa(bytes([0x21] * 8), bytes([0x31] * 8), bytes(range(32)), connection="lab")
NEW = ike.make_sa(bytes([0x41] * 8), bytes([0x51] * 8), bytes(range(1, 21)), "hmac-sha1", peer_identity="CN=sender")
SIX = ike.make_sa(bytes([0x61] * 8), bytes([0x71] * 8), bytes(64), "hmac-sha2-512", "2001:db8::2", "2001:db8::1")


def serving(*sas):
    return ike.FakeDaemon(os.path.join(tempfile.mkdtemp(dir=folder), "keys"), sas)


def refused(code, call, *arguments, **attributes):
    try:
        call(*arguments, **attributes)
    except ike.Refused as error:
        assert error.args[0].error_code == code, error
        return
    raise AssertionError(f"not refused with {code}")


def test_document():
    with open(os.path.join(ROOT, "doc", "ike-key-protocol.md"), encoding="utf-8") as document:
        example = bytes.fromhex("".join(re.findall(r"^    ([0-9a-f ]+)\|", document.read(), re.M)))
    messages = []
    while example:
        length = int.from_bytes(example[:4], "big")
        messages.append(ike.read(example[:length]))
        assert ike.write(messages[-1]) == example[:length]
        example = example[length:]
    assert messages == [
        ike.Message(ike.GET_BY_PEER, 7, peer_address="192.0.2.1", want=ike.WANT_SECRET),
        ike.Message(ike.SA, 7, spi_i=bytes(range(1, 9)), spi_r=bytes(range(0x11, 0x19)), prf=ike.PRFS["hmac-sha2-256"],
                    secret=ike.keys.ike_secret("hmac-sha2-256", bytes(range(32))), local_address="192.0.2.2",
                    peer_address="192.0.2.1", local_identity="CN=reflector", peer_identity="CN=sender", connection="lab"),
        ike.Message(ike.ERROR, 7, error_code=ike.NOT_FOUND, text="no such SA"),
        ike.Message(ike.EVENT_REKEYED, spi_i=bytes(range(1, 9)), spi_r=bytes(range(0x11, 0x19)),
                    old_spi_i=bytes(range(0x21, 0x29)), old_spi_r=bytes(range(0x31, 0x39)))], messages


def test_questions():
    with serving(OLD, SIX) as daemon, ike.Client(daemon.path) as client:
        answer = client.get_by_spis(*OLD.spis)
        assert answer.secret == OLD.secret and answer.sk_d is None and answer.connection == "lab"
        assert client.get_by_peer("2001:db8::1").spis == SIX.spis
        assert client.get_by_peer("2001:db8::1", ike.WANT_NONE).secret is None
        refused(ike.NOT_FOUND, client.get_by_spis, *NEW.spis)
        refused(ike.NOT_EXPOSED, client.get_by_peer, "192.0.2.1", ike.WANT_SK_D)
        daemon.expose = True
        assert client.get_by_peer("192.0.2.1", ike.WANT_SK_D).sk_d == OLD.sk_d
        assert [sa.spis for sa in client.list()] == [OLD.spis, SIX.spis]
        assert [one.type for one in daemon.requests] == [1, 2, 2, 1, 2, 2, 3]
        refused(ike.BAD_REQUEST, client.get_by_peer, "192.0.2.1", 3)
        assert client.is_closed()


def test_subscription():
    with serving(OLD) as daemon, ike.Client(daemon.path) as client:
        assert [sa.secret for sa in client.subscribe()] == [OLD.secret]
        daemon.rekey(OLD, NEW)
        assert client.get_by_peer("192.0.2.1").spis == NEW.spis
        up, rekeyed, gone = client.event(), client.event(), client.event()
        assert up.type == ike.EVENT_UP and up.secret == NEW.secret and up.peer_identity == "CN=sender"
        assert rekeyed.type == ike.EVENT_REKEYED and rekeyed.spis == NEW.spis and rekeyed.old_spi_i == OLD.spi_i
        assert gone.type == ike.EVENT_GONE and gone.spis == OLD.spis
        daemon.restart()
        assert client.is_closed()
        with ike.Client(daemon.path) as again:
            assert [sa.spis for sa in again.subscribe(ike.WANT_NONE)] == [NEW.spis]
        daemon.restart(forget=True)
        with ike.Client(daemon.path) as again:
            assert again.subscribe() == []


def test_misbehaviour():
    with serving(OLD) as daemon:
        daemon.piece = 1
        with ike.Client(daemon.path) as client:
            assert client.get_by_spis(*OLD.spis).secret == OLD.secret
        daemon.piece = ike.LONGEST
        daemon.lie = lambda message: ike.replace(message, secret=bytes(32))
        with ike.Client(daemon.path) as client:
            assert client.get_by_spis(*OLD.spis).secret == bytes(32)
        daemon.lie = lambda message: b"HTTP/1.1 400 Bad Request\r\n"
        with ike.Client(daemon.path) as client:
            try:
                client.list()
                raise AssertionError("not malformed")
            except ike.Malformed:
                pass
        daemon.lie = None
        daemon.speaking.clear()
        with ike.Client(daemon.path, timeout=0.1) as client:
            try:
                client.list()
                raise AssertionError("not silent")
            except socket_timeout:
                pass
        daemon.speaking.set()
        daemon.refuse = ike.NOT_PERMITTED
        with ike.Client(daemon.path) as client:
            refused(ike.NOT_PERMITTED, client.list)
            assert client.is_closed()
    try:
        ike.Client(daemon.path)
        raise AssertionError("somebody there")
    except FileNotFoundError:
        pass


def test_bad_requests():
    right = ike.write(ike.Message(ike.GET_BY_SPIS, 1, spi_i=OLD.spi_i, spi_r=OLD.spi_r))
    bad = [b"\0\0\0\x0b" + right[4:], right[:6] + b"\1" + right[7:], right[:13] + b"\2" + right[14:],
           ike.write(ike.Message(ike.GET_BY_SPIS, 1, spi_i=OLD.spi_i)), ike.write(ike.Message(ike.SA - 1, 1))]
    with serving(OLD) as daemon:
        for octets in bad:
            with ike.Client(daemon.path) as client:
                client.send_raw(octets)
                assert client.receive().error_code == ike.BAD_REQUEST
                assert client.is_closed()
        with ike.Client(daemon.path) as client:
            client.send_raw(right[:4] + b"\2" + right[5:])
            assert client.receive().error_code == ike.OTHER_VERSION
        with ike.Client(daemon.path) as client:  # attributes that nobody knows
            client.send_raw(ike.write(ike.Message(ike.LIST, 9), ike.attribute(17, b"new") + ike.attribute(65535, b"")))
            assert client.receive().spis == OLD.spis


socket_timeout = ike.socket.timeout
with tempfile.TemporaryDirectory() as folder:
    status = unit_run("wire-ike-keys-harness", globals())
sys.exit(status)
