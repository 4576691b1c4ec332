# SPDX-License-Identifier: BSD-3-Clause
"""Limits hold, are told apart by their Accept codes, and nobody is locked out for longer than they say."""

import os
import socket
import time

from harness import twamp
from harness.suite import cases, configuration, subset


def pool(**limits):
    return {"control": {"limits": {"unauthenticated": limits, "keyed": limits}}}


def told_to_go(control):
    """The Server refused before or after the set-up."""
    hello = control.greeting()
    if hello.modes == 0:
        assert hello.challenge == hello.salt == bytes(16)
        return control.is_closed()
    return False


@subset("sanitizers")
@configuration(**pool(connections=3))
@cases("unauthenticated", "encrypted")
def test_connections(lab, name):
    mode = twamp.SECURITY_MODES[name]
    held = [lab.control(mode) for _ in range(3)]
    with lab.counted(connections_refused=1):
        control = lab.control()
        assert control.set_up(mode).accept == 5
        assert control.is_closed()
    # The other pool is not touched.
    lab.control(twamp.MIXED if mode == 1 else 1)
    held[0].close()
    lab.wait_for(lambda: lab.control().set_up(mode).accept == 0, 5, "room again")


@configuration(**pool(connections=3))
def test_connections_in_all(lab):
    held = [lab.control(mode) for mode in (1, 1, 1, 2, 4, 8)]
    assert told_to_go(lab.control()), "a seventh connection was greeted"
    held[0].close()
    lab.wait_for(lambda: lab.control().greeting().modes != 0, 5, "room again")


@configuration(**pool(**{"connections-per-address": 2}))
def test_connections_per_address(lab):
    held = [lab.control(1) for _ in range(2)]
    control = lab.control()
    assert control.set_up(1).accept == 5
    for number, address in enumerate(("192.0.2.50", "192.0.2.51")):
        lab.run("client", "ip", "addr", "add", f"{address}/32", "dev", "spec-client")
        lab.defer("client", "ip", "addr", "del", f"{address}/32", "dev", "spec-client")
        other = twamp.Control(lab.connect(4, source=address))
        assert other.set_up(1).accept == 0, f"other address {number} is refused"
    held.clear()


def refused_request(control, port, accepts):
    accept = control.request(sender_port=port, receiver_port=18900)
    assert accept.accept in accepts and accept.port == 0 and accept.sid == bytes(16), accept
    return accept.accept


@subset("sanitizers")
@configuration(**pool(**{"sessions-per-connection": 2}))
@cases("unauthenticated", "authenticated")
def test_sessions_per_connection(lab, name):
    control = lab.control(twamp.SECURITY_MODES[name])
    assert all(control.request(sender_port=20000 + n, receiver_port=18900).accept == 0 for n in range(2))
    refused_request(control, 20002, (4,))
    other = lab.control(twamp.SECURITY_MODES[name])
    assert other.request(sender_port=20003, receiver_port=18900).accept == 0


@configuration(**pool(**{"sessions-per-address": 3}))
def test_sessions_per_address(lab):
    first, second = lab.control(1), lab.control(1)
    assert all(first.request(sender_port=20000 + n, receiver_port=18900).accept == 0 for n in range(3))
    refused_request(second, 20003, (4, 5))
    first.close()
    lab.wait_for(lambda: second.request(sender_port=20003, receiver_port=18900).accept == 0, 5, "room again")


@configuration(**pool(sessions=3))
def test_sessions_in_all(lab):
    with lab.counted(sessions_refused_temporary=1, sessions_accepted=4):
        first, second = lab.control(1), lab.control(1)
        assert all(first.request(sender_port=20000 + n, receiver_port=18900).accept == 0 for n in range(3))
        refused_request(second, 20003, (5,))
        assert lab.control(2).request(sender_port=20004, receiver_port=18900).accept == 0, "the keyed pool is another"


SET_UP_DEADLINE = 2  # seconds


@configuration(control={"half-open": 5, "set-up-deadline": SET_UP_DEADLINE})
def test_half_open(lab):
    """A sixth gets in, also from the address that holds them all: the oldest gives way."""
    lab.wait_for(lambda: a_sixth_gets_in(lab), 10, "set-ups that are quicker than their deadline")


def a_sixth_gets_in(lab):
    """False when the set-ups took long: then it was us who did not run."""
    lab.close_connections()
    before, began, failure = lab.counters().get("setups_displaced", 0), time.monotonic(), None
    held = [lab.control() for _ in range(5)]
    try:
        for control in held:
            control.greeting()
        sixth = lab.control().set_up(1)
        held[4].set_up_response(1)
        fifth = held[4].server_start()
    except (twamp.Closed, BrokenPipeError, ConnectionResetError) as error:
        failure = error
    if time.monotonic() - began > SET_UP_DEADLINE / 2:
        return False
    if failure is not None:
        raise failure
    assert sixth.accept == fifth.accept == 0, (sixth, fifth)
    assert held[0].is_closed() and lab.counters()["setups_displaced"] == before + 1
    assert all(control.is_closed() for control in held[1:4])
    lab.control(1)
    return True


@configuration(test={"ports": {"lower": 19000, "upper": 19003}})
def test_ports_run_out(lab):
    """The same sender can have each Receiver Port once."""
    control = lab.control(1)
    ports = {control.request(sender_port=20000, receiver_port=19000).port for _ in range(4)}
    assert ports == {19000, 19001, 19002, 19003}, ports
    refused_request(control, 20000, (5,))
    assert control.request(sender_port=20001, receiver_port=19000).accept == 0


@subset("sanitizers")
def test_garbage_and_half_open_connections(lab):
    """2,000 garbage connections and 200 half-open ones leave it answering."""
    session = lab.session(twamp.ENCRYPTED)
    half_open = []
    for _ in range(200):
        try:
            half_open.append(lab.connect())
        except OSError:
            break
    assert len(half_open) == 200
    lab.control(1).close()
    for number in range(2000):
        with lab.inside("client"):
            stream = socket.socket()
        stream.settimeout(10)
        try:
            stream.connect(("192.0.2.2", 862))
            stream.sendall(os.urandom(1 + number % 400))
        except OSError:
            pass
        stream.close()
        if number % 200 == 0:
            session.exchange(number)
    session.exchange(5000)
    lab.wait_for(lambda: can_measure(lab), 30, "a new client to be served")
    session.exchange(5001)


def can_measure(lab):
    try:
        control = lab.control()
        if control.set_up(twamp.AUTHENTICATED).accept != 0:
            return False
        lab.session(twamp.AUTHENTICATED, control=control, receiver_port=18950).exchange()
        return True
    except (OSError, twamp.Closed):
        time.sleep(0.2)
        return False


def test_key_derivations_are_cached(lab):
    """One passphrase under one Salt is derived once: a flood can't burn the core."""
    lab.control(2).close()
    before = lab.counters()
    for _ in range(20):
        lab.control(4).close()
    after = lab.counters()
    assert after["key_derivations"] == before["key_derivations"]
    assert after["key_derivations_cached"] >= before.get("key_derivations_cached", 0) + 20


def test_unknown_keys_cost_no_derivation_each(lab):
    before = lab.counters().get("key_derivations", 0)
    for number in range(50):
        control = lab.control()
        control.greeting()
        control.set_up_response(2, f"nobody{number}".encode(), twamp.PSK)
        try:
            control.server_start()
        except twamp.Closed:
            pass
        control.close()
    assert lab.counters().get("key_derivations", 0) - before <= 2
