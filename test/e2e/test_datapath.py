# SPDX-License-Identifier: BSD-3-Clause
"""Frames as the wire may bring them: VLANs, IPv4 options, IPv6 extension headers, fragments, damage."""

import random
import struct
import time

from harness import frames, twamp
from harness.lab import APPLIANCE, CLIENT, QINQ, QINQ_APPLIANCE, QINQ_CLIENT, VLAN, VLAN_APPLIANCE, VLAN_CLIENT
from harness.suite import cases, subset
from harness.relay import TaggedLink


PORTION = 200  # frames in a row: fewer than af_packet's ring has room for while a busy machine does not run the appliance


def raw(lab, session, payload, version=4, vlans=(), **change):
    """A frame of the session's flow with something changed."""
    source, destination = CLIENT[version], APPLIANCE[version]
    udp = change.pop("udp", None) or frames.udp(source, destination, session.socket.getsockname()[1], session.accept.port, payload,
                                                **change.pop("udp_options", {}))
    before = change.pop("before", b"")
    packet = frames.ipv4(source, destination, udp, **change) if version == 4 else \
        frames.ipv6(source, destination, before + udp, **change)
    return frames.ethernet(lab.appliance_mac(), lab.port_open.address, packet, vlans)


def opened(lab, mode=1, version=4):
    session = lab.session(mode, version)
    lab.port_open = lab.port()
    return session, lab.port_open


def answer(port, session, seconds=15):
    found = port.datagrams(seconds, 1, source_port=session.accept.port)
    return found[0] if found else None


def silent(port, session):
    return answer(port, session, 0.5) is None


def vlan_up(lab, which):
    """The client's interface in a VLAN; its addresses."""
    vlans, addresses = ((VLAN,), VLAN_CLIENT) if which == "vlan" else (QINQ, QINQ_CLIENT)
    TaggedLink(lab, vlans, [f"{addresses[4]}/24", f"{addresses[6]}/64"])
    return addresses


@subset("sanitizers")
@cases(*[(which, name, version) for which in ("vlan", "qinq") for name in ("unauthenticated", "encrypted") for version in (4, 6)])
def test_vlan(lab, which, name, version):
    clients = vlan_up(lab, which)
    server = (VLAN_APPLIANCE if which == "vlan" else QINQ_APPLIANCE)[version]
    session = lab.session(twamp.SECURITY_MODES[name], version, server=server, client=clients[version])
    port = lab.port()
    reply, datagram = session.exchange(0, padding=bytes(50))
    assert datagram.source == (server, session.accept.port) and reply.ttl == 255
    frame = port.datagrams(15, 1, source_port=session.accept.port)[0]
    assert frame.vlans == ([VLAN] if which == "vlan" else list(QINQ)), frame.vlans


def test_wrong_vlan(lab):
    """A session of one VLAN is not that of another."""
    session, port = opened(lab)
    payload = session.test.packet(0, 0)
    for vlans in ((VLAN,), (7,), QINQ):
        port.send(raw(lab, session, payload, vlans=vlans))
    assert silent(port, session), "answered in a VLAN that is not the session's"
    port.send(raw(lab, session, payload))
    assert answer(port, session).vlans == []


def test_priority_tag(lab):
    """VLAN ID 0 is a priority, not a VLAN: answered or dropped, nothing breaks."""
    session, port = opened(lab)
    port.send(raw(lab, session, session.test.packet(0, 0), vlans=(0,)))
    answer(port, session, 0.5)
    session.exchange()


@subset("sanitizers")
@cases("unauthenticated", "encrypted")
def test_ipv4_options(lab, name):
    session, port = opened(lab, twamp.SECURITY_MODES[name])
    for options in (b"\x01\x01\x01\x01", b"\x94\x04\0\0", b"\x01" * 40, b"\x07\x07\x08\0\0\0\0"):
        port.send(raw(lab, session, session.test.packet(0, twamp.ntp(time.time())), options=options, ttl=64))
        frame = answer(port, session)
        assert frame is not None, f"no answer to options {options.hex()}"
        assert frame.ip_checksum_good and frame.udp_checksum_good and frame.ttl == 255
        assert session.test.reply(frame.payload).ttl == 64


