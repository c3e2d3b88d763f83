"""What posternctl shows on a terminal, and what it must never put into a file or a pipe."""
import os
import pty
import subprocess

import pytest

from support.posternd import BIN

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
