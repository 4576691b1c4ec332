# SPDX-License-Identifier: BSD-3-Clause
"""What the Server answers to requests that it can't or won't serve."""

import contextlib
import itertools
import os
import socket
import struct
import time

from harness import twamp
from harness.lab import APPLIANCE, CLIENT
from harness.suite import cases, configuration, subset

KEYED = ("authenticated", "encrypted", "mixed", "ikev2-encrypted")


@subset("sanitizers")
def test_mode_zero_ends(lab):
    control = lab.control()
    control.greeting()
    control.set_up_response(0)
    assert control.is_closed()


@cases(1 | 2, 2 | 4, 1 | 128, 15)
def test_several_security_modes(lab, mode):
    """Exactly one of the security bits may be chosen; IKEv2Derived goes with a keyed one."""
    control = lab.control()
    control.greeting()
    control.set_up_response(mode, twamp.PSK_ID, twamp.PSK)
    refused(control)


def refused(control):
    """A Server-Start with non-zero Accept and zero Start-Time, or just the end."""
    try:
        start = control.server_start()
    except twamp.Closed:
        return None
    assert start.accept != 0 and start.start_time == 0, start
    assert control.is_closed()
    return start.accept


@configuration(control={"modes": ["authenticated", "encrypted"]}, ikev2={"provider": "none", "sa-file": None})
@cases(1, 8, 2 | 16, 4 | 32, 4 | 64, 2 | 128)
def test_mode_not_offered(lab, mode):
    control = lab.control()
    assert control.greeting().modes == 6, control.hello.modes
    control.set_up_response(mode, twamp.PSK_ID, twamp.PSK)
    refused(control)


def test_reserved_mode_bits_are_ignored(lab):
    control = lab.control()
    control.greeting()
    control.set_up_response(1 | 1 << 31 | 1 << 12)
    assert control.server_start().accept == 0
    session = lab.session(1, control=control)
    session.exchange()


@subset("sanitizers")
@cases(*KEYED)
def test_wrong_token(lab, name):
    with lab.counted(setups_bad_token=1):
        control = lab.control()
        control.greeting()
        secret = b"not the passphrase"
        key_id = twamp.SPI_I + twamp.SPI_R if name.startswith("ikev2") else twamp.PSK_ID
        control.set_up_response(twamp.SECURITY_MODES[name], key_id, secret)
        start = control.server_start()
        assert start.accept != 0 and start.start_time == 0 and start.mbz2 == bytes(8), start
        assert control.is_closed()


@subset("sanitizers")
def test_unknown_key(lab):
    with lab.counted(setups_unknown_key=1):
        control = lab.control()
        control.greeting()
        control.set_up_response(2, b"nobody", b"specular lab")
        assert refused(control) is not None


def test_key_id_is_compared_whole(lab):
    for key_id in (b"la", b"lab2", b"LAB", b"lab\0x", b"l" * 80):
        control = lab.control()
        control.greeting()
        control.set_up_response(2, key_id, twamp.PSK)
        refused(control)


@subset("sanitizers")
@cases(*KEYED)
def test_wrong_hmac_ends_the_connection(lab, name):
    with lab.counted(control_hmac_failures=1):
        control = lab.control(twamp.SECURITY_MODES[name])
        control.send(twamp.request_tw_session(sender_port=20000, receiver_port=18800), corrupt_hmac=True)
        assert control.is_closed(), "still open after a wrong HMAC"


@cases(*KEYED)
def test_wrong_hmac_later(lab, name):
    """Also in a later message, with a session running; the session ends with the connection."""
    session = lab.session(twamp.SECURITY_MODES[name])
    session.exchange()
    session.control.send(struct.pack("!B3xI8x", 3, 1), corrupt_hmac=True)
    assert session.control.is_closed()
    lab.wait_for(lambda: (session.send(1), session.silent(0.1))[1], 5, "the session to end with its connection")


@subset("sanitizers")
@cases(*[(name, sender, receiver) for name in ("unauthenticated", "encrypted")
         for sender, receiver in ((1, 0), (0, 1), (1, 1), (7, 0))])
