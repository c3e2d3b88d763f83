"""Shell completion in the shells themselves: typed on a terminal, the Tab key pressed.

What the verbs and options are is asked of posternctl's own help, so that a new one is looked for here as well.
"""
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest

from support.posternd import BIN
from support.tools import DEADLINE, Failure

PROMPT = "ready>"
# Where each shell looks for the script of a command that it does not know yet, below the home directory.
FOUND_IN = {"bash": "share/bash-completion/completions/posternctl", "zsh": "zsh/_posternctl",
            "fish": "config/fish/completions/posternctl.fish"}
START = {
    "bash": ["bash", "--noprofile", "--norc", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--private", "-i"],
}
# One Tab lists everything at once, whole and without questions.
SETUP = {
    "bash": "bind 'set show-all-if-ambiguous on'; bind 'set completion-query-items 0'; bind 'set page-completions off'; "
            "bind 'set enable-bracketed-paste off'; . /usr/share/bash-completion/bash_completion; PS1='{prompt} '",
    "zsh": "fpath=($HOME/zsh $fpath); autoload -Uz compinit; compinit -u -D; setopt auto_list no_list_ambiguous; "
           "LISTMAX=10000; PS1='{prompt} '; unset zle_bracketed_paste",
}


def script_of(shell):
    done = subprocess.run([BIN / "posternctl", "completion", shell], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def help_of(*verb):
    done = subprocess.run([BIN / "posternctl", *verb, "--help"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def verbs_below(*verb):
    text = help_of(*verb)
    return re.findall(r"^  ([a-z]\w*) ", text.split("Subcommands:")[1], re.M) if "Subcommands:" in text else []


def options_of(*verb):
    return set(re.findall(r"^  (?:-\w,)?(--[a-z-]+)", help_of(*verb), re.M))


def everything():
    """Each verb with its own verbs and options, as help tells them: (words, what may follow)."""
    found = []
    waiting = [()]
    while waiting:
        verb = waiting.pop()
        below = verbs_below(*verb)
        found.append((verb, set(below), options_of(*verb)))
        waiting += [(*verb, name) for name in below]
    return found


class Terminal:
    """A shell at a terminal of 400 columns, with nobody's own configuration."""

    def __init__(self, shell, home):
        script = home / FOUND_IN[shell]
        script.parent.mkdir(parents=True)
        script.write_text(script_of(shell))
        self.shell = shell
        self.shown = ""
        environment = {"HOME": str(home), "PATH": f"{BIN}:/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "XDG_DATA_HOME": str(home / "share"), "XDG_CONFIG_HOME": str(home / "config"),
                       "COLUMNS": "400", "LINES": "200"}
        self.pid, self.leader = pty.fork()
        if self.pid == 0:
            os.chdir(home)
            os.execvpe(START[shell][0], START[shell], environment)
        # The prompt in two parts: the terminal's echo of the command is not the prompt.
        self.type(SETUP[shell].format(prompt=PROMPT[:3] + "''" + PROMPT[3:]).replace("PS1='rea''dy>", "PS1='rea'dy'>")
                  + "\n")
        self.expect(lambda text: f"\n{PROMPT}" in text.replace("\r", "\n"))

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.leader)

    def type(self, text):
        self.shown = ""
        os.write(self.leader, text.encode())

    def expect(self, seen):
        end = time.monotonic() + DEADLINE
        while not seen(self.shown):
            if time.monotonic() > end:
                raise Failure(f"{self.shell} showed only: {self.shown!r}")
            if select.select([self.leader], [], [], 1)[0]:
                self.shown += os.read(self.leader, 65536).decode(errors="replace")
        return self.shown

    def offers(self, line, expected):
        """Types `line` and Tab, waits until all of `expected` are shown beside it, and clears the line."""
        self.type(line + "\t")
        missing = set(expected)

        def all_shown(text):
            words = set(re.findall(r"[\w@./-]+", text.replace(line, "", 1)))
            missing.difference_update(words)
            return not missing
        self.expect(all_shown)
        self.clear()

    def completes(self, line, to):
        """One possibility only: it is put into the line."""
        self.type(line + "\t")
        self.expect(lambda text: to in text.replace("\x08", ""))
        self.clear()

    def clear(self):
        self.type("\x15\n")  # ^U and an empty line: a new prompt
        self.expect(lambda text: f"\n{PROMPT} " in text.replace("\r", "\n"))


@pytest.fixture(params=["bash", "zsh"])
def terminal(request, tmp_path):
    shell = Terminal(request.param, tmp_path)
    yield shell
    shell.close()


def test_a_terminal_offers_every_verb_and_option(terminal):
    places = everything()
    assert len(places) > 15
    for verb, verbs, options in places:
        line = " ".join(["posternctl", *verb, ""])
        if verbs:
            terminal.offers(line, verbs)
        terminal.offers(line + "--", options)


def test_a_terminal_completes_what_is_begun(terminal, tmp_path):
    (tmp_path / "saved.json").write_text("{}")
    for line, completed in [("posternctl sta", "posternctl status"),
                            ("posternctl --config /dev/null vault li", "vault list"),
                            ("posternctl import op", "import opensrs"),
                            ("posternctl import opensrs sav", "import opensrs saved.json"),
                            ("posternctl --config sav", "--config saved.json"),
                            ("posternctl vault list --outb", "vault list --outbox"),
                            ("posternctl route someone@got.com --off", "--offline")]:
        terminal.completes(line, completed)


def fish_offers(home, line):
    script = home / "posternctl.fish"
    if not script.exists():
        script.write_text(script_of("fish"))
    done = subprocess.run(["fish", "--no-config", "-c", f"source {script}; complete -C '{line}'"], cwd=home,
                          capture_output=True, text=True, timeout=60, env={**os.environ, "HOME": str(home)})
    assert done.returncode == 0 and not done.stderr, done.stderr
    return {entry.split("\t")[0] for entry in done.stdout.splitlines()}


def test_fish_offers_every_verb_and_option(tmp_path):
    """fish answers for its command line itself: `complete -C` is its Tab key."""
    for verb, verbs, options in everything():
        line = " ".join(["posternctl", *verb, ""])
        if verbs:
            assert fish_offers(tmp_path, line) == verbs
        assert options <= fish_offers(tmp_path, line + "--")


def test_fish_completes_what_is_begun(tmp_path):
    (tmp_path / "saved.json").write_text("{}")
    for line, completed in [("posternctl sta", "status"), ("posternctl --config /dev/null vault li", "list"),
                            ("posternctl import op", "opensrs"), ("posternctl import opensrs sav", "saved.json"),
                            ("posternctl --config sav", "saved.json"), ("posternctl vault list --outb", "--outbox"),
                            ("posternctl route someone@got.com --off", "--offline")]:
        assert completed in fish_offers(tmp_path, line), line
    assert "status" not in fish_offers(tmp_path, "posternctl vault ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_shell_complains(shell, tmp_path):
    script = tmp_path / "script"
    script.write_text(script_of(shell))
    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def bash_offers(*words):
    """What the function answers after these words, the last of which is being typed."""
    driver = (script_of("bash") + '\nCOMP_WORDS=("$@")\nCOMP_CWORD=$(($# - 1))\n_posternctl\n'
              "printf '%s\\n' \"${COMPREPLY[@]}\"\n")
    done = subprocess.run(["bash", "--norc", "-u", "-c", driver, "bash", "posternctl", *words], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("words", [["--config", "st"], ["policy", "check", "x"], ["policy", "check", ""],
                                   ["vault", "list", "--rcpt", ""], ["import", "opensrs", ""]])
def test_values_are_left_to_the_person_and_to_files(words):
    assert bash_offers(*words) == []


def test_a_value_is_no_verb():
    assert "status" in bash_offers("--config", "vault", "")


def test_completion_hides_itself():
    assert "completion" not in bash_offers("")


def test_a_shell_nobody_knows():
    done = subprocess.run([BIN / "posternctl", "completion", "tcsh"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "bash, zsh and fish" in done.stderr
