# SPDX-License-Identifier: BSD-3-Clause
"""The IKE key protocol, written from doc/ike-key-protocol.md alone: a client for any daemon, and a daemon that serves a table
of SAs and can be slow, silent, lie, or restart."""

import ipaddress
import os
import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass, field, fields, replace

from . import keys

VERSION, HEADER, LONGEST = 1, struct.Struct("!IBBHI"), 4096
GET_BY_SPIS, GET_BY_PEER, LIST, SUBSCRIBE = 1, 2, 3, 4
SA, END, ERROR = 128, 129, 130
EVENT_UP, EVENT_REKEYED, EVENT_GONE = 192, 193, 194
WANT_NONE, WANT_SECRET, WANT_SK_D = 0, 1, 2
NOT_FOUND, NOT_PERMITTED, BAD_REQUEST, OTHER_VERSION, NOT_EXPOSED, BUSY = 1, 2, 3, 4, 5, 6

# Attribute type: name, allowed lengths, how the value is written.
OCTETS, NUMBER, ADDRESS, TEXT = range(4)
ATTRIBUTES = {
    1: ("spi_i", {8}, OCTETS), 2: ("spi_r", {8}, OCTETS), 3: ("prf", {2}, NUMBER),
    4: ("secret", set(range(1, 65)), OCTETS), 5: ("sk_d", set(range(1, 65)), OCTETS),
    6: ("local_address", {4, 16}, ADDRESS), 7: ("peer_address", {4, 16}, ADDRESS),
    8: ("local_identity", set(range(256)), TEXT), 9: ("peer_identity", set(range(256)), TEXT),
    10: ("connection", set(range(256)), TEXT), 11: ("old_spi_i", {8}, OCTETS), 12: ("old_spi_r", {8}, OCTETS),
    13: ("want", {2}, NUMBER), 14: ("error_code", {2}, NUMBER), 15: ("text", set(range(256)), TEXT),
    16: ("count", {4}, NUMBER),
}
NUMBER_SIZES = {"prf": 2, "want": 2, "error_code": 2, "count": 4}
NEEDS = {
    GET_BY_SPIS: {"spi_i", "spi_r"}, GET_BY_PEER: {"peer_address"}, LIST: set(), SUBSCRIBE: set(),
    SA: {"spi_i", "spi_r", "prf", "local_address", "peer_address"}, END: {"count"}, ERROR: {"error_code"},
    EVENT_UP: {"spi_i", "spi_r", "prf", "local_address", "peer_address"},
    EVENT_REKEYED: {"spi_i", "spi_r", "old_spi_i", "old_spi_r"}, EVENT_GONE: {"spi_i", "spi_r"},
}
PRFS = {"hmac-md5": 1, "hmac-sha1": 2, "aes128-xcbc": 4, "hmac-sha2-256": 5, "hmac-sha2-384": 6, "hmac-sha2-512": 7,
        "aes128-cmac": 8}


class Malformed(Exception):
    """Octets that are no message."""


class Closed(Exception):
    """The other end has closed the connection."""


class Refused(Exception):
    """An ERROR in place of the answer; its message is the argument."""


@dataclass
class Message:
    """Attributes that are not there are None. Octets are bytes, addresses text."""
    type: int
    request: int = 0
    version: int = VERSION
    spi_i: bytes = None
    spi_r: bytes = None
    prf: int = None
    secret: bytes = field(default=None, repr=False)
    sk_d: bytes = field(default=None, repr=False)
    local_address: str = None
    peer_address: str = None
    local_identity: str = None
    peer_identity: str = None
    connection: str = None
    old_spi_i: bytes = None
    old_spi_r: bytes = None
    want: int = None
    error_code: int = None
    text: str = None
    count: int = None

    @property
    def spis(self):
        return self.spi_i, self.spi_r


def write_value(name, kind, value):
    if kind == OCTETS:
        return value
    if kind == NUMBER:
        return value.to_bytes(NUMBER_SIZES[name], "big")
    if kind == ADDRESS:
        return ipaddress.ip_address(value).packed
    return value.encode("latin-1")


def read_value(kind, octets):
    if kind == OCTETS:
        return octets
    if kind == NUMBER:
        return int.from_bytes(octets, "big")
    if kind == ADDRESS:
        return str(ipaddress.ip_address(octets))
    return octets.decode("latin-1")


def attribute(type_, octets):
    return struct.pack("!HH", type_, len(octets)) + octets


def write(message, more=b""):
    """The message's octets; more: attributes as octets that follow its own."""
    body = b"".join(attribute(type_, write_value(name, kind, getattr(message, name)))
                    for type_, (name, _, kind) in ATTRIBUTES.items() if getattr(message, name) is not None) + more
    return HEADER.pack(HEADER.size + len(body), message.version, message.type, 0, message.request) + body


