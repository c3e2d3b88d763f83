"""One message to recipients with rules of their own: each his own outcome, once, through the real Postfix; and what
the sender, the vault, the log, the metrics and `posternctl explain` say of it agrees."""
import datetime
import json

import pytest

from support import client
from support.daemon_log import DaemonLog
from support.policies import FIXTURES, variant
from support.scenario import each_outcome
from support.tools import let_others_in
from support.world import World

SENDER = "someone@example.org"
# Twelve recipients of six domains. What each gets of bulk mail with score 8: subject, or nothing.
DELIVERED = {"stark@plains.net": "Hello", "plain@houses.net": "Hello", "a@westeros.net": "[SPAM] Hello",
             "tagged@houses.net": "[SPAM] Hello", "anybody@pub.net": "[PUB] Hello", "someone@pub.net": "[PUB] Hello",
             "plain@observed.net": "Hello", "captain@guild.net": "Hello", "varys@spiders.example": "Hello"}
OUTCOMES = {"stark@plains.net": "deliver", "plain@houses.net": "deliver", "a@westeros.net": "tag",
            "tagged@houses.net": "tag", "anybody@pub.net": "tag", "someone@pub.net": "tag", "b@plains.net": "quarantine",
            "default@plains.net": "quarantine", "refuser@plains.net": "kept", "refusing@houses.net": "kept",
            "plain@observed.net": "observe", "captain@guild.net": "deliver", "varys@spiders.example": "deliver"}
RECIPIENTS = [address for address in OUTCOMES if address not in ("captain@guild.net", "varys@spiders.example")]
RECIPIENTS.append("crew@guild.net")
KEPT = {("a@westeros.net", "quarantine"), ("tagged@houses.net", "quarantine"), ("b@plains.net", "quarantine"),
        ("default@plains.net", "quarantine"), ("default@plains.net", "archive"), ("refuser@plains.net", "quarantine"),
        ("refusing@houses.net", "quarantine")}
BODY = "Grüße aus dem Norden.\r\n.\r\n..dots\r\nno end of line"


