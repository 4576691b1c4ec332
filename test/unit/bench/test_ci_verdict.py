#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What tools/ci-bench concludes from rounds made up for the purpose. Ends with "ci-verdict: N passed, N failed"."""

import itertools
import json
import os
import random
import sys
import tempfile
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "test", "bench"), os.path.join(ROOT, "test", "unit")]
sys.dont_write_bytecode = True
import ci_report  # noqa: E402
from ci_verdict import (ENOUGH, ENOUGH_WRITTEN, NOT_JUDGED, PASSED, SLOWER, UNKNOWN, WRONG, exit_code, measure_rounds,  # noqa: E402
                        median_interval, read_baseline, write_baseline)
from unit import unit_run  # noqa: E402

MODES = ("unauthenticated", "encrypted")
BASELINE = {"unauthenticated": 0.9, "encrypted": 0.6}
REFERENCE = 7e6
ENTRIES = {mode: {"ratio": ratio, "undisturbed": REFERENCE * 1.1} for mode, ratio in BASELINE.items()}
SLOWED = 1 / 1.2
ROUNDS = 80  # what four minutes have


def burst_report(rate, lost=0, faults=None):
    return {"burst": {"valid": rate is not None, "rate_median": rate, **{f"rate_{name}": rate and rate * factor for name, factor in
                                                                         (("p10", 0.8), ("p90", 1.2))}},
            "trials": [{"sent": 1000, "lost": lost, "wrong": sum((faults or {}).values()), "faults": faults or {}}]}


class Machine:
    """Runs whose true speed is so many times the baseline's; the noise of a round is normal, and of some rounds a stranger has most."""

    def __init__(self, speed, noise=0.05, strangers=0.0, seed=1, slower=1.0):
        self.speed, self.noise, self.strangers, self.slower = speed, noise, strangers, slower
        self.random = random.Random(seed)
        self.runs = []

    def measure(self, mode):
        self.runs.append(mode)
        shared = self.random.random() < self.strangers
        reference = REFERENCE * self.slower * (0.7 if shared else 1)
        rate = REFERENCE * self.slower * BASELINE[mode] * self.speed * (1 + self.random.gauss(0, self.noise)) * (0.64 if shared else 1)
        return burst_report(rate), (reference * 0.9, reference, reference * 1.1)


def verdicts(measure, rounds=ROUNDS, baseline=None, **more):
    return measure_rounds(MODES, ENTRIES if baseline is None else baseline, measure, lambda number: number < rounds, **more)


def states(*arguments, **more):
    return {one.state for one in verdicts(*arguments, **more)}


def test_interval_of_the_median():
    assert median_interval(list(range(7))) is None
    assert median_interval([3, 1, 2, 5, 4, 8, 7, 6]) == (1, 8)
    # From tables of the sign test: 99 %, both sides together, 20 and 50 values.
    assert median_interval(range(1, 21)) == (4, 17)
    assert median_interval(range(1, 51)) == (16, 35)


def test_as_fast_is_green_and_soon():
    for seed in range(50):
        machine = Machine(1.0, seed=seed)
        result = verdicts(machine.measure)
        assert {one.state for one in result} == {PASSED}, seed
        assert exit_code(result) == 0
        assert len(machine.runs) >= 2 * ENOUGH
    quiet = Machine(1.0, noise=0.01)
    assert states(quiet.measure) == {PASSED} and len(quiet.runs) == 2 * ENOUGH


def test_a_slowdown_is_red():
    for seed in range(50):
        machine = Machine(SLOWED, seed=seed)
        result = verdicts(machine.measure)
        assert {one.state for one in result} == {SLOWER}, seed
        assert exit_code(result) == 1
        assert all(len(one.ratios) >= ENOUGH for one in result)


def test_a_slower_machine_is_no_regression():
    assert states(Machine(1.0, slower=0.8).measure) == {PASSED}


def test_strangers_change_no_verdict():
    for seed, strangers in itertools.product(range(20), (0.2, 1.0)):
        assert states(Machine(1.0, strangers=strangers, seed=seed).measure) == {PASSED}, (seed, strangers)
        slow = states(Machine(SLOWED, strangers=strangers, seed=seed).measure)
        assert slow == {SLOWER if strangers < 0.5 else NOT_JUDGED}, (seed, strangers)


def test_beside_a_constant_stranger_nobody_is_slower():
    result = verdicts(Machine(0.8, strangers=1.0).measure)
    assert exit_code(result) == 2 and all("of its speed" in one.text() for one in result)


def test_one_slow_mode_is_enough():
    fast, slow = Machine(1.0), Machine(SLOWED)
    result = verdicts(lambda mode: (slow if mode == "encrypted" else fast).measure(mode))
    assert [one.state for one in result] == [PASSED, SLOWER] and exit_code(result) == 1
    # Who is settled is not measured on.
    assert len(fast.runs) < ROUNDS and len(slow.runs) < ROUNDS


