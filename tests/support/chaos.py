"""Servers that are killed while mail comes in, and an audit of what became of every recipient that was answered 250.

A seed decides what is sent to whom and what is killed when; the machine decides the rest. Nothing that was answered 250
may be missing: it was delivered, or it lies in the vault. Twice is allowed where a sender or a server could not know."""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time

from . import client
from .policies import variant
from .posternd import HEADER_SCANNER
from .servers import EICAR, Clamd, Rspamd
from .tools import Failure, wait_until
from .world import World

# What comes of a message of each kind: delivered with this before the subject; None: kept in the vault.
KINDS = {"clean": 0, "spam": 8, "heavy": 12, "virus": 0}
PLAIN = {"clean": "", "spam": "", "heavy": None}
TAGGED = {"clean": "", "spam": "[SPAM] ", "heavy": "[SPAM] ", "virus": None}
HELD = {"clean": "", "spam": None, "heavy": None}
RULES = {"stark@plains.net": PLAIN, "a@plains.net": TAGGED, "b@plains.net": HELD, "refuser@plains.net": HELD,
         "stark@westeros.net": PLAIN, "a@westeros.net": TAGGED, "b@westeros.net": HELD, "plain@houses.net": PLAIN,
         "tagged@houses.net": TAGGED, "held@houses.net": HELD, "refusing@houses.net": HELD,
         "nobody@houses.net": PLAIN, "varys@spiders.example": PLAIN}
ALIASES = {"a@sunset.net": ["a@westeros.net"], "servants@houses.net": ["plain@houses.net", "nobody@houses.net"],
           "small@houses.net": ["plain@houses.net", "refusing@houses.net", "stark@plains.net"],
           "council@houses.net": ["tagged@houses.net", "held@houses.net", "plain@houses.net", "refusing@houses.net",
                                  "stark@plains.net", "varys@spiders.example"]}
GIVEN = sorted([*ALIASES, *(set(RULES) - {"varys@spiders.example", "nobody@houses.net"})])
GIVES_UP_AFTER = 400  # attempts of one message
RECEIVES_ALL_WITHIN = 600.0


class Message:
    """One message and what its sender was told."""

    def __init__(self, number, seed):
        choose = random.Random(f"{seed}/{number}")
        self.number = number
        self.kind = choose.choices(list(KINDS), [5, 4, 3, 1])[0]
        pool = GIVEN
        if self.kind == "virus":  # a virus is kept only for those who say so
            pool = [one for one in GIVEN if all(self.kind in RULES[member] for member in ALIASES.get(one, [one]))]
        self.open = choose.sample(pool, choose.randint(1, min(6, len(pool))))
        self.accepted = []
        self.refused = {}
        self.attempts = 0
        self.unsure = []  # replies after which the sender had to come again
        self.body = "".join(choose.choices("abcdefghij \n", k=choose.randint(20, 4000))).replace("\n", "\r\n")

    def content(self):
        body = self.body + ("\r\n" + EICAR.decode() if self.kind == "virus" else "") + "\r\n"
        return client.message(subject=f"chaos {self.number}", recipient=self.open[0], body=body,
                              headers={"X-Spam-Score": str(KINDS[self.kind]), "X-Chaos": str(self.number),
                                       "Message-ID": f"<{self.number}@chaos.example>"})

    def attempt(self, port):
        """One transaction for those who have no final answer yet."""
        self.attempts += 1
        try:
            outcome = client.send(port, "someone@example.org", self.open, self.content(), address="192.0.2.1")
        except (OSError, smtplib.SMTPException) as lost:
            self.unsure.append(f"lost: {lost!r}"[:120])
            return
        replies = {one: said if not said.startswith("250") else (outcome.reply or "451 no reply")
                   for one, said in outcome.rcpt.items()} or {one: outcome.mail for one in self.open}
        for recipient, said in replies.items():
            if said.startswith("250"):
                self.accepted.append(recipient)
            elif said.startswith("5"):
                self.refused[recipient] = said
            else:
                self.unsure.append(f"{recipient}: {said}"[:120])
        self.open = [one for one in self.open if one not in self.accepted and one not in self.refused]

    def owed(self):
        """Final mailboxes of those that were answered 250."""
        return {member for one in self.accepted for member in ALIASES.get(one, [one])}