def read(octets):
    """One whole message."""
    length, version, type_, reserved, request = HEADER.unpack_from(octets)
    message = Message(type_, request, version)
    if length != len(octets):
        raise Malformed("length")
    if version != VERSION:
        return message  # what follows the header may be anything
    if reserved:
        raise Malformed("reserved")
    at = HEADER.size
    while at < length:
        if length - at < 4:
            raise Malformed("cut attribute")
        number, size = struct.unpack_from("!HH", octets, at)
        value = octets[at + 4:at + 4 + size]
        at += 4 + size
        if len(value) < size:
            raise Malformed("cut value")
        if number not in ATTRIBUTES:
            continue
        name, lengths, kind = ATTRIBUTES[number]
        if size not in lengths or getattr(message, name) is not None:
            raise Malformed(name)
        setattr(message, name, read_value(kind, value))
    missing = {name for name in NEEDS.get(type_, ()) if getattr(message, name) is None}
    if missing:
        raise Malformed(f"without {', '.join(sorted(missing))}")
    return message


class Connection:
    """Messages over a connected stream socket."""

    def __init__(self, stream, timeout=10):
        self.stream = stream
        self.stream.settimeout(timeout)

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, message):
        self.send_raw(write(message))

    def send_raw(self, octets):
        self.stream.sendall(octets)

    def receive_raw(self, size):
        octets = b""
        while len(octets) < size:
            try:
                more = self.stream.recv(size - len(octets))
            except ConnectionResetError:
                more = b""
            if not more:
                raise Closed(f"after {len(octets)} of {size} octets")
            octets += more
        return octets

    def receive(self):
        header = self.receive_raw(HEADER.size)
        length = HEADER.unpack(header)[0]
        if not HEADER.size <= length <= LONGEST:
            raise Malformed(f"length {length}")
        return read(header + self.receive_raw(length - HEADER.size))

    def is_closed(self):
        """Waits for the other end to close; False when it sends something instead."""
        try:
            return self.stream.recv(1) == b""
        except ConnectionResetError:
            return True


class Client(Connection):
    """Events that come between answers are in self.events."""

    def __init__(self, path, timeout=10):
        stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            stream.settimeout(timeout)
            stream.connect(path)
        except OSError:
            stream.close()
            raise
        super().__init__(stream, timeout)
        self.events = []
        self.number = 0

    def request(self, type_, **attributes):
        """Sends a request; returns its number."""
        self.number += 1
        try:
            self.send(Message(type_, self.number, **attributes))
        except (BrokenPipeError, ConnectionResetError):
            pass  # why it hung up is still to be read
        return self.number

    def answer(self, number):
        """The next message that answers; raises Refused for an ERROR."""
        while True:
            message = self.receive()
            if message.type >= EVENT_UP:
                if message.request != 0:
                    raise Malformed("event with a request")
                self.events.append(message)
                continue
            if message.type == ERROR and message.request in (0, number):
                raise Refused(message)
            if message.request != number:
                raise Malformed(f"answer to {message.request} instead of {number}")
            return message

    def answers(self, number):
        """All SAs until END, whose count must be theirs."""
        found = []
        while True:
            message = self.answer(number)
            if message.type == END:
                if message.count != len(found):
                    raise Malformed(f"{len(found)} SAs, and END says {message.count}")
                return found
            found.append(message)

    def get_by_spis(self, spi_i, spi_r, want=None):
        return self.answer(self.request(GET_BY_SPIS, spi_i=spi_i, spi_r=spi_r, want=want))

    def get_by_peer(self, address, want=None):
        return self.answer(self.request(GET_BY_PEER, peer_address=address, want=want))

    def list(self):
        return self.answers(self.request(LIST))

    def subscribe(self, want=None):
        return self.answers(self.request(SUBSCRIBE, want=want))

    def event(self):
        """The next event: one that came before, or waits for it."""
        if self.events:
            return self.events.pop(0)
        message = self.receive()
        if message.type == ERROR:
            raise Refused(message)
        if message.type < EVENT_UP or message.request != 0:
            raise Malformed(f"{message} instead of an event")
        return message


def make_sa(spi_i, spi_r, sk_d, prf="hmac-sha2-256", local="192.0.2.2", peer="192.0.2.1", **attributes):
    """All there is to know of an SA, both keys included."""
    return Message(SA, spi_i=spi_i, spi_r=spi_r, prf=PRFS[prf], sk_d=sk_d, secret=keys.ike_secret(prf, sk_d),
                   local_address=local, peer_address=peer, **attributes)


class _Guest:
    """A client of the FakeDaemon. What it is sent waits in a queue, so that answers and events are in one order."""

    def __init__(self, daemon, stream):
        self.daemon = daemon
        self.connection = Connection(stream, timeout=None)
        self.want = None  # once subscribed
        self.out = queue.Queue()
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._read, self._write)]
        for thread in self.threads:
            thread.start()

    def put(self, message):
        self.out.put(message)

    def end(self):
        try:
            self.connection.stream.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.out.put(None)

    def _read(self):
        try:
            while True:
                self.daemon.handle(self, self.connection.receive())
        except Malformed as error:
            self.put(Message(ERROR, error_code=BAD_REQUEST, text=str(error)))
            self.out.put(None)
        except (Closed, OSError):
            self.end()

    def _write(self):
        while (message := self.out.get()) is not None:
            time.sleep(self.daemon.delay)
            self.daemon.speaking.wait()
            octets = self.daemon.spoken(message)
            try:
                for at in range(0, len(octets), self.daemon.piece):
                    self.connection.send_raw(octets[at:at + self.daemon.piece])
            except OSError:
                break
        self.daemon.leave(self)


