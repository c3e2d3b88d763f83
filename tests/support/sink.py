"""An SMTP server at the far end: keeps every message as it came, octet by octet, or misbehaves on request."""
import asyncio
import dataclasses
import email
import email.policy
import threading
import time

from aiosmtpd.smtp import SMTP

from .tools import Failure, free_port, wait_until


@dataclasses.dataclass
class Delivery:
    sink: str
    sender: str
    recipients: list
    content: bytes
    tls: bool
    options: list
    at: float = dataclasses.field(default_factory=time.monotonic)

    def header(self, name):
        """The raw value of a header field, unfolded; None when there is none."""
        message = email.message_from_bytes(self.content, policy=email.policy.compat32)
        value = message.get(name)
        return None if value is None else " ".join(str(value).split())

    def headers(self, name):
        message = email.message_from_bytes(self.content, policy=email.policy.compat32)
        return [str(value) for value in message.get_all(name, [])]


class _Server(SMTP):
    line_length_limit = 100_000

    async def smtp_HELP(self, arg):  # quiet: nothing about the software
        await self.push("250 ok")


class Sink:
    """Listens on its own 127.0.0.x. `tls`: None (not offered), "starttls" or "implicit".

    Behaviour that tests switch while it runs: `refuse_rcpt` (address -> reply), `refuse_mail`,
    `refuse_data` (a reply), `seven_bit` (offers no 8BITMIME), `down()` and `up()`.
    """

    def __init__(self, name, address, certificate=None, tls=None, port=None):
        self.name = name
        self.address = address
        self.port = port or free_port(address)
        self.tls = tls
        self.context = certificate.server_context() if tls else None
        self.deliveries = []
        self.connections = 0
        self.asked = set()  # every address that a RCPT named
        self.refuse_mail = None
        self.refuse_rcpt = {}
        self.refuse_data = None
        self.seven_bit = False
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._server = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.up()

    # -- the handler that aiosmtpd calls ------------------------------------------------------------
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        return [line for line in responses if not (self.seven_bit and "8BITMIME" in line)]

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.refuse_mail:
            return self.refuse_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        self.asked.add(address.lower())
        reply = self.refuse_rcpt.get(address.lower())
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        if self.refuse_data:
            return self.refuse_data
        with self._lock:
            tls = session.ssl is not None or self.tls == "implicit"
            self.deliveries.append(Delivery(self.name, envelope.mail_from or "", list(envelope.rcpt_tos),
                                            envelope.original_content, tls, list(envelope.mail_options)))
        return "250 2.0.0 kept"

    # -- life -----------------------------------------------------------------------------------------
    def _factory(self):
        self.connections += 1
        return _Server(self, hostname=f"{self.name}.test", data_size_limit=None, enable_SMTPUTF8=True,
                       tls_context=self.context if self.tls == "starttls" else None, loop=self._loop)

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def up(self):
        async def listen():
            return await self._loop.create_server(
                self._factory, self.address, self.port, reuse_address=True,
                ssl=self.context if self.tls == "implicit" else None)
        if self._server is None:
            self._server = self._run(listen())

    def down(self):
        """From now on connections are refused."""
        async def close():
            self._server.close()
            await self._server.wait_closed()
        if self._server is not None:
            self._run(close())
            self._server = None

    def stop(self):
        self.down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)

    # -- what came --------------------------------------------------------------------------------------
    def received(self, matching=lambda delivery: True):
        with self._lock:
            return [delivery for delivery in self.deliveries if matching(delivery)]

    def wait_for(self, matching, count=1):
        """Waits for that many deliveries for which matching() is true, and returns them."""
        try:
            wait_until(lambda: len(self.received(matching)) >= count, f"{count} deliveries at {self.name}")
        except Failure:
            subjects = [(d.sender, d.recipients, d.header("Subject")) for d in self.received()]
            raise Failure(f"{self.name} waited for {count} deliveries; it has {subjects}") from None
        return self.received(matching)

    def clear(self):
        with self._lock:
            self.deliveries.clear()
