"""vault.deliver: what is kept is seen in its reader's folder on Debian's Dovecot, over IMAP, and nothing is lost while
that is away, refuses, or the daemon dies."""
import email
import json

import pytest

from support import client
from support.daemon_log import DaemonLog
from support.dovecot import Dovecot
from support.policies import FIXTURES, variant
from support.tools import wait_until
from support.world import World

SENDER = "someone@example.org"
JON, ARYA, NOBODY = "jon@mail.net", "arya@mail.net", "nobody@mail.net"
JUNKMAN = "brienne@quarantine.net"
BODY = "Grüße aus dem Norden.\r\n.\r\n..dots\r\n"


def documents():
    """mail.net keeps spam and viruses and what is clean, in and out."""
    domain = json.loads((FIXTURES / "rules/domain/plains.net.json").read_text())
    domain["name"] = "mail.net"
    domain["policy"].update(
        id="mail", quarantine=True, retention=True, outgoing=True,
        relayProps={**domain["policy"]["relayProps"], "relaySpam": False},
        quarantineProps={"duration": 30, "storeSpam": True, "storeVirus": True, "storeAdvert": False,
                         "storeBlacklisted": False, "storeSenderVerify": False, "storeBadHeaders": False,
                         "storeBadEncoding": False, "storeBadAttachments": False},
        retentionProps={"duration": 5, "storeMailOut": True, "storeCleanMailIn": True})
    domain["domainAliases"] = [{"name": "old-mail.net"}]
    users = {f"user:{address}": {"email": address, "status": "ENABLED"} for address in (JON, ARYA)}
    crew = [{"id": "1", "email": "crew@mail.net", "recipients": [
        {"id": "2", "email": JON, "type": "USER"},
        {"id": "3", "email": "varys@spiders.example", "type": "EXTERNAL_ADDRESS"}]}]
    return {"domain:mail.net": domain, "groups:mail.net": crew, **users}


@pytest.fixture(scope="module")
def dovecot(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dovecot", numbered=True)
    for path in (folder, *folder.parents):
        if path.name.startswith("pytest-"):
            path.chmod(0o755)
    server = Dovecot(folder, [JON, ARYA, JUNKMAN])
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory, dovecot):
    with World(variant(tmp_path_factory.mktemp("policies") / "set", documents(), base="rules"),
               settings={"vault": {"deliver": dovecot.url}, "log": {"format": "json"}}, users=[JON]) as built:
        for recipient in (JON, ARYA, NOBODY, JUNKMAN, "crew@mail.net", "jon@old-mail.net"):
            client.probe(built.postfix.port, recipient)
        yield built


def send(world, subject, recipients, score=8, headers=None, **more):
    recipients = [recipients] if isinstance(recipients, str) else recipients
    content = client.message(subject=subject, recipient=recipients[0], body=BODY, headers={
        "X-Spam-Score": str(score), "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit", **(headers or {})}, sender=more.get("sender", SENDER))
    outcome = world.send(more.pop("sender", SENDER), recipients, content, **more)
    assert outcome.accepted, outcome
    return content


def titled(subject):
    return lambda message: email.message_from_bytes(message)["Subject"] == subject


def waiting(world):
    return world.posternd.ctl_json("vault", "list", "--outbox")["outbox"]


def wait_until_delivered(world):
    wait_until(lambda: not [row for row in waiting(world) if not row["given_up"]], lambda: f"{waiting(world)}", pause=0.2)


def test_spam_is_in_the_users_folder(world, dovecot):
    content = send(world, "buy this", JON)
    message = dovecot.wait_for(JON, "Spam", titled("buy this"))[0]
    assert message.split(b"\r\n\r\n", 1)[1] == content.split(b"\r\n\r\n", 1)[1], "octet by octet"
    head = email.message_from_bytes(message)
    stored = [row for row in world.stored() if row["subject"] == "buy this"]
    assert [row["recipient"] for row in stored] == [JON], "it is in the vault as well"
    assert head["X-Postern-Id"] == stored[0]["id"] and head["Return-Path"] == f"<{SENDER}>"
    assert head["X-Spam-Score"] is None, "what the sender's filter said is not ours"
    assert "[192.0.2.1]" in head.get_all("Received")[1], "who brought it"
    assert "INBOX" not in dovecot.folders(JON) or not dovecot.messages(JON, "INBOX")
    wait_until_delivered(world)


def test_each_recipient_in_his_own_mailbox(world, dovecot):
    send(world, "for both", [JON, ARYA, "jon@old-mail.net"])
    for user in (JON, ARYA):
        dovecot.wait_for(user, "Spam", titled("for both"))
    wait_until_delivered(world)
    assert [len(list(filter(titled("for both"), dovecot.messages(user, "Spam")))) for user in (JON, ARYA)] == [1, 1]


def test_the_folder_of_an_opensrs_domain(world, dovecot):
    send(world, "junk", JUNKMAN)
    dovecot.wait_for(JUNKMAN, "Junk", titled("junk"))
    assert "Spam" not in dovecot.folders(JUNKMAN)


