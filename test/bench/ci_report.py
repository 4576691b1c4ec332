# SPDX-License-Identifier: BSD-3-Clause
"""The files that tools/ci-bench leaves: report.txt, report.json, report.html, junit.xml."""

import contextlib
import html
import json
import os
from xml.sax.saxutils import escape, quoteattr

from ci_verdict import PASSED, SLOWER, WRONG

SCHEMA = "specular-ci-bench/2"
NAMES = ("report.txt", "report.json", "junit.xml", "report.html")
COLOURS = {PASSED: "#1a7f37", SLOWER: "#cf222e", WRONG: "#cf222e"}
GREY = "#57606a"
WIDTH, ROW = 640, 46


def million(rate):
    return f"{rate / 1e6:.2f}" if rate else "-"


def bound_text(bound):
    if not bound["found"]:
        return "not found"
    more = " (the load's limit: at least)" if bound["load_limited"] else " (the most that was tried)" if bound["maximum_reached"] else ""
    return f"{million(bound['rate'])}{more}"


def text(run):
    lines = [f"specular {run['specular']}, {run['suite']}; {run['cpu']}, {run['cpus']} CPUs, {run['kernel']}",
             f"bursts of {run['frames']} packets; reference: an ipsec-mb loop on the same CPU, meanwhile", "",
             f"{'mode':<16} {'Mpps':>6} {'refer.':>6} {'ratio':>6} {'from':>6} {'to':>6} {'base':>6} {'limit':>6} {'rounds':>6}"
             "  verdict"]
    for one in run["verdicts"]:
        values = (one.ratio, *(one.interval or (None, None)), one.baseline, one.limit)
        cells = " ".join(f"{value:>6.3f}" if value else f"{'-':>6}" for value in values)
        lines.append(f"{one.mode:<16} {million(one.lane.figure()):>6} {million(one.lane.reference()):>6} {cells} "
                     f"{len(one.ratios):>6}  {one.state}")
    lines += [""] + [f"{one.mode}: {one.text()}" for one in run["verdicts"]]
    if run["searches"]:
        lines += ["", "search (million packets/s; the load has a core of its own, no faster than the reflector's)"]
        for mode, report in run["searches"].items():
            lines.append(f"{mode:<16} NDR {bound_text(report['search']['ndr'])}, PDR {bound_text(report['search']['pdr'])}")
            for trial in report["trials"]:
                rtt = trial["histograms_ns"]["rtt"]
                if rtt["count"]:
                    lines.append(f"{'':<16} {trial['name']}: RTT p50 {rtt['p50'] / 1e3:.1f} us, p99 {rtt['p99'] / 1e3:.1f} us, "
                                 f"{trial['lost']} of {trial['sent']} lost")
    return "\n".join(lines + ["", f"{run['seconds']:.0f} s; {run['conclusion']}"]) + "\n"


def lane_json(lane):
    return {"figure": lane.figure(), "rates": lane.rates, "references": lane.references, "wrong": lane.wrong}


def as_json(run):
    plain = {key: value for key, value in run.items() if isinstance(value, (str, int, float))}
    return {"schema": SCHEMA, **plain,
            "modes": {one.mode: {"state": one.state, "ratio": one.ratio, "interval": one.interval, "baseline": one.baseline, "limit": one.limit,
                                 "text": one.text(), "ratios": one.ratios, **lane_json(one.lane)} for one in run["verdicts"]},
            "searches": {mode: {"search": report["search"], "trials": [
                {"name": trial["name"], "sent": trial["sent"], "lost": trial["lost"],
                 "rtt_ns": {key: value for key, value in trial["histograms_ns"]["rtt"].items() if key != "buckets"}}
                for trial in report["trials"]]} for mode, report in run["searches"].items()}}


