# SPDX-License-Identifier: BSD-3-Clause
"""specular-load in the lab: on the client's end of the veth, or behind a link that impairs (relay.py)."""

import json
import os
import re
import signal
import subprocess
import time

from . import frames, pcap
from .lab import APPLIANCE, CLIENT, CLIENT_LINK, ROOT, VLAN, VLAN_CLIENT, killed, merged
from .relay import TEST_PORTS, ImpairedLink
from .running import kept

# Packets a second. A run has fewer packets than af_packet's ring (512 frames), so that an appliance that does not get its CPU for a
# while loses none.
RATE = 700

# JSON is YAML.
CONFIGURATION = {
    "eal": {"lcores": {"main": 0, "workers": [0]}, "hugepages": "none", "memory": 192, "idle": "sleep"},
    "drivers-config": os.path.join(ROOT, "drivers-config"),
    "ports": [{"name": "load", "device": f"net_af_packet0,iface={CLIENT_LINK}", "driver": "af_packet",
               "addresses": [f"{CLIENT[4]}/24", f"{CLIENT[6]}/64"],
               "vlans": [{"id": VLAN, "addresses": [f"{VLAN_CLIENT[4]}/24", f"{VLAN_CLIENT[6]}/64"]}],
               "exception": "tap", "kernel-interface": "load0"}],
    "control": {"server": APPLIANCE[4], "key-file": "psk.yaml", "key-id": "lab"},
    "run": {"mode": "rate", "rate": RATE, "duration": "500ms", "warm-up": "50ms", "timeout": "10s",
            "late-slot": "10s"},
    "report": {"folder": "load-report", "progress": False},
}


class Result:
    """What a run left: .code, .text of the terminal, .complaint (standard error), and its reports, as far as there are."""

    def __init__(self, code, text, complaint, folder):
        self.code, self.text, self.complaint, self.folder = code, text, complaint, folder
        self.report = json.loads(self.file("report.json")) if os.path.exists(os.path.join(folder, "report.json")) else None

    def file(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    @property
    def trial(self):
        """The only one."""
        (trial,) = self.report["trials"]
        return trial

    def evidence(self):
        """The kept frames."""
        path = os.path.join(self.folder, "evidence.pcap")
        return pcap.read(path) if os.path.exists(path) else []


def _keep_kernel_off(lab, side, link):
    """af_packet only copies: the kernel would answer the same frames beside the load."""
    lab.run(side, "nft", "add table netdev load { chain dpdk_only { type filter hook ingress device "
            f"\"{link}\" priority -500; policy drop; }}; }}")
    lab.defer(side, "nft", "delete", "table", "netdev", "load")
    for version, size in ((4, 24), (6, 64)):
        address = (ImpairedLink.ADDRESSES if side == ImpairedLink.SIDE else CLIENT)[version]
        lab.run(side, "ip", "addr", "del", f"{address}/{size}", "dev", link)
        lab.defer(side, "ip", "addr", "add", f"{address}/{size}", "dev", link, *(["nodad"] if version == 6 else []))
    path = f"/proc/sys/net/ipv6/conf/{link}/disable_ipv6"
    # In reverse order back: IPv6 first, then the addresses.
    lab.run(side, "sh", "-c", f"echo 1 > {path}")
    lab.defer(side, "sh", "-c", f"echo 0 > {path}")


class Program:
    """specular-load in one of the lab's namespaces, ready to run until the test ends."""

    def __init__(self, lab, side, configuration):
        self.lab, self.side = lab, side
        self.folder = os.path.join(lab.folder, "load-report")
        self.path = os.path.join(lab.folder, "load.yaml")
        with open(self.path, "w", encoding="ascii") as file:
            json.dump(merged(configuration, {"report": {"folder": self.folder}}), file, indent=1)
        for name in ("psk.yaml", "sa.yaml"):
            lab.private(name)
        subprocess.run(["rm", "-rf", self.folder], check=True)
        self.program = os.path.join(lab.build, "app", "load", "specular-load")
        self.complaint_path = os.path.join(lab.folder, "load.complaint")

    def start(self):
        """Runs it in the background; see wait."""
        command = ["ip", "netns", "exec", f"{self.lab.name}-{self.side}", self.program, "--config", self.path]
        with open(self.complaint_path, "w", encoding="utf-8") as complaint:
            self.process = self.lab.deferred.enter_context(kept(
                lambda: subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaint, text=True,
                                         env=self.lab.environment, cwd=ROOT), killed))

    def complaint(self):
        """What it said on standard error so far."""
        with open(self.complaint_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def await_complaint(self, pattern, timeout=10):
        self.lab.wait_for(lambda: re.search(pattern, self.complaint()), timeout, f"specular-load to say /{pattern}/")

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)

    def wait(self, expect=0, timeout=60):
        text, complaint = self.process.communicate(timeout=timeout)[0], self.complaint()
        faults = self.lab.faults_in(complaint)
        assert self.process.returncode == expect and not faults, \
            f"specular-load: exit {self.process.returncode}, expected {expect}\n{text}{complaint}"
        return Result(self.process.returncode, text, complaint, self.folder)

    def run(self, expect=0):
        self.start()
        return self.wait(expect)


class Load(Program):
    """On the client's end of the veth, or behind a link: an ImpairedLink."""

    def __init__(self, lab, changes=None, link=None):
        changes = dict(changes or {})
        port = dict(CONFIGURATION["ports"][0])
        if link:
            port.update(device="net_af_packet0,iface=far0", vlans=[],
                        addresses=[f"{link.ADDRESSES[4]}/24", f"{link.ADDRESSES[6]}/64"])
        port.update(changes.pop("port", {}))
        super().__init__(lab, link.SIDE if link else "client", merged(merged(CONFIGURATION, {"ports": [port]}), changes))
        _keep_kernel_off(lab, self.side, "far0" if link else CLIENT_LINK)

    def await_packets(self, count=100):
        """Until so many replies have come."""
        await_on(self.lab.port(), count, lambda packet: packet.source_port)

    @staticmethod
    def await_sent(port, count):
        """Until so many packets have come to the reflector's end of the wire."""
        await_on(port, count, lambda packet: packet.destination_port)


def await_on(port, count, port_of):
    seen = 0
    deadline = time.monotonic() + 30
    while seen < count and time.monotonic() < deadline:
        seen += sum(1 for packet in map(frames.parse, port.frames(0.2)) if packet and port_of(packet) in TEST_PORTS)
    assert seen >= count, f"only {seen} packets"


def run(lab, sessions, expect=0, link=None, **changes):
    """One run of the session groups; its Result."""
    return Load(lab, {"sessions": sessions, **changes}, link).run(expect)


def group(version=4, **more):
    """A session group to the lab's appliance, changed as said. Python's names for the keys."""
    return {"count": 4, "reflector": APPLIANCE[version], **{name.replace("_", "-"): value for name, value in more.items()}}
