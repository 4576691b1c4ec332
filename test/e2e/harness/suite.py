# SPDX-License-Identifier: BSD-3-Clause
"""Marks on test functions and the runner that finds, groups, runs and counts them."""

import collections
import contextlib
import fcntl
import importlib
import json
import os
import sys
import time
import traceback

from . import lanes
from .lab import Lab, LabError
from .running import kept

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Skip(Exception):
    """The test cannot run here; the text says why."""


def cases(*values):
    """One test a value; tuples are spread over the arguments after lab."""
    def mark(function):
        function.cases = [value if isinstance(value, tuple) else (value,) for value in values]
        return function
    return mark


def configuration(**changes):
    """The appliance runs with these changes to the tests' configuration (harness/lab.py). With start=False it does not run."""
    def mark(function):
        function.start = changes.pop("start", True)
        function.configuration = changes
        return function
    return mark


def alone(function):
    """No other lab is at work meanwhile: the test needs a CPU to itself, or looks at what is the whole machine's."""
    function.alone = True
    return function


def subset(*names):
    """Belongs to a smaller set that `run --subset NAME` runs."""
    def mark(function):
        function.subsets = names
        return function
    return mark


class Test:
    def __init__(self, module, function, arguments):
        suffix = f"[{','.join(str(value) for value in arguments)}]" if arguments else ""
        self.name = f"{module}.{function.__name__}{suffix}"
        self.function, self.arguments = function, arguments
        self.configuration = getattr(function, "configuration", {})
        self.start = getattr(function, "start", True)
        self.subsets = getattr(function, "subsets", ())
        self.alone = getattr(function, "alone", False)
        self.module = module

    def group(self):
        return json.dumps([self.configuration, self.start], sort_keys=True)


def discover():
    sys.path.insert(0, HERE)
    tests = []
    for name in sorted(os.listdir(HERE)):
        if not name.startswith("test_") or not name.endswith(".py"):
            continue
        module = importlib.import_module(name[:-3])
        for function in list(vars(module).values()):
            if callable(function) and getattr(function, "__name__", "").startswith("test_") and \
                    function.__module__ == module.__name__:
                for arguments in getattr(function, "cases", [()]):
                    tests.append(Test(name[5:-3], function, arguments))
    return tests


def grouped(tests):
    """Tests that share a configuration follow each other, so that the lab is brought up once for them."""
    order = {}
    for test in tests:
        order.setdefault(test.group(), []).append(test)
    return [test for group in order.values() for test in group]


class Runner:
    def __init__(self, lab, out=sys.stdout):
        self.lab, self.out = lab, out
        self.passed = self.failed = self.skipped = 0
        self.running = None  # the group that the lab is up for

    def say(self, text):
        self.out.write(text + "\n")  # at once: other labs speak as well
        self.out.flush()

    def counts(self):
        return {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}

    def lower(self):
        """Takes the lab down; a sanitizer's finding is a failure of its own."""
        if self.running is not None:
            faults = self.lab.down()
            self.running = None
            if faults:
                self.failed += 1
                self.say("FAILED the appliance's log tells of faults:\n    " + "\n    ".join(faults))

    def raise_for(self, test):
        if self.running == test.group() and (not test.start or self.lab.pid() is not None):
            if test.start:
                self.lab.close_connections()
            return
        self.lower()
        self.lab.up(test.configuration, test.start)
        self.running = test.group()

    def run(self, test):
        started = time.monotonic()
        self.log_mark = 0
        try:
            with contextlib.ExitStack() as stack:
                self.lab.deferred = stack
                self.raise_for(test)
                self.log_mark = len(self.lab.log())
                test.function(self.lab, *test.arguments)
            if test.start and self.lab.pid() is None:
                raise AssertionError("the appliance does not run any more")
        except Skip as reason:
            self.skipped += 1
            self.say(f"skipped {test.name}: {reason}")
            return
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            self.failed += 1
            self.tell(test, error)
            self.lower()  # the next test starts from a clean lab
            return
        self.passed += 1
        self.say(f"ok {test.name} ({time.monotonic() - started:.1f} s)")

    def run_all(self, tests):
        for test in tests:
            self.run(test)
        self.lower()

    def tell(self, test, error):
        text = str(error) if isinstance(error, LabError) else "".join(traceback.format_exception(error))
        said = f"FAILED {test.name}\n    " + text.rstrip().replace("\n", "\n    ")
        log = self.lab.log_after(self.log_mark).splitlines()[-40:]
        if log:
            said += "\n    the appliance's log meanwhile:\n        " + "\n        ".join(log)
        self.say(said)


def selected(arguments):
    tests = grouped(discover())
    if arguments.subset:
        tests = [test for test in tests if arguments.subset in test.subsets]
    if arguments.patterns:
        tests = [test for test in tests if any(pattern in test.name for pattern in arguments.patterns)]
    return tests


def main(arguments):
    tests = selected(arguments)
    if arguments.list:
        print("\n".join(test.name for test in tests))
        return 0
    with kept(lambda: Lab(arguments.build), Lab.close) as lab:
        lock = open(f"/run/lock/{lab.name}-tests", "w", encoding="ascii")
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits: both would want this lab
        counts = collections.Counter()
        if arguments.jobs > 1:
            together, tests_alone = [test for test in tests if not test.alone], [test for test in tests if test.alone]
            counts.update(lanes.run(together, arguments.jobs, lambda number: Runner(Lab(arguments.build, f"{lab.name}-{number}"))))
        else:
            tests_alone = tests
        runner = Runner(lab)
        runner.run_all(tests_alone)
        counts.update(runner.counts())
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    print(f"e2e: {counts['passed']} passed, {counts['failed']} failed{skipped}")
    return 1 if counts["failed"] or not tests else 0
