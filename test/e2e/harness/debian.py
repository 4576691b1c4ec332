# SPDX-License-Identifier: BSD-3-Clause
"""A clean Debian in a folder of its own, made by mmdebstrap: what is installed there is what a stranger gets."""

import os
import shutil
import subprocess
import tempfile

MOUNTS = (("proc", "proc"), ("sysfs", "sys"))
FROM_HOST = ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d")  # mirrors and proxies
RELEASE = "bookworm"
ENVIRONMENT = ("env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8")


def run(*command, check=True, **options):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if check and result.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {result.returncode}\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return result


def unreachable():
    """Why no Debian can be made here, as apt says it; empty when a mirror of its sources answers."""
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
            run("mmdebstrap", "--variant=apt", "--format=tar", RELEASE, archive + ".new")
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
        self.run("apt-get", "-q", "update")

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

    def install(self, *names):
        return self.run("apt-get", "-q", "-y", "install", "--no-install-recommends", *names)

    def version(self, package):
        return self.run("dpkg-query", "--show", "--showformat", "${Version}", package).stdout

    def owner(self, name):
        """user:group mode, as the system's own stat says."""
        return self.run("stat", "--format", "%U:%G %a", name).stdout.strip()