class FakeDaemon:
    """Serves self.sas from a thread each client.

    delay      seconds before each message
    piece      octets that are sent at a time
    speaking   an Event: while it is clear, clients are taken and hear nothing
    lie        None, or a function from each Message that is about to be sent to the Message, or the octets, to send instead
    refuse     None, or the ERROR_CODE for each new client
    expose     whether SK_d is handed out
    requests   the Messages that have come"""

    def __init__(self, path, sas=()):
        self.path = str(path)
        self.sas = {sa.spis: sa for sa in sas}
        self.delay, self.piece, self.lie, self.refuse, self.expose = 0, LONGEST, None, None, False
        self.speaking = threading.Event()
        self.speaking.set()
        self.requests, self.guests = [], []
        self.lock = threading.RLock()
        self.listener = None

    def start(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if os.path.exists(self.path):
            os.unlink(self.path)
        listener.bind(self.path)
        listener.listen(64)
        self.listener = listener
        self.thread = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self.thread.start()
        return self

    def stop(self):
        """As if the daemon had died: every connection ends and nobody listens; the SAs are kept for start()."""
        listener, self.listener = self.listener, None
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        listener.close()
        with self.lock:
            guests, self.guests = self.guests, []
        for guest in guests:
            guest.end()
        if os.path.exists(self.path):
            os.unlink(self.path)

    def restart(self, forget=False):
        self.stop()
        if forget:
            self.sas = {}
        return self.start()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.speaking.set()
        self.stop()

    # The SAs.
    def up(self, sa):
        with self.lock:
            self.sas.pop(sa.spis, None)  # the newest is the last
            self.sas[sa.spis] = sa
            self._tell(EVENT_UP, sa)

    def rekey(self, old, new):
        """The new SA comes up, takes the old one's place, and that goes."""
        with self.lock:
            self.up(new)
            self._tell(EVENT_REKEYED, Message(SA, spi_i=new.spi_i, spi_r=new.spi_r, old_spi_i=old.spi_i,
                                              old_spi_r=old.spi_r))
            self.gone(old)

    def gone(self, sa):
        with self.lock:
            self.sas.pop(sa.spis, None)
            self._tell(EVENT_GONE, Message(SA, spi_i=sa.spi_i, spi_r=sa.spi_r))

    def _tell(self, type_, message):
        for guest in self.guests:
            if guest.want is not None:
                guest.put(replace(self._with(message, guest.want), type=type_))

    # Clients.
    def _accept(self, listener):
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                guest = _Guest(self, stream)
                self.guests.append(guest)
                if self.refuse is not None:
                    guest.put(Message(ERROR, error_code=self.refuse, text="as told"))
                    guest.put(None)

    def leave(self, guest):
        guest.end()
        guest.connection.close()
        with self.lock:
            if guest in self.guests:
                self.guests.remove(guest)

    def spoken(self, message):
        told = self.lie(message) if self.lie else message
        return told if isinstance(told, bytes) else write(told)

    @staticmethod
    def _with(sa, want):
        return replace(sa, secret=sa.secret if want == WANT_SECRET else None,
                       sk_d=sa.sk_d if want == WANT_SK_D else None)

    def handle(self, guest, request):
        with self.lock:
            self.requests.append(request)
            for answer in self._answers(guest, request):
                guest.put(replace(answer, request=request.request))
                if answer.type == ERROR and answer.error_code in (BAD_REQUEST, OTHER_VERSION):
                    guest.put(None)

    def _answers(self, guest, request):
        want = WANT_SECRET if request.want is None else request.want
        if request.version != VERSION:
            return [Message(ERROR, error_code=OTHER_VERSION, text="another version")]
        if request.type not in (GET_BY_SPIS, GET_BY_PEER, LIST, SUBSCRIBE) or want > WANT_SK_D:
            return [Message(ERROR, error_code=BAD_REQUEST, text="not a request")]
        if request.type == LIST:
            want = WANT_NONE
        if want == WANT_SK_D and not self.expose:
            return [Message(ERROR, error_code=NOT_EXPOSED, text="not exposed")]
        if request.type == SUBSCRIBE:
            guest.want = want
        if request.type in (LIST, SUBSCRIBE):
            return [self._with(sa, want) for sa in self.sas.values()] + [Message(END, count=len(self.sas))]
        found = [sa for sa in self.sas.values()
                 if (sa.spis == request.spis if request.type == GET_BY_SPIS else sa.peer_address == request.peer_address)]
        return [self._with(found[-1], want)] if found else [Message(ERROR, error_code=NOT_FOUND, text="no such SA")]


# A field for each attribute, and no attribute without its field.
assert {name for name, _, _ in ATTRIBUTES.values()} == {one.name for one in fields(Message)} - {"type", "request", "version"}
