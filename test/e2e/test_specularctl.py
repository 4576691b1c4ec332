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

from harness import twamp
from harness.lab import APPLIANCE, PATIENCE
from harness.suite import subset

PACKETS, SESSIONS = 40, 3
FULL_SCREEN, BACK = "\x1b[?1049h", "\x1b[?1049l"
OUTPUT = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b[()].|\x1b.|([\r\n\b])|([^\x1b\r\n\b])")


def command(lab, *words, path=None):
    return [os.path.join(lab.build, "app", "ctl", "specularctl"), "--socket", path or os.path.join(lab.runtime, "operation.sock"), *words]


def ctl(lab, *words, expect=0, path=None):
    result = subprocess.run(command(lab, *words, path=path), capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == expect, f"{words}: exit {result.returncode}: {result.stdout}{result.stderr}"
    return result.stdout if expect == 0 else result.stderr


def document(lab, *words):
    return json.loads(ctl(lab, *words, "--json"))


@subset("sanitizers")
def test_numbers_are_the_probes(lab):
    before, control = document(lab, "counters"), document(lab, "counters")["control"]
    report = lab.probe(APPLIANCE[4], *lab.probe_keys("encrypted"), "-c", str(PACKETS), "-i", "0.01", "--sessions", str(SESSIONS), "-L", "0.5")
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
    # A test before this one may have left a client that only vanished.
    ports = [session.socket.getsockname()[1] for session in sessions]
    found = [session for session in document(lab, "sessions", "--state", "started", "--sort", "reflected", "--limit", "1000")["sessions"]
             if session["sender"]["port"] in ports]
    assert [session["reflected"] for session in found] == [1, 0]
    everything = document(lab, "sessions", "--all")
    assert everything["complete"] and everything["next"] is None and len(everything["sessions"]) == everything["total"]
    table = ctl(lab, "session", found[0]["sid"])
    assert re.search(rf"^sid +{found[0]['sid']}$", table, re.M) and re.search(r"^reflected +1$", table, re.M)
    assert re.search(rf"^ *{found[0]['connection']} .*encrypted", ctl(lab, "connections"), re.M)
    for words in ("status", "cores", "ports", "keys"):
        assert ctl(lab, words)
    assert "lab" in ctl(lab, "keys")
    assert re.search(r"^sessions +2$", ctl(lab, "close", "--connection", str(found[0]["connection"])), re.M)
    assert "no session" in ctl(lab, "session", "0" * 32, expect=1)
    assert "allowed" in ctl(lab, "log", "loudly", expect=2)


@subset("sanitizers")
def test_nobody_answers(lab):
    assert "--socket" in ctl(lab, "status", expect=1, path="/nowhere/specular.sock")
    assert "needs a terminal" in ctl(lab, "top", expect=2)
    # Whoever is neither of the appliance's user nor of its group.
    denied = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command(lab, "status")],
                            capture_output=True, text=True, timeout=30, check=False)
    assert denied.returncode in (1, 126, 127), denied
    if denied.returncode == 1:
        assert "socket-group" in denied.stderr, denied.stderr
    os.kill(lab.pid(), signal.SIGSTOP)
    try:
        assert "did not answer" in ctl(lab, "status", "--wait", "0.2", expect=1)
    finally:
        os.kill(lab.pid(), signal.SIGCONT)


def screen(output):
    """The lines that xterm shows after what ncurses sends to it."""
    cells, line, column, last = {}, 0, 0, " "
    for found in OUTPUT.finditer(output):
        numbers, letter, move, character = found.groups()
        first, second = ([int(number or 0) for number in (numbers or "").lstrip("?").split(";")] + [0])[:2]
        if character or letter == "b":
            for _ in range(1 if character else first):
                last = character or last
                cells[line, column] = last
                column += 1
        elif move:
            line, column = line + (move == "\n"), 0 if move == "\r" else column - (move == "\b")
        elif letter == "H":
            line, column = max(first, 1) - 1, max(second, 1) - 1
        elif letter == "d":
            line = max(first, 1) - 1
        elif letter == "G":
            column = max(first, 1) - 1
        elif letter and letter in "ABCD":
            step = max(first, 1)
            line += {"A": -step, "B": step}.get(letter, 0)
            column += {"C": step, "D": -step}.get(letter, 0)
        elif letter in ("J", "K", "X"):
            for place in list(cells):
                if (letter == "J" and place >= (line, column)) or \
                        (place[0] == line and place[1] >= column and (letter == "K" or place[1] < column + max(first, 1))):
                    del cells[place]
    height = 1 + max((place[0] for place in cells), default=0)
    width = 1 + max((place[1] for place in cells), default=0)
    return ["".join(cells.get((y, x), " ") for x in range(width)).rstrip() for y in range(height)]


class Terminal:
    """specularctl top on a terminal of its own."""

    def __init__(self, lab, lines, columns):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            words = command(lab, "top", "--interval", "0.3")
            os.execve(words[0], words, {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})
        self.seen = ""

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 65536).decode("ascii")
            except OSError:  # it has ended
                return False
        return True

    def wait_for(self, pattern):
        """The first match among the lines."""
        deadline = time.monotonic() + 5 * PATIENCE
        while not (found := re.search(pattern, "\n".join(screen(self.seen)), re.M)):
            shown = "\n".join(screen(self.seen))
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
    terminal = Terminal(lab, 24, 80)
    terminal.wait_for(r"^CORE +CPU +BUSY")
    row = r"^192\.0\.2\.1:[0-9]+ +started +encrypted +"
    terminal.wait_for(row + "1 +0 +[0-9.]+ s")
    # Rates come with the second look, others with the third.
    terminal.wait_for(r"^received [0-9]+/s  reflected [0-9]+/s")
    session.exchange(1)
    terminal.wait_for(row + "2 ")
    assert max(len(line) for line in screen(terminal.seen)) <= 80 and len(screen(terminal.seen)) <= 24
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    os.write(terminal.master, b"s")
    terminal.wait_for("SENDER, by received")
    terminal.wait_for("^specular .{70,}q quit")
    assert terminal.end(lambda: os.kill(terminal.pid, signal.SIGINT)) == 0
    assert terminal.seen.rfind(BACK) > terminal.seen.rfind(FULL_SCREEN) >= 0
