# SPDX-License-Identifier: BSD-3-Clause
"""A client interface behind one or two VLAN tags, as `ip link add ... type vlan` would make, for kernels without that
module: a TAP whose frames are tagged and untagged on their way to the veth."""

import fcntl
import os
import select
import struct
import threading

TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 2, 0x1000
FRAME_SIZE = 65535


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


class TaggedLink:
    def __init__(self, lab, name, vlans, addresses):
        """vlans: outermost first; addresses: with prefix length. Lives until the test ends."""
        self.vlans, self.tags = list(vlans), _tags(vlans)
        self.port = lab.port()
        with lab.inside("client"):
            self.tap = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        self.wake, self.stop = os.pipe()
        lab.run("client", "ip", "link", "set", name, "address", self.port.address, "up")
        for address in addresses:
            lab.run("client", "ip", "addr", "add", address, "dev", name, *(["nodad"] if ":" in address else []))
        self.thread = threading.Thread(target=self.forward, daemon=True)
        self.thread.start()
        lab.deferred.callback(self.close)

    def forward(self):
        while True:
            ready, _, _ = select.select([self.tap, self.port.socket, self.wake], [], [])
            if self.wake in ready:
                return
            if self.tap in ready:
                frame = os.read(self.tap, FRAME_SIZE)
                self.port.send(frame[:12] + self.tags + frame[12:])
            if self.port.socket in ready:
                for octets in self.port.frames(0.001, 1):
                    end = 12 + len(self.tags)
                    if _ids(octets) == self.vlans:
                        os.write(self.tap, octets[:12] + octets[end:])

    def close(self):
        os.write(self.stop, b"x")
        self.thread.join()
        for descriptor in (self.tap, self.wake, self.stop):
            os.close(descriptor)
