# SPDX-License-Identifier: BSD-3-Clause
"""Real IKE daemons: a strongSwan charon at each end of the lab (tools/lab-ike), and what OpenSSL's command line makes of the SK_d in
charon's log, so that a secret is compared with one that none of our code has computed."""

import os
import re
import subprocess
from collections import namedtuple

from . import ike_keys

# Changes to the tests' configuration: keys come from the appliance's charon.
PROVIDER = {"provider": "charon", "sa-file": None, "socket": "ike/appliance/ippm-keys"}
CONNECTION = {4: "lab-ipv4", 6: "lab-ipv6"}
SIDES = ("client", "appliance")
ADDRESS = {"client": {4: "192.0.2.1", 6: "2001:db8::1"}, "appliance": {4: "192.0.2.2", 6: "2001:db8::2"}}
IDENTITY = {side: f"{side}.lab.example" for side in SIDES}
# Names of PRFs: of tools/lab-ike --prf and of our files and reports.
PRFS = {"sha1": "hmac-sha1", "sha256": "hmac-sha2-256", "sha384": "hmac-sha2-384", "sha512": "hmac-sha2-512",
        "aesxcbc": "aes128-xcbc", "aescmac": "aes128-cmac"}
LABEL = b"IPPM"
LOGGED_SK_D = re.compile(r"Sk_d secret => (\d+) bytes @ .*\n((?:.*\[IKE\] .* +\d+: (?:[0-9A-F]{2} )+ .*\n?)+)")
LOGGED_OCTETS = re.compile(r" +\d+: ((?:[0-9A-F]{2} ){1,16})")

# local and peer are of the side that was asked; SPIs are octets, as on the wire.
Sa = namedtuple("Sa", "connection unique_id spi_i spi_r prf local_address local_identity peer_address peer_identity")


def spis(sa):
    return sa.spi_i, sa.spi_r


def other(side):
    return SIDES[1 - SIDES.index(side)]


def spelled(octets):
    """How a log could show key octets: as hexadecimal digits of any kind, or as they are. A few of them are too many already."""
    some = octets[:8]
    return some.hex(), some.hex().upper(), some.hex(" "), some.hex(" ").upper(), some.hex(":"), some.decode("latin-1")


