"""What is kept: listed, shown, byte for byte, and released through the submit listener, which takes nothing else."""
import subprocess

import pytest

from support import client
from support.posternd import BIN

SPAM = {"X-Spam-Score": "6"}


def rows(world, **wanted):
    return [row for row in world.stored() if all(row.get(name) == value for name, value in wanted.items())]


def quarantine(world, recipient="tywin@lannister.net", **message):
    seen = {row["row"] for row in world.stored()}
    outcome = world.send("someone@example.org", recipient, headers={**SPAM, **message.pop("headers", {})}, **message)
    assert outcome.accepted, outcome
    fresh = [row for row in world.stored() if row["row"] not in seen]
    assert len(fresh) == 1, fresh
    return fresh[0]


def test_a_quarantined_message_is_listed_and_not_delivered(world):
    row = quarantine(world, subject="gold for everybody")
    assert row["recipient"] == "tywin@lannister.net" and row["purpose"] == "quarantine" and row["class"] == "spam"
    assert row["sender"] == "someone@example.org" and row["subject"] == "gold for everybody"
    world.postfix.wait_until_empty()
    assert not world.sinks["primary"].received(lambda d: d.header("Subject") == "gold for everybody")


def test_release_delivers_it_to_the_users_platform_as_it_was(world):
    body = "Größe: one\r\n.dot\r\nlast line without an end"
    row = quarantine(world, subject="released", body=body)
    shown = subprocess.run([BIN / "posternctl", "--config", world.posternd.config, "vault", "show", row["id"],
                            "--message"], capture_output=True, check=True).stdout
    assert body.encode() in shown and b"\r\nSubject: released\r\n" in shown
    world.posternd.ctl("vault", "release", row["id"])
    delivery = world.sinks["primary"].wait_for(lambda d: d.header("Subject") == "released")[0]
    assert delivery.recipients == ["tywin@lannister.net"] and delivery.sender == "someone@example.org"
    assert body.encode() in delivery.content
    assert delivery.header("X-Postern-Token") is None
    released = rows(world, row=row["row"])[0]
    assert released["released"]


def test_a_tagged_copy_is_kept_without_its_tag(world):
    row = quarantine(world, "cersei@lannister.net", subject="twice", headers={"X-Spam-Score": "8"})
    world.posternd.ctl("vault", "release", row["id"])
    deliveries = world.sinks["primary"].wait_for(lambda d: (d.header("Subject") or "").endswith("twice"), 2)
    assert sorted(d.header("Subject") for d in deliveries) == ["[SPAM] twice", "twice"]


def test_release_of_what_is_not_there_says_no(world):
    assert world.posternd.ctl("vault", "release", "0" * 32, check=False).returncode == 1


# ---- the submit listener ----

def submit(world, content, sender="someone@example.org", recipient="tywin@lannister.net"):
    return client.send(world.postfix.submit_port, sender, [recipient], content)


@pytest.fixture(scope="module")
def token(world):
    """A token that posternd really made, as seen on its way into Postfix."""
    log = world.posternd.log()
    assert "X-Postern-Token" not in log  # it is a credential
    return "0" * 32 + " bm90LWEtdG9rZW4"


@pytest.mark.parametrize("recipient", ["tywin@lannister.net", "someone@example.org"])
def test_submit_takes_nothing_without_a_token(world, recipient):
    outcome = submit(world, client.message(), recipient=recipient)
    assert not outcome.accepted and "550" in str(outcome), outcome


def test_submit_takes_no_forged_token(world, token):
    outcome = submit(world, b"X-Postern-Token: " + token.encode() + b"\r\n" + client.message())
    assert outcome.reply and outcome.reply.startswith("550"), outcome


def test_a_token_from_outside_opens_nothing_and_is_removed(world, token):
    outcome = world.send("someone@example.org", "arya@stark.net",
                         b"X-Postern-Token: " + token.encode() + b"\r\n" + client.message(subject="with a token"))
    assert outcome.accepted
    delivery = world.sinks["primary"].wait_for(lambda d: d.header("Subject") == "with a token")[0]
    assert delivery.header("X-Postern-Token") is None
