# SPDX-License-Identifier: BSD-3-Clause
"""specular-load against reflectors that err on purpose: each is caught and named, and the first packet is kept."""

import re
import time

from harness import frames, load, wrong_reflector as wrong
from harness.lab import APPLIANCE_LINK
from harness.load import Load, group
from harness.suite import cases, configuration, subset

COUNT, EVERY = 200, 19  # the last one is right: when all is answered nobody waits long for more
WRONG = COUNT // EVERY
RUN = {"mode": "rate", "rate": 400, "duration": "500ms", "warm-up": "0ms", "timeout": "10s"}
LOSSY = {"timeout": "3s"}  # it is waited for to the end


def judged(lab, reflector, mode, expect=1, **changes):
    running = wrong.WrongReflector(lab, reflector)
    result = load.run(lab, [group(count=1, mode=mode, sizes=[160])], expect, run={**RUN, **changes})
    assert running.failure is None, running.failure
    assert result.trial["sent"] == COUNT, result.text
    return result


def named(result, fault, count=WRONG):
    """Exactly this fault, so many times; its first packet is in the report and in the capture."""
    found = {name: times for name, times in result.trial["faults"].items() if times}
    assert found == {fault: count} and result.trial["wrong"] == count, found
    kept = result.report["evidence"]
    assert len(kept) == 3 and all(one["fault"] == fault for one in kept), kept
    assert f"sequence {EVERY - 1}" in kept[0]["what"] or fault in ("hmac", "truncated"), kept[0]
    captured = result.evidence()
    assert len(captured) == 3
    assert fault in result.text or kept[0]["what"] in result.text, result.text
    return frames.parse(captured[0])


@configuration(start=False)
@cases("unauthenticated", "authenticated", "encrypted")
def test_right(lab, mode):
    result = judged(lab, wrong.Right(), mode, 0)
    assert result.trial["answered"] == COUNT and result.trial["wrong"] == 0 and not result.evidence(), result.trial


@subset("sanitizers")
@configuration(start=False)
@cases("unauthenticated", "encrypted")
def test_repeats_sequence(lab, mode):
    result = judged(lab, wrong.RepeatsSequence(EVERY), mode)
    packet = named(result, "reflector_sequence")
    assert result.trial["answered"] == COUNT  # they are answers all the same
    if mode == "unauthenticated":
        assert int.from_bytes(packet.payload[:4], "big") == EVERY - 2


@subset("sanitizers")
@configuration(start=False)
@cases("authenticated", "encrypted")
def test_forges_hmac(lab, mode):
    result = judged(lab, wrong.ForgesHmac(EVERY), mode, **LOSSY)
    packet = named(result, "hmac")
    assert len(packet.payload) == 160 and packet.udp_checksum_good
    assert result.trial["lost"] == WRONG and result.trial["answered"] == COUNT - WRONG


@configuration(start=False)
@cases("unauthenticated", "authenticated")
def test_wrong_copy(lab, mode):
    result = judged(lab, wrong.WrongCopy(EVERY), mode, **LOSSY)
    named(result, "not_copied")
    assert result.trial["lost"] == WRONG


@configuration(start=False)
def test_wrong_dscp(lab):
    assert named(judged(lab, wrong.WrongDscp(EVERY), "unauthenticated"), "dscp").traffic_class == 8 << 2


@configuration(start=False)
@cases("unauthenticated", "encrypted")
def test_changes_padding(lab, mode):
    named(judged(lab, wrong.ChangesPadding(EVERY), mode), "padding")


@configuration(start=False)
def test_short(lab):
    assert len(named(judged(lab, wrong.Short(EVERY), "authenticated"), "length").payload) == 156


@subset("sanitizers")
@configuration(start=False)
def test_truncates(lab):
    assert len(named(judged(lab, wrong.Truncates(EVERY), "encrypted", **LOSSY), "truncated").payload) == 107


@configuration(start=False)
def test_negative_turnaround(lab):
    named(judged(lab, wrong.NegativeTurnaround(EVERY), "unauthenticated"), "turnaround")


# What breaks no rule is no fault, and counted.
@configuration(start=False)
def test_late(lab):
    """Behind the timeout: lost, and said to be late. The load goes on sending for longer than that."""
    trial = judged(lab, wrong.Late(5, 2.2), "authenticated", 0, rate=80, duration="2500ms", timeout="2s").trial
    assert (trial["lost"], trial["late"], trial["wrong"]) == (1, 1, 0), trial


@configuration(start=False)
def test_drops(lab):
    trial = judged(lab, wrong.Drops(100), "authenticated", 0, **LOSSY).trial
    # The last packet of all is one of them: of what is behind the last reply nobody can tell the way.
    assert (trial["lost"], trial["lost_backward"], trial["lost_unknown"]) == (2, 1, 1), trial


@configuration(start=False)
def test_duplicates(lab):
    trial = judged(lab, wrong.Duplicates(EVERY), "encrypted", 0).trial
    assert (trial["duplicates"], trial["duplicates_forward"], trial["lost"]) == (WRONG, 0, 0), trial


@configuration(start=False)
def test_reorders(lab):
    trial = judged(lab, wrong.Reorders(EVERY), "unauthenticated", 0).trial
    assert (trial["reordered"], trial["reordered_forward"], trial["lost"]) == (WRONG, 0, 0), trial


@configuration(start=False)
def test_thresholds_catch(lab):
    wrong.WrongReflector(lab, wrong.Duplicates(EVERY))
    result = load.run(lab, [group(count=1)], 1, run=RUN, thresholds={"duplicates": WRONG - 1, "loss": 0})
    assert [check["name"] for check in result.report["checks"] if not check["met"]] == ["duplicates, rate"], result.report["checks"]


@configuration(start=False)
def test_hangs_up(lab):
    """In the midst of a run: said, and what was measured is there."""
    running = wrong.WrongReflector(lab, wrong.Right())
    ready = Load(lab, {"sessions": [group(count=1)], "run": {**RUN, "rate": 200, "duration": "1h"}})
    ready.start()
    ready.await_packets()
    running.hang_up()
    result = ready.wait(2)
    assert re.search("(?i)control connection|closed", result.complaint), result.complaint
    assert result.report["error"] and result.trial["answered"] > 0


@configuration(start=False)
def test_link_goes_down(lab):
    """For a while, at the reflector's end of the cable: said with its length, and the run did not pass."""
    wrong.WrongReflector(lab, wrong.Right())
    ready = Load(lab, {"sessions": [group(count=1)], "run": {**RUN, "rate": 200, "duration": "1h"}})
    ready.start()
    ready.await_packets(20)
    lab.run("appliance", "ip", "link", "set", APPLIANCE_LINK, "down")
    ready.await_complaint("port load: link down")
    time.sleep(0.3)
    lab.run("appliance", "ip", "link", "set", APPLIANCE_LINK, "up")
    ready.await_complaint("port load: link up")
    ready.interrupt()
    result = ready.wait(1)
    (missed,) = [check for check in result.report["checks"] if not check["met"]]
    assert missed["name"] == "link of load" and re.match("was down for [0-9.]+ s", missed["value"]), missed
    assert "link" in result.trial["load"]["limits"] and result.trial["load"]["link_down_ns"] >= 200e6, result.trial["load"]
