# SPDX-License-Identifier: BSD-3-Clause
"""The audit trail: what a client did stands in it, and nothing else."""

import json
import os
import signal

from harness.suite import configuration, subset

PACKETS = 20


def entries(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@subset("sanitizers")
@configuration(log={"audit": "audit.json"})
def test_a_run_of_the_probe(lab):
    path = os.path.join(lab.runtime, "audit.json")
    assert os.stat(path).st_mode & 0o7777 == 0o600
    old = len(entries(path))
    lab.probe("192.0.2.2", *lab.probe_keys("encrypted"), "--count", str(PACKETS), "--interval", "0.005", "--timeout", "0.5")
    lab.wait_for(lambda: [entry for entry in entries(path)[old:] if entry["entry"] == "session-ended"], 10, "the session's end")
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
