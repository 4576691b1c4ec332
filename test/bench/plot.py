# SPDX-License-Identifier: BSD-3-Clause
"""The cost curve over the number of sessions, drawn by gnuplot as SVG and PNG."""

import os
import subprocess

from targets import MODES

SCRIPT = """set terminal {terminal}
set output '{output}'
set title 'Cost of a packet, bursts of 32, sessions in random order, one core'
set xlabel 'sessions'
set ylabel 'TSC cycles a packet'
set logscale x 2
set format x '%.0f'
set yrange [0:*]
set grid
set key left top
set rmargin 5
plot {plots}
{data}
"""
TERMINALS = {"svg": "svg size 900,540 font 'sans,13' background 'white'", "png": "pngcairo size 900,540 font 'sans,11'"}


def curves(results):
    """mode: [(sessions, low, median, high)]"""
    found = {}
    for mode in MODES:
        points = [(record.case["sessions"], record.figure.low, record.figure.median, record.figure.high)
                  for record in results.select("scale", mode=mode) if "lcores" not in record.case]
        if points:
            found[mode] = sorted(points)
    return found


def plot(results, output):
    """The files that were drawn."""
    drawn = []
    found = curves(results)
    if not found:
        return drawn
    plots = ", ".join(f"'-' using 1:3:2:4 with yerrorlines title '{mode}'" for mode in found)
    data = "\n".join("\n".join(" ".join(str(value) for value in point) for point in points) + "\ne"
                     for points in found.values())
    for kind, terminal in TERMINALS.items():
        path = os.path.join(output, "sessions." + kind)
        script = SCRIPT.format(terminal=terminal, output=path.replace("'", ""), plots=plots, data=data)
        done = subprocess.run(["gnuplot"], input=script, text=True, capture_output=True)
        if done.returncode == 0:
            drawn.append(path)
    return drawn
