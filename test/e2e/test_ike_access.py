# SPDX-License-Identifier: BSD-3-Clause
"""Who gets keys: local processes from charon's plugin, and control clients from the appliance. Real charons at both ends."""

import contextlib
import os
import socket
import subprocess
import time

from harness import ike_keys, live
from harness.lab import APPLIANCE, ROOT
from harness.strongswan import PROVIDER, SIDES
from harness.suite import cases, configuration, subset

NOBODY, GROUP = 65534, 54321
START_SECONDS = 20  # an idle machine needs a tenth of a second


def as_user(uid, gid, groups, function):
    """Runs function in a child that is that user; what it returned, a text, and an exception's name in its place."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups(groups)
            os.setgid(gid)
            os.setuid(uid)
            said = function()
        except BaseException as error:
            said = type(error).__name__
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def ask(ike, uid=NOBODY, gid=NOBODY, groups=()):
    """What that user is told by the appliance's plugin: "N SAs", an error's name, or "error N"."""
    folder, name = os.path.split(ike.socket("appliance"))

    def list_sas():
        with ike_keys.Client(name) as daemon:
            try:
                return f"{len(daemon.list())} SAs"
            except ike_keys.Refused as refusal:
                return f"error {refusal.args[0].error_code}"
    with contextlib.chdir(folder):  # the lab's own folder is root's alone
        return as_user(uid, gid, groups, list_sas)


@configuration(ikev2=PROVIDER, keys=None)
def test_no_permission(lab):
    """Root alone may ask by default: the file keeps others out, and were it opened to them, the plugin would."""
    ike = lab.ike()
    live.works(lab, ike.up())
    assert ask(ike) == "PermissionError"
    os.chmod(ike.socket("appliance"), 0o666)
    assert ask(ike) == f"error {ike_keys.NOT_PERMITTED}"
    lab.wait_for(lambda: "ippm-keys: client with uid 65534" in ike.log("appliance"), 5, "charon to log it")
    assert ask(ike, 0, 0) == "1 SAs"


PERMITTED = [
    # Settings, and whether a user of these IDs may ask then.
    (f"uids=0 {NOBODY}", NOBODY, NOBODY, (), True),
    (f"uids=0 {NOBODY}", 1, NOBODY, (), False),
    ("uids=root, nobody", NOBODY, 1, (), True),
    (f"gids={GROUP}", NOBODY, GROUP, (), True),
    (f"gids={GROUP}", NOBODY, NOBODY, (1, GROUP), True),
    (f"gids={GROUP}", NOBODY, NOBODY, (1, GROUP + 1), False),
]


@configuration(ikev2=PROVIDER, keys=None)
@cases(*sorted({setting for setting, *_ in PERMITTED}))
def test_permitted(lab, setting):
    """By user, by main group, by supplementary group; the others stay out."""
    ike = lab.ike(plugin=[f"appliance:{setting}"])
    live.works(lab, ike.up())  # root still may
    for one, uid, gid, groups, permitted in PERMITTED:
        if one == setting:
            expected = "1 SAs" if permitted else f"error {ike_keys.NOT_PERMITTED}"
            assert ask(ike, uid, gid, groups) == expected, (uid, gid, groups)


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases("yes", "no")
def test_sk_d(lab, exposed):
    """RFC 7717 section 5.1: keying material is not exposed, unless somebody asks for it."""
    ike = lab.ike(plugin=[f"expose_sk_d={exposed}"], log_keys=True)
    sa = ike.up()
    for side in SIDES:
        with ike_keys.Client(ike.socket(side)) as daemon:
            for asked in (lambda: daemon.get_by_spis(*sa.spis, want=ike_keys.WANT_SK_D),
                          lambda: daemon.subscribe(want=ike_keys.WANT_SK_D)[0]):
                if exposed == "yes":
                    told = asked()
                    assert told.sk_d == ike.logged_sk_d(side) and told.secret is None, told
                    continue
                try:
                    raise AssertionError(f"the {side}'s plugin told {asked()}")
                except ike_keys.Refused as refusal:
                    assert refusal.args[0].error_code == ike_keys.NOT_EXPOSED, refusal
            assert daemon.get_by_spis(*sa.spis).sk_d is None
            assert all(one.sk_d is None and one.secret is None for one in daemon.list())


@configuration(start=False)
def test_no_secret_is_logged(lab):
    """Neither by charon nor by the appliance at its most talkative, nor by the probe, whatever becomes of the SAs."""
    provider = {**PROVIDER, "socket": os.path.join(lab.runtime, PROVIDER["socket"])}
    process = lab.start_specular({"ikev2": provider, "keys": None}, arguments=("--log-level", "debug"))
    ike = lab.ike(plugin=["expose_sk_d=yes"])
    old = ike.up()
    with ike_keys.Client(ike.socket("client")) as daemon:
        ike.secrets.add(daemon.get_by_spis(*old.spis, want=ike_keys.WANT_SK_D).sk_d)
    live.works(lab, old)
    ike.rekey()
    live.works(lab, ike.get())
    live.refused(lab, old, 6, "sa-not-found")
    program = os.path.join(lab.build, "app", "probe", "specular-probe")
    said = []
    for options in (["-v"], ["--json"], ["--no-fallback", "--ike-token-key", "direct"]):
        result = lab.run("client", program, APPLIANCE[4], "--mode", "ikev2-encrypted", "--ike", ike.socket("client"), "--count", "2",
                         "--interval", "0.01", *options, check=False)
        said += [result.stdout, result.stderr]
    ike.terminate()
    live.refused(lab, old, 6, "sa-not-found")
    process.terminate()
    process.wait(20)
    assert len(ike.secrets) == 3 and old.spi_i.hex() in lab.log() and "debug" in lab.log()
    assert not ike.leaks(*said)


def raw(ike):
    stream = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    stream.settimeout(10)
    stream.connect(ike.socket("appliance"))
    return stream


def header(length, version=ike_keys.VERSION, type_=ike_keys.LIST, reserved=0, request=1):
    return ike_keys.HEADER.pack(length, version, type_, reserved, request)


HOSTILE = {
    "garbage": bytes(range(256)) * 20,
    "empty": header(0),
    "huge": header(2**32 - 1) + bytes(8192),
    "other version": header(12, version=2),
    "reserved": header(12, reserved=1),
    "answer": header(12, type_=ike_keys.END),
    "event": header(12, type_=ike_keys.EVENT_GONE),
    "cut attribute": header(14, type_=ike_keys.GET_BY_SPIS) + b"\0\1",
    "cut value": header(20, type_=ike_keys.GET_BY_SPIS) + b"\0\1\0\x08abcd",
    "nothing needed": header(12, type_=ike_keys.GET_BY_PEER),
    "strange want": header(18, type_=ike_keys.SUBSCRIBE) + b"\0\x0d\0\2\xff\xff",
}


def hung_up(ike, octets):
    """The plugin reads it, says why it will not have it, and hangs up."""
    with ike_keys.Connection(raw(ike)) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send_raw(octets)
        answer = connection.receive()
        assert answer.type == ike_keys.ERROR and answer.error_code in (ike_keys.BAD_REQUEST, ike_keys.OTHER_VERSION), answer
        assert connection.is_closed()


def still_serves(lab, ike, sa):
    ike.swanctl("appliance", "--stats")
    with ike_keys.Client(ike.socket("appliance")) as daemon:
        assert daemon.get_by_spis(*sa.spis).secret == sa.secret
    live.works(lab, sa)


@contextlib.contextmanager
def bad_company(ike):
    """Clients that do nothing, say half of something, want all and read nothing, and dribble."""
    streams = [raw(ike) for _ in range(20)]
    try:
        for stream in streams[:5]:
            stream.send(header(26, type_=ike_keys.GET_BY_PEER))
        for stream in streams[5:10]:
            stream.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    stream.send(header(12, type_=ike_keys.SUBSCRIBE))
        for octet in header(12)[:-1]:
            streams[10].send(bytes([octet]))
        yield streams[10]
    finally:
        for stream in streams:
            stream.close()


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
def test_misuse(lab):
    """No client disturbs charon, nor another client."""
    ike = lab.ike()
    sa = ike.up()
    before = ike.pid("appliance")
    for octets in HOSTILE.values():
        hung_up(ike, octets)
    with bad_company(ike) as slow:
        still_serves(lab, ike, sa)
        ike.rekey("appliance")
        slow.send(header(12)[-1:])
        assert ike_keys.Connection(slow).receive().type == ike_keys.SA
        sa = ike.get()
    still_serves(lab, ike, sa)
    assert ike.pid("appliance") == before


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
def test_too_many(lab):
    """Beyond the setting "clients" there is a prompt refusal; a place that is left is the next one's."""
    ike = lab.ike(plugin=["appliance:clients=5"])
    sa = ike.up()
    live.works(lab, sa)
    with contextlib.ExitStack() as stack:
        for _ in range(4):  # the appliance is the fifth
            stack.enter_context(ike_keys.Client(ike.socket("appliance"))).list()
        for _ in range(30):
            assert ask(ike, 0, 0) == f"error {ike_keys.BUSY}"
    lab.wait_for(lambda: ask(ike, 0, 0) == "1 SAs", 5, "a place")
    live.works(lab, sa)


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
def test_prompt_end(lab):
    """SIGTERM of charon does not wait for its clients."""
    ike = lab.ike()
    ike.up()
    with bad_company(ike):
        began = time.monotonic()
        result = ike.tool("stop", "appliance")
        assert "did not end" not in result.stderr, result.stderr
        assert time.monotonic() - began < 8, "charon took its time"
    assert not os.path.exists(ike.socket("appliance")), "it left its socket"


