"""A private Postfix made of Debian's master.cf and of config/postfix/, as an operator would put them together."""
import json
import pathlib
import re
import shutil
import subprocess

from .tools import ROOT, Failure, answers, free_port, wait_until

DEBIAN_MASTER = pathlib.Path("/usr/share/postfix/master.cf.dist")
SNIPPETS = ROOT / "config" / "postfix"


def _services(text):
    """master.cf as a list of (service, type, whole text with its -o lines)."""
    entries = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            entries[-1][2].append(line)
        else:
            name, kind = line.split()[:2]
            entries.append((name, kind, [line]))
    return entries


class Postfix:
    """`tables`, `secrets`: socket paths of posternd; `milter_port`: its milter. `chroot`: as Debian ships it.

    Added for the tests alone: XCLIENT from loopback, a relayhost that stands for the rest of the world,
    a certificate, and the base settings of a second instance.
    """

    def __init__(self, folder, tables, secrets, milter, certificate, world, chroot=False, snippets=True,
                 extra=None):
        self.folder = pathlib.Path(folder)
        self.etc = self.folder / "etc"
        self.log_path = self.folder / "log" / "mail.log"
        self.port = free_port()
        self.submission_port = free_port()
        self.submit_port = free_port()
        self.chroot = chroot
        for name in ("etc", "spool", "data", "log"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        if chroot:
            self._fill_chroot()
        self._write_main(tables, secrets, milter, certificate, world, snippets, extra or {})
        self._write_master(snippets)

    def _fill_chroot(self):
        # What Debian's own start script copies into the queue directory.
        (self.folder / "spool" / "etc").mkdir()
        for name in ("services", "hosts", "resolv.conf", "nsswitch.conf", "localtime"):
            source = pathlib.Path("/etc") / name
            if source.exists():
                shutil.copy(source, self.folder / "spool" / "etc" / name)

    def _write_main(self, tables, secrets, milter, certificate, world, snippets, extra):
        base = f"""compatibility_level = 3.6
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
myhostname = mail.test
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate.certificate}
smtpd_tls_key_file = {certificate.key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
# For the tests: any client address may be played, the world is one sink, waiting is short.
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_message_rate_limit = 0
smtpd_peername_lookup = no
relayhost = {world}
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
destination_concurrency_failed_cohort_limit = 0
"""
        text = base
        if snippets:
            snippet = (SNIPPETS / "main.cf").read_text()
            for old, new in (("unix:/run/postern/tables.sock", tables),
                             ("unix:/run/postern/secrets.sock", secrets),
                             ("inet:127.0.0.1:8891", milter)):
                snippet = snippet.replace(old, new)
            text += snippet
        text += "".join(f"{name} = {value}\n" for name, value in extra.items())
        (self.etc / "main.cf").write_text(text)

    def _write_master(self, snippets):
        entries = {(name, kind): lines for name, kind, lines in _services(DEBIAN_MASTER.read_text())
                   if name not in ("maildrop", "uucp", "ifmail", "bsmtp", "scalemail-backend", "mailman")}
        if snippets:
            ours = _services((SNIPPETS / "master.cf").read_text())
            entries.update({(name, kind): lines for name, kind, lines in ours})
        ports = {"smtp": self.port, "submission": self.submission_port, "127.0.0.1:10025": self.submit_port}
        written = []
        for (name, kind), lines in entries.items():
            first = lines[0].split()
            if kind == "inet":
                first[0] = f"127.0.0.1:{ports[name]}"
            if not self.chroot:
                first[4] = "n"
            written += [" ".join(first), *lines[1:]]
        (self.etc / "master.cf").write_text("\n".join(written) + "\n")

    # -- life -------------------------------------------------------------------------------------------
    def _command(self, *words, check=True):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
        if check and done.returncode:
            raise Failure(f"{' '.join(map(str, words))}: {done.stderr}{done.stdout}\n{self.log()[-3000:]}")
        return done.stdout

    def start(self):
        self._command("postfix", "-c", self.etc, "start")
        wait_until(lambda: answers("127.0.0.1", self.port), lambda: f"Postfix to answer:\n{self.log()[-3000:]}")
        return self

    def reload(self):
        self._command("postfix", "-c", self.etc, "reload")

    def stop(self):
        self._command("postfix", "-c", self.etc, "stop", check=False)

    # -- what it did ----------------------------------------------------------------------------------------
    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else "(no log)"

    def setting(self, name):
        return self._command("postconf", "-c", self.etc, "-h", name).strip()

    def queue(self):
        """The messages in the queue, as `postqueue -j` tells them."""
        output = self._command("postqueue", "-c", self.etc, "-j")
        return [json.loads(line) for line in output.splitlines()]

    def wait_until_empty(self):
        wait_until(lambda: not self.queue(), lambda: f"the queue to empty: {self.queue()}\n{self.log()[-3000:]}",
                   pause=0.1)

    def wait_for_log(self, pattern):
        return wait_until(lambda: re.search(pattern, self.log()),
                          lambda: f"/{pattern}/ in Postfix's log:\n{self.log()[-3000:]}")

    def flush(self):
        self._command("postqueue", "-c", self.etc, "-f")

    def drop_queue(self):
        self._command("postsuper", "-c", self.etc, "-d", "ALL")

    def sendmail(self, sender, recipient, content):
        subprocess.run(["sendmail", "-C", str(self.etc), "-f", sender, "-i", recipient], input=content, check=True)
