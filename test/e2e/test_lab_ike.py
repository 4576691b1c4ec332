# SPDX-License-Identifier: BSD-3-Clause
"""tools/lab-ike: it ends what it started and nothing else, whatever happened to it before."""

import os
import subprocess

from harness.lab import ROOT
from harness.suite import configuration

MISUSE = {("up", "--prf", "md4"): "--prf is one of", ("up", "--auth", "none"): "--auth is", ("up", "--frobnicate"): "unknown option",
          ("up", "--plugin-option", "novalue"): "KEY=VALUE", ("up", "--plugin-option"): "needs a value",
          ("start", "middle"): "client or appliance", ("swanctl",): "client or appliance"}


class Beside:
    """Another lab than the tests' own."""

    def __init__(self, lab):
        self.name = lab.name + "-beside"
        self.folder = f"/run/{self.name}-lab/ike"
        self.environment = {**lab.environment, "SPECULAR_LAB": self.name}
        lab.deferred.callback(lambda: self.tool("lab", "down", check=False))

    def tool(self, program, *arguments, check=True):
        result = subprocess.run([os.path.join(ROOT, "tools", program), *arguments], env=self.environment, capture_output=True,
                                text=True, stdin=subprocess.DEVNULL, timeout=120)
        assert not check or result.returncode == 0, f"{program} {arguments}: {result.stdout}{result.stderr}"
        return result

    def daemons(self):
        """The pids of this lab's charons, from the mark in their environment."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as file:
                    if f"SPECULAR_CHARON={self.folder}/".encode() in file.read():
                        found.append(int(pid))
            except OSError:
                pass
        return found


@configuration(start=False)
def test_cleans_up(lab):
    beside = Beside(lab)
    plugins = os.listdir("/usr/lib/ipsec/plugins")
    with open("/proc/mounts", encoding="utf-8") as file:
        mounts = file.read()
    own = lab.ike()
    beside.tool("lab", "up", "--no-start")
    beside.tool("lab-ike", "up")
    first = beside.daemons()
    assert len(first) == 2, first
    beside.tool("lab-ike", "kill", "client")
    status = beside.tool("lab-ike", "status", check=False)
    assert status.returncode == 3 and "client: no charon" in status.stdout, status
    beside.tool("lab-ike", "start", "client")
    assert beside.tool("lab-ike", "start", "client", check=False).returncode == 1
    beside.tool("lab-ike", "stop", "appliance")
    assert len(beside.daemons()) == 1
    beside.tool("lab-ike", "up")
    assert len(beside.daemons()) == 2 and not set(beside.daemons()) & set(first)
    with open("/proc/mounts", encoding="utf-8") as file:
        assert "lab-ike" not in file.read().replace(mounts, ""), "a mount is seen outside"
    assert os.listdir("/usr/lib/ipsec/plugins") == plugins
    beside.tool("lab", "down")
    assert not beside.daemons() and not os.path.exists(beside.folder)
    beside.tool("lab-ike", "down")
    assert own.tool("status").returncode == 0, "the other lab's daemons are gone too"


@configuration(start=False)
def test_keeps_keys_private(lab):
    """Nothing in a side's folder but its sockets is for others."""
    ike = lab.ike(auth="psk")
    for folder, _, names in os.walk(os.path.dirname(ike.path("client", ""))):
        for name in names:
            path = os.path.join(folder, name)
            assert name == "vici" or os.stat(path).st_mode & 0o077 == 0, path


@configuration(start=False)
def test_misuse(lab):
    beside = Beside(lab)
    for arguments, text in MISUSE.items():
        result = beside.tool("lab-ike", *arguments, check=False)
        assert result.returncode == 1 and text in result.stderr, f"{arguments}: {result}"
    result = beside.tool("lab-ike", "up", check=False)
    assert result.returncode == 1 and "the lab is down" in result.stderr, result
    beside.tool("lab", "up", "--no-start")
    result = beside.tool("lab-ike", "up", "--plugin-option", "client:expose_sk_d=perhaps", check=False)
    assert result.returncode == 1 and "the client's charon runs without the plugin" in result.stderr, result
    assert "expose_sk_d: 'perhaps'" in result.stderr, result
    assert not beside.daemons() and not os.path.exists(beside.folder), "half of it is left"
