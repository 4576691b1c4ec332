# SPDX-License-Identifier: BSD-3-Clause
"""tools/ci-bench: that all of it runs, and finds every packet answered rightly. No figure is judged."""

import json
import os
import re
import subprocess
import xml.etree.ElementTree

from harness.lab import ROOT
from harness.suite import alone, configuration


@alone
@configuration(start=False)
def test_smoke(lab):
    output = os.path.join(lab.folder, "ci-bench")
    result = subprocess.run([os.path.join(ROOT, "tools", "ci-bench"), "--smoke", "--build", lab.build, "--output", output],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300, cwd=lab.folder)
    assert result.returncode == 0, f"exit {result.returncode}\n{result.stdout}{result.stderr}"
    with open(os.path.join(output, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    assert set(report["modes"]) == {"unauthenticated", "authenticated", "encrypted"}
    assert all(mode["figure"] > 0 and mode["wrong"] == [] for mode in report["modes"].values()), report
    assert report["reference"]["figure"] > 0
    suite = xml.etree.ElementTree.parse(os.path.join(output, "junit.xml")).getroot()
    assert len(list(suite.iter("testcase"))) == 6 and not list(suite.iter("failure"))
    with open(os.path.join(output, "report.html"), encoding="utf-8") as file:
        page = file.read()
    assert "<svg" in page and not re.search(r"""(src|href)\s*=\s*["']?(?!#|data:)|<script|<link""", page, re.I)
    with open(os.path.join(output, "report.txt"), encoding="utf-8") as file:
        assert file.read() == result.stdout[:result.stdout.rindex("reports: ")]
