"""posternctl sync: an admin API pulled into a store, whatever the API does meanwhile."""
import contextlib
import json
import os
import pathlib
import pty
import signal
import subprocess
import threading

import pytest

from support.admin_api import TOKEN, AdminApi, example
from support.certificate import Certificate
from support.policies import SHIPPED
from support.posternd import programs
from support.servers import Redis
from support.tools import DEADLINE, ROOT, Process, free_port, wait_until
from support.world import World

EVERYTHING = {"domain:got.com", "domain:stark.net", "domain:lannister.net", "user:cersei@lannister.net",
              "user:joffrey@lannister.net", "user:sansa@stark.net", "user:tommen@lannister.net",
              "user:tywin@lannister.net", "groups:stark.net", "attachments:stark.net", "uris:stark.net",
              "wblist:stark.net", "wblist:sansa@stark.net"}


class Site:
    """An API, a policy directory and a token file; `sync()` runs posternctl."""

    def __init__(self, folder, api):
        self.folder = pathlib.Path(folder)
        self.api = api
        self.policy = self.folder / "policy"
        self.policy.mkdir()
        self.token = self.folder / "token"
        self.token.write_text(TOKEN + "\n")
        self.token.chmod(0o600)

    def command(self, *words, url=None, to=None):
        return [programs(None) / "posternctl", "sync", "--url", url or self.api.url, "--token-file", self.token, "--to",
                to or self.policy, *map(str, words)]

    def sync(self, *words, code=0, **places):
        """What it says, as JSON; fails where it ends otherwise than with `code`."""
        done = subprocess.run(self.command(*words, "--json", **places), capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done
        assert TOKEN not in done.stdout + done.stderr
        return {**(json.loads(done.stdout) if done.stdout else {}), "stderr": done.stderr}

    def keys(self):
        return {f"{path.parent.name}:{path.stem}" for path in self.policy.rglob("*.json")}

    def get(self, key):
        kind, name = key.split(":", 1)
        return json.loads((self.policy / kind / f"{name}.json").read_text())

    def put(self, key, document):
        kind, name = key.split(":", 1)
        path = self.policy / kind / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(document))

    def asked_for(self, path):
        return [query for asked, query in self.api.asked if asked == path]


@pytest.fixture
def site(tmp_path):
    with AdminApi() as api:
        yield Site(tmp_path, api)


# ---- what it pulls ----

def test_everything_that_decides_about_mail_is_pulled_page_by_page(site):
    told = site.sync()
    assert told["end"] == "complete" and told["new"] == len(EVERYTHING) and told["problems"] == [], told
    assert site.keys() == EVERYTHING
    assert site.api.tokens == {f"Bearer {TOKEN}"}
    assert [query["offset"] for query in site.asked_for("/users")] == ["0", "2", "4"]
    assert all(query["sort"] == "id" for _, query in site.api.asked if "offset" in query)
    rules = site.get("wblist:sansa@stark.net")
    assert {rule["owner"] for rule in rules} == {"sansa@stark.net"} and len(rules) == 5
    assert site.get("domain:stark.net")["options"][0]["option"]["name"] == "DOMAIN_ADMIN"


def test_the_second_time_nothing_is_written(site):
    site.sync()
    before = {path: path.stat().st_mtime_ns for path in site.policy.rglob("*.json")}
    told = site.sync()
    assert (told["new"], told["changed"], told["unchanged"], told["deleted"]) == (0, 0, len(EVERYTHING), 0), told
    assert {path: path.stat().st_mtime_ns for path in site.policy.rglob("*.json")} == before


def test_rules_are_stored_under_the_owner_they_name(site):
    site.api.wblist["d-got"] = [{"id": "x", "value": "a.example", "type": "BLOCK", "owner": "cersei@lannister.net"},
                                {"id": "y", "value": "b.example", "type": "BLOCK", "owner": "GOT.com"}]
    site.api.user_wblist["u0"] = [{"id": "z", "value": "c.example", "type": "ALLOW", "owner": "cersei@lannister.net"}]
    site.sync()
    assert {rule["id"] for rule in site.get("wblist:cersei@lannister.net")} == {"x", "z"}
    assert [rule["id"] for rule in site.get("wblist:got.com")] == ["y"]


