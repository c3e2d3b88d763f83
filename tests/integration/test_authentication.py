"""SPF, DKIM and DMARC over real DNS packets: what comes of them, and what the recipient is told of them."""
import base64

import authres
import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import client
from support.dns_server import DnsServer
from support.policies import variant
from support.tools import free_port
from support.world import World

GOOD, BAD = "192.0.2.1", "192.0.2.99"  # the one client that alpha.test's mail comes from, and another
RELAY = "192.0.2.77"
KEY = rsa.generate_private_key(65537, 2048)
PRIVATE = KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL,
                            serialization.NoEncryption())
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()


def quoted(text):
    return " ".join(f'"{text[at:at + 200]}"' for at in range(0, len(text), 200))


def domain(name, dmarc=None, spf=f"v=spf1 ip4:{GOOD} -all"):
    zone = {name: {"TXT": [quoted(spf)], "MX": [f"10 {name}."], "A": ["192.0.2.25"]},
            f"s1._domainkey.{name}": {"TXT": [quoted(f"v=DKIM1; k=rsa; p={PUBLIC}")]}}
    if dmarc:
        zone[f"_dmarc.{name}"] = {"TXT": [quoted(dmarc)]}
    return zone


ZONE = {**domain("alpha.test"), **domain("strict.test", "v=DMARC1; p=reject"),
        **domain("lax.test", "v=DMARC1; p=none"), "broken.test": "servfail",
        **domain("relayed.test", spf=f"v=spf1 ip4:{RELAY} -all")}
# stark.net takes alpha.test's mail whatever its score, if it is alpha.test's.
POLICIES = {"wblist:stark.net": [
    {"id": "1", "value": "alpha.test", "owner": "stark.net", "type": "ALLOW", "spfOn": True},
    {"id": "2", "value": "broken.test", "owner": "stark.net", "type": "ALLOW", "spfOn": True},
    {"id": "3", "value": "relayed.test", "owner": "stark.net", "type": "ALLOW", "spfOn": True}]}
SPAM = {"X-Spam-Score": "30"}


@pytest.fixture(scope="module")
def dns():
    server = DnsServer(ZONE)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    return variant(tmp_path_factory.mktemp("policies") / "set", POLICIES)


@pytest.fixture(scope="module")
def settings(dns):
    return {"dns": {"servers": [dns.address], "timeout": "1s"}, "authentication_results": "always",
            "dmarc": "enforce"}


@pytest.fixture(scope="module")
def world(policies, settings):
    with World(policies, settings=settings) as built:
        yield built


def signed(content, d="alpha.test", selector=b"s1"):
    return dkim.sign(content, selector, d.encode(), PRIVATE, include_headers=[b"From", b"To", b"Subject"]) + content


def delivered(world, sender, address=GOOD, recipient="arya@stark.net", content=None, **message):
    """Sends one that is accepted; what arrived of it."""
    world.clear()
    outcome = world.send(sender, recipient, content, client_address=address, **message)
    assert outcome.accepted, outcome
    return world.sinks["primary"].wait_for(lambda d: recipient in d.recipients)[0]


def results(delivery, of="mail.test"):
    """What Authentication-Results of that host say: (method, result, the property's value), by a parser of its own."""
    found = []
    for value in delivery.headers("Authentication-Results"):
        parsed = authres.AuthenticationResultsHeader.parse("Authentication-Results: " + " ".join(value.split()))
        if parsed.authserv_id == of:
            found += [(one.method, one.result, one.properties[0].value if one.properties else None)
                      for one in parsed.results]
    return found


def test_spf_pass_and_fail(world, dns):
    assert ("spf", "pass", "jon@alpha.test") in results(delivered(world, "jon@alpha.test", GOOD))
    assert ("spf", "fail", "jon@alpha.test") in results(delivered(world, "jon@alpha.test", BAD))
    assert ("spf", "none", "jon@nobody.test") in results(delivered(world, "jon@nobody.test"))
    assert ("spf", "temperror", "jon@broken.test") in results(delivered(world, "jon@broken.test"))
    assert ("udp", "alpha.test", "TXT") in dns.asked


