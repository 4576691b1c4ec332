# SPDX-License-Identifier: BSD-3-Clause
"""What running programs have of an IKE SA in their memory (RFC 7717 section 5.1): appliance and charon's plugin have nothing of a dead
SA, though sessions that were set up under it go on; the probe has nothing of one as soon as its set-up is over."""

from harness import keys as k
from harness import live
from harness.lab import APPLIANCE
from harness.live import Stream
from harness.memory import places
from harness.strongswan import PROVIDER
from harness.suite import cases, configuration


def secrets_of(control, sa):
    return {"secret": sa.secret, "token key": k.token_key(sa.secret, control.hello.salt, control.hello.count),
            "session key": control.keys.aes}


def has_just(lab, secrets, *names):
    found = places(lab.pid(), **secrets)
    assert {name for name, _ in found} == set(names), f"of {names} in memory: {found}"


def ended(ike, how):
    {"terminated": ike.terminate, "rekeyed": ike.rekey, "killed": lambda: ike.kill("appliance")}[how]()


@configuration(ikev2=PROVIDER, keys=None)
@cases("terminated", "rekeyed", "killed")
def test_nothing_of_a_dead_sa_is_kept(lab, how):
    ike = lab.ike()
    sa = ike.up()
    with Stream(lab, sa) as stream:
        secrets = secrets_of(stream.control, sa)
        has_just(lab, secrets, *secrets)
        ended(ike, how)
        lab.wait_for(lambda: live.set_up(lab, sa)[1].accept == (5 if how == "killed" else 6), 10, "the SA to be missed")
        has_just(lab, secrets, "session key")
        stream.flows()
    stream.control.close()
    lab.wait_for(lambda: not places(lab.pid(), **secrets), 10, "the session's keys to go")


@configuration(ikev2=PROVIDER, keys=None)
@cases("terminated", "rekeyed")
def test_plugin_keeps_nothing_of_a_dead_sa(lab, how):
    """Once its clients have been told."""
    ike = lab.ike()
    sa = ike.up()
    live.works(lab, sa)
    assert places(ike.pid("appliance"), secret=sa.secret), "the plugin serves it"
    ended(ike, how)
    lab.wait_for(lambda: not places(ike.pid("appliance"), secret=sa.secret), 10, "the plugin to wipe the secret")


@configuration(ikev2=PROVIDER, keys=None)
@cases(("no", 1), ("yes", 2))
def test_plugin_keeps_sk_d_to_expose_it_only(lab, exposed, count):
    """One SK_d is charon's own."""
    ike = lab.ike(log_keys=True, plugin=[f"appliance:expose_sk_d={exposed}"])
    ike.up()
    sk_d = ike.logged_sk_d("appliance")
    lab.wait_for(lambda: len(places(ike.pid("appliance"), sk_d=sk_d)) == count, 10, f"SK_d to stand in memory {count} times")


# The timeout makes it an appliance of this test's own: one that was refused SK_d before waits ten seconds.
@configuration(ikev2={**PROVIDER, "derive": "appliance", "timeout": 3000}, keys=None)
def test_sk_d_is_not_kept(lab):
    """It was there to derive the secret from."""
    ike = lab.ike(log_keys=True, plugin=["appliance:expose_sk_d=yes"])
    sa = ike.up()
    control = live.accepted(lab, sa)
    secrets = {**secrets_of(control, sa), "SK_d": ike.logged_sk_d("appliance")}
    has_just(lab, secrets, "secret", "token key", "session key")
    control.close()


@configuration(ikev2=PROVIDER, keys=None)
def test_probe_keeps_no_secret(lab):
    """While it measures: its session keys suffice."""
    ike = lab.ike()
    sa = ike.up()
    control = lab.control()
    control.greeting()
    reflected = lab.counters().get("reflected", 0)
    probe = lab.endless_probe(APPLIANCE[4], "--mode", "ikev2-encrypted", "--ike", ike.socket("client"))
    lab.wait_for(lambda: lab.counters().get("reflected", 0) > reflected, 10, "the probe's packets")
    pid = probe.process.pid
    assert places(pid, spi=sa.spi_i), "the report names the SA"
    found = places(pid, secret=sa.secret, token=k.token_key(sa.secret, control.hello.salt, control.hello.count))
    assert not found, found
    probe.end()