def test_what_the_api_does_not_answer_stays_as_pushed(site):
    site.sync()
    domain = site.get("domain:got.com")
    domain["enforcement"] = "observe"
    domain["platforms"][0]["apiData"] = {"host": "h", "password": "pushed"}
    site.put("domain:got.com", domain)
    site.put("dkim:got.com", {"selector": "s", "privateKey": (ROOT / "tests/fixtures/dns/dkim.pem").read_text()})
    site.put("opensrs:own.example", {"attributes": {}})
    site.api.domains["d-got"]["platforms"][0]["apiData"] = {"host": "h", "password": None}
    site.api.domains["d-got"]["description"] = "changed"
    told = site.sync()
    assert (told["changed"], told["deleted"]) == (1, 0), told
    domain = site.get("domain:got.com")
    assert domain["description"] == "changed" and domain["enforcement"] == "observe"
    assert domain["platforms"][0]["apiData"]["password"] == "pushed"
    assert "privateKey" in site.get("dkim:got.com") and "opensrs:own.example" in site.keys()


def test_a_key_that_is_not_the_one_the_api_publishes_is_told(site):
    site.api.dkim["d-got"] = ["s._domainkey.got.com TXT v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCB"]
    told = site.sync()
    assert any("dkim:got.com" in note and "never pushed" in note for note in told["notes"]), told
    site.put("dkim:got.com", {"selector": "s", "privateKey": (ROOT / "tests/fixtures/dns/dkim.pem").read_text()})
    told = site.sync(code=1)
    assert any("another key under the selector s" in problem for problem in told["problems"]), told


def test_a_document_that_the_daemon_would_refuse_is_not_written(site):
    site.sync()
    site.api.domains["d-got"]["status"] = "ASLEEP"
    site.api.domains["d-stark"]["description"] = "changed"
    told = site.sync(code=1)
    assert told["refused"] == 1 and any("domain:got.com: /status" in problem for problem in told["problems"]), told
    assert site.get("domain:got.com")["status"] == "ENABLED"
    assert site.get("domain:stark.net")["description"] == "changed"


def test_one_domain_alone_and_without_the_lists_of_users(site):
    told = site.sync("--domain", "STARK.net", "--no-user-lists")
    assert told["end"] == "complete"
    assert site.keys() == {key for key in EVERYTHING if "stark.net" in key} - {"wblist:sansa@stark.net"}
    assert not any("/users/" in path for path, _ in site.api.asked)


def test_a_dry_run_writes_nothing(site):
    told = site.sync("--dry-run")
    assert told["new"] == len(EVERYTHING)
    assert list(site.policy.rglob("*")) == []


def test_ids_cannot_lead_elsewhere(site):
    site.api.domains["../users?x=/#"] = {**site.api.domains.pop("d-got"), "id": "../users?x=/#"}
    site.sync()
    paths = {path for path, _ in site.api.asked}
    assert "/domains/%2E%2E%2Fusers%3Fx%3D%2F%23/groups" in paths, paths


# ---- what is there no more ----

def gone(site, domain="d-got"):
    del site.api.domains[domain]


def test_a_domain_that_is_gone_is_deleted_with_what_was_its_own(site):
    site.sync()
    site.api.wblist["d-got"] = [{"id": "y", "value": "b.example", "type": "BLOCK", "owner": "got.com"}]
    site.sync()
    site.put("dkim:got.com", {"selector": "s", "privateKey": (ROOT / "tests/fixtures/dns/dkim.pem").read_text()})
    gone(site)
    told = site.sync()
    assert told["deleted"] == 2, told
    assert site.keys() == EVERYTHING - {"domain:got.com"} | {"dkim:got.com"}


def test_lists_and_users_that_are_gone_are_deleted(site):
    site.sync()
    site.api.groups.clear()
    site.api.user_wblist.clear()
    del site.api.users["u4"]
    told = site.sync()
    assert told["deleted"] == 3, told
    assert site.keys() == EVERYTHING - {"groups:stark.net", "wblist:sansa@stark.net", "user:tywin@lannister.net"}


def test_what_did_not_come_from_the_api_is_never_deleted(site):
    site.put("domain:own.example", {"name": "own.example", "id": "d-own"})
    site.put("wblist:got.com", [])
    site.sync()
    site.sync()
    assert {"domain:own.example", "wblist:got.com"} < site.keys()


KEPT = {
    "a missing permission": lambda api: AdminApi.on("/domains/d-got", AdminApi.status(403)),
    "a list that leaves it out": lambda api: AdminApi.on("/domains/d-got", AdminApi.json(
        {"id": "d-got", "name": "got.com"})),
    "an API that breaks down then": lambda api: AdminApi.on("/domains/d-got", AdminApi.status(500)),
}


