# SPDX-License-Identifier: BSD-3-Clause
"""What the bench programs print: of each group of records the fields of its cases (one set for each kind of case), how many rounds it has
in a --smoke run, and the least that a value may be. A record that is added to a program is added here."""

MODES = ("unauthenticated", "authenticated", "encrypted")
QUANTILES = ("p50", "p99", "p99.9", "max")
STAGES = ("parse", "lookup", "open", "build", "seal", "stamp")
PHASES = ("before", "elsewhere", "during", "after", "stop", "withdraw")
COUNTS = ("reflected", "lost", "waited")  # of a phase
INSTALL_RATES = ("rate", "withdraw rate", "stop turn", "withdraw turn")
BARE_WAYS = ("ipsec-mb jobs", "ipsec-mb burst", "ipsec-mb cipher+hash")

CASE = {"suite", "mode", "family", "payload", "sessions", "burst"}
TURNAROUND = {"mode", "suite", "ahead", "sessions", "load", "quantile"}
SMOKE_ROUNDS = 2


class Group:
    def __init__(self, *fields, rounds=SMOKE_ROUNDS, zero=False):
        self.fields, self.rounds, self.zero = fields, rounds, zero  # zero: values may be 0


GROUPS = {
    "machine": Group({"cpu", "cpus"}, rounds=1),
    "datapath": Group(CASE),
    "stages": Group(CASE | {"stage"}, zero=True),
    "bare": Group({"how", "mode", "burst"}),
    "scale": Group(CASE, CASE | {"lcores"}),
    "features": Group(CASE | {"features"}),
    "crypto": Group({"how", "mode", "burst"}),
    "quiet": Group({"of"}, {"of", "mode"}, {"of", "mode", "family"}, {"of", "sessions"}, {"of", "source", "sessions"},
                   rounds=1, zero=True),
    "latency": Group(TURNAROUND),
    "sojourn": Group(TURNAROUND),
    "lone": Group(TURNAROUND),
    "rate": Group(TURNAROUND - {"load", "quantile"}),
    "stalls": Group({"what"}, zero=True),
    "install": Group({"mode", "phase", "quantile"}, {"mode", "phase", "what"}, {"mode", "what"}, zero=True),
    "install-sojourn": Group({"mode", "phase", "quantile"}, zero=True),
    "memory": Group({"mode", "suite", "sessions", "cores", "what"}, zero=True),
}


def check(records):
    """AssertionError with the record that is not what its group says; no case may be there twice."""
    seen = set()
    for record in records:
        name = (record.group, tuple(sorted(record.case.items())), record.unit)
        group = GROUPS[record.group]
        assert set(record.case) in group.fields, name
        assert len(record.figure.rounds) == group.rounds, name
        assert all(value >= 0 if group.zero else value > 0 for value in record.figure.rounds), name
        assert name not in seen, ("twice", name)
        seen.add(name)
