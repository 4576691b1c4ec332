# SPDX-License-Identifier: BSD-3-Clause
"""specular-load against the appliance over memif, without the kernel: what it reports is what the appliance counted. Nothing on a memif
loses, doubles or delays a packet by itself, and a relay can't sit on one (test_load.py has one on a veth; the engine's unit tests have
rings that lose and double): here the appliance is what loses and delays."""

import os
import re
import signal
import socket
import time

from harness import memif
from harness.lab import state
from harness.memif import Appliance, Load, group
from harness.suite import configuration

MS = 1_000_000
MODES = ("unauthenticated", "authenticated", "encrypted", "mixed")
RUN = {"rate": 4000, "duration": "500ms", "warm-up": "50ms"}
# Until it is interrupted. A ring holds what is sent within two seconds, should nobody run who takes it.
ENDLESS = {"rate": 500, "duration": "1h"}


def modes():
    return [group(name=mode, mode=mode, source_port=20000 + 100 * number, reflector_port=18800 + 100 * number)
            for number, mode in enumerate(MODES)]


def growth(before, after):
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def consistent(trial):
    """What durations and counts of a trial have to do with each other."""
    for name, durations in trial["histograms_ns"].items():
        order = [durations[key] for key in ("min", "p50", "p90", "p99", "p999", "p9999", "p99999", "max")]
        assert order == sorted(order), (name, durations)
        assert durations["count"] == sum(count for _, _, count in durations["buckets"]) and durations["min"] <= durations["mean"] <= durations["max"]
    histograms = trial["histograms_ns"]
    for name in ("rtt", "rtt_sent", "response", "turnaround", "forward", "backward"):
        assert histograms[name]["count"] + histograms[name]["negative"] == trial["answered"], (name, trial["answered"])
    assert histograms["turnaround"]["negative"] == histograms["rtt"]["negative"] == 0
    # Of the sums even the order is exact: from the schedule is longer than from departure, with turnaround longer than without.
    assert histograms["rtt_sent"]["sum"] <= histograms["rtt"]["sum"] <= histograms["response"]["sum"]
    assert histograms["turnaround"]["max"] <= histograms["response"]["max"]


@configuration(start=False)
def test_figures(lab):
    """All modes at once: each count is the appliance's own, and figures agree with each other."""
    appliance = Appliance(lab)
    before = appliance.datapath()
    result = Load(lab, modes(), run=RUN).run()
    trial, counted = result.trial, growth(before, appliance.datapath())
    everything = trial["sent"] + trial["load"]["warm_up"]
    assert trial["sent"] == 2000 == trial["answered"] and everything > trial["sent"], trial
    assert counted == {"received": everything, "reflected": everything}, (counted, everything)
    assert trial["load"]["received"] == everything and trial["load"]["scheduled"] == trial["sent"], trial["load"]
    assert trial["lost"] == trial["duplicates"] == trial["reordered"] == trial["wrong"] == trial["late"] == 0, trial
    assert result.report["environment"]["driver"] == "net_memif" and result.report["environment"]["lossless_link"]
    consistent(trial)


@configuration(start=False)
def test_bursts(lab):
    appliance = Appliance(lab)
    before = appliance.datapath()
    trial = Load(lab, modes(), run={"mode": "burst", "burst": {"frames": 256, "rounds": 4}}).run().trial
    counted = growth(before, appliance.datapath())
    assert trial["sent"] == trial["answered"] == 4 * 256 and counted == {"received": 4 * 256, "reflected": 4 * 256}, (trial, counted)
    consistent(trial)


