# SPDX-License-Identifier: BSD-3-Clause
"""specular-load against the appliance: every way of sending is answered without a fault, and what a link does to known packets is
what the report says. No upper bound on any time."""

import os
import re
import signal
import time
import xml.etree.ElementTree

from harness import frames, load
from harness.lab import APPLIANCE, APPLIANCE_LINK, CLIENT_LINK, VLAN, VLAN_APPLIANCE, VLAN_CLIENT
from harness.load import Load, group
from harness.relay import ImpairedLink, delay, double, lose, swap
from harness.strongswan import PROVIDER
from harness.suite import cases, configuration, subset

KEYED = ("authenticated", "encrypted", "mixed")
IKE_MODES = ("ikev2-authenticated", "ikev2-encrypted", "ikev2-mixed")
MS = 1_000_000


def clean(result, trials=1):
    """Every packet of every trial was answered, and rightly."""
    assert result.report["verdict"] == "passed" and len(result.report["trials"]) == trials, result.text
    for trial in result.report["trials"]:
        assert trial["sent"] == trial["answered"] > 0 and trial["lost"] == trial["wrong"] == trial["duplicates"] == 0, trial
        assert not any(trial["faults"].values()) and trial["load"]["missed"] == 0, trial
    assert result.evidence() == []
    return result


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Every way of sending.
@subset("sanitizers")
@cases(4, 6)
def test_modes(lab, version):
    """All modes in one run, each with a control connection of its own."""
    groups = [group(version, name=mode, mode=mode, source_port=20000 + 100 * number, reflector_port=18800 + 100 * number)
              for number, mode in enumerate(("unauthenticated", *KEYED))]
    result = clean(load.run(lab, groups, control={"server": APPLIANCE[version]}))
    assert result.report["sessions"] == 16


@cases(*IKE_MODES)
def test_ike_sa(lab, mode):
    clean(load.run(lab, [group(mode=mode)], control={"key-file": None, "key-id": None, "sa-file": "sa.yaml"}))


@configuration(ikev2=PROVIDER, keys=None)
def test_ike_daemon(lab):
    """Keys of a live IKE SA. charon keeps it while the client's address goes to the load's TAP."""
    ike = lab.ike()
    ike.initiate()
    groups = [group(name=mode, mode=mode, source_port=20000 + 100 * number, reflector_port=18800 + 100 * number)
              for number, mode in enumerate(IKE_MODES)]
    clean(load.run(lab, groups, control={"key-file": None, "key-id": None, "ike-socket": ike.socket("client")}))


@cases(4, 6)
def test_vlan(lab, version):
    result = load.run(lab, [group(vlan=VLAN, reflector=VLAN_APPLIANCE[version], source=VLAN_CLIENT[version])],
                      control={"server": VLAN_APPLIANCE[version]})
    clean(result)


def test_sizes_and_dscp(lab):
    """Sizes in turn, an IMIX, DSCPs that replies must have, symmetrical packets: each judged octet by octet by the load itself."""
    clean(load.run(lab, [
        group(name="sizes", sizes=[41, 64, 500, 1472], dscp=46),
        group(name="imix", imix=True, mode="authenticated", source_port=21000, reflector_port=18900, dscp=10),
        group(name="symmetrical", symmetrical_size=True, sizes=[112, 300], source_port=22000, reflector_port=19000, zero_padding=True)]))


def test_on_the_wire(lab):
    """What it sends, as another reader sees it: RFC 5357 section 4.1.2."""
    with lab.inside("appliance"):
        port = frames.Port(APPLIANCE_LINK)
    lab.deferred.callback(port.socket.close)
    clean(load.run(lab, [group(count=1, sizes=[64], dscp=46, reflector_port=18800)], run={"duration": "100ms", "warm-up": "0ms"}))
    sent = [packet for packet in map(frames.parse, port.frames(0.2)) if packet and packet.destination_port == 18800]
    assert sent and all(packet.ip_checksum_good and packet.udp_checksum_good and packet.ttl == 255 and
                        packet.traffic_class == 46 << 2 and len(packet.payload) == 64 for packet in sent)
    assert [int.from_bytes(packet.payload[:4], "big") for packet in sent] == list(range(len(sent)))


def test_connections(lab):
    result = clean(load.run(lab, [group(count=40)], control={"connections": 4}))
    assert result.report["sessions"] == 40


