"""What posternctl shows on a terminal, and what it must never put into a file or a pipe."""
import os
import pty
import shutil
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


def completion(shell):
    done = subprocess.run([BIN / "posternctl", "completion", shell], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def bash_offers(script, *words):
    """What bash itself offers after these words, the last of which is being typed."""
    driver = f"""
{script}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
complete -p posternctl >&2
_posternctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "--norc", "-u", "-c", driver, "bash", "posternctl", *words], capture_output=True,
                          text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "complete -o default -F _posternctl posternctl\n"
    return done.stdout.split()


@pytest.mark.parametrize("words, offered", [
    (["stat"], ["status"]),
    (["vault", ""], ["list", "show", "release"]),
    (["vault", "list", "--cl"], ["--class"]),
    (["--json", "policy", "ch"], ["check"]),
    (["vault", "list", "--js"], ["--json"]),
    (["route", "a@got.com", "--off"], ["--offline"]),
])
def test_bash_completes_verbs_and_options(words, offered):
    assert set(offered) <= set(bash_offers(completion("bash"), *words))


@pytest.mark.parametrize("words", [["--config", "st"], ["policy", "check", "x"], ["vault", "list", "--class", ""]])
def test_bash_leaves_values_to_the_person_and_to_files(words):
    assert bash_offers(completion("bash"), *words) == []


def test_completion_hides_itself():
    assert "completion" not in bash_offers(completion("bash"), "")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_understand_their_script(shell, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "completion"
    script.write_text(completion(shell))
    subprocess.run([shell, "-n", script], check=True, timeout=30)


def test_fish_completes_verbs(tmp_path):
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed")
    script = tmp_path / "posternctl.fish"
    script.write_text(completion("fish"))
    done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C 'posternctl vault '"],
                          capture_output=True, text=True, timeout=30, env={**os.environ, "HOME": str(tmp_path)})
    offered = [line.split("\t")[0] for line in done.stdout.splitlines()]
    assert {"list", "show", "release"} <= set(offered) and "status" not in offered


def test_a_shell_nobody_knows():
    done = subprocess.run([BIN / "posternctl", "completion", "tcsh"], capture_output=True, text=True, timeout=30)
    assert done.returncode == 2 and "bash, zsh and fish" in done.stderr
