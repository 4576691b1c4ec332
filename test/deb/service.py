# SPDX-License-Identifier: BSD-3-Clause
"""The packaged service: run as the unit says, and run by a systemd. Called by tools/check-deb."""

import contextlib
import os
import re
import shutil
import signal
import urllib.request

from harness.booted import Booted, CannotBoot
from harness.debian import run
from harness.lab import APPLIANCE, ROOT, Lab
from harness.service_manager import ServiceManager, stopped, threads
from harness.suite import Skip

SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")
HTTP = "http://127.0.0.1:9862"
CONFIGURATION = "etc/specular/specular.yaml"
DROP_IN = "etc/systemd/system/specular.service.d/test.conf"
ALL_THREADS = 0x40000000  # __WALL
PRIORITIES = {"started": "6", "no-hugepages": "4", "reload-refused": "3", "core-stuck": "3"}


def configure(debian):
    """The lab's configuration with the packaged paths."""
    for name in ("lab.keys.yaml", "lab.sas.yaml"):
        shutil.copy(os.path.join(ROOT, "config", name), debian.path("etc/specular"))
    with open(os.path.join(ROOT, "config", "lab.yaml"), encoding="utf-8") as file:
        debian.write(CONFIGURATION, re.sub(r"^  socket: .*\n", "", file.read(), flags=re.M))
    debian.run("sh", "-c", "chown specular:specular /etc/specular/*.yaml && chmod 600 /etc/specular/*.yaml")
    # Root judges files of specular's as well.
    assert debian.run("specular", "--config", f"/{CONFIGURATION}", "--check").stdout == f"/{CONFIGURATION}: ok\n"


def metrics(lab):
    with lab.inside("appliance"), urllib.request.urlopen(f"{HTTP}/metrics", timeout=10) as answer:
        return answer.read().decode()


def has_no_privileges(pid):
    assert len(threads(pid)) > 2
    for thread in threads(pid):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            status = dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))
        assert status["Uid"].split()[0] != "0" and all(int(status[name], 16) == 0 for name in SETS), status


def cannot_write(pid, *paths):
    """Although its user owns them: to the service they are read-only."""
    for path in paths:
        here = ("nsenter", "--target", str(pid), "--mount", "setpriv", "--reuid=specular", "--regid=specular", "--init-groups", "test")
        assert run(*here, "-r", path, check=False).returncode == 0, path
        assert run(*here, "-w", path, check=False).returncode == 1, path


def measures(lab, debian):
    lab.run("client", "chroot", debian.root, "specular-probe", "--count=20", "--interval=0.01", "--timeout=15", APPLIANCE[4])
    assert re.search(r'^specular_reflected_packets_total\{core="0"\} [1-9]', metrics(lab), re.M)


