"""Does the sender's domain take mail? Asked of a real DNS server; who cannot be told is let in."""
import pytest

from support.dns_server import DnsServer
from support.world import World

ZONE = {
    "good.test": {"MX": ["10 mx.good.test."]}, "mx.good.test": {"A": ["192.0.2.25"]},
    "only-a.test": {"A": ["192.0.2.25"]},
    "null-mx.test": {"MX": ["0 ."]},
    "nothing.test": {"TXT": ['"takes no mail"']},
    "broken.test": "servfail",
    "long.test": {"MX": ["10 mx.good.test."], "truncate": True},
}


@pytest.fixture(scope="module")
def dns():
    server = DnsServer(ZONE)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def world(dns):
    with World(settings={"sender_verify": "dns", "dns": {"servers": [dns.address], "timeout": "1s"}}) as built:
        yield built


@pytest.mark.parametrize("domain", ["good.test", "only-a.test", "long.test", "broken.test"])
def test_who_takes_mail_or_cannot_be_told_is_let_in(world, dns, domain):
    assert world.send(f"jon@{domain}", "arya@stark.net").accepted
    assert domain in {name for _, name, _ in dns.asked}


@pytest.mark.parametrize("domain", ["null-mx.test", "nothing.test", "nowhere.test"])
def test_who_takes_no_mail_is_refused_at_rcpt(world, domain):
    outcome = world.send(f"jon@{domain}", "arya@stark.net")
    assert outcome.rcpt["arya@stark.net"].startswith("550 5.1.7"), outcome


def test_a_policy_that_keeps_such_mail_gets_its_copy(world):
    before = len(world.stored())
    assert world.send("jon@null-mx.test", "cersei@lannister.net").accepted
    assert [(row["class"], row["purpose"]) for row in world.stored()[before:]] == [("senderVerify", "quarantine")]


def test_the_null_sender_is_not_asked_for(world):
    assert world.send("", "arya@stark.net").accepted


def test_a_truncated_answer_is_asked_for_over_tcp(world, dns):
    assert world.send("sam@long.test", "arya@stark.net").accepted
    assert ("tcp", "long.test", "MX") in dns.asked


def test_silence_refuses_nobody(fresh):
    silent = DnsServer(every="silent")
    try:
        world = fresh(settings={"sender_verify": "dns", "dns": {"servers": [silent.address], "timeout": "300ms"}})
        assert world.send("jon@good.test", "arya@stark.net").accepted
        assert silent.asked
    finally:
        silent.stop()


def test_a_callout_that_may_not_be_made_refuses_nobody(fresh, dns):
    """Private addresses, and everything here is one, are not called."""
    world = fresh(settings={"sender_verify": "callout", "dns": {"servers": [dns.address], "timeout": "1s"}})
    dns.zone["inside.test"] = {"MX": ["10 mx.inside.test."]}
    dns.zone["mx.inside.test"] = {"A": ["127.0.0.1"]}
    assert world.send("jon@inside.test", "arya@stark.net").accepted
    outcome = world.send("jon@null-mx.test", "arya@stark.net")
    assert outcome.rcpt["arya@stark.net"].startswith("550 5.1.7"), outcome
