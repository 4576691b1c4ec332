# SPDX-License-Identifier: BSD-3-Clause
"""The running appliance is changed: the configuration read again under traffic, sessions given time to end."""

import json
import os
import signal
import time

from harness import twamp
from harness.service_manager import ServiceManager
from harness.suite import configuration, subset

OTHER = b"another secret key"
INTERVAL = 0.005


def ask(lab, line):
    return lab.ask(line, lab.folder)


def write(lab, changes=None, secret=None):
    """The configuration file and, with another secret, the key file."""
    path = lab.write_configuration(changes)
    if secret:
        with open(os.path.join(lab.folder, "psk.yaml"), "w", encoding="ascii") as file:
            json.dump({"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": secret.decode()}]}, file)
    for name in ("psk.yaml", "sa.yaml"):
        lab.private(name)
    return path


def hang_up(lab, expected):
    """SIGHUP; what the event with that name says."""
    mark = len(lab.log())
    os.kill(lab.pid(), signal.SIGHUP)
    return lab.wait_for_log(rf" {expected}: (.*)", mark).group(1)


def accept_of(lab, secret):
    """Server-Start's Accept in encrypted mode."""
    control = twamp.Control(lab.connect())
    return control.set_up(twamp.ENCRYPTED, secret=secret).accept


def probe_with_keys_of_its_own(lab):
    path = os.path.join(lab.folder, "probe.yaml")
    with open(path, "w", encoding="ascii") as file:
        json.dump({"keys": [{"key-id": twamp.PSK_ID.decode(), "secret-key": twamp.PSK.decode()}]}, file)
    os.chmod(path, 0o600)
    return lab.endless_probe("192.0.2.2", "--mode", "encrypted", "--key-file", path, "--key-id", twamp.PSK_ID.decode(),
                             "--interval", str(INTERVAL))


@subset("sanitizers")
@configuration(start=False)
def test_reload_under_traffic(lab):
    lab.start_specular()
    probe = probe_with_keys_of_its_own(lab)
    lab.wait_for(lambda: ask(lab, "status")["sessions"]["started"] == 1, 10, "the probe's session")
    write(lab, {"control": {"servwait": 60}, "test": {"ports": {"lower": 18761}}}, OTHER)
    assert "test.ports.lower" in hang_up(lab, "reload-needs-restart")
    assert ask(lab, "status")["sessions"]["started"] == 1
    assert accept_of(lab, OTHER) == 0
    assert accept_of(lab, twamp.PSK) == 1
    # By the socket: what changed, without a secret.
    write(lab, {"control": {"servwait": 61}}, OTHER)
    answer = ask(lab, "reload")
    assert answer["taken"] == ["control.servwait"] and answer["needs_restart"] == [], answer
    assert answer["psk"] == answer["sas"] == {"new": 0, "gone": 0}, answer
    # A file with a fault changes nothing.
    write(lab, {"control": {"servwait": "often"}})
    said = hang_up(lab, "reload-refused")
    assert "e2e.yaml:" in said and ": control.servwait: " in said, said
    assert ask(lab, "reload")["error"]["code"] == "refused"
    assert accept_of(lab, OTHER) == 0
    total = probe.end()["total"]
    assert total["lost"] == 0, total
    assert OTHER.decode() not in lab.log() and not lab.faults()


@subset("sanitizers")
@configuration(start=False)
def test_drain_until_the_session_ends(lab):
    manager = ServiceManager(lab.runtime)
    lab.deferred.callback(manager.close)
    before = lab.environment
    lab.environment = {**before, **manager.environment()}
    try:
        process = lab.start_specular({"operation": {"drain-deadline": 60}})
    finally:
        lab.environment = before
    session = lab.session(twamp.ENCRYPTED, timeout=0.2)
    os.kill(process.pid, signal.SIGTERM)
    lab.wait_for_log(" draining: ")
    assert ask(lab, "status")["state"] == "draining"
    lab.wait_for(lambda: manager.has("STOPPING", "1"), 5, "STOPPING=1")
    assert ask(lab, "reload")["error"]["code"] == "busy"
    assert twamp.Control(lab.connect()).greeting().modes == 0
    session.exchange(0)
    session.control.stop_sessions(1)
    assert process.wait(20) == 0
    assert " drained: " in lab.log() and not lab.faults()


@subset("sanitizers")
@configuration(start=False)
def test_drain_until_the_deadline(lab):
    process = lab.start_specular()
    session = lab.session(twamp.UNAUTHENTICATED)
    assert ask(lab, "drain")["error"]["code"] == "wrong-parameter"
    assert ask(lab, "close session=" + "0" * 32)["error"]["code"] == "not-found"
    begun = time.monotonic()
    assert ask(lab, "drain deadline=3")["sessions"] == 1
    session.exchange(0)
    assert process.wait(20) == 0
    assert time.monotonic() - begun > 2.9 and " drain-deadline: " in lab.log()


@configuration(start=False)
def test_an_impatient_operator(lab):
    """A second SIGTERM does not wait; an operator's close is told by the connection's end."""
    process = lab.start_specular({"operation": {"drain-deadline": 60}})
    session, other = lab.session(twamp.UNAUTHENTICATED), lab.session(twamp.UNAUTHENTICATED)
    found = ask(lab, "sessions")["sessions"]
    sid = session.accept.sid.hex()
    connection, = {row["connection"] for row in found if row["sid"] == sid}
    assert ask(lab, f"close session={sid}")["sessions"] == 1
    assert session.silent()
    assert ask(lab, f"close connection={connection}")["connections"] == 1
    assert session.control.is_closed()
    other.exchange(0)
    os.kill(process.pid, signal.SIGTERM)
    lab.wait_for_log(" draining: ")
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(20) == 0


@configuration(start=False)
def test_an_interruption_does_not_drain(lab):
    process = lab.start_specular({"operation": {"drain-deadline": 60}})
    lab.session(twamp.UNAUTHENTICATED)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(20) == 0
    assert " stopping: " in lab.log() and " draining: " not in lab.log()
