# SPDX-License-Identifier: BSD-3-Clause
"""The systemd unit, as far as systemd-analyze reads it."""

import os
import re
import shutil
import subprocess

from harness.lab import ROOT
from harness.suite import Skip, configuration

UNIT = os.path.join(ROOT, "config", "specular.service")


def analyze(*arguments):
    if shutil.which("systemd-analyze") is None:
        raise Skip("no systemd-analyze")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)


@configuration(start=False)
def test_exposure(_):
    """No worse than doc/operations.md says."""
    result = analyze("security", "--offline=yes", "--no-pager", UNIT)
    found = re.search(r"Overall exposure level for specular.service: ([\d.]+)", result.stdout)
    assert found, result.stdout + result.stderr
    with open(os.path.join(ROOT, "doc", "operations.md"), encoding="utf-8") as file:
        told = re.search(r"an exposure of ([\d.]+)", file.read()).group(1)
    assert float(found.group(1)) <= float(told), f"{found.group(1)}, told is {told}"


@configuration(start=False)
def test_every_line_is_understood(lab):
    """Programs that are not installed here are replaced by one that is."""
    with open(UNIT, encoding="utf-8") as file:
        text = re.sub(r"/usr/sbin/specular\b", "/bin/true", file.read()).replace("man:specular(8) ", "")
    path = os.path.join(lab.folder, "specular.service")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    result = analyze("verify", "--man=no", path)
    said = [line for line in result.stderr.splitlines() if "specular.service" in line]
    assert result.returncode == 0 and not said, result.stderr
