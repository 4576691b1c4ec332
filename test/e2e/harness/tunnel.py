# SPDX-License-Identifier: BSD-3-Clause
"""RFC 7717's eNB and Security Gateway: an IPsec tunnel that ends in front of the appliance.

    eNB: inner 10.1.0.10, outer 172.16.0.10 == ESP in UDP == 172.16.0.1 gateway 192.0.2.1 -- in clear -- 192.0.2.2 appliance

The gateway is the lab's client, the eNB a namespace behind it. ESP is charon's own (kernel-libipsec, over a TUN device), so that
the kernel needs none; the SAs are as with any other."""

import os
import secrets
import struct

from . import frames
from .frames import Port
from .lab import APPLIANCE_NETWORK, CLIENT
from .strongswan import Daemons
from .suite import Skip

ENB, GATEWAY = "enb", "client"  # namespaces
OUTER = {ENB: "172.16.0.10", GATEWAY: "172.16.0.1"}
OUTER_LINK = {ENB: "outer", GATEWAY: "leased"}
OUTER_NETWORK, INNER_NETWORK = "172.16.0.0/24", "10.1.0.0/16"
INNER = "10.1.0.10"
IDENTITY = {ENB: "enb.lab.example", GATEWAY: "gateway.lab.example"}
SELECTOR = {ENB: f"{INNER}/32", GATEWAY: APPLIANCE_NETWORK}
IKE_PORT, NAT_PORT = 500, 4500
LIBIPSEC = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so"
NON_ESP_MARKER = bytes(4)

STRONGSWAN_CONF = """
charon {{
    load = {plugins}
    filelog {{
        lab {{
            path = {here}/charon.log
            append = yes
            flush_line = yes
            default = 1
        }}
    }}
    plugins {{
        vici {{
            socket = unix://{here}/vici
        }}
        ippm-keys {{
            socket = unix://{here}/ippm-keys
        }}
    }}
}}
charon-systemd {{
    journal {{
        default = -1
    }}
}}
swanctl {{
    load = pem random openssl
    socket = unix://{here}/vici
}}
"""
PLUGINS = "random nonce openssl hmac kdf kernel-libipsec kernel-netlink socket-default vici ippm-keys"
SWANCTL_CONF = """
connections {{
    backhaul {{
        version = 2
        proposals = aes256-sha256-prfsha256-ecp256
        local_addrs = {outer}
        remote_addrs = {peer_outer}
        mobike = no
        local {{
            auth = psk
            id = {identity}
        }}
        remote {{
            auth = psk
            id = {peer_identity}
        }}
        children {{
            backhaul {{
                esp_proposals = aes128gcm16
                local_ts = {selector}
                remote_ts = {peer_selector}
            }}
        }}
    }}
}}
secrets {{
    ike-backhaul {{
        secret = 0x{secret}
    }}
}}
"""


