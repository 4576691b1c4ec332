# SPDX-License-Identifier: BSD-3-Clause
"""Keys of live IKE SAs: strongSwan at both ends, IKE over the appliance's own port, no secret configured (RFC 7717)."""

import json
import os

from harness import ike_keys, live, strongswan, twamp
from harness.lab import APPLIANCE, CLIENT
from harness.strongswan import CONNECTION, IDENTITY, PRFS, PROVIDER, SIDES
from harness.suite import cases, configuration, subset

IKE_MODES = ("ikev2-authenticated", "ikev2-encrypted", "ikev2-mixed")


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases(4, 6)
def test_modes(lab, version):
    """Every mode under one SA, by the tests' own client."""
    ike = lab.ike()
    expected = ike.initiate(version)
    sa = ike.get(version=version)
    assert sa.spis == strongswan.spis(expected), (sa, expected)
    assert (sa.local_address, sa.peer_address) == (CLIENT[version], APPLIANCE[version]), sa
    assert (sa.local_identity, sa.peer_identity) == (IDENTITY["client"], IDENTITY["appliance"]), sa
    for name in IKE_MODES:
        mode = twamp.SECURITY_MODES[name]
        session = lab.session(mode, version, control=live.accepted(lab, sa, mode, version))
        for sequence in range(3):
            session.exchange(sequence)
        session.close()


@configuration(ikev2=PROVIDER, keys=None)
@cases(4, 6)
def test_probe_modes(lab, version):
    ike = lab.ike()
    expected = ike.initiate(version)
    for name in IKE_MODES:
        report = lab.probe(APPLIANCE[version], "--mode", name, "--ike", ike.socket("client"), "--no-fallback",
                           "--count", "5", "--interval", "0.02")
        assert report["mode"] == name and report["total"]["answered"] == 5, report
        assert report["ike_sa"] == {"spi_i": expected.spi_i.hex(), "spi_r": expected.spi_r.hex(), "prf": "hmac-sha2-256",
                                    "peer": APPLIANCE[version], "peer_identity": IDENTITY["appliance"],
                                    "local_identity": IDENTITY["client"]}, report["ike_sa"]


@configuration(ikev2=PROVIDER, keys=None)
@cases(*PRFS)
def test_every_prf(lab, prf):
    """Both plugins have the prf(SK_d, "IPPM") that OpenSSL's command line computes from the SK_d in charon's own log."""
    ike = lab.ike(prf=prf, log_keys=True)
    sa = ike.initiate()
    for side in SIDES:
        expected = strongswan.openssl_secret(prf, ike.logged_sk_d(side))
        with ike_keys.Client(ike.socket(side)) as daemon:
            told = daemon.get_by_spis(sa.spi_i, sa.spi_r)
        assert told.prf == ike_keys.PRFS[PRFS[prf]] and told.secret == expected and told.sk_d is None, f"{side}: {told}"
    for name in ("ikev2-encrypted", "ikev2-authenticated"):
        live.works(lab, ike.get(), twamp.SECURITY_MODES[name])


@configuration(ikev2=PROVIDER, keys=None)
def test_psk_authentication(lab):
    """How charon authenticates its peer is nothing to us."""
    ike = lab.ike(auth="psk")
    live.works(lab, ike.up())


def probe(lab, ike, *arguments, expect=0):
    """(report, standard error) of a probe that asks the client's charon."""
    program = os.path.join(lab.build, "app", "probe", "specular-probe")
    result = lab.run("client", program, APPLIANCE[4], "--json", "--no-progress", "--count", "5", "--interval", "0.01", "--mode",
                     "ikev2-encrypted", "--ike", ike.socket("client"), *arguments, check=False)
    assert result.returncode == expect, f"exit {result.returncode}, expected {expect}\n{result.stdout}{result.stderr}"
    return json.loads(result.stdout), result.stderr


@configuration(ikev2=PROVIDER, keys=None)
def test_initiate(lab):
    """RFC 7717 section 5.1: without an SA the client brings it up, and logs that."""
    ike = lab.ike()
    options = "--no-fallback", "--ike-initiate", CONNECTION[4], "--ike-vici", f"unix://{ike.path('client', 'vici')}"
    for said_so in (True, False):  # the second one finds the SA
        report, said = probe(lab, ike, *options)
        sa = ike.agreed()
        assert report["mode"] == "ikev2-encrypted" and report["total"]["answered"] == 5, report
        assert (report["ike_sa"]["spi_i"], report["ike_sa"]["spi_r"]) == (sa.spi_i.hex(), sa.spi_r.hex()), (report, sa)
        assert ("ike-initiate" in said) == said_so, said
    assert len(ike.sas("client")) == 1


@configuration(ikev2=PROVIDER)
def test_fall_back(lab):
    """RFC 7717 section 5.1: without an SA the client logs an error and goes on with another mode, unless told not to."""
    ike = lab.ike()
    key = "--key-file", lab.private("psk.yaml"), "--key-id", "lab"
    report, said = probe(lab, ike, *key)
    assert report["mode"] == "encrypted" and report["ike_sa"] is None and report["total"]["answered"] == 5, report
    assert "ike-sa-not-found" in said and APPLIANCE[4] in said and "ikev2-fall-back" in said, said
    report, said = probe(lab, ike, *key, "--no-fallback", expect=2)
    assert "ike-sa-not-found" in said and report["error"], said
    ike.initiate()
    report, said = probe(lab, ike, *key)
    assert report["mode"] == "ikev2-encrypted" and "fall-back" not in said, (report, said)
    ike.kill("client")
    report, said = probe(lab, ike, *key)
    assert report["mode"] == "encrypted" and "ike-daemon-unreachable" in said, (report, said)
    probe(lab, ike, expect=2)


@configuration(ikev2={**PROVIDER, "derive": "appliance"}, keys=None)
@cases("yes", "no")  # in this order: after a refusal the appliance asks again after ten seconds only
def test_derive_by_appliance(lab, exposed):
    ike = lab.ike(plugin=[f"appliance:expose_sk_d={exposed}"])
    sa = ike.up()
    if exposed == "yes":
        live.works(lab, sa)
    else:
        live.refused(lab, sa, 5, "key-provider-unreachable", "expose_sk_d = yes")
        lab.wait_for_log("ike-daemon-refused.*expose_sk_d")