# Ways of running, and reports.
@subset("sanitizers")
def test_burst(lab):
    result = load.run(lab, [group(mode="encrypted")], run={"mode": "burst", "burst": {"frames": 200, "rounds": 5}})
    burst = result.report["burst"]
    assert burst["valid"] and burst["rounds"] == 5 and burst["lost"] == 0 and burst["rate_median"] > 0, burst
    assert result.trial["sent"] == result.trial["answered"] == 1000 and result.trial["wrong"] == 0, result.trial


def test_ramp(lab):
    result = clean(load.run(lab, [group(count=20)], run={"mode": "ramp", "duration": "200ms", "rate": 400, "ramp": {"from": 5, "step": 5}}), 4)
    assert [trial["order"]["sessions"] for trial in result.report["trials"]] == [5, 10, 15, 20]


def test_search(lab):
    """The maximum is low: it passes, and the report says that there may be more."""
    result = load.run(lab, [group()], run={"mode": "search", "rate": 500, "duration": "200ms"})
    ndr, pdr = result.report["search"]["ndr"], result.report["search"]["pdr"]
    assert ndr["found"] and pdr["found"] and ndr["rate"] <= pdr["rate"] <= 500, result.report["search"]
    assert [trial["name"] for trial in result.report["trials"]] == [f"latency at {share}% of PDR" for share in (10, 50, 90)]


def test_soak(lab):
    result = clean(load.run(lab, [group()], run={"mode": "soak", "duration": "3s", "rate": 200}))
    seconds = result.trial["seconds"]
    assert len(seconds) >= 2 and seconds[-1]["at_ns"] <= 3000 * MS and sum(second["sent"] for second in seconds) == result.trial["sent"]
    assert result.report["resident_last_kib"] > 0


def test_sleeping(lab):
    """An lcore that may sleep leaves the CPU to others, keeps its schedule, and says how late it saw replies."""
    ready = Load(lab, {"sessions": [group()], "eal": {"idle": "sleep", "idle-sleep": 1000},
                       "run": {"mode": "soak", "rate": 100, "duration": "4s", "warm-up": "0ms"}})
    ready.start()
    ready.await_packets(20)
    before, began = cpu_seconds(ready.process.pid), time.monotonic()
    time.sleep(1)
    used, passed = cpu_seconds(ready.process.pid) - before, time.monotonic() - began
    result = clean(ready.wait())
    assert used < passed / 2, (used, passed)
    text = " ".join(result.text.split())
    assert result.trial["load"]["nap_max_ns"] > 0 and "eal.idle: sleep" in text and "the load's longest sleep" in text, text


def test_reports(lab):
    """All of them are there, and the page needs nothing from elsewhere."""
    result = clean(load.run(lab, [group()], thresholds={"loss": 0, "rtt-p99": "10s"}))
    suites = xml.etree.ElementTree.fromstring(result.file("junit.xml"))
    cases_run = list(suites.iter("testcase"))
    assert len(cases_run) >= 2 and not list(suites.iter("failure")) and not list(suites.iter("error"))
    page = result.file("report.html")
    assert page.rstrip().endswith("</html>") and "<svg" in page
    assert not re.search(r"""(src|href)\s*=\s*["']?(?!#|data:)|url\(\s*["']?(?!#|data:)|@import|<script|<link""", page, re.I)
    assert result.file("report.txt") and result.report["schema"] == "specular-load/1"
    assert result.report["environment"]["driver"] == "net_af_packet" and result.report["environment"]["cpu"]


# Thresholds decide the exit code.
@cases(({"thresholds": {"loss": 0, "rtt-maximum": "1h"}}, 0), ({"thresholds": {"rtt-p50": "1ns"}}, 1))
def test_thresholds(lab, changes, code):
    result = load.run(lab, [group()], expect=code, **changes)
    assert result.report["verdict"] == ("passed" if code == 0 else "missed")
    failures = list(xml.etree.ElementTree.fromstring(result.file("junit.xml")).iter("failure"))
    assert bool(failures) == (code == 1)
    if code:
        assert [check["met"] for check in result.report["checks"] if "p50" in check["name"]] == [False], result.report["checks"]


# A link that is known.
COUNT = 400  # packets, the trial's half second


