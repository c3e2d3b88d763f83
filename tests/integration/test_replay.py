"""`policy diff` and `replay` foretell what a change does: compared with what the daemon does when it is published."""
import json
import os
import re
import shutil

import pytest

from support import client
from support.tools import wait_until
from support.world import World

RECIPIENTS = ["cersei@lannister.net", "kevan@lannister.net", "arya@stark.net", "sansa@stark.net", "davos@got.com",
              "doran@martell.net", "jon@nightswatch.org"]
SENDERS = ["someone@example.org", "roose@bolton.test", ""]
SCORES = ["0", "5.5", "7.4", "12", "25"]
ODD = {"advert": {"X-Spam-Advert": "yes"}, "virus": {"X-Virus-Name": "Eicar"}}


@pytest.fixture(scope="module")
def world():
    with World(settings={"policy": {"shrink_guard": 1.0}}) as built:
        # New folders are for the group of the directory: the daemon's, as an operator has it.
        os.chown(built.posternd.policy_folder, -1, built.posternd.popen_options.get("group", -1))
        yield built


def cases():
    for recipient in RECIPIENTS:
        for sender in SENDERS:
            for score in SCORES:
                yield sender, recipient, {"X-Spam-Score": score}
        for name in ODD:
            yield SENDERS[0], recipient, ODD[name]


@pytest.fixture(scope="module")
def saved(world):
    """The messages, each in a file as a mailbox keeps it."""
    folder = world.folder / "saved"
    folder.mkdir()
    mail = {}
    for number, (sender, recipient, headers) in enumerate(cases()):
        content = client.message(sender=sender or "mailer-daemon@example.org", recipient=recipient, headers=headers)
        path = folder / f"{number:04}.eml"
        text = content if isinstance(content, bytes) else content.encode()
        path.write_bytes(f"Return-Path: <{sender}>\r\nX-Original-To: {recipient}\r\n".encode() + text)
        mail[str(path)] = (sender, recipient, text)
    return mail


@pytest.fixture(scope="module")
def other(world):
    """Tomorrow's policies."""
    folder = shutil.copytree(world.posternd.policy_folder, world.folder / "tomorrow")

    def change(key, edit):
        path = folder / key.replace(":", "/", 1)
        path = path.with_name(path.name + ".json")
        document = json.loads(path.read_text())
        edit(document)
        path.write_text(json.dumps(document))

    def stricter(document):
        document["policy"]["spamScore"] = 5.0
        document["policy"]["relayProps"].update(relaySpam=False, spamScoreLimit=7.0)
    change("domain:lannister.net", stricter)
    change("user:cersei@lannister.net", lambda document: document["policy"]["relayProps"].update(prefixSpam="[JUNK]"))
    change("domain:stark.net", lambda document: document["policy"].update(spamScore=8.0))
    change("user:sansa@stark.net", lambda document: document.update(status="DISABLED"))
    (folder / "wblist").mkdir(exist_ok=True)
    (folder / "wblist" / "got.com.json").write_text(json.dumps([{"type": "BLOCK", "value": "bolton.test"}]))
    return folder


def replay(world, *arguments):
    done = world.posternd.ctl("replay", "--json", *arguments, check=False)
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def diff(world, before, now):
    return json.loads(world.posternd.ctl("policy", "diff", before, now, "--json", check=False).stdout)


def publish(world, folder, *arguments):
    # One user's policyId leads nowhere, on purpose.
    world.posternd.ctl("policy", "publish", folder, "--to", world.posternd.policy_folder, "--only-good", *arguments,
                       as_operator=True)


def message_lines(world):
    return [line for line in world.posternd.log().splitlines() if " message id=" in line and " outcome=" in line]


def happened(world, sender, recipient, content):
    """("tag", 1): the outcome and how many copies were kept; what came at RCPT alone."""
    before = len(message_lines(world))
    outcome = world.send(sender, recipient, content=content)
    if outcome.reply is None:
        return "refused", 0
    wait_until(lambda: len(message_lines(world)) > before, "the line of the message")
    line = message_lines(world)[-1]
    assert recipient in line
    copies = re.search(r" copies=(\d+)", line)
    return re.search(r" outcome=(\w+)", line).group(1), int(copies.group(1)) if copies else 0


