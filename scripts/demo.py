#!/usr/bin/python3
"""The part of scripts/run that starts the servers, sends the sample mail and judges what became of it.

  demo.py [--keep] [--redis]
  demo.py send --port N [--from A] [--to B] [--subject S] [--score N] [--advert] [--client IP] [--login USER]
"""
import argparse
import base64
import dataclasses
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from support import client  # noqa: E402
from support.policies import SHIPPED  # noqa: E402
from support.posternd import BIN  # noqa: E402
from support.tools import wait_until  # noqa: E402
from support.world import World  # noqa: E402

COLOUR = sys.stdout.isatty()


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def say(text=""):
    print(text, flush=True)


@dataclasses.dataclass
class Sample:
    """One message and what must become of it. `arrives`: (platform, subject) or None; `kept`: purposes."""
    title: str
    recipient: str
    reply: str
    arrives: tuple = None
    kept: tuple = ()
    sender: str = "someone@example.org"
    headers: dict = dataclasses.field(default_factory=dict)
    pad: int = 0
    login: str = None
    signed: bool = False
    primary_down: bool = False


def spam(score):
    return {"X-Spam-Score": str(score)}


SAMPLES = [
    Sample("clean", "arya@north.example", "250", ("primary", "Hello")),
    Sample("spam, score 8, below the limit of 15", "arya@north.example", "250", ("primary", "[SPAM] Hello"),
           ("quarantine",), headers=spam(8)),
    Sample("spam, score 20, above the limit", "arya@north.example", "250", None, ("quarantine",), headers=spam(20)),
    Sample("spam for a domain that refuses it", "doran@south.example", "550 5.7.1", headers=spam(8)),
    Sample("spam for a user with rules of her own", "lyanna@north.example", "550 5.7.1", headers=spam(4)),
    Sample("advert, to an alias domain", "arya@winter.example", "250", ("primary", "[AD] Hello"),
           headers={"X-Spam-Advert": "yes"}),
    Sample("clean, for a domain that archives", "tyrion@west.example", "250", ("second", "Hello"), ("archive",)),
    Sample("too large: 2 MiB where 1 is allowed", "doran@south.example", "552 5.3.4", pad=2 * 1024 * 1024),
    Sample("unknown domain", "nobody@elsewhere.example", "554 5.7.1"),
    Sample("disabled user", "brandon@north.example", "550 5.2.1"),
    Sample("outgoing, logged in, to be signed", "friend@example.org", "250", ("world", "Hello"),
           sender="arya@north.example", login="arya@north.example", signed=True),
    Sample("outgoing, in another's name", "friend@example.org", "553 5.7.1", sender="tyrion@west.example",
           login="arya@north.example"),
    Sample("the primary platform is down", "arya@north.example", "250", ("fallback", "Hello"), primary_down=True),
]


def dkim_document():
    """A key of this run alone."""
    key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True,
                         capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout", "-outform", "DER"], input=key, check=True,
                            capture_output=True).stdout
    return {"privateKey": key.decode(), "publicKey": base64.b64encode(public).decode(), "selector": "postern"}


@dataclasses.dataclass
class Result:
    sample: Sample
    reply: str
    arrived: str
    kept: str
    why: str
    faults: list


