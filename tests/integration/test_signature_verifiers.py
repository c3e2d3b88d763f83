"""Signatures over awkward mail hold where Postfix has delivered it, by two other implementations: dkimpy and npm's
mailauth, the latter where npm is installed (scripts/verify-signatures sees to it)."""
import re

import pytest

from support import client, second_opinion
from support.world import World

SENDER = "daenerys@targaryen.net"
MIME = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
HTML = "MIME-Version: 1.0\r\nContent-Type: text/html; charset=iso-8859-1\r\n"
PARTS = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary="=_b"\r\n'

HEADERS = {
    "plain": "",
    "8-bit": MIME,
    "folded": "X-Note: one\r\n two\r\n\tthree   four\t\r\nComments: a\r\n  b\r\n",
    "folded-subject": "Subject: Fire\r\n and\r\n\tblood \r\n",
    "duplicates": "To: second@example.org\r\nCc: a@example.org\r\nCc: b@example.org\r\nReply-To: <a@targaryen.net>\r\n"
                  "Reply-To: <b@targaryen.net>\r\nSubject: again\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n",
    "blanks": "Subject:   leading\r\nX-Tab:\tafter a tab\r\nX-None:nothing\r\nX-Empty:\r\nX-Blank: \r\nKeywords: a  b   c\r\n",
    "long-references": "References: " + "\r\n ".join(f"<{i}.{i * 7}@targaryen.net>" for i in range(150)) + "\r\n",
    "long-line": "X-Long: " + "z" * 1500 + "\r\nIn-Reply-To: " + " ".join(f"<{i}@targaryen.net>" for i in range(90)) + "\r\n",
    "raw-utf8": "X-Raw: Grüße, 你好\r\nOrganization: Haus Tárgárýen\r\n" + MIME,
    "encoded-words": "Subject: =?utf-8?q?Drac=C3=A1rys?= =?utf-8?b?8J+QiQ==?=\r\n" + MIME,
    "odd-case": "mEsSaGe-iD: <odd@targaryen.net>\r\nCC: c@example.org\r\nlist-ID: dragons <dragons.targaryen.net>\r\n",
    "list": "List-Unsubscribe: <https://targaryen.net/u>,\r\n\t<mailto:u@targaryen.net>\r\nList-Unsubscribe-Post:"
            " List-Unsubscribe=One-Click\r\nPrecedence: list\r\n",
    "resent": "Resent-From: <daenerys@targaryen.net>\r\nResent-To: x@example.org\r\nResent-Date: Thu, 26 Mar 2026"
              " 10:00:00 +0100\r\n",
    "other-signature": "DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=x; h=from; bh=AAAA; b=AAAA\r\n"
                       "Authentication-Results: elsewhere.test; spf=pass\r\nReceived: from a by b; Thu, 26 Mar 2026"
                       " 10:00:00 +0100\r\n",
    "html": HTML,
    "parts": PARTS,
}

BODIES = {
    "plain": b"Dracarys.\r\n",
    "empty": b"",
    "one-blank-line": b"\r\n",
    "only-blank-lines": b"\r\n" * 5,
    "trailing-blank-lines": b"Dracarys.\r\n" + b"\r\n" * 7,
    "trailing-blanks": b"Dracarys.  \t\r\n \t \r\nmore \r\n   \r\n\r\n",
    "inner-blanks": b"a  b \t c\r\n\tindented\r\n   more\r\n",
    "dots": b".\r\n..\r\n.leading\r\nFrom the start\r\n.",
    "no-line-end": b"the last line has no end",
    "998": b"x" * 998 + b"\r\n",
    "999": b"x" * 999 + b"\r\n",
    "1997": b"y" * 1997 + b"\r\nshort\r\n",
    "5000-words": b"word " * 1000 + b"\r\n" + b" " * 1200 + b"\r\n",
    "8-bit": "Grüße aus Meereen, 你好\r\n".encode() * 3,
    "latin-1": "Grüße\r\n".encode("latin-1"),
    "long-8-bit": "ß".encode() * 1700 + b"\r\n",
    "bare-cr": b"one\rtwo\r\r\nthree\r\n",
    "controls": bytes(range(1, 9)) + b"\x0b\x0c\x0e\x1b\x7f\r\n",
    "equals": b"a = b =3D c=\r\n=20\r\n",
    "parts": b"preamble\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
             + "Größe\r\n".encode() + b"--=_b\r\nContent-Type: text/html\r\n\r\n<p>" + b"t" * 2000
             + b"</p>\r\n--=_b--\r\nepilogue \r\n\r\n",
}


