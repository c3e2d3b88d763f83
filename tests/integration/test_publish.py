"""posternctl policy check and publish: documents judged all at once, and into a real Redis, as far as they differ."""
import json
import shutil
import subprocess

import pytest

from support.policies import FIXTURES
from support.posternd import BIN
from support.servers import Redis
from support.tools import ROOT


@pytest.fixture(scope="module")
def redis(tmp_path_factory):
    server = Redis(tmp_path_factory.mktemp("redis")).start()
    client = server.client()
    # The users that config/redis offers, as an operator would load them.
    for line in (ROOT / "config" / "redis" / "postern.acl").read_text().splitlines():
        if line.startswith("user "):
            client.execute_command("ACL", "SETUSER", *line.split()[1:])
    yield server
    server.stop()


@pytest.fixture
def store(redis):
    redis.client().flushall()
    return redis.client()


@pytest.fixture
def folder(tmp_path):
    copy = shutil.copytree(FIXTURES / "cleanmail", tmp_path / "policy")
    (copy / "user" / "lancel@lannister.net.json").unlink()  # his policyId leads nowhere, on purpose
    return copy


@pytest.fixture
def publish(redis, folder, tmp_path):
    password = tmp_path / "writer.password"
    password.write_text("change-the-writer-password")
    password.chmod(0o600)

    def run(*arguments, directory=folder):
        return ctl("policy", "publish", directory, "--redis-url", redis.url, "--redis-user", "postern-writer",
                   "--redis-password-file", password, "--config", tmp_path / "none.yml", *arguments)
    return run


def ctl(*arguments):
    return subprocess.run([BIN / "posternctl", *map(str, arguments)], capture_output=True, text=True, timeout=120)


def answer(done):
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def keys(store):
    return sorted(key for key in store.scan_iter("postern:*") if key != "postern:changes")


def files(folder):
    return sorted(f"postern:{path.parent.name}:{path.stem}" for path in folder.glob("*/*.json"))


# ---- check ----

def test_check_tells_every_fault_with_file_pointer_and_reason(folder):
    broken = folder / "domain" / "broken.net.json"
    broken.write_text(json.dumps({"name": "broken.net", "status": "ASLEEP", "senderVerifyOn": "yes",
                                  "policy": {"spamScore": "five", "relayProps": {"relaySpam": 1}},
                                  "platforms": [{"transportDest": ""}]}))
    lost = folder / "user" / "lost@stark.net.json"
    lost.write_text(json.dumps({"email": "lost@stark.net", "policyId": "nowhere"}))
    rules = folder / "attachments" / "stark.net.json"
    rules.parent.mkdir(exist_ok=True)
    rules.write_text(json.dumps([{"action": "deny", "checkType": "filename", "filter": "(unclosed"}]))
    done = ctl("policy", "check", folder, "--json")
    assert done.returncode == 1
    told = {(fault["file"], fault["pointer"]): fault["reason"] for fault in answer(done)["faults"]}
    assert set(told) == {(str(broken), "/status"), (str(broken), "/senderVerifyOn"),
                         (str(broken), "/policy/spamScore"), (str(broken), "/policy/relayProps/relaySpam"),
                         (str(broken), "/platforms/0/transportDest"), (str(lost), "/policyId"),
                         (str(rules), "/0/filter")}
    assert "expected a boolean" in told[str(broken), "/senderVerifyOn"]
    assert "nowhere does not resolve" in told[str(lost), "/policyId"]
    text = ctl("policy", "check", folder).stdout
    assert f"{broken}: /policy/spamScore: expected a number, found a string" in text


def test_check_never_shows_a_secret(folder):
    key = folder / "dkim" / "stark.net.json"
    key.write_text(json.dumps({"selector": "-bad-", "privateKey": "MIIEsecretsecretsecret"}))
    done = ctl("policy", "check", folder)
    assert done.returncode == 1 and "/privateKey" in done.stdout
    assert "secretsecret" not in done.stdout + done.stderr


def test_an_alias_that_two_domains_claim_is_a_fault_of_the_second(folder):
    first = json.loads((folder / "domain" / "stark.net.json").read_text())
    for name in ("a-first.net", "b-second.net"):
        (folder / "domain" / f"{name}.json").write_text(
            json.dumps(dict(first, name=name, domainAliases=[{"name": "shared.net"}])))
    faults = answer(ctl("policy", "check", folder, "--json"))["faults"]
    assert [(fault["key"], fault["pointer"]) for fault in faults] == [("domain:b-second.net", "/domainAliases")]
    assert "a-first.net" in faults[0]["reason"]


# ---- publish, as the ACL user that config/redis gives a writer ----

def test_publishes_what_differs_and_says_so_in_the_stream(store, folder, publish):
    told = answer(publish("--json"))
    assert (told["new"], told["changed"], told["deleted"]) == (len(files(folder)), 0, 0)
    assert keys(store) == files(folder)
    # Each document is named, in a field of its own: a dict would only keep the last.
    named = store.eval("local n = 0 for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do "
                       "n = n + #entry[2] / 2 end return n", 1, "postern:changes")
    assert named == len(files(folder))

    # The same document otherwise written is the same document.
    path = folder / "domain" / "stark.net.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(document.items())), indent=7))
    entries = store.xlen("postern:changes")
    told = answer(publish("--json"))
    assert (told["new"], told["changed"], told["unchanged"]) == (0, 0, len(files(folder)))
    assert store.xlen("postern:changes") == entries

    document["policy"]["spamScore"] = 6.5
    path.write_text(json.dumps(document))
    assert answer(publish("--json"))["changed"] == 1
    assert json.loads(store.get("postern:domain:stark.net"))["policy"]["spamScore"] == 6.5
    _, fields = store.xrevrange("postern:changes", count=1)[0]
    assert fields == {"key": "domain:stark.net"}