def charon_of_version(lab, version):
    """A copy of the daemon that says it is of another version."""
    with open("/usr/sbin/charon-systemd", "rb") as file:
        octets = file.read()
    assert octets.count(b"\x005.9.8\0") > 0
    path = os.path.join(lab.folder, "charon-systemd")
    with open(path, "wb") as file:
        file.write(octets.replace(b"\x005.9.8\0", b"\0" + version + b"\0"))
    os.chmod(path, 0o755)
    return path


@configuration(ikev2=PROVIDER, keys=None)
def test_other_version(lab):
    """charon has no ABI that it would check: the plugin refuses a daemon of another version, and says what to do."""
    copy = charon_of_version(lab, b"5.9.7")
    # In a mount namespace, so that nobody else sees the copy in the daemon's place.
    result = subprocess.run(["unshare", "--mount", "sh", "-ec", f"mount --bind {copy} /usr/sbin/charon-systemd; exec tools/lab-ike up"],
                            cwd=ROOT, env=lab.environment, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode != 0 and "runs without the plugin ippm-keys" in result.stderr, result.stderr
    assert "ippm-keys: made for strongSwan 5.9.8" in result.stderr and "build the plugin" in result.stderr, result.stderr


def other_address(lab, ike, version):
    """The SA of the other family, used from an address that is not its peer's."""
    ike.initiate(10 - version)
    return ike.get(version=10 - version)


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases(4, 6)
def test_peer_address(lab, version):
    """An SA is good from its peer's address alone, though the secret be known; the answer is that of an SA that is not there."""
    ike = lab.ike()
    sa = other_address(lab, ike, version)
    with lab.counted(setups_sa_not_allowed=1):
        live.refused(lab, sa, 6, "sa-not-allowed", sa.spi_i.hex(), sa.spi_r.hex(), "the SA's peer is", version=version)
    live.works(lab, sa, version=10 - version)


@configuration(ikev2={**PROVIDER, "require-peer-address-match": False}, keys=None)
def test_peer_address_ignored(lab):
    ike = lab.ike()
    live.works(lab, other_address(lab, ike, 6), version=6)


@configuration(ikev2={**PROVIDER, "allowed-identities": ["someone.example", "client.lab.example"]}, keys=None)
def test_identity(lab):
    live.works(lab, lab.ike().up())


@configuration(ikev2={**PROVIDER, "allowed-identities": ["*.lab.example"]}, keys=None)
def test_identity_wildcard(lab):
    live.works(lab, lab.ike().up())


@configuration(ikev2={**PROVIDER, "allowed-identities": ["CLIENT.lab.example", "client.lab", "c?ent.lab.example"]}, keys=None)
def test_identity_not_allowed(lab):
    sa = lab.ike().up()
    with lab.counted(setups_sa_not_allowed=1):
        live.refused(lab, sa, 6, "sa-not-allowed", sa.spi_i.hex(), '"client.lab.example" is none of ikev2.allowed-identities')


@configuration(ikev2={**PROVIDER, "allowed-identities": ["client.lab.example", "*.lab.example"]}, keys=None)
def test_identity_of_another_type(lab):
    """A peer whose KEY_ID has the octets of an allowed name is not that one."""
    ike = lab.ike(auth="psk")
    for side in SIDES:
        path = ike.path(side, "swanctl.conf")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("id = client.lab.example", "id = keyid:client.lab.example"))
        ike.swanctl(side, "--load-conns", "--file", path)
    sa = ike.up()
    with lab.counted(setups_sa_not_allowed=1):
        live.refused(lab, sa, 6, "sa-not-allowed", sa.spi_i.hex(), '"keyid:client.lab.example" is none of ikev2.allowed-identities')