def build(recipient, headers, body):
    given = {line.split(":")[0].lower() for line in headers.split("\r\n") if line[:1] not in ("", " ", "\t")}
    standard = {"From": f"Daenerys <{SENDER}>", "To": f"<{recipient}>", "Subject": "Fire and blood",
                "Date": "Thu, 26 Mar 2026 10:00:00 +0100", "Message-ID": "<dkim@targaryen.net>"}
    # A field of the case stands beside the usual one only where it is meant to be there twice.
    twice = "Cc: b@example.org" in headers
    usual = "".join(f"{name}: {value}\r\n" for name, value in standard.items()
                    if twice or name.lower() not in given)
    return (usual + headers + "\r\n").encode() + body


@pytest.fixture(scope="module")
def world():
    with World(settings={"log": {"level": "info"}, "signing": {"verify_sample": 1}}) as built:
        yield built


@pytest.fixture
def keys(world):
    """keys(algorithms): only such keys sign; the texts that stand in the DNS. They are all put back."""
    document = world.policies.get("dkim:targaryen.net")

    def choose(algorithms):
        chosen = [key for key in document if key.get("algorithm", "rsa") in algorithms]
        if chosen != document:
            before = world.posternd.generation()
            world.policies.put("dkim:targaryen.net", chosen)
            world.posternd.wait_for_generation_after(before)
        return second_opinion.dns_texts(chosen, ["targaryen.net"])

    yield choose
    if world.policies.get("dkim:targaryen.net") != document:
        before = world.posternd.generation()
        world.policies.put("dkim:targaryen.net", document)
        world.posternd.wait_for_generation_after(before)


def deliver(world, cases, tag):
    """case -> the message as it arrived."""
    connection = client.Client(world.postfix.submission_port, user=SENDER)
    names = {}
    for number, (headers, body) in enumerate(cases):
        recipient = f"{tag}{number}@example.org"
        outcome = connection.transaction(SENDER, [recipient], build(recipient, HEADERS[headers], BODIES[body]))
        assert outcome.accepted, (headers, body, outcome)
        names[recipient] = (headers, body)
    connection.close()
    sink = world.sinks["world"]
    sink.wait_for(lambda delivery: delivery.recipients[0].startswith(tag), len(cases))
    return {names[delivery.recipients[0]]: delivery.content
            for delivery in sink.received(lambda delivery: delivery.recipients[0].startswith(tag))}


def own_signatures(content):
    header = re.split(rb"\r\n\r\n", content, maxsplit=1)[0]
    return len(re.findall(rb"(?im)^DKIM-Signature:(?:[^\r\n]|\r\n[ \t])*d=targaryen\.net;", header))


ALL = [(headers, body) for headers in HEADERS for body in BODIES]
RUNS = {"double": ({"rsa", "ed25519"}, ALL, {"protect", "fire"}),
        "rsa": ({"rsa"}, ALL[::5], {"protect"}),
        "ed25519": ({"ed25519"}, ALL[::5], {"fire"})}


@pytest.mark.parametrize("run", RUNS)
def test_every_signature_holds_where_it_arrives(world, keys, run):
    algorithms, cases, selectors = RUNS[run]
    texts = keys(algorithms)
    arrived = deliver(world, cases, f"{run}-")
    assert len(arrived) == len(cases)
    wrong = {}
    for case, content in arrived.items():
        if own_signatures(content) != len(selectors):
            wrong[case] = "not signed"
        elif second_opinion.by_dkimpy(content, texts, len(selectors)) != [True] * len(selectors):
            wrong[case] = "dkimpy"
    assert not wrong
    failed = world.posternd.metric("postern_dkim_self_checks_total", result="fail")
    assert not failed, "libopendkim finds a signature wrong"
    if second_opinion.mailauth_modules() is None:
        pytest.skip("dkimpy found them good; without npm there is no mailauth (scripts/verify-signatures)")
    verdicts = second_opinion.by_mailauth(list(arrived.values()), texts)
    for case, found in zip(arrived, verdicts):
        ours = {selector: result for selector, result, _ in found if selector in selectors}
        if ours != {selector: "pass" for selector in selectors}:
            wrong[case] = found
    assert not wrong


def test_there_are_enough_of_them():
    assert len(ALL) >= 300
