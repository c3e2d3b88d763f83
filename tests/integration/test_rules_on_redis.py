"""Sender lists, attachment rules, URI rules and OpenSRS attributes: a changed document governs the next message."""
import base64
import json

import pytest

from support.world import World

NOW = {"wblist:stark.net": [{"id": "1", "value": "bolton.test", "owner": "stark.net", "type": "BLOCK", "spfOn": None}],
       "attachments:stark.net": [{"id": "1", "action": "deny", "checkType": "filename", "filter": "\\.raven$",
                                  "description": "no ravens", "scope": "stark.net", "priority": 1}],
       "uris:stark.net": [{"id": "1", "action": "blacklist_uri_host", "filter": "freys.test", "priority": 1}],
       "opensrs:bear-island.net": {"domain": "bear-island.net",
                                   "attributes": {"block": ["*@bolton.test"], "filterdelivery": "passthrough",
                                                  "spamtag": "[BOLTON]"}}}


@pytest.fixture(scope="module")
def world():
    with World(source="redis", settings={"policy": {"shrink_guard": 1.0}}) as built:
        document = dict(built.policies.get("domain:stark.net"), id="bear", name="bear-island.net", domainAliases=[])
        document["policy"]["relayProps"]["relayBadAttachments"] = False
        publish(built, "domain:bear-island.net", document)
        document = built.policies.get("domain:stark.net")
        document["policy"]["relayProps"]["relayBadAttachments"] = False
        publish(built, "domain:stark.net", document)
        yield built


def publish(world, key, document):
    before = world.posternd.generation()
    if document is None:
        world.redis.publish(key, None)
    else:
        world.redis.publish(key, json.dumps(world.policies.rerouted(document)))
    world.posternd.wait_for_generation_after(before)


def subject(world, sender, recipient, **message):
    """The subject it arrived with, or the reply that refused it."""
    world.clear()
    outcome = world.send(sender, recipient, **message)
    if not outcome.accepted:
        return (outcome.reply or outcome.rcpt[recipient])[:9]
    sinks = [sink for sink in world.sinks.values() if sink.name in ("primary", "second")]
    return wait_for_any(world, sinks, recipient).header("Subject")


def wait_for_any(world, sinks, recipient):
    world.postfix.wait_until_empty()
    return next(d for sink in sinks for d in sink.received(lambda d: d.recipients == [recipient]))


FILE = ("--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        'Content-Disposition: attachment; filename="dark.raven"\r\n\r\n'
        + base64.b64encode(b"dark wings").decode() + "\r\n--b--\r\n")
MIME = {"MIME-Version": "1.0", "Content-Type": 'multipart/mixed; boundary="b"'}
MAIL = {"wblist:stark.net": ("roose@bolton.test", "rickon@stark.net", {}),
        "attachments:stark.net": ("jon@snow.test", "rickon@stark.net", {"headers": MIME, "body": FILE}),
        "uris:stark.net": ("jon@snow.test", "rickon@stark.net", {"body": "See http://www.freys.test/wedding\r\n"}),
        "opensrs:bear-island.net": ("roose@bolton.test", "lyanna@bear-island.net", {})}
THEN = {"wblist:stark.net": "550 5.7.1", "attachments:stark.net": "550 5.7.1", "uris:stark.net": "550 5.7.1",
        "opensrs:bear-island.net": "[BOLTON] Hello"}


@pytest.mark.parametrize("key", NOW)
def test_a_document_governs_the_next_message_and_no_more_when_it_is_gone(world, key):
    sender, recipient, message = MAIL[key]
    assert subject(world, sender, recipient, **message) == "Hello"
    publish(world, key, NOW[key])
    try:
        assert subject(world, sender, recipient, **message) == THEN[key]
    finally:
        publish(world, key, None)
    assert subject(world, sender, recipient, **message) == "Hello"
