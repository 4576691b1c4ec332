#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""bench_datapath and bench_crypto with a few packets: that they run, check what they measure, and print every group of records
with its fields. usage: test_bench_smoke.py BENCH_DATAPATH BENCH_CRYPTO. Ends with "bench-smoke: N passed, N failed"."""

import itertools
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "test", "bench"), os.path.join(ROOT, "test", "unit")]
sys.dont_write_bytecode = True
from expected import BARE_WAYS, MODES, STAGES, check  # noqa: E402
from records import parse  # noqa: E402
from unit import unit_run  # noqa: E402

DATAPATH, CRYPTO = sys.argv[1:3]
SECURE_MODES = MODES[1:]


def run(program, *options):
    return subprocess.run([program, *options], capture_output=True, text=True, timeout=100)


def records(program, *options):
    """Of a run that succeeds."""
    done = run(program, "--smoke", *options)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    found = parse(done.stdout)
    assert len(found) == len(lines), "a line that is no record, or a record without rounds"
    check(found)
    return found


def group(found, name):
    return [record for record in found if record.group == name]


def test_every_group_of_the_datapath():
    found = records(DATAPATH)
    assert len(group(found, "machine")) == 1
    assert {record.case["mode"] for record in group(found, "quiet")} == set(MODES)
    datapath = group(found, "datapath")
    # The whole matrix, but for the numbers of sessions that take long to make; of the slow suite its usual case.
    for mode in MODES:
        for fastest in [record.case["suite"] for record in datapath if record.case["mode"] == mode][:1]:
            matrix = {(record.case["family"], record.case["payload"], record.case["sessions"], record.case["burst"])
                      for record in datapath if record.case["mode"] == mode and record.case["suite"] == fastest}
            assert matrix == set(itertools.product((4, 6), (112, 1400), (1, 32, 1024), (1, 8, 32, 64))), (mode, matrix)
    assert {record.case["mode"] for record in datapath} == set(MODES)
    assert {"none", "ipsec-mb", "openssl"} <= {record.case["suite"] for record in datapath}
    assert all((record.case["suite"] == "none") == (record.case["mode"] == "unauthenticated") for record in datapath)
    for record in datapath:
        if (record.case["family"], record.case["payload"], record.case["sessions"], record.case["burst"]) != (4, 112, 1024, 32):
            continue
        stages = [stage.case["stage"] for stage in group(found, "stages") if {**stage.case, **record.case} == stage.case]
        assert stages == list(STAGES), (record.case, stages)
    for mode in SECURE_MODES:
        assert set(BARE_WAYS) <= {record.case["how"] for record in group(found, "bare") if record.case["mode"] == mode}
    for mode in MODES:
        features = [record.case["features"] for record in group(found, "features") if record.case["mode"] == mode]
        assert features == ["ptp", "dscp-ecn", "ptp, dscp-ecn"], features
    scale = group(found, "scale")
    for mode in MODES:
        assert sorted(record.case["sessions"] for record in scale if record.case["mode"] == mode and "lcores" not in record.case) \
            == [1, 4, 16, 64, 256, 1024]
        assert [record.unit for record in scale if record.case["mode"] == mode
                and record.case.get("lcores") == 1] == ["packets/s"]


def test_no_time_left():
    """Two rounds of each case, and no more: see tools/bench."""
    for program, options in ((DATAPATH, ("--mode", "encrypted")), (CRYPTO, ("--burst", "8"))):
        done = run(program, "--smoke", *options, "--rounds", "4", "--seconds", "0.000001")
        rounds = {record.group: len(record.figure.rounds) for record in parse(done.stdout)}
        assert done.returncode == 0 and {group: count for group, count in rounds.items() if count != 2} \
            == {group: 1 for group in ("machine", "quiet") if group in rounds}, rounds


def test_one_case_of_the_datapath():
    for options in ({"mode": "authenticated", "suite": "ipsec-mb", "family": 6, "payload": 1400, "burst": 64, "sessions": 7},
                    {"mode": "encrypted", "suite": "openssl", "family": 4, "payload": 113, "burst": 1, "sessions": 1},
                    {"mode": "unauthenticated", "suite": "none", "family": 6, "payload": 112, "burst": 5, "sessions": 70000}):
        found = records(DATAPATH, "--group", "datapath", *[text for name, value in options.items()
                                                          for text in ("--" + name, str(value))])
        assert [record.case for record in group(found, "datapath")] == [options], options


def test_every_way_of_crypto():
    found = records(CRYPTO)
    assert {record.group for record in found} == {"crypto", "quiet"}
    for mode in SECURE_MODES:
        ways = [record.case["how"] for record in group(found, "crypto") if record.case["mode"] == mode]
        assert {*BARE_WAYS, "openssl", "openssl per packet", "suite ipsec-mb", "suite openssl"} <= set(ways)


def test_options():
    for program in (DATAPATH, CRYPTO):
        assert run(program, "--help").returncode == 0
        for wrong in (["--mode", "secret"], ["--burst", "65"], ["--sessions", "0"], ["--payload", "1x"], ["--family", "5"],
                      ["--suite", "best"], ["--group", "all"], ["--nothing"], ["word"]):
            done = run(program, *wrong)
            assert done.returncode == 2 and "usage" in done.stderr and not done.stdout, wrong


if __name__ == "__main__":
    sys.exit(unit_run("bench-smoke", globals()))
