"""`posternctl explain` says what the daemon does: compared over a corpus, mail by mail and recipient by recipient.

Postfix changes a message before the milter sees it (bare CR, NUL, Bcc, a header block without end), so each message
goes first to a mirror: a domain of ours that keeps whatever comes. What lies in its vault is what the milter saw, and
that is what explain is asked about. What Postfix refuses itself never comes to the daemon, and is left out."""
import concurrent.futures
import json
import os

import pytest

from support import client, corpus
from support.daemon_log import DaemonLog
from support.policies import variant
from support.tools import ROOT, let_others_in
from support.world import World

EVERYTHING = {"duration": 3, "storeSpam": True, "storeVirus": True, "storeAdvert": True, "storeBlacklisted": True,
              "storeSenderVerify": True, "storeBadHeaders": True, "storeBadEncoding": True, "storeBadAttachments": True}
MIRROR = "all@mirror.net"
# Policies that differ: quarantines and tags, archives, rejects, retains, takes only what is fit, and lists.
RECIPIENTS = ["cersei@lannister.net", "kevan@lannister.net", "arya@stark.net", "davos@got.com"]
SENDERS = ["someone@example.org", "roose@bolton.test", "", "jon@snow.test"]
SCORES = ["0", "5", "7.4", "9.9", "25"]
HOW_MANY = 60
HELO = "mx.example.org"


def mirror(document):
    document.update(id="mirror", name="mirror.net", domainAliases=[], senderVerifyOn=False)
    document["policy"].update(
        id="mirror", quarantine=True, archive=True, mailSizeLimit=60, quarantineProps=EVERYTHING,
        archiveProps={**EVERYTHING, "archiveByCopy": False, "storeMailOut": True, "storeCleanMailIn": True})


def documents():
    base = json.loads((ROOT / "tests/fixtures/policies/cleanmail/domain/stark.net.json").read_text())
    mirror(base)
    return {
        "domain:mirror.net": base,
        "wblist:lannister.net": [{"id": "1", "value": "snow.test", "owner": "lannister.net", "type": "ALLOW",
                                  "spfOn": False}],
        "wblist:got.com": [{"id": "2", "value": "bolton.test", "owner": "got.com", "type": "BLOCK", "spfOn": None}],
        "attachments:stark.net": [{"id": "3", "action": "deny", "checkType": "filename", "filter": "\\.zip$",
                                   "description": "no archives", "scope": "stark.net", "priority": 1}],
        "uris:got.com": [{"id": "4", "action": "blacklist_uri_host", "filter": "got.com", "priority": 1}]}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(variant(tmp_path_factory.mktemp("policies") / "set", documents()),
               settings={"log": {"format": "json"}}) as built:
        yield built


def chosen():
    """Every so many-th of the corpus, but for the few that are huge; each with marks that make verdicts differ."""
    messages = [(name, content) for name, content in corpus.messages().items() if len(content) < 300_000]
    step = len(messages) // HOW_MANY
    for number, (name, content) in enumerate(messages[::step][:HOW_MANY]):
        marks = f"X-Spam-Score: {SCORES[number % len(SCORES)]}\r\n"
        if number % 7 == 3:
            marks += "X-Spam-Advert: yes\r\n"
        if number % 11 == 5:
            marks += "X-Virus-Name: Eicar\r\n"
        yield name, SENDERS[number % len(SENDERS)], marks.encode() + content


def happened(log, outcome, recipient):
    """What the daemon did with one message to one recipient; None: Postfix never asked it."""
    lines = log.new("message", "recipient refused")
    if not lines:
        return None
    assert len(lines) == 1, lines
    line = lines[0]
    if line["message"] == "recipient refused":
        return {"refused": line["reply"], "said": outcome.rcpt[recipient]}
    return {"reply": line["reply"], "outcome": line["outcome"], "class": line["class"], "reason": line["reason"],
            "generation": int(line["generation"]), "id": line["id"], "said": outcome.reply}


def explained(world, sender, recipient, path):
    done = world.posternd.ctl("explain", "--from", sender, "--rcpt", recipient, "--eml", path, "--helo", HELO, "--json",
                              check=False)
    assert done.returncode in (0, 1), done
    assert done.stdout, done.stderr
    answer = json.loads(done.stdout)
    one = answer["recipients"][0]
    if one["refused"]:
        return {"refused": one["refused"]}
    decision = one["decision"] or {}
    return {"reply": answer["reply"], "outcome": answer["outcome"], "class": decision.get("class", "none"),
            "reason": decision.get("reason"), "generation": answer["generation"],
            "copies": sorted((copy["purpose"], copy["class"]) for copy in answer["copies"]), "exit": done.returncode}


def test_explain_says_what_the_daemon_does(world, tmp_path):
    let_others_in(tmp_path)
    log = DaemonLog(world.posternd)
    real, asked = {}, {}
    for number, (name, sender, content) in enumerate(chosen()):
        outcome = world.send(sender, MIRROR, content)
        seen = happened(log, outcome, MIRROR)
        if seen is None or "id" not in seen:
            continue
        path = tmp_path / f"{number}.eml"
        asked[name] = (sender, seen["id"], path)
        for recipient in RECIPIENTS:
            real[name, recipient] = happened(log, world.send(sender, recipient, content), recipient)
    copies = {}
    for row in world.stored():
        copies.setdefault(row["id"], []).append((row["purpose"], row["class"]))

    def ask(name):
        sender, identity, path = asked[name]
        path.write_bytes(world.posternd.message(identity))
        return {(name, recipient): explained(world, sender, recipient, path) for recipient in RECIPIENTS}

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        told = {key: value for answers in pool.map(ask, asked) for key, value in answers.items()}

    differences = {}
    for key, one in real.items():
        if one is None:
            continue
        said = one.pop("said")
        identity = one.pop("id", None)
        if "refused" not in one:
            one["copies"] = sorted(copies.get(identity, []))
            one["exit"] = 1 if one["outcome"] in ("reject", "defer") else 0
        if one != told[key]:
            differences[key] = (one, told[key])
        # What the client was told is what the daemon said: code and enhanced code.
        words = (one.get("refused") or one["reply"]).split()
        if words[0] != "250":
            assert said.split()[:2] == words[:2], (key, said, words)
        else:
            assert said.startswith("250"), (key, said)
    assert differences == {}
    # The comparison has compared something: every outcome, many classes.
    assert len(asked) > HOW_MANY * 0.9
    assert {one.get("outcome") for one in real.values() if one} >= {"deliver", "tag", "quarantine", "reject"}
    assert {one.get("class") for one in real.values() if one} >= {
        "clean", "spam", "virus", "badHeaders", "badEncoding", "badAttachments", "advert"}
    assert any("refused" in one for one in real.values() if one)


