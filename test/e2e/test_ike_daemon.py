# SPDX-License-Identifier: BSD-3-Clause
"""Keys of live IKE SAs: strongSwan at both ends, IKE over the appliance's own port, no secret configured (RFC 7717)."""

from harness import ike_keys, strongswan, twamp
from harness.lab import APPLIANCE, CLIENT
from harness.strongswan import IDENTITY, PRFS, PROVIDER
from harness.suite import cases, configuration, subset

IKE_MODES = ("ikev2-authenticated", "ikev2-encrypted", "ikev2-mixed")


def live_control(lab, ike, mode, version=4):
    """A control connection set up under the newest SA with the appliance, which the client's charon tells of; and that SA."""
    with ike_keys.Client(ike.socket("client")) as daemon:
        sa = daemon.get_by_peer(APPLIANCE[version])
    control = lab.control(version=version)
    control.greeting()
    control.set_up_response(mode, sa.spi_i + sa.spi_r, sa.secret)
    start = control.server_start()
    assert start.accept == 0, f"Server-Start has Accept {start.accept}"
    return control, sa


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases(4, 6)
def test_modes(lab, version):
    """Every mode under one SA, by the tests' own client."""
    ike = lab.ike()
    expected = ike.initiate(version)
    for name in IKE_MODES:
        mode = twamp.SECURITY_MODES[name]
        control, sa = live_control(lab, ike, mode, version)
        assert sa.spis == strongswan.spis(expected), (sa, expected)
        assert (sa.local_address, sa.peer_address) == (CLIENT[version], APPLIANCE[version]), sa
        assert (sa.local_identity, sa.peer_identity) == (IDENTITY["client"], IDENTITY["appliance"]), sa
        session = lab.session(mode, version, control=control)
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
        assert report["ike-sa"] == {"spi-i": expected.spi_i.hex(), "spi-r": expected.spi_r.hex(), "prf": "hmac-sha2-256",
                                    "peer": APPLIANCE[version], "peer-identity": IDENTITY["appliance"],
                                    "local-identity": IDENTITY["client"]}, report["ike-sa"]


@configuration(ikev2=PROVIDER, keys=None)
@cases(*PRFS)
def test_secret_is_openssls(lab, prf):
    """Both plugins have the prf(SK_d, "IPPM") that OpenSSL's command line computes from the SK_d in charon's own log."""
    ike = lab.ike(prf=prf, log_keys=True)
    sa = ike.initiate()
    expected = strongswan.openssl_secret(prf, ike.logged_sk_d("client"))
    for side in strongswan.SIDES:
        with ike_keys.Client(ike.socket(side)) as daemon:
            told = daemon.get_by_spis(sa.spi_i, sa.spi_r)
        assert told.prf == ike_keys.PRFS[PRFS[prf]] and told.secret == expected, f"{side}: {told}"
    control, _ = live_control(lab, ike, twamp.ENCRYPTED | twamp.IKEV2)
    lab.session(twamp.ENCRYPTED | twamp.IKEV2, control=control).exchange()
