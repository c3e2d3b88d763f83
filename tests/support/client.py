"""The sending side: one SMTP conversation from any client address, logged in or not."""
import contextlib
import dataclasses
import smtplib

from .certificate import Certificate
from .sasl import PASSWORD


@dataclasses.dataclass
class Outcome:
    """Replies as "550 5.7.1 text". `mail` and `reply` are None where that stage was not reached."""
    mail: str = None
    rcpt: dict = dataclasses.field(default_factory=dict)
    reply: str = None

    @property
    def accepted(self):
        return self.reply is not None and self.reply.startswith("250")


def text_of(answer):
    code, text = answer
    return f"{code} {text.decode(errors='replace')}"


class Client(smtplib.SMTP):
    """`address`: who the client pretends to be (XCLIENT); `user`: logs in, after STARTTLS."""

    def __init__(self, port, address=None, helo="mx.example.org", user=None, password=PASSWORD, starttls=False):
        super().__init__("127.0.0.1", port, local_hostname=helo, timeout=120)
        self.ehlo()
        if address:
            code, text = self.docmd("XCLIENT", f"ADDR={address} NAME=[UNAVAILABLE]")
            if code != 220:
                raise smtplib.SMTPResponseException(code, text)
            self.ehlo()
        if user or starttls:
            self.starttls(context=Certificate.client_context())
            self.ehlo()
        if user:
            self.login(user, password)

    def transaction(self, sender, recipients, content, size=None, parameters=()):
        """MAIL, RCPTs, DATA and QUIT-less: the session stays open."""
        outcome = Outcome()
        options = list(parameters)
        if size is not None:
            options.append(f"SIZE={size}")
        outcome.mail = text_of(self.docmd("MAIL", " ".join([f"FROM:<{sender}>"] + options)))
        if not outcome.mail.startswith("250"):
            return outcome
        for recipient in recipients:
            outcome.rcpt[recipient] = text_of(self.docmd("RCPT", f"TO:<{recipient}>"))
        if not any(reply.startswith("250") for reply in outcome.rcpt.values()):
            self.docmd("RSET")
            return outcome
        try:
            outcome.reply = text_of(self.data(content))
        except smtplib.SMTPDataError as error:  # refused at DATA itself
            outcome.reply = text_of((error.smtp_code, error.smtp_error))
        return outcome


def send(port, sender, recipients, content, size=None, parameters=(), **client):
    try:
        connection = Client(port, **client)
    except smtplib.SMTPConnectError as refused:  # the milter is away: Postfix says so in its greeting
        return Outcome(mail=text_of((refused.smtp_code, refused.smtp_error)))
    try:
        return connection.transaction(sender, recipients, content, size, parameters)
    finally:
        connection.close()


def probe(port, recipient, address="192.0.2.1"):
    """MAIL and RCPT alone."""
    with contextlib.closing(Client(port, address=address)) as connection:
        connection.docmd("MAIL", "FROM:<probe@example.org>")
        return text_of(connection.docmd("RCPT", f"TO:<{recipient}>"))


def message(subject="Hello", sender="someone@example.org", recipient="cersei@lannister.net",
            body="Winter is coming.\r\n", headers=None, pad=0):
    """A plain message as bytes. A header with the value None is left out, one with a list stands as
    often; `pad` octets are added to the body."""
    fields = {"From": f"<{sender}>" if sender else "<MAILER-DAEMON@example.org>", "To": f"<{recipient}>",
              "Subject": subject, "Date": "Thu, 26 Mar 2026 10:00:00 +0100",
              "Message-ID": "<scenario@example.org>"}
    fields.update(headers or {})
    text = "".join(f"{name}: {one}\r\n" for name, value in fields.items() if value is not None
                   for one in (value if isinstance(value, list) else [value]))
    line = "x" * 76 + "\r\n"
    padding = line * (pad // len(line)) + ("x" * max(0, pad % len(line) - 2) + "\r\n" if pad % len(line) else "")
    return (text + "\r\n" + body + padding).encode("utf-8", "surrogateescape")
