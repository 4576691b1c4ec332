# SPDX-License-Identifier: BSD-3-Clause
"""The runner of unit tests in Python."""

import traceback


def unit_run(name, module):
    """Runs the functions of a module (its globals()) whose names begin with test_. The exit code, after "NAME: N passed, N failed"."""
    passed = failed = 0
    for test, function in list(module.items()):
        if not test.startswith("test_"):
            continue
        try:
            function()
            passed += 1
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"{test}:")
            print(traceback.format_exc())
    print(f"{name}: {passed} passed, {failed} failed")
    return 1 if failed else 0
