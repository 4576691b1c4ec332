# SPDX-License-Identifier: BSD-3-Clause
"""What the e2e tests stand on: a TWAMP client of its own, raw frames, the lab, and the runner."""
