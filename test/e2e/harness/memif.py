# SPDX-License-Identifier: BSD-3-Clause
"""specular-load and the appliance at the two ends of a memif, both in the appliance's namespace: no kernel between them. Control goes
over loopback."""

import json
import os
import subprocess

from . import load
from .lab import merged

LOAD, REFLECTOR = "203.0.113.201", "203.0.113.202"
MACS = {"client": "02:00:00:00:00:01", "server": "02:00:00:00:00:02"}
SOCKET = "spec-memif"  # abstract: the namespace's own


def _port(role, address):
    return {"name": "memif", "device": f"net_memif0,role={role},socket={SOCKET},mac={MACS[role]}", "driver": "memif",
            "addresses": [f"{address}/24"], "exception": "management"}


class Appliance:
    """At the server's end, in a lab that is up without one, until the test ends."""

    def __init__(self, lab):
        self.lab = lab
        self.process = lab.start_specular({
            "ports": [_port("server", REFLECTOR)],
            "control": {"listen": [{"address": "127.0.0.1", "port": 862}], "sender-addresses": [f"{LOAD}/32"]},
            "operation": {"socket": lab.operation_socket()}})

    def ask(self, *words):
        """What specularctl says, parsed."""
        program = os.path.join(self.lab.build, "app", "ctl", "specularctl")
        result = subprocess.run([program, "--socket", self.lab.operation_socket(), *words, "--json"],
                                capture_output=True, text=True, timeout=30, check=False)
        assert result.returncode == 0, f"{words}: {result.stdout}{result.stderr}"
        return json.loads(result.stdout)

    def datapath(self):
        """Its cores' counters."""
        return self.ask("counters")["datapath"]


class Load(load.Program):
    """At the client's end."""

    def __init__(self, lab, sessions, **changes):
        super().__init__(lab, "appliance", merged({
            **load.CONFIGURATION, "ports": [_port("client", LOAD)], "sessions": sessions, "reflector": {"mac": MACS["server"]}},
            merged({"control": {"server": "127.0.0.1"}}, changes)))


def group(**more):
    return load.group(reflector=REFLECTOR, **more)
