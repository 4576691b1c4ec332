# SPDX-License-Identifier: BSD-3-Clause
"""What the appliance shall at least reach, computed from a run's records: quiet, one core, 1,024 sessions, bursts of 32."""

from records import Figure, ratio

USUAL = {"family": 4, "payload": 112, "sessions": 1024, "burst": 32}
MODES = ("unauthenticated", "authenticated", "encrypted")
MANY = {65536: 0.75, 1048576: 0.55}
# The port's queue is full after about as long (bench_install).
WAITED_US_MAX = 200
MEGA = 1e6


class Target:
    """One line of the table. figure is None where the run has not what it needs; disturbed when the machine spoilt every round."""

    def __init__(self, name, bound, target, unit, figure, disturbed=False):
        self.name, self.bound, self.target, self.unit, self.figure = name, bound, target, unit, figure
        self.disturbed = disturbed

    @property
    def noisy(self):
        return self.figure is not None and (self.disturbed or self.figure.noisy)

    @property
    def met(self):
        if self.figure is None:
            return False
        measured = self.figure.median
        return {"at least": measured >= self.target, "at most": measured <= self.target,
                "below": measured < self.target}[self.bound]

    def as_json(self):
        figure = self.figure
        return {"name": self.name, "bound": self.bound, "target": self.target, "unit": self.unit,
                "measured": figure.median if figure else None, "low": figure.low if figure else None,
                "high": figure.high if figure else None, "noisy": self.noisy if figure else None, "met": self.met}


def fastest_suite(results):
    """The suite that the appliance chooses by itself on this CPU."""
    return "avx512" if "avx512" in results.values("datapath", "suite") else "ipsec-mb"


def datapath(results, mode, suite=None, **changed):
    suite = "none" if mode == "unauthenticated" else suite or fastest_suite(results)
    return results.figure("datapath", mode=mode, suite=suite, **{**USUAL, **changed})


def shared(results, of, **case):
    """True when so much of what a program measured was measured on a core that somebody else used as well that medians show it."""
    return any(record.figure.median < 0.75 for record in results.select("quiet", of=of, **case))


def datapath_shared(results, mode):
    return shared(results, "datapath", mode=mode, family=USUAL["family"])


def packets_per_second(results, cycles):
    machine = results.select("machine")
    return cycles.inverted(machine[0].figure.median) if cycles and machine else None


def best_bare(results):
    """The fastest way of bare ipsec-mb for authenticated packets; its rounds, for it was measured beside the datapath."""
    bare = [record.figure for record in results.select("bare", mode="authenticated", burst=USUAL["burst"])
            if str(record.case.get("how", "")).startswith("ipsec-mb")]
    return min(bare, key=lambda figure: figure.median, default=None)


def process(results):
    case = {"source": "net_pcap", "mode": "unauthenticated", "sessions": 1024}
    yield Target("whole process, unauthenticated, packets of testpmd 5tswap on the same capture", "at least", 0.80, "ratio",
                 ratio(results.figure("process", program="specular", **case),
                       results.figure("process", program="testpmd", forward="5tswap", **case)),
                 shared(results, "process", sessions=case["sessions"]))


def secured(results):
    for mode, mpps in (("authenticated", 10.0), ("encrypted", 8.0)):
        cycles = datapath(results, mode)
        rate = packets_per_second(results, cycles)
        yield Target(f"datapath, {mode}", "at least", mpps, "Mpps", rate.scaled(1 / MEGA) if rate else None,
                     datapath_shared(results, mode))
        yield Target(f"datapath, {mode}, against suite ipsec-mb", "at least", 2.0, "ratio",
                     ratio(datapath(results, mode, "ipsec-mb"), cycles), datapath_shared(results, mode))
    yield Target("datapath, authenticated with suite ipsec-mb, cycles of the best bare ipsec-mb", "at most", 1.25, "ratio",
                 ratio(datapath(results, "authenticated", "ipsec-mb"), best_bare(results)), datapath_shared(results, "authenticated"))


def lone(results):
    def turnaround(mode, suite, ahead):
        return results.figure("latency", mode=mode, suite=suite, ahead=ahead, load="lone", quantile="p50")
    yield Target("lone packet's turnaround, authenticated (hot session), against unauthenticated", "at most", 1.5, "ratio",
                 ratio(turnaround("authenticated", fastest_suite(results), "on"),
                       turnaround("unauthenticated", "none", "off")), shared(results, "latency"))


def many(results):
    for sessions, share in MANY.items():
        for mode in MODES:
            yield Target(f"datapath, {mode}, {sessions:,} sessions in random order, throughput of 1,024", "at least", share,
                         "ratio", ratio(datapath(results, mode), datapath(results, mode, sessions=sessions)),
                         datapath_shared(results, mode))


def memory(results):
    for mode in ("unauthenticated", "authenticated"):
        suite = "none" if mode == "unauthenticated" else fastest_suite(results)
        found = [record for record in results.select("memory", mode=mode, suite=suite, cores=1)
                 if record.case.get("sessions", 0) >= 100000]
        worst = max((record.figure for record in found), key=lambda figure: figure.median, default=None)
        yield Target(f"memory of an installed session, {mode}, one core", "at most", 256, "octets", worst)


def control(results):
    case = {"unauthenticated": {"keys": "none"}, "authenticated": {"keys": "psk", "derivation": "cached"}}
    for mode, least in (("unauthenticated", 5000), ("authenticated", 2500)):
        found = [record for record in results.select("control", mode=mode, **case[mode]) if "installed" not in record.case]
        yield Target(f"session set-ups a CPU second, {mode}", "at least", least, "set-ups",
                     found[0].figure if found else None, shared(results, "control"))


def undisturbed(results, mode):
    """Rounds in which neither the kernel took the worker's CPU away, nor packets were lost before sessions were installed."""
    phases = ("before", "elsewhere", "during")
    bounds = [(results.figure("install", mode=mode, phase=phase, what="waited"), WAITED_US_MAX) for phase in phases] \
        + [(results.figure("install", mode=mode, phase=phase, what="lost"), 0) for phase in phases[:2]]
    bounds = [(figure.rounds, most) for figure, most in bounds if figure]
    count = min((len(rounds) for rounds, _ in bounds), default=0)
    return [i for i in range(count) if all(rounds[i] <= most for rounds, most in bounds)]


def install_of(results, mode):
    """Packets lost, and p99 while sessions were installed against before, of the rounds that count; and whether there were none."""
    good = undisturbed(results, mode)

    def of(**case):
        figure = results.figure("install", mode=mode, **case)
        return Figure([figure.rounds[i] for i in good]) if figure and good else figure
    return of(phase="during", what="lost"), ratio(of(phase="during", quantile="p99"), of(phase="before", quantile="p99")), \
        not good or shared(results, "install", mode=mode)


def install(results):
    """Of the worst mode; one that the machine disturbed says nothing beside one that it left alone."""
    measured = [install_of(results, mode) for mode in results.values("install", "mode")]

    def worst(index):
        found = [(one[index], one[2]) for one in measured if one[index] is not None]
        quiet = [one for one in found if not one[1]]
        return max(quiet or found, key=lambda one: one[0].median, default=(None, False))
    yield Target("installing 100,000 sessions under traffic, packets lost", "at most", 0, "packets", *worst(0))
    yield Target("installing 100,000 sessions under traffic, p99 turnaround against before", "below", 2.0, "ratio", *worst(1))


def targets(results):
    """In the order in which they are printed."""
    found = []
    for part in (process, secured, lone, many, memory, control, install):
        found.extend(part(results))
    return found
