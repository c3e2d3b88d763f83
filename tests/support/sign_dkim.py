#!/usr/bin/python3
"""sign_dkim.py DIRECTORY: signs every *.eml in it with dkimpy, as got.com, in every canonical form.

The RSA key is DIRECTORY/rsa.pem (selector rsa); an Ed25519 key (selector ed) is made, and its TXT record put in
DIRECTORY/ed.txt. NAME.eml becomes NAME-FORM-FORM-SELECTOR.signed, and with l= NAME-FORM-FORM-SELECTOR-l.signed.
"""
import base64
import pathlib
import sys

import dkim
import nacl.signing


def main(directory):
    pair = nacl.signing.SigningKey.generate()
    public = base64.b64encode(bytes(pair.verify_key)).decode()
    (directory / "ed.txt").write_text(f"v=DKIM1; k=ed25519; p={public}")
    keys = {b"rsa": (b"rsa-sha256", (directory / "rsa.pem").read_bytes()),
            b"ed": (b"ed25519-sha256", base64.b64encode(bytes(pair)))}
    for path in sorted(directory.glob("*.eml")):
        message = path.read_bytes()
        for header in (b"relaxed", b"simple"):
            for body in (b"relaxed", b"simple"):
                for selector, (algorithm, key) in keys.items():
                    for length in (False, True):
                        signature = dkim.sign(message, selector, b"got.com", key, canonicalize=(header, body),
                                              signature_algorithm=algorithm, length=length)
                        name = "-".join([path.stem, header.decode(), body.decode(), selector.decode()])
                        (directory / (name + ("-l" if length else "") + ".signed")).write_bytes(signature + message)


main(pathlib.Path(sys.argv[1]))
