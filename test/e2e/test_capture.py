# SPDX-License-Identifier: BSD-3-Clause
"""A third reading: tshark dissects both protocols both ways without a malformed field or an expert error."""

import json
import os
import shutil
import subprocess

from harness import twamp
from harness.lab import APPLIANCE, CLIENT_LINK
from harness.pcap import Capture
from harness.suite import Skip, cases

TSHARK = shutil.which("tshark")
OPTIONS = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
           "-d", "udp.port==18760-19960,twamp.test"]
WARNING = 6 << 20  # tshark's severities: note, warning, error
# No faults, though tshark warns of them: a TCP checksum of 0 that Linux writes as 0xffff, as if it were UDP's, which is the same to who
# verifies it (RFC 1624); and an acknowledgement of what came twice, as a sender does that a busy machine acknowledged too late (RFC 2883).
TOLERATED = {"tcp.checksum.ffff", "tcp.options.sack.dsack"}


def remarks(tree, name="_ws.expert"):
    """tshark's expert remarks anywhere in a packet."""
    if isinstance(tree, list):
        return [remark for branch in tree for remark in remarks(branch, name)]
    if not isinstance(tree, dict):
        return []
    found = tree.get(name, [])
    return (found if isinstance(found, list) else [found]) + [remark for branch in tree.values() for remark in remarks(branch, name)]


def faults(layers):
    """What tshark finds wrong with a packet."""
    return [remark for remark in remarks(layers)
            if int(remark["_ws.expert.severity"]) >= WARNING and not TOLERATED & remark.keys()] + remarks(layers, "_ws.malformed")


def captured(lab, run, encrypted=False):
    """The packets of a run, dissected: a list of tshark's JSON layers. encrypted: tshark knows no keys, takes the encrypted octets
    of the control connection for messages, and finds these malformed; nothing else may be."""
    if TSHARK is None:
        raise Skip("no tshark")
    with lab.inside("client"):
        capture = Capture(CLIENT_LINK)
    lab.deferred.callback(capture.socket.close)
    result = run()
    path = os.path.join(lab.folder, "capture.pcap")
    capture.write(path)
    text = subprocess.run([TSHARK, "-r", path, *OPTIONS, "-T", "json", "--no-duplicate-keys"], capture_output=True, text=True,
                          check=True, stdin=subprocess.DEVNULL).stdout
    packets = [packet["_source"]["layers"] for packet in json.loads(text)]
    for layers in packets:
        found = [] if encrypted and "twamp.control" in layers else faults(layers)
        assert not found, f"tshark finds faults: {json.dumps(found, indent=1)}\nin {json.dumps(layers, indent=1)}"
    return result, packets


@cases(4, 6)
def test_unauthenticated(lab, version):
    """Every octet is readable: control messages one by one and test packets both ways."""
    report, packets = captured(lab, lambda: lab.probe(APPLIANCE[version], "--mode", "unauthenticated", "-c", "10", "-i", "0.01"))
    assert report["total"]["answered"] == 10
    control = [layers for layers in packets if "twamp.control" in layers]
    tests = [layers for layers in packets if "twamp.test" in layers]
    assert len(control) >= 8, f"{len(control)} control messages"
    assert len(tests) == 20, f"{len(tests)} test packets"
    for layers in packets:
        assert layers.get("udp", {}).get("udp.checksum.status", "1") == "1", layers["udp"]
        assert layers.get("ip", {}).get("ip.checksum.status", "1") == "1", layers["ip"]


@cases(4, 6)
def test_features(lab, version):
    """tshark knows neither RFC 7750 nor RFC 8186: it reads the same fields, whose octets and lengths must still be right."""
    report, packets = captured(lab, lambda: lab.probe(APPLIANCE[version], "--mode", "unauthenticated", "-c", "5", "-i", "0.01",
                                                      "--dscp-ecn", "--ptp"))
    assert report["total"]["answered"] == report["total"]["ptp_timestamps"] == 5
    control = [layers["twamp.control"] for layers in packets if "twamp.control" in layers]
    assert int(control[1]["twamp.control.mode"], 0) == 1 | twamp.DSCP_ECN_MONITORING | twamp.PTP_TIMESTAMPS, control[1]
    assert len([layers for layers in packets if "twamp.test" in layers]) == 10


@cases(*[(name, version) for name in twamp.SECURITY_MODES if name != "unauthenticated" for version in (4, 6)])
def test_keyed(lab, name, version):
    """The clear parts are readable, the lengths and checksums right."""
    report, packets = captured(lab, lambda: lab.probe(APPLIANCE[version], *lab.probe_keys(name), "-c", "10", "-i", "0.01"),
                               encrypted=True)
    assert report["total"]["answered"] == 10
    control = [layers["twamp.control"] for layers in packets if "twamp.control" in layers]
    assert len(control) >= 3 and control[0].get("twamp.control.modes") and control[1].get("twamp.control.mode"), control[:3]
    datagrams = [layers for layers in packets if "udp" in layers]
    assert len(datagrams) >= 20
    assert all(layers["udp"].get("udp.checksum.status", "1") == "1" for layers in datagrams)
