"""Whatever somebody sends, there is an answer, and the daemon lives on within bounds. The asan build reports what
it finds when it ends, and fails the test then."""
import pathlib
import re

import pytest

from support import client, corpus
from support.dns_server import DnsServer
from support.milter import MilterClient
from support.policies import variant
from support.world import World

# got.com treats every class apart; lannister.net has rules that look into every part.
RECIPIENTS = ["davos@got.com"]
POLICIES = {
    "wblist:got.com": [{"id": "1", "value": "friend.test", "owner": "got.com", "type": "ALLOW", "spfOn": True}],
    "attachments:got.com": [
        {"id": str(number), "action": "deny", "checkType": kind, "filter": text, "description": "not here",
         "scope": "got.com", "priority": number}
        for number, (kind, text) in enumerate([("filename", "\\.(exe|scr)$"), ("contenttype", "x-dosexec"),
                                               ("archive-filename", "\\.(exe|scr)$"),
                                               ("archive-contenttype", "x-dosexec")])],
    "uris:got.com": [{"id": "1", "action": "blacklist_uri_host", "filter": "evil.test", "priority": 1}]}
MOST_MEMORY = 256 << 20
MOST_MEMORY_CHECKED = 2 << 30  # AddressSanitizer keeps what was freed for a while


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    dns = DnsServer({})
    with World(variant(tmp_path_factory.mktemp("policies") / "set", POLICIES),
               settings={"dns": {"servers": [dns.address]}, "authentication_results": "always", "dmarc": "enforce",
                         "log": {"level": "info"}}) as built:
        yield built
    dns.stop()


def most_memory(world):
    """The most that the daemon has had in memory so far, in octets."""
    status = pathlib.Path(f"/proc/{world.posternd.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def is_sanitized(world):
    return "libasan" in pathlib.Path(f"/proc/{world.posternd.process.pid}/maps").read_text()


def verdicts(world, messages):
    """The verdict on each. A connection is opened anew after a failure, so that one message is blamed for it."""
    said, connection = {}, None
    for name, content in messages.items():
        try:
            connection = connection or MilterClient(world.posternd.milter_port)
            said[name] = connection.message("jon@friend.test", RECIPIENTS, content)
        except OSError as error:
            said[name], connection = f"failed: {error}", None
    if connection:
        connection.close()
    return said


def test_every_message_of_the_corpus_gets_a_proper_answer(world):
    messages = corpus.messages()
    assert len(messages) > 500
    pid = world.posternd.process.pid
    said = verdicts(world, messages)
    proper = re.compile(r"(continue|accept|discard|[45]\d\d [45]\.\d{1,3}\.\d{1,3} .+)$", re.DOTALL)
    assert {name: verdict for name, verdict in said.items() if not proper.match(verdict)} == {}
    assert world.posternd.is_ready() and world.posternd.process.pid == pid
    # They are not all treated alike, and none is put off: nothing about a message makes a second try end otherwise.
    assert {verdict for verdict in said.values() if verdict.startswith("4")} == set()
    assert {"continue", "discard"} <= set(said.values())
    limit = MOST_MEMORY_CHECKED if is_sanitized(world) else MOST_MEMORY
    assert most_memory(world) < limit, f"{most_memory(world) >> 20} MiB"


@pytest.mark.parametrize("name", ["bomb-flat", "bomb-deep", "bomb-nested", "bomb-overlapping", "bomb-gzip",
                                  "bomb-tar-gz", "archive-10000-members", "parts-1000"])
def test_what_is_made_to_exhaust_ends_in_a_verdict(world, name):
    content = corpus.messages()[f"made/{name}"]
    outcome = world.send("jon@friend.test", "davos@got.com", content)
    assert re.match(r"250|5\d\d 5\.\d\.\d", outcome.reply), outcome
    log = [line for line in world.posternd.log().splitlines() if "message" in line and "davos@got.com" in line][-1]
    if name.startswith("bomb"):
        assert "class=badAttachments" in log, log


@pytest.mark.parametrize("content", [b"no field at all\r\n", b"\r\nafter an empty line\r\n", b"", b"\r\n"])
def test_a_message_without_header_fields_gets_its_answer(world, content):
    outcome = world.send("jon@friend.test", "davos@got.com", content)
    assert outcome.accepted, outcome


def test_lines_and_headers_that_postfix_alone_would_never_send(world):
    """Through Postfix, too: what it makes of them reaches us as it may."""
    for name in ("made/10000-headers", "made/2-mb-header-folded", "made/bare-cr-in-header", "made/8-bit-header",
                 "made/all-octets"):
        content = corpus.messages()[name]
        content = content.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r")
        outcome = world.send("jon@friend.test", "arya@stark.net", content)
        assert re.match(r"250|5\d\d ", outcome.reply or outcome.mail), (name, outcome)
    assert world.send("jon@friend.test", "arya@stark.net", client.message()).accepted
