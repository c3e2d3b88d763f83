#!/usr/bin/python3
"""How many messages one account gets accepted while Redis is away: two daemons that share one Redis, many connections
that never stop sending, and the bound that docs/semantics.md states.

  bench/sending_outage.py [--limit N] [--share S] [--away SECONDS] [--connections N] [--timeout T] [--bin DIR]

Prints one figure a line, and exits 1 where the bound is passed. Needs redis-server; what it starts it stops."""
import argparse
import concurrent.futures
import math
import os
import pathlib
import signal
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))


def say(what, value, unit):
    print(f"{what:58} {value:10.1f} {unit}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=1000)
    parser.add_argument("--share", type=float, default=0.1)
    parser.add_argument("--away", type=float, default=60)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--timeout", default="200ms")
    parser.add_argument("--bin", default=ROOT / "build" / "release" / "bin")
    arguments = parser.parse_args()
    os.environ["POSTERN_BIN"] = str(arguments.bin)
    from support import client
    from support.milter import MilterClient
    from support.posternd import Posternd
    from support.tools import wait_until
    from support.world import World

    account = "daenerys@targaryen.net"
    content = client.message(sender=account, recipient="x@example.org")
    wanted = {"outgoing": {"sent_limit": arguments.limit, "limit_timeout": arguments.timeout,
                           "offline_share": arguments.share}}
    accepted, refused, stop, is_away = [], [], threading.Event(), threading.Event()

    def send(daemon):
        with MilterClient(daemon.milter_port) as connection:
            while not stop.is_set():
                verdict = connection.message(account, ["x@example.org"], content, user=account)
                (accepted if verdict == "continue" else refused).append(time.monotonic())
                if verdict != "continue":
                    assert verdict.startswith("450 4.7.28"), verdict
                    time.sleep(0.01)
                elif not is_away.is_set():
                    time.sleep(0.3)  # else the limit is used up before Redis goes

    with World(source="redis", settings=wanted) as world:
        second = Posternd(world._folder("second"), world.postfix.submit_port,
                          {**wanted, "policy": {"source": "redis", "redis": {"url": world.redis.url}}})
        second.start()
        daemons = [world.posternd, second]

        def are_together():
            return all(one.metric("postern_sending_count_shared") == 1 for one in daemons)

        with concurrent.futures.ThreadPoolExecutor(arguments.connections) as pool:
            sending = [pool.submit(send, daemons[i % 2]) for i in range(arguments.connections)]
            wait_until(lambda: len(accepted) >= arguments.limit // 4, "a quarter of the limit")
            wait_until(are_together, "a shared count")
            world.redis.process.signal(signal.SIGSTOP)
            gone = time.monotonic()
            is_away.set()
            say("accepted before Redis went", len(accepted), "messages")
            time.sleep(arguments.away)
            say(f"accepted while it was away for {arguments.away:.0f} s", sum(one > gone for one in accepted), "messages")
            say("  answered with 450 meanwhile", sum(one > gone for one in refused), "messages")
            world.redis.process.signal(signal.SIGCONT)
            wait_until(are_together, "a shared count")
            back = len(accepted)
            time.sleep(5)
            stop.set()
            for one in sending:
                one.result()
            say("accepted in the 5 s after it was back", len(accepted) - back, "messages")
        second.stop()
    bound = arguments.limit + 2 * math.ceil(arguments.limit * arguments.share)
    say("accepted in all", len(accepted), "messages")
    say("  the limit, and each node's share", bound, "messages")
    sys.exit(0 if len(accepted) <= bound else 1)


if __name__ == "__main__":
    main()
