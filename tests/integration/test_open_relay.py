"""Nobody sends through us to the world who may not: with everything up, with any table away, with posternd away."""
import pytest

from support import client
from support.world import World

# As the world tries it: plainly, in a customer's name, by the null sender, by old routing tricks.
ATTEMPTS = [
    ("someone@example.com", "victim@example.org"),
    ("", "victim@example.org"),
    ("daenerys@targaryen.net", "victim@example.org"),
    ("cersei@lannister.net", "victim@example.org"),
    ("postmaster@mail.test", "victim@example.org"),
    ("someone@example.com", "victim%example.org@lannister.net"),
    ("someone@example.com", '"victim@example.org"@lannister.net'),
    ("someone@example.com", "@lannister.net:victim@example.org"),
    ("someone@example.com", "example.org!victim"),
    ("someone@example.com", "victim@[127.0.0.20]"),
]
TABLES = ["relay_domains", "relay_clients", "relay_recipients", "recipient_checks", "transport", "virtual_alias", "sender_transport"]
CLIENTS = ["192.0.2.1", "127.0.0.1", "10.1.2.3"]


@pytest.fixture(scope="module")
def world():
    with World(table_proxy=True) as built:
        yield built


def try_all(world):
    """Tries everything; what was accepted for the world. A platform's own users may be named like a trick.
    What was taken for a platform is in the queue, and may have to wait there until a table is back."""
    let_through = []
    for address in CLIENTS:
        for sender, recipient in ATTEMPTS:
            outcome = client.send(world.postfix.port, sender, [recipient], client.message(sender=sender),
                                  address=address)
            if outcome.accepted and not recipient.endswith("@lannister.net"):
                let_through.append((address, sender, recipient, outcome))
    return let_through


@pytest.fixture(autouse=True)
def nothing_leaves(world):
    """When all is well again and the queue is empty, nothing has gone to the world."""
    world.clear()
    yield
    world.tables.faults.clear()
    world.postfix.reload()
    world.postfix.wait_until_empty()
    assert [d for d in world.sinks["world"].received() if d.recipients != ["friend@example.org"]] == []


def settle(world):
    """Nothing of an earlier test waits in the queue, where a table that is away would hold it for ever."""
    world.postfix.flush()
    world.postfix.wait_until_empty()


def legitimate(world):
    """Mail that a served domain should get: accepted, or put off, but never refused for good."""
    outcome = world.send("a@example.com", "arya@stark.net")
    replies = [outcome.mail, *outcome.rcpt.values(), outcome.reply]
    return all(reply is None or reply[0] in "24" for reply in replies), replies


def test_with_everything_up(world):
    assert try_all(world) == []
    assert world.send("a@example.com", "arya@stark.net").accepted


@pytest.mark.parametrize("fault", ["temp", "drop", "garbage"])
@pytest.mark.parametrize("table", TABLES)
def test_with_one_table_away(world, table, fault):
    settle(world)
    world.tables.faults[table] = fault
    world.postfix.reload()  # smtpd remembers answers as long as it lives
    assert try_all(world) == []
    fine, replies = legitimate(world)
    assert fine, f"a fault of ours refused mail for good: {replies}"


def test_with_all_tables_away(world):
    settle(world)
    world.tables.faults.update({table: "drop" for table in TABLES})
    world.postfix.reload()
    assert try_all(world) == []
    fine, replies = legitimate(world)
    assert fine, f"a fault of ours refused mail for good: {replies}"


def test_with_posternd_away(world):
    settle(world)
    world.posternd.kill()
    world.postfix.reload()
    try:
        assert try_all(world) == []
        fine, replies = legitimate(world)
        assert fine, f"a fault of ours refused mail for good: {replies}"
        # Neither do those who may send: nothing leaves unjudged.
        outcome = world.send("missandei@targaryen.net", "victim@example.org", client_address="198.51.100.7")
        assert not outcome.accepted, outcome
    finally:
        world.posternd.start()
        world.postfix.reload()
    assert world.send("missandei@targaryen.net", "friend@example.org", client_address="198.51.100.7").accepted
    world.sinks["world"].wait_for(lambda delivery: delivery.recipients == ["friend@example.org"])


def test_submission_takes_nobody_who_has_not_logged_in(world):
    outcome = client.send(world.postfix.submission_port, "daenerys@targaryen.net", ["victim@example.org"],
                          client.message(), address="192.0.2.1", starttls=True)
    assert not outcome.accepted


def test_a_wrong_password_is_no_login(world):
    with pytest.raises(client.smtplib.SMTPAuthenticationError):
        client.Client(world.postfix.submission_port, user="daenerys@targaryen.net", password="wrong")
