# SPDX-License-Identifier: BSD-3-Clause
"""Keys from an IKE SA: RFC 7717 with the static SA table."""

import os

from harness import keys, twamp
from harness.key_files import SAS
from harness.suite import cases, configuration, subset

IKE_MODES = ("ikev2-authenticated", "ikev2-encrypted", "ikev2-mixed")


@subset("sanitizers")
@cases(*[(prf, name) for prf in keys.PRFS for name in ("ikev2-authenticated", "ikev2-encrypted")])
def test_every_prf(lab, prf, name):
    """Each SA of the table has another PRF and an SK_d of its own."""
    spi_i, spi_r, sk_d = SAS[prf]
    control = lab.control()
    control.greeting()
    control.set_up_response(twamp.SECURITY_MODES[name], spi_i + spi_r, keys.ike_secret(prf, sk_d))
    assert control.server_start().accept == 0
    lab.session(twamp.SECURITY_MODES[name], control=control).exchange()


@subset("sanitizers")
@cases(*IKE_MODES)
def test_unknown_sa(lab, name):
    """RFC 7717 section 5.3: logged, Accept 6."""
    mark = len(lab.log())
    with lab.counted(setups_unknown_sa=1):
        control = lab.control()
        control.greeting()
        control.set_up_response(twamp.SECURITY_MODES[name], bytes.fromhex("deadbeefdeadbeef1112131415161718"), b"x" * 32)
        start = control.server_start()
        assert start.accept == 6 and start.start_time == 0 and start.mbz == bytes(15), start
        assert control.is_closed()
    lab.wait_for_log("(?i)deadbeefdeadbeef", mark)


def test_rest_of_key_id_is_ignored(lab):
    control = lab.control()
    control.greeting()
    control.set_up_response(twamp.ENCRYPTED | twamp.IKEV2, twamp.SPI_I + twamp.SPI_R + os.urandom(64),
                            keys.ike_secret(twamp.SA_PRF, twamp.SK_D))
    assert control.server_start().accept == 0


def test_swapped_spis_are_unknown(lab):
    control = lab.control()
    control.greeting()
    control.set_up_response(twamp.ENCRYPTED | twamp.IKEV2, twamp.SPI_R + twamp.SPI_I,
                            keys.ike_secret(twamp.SA_PRF, twamp.SK_D))
    assert control.server_start().accept == 6


def test_wrong_secret(lab):
    with lab.counted(setups_bad_token=1):
        control = lab.control()
        control.greeting()
        control.set_up_response(twamp.ENCRYPTED | twamp.IKEV2, twamp.SPI_I + twamp.SPI_R, b"guess")
        start = control.server_start()
        assert start.accept not in (0, 6) and start.start_time == 0, start


@cases(128, 129)
def test_alone_or_unauthenticated(lab, mode):
    """IKEv2Derived goes together with 2, 4 or 8."""
    control = lab.control()
    control.greeting()
    control.set_up_response(mode, twamp.SPI_I + twamp.SPI_R, keys.ike_secret(twamp.SA_PRF, twamp.SK_D))
    try:
        assert control.server_start().accept != 0
    except twamp.Closed:
        pass


@configuration(ikev2={"token-key": "direct"})
@cases(*IKE_MODES)
def test_direct_token_key(lab, name):
    control = lab.control()
    control.greeting()
    control.set_up_response(twamp.SECURITY_MODES[name], twamp.SPI_I + twamp.SPI_R,
                            keys.ike_secret(twamp.SA_PRF, twamp.SK_D), ike_direct=True)
    assert control.server_start().accept == 0
    lab.session(twamp.SECURITY_MODES[name], control=control).exchange()


def test_psk_still_works(lab):
    """The table of SAs and the pre-shared keys are two name spaces."""
    control = lab.control()
    control.greeting()
    control.set_up_response(twamp.ENCRYPTED, twamp.SPI_I + twamp.SPI_R, keys.ike_secret(twamp.SA_PRF, twamp.SK_D))
    try:
        assert control.server_start().accept not in (0, 6)
    except twamp.Closed:
        pass
    lab.session(twamp.ENCRYPTED).exchange()


@subset("sanitizers")
@configuration(ikev2={"provider": "charon", "sa-file": None, "socket": "nobody"})
def test_daemon_that_is_away(lab):
    """The appliance starts and offers the mode all the same; who asks for it is told to try again later."""
    mark = len(lab.log())
    with lab.counted(setups_provider_unreachable=1):
        control = lab.control()
        assert control.greeting().modes & twamp.IKEV2
        control.set_up_response(twamp.ENCRYPTED | twamp.IKEV2, twamp.SPI_I + twamp.SPI_R, b"x" * 32)
        assert control.server_start().accept == 5
        assert control.is_closed()
    lab.wait_for_log("key-provider-unreachable: .*/nobody: .*No such file or directory", mark)
    lab.session(twamp.SECURITY_MODES["encrypted"]).exchange()