class Tunnel(Daemons):
    """The eNB's namespace, its link to the gateway, both charons, and the gateway's routes and filter; up() makes the SAs."""

    def __init__(self, lab):
        if not os.path.exists(LIBIPSEC):
            raise Skip("no libcharon-extra-plugins")
        super().__init__(lab, (ENB, GATEWAY))
        lab.namespace(ENB)
        self._link()
        self._gateway()
        lab.deferred.enter_context(self)
        secret = secrets.token_hex(32)
        self._files(ENB, GATEWAY, secret)
        self._files(GATEWAY, ENB, secret)
        for side in self.sides:
            self.start(side)

    def _link(self):
        run = self.lab.run
        run(ENB, "ip", "link", "add", OUTER_LINK[ENB], "type", "veth", "peer", "name", OUTER_LINK[GATEWAY],
            "netns", f"{self.lab.name}-{GATEWAY}")
        self.lab.defer(ENB, "ip", "link", "del", OUTER_LINK[ENB])
        for side in self.sides:
            link = OUTER_LINK[side]
            # As on a wire: no IPv6 chatter, whole checksums.
            run(side, "sysctl", "-q", "-w", f"net.ipv6.conf.{link}.disable_ipv6=1")
            run(side, "ethtool", "-K", link, "tx", "off")
            run(side, "ip", "addr", "add", f"{OUTER[side]}/24", "dev", link)
            run(side, "ip", "link", "set", link, "up")
        run(ENB, "ip", "addr", "add", f"{INNER}/32", "dev", "lo")
        run(ENB, "ip", "route", "add", "default", "via", OUTER[GATEWAY])

    def _gateway(self):
        """It forwards, the appliance knows the way back, and what comes in clear from outside does not go to the inside."""
        run, defer = self.lab.run, self.lab.defer
        defer(GATEWAY, "sysctl", "-q", "-w", "net.ipv4.ip_forward=0")
        run(GATEWAY, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
        defer(GATEWAY, "nft", "delete table ip gateway")
        run(GATEWAY, "nft", "add table ip gateway { chain forward { type filter hook forward priority 0; "
            f"iifname {OUTER_LINK[GATEWAY]} ip daddr {APPLIANCE_NETWORK} drop; }}; }}")
        defer("appliance", "ip", "route", "del", INNER_NETWORK)
        run("appliance", "ip", "route", "replace", INNER_NETWORK, "via", CLIENT[4], "dev", "spec0")

    def _files(self, side, peer, secret):
        """What tools/lab-ike start wants to find."""
        here = os.path.dirname(self.path(side, "charon.log"))
        os.makedirs(os.path.join(here, "plugins"), mode=0o700)
        texts = {"plugin-list": PLUGINS, "strongswan.conf": STRONGSWAN_CONF.format(here=here, plugins=PLUGINS),
                 "swanctl.conf": SWANCTL_CONF.format(outer=OUTER[side], peer_outer=OUTER[peer], identity=IDENTITY[side],
                                                     peer_identity=IDENTITY[peer], selector=SELECTOR[side],
                                                     peer_selector=SELECTOR[peer], secret=secret)}
        for name, text in texts.items():
            with open(os.path.join(here, name), "w", encoding="ascii", opener=private) as file:
                file.write(text)

    def up(self):
        self.swanctl(ENB, "--initiate", "--child", "backhaul", "--timeout", "20")

    def down(self):
        self.swanctl(ENB, "--terminate", "--ike", "backhaul", "--timeout", "20")

    def wire(self):
        """A capture of the link between the two, from now on."""
        return Wire(self.lab)


def private(path, flags):
    return os.open(path, flags, 0o600)


class Wire:
    """The link between eNB and gateway, tapped at both ends."""

    def __init__(self, lab):
        self.ports = {}
        for side in (ENB, GATEWAY):
            with lab.inside(side):
                self.ports[side] = Port(OUTER_LINK[side])
            lab.deferred.callback(self.ports[side].socket.close)

    def packets(self):
        """IPv4 packets that came to (eNB, gateway) so far."""
        return [[octets[14:] for octets in self.ports[side].frames(0.2) if octets[12:14] == b"\x08\0"] for side in (ENB, GATEWAY)]


def esp_sequence_numbers(packets):
    """Those of ESP in UDP (RFC 3948), as they came; anything but it and IKE is an error."""
    numbers = []
    for packet in packets:
        frame = frames.parse(bytes(12) + b"\x08\0" + packet)
        assert frame is not None, f"not UDP: {packet[:40].hex()}"
        ports = {frame.source_port, frame.destination_port}
        assert ports in ({IKE_PORT}, {NAT_PORT}), f"UDP from {frame.source_port} to {frame.destination_port}"
        assert {frame.ip_source, frame.ip_destination} == set(OUTER.values()), frame
        if ports == {NAT_PORT} and len(frame.payload) > 8 and not frame.payload.startswith(NON_ESP_MARKER):
            numbers.append(struct.unpack_from("!I", frame.payload, 4)[0])
    return numbers
