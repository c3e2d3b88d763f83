"""A private Dovecot: mailboxes that take mail over LMTP and show it over IMAP, on free loopback ports."""
import contextlib
import grp
import imaplib
import os
import pathlib
import pwd
import shutil

from .tools import Process, answers, free_port, ordinary_user, wait_until

PASSWORD = "secret"
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = maildir:{folder}/mail/%Lu
first_valid_uid = 1
first_valid_gid = 1
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
lda_mailbox_autocreate = yes
auth_username_format = %Lu
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = passwd-file
  args = {folder}/users
  default_fields = uid={user} gid={group} home={folder}/mail/%Lu
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp_port}
  }}
  unix_listener {folder}/lmtp {{
    mode = 0666
  }}
}}
"""


class Dovecot:
    """It runs as an ordinary user, all of it; `users` are addresses. `stop()` and `start()` keep ports and mail."""

    def __init__(self, folder, users):
        self.folder = pathlib.Path(folder)
        self.imap_port = free_port()
        self.lmtp_port = free_port()
        self.url = f"lmtp://127.0.0.1:{self.lmtp_port}"
        self.socket_url = f"lmtp://{self.folder}/lmtp"
        self.process = None
        user = ordinary_user() if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        group = grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name
        self.popen = {"user": user, "group": group, "extra_groups": []} if os.getuid() == 0 else {}
        for name in ("run", "state", "mail"):
            (self.folder / name).mkdir()
        (self.folder / "dovecot.conf").write_text(CONFIG.format(
            folder=self.folder, user=user, group=group, imap_port=self.imap_port, lmtp_port=self.lmtp_port))
        self.set_users(users)
        if self.popen:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, user)

    def set_users(self, users):
        (self.folder / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}::::::\n" for user in users))

    def start(self):
        self.process = Process("dovecot", ["/usr/sbin/dovecot", "-F", "-c", self.folder / "dovecot.conf"],
                               self.folder / "output.log", **self.popen)
        self.process.wait_ready(lambda: answers("127.0.0.1", self.lmtp_port) and answers("127.0.0.1", self.imap_port))
        return self

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None
            wait_until(lambda: not answers("127.0.0.1", self.lmtp_port), "Dovecot's listener to be gone")

    def log(self):
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def folders(self, user):
        with self._login(user) as imap:
            return sorted(line.decode().rsplit(' "." ', 1)[1].strip('"') for line in imap.list()[1])

    def messages(self, user, folder):
        """Whole messages as bytes, in their order; none where there is no such folder."""
        with self._login(user) as imap:
            if imap.select(f'"{folder}"', readonly=True)[0] != "OK":
                return []
            _, found = imap.search(None, "ALL")
            return [imap.fetch(number, "(RFC822)")[1][0][1] for number in found[0].split()]

    def wait_for(self, user, folder, matching=lambda message: True, count=1):
        def found():
            try:
                chosen = [message for message in self.messages(user, folder) if matching(message)]
            except imaplib.IMAP4.error:  # the file of users is read again now and then
                return None
            return chosen if len(chosen) >= count else None

        return wait_until(found, lambda: f"{count} messages in {folder} of {user}:\n{self.log()[-3000:]}", pause=0.2)

    @contextlib.contextmanager
    def _login(self, user):
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=30)
        try:
            imap.login(user, PASSWORD)
            yield imap
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imap.logout()
