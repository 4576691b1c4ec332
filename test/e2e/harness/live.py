# SPDX-License-Identifier: BSD-3-Clause
"""TWAMP under keys of live IKE SAs, by the tests' own client: set-ups, and streams that run while something happens to an SA."""

import select
import threading
import time

from . import twamp
from .lab import Session

MODE = twamp.ENCRYPTED | twamp.IKEV2
SPACING = 0.002  # seconds between the packets of a stream
WINDOW = 64      # packets on their way at once: less than the appliance's ring has room for while a busy machine does not run it
PATIENCE = 30    # seconds for replies that do not come


def set_up(lab, sa, mode=MODE, version=4):
    """A control connection whose Set-Up-Response names sa and has a Token of its secret; and its Server-Start."""
    control = lab.control(version=version)
    control.greeting()
    control.set_up_response(mode, sa.spi_i + sa.spi_r, sa.secret)
    return control, control.server_start()


def accepted(lab, sa, mode=MODE, version=4):
    control, start = set_up(lab, sa, mode, version)
    assert start.accept == 0, f"Server-Start has Accept {start.accept}"
    return control


def refused(lab, sa, accept, *words, version=4):
    """A right Token for sa does not help: Accept is that, the Server closes, and one line of its log has all the words."""
    mark = len(lab.log())
    control, start = set_up(lab, sa, version=version)
    assert start.accept == accept and start.start_time == 0, start
    assert control.is_closed()

    def told():
        return any(all(word in line for word in words) for line in lab.log_after(mark).splitlines())
    lab.wait_for(told, 5, f"a log line with {words}")


def works(lab, sa, mode=MODE, version=4):
    """A session under sa from set-up to an answered packet."""
    session = lab.session(mode, version, control=accepted(lab, sa, mode, version))
    session.exchange()
    session.close()


class Stream:
    """Test packets of a session of its own on a control connection, one each SPACING, from entering the block to its end (fewer when
    WINDOW are on their way): every one must have been answered by then, in order."""

    def __init__(self, lab, sa, version=4):
        self.lab, self.version = lab, version
        self.mode = MODE | twamp.INDIVIDUAL_CONTROL  # new sessions may be requested while others run
        self.control = accepted(lab, sa, self.mode, version)
        self.session = self.request()
        self.sent, self.senders, self.replies, self.failure = 0, [], [], None
        self.ended = threading.Event()

    def request(self, receiver_port=18800):
        """Another session on the same connection, started."""
        session = Session(self.lab, self.mode, self.version, self.control, False, {"receiver_port": receiver_port})
        assert self.control.list_acknowledged(7, [session.accept.sid]) == {session.accept.sid: 0}
        return session

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        self.flows()
        return self

    def __exit__(self, kind, error, _):
        if error is None:
            self.flows()
        self.ended.set()
        self.thread.join()
        if error is None:
            self.check()

    def flows(self, number=50):
        """Waits for so many answers more."""
        wanted = len(self.replies) + number
        self.lab.wait_for(lambda: len(self.replies) >= wanted or not self.thread.is_alive(), PATIENCE, "answers in the stream")

    def run(self):
        try:
            due = time.monotonic()
            while not self.ended.is_set():
                if self.sent - len(self.replies) < WINDOW:
                    self.session.send(self.sent)
                    self.sent += 1
                due = max(due + SPACING, time.monotonic())
                while self.receive(max(0, due - time.monotonic())) or due > time.monotonic():
                    pass
            deadline = time.monotonic() + PATIENCE
            while len(self.replies) < self.sent and (left := deadline - time.monotonic()) > 0:
                self.receive(left)
        except BaseException as error:  # told by check()
            self.failure = error

    def receive(self, timeout):
        """True when a reply came."""
        if not select.select([self.session.socket], [], [], timeout)[0]:
            return False
        reply, _ = self.session.receive()
        self.replies.append(reply.sequence)
        self.senders.append(reply.sender_sequence)
        return True

    def check(self):
        if self.failure is not None:
            raise self.failure
        everything = list(range(self.sent))
        assert self.senders == everything, f"of {self.sent} packets {len(self.senders)} were answered: {self.senders[-5:]}"
        assert self.replies == everything, "the reflector counts otherwise"
        assert self.sent >= 100, self.sent
