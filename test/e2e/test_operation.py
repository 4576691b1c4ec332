# SPDX-License-Identifier: BSD-3-Clause
"""What the running appliance tells of itself: its own socket, DPDK's telemetry, and counters that add up."""

import glob
import json
import os
import re
import socket
import stat
import struct

from harness import frames, twamp
from harness.lab import APPLIANCE, CLIENT
from harness.suite import configuration, subset

TELEMETRY = "/run/dpdk/*/dpdk_telemetry.v2"


def ask(lab, line):
    document = lab.ask(line)
    assert document["schema"] == "specular-status/1" and document["command"] == line.split()[0]
    return document


@subset("sanitizers")
def test_commands(lab):
    assert stat.S_IMODE(os.stat(lab.operation_socket()).st_mode) == 0o600
    control = lab.control(twamp.ENCRYPTED)
    session = lab.session(twamp.ENCRYPTED, control=control)
    session.exchange(0)
    status = ask(lab, "status")
    assert status["pid"] == lab.pid() and status["state"] == "running" and status["sessions"]["started"] >= 1
    found, = ask(lab, "sessions state=started mode=encrypted peer=192.0.2.1")["sessions"]
    assert found["sender"]["port"] == session.socket.getsockname()[1]
    assert found["received"] == found["reflected"] == 1 and found["key"] == "lab"
    assert found["reflector"] == {"address": APPLIANCE[4], "port": session.accept.port}
    assert ask(lab, f"session sid={found['sid']}")["started"] == found["started"]
    connection, = [one for one in ask(lab, "connections")["connections"] if one["id"] == found["connection"]]
    assert connection["key"] == {"kind": "key-id", "name": "lab", "identity": None}
    assert {"key_id": "lab"} in ask(lab, "keys")["psk"]
    core, = ask(lab, "cores")["cores"]
    assert core["reflected"] == sum(bucket["count"] for bucket in core["turnaround_ns"]["buckets"]) >= 1
    assert not core["stuck"] and core["polls"] > core["busy_polls"] > 0
    assert ask(lab, "sing")["error"]["code"] == "unknown-command"


FLOOD, PORTION = 300, 30  # of six frames each


def flood(lab, session, reflected):
    """Frames of every kind, mixed: genuine, forged, of no session, too short, damaged, ARP and ping. reflected(n): waits for it."""
    port = lab.port()
    mac, own = lab.appliance_mac(), port.address
    source, target = CLIENT[4], APPLIANCE[4]
    sender = session.socket.getsockname()[1]

    def datagram(payload, to=session.accept.port, **change):
        return frames.ethernet(mac, own, frames.ipv4(source, target, frames.udp(source, target, sender, to, payload), **change), ())

    forged = bytearray(session.test.packet(0, 0))
    forged[40] ^= 1
    damaged = bytearray(datagram(session.test.packet(0, 0)))
    damaged[24] ^= 1
    to_octets, own_octets = (bytes.fromhex(text.replace(":", "")) for text in (mac, own))
    arp = to_octets + own_octets + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + \
        own_octets + socket.inet_aton(source) + bytes(6) + socket.inet_aton(target)
    for number in range(FLOOD):
        if number % PORTION == 0:
            reflected(number)  # af_packet's ring has room for the next portion, though a busy machine may not run the appliance
        port.send(datagram(session.test.packet(number, 0, padding=bytes(60))))
        port.send(datagram(bytes(forged)))
        port.send(datagram(bytes(64), to=19900))
        port.send(datagram(bytes(4)))
        port.send(bytes(damaged))
        port.send(arp)
    lab.run("client", "ping", "-f", "-q", "-c", "300", "-W", "1", target, check=False)


def test_counters_add_up(lab):
    session = lab.session(twamp.AUTHENTICATED)
    before = ask(lab, "counters")["datapath"]

    def grown():
        return {name: value - before[name] for name, value in ask(lab, "counters")["datapath"].items()}

    flood(lab, session, lambda number: lab.wait_for(lambda: grown()["reflected"] == number, 10, "the portion to be taken"))
    expected = {"reflected": FLOOD, "drop_hmac": FLOOD, "drop_unknown_flow": FLOOD, "drop_too_short": FLOOD, "drop_checksum": FLOOD}
    assert lab.wait_for(lambda: expected.items() <= grown().items(), 3, "the flood", fail=False), grown()
    assert grown()["exception"] >= FLOOD
    # No answer is one moment of all counters, and the kernel speaks when it likes.
    assert lab.wait_for(lambda: not disagreeing(lab), 3, "counters to agree", fail=False), disagreeing(lab)


