"""A whole small world: posternd, a Postfix in front of it, the customers' platforms and the rest of the Internet."""
import contextlib
import os
import pathlib
import shutil
import tempfile

from . import client
from .certificate import Certificate
from .policies import FIXTURES, HOPS, Policies
from .postfix import Postfix
from .posternd import Posternd
from .sasl import SaslServer
from .servers import Redis
from .sink import Sink
from .table_proxy import TableProxy
from .tools import free_address, wait_until

WORLD = "127.0.0.20"
TLS = {"starttls": "starttls", "smtps": "implicit"}


class World:
    """`policies`: a set under tests/fixtures/policies, or a folder. `source`: directory or redis (then a private
    Redis is started and the set published). `ready`: wait until posternd has a snapshot. `table_proxy`: Postfix
    asks its tables through world.tables, which can take them away one by one. `milter`: inet or unix."""

    def __init__(self, policies="cleanmail", settings=None, chroot=False, source="directory", ready=True,
                 users=(), postfix_extra=None, table_proxy=False, milter="inet"):
        self.stack = contextlib.ExitStack()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-test-"))
        self.folder.chmod(0o755)
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.redis = None
        try:
            self._build(policies, settings or {}, chroot, source, ready, users, postfix_extra, table_proxy, milter)
        except BaseException:
            self.stack.close()
            raise

    def _build(self, policies, settings, chroot, source, ready, users, postfix_extra, table_proxy, milter):
        self.certificate = Certificate(self.folder)
        self.sinks = {}
        for name, (address, port) in HOPS.items():
            # A platform's port 465 says "TLS from the first octet" and must stay; its address may differ.
            self._add_sink(name, *((free_address(port), port) if port == 465 else (address, None)))
        self._add_sink("world", WORLD)

        postern_folder = self._folder("postern")
        hops = {address: (self.sinks[name].address, self.sinks[name].port) for name, (address, _) in HOPS.items()}
        self.policies = Policies(FIXTURES / policies if isinstance(policies, str) else policies,
                                 postern_folder / "policy", hops)
        if source == "redis":
            self.redis = Redis(self._folder("redis")).start()
            self.stack.callback(lambda: self.redis.stop())
            self.publish_all()
            settings = {**settings, "policy": {"source": "redis", "redis": {"url": self.redis.url},
                                               **settings.get("policy", {})}}

        postfix_folder = self._folder("postfix")
        world = self.sinks["world"]
        self.posternd = Posternd(postern_folder, 0, settings)
        milter_address = f"inet:127.0.0.1:{self.posternd.milter_port}"
        if milter == "unix":
            milter_address = f"unix:{self.posternd.state}/milter.sock"
            self.posternd.change_settings({"listen": {"milter": milter_address}})
        tables = self.posternd.tables
        if table_proxy:
            self.tables = TableProxy(self.folder / "proxy.sock", tables.removeprefix("unix:"))
            self.stack.callback(self.tables.stop)
            tables = f"unix:{self.tables.path}"
        self.postfix = Postfix(postfix_folder, tables, self.posternd.secrets,
                               milter_address, self.certificate,
                               f"[{world.address}]:{world.port}", chroot=chroot, extra=postfix_extra)
        self.posternd.change_settings({"submit": {"address": f"127.0.0.1:{self.postfix.submit_port}"}})
        self.stack.callback(self.posternd.stop)
        self.posternd.start(ready)
        self.stack.callback(self.postfix.stop)
        self.postfix.start()
        sasl = SaslServer(postfix_folder / "spool" / "private" / "auth", users or self.all_users())
        self.stack.callback(sasl.stop)

    def _folder(self, name):
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _add_sink(self, name, address, port=None):
        self.sinks[name] = Sink(name, address, self.certificate, TLS.get(name), port)
        self.stack.callback(self.sinks[name].stop)

    def all_users(self):
        return [key.split(":", 1)[1] for key in self.policies.keys() if key.startswith("user:")]

    def publish_all(self):
        for key in self.policies.keys():
            self.redis.publish(key, self.policies.path(key).read_text())

    # -- mail -------------------------------------------------------------------------------------------------
    def send(self, sender, recipients, content=None, client_address="192.0.2.1", user=None, size=None,
             helo="mx.example.org", **message):
        """One transaction; `message` are the arguments of client.message()."""
        if isinstance(recipients, str):
            recipients = [recipients]
        if content is None:
            content = client.message(sender=sender, recipient=recipients[0], **message)
        return client.send(self.postfix.submission_port if user else self.postfix.port, sender, recipients, content,
                           size=size, address=client_address, user=user, helo=helo)

    def received(self, matching=lambda delivery: True):
        return [delivery for sink in self.sinks.values() for delivery in sink.received(matching)]

    def wait_for(self, counts):
        """Waits until each of these recipients (in lower case) has so many deliveries, and nothing is queued."""
        def missing():
            got = [recipient.lower() for delivery in self.received() for recipient in delivery.recipients]
            return {one: got.count(one) for one, count in counts.items() if got.count(one) < count}

        wait_until(lambda: not missing(), lambda: f"deliveries; too few at {missing()}", pause=0.1)
        self.postfix.wait_until_empty()

    def clear(self):
        for sink in self.sinks.values():
            sink.clear()

    def stored(self):
        return self.posternd.stored()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if failure[0] is not None or os.environ.get("POSTERN_KEEP_LOGS"):
            print(f"---- posternd ----\n{self.posternd.log()[-8000:]}" if hasattr(self, "posternd") else "")
            print(f"---- postfix ----\n{self.postfix.log()[-8000:]}" if hasattr(self, "postfix") else "")
        self.stack.close()
