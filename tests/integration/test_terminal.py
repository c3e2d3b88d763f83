"""What posternctl shows on a terminal, and what it must never put into a file or a pipe."""
import os
import pty
import shutil
import socket
import subprocess

import pytest

from support.posternd import BIN
from support.tools import free_port

ESCAPE = b"\x1b["


def on_terminal(arguments, **environment):
    """Both outputs on one pseudo terminal, as a person has them."""
    leader, follower = pty.openpty()
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", **environment}
    process = subprocess.Popen([BIN / "posternctl", *arguments], stdin=subprocess.DEVNULL, stdout=follower,
                               stderr=follower, env=env)
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 65536):
            shown += chunk
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(leader)
    process.wait(30)
    return shown


@pytest.fixture
def policies(tmp_path):
    (tmp_path / "domain").mkdir()
    (tmp_path / "domain/got.com.json").write_text('{"id": "1", "name": "got.com", "status": "ENABLED"}')
    return str(tmp_path)


def test_a_terminal_is_shown_headings(policies):
    assert ESCAPE in on_terminal(["route", "got.com", "--offline", policies])


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_gets_none(policies, environment):
    shown = on_terminal(["route", "got.com", "--offline", policies], **environment)
    assert b"relay_domains" in shown and ESCAPE not in shown


def test_json_has_none_on_a_terminal_either(policies):
    shown = on_terminal(["--json", "route", "got.com", "--offline", policies])
    assert b"relay_domains" in shown and ESCAPE not in shown


def test_a_pipe_has_none(policies):
    done = subprocess.run([BIN / "posternctl", "route", "got.com", "--offline", policies], capture_output=True,
                          env={"PATH": os.environ["PATH"], "TERM": "xterm"}, timeout=30)
    assert b"relay_domains" in done.stdout and ESCAPE not in done.stdout + done.stderr


def test_a_daemon_that_is_away_says_what_to_do(tmp_path):
    done = subprocess.run([BIN / "posternctl", "status", "--socket", tmp_path / "none.sock"], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 69
    assert str(tmp_path / "none.sock") in done.stderr
    for next_step in ("systemctl start posternd", "--socket PATH", "--offline DIR"):
        assert next_step in done.stderr


def told(*words, **more):
    """(exit code, standard error) of a command line that goes wrong."""
    done = subprocess.run([BIN / "posternctl", *map(str, words)], capture_output=True, text=True, timeout=60, **more)
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.parametrize("words, says", [
    (["stats"], ["no such verb: stats", "posternctl status"]),
    (["vault", "lst"], ["vault: no such verb: lst", "posternctl vault list"]),
    (["vault", "list", "--purpse", "spam"], ["no such option: --purpse", "--purpose", "posternctl vault list --help"]),
    ([], ["a verb is missing", "status, policy"]),
    (["explain", "--from", "a@example.org"], ["--rcpt is required", "posternctl explain --help"]),
    (["import", "opensr", "x"], ["opensr: no such dialect", "opensrs"]),
])
def test_a_slip_is_named_with_what_was_meant(words, says):
    code, error = told(*words)
    assert code == 2 and error.startswith("posternctl: ")
    for text in says:
        assert text in error


@pytest.mark.parametrize("words", [["status"], ["vault", "list"], ["route", "a@got.com"], ["health", "got.com"],
                                   ["policy", "show", "domain:got.com"], ["replay", "--against", "/tmp", "vault"]])
def test_a_configuration_that_is_not_there(words):
    code, error = told(*words, "--config", "/nonexistent/postern.yml")
    assert code == 78 and "/nonexistent/postern.yml: cannot be read" in error
    assert "Is Postern installed here?" in error and "--config FILE" in error and "--offline DIR" in error


def for_anybody(tmp_path_factory):
    """A program that anybody may run, and a folder that anybody may look into."""
    folder = tmp_path_factory.mktemp("anybody")
    for parent in (folder, folder.parent, folder.parent.parent):
        parent.chmod(0o755)
    shutil.copy(BIN / "posternctl", folder)
    return folder


@pytest.mark.skipif(os.geteuid() != 0, reason="root becomes somebody else")
def test_who_may_not_ask_is_told_who_may(tmp_path_factory):
    folder = for_anybody(tmp_path_factory)
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(folder / "control.sock"))
        (folder / "control.sock").chmod(0o600)
        control.listen()
        done = subprocess.run([folder / "posternctl", "status", "--socket", folder / "control.sock"], user="nobody",
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 69
    assert "Permission denied" in done.stderr and "ask as root" in done.stderr
    (folder / "postern.yml").write_text("")
    (folder / "postern.yml").chmod(0o600)
    done = subprocess.run([folder / "posternctl", "status", "--config", folder / "postern.yml"], user="nobody",
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 78
    assert "Permission denied" in done.stderr and "ask as root" in done.stderr


def test_a_redis_that_is_away(policies):
    code, error = told("policy", "publish", policies, "--redis-url", f"redis://127.0.0.1:{free_port()}/0")
    assert code == 1 and "Connection refused" in error and "--redis-url URL" in error