@cases(131, 137)
def test_source_route(lab, option):
    """Not for the datapath to judge: the kernel has its policy, and answers no test packet."""
    session, port = opened(lab)
    port.send(raw(lab, session, session.test.packet(0, 0), options=bytes([option, 7, 4]) + b"\xc0\0\x02\x09"))
    assert silent(port, session)
    session.exchange()


def extension(next_header, size=8, body=b"\x01\x04\0\0\0\0"):
    return struct.pack("!BB", next_header, size // 8 - 1) + body.ljust(size - 2, b"\0")


@subset("sanitizers")
@cases(("hop-by-hop", 0, 8), ("destination", 60, 8), ("destination", 60, 64))
def test_ipv6_extension(lab, _, number, size):
    session, port = opened(lab, twamp.ENCRYPTED, 6)
    body = b"\x01" + bytes([size - 4]) + bytes(size - 4)
    port.send(raw(lab, session, session.test.packet(0, twamp.ntp(time.time())), 6, next_header=number,
                  before=extension(17, size, body)))
    frame = answer(port, session)
    assert frame is not None, "no answer"
    assert frame.udp_checksum_good and session.test.reply(frame.payload).sequence == 0


@subset("sanitizers")
@cases(*range(12))
def test_ipv6_hostile_extensions(lab, number):
    """Headers that lie about their length or never end: no answer, no harm."""
    session, port = opened(lab, 1, 6)
    payload = session.test.packet(0, 0)
    chains = [
        (0, b"\0\xff" + bytes(6)), (60, b"\x11\xff" + bytes(6)), (43, b"\x11\x10\0\0" + bytes(4)), (44, b"\x11\0\0\0" + bytes(4)),
        (44, b"\x11\0\0\x01" + bytes(4)), (51, b"\x11\x01" + bytes(10)), (50, bytes(8)), (59, b""), (0, extension(0) * 30),
        (60, extension(60) * 100), (135, extension(17)), (255, bytes(16)),
    ]
    kind, before = chains[number]
    port.send(raw(lab, session, payload, 6, next_header=kind, before=before))
    answer(port, session, 0.3)
    session.exchange()


@subset("sanitizers")
@cases("first", "middle", "last", "ipv6-first", "ipv6-last")
def test_fragments(lab, which):
    """A fragment is not reflected."""
    version = 6 if which.startswith("ipv6") else 4
    session, port = opened(lab, 1, version)
    payload = session.test.packet(0, 0).ljust(40, b"\0")
    if version == 4:
        flags = {"first": 0x2000, "middle": 0x2003, "last": 0x0003}[which]
        port.send(raw(lab, session, payload, fragment=flags, identification=7))
    else:
        head = struct.pack("!BBHI", 17, 0, 1 if which == "ipv6-first" else 3 << 3, 7)
        port.send(raw(lab, session, payload, 6, next_header=44, before=head))
    assert silent(port, session), "a fragment was reflected"
    session.exchange()


@subset("sanitizers")
def test_counters_add_up(lab):
    """Whatever comes, each frame is counted once more than as received."""
    chance = random.Random(1)
    port, mac = lab.port(), lab.appliance_mac()
    sessions = [lab.session(mode, version, receiver_port=18800 + mode + 10 * version) for mode in (1, 2, 4) for version in (4, 6)]
    pace, before = lab.session(1, receiver_port=18790), lab.counters().get("received", 0)
    for sequence in range(3000):
        if sequence % PORTION == 0:
            pace.exchange(sequence)  # what was sent before is taken
        session = chance.choice(sessions)
        payload = session.test.packet(sequence, twamp.ntp(time.time()), padding=bytes(chance.randrange(1300)))
        source, destination = CLIENT[session.version], APPLIANCE[session.version]
        datagram = frames.udp(source, destination, session.socket.getsockname()[1], session.accept.port, payload)
        packet = (frames.ipv4 if session.version == 4 else frames.ipv6)(source, destination, datagram)
        frame = bytearray(frames.ethernet(mac, port.address, packet))
        if chance.randrange(4) == 0:
            del frame[chance.randrange(14, len(frame)):]
        for _ in range(chance.randrange(4)):
            frame[chance.randrange(min(len(frame), chance.choice((70, 1500))))] = chance.randrange(256)
        port.send(bytes(frame))

    def add_up():
        now = lab.counters()
        return now["received"] - before >= 1000 and now["received"] == now["reflected"] + now["exception"] + \
            sum(value for name, value in now.items() if name.startswith("drop_"))
    assert lab.wait_for(add_up, 3, "counters that add up", fail=False), (before, lab.counters())
    for session in sessions:
        session.exchange(3000)


def test_do_not_fragment_flag_is_fine(lab):
    session, port = opened(lab)
    port.send(raw(lab, session, session.test.packet(0, 0), fragment=0x4000))
    assert answer(port, session) is not None


@subset("sanitizers")
def test_wrong_ip_checksum(lab):
    session, port = opened(lab)
    with lab.counted(drop_checksum=1):
        port.send(raw(lab, session, session.test.packet(0, 0), bad_checksum=True))
        assert silent(port, session)


@cases(4, 6)
def test_wrong_udp_checksum_stays_wrong(lab, version):
    """A corrupted packet stays visibly corrupted, or is dropped; it is never given a right checksum."""
    session, port = opened(lab, 1, version)
    port.send(raw(lab, session, session.test.packet(0, 0), version, udp_options={"bad_checksum": True}))
    frame = answer(port, session, 0.7)
    assert frame is None or not frame.udp_checksum_good


def test_no_udp_checksum_ipv4(lab):
    """Zero means none in IPv4; so has the reply, or a right one."""
    session, port = opened(lab)
    port.send(raw(lab, session, session.test.packet(0, 0), udp_options={"no_checksum": True}))
    frame = answer(port, session)
    assert frame is not None and frame.udp_checksum_good


def test_no_udp_checksum_ipv6(lab):
    session, port = opened(lab, 1, 6)
    with lab.counted(drop_checksum=1):
        port.send(raw(lab, session, session.test.packet(0, 0), 6, udp_options={"no_checksum": True}))
        assert silent(port, session)


@subset("sanitizers")
def test_lengths_that_lie(lab):
    """IP and UDP lengths that do not fit each other or the frame."""
    session, port = opened(lab)
    payload = session.test.packet(0, 0).ljust(60, b"\0")
    good = bytearray(raw(lab, session, payload))
    for at, value in ((16, 0), (16, 19), (16, 21), (16, 27), (16, 29), (16, 200), (16, 65535), (38, 0), (38, 7), (38, 8), (38, 21),
                      (38, 69), (38, 200), (38, 65535)):
        frame = bytearray(good)
        struct.pack_into("!H", frame, at, value)
        if at == 16:
            struct.pack_into("!H", frame, 24, 0)
            struct.pack_into("!H", frame, 24, frames.checksum(bytes(frame[14:34])))
        port.send(bytes(frame))
    for size in range(14, len(good), 3):
        port.send(bytes(good[:size]))
    for first in (0x05, 0x40, 0x44, 0x4f, 0x55, 0xff):
        frame = bytearray(good)
        frame[14] = first
        port.send(bytes(frame))
    session.exchange(1)


@subset("sanitizers")
@cases(("unauthenticated", 14), ("authenticated", 48), ("encrypted", 48))
def test_too_short(lab, name, size):
    session = lab.session(twamp.SECURITY_MODES[name])
    packet = session.test.packet(0, 0)
    assert len(packet) == size
    with lab.counted(drop_too_short=3):
        for cut in (0, 1, size - 1):
            session.send_payload(packet[:cut])
        assert session.silent()
    session.exchange(1)


@subset("sanitizers")
@cases("authenticated", "encrypted", "ikev2-authenticated", "ikev2-encrypted")
def test_wrong_hmac(lab, name):
    """Each damaged octet that the HMAC covers makes the packet drop; the reply's sequence has no gap."""
    session = lab.session(twamp.SECURITY_MODES[name])
    packet = session.test.packet(0, twamp.ntp(time.time()), padding=bytes(70))
    covered = list(range(16)) + ([] if "authenticated" in name else list(range(16, 32))) + list(range(32, 48))
    with lab.counted(drop_hmac=len(covered)):
        for at in covered:
            damaged = bytearray(packet)
            damaged[at] ^= 1 << at % 8
            session.send_payload(bytes(damaged))
        assert session.silent()
    reply, _ = session.exchange(1)
    assert reply.sequence == 0, "dropped packets were counted in Sequence Number"


def test_uncovered_octets_may_change(lab):
    """Authenticated mode leaves timestamp and padding clear."""
    session = lab.session(twamp.AUTHENTICATED)
    packet = bytearray(session.test.packet(0, 1, padding=bytes(70)))
    packet[20] ^= 0xff
    packet[60] ^= 0xff
    session.send_payload(bytes(packet))
    assert session.receive() is not None


def test_other_sessions_keys(lab):
    """A packet sealed with another session's keys is dropped."""
    first, second = lab.session(twamp.ENCRYPTED), lab.session(twamp.ENCRYPTED, receiver_port=18801)
    with lab.counted(drop_hmac=1):
        first.send_payload(second.test.packet(0, 0))
        assert first.silent()
    first.exchange()
    second.exchange()


@subset("sanitizers")
def test_unknown_flow(lab):
    session = lab.session(1)
    stranger = lab.udp(4)
    with lab.counted(drop_unknown_flow=2):
        stranger.sendto(session.test.packet(0, 0), session.peer)
        session.socket.sendto(session.test.packet(0, 0), (APPLIANCE[4], session.accept.port + 1))
        assert twamp.receive_datagram(stranger, 0.5) is None
    session.exchange()


@cases("unauthenticated", "authenticated", "encrypted")
def test_zero_multiplier(lab, name):
    """RFC 4656 section 4.1.2: a Multiplier of zero is corrupt, discarded."""
    session = lab.session(twamp.SECURITY_MODES[name])
    with lab.counted(drop_error_estimate=1):
        session.send(0, error=0x8100)
        assert session.silent()
    session.exchange(1)


def test_largest_packet(lab):
    """The MTU's largest test packet, both families."""
    for version, header in ((4, 28), (6, 48)):
        session = lab.session(1, version, receiver_port=18870)
        padding = bytes(1500 - header - 14)
        _, datagram = session.exchange(0, padding=padding)
        assert len(datagram.payload) == 1500 - header


def test_largest_packet_that_would_grow(lab):
    """A packet is never answered by one longer than the MTU."""
    session = lab.session(twamp.ENCRYPTED)
    _, datagram = session.exchange(0, padding=bytes(1472 - 48))
    assert len(datagram.payload) == 1472


@cases(4, 6)
def test_ping(lab, version):
    """The exception path: echo works, once each (no DUP)."""
    port = lab.port()
    for _ in range(5):
        # Of several packets ping waits for the later ones no longer than for the first one.
        lab.run("client", "ping", f"-{version}", "-c", "1", "-W", "15", APPLIANCE[version])
    protocol, reply = (b"\x01", 0) if version == 4 else (b"\x3a", 129)
    at, header = (9, 20) if version == 4 else (6, 40)
    packets = [octets[14:] for octets in port.frames(0.3)]
    replies = [packet for packet in packets if packet[0] >> 4 == version and packet[at:at + 1] == protocol and packet[header] == reply]
    assert len(replies) == 5, len(replies)


@cases(4, 6)
def test_neighbour_discovery(lab, version):
    """ARP and ND are answered by the appliance, with the port's address."""
    lab.run("client", "ip", "neigh", "flush", "all")
    lab.run("client", "ping", f"-{version}", "-c", "1", "-W", "15", APPLIANCE[version])
    table = lab.run("client", "ip", f"-{version}", "neigh", "show", APPLIANCE[version]).stdout
    assert lab.appliance_mac() in table, table


def test_foreign_destination_mac(lab):
    """A frame for another station is no test packet of ours."""
    session, port = opened(lab)
    frame = bytearray(raw(lab, session, session.test.packet(0, 0)))
    frame[0:6] = bytes.fromhex("02aabbccddee")
    with lab.counted(drop_other_station=1):
        port.send(bytes(frame))
        assert silent(port, session)
    session.exchange()