# ---- the command ----

@pytest.fixture
def eml(tmp_path):
    let_others_in(tmp_path)
    path = tmp_path / "one.eml"
    path.write_bytes(client.message(headers={"X-Spam-Score": "30"}))
    return path


def explain(world, *words, json_wanted=True):
    done = world.posternd.ctl("explain", *words, *(["--json"] if json_wanted else []), check=False)
    return done, (json.loads(done.stdout) if json_wanted and done.stdout.startswith("{") else None)


def test_exit_codes(world, eml):
    frm = ("--from", "someone@example.org")
    to = ("--rcpt", "arya@stark.net")
    assert explain(world, *frm, *to)[0].returncode == 0
    assert explain(world, *frm, *to, "--eml", eml)[0].returncode == 1
    assert explain(world, *frm)[0].returncode == 2
    assert explain(world, *to)[0].returncode == 2
    for wrong in (["--client", "nowhere"], ["--eml", "/nonexistent.eml"], ["--score", "high"]):
        done, _ = explain(world, *frm, *to, *wrong)
        assert done.returncode == 1 and wrong[1] in done.stderr, (wrong, done)


def test_score_stands_for_the_scanners(world):
    for score, outcome, code in [("7.1", "deliver", 0), ("7.2", "tag", 0), ("20", "quarantine", 0)]:
        done, answer = explain(world, "--from", "a@example.org", "--rcpt", "cersei@lannister.net", "--score", score)
        assert (answer["outcome"], done.returncode) == (outcome, code)
    done, answer = explain(world, "--from", "a@example.org", "--rcpt", "arya@stark.net", "--score", "10")
    assert (answer["outcome"], done.returncode) == ("reject", 1)
    assert answer["reply"].startswith("550 5.7.1")


def test_recipients_that_are_refused(world):
    frm = ("--from", "roose@bolton.test")
    for recipient, code in [("joffrey@lannister.net", "550 5.2.1"), ("davos@got.com", "550 5.7.1")]:
        done, answer = explain(world, *frm, "--rcpt", recipient)
        assert done.returncode == 1
        assert answer["recipients"][0]["refused"].startswith(code), answer
    done, answer = explain(world, *frm, "--rcpt", "stranger@stark.net")
    assert done.returncode == 0 and answer["recipients"][0]["canonical"] == "stranger@stark.net"
    done, answer = explain(world, *frm, "--rcpt", "x@nowhere.test")
    assert done.returncode == 1 and answer["recipients"][0]["refused"].startswith("554 5.7.1"), answer


def test_the_text_names_rule_source_and_what_was_not_looked_at(world, eml):
    done, _ = explain(world, "--from", "roose@bolton.test", "--rcpt", "davos@got.com", json_wanted=False)
    for part in ("BLOCK bolton.test", "wblist:got.com", "refused at RCPT: 550 5.7.1"):
        assert part in done.stdout, done.stdout
    done, _ = explain(world, "--from", "someone@example.org", "--rcpt", "arya@stark.net", "--eml", eml,
                      json_wanted=False)
    for part in ("user:arya@stark.net", "spf", "not looked at", "outcome reject, reply 550 5.7.1", "class spam"):
        assert part in done.stdout, done.stdout


def test_nothing_is_stored_sent_or_counted(world, eml):
    before = (len(world.stored()), world.posternd.metric("postern_messages_total"), len(world.received()))
    assert explain(world, "--from", "a@example.org", "--rcpt", "cersei@lannister.net", "--eml", eml)[0].returncode == 0
    assert (len(world.stored()), world.posternd.metric("postern_messages_total"), len(world.received())) == before


def test_offline_it_needs_no_daemon(world, eml):
    words = ("--from", "roose@bolton.test", "--rcpt", "davos@got.com", "--eml", eml)
    done, answer = explain(world, *words, "--offline", world.posternd.policy_folder)
    assert done.returncode == 1
    assert answer["recipients"][0]["refused"] == explain(world, *words)[1]["recipients"][0]["refused"]
    done, answer = explain(world, "--from", "a@example.org", "--rcpt", "cersei@lannister.net", "--score", "8",
                           "--offline", world.posternd.policy_folder)
    assert (done.returncode, answer["outcome"]) == (0, "tag")
    assert answer["copies"] == [{"recipient": "cersei@lannister.net", "purpose": "quarantine", "class": "spam"}]
    done, _ = explain(world, *words, "--offline", "/nonexistent")
    assert done.returncode != 0 and "/nonexistent" in done.stderr


def test_without_a_daemon_it_says_so(fresh):
    world = fresh()
    world.posternd.stop()
    done, _ = explain(world, "--from", "a@example.org", "--rcpt", "arya@stark.net")
    assert done.returncode == 69
    world.posternd.start()
