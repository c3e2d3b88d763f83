"""posternd on private sockets, and posternctl talking to it."""
import atexit
import base64
import functools
import json
import os
import pathlib
import pwd
import secrets
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

import yaml

from .tools import ROOT, Failure, Process, free_port, ordinary_user, wait_until

BIN = pathlib.Path(os.environ.get("POSTERN_BIN", ROOT / "build" / "release" / "bin"))


@functools.lru_cache(maxsize=None)
def programs(user):
    """The folder of posternd and posternctl, where this user can run them: a copy when the build lies in a folder
    that is closed to others, as /root is."""
    if user is None or subprocess.run(["test", "-x", BIN / "posternd"], user=user, group=pwd.getpwnam(user).pw_gid,
                                      extra_groups=[], stderr=subprocess.DEVNULL).returncode == 0:
        return BIN
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-bin-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    for name in ("posternd", "posternctl"):
        shutil.copy(BIN / name, folder)
    return folder


TRUSTED = ["127.0.0.0/8", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"]
HEADER_SCANNER = {"type": "header", "score": "X-Spam-Score", "advert": "X-Spam-Advert", "virus": "X-Virus-Name",
                  "trust": TRUSTED}


def merged(base, changes):
    """A deep copy of base with changes laid over it."""
    result = dict(base)
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(name), dict):
            result[name] = merged(result[name], value)
        else:
            result[name] = value
    return result


class Posternd:
    """`settings` are laid over those that a private instance needs. The process may be stopped, killed and
    started again; its files stay. It runs as an ordinary user where the tests run as root."""

    def __init__(self, folder, submit_port, settings=None):
        self.folder = pathlib.Path(folder)
        self.state = self.folder / "state"
        self.state.mkdir()
        self.config = self.folder / "postern.yml"
        self.milter_port = free_port()
        self.http_port = free_port()
        self.tables = f"unix:{self.state}/tables.sock"
        self.secrets = f"unix:{self.state}/secrets.sock"
        self.policy_folder = self.folder / "policy"
        self.policy_folder.mkdir(exist_ok=True)
        keys = self.state / "token.keys"
        keys.write_text(base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        keys.chmod(0o600)
        self.settings = merged({
            "listen": {"milter": f"inet:{self.milter_port}@127.0.0.1", "tables": self.tables,
                       "secrets": self.secrets, "http": f"127.0.0.1:{self.http_port}",
                       "control": f"{self.state}/control.sock"},
            "policy": {"source": "directory", "directory": str(self.policy_folder),
                       "cache": f"{self.state}/policy.cache"},
            "spam": {"scanners": [HEADER_SCANNER]},
            "sender_verify": "off",
            "dns": {"checks_per_minute": 0},  # a test asks nobody's DNS but its own
            "submit": {"address": f"127.0.0.1:{submit_port}"},
            "keys": {"token_file": str(keys)},
            "vault": {"path": f"{self.state}/vault", "min_free": "1MiB"},
            "log": {"level": "debug", "format": "text"},
            "shutdown_grace": "10s",
        }, settings or {})
        self.write_settings()
        self.popen_options = {}
        user = ordinary_user() if os.getuid() == 0 else None
        self.bin = programs(user)
        if user:
            # In group postfix, as the unit file has it: the sockets are for that group.
            self.popen_options = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ["postfix"]}
            for path in (self.state, keys):
                shutil.chown(path, user)
        self.process = None

    def write_settings(self):
        self.config.write_text(yaml.safe_dump(self.settings))

    def change_settings(self, changes):
        self.settings = merged(self.settings, changes)
        self.write_settings()

    # -- life ---------------------------------------------------------------------------------------------
    def start(self, ready=True):
        self.process = Process("posternd", [self.bin / "posternd", "--config", self.config],
                               self.folder / "posternd.log", cwd="/", **self.popen_options)
        self.process.wait_ready(self.is_ready if ready else self.is_alive)
        return self

    def stop(self):
        """Ends it in good order, and holds it to that: exit 0, no sanitizer report."""
        if self.process is None:
            return
        process, self.process = self.process, None
        code = process.stop()
        text = process.log()
        if code != 0 or "Sanitizer" in text or "runtime error:" in text:
            raise Failure(f"posternd ended with {code}:\n{text[-6000:]}")

    def kill(self):
        self.process.kill()
        self.process = None

    def log(self):
        return (self.folder / "posternd.log").read_text(errors="replace")

    # -- HTTP ------------------------------------------------------------------------------------------------
    def get(self, path):
        """(status, text); (0, why) when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def is_alive(self):
        return self.get("/healthz")[0] == 200

    def is_ready(self):
        return self.get("/readyz")[0] == 200

    def metric(self, name, **labels):
        """The value of one metric, summed over all whose labels begin so; None when there is none."""
        total, found = 0.0, False
        for line in self.get("/metrics")[1].splitlines():
            series, _, value = line.rpartition(" ")
            if series.split("{")[0] == name and all(f'{k}="{v}' in series for k, v in labels.items()):
                total, found = total + float(value), True
        return total if found else None

    def generation(self):
        return self.metric("postern_policy_generation")

    def wait_for_generation_after(self, before):
        wait_until(lambda: (self.generation() or 0) > before, f"a generation after {before}")

    # -- posternctl ------------------------------------------------------------------------------------------
    def ctl(self, *words, check=True, as_operator=False, **popen):
        """The finished posternctl, run as the daemon's user, or as the operator who wrote its policies."""
        done = subprocess.run([self.bin / "posternctl", "--config", self.config, *map(str, words)], capture_output=True,
                              text=True, cwd="/", timeout=120, **({} if as_operator else self.popen_options), **popen)
        if check and done.returncode:
            raise Failure(f"posternctl {' '.join(map(str, words))}: exit {done.returncode}: "
                          f"{done.stdout}{done.stderr}")
        return done

    def ctl_json(self, *words):
        return json.loads(self.ctl(*words, "--json").stdout)

    def status(self):
        """All that `posternctl status` knows; it answers 1 while the daemon is not ready, and tells all the same."""
        return json.loads(self.ctl("status", "--json", check=False).stdout)

    def policy_status(self):
        return self.status()["policy"]

    def stored(self):
        """Every row of the vault, oldest first."""
        return sorted(self.ctl_json("vault", "list", "--limit", 100_000)["rows"], key=lambda row: row["row"])

    def message(self, identity):
        """A stored message, byte for byte."""
        done = subprocess.run([self.bin / "posternctl", "--config", self.config, "vault", "show", identity, "--message"],
                              capture_output=True, cwd="/", timeout=120, check=True, **self.popen_options)
        return done.stdout
