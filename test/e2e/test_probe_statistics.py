# SPDX-License-Identifier: BSD-3-Clause
"""The probe's numbers are true: what a link does to known packets is what the report says. No upper bound on any time."""

from harness.lab import APPLIANCE
from harness.relay import ImpairedLink, delay, double, lose, swap
from harness.suite import cases

MODES = ("unauthenticated", "encrypted")
COUNT = 60
LOST = tuple(range(4, 54, 5))  # none among the last ones, whose way of getting lost nobody can tell
MS = 1_000_000


# Seconds until a reply counts as lost: more than a busy machine keeps one. What is lost is waited for to the end.
TIMEOUT, LOSSY_TIMEOUT = 15, 3


def measured(lab, mode, version=4, expect=0, interval=0.01, **rules):
    ImpairedLink(lab, **rules)
    timeout = TIMEOUT if expect == 0 else LOSSY_TIMEOUT
    report = lab.probe(APPLIANCE[version], *lab.probe_keys(mode), "-c", str(COUNT), "-i", str(interval), "-L", str(timeout),
                       expect=expect, side=ImpairedLink.SIDE)
    assert report["total"]["sent"] == COUNT
    return report["total"]


@cases(*MODES)
def test_nothing(lab, mode):
    total = measured(lab, mode)
    assert total["answered"] == COUNT and total["duplicates"] == 0 and total["reordering"]["reordered"] == 0


@cases(*[(mode, version) for mode in MODES for version in (4, 6)])
def test_loss_forward(lab, mode, version):
    total = measured(lab, mode, version, 1, forward=lose(*LOST))
    assert total["lost"] == total["lost_forward"] == len(LOST) and total["lost_reverse"] == 0, total
    assert total["rtt_ns"]["count"] == COUNT - len(LOST)


@cases(*[(mode, version) for mode in MODES for version in (4, 6)])
def test_loss_reverse(lab, mode, version):
    total = measured(lab, mode, version, 1, reverse=lose(*LOST))
    assert total["lost"] == total["lost_reverse"] == len(LOST) and total["lost_forward"] == 0, total


def test_loss_both_ways(lab):
    total = measured(lab, "encrypted", 4, 1, forward=lose(3, 7), reverse=lose(10, 20, 30))
    assert (total["lost"], total["lost_forward"], total["lost_reverse"]) == (5, 2, 3), total


def test_everything_lost(lab):
    total = measured(lab, "unauthenticated", 4, 1, forward=lambda number, frame: [])
    assert total["answered"] == 0 and total["lost"] == COUNT and total["rtt_ns"] is None, total


@cases(*MODES)
def test_delay(lab, mode):
    total = measured(lab, mode, forward=delay(0.05), reverse=delay(0.02), interval=0.005)
    assert total["answered"] == COUNT
    assert total["rtt_ns"]["min"] >= 70 * MS, total["rtt_ns"]
    assert total["one_way_forward_ns"]["min"] >= 49 * MS and total["one_way_reverse_ns"]["min"] >= 19 * MS, total
    # What is in the link is not in the reflector.
    assert total["turnaround_ns"]["median"] < 50 * MS


def test_delay_beyond_the_timeout(lab):
    """A reply after -L counts as lost."""
    def rule(number, frame):
        return [(LOSSY_TIMEOUT + 0.5 if number in (5, 6) else 0, frame)]
    total = measured(lab, "unauthenticated", 4, 1, reverse=rule, interval=0.05)
    assert total["lost"] == 2 and total["answered"] == COUNT - 2, total


@cases(*MODES)
def test_duplicates(lab, mode):
    total = measured(lab, mode, forward=double(2, 9), reverse=double(20, 30, 40))
    assert total["answered"] == COUNT
    assert (total["duplicates"], total["duplicates_forward"], total["duplicates_reverse"]) == (5, 2, 3), total


@cases(*MODES)
def test_reordering(lab, mode):
    """RFC 4737: each swapped pair has one reordered packet, of extent 1."""
    total = measured(lab, mode, forward=swap(3, 13, 23), reverse=swap(33, 43))
    assert total["answered"] == COUNT
    assert total["reordering"]["reordered"] == 5 and total["reordering"]["max_extent"] == 1, total["reordering"]
    assert total["reordering_forward"]["reordered"] == 3 and total["reordering_reverse"]["reordered"] == 2, total


def test_damage(lab):
    """Replies with a damaged octet: dropped by the kernel's checksum, or refused; never measured."""
    def rule(number, frame):
        if number in (5, 15):
            frame = frame[:50] + bytes([frame[50] ^ 1]) + frame[51:]
        return [(0, frame)]
    total = measured(lab, "encrypted", 4, 1, reverse=rule)
    assert total["answered"] == COUNT - 2, total
