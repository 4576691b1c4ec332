# SPDX-License-Identifier: BSD-3-Clause
"""DSCP and ECN Monitoring (RFC 7750) and PTP timestamps (RFC 8186), by the tests' own client and by the probe."""

import os
import time

from harness import twamp
from harness.lab import APPLIANCE
from harness.suite import cases, subset

MODES = ("unauthenticated", "authenticated", "encrypted", "mixed")
CLEAR = ("unauthenticated", "mixed")
BOTH = twamp.DSCP_ECN_MONITORING | twamp.PTP_TIMESTAMPS
Z = 0x4000
FAST = ["-c", "10", "-i", "0.005"]
CLOCK_TOLERANCE = 0.05  # seconds; both sides read the same machine's clock
TOLERANCE_NS = CLOCK_TOLERANCE * 1e9


def tai_offset():
    """What the kernel knows of TAI - UTC, else today's."""
    return round(time.clock_gettime(time.CLOCK_TAI) - time.time()) or 37


def ptp_seconds(value):
    """PTPv2 truncated format: seconds and nanoseconds, 32 bits each, since 1970 TAI."""
    assert value & 0xffffffff < 10**9, f"{value & 0xffffffff} nanoseconds"
    return (value >> 32) + (value & 0xffffffff) / 1e9 - tai_offset()


@subset("sanitizers")
@cases(*[(name, version) for name in MODES for version in (4, 6)])
def test_both(lab, name, version):
    """The sender's timestamps are NTP's, or PTP's: they come back as they were."""
    session = lab.session(twamp.SECURITY_MODES[name] | BOTH, version, padding=100, dscp=10, socket=lab.udp(version, tos=0xbb))
    for sequence, error in enumerate((0x8511, 0x8511 | Z, 0x0511)):
        sent = session.send(sequence, error=error, padding=bytes(100))
        reply, datagram = session.receive()
        assert reply.sender_sequence == reply.sequence == sequence and not any(reply.mbz)
        assert reply.sender_timestamp == sent and reply.sender_error == error
        assert reply.sender_class == 0xbb and datagram.tos == 10 << 2, (reply.sender_class, datagram.tos)
        assert reply.error & Z, f"Error Estimate {reply.error:#06x}"
        received, left = ptp_seconds(reply.receive_timestamp), ptp_seconds(reply.timestamp)
        assert twamp.ntp_seconds(sent) - CLOCK_TOLERANCE <= received <= left <= datagram.arrived + CLOCK_TOLERANCE
        assert len(datagram.payload) == session.test.sender_header + 100


@cases(*[(name, version, feature) for name in MODES for version in (4, 6)
         for feature in (twamp.DSCP_ECN_MONITORING, twamp.PTP_TIMESTAMPS)])
def test_one_alone(lab, name, version, feature):
    session = lab.session(twamp.SECURITY_MODES[name] | feature, version, socket=lab.udp(version, tos=0x03))
    reply, datagram = session.exchange()
    assert reply.sender_class == (0x03 if feature == twamp.DSCP_ECN_MONITORING else None)
    assert bool(reply.error & Z) == (feature == twamp.PTP_TIMESTAMPS) and not any(reply.mbz)
    assert len(datagram.payload) == session.test.reflector_header and datagram.tos == 0, "ECN is Not-ECT"


@cases(*[(name, reflect, size) for name in CLEAR for reflect in (0, twamp.REFLECT_OCTETS)
         for size in (28, 60)])
def test_symmetrical_size(lab, name, reflect, size):
    """RFC 7750 figure 4: 28 octets MBZ. The reply's header has two octets more, which its padding has less."""
    session = lab.session(twamp.SECURITY_MODES[name] | BOTH | twamp.SYMMETRICAL_SIZE | reflect, padding=size,
                          padding_to_reflect=20 if reflect else 0)
    padding = os.urandom(size)
    reply, datagram = session.exchange(0, padding=padding)
    assert len(datagram.payload) == 42 + size and reply.padding == padding[:size - 2]


def test_reflect_octets_without_room(lab):
    """RFC 6038 section 4.3: thirty octets more in the reply's header, or two with Symmetrical Size."""
    for feature, needed in ((0, 30), (twamp.SYMMETRICAL_SIZE, 2)):
        with lab.control(1 | twamp.DSCP_ECN_MONITORING | twamp.REFLECT_OCTETS | feature) as control:
            for padding, accept in ((needed + 39, 3), (needed + 40, 0)):
                answer = control.request(sender_port=20000, receiver_port=18800, padding_to_reflect=40, padding=padding)
                assert answer.accept == accept, answer


@cases(*[(name, version) for name in MODES for version in (4, 6)])
def test_probe(lab, name, version):
    report = lab.probe(APPLIANCE[version], *lab.probe_keys(name), *FAST, "--dscp-ecn", "--ptp", "-D", "ef", "--ecn", "ect1")
    total = report["total"]
    assert report["features"] == ["dscp-ecn-monitoring", "ptp-timestamps"]
    assert total["answered"] == total["ptp_timestamps"] == 10 and total["corrupt"] == total["dscp_changed"] == 0, total
    assert total["received"] == {"dscp": {"46": 10}, "ecn": {"not_ect": 0, "ect1": 10, "ect0": 0, "ce": 0}, "dscp_changed": 0,
                                 "ecn_changed": 0}
    assert report["settings"]["tai_offset_s"] == tai_offset()
    for direction in ("one_way_forward_ns", "one_way_reverse_ns"):
        assert -TOLERANCE_NS < total[direction]["median"] < total["rtt_ns"]["max"] + TOLERANCE_NS, total
    assert 0 <= total["turnaround_ns"]["min"] and total["turnaround_invalid"] == 0
    assert total["reply_octets_min"] == total["reply_octets_max"] == report["settings"]["packet_octets"]


def test_probe_symmetrical(lab):
    report = lab.probe(APPLIANCE[4], "--mode", "unauthenticated", *FAST, "--dscp-ecn", "--symmetrical", "--reflect-octets=30")
    assert report["total"]["answered"] == 10 and report["total"]["received"]["dscp"] == {"0": 10}
    assert report["total"]["reply_octets_max"] == report["settings"]["packet_octets"]


def test_probe_other_tai_offset(lab):
    """A reflector that took TAI for UTC shows as one-way times of so many seconds."""
    report = lab.probe(APPLIANCE[4], "--mode", "unauthenticated", *FAST, "--ptp", "--tai-offset", str(tai_offset() - 10))
    forward, rtt = report["total"]["one_way_forward_ns"]["median"], report["total"]["rtt_ns"]["max"]
    assert -TOLERANCE_NS < forward - 10 * 10**9 < rtt + TOLERANCE_NS, (forward, rtt)
    assert rtt < 5 * 10**9, "round trips have nothing to do with it"


def test_off(lab):
    """Not chosen: replies as ever."""
    report = lab.probe(APPLIANCE[4], "--mode", "unauthenticated", *FAST)
    assert report["total"]["received"] is None and report["total"]["ptp_timestamps"] == 0 and report["features"] == []
