"""How much an account may send in 24 hours: two daemons, one Redis, and what happens while Redis is away."""
import concurrent.futures
import json
import signal

import pytest

from support import client
from support.milter import MilterClient
from support.posternd import Posternd
from support.tools import wait_until
from support.world import World

SENDER = "daenerys@targaryen.net"
MANY = 32


def settings(limit, patience):
    return {"outgoing": {"sent_limit": limit, "limit_timeout": patience}}


class Pair:
    """A world whose policies are in Redis, and a second daemon beside its own."""

    def __init__(self, world, wanted):
        self.world = world
        redis = {"policy": {"source": "redis", "redis": {"url": world.redis.url}}}
        self.second = Posternd(world._folder("second"), world.postfix.submit_port, {**wanted, **redis})
        self.second.start()
        self.daemons = [world.posternd, self.second]

    def send(self, daemon, user, count, recipients=("x@example.org",)):
        """How many of so many messages were accepted; the rest has to be told of the limit."""
        content = client.message(sender=user, recipient=recipients[0])
        accepted = 0
        with MilterClient(daemon.milter_port) as connection:
            for _ in range(count):
                verdict = connection.message(user, recipients, content, user=user)
                accepted += verdict == "continue"
                assert verdict == "continue" or verdict.startswith("450 4.7.28"), verdict
        return accepted

    def send_from_many(self, user, count):
        with concurrent.futures.ThreadPoolExecutor(MANY) as pool:
            sent = [pool.submit(self.send, self.daemons[i % 2], user, count) for i in range(MANY)]
            return sum(one.result() for one in sent)

    def wait_until_shared(self):
        wait_until(lambda: all(one.metric("postern_sending_count_shared") == 1 for one in self.daemons),
                   "both daemons count together")

    def used(self, user):
        told = self.second.ctl_json("limits", user)
        assert told["alone"] is None, told
        return told["accounts"][0] if told["accounts"] else None


@pytest.fixture(scope="module")
def patient():
    """What is slow on a busy machine is not away here."""
    wanted = settings(1000, "60s")
    with World(source="redis", settings=wanted) as world:
        pair = Pair(world, wanted)
        yield pair
        pair.second.stop()


@pytest.fixture
def hasty():
    wanted = settings(200, "2s")
    with World(source="redis", settings=wanted) as world:
        pair = Pair(world, wanted)
        yield pair
        world.redis.process.signal(signal.SIGCONT)
        pair.second.stop()


def test_two_daemons_and_many_connections_accept_exactly_the_limit(patient):
    assert patient.send_from_many(SENDER, 40) == 1000
    assert patient.used(SENDER)["messages"] == 1000
    # An account of its own is not touched by it.
    assert patient.send(patient.second, "missandei@targaryen.net", 3) == 3
    near = patient.world.posternd.ctl("limits").stdout
    assert SENDER in near and "1000 of 1000 messages" in near and "missandei" not in near
    assert "missandei" in patient.world.posternd.ctl("limits", "--all").stdout
    for daemon in patient.daemons:
        assert daemon.log().count("sending limit reached") <= 1
    events = [fields for _, fields in patient.world.redis.client().xrange("postern:events")]
    told = [json.loads(fields["data"]) for fields in events if fields["type"] == "limit"]
    assert 1 <= len(told) <= 2 and all(one["account"] == SENDER and one["most"] == 1000 for one in told)


def test_a_domains_own_limit_through_postfix_and_explained(patient):
    world, user = patient.world, "aegon@targaryen.net"
    document = {"domain": "targaryen.net", "attributes": {"smtp_sent_limit": 3, "filterdelivery": "passthrough"}}
    before = [one.generation() for one in patient.daemons]
    world.redis.publish("opensrs:targaryen.net", json.dumps(document))
    for daemon, generation in zip(patient.daemons, before):
        daemon.wait_for_generation_after(generation)
    message = {"user": user, "headers": {"From": f"<{user}>"}}
    for sender in (user, "aegon@dragons.net", user):  # his domain's alias is no way round it
        assert world.send(sender, "x@example.org", **message).accepted
    told = world.posternd.ctl("explain", "--from", user, "--auth", user, "--rcpt", "x@example.org", check=False)
    assert told.returncode == 1 and "3 of 3 messages" in told.stdout and "450 4.7.28" in told.stdout
    at_end = world.send(user, "x@example.org", **message)
    assert at_end.reply.startswith("450 4.7.28"), at_end
    early = world.send(user, "x@example.org", **message)  # nobody has to carry the message here to hear it again
    assert early.reply is None and "4.7.28" in early.mail + "".join(early.rcpt.values()), early
    world.wait_for({"x@example.org": 3})


def test_redis_that_stands_still_costs_no_more_than_the_share(hasty):
    accepted = sum(hasty.send(daemon, SENDER, 15) for daemon in hasty.daemons)
    hasty.wait_until_shared()
    hasty.world.redis.process.signal(signal.SIGSTOP)
    alone = hasty.send_from_many(SENDER, 20)
    # A tenth of the limit on each of two daemons, and mail flows.
    assert 0 < alone <= 40
    hasty.world.redis.process.signal(signal.SIGCONT)
    hasty.wait_until_shared()
    wait_until(lambda: hasty.used(SENDER)["messages"] == accepted + alone, "Redis hears of what was sent")
    total = accepted + alone + hasty.send_from_many(SENDER, 20)
    assert 200 <= total <= 240


def test_redis_that_is_gone_costs_no_more_than_the_share(hasty):
    accepted = hasty.send_from_many(SENDER, 3)
    hasty.wait_until_shared()
    hasty.world.redis.stop()
    alone = hasty.send_from_many(SENDER, 20)
    assert 0 < alone <= 40 and accepted + alone <= 240
    told = hasty.second.ctl_json("limits", "--all")
    assert told["alone"] and told["accounts"][0]["account"] == SENDER
    assert "sending limits: the shared count is away" in hasty.second.log()
    hasty.world.redis.start()
