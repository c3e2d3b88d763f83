"""Postfix delivers where the documents say: platforms, fallbacks, TLS, and what does not exist is not accepted."""
import pytest

from support.tools import wait_until


def forget_last_address(world):
    """The queue manager remembers the one address it resolved last, for 30 seconds: it is asked for another."""
    assert world.send("a@example.org", "jon@nightswatch.org").accepted
    arrived(world.sinks["primary"], "jon@nightswatch.org")


def arrived(sink, recipient):
    return sink.wait_for(lambda delivery: recipient in delivery.recipients)[0]


@pytest.fixture(autouse=True)
def mended(world):
    yield
    for sink in world.sinks.values():
        sink.up()
        sink.refuse_rcpt.clear()
        sink.refuse_data = None
    world.postfix.flush()
    world.postfix.wait_until_empty()
    world.clear()


def test_the_primary_takes_the_mail_while_it_is_there(world):
    assert world.send("a@example.org", "jaime@lannister.net").accepted
    arrived(world.sinks["primary"], "jaime@lannister.net")
    assert not world.sinks["fallback"].received()


def test_the_fallback_takes_over_when_the_primary_refuses_connections(world):
    world.sinks["primary"].down()
    assert world.send("a@example.org", "jaime@lannister.net").accepted
    arrived(world.sinks["fallback"], "jaime@lannister.net")


def test_the_fallback_takes_over_when_the_primary_answers_4xx(world):
    world.sinks["primary"].refuse_data = "451 4.3.0 full"
    assert world.send("a@example.org", "jaime@lannister.net").accepted
    arrived(world.sinks["fallback"], "jaime@lannister.net")


def test_a_user_who_does_not_exist_at_the_platform_is_refused_at_rcpt(world):
    world.sinks["primary"].refuse_rcpt["nobody@stark.net"] = "550 5.1.1 no such user"
    outcome = world.send("a@example.org", "nobody@stark.net")
    assert outcome.rcpt["nobody@stark.net"].startswith("550"), outcome


def test_a_platform_that_is_down_refuses_nobody_and_the_mail_waits(world):
    world.sinks["second"].down()
    assert world.send("a@example.org", "tyrion@lannister.net").accepted
    wait_until(lambda: any("refused" in str(message) for message in world.postfix.queue()), "the mail to be deferred")
    world.sinks["second"].up()
    world.postfix.flush()
    arrived(world.sinks["second"], "tyrion@lannister.net")


def test_where_waiting_mail_goes_is_asked_again_at_each_try(world):
    world.sinks["second"].down()
    assert world.send("a@example.org", "tyrion@lannister.net", subject="moved").accepted
    wait_until(lambda: any("refused" in str(message) for message in world.postfix.queue()), "the mail to be deferred")
    before = world.posternd.generation()
    document = world.policies.get("user:tyrion@lannister.net")
    try:
        world.policies.change("user:tyrion@lannister.net", platform=None)
        world.posternd.wait_for_generation_after(before)
        forget_last_address(world)
        world.postfix.flush()
        arrived(world.sinks["primary"], "tyrion@lannister.net")
    finally:
        before = world.posternd.generation()
        world.policies.put("user:tyrion@lannister.net", document)
        world.posternd.wait_for_generation_after(before)


def test_two_domains_share_a_host_and_differ_in_tls(world):
    assert world.send("a@example.org", "renly@baratheon.net").accepted
    assert world.send("a@example.org", "theon@greyjoy.net").accepted
    sink = world.sinks["starttls"]
    assert arrived(sink, "renly@baratheon.net").tls is True
    assert arrived(sink, "theon@greyjoy.net").tls is False


def test_tls_from_the_first_octet(world):
    assert world.send("a@example.org", "edmure@tully.net").accepted
    assert arrived(world.sinks["smtps"], "edmure@tully.net").tls is True


def test_tls_where_it_is_offered_goes_in_clear_where_it_is_not(world):
    assert world.send("a@example.org", "robin@arryn.net").accepted
    assert arrived(world.sinks["primary"], "robin@arryn.net").tls is False


def test_tls_demanded_and_none_offered_waits(world):
    document = world.policies.get("domain:baratheon.net")
    before = world.posternd.generation()
    plain = world.sinks["primary"]
    changed = dict(document, platforms=[dict(document["platforms"][0], transportDest=plain.address,
                                             transportPort=plain.port)])
    try:
        world.policies.put("domain:baratheon.net", changed)
        world.posternd.wait_for_generation_after(before)
        assert world.send("a@example.org", "stannis@baratheon.net").accepted
        wait_until(lambda: any("TLS is required" in str(message) for message in world.postfix.queue()),
                   lambda: f"the mail to wait for TLS: {world.postfix.queue()}")
        assert not plain.received()
    finally:
        before = world.posternd.generation()
        world.policies.put("domain:baratheon.net", document)
        world.posternd.wait_for_generation_after(before)
    forget_last_address(world)
    world.postfix.flush()
    assert arrived(world.sinks["starttls"], "stannis@baratheon.net").tls is True


def test_local_mail_passes_the_milter_too(world):
    world.postfix.sendmail("someone@example.org", "cersei@lannister.net",
                           b"From: <someone@example.org>\nTo: <cersei@lannister.net>\nSubject: local\n"
                           b"X-Spam-Score: 8\n\nWinter is coming.\n")
    delivery = arrived(world.sinks["primary"], "cersei@lannister.net")
    assert delivery.header("X-Postern-Id")
