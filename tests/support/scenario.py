"""Scenario files (tests/scenario/README.md): reading them, sending them, judging what happened."""
import dataclasses
import email.header
import re

import dkim
import yaml

from .client import Outcome, message
from .tools import ROOT

FOLDER = ROOT / "tests" / "scenario"
UNITS = {"": 1, "KiB": 1024, "MiB": 1024 * 1024}
ALLOWED = {"name", "policies", "settings", "client", "sasl", "helo", "from", "to", "size", "score", "advert", "virus",
           "headers", "body", "pad", "attach", "dkim", "expect"}
ALLOWED_DELIVERY = {"subject", "decoded", "next_hop", "sender", "headers"}
ALLOWED_ATTACH = {"name", "type", "text", "base64"}
SHIPPED = {"srs": {"domain": ""}, "bounce": {"mx_hosts": []}, "dmarc": "off", "authentication_results": "needed", "recipient_delimiter": "", "mixed_rejection": "store"}
SETTINGS = {None: SHIPPED,
            "strict": {**SHIPPED, "dmarc": "enforce", "authentication_results": "always", "recipient_delimiter": "+",
                       "outgoing": {"webmail_clients": ["198.51.100.250/32"]}},
            "defer": {**SHIPPED, "mixed_rejection": "defer"},
            "discard": {**SHIPPED, "mixed_rejection": "discard"},
            "providers": {**SHIPPED, "outgoing": {"providers": {
               "ravens": {"header": "X-Raven-Tenant",
                          "values": {"eyrie.net": "eyrie-7", "runestone.net": "rune-1", "gulltown.net": "gull-1",
                                     "snakewood.net": "snake-1"}},
               "broken": {"header": "X-Raven-Tenant", "values": {"strongsong.net": "song-1"}}}}},
           "forwarding": {**SHIPPED, "srs": {"domain": "srs.example"},
                           "bounce": {"mx_hosts": ["mx.postern.example"]}}}
DKIM_KEY = ROOT / "tests" / "fixtures" / "dns" / "dkim.pem"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
ALLOWED_EXPECT = {"refused", "mail", "rcpt", "reply", "delivered", "stored", "each", "signed_by"}


def octets(text):
    number, unit = re.fullmatch(r"(\d+)\s*(\w*)", str(text or 0)).groups()
    return int(number) * UNITS[unit]


def part(name="", type="application/octet-stream", text="", base64=""):
    """One attachment; runner/body.cc writes the same."""
    named = f'; filename="{name}"' if name else ""
    head = f"--=_scenario\nContent-Type: {type}\nContent-Disposition: attachment{named}\n"
    if not base64:
        return f"{head}\n{text}\n"
    lines = [base64[at:at + 76] for at in range(0, len(base64), 76)]
    return head + "Content-Transfer-Encoding: base64\n\n" + "".join(line + "\n" for line in lines)


def multipart(text, attachments):
    return ("--=_scenario\nContent-Type: text/plain\n\n" + text + "\n" + "".join(part(**one) for one in attachments)
            + "--=_scenario--\n")


@dataclasses.dataclass
class Scenario:
    name: str
    policies: str
    to: list
    expect: dict
    client: str = "192.0.2.1"
    sasl: str = None
    helo: str = "mx.example.org"
    sender: str = "someone@example.org"
    size: int = None
    headers: dict = dataclasses.field(default_factory=dict)
    body: str = "Winter is coming.\r\n"
    pad: int = 0
    settings: str = None
    dkim: str = None

    @classmethod
    def from_yaml(cls, entry, where):
        unknown = (set(entry) - ALLOWED) | (set(entry["expect"]) - ALLOWED_EXPECT)
        for facts in (entry["expect"].get("delivered") or {}).values():
            unknown |= set(facts or {}) - ALLOWED_DELIVERY
        for one in entry.get("attach") or []:
            unknown |= set(one) - ALLOWED_ATTACH
        if unknown:
            raise ValueError(f"{where}: {entry.get('name')}: unknown members {sorted(unknown)}")
        scenario = cls(name=entry["name"], policies=entry["policies"], to=entry["to"], expect=entry["expect"])
        for name in ("client", "sasl", "helo", "size", "body", "settings", "dkim"):
            if entry.get(name) is not None:
                setattr(scenario, name, entry[name])
        scenario.sender = entry.get("from", scenario.sender)
        scenario.pad = octets(entry.get("pad"))
        if "score" in entry:
            scenario.headers["X-Spam-Score"] = entry["score"]
        if entry.get("advert"):
            scenario.headers["X-Spam-Advert"] = "yes"
        if entry.get("virus"):
            scenario.headers["X-Virus-Name"] = entry["virus"]
        scenario.headers.update(entry.get("headers") or {})
        if "attach" in entry:
            scenario.body = multipart(entry.get("body", "A line of text."), entry["attach"])
            scenario.headers["MIME-Version"] = "1.0"
            scenario.headers["Content-Type"] = 'multipart/mixed; boundary="=_scenario"'
        scenario.body = re.sub(r"\r?\n", "\r\n", scenario.body)
        return scenario

    def content(self):
        content = message(sender=self.sender, recipient=self.to[0], body=self.body, pad=self.pad,
                          headers=self.headers).replace(b"%EICAR%", EICAR)
        if self.dkim:
            content = dkim.sign(content, b"test", self.dkim.encode(), DKIM_KEY.read_bytes(),
                                canonicalize=(b"relaxed", b"relaxed")) + content
        return content

    def send(self, world):
        return world.send(self.sender, self.to, self.content(), client_address=self.client, user=self.sasl,
                          size=self.size, helo=self.helo)