@pytest.mark.parametrize("why", KEPT)
def test_a_domain_that_is_missing_in_the_list_for_another_reason_stays(site, why):
    site.sync()
    gone(site)
    site.api.fault = KEPT[why](site.api)
    told = site.sync(code=1)
    assert told["deleted"] == 0 and site.keys() == EVERYTHING, told
    assert any("got" in problem for problem in told["problems"]), told


def wrong_total(api):
    api.total["/domains"] = 3


def no_total(api):
    api.total["/domains"] = None


def changing_total(api):
    def fault(_, path, query, count):
        api.total["/domains"] = 2 + count
    api.fault = fault


def duplicates(api):
    api.fault = AdminApi.on("/domains", lambda a, path, query: AdminApi.json(
        [a.domains["d-stark"]], {"X-Total-Count": "2"}))


def forbidden(api):
    api.fault = AdminApi.on("/domains", AdminApi.status(403))


def empty(api):
    api.domains.clear()


@pytest.mark.parametrize("fault, code", [(wrong_total, 1), (no_total, 0), (changing_total, 1), (duplicates, 1),
                                         (forbidden, 1), (empty, 0)])
def test_no_domain_is_deleted_because_of_a_list_that_cannot_be_trusted(site, fault, code):
    site.sync()
    gone(site)
    fault(site.api)
    told = site.sync(code=code)
    assert told["deleted"] == 0 and site.keys() == EVERYTHING, told


def test_more_than_half_of_the_domains_go_only_when_that_is_meant(site):
    site.sync()
    gone(site)
    gone(site, "d-stark")
    told = site.sync(code=1)
    assert told["deleted"] == 0 and any("2 of 3 domains" in problem for problem in told["problems"]), told
    told = site.sync("--accept-loss")
    assert told["deleted"] == 6, told
    assert not {key for key in site.keys() if key.endswith(":stark.net")}


# ---- an API that misbehaves ----

