#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tools/bench and its report on records made up for the purpose. Ends with "bench-report: N passed, N failed"."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path[:0] = [os.path.join(ROOT, "test", "bench"), os.path.join(ROOT, "test", "unit")]
sys.dont_write_bytecode = True
from records import Figure, Record, Results, parse, ratio  # noqa: E402
from report import report  # noqa: E402
from targets import targets  # noqa: E402
from unit import unit_run  # noqa: E402

TARGETS = 19


def datapath(mode, cycles, suite="avx512", sessions=1024):
    case = {"suite": "none" if mode == "unauthenticated" else suite, "mode": mode, "family": 4, "payload": 112,
            "sessions": sessions, "burst": 32}
    return Record("datapath", case, "tsc-cycles/packet", [cycles, cycles, cycles])


def installing(phase, field, value, unit, rounds, mode="authenticated"):
    return Record("install", {"mode": mode, "phase": phase, field: value}, unit, rounds)


def good_records():
    """A run that meets every target, each by little."""
    records = [Record("machine", {"cpu": "x", "cpus": 2}, "tsc-hz", [2.0e9])]
    for mode, cycles in (("unauthenticated", 50), ("authenticated", 199), ("encrypted", 249)):
        records += [datapath(mode, cycles), datapath(mode, cycles / 0.76, sessions=65536),
                    datapath(mode, cycles / 0.56, sessions=1048576)]
        if mode != "unauthenticated":
            records.append(datapath(mode, 2.01 * cycles, "ipsec-mb"))
    records += [
        Record("bare", {"how": "ipsec-mb cipher+hash", "mode": "authenticated", "burst": 32}, "tsc-cycles/packet", [330, 330]),
        Record("crypto", {"how": "ipsec-mb cipher+hash", "mode": "authenticated", "burst": 32}, "tsc-cycles/packet", [330, 330]),
        Record("crypto", {"how": "suite avx512", "mode": "authenticated", "burst": 32}, "tsc-cycles/packet", [110, 110])]
    for program, forward, rate in (("specular", "reflect", 8.1e6), ("testpmd", "5tswap", 1e7)):
        records.append(Record("process", {"program": program, "forward": forward, "source": "net_pcap",
                                          "mode": "unauthenticated", "sessions": 1024}, "packets/s", [rate]))
    for mode, suite, ahead, cycles in (("unauthenticated", "none", "off", 100), ("authenticated", "avx512", "on", 149)):
        records.append(Record("latency", {"mode": mode, "suite": suite, "ahead": ahead, "load": "lone", "sessions": 1024,
                                          "quantile": "p50"}, "tsc-cycles", [cycles]))
    for mode, suite in (("unauthenticated", "none"), ("authenticated", "avx512")):
        records.append(Record("memory", {"mode": mode, "suite": suite, "sessions": 100000, "cores": 1}, "octets/session", [255]))
    records += [
        Record("control", {"mode": "unauthenticated", "keys": "none", "derivation": "none"}, "set-ups/cpu-second", [5001]),
        Record("control", {"mode": "authenticated", "keys": "psk", "derivation": "cached"}, "set-ups/cpu-second", [2501]),
        installing("during", "what", "lost", "packets", [0]), installing("before", "what", "lost", "packets", [0]),
        installing("before", "quantile", "p99", "tsc-cycles", [100]), installing("during", "quantile", "p99", "tsc-cycles", [199])]
    return records


def test_other_lines_are_passed_over():
    found = parse('noise\n{"group": "machine", "case": {"cpus": 2}, "unit": "tsc-hz", "rounds": [1, 2]}\n'
                  '{"group": "empty", "case": {}, "unit": "x", "rounds": []}\n')
    assert [(record.group, record.case, record.figure.median) for record in found] == [("machine", {"cpus": 2}, 1.5)]


