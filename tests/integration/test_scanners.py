"""Real spamd and rspamd: their scores decide, the highest counts, and one that is away is no clean verdict."""
import pytest

from support.posternd import HEADER_SCANNER
from support.servers import GTUBE, Rspamd, Spamd
from support.tools import free_port


@pytest.fixture(scope="module")
def spamd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spamd")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    server = Spamd(folder).start()
    yield {"type": "spamd", "address": f"127.0.0.1:{server.port}", "timeout": "60s"}
    server.stop()


@pytest.fixture(scope="module")
def rspamd(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rspamd")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    server = Rspamd(folder).start()
    yield {"type": "rspamd", "url": server.url, "timeout": "60s"}
    server.stop()


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
