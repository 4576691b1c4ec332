# SPDX-License-Identifier: BSD-3-Clause
"""From the rounds of tools/ci-bench to its verdict. Measures nothing itself: doc/load.md ("CI") says why it is made so."""

import json
import math
import statistics

SCHEMA = "specular-ci-baseline/3"
REFERENCE = "ipsec-mb seals and opens 16 octets, AES-128-ECB and HMAC-SHA1, on the reflector's CPU"
TOLERANCE = 0.10  # of the baseline's ratio that may be missing
CONFIDENCE = 0.99  # that the median lies in the interval which is compared with the limit
ENOUGH = 12  # rounds for a verdict: half a minute, so that what disturbs for seconds does not make it red
ENOUGH_WRITTEN = 20  # and for a baseline
# Beside somebody who uses the same core specular loses more than the reference does: its rate goes with this power of the reference's.
# Found by regression over rounds of which from 1 to 100 % were on a shared core. At the nominal rate it is the plain ratio.
POWER, NOMINAL = 1.25, 7e6
PERCENTILES = ("p10", "median", "p90")
WRONG_RUNS = 2  # that lost packets, and nothing worse: one may be a machine that stood still for longer than a timeout
# Of the reference's undisturbed speed. Below, the power above is no good guide any more: a ratio may be a fifth too low.
REFERENCE_LEAST = 0.85
BASELINE_SPREAD = 0.05  # half of the interval, as a share of the median, that a baseline may have at most
PASSED, SLOWER, WRONG, UNKNOWN, NOT_JUDGED = "passed", "slower", "wrong", "no baseline", "cannot tell"


def median_interval(values):
    """(low, high) between which the median lies with CONFIDENCE, whatever the distribution: order statistics; None of too few."""
    ordered = sorted(values)
    count = len(ordered)
    rank, below = 0, 0.0
    while rank < count // 2:
        below += math.comb(count, rank) / 2 ** count
        if 2 * below > 1 - CONFIDENCE:
            break
        rank += 1
    return (ordered[rank - 1], ordered[count - rank]) if rank else None


def typical(low, median, high):
    """A mean that a few stray values cannot move: of percentiles 10, 50 and 90 (Swanson's rule)."""
    return 0.3 * low + 0.4 * median + 0.3 * high


class Lane:
    """What was measured in one mode, round by round: specular's typical rate of the run's bursts (packets/s; None without a whole burst),
    and the reference's on the same CPU meanwhile."""

    def __init__(self):
        self.rates, self.references = [], []
        self.undisturbed = 0  # the reference's highest 90th percentile
        self.wrong = []  # texts
        self.losses = []  # of runs that lost packets, and nothing worse

    def add(self, report, reference):
        """A run's report, and three percentiles of the reference."""
        burst = report["burst"]
        self.rates.append(typical(*(burst[f"rate_{name}"] for name in PERCENTILES)) if burst["valid"] else None)
        self.references.append(typical(*reference))
        self.undisturbed = max(self.undisturbed, reference[-1])
        for trial in report["trials"]:
            faults = {name: count for name, count in trial["faults"].items() if count}
            told = f"{trial['lost']} of {trial['sent']} packets lost, faults: {faults or 'none'}"
            if trial["wrong"] or faults:
                self.wrong.append(told)
            elif trial["lost"]:
                self.losses.append(told)
        if len(self.losses) >= WRONG_RUNS:
            self.wrong.append(self.losses[-1])

    def figure(self):
        """The median of its rates."""
        measured = [rate for rate in self.rates if rate]
        return statistics.median(measured) if measured else None

    def reference(self):
        return statistics.median(self.references) if self.references else None

    def ratios(self):
        return [rate / (NOMINAL * (reference / NOMINAL) ** POWER) for rate, reference in zip(self.rates, self.references) if rate]


