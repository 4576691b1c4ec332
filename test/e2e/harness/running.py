# SPDX-License-Identifier: BSD-3-Clause
"""Programs and labs that last for the length of a block, and interruptions (SIGTERM, Ctrl-C, a terminal that goes away) that leave
none of them behind.

An interruption is SystemExit with the code 128 + the signal's number, wherever the main thread is: were that inside of Popen's
constructor, the child would run on, and nobody would know of it. So whatever must be undone is begun and undone under hold(), where
an interruption waits, and only the block itself admits it."""

import contextlib
import os
import signal
import subprocess

INTERRUPTIONS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
GRACE_SECONDS = 20  # an appliance may need ten

_holds = 0
_waiting = None


def _interrupt(number, _frame=None):
    global _waiting  # pylint: disable=global-statement
    if _holds:
        _waiting = number
    else:
        _waiting = None
        raise SystemExit(128 + number)


def take_interruptions():
    """From here on they come as said above; what was ignored (nohup) is still."""
    for number in INTERRUPTIONS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)


@contextlib.contextmanager
def _holding(holds):
    global _holds  # pylint: disable=global-statement
    before, _holds = _holds, holds
    try:
        if not holds and _waiting:
            _interrupt(_waiting)
        yield
    finally:
        _holds = before
        if not before and _waiting:
            _interrupt(_waiting)


def hold():
    """What interrupts in the block waits for its end."""
    return _holding(1)


@contextlib.contextmanager
def kept(begin, end):
    """begin() for the length of the block, and end() of what it gave, whatever ends the block."""
    with hold():
        thing = begin()
        try:
            with _holding(0):
                yield thing
        finally:
            end(thing)


def admit():
    """In a child that was forked under hold(): interruptions come from here on."""
    global _holds  # pylint: disable=global-statement
    _holds = 0
    if _waiting:
        _interrupt(_waiting)


def running(command, **options):
    """A process in a session of its own: its Popen. The block's end is its end, and its children's. OSError when it does not start."""
    return kept(lambda: subprocess.Popen(command, start_new_session=True, **options), end_session)


def end_session(process):
    """SIGTERM, and SIGKILL for what is still there a while later."""
    with process:  # closes its pipes
        if process.poll() is not None:
            return
        for ending in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, ending)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_SECONDS)
