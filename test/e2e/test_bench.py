# SPDX-License-Identifier: BSD-3-Clause
"""The bench that runs whole programs: that it works, and that every packet is reflected. No figure is judged."""

import json
import os
import re
import subprocess

from harness.lab import APPLIANCE, ROOT
from harness.suite import alone, configuration


def bench(lab, name, *arguments):
    """The records that a program prints."""
    result = subprocess.run([os.path.join(ROOT, "test", "bench", name), "--build", lab.build, *arguments], capture_output=True,
                            text=True, stdin=subprocess.DEVNULL, timeout=300, cwd=lab.folder)
    assert result.returncode == 0, f"{name}: exit {result.returncode}\n{result.stdout}{result.stderr}"
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"group"')]


@alone
@configuration(start=False)
def test_bench_process(lab):
    """Sessions installed by the control protocol, packets of a capture file; the bench itself fails when one is not reflected."""
    records = [record for record in bench(lab, "bench_process.py", "--smoke") if record["group"] != "quiet"]
    assert [(record["case"]["program"], record["case"]["forward"]) for record in records] == [
        ("specular", "reflect"), ("testpmd", "5tswap"), ("testpmd", "5tswap-packed"), ("testpmd", "macswap")], records
    for record in records:
        assert record["group"] == "process" and record["unit"] == "packets/s" and min(record["rounds"]) > 0, record


@configuration(start=False)
def test_bench_process_refuses(lab):
    """More sessions than a capture may have packets."""
    result = subprocess.run([os.path.join(ROOT, "test", "bench", "bench_process.py"), "--sessions", "32769"],
                            capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, cwd=lab.folder)
    assert result.returncode == 2 and "32768" in result.stderr, result.stderr


def test_bench_peers(lab):
    """The client that other servers are measured with, against ours."""
    program = os.path.join(ROOT, "test", "bench", "bench_peers.py")
    command = [program, "--build", lab.build, "--name", "lab", "--server", f"{APPLIANCE[4]}:862", "--pid", str(lab.pid()), "--rounds", "1",
               "--seconds", "0.2"]
    found = []

    def measured():
        """Unless the machine ran one of the two for too short a time."""
        result = lab.run("client", *command, check=False, timeout=300)
        assert result.returncode == 0 or re.search("no measure|took no CPU time", result.stderr), result.stdout + result.stderr
        found[:] = [result.stdout]
        return result.returncode == 0
    lab.wait_for(measured, 20, "a measure")
    records = [json.loads(line) for line in found[0].splitlines()]
    assert len(records) == 6 and all(min(record["rounds"]) > 0 for record in records), records
