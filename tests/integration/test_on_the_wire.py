"""What was judged is what arrives: nothing smuggled, nothing rewritten, nothing forged, nothing twice."""
import concurrent.futures
import contextlib
import socket
import subprocess

import dkim
import pytest

from support import client


def subjects(world):
    return sorted(str(delivery.header("Subject")) for delivery in world.received())


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n"],
                         ids=["LF.LF", "LF.CRLF", "CRLF.LF", "CR.CR", "CRLF.CR", "CR.CRLF"])
def test_no_second_message_is_smuggled_behind_a_false_end(world, end):
    world.clear()
    hidden = (b"MAIL FROM:<king@lannister.net>\r\nRCPT TO:<arya@stark.net>\r\nDATA\r\n"
              b"From: <king@lannister.net>\r\nSubject: smuggled\r\n\r\ntreason\r\n.\r\n")
    with contextlib.closing(client.Client(world.postfix.port, address="192.0.2.1")) as connection:
        connection.docmd("MAIL", "FROM:<someone@example.org>")
        assert connection.docmd("RCPT", "TO:<arya@stark.net>")[0] == 250
        assert connection.docmd("DATA")[0] == 354
        connection.sock.sendall(b"From: <someone@example.org>\r\nSubject: outer\r\n\r\nhello" + end + hidden)
        connection.sock.settimeout(60)
        with contextlib.suppress(OSError):
            connection.sock.recv(4096)
            connection.sock.shutdown(socket.SHUT_WR)
            while connection.sock.recv(4096):
                pass
    world.postfix.wait_until_empty()
    assert "smuggled" not in subjects(world)


@pytest.fixture(scope="module")
def key():
    """The sender's own DKIM key, and the function that plays DNS for it."""
    private = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True).stdout
    public = subprocess.run(["openssl", "rsa", "-pubout"], input=private, check=True, capture_output=True).stdout
    text = b"v=DKIM1; p=" + b"".join(line for line in public.splitlines() if not line.startswith(b"--"))
    return private, lambda name, timeout=5: text


@pytest.mark.parametrize("seven_bit", [False, True], ids=["8bitmime", "7-bit-sink"])
@pytest.mark.parametrize("canonical", [b"relaxed", b"simple"])
def test_a_senders_signature_survives(world, key, canonical, seven_bit):
    content = client.message(subject="signed  by   the sender", body="Grüße,  aus dem Norden \r\n\r\n.\r\n", headers={
        "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "8bit"})
    signature = dkim.sign(content, b"sel", b"example.org", key[0], canonicalize=(canonical, canonical))
    sink = world.sinks["primary"]
    sink.seven_bit = seven_bit
    world.clear()
    try:
        assert world.send("someone@example.org", "arya@stark.net", signature + content).accepted
        delivery = sink.wait_for(lambda d: "arya@stark.net" in d.recipients)[0]
    finally:
        sink.seven_bit = False
    assert dkim.verify(delivery.content, dnsfunc=key[1])


def test_headers_in_our_name_from_outside_are_removed(world):
    world.clear()
    forged = {"X-Postern-Id": "f" * 32, "X-Postern-Would": "nothing", "X-Spam-Flag": "NO"}
    assert world.send("someone@example.org", "arya@stark.net", headers=forged).accepted
    delivery = world.sinks["primary"].wait_for(lambda d: "arya@stark.net" in d.recipients)[0]
    ids = delivery.headers("X-Postern-Id")
    assert len(ids) == 1 and ids[0].strip() != "f" * 32
    assert delivery.headers("X-Postern-Would") == []


def test_many_at_once_arrive_once_each(world):
    world.clear()
    recipients = ["cersei@lannister.net", "jaime@lannister.net", "arya@stark.net", "jon@nightswatch.org"]

    def send_some(worker):
        outcomes = []
        with contextlib.closing(client.Client(world.postfix.port, address=f"192.0.2.{worker + 1}")) as connection:
            for number in range(10):
                recipient = recipients[(worker + number) % len(recipients)]
                content = client.message(subject=f"{worker}/{number}", recipient=recipient)
                outcomes.append(connection.transaction("someone@example.org", [recipient], content))
        return outcomes

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        outcomes = [outcome for some in pool.map(send_some, range(16)) for outcome in some]
    assert [outcome for outcome in outcomes if not outcome.accepted] == []
    world.postfix.wait_until_empty()
    assert subjects(world) == sorted(f"{worker}/{number}" for worker in range(16) for number in range(10))
