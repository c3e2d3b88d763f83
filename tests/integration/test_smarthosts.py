"""Outgoing mail through the customers' smarthosts: a second, real Postfix with logins and TLS."""
import base64

import pytest

from support.policies import variant
from support.smarthost import Smarthost
from support.tools import wait_until

DRAGON, BEAR = "daenerys@targaryen.net", "jeor@harrenhal.net"
PASSWORDS = {"dragon": "fire:and blood", "bear": "here we stand", "everybody": "valar morghulis"}


def document(port, security, login=None, password=None, **more):
    members = {"instanceID": 1234568790, "hostname": "127.0.0.1", "portNumber": port, "secureConnection": security,
               "authenticationEnabled": login is not None, **more}
    if login:
        secret = password or PASSWORDS[login]
        members |= {"userId": login, "updatePassword": True, "password": base64.b64encode(secret.encode()).decode()}
    return members


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    from support.world import World
    folder = variant(tmp_path_factory.mktemp("policies") / "set",
                     {"domain:harrenhal.net": lambda domain: domain.update(status="ENABLED"),
                      "user:jeor@harrenhal.net": {"id": "jeor", "email": BEAR, "status": "ENABLED"}})
    with World(folder, settings={"policy": {"shrink_guard": 1}}) as world:
        sink = world.sinks["world"]
        home = world.folder / "smarthost"
        home.mkdir()
        world.smarthost = Smarthost(home, world.certificate, f"[{sink.address}]:{sink.port}", PASSWORDS)
        yield world
        world.smarthost.stop()


@pytest.fixture
def smarthosts(house):
    """smarthosts(id=document, ...) puts these in force for one test; `_` in an id stands for a dot."""
    written = []

    def put(documents):
        before = house.posternd.generation()
        for name, content in documents.items():
            key = f"smarthost:{name}"
            house.policies.put(key, content)
            written.append(key)
        house.posternd.wait_for_generation_after(before)

    house.clear()
    yield put
    house.postfix.drop_queue()
    before = house.posternd.generation()
    for key in set(written):
        house.policies.delete(key)
    if written:
        house.posternd.wait_for_generation_after(before)


def send(world, sender, recipient):
    outcome = world.send(sender, recipient, user=sender, headers={"From": f"<{sender}>"})
    assert outcome.accepted, outcome


def arrived(world, recipient):
    return world.sinks["world"].wait_for(lambda delivery: recipient in delivery.recipients)[0]


def hops(delivery):
    """The Received fields as one text, the last hop first."""
    return " | ".join(" ".join(value.split()) for value in delivery.headers("Received"))


@pytest.mark.parametrize("security, port, tls", [
    ("Plain", "plain_port", False), ("STARTTLS", "starttls_port", True), ("TLS", "smtps_port", True),
    ("ssl", "smtps_port", True)])
def test_a_login_by_each_way_in(house, smarthosts, security, port, tls):
    smarthosts({"targaryen.net": document(getattr(house.smarthost, port), security, "dragon")})
    recipient = f"{security}@example.org"
    send(house, DRAGON, recipient)
    delivery = arrived(house, recipient)
    assert "(Authenticated sender: dragon)" in hops(delivery)
    assert ("using TLS" in hops(delivery).split("by relay.test")[0]) is tls
    assert delivery.headers("DKIM-Signature")
    if security == "Plain":
        assert "without TLS" in house.posternd.log()


def test_no_login_where_none_is_asked_for(house, smarthosts):
    smarthosts({"targaryen.net": document(house.smarthost.open_port, "STARTTLS")})
    before = len(house.smarthost.sasl.tried)
    send(house, DRAGON, "nologin@example.org")
    assert "by relay.test" in hops(arrived(house, "nologin@example.org"))
    assert len(house.smarthost.sasl.tried) == before


def test_two_customers_of_one_provider_keep_their_own(house, smarthosts):
    smarthosts({"targaryen.net": document(house.smarthost.starttls_port, "STARTTLS", "dragon"),
                "harrenhal.net": document(house.smarthost.starttls_port, "STARTTLS", "bear")})
    for turn in range(3):
        for sender, login in ((DRAGON, "dragon"), (BEAR, "bear")):
            recipient = f"{login}{turn}@example.org"
            send(house, sender, recipient)
            assert f"(Authenticated sender: {login})" in hops(arrived(house, recipient))


def test_the_default_takes_the_rest_and_the_null_sender(house, smarthosts):
    smarthosts({"default": document(house.smarthost.smtps_port, "TLS", "everybody"),
                "targaryen.net": document(house.smarthost.smtps_port, "TLS", "dragon")})
    send(house, BEAR, "rest@example.org")
    assert "(Authenticated sender: everybody)" in hops(arrived(house, "rest@example.org"))
    send(house, DRAGON, "own@example.org")
    assert "(Authenticated sender: dragon)" in hops(arrived(house, "own@example.org"))
    # A bounce of ours: its only key for a password is the next hop.
    before = len(house.smarthost.sasl.tried)
    house.postfix.sendmail("", "bounced@example.org", b"From: <>\r\nSubject: a bounce\r\n\r\nhello\r\n")
    assert "(Authenticated sender: everybody)" in hops(arrived(house, "bounced@example.org"))
    assert house.smarthost.sasl.wait_for_tried(before + 1)[before:] == [("everybody", PASSWORDS["everybody"])]


