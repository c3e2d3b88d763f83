"""posternctl import: each admin API's own example goes from a file to a change in how a message is treated."""
import json
import shutil

import pytest

from support.policies import SHIPPED
from support.tools import ROOT
from support.world import World

FIXTURES = ROOT / "tests" / "fixtures"
SPAM = {"X-Spam-Score": "8"}


@pytest.fixture(scope="module")
def world():
    """Only the domains of the shipped samples are known here; policies come from Redis."""
    with World(policies=SHIPPED, source="redis", settings={"policy": {"shrink_guard": 1.0}}) as built:
        yield built


def run_import(world, dialect, file, *words, to="redis", check=True):
    return world.posternd.ctl("import", dialect, file, "--to", to, *words, check=check, as_operator=True)


def put_in_force(world, dialect, file, *words):
    """Imports it and waits until it counts."""
    before = world.posternd.generation()
    told = json.loads(run_import(world, dialect, file, *words, "--json").stdout)
    if told["written"]:
        world.posternd.wait_for_generation_after(before)
    return told


def rerouted(world, name, sinks):
    """A fixture whose relays, which are somewhere in the world, are sinks of this run: a saved file."""
    document = json.loads((FIXTURES / name).read_text())
    relays = document.get("platforms") or [document["platform"]]
    for relay in relays:
        sink = world.sinks[sinks]
        relay["transportDest"], relay["transportPort"] = sink.address, sink.port
    path = world.folder / name.rsplit("/", 1)[-1]
    path.write_text(json.dumps(document))
    return path


def arrival(world, sender, recipient, **message):
    """(sink, subject) of what arrived; the reply where it was not taken; None where it is kept back."""
    world.clear()
    outcome = world.send(sender, recipient, **message)
    if not outcome.accepted:
        return (outcome.reply or outcome.rcpt.get(recipient) or outcome.mail)[:9]
    world.postfix.wait_until_empty()
    found = world.received(lambda d: d.recipients == [recipient])
    return (found[0].sink, found[0].header("Subject")) if found else None


# ---- cleanmail ----

def test_a_domain_of_cleanmail_is_served_from_then_on(world):
    assert arrival(world, "a@example.org", "lord@stark.net") == "554 5.7.1"
    told = put_in_force(world, "cleanmail", rerouted(world, "cleanmail/domain_stark.net.json", "primary"))
    assert [(d["key"], d["change"]) for d in told["documents"]] == [("domain:stark.net", "new")]
    # Another address: smtpd remembers for a while what it was told of the first.
    assert arrival(world, "a@example.org", "lady@stark.net") == ("primary", "Hello")
    assert arrival(world, "a@example.org", "lady@stark.net", headers={"X-Spam-Score": "10"}) == "550 5.7.1"


def test_a_user_of_cleanmail_has_her_own_relay(world):
    put_in_force(world, "cleanmail", rerouted(world, "cleanmail/domain_stark.net.json", "primary"))
    # Not her own address: trivial-rewrite remembers for a while where it leads.
    assert arrival(world, "a@example.org", "robb@stark.net") == ("primary", "Hello")
    put_in_force(world, "cleanmail", rerouted(world, "cleanmail/user_sansa@stark.net.json", "second"))
    assert arrival(world, "a@example.org", "sansa@stark.net") == ("second", "Hello")


def test_a_policy_of_cleanmail_is_the_one_that_users_name(world):
    put_in_force(world, "cleanmail", rerouted(world, "cleanmail/domain_stark.net.json", "primary"))
    user = world.folder / "arya.json"
    user.write_text(json.dumps({"email": "arya@stark.net", "status": "ENABLED", "policyId": "Eygdk"}))
    put_in_force(world, "cleanmail", user)
    # The id is also that of the policy inside the domain, which stands in as long as there is no other.
    assert arrival(world, "a@example.org", "arya@stark.net", headers=SPAM) == ("primary", "Hello")
    told = put_in_force(world, "cleanmail", FIXTURES / "cleanmail/policy_policyA.json")
    assert told["documents"][0]["key"] == "policy:Eygdk"
    assert told["documents"][0]["understood"]["spamScore"] == 7.2
    assert arrival(world, "a@example.org", "arya@stark.net", headers=SPAM) == ("primary", "[SPAM] Hello")


# ---- opensrs ----

def test_change_domain_of_opensrs_changes_what_it_names_and_nothing_else(world):
    primary = world.sinks["primary"]
    request = world.folder / "change_domain.json"
    request.write_text(json.dumps({
        "credentials": {"user": "company_admin@example.adm", "password": "sw0rdf1sh"}, "domain": "example.com",
        "attributes": {"filtermx": f"{primary.address}:{primary.port}", "filterdelivery": "quarantine"}}))
    put_in_force(world, "opensrs", request)
    sender = "important_stuff@otherco.com"
    assert arrival(world, sender, "joe@example.com", headers=SPAM) is None
    told = put_in_force(world, "opensrs", FIXTURES / "opensrs/allow.json")
    assert told["documents"][0]["change"] == "changed"
    assert arrival(world, sender, "joe@example.com", headers=SPAM) == ("primary", "Hello")

    request.write_text(json.dumps({"domain": "example.com", "attributes": {"block": ["*@spammers-inc.com"]}}))
    assert arrival(world, "bob@spammers-inc.com", "joe@example.com") == ("primary", "Hello")
    put_in_force(world, "opensrs", request)
    assert arrival(world, "bob@spammers-inc.com", "joe@example.com") is None
    assert arrival(world, sender, "joe@example.com", headers=SPAM) == ("primary", "Hello")
    assert "sw0rdf1sh" not in world.redis.client().get("postern:opensrs:example.com")


