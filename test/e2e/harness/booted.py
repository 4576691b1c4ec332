# SPDX-License-Identifier: BSD-3-Clause
"""A running systemd: the init of a Debian in a folder (debian.py), in namespaces of its own beside the machine's own PID 1."""

import contextlib
import json
import os
import re
import subprocess
import time

from .running import kept

BOOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "boot")
NAMESPACES = ("--cgroup", "--ipc", "--uts", "--mount", "--pid")
BOOT_SECONDS = 60
END_SECONDS = 10
UNITS_OFF = ("console-getty.service", "getty.target", "apt-daily.timer", "apt-daily-upgrade.timer", "systemd-networkd-wait-online.service")


class CannotBoot(Exception):
    """This kernel or container lacks something; the text says what."""


def cgroup2():
    """Where the machine's unified cgroup hierarchy is."""
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        for line in file:
            if re.search(r" - cgroup2 ", line):
                return line.split()[4]
    raise CannotBoot("no cgroup2 is mounted")


def remove_cgroup(folder):
    """What was killed there may take a moment to go."""
    deadline = time.monotonic() + END_SECONDS
    while os.path.exists(folder) and time.monotonic() < deadline:
        for path, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(path)
        time.sleep(0.05)


class Booted:
    """Up after the constructor; in the network namespace of that name. Closed with the block of the ExitStack that is given."""

    def __init__(self, debian, namespace, deferred):
        self.debian = debian
        self.pid = None
        for unit in UNITS_OFF:
            path = debian.path(f"etc/systemd/system/{unit}")
            if not os.path.lexists(path):
                os.symlink("/dev/null", path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(debian.path("usr/sbin/policy-rc.d"))  # here services start
        self.cgroup = os.path.join(cgroup2(), namespace)
        try:
            os.makedirs(self.cgroup, exist_ok=True)
        except OSError as error:
            raise CannotBoot(f"no cgroup can be made: {error}") from error
        deferred.callback(remove_cgroup, self.cgroup)
        self.log_path = os.path.join(os.path.dirname(debian.root), "boot.log")
        # The shell is in the cgroup before its namespace begins there.
        self.process = deferred.enter_context(kept(self.begin(namespace), self.end))
        self.wait_for_boot()

    def begin(self, namespace):
        command = ["sh", "-c", 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"', "sh", self.cgroup,
                   "ip", "netns", "exec", namespace, "unshare", *NAMESPACES, "--fork", "--kill-child", "--propagation", "private",
                   BOOT, self.debian.root]

        def started():
            with open(self.log_path, "w", encoding="utf-8") as log:
                return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return started

    @staticmethod
    def end(process):
        process.kill()  # and with it, by --kill-child, all that runs there
        process.wait()

    def wait_for_boot(self):
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            if len(children) == 1:
                self.pid = int(children[0])
                if self.is_up():
                    return
            time.sleep(0.1)
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            raise CannotBoot(f"systemd did not come up: {file.read().strip()[-500:] or 'it said nothing'}")

    def is_up(self):
        with contextlib.suppress(OSError), open(f"/proc/{self.pid}/comm", encoding="ascii") as file:
            if file.read() == "systemd\n":
                return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
        return False

    def run(self, *command, check=True):
        """In all of its namespaces, as its root."""
        result = subprocess.run(["nsenter", "--target", str(self.pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup",
                                 "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive",
                                 *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
        return result

    def unit(self, *properties, name="specular"):
        """{property: value} of a unit."""
        said = self.run("systemctl", "show", "--property", ",".join(properties), name).stdout
        return dict(line.split("=", 1) for line in said.splitlines())

    def main_pid(self, name="specular"):
        """The service's main process, by its number out here."""
        inside = self.unit("MainPID", name=name)["MainPID"]
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError), open(f"/proc/{entry}/status", encoding="utf-8") as file:
                # The numbers in each PID namespace, from this one to its own.
                numbers = re.search(r"^NSpid:\t(.*)$", file.read(), re.M).group(1).split()
                if numbers[1:] == [inside] and os.path.samefile(f"/proc/{entry}/ns/pid", f"/proc/{self.pid}/ns/pid"):
                    return int(entry)
        raise AssertionError(f"{name} has no process")

    def journal(self, name="specular"):
        """The journal's entries of a unit, oldest first."""
        text = self.run("journalctl", "--quiet", "--unit", name, "--output", "json").stdout
        return [json.loads(line) for line in text.splitlines()]
