# SPDX-License-Identifier: BSD-3-Clause
"""The appliance as a program: its options, its complaints, its end, its memory."""

import json
import os
import signal
import socket
import subprocess
import time

from harness import twamp
from harness.lab import APPLIANCE, APPLIANCE_LINK, CLIENT, CONFIGURATION, ROOT, merged
from harness.suite import Skip, cases, configuration, subset

HUGEPAGES = "/proc/sys/vm/nr_hugepages"


def check(lab, text, *arguments):
    """Runs --check on a configuration text; (exit code, what it said)."""
    path = os.path.join(lab.folder, "check.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    for name in ("psk.yaml", "sa.yaml"):
        lab.private(name)
    result = lab.specular("--config", path, *(arguments or ("--check",)))
    return result.returncode, result.stdout + result.stderr


@subset("sanitizers")
def test_version_and_help(lab):
    result = lab.specular("--version")
    assert result.returncode == 0 and result.stdout.startswith("specular 0."), result.stdout
    result = lab.specular("--help")
    assert result.returncode == 0 and "--config" in result.stdout
    assert lab.specular("--nonsense").returncode == 2
    assert lab.specular().returncode == 2


@subset("sanitizers")
def test_check(lab):
    code, said = check(lab, json.dumps(CONFIGURATION))
    assert code == 0 and said.endswith(": ok\n"), said


YAML_FAULTS = [
    ("control:\n  serwait: 5\n", "control.serwait", "unknown key"),
    ("control:\n  servwait: often\n", "control.servwait", "often"),
    ("control:\n  servwait: 0\n", "control.servwait", "0"),
    ("control:\n  count: 1000\n", "control.count", "power of two"),
    ("control:\n  count: 512\n", "control.count", "512"),
    ("control:\n  modes: [open]\n", "control.modes", "open"),
    ("control:\n  servwait: 5\n  servwait: 6\n", "control.servwait", "duplicate"),
    ("eal: 7\n", "eal", "mapping"),
    ("ports: []\n", "ports", "allowed"),
    ("test: {ports: {lower: 20, upper: 10}}\n", "test.ports", "upper"),
    ("control: [\n", "", ""),
    ("", "", "empty"),
    ("eal: {hugepages: auto}\n", "eal.lcores", "missing"),
    ("\t\n", "", ""),
]


@subset("sanitizers")
@cases(*range(len(YAML_FAULTS)))
def test_wrong_configuration(lab, number):
    """FILE:LINE:COLUMN: path.to.key: what is wrong; what is allowed. Exit 2 before EAL starts."""
    text, key, word = YAML_FAULTS[number]
    if text.strip() and "[\n" not in text:
        text = _with(text)
    code, said = check(lab, text)
    assert code == 2, f"exit {code}: {said}"
    assert "check.yaml:" in said and key in said and (not word or word in said.lower()), said
    position = said.split("check.yaml:")[1].split(":")
    assert position[0].isdigit() and position[1].isdigit(), said
    assert "EAL" not in said


def _with(text):
    """A whole configuration in which one section is replaced by the text."""
    section = text.split(":")[0].strip()
    rest = {name: value for name, value in CONFIGURATION.items() if name != section}
    lines = "".join(f"{name}: {json.dumps(value)}\n" for name, value in rest.items())
    return lines + text


@subset("sanitizers")
@cases("psk.yaml", "sa.yaml")
def test_key_file_that_others_can_read(lab, name):
    for mode in (0o644, 0o640, 0o604):
        code, said = check(lab, json.dumps(CONFIGURATION))
        assert code == 0
        os.chmod(os.path.join(lab.folder, name), mode)
        result = lab.specular("--config", os.path.join(lab.folder, "check.yaml"), "--check")
        said = result.stdout + result.stderr
        assert result.returncode == 2 and name in said and "600" in said, f"{mode:o}: exit {result.returncode}: {said}"
        assert twamp.PSK.decode() not in said
    lab.private(name)


@cases("psk.yaml", "sa.yaml")
def test_missing_key_file(lab, name):
    changes = {"keys": {"psk-file": "none.yaml"}} if name == "psk.yaml" else {"ikev2": {"sa-file": "none.yaml"}}
    key = "keys.psk-file" if name == "psk.yaml" else "ikev2.sa-file"
    code, said = check(lab, json.dumps(merged(CONFIGURATION, changes)))
    assert code == 2 and f"check.yaml: {key}: " in said and "none.yaml" in said, said


def test_missing_configuration(lab):
    result = lab.specular("--config", "/nonexistent/x.yaml")
    assert result.returncode == 2 and "/nonexistent/x.yaml" in result.stderr, result.stderr


@subset("sanitizers")
@configuration(start=False)
def test_complaint_in_the_journal(lab):
    """As an error, also where the log would be JSON: journalctl -p err shows it."""
    path = os.path.join(lab.folder, "said")
    wrong = os.path.join(lab.folder, "wrong.yaml")
    with open(wrong, "w", encoding="utf-8") as file:
        json.dump(merged(CONFIGURATION, {"log": {"format": "json"}, "keys": {"psk-file": "none.yaml"}}), file)
    for journal in (True, False):
        with open(path, "w+", encoding="utf-8") as said:
            status = os.fstat(said.fileno())
            stream = f"{status.st_dev}:{status.st_ino}" if journal else "1:1"
            result = subprocess.run([os.path.join(lab.build, "app", "specular", "specular"), "--config", wrong], stderr=said, check=False,
                                    env={**os.environ, "JOURNAL_STREAM": stream})
            said.seek(0)
            lines = said.read().splitlines()
        assert result.returncode == 2 and len(lines) == 1, lines
        assert lines[0].startswith(f"{'<3>' if journal else ''}specular: {wrong}: keys.psk-file: "), lines


def ends(lab, changes, *words):
    """It does not start, says why, and ends by itself."""
    process = lab.start_specular(changes, wait=False)
    code = process.wait(60)
    log = lab.log()
    assert code == 1, f"exit {code}: {log}"
    assert all(word in log for word in words), log
    assert "Segmentation" not in log


def port_with(**changes):
    return [merged(CONFIGURATION["ports"][0], changes)]


@subset("sanitizers")
@configuration(start=False)
def test_missing_interface(lab):
    ends(lab, {"ports": port_with(device="net_af_packet0,iface=nowhere0")}, "nowhere0")


@configuration(start=False)
def test_bad_devargs(lab):
    ends(lab, {"ports": port_with(device=f"net_af_packet0,iface={APPLIANCE_LINK},blocksz=77")}, "lab")


@configuration(start=False)
def test_missing_pci_device(lab):
    ends(lab, {"ports": port_with(device="0000:ff:1f.7", driver="ice")}, "0000:ff:1f.7")


@subset("sanitizers")
@configuration(start=False)
def test_control_port_taken(lab):
    lab.start("appliance", "/usr/bin/python3", "-c",
              "import socket,time; s=socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); "
              "s.bind(('0.0.0.0',862)); s.listen(); time.sleep(100)")
    lab.wait_for(lambda: ":862" in lab.run("appliance", "ss", "-ltn").stdout, 10, "the port to be taken")
    ends(lab, {}, "862")


@configuration(start=False)
def test_hugepages_required_but_none(lab):
    with open("/proc/meminfo", encoding="ascii") as file:
        if "HugePages_Free:        0" not in file.read():
            raise Skip("this machine has free hugepages")
    ends(lab, {"eal": {"hugepages": "required"}}, "hugepages")


@configuration(start=False)
def test_no_hugepages_is_one_warning(lab):
    with open("/proc/meminfo", encoding="ascii") as file:
        if "HugePages_Free:        0" not in file.read():
            raise Skip("this machine has free hugepages")
    lab.start_specular({"eal": {"hugepages": "auto"}})
    assert lab.log().count(" warning ") == 1, lab.log()
    lab.session(1).exchange()


@configuration(start=False)
def test_with_hugepages(lab):
    with open(HUGEPAGES, encoding="ascii") as file:
        before = file.read()
    lab.deferred.callback(lambda: open(HUGEPAGES, "w", encoding="ascii").write(before))
    with open(HUGEPAGES, "w", encoding="ascii") as file:
        file.write(str(int(before) + 160))
    with open(HUGEPAGES, encoding="ascii") as file:
        if int(file.read()) < int(before) + 160:
            raise Skip("the kernel has no 160 hugepages to give")
    process = lab.start_specular({"eal": {"hugepages": "required"}})
    for mode in (1, twamp.ENCRYPTED):
        lab.session(mode).exchange()
    process.terminate()
    assert process.wait(30) == 0


@subset("sanitizers")
@configuration(start=False)
@cases("SIGTERM", "SIGINT")
def test_ends_in_order(lab, name):
    """Exit 0 with sessions running; clients see their connections close; the TAP is gone."""
    process = lab.start_specular()
    session = lab.session(twamp.ENCRYPTED)
    session.exchange()
    process.send_signal(getattr(signal, name))
    assert process.wait(30) == 0, lab.log()
    assert "spec0" not in lab.run("appliance", "ip", "link").stdout
    assert not lab.faults(), lab.faults()


@configuration(start=False)
@subset("sanitizers")
def test_kill_and_restart(lab):
    """After kill -9 it starts again at once, and serves."""
    for _ in range(3):
        process = lab.start_specular()
        session = lab.session(twamp.ENCRYPTED)
        session.exchange()
        process.kill()
        process.wait()
    lab.start_specular()
    lab.session(twamp.ENCRYPTED).exchange()


@subset("sanitizers")
def test_own_interface_goes_down(lab):
    """More frames than the driver keeps are to be sent while its interface is down: nothing is freed twice or lost from the pool, and all goes on."""
    session = lab.session(twamp.ENCRYPTED)
    for number in range(2):
        session.exchange(number)
        before = lab.counters().get("from_kernel_lost", 0)
        lab.run("appliance", "ip", "link", "set", APPLIANCE_LINK, "down")
        with lab.inside("appliance"):
            kernel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with kernel:
            def lost():
                for _ in range(500):
                    kernel.sendto(b"x", (CLIENT[4], 9))
                    time.sleep(0.0002)
                return lab.counters().get("from_kernel_lost", 0) > before
            lab.wait_for(lost, 10, "more frames than the driver keeps")
        lab.run("appliance", "ip", "link", "set", APPLIANCE_LINK, "up")
        lab.wait_for(lambda: lab.run("client", "ping", "-c", "1", "-W", "1", APPLIANCE[4], check=False).returncode == 0, 15, "the link to be up")
    for number in range(2, 200):
        session.exchange(number)
    lab.session(twamp.AUTHENTICATED).exchange()

    def add_up():
        counters = lab.counters()
        drops = sum(value for name, value in counters.items() if name.startswith("drop_"))
        return counters["received"] == counters["reflected"] + counters["exception"] + drops
    assert lab.wait_for(add_up, 3, "counters that add up", fail=False), lab.counters()


@configuration(start=False)
@cases(*range(1, 3))
def test_lcores(lab, number):
    """One polling lcore on the main CPU, or two."""
    workers = [0] if number == 1 else [0, 1]
    lab.start_specular({"eal": {"lcores": {"main": 0, "workers": workers}}})
    for version in (4, 6):
        for mode in (1, twamp.AUTHENTICATED, twamp.ENCRYPTED):
            lab.session(mode, version).exchange()


@configuration(start=False)
@cases("spin", "pause", "sleep")
def test_idle(lab, idle):
    lab.start_specular({"eal": {"idle": idle}})
    lab.session(twamp.ENCRYPTED).exchange()


@configuration(start=False)
def test_two_queues(lab):
    """Two queues on two lcores: every flow is answered, whichever queue takes it."""
    lab.start_specular({"eal": {"lcores": {"main": 0, "workers": [0, 1]}}, "ports": port_with(
        device=f"net_af_packet0,iface={APPLIANCE_LINK},qpairs=2", queues=2)})
    control = lab.control(twamp.AUTHENTICATED)
    sockets = [lab.udp(4) for _ in range(16)]
    accepts = [control.request(sender_port=one.getsockname()[1], receiver_port=18900) for one in sockets]
    assert control.start_sessions().accept == 0
    for sequence in range(5):
        for one, accept in zip(sockets, accepts):
            test = twamp.Test(twamp.AUTHENTICATED, control.keys, accept.sid)
            one.sendto(test.packet(sequence, 1), ("192.0.2.2", accept.port))
            datagram = twamp.receive_datagram(one)
            assert datagram is not None and test.reply(datagram.payload).sequence == sequence


@configuration(start=False)
def test_jumbo(lab):
    for side, link in (("client", "spec-client"), ("appliance", APPLIANCE_LINK)):
        lab.run(side, "ip", "link", "set", link, "mtu", "9000")
    lab.start_specular({"ports": port_with(
        mtu=8000, device=f"net_af_packet0,iface={APPLIANCE_LINK},framesz=16384,blocksz=65536,framecnt=512")})
    for mode in (1, twamp.ENCRYPTED):
        session = lab.session(mode)
        padding = os.urandom(8000 - 28 - session.test.sender_header)
        reply, datagram = session.exchange(padding=padding)
        assert len(datagram.payload) == 8000 - 28 and reply.padding == padding[:len(reply.padding)]
        with lab.counted(drop_reply_too_long=1):
            session.send(1, padding=padding + bytes(1))
            assert session.silent()


@subset("sanitizers")
def test_no_secret_in_the_log(lab):
    for mode in twamp.SECURITY_MODES.values():
        lab.session(mode).exchange()
    log = lab.log().lower()
    assert twamp.PSK.decode() not in log and twamp.SK_D.hex()[:16] not in log


@subset("sanitizers")
def test_memory_is_flat(lab):
    """Two thousand connections, half of them garbage, leave the resident size where the first five hundred had brought it."""
    def some(number):
        for index in range(number):
            with lab.control(4 if index % 2 else 1) as control:
                for port in (18900, 18901):
                    assert control.request(sender_port=20000, receiver_port=port).accept == 0
                control.start_sessions()
            with lab.connect(4) as garbage:
                garbage.send(os.urandom(1 + index % 400))
    some(250)
    before = lab.resident_kib()
    some(1000)
    grown = lab.resident_kib() - before
    assert grown < 1024, f"grown by {grown} KiB"


def test_lab_tool_cleans_up(lab):
    """A second `up` replaces what a crashed run left; `down` twice is fine."""
    other = {**lab.environment, "SPECULAR_LAB": lab.name + "-two"}
    tool = os.path.join(ROOT, "tools/lab")
    lab.deferred.callback(lambda: subprocess.run([tool, "down"], env=other, capture_output=True, check=False))
    for _ in range(2):
        subprocess.run([tool, "up", "--no-start"], env=other, check=True, capture_output=True)
    for _ in range(2):
        subprocess.run([tool, "down"], env=other, check=True, capture_output=True)
    names = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert lab.name + "-two" not in names
