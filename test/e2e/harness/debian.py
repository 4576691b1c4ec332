# SPDX-License-Identifier: BSD-3-Clause
"""A clean Debian in a folder of its own, made by mmdebstrap: what is installed there is what a stranger gets."""

import os
import re
import shutil
import subprocess
import tempfile

from .running import running

MOUNTS = (("proc", "proc"), ("sysfs", "sys"))
FROM_HOST = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d")  # mirrors and proxies
RELEASE = "bookworm"
ENVIRONMENT = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")
FETCH_SECONDS = 300  # all there is to fetch takes a tenth of it
FREE_OCTETS = 2 << 30
APT_OPTIONS = ('Acquire::Retries "3"', 'Acquire::http::Timeout "30"', 'Acquire::https::Timeout "30"')
NOT_FETCHED = re.compile(r"Failed to fetch|Unable to fetch|Temporary failure resolving|Could not connect|Connection (failed|timed out)")


class Unreachable(Exception):
    """The mirror has gone, or is too slow: the text says how."""


def run(*command, check=True, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result


def fetch(*command):
    """Runs what gets something from the mirror."""
    with running(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            said = process.communicate(timeout=FETCH_SECONDS)[0]
        except subprocess.TimeoutExpired as error:
            raise Unreachable(f"Debian's mirror is too slow: {command[0]} was not ready within {FETCH_SECONDS} s") from error
    if process.returncode != 0:
        if NOT_FETCHED.search(said):
            raise Unreachable(f"no more answers from Debian's mirror: {said.strip()[-300:]}")
        raise AssertionError(f"{' '.join(command)}: exit {process.returncode}\n{said[-3000:]}")


def unreachable(folder):
    """Why no Debian can be made in the folder, as apt says it; empty when a mirror of its sources answers."""
    free = shutil.disk_usage(folder).free
    if free < FREE_OCTETS:
        return f"{folder} has {free >> 20} MB left; {FREE_OCTETS >> 20} are needed"
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI)dists/$(RELEASE)/Release", f"Codename: {RELEASE}", check=False).stdout
    if not listed:
        return f"apt's sources have no {RELEASE}"
    with tempfile.TemporaryDirectory() as folder:
        asked = run("/usr/lib/apt/apt-helper", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=10", "download-file",
                    listed.splitlines()[0], os.path.join(folder, "Release"), check=False)
    return "" if asked.returncode == 0 else f"no answer from Debian's mirror: {asked.stderr.strip()[-200:]}"


class Debian:
    """Its root is FOLDER/root, from the archive FOLDER/root.tar, which is kept: making it takes longest."""

    def __init__(self, folder):
        self.root = os.path.join(folder, "root")
        archive = self.root + ".tar"
        self.clear()
        if not os.path.exists(archive):
            fetch("mmdebstrap", "--variant=apt", "--format=tar", *(f"--aptopt={option}" for option in APT_OPTIONS), RELEASE,
                  archive + ".new")
            os.rename(archive + ".new", archive)
        os.makedirs(self.root)
        run("tar", "--extract", "--file", archive, "--directory", self.root)
        for kind, place in MOUNTS:
            run("mount", "-t", kind, kind, self.path(place))
        run("mount", "--rbind", "--make-rslave", "/dev", self.path("dev"))
        shutil.copy("/etc/resolv.conf", self.path("etc/resolv.conf"))
        for name in FROM_HOST:
            if os.path.isdir(name):
                shutil.copytree(name, self.path(name), dirs_exist_ok=True)
            elif os.path.exists(name):
                shutil.copy(name, self.path(name))
        # Nothing is started in here: the policy that a system under construction has.
        self.write("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.fetch("update")

    def clear(self):
        for place in ("dev", *(place for _, place in MOUNTS)):
            run("umount", "-R", "-l", self.path(place), check=False)
        shutil.rmtree(self.root, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.root, name.lstrip("/"))

    def exists(self, name):
        return os.path.lexists(self.path(name))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def run(self, *command, check=True):
        return run("chroot", self.root, *ENVIRONMENT, *command, check=check)

    def fetch(self, *arguments):
        fetch("chroot", self.root, *ENVIRONMENT, "apt-get", "-q", "-y", *arguments)

    def download(self, *names):
        """What install needs."""
        self.fetch("install", "--no-install-recommends", "--download-only", *names)

    def install(self, *names):
        return self.run("apt-get", "-q", "-y", "install", "--no-install-recommends", *names)

    def version(self, package):
        return self.run("dpkg-query", "--show", "--showformat", "${Version}", package).stdout

    def owner(self, name):
        """user:group mode, as the system's own stat says."""
        return self.run("stat", "--format", "%U:%G %a", name).stdout.strip()
