# SPDX-License-Identifier: BSD-3-Clause
"""tools/ci-bench: that all of it runs, and finds every packet answered rightly. No figure is judged."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree

from harness.lab import ROOT
from harness.suite import alone, configuration


def ci_bench(lab, *arguments):
    return subprocess.run([os.path.join(ROOT, "tools", "ci-bench"), "--build", lab.build, *arguments],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, cwd=lab.folder)


@alone
@configuration(start=False)
def test_smoke(lab):
    output = os.path.join(lab.folder, "ci-bench")
    result = ci_bench(lab, "--smoke", "--output", output)
    assert result.returncode == 0, f"exit {result.returncode}\n{result.stdout}{result.stderr}"
    with open(os.path.join(output, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    assert set(report["modes"]) == {"unauthenticated", "authenticated", "encrypted"}
    assert all(mode["figure"] > 0 and mode["wrong"] == [] and mode["references"][0] > 0 for mode in report["modes"].values()), report
    suite = xml.etree.ElementTree.parse(os.path.join(output, "junit.xml")).getroot()
    assert len(list(suite.iter("testcase"))) == 6 and not list(suite.iter("failure"))
    with open(os.path.join(output, "report.html"), encoding="utf-8") as file:
        page = file.read()
    assert "<svg" in page and not re.search(r"""(src|href)\s*=\s*["']?(?!#|data:)|<script|<link""", page, re.I)
    with open(os.path.join(output, "report.txt"), encoding="utf-8") as file:
        assert file.read() == result.stdout[:result.stdout.rindex("reports: ")]


@alone
@configuration(start=False)
def test_nothing_to_compare_with(lab):
    """A suite that the baseline does not have: a remedy, and exit code 2."""
    baseline = os.path.join(lab.folder, "baseline.json")
    with open(baseline, "w", encoding="utf-8") as file:
        json.dump({"schema": "specular-ci-baseline/3", "suites": {"another": {}}}, file)
    output = os.path.join(lab.folder, "ci-bench")
    result = ci_bench(lab, "--no-search", "--seconds", "0", "--baseline", baseline, "--output", output)
    assert result.returncode == 2, f"exit {result.returncode}\n{result.stdout}{result.stderr}"
    assert re.search(r"COULD NOT TELL: \S+ has nothing of .*another.*--write-baseline", result.stdout), result.stdout
    with open(baseline, "w", encoding="utf-8") as file:
        file.write("{}")
    result = ci_bench(lab, "--baseline", baseline, "--output", output)
    assert result.returncode == 2 and "no baseline of schema" in result.stderr, result.stdout + result.stderr
    assert os.listdir(output) == []  # an earlier run's reports are not this one's
