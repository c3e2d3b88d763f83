"""Secrets are searched for where they must not be: in the logs at debug level, in answers and errors, in `ps`, in
files that others can read. DKIM keys, smarthost passwords, the Redis password, the tokens' keys, the seal's."""
import base64
import json
import os
import pathlib
import secrets
import shutil
import stat
import subprocess
import tempfile

import pytest
import redis

from support.posternd import BIN
from support.smarthost import Smarthost
from support.tools import ordinary_user, wait_until
from support.world import World

SENDER = "daenerys@targaryen.net"
REDIS_PASSWORD = "redis-" + secrets.token_hex(12)
SMARTHOST_PASSWORD = "relay-" + secrets.token_hex(12)
WRONG_PASSWORD = "wrong-" + secrets.token_hex(12)


def smarthost(port, security, password=SMARTHOST_PASSWORD):
    return {"hostname": "127.0.0.1", "portNumber": port, "secureConnection": security, "authenticationEnabled": True,
            "userId": "dragon", "updatePassword": True, "password": base64.b64encode(password.encode()).decode()}


def lock_redis(world, password_file):
    """From now on Redis wants a password, and posternd has it."""
    world.redis.client().config_set("requirepass", REDIS_PASSWORD)
    world.redis.client = lambda: redis.Redis(port=world.redis.port, password=REDIS_PASSWORD, decode_responses=True)
    world.posternd.change_settings({"policy": {"redis": {"password_file": str(password_file)}}})
    world.posternd.stop()
    world.posternd.start()


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="postern-secrets-") as name:
        pathlib.Path(name).chmod(0o755)
        yield pathlib.Path(name)


@pytest.fixture(scope="module")
def world(folder):
    password_file, seal_file = folder / "redis.password", folder / "seal.keys"
    password_file.write_text(REDIS_PASSWORD + "\n")
    public_key = subprocess.run([BIN / "posternctl", "dkim", "seal-key", seal_file], capture_output=True, text=True,
                                check=True).stdout.strip()
    for path in (password_file, seal_file):
        path.chmod(0o600)
        if os.getuid() == 0:
            shutil.chown(path, ordinary_user())
    with World(source="redis", settings={"keys": {"seal_file": str(seal_file)},
                                         "signing": {"verify_sample": 1}}) as built:
        lock_redis(built, password_file)
        built.public_key = public_key
        sink = built.sinks["world"]
        home = built.folder / "smarthost"
        home.mkdir()
        built.smarthost = Smarthost(home, built.certificate, f"[{sink.address}]:{sink.port}",
                                    {"dragon": SMARTHOST_PASSWORD})
        yield built
        built.smarthost.stop()


def needles(world):
    """name -> how a secret may look: as it is, in base64, in part."""
    found = {"redis password": [REDIS_PASSWORD], "smarthost password": [SMARTHOST_PASSWORD, WRONG_PASSWORD]}
    found["smarthost password, base64"] = [base64.b64encode(text.encode()).decode()
                                           for text in (SMARTHOST_PASSWORD, WRONG_PASSWORD)]
    found["sasl response"] = [base64.b64encode(f"\0dragon\0{SMARTHOST_PASSWORD}".encode()).decode()]
    for name in ("token_file", "seal_file"):
        found[name] = pathlib.Path(world.posternd.settings["keys"][name]).read_text().split()
    lines = []
    for text in world.dkim_keys:
        # Any whole line of a PEM, or a stretch out of the middle of a key without lines.
        lines += [line for line in text.replace("\\n", "\n").split("\n") if "-----" not in line and len(line) > 20]
    found["dkim key"] = [line[:40] for line in lines]
    assert len(found["dkim key"]) > 10
    return found


def assert_clean(world, where, text):
    for name, secrets_of in needles(world).items():
        for secret in secrets_of:
            assert secret not in text, f"{name} in {where}"