def test_spread():
    assert Figure([7]).low == Figure([7]).high == 7 and not Figure([7]).noisy
    figure = Figure(range(11))
    assert (figure.low, figure.median, figure.high) == (1, 5, 9) and figure.noisy
    assert not Figure([100, 101, 102, 500]).median > 102 and not Figure([100, 101, 102]).noisy


def test_ratio_is_taken_round_by_round():
    # The machine slowed down in the second round: both did.
    found = ratio(Figure([10, 20, 10]), Figure([5, 10, 5]))
    assert found.rounds == [2, 2, 2] and not found.noisy
    apart = ratio(Figure([10, 12]), Figure([5, 5, 5]))
    assert apart.median == 2.2 and apart.low < 2.2 < apart.high
    assert ratio(None, Figure([1])) is None and ratio(Figure([1]), Figure([0])) is None


def test_all_targets_met():
    found = targets(Results(good_records()))
    assert len(found) == TARGETS and [target.name for target in found if not target.met] == []


def test_what_is_asked():
    """The bounds themselves, of which a run that meets them with ease says nothing."""
    assert [(target.bound, target.target, target.unit) for target in targets(Results([]))] == [
        ("at least", 0.80, "ratio"),  # whole process
        ("at least", 10.0, "Mpps"), ("at least", 2.0, "ratio"), ("at least", 8.0, "Mpps"), ("at least", 2.0, "ratio"),
        ("at most", 1.25, "ratio"), ("at most", 1.5, "ratio"),  # bare ipsec-mb; lone packets
        *[("at least", 0.75, "ratio")] * 3, *[("at least", 0.55, "ratio")] * 3,  # 65,536 and 1,048,576 sessions
        *[("at most", 256, "octets")] * 2, ("at least", 5000, "set-ups"), ("at least", 2500, "set-ups"),
        ("at most", 0, "packets"), ("below", 2.0, "ratio")]


def test_each_target_can_be_missed():
    """One record after the other gets worse (and then better, for it may be a reference): few targets hang on each, all on some."""
    seen = set()
    for index, record in enumerate(good_records()):
        for factor in (0.4, 2.5):
            records = good_records()
            records[index] = Record(record.group, record.case, record.unit,
                                    [value * factor + (factor > 1) for value in record.figure.rounds])
            missed = {target.name for target in targets(Results(records)) if not target.met}
            assert len(missed) <= 4, (record.group, record.case, missed)
            seen |= missed
    assert seen == {target.name for target in targets(Results([]))}


def install_records(waited, lost_before, lost_during, mode="authenticated"):
    return [installing("before", "what", "waited", "us", waited, mode),
            installing("before", "what", "lost", "packets", lost_before, mode),
            installing("during", "what", "lost", "packets", lost_during, mode)]


def test_rounds_that_the_machine_disturbed():
    """Packets lost in a round that was disturbed before anything was installed say nothing; where all were, that is said."""
    def of(*rounds):
        results = Results(install_records(*rounds))
        return results, next(target for target in targets(results) if "packets lost" in target.name)
    for rounds, figure, met, disturbed in (
            (([0, 900, 0], [0, 0, 5], [0, 70, 80]), [0], True, False),
            (([0, 900, 0], [0, 0, 0], [1, 70, 80]), [1, 80], False, False),
            (([900, 900, 900], [0, 0, 0], [0, 0, 0]), [0, 0, 0], True, True),
            (([900, 0], [0, 5], [70, 80]), [70, 80], False, True)):
        results, target = of(*rounds)
        assert (target.figure.rounds, target.met, target.disturbed) == (figure, met, disturbed), rounds
        assert target.as_json()["noisy"] == (disturbed or target.figure.noisy)
        assert (", disturbed" in report(results, [target], False)) == disturbed


def test_worst_mode_of_an_installation():
    """The mode that lost most counts, but none that the machine disturbed while there is another one."""
    for worse, lost, disturbed in ((([0], [0], [7], "encrypted"), 7, False), (([900], [0], [7], "encrypted"), 1, False)):
        results = Results(install_records([0], [0], [1]) + install_records(*worse))
        target = next(target for target in targets(results) if "packets lost" in target.name)
        assert (target.figure.rounds, target.disturbed) == ([lost], disturbed), worse