@configuration(start=False)
def test_loss(lab):
    """The operator closes a session while it is measured: what the appliance drops from then on is what was lost, no more and no less."""
    appliance = Appliance(lab)
    before = appliance.datapath()
    load = Load(lab, modes(), run={**RUN, **ENDLESS, "timeout": "3s"})
    load.start()
    lab.wait_for(lambda: growth(before, appliance.datapath()).get("reflected", 0) > 200, 10, "replies")
    appliance.ask("close", "--session", appliance.ask("sessions")["sessions"][0]["sid"])
    lab.wait_for(lambda: growth(before, appliance.datapath()).get("drop_unknown_flow", 0) > 20, 10, "packets that are dropped")
    load.interrupt()
    trial = load.wait(1).trial
    counted = growth(before, appliance.datapath())
    assert trial["lost"] == counted["received"] - counted["reflected"] > 20, (trial["lost"], counted)
    assert trial["answered"] == trial["sent"] - trial["lost"], trial
    assert trial["lost_unknown"] == trial["lost"] < trial["sent"] / 16, trial  # behind the last reply of one session of sixteen
    consistent(trial)


@configuration(start=False)
def test_delay(lab):
    """The appliance is stopped for a while. The schedule goes on: each packet that was due meanwhile has waited, and is counted so."""
    appliance = Appliance(lab)
    before = appliance.datapath()
    load = Load(lab, [group(count=1)], run={**RUN, **ENDLESS, "warm-up": "0ms"})
    load.start()
    lab.wait_for(lambda: growth(before, appliance.datapath()).get("reflected", 0) > 100, 10, "replies")
    os.kill(appliance.process.pid, signal.SIGSTOP)
    lab.wait_for(lambda: state(appliance.process.pid) == "T", 5, "the appliance to stop")
    begin = time.monotonic()
    time.sleep(0.3)
    stopped = time.monotonic() - begin
    os.kill(appliance.process.pid, signal.SIGCONT)
    answered = growth(before, appliance.datapath()).get("reflected", 0)
    lab.wait_for(lambda: growth(before, appliance.datapath()).get("reflected", 0) > answered + 100, 10, "replies again")
    load.interrupt()
    trial = load.wait(1).trial
    assert trial["sent"] == trial["answered"] > 200 and trial["load"]["missed"] == 0, trial
    response = trial["histograms_ns"]["response"]
    assert response["max"] >= stopped * 1e9 - 2 * MS, (response["max"], stopped)
    late = sum(count for low, _, count in response["buckets"] if low >= stopped / 2 * 1e9)
    assert late >= stopped / 2 * ENDLESS["rate"] * 0.98 - 3, (late, stopped)  # a bucket is 0.8 % wide
    consistent(trial)


@configuration(start=False)
def test_bursts_without_a_reply(lab):
    """An appliance that hangs, with its control connection open, does not hold the load up for as many timeouts as there are rounds."""
    appliance = Appliance(lab)
    before = appliance.datapath()
    load = Load(lab, [group()], run={"mode": "burst", "burst": {"frames": 64, "rounds": 10000}, "timeout": "100ms"})
    load.start()
    lab.wait_for(lambda: growth(before, appliance.datapath()).get("reflected", 0) > 0, 10, "replies")
    os.kill(appliance.process.pid, signal.SIGSTOP)
    result = load.wait(2)
    os.kill(appliance.process.pid, signal.SIGCONT)
    assert "nothing came back of 3 bursts in a row" in result.complaint, result.complaint
    assert result.trial["answered"] > 0 and 0 < result.report["burst"]["rounds"] < len(result.report["burst"]["rates"]) < 10000, result.text


@configuration(start=False)
def test_a_server_that_takes_nobody(lab):
    """DPDK asks for a memif's server with a call that waits for ever while those who ask already are not taken: said instead."""
    with lab.inside("appliance"):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lab.deferred.callback(server.close)
        server.bind(f"\0{memif.SOCKET}")
        server.listen(1)
        for _ in range(2):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            lab.deferred.callback(client.close)
            client.connect(f"\0{memif.SOCKET}")
    result = Load(lab, [group()]).run(2)
    assert re.search("port memif: it did not start within .* takes nobody", result.complaint), result.complaint
