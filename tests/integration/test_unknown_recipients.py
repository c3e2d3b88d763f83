"""Addresses that nobody told us of: the platform knows, and Postfix asks it; a newcomer's first mail is an event."""
import json

import pytest

from support import client
from support.policies import variant
from support.tools import wait_until
from support.world import World

NOBODY = "550 5.1.1 no such user"


def provisioning(document):
    document["autoProvisioningOn"] = True


def complete(document):
    document["recipientsKnown"] = True


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    policies = variant(tmp_path_factory.mktemp("policies") / "set", {
        "domain:stark.net": provisioning, "domain:lannister.net": complete})
    with World(policies, source="redis") as built:
        yield built


def answer(world, recipient):
    return client.probe(world.postfix.port, recipient)


def test_whom_the_platform_does_not_know_is_refused_by_postfix(world):
    world.sinks["primary"].refuse_rcpt["nobody@stark.net"] = NOBODY
    assert answer(world, "nobody@stark.net").startswith("550 5.1.1")
    assert answer(world, "robb@stark.net").startswith("250")
    assert "recipient refused" not in world.posternd.log()


def test_a_platform_that_is_down_refuses_nobody(world):
    world.sinks["primary"].down()
    try:
        assert answer(world, "rickon@stark.net").startswith("250")
        assert world.send("someone@example.org", "rickon@stark.net").accepted
        assert world.sinks["primary"].received(lambda d: d.recipients == ["rickon@stark.net"]) == []
    finally:
        world.sinks["primary"].up()
    world.sinks["primary"].wait_for(lambda d: d.recipients == ["rickon@stark.net"])


def test_a_platform_that_is_busy_refuses_nobody(world):
    world.sinks["primary"].refuse_rcpt["bran@stark.net"] = "451 4.3.2 later"
    assert answer(world, "bran@stark.net").startswith("250")
    del world.sinks["primary"].refuse_rcpt["bran@stark.net"]


def test_where_all_recipients_are_known_others_are_refused_from_memory(world):
    assert answer(world, "ser.pounce@lannister.net").startswith("550 5.1.1")
    assert "ser.pounce@lannister.net" not in world.sinks["primary"].asked
    assert answer(world, "cersei@lannister.net").startswith("250")


# ---- provisioning ----

def events(world, email=None):
    entries = world.redis.client().xrange("postern:events")
    fields = [json.loads(one["data"]) for _, one in entries if one["type"] == "provision"]
    return [one for one in fields if email is None or one["email"] == email]


def wait_for_event(world, email):
    return wait_until(lambda: events(world, email), lambda: f"an event for {email}; there are {events(world)}")


def test_a_newcomers_first_mail_is_an_event_once(world):
    for _ in range(2):
        assert world.send("someone@example.org", "Gendry@stark.net").accepted
    event = wait_for_event(world, "gendry@stark.net")[0]
    domain = world.policies.get("domain:stark.net")
    assert event["domainId"] == domain["id"]
    assert event["platformId"] == domain["platforms"][0]["id"]
    # Questions are asked one after another: when the last has been answered, all have.
    assert world.send("someone@example.org", "podrick@stark.net").accepted
    wait_for_event(world, "podrick@stark.net")
    assert len(events(world, "gendry@stark.net")) == 1


def test_no_event_of_what_creates_nobody(world):
    assert world.send("someone@example.org", "spammed@stark.net", headers={"X-Spam-Score": "6"}).accepted
    outcome = world.send("someone@example.org", "rejected@stark.net", headers={"X-Spam-Score": "30"})
    assert outcome.reply.startswith("550"), outcome
    assert world.send("", "bounced@stark.net").accepted
    assert world.send("someone@example.org", "arya@stark.net").accepted  # is there already
    assert world.send("someone@example.org", "elsewhere@got.com").accepted  # does not ask for it
    # Postfix remembers that this one was there; the platform says now that he is not.
    assert answer(world, "gone@stark.net").startswith("250")
    world.sinks["primary"].refuse_rcpt["gone@stark.net"] = NOBODY
    assert world.send("someone@example.org", "gone@stark.net").accepted
    assert world.send("someone@example.org", "last@stark.net").accepted
    wait_for_event(world, "last@stark.net")
    known = {one["email"] for one in events(world)}
    assert known & {"spammed@stark.net", "rejected@stark.net", "bounced@stark.net", "arya@stark.net",
                    "elsewhere@got.com", "gone@stark.net"} == set()