def command_lines():
    texts = []
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                texts.append((path / name).read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                pass
    return "\n".join(texts)


def test_no_secret_is_told(world):
    ctl = world.posternd.ctl
    document = world.policies.get("dkim:targaryen.net")
    world.dkim_keys = [key["privateKey"] for key in document]
    told = []

    def put(key, content):
        before = world.posternd.generation()
        world.redis.publish(key, json.dumps(content))
        world.posternd.wait_for_generation_after(before)

    def put_refused(key, content):
        world.redis.publish(key, content if isinstance(content, str) else json.dumps(content))
        wait_until(lambda: key in [one["key"] for one in world.posternd.policy_status()["refused"]], f"{key} refused")

    def send(recipient):
        told.append(str(world.send(SENDER, recipient, user=SENDER, headers={"From": f"<{SENDER}>"})))

    # Mail by every way that has a secret: signed, sealed, through a smarthost, with a wrong password.
    sealed = ctl("dkim", "generate", "--domain", "targaryen.net", "--selector", "sealed", "--seal", world.public_key,
                 "--json").stdout
    put("dkim:targaryen.net", [*document, json.loads(sealed)["document"]])
    for security, port in (("STARTTLS", world.smarthost.starttls_port), ("TLS", world.smarthost.smtps_port),
                           ("Plain", world.smarthost.plain_port)):
        put("smarthost:targaryen.net", smarthost(port, security))
        send(f"{security}@example.org")
        world.sinks["world"].wait_for(lambda d, who=security: f"{who}@example.org" in d.recipients)
    put("smarthost:targaryen.net", smarthost(world.smarthost.smtps_port, "TLS", WRONG_PASSWORD))
    send("wrong@example.org")
    world.postfix.wait_for_log("to=<wrong@example.org>.*status=deferred")
    assert_clean(world, "ps and environments", command_lines())

    # Documents that are wrong in every place near a secret.
    private = document[0]["privateKey"]
    broken = private[: len(private) // 2] + "?" + private[len(private) // 2:]
    put_refused("dkim:targaryen.net", [{**document[0], "privateKey": broken}])
    put_refused("dkim:lannister.net", {**document[0], "publicKey": document[1]["publicKey"]})
    put_refused("dkim:stark.net", json.dumps(document[0])[:-10])
    put_refused("dkim:got.com", {**document[0], "selector": private})
    put_refused("dkim:arryn.net", {**document[0], "privateKey": {"oops": private}})
    put_refused("opensrs:tully.net", {"domain": "tully.net", "attributes": {"dkim_key": private}})
    put_refused("smarthost:a.example", {**smarthost(25, "TLS"), "password": SMARTHOST_PASSWORD + "!"})
    put_refused("smarthost:b.example", {**smarthost(25, "TLS"), "userId": f"dragon:{SMARTHOST_PASSWORD}"[:7] + ":"})
    put_refused("smarthost:c.example", {**smarthost(25, "none"), "password": [SMARTHOST_PASSWORD]})

    # Everything that answers questions.
    for words in (["status"], ["status", "--json"], ["policy", "show", "dkim:targaryen.net"],
                  ["policy", "show", "smarthost:targaryen.net"], ["route", SENDER], ["route", SENDER, "--json"],
                  ["dkim", "check", "targaryen.net"], ["dkim", "check", "targaryen.net", "--json"],
                  ["explain", "--from", SENDER, "--rcpt", "x@example.org", "--auth", SENDER],
                  ["dkim", "seal-key", "--show", world.posternd.settings["keys"]["seal_file"]]):
        done = ctl(*words, check=False)
        told.append(done.stdout + done.stderr)
    copy = world.folder / "copy"
    world.policies.copy_to(copy)
    bad = copy / "dkim" / "targaryen.net.json"
    bad.write_text(json.dumps([{**document[0], "privateKey": broken}]))
    for words in (["policy", "check", copy], ["policy", "show", "dkim:targaryen.net", "--offline", copy]):
        done = ctl(*words, check=False)
        told.append(done.stdout + done.stderr)
    told += [world.posternd.get(path)[1] for path in ("/metrics", "/healthz", "/readyz", "/nothing")]

    # Redis away and back, with a password that has changed meanwhile: errors of the connection.
    client = world.redis.client()
    client.config_set("requirepass", "another")
    client.client_kill_filter(_type="normal", skipme=True)
    wait_until(lambda: world.posternd.policy_status()["source_away"], "Redis to refuse the password")
    told.append(ctl("status", check=False).stdout)

    # Settings that are wrong beside a secret.
    world.posternd.change_settings({"keys": {"seal_file": world.posternd.settings["policy"]["redis"]["password_file"]}})
    done = subprocess.run([world.posternd.bin / "posternd", "--config", world.posternd.config, "--check-config"],
                          capture_output=True, text=True, cwd="/", **world.posternd.popen_options)
    assert done.returncode == 78
    told.append(done.stdout + done.stderr)
    world.posternd.change_settings({"keys": {"seal_file": ""}})

    said = "\n".join(told)
    assert "(redacted)" in said
    world.posternd.change_settings({"keys": {"seal_file": str(pathlib.Path(
        world.posternd.settings["policy"]["redis"]["password_file"]).parent / "seal.keys")}})
    assert_clean(world, "answers", said)
    assert_clean(world, "posternd's log", world.posternd.log())
    assert "debug" == world.posternd.settings["log"]["level"]
    assert_clean(world, "Postfix's log", world.postfix.log())
    assert_clean(world, "ps and environments", command_lines())


def test_no_file_with_a_secret_is_anybody_elses(world):
    world.dkim_keys = [key["privateKey"] for key in world.policies.get("dkim:targaryen.net")]
    for path in world.posternd.state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o007:
                assert_clean(world, path, path.read_bytes().decode("latin-1"))
    cache = world.posternd.state / "policy.cache"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600
    socket = pathlib.Path(world.posternd.secrets.removeprefix("unix:"))
    assert stat.S_IMODE(socket.stat().st_mode) & 0o007 == 0
