# SPDX-License-Identifier: BSD-3-Clause
"""The lab as the tests see it: tools/lab, sockets inside its namespaces, the appliance's log and counters."""

import contextlib
import copy
import ctypes
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import time

from . import strongswan, twamp
from .key_files import KEY_FILES
from .frames import Port
from .running import kept

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
CLONE_NEWNET = 0x40000000
CLIENT = {4: "192.0.2.1", 6: "2001:db8::1"}
APPLIANCE = {4: "192.0.2.2", 6: "2001:db8::2"}
APPLIANCE_NETWORK = "192.0.2.0/24"
CLIENT_LINK, APPLIANCE_LINK = "spec-client", "spec-app"
# The client's VLANs (single and double tagged) and their addresses, /24 and /64.
VLAN, QINQ = 10, (100, 20)
VLAN_CLIENT = {4: "198.51.100.1", 6: "2001:db8:10::1"}
VLAN_APPLIANCE = {4: "198.51.100.2", 6: "2001:db8:10::2"}
QINQ_CLIENT = {4: "203.0.113.1", 6: "2001:db8:20::1"}
QINQ_APPLIANCE = {4: "203.0.113.2", 6: "2001:db8:20::2"}

PATIENCE = 3  # how many times as long as on a quiet machine is waited for what must happen
FAULTS = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|Assertion .* failed|PANIC")

# JSON is YAML: the tests' own appliance configuration, which each test may change.
CONFIGURATION = {
    "eal": {"lcores": {"main": 0, "workers": [1]}, "hugepages": "none", "memory": 256, "idle": "sleep"},
    "drivers-config": os.path.join(ROOT, "drivers-config"),
    "ports": [{
        "name": "lab", "device": f"net_af_packet0,iface={APPLIANCE_LINK}", "driver": "af_packet",
        "addresses": [f"{APPLIANCE[4]}/24", f"{APPLIANCE[6]}/64"],
        "vlans": [{"id": VLAN, "addresses": [f"{VLAN_APPLIANCE[4]}/24", f"{VLAN_APPLIANCE[6]}/64"]},
                  {"id": QINQ[1], "outer-id": QINQ[0],
                   "addresses": [f"{QINQ_APPLIANCE[4]}/24", f"{QINQ_APPLIANCE[6]}/64"]}],
        "exception": "tap", "kernel-interface": "spec0",
    }],
    "control": {
        "listen": [{"address": address, "port": 862} for address in
                   (APPLIANCE[4], APPLIANCE[6], VLAN_APPLIANCE[4], VLAN_APPLIANCE[6], QINQ_APPLIANCE[4], QINQ_APPLIANCE[6])],
        "modes": ["unauthenticated", "authenticated", "encrypted", "mixed", "individual-session-control", "reflect-octets",
                  "symmetrical-size", "dscp-ecn-monitoring", "ptp-timestamps"],
        "count": 1024,
        "log-per-minute": 60000,  # tests share an appliance, and wait for what it logs
    },
    "keys": {"psk-file": "psk.yaml"},
    "ikev2": {"provider": "static", "sa-file": "sa.yaml"},
    "test": {"ports": {"lower": 18760, "upper": 19960}},
    "operation": {"socket": "operation.sock"},
}


def merged(base, changes):
    """A copy of base with changes laid over it; a change of None removes a key."""
    result = copy.deepcopy(base)
    for key, value in (changes or {}).items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def killed(process):
    process.kill()
    process.wait()


