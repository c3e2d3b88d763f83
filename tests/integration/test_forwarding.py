"""Mail to a group with a member elsewhere, through the real Postfix: the member gets it from an address of ours that
stands for the sender, and what bounces off him reaches that sender."""
import base64
import hashlib
import hmac
import signal
import time

import pytest

from support import client
from support.policies import variant
from support.tools import wait_until
from support.world import World

SRS = "srs.postern.example"
SENDER = "Arya.Stark@winter.example"
CUSTOMER = "envoy@sender.net"
MEMBER = "varys@spiders.example"
GROUPS = {"groups:plains.net": [
    {"id": "g1", "email": "crew@plains.net", "recipients": [
        {"id": "1", "email": "stark@plains.net", "type": "USER"},
        {"id": "2", "email": MEMBER, "type": "EXTERNAL_ADDRESS"}]},
    {"id": "g2", "email": "ravens@plains.net", "recipients": [
        {"id": "3", "email": MEMBER, "type": "EXTERNAL_ADDRESS"}]}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(variant(tmp_path_factory.mktemp("policies") / "set", GROUPS, base="rules"),
               settings={"srs": {"domain": SRS}}) as built:
        for recipient in ("crew@plains.net", "ravens@plains.net"):
            client.probe(built.postfix.port, recipient)
        yield built


@pytest.fixture(autouse=True)
def clean(world):
    world.clear()
    yield
    world.sinks["world"].refuse_rcpt = {}
    world.postfix.wait_until_empty()


def made(world, sender, days_ago=0, domain=SRS):
    """An SRS address as the daemon makes it, of any age: the test knows the keys."""
    key = base64.b64decode((world.posternd.state / "token.keys").read_text().split()[0])
    day = int(time.time()) // 86400 - days_ago
    local, host = sender.split("@")
    parts = ["srs0-address", "short", domain, str(day), host.lower(), local.lower()]
    text = "".join(f"{len(part)}:{part}" for part in parts)
    mac = base64.b32encode(hmac.new(key, text.encode(), hashlib.sha256).digest()[:5]).decode().lower()
    cycle = day % 1024
    shown = base64.b32encode(bytes([cycle >> 2, (cycle & 3) << 6])).decode().lower()[:2]
    return f"SRS0={mac}={shown}={host}={local}@{domain}"


def forwarded(world, group="ravens@plains.net", sender=SENDER):
    """The delivery to the member elsewhere."""
    outcome = world.send(sender, group)
    assert outcome.accepted, outcome
    return world.sinks["world"].wait_for(lambda delivery: MEMBER in delivery.recipients)[-1]


def bounce(world, recipient, sender="", **more):
    return world.send(sender, recipient, client.message(sender=sender, recipient=recipient, subject="Undelivered Mail",
                                                        headers={"Auto-Submitted": "auto-replied"}), **more)


def test_the_member_elsewhere_gets_it_from_an_address_of_ours(world):
    delivery = forwarded(world, "crew@plains.net")
    assert delivery.sender == made(world, SENDER), "as anybody with the keys would write it"
    inside = world.sinks["primary"].wait_for(lambda one: "stark@plains.net" in one.recipients)[0]
    assert inside.sender == SENDER, "nobody else's copy is touched"
    assert delivery.header("From") == f"<{SENDER}>", "the envelope alone"
    world.postfix.wait_until_empty()


def test_a_null_sender_stays_null(world):
    assert forwarded(world, sender="").sender.replace("<>", "") == ""


@pytest.mark.parametrize("as_given", [str, str.lower], ids=["as it went out", "in lower case"])
def test_a_bounce_from_outside_reaches_the_sender(world, as_given):
    address = as_given(forwarded(world).sender)
    world.clear()
    outcome = bounce(world, address)
    assert outcome.accepted, outcome
    wanted = SENDER if as_given is str else SENDER.lower()
    arrived = world.sinks["world"].wait_for(lambda delivery: delivery.header("Subject") == "Undelivered Mail")
    assert [(one.sender.replace("<>", ""), one.recipients) for one in arrived] == [("", [wanted])]
    world.postfix.wait_until_empty()
    assert len(world.received(lambda delivery: delivery.header("Subject") == "Undelivered Mail")) == 1


def test_a_bounce_of_our_own_postfix_reaches_the_sender(world):
    world.sinks["world"].refuse_rcpt = {MEMBER: "550 5.1.1 no such spider"}
    assert world.send(SENDER, "ravens@plains.net").accepted
    arrived = world.sinks["world"].wait_for(lambda delivery: SENDER in delivery.recipients)
    assert [one.sender.replace("<>", "") for one in arrived] == [""]
    assert b"no such spider" in arrived[0].content
    world.postfix.wait_until_empty()


def test_a_bounce_to_a_sender_of_ours_goes_to_his_platform(world):
    outcome = bounce(world, made(world, "stark@plains.net"))
    assert outcome.accepted, outcome
    arrived = world.sinks["primary"].wait_for(lambda delivery: "stark@plains.net" in delivery.recipients)
    assert [one.header("Subject") for one in arrived] == ["Undelivered Mail"]


@pytest.mark.parametrize("days_ago,expected", [(30, "250"), (31, "550 5.1.1"), (40, "550 5.1.1")])
def test_an_address_is_good_for_thirty_days(world, days_ago, expected):
    outcome = bounce(world, made(world, SENDER, days_ago=days_ago))
    assert list(outcome.rcpt.values())[0].startswith(expected), outcome


@pytest.mark.parametrize("change", [
    lambda address: address.replace("SRS0=", "SRS0=aaaaaaaa", 1)[:5] + "aaaaaaaa" + address[13:],
    lambda address: address.replace("Arya.Stark", "Sansa.Stark"),
    lambda address: address.replace("winter.example", "summer.example"),
    lambda address: "SRS1" + address[4:],
    lambda address: "postmaster@" + SRS], ids=["mac", "local part", "domain", "kind", "no SRS address"])
def test_a_forged_address_is_refused(world, change):
    outcome = bounce(world, change(made(world, SENDER)))
    assert list(outcome.rcpt.values())[0].startswith("550 5.1.1"), outcome


def test_it_takes_nothing_but_bounces(world):
    address = made(world, SENDER)
    outcome = bounce(world, address, sender="someone@example.org")
    assert outcome.rcpt[address].startswith("550 5.1.1"), outcome
    # Nor from a customer who has logged in.
    outcome = bounce(world, address, sender=CUSTOMER, user=CUSTOMER)
    assert outcome.mail.startswith("250") and outcome.rcpt[address].startswith("550 5.1.1"), outcome


def test_a_probe_of_the_address_takes_nothing_either(world):
    reply = client.probe(world.postfix.port, made(world, "nobody@winter.example"))
    assert reply.startswith("550"), "MAIL FROM was somebody"


def test_posternctl_tells_about_it(world):
    address = made(world, SENDER)
    answers = {row["table"]: row for row in world.posternd.ctl_json("route", address)["tables"]}
    assert answers["bounce"]["value"] == SENDER and answers["relay_domains"]["value"] == SRS
    assert answers["virtual_alias"]["value"] == SENDER
    told = world.posternd.ctl_json("explain", "--from", SENDER, "--rcpt", "ravens@plains.net")
    assert [(copy["sender"], copy["recipients"]) for copy in told["leaving"]] == [(address, [MEMBER])]
    text = world.posternd.ctl("explain", "--from", SENDER, "--rcpt", "ravens@plains.net").stdout
    assert f"a copy for {MEMBER} from <{address}>" in text
    told = world.posternd.ctl_json("explain", "--from", "", "--rcpt", address)
    assert told["recipients"][0]["canonical"] == SENDER and told["outcome"] == "deliver", told
    refused = world.posternd.ctl("explain", "--from", "someone@example.org", "--rcpt", address, check=False)
    assert refused.returncode == 1 and "takes only bounces" in refused.stdout


def test_the_setting_may_change_while_the_daemon_runs(world):
    world.posternd.change_settings({"srs": {"domain": ""}})
    try:
        world.posternd.process.signal(signal.SIGHUP)
        wait_until(lambda: not world.posternd.ctl_json("explain", "--from", SENDER, "--rcpt",
                                                       "ravens@plains.net")["leaving"], "the sender to stay")
        assert forwarded(world).sender == SENDER
    finally:
        world.posternd.change_settings({"srs": {"domain": SRS}})
        world.posternd.process.signal(signal.SIGHUP)
        wait_until(lambda: world.posternd.ctl_json("explain", "--from", SENDER, "--rcpt",
                                                   "ravens@plains.net")["leaving"], "the sender to be rewritten")