def test_shared_core_of_each_program():
    """Of the targets that a program's figures are for."""
    for case, words in (({"of": "process", "sessions": 1024}, "whole process"), ({"of": "latency"}, "turnaround, auth"),
                        ({"of": "control"}, "set-ups"), ({"of": "install", "mode": "authenticated"}, "installing")):
        results = Results(good_records() + [Record("quiet", case, "share", [0.5])])
        doubtful = [target.name for target in targets(results) if target.disturbed]
        assert doubtful and all(words in name for name in doubtful), (case, doubtful)
        assert f"SHARED CORE: 50 % of what was measured ({case['of']}" in report(results, [], False)


def test_shared_core():
    """What was measured beside somebody else on the same core is said, and its targets are doubtful."""
    quiet = [Record("quiet", {"of": "datapath", "mode": "authenticated", "family": 4}, "share", [0.5])]
    found = targets(Results(good_records() + quiet))
    doubtful = {target.name for target in found if target.disturbed}
    assert len(doubtful) == 5 and all(", authenticated" in name for name in doubtful), doubtful
    assert "SHARED CORE: 50 %" in report(Results(good_records() + quiet), found, False)


def test_nothing_measured():
    found = targets(Results([]))
    assert len(found) == TARGETS and not any(target.met for target in found)
    assert all(target.as_json()["measured"] is None for target in found)
    assert "NOT MEASURED" in report(Results([]), found, False)


def test_ipsec_mb_alone():
    """A CPU without AVX-512: the default suite counts, and is no more than itself."""
    records = [record for record in good_records() if record.case.get("suite") != "avx512"]
    found = {target.name: target for target in targets(Results(records))}
    against = found["datapath, authenticated, against suite ipsec-mb"]
    assert against.figure.median == 1 and not against.met


def test_report_names_everything():
    records = good_records() + [
        Record("stages", {"suite": "none", "mode": "unauthenticated", "stage": "parse"}, "tsc-cycles/packet", [5]),
        Record("scale", {"suite": "none", "mode": "unauthenticated", "sessions": 64}, "tsc-cycles/packet", [40, 60, 90]),
        Record("scale", {"mode": "unauthenticated", "suite": "none", "lcores": 1}, "packets/s", [1e6]),
        Record("scale", {"mode": "unauthenticated", "suite": "none", "lcores": 2}, "packets/s", [2e6]),
        Record("peers", {"server": "other", "mode": "encrypted"}, "packets/cpu-second", [1000]),
        Record("peers", {"server": "other", "mode": "encrypted"}, "set-ups/cpu-second", [900])]
    results = Results(records)
    text = report(results, targets(results), True)
    for word in ("quick", "NOISY RUN: 1 of", "Datapath", "parse", "Whole process", "Crypto alone", "Turnaround", "Sessions:",
                 "Lcores", "Control plane", "installed", "Memory", "other", "1,000  packets/cpu-second", "900  set-ups/cpu-second", "Targets", "met"):
        assert word in text, word
    assert "NOT MET" not in text


