# SPDX-License-Identifier: BSD-3-Clause
"""RFC 7717 section 5.1 at work: what becomes of sessions and of new set-ups while IKE SAs are rekeyed and deleted, and while the
IKE daemon dies, hangs and comes back. Real charons at both ends."""

import os
import select
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from harness import ike_keys, live, twamp
from harness.lab import APPLIANCE, CLIENT, CLIENT_LINK
from harness.live import Stream
from harness.strongswan import CONNECTION, PROVIDER, SIDES, spis
from harness.suite import cases, configuration, subset

TIMEOUT_MS = 1500
QUICK = {**PROVIDER, "timeout": TIMEOUT_MS}


def not_found(lab, sa):
    """RFC 7717 section 5.3: logged with both SPIs, Accept 6."""
    live.refused(lab, sa, 6, "sa-not-found", sa.spi_i.hex(), sa.spi_r.hex())


def forgotten(lab, ike, sa):
    """The SA is gone in both plugins, which tell their subscribers before anybody else."""
    lab.wait_for(lambda: not any(ike.knows(side, sa) for side in SIDES), 10, "the plugins to forget")
    not_found(lab, sa)


def unreachable(lab, sa, *words):
    live.refused(lab, sa, 5, "key-provider-unreachable", *words)


def another_session(stream, port=18900):
    """A running connection needs its SA no more."""
    session = stream.request(port)
    session.exchange()
    session.socket.close()


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases(*SIDES)
def test_rekey(lab, side):
    ike = lab.ike()
    old = ike.up()
    mark = len(lab.log())
    with Stream(lab, old) as stream:
        ike.rekey(side)
        new = ike.get()
        assert new.spis != old.spis and new.secret != old.secret
        lab.wait_for_log(f"ike-sa-rekeyed.*{old.spi_i.hex()}.*{new.spi_i.hex()}", mark)
        stream.flows()
        another_session(stream)
        live.works(lab, new)
        forgotten(lab, ike, old)


def settled(ike, old):
    """Both daemons have the same SAs, old is not among them, and the plugins serve just those."""
    views = [set(map(spis, ike.sas(side))) for side in SIDES]
    for side in SIDES:
        with ike_keys.Client(ike.socket(side)) as daemon:
            views.append({sa.spis for sa in daemon.list()})
    return views[0] and all(view == views[0] for view in views) and spis(old) not in views[0]


@configuration(ikev2=PROVIDER, keys=None)
def test_simultaneous_rekey(lab):
    """Whichever SA is left: both ends have it, and its key."""
    ike = lab.ike()
    old = ike.up()
    with Stream(lab, old) as stream, ThreadPoolExecutor() as both:
        for _ in range(4):
            list(both.map(lambda side: ike.swanctl(side, "--rekey", "--ike", CONNECTION[4]), SIDES))
            lab.wait_for(lambda old=old: settled(ike, old), 10, "both ends to agree")
            not_found(lab, old)
            old = ike.get()
            assert ike.get("appliance").spis == old.spis
            live.works(lab, old)
            another_session(stream)


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
@cases(*SIDES)
def test_deletion(lab, side):
    ike = lab.ike()
    sa = ike.up()
    with Stream(lab, sa) as stream:
        ike.terminate(side)
        with lab.counted(setups_unknown_sa=1):
            forgotten(lab, ike, sa)
        stream.flows()
        another_session(stream)
        live.works(lab, ike.up())


def answers(lab):
    """Waits until packets are being answered."""
    before = lab.counters().get("reflected", 0)
    lab.wait_for(lambda: lab.counters().get("reflected", 0) > before, 10, "test packets to be answered")


@configuration(ikev2=PROVIDER, keys=None)
def test_probe_outlives_its_sa(lab):
    """The probe, too, stays with the secret that it was set up with: through a rekeying and a deletion, with no packet lost."""
    ike = lab.ike()
    ike.initiate()
    probe = lab.endless_probe(APPLIANCE[4], "--mode", "ikev2-encrypted", "--ike", ike.socket("client"), "--no-fallback",
                              "--interval", "0.02")
    answers(lab)
    for end in (ike.rekey, ike.terminate):
        end()
        answers(lab)
    assert probe.end()["total"]["lost"] == 0


@configuration(ikev2=PROVIDER, keys=None)
def test_deletion_unanswered(lab):
    """charon repeats a DELETE for minutes when the peer is silent; its key is good for nothing new from the first one on."""
    ike = lab.ike()
    sa = ike.up()
    live.works(lab, sa)
    os.kill(ike.pid("client"), signal.SIGSTOP)
    lab.deferred.callback(lambda: os.kill(ike.pid("client"), signal.SIGCONT))
    ike.swanctl("appliance", "--terminate", "--ike", CONNECTION[4], "--timeout", "1", check=False)
    assert not ike.knows("appliance", sa)
    with lab.counted(setups_unknown_sa=1):
        live.refused(lab, sa, 6, "sa-not-found", sa.spi_i.hex())
    os.kill(ike.pid("client"), signal.SIGCONT)
    live.works(lab, ike.up())