def state(pid):
    """As in /proc: "T" is stopped, "Z" has ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0]


class LabError(Exception):
    """The lab itself does not work."""


class Lab:
    def __init__(self, build="build", name=None):
        self.build = os.path.abspath(os.path.join(ROOT, build))
        self.name = name or os.environ.get("SPECULAR_LAB", "spec-e2e")
        self.environment = {**os.environ, "SPECULAR_LAB": self.name, "SPECULAR_BUILD": self.build,
                            "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:halt_on_error=1:quarantine_size_mb=4",
                            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=0"}
        self.runtime = f"/run/{self.name}-lab"
        self.log_path = os.path.join(self.runtime, "specular.log")
        self.folder = tempfile.mkdtemp(prefix="specular-e2e-")
        self.deferred = contextlib.ExitStack()

    # Life cycle.
    def tool(self, *arguments, program="lab", check=True, timeout=120):
        result = subprocess.run([os.path.join(ROOT, "tools", program), *arguments], env=self.environment, capture_output=True,
                                text=True, stdin=subprocess.DEVNULL, timeout=timeout)
        if check and result.returncode != 0:
            raise LabError(f"tools/{program} {' '.join(arguments)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def write_configuration(self, changes=None):
        path = os.path.join(self.folder, "e2e.yaml")
        with open(path, "w", encoding="ascii") as file:
            json.dump(merged(CONFIGURATION, changes), file, indent=1)
        for name, text in KEY_FILES.items():
            with open(os.path.join(self.folder, name), "w", encoding="ascii") as file:
                file.write(text)
        return path

    def up(self, changes=None, start=True):
        arguments = ["up", "--config", self.write_configuration(changes)] + ([] if start else ["--no-start"])
        self.tool(*arguments)

    def down(self):
        """Ends the appliance in order, so that a sanitizer can speak; returns the faults that its log tells of."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGTERM)
            self.wait_for(lambda: self.pid() is None, 20, "the appliance to end", fail=False)
        faults = self.faults()
        self.tool("down", check=False)
        return faults

    def close(self):
        self.tool("down", check=False)
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def faults(self):
        """What a sanitizer or an assertion said, with its stacks."""
        return self.faults_in(self.log())

    @staticmethod
    def faults_in(log):
        found = FAULTS.search(log)
        return log[log.rfind("\n", 0, found.start()) + 1:].splitlines()[:120] if found else []

    def pid(self):
        try:
            with open(os.path.join(self.runtime, "specular.pid"), encoding="ascii") as file:
                pid = int(file.read())
            return None if state(pid) == "Z" else pid
        except (OSError, ValueError):
            return None

    def ask(self, line, folder=None):
        """What the appliance answers to a command on its own socket; folder: the configuration's, when a test starts it by hand."""
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(10 * PATIENCE)
            stream.connect(self.operation_socket(folder))
            stream.sendall(line.encode() + b"\n")
            return json.loads(b"".join(iter(lambda: stream.recv(65536), b"")))

    def operation_socket(self, folder=None):
        return os.path.join(folder or self.runtime, "operation.sock")

    def close_connections(self):
        """What earlier tests' clients left open or waiting for its Timeout goes: a test meets its own sessions alone."""
        def nothing_left():
            status = self.ask("status")
            return status["sessions"]["installed"] == status["connections"]["open"] == 0

        if not nothing_left():
            self.ask("close all=yes")
            self.wait_for(nothing_left, 10, "earlier tests' sessions to end")

    def resident_kib(self):
        with open(f"/proc/{self.pid()}/status", encoding="ascii") as file:
            return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1))

    # The log.
    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def log_after(self, mark):
        return self.log()[mark:]

    def wait_for_log(self, pattern, mark=0, timeout=10):
        """The match of a regular expression in what was logged after mark."""
        found = []

        def look():
            found[:] = [re.search(pattern, self.log_after(mark), re.M)]
            return found[0]
        self.wait_for(look, timeout, f"a log line /{pattern}/")
        return found[0]

    def wait_for(self, condition, timeout, what, fail=True):
        timeout *= PATIENCE
        deadline = time.monotonic() + timeout
        late = False
        while not condition():
            if late:
                if fail:
                    raise AssertionError(f"waited {timeout} s for {what}")
                return False
            time.sleep(0.02)
            late = time.monotonic() > deadline  # a last look: it may have been us who did not run
        return True

    def counters(self):
        """{name: value} of both sides, asked with SIGUSR1."""
        mark = len(self.log())
        os.kill(self.pid(), signal.SIGUSR1)
        self.wait_for_log(COUNTERS_END, mark)
        return {name: int(value) for name, value in COUNTER.findall(self.log_after(mark))}

    @contextlib.contextmanager
    def counted(self, **expected):
        """Checks that named counters grow by so much in the block (waits for it a little)."""
        before = self.counters()
        yield
        last = {}

        def grown():
            now = self.counters()
            last.update({name: now.get(name, 0) - before.get(name, 0) for name in expected})
            return last == expected
        if not self.wait_for(grown, 3, "counters", fail=False):
            raise AssertionError(f"counters grew by {last}, expected {expected}")

    # The namespaces.
    @contextlib.contextmanager
    def inside(self, side):
        """What is opened in the block belongs to the client's or the appliance's namespace."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/self/ns/net", "rb") as home, open(f"/run/netns/{self.name}-{side}", "rb") as there:
            if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")
            try:
                yield
            finally:
                libc.setns(home.fileno(), CLONE_NEWNET)

    def run(self, side, *command, check=True, timeout=60):
        result = subprocess.run(["ip", "netns", "exec", f"{self.name}-{side}", *command], capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, timeout=timeout, cwd=ROOT, env=self.environment)
        if check and result.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout}{result.stderr}")
        return result

    def start(self, side, *command, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT, **options}
        return self.deferred.enter_context(kept(
            lambda: subprocess.Popen(["ip", "netns", "exec", f"{self.name}-{side}", *command], **options), killed))

    def defer(self, side, *command):
        """Runs when the test ends, however it ends."""
        self.deferred.callback(lambda: self.run(side, *command, check=False))

    def port(self):
        with self.inside("client"):
            port = Port(CLIENT_LINK)
        self.deferred.callback(port.socket.close)
        return port

    def namespace(self, side):
        """Another namespace until the test ends; what a crashed run left is removed."""
        full = f"{self.name}-{side}"
        subprocess.run(["ip", "netns", "del", full], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "add", full], check=True)
        self.deferred.callback(lambda: subprocess.run(["ip", "netns", "del", full], check=False))
        self.run(side, "ip", "link", "set", "lo", "up")

    def specular(self, *arguments, side="appliance", timeout=60, **options):
        """Runs the appliance's program to its end."""
        program = os.path.join(self.build, "app", "specular", "specular")
        return self.run(side, program, *arguments, check=False, timeout=timeout, **options)

    def start_specular(self, changes=None, wait=True, arguments=()):
        """Starts the appliance by hand in a lab that is up without it; returns the process, with .log its log's path."""
        path = self.write_configuration(changes)
        for name in os.listdir(self.folder):
            os.chmod(os.path.join(self.folder, name), 0o600)
        log = open(self.log_path, "w+", encoding="utf-8")
        self.deferred.callback(log.close)
        program = os.path.join(self.build, "app", "specular", "specular")
        process = self.start("appliance", program, "--config", path, *arguments, stdout=log, stderr=log, env=self.environment)
        with open(os.path.join(self.runtime, "specular.pid"), "w", encoding="ascii") as file:
            file.write(str(process.pid))
        if wait:
            self.wait_for_log(" started: ", 0, 30)
        return process

    def appliance_mac(self):
        with self.inside("appliance"), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as probe:
            probe.bind((APPLIANCE_LINK, 0))
            return probe.getsockname()[4].hex(":")

    def connect(self, version=4, address=None, source=None, port=862, tos=0, timeout=10 * PATIENCE):
        """A TCP connection of the client, no octet read yet."""
        address = address or APPLIANCE[version]
        with self.inside("client"):
            stream = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
        self.deferred.callback(stream.close)
        if tos:
            if version == 4:
                stream.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            else:
                stream.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        if source:
            stream.bind((source, 0))
        stream.settimeout(timeout)
        stream.connect((address, port))
        return stream

    def control(self, mode=None, version=4, **options):
        """A control connection; with a mode it is set up and must be accepted."""
        set_up = {name: options.pop(name) for name in ("key_id", "secret") if name in options}
        control = twamp.Control(self.connect(version, **options))
        if mode is not None:
            start = control.set_up(mode, **set_up)
            assert start.accept == 0, f"Server-Start has Accept {start.accept}"
        return control

    def udp(self, version=4, address=None, **options):
        with self.inside("client"):
            test = twamp.udp_socket(version, address or CLIENT[version], **options)
        self.deferred.callback(test.close)
        return test

    def session(self, mode, version=4, control=None, start=True, **request):
        return Session(self, mode, version, control, start, request)

    def ike(self, **options):
        """A charon at each end until the test ends (harness/strongswan.py), with no SA yet."""
        return self.deferred.enter_context(strongswan.Ike(self, **options))

    def probe_command(self, *arguments):
        """A reply may come when a busy machine has let everybody run again, unless the arguments say otherwise."""
        return [os.path.join(self.build, "app", "probe", "specular-probe"), "--json", "--no-progress", f"--timeout={5 * PATIENCE}",
                *arguments]

    def probe(self, *arguments, expect=0, timeout=60, side="client"):
        """specular-probe --json in a client's namespace; the parsed report."""
        result = self.run(side, *self.probe_command(*arguments), check=False, timeout=timeout)
        if result.returncode != expect:
            raise AssertionError(f"specular-probe {' '.join(arguments)}: exit {result.returncode}, expected {expect}\n"
                                 f"{result.stdout}{result.stderr}")
        return json.loads(result.stdout) if result.stdout.strip() else None

    def endless_probe(self, *arguments):
        return EndlessProbe(self, *arguments)

    def probe_keys(self, mode):
        """The options that name the keys of a mode."""
        if mode.startswith("ikev2"):
            return ["--mode", mode, "--ike-sa", self.private("sa.yaml"), "--no-fallback"]
        keys = [] if mode == "unauthenticated" else ["--key-file", self.private("psk.yaml"), "--key-id", "lab"]
        return ["--mode", mode, *keys]

    def private(self, name):
        """A key file, readable by root alone."""
        path = os.path.join(self.folder, name)
        os.chmod(path, 0o600)
        return path


