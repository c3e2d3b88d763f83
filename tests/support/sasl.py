"""Dovecot's login server alone, as Postfix asks it: PLAIN, and one password for every user or one for each."""
import base64
import os
import pathlib
import re
import tempfile

from .tools import Process, wait_until

PASSWORD = "king-in-the-north"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
auth_mechanisms = plain
auth_username_format = %u
auth_username_chars =
# A wrong password costs a test no seconds.
auth_failure_delay = 0
# What is asked of it, with the password: the tests look for passwords that must not have been sent.
auth_debug = yes
auth_debug_passwords = yes
passdb {{
  driver = passwd-file
  args = {folder}/users
}}
service auth {{
  user = root
  unix_listener {path} {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
ASKED = re.compile(r"client in: AUTH\t\d+\t.*\tresp=([A-Za-z0-9+/=]*)")


class SaslServer:
    """`users` may log in with PASSWORD, those of `passwords` each with his own."""

    def __init__(self, path, users=(), passwords=None):
        # Not in the folder of the one who listens: names of sockets have a length.
        self._folder = tempfile.TemporaryDirectory(prefix="postern-sasl-")
        self.folder = pathlib.Path(self._folder.name)
        known = {**{user: PASSWORD for user in users}, **(passwords or {})}
        lines = (f"{user}:{{PLAIN.b64}}{base64.b64encode(password.encode()).decode()}::::::\n"
                 for user, password in known.items())
        (self.folder / "users").write_text("".join(lines))
        (self.folder / "dovecot.conf").write_text(
            CONFIG.format(folder=self.folder, path=path, user="nobody", group="nogroup"))
        self.process = Process("dovecot", ["/usr/sbin/dovecot", "-F", "-c", self.folder / "dovecot.conf"],
                               self.folder / "output.log")
        self.process.wait_ready(lambda: os.path.exists(path))

    @property
    def tried(self):
        """(user, password) of every login, as they came."""
        tried = []
        for response in ASKED.findall(self.log()):
            _, user, password = base64.b64decode(response).decode().split("\0")
            tried.append((user, password))
        return tried

    def wait_for_tried(self, count):
        """Dovecot writes its log when it has answered."""
        return wait_until(lambda: len(self.tried) >= count and self.tried, lambda: f"{count} logins:\n{self.log()[-3000:]}")

    def log(self):
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.process.stop()
        self._folder.cleanup()
