# SPDX-License-Identifier: BSD-3-Clause
"""What tools/ci-bench runs: specular at the server's end of a memif, specular-load at the other end, and a reference beside specular.
No NIC, no hugepages, no file that stays behind: memif's socket is abstract."""

import functools
import json
import os
import shutil
import subprocess

import yaml

from ending import Failed
from harness import twamp
from harness.running import running
from process_programs import MAIN_CPU, POLLING_CPU, START_SECONDS, ROOT, Program, die_with, free_port

LOAD_SECONDS = 60
NICE = -20
KEYS = {"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": twamp.PSK.decode()}]}
SOCKET = "socket=specular-ci-bench"


def example(name, changes):
    """An example of config/ with a memif of this run's own. changes: keys by section."""
    with open(os.path.join(ROOT, "config", name), encoding="utf-8") as file:
        made = yaml.safe_load(file)
    for section, keys in changes.items():
        made[section] = {**made.get(section, {}), **keys}
    (port,) = made["ports"]
    if SOCKET not in port["device"]:
        raise Failed(f"config/{name}: ports[0].device has no {SOCKET}")
    port["device"] = port["device"].replace(SOCKET, f"{SOCKET}-{os.getpid()}")
    return {**made, "drivers-config": os.path.join(ROOT, "drivers-config")}


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
        return example("ci-bench.yaml", {
            "eal": {"lcores": {"main": MAIN_CPU, "workers": [POLLING_CPU]}},
            "control": {"listen": [{"address": "127.0.0.1", "port": self.control_port}], "modes": list(self.modes)},
            "keys": {"psk-file": "keys.yaml"},
            "test": {"crypto": self.crypto}})

    def peer(self):
        """What the load's configuration says of it."""
        return {"control": {"port": self.control_port, "key-file": "keys.yaml", "key-id": twamp.PSK_ID.decode()}}


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
        path = os.path.join(self.folder, "load.yaml")
        configuration = example("ci-bench-load.yaml", {
            "eal": {"lcores": {"main": MAIN_CPU, "workers": [MAIN_CPU]}},
            "report": {"folder": output, "progress": False}, **peer.peer()})
        for group in configuration["sessions"]:
            group["mode"] = mode
        write_private(path, {**configuration, "run": run})
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
