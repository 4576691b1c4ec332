# SPDX-License-Identifier: BSD-3-Clause
"""What systemd would hear: a socket for sd_notify's messages, and a thread that is stopped without the program's help."""

import contextlib
import ctypes
import os
import socket

PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17


class ServiceManager:
    """Messages in the order in which they came, as {name: value}. Give environment() to what shall notify."""

    def __init__(self, folder, watchdog_seconds=None):
        self.path = os.path.join(folder, "notify")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)  # as systemd's is
        self.socket.setblocking(False)
        self.watchdog_seconds = watchdog_seconds
        self.heard = []

    def environment(self):
        watchdog = {"WATCHDOG_USEC": str(int(self.watchdog_seconds * 1e6))} if self.watchdog_seconds else {}
        return {"NOTIFY_SOCKET": self.path, **watchdog}

    def listen(self):
        """The messages since the last call; all of them are kept in heard."""
        news = []
        with contextlib.suppress(BlockingIOError):
            while True:
                lines = self.socket.recv(4096).decode().splitlines()
                news.append(dict(line.split("=", 1) for line in lines))
        self.heard += news
        return news

    def has(self, name, value=None, text=None):
        """True when such a message came since the last call of listen, or now."""
        return any(name in message and value in (None, message[name]) and (text is None or text in message[name])
                   for message in self.listen())

    def close(self):
        self.socket.close()


def threads(pid):
    """{thread id: name}."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii") as file:
            found[int(thread)] = file.read().strip()
    return found


@contextlib.contextmanager
def stopped(thread):
    """One thread stands still in the block, by ptrace; the process's others go on."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request):
        if libc.ptrace(request, thread, None, None) < 0:
            raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {thread}")
    ptrace(PTRACE_SEIZE)
    try:
        ptrace(PTRACE_INTERRUPT)
        os.waitpid(thread, 0x40000000)  # __WALL
        yield
    finally:
        ptrace(PTRACE_DETACH)