def foretold(text):
    words = {"delivered": "deliver", "quarantined": "quarantine", "rejected": "reject", "deferred": "defer",
             "refused": "refused"}
    word = "tag" if text.startswith("delivered with [") else words[text.split(",")[0].split(":")[0].split()[0]]
    return word, text.count("a copy in") + text.startswith("quarantined")


def test_replay_foretells_what_the_daemon_does(world, saved, other):
    told = replay(world, "--against", other, *saved)
    assert told["messages"] == len(saved) and told["skipped"] == []
    foreseen = {one["mail"]: one for one in told["differences"]}
    assert 20 < len(foreseen) < len(saved)
    before = {path: happened(world, *mail) for path, mail in saved.items()}
    generation = world.posternd.generation()
    today = world.folder / "today"
    shutil.copytree(world.posternd.policy_folder, today)
    try:
        publish(world, other)
        world.posternd.wait_for_generation_after(generation)
        wait_until(lambda: set(diff(world, "daemon", other)["documents"].values()) == {0},
                   "the other policies to be in force")
        for path, mail in saved.items():
            now = happened(world, *mail)
            if path in foreseen:
                one = foreseen[path]
                assert (foretold(one["before"]), foretold(one["now"])) == (before[path], now), one
                assert one["because"], one
            else:
                assert before[path] == now, (path, mail[:2])
    finally:
        publish(world, today, "--prune", "--force")
        wait_until(lambda: set(diff(world, "daemon", today)["documents"].values()) == {0}, "today's policies again")


def test_the_same_from_an_mbox_a_folder_and_without_a_daemon(world, saved, other):
    folder = next(iter(saved)).rsplit("/", 1)[0]
    mbox = world.folder / "saved.mbox"
    mbox.write_bytes(b"".join(b"From somebody Thu Jan  1 00:00:00 2026\n" +
                              open(path, "rb").read().replace(b"\r\n", b"\n") + b"\n" for path in sorted(saved)))

    def essence(told):
        return [(one["recipient"], one["sender"], one["before"], one["now"]) for one in told["differences"]]
    expected = essence(replay(world, "--against", other, folder))
    assert expected
    assert essence(replay(world, "--against", other, mbox)) == expected
    assert essence(replay(world, "--against", other, "--offline", world.posternd.policy_folder, folder)) == expected


def test_the_envelope_and_the_score_can_be_said(world, saved, other):
    path = next(iter(saved))
    told = replay(world, "--against", other, "--from", "roose@bolton.test", "--rcpt", "davos@got.com", "--score", "0",
                  path)
    assert [(one["recipient"], one["sender"]) for one in told["differences"]] == [("davos@got.com", "roose@bolton.test")]
    assert "wblist:got.com" in told["differences"][0]["because"]


def test_one_document_can_be_laid_over_what_is_in_force(world, saved, other):
    told = replay(world, "--against", other / "user" / "sansa@stark.net.json", *saved)
    assert {one["recipient"] for one in told["differences"]} == {"sansa@stark.net"}
    assert {one["now"] for one in told["differences"]} == {"refused at RCPT: 550 5.2.1"}


def test_the_vault_is_replayed_with_the_envelope_it_kept(world, other):
    score = {"X-Spam-Score": "8"}
    assert world.send("someone@example.org", "cersei@lannister.net", headers=score).accepted
    assert any(row["recipient"] == "cersei@lannister.net" for row in world.stored()), world.stored()
    told = replay(world, "--against", other, "vault")
    ours = [one for one in told["differences"] if one["recipient"] == "cersei@lannister.net"]
    assert ours and all(one["mail"].startswith("vault ") for one in ours), told


def test_diff_says_what_becomes_of_mail(world, other):
    done = world.posternd.ctl("policy", "diff", "daemon", other, check=False)
    assert done.returncode == 1
    text = done.stdout
    assert "sansa@stark.net" in text and "refused at RCPT (550 5.2.1)" in text
    assert "mail from bolton.test is now blocked, was judged by what is in it" in text
    assert re.search(r"lannister.net: mail scored 5.0 to below \S+ is now ", text), text
    assert world.posternd.ctl("policy", "diff", other, other).returncode == 0
    assert "PRIVATE KEY" not in text