class Verdict:
    def __init__(self, mode, lane, entry):
        """entry: the baseline's of this mode, or None."""
        self.mode, self.lane, self.baseline = mode, lane, entry["ratio"] if entry else None
        self.speed = lane.reference() / entry["undisturbed"] if entry and lane.references else None
        self.ratios = lane.ratios()
        self.ratio = statistics.median(self.ratios) if self.ratios else None
        self.interval = median_interval(self.ratios)
        self.limit = self.baseline * (1 - TOLERANCE) if entry else None

    @property
    def state(self):
        if self.lane.wrong or self.ratio is None and len(self.lane.rates) >= WRONG_RUNS:
            return WRONG
        if self.limit is None:
            return UNKNOWN
        if len(self.ratios) >= ENOUGH and self.interval[0] >= self.limit:
            return PASSED
        if len(self.ratios) >= ENOUGH and self.interval[1] < self.limit and self.speed >= REFERENCE_LEAST:
            return SLOWER
        return NOT_JUDGED

    @property
    def settled(self):
        """More rounds would change nothing."""
        return self.state != NOT_JUDGED and len(self.ratios) >= ENOUGH or self.state == WRONG

    @property
    def precise(self):
        """Good enough for a baseline."""
        return self.interval is not None and len(self.ratios) >= ENOUGH_WRITTEN and not self.lane.wrong and \
            self.interval[1] - self.interval[0] <= 2 * BASELINE_SPREAD * self.ratio

    def text(self):
        """What a person reads."""
        if self.state == WRONG:
            return self.lane.wrong[0] if self.lane.wrong else "no burst came back whole"
        if self.ratio is None:
            return "not measured"
        told = f"{self.ratio:.3f} of the reference"
        if self.interval:
            told += f" ({self.interval[0]:.3f} to {self.interval[1]:.3f})"
        if self.limit is None:
            return f"{told}; the baseline has nothing of this crypto suite: tools/ci-bench --write-baseline"
        told += f", baseline {self.baseline:.3f}, at least {self.limit:.3f}"
        if self.state != NOT_JUDGED:
            return told
        if self.speed < REFERENCE_LEAST:
            return f"{told}; the reference ran at {self.speed:.2f} of its speed: a shared core, or another machine than the baseline's"
        return f"{told}; the limit lies between, or there was no time for {ENOUGH} rounds"


def measure_rounds(modes, baseline, measure, may_go_on, writing=False):
    """Verdicts after rounds that go on, for the modes that are not settled, as long as they may. measure(mode): a run's (report,
    percentiles 10, 50 and 90 of the reference's rate). baseline: {mode: its entry}. writing: until a baseline can be made of them."""
    lanes = {mode: Lane() for mode in modes}

    def verdict(mode):
        return Verdict(mode, lanes[mode], baseline.get(mode))

    def enough(one):
        return one.precise or one.state == WRONG if writing else one.settled

    number = 0
    while may_go_on(number):
        wanted = [mode for mode in modes if not enough(verdict(mode))]
        if not wanted:
            break
        for mode in wanted if number % 2 == 0 else reversed(wanted):
            lanes[mode].add(*measure(mode))
        number += 1
    return [verdict(mode) for mode in modes]


def exit_code(verdicts):
    """0 all passed, 1 a mode got slower or answers wrongly, 2 nobody can tell."""
    states = {verdict.state for verdict in verdicts}
    if states & {SLOWER, WRONG}:
        return 1
    return 2 if states & {UNKNOWN, NOT_JUDGED} else 0


def read_baseline(path, suite):
    """({mode: its entry} of a crypto suite, empty when there is none; the suites that there are)"""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except FileNotFoundError:
        return {}, []
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise ValueError(f"{path}: no baseline of schema {SCHEMA}: write it again with tools/ci-bench --write-baseline")
    suites = content["suites"]
    return suites.get(suite, {}), sorted(suites)


def write_baseline(path, suite, verdicts, version, machine):
    """Other suites' ratios stay, unless they are of another schema."""
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
    except (FileNotFoundError, ValueError):
        content = {}
    if content.get("schema") != SCHEMA:
        content = {"schema": SCHEMA, "reference": REFERENCE, "suites": {}}
    content["suites"][suite] = {verdict.mode: {
        "ratio": round(verdict.ratio, 4), "interval": [round(bound, 4) for bound in verdict.interval], "rounds": len(verdict.ratios),
        "undisturbed": round(verdict.lane.undisturbed),
        "specular": version, "cpu": machine} for verdict in verdicts}
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
