# SPDX-License-Identifier: BSD-3-Clause
"""A Control-Client and Session-Sender written from RFC 4656, 5357, 5618, 5938, 6038 and 7717 alone, so that what it agrees
on with the appliance is not one reading made twice. It can also misbehave: every message may be sent raw."""

import os
import socket
import struct
import time
from collections import namedtuple

from . import keys as k

UNAUTHENTICATED, AUTHENTICATED, ENCRYPTED, MIXED = 1, 2, 4, 8
INDIVIDUAL_CONTROL, REFLECT_OCTETS, SYMMETRICAL_SIZE, IKEV2 = 16, 32, 64, 128
DSCP_ECN_MONITORING, PTP_TIMESTAMPS = 256, 512
KEYED = AUTHENTICATED | ENCRYPTED | MIXED
SECURITY_MODES = {"unauthenticated": UNAUTHENTICATED, "authenticated": AUTHENTICATED, "encrypted": ENCRYPTED,
                  "mixed": MIXED, "ikev2-authenticated": AUTHENTICATED | IKEV2, "ikev2-encrypted": ENCRYPTED | IKEV2,
                  "ikev2-mixed": MIXED | IKEV2}
NTP_OFFSET = 2208988800

PSK_ID, PSK = b"lab", b"specular lab"
SPI_I, SPI_R = bytes.fromhex("0102030405060708"), bytes.fromhex("1112131415161718")
SA_PRF, SK_D = "hmac-sha2-256", bytes(range(32))

Greeting = namedtuple("Greeting", "unused modes challenge salt count mbz")
ServerStart = namedtuple("ServerStart", "mbz accept iv start_time mbz2")
Accept = namedtuple("Accept", "accept mbz port sid reflected_octets server_octets mbz2")
StartAck = namedtuple("StartAck", "accept mbz")
ListAck = namedtuple("ListAck", "command accept mbz sids")
Reply = namedtuple("Reply", "sequence timestamp error receive_timestamp sender_sequence sender_timestamp sender_error ttl "
                   "mbz padding sender_class")
Datagram = namedtuple("Datagram", "payload ttl tos source arrived")


class Closed(Exception):
    """The Server closed the connection."""


class BadHmac(Exception):
    """A message or packet of the Server does not verify."""


def ntp(seconds):
    """Seconds since 1970 as 32.32 since 1900."""
    return int((seconds + NTP_OFFSET) * 2**32) & (2**64 - 1)


def ntp_seconds(value):
    return value / 2**32 - NTP_OFFSET


def security_of(mode):
    return mode & (UNAUTHENTICATED | KEYED)


