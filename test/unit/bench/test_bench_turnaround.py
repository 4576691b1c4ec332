#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bench_latency, bench_install and bench_memory with a few packets and sessions: that they run, count every packet, and print the
records that targets are computed from. usage: test_bench_turnaround.py BENCH_LATENCY BENCH_INSTALL BENCH_MEMORY. Ends with
"bench-turnaround: N passed, N failed"."""

import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "test", "bench"), os.path.join(ROOT, "test", "unit")]
sys.dont_write_bytecode = True
from expected import COUNTS, INSTALL_RATES, MODES, PHASES, QUANTILES, check  # noqa: E402
from records import Results, parse  # noqa: E402
from unit import unit_run  # noqa: E402

LATENCY, INSTALL, MEMORY = sys.argv[1:4]


def results(program, *options):
    done = subprocess.run([program, "--smoke", *options], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found = parse(done.stdout)
    assert len(found) == len(done.stdout.splitlines()), "a line that is no record, or a record without rounds"
    check(found)
    return Results(found)


def quantiles_ascend(found, group, **case):
    figures = [found.figure(group, quantile=quantile, **case) for quantile in QUANTILES]
    assert all(figures), (group, case)
    for values in zip(*[figure.rounds for figure in figures]):
        assert list(values) == sorted(values), (group, case, values)
    return figures[0]


def test_turnaround():
    found = results(LATENCY)
    for mode, suite, ahead in (("unauthenticated", "none", "off"), ("authenticated", "ipsec-mb", "on"),
                               ("authenticated", "ipsec-mb", "off"), ("encrypted", "ipsec-mb", "off")):
        case = {"mode": mode, "suite": suite, "ahead": ahead}
        for load in ("lone", "10", "50", "90"):
            turnaround = quantiles_ascend(found, "latency", load=load, **case)
            sojourn = quantiles_ascend(found, "sojourn", load=load, **case)
            assert all(0 < left <= right for left, right in zip(turnaround.rounds, sojourn.rounds)), (case, load)
        quantiles_ascend(found, "lone", **case)
        assert min(found.figure("rate", **case).rounds) > 0


def test_one_mode():
    found = results(LATENCY, "--mode", "encrypted", "--suite", "ipsec-mb", "--sessions", "7")
    assert {(record.case["mode"], record.case["sessions"]) for record in found.select("latency")} == {("encrypted", 7)}


def test_install():
    found = results(INSTALL)
    for mode in MODES:
        for phase in PHASES:
            quantiles_ascend(found, "install", mode=mode, phase=phase)
            assert all(found.figure("install", mode=mode, phase=phase, what=what) for what in COUNTS)
        for what in INSTALL_RATES:
            assert min(found.figure("install", mode=mode, what=what).rounds) > 0


def test_no_time_left():
    """What make bench-quick keeps its minute with: two rounds of each case, whatever the time is, and no more."""
    for program, options in ((LATENCY, ("--mode", "encrypted")), (INSTALL, ("--mode", "authenticated")),
                             (MEMORY, ("--mode", "unauthenticated"))):
        for rounds, seconds, measured in (("3", "0.000001", 2), ("1", "0.000001", 1), ("3", "1000", 3)):
            done = subprocess.run([program, "--smoke", *options, "--rounds", rounds, "--seconds", seconds], capture_output=True,
                                  text=True, timeout=100)
            found = [record for record in parse(done.stdout) if record.group != "quiet"]
            assert done.returncode == 0 and found, done.stderr
            most = 2 if program == MEMORY else measured  # a process of its own for each, and hardly any spread
            assert {len(record.figure.rounds) for record in found} == {min(measured, most)}, (program, rounds, seconds)
    for wrong in ("0", "-1", "", "1s", "nan"):
        assert subprocess.run([MEMORY, "--seconds", wrong], capture_output=True).returncode == 2, wrong


def test_memory():
    found = results(MEMORY)
    for mode, suite in (("unauthenticated", "none"), ("authenticated", "ipsec-mb"), ("encrypted", "ipsec-mb")):
        for cores in (1, 2):
            case = {"mode": mode, "suite": suite, "sessions": 1024, "cores": cores}
            empty = found.figure("memory", what="empty registry", **case)
            everything = found.figure("memory", what="all", **case)
            assert all(0 <= left < right for left, right in zip(empty.rounds, everything.rounds)), case


if __name__ == "__main__":
    sys.exit(unit_run("bench-turnaround", globals()))
