"""Providers as an operator sees them: who admits nobody, what the tables say of a client, and why mail was taken for whose. What
becomes of the mail itself is tests/scenario/providers.yml."""
import json

import pytest

from support import client
from support.dns_server import DnsServer
from support.world import World
from support.zone_file import read_zone

INSIDE, OUTSIDE, PROOF = "203.0.113.193", "198.51.100.77", "eyrie-7"
SENDER = "lysa@eyrie.net"


@pytest.fixture(scope="module")
def world():
    dns = DnsServer(read_zone())
    providers = {"ravens": {"header": "X-Raven-Tenant", "values": {"eyrie.net": PROOF}}}
    with World("rules", settings={"dns": {"servers": [dns.address]}, "outgoing": {"providers": providers}}) as built:
        yield built
    dns.stop()


def asked(world, *words):
    """The answer, also where it is no."""
    return json.loads(world.posternd.ctl(*words, "--json", check=False).stdout)


def relay_clients(world, address):
    told = asked(world, "route", address)
    return [one["answer"] for one in told["tables"] if one["table"] == "relay_clients"]


def test_who_has_no_proof_is_listed(world):
    left_out = {one["domain"]: one["fault"] for one in world.posternd.policy_status()["providers_left_out"]}
    assert "eyrie.net" not in left_out and "gulltown.net" not in left_out  # the one has it, the other is not active
    assert "Ravens" in left_out["redfort.net"] and "outgoing.providers" in left_out["redfort.net"]
    assert "redfort.net: provider Ravens has no proof" in world.posternd.ctl("status").stdout


def test_route_asks_the_providers_record(world):
    assert relay_clients(world, INSIDE) == relay_clients(world, "203.0.113.200") == ["found"]
    assert relay_clients(world, OUTSIDE) == ["not found"]


def test_what_a_customer_has_made_known_opens_nothing_to_the_provider_s_others(world):
    assert world.send(SENDER, "x@example.org", client_address=INSIDE,
                      headers={"From": f"<{SENDER}>", "X-Raven-Tenant": PROOF}).accepted
    for sender in ("someone@elsewhere.example", "", SENDER):
        outcome = world.send(sender, "x@example.org", client_address=INSIDE,
                             headers={"From": f"<{sender or SENDER}>", "X-Raven-Tenant": "other-1"})
        assert not outcome.accepted, (sender, outcome)
    world.wait_for({"x@example.org": 1})
    assert len(world.received(lambda delivery: "x@example.org" in delivery.recipients)) == 1


def test_explain_says_what_proves_it(world):
    for proof, direction, said in ((PROOF, "out", "proven to be a tenant of provider Ravens"),
                                   ("other-1", "in", "no header of the provider says that the tenant is this domain")):
        saved = world.folder / f"{proof}.eml"
        saved.write_bytes(client.message(sender=SENDER, recipient="robin@eyrie.net",
                                         headers={"From": f"<{SENDER}>", "X-Raven-Tenant": proof}))
        told = asked(world, "explain", "--from", SENDER, "--rcpt", "robin@eyrie.net", "--client", INSIDE, "--eml", saved)
        assert told["direction"] == direction and said in str(told), told
    assert PROOF not in world.posternd.log(), "whoever knows it can write it"
