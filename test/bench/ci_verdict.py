# SPDX-License-Identifier: BSD-3-Clause
"""From the rounds of tools/ci-bench to its verdict. Pure: doc/load.md ("CI") says why it is made so."""

import json
import statistics

SCHEMA = "specular-ci-baseline/1"
ENOUGH = 5  # rounds on a core of our own, for a verdict of "slower"
TOLERANCE = 0.10  # of the baseline's ratio that may be missing
PASSED, SLOWER, WRONG, UNKNOWN, NOT_JUDGED = "passed", "slower", "wrong", "no baseline", "not judged"


class Lane:
    """What was measured of one program in one mode: a rate a round, the 90th percentile of its bursts; None without a whole burst."""

    def __init__(self):
        self.rates, self.whole = [], []
        self.wrong = []  # texts

    def add(self, report, whole):
        burst = report["burst"]
        self.rates.append(burst["rate_p90"] if burst["valid"] else None)
        self.whole.append(whole)
        for trial in report["trials"]:
            faults = {name: count for name, count in trial["faults"].items() if count}
            if trial["lost"] or trial["wrong"] or faults:
                self.wrong.append(f"{trial['lost']} of {trial['sent']} packets lost, faults: {faults or 'none'}")

    def figure(self):
        """Its median."""
        measured = [rate for rate in self.rates if rate]
        return statistics.median(measured) if measured else None


class Verdict:
    def __init__(self, mode, lane, reference, baseline):
        self.mode, self.lane, self.reference = mode, lane, reference
        pairs = [(mine / other, own and others) for mine, other, own, others in
                 zip(lane.rates, reference.rates, lane.whole, reference.whole) if mine and other]
        undisturbed = [ratio for ratio, whole in pairs if whole]
        self.shared = len(undisturbed) < ENOUGH
        self.disturbed = len(pairs) - len(undisturbed)
        # Of rounds on a core of our own, and if there were too few of all.
        self.ratios = [ratio for ratio, _ in pairs] if self.shared else undisturbed
        self.ratio = statistics.median(self.ratios) if self.ratios else None
        self.baseline = baseline
        self.limit = baseline * (1 - TOLERANCE) if baseline else None

    @property
    def state(self):
        if self.lane.wrong or self.ratio is None:
            return WRONG
        if self.limit is None:
            return UNKNOWN
        if self.ratio >= self.limit:
            return PASSED
        return NOT_JUDGED if self.shared else SLOWER

    def text(self):
        """What a person reads."""
        if self.state == WRONG:
            return self.lane.wrong[0] if self.lane.wrong else "no burst came back whole"
        told = f"{self.ratio:.3f} of the reference"
        if self.limit is None:
            return f"{told}; no baseline for this crypto suite: tools/ci-bench --write-baseline"
        told += f", baseline {self.baseline:.3f}, at least {self.limit:.3f}"
        return told + ("; somebody else used the core in nearly every round: that says nothing" if self.state == NOT_JUDGED else "")


def exit_code(verdicts):
    """0 all passed, 1 a mode got slower or answers wrongly, 2 nobody can tell."""
    states = {verdict.state for verdict in verdicts}
    if states & {SLOWER, WRONG}:
        return 1
    return 2 if states & {UNKNOWN, NOT_JUDGED} else 0


def read_baseline(path, suite):
    """{mode: ratio} of a crypto suite; empty when there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        return {}
    if content.get("schema") != SCHEMA:
        raise ValueError(f"{path}: no baseline of schema {SCHEMA}")
    return {mode: entry["ratio"] for mode, entry in content["suites"].get(suite, {}).items()}


def write_baseline(path, suite, verdicts, version):
    """Other suites' ratios stay."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        content = {"schema": SCHEMA, "reference": "dpdk-testpmd --forward-mode=5tswap over memif", "suites": {}}
    content["suites"][suite] = {verdict.mode: {"ratio": round(verdict.ratio, 4), "rounds": len(verdict.ratios),
                                               "specular": version} for verdict in verdicts}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