def test_our_own_domains_keep_their_platforms(house, smarthosts):
    smarthosts({"default": document(house.smarthost.smtps_port, "TLS", "everybody"),
                "targaryen.net": document(house.smarthost.smtps_port, "TLS", "dragon")})
    before = len(house.smarthost.sasl.tried)
    send(house, DRAGON, "arya@stark.net")
    delivery = house.sinks["primary"].wait_for(lambda d: "arya@stark.net" in d.recipients)[0]
    assert "relay.test" not in hops(delivery)
    assert len(house.smarthost.sasl.tried) == before


@pytest.mark.parametrize("port, security, password, reason", [
    ("smtps_port", "TLS", "wrong", r"status=deferred.*SASL authentication failed"),
    ("plain_port", "STARTTLS", None, r"status=deferred.*TLS is required, but was not offered"),
])
def test_what_does_not_fit_waits_in_the_queue(house, smarthosts, port, security, password, reason):
    smarthosts({"targaryen.net": document(getattr(house.smarthost, port), security, "dragon", password)})
    tried = len(house.smarthost.sasl.tried)
    recipient = f"waits-{security.lower()}@example.org"
    send(house, DRAGON, recipient)
    house.postfix.wait_for_log(f"to=<{recipient}>.*{reason}")
    if security == "STARTTLS":  # not even tried, where there is no TLS
        assert len(house.smarthost.sasl.tried) == tried
    assert not house.received(lambda delivery: recipient in delivery.recipients)
    # Mended, it goes on its way: the queue asks anew.
    before = house.posternd.generation()
    house.policies.put("smarthost:targaryen.net", document(house.smarthost.smtps_port, "TLS", "dragon"))
    house.posternd.wait_for_generation_after(before)
    # qmgr remembers the last way that it was told for half a minute.
    house.postfix.reload()

    def has_gone():
        house.postfix.flush()  # says nothing of what is on its way at that moment
        return house.sinks["world"].received(lambda delivery: recipient in delivery.recipients)

    assert "(Authenticated sender: dragon)" in hops(wait_until(has_gone, "the queue to be tried again", pause=0.5)[0])


def test_without_update_password_the_one_in_force_stays_also_over_a_restart(house, smarthosts):
    port = house.smarthost.smtps_port
    smarthosts({"targaryen.net": document(port, "TLS", "dragon")})
    moved = document(port, "TLS", "dragon", updatePassword=False) | {
        "updatePassword": False, "password": base64.b64encode(b"not this one").decode(), "instanceID": "moved"}
    smarthosts({"targaryen.net": moved})
    send(house, DRAGON, "kept@example.org")
    assert "(Authenticated sender: dragon)" in hops(arrived(house, "kept@example.org"))
    house.posternd.stop()
    house.posternd.start()
    send(house, DRAGON, "kept-after@example.org")
    assert "(Authenticated sender: dragon)" in hops(arrived(house, "kept-after@example.org"))
    assert "not this one" not in str(house.smarthost.sasl.tried)
    # Known to nobody: the mail waits, and is not sent without its login.
    before = house.posternd.generation()
    house.policies.delete("smarthost:targaryen.net")
    house.posternd.wait_for_generation_after(before)
    smarthosts({"targaryen.net": moved})
    left_out = house.posternd.policy_status()["rules_left_out"]
    assert [fault["key"] for fault in left_out if "password" in fault["fault"]] == ["smarthost:targaryen.net"]
    tried = len(house.smarthost.sasl.tried)
    send(house, DRAGON, "unknown@example.org")
    house.postfix.wait_for_log(r"to=<unknown@example.org>.*status=deferred")
    assert len(house.smarthost.sasl.tried) == tried


def test_the_route_report_shows_the_way_and_no_password(house, smarthosts):
    smarthosts({"targaryen.net": document(house.smarthost.smtps_port, "TLS", "dragon")})
    tables = {table["table"]: table for table in house.posternd.ctl_json("route", DRAGON)["tables"]}
    assert tables["sender_transport"]["value"] == f"postern-auth-smtps:[127.0.0.1]:{house.smarthost.smtps_port}"
    assert tables["sasl_passwd"]["value"] == "(redacted)"
    shown = house.posternd.ctl("policy", "show", "smarthost:targaryen.net").stdout
    assert "(redacted)" in shown and PASSWORDS["dragon"] not in shown
    assert base64.b64encode(PASSWORDS["dragon"].encode()).decode() not in shown


def test_passwords_are_on_the_secrets_socket_alone(house, smarthosts):
    import socket
    smarthosts({"targaryen.net": document(house.smarthost.smtps_port, "TLS", "dragon")})

    def ask(path, text):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path.removeprefix("unix:"))
            connection.sendall(f"{len(text)}:{text},".encode())
            return connection.recv(4096).decode()

    question = f"sasl_passwd {DRAGON}"
    assert PASSWORDS["dragon"] in ask(house.posternd.secrets, question)
    assert "PERM" in ask(house.posternd.tables, question)
    assert PASSWORDS["dragon"] not in house.posternd.log()
    wait_until(lambda: house.posternd.is_ready(), "posternd to be ready")
