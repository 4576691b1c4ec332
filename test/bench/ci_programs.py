# SPDX-License-Identifier: BSD-3-Clause
"""What tools/ci-bench runs: specular and testpmd at the server's end of a memif each, and specular-load at the other end. No NIC, no
hugepages, no file that stays behind: memif's sockets are abstract."""

import json
import os
import re
import shutil
import subprocess

from ending import Failed
from harness import twamp
from harness.running import running
from process_programs import MAIN_CPU, POLLING_CPU, START_SECONDS, ROOT, Program, Testpmd, free_port

LOAD, REFLECTOR = "192.0.2.1", "192.0.2.2"
LOAD_MAC, REFLECTOR_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
MEMORY_MIB = 320
SESSIONS = 64
# Exponent of the ring's size: a burst fits whole, so that no frame waits for room, and none is lost for want of it.
RING = 11
# Octets of a memif buffer. Not a power of two: buffers then share the cache's sets evenly.
BUFFER = 2112
LOAD_SECONDS = 120
KEYS = {"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": twamp.PSK.decode()}]}


def memif(role, name, mac):
    return f"net_memif0,role={role},socket=specular-{name}-{os.getpid()},rsize={RING},bsize={BUFFER},mac={mac}"


def write_private(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)


class Reflector(Program):
    """specular, its worker alone on a CPU."""
    name, forward = "specular", "reflect"

    def __init__(self, build, folder, modes):
        self.control_port = free_port()
        self.modes = modes
        self.folder = folder
        program = os.path.join(build, "app", "specular", "specular")
        if not os.path.exists(program):
            raise Failed(f"{program} is not there: ninja -C {build}")
        write_private(os.path.join(folder, "keys.yaml"), KEYS)
        path = os.path.join(folder, "specular.yaml")
        write_private(path, self.configuration())
        super().__init__([program, "--config", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.watch(os.dup(self.process.stderr.fileno()))
        self.process.stderr.close()
        found = self.wait_for(r" started: specular (\S+); ([^;]+);", seconds=START_SECONDS)
        self.version, self.suite = found.groups()

    def configuration(self):
        return {
            "eal": {"lcores": {"main": MAIN_CPU, "workers": [POLLING_CPU]}, "hugepages": "none", "memory": MEMORY_MIB,
                    "idle": "spin"},
            "drivers-config": os.path.join(ROOT, "drivers-config"),
            "ports": [{"name": "bench", "device": memif("server", self.name, REFLECTOR_MAC), "driver": "memif",
                       "addresses": [f"{REFLECTOR}/24"], "exception": "management"}],
            "control": {"listen": [{"address": "127.0.0.1", "port": self.control_port}], "modes": list(self.modes),
                        "sender-addresses": [f"{LOAD}/32"]},
            "keys": {"psk-file": "keys.yaml"},
        }

    def peer(self):
        """What the load's configuration says of it."""
        return {"control": {"server": "127.0.0.1", "port": self.control_port, "key-file": "keys.yaml",
                            "key-id": twamp.PSK_ID.decode()},
                "reflector": {"mac": REFLECTOR_MAC}}


class Swap(Testpmd):
    """The reference: testpmd exchanges addresses and ports, on the same kind of memif."""

    def __init__(self):  # pylint: disable=super-init-not-called
        self.forward = "5tswap"
        self.start(["--no-huge", "--no-shconf", f"-m{MEMORY_MIB}", "--no-telemetry", "--no-pci",
                    f"--vdev={memif('server', 'testpmd', REFLECTOR_MAC)}"])

    @staticmethod
    def peer():
        return {"reflector": {"kind": "swap", "mac": REFLECTOR_MAC}}


class Load:
    """Runs specular-load against one of the above, one run after the other."""

    def __init__(self, build, folder):
        self.folder = folder
        self.program = os.path.join(build, "app", "load", "specular-load")
        if not os.path.exists(self.program):
            raise Failed(f"{self.program} is not there: ninja -C {build}")

    def run(self, peer, mode, run):
        """The report of a run, and the folder in which the load left its reports."""
        output = os.path.join(self.folder, "load")
        shutil.rmtree(output, ignore_errors=True)
        session = {"count": SESSIONS, "reflector": REFLECTOR, **({"mode": mode} if mode else {})}
        path = os.path.join(self.folder, "load.yaml")
        write_private(path, {
            "eal": {"lcores": {"main": MAIN_CPU, "workers": [MAIN_CPU]}, "hugepages": "none", "memory": MEMORY_MIB, "idle": "pause"},
            "drivers-config": os.path.join(ROOT, "drivers-config"),
            "ports": [{"name": "load", "device": memif("client", peer.name, LOAD_MAC), "driver": "memif",
                       "addresses": [f"{LOAD}/24"], "exception": "management"}],
            "sessions": [session], "run": run, "report": {"folder": output, "progress": False}, **peer.peer()})
        code, complaint = self.attempt(path)
        if code not in (0, 1):
            raise Failed(f"specular-load against {peer.name}: exit {code}\n{complaint}\n{peer.name} said:\n{peer.text[-1500:]}")
        with open(os.path.join(output, "report.json"), encoding="utf-8") as file:
            return json.load(file), output

    def attempt(self, path):
        """(exit code, what it complains of)"""
        command = [self.program, "--config", path, "--log-level", "error"]
        with running(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            try:
                complaint = process.communicate(timeout=LOAD_SECONDS)[1]
            except subprocess.TimeoutExpired as late:
                raise Failed(f"specular-load did not end within {LOAD_SECONDS} s") from late
        return process.returncode, complaint


def testpmd_version(text):
    found = re.search(r"DPDK \d+\.\d+\S*", text)
    return found.group(0) if found else "unknown version"