def test_conf_set(lab, name, sender, receiver):
    """RFC 5357 section 3.5: Conf-Sender or Conf-Receiver set is answered with Accept 3."""
    control = lab.control(twamp.SECURITY_MODES[name])
    accept = control.request(sender_port=20000, receiver_port=18800, conf_sender=sender, conf_receiver=receiver)
    assert accept.accept == 3 and accept.port == 0, accept
    assert control.request(sender_port=20000, receiver_port=18800).accept == 0, "the connection is of no use afterwards"


@subset("sanitizers")
@cases(*[(name, command) for name in ("unauthenticated", "authenticated") for command in (0, 1, 4, 6, 8, 10, 11, 255)])
def test_unknown_command(lab, name, command):
    """Unexpected Command Numbers are answered with Accept-Session, Accept 3."""
    with lab.counted(commands_unknown=1):
        control = lab.control(twamp.SECURITY_MODES[name])
        # Fetch-Session, RFC 4656 section 3.9, has 48 octets; of the others nobody knows.
        control.send(twamp.request_tw_session(command=command)[:32 if command == 4 else 16])
        accept = control.accept_session()
        assert accept.accept == 3 and accept.port == 0, accept


def test_unknown_command_with_wrong_hmac(lab):
    control = lab.control(twamp.AUTHENTICATED)
    control.send(bytes([99]) + bytes(15), corrupt_hmac=True)
    assert control.is_closed()


@cases(7, 9)
def test_individual_control_not_chosen(lab, command):
    """Start-N and Stop-N are unexpected without mode bit 16."""
    control = lab.control(1)
    control.send_list(command, [bytes(16)])
    assert control.accept_session().accept == 3


@cases(2, 3)
def test_plain_commands_with_individual_control(lab, command):
    """RFC 5938 section 3.1: commands 2 and 3 are not used with individual control."""
    control = lab.control(1 | twamp.INDIVIDUAL_CONTROL)
    control.send(bytes([command]) + bytes(15))
    assert control.accept_session().accept == 3


@subset("sanitizers")
@cases(("192.0.2.1", 4), ("192.0.2.77", 4), ("127.0.0.1", 4), ("224.0.0.1", 4), ("2001:db8::77", 6), ("::1", 6))
def test_foreign_receiver(lab, address, version):
    with lab.counted(sessions_foreign_address=1):
        control = lab.control(1, version)
        accept = control.request(version=version, sender_port=20000, receiver_port=18800, receiver=address,
                                 sender=CLIENT[version])
        assert accept.accept not in (0, 6) and accept.port == 0, accept
        assert control.request(version=version, sender_port=20000, receiver_port=18800).accept == 0


@cases(("192.0.2.77", 4), ("2001:db8::77", 6))
def test_foreign_sender(lab, address, version):
    with lab.counted(sessions_foreign_address=1):
        control = lab.control(1, version)
        accept = control.request(version=version, sender_port=20000, receiver_port=18800, sender=address,
                                 receiver=APPLIANCE[version])
        assert accept.accept not in (0, 6) and accept.port == 0, accept


@configuration(control={"sender-addresses": ["192.0.2.64/28", "2001:db8::/64"]})
@cases(("192.0.2.77", 4), ("2001:db8::77", 6))
def test_allowed_foreign_sender(lab, address, version):
    prefix = "32" if version == 4 else "128"
    lab.run("client", "ip", "addr", "add", f"{address}/{prefix}", "dev", "spec-client", *(["nodad"] if version == 6 else []))
    lab.defer("client", "ip", "addr", "del", f"{address}/{prefix}", "dev", "spec-client")
    session = lab.session(1, version, client=address, sender=address, receiver=APPLIANCE[version])
    session.exchange()


def test_other_family_for_test_packets(lab):
    """Control over IPv4, test packets over IPv6, when the addresses are the connection's partners' own is not known: declined
    or served, but answered."""
    control = lab.control(1, 4)
    accept = control.request(version=6, sender_port=20000, receiver_port=18800)
    assert accept.accept != 0 and accept.port == 0, accept


