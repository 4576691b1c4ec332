#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Other TWAMP servers beside ours, outside of `make bench`: one client over kernel sockets (build/test/bench/peer_client) asks a
server for as many replies, and for as many control connections with a session, as it gives, and what it gives is divided by the CPU
time that its processes took. Prints records (record.h), which tools/bench --add takes into its table. doc/performance.md shows how.

  bench_peers.py --name NAME --server 127.0.0.1:8620 --start "COMMAND..."     a server that is started and ended here
  bench_peers.py --name NAME --server 127.0.0.1:8620 --pid PID                one that runs already
  bench_peers.py --specular                                                   ours, behind DPDK's packet socket in a lab (root)"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
# pylint: disable=wrong-import-position
from ending import Failed, status  # noqa: E402
from harness.running import kept, running  # noqa: E402

MODES = ("unauthenticated", "authenticated", "encrypted")
START_SECONDS = 10
TICK = os.sysconf("SC_CLK_TCK")


def stat(pid):
    """Fields of /proc/PID/stat from the third on, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def tree(pid):
    """The process and all that descend from it."""
    parents = {}
    for name in os.listdir("/proc"):
        fields = stat(name) if name.isdigit() else None
        if fields:
            parents.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def cpu_seconds(pid):
    """What the processes have taken, those that ended and were waited for included."""
    total = 0.0
    for one in tree(pid):
        fields = stat(one)
        with contextlib.suppress(OSError):
            total += time.clock_gettime((~one << 3) | 2)  # its CPUCLOCK_SCHED, see clock_getcpuclockid(3)
        if fields:
            total += (int(fields[13]) + int(fields[14])) / TICK
    return total


class Server:
    """Where the client finds a server, and which process it is."""

    def __init__(self, name, address, port, pid, prefix=()):
        self.name, self.address, self.port, self.pid, self.prefix = name, address, port, pid, list(prefix)


def accepts(address, port):
    with contextlib.suppress(OSError), socket.create_connection((address, port), 1):
        return True
    return False


@contextlib.contextmanager
def started(name, command, address, port):
    if accepts(address, port):
        raise Failed(f"something listens on {address} port {port} already")
    words = shlex.split(command)
    if not words or not shutil.which(words[0]):
        raise Failed(f"--start {command}: there is no such program")
    with tempfile.TemporaryFile() as log, running(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as process:
        deadline = time.monotonic() + START_SECONDS
        while not accepts(address, port):
            if process.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                raise Failed(f"{command}: does not listen on {address} port {port}:\n"
                             + log.read()[-1500:].decode("utf-8", "replace"))
            time.sleep(0.05)
        yield Server(name, address, port, process.pid)


@contextlib.contextmanager
def specular(build):
    """The appliance on a veth pair: what the kernel's packet socket lets through, not what the appliance can."""
    from harness.lab import APPLIANCE, Lab, LabError  # pylint: disable=import-outside-toplevel
    if os.geteuid() != 0:
        raise Failed("--specular makes network namespaces: sudo")
    try:
        with kept(lambda: Lab(build, "spec-peers"), Lab.close) as lab:
            lab.up()
            yield Server("specular af_packet", APPLIANCE[4], 862, lab.pid(), ["ip", "netns", "exec", f"{lab.name}-client"])
    except LabError as reason:
        raise Failed(str(reason)) from reason


def run(options, server, mode, key_file, set_ups):
    """One run of the client: (what it counted, the server's CPU seconds)."""
    command = server.prefix + [
        os.path.join(os.path.abspath(options.build), "test", "bench", "peer_client"), "--address", server.address, "--port",
        str(server.port), "--mode", mode, "--flows", str(options.flows), "--window", str(options.window), "--seconds",
        str(options.seconds), "--key-file", key_file, "--key-id", options.key_id] + (["--set-ups"] if set_ups else [])
    with running(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        found = []
        for word in ("begin", "end"):
            line = client.stdout.readline().split()
            if not line or line[0] != word:
                client.kill()
                raise Failed(f"{server.name}, {mode}: {client.stderr.read().strip() or 'the client ended'}")
            found.append((cpu_seconds(server.pid), [int(value) for value in line[1:]]))
            client.stdin.write("\n")
            client.stdin.flush()
        client.wait()
    (before, _), (after, (count, lost, wrong)) = found
    if wrong or not count or lost > 0.05 * count:
        raise Failed(f"{server.name}, {mode}: {count} answered, {lost} lost, {wrong} wrong: no measure; try a smaller --window")
    return count, after - before


def measure(options, server, key_file):
    rates = {}
    for _ in range(options.rounds):
        for mode in options.mode or MODES:
            # Ours has bench_control; here the exception path of the lab would be counted with them.
            for set_ups in (False,) if options.specular else (False, True):
                count, seconds = run(options, server, mode, key_file, set_ups)
                if seconds <= 0:
                    raise Failed(f"{server.name}: process {server.pid} took no CPU time: is --pid right?")
                rates.setdefault((mode, set_ups), []).append(count / seconds)
    for (mode, set_ups), rounds in rates.items():
        print(json.dumps({"group": "peers", "case": {"server": server.name, "mode": mode},
                          "unit": "set-ups/cpu-second" if set_ups else "packets/cpu-second",
                          "rounds": [float(f"{rate:.6g}") for rate in rounds]}), flush=True)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", help="of the server in the table")
    parser.add_argument("--server", metavar="ADDRESS:PORT", help="its control port; [ADDRESS]:PORT for IPv6")
    parser.add_argument("--start", metavar="COMMAND", help="starts it in the foreground; it is ended afterwards")
    parser.add_argument("--pid", type=int, help="the process that runs already")
    parser.add_argument("--specular", action="store_true", help="our own, in a lab")
    parser.add_argument("--mode", action="append", choices=MODES, help="may be repeated (all three)")
    parser.add_argument("--key-id", default="lab", help="of authenticated and encrypted mode (lab)")
    parser.add_argument("--passphrase", default="specular lab", help="its pre-shared key (specular lab)")
    parser.add_argument("--flows", type=int, default=4, help="control connections with a session each (4)")
    parser.add_argument("--window", type=int, default=64, help="test packets of a session on their way at once, at least 32 (64)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round (1)")
    parser.add_argument("--build", default="build", help="folder of the build (build)")
    options = parser.parse_args()
    if options.specular == bool(options.server):
        parser.error("either --specular or --server with --start or --pid")
    if options.server and (not options.name or bool(options.start) == bool(options.pid)):
        parser.error("--server needs --name, and either --start or --pid")
    return options


def server_of(options):
    if options.specular:
        return specular(options.build)
    address, _, port = options.server.rpartition(":")
    address = address.strip("[]")
    if not port.isdigit() or not address:
        raise Failed(f"--server {options.server}: ADDRESS:PORT")
    if options.start:
        return started(options.name, options.start, address, int(port))
    if stat(options.pid) is None:
        raise Failed(f"--pid {options.pid}: there is no such process")
    return contextlib.nullcontext(Server(options.name, address, int(port), options.pid))


def measure_with_keys(options):
    with tempfile.TemporaryDirectory(prefix="specular-peers-") as folder, server_of(options) as server:
        key_file = os.path.join(folder, "psk.yaml")
        with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            json.dump({"keys": [{"key-id": options.key_id, "secret-key": options.passphrase}]}, file)
        measure(options, server, key_file)


if __name__ == "__main__":
    chosen = parse()
    sys.exit(status("bench_peers", lambda: measure_with_keys(chosen)))
