"""Changed documents govern the next transaction; bad ones, and a source that goes away, take nothing from anybody."""
import json
import shutil
import threading

import pytest

from support.tools import wait_until

SPAM = {"X-Spam-Score": "8"}


def subject_at(world, recipient, sink="primary", **message):
    """Sends one and returns the subject it arrived with."""
    before = len(world.sinks[sink].received(lambda d: recipient in d.recipients))
    outcome = world.send("someone@example.org", recipient, **message)
    assert outcome.accepted, outcome
    return world.sinks[sink].wait_for(lambda d: recipient in d.recipients, before + 1)[-1].header("Subject")


def refused_keys(world):
    return {document["key"] for document in world.posternd.policy_status()["refused"]}


# ---- directory ----

def test_a_changed_file_governs_the_next_transaction(world):
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[SPAM] Hello"
    before = world.posternd.generation()
    world.policies.change("user:cersei@lannister.net", policy__relayProps__prefixSpam="[JUNK]")
    world.posternd.wait_for_generation_after(before)
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[JUNK] Hello"


def test_a_new_domain_is_served_and_a_removed_one_is_not(world):
    document = dict(world.policies.get("domain:stark.net"), id="new", name="bolton.net", domainAliases=[])
    before = world.posternd.generation()
    world.policies.put("domain:bolton.net", document)
    world.posternd.wait_for_generation_after(before)
    assert subject_at(world, "roose@bolton.net") == "Hello"
    before = world.posternd.generation()
    world.policies.delete("domain:bolton.net")
    world.posternd.wait_for_generation_after(before)
    outcome = world.send("someone@example.org", "ramsay@bolton.net")
    assert outcome.rcpt["ramsay@bolton.net"].startswith("554 5.7.1"), outcome


def test_a_broken_document_is_refused_alone_and_its_last_good_version_stays(world):
    path = world.policies.path("user:sansa@stark.net")
    good = path.read_text()
    try:
        path.write_text('{"email": "sansa@stark.net", "policy": {"spamScore": "very')
        wait_until(lambda: "user:sansa@stark.net" in refused_keys(world), "the document to be refused")
        assert subject_at(world, "sansa@stark.net", headers=SPAM) == "[SPAM] Hello"
        assert world.posternd.metric("postern_policy_refused_documents") >= 1
    finally:
        path.write_text(good)
    wait_until(lambda: "user:sansa@stark.net" not in refused_keys(world), "the document to be good again")


def test_yaml_documents_are_read_too(world):
    before = world.posternd.generation()
    path = world.policies.path("domain:karstark.net").with_suffix(".yml")
    platform = world.policies.get("domain:stark.net")["platforms"][0]
    path.write_text("id: kar\nname: karstark.net\nstatus: enabled\npolicy:\n  id: karp\n  spamScore: 4\n"
                    "  relayProps: { relaySpam: true, prefixSpam: '[K]', spamScoreLimit: 9 }\n"
                    f"platforms:\n  - {json.dumps(platform)}\n")
    world.posternd.wait_for_generation_after(before)
    assert subject_at(world, "rickard@karstark.net", headers={"X-Spam-Score": "4"}) == "[K] Hello"


# ---- redis ----

@pytest.fixture
def on_redis(fresh):
    return fresh(source="redis")


def change_in_redis(world, key, **members):
    before = world.posternd.generation()
    world.policies.change(key, **members)
    world.redis.publish(key, world.policies.path(key).read_text())
    world.posternd.wait_for_generation_after(before)


def test_a_change_in_redis_governs_the_next_transaction(on_redis):
    world = on_redis
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[SPAM] Hello"
    change_in_redis(world, "user:cersei@lannister.net", policy__relayProps__prefixSpam="[JUNK]")
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[JUNK] Hello"