class Breaker:
    """Kills one server after another. To be used by one thread that outlives the servers: they die with it."""

    def __init__(self, world, clamd, rspamd, seed, say):
        self.world, self.clamd, self.rspamd = world, clamd, rspamd
        self.random = random.Random(f"{seed}/breaker")
        self.say = say
        self.kills = []  # (monotonic time, what)
        self.disk = pathlib.Path(world.posternd.state) / "vault"
        self.is_mounted = False
        self.actions = {"posternd": (self.posternd, 6), "postfix": (self.postfix, 3), "redis": (self.redis, 2),
                        "clamd": (self.scanner(clamd), 1), "disk": (self.fill_disk, 2)}
        if rspamd:
            self.actions["rspamd"] = (self.scanner(rspamd), 1)

    def mount(self, megabytes):
        """A small disk of its own for the vault; where that is not permitted, vault.max_size plays one."""
        self.world.posternd.stop()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", self.disk],
                              capture_output=True)
        self.is_mounted = done.returncode == 0
        self.world.posternd.start()

    def unmount(self):
        if self.is_mounted:
            subprocess.run(["umount", "-l", self.disk], capture_output=True)

    def once(self):
        names = list(self.actions)
        name = self.random.choices(names, [self.actions[one][1] for one in names])[0]
        self.kills.append((time.monotonic(), name))
        self.actions[name][0](self.random.uniform(0, 2.0))

    def posternd(self, away):
        self.world.posternd.kill()
        time.sleep(away)
        self.world.posternd.start(ready=False)

    def postfix(self, away):
        postfix = self.world.postfix
        with contextlib.suppress(OSError, ValueError):
            master = int((postfix.folder / "spool" / "pid" / "master.pid").read_text())
            for pid in [master, *children(master)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(away)
        self.start_postfix()

    def start_postfix(self):
        def started():
            with contextlib.suppress(Failure):
                return self.world.postfix.start()
            return None
        wait_until(started, "Postfix to come back", pause=0.3)

    def redis(self, away):
        self.world.redis.stop()
        time.sleep(away)
        self.world.redis.start()
        self.world.publish_all()

    def scanner(self, server):
        def kill(away):
            os.killpg(server.process.pid, signal.SIGKILL)  # its workers with it
            server.process.kill()
            time.sleep(away)
            server.start()
        return kill

    def fill_disk(self, away):
        if not self.is_mounted:
            self.resize("1")
            time.sleep(away)
            self.resize("0")
            return
        filler = self.disk / "filler"
        with contextlib.suppress(OSError), open(filler, "wb") as file:
            while True:
                file.write(b"\0" * 65536)
        time.sleep(away)
        filler.unlink(missing_ok=True)

    def resize(self, size):
        self.world.posternd.kill()
        self.world.posternd.change_settings({"vault": {"max_size": size}})
        self.world.posternd.start(ready=False)

    def settle(self):
        """Everything is up and has room again."""
        wait_until(self.world.posternd.is_ready, "posternd to be ready")


def children(pid):
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(entry.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(entry.parent.name))
    return found


def send_all(port, messages, senders):
    """Threads that send; each message until everybody has a final answer. Returns the threads and the queue."""
    queue = collections.deque(messages)
    given_up = []

    def work(which):
        pause = random.Random(which)
        while True:
            try:
                message = queue.popleft()
            except IndexError:
                return
            message.attempt(port)
            if message.open and message.attempts >= GIVES_UP_AFTER:
                given_up.append(message)
            elif message.open:
                queue.append(message)
                time.sleep(pause.uniform(0.02, 0.3))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(senders)]
    for thread in threads:
        thread.start()
    return threads, queue, given_up


def deliveries_of(world):
    """(number, recipient) -> deliveries, oldest first."""
    got = collections.defaultdict(list)
    for delivery in world.received(lambda one: one.header("X-Chaos")):
        for recipient in delivery.recipients:
            got[int(delivery.header("X-Chaos")), recipient.lower()].append(delivery)
    return got


def rows_of(world):
    """(number, recipient) -> rows of the vault."""
    kept = collections.defaultdict(list)
    for row in world.stored():
        if row["subject"].startswith("chaos "):
            kept[int(row["subject"].split()[1]), row["recipient"].lower()].append(row)
    return kept


