"""Signatures are good where the mail arrives, by a second implementation: RSA and Ed25519, long lines, 8-bit."""
import re

import dkim
import pytest

SENDER = "daenerys@targaryen.net"


def build(recipient, body, headers="", subject="Fire and blood"):
    return (f"From: Daenerys <{SENDER}>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\n"
            "Date: Thu, 26 Mar 2026 10:00:00 +0100\r\nMessage-ID: <dkim@targaryen.net>\r\n"
            f"{headers}\r\n").encode("utf-8", "surrogateescape") + body


MIME8 = "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
BODIES = {
    "plain": ("", b"Dracarys.\r\n"),
    "empty": ("", b""),
    "only-blank-lines": ("", b"\r\n\r\n\r\n"),
    "trailing-blanks": ("", b"Dracarys.  \t\r\n \r\n\r\n\r\n"),
    "dots": ("", b".\r\n..\r\n.leading\r\nFrom the start\r\n"),
    "line-of-998": ("", b"x" * 998 + b"\r\n"),
    "line-of-999": ("", b"x" * 999 + b"\r\n"),
    "line-of-5000": ("", b"word " * 1000 + b"\r\nshort\r\n" + b"y" * 3000 + b"\r\n"),
    "long-and-8-bit": (MIME8, "ß".encode() * 1500 + b"\r\n"),
    "8-bit": (MIME8, "Grüße aus Meereen, 你好\r\n".encode()),
    "8-bit-without-mime": ("", "Grüße aus Meereen\r\n".encode("latin-1")),
    "7-bit-labelled-8-bit": (MIME8, b"a = b\r\n"),
    "folded-header": ("X-Long: one\r\n two\r\n\tthree\r\n", b"Dracarys.\r\n"),
    "long-header": ("References: " + " ".join(f"<{i}@targaryen.net>" for i in range(120)) + "\r\n", b"Dracarys.\r\n"),
    "long-subject": ("X-Note: " + "z" * 1200 + "\r\n", b"Dracarys.\r\n"),
    "multipart": ('MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n',
                  b"--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                  + "Größe\r\n".encode() + b"--b\r\nContent-Type: text/html\r\n\r\n<p>" + b"t" * 2000
                  + b"</p>\r\n--b--\r\n"),
}


class Keys:
    """What DNS would say, from the DKIM document itself."""

    def __init__(self, world):
        document = world.policies.get("dkim:targaryen.net")
        self.texts = {}
        for key in document:
            kind = "k=ed25519; " if key.get("algorithm") == "ed25519" else ""
            for domain in ("targaryen.net", "dragons.net"):
                name = f"{key['selector']}._domainkey.{domain}."
                self.texts[name.encode()] = f"v=DKIM1; {kind}p={key['publicKey']}".encode()

    def __call__(self, name, timeout=5):
        return self.texts.get(name)


def signatures(delivery):
    """selector -> the signature's tags."""
    found = {}
    for value in delivery.headers("DKIM-Signature"):
        tags = dict(part.split("=", 1) for part in re.sub(r"\s+", "", value).split(";") if "=" in part)
        found[tags["s"]] = tags
    return found


def verify_all(delivery, dns):
    """selector -> whether dkimpy finds it good, for each signature by its place in the message."""
    verifier = dkim.DKIM(delivery.content)
    return [verifier.verify(idx=index, dnsfunc=dns) for index in range(len(delivery.headers("DKIM-Signature")))]


@pytest.fixture(scope="module")
def dns(world):
    return Keys(world)


def deliver(world, recipient, content, sender=SENDER):
    outcome = world.send(sender, recipient, content, user=SENDER)
    assert outcome.accepted, outcome
    return world.sinks["world"].wait_for(lambda delivery: recipient in delivery.recipients)[0]


@pytest.mark.parametrize("seven_bit", [False, True], ids=["8bitmime", "7-bit-sink"])
@pytest.mark.parametrize("kind", BODIES)
def test_both_signatures_are_good_where_it_arrives(world, dns, kind, seven_bit):
    headers, body = BODIES[kind]
    recipient = f"{kind}.{int(seven_bit)}@example.org"
    world.sinks["world"].seven_bit = seven_bit
    try:
        delivery = deliver(world, recipient, build(recipient, body, headers))
    finally:
        world.sinks["world"].seven_bit = False
    found = signatures(delivery)
    assert set(found) == {"protect", "fire"}
    assert found["protect"]["a"] == "rsa-sha256" and found["fire"]["a"] == "ed25519-sha256"
    assert {tags["d"] for tags in found.values()} == {"targaryen.net"}
    assert verify_all(delivery, dns) == [True, True]


def test_an_alias_domain_signs_under_its_own_name(world, dns):
    recipient = "alias@example.org"
    content = build(recipient, b"Dracarys.\r\n").replace(b"@targaryen.net>\r\nTo", b"@dragons.net>\r\nTo")
    delivery = deliver(world, recipient, content, sender="daenerys@dragons.net")
    assert {tags["d"] for tags in signatures(delivery).values()} == {"dragons.net"}
    assert verify_all(delivery, dns) == [True, True]


@pytest.mark.parametrize("algorithm, selector", [("rsa", "protect"), ("ed25519", "fire")])
def test_one_active_key_gives_one_signature(world, dns, algorithm, selector):
    document = world.policies.get("dkim:targaryen.net")
    before = world.posternd.generation()
    try:
        world.policies.put("dkim:targaryen.net", [key for key in document if key.get("algorithm", "rsa") == algorithm])
        world.posternd.wait_for_generation_after(before)
        recipient = f"only-{algorithm}@example.org"
        delivery = deliver(world, recipient, build(recipient, b"Dracarys.\r\n"))
        assert set(signatures(delivery)) == {selector}
        assert verify_all(delivery, dns) == [True]
    finally:
        before = world.posternd.generation()
        world.policies.put("dkim:targaryen.net", document)
        world.posternd.wait_for_generation_after(before)


def test_a_from_header_added_on_the_way_breaks_the_signature(world, dns):
    recipient = "oversigned@example.org"
    delivery = deliver(world, recipient, build(recipient, b"Dracarys.\r\n"))
    delivery.content = b"From: <cersei@lannister.net>\r\n" + delivery.content
    assert True not in verify_all(delivery, dns)


def test_incoming_mail_is_not_signed(world):
    assert world.send("someone@example.org", "arya@stark.net").accepted
    delivery = world.sinks["primary"].wait_for(lambda d: "arya@stark.net" in d.recipients)[0]
    assert delivery.headers("DKIM-Signature") == []
