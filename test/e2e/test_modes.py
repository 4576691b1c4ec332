# SPDX-License-Identifier: BSD-3-Clause
"""Every mode over both families: each octet of control messages and replies, as the RFCs have them."""

import os
import time

from harness import twamp
from harness.lab import APPLIANCE, CLIENT
from harness.suite import cases, subset

EVERY = [(name, version) for name in twamp.SECURITY_MODES for version in (4, 6)]
OFFERED = (1 | 2 | 4 | 8 | twamp.INDIVIDUAL_CONTROL | twamp.REFLECT_OCTETS | twamp.SYMMETRICAL_SIZE | twamp.IKEV2 |
           twamp.DSCP_ECN_MONITORING | twamp.PTP_TIMESTAMPS)
CLOCK_TOLERANCE = 0.05  # seconds; both sides read the same machine's clock


@subset("sanitizers")
@cases(*EVERY)
def test_exchange(lab, name, version):
    mode = twamp.SECURITY_MODES[name]
    control = lab.control(version=version)
    start = control.set_up(mode)
    hello = control.hello
    assert hello.modes == OFFERED, f"Modes {hello.modes:#x}"
    assert hello.unused == bytes(12) and hello.mbz == bytes(12)
    assert hello.count >= 1024 and hello.count & (hello.count - 1) == 0, hello.count
    assert start.accept == 0 and start.mbz == bytes(15) and start.mbz2 == bytes(8), start
    assert twamp.ntp_seconds(start.start_time) <= time.time() + CLOCK_TOLERANCE
    session = lab.session(mode, version, control=control, padding=100, dscp=46)
    accept = session.accept
    assert accept.mbz == 0 and accept.mbz2 == bytes(8) and accept.reflected_octets == accept.server_octets == 0, accept
    assert accept.port == 18800 and accept.sid != bytes(16), accept
    for sequence in range(3):
        check_exchange(session, sequence, version, os.urandom(100), tos=46 << 2)
    control.stop_sessions(1)


def check_exchange(session, sequence, version, padding, tos=0):
    error = 0x8000 | 5 << 8 | 17
    sent = session.send(sequence * 7, error=error, padding=padding)
    reply, datagram = session.receive()
    assert reply.sequence == sequence, f"reply {sequence} has Sequence Number {reply.sequence}"
    assert reply.sender_sequence == sequence * 7
    assert reply.sender_timestamp == sent and reply.sender_error == error
    assert reply.ttl == 255 and not any(reply.mbz)
    assert datagram.ttl == 255, f"TTL {datagram.ttl}"
    assert datagram.tos == tos, f"traffic class {datagram.tos:#x}"
    assert datagram.source == (APPLIANCE[version], session.accept.port)
    assert reply.error & 0xff != 0 and not reply.error & 0x4000, f"Error Estimate {reply.error:#06x}"
    arrived, received, left = datagram.arrived, *map(twamp.ntp_seconds, (reply.receive_timestamp, reply.timestamp))
    assert received <= left, "sent before it was received"
    assert twamp.ntp_seconds(sent) - CLOCK_TOLERANCE <= received and left <= arrived + CLOCK_TOLERANCE
    expected = session.test.sender_header + len(padding)
    assert len(datagram.payload) == max(expected, session.test.reflector_header), len(datagram.payload)
    assert reply.padding == padding[:len(reply.padding)], "padding is not the sender's, cut at its end"


@cases(*[(name, version, size) for name in ("unauthenticated", "authenticated", "encrypted") for version in (4, 6)
         for size in (0, 1, 26, 27, 28, 63, 64, 65, 500, 1400)])
def test_length(lab, name, version, size):
    """Equal length both ways as soon as the padding suffices: 27 octets, 64 in the secured formats."""
    session = lab.session(twamp.SECURITY_MODES[name], version, padding=size)
    check_exchange(session, 0, version, os.urandom(size))


def test_padding_is_cut_at_its_end(lab):
    session = lab.session(twamp.UNAUTHENTICATED, padding=40)
    padding = bytes(range(40))
    reply, _ = session.exchange(padding=padding)
    assert reply.padding == padding[:13]


@cases(4, 6)
def test_sender_ttl(lab, version):
    session = lab.session(twamp.UNAUTHENTICATED, version, socket=lab.udp(version, ttl=77))
    reply, datagram = session.exchange()
    assert reply.ttl == 77 and datagram.ttl == 255, (reply.ttl, datagram.ttl)


@cases(*[(dscp, version) for dscp in (0, 1, 34, 63) for version in (4, 6)])
def test_dscp(lab, dscp, version):
    """The reply has the DSCP that was asked for, whatever the test packet arrived with; ECN is not copied."""
    session = lab.session(twamp.UNAUTHENTICATED, version, socket=lab.udp(version, tos=0b00010101), dscp=dscp)
    _, datagram = session.exchange()
    assert datagram.tos == dscp << 2, f"{datagram.tos:#x}"


@cases(*EVERY)
def test_wire(lab, name, version):
    """The reply's checksums hold, seen on the wire."""
    session = lab.session(twamp.SECURITY_MODES[name], version, padding=33)
    port = lab.port()
    session.send(padding=os.urandom(33))
    frames = port.datagrams(5, 1, source_port=session.accept.port)
    assert len(frames) == 1, "no reply on the wire"
    frame = frames[0]
    assert frame.ip_checksum_good and frame.udp_checksum_good and frame.udp_checksum != 0
    assert frame.ip_source == APPLIANCE[version] and frame.ip_destination == CLIENT[version]
    assert frame.source == lab.appliance_mac() and frame.ttl == 255


def test_start_time_is_one(lab):
    """One Start-Time an instance, RFC 4656 section 3.1."""
    times = set()
    for mode in (1, 2, 4, 8, 2 | 128):
        with lab.control() as control:
            times.add(control.set_up(mode).start_time)
    assert len(times) == 1, times


def test_no_challenge_is_repeated(lab):
    challenges, ivs = set(), set()
    for _ in range(50):
        with lab.control() as control:
            ivs.add(control.set_up(twamp.AUTHENTICATED).iv)
            challenges.add(control.hello.challenge)
    assert len(challenges) == 50 and len(ivs) == 50


def test_sids_are_unique(lab):
    control = lab.control(1)
    sids = set()
    for number in range(10):
        accept = control.request(sender_port=20000 + number, receiver_port=18800 + number)
        assert accept.accept == 0
        sids.add(accept.sid)
    assert len(sids) == 10
    assert all(sid[:4] == b"\xc0\x00\x02\x02" for sid in sids), "SIDs don't begin with the IPv4 address"
