# SPDX-License-Identifier: BSD-3-Clause
"""A run's records as a table for a person. Figures of one machine and one moment: ratios are what to compare."""

from records import ratio
from targets import MODES, datapath, fastest_suite, packets_per_second

MEGA = 1e6
STAGES = ("parse", "lookup", "open", "build", "seal", "stamp")
INSTALL_COUNTS = ("reflected", "lost", "waited")
QUANTILES = ("p50", "p99", "p99.9", "max")


def number(value):
    if value is None:
        return "-"
    if abs(value) >= 1000 or value == 0:
        return f"{value:,.0f}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def shown(figure, scale=1.0):
    """Median, the spread behind it, and a mark when it is noisy."""
    if figure is None:
        return "-"
    if figure.low == figure.high:
        return number(figure.median * scale)
    return (f"{number(figure.median * scale)} ({number(figure.low * scale)}..{number(figure.high * scale)})"
            + ("~" if figure.noisy else ""))


def against(figure, reference):
    """A ratio; the reference itself is 1, whatever it spread by."""
    return "1" if figure is not None and figure is reference else shown(ratio(figure, reference))


def table(title, head, rows):
    """Lines of a section; none without rows. The first column is text, the others are set to the right."""
    if not rows:
        return []
    cells = [head] + [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ["", title]
    for row in cells:
        parts = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  " + "  ".join(parts).rstrip())
    return lines


def datapath_section(results):
    rows = []
    for record in results.select("datapath"):
        case = record.case
        # Every suite beside ipsec-mb, the reference of the same run; unauthenticated packets have none.
        reference = results.figure("datapath", **{**case, "suite": "ipsec-mb"}) if case["suite"] != "none" else None
        rate = packets_per_second(results, record.figure)
        rows.append([f"{case['mode']}, {case['suite']}", f"IPv{case['family']}", case["payload"], f"{case['sessions']:,}",
                     case["burst"], shown(record.figure), number(rate.median / MEGA) if rate else "-",
                     shown(ratio(reference, record.figure)) if case["suite"] != "ipsec-mb" else "1"])
    return table("Datapath from memory, one core",
                 ["mode, suite", "", "payload", "sessions", "burst", "TSC cycles a packet", "Mpps", "x of ipsec-mb"], rows)


def features_section(results):
    rows = []
    for record in results.select("features"):
        usual = results.figure("datapath", **{name: value for name, value in record.case.items() if name != "features"})
        rows.append([f"{record.case['mode']}, {record.case['suite']}", record.case["features"], shown(record.figure),
                     shown(ratio(usual, record.figure))])
    return table("Sessions with PTP timestamps, or with DSCP and ECN monitoring, one core",
                 ["mode, suite", "", "TSC cycles a packet", "x of usual sessions"], rows)


def stage_section(results):
    rows = []
    cases = []
    for record in results.select("stages"):
        case = {name: value for name, value in record.case.items() if name != "stage"}
        if case not in cases:
            cases.append(case)
    for case in cases:
        figures = [results.figure("stages", stage=stage, **case) for stage in STAGES]
        total = sum(figure.median for figure in figures if figure)
        rows.append([f"{case['mode']}, {case['suite']}"]
                    + [f"{number(figure.median)} ({100 * figure.median / total:.0f}%)" if figure and total else "-"
                       for figure in figures])
    return table("Where they go: TSC cycles a packet and share of each stage", ["mode, suite", *STAGES], rows)


def process_section(results):
    rows = []
    for record in results.select("process"):
        case = record.case
        # Whole programs are compared with testpmd, our worker in the bench's own process with plain loops of the same.
        other = "loop" if case["program"] in ("worker", "loop") else "testpmd"
        references = {forward: results.figure("process", program=other, source=case["source"], forward=forward,
                                              sessions=case["sessions"])
                      for forward in ("5tswap", "5tswap-packed", "macswap")}
        rows.append([f"{case['program']} {case['forward']}", case["source"], case["mode"], case.get("payload", "-"),
                     f"{case['sessions']:,}", shown(record.figure, 1 / MEGA)]
                    + [against(record.figure, reference) for reference in references.values()])
    return table("Whole process, one lcore",
                 ["program", "source", "mode", "payload", "sessions", "Mpps", "of 5tswap", "of 5tswap-packed", "of macswap"], rows)


def crypto_section(results):
    rows = []
    for record in results.select("crypto"):
        case = record.case
        fastest = results.figure("crypto", how=f"suite {fastest_suite(results)}", mode=case["mode"], burst=case["burst"])
        rows.append([case["how"], case["mode"], case["burst"], shown(record.figure), against(record.figure, fastest)])
    return table("Crypto alone: open and seal, 1,024 sessions",
                 ["how", "mode", "burst", "TSC cycles a packet", "x of our suite"], rows)


def latency_section(results):
    rows = []
    cases = []
    for record in results.select("latency"):
        case = {name: value for name, value in record.case.items() if name != "quantile"}
        if case not in cases:
            cases.append(case)
    for case in cases:
        reference = results.figure("latency", mode="unauthenticated", suite="none", load=case["load"], quantile="p50")
        figures = [results.figure("latency", quantile=quantile, **case) for quantile in QUANTILES]
        load = case["load"] if case["load"] == "lone" else f"{case['load']} %"
        rows.append([f"{case['mode']}, {case['suite']}", case["ahead"], load, *[shown(figure) for figure in figures[:-1]],
                     number(max(figures[-1].rounds) if figures[-1] else None), against(figures[0], reference)])
    return table("Turnaround, rx burst to tx burst, TSC cycles", ["mode, suite", "ahead", "load", *QUANTILES[:-1],
                                                                 "max of all", "p50 x of unauthenticated"], rows)


def case_section(results, group, title, measured):
    """A row for each record, a column for each field of its case."""
    records = results.select(group)
    fields = list(dict.fromkeys(name for record in records for name in record.case))
    rows = [[*[plain(record.case.get(name, "-")) for name in fields], shown(record.figure)] for record in records]
    head = [*fields, measured]
    if len({record.unit for record in records}) > 1:
        rows = [row + [record.unit] for row, record in zip(rows, records)]
        head.append("")
    return table(title, head, rows)


def plain(value):
    return f"{value:,}" if isinstance(value, int) else value


def install_section(results):
    columns = [{"quantile": quantile} for quantile in QUANTILES], [{"what": what} for what in INSTALL_COUNTS]
    cases = [{"mode": mode, "phase": phase} for mode in results.values("install", "mode")
             for phase in results.values("install", "phase")]
    turnaround, counts = [[[f"{case['mode']}, {case['phase']}", *[shown(results.figure("install", **case, **column)) for column in half]]
                           for case in cases] for half in columns]
    lines = table("100,000 sessions installed under traffic: turnaround, TSC cycles", ["mode, phase", *QUANTILES], turnaround)
    lines += table("The same: packets, and for how many microseconds the kernel had the worker wait for its CPU",
                   ["mode, phase", *INSTALL_COUNTS], counts)
    for mode in results.values("install", "mode"):
        for what, name in (("rate", "sessions installed a second"), ("withdraw rate", "withdrawn a second"),
                           ("stop turn", "us to stop all in one turn"), ("withdraw turn", "us to withdraw all in one turn")):
            figure = results.figure("install", mode=mode, what=what)
            if figure:
                lines.append(f"  {mode}: {shown(figure)} {name}")
    return lines


def memory_section(results):
    rows = []
    for record in results.select("memory"):
        case = {name: value for name, value in record.case.items() if name != "what"}
        if record.case.get("what", "all") == "all":
            rows.append([f"{case['mode']}, {case['suite']}", f"{case['sessions']:,}", case["cores"],
                         shown(results.figure("memory", **{**case, "what": "empty registry"})), shown(record.figure)])
    return table("Memory: octets a session", ["mode, suite", "sessions", "cores", "before any is installed", "all"], rows)


def scale_section(results):
    rows = []
    for sessions in results.values("scale", "sessions"):
        cells = []
        for mode in MODES:
            figures = [record.figure for record in results.select("scale", sessions=sessions, mode=mode)
                       if "lcores" not in record.case]
            one = datapath(results, mode)
            cells.append(f"{number(figures[0].median)} ({number(one.median / figures[0].median)})" if figures and one
                         else number(figures[0].median) if figures else "-")
        if any(cell != "-" for cell in cells):
            rows.append([f"{sessions:,}", *cells])
    lines = table("Sessions: TSC cycles a packet (throughput of 1,024 sessions = 1)", ["sessions", *MODES], rows)
    rows = []
    for record in results.select("scale"):
        if "lcores" not in record.case:
            continue
        case = record.case
        one = results.figure("scale", **{**case, "lcores": 1})
        rows.append([f"{case['mode']}", case["lcores"], shown(record.figure, 1 / MEGA), against(record.figure, one)])
    return lines + table("Lcores, each with a reflector of its own", ["mode", "lcores", "Mpps", "x of one"], rows)


def verdict(target):
    if target.figure is None:
        return "NOT MEASURED"
    said = "met" if target.met else "NOT MET"
    return said + (", disturbed" if target.disturbed else ", noisy" if target.figure.noisy else "")


def target_section(found):
    rows = [[target.name, f"{target.bound} {number(target.target)}" + ("" if target.unit == "ratio" else f" {target.unit}"),
             shown(target.figure), verdict(target)] for target in found]
    lines = table("Targets", ["what", "target", "measured", ""], rows)
    lines.append(f"  {sum(target.met for target in found)} of {len(found)} met")
    doubtful = sum(target.noisy for target in found)
    if doubtful:
        lines[-1] += f"; {doubtful} measured on a noisy machine: repeat these before believing them"
    if any(target.disturbed for target in found):
        lines.append("  disturbed: somebody else used the core, or the machine took the CPU away or lost packets before anything was installed")
    return lines


def machine_line(results):
    machine = results.select("machine")
    if not machine:
        return []
    case = machine[0].case
    return [f"{case.get('cpu', 'unknown CPU')}, {case.get('cpus', '?')} CPUs, TSC {machine[0].figure.median / 1e9:.2f} GHz"]


def report(results, found, quick):
    """The whole table as text."""
    noisy = sum(record.figure.noisy for record in results.records)
    lines = ["specular bench" + (", quick: few rounds, nothing to quote" if quick else ""), *machine_line(results),
             "Median (10th..90th percentile of the rounds); ~ marks a spread above 10 %. Compare ratios only."]
    if noisy:
        lines.append(f"NOISY RUN: {noisy} of {len(results.records)} figures spread by more than 10 %. "
                     "Repeat on a quiet machine before believing a small difference.")
    for record in results.select("quiet"):
        if record.figure.median < 1:
            which = ", ".join(str(value) for value in record.case.values())
            lines.append(f"SHARED CORE: {100 * (1 - record.figure.median):.0f} % of what was measured ({which}) was "
                         "measured while somebody else used the core's units.")
    for part in (datapath_section, features_section, stage_section, process_section, crypto_section, latency_section, scale_section):
        lines += part(results)
    lines += case_section(results, "control", "Control plane: connect to stop", "set-ups a CPU second")
    lines += case_section(results, "mass-stop", "Sessions that end at once: connect to Greeting of somebody else meanwhile", "us")
    lines += install_section(results) + memory_section(results)
    lines += case_section(results, "key-lookup", "Look-up of an IKE SA's key", "ns a look-up")
    lines += case_section(results, "peers", "Other servers, same client, loopback", "median")
    return "\n".join(lines + target_section(found)) + "\n"
