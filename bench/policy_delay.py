#!/usr/bin/python3
"""How long a change published to Redis takes to govern the next transaction, while mail flows.

  bench/policy_delay.py [--changes N] [--connections N] [--bin build/release/bin]

Starts a private Redis and posternd, lets milter_load send mail over several connections, and changes one domain's
status again and again in the contract's transaction (SET and XADD in one MULTI). After each, new transactions are
tried over a milter connection of our own until RCPT is answered by the new document. The time from EXEC's reply to that
answer is one measurement; it includes the try itself, whose own cost is shown beside it.
"""
import argparse
import json
import pathlib
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from support.posternd import Posternd  # noqa: E402
from support.servers import Redis  # noqa: E402

DOMAIN = {"name": "delay.example", "status": "ENABLED", "policy": {"quarantine": False, "relayProps": {
    "relaySpam": True, "relayAdvert": True, "spamScoreLimit": None}},
    "platforms": [{"name": "p", "transportDest": "127.0.0.2", "transportType": "SMTP", "transportPort": 25,
                   "default": True}]}


class Milter:
    """Just enough of the protocol to open transactions and see what RCPT is answered."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.ask(b"O", struct.pack("!III", 6, 0x1FF, 0x1FFFFF))
        self.send(b"D", b"Cj\0mx.example\0")
        self.ask(b"C", b"client.example\0" + b"4" + struct.pack("!H", 2525) + b"192.0.2.77\0")

    def send(self, command, data):
        self.socket.sendall(struct.pack("!I", len(data) + 1) + command + data)

    def read(self, count):
        data = b""
        while len(data) < count:
            more = self.socket.recv(count - len(data))
            if not more:
                raise SystemExit("the milter hung up")
            data += more
        return data

    def ask(self, command, data):
        self.send(command, data)
        (length,) = struct.unpack("!I", self.read(4))
        return self.read(length)

    def code_at_rcpt(self, recipient):
        """250, or the code of the refusal."""
        self.ask(b"M", b"<a@example.org>\0")
        reply = self.ask(b"R", b"<" + recipient.encode() + b">\0")
        self.send(b"A", b"")
        return 250 if reply[:1] == b"c" else int(reply[1:4])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--bin", default=str(ROOT / "build/release/bin"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="postern-bench-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        for name in ("redis", "postern"):
            (folder / name).mkdir()
        redis = Redis(folder / "redis").start()
        redis.publish("domain:delay.example", json.dumps(DOMAIN))
        redis.publish("domain:example.net", json.dumps({**DOMAIN, "name": "example.net"}))
        daemon = Posternd(folder / "postern", 10025, {
            "policy": {"source": "redis", "redis": {"url": redis.url}}, "spam": {"scanners": []}})
        load = None
        try:
            daemon.start()
            load = subprocess.Popen(
                [f"{options.bin}/milter_load", "--connect", f"inet:{daemon.milter_port}@127.0.0.1", "--connections",
                 str(options.connections), "--messages", "100000000", "--seconds", "600", "--rcpt", "to@example.net"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            measure(options, redis, daemon, load)
        finally:
            if load:
                load.terminate()
                load.wait()
            daemon.stop()
            redis.stop()


def measure(options, redis, daemon, load):
    milter = Milter(daemon.milter_port)
    delays, tries = [], []
    before = daemon.metric("postern_messages_total", direction="in", outcome="deliver") or 0
    for number in range(options.changes):
        status, code = (("DISABLED", 550), ("ENABLED", 250))[number % 2]
        redis.publish("domain:delay.example", json.dumps({**DOMAIN, "status": status}))
        published = time.perf_counter()
        while True:
            begun = time.perf_counter()
            answer = milter.code_at_rcpt("a@delay.example")
            ended = time.perf_counter()
            tries.append(ended - begun)
            if answer == code:
                break
        delays.append(ended - published)
    if load.poll() is not None:
        raise SystemExit("the load ended before the measurement did")
    flowed = daemon.metric("postern_messages_total", direction="in", outcome="deliver") - before
    for name, values in (("delay from EXEC to enforcement", delays), ("one transaction's try", tries)):
        values = sorted(1000 * value for value in values)
        print(f"{name}: n={len(values)} median={statistics.median(values):.2f} ms "
              f"p99={values[int(len(values) * 0.99)]:.2f} ms max={values[-1]:.2f} ms")
    print(f"messages that flowed meanwhile: {flowed:.0f} over {options.connections} connections")


if __name__ == "__main__":
    main()
