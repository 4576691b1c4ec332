# SPDX-License-Identifier: BSD-3-Clause
"""The programs under measurement: specular and dpdk-testpmd on one capture file, started, stopped for a while, read out, ended.

Both get ordinary memory and no shared files (--no-huge --no-shconf), as specular's EAL asks for where no hugepages are reserved,
so that they are comparable and disturb no other DPDK process."""

import ctypes
import functools
import json
import math
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import process_traffic as traffic
from ending import Failed
from harness import twamp

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAIN_CPU, POLLING_CPU = 0, 1
MEMORY_MIB = 512
BURST, DESCRIPTORS = 32, 1024
POOL_MBUFS, POOL_CACHE = 40960, 128  # what the file takes and what is on its way: as specular's own pool, app/host/port.c
START_SECONDS, ANSWER_SECONDS, STARVED_SECONDS = 60, 20, 30
SESSIONS_PER_BATCH = 256
# Without hugepages testpmd's pool begins each page of 4 KiB with a buffer, and no buffer lies in two. With its usual size of 2,176
# octets there is one a page; of these there are five.
PACKED_MBUF_SIZE = 512
WHOLE_LOOKS = 0.95  # at a core that counts as ours for the whole of a round
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)  # loaded before any thread runs


def process_seconds(pid):
    """CPU time of a process as its clock has it: the polling lcore's, the slow path sleeps. What others take of the CPU does
    not count, and it is exact where /proc counts in ticks."""
    return time.clock_gettime((~pid << 3) | 2)  # CPUCLOCK_SCHED of pid, see clock_getcpuclockid(3)


def die_with(parent):
    """In a child before it runs: it shall not poll on when the bench is interrupted while it starts a program, or is killed."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


class Program:
    """A forwarder. It runs only between resume and pause, so that several can take turns on one CPU."""
    name = forward = ""

    def __init__(self, command, **streams):
        self.text = ""
        self.arrived = threading.Condition()
        self.command = command
        # Not in the terminal's group: an interrupt shall come to the bench alone, which ends its programs in order.
        self.process = subprocess.Popen(command, start_new_session=True, preexec_fn=functools.partial(die_with, os.getpid()),
                                        **streams)
        self.ended = False

    def collect(self, descriptor):
        """Reads what the program says until it ends."""
        while True:
            try:
                data = os.read(descriptor, 65536)
            except OSError:  # the pseudo-terminal's other end is gone
                data = b""
            with self.arrived:
                self.text += data.decode("utf-8", "replace")
                self.ended = not data
                self.arrived.notify_all()
            if not data:
                os.close(descriptor)
                return

    def watch(self, descriptor):
        self.reader = threading.Thread(target=self.collect, args=(descriptor,), daemon=True)
        self.reader.start()

    def wait_for(self, pattern, mark=0, seconds=ANSWER_SECONDS):
        """The match of a pattern in what was said after mark."""
        deadline = time.monotonic() + seconds
        with self.arrived:
            while True:
                found = re.search(pattern, self.text[mark:], re.M)
                if found:
                    return found
                left = deadline - time.monotonic()
                if self.ended or left <= 0:
                    reason = "ended" if self.ended else f"did not say /{pattern}/ within {seconds} s"
                    raise Failed(f"{self.name} {reason}; its last words:\n{self.text[-1500:]}\n({' '.join(self.command)})")
                self.arrived.wait(left)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def rate(self, seconds):
        """Packets that came back out in each second of the polling lcore's CPU."""
        deadline = time.monotonic() + STARVED_SECONDS
        before, since = self.counters(), process_seconds(self.process.pid)
        time.sleep(seconds)
        while process_seconds(self.process.pid) - since < seconds / 2 and time.monotonic() < deadline:
            time.sleep(seconds)
        after, until = self.counters(), process_seconds(self.process.pid)
        self.check(before, after)
        return (after["sent"] - before["sent"]) / (until - since)

    def check(self, before, after):
        """Nothing was lost, and what came in went out again: as far as counters tell that are read one after the other."""
        received, sent = (after[name] - before[name] for name in ("received", "sent"))
        if received <= 0 or after["lost"] != before["lost"] or abs(received - sent) > 0.1 * received:
            raise Failed(f"{self.name}: {received} packets came, {sent} went, lost {after['lost'] - before['lost']}: "
                         f"no measure of forwarding\n{self.text[-1500:]}")

    def end(self):
        """Asks it to end in order."""
        self.process.terminate()

    def close(self):
        if self.process.poll() is None:
            self.resume()
            try:
                self.end()
                self.process.wait(ANSWER_SECONDS)
            except (subprocess.TimeoutExpired, OSError):
                self.process.kill()
                self.process.wait()


