"""Real clamd: what it finds is a virus, and when it cannot tell, nobody gets the message as clean."""
import base64
import io
import signal
import zipfile

import pytest

from support.rude_server import RudeServer
from support.servers import EICAR, Clamd
from support.tools import free_port
from support.world import World

MULTIPART = {"MIME-Version": "1.0", "Content-Type": 'multipart/mixed; boundary="b"'}


def attached(name, octets):
    encoded = base64.encodebytes(octets).decode().replace("\n", "\r\n")
    return ("--b\r\nContent-Type: text/plain\r\n\r\nSee the file.\r\n"
            "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
            f'Content-Disposition: attachment; filename="{name}"\r\n\r\n{encoded}\r\n--b--\r\n')


def zipped(octets):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("letter.txt", octets)
    return out.getvalue()


INFECTED = {"plain": {"body": EICAR.decode() + "\r\n"},
            "attached": {"headers": MULTIPART, "body": attached("letter.txt", EICAR)},
            "zipped": {"headers": MULTIPART, "body": attached("letter.zip", zipped(EICAR))}}


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    server = Clamd(tmp_path_factory.mktemp("clamd")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def world(clamd):
    with World(settings={"virus": {"address": clamd.address, "timeout": "60s"}}) as built:
        yield built


@pytest.mark.parametrize("form", INFECTED)
def test_the_virus_is_found_and_treated_as_the_policy_says(world, form):
    outcome = world.send("someone@example.org", "arya@stark.net", **INFECTED[form])
    assert outcome.reply.startswith("554 5.7.1"), outcome
    assert "Test.EICAR" in outcome.reply
    before = len(world.stored())
    outcome = world.send("someone@example.org", "cersei@lannister.net", **INFECTED[form])
    assert outcome.accepted, outcome
    assert [(row["class"], row["purpose"]) for row in world.stored()[before:]] == [("virus", "quarantine")]
    world.postfix.wait_until_empty()
    assert world.received() == []


def test_clean_mail_passes(world):
    for message in ({}, {"headers": MULTIPART, "body": attached("letter.zip", zipped(b"Winter is coming."))}):
        assert world.send("someone@example.org", "arya@stark.net", **message).accepted
    world.sinks["primary"].wait_for(lambda d: d.recipients == ["arya@stark.net"], 2)
    world.postfix.wait_until_empty()
    world.clear()
    assert world.posternd.metric("postern_scanner_seconds_count", scanner="clamd") >= 2


def trouble(kind, clamd):
    """What stands at virus.address, and how to end it."""
    if kind == "dead":
        return f"127.0.0.1:{free_port()}", lambda: None
    if kind == "slow":
        clamd.process.signal(signal.SIGSTOP)
        return clamd.address, lambda: clamd.process.signal(signal.SIGCONT)
    rude = RudeServer({"nonsense": b"FOUND: nothing OK stream\0", "garbage": b"\xff" * 300_000, "cut": b"stre"}[kind])
    return f"127.0.0.1:{rude.port}", lambda: rude.__exit__()


@pytest.mark.parametrize("kind", ["dead", "slow", "nonsense", "garbage", "cut"])
def test_a_clamd_that_cannot_tell_means_later(fresh, clamd, kind):
    address, end = trouble(kind, clamd)
    try:
        world = fresh(settings={"virus": {"address": address, "timeout": "1s"}})
        outcome = world.send("someone@example.org", "arya@stark.net")
        assert outcome.reply.startswith("451 4.7.1"), outcome
        # What another has found already needs no clamd.
        outcome = world.send("someone@example.org", "arya@stark.net", headers={"X-Virus-Name": "Eicar"})
        assert outcome.reply.startswith("554 5.7.1"), outcome
        assert world.posternd.metric("postern_scanner_failures_total", scanner="clamd") >= 1
        assert world.received() == [] and world.stored() == []
    finally:
        end()


def test_a_clamd_that_is_dead_lets_mail_through_where_the_operator_says_so(fresh):
    world = fresh(settings={"virus": {"address": f"127.0.0.1:{free_port()}", "on_failure": "accept"}})
    assert world.send("someone@example.org", "arya@stark.net").accepted
    world.sinks["primary"].wait_for(lambda d: d.recipients == ["arya@stark.net"])


def test_a_clamd_that_comes_back_is_asked_again(tmp_path, fresh):
    tmp_path.chmod(0o755)
    server = Clamd(tmp_path)
    world = fresh(settings={"virus": {"address": server.address, "timeout": "60s"}})
    assert world.send("someone@example.org", "arya@stark.net").reply.startswith("451 4.7.1")
    server.start()
    try:
        assert world.send("someone@example.org", "arya@stark.net", **INFECTED["plain"]).reply.startswith("554 5.7.1")
        assert world.send("someone@example.org", "arya@stark.net").accepted
    finally:
        server.stop()
