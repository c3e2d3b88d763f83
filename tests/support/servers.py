"""The servers beside the mail: Redis, spamd, rspamd, clamd. Each private, on free loopback ports."""
import os
import pathlib
import shutil
import socket
import subprocess
import urllib.request

import redis

from .tools import Process, answers, free_port

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


class Redis:
    """`stop()` and `start()` again keep the port; a new start is empty, as nothing is saved."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self):
        self.process = Process("redis-server", [
            "redis-server", "--port", self.port, "--bind", "127.0.0.1", "--dir", self.folder, "--save", "",
            "--appendonly", "no", "--daemonize", "no", "--enable-debug-command", "local"],
            self.folder / "redis.log")
        self.process.wait_ready(self._answers)
        return self

    def _answers(self):
        try:
            return self.client().ping()
        except redis.ConnectionError:
            return False

    def client(self):
        return redis.Redis(port=self.port, decode_responses=True)

    def stop(self):
        if self.process:
            self.process.kill()  # no shutdown save: like a machine that went away
            self.process = None

    def publish(self, key, text, prefix="postern:"):
        """What a writer does: the document and word of it, in one MULTI. `text` None deletes it."""
        with self.client().pipeline(transaction=True) as pipe:
            if text is None:
                pipe.delete(prefix + key)
            else:
                pipe.set(prefix + key, text)
            pipe.xadd(prefix + "changes", {"key": key}, maxlen=1_000_000, approximate=True)
            return pipe.execute()


class Spamd:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.process = None

    def start(self):
        home = self.folder / "spamd"
        home.mkdir(exist_ok=True)
        shutil.chown(home, "debian-spamd")
        self.process = Process("spamd", [
            "spamd", "-L", "-i", "127.0.0.1", "-p", self.port, "-A", "127.0.0.1", "-m", 2, "--min-children=1",
            "-u", "debian-spamd", "--nouser-config", "-H", home, "-s", "stderr"], self.folder / "spamd.log")
        self.process.wait_ready(lambda: self._ping())
        return self

    def _ping(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"PING SPAMC/1.5\r\n\r\n")
                return b"PONG" in connection.recv(200)
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Rspamd:
    """Without what needs a network; the GTUBE patterns answer."""
    NETWORKED = ("rbl", "surbl", "fuzzy_check", "phishing", "asn", "spf", "dmarc", "arc", "greylist", "ratelimit",
                 "neural", "history_redis", "url_redirector", "mid")

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        conf = self.folder / "rspamd"
        if not conf.exists():
            self._write(conf)
        for name in ("db", "run", "log"):
            (self.folder / f"rspamd-{name}").mkdir(exist_ok=True)
            shutil.chown(self.folder / f"rspamd-{name}", "_rspamd")
        self.process = Process("rspamd", [
            "rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", "-c", conf / "rspamd.conf", f"--var=CONFDIR={conf}",
            f"--var=LOCAL_CONFDIR={conf}", f"--var=DBDIR={self.folder}/rspamd-db",
            f"--var=RUNDIR={self.folder}/rspamd-run", f"--var=LOGDIR={self.folder}/rspamd-log"],
            self.folder / "rspamd.log")
        self.process.wait_ready(self._ping)
        return self

    def _write(self, conf):
        shutil.copytree("/etc/rspamd", conf)
        override = conf / "override.d"
        override.mkdir(exist_ok=True)
        for module in self.NETWORKED:
            (override / f"{module}.conf").write_text("enabled = false;\n")
        nowhere = free_port()
        (override / "options.inc").write_text(
            f'dns {{ nameserver = ["127.0.0.1:{nowhere}:1"]; timeout = 0.2s; retransmits = 1; }}\n'
            "enable_test_patterns = true;\n")
        (override / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{self.port}"; count = 1;\n')
        controller = free_port()
        (override / "worker-controller.inc").write_text(f'bind_socket = "127.0.0.1:{controller}";\n')
        for worker in ("proxy", "fuzzy"):
            (override / f"worker-{worker}.inc").write_text("enabled = false;\n")
        subprocess.run(["chown", "-R", "_rspamd:_rspamd", str(conf)], check=True)
        os.chmod(conf, 0o755)

    def _ping(self):
        if not answers("127.0.0.1", self.port):
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=5) as answer:
                return answer.read().strip() == b"pong"
        except OSError:
            return False

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None


class Clamd:
    """With a database of one signature, the EICAR test file's; None of it where clamd is not installed."""
    PROGRAM = pathlib.Path("/usr/sbin/clamd")
    SIGNATURE = "Test.EICAR:0:*:" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!".hex() + "\n"

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.process = None

    @classmethod
    def is_installed(cls):
        return cls.PROGRAM.exists()

    @property
    def setting(self):
        return {"address": f"127.0.0.1:{self.port}"}

    def start(self):
        database = self.folder / "clamav"
        database.mkdir(exist_ok=True)
        (database / "test.ndb").write_text(self.SIGNATURE)
        conf = self.folder / "clamd.conf"
        conf.write_text(f"Foreground yes\nDatabaseDirectory {database}\nTCPAddr 127.0.0.1\nTCPSocket {self.port}\n"
                        f"TemporaryDirectory {self.folder}\nMaxThreads 2\nUser root\n")
        self.process = Process("clamd", [self.PROGRAM, "-c", conf], self.folder / "clamd.log")
        self.process.wait_ready(lambda: answers("127.0.0.1", self.port))
        return self

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None
