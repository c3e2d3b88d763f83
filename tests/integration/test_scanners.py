"""Real spamd and rspamd: their scores decide, the highest counts, and one that is away is no clean verdict."""
import contextlib
import os
import pathlib
import signal

import pytest

from support.posternd import HEADER_SCANNER, TRUSTED
from support.rude_server import RudeServer
from support.servers import GTUBE, Rspamd, Spamd
from support.tools import free_port


@pytest.fixture(scope="module")
def spamd_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spamd")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    server = Spamd(folder).start()
    yield {"type": "spamd", "address": f"127.0.0.1:{server.port}", "timeout": "60s"}, server
    server.stop()


@pytest.fixture(scope="module")
def rspamd_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rspamd")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    server = Rspamd(folder).start()
    yield {"type": "rspamd", "url": server.url, "timeout": "60s"}, server
    server.stop()


@pytest.fixture
def spamd(spamd_server):
    return spamd_server[0]


@pytest.fixture
def rspamd(rspamd_server):
    return rspamd_server[0]


def subject_at(world, recipient, **message):
    outcome = world.send("someone@example.org", recipient, **message)
    assert outcome.accepted, outcome
    return world.sinks["primary"].wait_for(lambda d: recipient in d.recipients)[0].header("Subject")


@pytest.mark.parametrize("scanner", ["spamd", "rspamd"])
def test_one_scanner_tells_spam_from_the_rest(fresh, request, scanner):
    world = fresh(settings={"spam": {"scanners": [request.getfixturevalue(scanner)]}})
    assert subject_at(world, "arya@stark.net") == "Hello"
    outcome = world.send("someone@example.org", "arya@stark.net", body=GTUBE + "\r\n")
    assert outcome.reply.startswith("550 5.7.1"), outcome
    outcome = world.send("someone@example.org", "tywin@lannister.net", body=GTUBE + "\r\n")
    assert outcome.accepted
    assert [row["class"] for row in world.stored()] == ["spam"]
    assert world.posternd.metric("postern_scanner_seconds_count", scanner=scanner) >= 3


def test_the_highest_score_counts(fresh, spamd):
    world = fresh(settings={"spam": {"scanners": [spamd, HEADER_SCANNER]}})
    assert subject_at(world, "cersei@lannister.net", headers={"X-Spam-Score": "9"}) == "[SPAM] Hello"
    outcome = world.send("someone@example.org", "arya@stark.net", headers={"X-Spam-Score": "0"}, body=GTUBE + "\r\n")
    assert outcome.reply.startswith("550 5.7.1"), outcome


@pytest.mark.parametrize("kind", ["spamd", "rspamd"])
def test_a_scanner_that_is_away_means_later(fresh, kind):
    port = free_port()
    away = ({"type": "spamd", "address": f"127.0.0.1:{port}"} if kind == "spamd"
            else {"type": "rspamd", "url": f"http://127.0.0.1:{port}"})
    world = fresh(settings={"spam": {"scanners": [HEADER_SCANNER, away]}})
    outcome = world.send("someone@example.org", "cersei@lannister.net")
    assert outcome.reply.startswith("451 4.7.1"), outcome
    # What no score can change is decided without it.
    outcome = world.send("someone@example.org", "arya@stark.net", headers={"X-Virus-Name": "Eicar"})
    assert outcome.reply.startswith("554 5.7.1"), outcome
    assert world.posternd.metric("postern_scanner_failures_total", scanner=kind) >= 1


def test_a_scanner_that_is_away_and_mail_is_let_through_where_the_operator_says_so(fresh):
    world = fresh(settings={"spam": {"scanners": [{"type": "spamd", "address": f"127.0.0.1:{free_port()}"}],
                                     "on_failure": "accept"}})
    assert subject_at(world, "cersei@lannister.net") == "Hello"


@contextlib.contextmanager
def stopped(pid):
    """The whole family of a process stands still: spamd's children and rspamd's workers answer without their parent."""
    family = [pid]
    for one in family:
        family += [int(child) for task in pathlib.Path(f"/proc/{one}/task").glob("*/children")
                   for child in task.read_text().split()]
    for one in family:
        os.kill(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in family:
            os.kill(one, signal.SIGCONT)


def test_a_scanner_that_is_slow_means_later(fresh, spamd_server, rspamd_server):
    scanners = [{**scanner, "timeout": "1s"} for scanner, _ in (spamd_server, rspamd_server)]
    world = fresh(settings={"spam": {"scanners": [HEADER_SCANNER, *scanners]}})
    for kind, server in [("spamd", spamd_server[1]), ("rspamd", rspamd_server[1])]:
        before = world.posternd.metric("postern_scanner_failures_total", scanner=kind) or 0
        with stopped(server.process.pid):
            outcome = world.send("someone@example.org", "cersei@lannister.net")
        assert outcome.reply.startswith("451 4.7.1"), (kind, outcome)
        assert world.posternd.metric("postern_scanner_failures_total", scanner=kind) == before + 1
    assert world.received() == [] and world.stored() == []


NONSENSE = {"words": b"hello, who is there?\r\n\r\n", "octets": bytes(range(256)) * 1000,
            "half": b"SPAMD/1.1 0 EX_OK\r\nSpam: True ; 10",
            "no-number": b"SPAMD/1.1 0 EX_OK\r\nContent-length: 0\r\nSpam: False ; nan / 5.0\r\n\r\n",
            "no-score": b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"score":"none"',
            "another-score": b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"score":"none"}',
            "nothing": b""}


def test_a_scanner_that_talks_nonsense_means_later(fresh):
    with RudeServer(b"") as rude:
        address = f"127.0.0.1:{rude.port}"
        world = fresh(settings={"spam": {"scanners": [
            HEADER_SCANNER, {"type": "spamd", "address": address, "timeout": "10s"},
            {"type": "rspamd", "url": f"http://{address}", "timeout": "10s"}]}})
        for number, (name, says) in enumerate(NONSENSE.items(), 1):
            rude.server.says = says
            outcome = world.send("someone@example.org", "cersei@lannister.net")
            assert outcome.reply.startswith("451 4.7.1"), (name, outcome)
            # Each of the two takes none of it for a score.
            for kind in ("spamd", "rspamd"):
                assert world.posternd.metric("postern_scanner_failures_total", scanner=kind) == number, (kind, name)
        assert world.received() == [] and world.stored() == []


def test_each_score_is_multiplied_by_its_scale(fresh, spamd):
    second = {"type": "header", "score": "X-Other-Score", "advert": "", "virus": "", "trust": TRUSTED, "scale": 0.5}
    world = fresh(settings={"spam": {"scanners": [HEADER_SCANNER, second, {**spamd, "scale": 0.006}]}})
    # cersei's policy: spam from 7.2, delivered with a tag below 20.
    for own, other, body, subject in [("7.1", "14.3", "Winter.\r\n", "Hello"),
                                      ("7.1", "14.4", "Winter.\r\n", "[SPAM] Hello"),
                                      ("0", "0", GTUBE + "\r\n", "Hello"),
                                      ("7.2", "0", GTUBE + "\r\n", "[SPAM] Hello")]:
        world.clear()
        scores = {"X-Spam-Score": own, "X-Other-Score": other}
        got = subject_at(world, "cersei@lannister.net", headers=scores, body=body)
        assert got == subject, (own, other)
    delivery = world.sinks["primary"].received()[0]
    assert delivery.header("X-Spam-Score")
