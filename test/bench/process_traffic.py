# SPDX-License-Identifier: BSD-3-Clause
"""Test packets for net_pcap's capture files, and what a forwarder made of them."""

import random

from harness import frames, twamp

# What net_pcap gives itself as its port's Ethernet address, and the addresses of both ends.
PORT_STATION, SENDER_STATION = "02:70:63:61:70:00", "02:00:00:00:00:01"
SENDER, REFLECTOR = "192.0.2.1", "192.0.2.2"
FIRST_SENDER_PORT, RECEIVER_PORT = 20000, 18760
# Files have at least so many packets, so that runs differ in sessions only, and no more than net_pcap can hold.
PACKETS_MIN, PACKETS_MAX = 1024, 32768
REPLY_SIZE = 41  # the smallest reply; the request has padding up to it, so that no side writes more than the other


def sender_port(session):
    return FIRST_SENDER_PORT + session


def request(session, sequence):
    """An unauthenticated test packet as a frame."""
    test = twamp.Test(twamp.UNAUTHENTICATED)
    payload = test.packet(sequence, twamp.ntp(0), padding=bytes(REPLY_SIZE - test.sender_header))
    datagram = frames.udp(SENDER, REFLECTOR, sender_port(session), RECEIVER_PORT, payload)
    return frames.ethernet(PORT_STATION, SENDER_STATION, frames.ipv4(SENDER, REFLECTOR, datagram))


def requests(sessions):
    """Test packets of so many sessions in an order that no cache can guess, the same in each run."""
    count = max(sessions, PACKETS_MIN)
    order = [number % sessions for number in range(count)]
    random.Random(sessions).shuffle(order)
    sequences = [0] * sessions
    packets = []
    for session in order:
        packets.append(request(session, sequences[session]))
        sequences[session] += 1
    return packets


def swapped(packet, what):
    """The frame with source and destination swapped: Ethernet's for macswap, IP's and UDP's as well for 5tswap."""
    result = bytearray(packet)
    result[0:6], result[6:12] = packet[6:12], packet[0:6]
    if what == "5tswap":
        result[26:30], result[30:34] = packet[30:34], packet[26:30]
        result[34:36], result[36:38] = packet[36:38], packet[34:36]
    return bytes(result)
