# SPDX-License-Identifier: BSD-3-Clause
"""What the packages put where, and what they leave. Called by tools/check-deb."""

import contextlib
import os
import re
import shutil
import tempfile

from harness.debian import run
from harness.lab import ROOT

OUTPUT = os.path.join(ROOT, "build-deb")
OLD = "0.0.9"
PACKAGES = ("specular", "specular-tools", "strongswan-ippm-keys")
# Of the stranger who reads, rotates and boots; procps and curl are in the documentation's commands.
BESIDE = ("bash-completion", "curl", "logrotate", "man-db", "procps", "systemd", "systemd-sysv")
PAGES = {"specular": 8, "specularctl": 1, "specular-probe": 1, "specular-load": 1, "specular-host-check": 1, "specular.yaml": 5}
COMPLETED = """
. /usr/share/bash-completion/bash_completion
_completion_loader specularctl
complete -p specularctl
COMP_WORDS=(specularctl sessions --st)
COMP_CWORD=2
_specularctl
printf '%s\\n' "${COMPREPLY[@]}"
for program in specular specular-probe specular-load specular-host-check; do
	_completion_loader "$program"
	COMP_WORDS=("$program" --v --he)
	_specular_options "$program"
	printf '%s\\n' "$program ${COMPREPLY[@]}"
done
"""


def newest():
    with open(os.path.join(ROOT, "debian", "changelog"), encoding="utf-8") as file:
        return re.search(r"\((.*)\)", file.readline()).group(1)


def make_old():
    """The same packages as an older version: what an upgrade does follows from the number."""
    for name in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            run("dpkg-deb", "--raw-extract", os.path.join(OUTPUT, f"{name}_{newest()}_amd64.deb"), folder)
            run("sed", "-i", f"s/^Version: .*/Version: {OLD}/", os.path.join(folder, "DEBIAN", "control"))
            os.chmod(folder, 0o755)
            run("dpkg-deb", "--build", "--root-owner-group", "-Znone", folder, os.path.join(OUTPUT, f"{name}_{OLD}_amd64.deb"))


def copied(debian, version):
    """The packages' paths in the clean Debian."""
    names = [f"{name}_{version}_amd64.deb" for name in PACKAGES]
    os.makedirs(debian.path("debs"), exist_ok=True)
    for name in names:
        shutil.copy(os.path.join(OUTPUT, name), debian.path("debs"))
    return [f"/debs/{name}" for name in names]


def download(debian):
    """All that the checks want from the mirror. What else is wrong with the packages check_install tells."""
    with contextlib.suppress(AssertionError):
        debian.download(*BESIDE, *copied(debian, OLD))


def check_lintian():
    run("lintian", "--fail-on", "error,warning", "--allow-root", os.path.join(OUTPUT, f"specular_{newest()}_amd64.changes"))


def check_install(debian):
    debian.install(*BESIDE, *copied(debian, OLD))
    assert debian.version("specular") == OLD
    assert debian.owner("/etc/specular") == "specular:specular 700", debian.owner("/etc/specular")
    assert debian.run("id", "specular").stdout
    for program in ("/usr/sbin/specular", "specularctl", "specular-probe", "specular-load"):
        assert debian.run(program, "--version").returncode == 0
    assert debian.run("specular-host-check", check=False).returncode in (0, 1)
    assert debian.exists("etc/systemd/system/multi-user.target.wants/specular.service"), "the unit is not enabled"
    assert "ConditionPathExists=/etc/specular/specular.yaml" in debian.read("lib/systemd/system/specular.service")
    assert not debian.exists("etc/specular/specular.yaml"), "a configuration came by itself"
    assert "secret" not in debian.read("etc/specular/specular.yaml.example")
    for name in ("usr/lib/ipsec/plugins/libstrongswan-ippm-keys.so", "usr/share/doc/specular/examples/grafana-dashboard.json",
                 "usr/share/doc/specular/examples/prometheus-alerts.yaml", "usr/share/specular/drivers-config/ice.yaml"):
        assert debian.exists(name), name


def check_man(debian):
    """Each page is found and shown, without a word of the formatter's about it."""
    for name, section in PAGES.items():
        shown = debian.run("man", "--warnings", "--pager=cat", str(section), name)
        assert len(shown.stdout.splitlines()) > 20 and name in shown.stdout, shown.stdout
        assert shown.stderr == "", shown.stderr
    assert debian.run("man", "--whatis", *PAGES).stdout.count(" - ") == len(PAGES)


def check_completion(debian):
    said = debian.run("bash", "-c", COMPLETED).stdout.splitlines()
    others = ("specular", "specular-probe", "specular-load", "specular-host-check")
    assert said == ["complete -F _specularctl specularctl", "--state", *(f"{program} --help" for program in others)], said


def check_logrotate(debian):
    """The audit trail is turned once there is one; its folder is what the unit's LogsDirectory= makes."""
    trail = "/var/log/specular/audit.json"
    debian.run("install", "-d", "-o", "specular", "-g", "specular", "-m", "0750", "/var/log/specular")
    debian.run("install", "-o", "specular", "-g", "specular", "-m", "0600", "/etc/hostname", trail)
    debian.run("logrotate", "--force", "/etc/logrotate.d/specular")
    assert not debian.exists(trail) and debian.owner(trail + ".1") == "specular:specular 600"


def check_upgrade(debian, place):
    """By a new version that takes the old one's place at once, and changes nothing that is an administrator's."""
    before = place.unit("ExecMainStartTimestampMonotonic") if place is not debian else None
    place.run("dpkg", "--install", *copied(debian, newest()))
    assert debian.version("specular") == newest()
    assert "net_af_packet" in debian.read("etc/specular/specular.yaml"), "the configuration is not what it was"
    assert debian.owner("/etc/specular/specular.yaml") == "specular:specular 600"
    assert debian.owner("/etc/specular") == "specular:specular 700"
    changed = [line for line in debian.run("dpkg", "--verify", *PACKAGES, check=False).stdout.splitlines() if "missing" in line]
    assert not changed, changed
    if place is not debian:
        assert place.unit("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
        assert place.unit("ExecMainStartTimestampMonotonic") != before, "it was not started anew"


def check_purge(debian, place):
    """All that came goes; what an administrator wrote stays, and else nothing."""
    place.run("apt-get", "-q", "-y", "purge", *PACKAGES)
    assert debian.exists("etc/specular/specular.yaml") and not debian.exists("etc/specular/specular.yaml.example")
    if place is not debian:
        assert place.unit("LoadState") == {"LoadState": "not-found"}, place.run("systemctl", "status", "specular", check=False).stdout
        processes = place.run("pgrep", "--list-full", "specular", check=False).stdout
        assert processes == "", processes
        failed = place.run("systemctl", "list-units", "--failed", "--plain", "--no-legend").stdout
        assert "specular" not in failed, failed
    shutil.rmtree(debian.path("debs"))
    # -xdev leaves the mounts out; the manual's cache is man-db's, and what is in /run lasts until a reboot.
    left = debian.run("find", "/", "-xdev", "(", "-path", "/run", "-o", "-path", "/var/cache/man", "-o", "-path", "/etc/specular/*.yaml", ")",
                      "-prune", "-o", "(", "-iname", "*specular*", "-o", "-name", "*ippm-keys*", ")", "-print").stdout.split()
    assert left == ["/etc/specular"], left
