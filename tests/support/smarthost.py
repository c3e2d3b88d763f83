"""A provider's relay: a second, real Postfix with logins and TLS, which says in Received whom it let in and how."""
import pathlib
import shutil
import subprocess

from .sasl import SaslServer
from .tools import Failure, answers, free_port, wait_until


class Smarthost:
    """`passwords`: login -> password. One port for each way in; all but `open_port` want a login:
    `plain_port` offers no TLS, `starttls_port` a login after STARTTLS only, `smtps_port` TLS from the first octet.
    What it takes goes to `world` ("[address]:port")."""

    def __init__(self, folder, certificate, world, passwords):
        self.folder = pathlib.Path(folder)
        self.etc = self.folder / "etc"
        self.log_path = self.folder / "log" / "mail.log"
        self.plain_port, self.starttls_port, self.smtps_port, self.open_port = (free_port() for _ in range(4))
        for name in ("etc", "spool", "data", "log"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (self.etc / "main.cf").write_text(f"""compatibility_level = 3.6
queue_directory = {self.folder}/spool
data_directory = {self.folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
meta_directory = /etc/postfix
mail_owner = postfix
setgid_group = postdrop
maillog_file = {self.log_path}
maillog_file_prefixes = {self.log_path.parent}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
local_header_rewrite_clients =
disable_mime_output_conversion = yes
message_size_limit = 67108864
smtpd_tls_cert_file = {certificate.certificate}
smtpd_tls_key_file = {certificate.key}
smtpd_tls_received_header = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_sasl_authenticated_header = yes
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_peername_lookup = no
relayhost = {world}
""")
        login = "-o smtpd_sasl_auth_enable=yes"
        inet = [f"127.0.0.1:{self.plain_port} inet n - n - - smtpd {login} -o smtpd_tls_security_level=none",
                f"127.0.0.1:{self.starttls_port} inet n - n - - smtpd {login} -o smtpd_tls_security_level=may"
                " -o smtpd_tls_auth_only=yes",
                f"127.0.0.1:{self.smtps_port} inet n - n - - smtpd {login} -o smtpd_tls_wrappermode=yes",
                f"127.0.0.1:{self.open_port} inet n - n - - smtpd -o smtpd_tls_security_level=may"
                " -o smtpd_relay_restrictions=permit_mynetworks,reject"]
        unix = ["pickup unix n - n 60 1 pickup", "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
                "defer unix - - n - 0 bounce", "trace unix - - n - 0 bounce", "flush unix n - n 1000? 0 flush",
                "proxymap unix - - n - - proxymap", "smtp unix - - n - - smtp", "relay unix - - n - - smtp",
                "error unix - - n - - error", "retry unix - - n - - error", "discard unix - - n - - discard",
                "anvil unix - - n - 1 anvil", "scache unix - - n - 1 scache", "tlsmgr unix - - n 1000? 1 tlsmgr",
                "postlog unix-dgram n - n - 1 postlogd"]
        (self.etc / "master.cf").write_text("\n".join(inet + unix) + "\n")
        self._postfix("start")
        wait_until(lambda: answers("127.0.0.1", self.smtps_port), lambda: f"the smarthost to answer:\n{self.log()}")
        self.sasl = SaslServer(self.folder / "spool" / "private" / "auth", passwords=passwords)

    def _postfix(self, word, check=True):
        done = subprocess.run(["postfix", "-c", self.etc, word], capture_output=True, text=True)
        if check and done.returncode:
            raise Failure(f"postfix {word}: {done.stderr}{done.stdout}\n{self.log()[-3000:]}")

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else "(no log)"

    def stop(self):
        self.sasl.stop()
        self._postfix("stop", check=False)