class Control:
    """One TWAMP-Control connection over a connected TCP socket."""

    def __init__(self, stream, timeout=30):
        self.stream = stream
        self.stream.settimeout(timeout)
        self.mode = 0
        self.keys = None
        self._encrypt = self._decrypt = None
        self._sent = self._received = b""  # plaintext since the last HMAC, each way

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Octets.
    def receive_raw(self, size):
        data = b""
        while len(data) < size:
            try:
                part = self.stream.recv(size - len(data))
            except ConnectionResetError as error:
                raise Closed("reset") from error
            if not part:
                raise Closed(f"after {len(data)} of {size} octets")
            data += part
        return data

    def send_raw(self, data):
        self.stream.sendall(data)

    def is_closed(self, timeout=30):
        """True when the Server closes without sending anything more."""
        self.stream.settimeout(timeout)
        try:
            return self.stream.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    # Messages.
    def greeting(self):
        unused, modes, challenge, salt, count, mbz = struct.unpack("!12sI16s16sI12s", self.receive_raw(64))
        self.hello = Greeting(unused, modes, challenge, salt, count, mbz)
        return self.hello

    def set_up_response(self, mode, key_id=b"", secret=None, corrupt_token=False, ike_direct=False):
        """Chooses a mode; keyed ones need a secret."""
        self.mode = mode
        token = iv = b""
        if mode & KEYED and secret is not None:
            self.keys = k.Keys(os.urandom(16), os.urandom(32))
            iv = os.urandom(16)
            key = secret[:16] if ike_direct else k.token_key(secret, self.hello.salt, self.hello.count)
            token = k.token(key, self.hello.challenge, self.keys)
            if corrupt_token:
                token = token[:-1] + bytes([token[-1] ^ 1])
        self.client_iv = iv
        self.send_raw(struct.pack("!I80s64s16s", mode, key_id, token, iv))

    def server_start(self):
        clear = self.receive_raw(32)
        mbz, accept, iv = struct.unpack("!15sB16s", clear)
        last = self.receive_raw(16)
        if self.keys is not None and accept == 0:
            self._encrypt = k.cbc_stream_encryptor(self.keys.aes, self.client_iv)
            self._decrypt = k.cbc_stream_decryptor(self.keys.aes, iv)
            last = self._decrypt.update(last)
            self._received = last  # RFC 5357 section 3.2: the first HMAC also covers this
        start_time, mbz2 = struct.unpack("!Q8s", last)
        return ServerStart(mbz, accept, iv, start_time, mbz2)

    def send(self, body, corrupt_hmac=False):
        """Sends a message and its HMAC field (zero in open mode)."""
        if self._encrypt is None:
            self.send_raw(body + bytes(16))
            return
        self._sent += body
        mac = k.hmac_sha1_128(self.keys.hmac, self._sent)
        self._sent = b""
        if corrupt_hmac:
            mac = bytes([mac[0] ^ 1]) + mac[1:]
        self.send_raw(self._encrypt.update(body + mac))

    def receive_part(self, size):
        data = self.receive_raw(size)
        if self._decrypt is not None:
            data = self._decrypt.update(data)
            self._received += data
        return data

    def receive_hmac(self):
        mac = self.receive_raw(16)
        if self._decrypt is None:
            if mac != bytes(16):
                raise BadHmac("HMAC field is not zero in open mode")
            return
        mac = self._decrypt.update(mac)
        expected = k.hmac_sha1_128(self.keys.hmac, self._received)
        self._received = b""
        if mac != expected:
            raise BadHmac("control message")

    def receive(self, size):
        """The body of a message of size octets, HMAC included in size and checked."""
        body = self.receive_part(size - 16)
        self.receive_hmac()
        return body

    def accept_session(self):
        accept, mbz, port, sid, reflected, server, mbz2 = struct.unpack("!BBH16sHH8s", self.receive(48))
        return Accept(accept, mbz, port, sid, reflected, server, mbz2)

    def request(self, **fields):
        """Request-TW-Session and its Accept-Session."""
        corrupt = fields.pop("corrupt_hmac", False)
        self.send(request_tw_session(**fields), corrupt)
        return self.accept_session()

    def start_sessions(self):
        self.send(struct.pack("!B15x", 2))
        return StartAck(*struct.unpack("!B15s", self.receive(32)))

    def stop_sessions(self, number=1, accept=0):
        self.send(struct.pack("!BBHI8x", 3, accept, 0, number))

    def send_list(self, command, sids, number=None):
        """Start-N-Sessions (7) or Stop-N-Sessions (9)."""
        self.send(struct.pack("!B11xI", command, len(sids) if number is None else number) + b"".join(sids))

    def receive_list(self):
        command, accept, mbz, number = struct.unpack("!BB10sI", self.receive_part(16))
        sids = [self.receive_part(16) for _ in range(number)]
        self.receive_hmac()
        return ListAck(command, accept, mbz, sids)

    def list_acknowledged(self, command, sids):
        """{sid: accept} over as many acknowledgements as it takes."""
        self.send_list(command, sids)
        answer = {}
        while len(answer) < len(set(sids)):
            ack = self.receive_list()
            assert ack.command == command + 1 and ack.mbz == bytes(10) and ack.sids, ack
            answer.update({sid: ack.accept for sid in ack.sids})
        return answer

    def set_up(self, mode, key_id=PSK_ID, secret=PSK, **options):
        """Greeting to Server-Start with the lab's own keys; returns Server-Start."""
        self.greeting()
        if mode & IKEV2:
            key_id, secret = SPI_I + SPI_R, k.ike_secret(SA_PRF, SK_D)
        if mode & UNAUTHENTICATED:
            key_id, secret = b"", None
        self.set_up_response(mode, key_id, secret, **options)
        return self.server_start()