def program(folder, name, lines, status=0):
    path = os.path.join(folder, "test", "bench", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\ncat <<'X'\n" + "\n".join(lines) + f"\nX\nexit {status}\n")
    os.chmod(path, stat.S_IRWXU)


def bench(folder, *options):
    done = subprocess.run([os.path.join(ROOT, "tools", "bench"), "--build", folder, *options], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    with open(os.path.join(folder, "bench", "bench.json"), encoding="utf-8") as file:
        return done, json.load(file)


def test_whole_run():
    with tempfile.TemporaryDirectory() as folder:
        record = {"group": "scale", "case": {"suite": "none", "mode": "unauthenticated", "sessions": 1}, "unit": "u", "rounds": [1]}
        more = {**record, "case": {**record["case"], "sessions": 1024}}
        program(folder, "bench_datapath", [json.dumps(record), "noise", json.dumps(more)])
        done, content = bench(folder, "--quick", "--only", "bench_datapath")
        assert done.returncode == 0, done.stderr
        assert sorted(content) == ["machine", "problems", "quick", "records", "schema", "skipped", "targets", "time", "version"]
        assert content["schema"] == "specular-bench/1" and content["quick"] and not content["problems"]
        assert [sorted(target) for target in content["targets"]] \
            == [["bound", "high", "low", "measured", "met", "name", "noisy", "target", "unit"]] * TARGETS
        assert content["records"][0]["case"] == record["case"] and len(content["records"]) == 2
        drawn = os.path.exists(os.path.join(folder, "bench", "sessions.svg"))
        assert drawn == bool(shutil.which("gnuplot")), done.stdout


def test_a_quick_run_keeps_to_its_minute():
    """Each program hears what it may take; what one took, those behind it lack. A long run has no such limit."""
    with tempfile.TemporaryDirectory() as folder:
        record = json.dumps({"group": "x", "case": {}, "unit": "u", "rounds": [1]})
        names = ("bench_datapath", "bench_crypto", "bench_latency", "bench_install", "bench_memory", "bench_control")
        for name in names:
            program(folder, name, [record])
            path = os.path.join(folder, "test", "bench", name)
            with open(path, "r+", encoding="utf-8") as file:
                text = file.read().replace("cat <<", f'echo "$@" >{folder}/{name}.said\ncat <<')
                file.seek(0)
                file.write(text)

        def said(*options):
            bench(folder, *options, *[word for name in names for word in ("--only", name)])
            words = {}
            for name in names:
                with open(os.path.join(folder, name + ".said"), encoding="utf-8") as file:
                    words[name] = file.read().split()
            return words
        assert all(words == [] for words in said().values())
        quick = said("--quick")
        assert all(words[:2] == ["--quick", "--seconds"] and len(words) == 3 for words in quick.values()), quick
        seconds = {name: float(words[2]) for name, words in quick.items()}
        assert all(0.1 <= each <= 55 for each in seconds.values()), seconds
        # Fake programs take no time: each leaves what it had to those behind it, and the last one may take all.
        assert seconds["bench_datapath"] < 25 and seconds["bench_control"] > seconds["bench_datapath"], seconds


def test_program_that_fails():
    with tempfile.TemporaryDirectory() as folder:
        record = {"group": "crypto", "case": {"how": "openssl", "mode": "encrypted", "burst": 32}, "unit": "u", "rounds": [1]}
        program(folder, "bench_crypto", [json.dumps(record)], 3)
        done, content = bench(folder, "--only", "bench_crypto", "--only", "bench_memory")
        assert done.returncode == 1
        assert "ended with 3" in content["problems"]["bench_crypto"] and "does not start" in content["problems"]["bench_memory"]


def test_interrupted_run_ends_its_program():
    with tempfile.TemporaryDirectory() as folder:
        program(folder, "bench_memory", [])
        path = os.path.join(folder, "test", "bench", "bench_memory")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho $$ >{folder}/pid\nexec sleep 100\n")
        told = os.path.join(folder, "pid")
        os.mkfifo(told)  # so that it is interrupted as early as can be: tools/bench may not have come out of Popen
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start
        for number in (signal.SIGTERM, signal.SIGINT) * 3:
            process = subprocess.Popen([os.path.join(ROOT, "tools", "bench"), "--build", folder, "--only", "bench_memory"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            with open(told, encoding="utf-8") as file:
                pid = file.read().strip()
            process.send_signal(number)
            assert process.wait(60) == 128 + number and not os.path.exists(f"/proc/{pid}")


def test_unknown_program():
    done = subprocess.run([os.path.join(ROOT, "tools", "bench"), "--only", "nothing"], capture_output=True, text=True)
    assert done.returncode == 2 and "no program nothing" in done.stderr


if __name__ == "__main__":
    sys.exit(unit_run("bench-report", globals()))
