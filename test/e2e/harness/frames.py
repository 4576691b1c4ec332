# SPDX-License-Identifier: BSD-3-Clause
"""Raw Ethernet frames: built octet by octet, sent and captured on the client's end of the veth."""

import socket
import struct
import time
from collections import namedtuple

ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 1 << 4, 1 << 6
UDP = 17

# vlans: outermost first. header: the octets of the IP header with options or extension headers.
Frame = namedtuple("Frame", "destination source vlans version header ttl traffic_class ip_source ip_destination protocol "
                   "source_port destination_port payload ip_checksum_good udp_checksum_good udp_checksum octets")


def checksum(data):
    """Internet checksum; 0 over data that includes a right one."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def _address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def udp(source, destination, source_port, destination_port, payload, bad_checksum=False, no_checksum=False):
    length = 8 + len(payload)
    source, destination = _address(source), _address(destination)
    pseudo = source + destination + (struct.pack("!BBH", 0, UDP, length) if len(source) == 4 else
                                     struct.pack("!II", length, UDP))
    head = struct.pack("!HHHH", source_port, destination_port, length, 0)
    value = checksum(pseudo + head + payload) or 0xffff
    if bad_checksum:
        value ^= 0x5555
    if no_checksum:
        value = 0
    return head[:6] + struct.pack("!H", value) + payload


def ipv4(source, destination, payload, protocol=UDP, ttl=255, tos=0, options=b"", identification=0, fragment=0,
         bad_checksum=False):
    """fragment: the 16 bits of flags and offset."""
    options = options.ljust((len(options) + 3) // 4 * 4, b"\0")
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, tos, words * 4 + len(payload), identification, fragment, ttl, protocol, 0,
                       _address(source), _address(destination)) + options
    value = checksum(head) ^ (0x1234 if bad_checksum else 0)
    return head[:10] + struct.pack("!H", value) + head[12:] + payload


def ipv6(source, destination, payload, next_header=UDP, hop_limit=255, traffic_class=0, flow_label=0):
    return struct.pack("!IHBB16s16s", 6 << 28 | traffic_class << 20 | flow_label, len(payload), next_header, hop_limit,
                       _address(source), _address(destination)) + payload


def ethernet(destination, source, packet, vlans=()):
    """vlans: outermost first; two tags use 802.1ad for the outer one."""
    tags = b""
    for number, vlan in enumerate(vlans):
        tags += struct.pack("!HH", 0x88a8 if len(vlans) == 2 and number == 0 else 0x8100, vlan)
    kind = 0x0800 if packet[0] >> 4 == 4 else 0x86dd
    return bytes.fromhex(destination.replace(":", "")) + bytes.fromhex(source.replace(":", "")) + tags + \
        struct.pack("!H", kind) + packet


def parse(octets):
    """A Frame of IPv4 or IPv6 UDP, else None. Checks the checksums itself."""
    at, vlans = 12, []
    kind = struct.unpack_from("!H", octets, at)[0]
    while kind in (0x8100, 0x88a8):
        vlans.append(struct.unpack_from("!H", octets, at + 2)[0] & 0xfff)
        at += 4
        kind = struct.unpack_from("!H", octets, at)[0]
    ip = octets[at + 2:]
    if kind == 0x0800:
        size = (ip[0] & 15) * 4
        header, total, protocol = ip[:size], struct.unpack_from("!H", ip, 2)[0], ip[9]
        source, destination = socket.inet_ntop(socket.AF_INET, ip[12:16]), socket.inet_ntop(socket.AF_INET, ip[16:20])
        version, ttl, traffic_class, good = 4, ip[8], ip[1], checksum(header) == 0
        pseudo, body = ip[12:20], ip[size:total]
    elif kind == 0x86dd:
        protocol, size, total = ip[6], 40, 40 + struct.unpack_from("!H", ip, 4)[0]
        while protocol in (0, 43, 60):
            protocol, size = ip[size], size + 8 + ip[size + 1] * 8
        header = ip[:size]
        source, destination = socket.inet_ntop(socket.AF_INET6, ip[8:24]), socket.inet_ntop(socket.AF_INET6, ip[24:40])
        version, ttl, traffic_class, good = 6, ip[7], (ip[0] & 15) << 4 | ip[1] >> 4, True
        pseudo, body = ip[8:40], ip[size:total]
    else:
        return None
    if protocol != UDP or len(body) < 8:
        return None
    source_port, destination_port, length, value = struct.unpack_from("!HHHH", body)
    body = body[:length]
    pseudo += struct.pack("!BBH", 0, UDP, length) if version == 4 else struct.pack("!II", length, UDP)
    udp_good = value == 0 and version == 4 or checksum(pseudo + body) == 0
    return Frame(octets[:6].hex(":"), octets[6:12].hex(":"), vlans, version, header, ttl, traffic_class, source, destination,
                 protocol, source_port, destination_port, body[8:], good, udp_good, value, octets)


class Port:
    """A packet socket on an interface; open it inside the namespace."""

    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self.socket.bind((interface, 0))
        self.address = self.socket.getsockname()[4].hex(":")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, octets):
        self.socket.send(octets)

    def frames(self, seconds, wanted=None):
        """Yields what has arrived (not what leaves) and arrives for so long, VLAN tags put back; ends early after `wanted` frames."""
        deadline = time.monotonic() + seconds
        count = 0
        while wanted is None or count < wanted:
            self.socket.settimeout(max(0, deadline - time.monotonic()))
            try:
                octets, ancillary, _, source = self.socket.recvmsg(65535, 256)
            except (TimeoutError, BlockingIOError):
                return
            if source[2] == socket.PACKET_OUTGOING:
                continue
            for level, kind, value in ancillary:
                if level == SOL_PACKET and kind == PACKET_AUXDATA:
                    status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value)
                    if status & TP_STATUS_VLAN_VALID:
                        if not status & TP_STATUS_VLAN_TPID_VALID:
                            tpid = 0x8100
                        octets = octets[:12] + struct.pack("!HH", tpid, tci) + octets[12:]
            count += 1
            yield octets

    def datagrams(self, seconds, wanted=None, **match):
        """UDP frames whose fields match, e.g. source_port=862, at most `wanted` of them."""
        found = []
        for octets in self.frames(seconds):
            frame = parse(octets)
            if frame is not None and all(getattr(frame, name) == value for name, value in match.items()):
                found.append(frame)
                if len(found) == wanted:
                    break
        return found
