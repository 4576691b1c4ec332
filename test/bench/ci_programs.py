# SPDX-License-Identifier: BSD-3-Clause
"""What tools/ci-bench runs: specular at the server's end of a memif, specular-load at the other end, and a reference beside specular.
No NIC, no hugepages, no file that stays behind: memif's socket is abstract."""

import functools
import json
import os
import shutil
import subprocess

from ending import Failed
from harness import twamp
from harness.running import running
from process_programs import MAIN_CPU, POLLING_CPU, START_SECONDS, ROOT, Program, die_with, free_port

LOAD, REFLECTOR = "192.0.2.1", "192.0.2.2"
LOAD_MAC, REFLECTOR_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
MEMORY_MIB = 320
SESSIONS = 64
# Exponent of the ring's size: a burst fits whole, so that no frame waits for room, and none is lost for want of it.
RING = 11
# Octets of a memif buffer. Not a power of two: buffers then share the cache's sets evenly.
BUFFER = 2112
LOAD_SECONDS = 60
NICE = -20
KEYS = {"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": twamp.PSK.decode()}]}


def memif(role, name, mac):
    return f"net_memif0,role={role},socket=specular-{name}-{os.getpid()},rsize={RING},bsize={BUFFER},mac={mac}"


def before_others(process):
    """A busy machine shall let it run. Each program has a session of its own, and where the kernel shares CPUs out among sessions
    (autogroup), a process's nice value counts within its session alone."""
    try:
        with open(f"/proc/{process.pid}/autogroup", "w", encoding="ascii") as file:
            file.write(str(NICE))
    except OSError:  # no such kernel, or not allowed: as it is then
        pass
    return process


def write_private(path, content):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        json.dump(content, file, indent=1)


class Reflector(Program):
    """specular, its worker alone on a CPU."""
    name, forward = "specular", "reflect"

    def __init__(self, build, folder, modes, crypto="auto"):
        self.control_port, self.crypto = free_port(), crypto
        self.modes = modes
        self.folder = folder
        program = os.path.join(build, "app", "specular", "specular")
        if not os.path.exists(program):
            raise Failed(f"{program} is not there: ninja -C {build}")
        write_private(os.path.join(folder, "keys.yaml"), KEYS)
        path = os.path.join(folder, "specular.yaml")
        write_private(path, self.configuration())
        super().__init__([program, "--config", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        before_others(self.process)
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
            "test": {"crypto": self.crypto},
        }

    def peer(self):
        """What the load's configuration says of it."""
        return {"control": {"server": "127.0.0.1", "port": self.control_port, "key-file": "keys.yaml",
                            "key-id": twamp.PSK_ID.decode()},
                "reflector": {"mac": REFLECTOR_MAC}}


class Reference:
    """The loop on the reflector's CPU that specular is compared with, beside it all the time, a twentieth of the CPU's."""

    def __init__(self, build):
        path = os.path.join(build, "test", "bench", "ci_reference")
        if not os.path.exists(path):
            raise Failed(f"{path} is not there: ninja -C {build}")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=functools.partial(die_with, os.getpid()), start_new_session=True)
        os.sched_setaffinity(before_others(self.process).pid, {POLLING_CPU})

    def seen(self):
        """Packets/s since this was last asked: (10th percentile, median, 90th)."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            slow, median, fast = map(float, self.process.stdout.readline().split())
        except (OSError, ValueError) as reason:
            raise Failed("the reference has ended: ipsec-mb does not work on this CPU") from reason
        return 1e9 / slow, 1e9 / median, 1e9 / fast

    def close(self):
        self.process.kill()
        self.process.communicate()


class Load:
    """Runs specular-load against specular, one run after the other."""

    def __init__(self, build, folder):
        self.folder = folder
        self.program = os.path.join(build, "app", "load", "specular-load")
        if not os.path.exists(self.program):
            raise Failed(f"{self.program} is not there: ninja -C {build}")

    def run(self, peer, mode, run):
        """The report of a run, and the folder in which the load left its reports."""
        output = os.path.join(self.folder, "load")
        shutil.rmtree(output, ignore_errors=True)
        session = {"count": SESSIONS, "reflector": REFLECTOR, "mode": mode}
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
            before_others(process)
            try:
                complaint = process.communicate(timeout=LOAD_SECONDS)[1]
            except subprocess.TimeoutExpired as late:
                raise Failed(f"specular-load did not end within {LOAD_SECONDS} s") from late
        return process.returncode, complaint
