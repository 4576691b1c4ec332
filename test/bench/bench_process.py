#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whole process: how many packets a second specular reflects on one lcore, against what dpdk-testpmd forwards in its modes
5tswap (Ethernet, IP and UDP source and destination swapped) and macswap, from the same capture file with net_pcap's infinite_rx;
5tswap-packed is 5tswap with several buffers a page of memory, as specular has them, where testpmd by default has one.
The programs take turns, one round each. Prints records (record.h); needs root and no NIC, hugepages or network."""

import argparse
import contextlib
import json
import math
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
# pylint: disable=wrong-import-position
import process_traffic as traffic  # noqa: E402
from ending import Failed, status  # noqa: E402
from harness import pcap  # noqa: E402
from process_programs import CoreShare, Specular, Testpmd  # noqa: E402

FORWARDS = ("5tswap", "5tswap-packed", "macswap")
WARM_UP_SECONDS = 0.05
# Sessions of each table, rounds, seconds a round, and seconds a table that may go into measuring again. Rounds are short, so that
# somebody else on the core is noticed who comes and goes.
ROUNDS_LEAST = 2  # of fewer nobody could say what they vary by
EXTENTS = {"full": ((1, 1024, traffic.PACKETS_MAX), 15, 0.3, 30), "quick": ((1024,), 5, 0.25, 4), "smoke": ((64,), 2, 0.2, 0)}


def check_forward(folder, forward):
    """testpmd really swaps what its mode says: once over a file, written to another."""
    packets = traffic.requests(64)
    source, written = os.path.join(folder, "once.pcap"), os.path.join(folder, "written.pcap")
    pcap.write(source, packets)
    testpmd = Testpmd(source, forward, infinite=False, written=written)
    try:
        deadline = time.monotonic() + 10
        while testpmd.counters()["sent"] < len(packets) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        testpmd.close()
    if pcap.read(written) != [traffic.swapped(packet, forward.partition("-")[0]) for packet in packets]:
        raise Failed(f"dpdk-testpmd --forward-mode={forward} does not swap: nothing to compare with")


def measure_round(program, seconds):
    program.resume()
    time.sleep(WARM_UP_SECONDS)
    rate = program.rate(seconds)
    program.pause()
    return rate


def measure(build, folder, sessions, rounds, seconds, share):
    """Rates of {program: [a round]} in an alternating order."""
    path = os.path.join(folder, f"{sessions}.pcap")
    pcap.write(path, traffic.requests(sessions))
    with contextlib.ExitStack() as stack:
        programs = []
        for make in [lambda: Specular(build, folder, path, sessions)] + \
                [lambda forward=forward: Testpmd(path, forward) for forward in FORWARDS]:
            program = make()
            stack.callback(program.close)
            program.pause()
            programs.append(program)
        rates = {program: [] for program in programs}
        for number in range(rounds):
            if number >= ROUNDS_LEAST and time.monotonic() > share.until:
                break
            for program in programs if number % 2 == 0 else reversed(programs):
                rates[program].append(share.alone(lambda: measure_round(program, seconds)))
    return rates


def print_record(program, sessions, rates):
    print(json.dumps({"group": "process", "case": {"program": program.name, "forward": program.forward, "source": "net_pcap",
                                                   "mode": "unauthenticated", "payload": traffic.REPLY_SIZE,
                                                   "sessions": sessions},
                      "unit": "packets/s", "rounds": [float(f"{rate:.6g}") for rate in rates]}), flush=True)


def print_quiet(share, sessions):
    print(json.dumps({"group": "quiet", "case": {"of": "process", "sessions": sessions}, "unit": "share",
                      "rounds": [1 - share.disturbed / share.measured]}), flush=True)


def measure_all(options):
    table, rounds, seconds, patience = EXTENTS[options.extent or "full"]
    build = os.path.abspath(options.build)
    until = time.monotonic() + options.seconds
    with tempfile.TemporaryDirectory(prefix="specular-bench-") as folder:
        for forward in FORWARDS:
            check_forward(folder, forward)
        for sessions in (options.sessions,) if options.sessions else table:
            with contextlib.closing(CoreShare(build, patience, until=until)) as share:
                for program, rates in measure(build, folder, sessions, rounds, seconds, share).items():
                    print_record(program, sessions, rates)
                print_quiet(share, sessions)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", dest="extent", action="store_const", const="quick", help="1,024 sessions, short rounds")
    extent.add_argument("--smoke", dest="extent", action="store_const", const="smoke", help="shows that it works; no figures")
    parser.add_argument("--sessions", type=int, help="only so many")
    parser.add_argument("--seconds", type=float, default=math.inf, help="after so many no round begins, once there are two")
    parser.add_argument("--build", default="build", help="folder of the build (default: build)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("bench_process: DPDK's programs and their priority need root: sudo test/bench/bench_process.py", file=sys.stderr)
        return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("bench_process: needs CPUs 0 and 1, one of them to poll alone", file=sys.stderr)
        return 2
    if options.sessions is not None and not 0 < options.sessions <= traffic.PACKETS_MAX:
        parser.error(f"--sessions: 1 to {traffic.PACKETS_MAX}, which is what net_pcap can repeat")
    return status("bench_process", lambda: measure_all(options))


if __name__ == "__main__":
    sys.exit(main())