class Demo:
    def __init__(self, world, key):
        self.world = world
        self.key = key
        self.seen_rows = 0
        self.log_read = 0

    def why(self, outcome):
        """posternd's own words for it, from its log."""
        text = self.world.posternd.log()
        fresh, self.log_read = text[self.log_read:], len(text)
        for line in reversed(fresh.splitlines()):
            entry = json.loads(line) if line.startswith("{") else {}
            said = entry.get("message") or entry.get("msg")
            if said == "message" and entry.get("reason"):
                signed = f"; signed by {entry['signed_by']}" if entry.get("signed_by") else ""
                return entry["reason"] + signed
            if said in ("recipient refused", "sender refused"):
                return re.sub(r"^\d+ [\d.]+ (<\S+>: )?", "", entry.get("reply", said))
        return "Postfix: not a domain of ours" if "554" in str(outcome) else ""

    def send(self, sample):
        world = self.world
        world.clear()
        if sample.primary_down:
            world.sinks["primary"].down()
        outcome = world.send(sample.sender, sample.recipient, user=sample.login, headers=sample.headers,
                             pad=sample.pad)
        reply = outcome.reply or next((r for r in outcome.rcpt.values() if not r.startswith("250")), outcome.mail)
        world.postfix.wait_until_empty()
        if sample.primary_down:
            world.sinks["primary"].up()
        rows = [row for row in world.stored() if row["row"] > self.seen_rows]
        self.seen_rows = max([self.seen_rows] + [row["row"] for row in rows])
        deliveries = world.received()
        return Result(sample, reply, self.describe(deliveries),
                      ", ".join(f"{row['purpose']} ({row['class']})" for row in rows) or "nothing",
                      self.why(outcome), self.faults(sample, reply, deliveries, rows))

    def describe(self, deliveries):
        if not deliveries:
            return "nothing"
        return "; ".join(f"{delivery.sink}: {delivery.header('Subject')}" for delivery in deliveries)

    def faults(self, sample, reply, deliveries, rows):
        if reply.split()[:len(sample.reply.split())] != sample.reply.split():
            yield f"the reply should begin with {sample.reply}"
        if [(d.sink, d.header("Subject")) for d in deliveries] != ([sample.arrives] if sample.arrives else []):
            yield f"what arrives should be {sample.arrives}"
        if tuple(row["purpose"] for row in rows) != sample.kept:
            yield f"what is kept should be {sample.kept or 'nothing'}"
        if sample.signed and not all(self.verifies(delivery) for delivery in deliveries):
            yield "the signature should verify"

    def verifies(self, delivery):
        import dkim
        text = f"v=DKIM1; p={self.key['publicKey']}".encode()
        return dkim.verify(delivery.content, dnsfunc=lambda name, timeout=5: text)


COLUMNS = [("message", 20), ("reply of Postfix", 26), ("arrived", 21), ("kept", 17), ("why", 26)]


def show_line(cells, mark=" "):
    wrapped = [textwrap.wrap(str(cell), width) or [""] for cell, (_, width) in zip(cells, COLUMNS)]
    for index in range(max(map(len, wrapped))):
        parts = [(lines[index] if index < len(lines) else "").ljust(width)
                 for lines, (_, width) in zip(wrapped, COLUMNS)]
        say(f"{mark if index == 0 else ' '} " + "  ".join(parts).rstrip())


def show(result):
    result.faults = list(result.faults)
    mark = paint("31;1", "✗") if result.faults else paint("32;1", "✓")
    show_line([result.sample.title, result.reply, result.arrived, result.kept, result.why], mark)
    for fault in result.faults:
        say("    " + paint("31", f"not as it should be: {fault}"))


def change_before_your_eyes(demo):
    """--redis: one document changes in Redis, and the next message is treated differently."""
    world = demo.world
    key = "domain:north.example"
    say()
    say(paint("1", "Now the policy changes in Redis: spamScore of north.example from 5.0 to 9.0"))
    before = world.posternd.generation()
    document = world.policies.change(key, policy__spamScore=9.0)
    say(f'  MULTI; SET postern:{key} {{"name": "north.example", … "spamScore": '
        f'{document["policy"]["spamScore"]} …}}; XADD postern:changes * key {key}; EXEC')
    started = time.monotonic()
    world.redis.publish(key, world.policies.path(key).read_text())
    world.posternd.wait_for_generation_after(before)
    say(f"  in force after {1000 * (time.monotonic() - started):.0f} ms, as generation "
        f"{world.posternd.generation():.0f}; the same message again:")
    result = demo.send(Sample("score 8 again, no longer spam", "arya@north.example", "250", ("primary", "Hello"),
                              headers=spam(8)))
    show(result)
    return [result]


