# SPDX-License-Identifier: BSD-3-Clause
"""Reflect Octets and Symmetrical Size, RFC 6038."""

import os

from harness import twamp
from harness.suite import cases, subset

MODES = ("unauthenticated", "authenticated", "encrypted", "mixed")
# The padding that both directions need for equal length; 64 because the secured reply's header is 112 octets (erratum 5045).
NEEDED = {"unauthenticated": 27, "mixed": 27, "authenticated": 64, "encrypted": 64}


@subset("sanitizers")
@cases(*[(name, version) for name in MODES for version in (4, 6)])
def test_reflect_octets(lab, name, version):
    length = 40
    padding_length = NEEDED[name] + length
    session = lab.session(twamp.SECURITY_MODES[name] | twamp.REFLECT_OCTETS, version, octets_to_reflect=0xbeef,
                          padding_to_reflect=length, padding=padding_length)
    assert session.accept.reflected_octets == 0xbeef, session.accept
    server_octets = session.accept.server_octets.to_bytes(2, "big") if session.accept.server_octets else b""
    padding = server_octets + os.urandom(padding_length - len(server_octets))
    for sequence in range(3):
        reply, datagram = session.exchange(sequence, padding=padding)
        assert len(datagram.payload) == session.test.sender_header + padding_length
        assert reply.padding[:length] == padding[:length], "padding is not reflected"


@cases(*MODES)
def test_reflect_octets_without_room(lab, name):
    """RFC 6038 section 4.3: too little padding for equal length is Accept 3."""
    control = lab.control(twamp.SECURITY_MODES[name] | twamp.REFLECT_OCTETS)
    accept = control.request(sender_port=20000, receiver_port=18800, padding_to_reflect=40, padding=NEEDED[name] + 39)
    assert accept.accept == 3 and accept.port == 0, accept
    accept = control.request(sender_port=20000, receiver_port=18800, padding_to_reflect=40, padding=NEEDED[name] + 40)
    assert accept.accept == 0, accept


def test_reflect_octets_short_packet(lab):
    """A packet without the padding that was agreed on is dropped and counted."""
    session = lab.session(1 | twamp.REFLECT_OCTETS, padding_to_reflect=40, padding=67)
    with lab.counted(drop_too_short=1):
        session.send(0, padding=bytes(39))
        assert session.silent()
    session.exchange(1, padding=bytes(67))


def test_reflected_fields_without_the_mode(lab):
    """Without mode bit 32 the fields are MBZ: ignored, and zero in the answer."""
    session = lab.session(1, octets_to_reflect=0xbeef, padding_to_reflect=5000)
    assert session.accept.reflected_octets == session.accept.server_octets == 0, session.accept
    session.exchange()


@subset("sanitizers")
@cases(*[(name, version, size) for name in MODES for version in (4, 6) for size in (0, 100)])
def test_symmetrical_size(lab, name, version, size):
    session = lab.session(twamp.SECURITY_MODES[name] | twamp.SYMMETRICAL_SIZE, version, padding=size)
    padding = os.urandom(size)
    reply, datagram = session.exchange(0, padding=padding)
    assert len(datagram.payload) == session.test.sender_header + size == session.test.reflector_header + size
    assert reply.padding == padding, "the padding follows the MBZ octets and stays whole"


@cases(*MODES)
def test_symmetrical_size_too_short(lab, name):
    session = lab.session(twamp.SECURITY_MODES[name] | twamp.SYMMETRICAL_SIZE)
    with lab.counted(drop_too_short=1):
        session.send_payload(session.test.packet(0, 0)[:-1])
        assert session.silent()
    session.exchange()


@cases(*[(name, version) for name in MODES for version in (4, 6)])
def test_both(lab, name, version):
    session = lab.session(twamp.SECURITY_MODES[name] | twamp.SYMMETRICAL_SIZE | twamp.REFLECT_OCTETS, version,
                          octets_to_reflect=0x1234, padding_to_reflect=20, padding=50)
    assert session.accept.reflected_octets == 0x1234
    padding = os.urandom(50)
    reply, datagram = session.exchange(0, padding=padding)
    assert reply.padding[:20] == padding[:20]
    assert len(datagram.payload) == session.test.sender_header + 50
