# SPDX-License-Identifier: BSD-3-Clause
"""A Session-Reflector that errs on purpose, in one way at a time, so that what judges reflectors can be judged.

It answers on plain sockets in the appliance's end of the lab, in whose place it stands."""

import contextlib
import heapq
import itertools
import os
import selectors
import socket
import struct
import threading
import time
from collections import namedtuple

from . import keys as k
from . import twamp
from .lab import APPLIANCE, APPLIANCE_LINK
from .twamp_server import ControlServer

# Of a reply, before it is sealed. timestamps as on the wire.
Fields = namedtuple("Fields", "sequence timestamp error receive sender_sequence sender_timestamp sender_error sender_ttl")


class Right:
    """Does all as RFC 5357 says. number: of the reply in its session, from 0."""

    def fields(self, number, fields):
        return fields

    def octets(self, number, payload, header):
        """The payload once it is sealed; header: octets in front of its padding."""
        return payload

    def copies(self, number, payload):
        """[(delay in seconds, payload)]: what is sent instead of one reply."""
        return [(0, payload)]

    def dscp(self, number, dscp):
        return dscp


class Every(Right):
    """What is done to every n-th reply, the n-th being the first."""

    def __init__(self, every=10):
        self.every = every

    def chosen(self, number):
        return number % self.every == self.every - 1


class RepeatsSequence(Every):
    def fields(self, number, fields):
        return fields._replace(sequence=fields.sequence - 1) if self.chosen(number) else fields


class ForgesHmac(Every):
    def octets(self, number, payload, header):
        return payload[:header - 1] + bytes([payload[header - 1] ^ 1]) + payload[header:] if self.chosen(number) else payload


class WrongCopy(Every):
    """The Sender Timestamp is a second off."""

    def fields(self, number, fields):
        return fields._replace(sender_timestamp=fields.sender_timestamp + (1 << 32)) if self.chosen(number) else fields


class WrongDscp(Every):
    def dscp(self, number, dscp):
        return dscp ^ 8 if self.chosen(number) else dscp


class ChangesPadding(Every):
    def octets(self, number, payload, header):
        return payload[:-1] + bytes([payload[-1] ^ 0x55]) if self.chosen(number) else payload


class Short(Every):
    """Leaves the last octets of the padding out."""

    def octets(self, number, payload, header):
        return payload[:-4] if self.chosen(number) else payload


class Truncates(Every):
    """Not even a whole header."""

    def octets(self, number, payload, header):
        return payload[:header - 5] if self.chosen(number) else payload


class Drops(Every):
    """Counts the packet, and never answers: as if the reply were lost."""

    def copies(self, number, payload):
        return [] if self.chosen(number) else [(0, payload)]


class Duplicates(Every):
    def copies(self, number, payload):
        return [(0, payload)] * (2 if self.chosen(number) else 1)


class Late(Right):
    """One reply, that with this number."""

    def __init__(self, number, seconds):
        self.number, self.seconds = number, seconds

    def copies(self, number, payload):
        return [(self.seconds if number == self.number else 0, payload)]


class Reorders(Every):
    """The reply goes behind the next one."""

    def __init__(self, every=10):
        super().__init__(every)
        self.held = []

    def copies(self, number, payload):
        if self.chosen(number):
            self.held.append(payload)
            return []
        ready, self.held = [payload] + self.held, []
        return [(0, one) for one in ready]


class NegativeTurnaround(Every):
    """Its Timestamp is before its Receive Timestamp."""

    def fields(self, number, fields):
        return fields._replace(timestamp=fields.receive - (1 << 30)) if self.chosen(number) else fields


class _Session:
    """A socket, its keys, and how far it has counted."""

    def __init__(self, server, request, sid, address, wrong):
        self.mode, self.wrong = server.mode, wrong
        self.socket = twamp.udp_socket(request.version, request.receiver or address, request.receiver_port, tos=request.dscp << 2)
        self.version, self.dscp = request.version, request.dscp
        self.port = self.socket.getsockname()[1]
        self.format = twamp.Test(server.mode, server.keys, sid)
        self.next = itertools.count()
        self.current_dscp = request.dscp

    def read(self, payload):
        """(sequence, timestamp, error) of a sender's packet."""
        keys = self.format.keys
        if keys is None:
            return struct.unpack("!IQH", payload[:14])
        head = payload[:32]
        covered = 16 if self.format.format == twamp.AUTHENTICATED else 32
        decrypt = k.aes_ecb_decrypt if covered == 16 else k.aes_cbc_decrypt
        head = decrypt(keys.aes, head[:covered]) + head[covered:]
        if k.hmac_sha1_128(keys.hmac, head[:covered]) != payload[32:48]:
            raise twamp.BadHmac("test packet of the sender")
        return struct.unpack("!I12xQH6x", head)

    def seal(self, fields):
        keys = self.format.keys
        if keys is None:
            return struct.pack("!IQH2xQIQH2xB", *fields)
        head = struct.pack("!I12xQH6xQ8xI12xQH6xB15x", *fields)
        if self.format.format == twamp.AUTHENTICATED:
            return k.aes_ecb(keys.aes, head[:16]) + head[16:] + k.hmac_sha1_128(keys.hmac, head[:16])
        return k.aes_cbc(keys.aes, head) + k.hmac_sha1_128(keys.hmac, head)

    def answer(self):
        """[(delay, payload, destination)] for the packet that waits."""
        datagram = twamp.receive_datagram(self.socket, 0)
        if datagram is None:
            return []
        received = twamp.ntp(datagram.arrived)
        sequence, timestamp, error = self.read(datagram.payload)
        number = next(self.next)
        fields = Fields(number, twamp.ntp(time.time()), 0x0101, received, sequence, timestamp, error, datagram.ttl)
        header = self.format.reflector_header
        padding = datagram.payload[self.format.sender_header:]
        payload = (self.seal(self.wrong.fields(number, fields)) + padding)[:max(len(datagram.payload), header)]
        payload = self.wrong.octets(number, payload, header)
        self.mark(self.wrong.dscp(number, self.dscp))
        return [(delay, one, datagram.source) for delay, one in self.wrong.copies(number, payload)]

    def mark(self, dscp):
        if dscp == self.current_dscp:
            return
        level, option = (socket.IPPROTO_IP, socket.IP_TOS) if self.version == 4 else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        self.socket.setsockopt(level, option, dscp << 2)
        self.current_dscp = dscp