def request_tw_session(version=4, sender_port=0, receiver_port=0, sender=None, receiver=None, padding=0, timeout=1.0, dscp=0,
                       conf_sender=0, conf_receiver=0, command=5, type_p=None, octets_to_reflect=0, padding_to_reflect=0,
                       sid=bytes(16), start=0, slots=0, packets=0):
    """Body of the command without its HMAC. Addresses None: zero, the connection's own."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    addresses = [socket.inet_pton(family, address) if address else b"" for address in (sender, receiver)]
    return struct.pack("!BBBBIIHH16s16s16sIQQIHH4x", command, version, conf_sender, conf_receiver, slots, packets, sender_port,
                       receiver_port, *addresses, sid, padding, start, int(timeout * 2**32),
                       dscp << 24 if type_p is None else type_p, octets_to_reflect, padding_to_reflect)


class Test:
    """One test session's packets: sender's written, reflector's read. mode as agreed in the control connection."""

    def __init__(self, mode, control_keys=None, sid=None):
        self.format = UNAUTHENTICATED if security_of(mode) in (UNAUTHENTICATED, MIXED) else security_of(mode)
        self.symmetrical = bool(mode & SYMMETRICAL_SIZE)
        self.monitoring = bool(mode & DSCP_ECN_MONITORING)
        self.keys = None if self.format == UNAUTHENTICATED else k.test_keys(control_keys, sid)

    @property
    def sender_header(self):
        if self.keys is None:
            return 14 if not self.symmetrical else 42 if self.monitoring else 41
        return 112 if self.symmetrical else 48

    @property
    def reflector_header(self):
        return 112 if self.keys is not None else 44 if self.monitoring else 41

    def packet(self, sequence, timestamp, error=0x0101, padding=b""):
        """UDP payload of a sender's packet."""
        if self.keys is None:
            return struct.pack("!IQH", sequence, timestamp, error).ljust(self.sender_header, b"\0") + padding
        head = struct.pack("!I12xQH6x", sequence, timestamp, error)
        covered = head[:16] if self.format == AUTHENTICATED else head
        mac = k.hmac_sha1_128(self.keys.hmac, covered)
        if self.format == AUTHENTICATED:
            head = k.aes_ecb(self.keys.aes, head[:16]) + head[16:]
        else:
            head = k.aes_cbc(self.keys.aes, head)
        return (head + mac).ljust(self.sender_header, b"\0") + padding

    def reply(self, payload):
        """Reads and checks a reflector's packet; BadHmac when it does not verify."""
        if len(payload) < self.reflector_header:
            raise ValueError(f"reply of {len(payload)} octets")
        if self.keys is None:
            (sequence, timestamp, error, mbz1, receive, sender_sequence, sender_timestamp, sender_error, mbz2,
             ttl) = struct.unpack("!IQH2sQIQH2sB", payload[:41])
            mbz = mbz1 + mbz2
            class_, mbz = (payload[41], mbz + payload[42:44]) if self.monitoring else (None, mbz)
        else:
            head, mac = payload[:96], payload[96:112]
            if self.format == AUTHENTICATED:
                head = k.aes_ecb_decrypt(self.keys.aes, head[:16]) + head[16:]
                covered = head[:16]
            else:
                head = covered = k.aes_cbc_decrypt(self.keys.aes, head)
            if k.hmac_sha1_128(self.keys.hmac, covered) != mac:
                raise BadHmac("test packet")
            (sequence, mbz1, timestamp, error, mbz2, receive, mbz3, sender_sequence, mbz4, sender_timestamp, sender_error, mbz5,
             ttl, mbz6) = struct.unpack("!I12sQH6sQ8sI12sQH6sB15s", head)
            class_, mbz6 = (mbz6[0], mbz6[1:]) if self.monitoring else (None, mbz6)
            mbz = mbz1 + mbz2 + mbz3 + mbz4 + mbz5 + mbz6
        return Reply(sequence, timestamp, error, receive, sender_sequence, sender_timestamp, sender_error, ttl, mbz,
                     payload[self.reflector_header:], class_)


def udp_socket(version, address, port=0, ttl=255, tos=0):
    """A bound socket that tells TTL and DSCP of what it receives."""
    family = socket.AF_INET if version == 4 else socket.AF_INET6
    test = socket.socket(family, socket.SOCK_DGRAM)
    if version == 4:
        test.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        test.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
        test.setsockopt(socket.IPPROTO_IP, 12, 1)  # IP_RECVTTL
        test.setsockopt(socket.IPPROTO_IP, 13, 1)  # IP_RECVTOS
    else:
        test.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
        test.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        test.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        test.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)
    test.bind((address, port))
    return test


def receive_datagram(test, timeout=15.0):
    """A Datagram, or None when none comes in time."""
    test.settimeout(timeout)
    try:
        payload, ancillary, _, source = test.recvmsg(65535, 512)
    except TimeoutError:
        return None
    except ConnectionRefusedError:
        return None
    arrived, ttl, tos = time.time(), None, None
    for _, kind, value in ancillary:
        if kind in (socket.IP_TTL, socket.IPV6_HOPLIMIT):
            ttl = value[0]
        elif kind in (socket.IP_TOS, socket.IPV6_TCLASS):
            tos = value[0]
    return Datagram(payload, ttl, tos, source[:2], arrived)
