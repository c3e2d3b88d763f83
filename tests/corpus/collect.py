#!/usr/bin/python3
"""Gathers awkward mail as .eml files: collect.py DIR.

DIR/made holds what make_corpus.py makes, DIR/<package> the messages that Debian packages ship (test
data, samples). A package that is not installed is named and left out. Line ends stay as they are.
"""
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import make_corpus  # noqa: E402

# Package -> which of its files are messages.
PACKAGES = {
    "libpython3.11-testsuite": r"/test_email/data/msg_[^/]*\.txt$",
    "python3-flufl.bounce": r"/bounce/tests/data/[^/]*\.txt$",
    "python3-dkim": r"/dkim/tests/data/(.*\.(msg|message|mbox)|test2?\.message.*|rfc6376[^/]*|test\.txt)$",
    "spamassassin": r"/examples/sample-[^/]*\.txt$",
}


def files_of(package):
    listed = subprocess.run(["dpkg-query", "-L", package], capture_output=True, text=True, check=False)
    return listed.stdout.splitlines() if listed.returncode == 0 else None


def collect(directory):
    counts = {"made": make_corpus.write(directory / "made")}
    for package, pattern in PACKAGES.items():
        files = files_of(package)
        if files is None:
            print(f"{package} is not installed: its messages are left out", file=sys.stderr)
            continue
        folder = directory / package
        folder.mkdir(parents=True, exist_ok=True)
        counts[package] = 0
        for name in files:
            path = pathlib.Path(name)
            if re.search(pattern, name) and path.is_file():
                (folder / (path.name + ".eml")).write_bytes(path.read_bytes())
                counts[package] += 1
    return counts


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for source, count in collect(pathlib.Path(sys.argv[1])).items():
        print(f"{count:5} {source}")
