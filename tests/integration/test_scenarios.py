"""Each scenario as a real transaction: through Postfix and posternd to the sinks."""
import concurrent.futures
import traceback

import pytest

from support import client, scenario
from support.world import World

SCENARIOS = scenario.load()


def know_all_recipients(world, scenarios):
    """Has Postfix ask the platforms for all recipients at once: each first question takes it a second."""
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        for recipient in {to for one in scenarios if not one.sasl for to in one.to}:
            pool.submit(client.probe, world.postfix.port, recipient)


class Played:
    def __init__(self):
        self.outcome = None
        self.stored = []
        self.deliveries = []
        self.trouble = None


@pytest.fixture(scope="module")
def played():
    """All scenarios, sent one after another; waiting for the queue to empty is done once for all of a set."""
    results = {}
    for policies in sorted({one.policies for one in SCENARIOS}):
        with World(policies) as world:
            know_all_recipients(world, [one for one in SCENARIOS if one.policies == policies])
            seen = 0
            for number, one in enumerate(SCENARIOS):
                if one.policies != policies:
                    continue
                result = results[one.name] = Played()
                one.headers["X-Scenario"] = str(number)
                try:
                    result.outcome = one.send(world)
                    rows = world.stored()
                    result.stored = [row for row in rows if row["row"] > seen]
                    seen = max([seen] + [row["row"] for row in rows])
                except Exception:  # one scenario's trouble is not the others'
                    result.trouble = traceback.format_exc()
            world.postfix.wait_until_empty()
            for number, one in enumerate(SCENARIOS):
                if one.name in results:
                    results[one.name].deliveries += world.received(
                        lambda delivery: delivery.header("X-Scenario") == str(number))
    return results


@pytest.mark.parametrize("one", SCENARIOS, ids=lambda one: one.name)
def test_scenario(played, one):
    result = played[one.name]
    assert result.trouble is None, result.trouble
    faults = scenario.judge(one, result.outcome, result.deliveries, result.stored)
    assert not faults, "\n".join(faults)
