# SPDX-License-Identifier: BSD-3-Clause
"""Capture files: written from frames, read from what DPDK wrote, and taken from an interface."""

import socket
import struct

from .frames import Port

HEADER, RECORD = struct.Struct("<IHHiIII"), struct.Struct("<IIII")
MAGIC_NANOSECONDS, LINKTYPE_ETHERNET, SNAPLEN = 0xa1b23c4d, 1, 65535
SO_TIMESTAMPNS = 35
SILENCE = 0.2  # seconds after which nothing more is on its way


def write(path, frames, times=None):
    """times: (seconds, nanoseconds) of each frame; 0 by default."""
    with open(path, "wb") as file:
        file.write(HEADER.pack(MAGIC_NANOSECONDS, 2, 4, 0, 0, SNAPLEN, LINKTYPE_ETHERNET))
        for frame, (seconds, nanoseconds) in zip(frames, times or [(0, 0)] * len(frames)):
            file.write(RECORD.pack(seconds, nanoseconds, len(frame), len(frame)) + frame)


def read(path):
    """Frames of a file that DPDK wrote (microseconds or nanoseconds, this machine's byte order)."""
    with open(path, "rb") as file:
        data = file.read()
    frames, at = [], HEADER.size
    while at + RECORD.size <= len(data):
        size = RECORD.unpack_from(data, at)[2]
        at += RECORD.size
        frames.append(data[at:at + size])
        at += size
    return frames


class Capture:
    """Both directions of an interface without VLANs, from here on. The kernel keeps the frames until they are written: nobody needs
    to be awake while they pass."""

    def __init__(self, interface):
        self.socket = Port(interface).socket
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.settimeout(SILENCE)

    def write(self, path):
        frames, times = [], []
        try:
            while True:
                octets, ancillary, _, _ = self.socket.recvmsg(65535, 256)
                frames.append(octets)
                times += [struct.unpack("qq", value) for level, kind, value in ancillary
                          if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS)]
        except TimeoutError:
            self.socket.close()
        write(path, frames, times)
