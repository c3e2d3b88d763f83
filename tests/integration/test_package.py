"""The Debian package: what is in it, and what lintian thinks. scripts/try_package installs it on an empty machine."""
import gzip
import os
import re
import subprocess

import pytest

from support.policies import SHIPPED
from support.posternd import BIN
from support.tools import ROOT

PRESET = BIN.parent.name


@pytest.fixture(scope="module")
def package():
    if PRESET not in ("release", "dev") or BIN.parent.parent != ROOT / "build":
        pytest.skip(f"what {PRESET} builds is never packed")
    done = subprocess.run([ROOT / "scripts/package", PRESET], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr  # lintian's errors among them
    found = list((ROOT / "build" / PRESET).glob("postern_*.deb"))
    assert len(found) == 1
    return found[0]


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    subprocess.run(["dpkg-deb", "-e", package, folder / "control"], check=True)
    return folder


def listing(package):
    """path -> (mode, owner), as the package says."""
    lines = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True).stdout.splitlines()
    return {line.split(None, 5)[5].removeprefix("."): tuple(line.split(None, 2)[:2]) for line in lines}


def test_everything_is_where_debian_has_it(package):
    files = listing(package)
    for path, mode in {
        "/usr/sbin/posternd": "-rwxr-xr-x", "/usr/bin/posternctl": "-rwxr-xr-x",
        "/etc/postern/postern.yml": "-rw-r-----",
        "/lib/systemd/system/posternd.service": "-rw-r--r--",
        "/usr/lib/sysusers.d/postern.conf": "-rw-r--r--", "/usr/lib/tmpfiles.d/postern.conf": "-rw-r--r--",
        "/usr/share/man/man8/posternd.8.gz": "-rw-r--r--", "/usr/share/man/man1/posternctl.1.gz": "-rw-r--r--",
        "/usr/share/man/man5/postern.yml.5.gz": "-rw-r--r--",
        "/usr/share/bash-completion/completions/posternctl": "-rw-r--r--",
        "/usr/share/zsh/vendor-completions/_posternctl": "-rw-r--r--",
        "/usr/share/fish/vendor_completions.d/posternctl.fish": "-rw-r--r--",
        "/usr/share/postern/postfix/main.cf": "-rw-r--r--", "/usr/share/postern/postfix/apply": "-rwxr-xr-x",
        "/usr/share/postern/redis/postern.acl": "-rw-r--r--", "/usr/share/postern/schema/domain.json": "-rw-r--r--",
        "/usr/share/doc/postern/copyright": "-rw-r--r--", "/usr/share/doc/postern/operating.md": "-rw-r--r--",
    }.items():
        assert files.get(path) == (mode, "root/root"), path
    # Nothing of the tests, of the build, or of this machine.
    assert not [path for path in files if re.search(r"test|bench|\.a$|/home|/work|CMake", path)]


def test_its_manual_names_exist(unpacked):
    """Each path below /usr that a manual page names is in the package."""
    root = unpacked / "root"
    for page in root.glob("usr/share/man/*/*.gz"):
        for path in re.findall(r"^\.It Pa (/usr/\S+)|^\.Pa (/usr/\S+)", gzip.open(page, "rt").read(), re.M):
            name = "".join(path)
            assert (root / name.lstrip("/")).exists(), f"{page.name}: {name}"


def test_its_configuration_is_kept_when_it_was_changed(unpacked):
    assert (unpacked / "control/conffiles").read_text() == "/etc/postern/postern.yml\n"


def test_it_depends_on_the_libraries_it_is_linked_to(unpacked):
    control = (unpacked / "control/control").read_text()
    depends = re.search(r"^Depends: (.*)$", control, re.M).group(1)
    for library in ("libc6", "libssl3", "libmilter1.0.1", "libsqlite3-0", "libcurl4", "libsystemd0"):
        assert re.search(rf"\b{re.escape(library)}\b", depends), depends
    assert not re.search(r"-dev\b|lib[at]san", depends)


def test_its_programs_run_as_they_are_packed(unpacked, tmp_path):
    root = unpacked / "root"
    # The sample configuration names a key file of its own place.
    config = tmp_path / "postern.yml"
    config.write_text((root / "etc/postern/postern.yml").read_text())
    done = subprocess.run([root / "usr/sbin/posternd", "--config", config, "--check-config"], capture_output=True,
                          text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run([root / "usr/bin/posternctl", "policy", "check", root / "usr/share/postern/policy"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in SHIPPED.iterdir()) == sorted(p.name for p in (root / "usr/share/postern/policy").iterdir())


def test_its_scripts_are_sound(unpacked):
    for name in ("postinst", "prerm", "postrm"):
        script = unpacked / "control" / name
        assert os.access(script, os.X_OK)
        subprocess.run(["shellcheck", "-S", "warning", script], check=True, timeout=60)


# ---- config/postfix/apply, which README has the new user run ----

@pytest.fixture
def postfix(tmp_path):
    """A main.cf and a master.cf as Debian installs them."""
    for name, text in {"main.cf": "myhostname = mx.example.net\nsmtpd_relay_restrictions = permit_mynetworks\n",
                       "master.cf": open("/usr/share/postfix/master.cf.dist").read()}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def apply(folder, *words):
    done = subprocess.run([ROOT / "config/postfix/apply", "-c", folder, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def postconf(folder, *words):
    return subprocess.run(["postconf", "-c", folder, *words], capture_output=True, text=True, check=True, timeout=60).stdout


def shipped(name):
    text = (ROOT / "config/postfix" / name).read_text()
    lines = re.sub(r"^\s*#.*\n", "", text, flags=re.M)
    return [" ".join(line.split()) for line in re.sub(r"\n[ \t]+", " ", lines).splitlines() if line.strip()]


def test_apply_sets_every_line_once_and_leaves_the_rest(postfix):
    apply(postfix)
    first = [(postfix / name).read_text() for name in ("main.cf", "master.cf")]
    for line in shipped("main.cf"):
        name = line.split(" =")[0]
        assert " ".join(postconf(postfix, name).split()) == line
    services = [" ".join(line.split()) for line in re.sub(r"\n[ \t]+", " ", postconf(postfix, "-M")).splitlines()]
    for line in shipped("master.cf"):
        if not line.startswith("submission "):  # it was not there, and needs a certificate first
            assert services.count(line) == 1, line
    assert postconf(postfix, "-h", "myhostname") == "mx.example.net\n"
    assert "permit_mynetworks" in (postfix / "main.cf.before-postern").read_text()
    apply(postfix)
    assert [(postfix / name).read_text() for name in ("main.cf", "master.cf")] == first
    assert "permit_mynetworks" in (postfix / "main.cf.before-postern").read_text()


def test_apply_replaces_submission_where_it_is(postfix):
    with open(postfix / "master.cf", "a") as file:
        file.write("submission inet n - y - - smtpd\n  -o syslog_name=mine\n")
    apply(postfix)
    assert "syslog_name=postfix/submission" in postconf(postfix, "-M", "submission/inet")


def test_apply_can_only_say_it(postfix):
    before = sorted((p.name, p.read_text()) for p in postfix.iterdir())
    assert "smtpd_milters" in apply(postfix, "-n")
    assert sorted((p.name, p.read_text()) for p in postfix.iterdir()) == before