def disagreeing(lab):
    """What does not add up."""
    counters = ask(lab, "counters")
    sums = counters["datapath"]
    drops = sum(value for name, value in sums.items() if name.startswith("drop_"))
    found = [name for name, value in sums.items() if value != sum(core[name] for core in counters["cores"])]
    packets = ask(lab, "status")["packets"]
    port, core = ask(lab, "ports")["ports"][0], ask(lab, "cores")["cores"][0]
    if sums["received"] != sums["reflected"] + sums["exception"] + drops:
        found.append(sums)
    if packets["received"] != packets["reflected"] + packets["exception"] + packets["dropped"]:
        found.append(packets)
    # What the driver took is what the cores counted, and the histogram of bursts has each frame once.
    if not port["statistics"]["received_packets"] == core["received"] == \
            sum(burst["size"] * burst["count"] for burst in core["burst_sizes"]):
        found.append((port, core))
    return found


def telemetry(path, *commands):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as stream:
        stream.settimeout(10)
        stream.connect(path)
        hello = json.loads(stream.recv(1024))
        answers = []
        for command in commands:
            stream.send(command.encode())
            answers.append(json.loads(stream.recv(hello["max_output_len"]))[command.split(",")[0]])
    return hello["pid"], answers


def telemetry_socket(lab):
    """That of the appliance that runs."""
    def ours(path):
        try:
            return telemetry(path)[0] == lab.pid()
        except (OSError, ValueError):  # another appliance that is ending
            return False

    path, = filter(ours, glob.glob(TELEMETRY))
    return path


@configuration(start=False)
def test_telemetry_folder(lab):
    """EAL's folder goes with the appliance, unless another process has a socket in it; kill -9 leaves what the next start takes over."""
    process = lab.start_specular()
    path = telemetry_socket(lab)
    folder = os.path.dirname(path)
    process.kill()
    process.wait()
    assert os.listdir(folder) == [os.path.basename(path)]
    process = lab.start_specular()
    assert telemetry_socket(lab) == path
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
        other.bind(f"{path}:1")
        process.terminate()
        assert process.wait(20) == 0
        assert os.listdir(folder) == [os.path.basename(path) + ":1"]
        os.unlink(f"{path}:1")
    process = lab.start_specular()
    process.terminate()
    assert process.wait(20) == 0 and not os.path.exists(folder)


def test_telemetry(lab):
    lab.session(twamp.UNAUTHENTICATED).exchange(0)
    path = telemetry_socket(lab)
    _, (names, status, counters, core, sessions, wrong) = telemetry(
        path, "/", "/specular/status", "/specular/counters", "/specular/cores,core=0", "/specular/sessions,limit=1", "/specular/sessions,limit=x")
    assert core["cores/0/received"] >= 1 and "left_out" not in core
    assert {"/specular/status", "/specular/counters", "/specular/cores", "/specular/sessions"} <= set(names)
    assert not any(re.match("/specular/(close|drain|reload|log)", name) for name in names)
    assert status["state"] == "running" and status["sessions/started"] >= 1
    assert counters["datapath/reflected"] >= 1 and "left_out" not in counters
    assert sessions["sessions/0/sender/address"] == CLIENT[4], sessions
    assert wrong["error/code"] == "wrong-parameter", wrong


@configuration(start=False)
def test_socket_in_use(lab):
    """A live appliance keeps its socket; what a dead one left is taken over."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(os.path.join(lab.folder, "operation.sock"))
        other.listen()
        process = lab.start_specular(wait=False)
        assert process.wait(20) == 1
        lab.wait_for_log("another process listens at .*operation.sock")


@configuration(start=False)
def test_nobody_asked_for_the_socket(lab):
    """The preset one can't be made, here in a /run where its folder is everybody's: the appliance goes on without."""
    path = lab.write_configuration({"operation": None})
    for name in ("psk.yaml", "sa.yaml"):
        lab.private(name)
    with open(lab.log_path, "w", encoding="utf-8") as log:
        process = lab.start("appliance", "unshare", "--mount", "sh", "-c",
                            'mount -t tmpfs none /run && mkdir -m 0777 /run/specular && exec "$@"', "sh",
                            os.path.join(lab.build, "app", "specular", "specular"), "--config", path, stdout=log, stderr=log, env=lab.environment)
    lab.wait_for_log(" started: ", 0, 30)
    assert " warning no-operation-socket: operation.socket: anybody may write to /run/specular; " in lab.log(), lab.log()
    process.terminate()
    assert process.wait(20) == 0
