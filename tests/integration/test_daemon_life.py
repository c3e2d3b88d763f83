"""posternd dies, comes back, starts with nothing, stops in good order: mail waits, it is never lost or refused."""
import os
import shutil
import signal
import subprocess

import pytest

from support import client
from support.posternd import BIN
from support.tools import ROOT, wait_until


def temporary(outcome):
    replies = [reply for reply in [outcome.mail, *outcome.rcpt.values(), outcome.reply] if reply]
    return not outcome.accepted and not any(reply.startswith("5") for reply in replies)


def wait_until_served(world):
    """Mail is taken again. An smtpd that asked meanwhile remembers for as long as it lives that a table was away (15 s, as
    the snippets say); until then it says so for now, and never for good."""
    def is_served():
        outcome = world.send("a@example.org", "arya@stark.net")
        assert outcome.accepted or temporary(outcome), outcome
        return outcome.accepted

    wait_until(is_served, "mail to be taken again", pause=0.5)


def test_killed_means_451_and_back_means_service(world):
    assert world.send("a@example.org", "arya@stark.net").accepted
    world.postfix.wait_until_empty()
    world.posternd.kill()
    outcome = world.send("a@example.org", "arya@stark.net")
    assert temporary(outcome), outcome
    world.posternd.start()
    wait_until_served(world)
    world.sinks["primary"].wait_for(lambda d: "arya@stark.net" in d.recipients, 2)


def test_killed_in_the_middle_of_a_message(world):
    connection = client.Client(world.postfix.port, address="192.0.2.1")
    connection.docmd("MAIL", "FROM:<a@example.org>")
    assert connection.docmd("RCPT", "TO:<sansa@stark.net>")[0] == 250
    world.posternd.kill()
    try:
        code, text = connection.data(client.message())
    except client.smtplib.SMTPDataError as error:
        code, text = error.smtp_code, error.smtp_error
    connection.close()
    world.posternd.start()
    assert code // 100 == 4, (code, text)
    world.postfix.wait_until_empty()
    assert not world.sinks["primary"].received(lambda d: "sansa@stark.net" in d.recipients)


def test_sigterm_lets_an_open_transaction_finish(world):
    connection = client.Client(world.postfix.port, address="192.0.2.1")
    connection.docmd("MAIL", "FROM:<a@example.org>")
    assert connection.docmd("RCPT", "TO:<jon@nightswatch.org>")[0] == 250
    world.posternd.process.signal(signal.SIGTERM)
    wait_until(lambda: not world.posternd.is_ready(), "the daemon to say that it is going")
    code, text = connection.data(client.message(recipient="jon@nightswatch.org"))
    connection.close()
    assert code == 250, text
    world.posternd.stop()
    world.posternd.start()
    world.sinks["primary"].wait_for(lambda d: "jon@nightswatch.org" in d.recipients)


def test_starts_over_sockets_that_a_killed_one_left(world):
    world.posternd.kill()
    assert (world.posternd.state / "tables.sock").exists()
    world.posternd.start()
    wait_until_served(world)


def test_no_policy_at_all_is_421_and_no_domain_is_denied(fresh, tmp_path):
    tmp_path.chmod(0o755)
    world = fresh(policies=tmp_path, ready=False, users=["nobody@example.org"])
    assert not world.posternd.is_ready() and world.posternd.is_alive()
    outcome = world.send("a@example.org", "arya@stark.net")
    assert outcome.mail.startswith("421 4.3.2") or temporary(outcome), outcome
    connection = client.Client(world.postfix.port)
    assert connection.docmd("MAIL", "FROM:<a@example.org>")[0] == 421


def test_an_unwritable_vault_keeps_the_mail_with_its_sender(fresh):
    world = fresh()
    assert world.send("a@example.org", "tywin@lannister.net", headers={"X-Spam-Score": "6"}).accepted
    vault = world.posternd.state / "vault"
    for folder, _, _ in os.walk(vault):
        os.chmod(folder, 0o500)
    world.posternd.stop()
    world.posternd.start(ready=False)
    outcome = world.send("a@example.org", "tywin@lannister.net", headers={"X-Spam-Score": "6"})
    for folder, _, _ in os.walk(vault):
        os.chmod(folder, 0o700)
    assert temporary(outcome), outcome


# ---- settings ----

def check_config(path):
    return subprocess.run([BIN / "posternd", "--config", path, "--check-config"], capture_output=True, text=True)


def test_check_config_says_yes(world):
    done = check_config(world.posternd.config)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line, key", [
    ("surprise: 1", "surprise"), ("shutdown_grace: soon", "shutdown_grace"),
    ("listen: { milter: nowhere }", "milter"), ("spam: { scanners: [ { type: oracle } ] }", "type"),
    ("policy: [", "")])
def test_check_config_names_file_line_and_key(tmp_path, line, key):
    path = tmp_path / "postern.yml"
    path.write_text(f"log: {{ format: text }}\n{line}\n")
    done = check_config(path)
    assert done.returncode == 78
    assert f"{path}:2: " in done.stderr + done.stdout or f"{path}:3: " in done.stderr + done.stdout, done
    assert key in done.stderr + done.stdout


def test_the_shipped_settings_are_understood(tmp_path):
    text = (ROOT / "config" / "postern.yml").read_text()
    keys = tmp_path / "token.keys"
    keys.write_text("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n")
    keys.chmod(0o600)
    path = tmp_path / "postern.yml"
    path.write_text(text.replace("/etc/postern/token.keys", str(keys)))
    shutil.copystat(ROOT / "config" / "postern.yml", path)
    done = check_config(path)
    assert done.returncode == 0, done.stderr
