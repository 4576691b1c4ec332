# SPDX-License-Identifier: BSD-3-Clause
"""A third reading: tshark dissects both protocols both ways without a malformed field or an expert error."""

import json
import os
import shutil
import signal
import subprocess
import time

from harness import twamp
from harness.lab import APPLIANCE, CLIENT_LINK
from harness.suite import Skip, cases

TSHARK = shutil.which("tshark")


def captured(lab, run, encrypted=False):
    """The packets of a run, dissected: a list of tshark's JSON layers. encrypted: tshark knows no keys, takes the encrypted octets
    of the control connection for messages, and finds these malformed; nothing else may be."""
    if TSHARK is None:
        raise Skip("no tshark")
    path = os.path.join(lab.folder, "capture.pcap")
    with open(path, "wb"):
        pass
    process = lab.start("client", TSHARK, "-q", "-i", CLIENT_LINK, "-w", path, "-F", "pcap")
    lab.wait_for(lambda: os.path.getsize(path) > 0, 30, "tshark to capture")
    time.sleep(0.3)
    result = run()
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    process.wait(30)
    options = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE",
               "-d", "udp.port==18760-19960,twamp.test"]
    text = subprocess.run([TSHARK, "-r", path, *options, "-T", "json", "--no-duplicate-keys"], capture_output=True, text=True,
                          check=True, stdin=subprocess.DEVNULL).stdout
    # Acknowledging twice what a sender sent twice, because a busy machine was late with the first, is right.
    late = " && !tcp.analysis.duplicate_ack"
    # Linux writes a TCP checksum of 0 as 0xffff, as if it were UDP's: the same to who verifies it (RFC 1624), but tshark minds.
    wanted = "(_ws.malformed || _ws.expert.severity >= 6291456) && !tcp.checksum.ffff" + late + (" && !twamp.control" if encrypted else "")
    faults = subprocess.run([TSHARK, "-r", path, *options, "-Y", wanted], capture_output=True, text=True, check=True,
                            stdin=subprocess.DEVNULL).stdout
    assert not faults.strip(), "tshark finds faults:\n" + faults
    return result, [packet["_source"]["layers"] for packet in json.loads(text)]


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
