"""What DNS says of verified identities and of MAIL FROM domains is told to the admin API, at no more than an agreed rate; the
documents alone decide what becomes of mail."""
import json
import time

import pytest

from support.dns_server import DnsServer
from support.policies import variant
from support.tools import wait_until
from support.world import World

TOKEN = "kL4yZpZ2gV0w1cGm5Zo3cP9xKf0r0l2s3t4u5v6w7x8="
DOMAIN, BOUNCE, HOST = "volantis.net", "bounce.volantis.net", "feedback.mailer.example"
SENDER = f"talisa@{DOMAIN}"
MANY = [f"d{number}.example" for number in range(40)]
A_MINUTE = 600


def identity(status, token=TOKEN):
    return {"VerificationStatus": status, "VerificationToken": token}


@pytest.fixture(scope="module")
def dns():
    server = DnsServer({f"_amazonses.{DOMAIN}": {"TXT": [f'"{TOKEN}"']},
                        BOUNCE: {"MX": [f"10 {HOST}."], "TXT": ['"v=spf1 include:mailer.example -all"']}})
    yield server
    server.stop()


@pytest.fixture(scope="module")
def world(tmp_path_factory, dns):
    policies = variant(tmp_path_factory.mktemp("policies") / "set", {
        f"identity:{DOMAIN}": identity("Success"),
        f"mailfrom:{DOMAIN}": {"mailFromDomain": BOUNCE, "mxRecord": f"10 {HOST}", "mailFromDomainStatus": "PENDING",
                               "txtRecord": "v=spf1 include:mailer.example ~all"}})
    settings = {"dns": {"servers": [dns.address], "checks_per_minute": A_MINUTE, "check_every": "1s"}}
    with World(policies, source="redis", settings=settings, users=[SENDER]) as built:
        yield built


def told(world, kind, name, status):
    """The latest event of the kind about the name, once it says that status."""
    def latest():
        entries = world.redis.client().xrange("postern:events")
        all_of_it = [json.loads(one["data"]) for _, one in entries if one["type"] == kind]
        of_name = [one for one in all_of_it if one["name"] == name]
        return of_name[-1] if of_name and of_name[-1]["status"] == status else None

    return wait_until(latest, lambda: f"{kind} of {name} to be {status}:\n{world.posternd.log()[-3000:]}", pause=0.1)


def test_a_mail_from_domain_that_is_ready_is_told(world):
    event = told(world, "mailfrom", DOMAIN, "SUCCESS")
    assert event["documentStatus"] == "PENDING" and event["reason"] == ""
    assert abs(event["checkedAt"] / 1000 - time.time()) < 3600
    assert world.posternd.metric("postern_dns_checks_total", kind="mailfrom", result="found") >= 1


def test_a_token_that_goes_and_comes_back_is_told_and_mail_goes_on(world, dns):
    del dns.zone[f"_amazonses.{DOMAIN}"]
    event = told(world, "identity", DOMAIN, "TEMPORARY_FAILURE")
    assert event["documentStatus"] == "SUCCESS" and "neither name" in event["reason"]
    assert world.send(SENDER, "x@example.org", user=SENDER, headers={"From": f"<{SENDER}>"}).accepted
    dns.zone[f"_amazonses.{DOMAIN}"] = {"TXT": [f'"{TOKEN}"']}
    told(world, "identity", DOMAIN, "SUCCESS")


def test_there_are_no_more_questions_than_agreed(world, dns):
    def asked():
        return sum(name.rstrip(".").lower().startswith("_") or name.rstrip(".").lower() == BOUNCE
                   for _, name, _ in list(dns.asked))

    started, before = time.monotonic(), asked()
    for name in MANY:
        world.redis.publish(f"identity:{name}", json.dumps(identity("Success")))
    for name in MANY:  # each has its turn
        told(world, "identity", name, "TEMPORARY_FAILURE")
    count, passed = asked() - before, time.monotonic() - started
    assert len(MANY) < count <= 2 + passed * A_MINUTE / 60 + 1, (count, passed)