def test_what_is_retained_has_folders_of_its_own(world, dovecot):
    send(world, "clean", JON, score=0)
    dovecot.wait_for(JON, "Retained", titled("clean"))
    send(world, "sent", "friend@example.org", score=0, sender=JON, user=JON, headers={"From": f"<{JON}>"})
    dovecot.wait_for(JON, "Sent", titled("sent"))
    wait_until_delivered(world)
    assert not list(filter(titled("clean"), dovecot.messages(JON, "Spam")))


def test_a_virus_goes_into_no_mailbox_and_who_is_elsewhere_has_none(world, dovecot):
    send(world, "infected", JON, headers={"X-Virus-Name": "Eicar"})
    send(world, "to the crew", "crew@mail.net")
    dovecot.wait_for(JON, "Spam", titled("to the crew"))
    wait_until_delivered(world)
    kept = {(row["subject"], row["recipient"], row["class"]) for row in world.stored()}
    assert ("infected", JON, "virus") in kept and ("to the crew", "varys@spiders.example", "spam") in kept
    assert all(not list(filter(titled("infected"), dovecot.messages(JON, folder))) for folder in dovecot.folders(JON))
    assert not [row for row in waiting(world)]


def test_a_mailbox_that_refuses_loses_nothing_and_says_so(world, dovecot):
    log = DaemonLog(world.posternd)
    send(world, "for nobody", [NOBODY, ARYA])
    dovecot.wait_for(ARYA, "Spam", titled("for nobody"))
    row = wait_until(lambda: [one for one in waiting(world) if one["given_up"]], "the refusal")[0]
    assert row["to"] == "mailbox" and row["recipients"] == ["nobody+Spam@mail.net"] and "550 5.1.1" in row["error"]
    assert NOBODY in {one["recipient"] for one in world.stored() if one["subject"] == "for nobody"}
    alarm = log.new("a copy was refused by the mailboxes' server; it stays in the vault")
    assert [line["recipient"] for line in alarm] == ["nobody+Spam@mail.net"]
    assert world.posternd.metric("postern_mailbox_copies_attempts_total", outcome="refused") == 1
    wait_until(lambda: world.posternd.metric("postern_mailbox_copies_given_up") == 1, "the gauge")
    assert world.posternd.status()["mailboxes"]["given_up"] == 1
    assert "refused or given up" in world.posternd.ctl("status", check=False).stdout
    # The mailbox is made, and the operator says so.
    dovecot.set_users([JON, ARYA, JUNKMAN, NOBODY])
    world.posternd.ctl("vault", "retry")
    dovecot.wait_for(NOBODY, "Spam", titled("for nobody"))
    wait_until(lambda: not waiting(world), "the outbox to be empty")


def test_dovecot_down_then_up(world, dovecot):
    dovecot.stop()
    try:
        send(world, "while it is down", [JON, ARYA])
        rows = wait_until(lambda: [one for one in waiting(world) if one["attempts"] > 0], "an attempt")
        assert all(row["to"] == "mailbox" and not row["given_up"] for row in rows)
        # Nothing else is held up: copies for the MTA have an outbox of their own.
        send(world, "clean beside it", ["stark@plains.net", JON], score=6)
        world.sinks["primary"].wait_for(lambda one: one.header("Subject") == "clean beside it")
    finally:
        dovecot.start()
    for user in (JON, ARYA):
        dovecot.wait_for(user, "Spam", titled("while it is down"))
    wait_until_delivered(world)
    assert [len(list(filter(titled("while it is down"), dovecot.messages(user, "Spam")))) for user in (JON, ARYA)] == [1, 1]


def test_the_daemon_killed_before_it_could_deliver(world, dovecot):
    dovecot.stop()
    try:
        send(world, "before the kill", [JON, ARYA])
        world.posternd.kill()
        world.posternd.start()
        assert {tuple(row["recipients"]) for row in waiting(world)} >= {("jon+Spam@mail.net",), ("arya+Spam@mail.net",)}
    finally:
        dovecot.start()
    for user in (JON, ARYA):
        assert len(dovecot.wait_for(user, "Spam", titled("before the kill"))) == 1
    wait_until_delivered(world)


def test_explain_says_where_a_copy_goes(world):
    told = world.posternd.ctl_json("explain", "--from", SENDER, "--rcpt", JON, "--score", 8)
    assert [(copy["recipient"], copy["mailbox"]) for copy in told["copies"]] == [(JON, "jon+Spam@mail.net")]
    text = world.posternd.ctl("explain", "--from", SENDER, "--rcpt", JON, "--score", 8).stdout
    assert "and delivered to jon+Spam@mail.net" in text


def test_over_a_unix_socket(world, dovecot):
    world.posternd.stop()
    world.posternd.change_settings({"vault": {"deliver": dovecot.socket_url}})
    world.posternd.start()
    send(world, "through the socket", JON)
    dovecot.wait_for(JON, "Spam", titled("through the socket"))
