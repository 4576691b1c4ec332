# SPDX-License-Identifier: BSD-3-Clause
"""Records of the bench programs (record.h): reading, medians, spreads and ratios taken round by round."""

import json
import statistics

# A spread (90th to 10th percentile, relative to the median) above which a figure is called noisy.
NOISY_SPREAD = 0.10


def quantile(values, fraction):
    """By linear interpolation between the two nearest ranks."""
    ordered = sorted(values)
    at = fraction * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


class Figure:
    """A measured value with what it varied by: median, 10th and 90th percentile of the rounds."""

    def __init__(self, rounds):
        self.rounds = list(rounds)
        self.median = statistics.median(self.rounds)
        self.low = quantile(self.rounds, 0.1)
        self.high = quantile(self.rounds, 0.9)

    @property
    def noisy(self):
        return self.median != 0 and (self.high - self.low) / abs(self.median) > NOISY_SPREAD

    def scaled(self, factor):
        return Figure([value * factor for value in self.rounds])

    def inverted(self, numerator=1.0):
        return Figure([numerator / value for value in self.rounds])


class Record:
    def __init__(self, group, case, unit, rounds):
        self.group, self.case, self.unit = group, case, unit
        self.figure = Figure(rounds)

    def matches(self, group, **case):
        return self.group == group and all(self.case.get(name) == value for name, value in case.items())

    def as_json(self):
        figure = self.figure
        return {"group": self.group, "case": self.case, "unit": self.unit, "median": figure.median, "low": figure.low,
                "high": figure.high, "noisy": figure.noisy, "rounds": figure.rounds}


def parse(text):
    """The records among a program's lines; other lines are passed over."""
    records = []
    for line in text.split("\n"):
        if not line.startswith('{"group"'):
            continue
        fields = json.loads(line)
        if fields["rounds"]:
            records.append(Record(fields["group"], fields["case"], fields["unit"], fields["rounds"]))
    return records


class Results:
    """All records of a run."""

    def __init__(self, records):
        self.records = list(records)

    def select(self, group, **case):
        return [record for record in self.records if record.matches(group, **case)]

    def figure(self, group, **case):
        """The only record of that kind, or None."""
        found = self.select(group, **case)
        return found[0].figure if len(found) == 1 else None

    def values(self, group, name):
        """The different values that a field has, in order of appearance."""
        return list(dict.fromkeys(record.case[name] for record in self.records
                                  if record.group == group and name in record.case))


def ratio(numerator, denominator):
    """Round by round where both were measured side by side, else of the medians with the worst spread; None without both."""
    if numerator is None or denominator is None or denominator.median == 0:
        return None
    if len(numerator.rounds) == len(denominator.rounds):
        return Figure([left / right for left, right in zip(numerator.rounds, denominator.rounds)])
    return Figure([numerator.low / denominator.high, numerator.median / denominator.median, numerator.high / denominator.low])