def keep_running(demo):
    world = demo.world
    say()
    say(paint("1", "Left running. Ctrl-C ends it. What arrives is shown here."))
    config = world.posternd.config
    say(textwrap.dedent(f"""
        Send more:   scripts/demo.py send --port {world.postfix.port} --to arya@north.example --score 8 --subject Hello
        As a login:  scripts/demo.py send --port {world.postfix.submission_port} --login arya@north.example \\
                       --from arya@north.example --to friend@example.org
        Look inside: sudo {BIN}/posternctl --config {config} status
                     sudo {BIN}/posternctl --config {config} vault list
                     curl http://127.0.0.1:{world.posternd.http_port}/metrics
        Policies:    {world.posternd.policy_folder if not world.redis else world.redis.url}
        Logs:        {world.posternd.folder}/posternd.log  {world.postfix.log_path}"""))
    world.clear()
    shown = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            deliveries = sorted(world.received(), key=lambda delivery: delivery.at)
            for delivery in deliveries[shown:]:
                say(f"  {delivery.sink}: to {', '.join(delivery.recipients)}: {delivery.header('Subject')}")
            shown = len(deliveries)
            time.sleep(0.2)
    except KeyboardInterrupt:
        say("\nstopping")


def run(options):
    say("starting Postfix, posternd" + (", Redis" if options.redis else "") + " and the platforms on loopback")
    key = dkim_document()
    source = pathlib.Path(sys.argv[0]).resolve().parent.parent / "build" / "demo-policy"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(SHIPPED, source)
    (source / "dkim").mkdir()
    (source / "dkim" / "north.example.json").write_text(json.dumps(key))
    (source / "dkim" / "north.example.json").chmod(0o600)
    try:
        with World(policies=source, source="redis" if options.redis else "directory",
                   settings={"log": {"format": "json", "level": "info"}},
                   users=["arya@north.example", "lyanna@north.example", "brandon@north.example"]) as world:
            wait_until(world.posternd.is_ready, "posternd to be ready")
            demo = Demo(world, key)
            results = []
            say()
            show_line([name for name, _ in COLUMNS])
            say("  " + "  ".join("-" * width for _, width in COLUMNS))
            for sample in SAMPLES:
                results.append(demo.send(sample))
                show(results[-1])
            if options.redis:
                results += change_before_your_eyes(demo)
            wrong = sum(bool(result.faults) for result in results)
            say()
            say(paint("32;1", f"all {len(results)} messages went as they should") if not wrong else
                paint("31;1", f"{wrong} of {len(results)} messages did not go as they should"))
            if options.keep:
                keep_running(demo)
            return 1 if wrong else 0
    finally:
        shutil.rmtree(source, ignore_errors=True)


def send(options):
    headers = {}
    if options.score is not None:
        headers["X-Spam-Score"] = options.score
    if options.advert:
        headers["X-Spam-Advert"] = "yes"
    content = client.message(subject=options.subject, sender=options.sender, recipient=options.to, headers=headers)
    outcome = client.send(options.port, options.sender, [options.to], content, address=options.client,
                          user=options.login)
    say(f"MAIL: {outcome.mail}")
    for recipient, reply in outcome.rcpt.items():
        say(f"RCPT {recipient}: {reply}")
    if outcome.reply:
        say(f"message: {outcome.reply}")
    return 0 if outcome.accepted else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--redis", action="store_true")
    sub = parser.add_subparsers(dest="verb")
    one = sub.add_parser("send")
    one.add_argument("--port", type=int, required=True)
    one.add_argument("--from", dest="sender", default="someone@example.org")
    one.add_argument("--to", default="arya@north.example")
    one.add_argument("--subject", default="Hello")
    one.add_argument("--score")
    one.add_argument("--advert", action="store_true")
    one.add_argument("--client", default="192.0.2.1")
    one.add_argument("--login")
    options = parser.parse_args()
    sys.exit(send(options) if options.verb == "send" else run(options))


if __name__ == "__main__":
    main()
