# SPDX-License-Identifier: BSD-3-Clause
"""The audit trail: what a client did stands in it, and nothing else."""

import json
import os
import signal

from harness import twamp
from harness.suite import configuration, subset

PACKETS = 20


def entries(path):
    """Those that are whole."""
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


@subset("sanitizers")
@configuration(log={"audit": "audit.json"})
def test_a_run_of_the_probe(lab):
    path = os.path.join(lab.runtime, "audit.json")
    assert os.stat(path).st_mode & 0o7777 == 0o600
    old = len(entries(path))
    lab.probe("192.0.2.2", *lab.probe_keys("encrypted"), "--count", str(PACKETS), "--interval", "0.005", "--timeout", "3")
    lab.wait_for(lambda: {"session-ended", "connection-closed"} <= {entry["entry"] for entry in entries(path)[old:]}, 10, "the ends")
    found = {entry["entry"]: entry for entry in entries(path)[old:]}
    assert sorted(found) == ["connection-closed", "connection-opened", "session-ended", "session-started"], found
    assert len(entries(path)) == old + 4
    opened, ended = found["connection-opened"], found["session-ended"]
    assert opened["peer"].startswith("192.0.2.1:") and opened["local"] == "192.0.2.2:862", opened
    assert (opened["security"], opened["key_kind"], opened["key"]) == ("encrypted", "key-id", "lab"), opened
    assert ended["reason"] == "stopped" and ended["test_mode"] == "encrypted", ended
    assert (ended["received"], ended["reflected"]) == (PACKETS, PACKETS), ended
    assert ended["sid"] == found["session-started"]["sid"] and ended["connection"] == opened["connection"], found
    assert ended["accepted"] <= ended["started"] < ended["ended"], ended

    os.rename(path, path + ".1")
    os.kill(lab.pid(), signal.SIGUSR2)
    lab.wait_for(lambda: os.path.exists(path), 5, "the new file")


@configuration(start=False)
def test_what_the_operator_does(lab):
    """Who asked, for what, and what came of it; and what was read again is what is shown and written to."""
    def ask(line):
        return lab.ask(line, lab.folder)

    def told(name):
        found = [entry for entry in entries(os.path.join(lab.folder, name)) if entry["entry"] == "operator"]
        assert all((entry["by"], entry["uid"], entry["gid"]) == ("socket", 0, 0) for entry in found if entry["by"] != "signal"), found
        return [(entry["action"], entry["detail"], entry["result"], entry["by"]) for entry in found]
    process = lab.start_specular({"log": {"audit": "first.json"}})
    before = ask("status")["configuration"]["loaded"]
    lab.session(twamp.UNAUTHENTICATED)
    assert ask("close all=no")["error"]["text"] == "all; allowed: yes"
    assert ask("drain deadline=604801")["error"]["code"] == "wrong-parameter"
    assert ask("close all=yes")["sessions"] == 1
    path = lab.write_configuration({"log": {"audit": "next.json"}})
    with open(os.path.join(lab.folder, "psk.yaml"), "w", encoding="ascii") as file:
        json.dump({"keys": [{"key-id": "new", "secret-key": "another one"}]}, file)
    for name in ("psk.yaml", "sa.yaml"):
        lab.private(name)
    assert ask("reload")["psk"] == {"new": 1, "gone": 1}
    assert ask("keys")["psk"] == [{"key_id": "new"}]
    assert ask("status")["configuration"]["loaded"] > before
    assert ask("close all=yes")["sessions"] == 0
    process.send_signal(signal.SIGHUP)
    lab.wait_for(lambda: len(told("next.json")) == 3, 10, "the entry of the signal")
    assert ask("drain deadline=0")["deadline_seconds"] == 0
    assert process.wait(20) == 0
    assert told("first.json") == [("close", "all no", "refused", "socket"), ("close", "all yes", "done", "socket")]
    assert told("next.json") == [("reload", path, "done", "socket"), ("close", "all yes", "done", "socket"),
                                 ("reload", path, "done", "signal"), ("drain", "deadline 0 s", "done", "socket")]
