"""DKIM keys from the making to the retiring: posternctl dkim, states, rotation, sealed keys."""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import threading

import pytest

from support import client, second_opinion
from support.dns_server import DnsServer
from support.policies import variant
from support.posternd import BIN
from support.tools import ordinary_user, wait_until
from support.world import World

SENDER = "daenerys@targaryen.net"
DOMAINS = ["targaryen.net", "dragons.net"]


@pytest.fixture(scope="module")
def dns():
    server = DnsServer({})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def seal_file():
    """(the host's key file, made by posternctl and given to the daemon's user; its public key)"""
    with tempfile.TemporaryDirectory(prefix="postern-seal-") as folder:
        path = pathlib.Path(folder) / "seal.keys"
        path.parent.chmod(0o755)
        done = subprocess.run([BIN / "posternctl", "dkim", "seal-key", path], capture_output=True, text=True, check=True)
        if os.getuid() == 0:
            shutil.chown(path, ordinary_user())
        yield path, done.stdout.strip()


@pytest.fixture(scope="module")
def world(dns, seal_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies")
    with World(variant(folder / "set", {}), settings={"dns": {"servers": [dns.address]}, "policy": {"shrink_guard": 1},
                                                      "keys": {"seal_file": str(seal_file[0])},
                                                      "signing": {"verify_sample": 1}}) as built:
        yield built


@pytest.fixture(autouse=True)
def restored(world):
    document = world.policies.get("dkim:targaryen.net")
    yield
    if world.policies.path("dkim:targaryen.net").exists() and world.policies.get("dkim:targaryen.net") == document:
        return
    # A selector that came with another key has to go first.
    put(world, None)
    put(world, document)


def put(world, document):
    before = world.posternd.generation()
    if document is None:
        world.policies.delete("dkim:targaryen.net")
    else:
        world.policies.put("dkim:targaryen.net", document)
    world.posternd.wait_for_generation_after(before)


def generate(world, *words):
    return world.posternd.ctl_json("dkim", "generate", "--domain", "targaryen.net", *words)


def deliver(world, recipient):
    outcome = world.send(SENDER, recipient, user=SENDER, headers={"From": f"<{SENDER}>"})
    assert outcome.accepted, outcome
    return world.sinks["world"].wait_for(lambda delivery: recipient in delivery.recipients)[0]


def selectors(content):
    header = re.sub(r"\r\n[ \t]+", " ", content.split(b"\r\n\r\n", 1)[0].decode("latin-1"))
    return [re.search(r"[; ]s=([^;]+);", line)[1] for line in header.split("\r\n")
            if line.startswith("DKIM-Signature:")]


@pytest.mark.parametrize("words, algorithm", [(("--bits", "1024"), "rsa"), ((), "rsa"), (("--algorithm", "ed25519"), "ed25519")])
def test_a_generated_key_signs_as_its_dns_line_says(world, words, algorithm):
    made = generate(world, "--selector", "fresh1", "--alias", "dragons.net", *words)
    put(world, made["document"])
    delivery = deliver(world, f"generated-{len(words)}-{algorithm}@example.org")
    assert selectors(delivery.content) == ["fresh1"]
    texts = {record["name"]: record["text"] for record in made["dns"]}
    assert set(texts) == {f"fresh1._domainkey.{domain}" for domain in DOMAINS}
    assert second_opinion.by_dkimpy(delivery.content, texts, 1) == [True]
    for record in made["dns"]:
        strings = re.findall(r'"([^"]*)"', record["line"])
        assert "".join(strings) == record["text"] and max(map(len, strings)) <= 255


def test_what_generate_says_to_people_and_what_it_refuses(world):
    ctl = world.posternd.ctl
    said = ctl("dkim", "generate", "--domain", "targaryen.net", "--algorithm", "ed25519").stdout
    assert re.search(r'"selector": "e\d{8}"', said) and "e2" in said and " IN TXT (" in said
    output = world.posternd.state / "key.json"
    said = ctl("dkim", "generate", "--domain", "targaryen.net", "--selector", "s1", "--output", output).stdout
    assert "PRIVATE" not in said and "IN TXT" in said
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert json.loads(output.read_text())["selector"] == "s1"
    for words in (["--output", output], ["--selector", "not/a/name"], ["--bits", "512"], ["--algorithm", "dsa"],
                  ["--seal", "no key"], ["--domain", "no domain"]):
        done = ctl("dkim", "generate", *([] if "--domain" in words else ["--domain", "targaryen.net"]), *words, check=False)
        assert done.returncode in (1, 2), words
        assert "PRIVATE" not in done.stdout + done.stderr


def test_a_new_key_under_an_old_selector_is_refused_and_the_old_one_signs(world):
    document = world.policies.get("dkim:targaryen.net")
    wrong = generate(world, "--selector", "protect")["document"]
    world.policies.put("dkim:targaryen.net", [wrong])

    def refused():
        return [one["reason"] for one in world.posternd.policy_status()["refused"] if one["key"] == "dkim:targaryen.net"]

    reason = wait_until(refused, "the document to be refused")[0]
    assert 'selector "protect" is in force with the key p=' in reason and "a new key needs a new selector" in reason
    assert wrong["privateKey"] not in world.posternd.log()
    texts = second_opinion.dns_texts(document, DOMAINS)
    delivery = deliver(world, "old-key@example.org")
    assert second_opinion.by_dkimpy(delivery.content, texts, 2) == [True, True]
    # The same after a restart: what was in force comes from the cache, and is what a document is held against.
    world.posternd.stop()
    world.posternd.start()
    wait_until(refused, "the document to be refused again")
    delivery = deliver(world, "old-key-after@example.org")
    assert second_opinion.by_dkimpy(delivery.content, texts, 2) == [True, True]
    world.policies.put("dkim:targaryen.net", document)
    wait_until(lambda: not refused(), "the old document to be accepted")


def test_published_and_retiring_keys_sign_nothing(world):
    keys = [generate(world, "--selector", state, "--algorithm", "ed25519")["document"] | {"state": state}
            for state in ("published", "active", "retiring")]
    put(world, keys)
    assert selectors(deliver(world, "states@example.org").content) == ["active"]
    put(world, [key for key in keys if key["state"] != "active"])
    assert selectors(deliver(world, "no-active@example.org").content) == []


def test_a_policy_says_for_itself_what_happens_without_a_key(world):
    put(world, None)
    try:
        assert selectors(deliver(world, "unsigned@example.org").content) == []
        before = world.posternd.generation()
        user = world.policies.get(f"user:{SENDER}")
        world.policies.put(f"user:{SENDER}", {**user, "policy": {**user["policy"], "missingKey": "defer"}})
        world.posternd.wait_for_generation_after(before)
        outcome = world.send(SENDER, "deferred@example.org", user=SENDER, headers={"From": f"<{SENDER}>"})
        assert outcome.reply.startswith("451 4.3.0"), outcome
    finally:
        before = world.posternd.generation()
        world.policies.put(f"user:{SENDER}", user)
        world.posternd.wait_for_generation_after(before)
        put(world, generate(world, "--selector", "between", "--algorithm", "ed25519")["document"])


def test_check_says_what_the_dns_says(world, dns):
    ctl = world.posternd.ctl
    first = generate(world, "--selector", "first", "--alias", "dragons.net")
    second = generate(world, "--selector", "second", "--algorithm", "ed25519")
    other = generate(world, "--selector", "second", "--algorithm", "ed25519")
    put(world, [first["document"], second["document"] | {"state": "published"}])
    for record in first["dns"]:
        dns.zone[record["name"]] = {"TXT": [record["line"].split(" IN TXT ( ")[1].removesuffix(" )")]}
    dns.zone["second._domainkey.targaryen.net"] = {"TXT": [f'"{other["dns"][0]["text"]}"']}
    dns.zone["second._domainkey.dragons.net"] = "servfail"
    done = ctl("dkim", "check", "dragons.net", "--json", check=False)
    assert done.returncode == 1
    results = {(one["domain"], one["selector"]): one["result"] for one in json.loads(done.stdout)["checks"]}
    assert results == {("targaryen.net", "first"): "OK", ("dragons.net", "first"): "OK",
                       ("targaryen.net", "second"): "ERROR_DKIM_INVALID_COUPLE", ("dragons.net", "second"): "ERROR"}
    del dns.zone["second._domainkey.targaryen.net"]
    said = ctl("dkim", "check", "targaryen.net", check=False).stdout
    assert "ERROR_DKIM_MISSING_ENTRY" in said and second["dns"][0]["text"] in said
    for domain in DOMAINS:
        dns.zone[f"second._domainkey.{domain}"] = {"TXT": [f'"{second["dns"][0]["text"]}"']}
    assert ctl("dkim", "check", "targaryen.net").returncode == 0
    # Without a daemon, and asking a server that is named.
    offline = ctl("dkim", "check", "targaryen.net", "--offline", world.policies.folder, "--dns", dns.address, check=False)
    assert offline.returncode == 0 and offline.stdout.count("OK") == 4
    assert ctl("dkim", "check", "stark.net", check=False).returncode == 1
    assert ctl("dkim", "check", "nobody.example", check=False).returncode == 1


def test_a_sealed_key_signs_and_lies_nowhere_in_the_open(world, seal_file):
    _, public_key = seal_file
    assert stat.S_IMODE(seal_file[0].stat().st_mode) == 0o600
    made = generate(world, "--selector", "sealed1", "--seal", public_key)
    assert made["document"]["privateKey"].startswith("sealed:")
    put(world, made["document"])
    texts = {record["name"]: record["text"] for record in made["dns"]}
    assert second_opinion.by_dkimpy(deliver(world, "sealed@example.org").content, texts, 1) == [True]
    cache = b"".join(path.read_bytes() for path in world.posternd.state.glob("policy.cache*"))
    assert b"sealed:" in cache
    # From the cache too, with the source away.
    world.posternd.stop()
    world.posternd.start()
    assert second_opinion.by_dkimpy(deliver(world, "sealed2@example.org").content, texts, 1) == [True]
    # Sealed to another host: refused, the one in force signs on.
    other = subprocess.run([world.posternd.bin / "posternctl", "dkim", "seal-key", world.folder / "other.keys"],
                           capture_output=True, text=True, check=True).stdout.strip()
    world.policies.put("dkim:targaryen.net", generate(world, "--selector", "sealed2", "--seal", other)["document"])
    reason = wait_until(lambda: [one["reason"] for one in world.posternd.policy_status()["refused"]], "a refusal")[0]
    assert "sealed to another host's key" in reason
    assert selectors(deliver(world, "sealed3@example.org").content) == ["sealed1"]
    # Who judges documents needs no key.
    assert world.posternd.ctl("policy", "check", world.policies.path("dkim:targaryen.net")).returncode == 0
    shown = world.posternd.ctl("dkim", "seal-key", "--show", world.posternd.settings["keys"]["seal_file"]).stdout
    assert shown.strip() == public_key


def test_a_rotation_under_load(world):
    """No message goes out unsigned, and none signed with a key that the DNS does not publish at that time."""
    def make(selector):
        return generate(world, "--selector", selector, "--algorithm", "ed25519")["document"]

    published = {}  # selector -> the public key in the DNS; a name leaves it last
    rounds = 4
    keys = [make(f"turn{number}") for number in range(rounds + 1)]
    published[keys[0]["selector"]] = keys[0]["publicKey"]
    put(world, [keys[0]])
    world.clear()
    stop, accepted, lock = threading.Event(), [], threading.Lock()

    def load(worker):
        connection = client.Client(world.postfix.submission_port, user=SENDER)
        number = 0
        while not stop.is_set():
            recipient = f"load{worker}.{number}@example.org"
            content = client.message(sender=SENDER, recipient=recipient, body=f"{worker} {number}\r\n")
            outcome = connection.transaction(SENDER, [recipient], content)
            assert outcome.accepted, outcome
            with lock:
                accepted.append(recipient)
            number += 1
        connection.close()

    def at_least(count):
        wanted = len(accepted) + count
        wait_until(lambda: len(accepted) >= wanted, f"{count} more messages")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(load, worker) for worker in range(4)]
        try:
            for number in range(rounds):
                old, new = keys[number], keys[number + 1]
                # As docs/operating.md has it: into the DNS, into the document, active, the old one retiring, out.
                published[new["selector"]] = new["publicKey"]
                put(world, [old, new | {"state": "published"}])
                at_least(10)
                put(world, [old, new])  # both sign
                at_least(10)
                put(world, [old | {"state": "retiring"}, new])
                at_least(10)
                put(world, [new])
        finally:
            stop.set()
        for worker in workers:
            worker.result()
    sink = world.sinks["world"]
    sink.wait_for(lambda delivery: delivery.recipients[0].startswith("load"), len(accepted))
    texts = {f"{selector}._domainkey.targaryen.net": f"v=DKIM1; k=ed25519; p={key}" for selector, key in published.items()}
    used = set()
    for delivery in sink.received(lambda delivery: delivery.recipients[0].startswith("load")):
        found = selectors(delivery.content)
        assert found, "a message went out unsigned"
        used.update(found)
        assert second_opinion.by_dkimpy(delivery.content, texts, len(found)) == [True] * len(found), found
    assert used == set(published)