def test_an_allow_that_asks_for_spf_counts_with_a_pass_alone(world):
    delivered(world, "jon@alpha.test", GOOD, headers=SPAM)
    for sender, address in [("jon@alpha.test", BAD), ("jon@broken.test", GOOD)]:
        outcome = world.send(sender, "arya@stark.net", client_address=address, headers=SPAM)
        assert outcome.reply.startswith("550 5.7.1"), outcome


def test_libspf2_says_the_same_of_a_plain_pass_and_fail(fresh, policies, settings):
    world = fresh(policies=policies, settings={**settings, "spf": {"engine": "libspf2"}})
    assert ("spf", "pass", "jon@alpha.test") in results(delivered(world, "jon@alpha.test", GOOD))
    assert ("spf", "fail", "jon@alpha.test") in results(delivered(world, "jon@alpha.test", BAD))
    delivered(world, "jon@alpha.test", GOOD, headers=SPAM)
    outcome = world.send("jon@alpha.test", "arya@stark.net", client_address=BAD, headers=SPAM)
    assert outcome.reply.startswith("550 5.7.1"), outcome


def test_dkim_by_another_signer(world):
    content = signed(client.message(sender="jon@alpha.test"))
    assert ("dkim", "pass", "alpha.test") in results(delivered(world, "jon@alpha.test", content=content))
    changed = content.replace(b"Winter", b"Summer")
    assert ("dkim", "fail", "alpha.test") in results(delivered(world, "jon@alpha.test", content=changed))
    unsigned = delivered(world, "jon@alpha.test")
    assert [one[:2] for one in results(unsigned) if one[0] == "dkim"] == [("dkim", "none")]


def test_dkim_key_that_is_not_there_or_cannot_be_asked_for(world, dns):
    dns.zone["s3._domainkey.alpha.test"] = "servfail"
    for selector, wanted in [(b"s2", {"permerror", "fail"}), (b"s3", {"temperror"})]:
        content = signed(client.message(sender="jon@alpha.test"), selector=selector)
        said = {result for method, result, _ in results(delivered(world, "jon@alpha.test", content=content))
                if method == "dkim"}
        assert said <= wanted and said, (selector, said)


def test_dmarc_reject_is_a_refusal(world):
    outcome = world.send("jon@strict.test", "arya@stark.net", client_address=BAD)
    assert outcome.reply.startswith("550 5.7.1") and "DMARC" in outcome.reply, outcome
    before = len(world.stored())
    assert world.send("jon@strict.test", "cersei@lannister.net", client_address=BAD).accepted
    assert [row["class"] for row in world.stored()[before:]] == ["senderVerify"]


def test_dmarc_passes_by_spf_or_by_a_signature(world):
    assert ("dmarc", "pass", "strict.test") in results(delivered(world, "jon@strict.test", GOOD))
    content = signed(client.message(sender="jon@strict.test"), d="strict.test")
    assert ("dmarc", "pass", "strict.test") in results(delivered(world, "jon@strict.test", BAD, content=content))
    # Somebody else's signature and envelope prove nothing about this From.
    content = signed(client.message(sender="jon@strict.test"), d="lax.test")
    outcome = world.send("jon@lax.test", "arya@stark.net", content, client_address=GOOD)
    assert outcome.reply.startswith("550"), outcome


def test_dmarc_none_refuses_nobody(world):
    assert ("dmarc", "fail", "lax.test") in results(delivered(world, "jon@lax.test", BAD))
    assert ("dmarc", "none", "alpha.test") in results(delivered(world, "jon@alpha.test", BAD))


def test_results_in_our_name_are_removed_and_others_stay(world):
    forged = ("Authentication-Results: mail.test; spf=pass smtp.mailfrom=jon@alpha.test\r\n"
              "Authentication-Results: MAIL.test 1; dkim=pass header.d=alpha.test\r\n"
              "Authentication-Results: mx.elsewhere.test; spf=pass smtp.mailfrom=x@alpha.test\r\n")
    content = forged.encode() + client.message(sender="jon@alpha.test")
    delivery = delivered(world, "jon@alpha.test", BAD, content=content)
    assert [one[:2] for one in results(delivery) if one[0] == "spf"] == [("spf", "fail")]
    assert ("dkim", "pass", "alpha.test") not in results(delivery)
    assert ("spf", "pass", "x@alpha.test") in results(delivery, of="mx.elsewhere.test")
    assert len(delivery.headers("Authentication-Results")) == 2
    # Ours stands above what came, where the reader looks.
    assert delivery.headers("Authentication-Results")[0].strip().startswith("mail.test")


