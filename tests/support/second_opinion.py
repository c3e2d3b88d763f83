"""Two other implementations of DKIM, asked whether a signature holds: dkimpy and npm's mailauth."""
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import dkim

from .tools import ROOT, Failure

MAILAUTH = ROOT / "tests" / "support" / "mailauth"


def dns_texts(document, domains):
    """name -> text: what stands in the DNS for the keys of a dkim document, retiring ones too."""
    keys = document if isinstance(document, list) else [document]
    return {f"{key['selector']}._domainkey.{domain}":
            "v=DKIM1; " + ("k=ed25519; " if key.get("algorithm") == "ed25519" else "") + f"p={key['publicKey']}"
            for key in keys for domain in domains}


def by_dkimpy(content, texts, count):
    """Whether each of the first `count` signatures, from the top, holds."""
    zone = {f"{name}.".encode(): text.encode() for name, text in texts.items()}
    verifier = dkim.DKIM(content)
    return [verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: zone.get(name)) for index in range(count)]


@functools.lru_cache(maxsize=None)
def mailauth_modules():
    """The node_modules with mailauth: POSTERN_MAILAUTH, or installed by the lock file into a folder of its own. None
    where there is no npm (Debian's packages nodejs and npm)."""
    if os.environ.get("POSTERN_MAILAUTH"):
        return os.environ["POSTERN_MAILAUTH"]
    if not shutil.which("npm"):
        return None
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postern-mailauth-"))
    for name in ("package.json", "package-lock.json"):
        shutil.copy(MAILAUTH / name, folder)
    done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder,
                          capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Failure(f"npm ci: {done.stdout}{done.stderr}")
    return str(folder / "node_modules")


def by_mailauth(contents, texts):
    """For each message the results of its signatures, from the top: [(selector, result, comment)]."""
    with tempfile.TemporaryDirectory(prefix="postern-mailauth-mail-") as name:
        folder = pathlib.Path(name)
        (folder / "dns.json").write_text(json.dumps(texts))
        paths = []
        for number, content in enumerate(contents):
            paths.append(folder / f"{number}.eml")
            paths[-1].write_bytes(content)
        done = subprocess.run(["node", MAILAUTH / "verify.js", mailauth_modules(), folder / "dns.json", *paths],
                              capture_output=True, text=True, timeout=600)
        if done.returncode:
            raise Failure(f"mailauth: {done.stderr}")
        verdicts = json.loads(done.stdout)
        return [[(one["selector"], one["result"], one["comment"]) for one in verdicts[str(path)]] for path in paths]
