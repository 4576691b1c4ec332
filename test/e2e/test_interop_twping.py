# SPDX-License-Identifier: BSD-3-Clause
"""perfSONAR's twping against specular, and specular-probe against its twampd, when they are installed: in PATH, or named by the
environment's TWPING and TWAMPD. They are built outside this repository (doc/testing.md)."""

import os
import re
import shutil
import subprocess

from harness import twamp
from harness.lab import APPLIANCE, CLIENT
from harness.suite import Skip, cases, configuration, subset

LETTERS = {"unauthenticated": "O", "authenticated": "A", "encrypted": "E", "mixed": "M"}
EVERY = [(name, version) for name in LETTERS for version in (4, 6)]
COUNT = 20


def program(name):
    path = os.environ.get(name.upper()) or shutil.which(name)
    if not path:
        raise Skip(f"no {name}")
    return path


def passphrase_file(lab, folder=None):
    """perfSONAR's format: KeyID and the passphrase in hexadecimal."""
    path = os.path.join(folder or lab.folder, "twamp-server.pfs")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"{twamp.PSK_ID.decode()} {twamp.PSK.hex()}\n")
    os.chmod(path, 0o600)
    return path


def twping(lab, name, version, *options, side="client"):
    host = APPLIANCE[version] if version == 4 else f"[{APPLIANCE[version]}]"
    keys = [] if name == "unauthenticated" else ["-k", passphrase_file(lab), "-u", twamp.PSK_ID.decode()]
    return lab.run(side, program("twping"), f"-{version}", "-A", LETTERS[name], *keys, "-c", str(COUNT), "-i", "0.02", "-L", "2",
                   *options, f"{host}:862", timeout=60).stdout


@subset("sanitizers")
@cases(*EVERY)
def test_twping(lab, name, version):
    text = twping(lab, name, version)
    assert re.search(rf"{COUNT} sent, 0 lost \(0\.000%\), 0 send duplicates, 0 reflect duplicates", text), text
    assert "send hops = 0 (consistently)" in text and "reflect hops = 0 (consistently)" in text, text


@cases(*[(name, size) for name in LETTERS for size in (0, 27, 64, 1000)])
def test_twping_padding(lab, name, size):
    assert f"{COUNT} sent, 0 lost" in twping(lab, name, 4, "-s", str(size))


@cases("unauthenticated", "encrypted")
def test_twping_dscp(lab, name):
    assert f"{COUNT} sent, 0 lost" in twping(lab, name, 4, "-D", "46")


def test_twping_without_addresses(lab):
    """-Z: zero addresses in the request."""
    assert f"{COUNT} sent, 0 lost" in twping(lab, "unauthenticated", 4, "-Z")


def twampd(lab, version):
    """Starts twampd in the client's namespace."""
    path = program("twampd")
    folder = os.path.join(lab.folder, f"twampd-{version}")
    os.makedirs(folder, exist_ok=True)
    address = CLIENT[version] if version == 4 else f"[{CLIENT[version]}]"
    with open(os.path.join(folder, "twamp-server.conf"), "w", encoding="ascii") as file:
        file.write(f"authmode AEMO\ntestports 20000-20100\nsrcnode {address}:8620\n")
    with open(os.path.join(folder, "twamp-server.limits"), "w", encoding="ascii") as file:
        file.write("limit root with disk=0, bandwidth=0, delete_on_fetch=on, allow_open_mode=on\nassign default root\n")
    passphrase_file(lab, folder)
    lab.start("client", path, "-f", "-Z", "-c", folder, "-d", folder, "-R", folder, stderr=subprocess.DEVNULL)
    lab.wait_for(lambda: ":8620" in lab.run("client", "ss", "-ltn").stdout, 20, "twampd to listen")


@configuration(start=False)
@cases(*EVERY)
def test_probe_against_twampd(lab, name, version):
    program("twampd")
    twampd(lab, version)
    address = f"{CLIENT[4]}:8620" if version == 4 else f"[{CLIENT[6]}]:8620"
    lab.write_configuration()
    report = lab.probe(address, *lab.probe_keys(name), "-c", str(COUNT), "-i", "0.02")
    total = report["total"]
    assert report["mode"] == name and total["sent"] == total["answered"] == COUNT, total
    assert total["corrupt"] == 0 and total["hops_forward"] == {"min": 0, "max": 0}, total


@configuration(start=False)
def test_our_client_against_twampd(lab):
    """The tests' own client is right too: another implementation serves it in each mode."""
    twampd(lab, 4)
    for number, name in enumerate(LETTERS):
        mode = twamp.SECURITY_MODES[name]
        control = lab.control(mode, address=CLIENT[4], port=8620)
        test = lab.udp(4)
        accept = control.request(sender_port=test.getsockname()[1], receiver_port=20050 + number, sender=CLIENT[4], receiver=CLIENT[4],
                                 padding=64)
        assert accept.accept == 0 and control.start_sessions().accept == 0
        formats = twamp.Test(mode, control.keys, accept.sid)
        for sequence in range(3):
            test.sendto(formats.packet(sequence, twamp.ntp(0), padding=bytes(64)), (CLIENT[4], accept.port))
            reply = formats.reply(twamp.receive_datagram(test).payload)
            assert reply.sequence == reply.sender_sequence == sequence and not any(reply.mbz)
        control.stop_sessions(1)
