# SPDX-License-Identifier: BSD-3-Clause
"""specular-probe against specular, and what the probe says when it can't measure."""

from harness import twamp
from harness.lab import APPLIANCE
from harness.suite import cases, configuration, subset

FAST = ["-c", "20", "-i", "0.005"]


@subset("sanitizers")
@cases(*[(name, version) for name in twamp.SECURITY_MODES for version in (4, 6)])
def test_every_mode(lab, name, version):
    report = lab.probe(APPLIANCE[version], *lab.probe_keys(name), *FAST, "-D", "ef")
    total = report["total"]
    assert report["mode"] == name and report["error"] is None
    assert total["sent"] == total["answered"] == 20 and total["lost"] == total["duplicates"] == total["corrupt"] == 0, total
    assert total["hops_forward"] == total["hops_reverse"] == {"min": 0, "max": 0}
    assert total["dscp_changed"] == 0 and total["reply_octets_min"] == total["reply_octets_max"]
    rtt, turnaround = total["rtt_ns"], total["turnaround_ns"]
    assert rtt["count"] == turnaround["count"] == 20 and total["turnaround_invalid"] == 0
    assert 0 < rtt["min"] <= rtt["median"] <= rtt["p95"] <= rtt["p99"] <= rtt["max"], rtt
    assert 0 <= turnaround["min"], turnaround


@cases("unauthenticated", "encrypted", "ikev2-mixed")
def test_several_sessions(lab, name):
    report = lab.probe(APPLIANCE[4], *lab.probe_keys(name), *FAST, "--sessions", "5")
    assert len(report["sessions"]) == 5 and report["total"]["answered"] == 100
    assert all(session["answered"] == 20 for session in report["sessions"])


@cases(*[(name, option) for name in ("unauthenticated", "authenticated", "encrypted", "mixed")
         for option in ("--individual", "--symmetrical", "--reflect-octets=30")])
def test_features(lab, name, option):
    report = lab.probe(APPLIANCE[4], *lab.probe_keys(name), *FAST, option)
    assert report["total"]["answered"] == 20 and len(report["features"]) == 1, report["features"]


def test_all_features(lab):
    report = lab.probe(APPLIANCE[6], *lab.probe_keys("encrypted"), *FAST, "--individual", "--symmetrical", "--reflect-octets=30",
                       "--sessions", "3")
    assert report["total"]["answered"] == 60 and len(report["features"]) == 3


@cases(0, 27, 100, 1400)
def test_padding(lab, size):
    report = lab.probe(APPLIANCE[4], *FAST, "-s", str(size), "--mode", "unauthenticated")
    assert report["total"]["answered"] == 20
    assert report["total"]["reply_octets_max"] == max(41, 14 + size)


def test_twping_letters(lab):
    report = lab.probe(APPLIANCE[4], "-A", "E", "-k", lab.private("psk.yaml"), "-u", "lab", *FAST, "-4")
    assert report["mode"] == "encrypted"


def test_wrong_passphrase(lab):
    path = f"{lab.folder}/wrong.yaml"
    with open(path, "w", encoding="ascii") as file:
        file.write('keys:\n  - key-id: lab\n    secret-key: "another one"\n')
    report = lab.probe(APPLIANCE[4], "--mode", "encrypted", "--key-file", lab.private("wrong.yaml"), "--key-id", "lab",
                       "--no-fallback", *FAST, expect=2)
    assert report is None or report["error"]


def test_unknown_sa(lab):
    path = f"{lab.folder}/other-sa.yaml"
    with open(path, "w", encoding="ascii") as file:
        file.write("security-associations:\n  - {spi-i: '00000000000000aa', spi-r: '00000000000000bb', prf: hmac-md5, "
                   "sk-d: '000102030405060708090a0b0c0d0e0f'}\n")
    arguments = ["--mode", "ikev2-encrypted", "--ike-sa", lab.private("other-sa.yaml")]
    report = lab.probe(APPLIANCE[4], *arguments, "--no-fallback", *FAST, expect=2)
    assert report is None or report["error"]
    # RFC 7717 section 5.1: it may go on in a mode without IKE, and says so.
    report = lab.probe(APPLIANCE[4], *arguments, "--key-file", lab.private("psk.yaml"), "--key-id", "lab", *FAST)
    assert report["mode"] == "encrypted" and report["mode_asked"] == "ikev2-encrypted", report["mode"]


@configuration(ikev2={"provider": "none", "sa-file": None})
def test_server_without_ike(lab):
    report = lab.probe(APPLIANCE[4], "--mode", "ikev2-authenticated", "--ike-sa", lab.private("sa.yaml"),
                       "--key-file", lab.private("psk.yaml"), "--key-id", "lab", *FAST)
    assert report["mode"] == "authenticated", report["mode"]


@configuration(control={"count": 65536})
def test_count_too_large(lab):
    """RFC 5357 section 6: a Count above 32768 is refused unless told."""
    arguments = [APPLIANCE[4], *lab.probe_keys("authenticated"), *FAST]
    report = lab.probe(*arguments, expect=2)
    assert report is None or report["error"]
    assert lab.probe(*arguments, "--allow-count", "65536")["total"]["answered"] == 20


@configuration(control={"modes": ["authenticated"]}, ikev2={"provider": "none", "sa-file": None})
def test_mode_not_offered(lab):
    report = lab.probe(APPLIANCE[4], "--mode", "unauthenticated", "--no-fallback", *FAST, expect=2)
    assert report is None or "authenticated" in report["error"], report


def test_no_server(lab):
    report = lab.probe(f"{APPLIANCE[4]}:9", *FAST, expect=2)
    assert report is None or report["error"]


def test_reflector_that_is_not_ours(lab):
    report = lab.probe(APPLIANCE[4], "--reflector", "192.0.2.77", *FAST, expect=2)
    assert report is None or report["error"]