def test_on_the_limit_cannot_tell():
    result = verdicts(Machine(0.9, noise=0.08).measure)
    assert {one.state for one in result} == {NOT_JUDGED} and exit_code(result) == 2
    assert all("the limit lies between" in one.text() for one in result)


def test_no_time_cannot_tell():
    result = verdicts(Machine(1.0).measure, rounds=3)
    assert {one.state for one in result} == {NOT_JUDGED} and exit_code(result) == 2
    result = verdicts(Machine(1.0).measure, rounds=0)
    assert exit_code(result) == 2 and result[0].text() == "not measured"


def test_nothing_to_compare_with_cannot_tell():
    machine = Machine(1.0)
    result = verdicts(machine.measure, baseline={})
    assert {one.state for one in result} == {UNKNOWN} and exit_code(result) == 2
    assert len(machine.runs) == 2 * ENOUGH and "--write-baseline" in result[0].text()


def test_wrong_replies_are_red_at_once():
    result = verdicts(lambda mode: (burst_report(6e6, faults={"hmac": 2, "ttl": 0}), [REFERENCE] * 3))
    assert {one.state for one in result} == {WRONG} and exit_code(result) == 1
    assert len(result[0].lane.rates) == 1 and "hmac" in result[0].text()


def test_a_loss_has_to_repeat():
    machine, lost = Machine(1.0), itertools.chain([100], itertools.repeat(0))
    assert states(lambda mode: (burst_report(machine.measure(mode)[0]["burst"]["rate_median"], next(lost)), [REFERENCE] * 3)) == {PASSED}
    nothing = verdicts(lambda mode: (burst_report(None, 1000), [REFERENCE] * 3))
    assert {one.state for one in nothing} == {WRONG} and len(nothing[0].lane.rates) == 2
    assert states(lambda mode: (burst_report(None), [REFERENCE] * 3)) == {WRONG}


def test_the_baseline_is_kept():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "baseline.json")
        assert read_baseline(path, "imb") == ({}, [])
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"schema": "specular-ci-baseline/1", "suites": {}}, file)
        try:
            read_baseline(path, "imb")
            raise AssertionError("an old schema was read")
        except ValueError as reason:
            assert "--write-baseline" in str(reason)
        machine = Machine(1.0, noise=0.02)
        result = verdicts(machine.measure, baseline={}, writing=True)
        assert all(one.precise for one in result) and len(machine.runs) >= 2 * ENOUGH_WRITTEN
        write_baseline(path, "imb", result, "1.2.3", "some CPU")
        write_baseline(path, "avx512", result, "1.2.3", "some CPU")
        read, known = read_baseline(path, "imb")
        assert known == ["avx512", "imb"] and all(abs(read[mode]["ratio"] / BASELINE[mode] - 1) < 0.03 for mode in MODES)
        assert read_baseline(path, "sse") == ({}, known)


def test_no_baseline_of_a_disturbed_run():
    assert not any(one.precise for one in verdicts(Machine(1.0, noise=0.3).measure, rounds=40, baseline={}, writing=True))


def test_reports_of_each_state():
    good, slow = Machine(1.0), Machine(SLOWED)
    result = verdicts(lambda mode: (slow if mode == "encrypted" else good).measure(mode))
    result += verdicts(good.measure, rounds=3) + verdicts(good.measure, baseline={})
    result += verdicts(lambda mode: (burst_report(6e6, faults={"hmac": 2}), [REFERENCE] * 3))
    run = {"specular": "1", "suite": "imb", "cpu": "x", "cpus": 2, "kernel": "Linux", "dpdk": "DPDK", "frames": 1024, "seconds": 2.0,
           "conclusion": "RED", "verdicts": result, "searches": {}, "pages": {}}
    with tempfile.TemporaryDirectory() as folder:
        ci_report.write(run, folder)
        suite = xml.etree.ElementTree.parse(os.path.join(folder, "junit.xml")).getroot()
        assert suite.get("failures") == "3" and suite.get("skipped") == "6"  # one slower, two wrong; and as many not judged for speed
        assert all(failure.text == failure.get("message") for failure in suite.iter("failure"))
        with open(os.path.join(folder, "report.json"), encoding="utf-8") as file:
            assert json.load(file)["modes"]["encrypted"]["state"] == WRONG
        with open(os.path.join(folder, "report.txt"), encoding="utf-8") as file:
            text = file.read()
        assert all(state in text for state in (PASSED, SLOWER, WRONG, UNKNOWN, NOT_JUDGED))
        ci_report.forget(folder)
        assert os.listdir(folder) == []
        ci_report.forget(os.path.join(folder, "not there"))


if __name__ == "__main__":
    sys.exit(unit_run("ci-verdict", globals()))
