"""posternctl import, for what governs outgoing mail: Fujitsu's identities and Hitachi's smarthost, from the file as
the API's documentation has it to a change in what becomes of a message."""
import json

import pytest

from support.policies import SHIPPED
from support.smarthost import Smarthost
from support.tools import ROOT
from support.world import World

FIXTURES = ROOT / "tests" / "fixtures"
LOGIN, PASSWORD = "user1", "kashima1"  # in request.json, the latter in base64


@pytest.fixture(scope="module")
def world():
    """Policies come from Redis: a customer who owns example.com, and one who owns example.net."""
    with World(policies=SHIPPED, source="redis", settings={"policy": {"shrink_guard": 1.0}},
               users=["user@example.com", "other@example.net"]) as built:
        for number, name in enumerate(("example.com", "example.net")):
            document = json.loads((FIXTURES / "cleanmail/domain_stark.net.json").read_text())
            relay = built.sinks["primary"]
            document |= {"id": f"d{number}", "name": name, "domainAliases": [], "outgoingSubnets": [], "users": []}
            document["policy"]["outgoing"] = True
            for platform in document["platforms"]:
                platform |= {"transportDest": relay.address, "transportPort": relay.port}
            put_in_force(built, "cleanmail", saved(built, document))
        yield built


def saved(world, document):
    path = world.folder / "saved.json"
    path.write_text(json.dumps(document))
    return path


def put_in_force(world, dialect, file, *words):
    """Imports it and waits until it counts."""
    before = world.posternd.generation()
    told = json.loads(world.posternd.ctl("import", dialect, file, "--to", "redis", "--json", *words,
                                         as_operator=True).stdout)
    assert told["written"]
    world.posternd.wait_for_generation_after(before)
    return told


def sent(world, sender, recipient):
    """The refusal, or how it arrived at the other end of the world."""
    outcome = world.send(sender, recipient, user=sender, headers={"From": f"<{sender}>"})
    if not outcome.accepted:
        return (outcome.reply or outcome.rcpt.get(recipient) or outcome.mail)[:9]
    delivery = world.sinks["world"].wait_for(lambda one: recipient in one.recipients)[0]
    return " | ".join(" ".join(value.split()) for value in delivery.headers("Received"))


def test_identities_of_fujitsu_say_who_may_send(world):
    assert "by relay" not in sent(world, "user@example.com", "first@example.org")
    told = put_in_force(world, "fujitsu", FIXTURES / "fujitsu/identities.xml")
    # The blank inside the second one is a slip of the documentation's, and read as none.
    assert {one["key"] for one in told["documents"]} == {"identity:example.com", "identity:user@example.com"}
    assert sent(world, "user@example.com", "second@example.org") == "550 5.7.1"
    # The other customer has none, and goes on as before.
    sent(world, "other@example.net", "third@example.org")
    verified = world.folder / "identities.xml"
    verified.write_text((FIXTURES / "fujitsu/identities.xml").read_text().replace("Pending", "Success"))
    put_in_force(world, "fujitsu", verified)
    sent(world, "user@example.com", "fourth@example.org")


def test_the_smarthost_of_hitachi_takes_outgoing_mail(world, tmp_path_factory):
    sink = world.sinks["world"]
    home = world.folder / "smarthost"
    home.mkdir()
    smarthost = Smarthost(home, world.certificate, f"[{sink.address}]:{sink.port}", {LOGIN: PASSWORD})
    try:
        assert "by relay.test" not in sent(world, "other@example.net", "before@example.org")
        request = json.loads((FIXTURES / "hitachi/request.json").read_text())
        request |= {"hostname": "127.0.0.1", "portNumber": smarthost.plain_port}
        told = put_in_force(world, "hitachi", saved(world, request), "--as", "default")
        assert told["documents"][0]["key"] == "smarthost:default"
        assert PASSWORD not in json.dumps(told) and request["password"] not in json.dumps(told)
        # qmgr remembers for half a minute the way that it was told for this sender.
        world.postfix.reload()
        assert f"(Authenticated sender: {LOGIN})" in sent(world, "other@example.net", "after@example.org")
        # The answer of the same API has no password: the one in force stays.
        response = json.loads((FIXTURES / "hitachi/response.json").read_text())
        response |= {"hostname": "127.0.0.1", "portNumber": smarthost.open_port}
        put_in_force(world, "hitachi", saved(world, response), "--as", "default")
        assert json.loads(world.redis.client().get("postern:smarthost:default"))["password"] == request["password"]
        world.postfix.reload()
        assert "by relay.test" in sent(world, "other@example.net", "open@example.org")
    finally:
        smarthost.stop()