def test_nothing_is_evaluated_that_no_rule_needs(fresh, policies, dns):
    world = fresh(policies=policies, settings={"dns": {"servers": [dns.address]}})
    before = len(dns.asked)
    assert delivered(world, "jon@lax.test").headers("Authentication-Results") == []
    assert dns.asked[before:] == []
    # The list of stark.net asks for alpha.test's SPF, and for nothing of anybody else.
    assert ("spf", "pass", "jon@alpha.test") in results(delivered(world, "jon@alpha.test"))


def test_mail_flows_without_dns(fresh, policies, settings):
    world = fresh(policies=policies,
                  settings={**settings, "dns": {"servers": [f"127.0.0.1:{free_port()}"], "timeout": "300ms"},
                            "sender_verify": "dns"})
    said = results(delivered(world, "jon@strict.test"))
    assert ("spf", "temperror", "jon@strict.test") in said
    assert ("dmarc", "temperror", "strict.test") in said
    outcome = world.send("jon@alpha.test", "arya@stark.net", client_address=GOOD, headers=SPAM)
    assert outcome.reply.startswith("550 5.7.1"), outcome


def test_mail_flows_while_dns_is_silent(fresh, policies, settings):
    silent = DnsServer(every="silent")
    try:
        world = fresh(policies=policies,
                      settings={**settings, "dns": {"servers": [silent.address], "timeout": "200ms"}})
        assert ("spf", "temperror", "jon@alpha.test") in results(delivered(world, "jon@alpha.test"))
    finally:
        silent.stop()


def received(address):
    return (f"Received: from mx.alpha.test (mx.alpha.test [{address}])\r\n\tby relay.test (Postfix) with ESMTP id 1\r\n"
            "\tfor <arya@stark.net>; Thu, 26 Mar 2026 10:00:00 +0100\r\n").encode()


@pytest.fixture(scope="module")
def behind_relays(policies, settings):
    with World(policies, settings={**settings, "trusted_relays": [f"{RELAY}/32", "127.0.0.0/8"]}) as built:
        yield built


def test_behind_a_trusted_relay_its_client_counts(behind_relays):
    plain = client.message(sender="jon@alpha.test")
    spf = {}
    for name, address, content in [
            ("its client is the right one", RELAY, received(GOOD) + plain),
            ("its client is another", RELAY, received(BAD) + plain),
            ("a second Received is not asked", RELAY, received(BAD) + received(GOOD) + plain),
            ("over two relays", RELAY, received(RELAY) + received(GOOD) + plain),
            ("nobody trusted said it", BAD, received(GOOD) + plain),
            # What Postfix was told by XCLIENT of a relay is the client itself, whatever Received says.
            ("by XCLIENT", GOOD, received(BAD) + plain),
            ("it does not say who", RELAY, plain)]:
        spf[name] = next(result for method, result, _ in
                         results(delivered(behind_relays, "jon@alpha.test", address, content=content))
                         if method == "spf")
    assert spf == {"its client is the right one": "pass", "its client is another": "fail",
                   "a second Received is not asked": "fail", "over two relays": "pass",
                   "nobody trusted said it": "fail", "by XCLIENT": "pass", "it does not say who": "none"}


def test_a_relay_is_nobody_whose_mail_a_list_allows(world, behind_relays):
    content = received(BAD) + client.message(sender="jon@relayed.test", headers=SPAM)
    assert world.send("jon@relayed.test", "arya@stark.net", content, client_address=RELAY).accepted
    outcome = behind_relays.send("jon@relayed.test", "arya@stark.net", content, client_address=RELAY)
    assert outcome.reply.startswith("550 5.7.1"), outcome