def cut(api, path, query):
    status, headers, body = api.ordinary(path, query)
    return status, headers, body[:len(body) // 2]


def cut_on_the_way(api, path, query):
    status, headers, body = api.ordinary(path, query)
    return status, {**headers, "Content-Length": str(len(body))}, body[:len(body) // 2]


PASSING = {"429 that says when": ("/users", AdminApi.status(429, Retry_After="1")),
           "429 that says nothing": ("/users", AdminApi.status(429)),
           "503": ("/domains", AdminApi.status(503)),
           "502 on a list": ("/domains/d-stark/wblist", AdminApi.status(502)),
           "truncated JSON": ("/domains", cut),
           "a connection that breaks": ("/users", cut_on_the_way),
           "a server that is slow": ("/domains/d-got/groups", AdminApi.stall(3))}


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_waited_for(site, kind):
    path, answer = PASSING[kind]
    site.api.fault = AdminApi.on(path, answer, times=2)
    told = site.sync("--timeout", "1s")
    assert told["end"] == "complete" and site.keys() == EVERYTHING, told
    assert len(site.asked_for(path)) >= 3


def test_a_list_that_changes_once_while_it_is_read_is_read_again(site):
    def fault(api, path, query, count):
        if path == "/users" and count == 2:
            api.users["u9"] = example("user_sansa@stark.net.json", id="u9", email="arya@stark.net")
    site.api.fault = fault
    told = site.sync()
    assert told["end"] == "complete" and site.keys() == EVERYTHING | {"user:arya@stark.net"}, told


LASTING = {
    # what: (path, answer, exit, what it says, whether the rest is pulled all the same)
    "503 for everything": ("/*", AdminApi.status(503), 69, "HTTP 503", False),
    "503 for one list": ("/domains/d-stark/wblist", AdminApi.status(503), 1, "HTTP 503", True),
    "403 for one list": ("/domains/d-stark/wblist", AdminApi.status(403), 1, "no permission", True),
    "404 for one list": ("/domains/d-stark/wblist", AdminApi.status(404), 1, "HTTP 404", True),
    "truncated JSON": ("/domains/d-stark/wblist", cut, 1, "not JSON", True),
    "a log-in page": ("/domains/d-stark/wblist", (200, {"Content-Type": "text/html"}, b"<html>"), 1, "text/html", True),
    "an object instead of a list": ("/domains/d-stark/wblist", AdminApi.json({}), 1, "expected a list", True),
    "a list of texts": ("/domains/d-stark/wblist", AdminApi.json(["x"]), 1, "no object", True),
    "a huge answer": ("/domains/d-stark/wblist", (200, {"Content-Type": "application/json"}, b" " * (17 << 20)), 1,
                      "too long", True),
    "a wait of a day": ("/domains/d-stark/wblist", AdminApi.status(429, Retry_After="86400"), 1, "86400 s", True),
    "the same page for ever": ("/domains/d-stark/wblist", lambda api, path, query: AdminApi.json(
        [{"id": "0", "value": "a.example", "type": "ALLOW", "owner": "stark.net"}], {"X-Total-Count": "5"}), 1,
        "there twice", True),
    "fewer than it says": ("/domains/d-stark/wblist", lambda api, path, query: AdminApi.json(
        [], {"X-Total-Count": "5"}), 1, "ended after 0 of 5", True),
    "more than it says": ("/domains/d-stark/wblist", lambda api, path, query: AdminApi.json(
        [{"id": str(i), "value": "a.example", "type": "ALLOW", "owner": "stark.net"} for i in range(3)],
        {"X-Total-Count": "2"}), 1, "more entries than", True),
    "a rule of nobody": ("/domains/d-stark/wblist", AdminApi.json(
        [{"id": "1", "value": "a.example", "type": "ALLOW", "owner": "no body"}], {"X-Total-Count": "1"}), 1,
        "a rule of nobody", True),
}


@pytest.mark.parametrize("kind", LASTING)
def test_what_cannot_be_had_stays_and_the_rest_is_pulled(site, kind):
    site.sync()
    rules = site.get("wblist:stark.net")
    path, answer, code, says, rest = LASTING[kind]
    site.api.fault = AdminApi.on(path, answer)
    site.api.users["u2"]["firstname"] = "changed"
    told = site.sync(code=code)
    assert says in json.dumps(told), told
    assert site.keys() == EVERYTHING and site.get("wblist:stark.net") == rules, told
    assert (site.get("user:sansa@stark.net")["firstname"] == "changed") == rest


def test_the_token_does_not_go_elsewhere(site):
    with AdminApi() as elsewhere:
        site.api.fault = AdminApi.on("/domains", AdminApi.status(302, Location=elsewhere.url + "/domains"))
        told = site.sync(code=1)
        assert elsewhere.asked == []
        assert any("not followed" in problem for problem in told["problems"]), told


def test_a_token_that_is_refused_midway_stops_it_and_changes_nothing_more(site):
    site.sync()
    site.api.users["u2"]["firstname"] = "changed"
    site.api.fault = AdminApi.on("/users", lambda api, path, query: AdminApi.status(401)
                                 if query["offset"] == "2" else None)
    gone(site)
    told = site.sync(code=78)
    assert told["end"] == "unauthorized" and "HTTP 401" in told["stderr"] and "--token-file" in told["stderr"], told
    assert told["deleted"] == 0 and site.keys() == EVERYTHING


def test_a_token_that_is_wrong_from_the_beginning_is_sent_once_to_each_list(site):
    site.api.token = "another"
    site.sync(code=78)
    assert len(site.api.asked) <= 2 and site.keys() == set()


def test_nobody_there_is_told_apart_from_a_refusal(site):
    told = site.sync(code=69, url=f"http://127.0.0.1:{free_port()}/api")
    assert told["end"] == "away" and "what is stored stays" in told["stderr"]


@pytest.mark.parametrize("url", ["http://api.example/v1", "ftp://127.0.0.1/", "127.0.0.1", "https://user@api.example/",
                                 "https:///v1"])
def test_a_url_that_would_give_the_token_away_is_a_slip(site, url):
    assert site.sync(code=2, url=url)["stderr"].startswith("posternctl: --url")


def test_a_token_file_that_everybody_can_read_is_refused(site):
    site.token.chmod(0o644)
    assert "chmod o=" in site.sync(code=78)["stderr"]
    assert site.api.asked == []


# ---- going on, watching, TLS, a terminal ----

def test_an_interrupted_run_goes_on_where_it_was(site):
    site.api.fault = lambda api, path, query, count: (
        AdminApi.status(401) if path.startswith("/users/u4") else None)
    site.sync("--jobs", 1, code=78)
    before = len(site.api.asked)
    site.api.fault = None
    told = site.sync("--jobs", 1)
    assert told["resumed"] is True and told["end"] == "complete", told
    assert site.keys() == EVERYTHING
    again = {path for path, _ in site.api.asked[before:]}
    assert "/domains/d-stark/wblist" not in again and "/users/u4/wblist" in again, again
    # And the one after that is a round of its own.
    before = len(site.api.asked)
    assert site.sync()["resumed"] is False
    assert "/domains/d-stark/wblist" in {path for path, _ in site.api.asked[before:]}


def test_two_at_once_do_not_meet(site):
    entered, leave = threading.Event(), threading.Event()

    def fault(api, path, query, count):
        if path == "/domains":
            entered.set()
            leave.wait(DEADLINE)
    site.api.fault = fault
    first = subprocess.Popen(site.command(), stdout=subprocess.DEVNULL)
    try:
        assert entered.wait(DEADLINE)
        assert "another sync" in site.sync(code=78)["stderr"]
    finally:
        leave.set()
        assert first.wait(DEADLINE) == 0


def test_watch_picks_up_what_changes_and_ends_in_good_order(site):
    watching = Process("sync", site.command("--watch", "200ms"), site.folder / "sync.log")
    try:
        wait_until(lambda: site.keys() == EVERYTHING, lambda: f"everything to be pulled: {watching.log()}")
        site.api.domains["d-got"]["description"] = "changed"
        wait_until(lambda: site.get("domain:got.com")["description"] == "changed", "the change to arrive")
    finally:
        watching.signal(signal.SIGTERM)
    assert watching.popen.wait(DEADLINE) == 0, watching.log()


def test_watch_ends_when_the_token_is_refused(site):
    site.api.token = "another"
    watching = Process("sync", site.command("--watch", "100ms"), site.folder / "sync.log")
    assert watching.popen.wait(DEADLINE) == 78


def test_tls_is_verified(tmp_path):
    certificate = Certificate(tmp_path)
    with AdminApi(certificate) as api:
        site = Site(tmp_path, api)
        told = site.sync(code=69)
        assert "certificate" in told["stderr"].lower() and api.asked == [], told
        assert site.sync("--ca-file", certificate.certificate)["end"] == "complete"


def test_a_person_at_a_terminal_sees_how_far_it_is(site):
    screen, terminal = pty.openpty()
    running = subprocess.Popen(site.command(), stderr=terminal, stdout=subprocess.DEVNULL)
    os.close(terminal)
    seen = b""
    with contextlib.suppress(OSError):  # the terminal closes with the program
        while chunk := os.read(screen, 4096):
            seen += chunk
    os.close(screen)
    assert running.wait(DEADLINE) == 0
    assert b"domains 3/3, users 5/5" in seen, seen


# ---- Redis, and the mail ----

def test_into_redis_with_word_of_it_and_from_there_into_force(tmp_path):
    with World(policies=SHIPPED, source="redis", settings={"policy": {"shrink_guard": 1.0}}) as world, \
            AdminApi() as api:
        site = Site(tmp_path, api)
        primary = world.sinks["primary"]
        for relay in api.domains["d-stark"]["platforms"]:
            relay.update(transportDest=primary.address, transportPort=primary.port)
        command = ["--config", world.posternd.config, "--state", tmp_path / "state"]

        def sync():
            before = world.posternd.generation()
            told = site.sync(*command, to="redis")
            world.posternd.wait_for_generation_after(before)
            return told

        assert sync()["new"] == len(EVERYTHING)
        outcome = world.send("joffrey@badguys.fr", "rickon@stark.net")
        assert outcome.rcpt["rickon@stark.net"].startswith("550 5.7.1"), outcome
        api.wblist["d-stark"] = [rule for rule in api.wblist["d-stark"] if "joffrey" not in rule["value"]]
        assert sync()["changed"] == 1
        assert world.send("joffrey@badguys.fr", "rickon@stark.net").accepted
        primary.wait_for(lambda d: "rickon@stark.net" in d.recipients)


def test_a_redis_that_goes_away_ends_it_and_the_next_run_goes_on(tmp_path):
    with AdminApi() as api:
        site = Site(tmp_path, api)
        redis = Redis(tmp_path).start()
        config = tmp_path / "postern.yml"
        config.write_text(f"policy: {{ source: redis, redis: {{ url: '{redis.url}' }} }}\n")
        command = ["--config", config, "--state", tmp_path / "state"]
        site.sync(*command, to="redis")
        redis.stop()
        told = site.sync(*command, to="redis", code=69)
        assert told["end"] == "store failed", told
        redis.start()
        try:
            told = site.sync(*command, to="redis")
            assert told["end"] == "complete" and told["new"] == len(EVERYTHING), told
        finally:
            redis.stop()