def behind(lab, mode="unauthenticated", version=4, expect=0, sessions=1, changes=None, **rules):
    """The trial behind an impaired link, and that what was sent is what was to be sent: rules count packets."""
    link = ImpairedLink(lab, **rules)
    result = load.run(lab, [group(version, count=sessions, mode=mode)], expect, link,
                      run={"warm-up": "0ms", "duration": "500ms", "rate": 2 * COUNT, **(changes or {})},
                      control={"server": APPLIANCE[version]})
    assert result.trial["sent"] == COUNT and result.trial["load"]["missed"] == 0, result.text
    return result.trial


LOSSY = {"timeout": "3s"}  # what is lost is waited for to the end
LOST = tuple(range(20, 380, 18))  # none among the last ones, whose way of getting lost nobody can tell


@cases(("unauthenticated", 4), ("encrypted", 6))
def test_loss(lab, mode, version):
    trial = behind(lab, mode, version, changes=LOSSY, forward=lose(*LOST), reverse=lose(5, 6, 7, 301))
    assert trial["lost_forward"] == len(LOST) and trial["lost_backward"] == 4 and trial["lost_unknown"] == 0, trial
    assert trial["lost"] == len(LOST) + 4 == trial["sent"] - trial["answered"], trial
    assert abs(trial["loss_ppm"] - trial["lost"] * 1e6 / COUNT) < 1


def test_loss_at_the_end(lab):
    """Nobody can tell on which way the last ones were lost."""
    trial = behind(lab, changes=LOSSY, forward=lose(397), reverse=lose(397, 398))
    assert (trial["lost"], trial["lost_unknown"]) == (3, 3), trial


@cases("authenticated")
def test_duplicates(lab, mode):
    trial = behind(lab, mode, forward=double(2, 9), reverse=double(20, 30, 40))
    assert trial["answered"] == COUNT and trial["lost"] == 0
    assert (trial["duplicates"], trial["duplicates_forward"]) == (5, 2), trial


@cases("unauthenticated", "encrypted")
def test_reordering(lab, mode):
    """RFC 4737: each swapped pair has one reordered packet, of extent 1."""
    trial = behind(lab, mode, forward=swap(3, 13, 23), reverse=swap(33, 43))
    assert trial["answered"] == COUNT
    assert (trial["reordered"], trial["reordered_forward"], trial["reordering_extent"]) == (5, 3, 1), trial


def test_delay(lab):
    """At least what was injected, each way, less the stated error."""
    trial = behind(lab, forward=delay(0.05), reverse=delay(0.02))
    distributions, error = trial["histograms_ns"], trial["error_max_ns"] + MS
    assert trial["answered"] == COUNT
    assert distributions["rtt"]["min"] >= 70 * MS - MS and distributions["rtt_sent"]["min"] >= 70 * MS - MS, distributions["rtt"]
    assert distributions["forward"]["min"] >= 50 * MS - error and distributions["backward"]["min"] >= 20 * MS - error
    assert distributions["turnaround"]["p50"] < 50 * MS  # what is in the link is not in the reflector


def test_delay_beyond_the_timeout(lab):
    """The load goes on sending for longer than that."""
    trial = behind(lab, changes={"timeout": "2s", "duration": "2500ms", "rate": COUNT / 2.5},
                   reverse=lambda number, frame: [(2.2 if number in (5, 6) else 0, frame)])
    assert (trial["late"], trial["lost"], trial["answered"]) == (2, 2, COUNT - 2), trial


def test_delay_does_not_slow_the_schedule(lab):
    """Open loop: with a second on the link as many packets leave, and as long."""
    trial = behind(lab, reverse=delay(1))
    assert trial["answered"] == COUNT and abs(trial["duration_ns"] - 500 * MS) < 5 * MS, trial


def test_damage(lab):
    """Replies with a damaged octet are no answers, and kept."""
    trial = behind(lab, "encrypted", expect=1, changes=LOSSY, reverse=lambda number, frame: [
        (0, frame[:60] + bytes([frame[60] ^ 1]) + frame[61:] if number in (5, 15) else frame)])
    assert trial["faults"]["udp_checksum"] == 2 and trial["lost"] == 2, trial


# What does not run.
def refused(lab, pattern, sessions=None, **changes):
    result = load.run(lab, sessions or [group()], 2, **changes)
    assert re.search(pattern, result.complaint), result.complaint
    return result


