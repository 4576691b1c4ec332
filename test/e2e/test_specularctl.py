# SPDX-License-Identifier: BSD-3-Clause
"""specularctl against the running appliance: what it tells is what a probe did; its live view on a terminal; what it says when
nobody answers."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pyte

from harness import twamp
from harness.lab import APPLIANCE, PATIENCE, state
from harness.suite import subset

PACKETS, SESSIONS = 40, 3
FULL_SCREEN, BACK = b"\x1b[?1049h", b"\x1b[?1049l"


def command(lab, *words, path=None):
    return [os.path.join(lab.build, "app", "ctl", "specularctl"), "--socket", path or lab.operation_socket(), *words]


def ctl(lab, *words, expect=0, path=None, wait=10 * PATIENCE):
    words = (*words, "--wait", str(wait))
    result = subprocess.run(command(lab, *words, path=path), capture_output=True, text=True, timeout=3 * wait + 30, check=False)
    assert result.returncode == expect, f"{words}: exit {result.returncode}: {result.stdout}{result.stderr}"
    return result.stdout if expect == 0 else result.stderr


def document(lab, *words):
    return json.loads(ctl(lab, *words, "--json"))


@subset("sanitizers")
def test_numbers_are_the_probes(lab):
    before, control = document(lab, "counters"), document(lab, "counters")["control"]
    report = lab.probe(APPLIANCE[4], *lab.probe_keys("encrypted"), "-c", str(PACKETS), "-i", "0.01", "--sessions", str(SESSIONS))
    after = document(lab, "counters")
    sent = report["total"]["sent"]
    assert sent == report["total"]["answered"] == PACKETS * SESSIONS
    assert after["datapath"]["reflected"] - before["datapath"]["reflected"] == sent
    assert after["control"]["sessions_accepted"] - control["sessions_accepted"] == SESSIONS
    assert re.search(rf"^reflected +{after['datapath']['reflected']} +packets ", ctl(lab, "counters"), re.M)
    assert document(lab, "status")["packets"]["reflected"] == after["datapath"]["reflected"]


@subset("sanitizers")
def test_sessions_and_close(lab):
    control = lab.control(twamp.ENCRYPTED)
    sessions = [lab.session(twamp.ENCRYPTED, control=control, start=False) for _ in range(2)]
    control.start_sessions()
    sessions[0].exchange(0)
    found = document(lab, "sessions", "--state", "started", "--sort", "reflected")["sessions"]
    assert [session["reflected"] for session in found] == [1, 0]
    everything = document(lab, "sessions", "--all")
    assert everything["complete"] and everything["next"] is None and len(everything["sessions"]) == everything["total"]
    table = ctl(lab, "session", found[0]["sid"])
    assert re.search(rf"^sid +{found[0]['sid']}$", table, re.M) and re.search(r"^reflected +1$", table, re.M)
    assert re.search(rf"^ *{found[0]['connection']} .*encrypted", ctl(lab, "connections"), re.M)
    for words in ("status", "cores", "ports", "keys"):
        assert ctl(lab, words)
    assert "lab" in ctl(lab, "keys")
    assert re.search(r"^ *0 +1 +polls ", ctl(lab, "cores", "--core", "0"), re.M)
    assert "allowed" in ctl(lab, "cores", "--core", "1", expect=2)
    assert re.search(r"^sessions +2$", ctl(lab, "close", "--connection", str(found[0]["connection"])), re.M)
    assert "no session" in ctl(lab, "session", "0" * 32, expect=1)
    assert "allowed" in ctl(lab, "log", "loudly", expect=2)


@subset("sanitizers")
def test_nobody_answers(lab):
    assert "--socket" in ctl(lab, "status", expect=1, path="/nowhere/specular.sock")
    # Nothing that is shown moves the cursor.
    assert "/nowhere/?[2J: no such socket" in ctl(lab, "status", expect=1, path="/nowhere/\x1b[2J")
    with open("/dev/full", "w", encoding="utf-8") as full:
        result = subprocess.run(command(lab, "counters", "--all"), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False)
    assert result.returncode == 1 and "can't write the answer" in result.stderr, result
    assert "needs a terminal" in ctl(lab, "top", expect=2)
    # Whoever is neither of the appliance's user nor of its group.
    denied = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command(lab, "status")],
                            capture_output=True, text=True, timeout=30, check=False)
    assert denied.returncode in (1, 126, 127), denied
    if denied.returncode == 1:
        assert "socket-group" in denied.stderr, denied.stderr
    os.kill(lab.pid(), signal.SIGSTOP)
    try:
        lab.wait_for(lambda: state(lab.pid()) == "T", 5, "the appliance to stop")
        assert "did not answer" in ctl(lab, "status", wait=0.2, expect=1)
    finally:
        os.kill(lab.pid(), signal.SIGCONT)


class Terminal:
    """specularctl top on a terminal of its own. ncurses sends what changes only, so a terminal's emulator tells what is shown."""

    def __init__(self, lab, lines, columns, kind="linux"):  # whose every command the emulator knows
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.seen = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            words = command(lab, "top", "--interval", "0.3")
            os.execve(words[0], words, {**os.environ, "TERM": kind, "LC_ALL": "C.UTF-8"})

    def resize(self, lines, columns):
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                output = os.read(self.master, 65536)
            except OSError:  # it has ended
                return False
            self.seen += output
            self.stream.feed(output)
        return True

    def wait_for(self, pattern):
        """The first match among the lines."""
        deadline = time.monotonic() + 5 * PATIENCE
        while not (found := re.search(pattern, shown := "\n".join(self.screen.display), re.M)):
            assert time.monotonic() < deadline and self.read(0.2), f"no {pattern} in\n{shown}"
        return found

    def end(self, how):
        how()
        while self.read(5):
            pass
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@subset("sanitizers")
def test_top(lab):
    session = lab.session(twamp.ENCRYPTED)
    session.exchange(0)
    terminal = Terminal(lab, 50, 80)
    terminal.wait_for(r"^CORE +CPU +BUSY")
    row = rf"^192\.0\.2\.1:{session.socket.getsockname()[1]} +started +encrypted +"
    terminal.wait_for(row + "1 +0 +[0-9.]+ s")
    # Rates come with the second look, others with the third.
    terminal.wait_for(r"^received [0-9]+/s  reflected [0-9]+/s")
    session.exchange(1)
    terminal.wait_for(row + "2 ")
    terminal.resize(40, 120)
    os.write(terminal.master, b"s")
    terminal.wait_for("SENDER, by received")
    terminal.wait_for("^specular .{70,}q quit")
    assert terminal.end(lambda: os.kill(terminal.pid, signal.SIGINT)) == 0


def test_top_gives_the_screen_back(lab):
    terminal = Terminal(lab, 24, 80, "xterm")
    deadline = time.monotonic() + 5 * PATIENCE
    while FULL_SCREEN not in terminal.seen:
        assert time.monotonic() < deadline and terminal.read(0.2), terminal.seen
    assert terminal.end(lambda: os.write(terminal.master, b"q")) == 0
    assert terminal.seen.rfind(BACK) > terminal.seen.rfind(FULL_SCREEN)
