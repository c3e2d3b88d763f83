"""posternctl health: real DNS packets and real SMTP servers against what the documents say."""
import json
import subprocess

import pytest

from support.certificate import Certificate
from support.dns_server import DnsServer
from support.policies import FIXTURES
from support.posternd import programs
from support.sink import Sink
from support.tools import free_port

DOMAIN = "targaryen.net"


class Site:
    """A policy directory with one domain, its DNS and its relay; what health says, by type."""

    def __init__(self, folder):
        self.folder = folder / "policy"
        self.certificate = Certificate(folder)
        self.sinks = []
        self.dns = DnsServer()
        key = json.loads((FIXTURES / "cleanmail/dkim" / f"{DOMAIN}.json").read_text())
        self.key = key if isinstance(key, dict) else key[0]
        self.put(f"dkim:{DOMAIN}", self.key)
        self.relay = self.sink()
        self.domain()
        shown = self.ctl("policy", "show", f"dkim:{DOMAIN}", "--offline", self.folder).stdout
        public = json.loads(shown)
        self.selector, self.public = public["selector"], public["publicKey"]
        self.txt = '"v=DKIM1; p=' + '" "'.join(
            self.public[at:at + 200] for at in range(0, len(self.public), 200)) + '"'
        self.zone()

    def sink(self, tls=None):
        self.sinks.append(Sink("relay", "127.0.0.1", self.certificate, tls))
        return self.sinks[-1]

    def put(self, key, document):
        kind, name = key.split(":", 1)
        (self.folder / kind).mkdir(parents=True, exist_ok=True)
        (self.folder / kind / f"{name}.json").write_text(json.dumps(document))

    def domain(self, kind="SMTP", **members):
        self.put(f"domain:{DOMAIN}", {
            "id": "Eygdk", "name": DOMAIN, "policy": {"spamScore": 5},
            "platforms": [{"id": "p", "transportDest": "127.0.0.1", "transportPort": self.relay.port,
                           "transportType": kind, **members}]})

    def zone(self, **changes):
        """All in order, but for these."""
        name = f"{self.selector}._domainkey.{DOMAIN}"
        records = {"MX": ["10 mx1.ours.test."], "TXT": ['"v=spf1 ip4:192.0.2.25 -all"']}
        self.dns.zone = {DOMAIN: {**records, **changes.get("domain", {})}, name: {"TXT": [self.txt]},
                         "mx1.ours.test": {"A": ["192.0.2.1"]}, **changes.get("names", {})}

    def ctl(self, *words):
        return subprocess.run([programs(None) / "posternctl", *map(str, words)], capture_output=True, text=True,
                              timeout=120)

    def health(self, *words, code=0):
        done = self.ctl("health", DOMAIN, "--offline", self.folder, "--dns", self.dns.address, *words, "--json")
        assert done.returncode == code, done
        return json.loads(done.stdout)

    def results(self, *words, code=0):
        report = self.health(*words, code=code)["health"]["report"]
        assert report["status"] == (code == 0)
        return {entry["type"]: entry["result"] for entry in report["entries"]}

    def stop(self):
        self.dns.stop()
        for sink in self.sinks:
            sink.stop()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.stop()


ALL_WELL = {"MX": "OK", "DKIM": "OK", "SPF": "OK", "PLATFORM": "OK"}


def test_a_domain_that_is_well(site):
    told = site.health("--mx", "mx1.ours.test", "--client", "192.0.2.25")
    assert {key: told[key] for key in ("id", "name", "type")} == {"id": "Eygdk", "name": DOMAIN, "type": "DOMAIN"}
    assert isinstance(told["health"]["performedAt"], int)
    report = told["health"]["report"]
    assert report["status"] is True and {e["type"]: e["result"] for e in report["entries"]} == ALL_WELL
    assert all(isinstance(line, str) for entry in report["entries"] for line in entry["output"])
    assert report["entries"][0]["output"][0] == f"Lookup for MX entry in DNS for {DOMAIN}"


def without(site, name):
    site.zone()
    del site.dns.zone[name]


