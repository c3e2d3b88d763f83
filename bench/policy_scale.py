#!/usr/bin/python3
"""A large set of policies published to a private Redis and put in force by a private posternd: how long it takes and
how much memory, and the same for one changed policy; a diff of the change, and replay over saved mail, whose answer is
then held against what the daemon does with each of those messages before and after the change is published.

  bench/policy_scale.py [--domains N] [--users N] [--mail N] [--bin DIR] [--folder DIR]

Prints one figure a line. Needs redis-server; uses loopback and a folder of its own, and stops what it started."""
import argparse
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.milter import MilterClient  # noqa: E402
from support.servers import Redis  # noqa: E402
from support.tools import free_port  # noqa: E402

WAIT = 1800


def policy(number, score=5.0):
    """As an admin API writes it; some hundred different ones, as customers have."""
    kind = number % 300
    return {"id": f"p{number}", "name": f"policy {kind}", "domainId": f"d{number}", "quarantine": True,
            "retention": False, "archive": False, "mailSizeLimit": 10 + kind % 20, "spamScore": score, "incoming": True,
            "relayProps": {"relaySpam": True, "relayAdvert": True, "advertPrefix": "[AD]", "prefixSpam": "[SPAM]",
                           "relayBadHeaders": True, "relayBadAttachments": False, "spamScoreLimit": 10.0},
            "quarantineProps": {"duration": 31, "storeSpam": True, "storeVirus": False, "storeAdvert": False,
                                "storeBlacklisted": False, "storeSenderVerify": False, "storeBadHeaders": True,
                                "storeBadEncoding": True, "storeBadAttachments": True},
            "retentionProps": None, "archiveProps": None, "outgoing": True}


PLATFORM = {"id": "h", "name": "mailboxes", "transportDest": "192.0.2.1", "transportType": "SMTPS_MAY",
            "transportPort": 25, "fallbackTransportDest": None, "fallbackTransportType": None,
            "fallbackTransportPort": None, "default": True, "apiData": None, "authData": None}


def domain_name(number):
    return f"domain{number:06}.example"


def generate(folder, domains, users):
    for kind in ("domain", "user", "policy"):
        (folder / kind).mkdir(parents=True)
    (folder / "policy" / "shared.json").write_text(json.dumps({**policy(0), "id": "shared", "domainId": None}))
    for number in range(domains):
        (folder / "domain" / f"{domain_name(number)}.json").write_text(json.dumps({
            "id": f"d{number}", "name": domain_name(number), "description": None, "status": "ENABLED",
            "wblistPriority": "USER", "defaultLanguage": "EN", "autoProvisioningOn": False, "senderVerifyOn": True,
            "externalId": None, "policy": policy(number), "domainAliases": [], "platforms": [PLATFORM],
            "outgoingSubnets": [], "outgoingProviders": []}))
    for number in range(users):
        home = number % domains
        address = f"user{number // domains}@{domain_name(home)}"
        document = {"id": f"u{number}", "email": address, "firstname": "A", "lastname": f"User {number}",
                    "status": "ENABLED", "language": "EN", "domainId": f"d{home}", "senderVerifyOn": True,
                    "domainStatus": "ENABLED", "platform": PLATFORM}
        # Every fiftieth has the rules that ten thousand others have: the ones that are going to change.
        if number % 50 == 0:
            document["policyId"] = "shared"
        else:
            document["policy"] = policy(home)
        (folder / "user" / f"{address}.json").write_text(json.dumps(document))


