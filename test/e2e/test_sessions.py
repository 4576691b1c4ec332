# SPDX-License-Identifier: BSD-3-Clause
"""The life of test sessions: start, several at once, stop, Timeout, and RFC 5938's individual control."""

import time

from harness import twamp
from harness.lab import APPLIANCE
from harness.suite import cases, subset


@subset("sanitizers")
@cases("unauthenticated", "authenticated", "encrypted")
def test_not_before_start(lab, name):
    session = lab.session(twamp.SECURITY_MODES[name], start=False)
    with lab.counted(drop_before_start=2):
        session.send(0)
        session.send(1)
        assert session.silent()
    assert session.control.start_sessions().accept == 0
    reply, _ = session.exchange(2)
    assert reply.sequence == 0, "packets before the start were counted"


def requested(lab, control, number, first_port=18830):
    """(socket, accept) of so many sessions on one connection."""
    sessions = []
    for index in range(number):
        socket = lab.udp(4)
        accept = control.request(sender_port=socket.getsockname()[1], receiver_port=first_port + index, timeout=1)
        assert accept.accept == 0
        sessions.append((socket, accept))
    return sessions


def ask(control, socket, accept, sequence, timeout=15):
    test = twamp.Test(control.mode, control.keys, accept.sid)
    socket.sendto(test.packet(sequence, twamp.ntp(time.time())), (APPLIANCE[4], accept.port))
    datagram = twamp.receive_datagram(socket, timeout)
    return None if datagram is None else test.reply(datagram.payload)


@subset("sanitizers")
@cases(*twamp.SECURITY_MODES)
def test_several_sessions(lab, name):
    control = lab.control(twamp.SECURITY_MODES[name])
    sessions = requested(lab, control, 8)
    assert control.start_sessions().accept == 0
    for sequence in range(3):
        for socket, accept in sessions:
            reply = ask(control, socket, accept, sequence)
            assert reply is not None and reply.sequence == sequence
    control.stop_sessions(8)


@subset("sanitizers")
def test_stop_and_timeout(lab):
    """RFC 5357 section 3.8: reflected within Timeout after Stop-Sessions, not after it."""
    session = lab.session(1, timeout=2.0)
    session.exchange(0)
    stopped = time.monotonic()
    session.control.stop_sessions(1)
    answered = session.send(1) and session.receive(2.0)
    if time.monotonic() - stopped < 2:
        assert answered is not None, "not reflected within Timeout"
    lab.wait_for(lambda: lab.ask("status")["sessions"]["started"] == 0, 5, "Stop-Sessions to be heard")
    time.sleep(2.5)
    with lab.counted():
        session.send(2)
        assert session.silent(), "reflected after Timeout"


def test_timeout_zero(lab):
    session = lab.session(1, timeout=0)
    session.exchange(0)
    session.control.stop_sessions(1)
    # What Stop-Sessions means is known here once the Server has answered something after it.
    again = session.control.request(sender_port=20000, receiver_port=18850)
    assert again.accept == 0
    session.send(1)
    assert session.silent()


@cases(0, 2, 2**32 - 1)
def test_stop_with_wrong_number(lab, number):
    """RFC 5357 section 3.8: the connection is closed."""
    with lab.counted(stop_count_mismatch=1):
        session = lab.session(1)
        session.exchange()
        session.control.stop_sessions(number)
        assert session.control.is_closed()


def test_again_on_the_same_connection(lab):
    """Request, start, stop, and again."""
    control = lab.control(twamp.ENCRYPTED)
    for _ in range(3):
        (socket, accept), = requested(lab, control, 1)
        assert control.start_sessions().accept == 0
        assert ask(control, socket, accept, 0).sequence == 0
        control.stop_sessions(1)


def test_request_while_measuring(lab):
    """RFC 4656 section 3.4: Stop-Sessions is the only command then; the request is refused, the session goes on."""
    session = lab.session(1)
    accept = session.control.request(sender_port=20000, receiver_port=18801)
    assert accept.accept != 0 and accept.port == 0, accept
    session.exchange()


def test_start_without_sessions(lab):
    control = lab.control(1)
    ack = control.start_sessions()
    assert ack.mbz == bytes(15), ack


def test_port_is_free_again(lab):
    """Soon after the end of its session a flow may be had again; until then another port is suggested."""
    for _ in range(3):
        with lab.udp(4, port=20555) as socket:
            deadline = time.monotonic() + 30
            session = lab.session(1, socket=socket, receiver_port=18860, timeout=0)
            while session.accept.port != 18860 and time.monotonic() < deadline:
                session.control.close()
                session = lab.session(1, socket=socket, receiver_port=18860, timeout=0)
            assert session.accept.port == 18860
            session.exchange()
            session.control.stop_sessions(1)
            session.control.close()


