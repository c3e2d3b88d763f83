"""A Postfix whose services are chrooted as Debian ships them: every table and the milter are still in reach."""
import os
import pathlib

import pytest

from support.world import World


@pytest.fixture(scope="module")
def world():
    with World(chroot=True) as built:
        yield built


def services_in_chroot(world):
    """The names of Postfix's services whose root is the queue folder."""
    spool = str(world.postfix.folder / "spool")
    names = set()
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "root") == spool:
                names.add((process / "comm").read_text().strip())
        except OSError:
            continue
    return names


def test_incoming_mail_is_tagged_and_delivered(world):
    assert world.send("a@example.org", "cersei@lannister.net", headers={"X-Spam-Score": "8"}).accepted
    delivery = world.sinks["primary"].wait_for(lambda d: "cersei@lannister.net" in d.recipients)[0]
    assert delivery.header("Subject") == "[SPAM] Hello"
    assert {"smtpd", "cleanup", "trivial-rewrite"} <= services_in_chroot(world)


@pytest.mark.parametrize("recipient, sink, tls", [
    ("renly@baratheon.net", "starttls", True), ("theon@greyjoy.net", "starttls", False),
    ("edmure@tully.net", "smtps", True), ("tyrion@lannister.net", "second", False)])
def test_each_service_delivers(world, recipient, sink, tls):
    assert world.send("a@example.org", recipient).accepted
    assert world.sinks[sink].wait_for(lambda d: recipient in d.recipients)[0].tls is tls


def test_a_login_sends(world):
    assert world.send("daenerys@targaryen.net", "someone@example.org", user="daenerys@targaryen.net").accepted
    assert world.sinks["world"].wait_for(lambda d: "someone@example.org" in d.recipients)


def test_a_stranger_does_not(world):
    outcome = world.send("someone@example.com", "someone@example.org")
    assert outcome.rcpt["someone@example.org"].startswith("554 5.7.1")
