# SPDX-License-Identifier: BSD-3-Clause
"""The other end of twamp.py: a Server for one control connection at a time, written from RFC 4656 and 5357. It accepts every session
that is asked for, and leaves it to its owner what becomes of test packets (wrong_reflector.py)."""

import os
import socket
import struct
from collections import namedtuple

from . import keys as k
from . import twamp

COUNT = 1024  # PBKDF2 iterations, the fewest that are allowed
SET_UP_RESPONSE, REQUEST, LIST = 164, 112, 32
REQUEST_TW_SESSION, START_SESSIONS, STOP_SESSIONS = 5, 2, 3

# Addresses as text; None where the message leaves them to the connection.
Request = namedtuple("Request", "version sender_port receiver_port sender receiver padding timeout dscp")


class ControlServer:
    """Greets, agrees on keys and answers commands on a connected TCP socket.

    on_request(server, request, sid): the port to accept; on_start(server), on_stop(server)."""

    def __init__(self, stream, on_request, on_start, on_stop, modes=15, secret=twamp.PSK):
        self.stream, self.modes, self.secret = stream, modes, secret
        self.on_request, self.on_start, self.on_stop = on_request, on_start, on_stop
        self.mode, self.keys = 0, None
        self._encrypt = self._decrypt = None
        self._sent = self._received = b""

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.stream.recv(size - len(data))
            if not part:
                raise twamp.Closed(f"after {len(data)} of {size} octets")
            data += part
        return data

    def _receive(self, size):
        data = self._exactly(size)
        if self._decrypt is not None:
            data = self._decrypt.update(data)
            self._received += data
        return data

    def _receive_hmac(self):
        mac = self._exactly(16)
        if self._decrypt is None:
            return
        expected, self._received = k.hmac_sha1_128(self.keys.hmac, self._received), b""
        if self._decrypt.update(mac) != expected:
            raise twamp.BadHmac("control message of the client")

    def _send(self, body):
        if self._encrypt is None:
            self.stream.sendall(body + bytes(16))
            return
        mac = k.hmac_sha1_128(self.keys.hmac, self._sent + body)
        self._sent = b""
        self.stream.sendall(self._encrypt.update(body + mac))

    def set_up(self):
        challenge, salt, iv = os.urandom(16), os.urandom(16), os.urandom(16)
        self.stream.sendall(struct.pack("!12xI16s16sI12x", self.modes, challenge, salt, COUNT))
        self.mode, _, token, client_iv = struct.unpack("!I80s64s16s", self._exactly(SET_UP_RESPONSE))
        start = struct.pack("!Q8x", 0)
        if self.mode & twamp.KEYED:
            clear = k.aes_cbc_decrypt(k.token_key(self.secret, salt, COUNT), token)
            if clear[:16] != challenge:
                raise twamp.BadHmac("token")
            self.keys = k.Keys(clear[16:32], clear[32:64])
            self._encrypt, self._decrypt = k.cbc_stream_encryptor(self.keys.aes, iv), k.cbc_stream_decryptor(self.keys.aes, client_iv)
            self._sent, start = start, self._encrypt.update(start)
        self.stream.sendall(struct.pack("!15xB16s", 0, iv) + start)

    def _request(self, first):
        body = first + self._receive(REQUEST - 32)
        self._receive_hmac()
        (_, version, _, _, _, _, sender_port, receiver_port, sender, receiver, _, padding, _, timeout, type_p) = struct.unpack(
            "!BBBBIIHH16s16s16sIQQI8x", body)
        family, size = (socket.AF_INET, 4) if version & 15 == 4 else (socket.AF_INET6, 16)
        addresses = [socket.inet_ntop(family, one[:size]) if any(one) else None for one in (sender, receiver)]
        sid = os.urandom(16)
        port = self.on_request(self, Request(version & 15, sender_port, receiver_port, *addresses, padding, timeout / 2**32,
                                             type_p >> 24 & 63), sid)
        self._send(struct.pack("!BBH16sHH8x", 0, 0, port, sid, 0, 0))

    def run(self):
        """Until the client closes."""
        self.set_up()
        while True:
            try:
                first = self._receive(16)
            except (twamp.Closed, ConnectionError):
                return
            if first[0] == REQUEST_TW_SESSION:
                self._request(first)
                continue
            self._receive_hmac()
            if first[0] == START_SESSIONS:
                self.on_start(self)
                self._send(struct.pack("!B15x", 0))
            elif first[0] == STOP_SESSIONS:
                self.on_stop(self)
            else:
                raise ValueError(f"command {first[0]}")