@cases(0, 5, 7, 15)
def test_bad_ip_version(lab, version):
    control = lab.control(1)
    body = bytearray(twamp.request_tw_session(sender_port=20000, receiver_port=18800))
    body[1] = version
    control.send(bytes(body))
    accept = control.accept_session()
    assert accept.accept == 3 and accept.port == 0, accept


def test_phb_id_is_not_supported(lab):
    """Type-P that is no DSCP: only DSCP is a capability of TWAMP."""
    control = lab.control(1)
    accept = control.request(sender_port=20000, receiver_port=18800, type_p=0x40000000)
    assert accept.accept == 3 and accept.port == 0, accept


@subset("sanitizers")
@cases("unauthenticated", "authenticated")
def test_port_suggestion(lab, name):
    """A port in use by the same sender is answered with another one, which then works."""
    mode = twamp.SECURITY_MODES[name]
    control = lab.control(mode)
    sender = lab.udp(4)
    port = sender.getsockname()[1]
    first = control.request(sender_port=port, receiver_port=18810)
    second = control.request(sender_port=port, receiver_port=18810)
    assert first.accept == 0 and first.port == 18810
    assert second.accept == 0 and second.port not in (0, 18810), second
    assert 18760 <= second.port <= 19960
    assert control.start_sessions().accept == 0
    test = twamp.Test(mode, control.keys, second.sid)
    sender.sendto(test.packet(0, twamp.ntp(time.time())), (APPLIANCE[4], second.port))
    assert twamp.receive_datagram(sender) is not None


@cases(1, 80, 862, 18759, 19961, 65535)
def test_port_outside_the_range(lab, port):
    control = lab.control(1)
    accept = control.request(sender_port=20000, receiver_port=port)
    assert accept.accept == 0 and 18760 <= accept.port <= 19960, accept


def test_same_receiver_port_for_several_senders(lab):
    """A port serves many senders: the flow is what counts."""
    control = lab.control(1)
    for port in (20000, 20001, 20002):
        accept = control.request(sender_port=port, receiver_port=18820)
        assert accept.accept == 0 and accept.port == 18820, accept


@configuration(test={"timeout-maximum": 5})
def test_timeout_too_long(lab):
    control = lab.control(1)
    accept = control.request(sender_port=20000, receiver_port=18800, timeout=6)
    assert accept.accept != 0 and accept.port == 0, accept
    assert control.request(sender_port=20000, receiver_port=18800, timeout=5).accept == 0


@subset("sanitizers")
def test_octet_by_octet(lab):
    """Messages may arrive in any pieces."""
    control = lab.control()
    stream = control.stream
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    send = control.send_raw
    control.send_raw = lambda data: [send(data[at:at + 1]) for at in range(len(data))]
    assert control.set_up(twamp.ENCRYPTED).accept == 0
    session = lab.session(twamp.ENCRYPTED, control=control)
    session.exchange()


def test_pipelined(lab):
    """Several commands in one segment are answered in order."""
    control = lab.control(1)
    body = b"".join(twamp.request_tw_session(sender_port=20000 + number, receiver_port=18800 + number) + bytes(16)
                    for number in range(5))
    control.send_raw(body + bytes([2]) + bytes(31))
    assert [control.accept_session().port for _ in range(5)] == list(range(18800, 18805))
    assert control.receive(32)[0] == 0


@cases(4, 6)
def test_dscp_of_syn_is_echoed(lab, version):
    """RFC 5357 section 3.1: the Server uses the DSCP of the SYN."""
    port = lab.port()
    stream = lab.connect(version, tos=46 << 2)
    twamp.Control(stream).greeting()
    own, seen = stream.getsockname()[1].to_bytes(2, "big"), []
    for octets in port.frames(0):
        ip = octets[14:]
        if version == 4 and octets[12:14] == b"\x08\0" and ip[9] == 6 and ip[22:24] == own:
            seen.append((ip[1], len(ip)))
        elif version == 6 and octets[12:14] == b"\x86\xdd" and ip[6] == 6 and ip[42:44] == own:
            seen.append(((ip[0] & 15) << 4 | ip[1] >> 4, len(ip)))
    # The SYN's acknowledgement is the kernel's; what follows, with the greeting, is the Server's.
    assert any(length > 80 for _, length in seen), seen
    assert all(tos == 46 << 2 for tos, length in seen if length > 80), seen


