# SPDX-License-Identifier: BSD-3-Clause
"""What the service manager hears, and a polling lcore that really stands still."""

import signal

from harness.lab import APPLIANCE
from harness.service_manager import ServiceManager, stopped, threads
from harness.suite import configuration


def started(lab, changes=None, watchdog_seconds=None):
    manager = ServiceManager(lab.runtime, watchdog_seconds)
    lab.deferred.callback(manager.close)
    before = lab.environment
    lab.environment = {**before, **manager.environment()}
    try:
        return manager, lab.start_specular(changes)
    finally:
        lab.environment = before


@configuration(start=False)
def test_service_manager(lab):
    """A stuck lcore is told once, ends the signs of life, and recovers; the appliance itself goes on meanwhile."""
    manager, process = started(lab, {"operation": {"stuck-after": 1}}, watchdog_seconds=1)
    lab.wait_for(lambda: manager.has("READY", "1"), 10, "READY=1")
    lab.wait_for(lambda: manager.has("WATCHDOG", "1"), 5, "a sign of life")
    assert any(message.get("STATUS") == "0 test sessions on 1 polling lcore" for message in manager.heard), manager.heard
    poller, = [thread for thread, name in threads(process.pid).items() if name in ("lcore-worker-1", "rte-worker-1")]
    mark = len(lab.log())
    with stopped(poller):
        lab.wait_for_log("error core-stuck: polling lcore 0 on CPU 1 ", mark)
        lab.wait_for(lambda: manager.has("STATUS", text="stuck: CPU 1"), 5, "the status")
        assert not lab.wait_for(lambda: manager.has("WATCHDOG"), 0.4, "no sign of life", fail=False), manager.heard
        assert lab.log_after(mark).count("core-stuck") == 1
        # Only packets suffer: the slow path still listens.
        assert lab.run("appliance", "timeout", "5", "bash", "-c", f"exec 3<>/dev/tcp/{APPLIANCE[4]}/862", check=False).returncode == 0
    lab.wait_for_log("warning core-recovered: polling lcore 0 on CPU 1 ", mark)
    lab.wait_for(lambda: manager.has("WATCHDOG", "1"), 5, "signs of life again")
    # The slow path itself: nobody speaks for it, and the polling lcores go on.
    with stopped(process.pid):
        manager.listen()
        assert not lab.wait_for(lambda: manager.has("WATCHDOG"), 0.4, "no sign of life", fail=False), manager.heard
    lab.wait_for(lambda: manager.has("WATCHDOG", "1"), 5, "signs of life of the slow path")
    lab.probe("--count=20", "--interval=0.01", APPLIANCE[4])
    manager.listen()  # a socket keeps a few messages only
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert manager.has("STOPPING", "1"), manager.heard