def start(debian, lab, manager):
    """ExecStart as systemd runs it, but for its sandbox: user, capabilities, folders, NOTIFY_SOCKET, watchdog."""
    section = debian.read("lib/systemd/system/specular.service").split("[Service]")[1].split("\n[")[0]
    unit = dict(re.findall(r"^(\w+)=(.*)$", section, re.M))
    given = ",".join("+" + name[4:].lower() for name in unit["AmbientCapabilities"].split())
    run("chroot", debian.root, "install", "-d", "-o", unit["User"], "-m", "0755", "/run/specular")
    log = open(lab.log_path, "w", encoding="utf-8")
    lab.deferred.callback(log.close)
    environment = {**os.environ, **manager.environment(), "NOTIFY_SOCKET": "/run/notify",
                   "RUNTIME_DIRECTORY": "/run/specular", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    return lab.start("appliance", "chroot", debian.root, "setpriv", f"--reuid={unit['User']}", f"--regid={unit['Group']}",
                     "--init-groups", f"--inh-caps=-all,{given}", f"--ambient-caps={given}", f"--bounding-set=-all,{given}",
                     "--no-new-privs", *unit["ExecStart"].split(), stdout=log, stderr=log, env=environment)


def check_service(debian):
    """In the lab's network, with the installed paths and what the unit says; PID 1 here need not be systemd."""
    lab = Lab(name="spec-deb")
    try:
        lab.tool("up", "--no-start")
        configure(debian)
        manager = ServiceManager(debian.path("run"), 2)
        lab.deferred.callback(manager.close)
        process = start(debian, lab, manager)
        lab.wait_for(lambda: process.poll() is not None or manager.has("READY", "1"), 30, "READY=1")
        assert process.poll() is None, lab.log()
        has_no_privileges(process.pid)
        measures(lab, debian)
        lab.wait_for(lambda: manager.has("WATCHDOG", "1"), 5, "signs of life")
        assert "state           running\n" in debian.run("specularctl", "status").stdout
        process.terminate()
        assert process.wait(30) == 0, lab.log()
    finally:
        lab.deferred.close()
        lab.close()
        debian.run("rm", "-f", f"/{CONFIGURATION}")  # as it was installed


@contextlib.contextmanager
def under_systemd(debian):
    """(the booted system with its lab, None), or (None, why there is none)."""
    lab = Lab(name="spec-deb")
    with contextlib.ExitStack() as deferred:
        deferred.callback(lab.close)
        deferred.callback(lambda: lab.deferred.close())
        try:
            lab.tool("up", "--no-start")
            system = Booted(debian, "spec-deb-appliance", deferred)
            system.lab = lab
            yield system, None
        except CannotBoot as reason:
            yield None, str(reason)


def on_systemd(function):
    def checked(system, reason):
        if system is None:
            raise Skip(reason)
        function(system, system.lab)
    return checked


def said(system, event, count=1):
    """The journal has so many entries of that event, with the priority of its level."""
    found = []

    def told():
        found[:] = [entry for entry in system.journal() if entry["MESSAGE"].startswith(event + ": ")]
        return len(found) >= count
    # The journal takes what is said when it gets to it.
    assert system.lab.wait_for(told, 5, event, fail=False), (event, [entry["MESSAGE"] for entry in system.journal()][-20:])
    assert {entry["PRIORITY"] for entry in found} == {PRIORITIES[event]}, found
    assert {entry["SYSLOG_IDENTIFIER"] for entry in found} == {"specular"}, found


def is_now(system, state, **properties):
    return system.unit("ActiveState", *properties) == {"ActiveState": state, **properties}


def must_be(system, state, **properties):
    assert is_now(system, state, **properties), system.unit("ActiveState", *properties)


def has_restarted(system):
    now = system.unit("ActiveState", "NRestarts")
    return now["ActiveState"] == "active" and int(now["NRestarts"]) >= 1


@on_systemd
def check_start(system, lab):
    """Enabled, but it waits for its configuration; then it starts, with nothing that it does not need."""
    must_be(system, "inactive", ConditionResult="no", UnitFileState="enabled")
    configure(system.debian)
    system.run("systemctl", "start", "specular")
    must_be(system, "active", NRestarts="0")
    lab.wait_for(lambda: is_now(system, "active", StatusText="0 test sessions on 1 polling lcore"), 5, "the status")
    has_no_privileges(system.main_pid())
    cannot_write(system.main_pid(), "/etc/specular", f"/{CONFIGURATION}", "/etc/specular/lab.keys.yaml")
    measures(lab, system.debian)
    said(system, "started")
    assert "state           running\n" in system.run("specularctl", "status").stdout
    judged = system.run("systemd-analyze", "security", "specular").stdout
    exposure = re.search(r"exposure level for specular.service: ([\d.]+)", judged).group(1)
    with open(os.path.join(ROOT, "doc", "operations.md"), encoding="utf-8") as file:
        assert f"an exposure of {exposure} " in file.read(), exposure


@on_systemd
def check_reload(system, _):
    """Heard of by the journal alone when it is refused; the process goes on."""
    pid, good = system.unit("MainPID")["MainPID"], system.debian.read(CONFIGURATION)
    system.run("systemctl", "reload", "specular")
    system.run("sed", "-i", "s/mtu: 1500/mtu: 64/", f"/{CONFIGURATION}")
    system.run("systemctl", "reload", "specular")
    refused = system.run("specularctl", "reload", check=False)
    assert refused.returncode == 1 and "ports[0].mtu" in refused.stderr, refused
    said(system, "reload-refused", 2)
    must_be(system, "active", MainPID=pid)
    # Nor is it tried again and again with such a file.
    assert system.run("systemctl", "restart", "specular", check=False).returncode == 1
    must_be(system, "failed", Result="exit-code", ExecMainStatus="2", NRestarts="0")
    complaint, = [entry for entry in system.journal() if entry["MESSAGE"].startswith("specular: ")]
    assert "ports[0].mtu" in complaint["MESSAGE"] and complaint["PRIORITY"] == "3", complaint
    system.debian.write(CONFIGURATION, good, 0o600)
    system.run("systemctl", "start", "specular")


@on_systemd
def check_killed(system, lab):
    """Started anew when it was killed, or when a core stands still for longer than the watchdog waits."""
    os.kill(system.main_pid(), signal.SIGKILL)
    lab.wait_for(lambda: has_restarted(system), 20, "another start")
    measures(lab, system.debian)
    system.debian.write(DROP_IN, "[Service]\nWatchdogSec=3\n")
    system.debian.write(CONFIGURATION, system.debian.read(CONFIGURATION) + "  stuck-after: 1\n", 0o600)
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "restart", "specular")
    pid = system.main_pid()
    poller, = [thread for thread, name in threads(pid).items() if name in ("lcore-worker-1", "rte-worker-1")]

    def gone():
        with contextlib.suppress(ChildProcessError):
            os.waitpid(poller, ALL_THREADS | os.WNOHANG)  # what is traced ends for its tracer first
        return not os.path.exists(f"/proc/{pid}")
    with contextlib.suppress(OSError), stopped(poller):  # it is not there any more when it is let go
        lab.wait_for(gone, 20, "the watchdog")
    lab.wait_for(lambda: has_restarted(system), 20, "another start")
    said(system, "core-stuck")
    lab.wait_for(lambda: any(entry["MESSAGE"].startswith("specular.service: Watchdog timeout") for entry in system.journal()), 5,
                 "the watchdog in the journal")
    measures(lab, system.debian)


@on_systemd
def check_stop(system, _):
    system.run("rm", "-r", f"/{os.path.dirname(DROP_IN)}")
    system.run("systemctl", "daemon-reload")
    system.run("systemctl", "stop", "specular")
    must_be(system, "inactive", Result="success", ExecMainStatus="0")
    assert not system.run("ls", "/run/specular", check=False).stdout
    system.run("systemctl", "start", "specular")


CHECKS = (("systemd-start", check_start), ("systemd-reload", check_reload), ("systemd-killed", check_killed), ("systemd-stop", check_stop))
