#!/usr/bin/python3
"""What a message costs through Postfix with the milter on TCP and on a unix socket, side by side.

  bench/postfix_transports.py [--messages N] [--rounds N]

Two worlds (posternd, Postfix, sinks) run at once, one with an inet milter and one with a unix one. Rounds of messages
over one SMTP connection go to each in turn; the time of a message is MAIL to the reply after the final dot.
"""
import argparse
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support import client  # noqa: E402
from support.world import World  # noqa: E402


def times(world, count):
    content = client.message(sender="someone@example.org", recipient="hodor@stark.net")
    taken = []
    with client.Client(world.postfix.port) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            outcome = connection.transaction("someone@example.org", ["hodor@stark.net"], content)
            taken.append(1000 * (time.perf_counter() - begun))
            if not outcome.accepted:
                raise SystemExit(f"not accepted: {outcome}")
    return taken


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--messages", type=int, default=100, help="per round and transport")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with World() as inet, World(milter="unix") as unix:
        for world in (inet, unix):
            times(world, 10)
        taken = {"inet": [], "unix": []}
        for _ in range(options.rounds):
            for name, world in (("inet", inet), ("unix", unix)):
                taken[name] += times(world, options.messages)
    for name, values in taken.items():
        values.sort()
        print(f"{name}: n={len(values)} median={statistics.median(values):.2f} ms "
              f"p99={values[int(len(values) * 0.99)]:.2f} ms max={values[-1]:.2f} ms")
    print(f"ratio of the medians, inet/unix: "
          f"{statistics.median(taken['inet']) / statistics.median(taken['unix']):.3f}")


if __name__ == "__main__":
    main()