def forget(ike, side):
    """That side's SA goes without the other, which has none any more."""
    ike.swanctl(side, "--terminate", "--ike", CONNECTION[4], "--force", "--timeout", "1", check=False)
    ike.lab.wait_for(lambda: not ike.sas(side), 10, "the orphaned SA to go")


@subset("sanitizers")
@configuration(ikev2=PROVIDER, keys=None)
def test_daemon_killed(lab):
    """Sessions go on; new ones wait for the daemon and for a new SA, and not for a restart of the appliance."""
    ike = lab.ike()
    old = ike.up()
    live.works(lab, old)
    with Stream(lab, old) as stream:
        ike.kill("appliance")
        lab.wait_for(lambda: live.set_up(lab, old)[1].accept == 5, 10, "the daemon to be missed")
        unreachable(lab, old, ike.socket("appliance"))
        stream.flows()
        another_session(stream)
        ike.start("appliance")
        lab.wait_for(lambda: live.set_up(lab, old)[1].accept == 6, 10, "the daemon to be asked again")
        not_found(lab, old)
        forget(ike, "client")
        live.works(lab, ike.up())
        another_session(stream, 18901)


@subset("sanitizers")
@configuration(ikev2=QUICK)
def test_daemon_hangs(lab):
    """What is known is answered; what must be asked gets Accept 5 in time; nobody else waits meanwhile."""
    ike = lab.ike()
    sa = ike.up()
    unknown = ike_keys.Message(ike_keys.SA, spi_i=sa.spi_r, spi_r=sa.spi_i, secret=sa.secret)
    live.works(lab, sa)
    os.kill(ike.pid("appliance"), signal.SIGSTOP)
    lab.deferred.callback(lambda: os.kill(ike.pid("appliance"), signal.SIGCONT))
    with Stream(lab, sa) as stream:
        waiting = lab.control()
        waiting.greeting()
        began = time.monotonic()
        waiting.set_up_response(live.MODE, unknown.spi_i + unknown.spi_r, unknown.secret)
        lab.session(twamp.UNAUTHENTICATED, receiver_port=18950).exchange()
        lab.session(twamp.ENCRYPTED, receiver_port=18951).exchange()
        answered = select.select([waiting.stream], [], [], 0)[0]
        # On a busy machine the others may take as long themselves.
        assert not answered or time.monotonic() - began > TIMEOUT_MS / 1000, "the others were not quicker"
        assert waiting.server_start().accept == 5
        assert time.monotonic() - began > TIMEOUT_MS / 1000 - 0.1
        unreachable(lab, sa)  # the connection was given up, and with it all that is known
        stream.flows()
        another_session(stream)
        os.kill(ike.pid("appliance"), signal.SIGCONT)
        lab.wait_for(lambda: live.set_up(lab, sa)[1].accept == 0, 10, "the daemon to be asked again")
        not_found(lab, unknown)


@configuration(ikev2=PROVIDER, keys=None)
def test_daemon_later(lab):
    """The appliance starts, and offers the modes, before its daemon does."""
    nobody = ike_keys.Message(ike_keys.SA, spi_i=b"initiate", spi_r=b"response", secret=bytes(32))
    unreachable(lab, nobody, "No such file")
    ike = lab.ike()
    live.works(lab, ike.up())
    not_found(lab, nobody)


def descriptors(lab):
    return len(os.listdir(f"/proc/{lab.pid()}/fd"))


@configuration(ikev2=PROVIDER, keys=None)
def test_reconnect_many_times(lab):
    ike = lab.ike()
    live.works(lab, ike.up())
    before = descriptors(lab)
    for end in (ike.kill, ike.stop) * 2:
        end("appliance")
        ike.start("appliance")
        forget(ike, "client")
        live.works(lab, ike.up())
    lab.wait_for(lambda: descriptors(lab) <= before, 5, f"no more than {before} descriptors")


def with_mobike(ike):
    for side in SIDES:
        path = ike.path(side, "swanctl.conf")
        with open(path, encoding="ascii") as file:
            text = file.read()
        with open(path, "w", encoding="ascii") as file:
            file.write(text.replace("mobike = no", "mobike = yes"))
        ike.swanctl(side, "--load-all")


@configuration(ikev2=PROVIDER, keys=None)
def test_address_changes(lab):
    """MOBIKE (RFC 4555): the SA moves with its peer, and new control connections must come from where it is now."""
    ike = lab.ike()
    with_mobike(ike)
    sa = ike.up()
    live.works(lab, sa)
    own = f"{CLIENT[4]}/24", "dev", CLIENT_LINK
    lab.defer("client", "ip", "addr", "add", *own)
    lab.run("client", "ip", "addr", "del", *own)  # only IPv6 is left
    with ike_keys.Client(ike.socket("appliance")) as daemon:
        lab.wait_for(lambda: daemon.get_by_spis(*sa.spis).peer_address == CLIENT[6], 20, "the SA to move")
    live.works(lab, sa, version=6)
    lab.run("client", "ip", "addr", "add", *own)
    live.refused(lab, sa, 6, "sa-not-allowed", f"the SA's peer is {CLIENT[6]}")