@subset("sanitizers")
@cases("unauthenticated", "encrypted", "mixed", "ikev2-authenticated")
def test_individual(lab, name):
    """RFC 5938: sessions start and stop one by one; unknown SIDs are told apart."""
    control = lab.control(twamp.SECURITY_MODES[name] | twamp.INDIVIDUAL_CONTROL)
    sessions = requested(lab, control, 3)
    sids = [accept.sid for _, accept in sessions]
    stranger = bytes(range(16))
    answer = control.list_acknowledged(7, [sids[0], stranger, sids[2]])
    assert answer[sids[0]] == answer[sids[2]] == 0 and answer[stranger] != 0, answer
    assert ask(control, *sessions[0], 0).sequence == 0
    with lab.counted(drop_before_start=1):
        assert ask(control, *sessions[1], 0, timeout=0.5) is None, "session 2 is not started"
    assert ask(control, *sessions[2], 0).sequence == 0
    assert control.list_acknowledged(7, [sids[1]]) == {sids[1]: 0}
    assert ask(control, *sessions[1], 1).sequence == 0
    answer = control.list_acknowledged(9, [sids[0], stranger])
    assert answer[sids[0]] == 0 and answer[stranger] != 0, answer
    time.sleep(1.5)  # the Timeout asked for, and a little
    assert ask(control, *sessions[0], 1, timeout=0.5) is None, "session 1 is stopped"
    assert ask(control, *sessions[1], 2).sequence == 1
    # New sessions may be requested while others run.
    (socket, accept), = requested(lab, control, 1, 18840)
    assert control.list_acknowledged(7, [accept.sid]) == {accept.sid: 0}
    assert ask(control, socket, accept, 0).sequence == 0
    answer = control.list_acknowledged(9, [sids[1], sids[2], accept.sid])
    assert set(answer.values()) == {0}, answer


def test_individual_twice(lab):
    """Starting or stopping what is stopped already is not affirmed, and nothing breaks."""
    control = lab.control(1 | twamp.INDIVIDUAL_CONTROL)
    (socket, accept), = requested(lab, control, 1)
    assert control.list_acknowledged(7, [accept.sid])[accept.sid] == 0
    assert control.list_acknowledged(7, [accept.sid])[accept.sid] != 0, "started twice"
    assert ask(control, socket, accept, 0).sequence == 0
    assert control.list_acknowledged(9, [accept.sid])[accept.sid] == 0
    assert control.list_acknowledged(7, [accept.sid])[accept.sid] != 0, "started after its stop"


def test_individual_stop_before_start(lab):
    """Gives the session up: it can't be started any more."""
    control = lab.control(1 | twamp.INDIVIDUAL_CONTROL)
    (socket, accept), = requested(lab, control, 1)
    control.list_acknowledged(9, [accept.sid])
    assert control.list_acknowledged(7, [accept.sid])[accept.sid] != 0
    assert ask(control, socket, accept, 0, timeout=0.3) is None


@subset("sanitizers")
@cases("unauthenticated", "encrypted")
def test_individual_many(lab, name):
    """As many sessions as a connection may have by default, started and stopped by one command each."""
    control = lab.control(twamp.SECURITY_MODES[name] | twamp.INDIVIDUAL_CONTROL)
    number = 256 if name == "unauthenticated" else 1024
    accepts = [control.request(sender_port=30000 + index, receiver_port=18800) for index in range(number)]
    assert all(accept.accept == 0 for accept in accepts)
    assert control.request(sender_port=29999, receiver_port=18800).accept == 4
    sids = [accept.sid for accept in accepts]
    assert len(set(sids)) == number
    for command in (7, 9):
        answer = control.list_acknowledged(command, sids)
        assert len(answer) == number and set(answer.values()) == {0}


def test_individual_pipelined(lab):
    """RFC 5938 section 3.2: several Start-N-Sessions may be sent without waiting."""
    control = lab.control(twamp.ENCRYPTED | twamp.INDIVIDUAL_CONTROL)
    sessions = requested(lab, control, 4)
    for _, accept in sessions:
        control.send_list(7, [accept.sid])
    started = []
    while len(started) < 4:
        ack = control.receive_list()
        assert ack.command == 8 and ack.accept == 0
        started += ack.sids
    assert set(started) == {accept.sid for _, accept in sessions}


@subset("sanitizers")
@cases((7, 0), (9, 0), (7, 2**32 - 1), (9, 2**31), (7, 100000))
def test_individual_absurd_number(lab, command, number):
    """Zero sessions, or more than can be: not affirmed, or closed; never a hang of others or a crash."""
    control = lab.control(1 | twamp.INDIVIDUAL_CONTROL, timeout=15)
    requested(lab, control, 1)
    control.send_list(command, [], number)
    try:
        ack = control.receive_raw(2)
        assert ack[1] != 0, ack
    except twamp.Closed:
        pass
    lab.session(1).exchange()


def test_sender_packets_repeated(lab):
    """A replay or duplicate is answered like any packet: RFC 4656 section 4.2 wants duplication measurable."""
    session = lab.session(twamp.ENCRYPTED)
    packet = session.test.packet(5, twamp.ntp(time.time()))
    for sequence in range(3):
        session.send_payload(packet)
        reply, _ = session.receive()
        assert reply.sequence == sequence and reply.sender_sequence == 5