def mail(folder, count, domains):
    folder.mkdir()
    body = "".join(f"Line {line} of an ordinary message about nothing in particular.\r\n" for line in range(60))
    for number in range(count):
        recipient = f"user0@{domain_name(number * 50 % domains)}"
        (folder / f"{number:06}.eml").write_text(
            f"Return-Path: <sender{number}@example.org>\r\nX-Original-To: {recipient}\r\n"
            f"X-Spam-Score: {number % 120 / 10}\r\nFrom: <sender{number}@example.org>\r\nTo: <{recipient}>\r\n"
            f"Subject: Message {number}\r\nDate: Thu, 26 Mar 2026 10:00:00 +0100\r\n"
            f"Message-ID: <{number}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"\r\n{body}", newline="")


def envelope(path):
    """(recipient, sender, message) as the file was saved."""
    sender, recipient, content = path.read_bytes().split(b"\r\n", 2)
    return recipient.split(b": ")[1].decode(), sender.split(b"<")[1].rstrip(b">").decode(), content


class Measure:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-scale-", dir=arguments.folder))
        self.http = free_port()
        self.milter = free_port()
        self.config = self.folder / "postern.yml"

    def ctl(self, *words, ok=(0,)):
        """Seconds, the largest memory in MiB so far of any posternctl, and the answer."""
        started = time.monotonic()
        done = subprocess.run([self.bin / "posternctl", "--config", self.config, "--json", *map(str, words)],
                              capture_output=True, text=True)
        seconds = time.monotonic() - started
        if done.returncode not in ok:
            sys.exit(f"posternctl {words}: exit {done.returncode}: {done.stderr[-2000:]}")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        return seconds, peak, json.loads(done.stdout) if done.stdout else None

    def start(self, url):
        self.config.write_text(json.dumps({
            "listen": {"milter": f"inet:{self.milter}@127.0.0.1", "tables": f"unix:{self.folder}/tables.sock",
                       "secrets": f"unix:{self.folder}/secrets.sock", "http": f"127.0.0.1:{self.http}",
                       "control": f"{self.folder}/control.sock"},
            "policy": {"source": "redis", "redis": {"url": url}, "cache": f"{self.folder}/policy.cache"},
            "sender_verify": "off", "spam": {"scanners": [{"type": "header", "trust": ["192.0.2.1/32"]}]},
            "vault": {"path": f"{self.folder}/vault", "min_free": "1MiB"}, "log": {"format": "text"}}))
        with open(self.folder / "posternd.log", "w") as log:
            self.daemon = subprocess.Popen([self.bin / "posternd", "--config", self.config], stdout=log, stderr=log)

    def wait_for(self, is_there):
        """Seconds until the daemon's status says so."""
        started = time.monotonic()
        while time.monotonic() - started < WAIT:
            done = subprocess.run([self.bin / "posternctl", "--config", self.config, "--json", "status"],
                                  capture_output=True, text=True)
            if done.stdout and is_there(json.loads(done.stdout)["policy"]):
                return time.monotonic() - started
            if self.daemon.poll() is not None:
                sys.exit("posternd ended: " + (self.folder / "posternd.log").read_text()[-2000:])
            time.sleep(0.02)
        sys.exit("it did not come into force")

    def treated(self, saved):
        """What the daemon does with each message: outcome, class, copies kept, as its log tells, and the subject."""
        log = self.folder / "posternd.log"
        begin = log.stat().st_size
        subjects = []
        with MilterClient(self.milter) as client:
            for path in saved:
                recipient, sender, content = envelope(path)
                verdict = client.message(sender, [recipient], content)
                subjects.append((verdict, [edit for edit in client.edits if b"Subject" in edit]))
        started = time.monotonic()
        while time.monotonic() - started < WAIT:
            with open(log, errors="replace") as file:
                file.seek(begin)
                lines = [line for line in file if " message id=" in line and " outcome=" in line]
            if len(lines) == len(saved):
                return [(subject, *(re.findall(rf" {field}=(\S+)", line) for field in ("outcome", "class", "copies")))
                        for subject, line in zip(subjects, lines)]
            time.sleep(0.1)
        sys.exit(f"{len(lines)} of {len(saved)} messages are in the log")

    def memory(self, what):
        for line in pathlib.Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines():
            if line.startswith(what):
                return int(line.split()[1]) / 1024
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=500_000)
    parser.add_argument("--mail", type=int, default=10_000)
    parser.add_argument("--bin", default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--folder", default=None, help="where to make the folder; else the system's")
    arguments = parser.parse_args()
    measure = Measure(arguments)
    redis = Redis(measure.folder)
    try:
        run(arguments, measure, redis)
    finally:
        if hasattr(measure, "daemon"):
            measure.daemon.terminate()
            measure.daemon.wait()
        redis.stop()
        shutil.rmtree(measure.folder, ignore_errors=True)


def say(what, value, unit):
    print(f"{what:58} {value:10.2f} {unit}", flush=True)


def run(arguments, measure, redis):
    policies = measure.folder / "policies"
    generate(policies, arguments.domains, arguments.users)
    total = arguments.domains + arguments.users + 1
    redis.start()
    measure.start(redis.url)

    seconds, peak, told = measure.ctl("policy", "check", policies)
    say("policy check", seconds, "s")
    seconds, peak, told = measure.ctl("policy", "publish", policies)
    assert told["new"] == total, told
    say(f"policy publish of {total} documents", seconds, "s")
    say("  memory of posternctl at most", peak, "MiB")
    in_force = measure.wait_for(lambda policy: sum(policy["documents"].values()) == total)
    say("  in force after the publication ended", in_force, "s")
    say("  memory of posternd", measure.memory("VmRSS"), "MiB")
    say("  memory of posternd at most", measure.memory("VmHWM"), "MiB")

    changed = measure.folder / "changed"
    (changed / "policy").mkdir(parents=True)
    (changed / "policy" / "shared.json").write_text(json.dumps({**policy(0, 4.0), "id": "shared", "domainId": None}))
    seconds, _, told = measure.ctl("policy", "diff", "redis", changed / "policy" / "shared.json", ok=(0, 1))
    say("policy diff of one policy", seconds, "s")
    say("  users affected", max(one["users"] for one in told["effects"]), "users")
    saved = measure.folder / "mail"
    mail(saved, arguments.mail, arguments.domains)
    seconds, _, told = measure.ctl("replay", "--offline", "redis", "--against", changed / "policy" / "shared.json",
                                   saved, ok=(0, 1))
    say(f"replay of {told['messages']} messages, both sets loaded", seconds, "s")
    say("  messages affected", told["messages_affected"], "messages")
    foretold = {one["mail"] for one in told["differences"]}
    assert told["messages_affected"] == len(foretold), told["messages_affected"]
    paths = sorted(saved.iterdir())
    before = measure.treated(paths)

    generation = json.loads(subprocess.run([measure.bin / "posternctl", "--config", measure.config, "--json", "status"],
                                           capture_output=True, text=True).stdout)["policy"]["generation"]
    seconds, _, told = measure.ctl("policy", "publish", changed)
    assert told["changed"] == 1, told
    say("policy publish of one changed policy", seconds, "s")
    say("  in force after it", measure.wait_for(lambda policy: policy["generation"] > generation), "s")
    say("  memory of posternd", measure.memory("VmRSS"), "MiB")
    happened = {str(path) for path, one, other in zip(paths, before, measure.treated(paths)) if one != other}
    say("  messages that the daemon treats differently", len(happened), "messages")
    say("  replay was wrong about", len(happened ^ foretold), "messages")
    if happened != foretold:
        sys.exit(f"among them {sorted(happened ^ foretold)[:5]}")
    (policies / "policy" / "shared.json").write_text(json.dumps({**policy(0, 3.0), "id": "shared", "domainId": None}))
    seconds, peak, told = measure.ctl("policy", "publish", policies)
    assert (told["changed"], told["unchanged"]) == (1, total - 1), told
    say("policy publish of the whole set, one policy changed", seconds, "s")


if __name__ == "__main__":
    main()
