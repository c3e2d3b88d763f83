#!/usr/bin/python3
"""verify_dkim.py DIRECTORY: judges every *.eml in it with dkimpy, keys from DIRECTORY/records.txt ("name TXT").

One line per message on standard output: NAME and pass or fail for each signature, the top one first. Lines with
# say why a signature fails.
"""
import pathlib
import sys

import dkim


def verdicts(message, records):
    verifier = dkim.DKIM(message)
    count = sum(1 for name, _ in verifier.headers if name.lower() == b"dkim-signature")
    for index in range(count):
        try:
            good = verifier.verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name.rstrip(b".")))
        except dkim.DKIMException as error:
            good = False
            print(f"# {type(error).__name__}: {error}")
        yield "pass" if good else "fail"


def main(directory):
    lines = (directory / "records.txt").read_bytes().splitlines()
    records = dict(line.split(b" ", 1) for line in lines)
    for path in sorted(directory.glob("*.eml")):
        print(path.stem, *verdicts(path.read_bytes(), records))


main(pathlib.Path(sys.argv[1]))