@pytest.mark.parametrize("name, why", [("create_only_broken.json", "not JSON"),
                                       ("notes_external_broken.json", "not JSON"),
                                       ("object_already_exists.json", "an answer of change_domain")])
def test_what_is_no_request_of_opensrs_changes_nothing(world, name, why):
    before = sorted(world.redis.client().keys("postern:*"))
    done = run_import(world, "opensrs", FIXTURES / "opensrs" / name, check=False)
    assert done.returncode == 1 and why in done.stderr and name in done.stderr, done
    assert sorted(world.redis.client().keys("postern:*")) == before


def test_create_only_of_opensrs_is_for_domains_that_are_not_there(world):
    told = put_in_force(world, "opensrs", FIXTURES / "opensrs/create_only.json")
    assert told["documents"][0] == {"key": "opensrs:gob.com", "change": "new",
                                    "understood": told["documents"][0]["understood"]}
    done = run_import(world, "opensrs", FIXTURES / "opensrs/create_only.json", check=False)
    assert done.returncode == 1 and "is there already" in done.stderr, done


# ---- the verb itself ----

def test_without_a_place_to_write_to_it_only_says_what_it_understood(world):
    before = sorted(world.redis.client().keys("postern:*"))
    done = world.posternd.ctl("import", "cleanmail", FIXTURES / "cleanmail/domain_got.com_as_posted.json",
                              as_operator=True)
    assert "domain:got.com: new" in done.stdout and "Politique-got.com" in done.stdout
    assert "nothing is written" in done.stdout
    assert sorted(world.redis.client().keys("postern:*")) == before


def test_a_document_that_the_daemon_would_refuse_is_not_written(world):
    path = world.folder / "bad.json"
    path.write_text(json.dumps({"name": "bad.example", "status": "ASLEEP"}))
    done = run_import(world, "cleanmail", path, check=False)
    assert done.returncode == 1 and "domain:bad.example: /status: expected one of ENABLED" in done.stderr, done
    assert not world.redis.client().exists("postern:domain:bad.example")


def test_secrets_are_stored_and_never_shown(world):
    path = world.folder / "dkim.json"
    key = (FIXTURES / "dns" / "dkim.pem").read_text()
    path.write_text(json.dumps({"selector": "s1", "privateKey": key}))
    done = run_import(world, "cleanmail", path, "--as", "stark.net")
    assert "(redacted)" in done.stdout and "PRIVATE KEY" not in done.stdout + done.stderr
    assert json.loads(world.redis.client().get("postern:dkim:stark.net"))["privateKey"] == key


def test_the_same_again_is_no_change(world):
    put_in_force(world, "cleanmail", FIXTURES / "cleanmail/wblist_alive.net.json")
    entries = world.redis.client().xlen("postern:changes")
    done = run_import(world, "cleanmail", FIXTURES / "cleanmail/wblist_alive.net.json", "--json")
    told = json.loads(done.stdout)
    assert told["documents"][0]["change"] == "unchanged" and told["written"] == 0
    assert world.redis.client().xlen("postern:changes") == entries


def test_it_is_written_as_the_user_who_may(world):
    world.redis.client().acl_setuser("writer", enabled=True, passwords=["+wr1te"], keys=["postern:*"],
                                     commands=["+multi", "+exec", "+set", "+del", "+xadd", "+strlen", "+mget"])
    world.redis.client().acl_setuser("reader", enabled=True, passwords=["+r3ad"], keys=["postern:*"],
                                     commands=["+strlen", "+mget", "+multi", "+exec"])
    file = FIXTURES / "cleanmail/groups_got.net.json"
    for user, password, code in (("reader", "r3ad", 1), ("writer", "wrong", 1), ("writer", "wr1te", 0)):
        secret = world.folder / "writer.password"
        secret.write_text(password + "\n")
        secret.chmod(0o600)
        done = run_import(world, "cleanmail", file, "--redis-user", user, "--redis-password-file", secret, check=False)
        assert done.returncode == code, done
        assert password not in done.stdout + done.stderr
        assert bool(world.redis.client().exists("postern:groups:got.net")) == (code == 0)


def test_into_a_directory_and_from_stdin(fresh):
    world = fresh(policies=SHIPPED)
    # As README has it: the daemon reads the directory by its group.
    shutil.chown(world.policies.folder, group=world.posternd.popen_options["group"])
    document = rerouted(world, "cleanmail/domain_stark.net.json", "primary").read_text()
    before = world.posternd.generation()
    world.posternd.ctl("import", "cleanmail", "-", "--to", world.policies.folder, as_operator=True, input=document)
    world.posternd.wait_for_generation_after(before)
    path = world.policies.path("domain:stark.net")
    assert json.loads(path.read_text())["name"] == "stark.net"
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.stat().st_gid == world.policies.folder.stat().st_gid
    assert arrival(world, "a@example.org", "lord@stark.net") == ("primary", "Hello")


def test_a_directory_that_is_none_is_a_slip(world):
    done = run_import(world, "ses", FIXTURES / "ses/mail_from.json", to="/nonexistent", check=False)
    assert done.returncode == 2 and "no such directory" in done.stderr