class CoreShare:
    """Tells whether the polling CPU was ours alone (core_share.h) while something was measured there: looks every other millisecond. What
    was measured beside somebody else is measured again, for so many seconds in all, and not after `until` (time.monotonic)."""

    def __init__(self, build, seconds, realtime=True, until=math.inf):
        self.seconds, self.until = seconds, until
        self.measured = self.disturbed = 0
        path = os.path.join(build, "test", "bench", "core_share")
        if not os.path.exists(path):
            raise Failed(f"{path} is not there: ninja -C {build}")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=functools.partial(die_with, os.getpid()), start_new_session=True)
        os.sched_setaffinity(self.process.pid, {POLLING_CPU})
        # It shall look in the midst of what is measured, not when that had its turn.
        if realtime:
            os.sched_setscheduler(self.process.pid, os.SCHED_FIFO, os.sched_param(1))

    def whole(self):
        """Of the time since this was last asked."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        looks, whole = map(int, self.process.stdout.readline().split())
        return whole >= WHOLE_LOOKS * looks

    def alone(self, measure):
        """What measure() gives on a core of our own, as long as there is patience."""
        while True:
            begin = time.monotonic()
            self.whole()
            value = measure()
            whole = self.whole()
            if whole or self.seconds <= 0 or time.monotonic() > self.until:
                self.measured += 1
                self.disturbed += not whole
                return value
            self.seconds -= time.monotonic() - begin

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Specular(Program):
    name, forward = "specular", "reflect"

    def __init__(self, build, folder, pcap, sessions):
        self.sessions = sessions
        self.control_port = free_port()
        path = os.path.join(folder, "specular.yaml")
        with open(path, "w", encoding="ascii") as file:
            json.dump(self.configuration(pcap), file)
        program = os.path.join(build, "app", "specular", "specular")
        if not os.path.exists(program):
            raise Failed(f"{program} is not there: ninja -C {build}")
        super().__init__([program, "--config", path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                         stderr=subprocess.PIPE)
        self.watch(os.dup(self.process.stderr.fileno()))
        self.process.stderr.close()
        self.wait_for(r" started: ", seconds=START_SECONDS)
        self.install()

    def configuration(self, pcap):
        limits = {"sessions": self.sessions, "sessions-per-address": self.sessions,
                  "sessions-per-connection": min(self.sessions, 65535)}
        return {
            "eal": {"lcores": {"main": MAIN_CPU, "workers": [POLLING_CPU]}, "hugepages": "none", "memory": MEMORY_MIB,
                    "idle": "spin"},
            "drivers-config": os.path.join(ROOT, "drivers-config"),
            "ports": [{"name": "bench", "device": f"net_pcap0,rx_pcap={pcap},infinite_rx=1",
                       "addresses": [f"{traffic.REFLECTOR}/24"], "exception": "management"}],
            "control": {"listen": [{"address": "127.0.0.1", "port": self.control_port}], "modes": ["unauthenticated"],
                        "limits": {"unauthenticated": limits}, "sender-addresses": [traffic.SENDER]},
        }

    def install(self):
        """Sessions for every packet of the file, through the control protocol."""
        self.control = twamp.Control(socket.create_connection(("127.0.0.1", self.control_port), ANSWER_SECONDS))
        if self.control.set_up(twamp.UNAUTHENTICATED).accept != 0:
            raise Failed("specular refuses a control connection")
        for first in range(0, self.sessions, SESSIONS_PER_BATCH):
            batch = range(first, min(first + SESSIONS_PER_BATCH, self.sessions))
            for session in batch:
                self.control.send(twamp.request_tw_session(
                    sender=traffic.SENDER, receiver=traffic.REFLECTOR, sender_port=traffic.sender_port(session),
                    receiver_port=traffic.RECEIVER_PORT, padding=traffic.REPLY_SIZE - 14))
            for session in batch:
                accept = self.control.accept_session()
                if accept.accept != 0 or accept.port != traffic.RECEIVER_PORT:
                    raise Failed(f"specular does not accept session {session}: {accept}\n{self.text[-1500:]}")
        if self.control.start_sessions().accept != 0:
            raise Failed("specular does not start the sessions")

    def counters(self):
        with self.arrived:
            mark = len(self.text)
        self.process.send_signal(signal.SIGUSR1)
        self.wait_for(r" counters: ", mark)
        values = {name: int(value) for name, value in re.findall(r" counter: ([a-z_]+) (\d+) ", self.text[mark:])}
        return {"received": values.get("received", 0), "sent": values.get("reflected", 0),
                "lost": sum(value for name, value in values.items() if name.startswith("drop_"))}

    def close(self):
        if hasattr(self, "control"):
            self.control.close()
        super().close()


class Testpmd(Program):
    name = "testpmd"

    def __init__(self, pcap, forward, infinite=True, written=None):
        """forward: one of its modes; with -packed behind it several buffers share a page."""
        self.forward = forward
        device = f"net_pcap0,rx_pcap={pcap}" + (",infinite_rx=1" if infinite else "") + (f",tx_pcap={written}" if written else "")
        self.start(["--no-huge", "--no-shconf", f"-m{MEMORY_MIB}", "--no-telemetry", "--no-pci", f"--vdev={device}"])

    def start(self, eal):
        """Forwards from here on; eal: its arguments but for lcores."""
        program = shutil.which("dpdk-testpmd", path=os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin:/usr/sbin")
        if program is None:
            raise Failed("dpdk-testpmd is not installed; it is in Debian's package dpdk: tools/setup")
        mode, _, packed = self.forward.partition("-")
        terminal, said = pty.openpty()  # a pipe would be filled before anything is told
        super().__init__(
            [program, f"--lcores=0@{MAIN_CPU},1@{POLLING_CPU}", "--main-lcore=0", *eal, "--", "-i",
             f"--forward-mode={mode}", "--nb-cores=1", "--no-flush-rx", f"--burst={BURST}", f"--rxd={DESCRIPTORS}",
             f"--txd={DESCRIPTORS}", f"--total-num-mbufs={POOL_MBUFS}", f"--mbcache={POOL_CACHE}"]
            + ([f"--mbuf-size={PACKED_MBUF_SIZE}"] if packed else []),
            stdin=subprocess.PIPE, stdout=said, stderr=said)
        os.close(said)
        self.watch(terminal)
        self.wait_for(r"^Done|testpmd> ", seconds=START_SECONDS)
        self.say("start")
        self.wait_for(r"TX offloads=", seconds=START_SECONDS)

    def say(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        """Not by a signal: its handler waits for the lcores, and hangs when it runs on one of them."""
        self.say("quit")

    def counters(self):
        with self.arrived:
            mark = len(self.text)
        self.say("show port stats 0")
        self.wait_for(r"Tx-pps:.*\n", mark)
        values = {name: int(value) for name, value in re.findall(r"([RT]X-[a-z]+): +(\d+)", self.text[mark:])}
        return {"received": values["RX-packets"], "sent": values["TX-packets"],
                "lost": values["RX-missed"] + values["RX-nombuf"] + values["TX-errors"]}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