def test_a_dry_run_lists_and_writes_nothing(store, folder, publish):
    done = publish("--dry-run", "--prune")
    assert done.returncode == 0 and "new      domain:stark.net" in done.stdout
    assert store.keys() == []


def test_prune_deletes_what_the_directory_does_not_have_and_nothing_else(store, folder, publish):
    publish()
    store.set("postern:user:gone@stark.net", '{"email": "gone@stark.net"}')
    store.set("postern:not-a-document", "x")
    store.set("elsewhere:user:gone@stark.net", "x")
    assert answer(publish("--json"))["deleted"] == 0
    assert store.exists("postern:user:gone@stark.net")
    assert answer(publish("--prune", "--json"))["deleted"] == 1
    assert keys(store) == sorted(files(folder) + ["postern:not-a-document"])
    assert store.get("elsewhere:user:gone@stark.net") == "x"
    _, fields = store.xrevrange("postern:changes", count=1)[0]
    assert fields == {"key": "user:gone@stark.net"}


def test_a_prune_that_loses_too_much_needs_force(store, folder, publish):
    publish()
    before = keys(store)
    for path in list((folder / "user").glob("*.json"))[2:]:
        path.unlink()
    done = publish("--prune")
    assert done.returncode == 1 and "user: 2 of" in done.stderr and "--force" in done.stderr
    assert keys(store) == before
    assert publish("--prune", "--force").returncode == 0
    assert keys(store) == files(folder)


def test_faults_publish_nothing_and_only_good_leaves_them_out_and_alone(store, folder, publish):
    publish()
    good = store.get("postern:domain:stark.net")
    (folder / "domain" / "stark.net.json").write_text('{"name": "stark.net", "status": "ASLEEP"}')
    (folder / "user" / "new@tully.net.json").write_text('{"email": "new@tully.net"}')
    done = publish()
    assert done.returncode == 1 and "/status" in done.stdout and "nothing is published" in done.stderr
    assert not store.exists("postern:user:new@tully.net")
    told = answer(publish("--only-good", "--prune", "--json"))
    assert (told["new"], told["deleted"], told["left_out"]) == (1, 0, 1)
    assert store.get("postern:domain:stark.net") == good


def test_an_id_may_be_in_the_store_already(store, folder, publish, tmp_path):
    publish()
    part = tmp_path / "part"
    (part / "user").mkdir(parents=True)
    (part / "user" / "part@stark.net.json").write_text('{"email": "part@stark.net", "policyId": "Eygdk"}')
    assert publish(directory=part).returncode == 0
    (part / "user" / "part@stark.net.json").write_text('{"email": "part@stark.net", "policyId": "nobody"}')
    assert publish(directory=part).returncode == 1


def test_a_broken_off_publication_is_taken_up_where_it_ended(store, folder, publish):
    for path in sorted(folder.glob("*/*.json"))[:5]:
        store.set(f"postern:{path.parent.name}:{path.stem}", path.read_text())
    told = answer(publish("--json"))
    assert (told["new"], told["unchanged"]) == (len(files(folder)) - 5, 5)


def test_a_reader_may_not_publish_and_hears_why(redis, store, folder, tmp_path):
    password = tmp_path / "reader.password"
    password.write_text("change-the-reader-password")
    password.chmod(0o600)
    done = ctl("policy", "publish", folder, "--redis-url", redis.url, "--redis-user", "postern-reader",
               "--redis-password-file", password, "--config", tmp_path / "none.yml")
    assert done.returncode == 1 and "NOPERM" in done.stderr
    assert "change-the" not in done.stdout + done.stderr


def test_secrets_are_sealed_on_the_way(store, folder, publish, tmp_path):
    public_key = ctl("dkim", "seal-key", tmp_path / "seal.keys").stdout.strip()
    open_keys = [json.loads(path.read_text()) for path in sorted((folder / "dkim").glob("*.json"))]
    secrets = [key["privateKey"] for one in open_keys for key in (one if isinstance(one, list) else [one])]
    assert secrets
    assert publish("--seal", "no key").returncode == 2 and keys(store) == []
    assert publish("--seal", public_key).returncode == 0
    stored = {key: store.get(key) for key in keys(store)}
    assert keys(store) == files(folder)
    for secret in secrets:
        assert not any(json.dumps(secret)[1:-1] in text for text in stored.values())
    sealed = [text for key, text in stored.items() if key.startswith("postern:dkim:")]
    assert sealed and all('"sealed:' in text for text in sealed)
    # What is sealed already is the same document; what is open differs each time.
    for path in (folder / "dkim").glob("*.json"):
        path.write_text(store.get(f"postern:dkim:{path.stem}"))
    told = answer(publish("--seal", public_key, "--json"))
    assert (told["new"], told["changed"], told["unchanged"]) == (0, 0, len(files(folder)))