WRONG = {
    "a null MX": (lambda s: s.zone(domain={"MX": ["0 ."]}), (), {"MX": "ERROR_MX_INVALID_ENTRY"}, 1),
    "another's MX": (lambda s: s.zone(domain={"MX": ["10 mx.other.test."]}), ("--mx", "mx1.ours.test"),
                     {"MX": "ERROR_MX_INVALID_ENTRY"}, 1),
    "another name for our MX": (lambda s: s.zone(domain={"MX": ["10 alias.test."]}, names={
        "alias.test": {"A": ["192.0.2.1"]}}), ("--mx", "mx1.ours.test"), {}, 0),
    "no DKIM record": (lambda s: without(s, f"{s.selector}._domainkey.{DOMAIN}"), (),
                       {"DKIM": "ERROR_DKIM_MISSING_ENTRY"}, 0),
    "another DKIM key": (lambda s: s.zone(names={f"{s.selector}._domainkey.{DOMAIN}": {
        "TXT": ['"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC4AOcbCtlVjd6U5RoRwtVqwHmnXAGHYHgpbJZMC8Sj7u3"']}}),
        (), {"DKIM": "ERROR_DKIM_INVALID_COUPLE"}, 1),
    "no SPF": (lambda s: s.zone(domain={"TXT": ['"something else"']}), (), {"SPF": "ERROR"}, 1),
    "a broken SPF": (lambda s: s.zone(domain={"TXT": ['"v=spf1 nonsense:x"']}), (), {"SPF": "ERROR"}, 1),
    "an SPF without us": (lambda s: s.zone(), ("--client", "198.51.100.1"), {"SPF": "ERROR"}, 1),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_in_dns_is_named(site, what):
    change, words, different, code = WRONG[what]
    change(site)
    assert site.results(*words, code=code) == {**ALL_WELL, **different}


def test_no_mx_at_all(site):
    site.zone()
    del site.dns.zone[DOMAIN]["MX"]
    assert site.results(code=1) == {**ALL_WELL, "MX": "ERROR_MX_MISSING_ENTRY"}


def test_a_dns_that_does_not_answer_is_no_missing_record(site):
    site.dns.every = "servfail"
    assert site.results(code=1) == {"MX": "ERROR", "DKIM": "ERROR", "SPF": "ERROR", "PLATFORM": "OK"}


def test_mail_from_and_identity(site):
    site.put(f"mailfrom:{DOMAIN}", {"identity": DOMAIN, "mailFromDomain": f"bounce.{DOMAIN}",
                                    "mxRecord": "10 feedback-smtp.us-east-1.amazonses.com",
                                    "txtRecord": "v=spf1 include:amazonses.com ~all", "mailFromDomainStatus": "SUCCESS"})
    token = "QTKknzFg2J4ygwa+XvHAxUl1hyHoY0gVfZdfjIedHZ0="
    site.put(f"identity:{DOMAIN}", {"VerificationStatus": "Success", "VerificationToken": token})
    assert site.results(code=1) == {**ALL_WELL, "MAIL_FROM": "ERROR", "IDENTITY": "ERROR"}
    site.zone(names={f"bounce.{DOMAIN}": {"MX": ["10 feedback-smtp.us-east-1.amazonses.com."],
                                          "TXT": ['"v=spf1 include:amazonses.com ~all"']},
                     f"_niftycloudess.{DOMAIN}": {"TXT": [f'"{token}"']}})
    assert site.results() == {**ALL_WELL, "MAIL_FROM": "OK", "IDENTITY": "OK"}


@pytest.mark.parametrize("offers, kind, result", [
    (None, "SMTP", "OK"), (None, "SMTPS_MAY", "OK"), (None, "SMTPS_ENCRYPT", "ERROR"),
    ("starttls", "SMTP", "OK"), ("starttls", "SMTPS_MAY", "OK"), ("starttls", "SMTPS_ENCRYPT", "OK")])
def test_a_platform_is_spoken_to_as_its_type_demands(site, offers, kind, result):
    site.relay = site.sink(offers)
    site.domain(kind)
    told = site.health(code=0 if result == "OK" else 1)["health"]["report"]["entries"]
    platform = next(entry for entry in told if entry["type"] == "PLATFORM")
    assert platform["result"] == result and platform["ref"] == "p", platform
    started = any("STARTTLS" in line for line in platform["output"] if line.startswith("> "))
    assert started == (offers == "starttls" and kind != "SMTP"), platform


def test_a_fallback_that_is_down_is_told(site):
    site.domain(fallbackTransportDest="127.0.0.1", fallbackTransportPort=free_port())
    assert site.results(code=1) == {**ALL_WELL, "PLATFORM": "ERROR"}


def test_a_relay_alone(site):
    relay = site.sink("starttls")
    done = site.ctl("health", "--relay", f"127.0.0.1:{relay.port}", "--transport", "SMTPS_ENCRYPT")
    assert done.returncode == 0 and "PLATFORM   OK" in done.stdout and "> STARTTLS" in done.stdout, done
    relay.down()
    done = site.ctl("health", "--relay", f"127.0.0.1:{relay.port}")
    assert done.returncode == 1 and "NOT WELL" in done.stdout, done


def test_a_domain_that_is_not_there(site):
    done = site.ctl("health", "none.example", "--offline", site.folder)
    assert done.returncode == 1 and "no such document" in done.stderr
    assert site.ctl("health").returncode == 2


def test_policies_come_from_the_daemon(world):
    done = world.posternd.ctl("health", DOMAIN, "--json", check=False)
    entries = json.loads(done.stdout)["health"]["report"]["entries"]
    assert {"MX", "DKIM", "SPF", "PLATFORM"} <= {entry["type"] for entry in entries}, done
