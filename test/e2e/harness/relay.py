# SPDX-License-Identifier: BSD-3-Clause
"""A client's interface whose frames pass through here on their way to the veth: a TAP and a packet socket.

TaggedLink puts VLAN tags on, for kernels without the VLAN module. ImpairedLink loses, delays, doubles and swaps test
packets, by exact rules instead of netem's probabilities, so that what the probe reports can be compared with what was done."""

import fcntl
import heapq
import itertools
import os
import select
import struct
import threading
import time

from . import frames

TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 2, 0x1000
FRAME_SIZE = 65535
SOL_PACKET, PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 263, 1, 1
TEST_PORTS = range(18760, 19961)


class _Relay:
    """Forwards between a TAP and the veth in a thread of its own until the test ends."""

    def __init__(self, lab, side, name, address, addresses):
        self.port = lab.port()
        with lab.inside(side):
            self.tap = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        self.wake, self.stop = os.pipe()
        self.waiting = []  # heap of (when, number, send, frame)
        self.numbers = itertools.count()
        lab.run(side, "ip", "link", "set", name, "address", address or self.port.address, "up")
        for one in addresses:
            lab.run(side, "ip", "addr", "add", one, "dev", name, *(["nodad"] if ":" in one else []))
        self.thread = threading.Thread(target=self._forward, daemon=True)
        lab.deferred.callback(self._close)
        self.thread.start()

    def outward(self, frame):
        """What to send for a frame of the client: [(delay in seconds, frame)]."""
        return [(0, frame)]

    def inward(self, frame):
        return [(0, frame)]

    def _write(self, frame):
        os.write(self.tap, frame)

    def _pass(self, results, send):
        for delay, frame in results:
            if delay:
                heapq.heappush(self.waiting, (time.monotonic() + delay, next(self.numbers), send, frame))
            else:
                send(frame)

    def _forward(self):
        while True:
            left = max(0, self.waiting[0][0] - time.monotonic()) if self.waiting else None
            ready, _, _ = select.select([self.tap, self.port.socket, self.wake], [], [], left)
            if self.wake in ready:
                return
            if self.tap in ready:
                self._pass(self.outward(os.read(self.tap, FRAME_SIZE)), self.port.send)
            if self.port.socket in ready:
                for frame in self.port.frames(0.001, 1):
                    self._pass(self.inward(frame), self._write)
            while self.waiting and self.waiting[0][0] <= time.monotonic():
                _, _, send, frame = heapq.heappop(self.waiting)
                send(frame)

    def _close(self):
        os.write(self.stop, b"x")
        self.thread.join()
        for descriptor in (self.tap, self.wake, self.stop):
            os.close(descriptor)


def _tags(vlans):
    return b"".join(struct.pack("!HH", 0x88a8 if len(vlans) == 2 and number == 0 else 0x8100, vlan)
                    for number, vlan in enumerate(vlans))


def _ids(frame):
    """VLAN IDs, outermost first. Not their TPIDs: the kernel takes the outer tag off what it hands to a packet socket, and DPDK's
    af_packet driver puts 0x8100 back whatever it was."""
    at, found = 12, []
    while frame[at:at + 2] in (b"\x81\0", b"\x88\xa8"):
        found.append(struct.unpack_from("!H", frame, at + 2)[0] & 0xfff)
        at += 4
    return found


class TaggedLink(_Relay):
    """vlans: outermost first; addresses: with prefix length."""

    def __init__(self, lab, vlans, addresses):
        self.vlans, self.tags = list(vlans), _tags(vlans)
        super().__init__(lab, "client", "tagged", None, addresses)

    def outward(self, frame):
        return [(0, frame[:12] + self.tags + frame[12:])]

    def inward(self, frame):
        return [(0, frame[:12] + frame[12 + len(self.tags):])] if _ids(frame) == self.vlans else []


class ImpairedLink(_Relay):
    """The client `far` (a namespace of its own) behind a link that does to test packets what the rules say.

    forward and reverse: functions of (number of the test packet from 0, frame) that return [(delay, frame)]. A frame may be
    held back with hold() and let go behind the next one."""

    SIDE = "far"
    ADDRESSES = {4: "192.0.2.9", 6: "2001:db8::9"}
    MAC = "02:00:00:00:00:09"

    def __init__(self, lab, forward=None, reverse=None):
        lab.namespace(self.SIDE)
        self.rules = {"forward": forward, "reverse": reverse}
        self.counts = {"forward": 0, "reverse": 0}
        super().__init__(lab, self.SIDE, "far0", self.MAC, [f"{self.ADDRESSES[4]}/24", f"{self.ADDRESSES[6]}/64"])
        membership = struct.pack("iHH8s", _index(lab), PACKET_MR_PROMISC, 0, b"")
        self.port.socket.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership)

    def outward(self, frame):
        return self._apply("forward", frame, lambda packet: packet.destination_port)

    def inward(self, frame):
        if frame[:6] != bytes.fromhex(self.MAC.replace(":", "")) and not frame[0] & 1:
            return []
        return self._apply("reverse", frame, lambda packet: packet.source_port)

    def _apply(self, way, frame, port_of):
        packet = frames.parse(frame) if len(frame) > 42 else None
        if packet is None or port_of(packet) not in TEST_PORTS:
            return [(0, frame)]
        number = self.counts[way]
        self.counts[way] += 1
        rule = self.rules[way]
        return rule(number, frame) if rule else [(0, frame)]


def _index(lab):
    return int(lab.run("client", "cat", "/sys/class/net/spec-client/ifindex").stdout)


def lose(*numbers):
    return lambda number, frame: [] if number in numbers else [(0, frame)]


def double(*numbers):
    return lambda number, frame: [(0, frame)] * (2 if number in numbers else 1)


def delay(seconds):
    return lambda number, frame: [(seconds, frame)]


def swap(*numbers):
    """These packets go behind the one that follows each of them."""
    held = []

    def rule(number, frame):
        if number in numbers:
            held.append(frame)
            return []
        result = [(0, frame)] + [(0, one) for one in held]
        held.clear()
        return result
    return rule