def in_time(lab, make):
    """What make makes, before a deadline of the Server's that a busy machine may miss: then once more."""
    made = []

    def tried():
        with contextlib.suppress(twamp.Closed, BrokenPipeError, ConnectionResetError):
            made.append(make())
        return made
    lab.wait_for(tried, 10, "a set-up in time")
    return made[0]


@subset("sanitizers")
@configuration(control={"servwait": 1})
def test_servwait(lab):
    """A silent connection is closed; one that measures is not."""
    measuring = in_time(lab, lambda: lab.session(1))
    with lab.counted(connections_servwait=1):
        assert in_time(lab, lambda: lab.control(1)).is_closed()
        time.sleep(1.5)
        measuring.exchange()
    measuring.control.stop_sessions(1)
    assert measuring.control.is_closed(), "SERVWAIT did not resume after Stop-Sessions"


REFWAIT = 3  # seconds


@configuration(control={"refwait": REFWAIT})
def test_refwait(lab):
    """A session without packets ends; one with packets stays."""
    lab.wait_for(lambda: one_of_two_ends(lab), 10, "a run whose packets were sent in time")


def one_of_two_ends(lab):
    """False when the busy session had no packets for long: then it was us who did not run."""
    before, times, numbers = lab.counters().get("sessions_refwait", 0), [time.monotonic()], itertools.count()
    silent, busy = lab.session(1), lab.session(1, receiver_port=18801)
    silent.exchange()

    def answered():
        busy.send(next(numbers))
        answer = busy.receive(REFWAIT)
        times.append(time.monotonic())
        return answer is not None

    def ended():
        time.sleep(0.1)
        return not answered() or lab.counters().get("sessions_refwait", 0) > before
    lab.wait_for(ended, 20, "REFWAIT to end the silent session")
    stays = answered()
    if max(later - earlier for earlier, later in zip(times, times[1:])) > REFWAIT / 2:
        busy.close()
        return False
    assert stays and lab.counters()["sessions_refwait"] == before + 1
    silent.send(1)
    assert silent.silent(), "REFWAIT did not end the session"
    return True


@configuration(control={"refwait": 1, "servwait": 2})
def test_servwait_resumes_after_refwait(lab):
    """RFC 5357 section 3.1: REFWAIT on all sessions resumes SERVWAIT."""
    session = in_time(lab, lambda: lab.session(1))
    session.send()
    assert session.control.is_closed()


@configuration(control={"set-up-deadline": 1})
@cases(0, 1, 163)
def test_half_open_set_up_ends(lab, octets):
    with lab.counted(setups_expired=1):
        control = lab.control()
        control.greeting()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may be over already
            control.send_raw(bytes(octets))
        assert control.is_closed()


def test_client_leaves_in_each_state(lab):
    """Closing or resetting at any point leaves nothing behind."""
    for state in range(6):
        for reset in (False, True):
            control = lab.control()
            if state >= 1:
                control.greeting()
            if state >= 2:
                control.set_up_response(4, twamp.PSK_ID, twamp.PSK)
            if state >= 3:
                control.server_start()
            if state >= 4:
                control.request(sender_port=20000, receiver_port=18900)
            if state >= 5:
                control.start_sessions()
            if reset:
                control.stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            control.close()
    session = lab.session(1, receiver_port=18900)
    session.exchange()
    assert session.accept.port == 18900


def test_garbage_after_set_up(lab):
    for _ in range(20):
        control = lab.control(1)
        control.send_raw(os.urandom(512))
        control.close()
    lab.session(1).exchange()