def documents():
    plain = json.loads((FIXTURES / "rules/domain/plains.net.json").read_text())
    pub, guild = json.loads(json.dumps(plain)), json.loads(json.dumps(plain))
    pub.update(id="pub", name="pub.net")
    pub["policy"].update(id="pub", spamScore=15, relayProps={**pub["policy"]["relayProps"], "advertPrefix": "[PUB]",
                                                             "spamScoreLimit": 15})
    guild.update(id="guild", name="guild.net")
    guild["policy"]["id"] = "guild"
    return {"domain:pub.net": pub, "domain:guild.net": guild,
            "groups:guild.net": [{"id": "crew", "email": "crew@guild.net", "recipients": [
                {"id": "1", "email": "captain@guild.net", "type": "USER"},
                {"id": "2", "email": "varys@spiders.example", "type": "EXTERNAL_ADDRESS"},
                {"id": "3", "email": "plain@houses.net", "type": "USER"}]}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(variant(tmp_path_factory.mktemp("policies") / "set", documents(), base="rules"),
               settings={"log": {"format": "json"}}) as built:
        for recipient in RECIPIENTS:
            client.probe(built.postfix.port, recipient)
        yield built


def content():
    return client.message(recipient=RECIPIENTS[0], body=BODY, headers={
        "X-Spam-Score": "8", "X-Spam-Advert": "yes", "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"})


def everything(world):
    """recipient -> his deliveries."""
    got = {}
    for delivery in world.received():
        for recipient in delivery.recipients:
            got.setdefault(recipient.lower(), []).append(delivery)
    return got


def body_of(delivery):
    return delivery.content.split(b"\r\n\r\n", 1)[1]


def test_twelve_recipients_of_six_domains_each_his_own_outcome_once(world, tmp_path):
    log = DaemonLog(world.posternd)
    kept_before = world.posternd.metric("postern_recipients_total", outcome="kept") or 0
    assert len(RECIPIENTS) == 12 and len({address.split("@")[1] for address in RECIPIENTS}) == 6
    outcome = world.send(SENDER, RECIPIENTS, content())
    assert outcome.accepted and all(reply.startswith("250") for reply in outcome.rcpt.values()), outcome

    world.wait_for({recipient: 1 for recipient in DELIVERED})
    got = everything(world)
    assert {recipient: [d.header("Subject") for d in deliveries] for recipient, deliveries in got.items()} == {
        recipient: [subject] for recipient, subject in DELIVERED.items()}
    for recipient, (delivery,) in got.items():
        assert delivery.sender == SENDER
        assert body_of(delivery).rstrip(b"\r\n") == BODY.encode(), recipient
        assert delivery.header("X-Postern-Token") is None
        assert (delivery.header("X-Postern-Would") is not None) == (recipient == "plain@observed.net")
        assert delivery.sink == ("world" if recipient == "varys@spiders.example" else "primary")
    assert len({delivery.header("X-Postern-Id") for (delivery,) in got.values()}) == 1

    rows = world.stored()
    assert {(row["recipient"], row["purpose"]) for row in rows} == KEPT and len(rows) == len(KEPT)
    for row in rows:
        if row["recipient"] in ("refuser@plains.net", "refusing@houses.net"):
            life = datetime.datetime.fromisoformat(row["expires"]) - datetime.datetime.fromisoformat(row["received"])
            assert life == datetime.timedelta(days=7)
        assert b"\r\nSubject: Hello\r\n" in world.posternd.message(row["id"])

    lines = log.new("message")
    assert len([line for line in lines if line["direction"] == "in"]) == 1
    (line,) = [line for line in lines if line["direction"] == "in"]
    assert each_outcome(line) == OUTCOMES
    assert line["outcome"] == "mixed" and line["reply"].startswith("250")
    assert world.posternd.metric("postern_recipients_total", outcome="kept") == kept_before + 2

    # And posternctl explain says the same, the group's members among them.
    let_others_in(tmp_path)
    eml = tmp_path / "mixed.eml"
    eml.write_bytes(content())
    words = [word for recipient in RECIPIENTS for word in ("--rcpt", recipient)]
    done = world.posternd.ctl("explain", "--from", SENDER, *words, "--client", "192.0.2.1", "--eml", eml, "--json",
                              check=False)
    told = json.loads(done.stdout)
    assert {one["canonical"].lower(): one["outcome"] for one in told["recipients"]} == OUTCOMES
    left = {recipient for copy in told["leaving"] for recipient in copy["recipients"]}
    assert left and left < set(DELIVERED)
    assert world.stored() == rows, "explaining stored something"


def test_what_was_kept_instead_of_a_refusal_can_be_released(world):
    rows = [row for row in world.stored() if row["recipient"] == "refuser@plains.net"]
    if not rows:
        outcome = world.send(SENDER, ["b@plains.net", "refuser@plains.net"], content())
        assert outcome.accepted
        rows = [row for row in world.stored() if row["recipient"] == "refuser@plains.net"]
    world.posternd.ctl("vault", "release", rows[0]["id"], "--rcpt", "refuser@plains.net")
    world.wait_for({"refuser@plains.net": 1})
    assert everything(world)["refuser@plains.net"][0].header("Subject") == "Hello"


def test_a_group_that_its_platform_does_not_know_is_taken(world):
    sink = world.sinks["primary"]
    sink.refuse_rcpt["servants@houses.net"] = "550 5.1.1 no such user"
    world.clear()
    try:
        outcome = world.send(SENDER, ["servants@houses.net"], subject="To the servants")
        assert outcome.accepted, outcome
        world.wait_for({"plain@houses.net": 1, "nobody@houses.net": 1})
    finally:
        sink.refuse_rcpt.clear()


def test_what_cannot_be_kept_is_sent_to_nobody(world):
    world.clear()
    world.posternd.stop()
    world.posternd.change_settings({"vault": {"min_free": "8000TiB"}})
    world.posternd.start(ready=False)
    try:
        outcome = world.send(SENDER, ["stark@plains.net", "a@westeros.net"], content())
        assert outcome.reply.startswith("451 4.3.0"), outcome
        assert world.postfix.queue() == [] and world.received() == []
    finally:
        world.posternd.stop()
        world.posternd.change_settings({"vault": {"min_free": "1MiB"}})
        world.posternd.start()
    outcome = world.send(SENDER, ["stark@plains.net", "a@westeros.net"], content())
    assert outcome.accepted, outcome
    world.wait_for({"stark@plains.net": 1, "a@westeros.net": 1})
