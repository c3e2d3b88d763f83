"""The manual pages as mandoc, man and a person read them. What they must name is held by tests/unit/manual."""
import os
import re
import subprocess

import pytest
import yaml

from support.posternd import BIN

MAN = BIN.parent / "man"
PAGES = ["man1/posternctl.1", "man5/postern.yml.5", "man8/posternd.8"]


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_finds_nothing(page):
    done = subprocess.run(["mandoc", "-T", "lint", MAN / page], capture_output=True, text=True, timeout=60)
    findings = []
    for line in (done.stdout + done.stderr).splitlines():
        # mandoc looks for pages where they are installed: ours are not yet, others' need not be on this machine.
        referred = re.search(r"referenced manual not found: Xr (\S+) (\d)|outdated mandoc.db lacks", line)
        if not referred or (referred[1] or "").startswith("postern") and not (
                MAN / f"man{referred[2]}/{referred[1]}.{referred[2]}").exists():
            findings.append(line)
    assert not findings


@pytest.mark.parametrize("page", PAGES)
def test_man_warns_of_nothing(page):
    done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", MAN / page], capture_output=True,
                          text=True, timeout=60, env={**os.environ, "LC_ALL": "C.UTF-8", "MANROFFSEQ": "",
                                                      "MANWIDTH": "80"})
    assert (done.returncode, done.stderr) == (0, "")


def read(page):
    done = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", MAN / page], capture_output=True, text=True,
                          check=True, timeout=60)
    return re.sub(r".\x08", "", done.stdout)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_what_a_reader_looks_for(page):
    headings = re.findall(r"^[A-Z][A-Z ]+$", read(page), re.M)
    for heading in ["NAME", "DESCRIPTION", "FILES", "EXAMPLES", "SEE ALSO"]:
        assert heading in headings
    if not page.endswith(".5"):
        assert "SYNOPSIS" in headings and "EXIT STATUS" in headings


def test_what_is_typed_can_be_copied():
    text = read("man1/posternctl.1")
    assert "posternctl vault list --rcpt cersei@lannister.net --class spam" in text
    assert "--redis-password-file" in text


def test_the_examples_of_the_configuration_are_understood(tmp_path):
    text = read("man5/postern.yml.5").split("\nEXAMPLES\n")[1].split("\nSEE ALSO\n")[0]
    # What is deeper than the prose is an example.
    examples = re.findall(r"(?:^ {11,}\S.*\n)+", text, re.M)
    assert len(examples) == 2
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    for example in examples:
        assert yaml.safe_load(example)
        config = tmp_path / "postern.yml"
        config.write_text(example.replace("/etc/postern/redis.password", str(tmp_path / "password")))
        done = subprocess.run([BIN / "posternd", "--config", config, "--check-config"], capture_output=True, text=True,
                              timeout=60)
        assert (done.returncode, done.stderr) == (0, ""), example
