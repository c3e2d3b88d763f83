"""A custom MAIL FROM domain through the real Postfix: outgoing mail leaves from it, and what bounces comes back to its
sender's own platform."""
import json

import pytest

from support import client
from support.policies import FIXTURES, variant
from support.world import World

DOMAIN, BOUNCE = "north.example", "bounce.north.example"
JON, FRIEND = f"jon@{DOMAIN}", "friend@example.org"
HOST = "mx.postern.example"


def mail_from(**changes):
    return {"mailFromDomain": BOUNCE, "mxRecord": f"10 {HOST}", "mailFromDomainStatus": "SUCCESS", **changes}


def documents():
    domain = json.loads((FIXTURES / "rules/domain/plains.net.json").read_text())
    domain["name"] = DOMAIN
    domain["policy"].update(id="north", outgoing=True)
    return {f"domain:{DOMAIN}": domain, f"user:{JON}": {"email": JON, "status": "ENABLED"},
            f"mailfrom:{DOMAIN}": mail_from(),
            f"mailfrom:late@{DOMAIN}": mail_from(mailFromDomainStatus="PENDING", behaviorOnMxFailure="REJECT_MESSAGE"),
            f"mailfrom:other@{DOMAIN}": mail_from(mxRecord="10 feedback-smtp.us-east-1.amazonses.com")}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(variant(tmp_path_factory.mktemp("policies") / "set", documents(), base="rules"),
               settings={"bounce": {"mx_hosts": [HOST]}}, users=[JON]) as built:
        client.probe(built.postfix.port, JON)
        yield built


@pytest.fixture(autouse=True)
def clean(world):
    world.clear()
    yield
    world.sinks["world"].refuse_rcpt = {}
    world.postfix.wait_until_empty()


def sent(world, sender=JON):
    outcome = world.send(sender, FRIEND, user=JON)
    assert outcome.accepted, outcome
    return world.sinks["world"].wait_for(lambda delivery: FRIEND in delivery.recipients)[-1]


def bounce(world, recipient, sender=""):
    return world.send(sender, recipient, client.message(sender=sender, recipient=recipient, subject="Undelivered Mail"))


def test_it_leaves_from_the_mail_from_domain(world):
    delivery = sent(world)
    assert delivery.sender.startswith("b+") and delivery.sender.endswith(f"@{BOUNCE}"), delivery.sender
    assert len(delivery.sender.split("@")[0]) <= 64 and delivery.header("From") == f"<{JON}>"


def test_whose_bounces_go_elsewhere_keeps_the_sender(world):
    assert sent(world, f"other@{DOMAIN}").sender == f"other@{DOMAIN}"
    assert "bounces would not come back here" in world.posternd.log()


def test_until_it_is_verified_mail_waits(world):
    outcome = world.send(f"late@{DOMAIN}", FRIEND, user=JON)
    assert outcome.reply.startswith("451 4.7.1"), outcome


@pytest.mark.parametrize("as_given", [str, str.lower, str.upper])
def test_a_bounce_from_outside_comes_back(world, as_given):
    address = as_given(sent(world).sender)
    outcome = bounce(world, address)
    assert outcome.accepted, outcome
    arrived = world.sinks["primary"].wait_for(lambda delivery: delivery.header("Subject") == "Undelivered Mail")
    assert [(one.sender.replace("<>", ""), one.recipients) for one in arrived] == [("", [JON])]


def test_a_bounce_of_our_own_postfix_comes_back(world):
    world.sinks["world"].refuse_rcpt = {FRIEND: "550 5.1.1 no such friend"}
    assert world.send(JON, FRIEND, user=JON).accepted
    arrived = world.sinks["primary"].wait_for(lambda delivery: JON in delivery.recipients)
    assert arrived[0].sender.replace("<>", "") == "" and b"no such friend" in arrived[0].content


def test_nothing_else_gets_in(world):
    address = sent(world).sender
    for recipient, sender in ((address, "someone@example.org"), (f"b+aaaa{address[6:]}", ""),
                              (address.replace(BOUNCE, f"x{BOUNCE}"), ""), (f"postmaster@{BOUNCE}", "")):
        outcome = bounce(world, recipient, sender)
        assert list(outcome.rcpt.values())[0][:3] in ("550", "554"), outcome


def test_posternctl_tells_about_it(world):
    address = sent(world).sender
    answers = {row["table"]: row for row in world.posternd.ctl_json("route", address)["tables"]}
    assert answers["bounce"]["value"] == JON and answers["relay_domains"]["value"] == BOUNCE
    told = world.posternd.ctl_json("explain", "--from", JON, "--rcpt", FRIEND, "--auth", JON)
    assert {"edit": "change sender", "value": address} in told["edits"], told
