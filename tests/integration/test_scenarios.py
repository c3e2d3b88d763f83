"""Each scenario as a real transaction: through Postfix and posternd to the sinks."""
import concurrent.futures
import contextlib
import traceback

import pytest

from support import client, scenario
from support.daemon_log import DaemonLog
from support.dns_server import DnsServer
from support.servers import Clamd
from support.tools import Failure, wait_until
from support.world import World
from support.zone_file import read_zone

SCENARIOS = scenario.load()


def know_all_recipients(world, scenarios):
    """Has Postfix ask the platforms for all recipients at once: each first question takes it a second."""
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        for recipient in {to for one in scenarios if not one.sasl for to in one.to}:
            pool.submit(client.probe, world.postfix.port, recipient)


class Played:
    def __init__(self):
        self.outcome = None
        self.stored = []
        self.lines = []
        self.deliveries = []
        self.trouble = None


def play(world, scenarios, results):
    """The scenarios of one set of settings, one after another."""
    seen = max([0] + [row["row"] for row in world.stored()])
    log = DaemonLog(world.posternd)
    for one in scenarios:
        result = results[one.name] = Played()
        one.headers["X-Scenario"] = str(SCENARIOS.index(one))
        try:
            result.outcome = one.send(world)
            result.lines = log.new("message")
            rows = world.stored()
            result.stored = [row for row in rows if row["row"] > seen]
            seen = max([seen] + [row["row"] for row in rows])
        except Exception:  # one scenario's trouble is not the others'
            result.trouble = traceback.format_exc()


def numbered(world):
    """Number of the scenario -> its deliveries."""
    by_number = {}
    for delivery in world.received():
        by_number.setdefault(delivery.header("X-Scenario"), []).append(delivery)
    return by_number


def wait_for_all(world, scenarios, results):
    """Until everything has arrived that must, and nothing is on its way: copies come through the outbox. What does not
    arrive is for the judge to say."""
    def missing():
        by_number = numbered(world)
        return any(len(one.expect.get("delivered") or {}) >
                   sum(len(delivery.recipients) for delivery in by_number.get(one.headers["X-Scenario"], []))
                   for one in scenarios if results[one.name].outcome and results[one.name].outcome.accepted)

    with contextlib.suppress(Failure):
        wait_until(lambda: not missing(), "deliveries", pause=0.2)
    world.postfix.wait_until_empty()


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """What posternd asks: the DNS of the fixtures, and clamd."""
    dns = DnsServer(read_zone())
    clamd = Clamd(tmp_path_factory.mktemp("clamd")).start()
    yield {"log": {"format": "json"}, "sender_verify": "dns", "dns": {"servers": [dns.address]}, "virus": {"address": clamd.address}}
    clamd.stop()
    dns.stop()


@pytest.fixture(scope="module")
def played(outside):
    """All scenarios; waiting for the queue to empty is done once for all of a set."""
    results = {}
    for policies in sorted({one.policies for one in SCENARIOS}):
        of_set = [one for one in SCENARIOS if one.policies == policies]
        logins = {one.sasl for one in of_set if one.sasl}
        with World(policies, settings={**outside, **scenario.SETTINGS[None]}, users=logins) as world:
            know_all_recipients(world, of_set)
            for name, settings in scenario.SETTINGS.items():
                chosen = [one for one in of_set if one.settings == name]
                if name and chosen:
                    world.posternd.stop()
                    world.posternd.change_settings(settings)
                    world.posternd.start()
                play(world, chosen, results)
            wait_for_all(world, of_set, results)
            by_number = numbered(world)
            for one in of_set:
                results[one.name].deliveries = by_number.get(one.headers["X-Scenario"], [])
    return results


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
def test_scenario(played, one):
    result = played[one.name]
    assert result.trouble is None, result.trouble
    faults = scenario.judge(one, result.outcome, result.deliveries, result.stored, result.lines)
    assert not faults, "\n".join(faults)
