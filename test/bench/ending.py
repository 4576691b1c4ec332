# SPDX-License-Identifier: BSD-3-Clause
"""How the bench's Python programs end."""

import sys

from harness.running import take_interruptions


class Failed(Exception):
    """The text says what does not work, for a person."""


def status(name, measure):
    """The exit code of a program that measures: 1 when it failed, and the reason on standard error. Interruptions pass through."""
    take_interruptions()
    try:
        measure()
    except Failed as reason:
        print(f"{name}: {reason}", file=sys.stderr)
        return 1
    return 0