def test_no_message_notices_that_redis_is_away_and_an_empty_one_takes_nothing_away(on_redis):
    world = on_redis
    faults, stop, sent = [], threading.Event(), []

    def keep_sending():
        while not stop.is_set():
            try:
                outcome = world.send("someone@example.org", "cersei@lannister.net", headers=SPAM)
                if not outcome.accepted:
                    faults.append(outcome)
                sent.append(outcome)
            except OSError as error:
                faults.append(error)

    def after_more_mail(count):
        target = len(sent) + count
        wait_until(lambda: len(sent) >= target or faults, f"{count} more messages")

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        after_more_mail(5)
        world.redis.stop()
        wait_until(lambda: world.posternd.policy_status()["source_away"], "status to say that Redis is away")
        after_more_mail(5)
        world.redis.start()  # empty: nothing was saved
        wait_until(lambda: world.posternd.policy_status()["shrink_held"], "the shrink guard to hold",
                   deadline=120)
        after_more_mail(5)
        world.publish_all()  # the writer puts everything back
        wait_until(lambda: not world.posternd.policy_status()["shrink_held"], "the guard to let go", deadline=120)
        after_more_mail(5)
    finally:
        stop.set()
        sender.join()
    assert faults == []
    arrived = world.sinks["primary"].wait_for(lambda d: "cersei@lannister.net" in d.recipients, len(sent))
    assert len(arrived) == len(sent)
    assert {delivery.header("Subject") for delivery in arrived} == {"[SPAM] Hello"}


def test_policy_accept_lets_a_refused_shrink_through(on_redis):
    world = on_redis
    gone = [key for key in world.policies.keys() if key.startswith("domain:")]
    # One by one they may be taken until half is gone: whom the test looks at goes last.
    for key in sorted(gone, key=lambda key: key == "domain:lannister.net"):
        if key != "domain:stark.net":
            world.redis.client().delete("postern:" + key)
            world.redis.publish(key, None)
    wait_until(lambda: world.posternd.policy_status()["shrink_held"], "the shrink guard to hold")
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[SPAM] Hello"
    before = world.posternd.generation()
    world.posternd.ctl("policy", "accept")
    world.posternd.wait_for_generation_after(before)
    outcome = world.send("someone@example.org", "tyrion@lannister.net")
    assert outcome.rcpt["tyrion@lannister.net"].startswith("554 5.7.1"), outcome
    assert subject_at(world, "arya@stark.net") == "Hello"


def test_a_start_without_redis_is_served_from_the_cache(on_redis):
    world = on_redis
    world.posternd.stop()
    world.redis.stop()
    world.posternd.start()
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[SPAM] Hello"
    assert world.posternd.policy_status()["from_cache"] is True


def changed_text(content):
    assert b"[SPAM]" in content
    return content.replace(b"[SPAM]", b"[HAM!]")


DAMAGE = {"changed": changed_text, "truncated": lambda content: content[:len(content) // 2],
          "overwritten": lambda content: content[:4096] + b"\x5a" * (len(content) - 4096),
          "no database": lambda content: b"not a cache at all", "empty": lambda content: b""}


def test_a_corrupt_cache_is_refused_and_not_believed(on_redis):
    world = on_redis
    world.posternd.stop()
    world.redis.stop()
    cache = world.posternd.state / "policy.cache"
    good = cache.read_bytes()
    for kind, damage in DAMAGE.items():
        cache.write_bytes(damage(good))
        world.posternd.start(ready=False)
        # Nothing else can come: Redis is away, and the daemon has seen that it is.
        wait_until(lambda: world.posternd.policy_status()["source_away"], "status to say that Redis is away")
        assert not world.posternd.is_ready(), kind
        outcome = world.send("someone@example.org", "cersei@lannister.net")
        assert not outcome.accepted, kind
        assert not any(reply.startswith("5") for reply in [outcome.mail, *outcome.rcpt.values()]), (kind, outcome)
        world.posternd.stop()


def test_a_redis_that_asks_for_a_password_gets_it(fresh):
    world = fresh(source="redis")
    world.redis.client().acl_setuser("postern", enabled=True, passwords=["+secret"],
                                     categories=["+@all", "-@dangerous"], commands=["+info", "+role"],
                                     keys=["postern:*"])
    password = world.posternd.state / "redis.password"
    password.write_text("secret\n")
    password.chmod(0o600)
    shutil.chown(password, world.posternd.popen_options["user"])
    world.posternd.stop()
    (world.posternd.state / "policy.cache").unlink()
    world.redis.client().acl_setuser("default", enabled=False)
    world.posternd.change_settings({"policy": {"redis": {"username": "postern", "password_file": str(password)}}})
    world.posternd.start()
    assert subject_at(world, "cersei@lannister.net", headers=SPAM) == "[SPAM] Hello"
    assert "secret" not in world.posternd.log()
