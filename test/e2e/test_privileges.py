# SPDX-License-Identifier: BSD-3-Clause
"""What the process may do once it runs: who it is, and what each of its threads could still do."""

import contextlib
import os
import pwd
import re
import shutil
import signal
import tempfile

from harness.lab import APPLIANCE, ROOT
from harness.suite import cases, configuration, subset

USER = "nobody"
CAPABILITIES = ("net_admin", "net_raw", "net_bind_service")
SETS = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def statuses(pid):
    """{thread id: {field: value}} of /proc."""
    found = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            found[int(thread)] = dict(re.findall(r"^(\w+):\t(.*)$", file.read(), re.M))
    return found


def has_nothing_left(pid, user):
    """Each thread, DPDK's own too."""
    found = statuses(pid)
    assert len(found) > 2, found.keys()
    for thread, status in found.items():
        assert status["Uid"].split() == [str(user)] * 4, f"{thread} ({status['Name']}): {status['Uid']}"
        assert status["NoNewPrivs"] == "1", f"{thread} ({status['Name']})"
        for name in SETS:
            assert int(status[name], 16) == 0, f"{thread} ({status['Name']}): {name} {status[name]}"


def keeps_its_memory(pid):
    """No core file, and what is not dumpable has files of root's in /proc."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        assert re.search(r"^Max core file size +0 +0 ", file.read(), re.M)
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0


def reflects_and_ends(lab, process):
    lab.probe("--count=20", "--interval=0.01", APPLIANCE[4])
    lab.run("client", "ping", "-c", "1", "-W", "15", APPLIANCE[4])
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, lab.log()


def folder_of(lab, owner, **operation):
    """All that the appliance reads, in a folder of its owner's: the build's may be root's alone."""
    folder = tempfile.mkdtemp(prefix="specular-user-")
    lab.deferred.callback(shutil.rmtree, folder)
    lab.write_configuration({"drivers-config": None, "operation": {"socket": "specular.sock", **operation}})
    shutil.copytree(lab.folder, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
    shutil.copytree(os.path.join(ROOT, "drivers-config"), os.path.join(folder, "drivers-config"))
    shutil.copy(os.path.join(lab.build, "app", "specular", "specular"), folder)
    for path, folders, files in os.walk(folder):
        for name in ["."] + folders + files:
            os.chown(os.path.join(path, name), owner.pw_uid, owner.pw_gid)
            os.chmod(os.path.join(path, name), 0o700 if name in folders + [".", "specular"] else 0o600)
    return folder


def start_as_user(lab, user, capabilities, becomes=None):
    """Never root: the user with a few capabilities, as systemd's User= and AmbientCapabilities= start it."""
    folder = folder_of(lab, user, **({"user": becomes} if becomes else {}))
    given = ",".join("+" + name for name in capabilities)
    log = open(lab.log_path, "w", encoding="utf-8")
    lab.deferred.callback(log.close)
    return lab.start("appliance", "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                     f"--inh-caps=-all,{given}", f"--ambient-caps={given}", f"--bounding-set=-all,{given}",
                     f"{folder}/specular", "--config", f"{folder}/e2e.yaml", stdout=log, stderr=log,
                     env={**lab.environment, "RUNTIME_DIRECTORY": folder})


@subset("sanitizers")
@configuration(start=False)
def test_never_root(lab):
    user = pwd.getpwnam(USER)
    process = start_as_user(lab, user, CAPABILITIES)
    lab.wait_for_log(" started: ", 0, 30)
    has_nothing_left(process.pid, user.pw_uid)
    keeps_its_memory(process.pid)
    reflects_and_ends(lab, process)


@configuration(start=False)
@cases(0, 1, 2)
def test_a_capability_lacks(lab, number):
    process = start_as_user(lab, pwd.getpwnam(USER), [name for name in CAPABILITIES if name != CAPABILITIES[number]])
    assert process.wait(30) == 1
    expected = ("CAP_NET_ADMIN", "CAP_NET_RAW", "cannot listen on TCP 192.0.2.2:862")[number]
    assert expected in lab.log(), lab.log()


def test_root_drops_its_capabilities(lab):
    has_nothing_left(lab.pid(), 0)
    assert " privileges: goes on as user 0, group 0, with no capability" in lab.log()


@configuration(start=False)
def test_becomes_a_user(lab):
    process = lab.start_specular({"operation": {"user": USER, "socket": ""}})
    entry = pwd.getpwnam(USER)
    has_nothing_left(process.pid, entry.pw_uid)
    keeps_its_memory(process.pid)
    for status in statuses(process.pid).values():
        assert status["Gid"].split() == [str(entry.pw_gid)] * 4
        assert status["Groups"].split() in ([], [str(entry.pw_gid)])
    reflects_and_ends(lab, process)


@configuration(start=False)
def test_a_user_reads_its_files_again(lab):
    """Root starts, and the files are the user's already."""
    folder = folder_of(lab, pwd.getpwnam(USER), user=USER)
    with open(lab.log_path, "w", encoding="utf-8") as log:
        process = lab.start("appliance", "setpriv", "--groups=1,2", f"{folder}/specular", "--config", f"{folder}/e2e.yaml",
                            stdout=log, stderr=log, env=lab.environment)
    lab.wait_for_log(" started: ", 0, 30)
    # Root's groups have gone.
    for status in statuses(process.pid).values():
        assert status["Groups"].split() in ([], [str(pwd.getpwnam(USER).pw_gid)]), status
    process.send_signal(signal.SIGHUP)
    lab.wait_for_log(" reload-done: ")
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0, lab.log()


@configuration(start=False)
def test_a_user_that_is_not_there(lab):
    process = lab.start_specular({"operation": {"user": "specular-nobody"}}, wait=False)
    assert process.wait(30) == 1
    assert "operation.user: there is no user specular-nobody" in lab.log(), lab.log()


@configuration(start=False)
def test_a_user_that_cannot_be_had(lab):
    """Told before anything is touched."""
    process = start_as_user(lab, pwd.getpwnam(USER), CAPABILITIES, "daemon")
    assert process.wait(30) == 1
    assert "operation.user: becoming daemon needs CAP_SETUID and CAP_SETGID" in lab.log(), lab.log()
