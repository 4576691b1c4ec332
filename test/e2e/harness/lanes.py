# SPDX-License-Identifier: BSD-3-Clause
"""Tests in several labs side by side: most of them wait most of the time."""

import collections
import contextlib
import itertools
import json
import multiprocessing
import os

from .running import admit, kept

END_SECONDS = 60  # for a lab to be taken down


def parts(tests):
    """What a lab takes at once: tests of a module with the same configuration."""
    return [list(part) for _, part in itertools.groupby(tests, lambda test: (test.module, test.group()))]


def work(make_runner, number, work_left, queue, results):
    """A lane: takes parts until none is left. queue: a pipe's end, each octet is the number of a part."""
    admit()
    runner = make_runner(number)
    try:
        while taken := os.read(queue, 1):
            for test in work_left[taken[0]]:
                runner.run(test)
        runner.lower()
        os.write(results, (json.dumps(runner.counts()) + "\n").encode())
    finally:
        runner.lab.close()


def end(lane):
    lane.terminate()
    lane.join(END_SECONDS)
    lane.kill()


def run(tests, count, make_runner):
    """Runs tests in so many labs; make_runner(number) makes a runner with a lab of its own. {passed, failed, skipped}."""
    work_left = parts(tests)
    assert len(work_left) < 256, "a part's number is an octet"
    queue, fill = os.pipe()
    os.write(fill, bytes(range(len(work_left))))
    os.close(fill)
    results, told = os.pipe()
    lanes = []
    with contextlib.ExitStack() as stack:
        for number in range(1, count + 1):
            lane = multiprocessing.get_context("fork").Process(target=work, args=(make_runner, number, work_left, queue, told))
            stack.enter_context(kept(lane.start, lambda _, lane=lane: end(lane)))
            lanes.append(lane)
        os.close(told)
        for lane in lanes:
            lane.join()
        broken = sum(lane.exitcode != 0 for lane in lanes)
    os.close(queue)
    counts = collections.Counter(failed=broken)
    if broken:
        print(f"FAILED {broken} of {count} labs ended early", flush=True)
    with open(results, encoding="ascii") as lines:
        for line in lines:
            counts.update(json.loads(line))
    return counts