def junit(run):
    cases = []
    for one in run["verdicts"]:
        told = quoteattr(one.text())
        failure = f"<failure message={told}>{escape(one.text())}</failure>"  # some readers show the message, some the text
        inner = {SLOWER: failure, PASSED: ""}.get(one.state, f"<skipped message={told}/>")
        cases.append(("throughput", one.mode, inner))
        cases.append(("correctness", one.mode, failure if one.state == WRONG else ""))
    failures = sum("<failure" in inner for _, _, inner in cases)
    skipped = sum("<skipped" in inner for _, _, inner in cases)
    body = "".join(f'  <testcase classname="ci-bench.{kind}" name="{mode}" time="0">{inner}</testcase>\n' for kind, mode, inner in cases)
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="ci-bench" tests="{len(cases)}" failures="{failures}" '
            f'errors="0" skipped="{skipped}" time="{run["seconds"]:.1f}">\n{body}'
            f"  <system-out>{escape(text(run))}</system-out>\n</testsuite>\n")


def plot(run):
    """Each round a dot, by its ratio to the reference in that round; the bar is the limit, the tick the baseline."""
    top = max([1.0] + [ratio for one in run["verdicts"] for ratio in one.ratios]) * 1.05

    def at(ratio):
        return 150 + ratio / top * (WIDTH - 170)
    parts = []
    for row, one in enumerate(run["verdicts"]):
        y = 24 + row * ROW
        parts.append(f'<text x="8" y="{y + 4}">{one.mode}</text><line x1="150" x2="{WIDTH - 20}" y1="{y}" y2="{y}" stroke="#d0d7de"/>')
        if one.limit:
            parts.append(f'<rect x="{at(0):.1f}" y="{y - 9}" width="{at(one.limit) - at(0):.1f}" height="18" fill="#ffebe9"/>'
                         f'<line x1="{at(one.baseline):.1f}" x2="{at(one.baseline):.1f}" y1="{y - 12}" y2="{y + 12}" stroke="{GREY}"/>')
        parts += [f'<circle cx="{at(ratio):.1f}" cy="{y}" r="3" fill="{GREY}" fill-opacity="0.5"/>' for ratio in one.ratios]
        if one.interval:
            low, high = map(at, one.interval)
            parts.append(f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y}" y2="{y}" stroke="{COLOURS.get(one.state, GREY)}" stroke-width="4"/>')
        if one.ratio:
            parts.append(f'<circle cx="{at(one.ratio):.1f}" cy="{y}" r="6" fill="{COLOURS.get(one.state, GREY)}"/>'
                         f'<text x="{at(one.ratio):.1f}" y="{y - 13}" text-anchor="middle">{one.ratio:.3f}</text>')
    height = 24 + len(run["verdicts"]) * ROW
    return f'<svg viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" font-size="13" font-family="sans-serif">{"".join(parts)}</svg>'


def page(run):
    rows = "".join(f'<tr><td>{one.mode}</td><td>{million(one.lane.figure())}</td><td style="color:{COLOURS.get(one.state, GREY)}">'
                   f"<b>{one.state}</b></td><td>{html.escape(one.text())}</td></tr>" for one in run["verdicts"])
    pages = "".join(f"<details><summary>search, {mode}</summary><iframe title=\"{mode}\" srcdoc={quoteattr(content)}></iframe></details>"
                    for mode, content in run["pages"].items())
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>ci-bench: {html.escape(run['conclusion'])}</title>
<style>body{{font:15px sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#1f2328}}td,th{{padding:.3em .8em;text-align:left;
border-bottom:1px solid #d0d7de}}table{{border-collapse:collapse}}pre{{background:#f6f8fa;padding:1em;overflow:auto}}
iframe{{width:100%;height:90vh;border:1px solid #d0d7de}}summary{{margin:.7em 0;cursor:pointer}}</style></head><body>
<h1>ci-bench: {html.escape(run['conclusion'])}</h1>
<p>Each dot is a round: its ratio to an ipsec-mb loop on the same CPU. The coloured dot is their median, the bar beside it where it may lie;
the tick is the baseline, below the shade's end it is too slow.</p>
{plot(run)}
<table><tr><th>mode</th><th>million packets/s</th><th>verdict</th><th></th></tr>{rows}</table>
<h2>In full</h2><pre>{html.escape(text(run))}</pre>
{pages}</body></html>
"""


def forget(folder):
    """What an earlier run left shall not be taken for one's that could not run."""
    for name in NAMES:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))


def write(run, folder):
    os.makedirs(folder, exist_ok=True)
    for name, content in zip(NAMES, (text(run), json.dumps(as_json(run), indent=1) + "\n", junit(run), page(run))):
        path = os.path.join(folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(path + ".new", path)
