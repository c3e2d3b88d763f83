"""Small things that all servers need: free ports, waiting for a state, a process with a log."""
import contextlib
import os
import pathlib
import pwd
import secrets
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEADLINE = 180.0  # how long any wait may take before the test fails; nothing measures by it


class Failure(Exception):
    """The real parts did not do what they must; the text says which and shows their log."""


def free_port(address="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, 0))
        return probe.getsockname()[1]


def free_address(port):
    """A loopback address on which nobody listens at this very port."""
    while True:
        address = f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 1}"
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            return address


def wait_until(condition, what, deadline=DEADLINE, pause=0.02):
    """Polls until condition() is true and returns what it gave. `what` may be a text or a function."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"timed out waiting: {what() if callable(what) else what}")
        time.sleep(pause)


def answers(address, port):
    """Whether something listens there."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def let_others_in(folder):
    """A temporary folder that posternctl and the daemon, who are not root, may look into."""
    for one in (folder, *folder.parents):
        if one == pathlib.Path(tempfile.gettempdir()):
            break
        one.chmod(0o755)


def ordinary_user():
    """The user that posternd runs as when the tests are root's: whoever owns the source, or nobody."""
    owner = ROOT.stat().st_uid
    return pwd.getpwuid(owner).pw_name if owner != 0 else "nobody"


class Process:
    """One server in the foreground, its output in a file."""

    def __init__(self, name, command, log, **popen):
        self.name = name
        self.log_path = pathlib.Path(log)
        self.command = [str(part) for part in command]
        # Tests that are killed leave no server behind: it dies with the thread that started it.
        tied = ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", *self.command]
        with open(self.log_path, "ab") as output:
            self.popen = subprocess.Popen(tied, stdin=subprocess.DEVNULL, stdout=output,
                                          stderr=subprocess.STDOUT, start_new_session=True, **popen)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def wait_ready(self, condition, deadline=DEADLINE):
        def ready():
            if not self.running():
                raise Failure(f"{self.name} ended with {self.popen.returncode}:\n{self.log()[-4000:]}")
            return condition()

        wait_until(ready, lambda: f"{self.name} to answer; its log:\n{self.log()[-4000:]}", deadline)
        return self

    def signal(self, number):
        if self.running():
            os.kill(self.popen.pid, number)

    def stop(self, deadline=DEADLINE):
        """SIGTERM, and SIGKILL when it will not go. Returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name} did not stop on SIGTERM:\n{self.log()[-4000:]}") from None

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.popen.wait(DEADLINE)