class Daemons:
    """The charons of some namespaces (tools/lab-ike start) until the block ends; a sanitizer's finding in the plugin fails then,
    and so does one of the secrets in a log."""

    def __init__(self, lab, sides, log_keys=False):
        self.lab, self.sides, self.log_keys, self.secrets = lab, sides, log_keys, set()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        for side in self.sides:
            self.stop(side)
        faults = [line for side in self.sides for line in self.faults(side)] + self.leaks()
        if error is not None:
            for side in self.sides:
                error.add_note(f"the {side}'s charon.log ends:\n" + "\n".join(self.log(side).splitlines()[-30:]))
        self.lab.tool("down", program="lab-ike")
        if faults and error is None:
            raise AssertionError("logs tell of faults:\n" + "\n".join(faults))

    def tool(self, *arguments, **options):
        return self.lab.tool(*arguments, program="lab-ike", **options)

    # The daemons.
    def start(self, side):
        self.tool("start", side)

    def stop(self, side):
        """SIGTERM: it tells its peers."""
        self.tool("stop", side)

    def kill(self, side):
        self.tool("kill", side)

    def pid(self, side):
        with open(self.path(side, "charon.pid"), encoding="ascii") as file:
            return int(file.read())

    def path(self, side, name):
        return os.path.join(self.lab.runtime, "ike", side, name)

    def socket(self, side):
        """Where its plugin listens."""
        return self.path(side, "ippm-keys")

    def log(self, side):
        try:
            with open(self.path(side, "charon.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def faults(self, side):
        """What a sanitizer said."""
        return self.lab.faults_in(self.log(side))

    def leaks(self, *texts):
        """Secrets in the logs and in these texts."""
        logs = {"specular.log": self.lab.log(), **{f"text {number}": text for number, text in enumerate(texts)}}
        if not self.log_keys:
            logs.update({f"the {side}'s charon.log": self.log(side) for side in self.sides})
        return [f"a secret is in {name}" for name, log in logs.items() for secret in self.secrets
                if any(spelling in log for spelling in spelled(secret))]

    # SAs.
    def swanctl(self, side, *arguments, **options):
        return self.tool("swanctl", side, *arguments, **options)

    def sas(self, side):
        """The established ones."""
        found = []
        for line in self.tool("list", side).stdout.splitlines():
            connection, unique_id, spi_i, spi_r, *rest = line.split("\t")
            found.append(Sa(connection, int(unique_id), bytes.fromhex(spi_i), bytes.fromhex(spi_r), *rest))
        return found


class Ike(Daemons):
    """A charon at each end of the lab; the secrets are those of which get() knows."""

    def __init__(self, lab, auth="certificate", prf="sha256", plugin=(), charon=(), log_keys=False, with_plugin=True):
        """plugin and charon: settings, "KEY=VALUE" or "SIDE:KEY=VALUE", of the plugin ippm-keys and of charon itself."""
        super().__init__(lab, SIDES, log_keys)
        self.options = ["--auth", auth, "--prf", prf]
        for option, settings in (("--plugin-option", plugin), ("--charon-option", charon)):
            for setting in settings:
                self.options += [option, setting]
        self.options += ["--log-keys"] * log_keys + ["--without-plugin"] * (not with_plugin)

    def __enter__(self):
        self.lab.tool("up", *self.options, program="lab-ike")
        return self

    # What the plugins serve.
    def get(self, side="client", version=4):
        """The newest SA with the other end, secret and all."""
        with ike_keys.Client(self.socket(side)) as daemon:
            sa = daemon.get_by_peer(ADDRESS[other(side)][version])
        self.secrets.add(sa.secret)
        return sa

    def knows(self, side, sa):
        with ike_keys.Client(self.socket(side)) as daemon:
            return spis(sa) in map(spis, daemon.list())

    def sa(self, side, version=4):
        """The newest of the connection."""
        found = [sa for sa in self.sas(side) if sa.connection == CONNECTION[version]]
        assert found, f"the {side} has no SA {CONNECTION[version]}"
        return max(found, key=lambda sa: sa.unique_id)

    def agreed(self, version=4, other_than=()):
        """Waits until both ends have the same newest SA, none of those; returns the client's view."""
        def look():
            newest = [max((sa for sa in self.sas(side) if sa.connection == CONNECTION[version]), default=None,
                          key=lambda sa: sa.unique_id) for side in SIDES]
            return None not in newest and spis(newest[0]) == spis(newest[1]) and newest[0] not in other_than
        self.lab.wait_for(look, 10, "both charons to have the same SA")
        return self.sa("client", version)

    def initiate(self, version=4):
        """The client brings the connection up; returns its SA."""
        for last in (False, True):
            # On a crowded machine a charon may give the other one up.
            if self.swanctl("client", "--initiate", "--ike", CONNECTION[version], "--timeout", "20", check=last).returncode == 0:
                break
        return self.agreed(version)

    def up(self, version=4):
        """As initiate; returns the SA as the client's plugin serves it."""
        self.initiate(version)
        return self.get(version=version)

    def rekey(self, side="client", version=4):
        """Returns the client's new SA; the old one is gone at both ends."""
        old = self.sa("client", version)
        self.swanctl(side, "--rekey", "--ike", CONNECTION[version])
        new = self.agreed(version, other_than=[old])
        for one in SIDES:
            self.lab.wait_for(lambda one=one: spis(old) not in map(spis, self.sas(one)), 10, "the old SA to go")
        return new

    def terminate(self, side="client", version=4):
        """The SA is gone at both ends."""
        self.swanctl(side, "--terminate", "--ike", CONNECTION[version], "--timeout", "20")
        for one in SIDES:
            self.lab.wait_for(lambda one=one: CONNECTION[version] not in [sa.connection for sa in self.sas(one)], 10,
                              "the SA to go")

    # The oracle.
    def logged_sk_d(self, side, mark=0):
        """SK_d of what was set up last, from what charon logged after mark; needs log_keys."""
        found = LOGGED_SK_D.findall(self.log(side)[mark:])
        assert found, f"no SK_d in the {side}'s charon.log"
        size, dump = found[-1]
        sk_d = bytes.fromhex("".join(LOGGED_OCTETS.search(line).group(1) for line in dump.splitlines()))
        assert len(sk_d) == int(size), dump
        return sk_d


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, stdout=subprocess.PIPE, check=True, timeout=20).stdout


def openssl_aes(key, block):
    return openssl("enc", "-aes-128-ecb", "-nopad", "-K", key.hex(), data=block)


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def openssl_secret(prf, sk_d):
    """prf(SK_d, "IPPM") by the openssl command line; prf is a name of tools/lab-ike."""
    if prf.startswith("sha"):
        return openssl("dgst", f"-{prf}", "-mac", "HMAC", "-macopt", f"hexkey:{sk_d.hex()}", "-binary", data=LABEL)
    if prf == "aescmac":
        return openssl("mac", "-cipher", "AES-128-CBC", "-macopt", f"hexkey:{sk_d.hex()}", "-binary", "CMAC", data=LABEL)
    assert prf == "aesxcbc", prf
    # RFC 3566 section 4 for a message of one block that is not full.
    k1, k3 = (openssl_aes(sk_d, bytes([number]) * 16) for number in (1, 3))
    return openssl_aes(k1, xor((LABEL + b"\x80").ljust(16, b"\0"), k3))
