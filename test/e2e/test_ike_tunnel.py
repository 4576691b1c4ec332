# SPDX-License-Identifier: BSD-3-Clause
"""TWAMP between IPsec systems: inside their tunnel in unauthenticated mode (RFC 7717 section 5.4), and beside it under the key of
the same IKE SA (section 5.1)."""

import socket

from harness.lab import APPLIANCE, VLAN, VLAN_APPLIANCE, VLAN_CLIENT
from harness.relay import TaggedLink
from harness.strongswan import PROVIDER
from harness.suite import configuration
from harness.tunnel import ENB, GATEWAY, IDENTITY, INNER, OUTER, OUTER_NETWORK, Tunnel, esp_sequence_numbers

COUNT = 20
RUN = ("--count", str(COUNT), "--interval", "0.01")
TCP = 6


def connects(lab):
    """Whether the eNB's inner address reaches TWAMP-Control."""
    with lab.inside(ENB):
        stream = socket.socket()
    with stream:
        stream.settimeout(1.5)
        stream.bind((INNER, 0))
        try:
            stream.connect((APPLIANCE[4], 862))
        except TimeoutError:
            return False
        return True


def inside(lab, *options):
    return lab.probe(APPLIANCE[4], "--mode", "unauthenticated", "--source", INNER, *RUN, *options, side=ENB)


def refused_without_tunnel(lab, tunnel):
    """What the eNB sends in clear gets to the gateway and no further."""
    wire = tunnel.wire()
    assert not connects(lab)
    to_enb, to_gateway = wire.packets()
    assert not to_enb and to_gateway and {packet[9] for packet in to_gateway} == {TCP}, (to_enb, to_gateway)


def test_inside(lab):
    """The tunnel ends at a gateway in front of the appliance: nothing but IKE and ESP is on the way there, all of the measurement
    in it, and without the tunnel nothing gets to the appliance."""
    tunnel = Tunnel(lab)
    refused_without_tunnel(lab, tunnel)
    tunnel.up()
    wire, behind = tunnel.wire(), lab.port()
    report = inside(lab, "--dscp", "ef")
    total = report["total"]
    assert report["mode"] == "unauthenticated" and total["answered"] == COUNT and total["dscp_changed"] == 0, total
    assert total["hops_forward"] == total["hops_reverse"] == {"min": 1, "max": 1}, total
    for packets in wire.packets():
        numbers = esp_sequence_numbers(packets)
        # The test packets, and those of the control connection.
        assert len(numbers) > COUNT and sorted(numbers) == list(range(1, len(numbers) + 1)), numbers
    replies = behind.datagrams(0.2, ip_source=APPLIANCE[4])
    assert len(replies) == COUNT, len(replies)
    assert all(reply.ip_destination == INNER and reply.destination == behind.address for reply in replies), replies
    tunnel.down()
    refused_without_tunnel(lab, tunnel)


@configuration(ikev2={**PROVIDER, "socket": f"ike/{GATEWAY}/ippm-keys", "allowed-identities": [IDENTITY[ENB]]}, keys=None)
def test_beside(lab):
    """The operator's comparison: from the same eNB through the tunnel and, to an address that the tunnel leaves out, beside it
    under the key of the tunnel's IKE SA, which the appliance gets from the gateway's charon."""
    TaggedLink(lab, (VLAN,), [f"{VLAN_CLIENT[4]}/24"])
    lab.defer("appliance", "ip", "route", "del", OUTER_NETWORK)
    lab.run("appliance", "ip", "route", "replace", OUTER_NETWORK, "via", VLAN_CLIENT[4])
    tunnel = Tunnel(lab)
    tunnel.up()
    wire = tunnel.wire()
    assert inside(lab)["total"]["answered"] == COUNT
    report = lab.probe(VLAN_APPLIANCE[4], "--mode", "ikev2-encrypted", "--no-fallback", f"--ike={tunnel.socket(ENB)}",
                       "--ike-peer", OUTER[GATEWAY], *RUN, side=ENB)
    sa, = tunnel.sas(ENB)
    assert report["mode"] == "ikev2-encrypted" and report["total"]["answered"] == COUNT, report["total"]
    assert (report["ike_sa"]["spi_i"], report["ike_sa"]["peer"]) == (sa.spi_i.hex(), OUTER[GATEWAY]), (report["ike_sa"], sa)
    leased = socket.inet_aton(VLAN_APPLIANCE[4])
    for packets in wire.packets():
        clear = [packet for packet in packets if leased in (packet[12:16], packet[16:20])]
        assert len(clear) > COUNT and len(esp_sequence_numbers([one for one in packets if one not in clear])) > COUNT
