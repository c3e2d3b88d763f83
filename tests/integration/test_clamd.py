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


NONSENSE = {"words": b"FOUND: nothing OK stream\0", "octets": b"\xff" * 300_000, "cut": b"stre", "nothing": b""}


def expect_later(world):
    outcome = world.send("someone@example.org", "arya@stark.net")
    assert outcome.reply.startswith("451 4.7.1"), outcome
    # What another has found already needs no clamd.
    outcome = world.send("someone@example.org", "arya@stark.net", headers={"X-Virus-Name": "Eicar"})
    assert outcome.reply.startswith("554 5.7.1"), outcome


def test_a_clamd_that_is_slow_means_later(fresh, clamd):
    world = fresh(settings={"virus": {"address": clamd.address, "timeout": "1s"}})
    clamd.process.signal(signal.SIGSTOP)
    try:
        expect_later(world)
    finally:
        clamd.process.signal(signal.SIGCONT)
    assert world.received() == [] and world.stored() == []


def test_a_clamd_that_talks_nonsense_means_later(fresh):
    with RudeServer(b"") as rude:
        world = fresh(settings={"virus": {"address": f"127.0.0.1:{rude.port}", "timeout": "10s"}})
        for number, says in enumerate(NONSENSE.values(), 1):
            rude.server.says = says
            expect_later(world)
            assert world.posternd.metric("postern_scanner_failures_total", scanner="clamd") == 2 * number
        assert world.received() == [] and world.stored() == []


def test_a_clamd_that_is_dead_lets_mail_through_where_the_operator_says_so(fresh):
    world = fresh(settings={"virus": {"address": f"127.0.0.1:{free_port()}", "on_failure": "accept"}})
    assert world.send("someone@example.org", "arya@stark.net").accepted
    world.sinks["primary"].wait_for(lambda d: d.recipients == ["arya@stark.net"])


def test_a_clamd_that_is_dead_means_later_and_is_asked_again_when_it_is_back(tmp_path, fresh):
    tmp_path.chmod(0o755)
    server = Clamd(tmp_path)
    world = fresh(settings={"virus": {"address": server.address, "timeout": "60s"}})
    expect_later(world)
    server.start()
    try:
        assert world.send("someone@example.org", "arya@stark.net", **INFECTED["plain"]).reply.startswith("554 5.7.1")
        assert world.send("someone@example.org", "arya@stark.net").accepted
        server.stop()
        expect_later(world)
    finally:
        server.stop()