class Session:
    """A test session: requested, by default started, with the socket that sends and receives."""

    def __init__(self, lab, mode, version, control, start, request):
        self.lab, self.mode, self.version = lab, mode, version
        self.control = control or lab.control(mode, version, address=request.pop("server", None))
        tos = request.get("dscp", 0) << 2
        self.socket = request.pop("socket", None) or lab.udp(version, request.pop("client", None), tos=tos)
        request.setdefault("sender_port", self.socket.getsockname()[1])
        request.setdefault("receiver_port", 18800)
        self.accept = self.control.request(version=version, **request)
        assert self.accept.accept == 0, f"Accept-Session has Accept {self.accept.accept}"
        self.test = twamp.Test(mode, self.control.keys, self.accept.sid)
        address = request.get("receiver") or self.control.stream.getpeername()[0]
        self.peer = (address, self.accept.port)
        if start:
            ack = self.control.start_sessions()
            assert ack.accept == 0 and ack.mbz == bytes(15), ack

    def send(self, sequence=0, timestamp=None, error=0x0101, padding=b""):
        timestamp = twamp.ntp(time.time()) if timestamp is None else timestamp
        self.socket.sendto(self.test.packet(sequence, timestamp, error, padding), self.peer)
        return timestamp

    def send_payload(self, payload):
        self.socket.sendto(payload, self.peer)

    def receive(self, timeout=5.0 * PATIENCE):
        """(Reply, Datagram) or None."""
        datagram = twamp.receive_datagram(self.socket, timeout)
        return None if datagram is None else (self.test.reply(datagram.payload), datagram)

    def exchange(self, sequence=0, **packet):
        self.send(sequence, **packet)
        answer = self.receive()
        assert answer is not None, f"no answer to test packet {sequence}"
        return answer

    def silent(self, timeout=0.5):
        """True when nothing comes."""
        return twamp.receive_datagram(self.socket, timeout) is None

    def close(self):
        self.control.close()
        self.socket.close()


class EndlessProbe:
    """specular-probe --json in the client's namespace, which measures until it is told to end."""

    def __init__(self, lab, *arguments):
        self.path = os.path.join(lab.folder, "probe.json")
        with open(self.path, "w", encoding="ascii") as report:
            self.process = lab.start("client", *lab.probe_command("--count=100000", *arguments), stdout=report)

    def end(self):
        """Ctrl-C: its report, of which every packet was answered."""
        assert self.process.poll() is None, "the probe has ended too early"
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(20 * PATIENCE) == 0
        with open(self.path, encoding="ascii") as report:
            report = json.load(report)
        assert report["total"]["sent"] == report["total"]["answered"] > 0, report["total"]
        return report


COUNTER = re.compile(r" counter: ([a-z_]+) (\d+) ")
COUNTERS_END = r" counters: "