def test_wrong_key(lab):
    with open(f"{lab.folder}/other.yaml", "w", encoding="ascii") as file:
        file.write('{"keys": [{"key-id": "lab", "secret-key": "another one"}]}')
    lab.private("other.yaml")
    refused(lab, "(?i)key|refus", [group(mode="authenticated")], control={"key-file": "other.yaml"})


def test_unknown_key_id(lab):
    refused(lab, "nobody", [group(mode="authenticated")], control={"key-id": "nobody"})


def test_no_ike_sa(lab):
    with open(f"{lab.folder}/other.yaml", "w", encoding="ascii") as file:
        file.write('{"security-associations": [{"spi-i": "00000000000000aa", "spi-r": "00000000000000bb", "prf": "hmac-sha2-256", '
                   f'"sk-d": "{"5a" * 32}"}}]}}')
    lab.private("other.yaml")
    refused(lab, "(?i)SA", [group(mode="ikev2-authenticated")], control={"key-file": None, "key-id": None, "sa-file": "other.yaml"})


def test_no_ike_daemon(lab):
    refused(lab, "(?i)ike|charon", [group(mode="ikev2-authenticated")],
            control={"key-file": None, "key-id": None, "ike-socket": "/run/not-there.ippm-keys"})


def test_no_neighbour(lab):
    refused(lab, r"192\.0\.2\.77", [group(reflector="192.0.2.77")], control={"server": "192.0.2.77"})


@configuration(start=False)
def test_no_server(lab):
    """Nobody has the reflector's address."""
    refused(lab, r"192\.0\.2\.2")


def test_nobody_listens(lab):
    refused(lab, r"192\.0\.2\.2.*8621|8621.*192\.0\.2\.2", control={"port": 8621})


def test_port_taken(lab):
    """The name for the TAP is somebody else's interface."""
    refused(lab, f"{CLIENT_LINK}.*no TAP", port={"kernel-interface": CLIENT_LINK})


@configuration(control={"modes": ["unauthenticated", "authenticated"]})
def test_mode_not_offered(lab):
    refused(lab, "(?i)does not offer encrypted", [group(mode="encrypted")])


@cases(("run", {"mode": "fast"}, "run.mode"), ("sessions", [], "sessions"), ("run", {"rate": -1}, "run.rate"))
def test_wrong_file(lab, key, value, said):
    ready = Load(lab, {"sessions": [group()], key: value})
    ready.start()
    assert re.search(rf"load\.yaml.*{said}", ready.wait(2).complaint)


# Ends before its time.
@subset("sanitizers")
@cases(signal.SIGINT, signal.SIGHUP)
def test_interrupted(lab, number):
    """Ctrl-C, or a terminal that is gone: what was measured is reported, and is right as far as it went."""
    ready = Load(lab, {"sessions": [group()], "run": {"mode": "rate", "rate": 200, "duration": "1h", "warm-up": "0ms"}})
    ready.start()
    ready.await_packets()
    ready.interrupt(number)
    if number == signal.SIGHUP:  # the kernel tells, and the shell too
        time.sleep(0.05)
        ready.interrupt(number)
    result = ready.wait(1)
    assert result.report["interrupted"] and result.trial["interrupted"], result.text
    assert result.trial["sent"] == result.trial["answered"] > 0 and result.trial["wrong"] == 0, result.trial
    assert "interrupted" in result.text.lower() and result.file("junit.xml")


@configuration(eal={"idle-sleep": 30})
def test_appliance_dies(lab):
    """Killed: what is behind its last reply is lost, nobody knows where."""
    ready = Load(lab, {"sessions": [group()], "run": {"mode": "rate", "rate": 200, "duration": "1h", "warm-up": "0ms", "timeout": "500ms"},
                       "thresholds": {"loss": "1%"}})
    with lab.inside("appliance"):
        wire = frames.Port(APPLIANCE_LINK)
    lab.deferred.callback(wire.socket.close)
    ready.start()
    ready.await_packets()
    os.kill(lab.pid(), signal.SIGKILL)
    lab.wait_for(lambda: lab.pid() is None, 10, "the appliance's end")
    list(wire.frames(0))  # to nobody's ears from here on
    ready.await_sent(wire, 50)
    ready.interrupt()
    result = ready.wait(1)
    assert result.trial["answered"] > 0 and result.trial["lost_unknown"] >= 50, result.trial
    assert [check["met"] for check in result.report["checks"] if check["name"].startswith("loss")] == [False]
    lab.down()
    lab.up({"eal": {"idle-sleep": 30}})