class WrongReflector:
    """Listens on port 862 of the appliance's addresses until the test ends. wrong: a Right or one that errs."""

    def __init__(self, lab, wrong, version=4):
        self.wrong, self.address, self.version = wrong, APPLIANCE[version], version
        self.lab, self.sessions, self.failure, self.stream = lab, [], None, None
        self.numbers, self.waiting = itertools.count(), []  # heap of (when, number, socket, payload, destination)
        self.lock = threading.Lock()
        self.selector = selectors.DefaultSelector()
        self.wake, self.stop = os.pipe()
        self.selector.register(self.wake, selectors.EVENT_READ)
        self._take_interface()
        with lab.inside("appliance"):
            family = socket.AF_INET if version == 4 else socket.AF_INET6
            self.listener = socket.create_server((self.address, 862), family=family)
        self.threads = [threading.Thread(target=one, daemon=True) for one in (self._serve, self._reflect)]
        lab.deferred.callback(self._close)
        for thread in self.threads:
            thread.start()

    def _take_interface(self):
        """The kernel answers on the interface that tools/lab keeps it off for the appliance's sake."""
        link = APPLIANCE_LINK
        self.lab.run("appliance", "nft", "delete", "table", "netdev", "specular")
        self.lab.run("appliance", "sh", "-c", f"echo 0 > /proc/sys/net/ipv6/conf/{link}/disable_ipv6")
        for version, size in ((4, 24), (6, 64)):
            self.lab.run("appliance", "ip", "addr", "add", f"{APPLIANCE[version]}/{size}", "dev", link,
                         *(["nodad"] if version == 6 else []))

    def _give_interface_back(self):
        link = APPLIANCE_LINK
        self.lab.run("appliance", "ip", "addr", "flush", "dev", link, check=False)
        self.lab.run("appliance", "sh", "-c", f"echo 1 > /proc/sys/net/ipv6/conf/{link}/disable_ipv6", check=False)
        self.lab.run("appliance", "nft", "add table netdev specular { chain dpdk_only { type filter hook ingress device "
                     f"\"{link}\" priority -500; policy drop; }}; }}", check=False)

    def hang_up(self):
        """Closes the control connection, whatever the sessions do."""
        self.stream.shutdown(socket.SHUT_RDWR)

    # Control, in a thread of its own: one connection after the other.
    def _serve(self):
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:  # closed
                return
            with stream:
                self.stream = stream
                try:
                    ControlServer(stream, self._request, lambda server: None, lambda server: None).run()
                except (twamp.Closed, twamp.BadHmac, ConnectionError, ValueError) as failure:
                    self.failure = failure

    def _request(self, server, request, sid):
        with self.lab.inside("appliance"):
            session = _Session(server, request, sid, self.address, self.wrong)
        with self.lock:
            self.sessions.append(session)
            self.selector.register(session.socket, selectors.EVENT_READ, session)
        os.write(self.stop, b"n")  # the other thread looks at it too
        return session.port

    # Test packets.
    def _reflect(self):
        while True:
            left = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            for key, _ in self.selector.select(left):
                if key.data is None:
                    if b"x" in os.read(self.wake, 64):
                        return
                    continue
                try:
                    self._send(key.data)
                except (twamp.BadHmac, OSError) as failure:
                    self.failure = failure
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, via, payload, destination = heapq.heappop(self.waiting)
                via.sendto(payload, destination)

    def _send(self, session):
        for delay, payload, destination in session.answer():
            if delay:
                heapq.heappush(self.waiting, (time.monotonic() + delay, next(self.numbers), session.socket, payload, destination))
            else:
                session.socket.sendto(payload, destination)

    def _close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        os.write(self.stop, b"x")
        for thread in self.threads:
            thread.join(5)
        for session in self.sessions:
            session.socket.close()
        self.selector.close()
        for descriptor in (self.wake, self.stop):
            os.close(descriptor)
        self._give_interface_back()
