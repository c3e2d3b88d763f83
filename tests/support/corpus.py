"""The awkward mail of tests/corpus, as {name: octets}; the same every time."""
import functools
import pathlib
import sys
import tempfile

from .tools import ROOT

sys.path.insert(0, str(ROOT / "tests" / "corpus"))
import collect as _collect  # noqa: E402


@functools.lru_cache(maxsize=None)
def messages():
    with tempfile.TemporaryDirectory(prefix="postern-corpus-") as folder:
        _collect.collect(pathlib.Path(folder))
        return {f"{path.parent.name}/{path.stem}": path.read_bytes()
                for path in sorted(pathlib.Path(folder).rglob("*.eml"))}