def audit(world, messages, kills):
    """What became of everything, as one document. `missing` and the unexplained must be empty."""
    by_number = {message.number: message for message in messages}
    owed = {(message.number, member): message for message in messages for member in message.owed()}

    def still_missing(kept):
        got = deliveries_of(world)
        return [pair for pair in owed if pair not in got and pair not in kept]

    with contextlib.suppress(Failure):
        wait_until(lambda: not still_missing(rows_of(world)), "all to arrive", RECEIVES_ALL_WITHIN, pause=1.0)
    world.postfix.wait_until_empty()
    got, kept = deliveries_of(world), rows_of(world)
    wrong, unexplained, again = [], [], collections.Counter()
    for pair, deliveries in got.items():
        message = by_number[pair[0]]
        prefix = RULES[pair[1]].get(message.kind)
        wrong += [f"{pair}: {one.header('Subject')}" for one in deliveries
                  if prefix is None or one.header("Subject") != f"{prefix}chaos {message.number}"]
        for earlier, later in zip(deliveries, deliveries[1:]):
            reason = why_twice(message, earlier, later, kills)
            again[reason] += 1
            if reason == "unexplained":
                unexplained.append(f"{pair}")
    unasked = sum(1 for pair in got if pair not in owed and not by_number[pair[0]].unsure)
    return {"messages": len(messages), "attempts": sum(message.attempts for message in messages),
            "answered_250": len(owed), "refused": sum(len(message.refused) for message in messages),
            "delivered": sum(1 for pair in owed if pair in got), "stored": sum(1 for pair in owed if pair in kept),
            "missing": [f"{pair} {owed[pair].kind}" for pair in still_missing(kept)], "wrong": wrong,
            "duplicates": sum(again.values()), "duplicates_by_reason": dict(again), "unexplained": unexplained,
            "not_asked_for": unasked, "kills": dict(collections.Counter(what for _, what in kills))}


def why_twice(message, earlier, later, kills):
    if earlier.header("X-Postern-Id") != later.header("X-Postern-Id"):
        return "sent again after a 4xx or a lost connection" if message.unsure else "unexplained"
    between = [what for at, what in kills if what in ("posternd", "postfix", "disk") and
               earlier.at - 60 <= at <= later.at]
    return "a server was killed between taking it and saying so" if between else "unexplained"


def run(seed, count, senders=8, megabytes=48, busy=(0.5, 3.0), say=print):
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postern-chaos-")))
        folder.chmod(0o755)
        clamd = Clamd(folder).start()
        stack.callback(clamd.stop)
        rspamd = None
        scanners = [HEADER_SCANNER]
        if pathlib.Path("/usr/bin/rspamd").exists():
            rspamd = Rspamd(folder).start()
            stack.callback(rspamd.stop)
            scanners.append({"type": "rspamd", "url": rspamd.url, "scale": 0.001})
        world = stack.enter_context(World(
            variant(folder / "set", {}, base="rules"), source="redis",
            settings={"spam": {"scanners": scanners}, "virus": {"address": clamd.address},
                      "log": {"level": "info", "format": "json"}},
            postfix_extra={"max_use": "20", "in_flow_delay": "0"}))
        breaker = Breaker(world, clamd, rspamd, seed, say)
        breaker.mount(megabytes)
        stack.callback(breaker.unmount)
        for recipient in GIVEN:
            client.probe(world.postfix.port, recipient)
        messages = [Message(number, seed) for number in range(1, count + 1)]
        began = time.monotonic()
        threads, queue, given_up = send_all(world.postfix.port, messages, senders)
        told = 0
        while any(thread.is_alive() for thread in threads):
            time.sleep(breaker.random.uniform(*busy))
            if any(thread.is_alive() for thread in threads):
                breaker.once()
            if time.monotonic() - began > told + 30:
                told = time.monotonic() - began
                say(f"  {told:.0f} s: {len(queue)} messages still to send, {len(breaker.kills)} times something broke")
        breaker.settle()
        result = audit(world, messages, breaker.kills)
        result.update(seed=seed, given_up=len(given_up), seconds=round(time.monotonic() - began),
                      disk="tmpfs" if breaker.is_mounted else "vault.max_size")
        return result


def verdict(result):
    """The faults, as a list of texts."""
    faults = [f"{name}: {result[name][:10]}" for name in ("missing", "wrong", "unexplained") if result[name]]
    return faults + [f"{name}: {result[name]}" for name in ("not_asked_for", "given_up") if result[name]]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=5000)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--disk", type=int, default=48, help="size of the vault's disk in MiB")
    arguments = parser.parse_args()
    result = run(arguments.seed, arguments.messages, arguments.senders, arguments.disk)
    print(json.dumps(result, indent=1))
    faults = verdict(result)
    print("\n".join(faults) if faults else "nothing is missing")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