def load():
    scenarios = []
    for path in sorted(FOLDER.glob("*.yml")):
        scenarios += [Scenario.from_yaml(entry, path.name) for entry in yaml.safe_load(path.read_text())]
    names = [scenario.name for scenario in scenarios]
    if len(set(names)) != len(names):
        raise ValueError(f"two scenarios have one name: {sorted(n for n in names if names.count(n) > 1)}")
    return scenarios


def fits(reply, wanted):
    """Whether "550 5.7.1 some text" is what `550 5.7.1` or `550` asks for."""
    return reply is not None and reply.split()[:len(str(wanted).split())] == str(wanted).split()


def decoded(value):
    return str(email.header.make_header(email.header.decode_header(value))) if value is not None else None


def each_outcome(line):
    """recipient -> what he got, of a daemon's log line about a message (as JSON). Who is named twice got it once."""
    if "each" in line:
        parts = (part.split(" ", 2) for part in re.split(r"; (?=<)", line["each"]))
        return {name.strip("<>").lower(): outcome.rstrip(":") for name, outcome, _ in parts}
    return {name.strip("<>").lower(): line["outcome"] for name in line["recipients"].split(",")}


def judge(scenario, outcome: Outcome, deliveries, stored, lines):
    """What differs from what the scenario expects, as a list of texts. `deliveries`: everything the sinks got of
    it; `stored`: its rows in the vault, with recipient, purpose and class; `lines`: what the daemon logged of it."""
    expect = scenario.expect
    faults = []
    if "refused" in expect:
        said = [outcome.mail] if not outcome.mail.startswith("250") else list(outcome.rcpt.values())
        faults += [f"refused with {reply!r}" for reply in said if not fits(reply, expect["refused"])]
    else:
        faults += _judge_replies(expect, outcome)
    wanted = {address.lower(): facts or {} for address, facts in (expect.get("delivered") or {}).items()}
    arrived = [(recipient.lower(), delivery) for delivery in deliveries for recipient in delivery.recipients]
    if sorted(recipient for recipient, _ in arrived) != sorted(wanted):
        faults.append(f"delivered to {sorted(recipient for recipient, _ in arrived)}, not to {sorted(wanted)}")
    for recipient, delivery in arrived:
        faults += [f"{recipient}: {fault}" for fault in _judge_delivery(wanted.get(recipient, {}), delivery, expect)]
    kept = sorted((row["recipient"].lower(), row["purpose"], row["class"]) for row in stored)
    keep = sorted((address.lower(), copy["purpose"], copy["class"])
                  for address, copies in (expect.get("stored") or {}).items() for copy in copies)
    if kept != keep:
        faults.append(f"stored {kept}, not {keep}")
    said = {recipient: what for line in lines for recipient, what in each_outcome(line).items()}
    faults += [f"{address}: the log says {said.get(address.lower())}, not {what}"
               for address, what in (expect.get("each") or {}).items() if said.get(address.lower()) != what]
    return faults


def _judge_replies(expect, outcome):
    faults = []
    if not fits(outcome.mail, expect.get("mail", "250")):
        return [f"MAIL was answered {outcome.mail!r}"]
    for recipient, reply in outcome.rcpt.items():
        if not fits(reply, (expect.get("rcpt") or {}).get(recipient, "250")):
            faults.append(f"RCPT {recipient} was answered {reply!r}")
    if any(reply.startswith("250") for reply in outcome.rcpt.values()):
        if not fits(outcome.reply, expect.get("reply", "250")):
            faults.append(f"the message was answered {outcome.reply!r}")
    return faults


def _judge_delivery(facts, delivery, expect):
    if "subject" in facts and delivery.header("Subject") != facts["subject"]:
        yield f"subject {delivery.header('Subject')!r}"
    if "decoded" in facts and decoded(delivery.header("Subject")) != facts["decoded"]:
        yield f"subject {delivery.header('Subject')!r}"
    if "next_hop" in facts and delivery.sink != facts["next_hop"]:
        yield f"went to {delivery.sink}"
    if "sender" in facts and not re.fullmatch(re.escape(facts["sender"]).replace(r"\*", "[^=@]+"),
                                              delivery.sender.replace("<>", "")):
        yield f"came from {delivery.sender!r}"
    for name, texts in (facts.get("headers") or {}).items():
        values = "\n".join(delivery.headers(name))
        texts = [] if texts is None else [texts] if isinstance(texts, str) else texts
        missing = [text for text in texts if (text.removeprefix("!") in values) == text.startswith("!")]
        if missing or bool(values) != bool(texts):
            yield f"{name}: {values!r} against {texts}"
    if not re.fullmatch(r"[0-9a-f]{32}", delivery.header("X-Postern-Id") or ""):
        yield f"X-Postern-Id {delivery.header('X-Postern-Id')!r}"
    if "signed_by" in expect:
        signers = sorted(re.search(r"\bd=([^;\s]+)", value).group(1) for value in delivery.headers("DKIM-Signature"))
        if signers != sorted(expect["signed_by"]):
            yield f"signed by {signers}"
