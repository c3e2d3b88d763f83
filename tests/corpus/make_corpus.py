#!/usr/bin/python3
"""Makes awkward messages, the same ones every time: make_corpus.py DIR.

What no package ships: NUL and bare CR in headers, header blocks of 2 MB, 10,000 fields, a missing blank
line, charsets that lie, deep nesting, archives that unpack to more than anybody has room for, and
messages cut or changed at random places (seeded).
"""
import base64
import bz2
import gzip
import io
import lzma
import pathlib
import random
import struct
import sys
import tarfile
import zipfile

HEAD = (b"From: Jon Snow <jon@got.com>\r\nTo: arya@stark.net\r\nSubject: winter\r\n"
        b"Date: Tue, 10 Mar 2026 10:00:00 +0000\r\nMessage-ID: <1@got.com>\r\nMIME-Version: 1.0\r\n")
EPOCH = (2026, 3, 10, 10, 0, 0)


def plain(body=b"Winter is coming.\r\n", extra=b""):
    return HEAD + extra + b"\r\n" + body


def part(fields, body):
    return b"".join(f + b"\r\n" for f in fields) + b"\r\n" + body


def multipart(parts, boundary=b"b0", subtype=b"mixed", close=True):
    body = b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts)
    if close:
        body += b"--" + boundary + b"--\r\n"
    return b"Content-Type: multipart/" + subtype + b'; boundary="' + boundary + b'"\r\n\r\n' + body


def attached(name, data, content_type=b"application/octet-stream"):
    encoded = base64.encodebytes(data).replace(b"\n", b"\r\n")
    return part([b"Content-Type: " + content_type, b"Content-Transfer-Encoding: base64",
                 b'Content-Disposition: attachment; filename="' + name + b'"'], encoded)


def with_file(name, data, content_type=b"application/octet-stream"):
    text = part([b"Content-Type: text/plain"], b"See https://www.got.com/wall.")
    return HEAD + multipart([text, attached(name, data, content_type)])


def zipped(members, level=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", level) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data, level)
    return out.getvalue()


def tarred(members, mode="w"):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def overlapping_zip(entries, kernel):
    """Many directory entries that all mean the same compressed octets."""
    one = zipped([("a", kernel)])
    directory_at = one.index(b"PK\x01\x02")
    entry = bytearray(one[directory_at:one.index(b"PK\x05\x06")])
    directory = bytes(entry) * entries
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, entries & 0xffff, entries & 0xffff,
                      len(directory), directory_at, 0)
    return one[:directory_at] + directory + end


def zip_in_zip(depth, breadth, kernel):
    data = zipped([("kernel.dll", kernel)])
    for level in range(depth):
        data = zipped([(f"lib {i}.zip", data) for i in range(breadth)])
    return data


def nested_multiparts(depth):
    body = b"Content-Type: text/plain\r\n\r\ndeep\r\n"
    for level in range(depth):
        body = multipart([body], b"n%d" % level)
    return HEAD + body


def nested_messages(depth):
    message = plain()
    for _ in range(depth):
        message = HEAD + b"Content-Type: message/rfc822\r\n\r\n" + message
    return message


def headers():
    yield "nul-in-header", HEAD + b"X-Nul: a\0b\r\n\r\nbody\r\n"
    yield "nul-in-subject-word", HEAD + b"Subject: =?utf-8?Q?a=00b?=\r\n\r\nbody\r\n"
    yield "bare-cr-in-header", HEAD + b"X-Cr: a\rb\r\n\r\nbody\r\n"
    yield "bare-lf-everywhere", plain().replace(b"\r\n", b"\n")
    yield "bare-cr-everywhere", plain().replace(b"\r\n", b"\r")
    yield "controls", HEAD + b"X-Bell: \x07\x1b[2J\x7f\r\n\r\nbody\r\n"
    yield "8-bit-header", HEAD + b"X-Name: J\xf3n\r\n\r\nbody\r\n"
    yield "utf8-header", HEAD + "From: Jón <jón@bücher.example>\r\n\r\nbody\r\n".encode()
    yield "utf8-truncated", HEAD + b"X-Name: J\xc3\r\n\r\nbody\r\n"
    yield "white-space-fold", HEAD + b"X-Fold: a\r\n \t \r\n b\r\n\r\nbody\r\n"
    yield "trailing-fold", HEAD + b"X-Fold: a\r\n \r\n\r\nbody\r\n"
    yield "fold-first", b" continuation of nothing\r\n" + plain()
    yield "no-blank-line", HEAD
    yield "no-blank-line-then-text", HEAD + b"this is text\r\nand more of it\r\n"
    yield "no-header", b"\r\nonly a body\r\n"
    yield "no-header-no-line-end", b"only words"
    yield "empty", b""
    yield "one-octet", b"\n"
    yield "only-crlf", b"\r\n" * 2000
    yield "colon-only", b": no name\r\n" + plain()
    yield "name-with-blank", b"Bad Name: x\r\n" + plain()
    yield "name-8-bit", b"N\xe4me: x\r\n" + plain()
    yield "two-of-each", HEAD + plain()
    yield "100-from", b"From: a@got.com\r\n" * 100 + plain()
    yield "2-mb-header-one-line", HEAD + b"X-Long: " + b"x" * 2_000_000 + b"\r\n\r\nbody\r\n"
    yield "2-mb-header-folded", HEAD + b"X-Long: " + b"x\r\n " * 500_000 + b"x\r\n\r\nbody\r\n"
    yield "2-mb-from", b"From: " + b"a@got.com, " * 180_000 + b"\r\n" + plain()
    yield "2-mb-subject-words", b"Subject: " + b"=?utf-8?Q?=C3=B3?= " * 100_000 + b"\r\n" + plain()
    yield "2-mb-content-type", HEAD + (b"Content-Type: multipart/mixed; " + b"x=y; " * 400_000 +
                                       b"boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n")
    yield "10000-headers", HEAD + b"".join(b"X-%d: value\r\n" % i for i in range(10_000)) + b"\r\nbody\r\n"
    yield "10000-same-headers", HEAD + b"Received: by got.com\r\n" * 10_000 + b"\r\nbody\r\n"
    yield "10000-dispositions", HEAD + b"Content-Disposition: attachment; filename=a.exe\r\n" * 10_000 + b"\r\n"
    yield "group-nesting", b"From: " + b"a:" * 2_000 + b"b@got.com" + b";" * 2_000 + b"\r\n" + plain()
    yield "comment-nesting", b"From: " + b"(" * 20_000 + b"b@got.com\r\n" + plain()
    yield "quote-never-closed", b'From: "Jon <jon@got.com>\r\nSubject: "\r\n' + plain()
    yield "encoded-word-broken", HEAD + b"Subject: =?utf-8?B?w?= =?x?Q??= =?utf-8?Z?aa?= =?\r\n\r\n"
    yield "encoded-word-charset-lies", HEAD + b"Subject: =?utf-16?B?2ADYAA==?= =?utf-7?Q?+AD-?=\r\n\r\n"


def bodies():
    yield "nul-in-body", plain(b"a\0b\0" * 1000)
    yield "all-octets", plain(bytes(range(256)) * 16)
    yield "no-final-line-end", plain(b"the end")
    yield "long-line", plain(b"x" * 1_000_000)
    yield "utf8-that-is-latin1", plain(b"J\xf3n", b"Content-Type: text/plain; charset=utf-8\r\n")
    yield "ascii-that-is-not", plain(b"J\xf3n", b"Content-Type: text/plain; charset=us-ascii\r\n")
    yield "iso-2022-jp-escapes", plain(b"\x1b$B\x1b(B\x1b$B$", b"Content-Type: text/plain; charset=iso-2022-jp\r\n")
    yield "utf16-odd", plain(b"h\0t\0t\0p\0:\0/\0/\0a\0.\0b", b"Content-Type: text/html; charset=utf-16le\r\n")
    yield "utf7", plain(b"http://+AGU-vil.example", b"Content-Type: text/plain; charset=utf-7\r\n")
    for charset in (b"../../etc/passwd", b"utf-8//TRANSLIT", b"x" * 5000, b"%s%n", b"hz-gb-2312", b"unknown-8bit",
                    b"ISO-2022-CN-EXT", b"euc-tw", b"tscii", b"utf-32"):
        yield "charset-" + base64.b16encode(charset[:8]).decode(), plain(
            bytes(range(256)) * 4, b"Content-Type: text/html; charset=\"" + charset + b"\"\r\n")
    for name, body in (("characters", b"!!!!"), ("rest", b"QUJDR"), ("padding", b"QQ==QQ==QQ=="), ("equals", b"===="),
                       ("footer", b"QUJD\r\n-- \r\nlist footer\r\n"), ("blank", b" \r\n" * 500), ("one", b"Q")):
        yield "base64-" + name, plain(body, b"Content-Transfer-Encoding: base64\r\n")
    for name, body in (("digits", b"=ZZ"), ("end", b"abc="), ("cut", b"abc=4"), ("blank", b"abc= \t\r\ndef"),
                       ("equals", b"=" * 5000), ("lower", b"=c3=b3")):
        yield "qp-" + name, plain(body, b"Content-Transfer-Encoding: quoted-printable\r\n")
    for encoding in (b"x-unknown", b"8 bit", b"", b"base64; x", b"uuencode", b"=?utf-8?Q?base64?=", b"x" * 3000):
        yield "cte-" + (base64.b16encode(encoding[:8]).decode() or "empty"), plain(
            b"begin 644 a.exe\r\n#0V%T\r\n`\r\nend\r\n", b"Content-Transfer-Encoding: " + encoding + b"\r\n")
    yield "uuencode", plain(b"text\r\nbegin 644 run.exe\r\n#0V%T\r\n`\r\nend\r\n")
    yield "uuencode-prose", plain(b"begin 644 words of mine\r\nare not a file, are they?\r\n")
    yield "uuencode-many", plain(b"begin 644 a\r\n#0V%T\r\n`\r\nend\r\n" * 5_000)
    yield "uuencode-never-ends", plain(b"begin 644 a\r\n" + b"#0V%T\r\n" * 50_000)


def structures():
    text = part([b"Content-Type: text/plain"], b"hello")
    yield "never-closed", HEAD + multipart([text, text], close=False)
    yield "boundary-absent", plain(b"--b\r\n\r\nx\r\n--b--\r\n", b"Content-Type: multipart/mixed\r\n")
    yield "boundary-empty", plain(b"--\r\n\r\nx\r\n----\r\n", b'Content-Type: multipart/mixed; boundary=""\r\n')
    yield "boundary-never-appears", plain(b"text", b"Content-Type: multipart/mixed; boundary=zz\r\n")
    yield "boundary-dashes", HEAD + multipart([text] * 3, b"-" * 60)
    yield "boundary-dash-flood", plain(b"-" * 1_000_000, b'Content-Type: multipart/mixed; boundary="-"\r\n')
    yield "boundary-prefix", HEAD + multipart([multipart([text], b"b0x"), text], b"b0")
    yield "boundary-same-nested", HEAD + multipart([multipart([text], b"b0"), text], b"b0")
    yield "boundary-long", HEAD + multipart([text], b"b" * 5_000)
    yield "boundary-8-bit", HEAD + multipart([text], b"\xff\xfe\x80")
    yield "parts-1000", HEAD + multipart([attached(b"f%d.txt" % i, b"x%d" % i) for i in range(1_000)])
    yield "parts-100000-empty", HEAD + (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n" * 100_000)
    yield "nested-multiparts-20", nested_multiparts(20)
    yield "nested-multiparts-500", nested_multiparts(500)
    yield "nested-messages-20", nested_messages(20)
    yield "nested-messages-500", nested_messages(500)
    yield "digest", HEAD + multipart([plain(), b"\r\n" + plain()], subtype=b"digest")
    message = base64.encodebytes(with_file(b"run.exe", b"MZ\x90"))
    yield "message-in-base64", plain(message, b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n")
    yield "part-without-header", HEAD + multipart([b"http://nohead.example/ says hello\r\n"])
    yield "part-without-blank-line", HEAD + multipart([b"Content-Type: text/html\r\nX: y\r\n"])
    yield "close-only", plain(b"--b--\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n")
    yield "part-after-close", HEAD + multipart([text]) + b"--b0\r\n" + attached(b"late.exe", b"MZ") + b"\r\n--b0--\r\n"


def names():
    for index, parameter in enumerate((
            b"filename*0*=utf-8''r%C3%BC; filename*1=n.exe", b"filename*=''run%2Eexe", b"filename*=utf-8'x",
            b'filename="=?utf-8?B?cnVuLmV4ZQ==?="', b'filename="=?utf-8?Q?run?=\r\n =?utf-8?Q?.exe?="',
            b'filename="run.exe', b"filename=my file.exe", b"; ;=; filename=run.exe", b"filename*9=x; filename*0=y",
            b"filename*0=a;" * 2_000, b'filename="' + b"a" * 100_000 + b'.exe"', "filename=\"run\u202excod.exe\"".encode(),
            b'filename="..\\\\..\\\\run.exe. "', b'filename="run.exe\0.txt"', b"filename*=utf-8''run.exe%00.txt",
            b'filename=""', b'filename="/"', b"filename=\xff\xfe.exe", b'filename="a.txt"; filename="b.exe"')):
        yield f"name-{index:02}", HEAD + multipart([part([b"Content-Disposition: attachment; " + parameter], b"x")])


def archives():
    small = [("readme.txt", b"hello"), ("bin/run.exe", b"MZ\x90\0" + b"\0" * 60)]
    for name, data in (("a.zip", zipped(small)), ("a.tar", tarred(small)), ("a.tar.gz", gzip.compress(tarred(small), mtime=0)),
                       ("a.tar.bz2", bz2.compress(tarred(small))), ("a.tar.xz", lzma.compress(tarred(small))),
                       ("run.exe.gz", gzip.compress(b"MZ\x90", mtime=0))):
        yield "archive-" + name, with_file(name.encode(), data)
        yield "archive-cut-" + name, with_file(name.encode(), data[:len(data) * 2 // 3])
        yield "archive-long-" + name, with_file(name.encode(), b"text before " + data + b"text after")
    encrypted = bytearray(zipped(small))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = encrypted.find(mark)
        while at >= 0:
            encrypted[at + flags] |= 1
            at = encrypted.find(mark, at + 1)
    yield "archive-encrypted", with_file(b"secret.zip", bytes(encrypted))
    yield "archive-10000-members", with_file(b"many.zip", zipped([(f"m{i}", b"") for i in range(10_000)]))
    yield "archive-names", with_file(b"names.zip", zipped([("../../etc/x", b"1"), ("\u202ename.exe", b"2"), ("a" * 5000, b"3"),
                                                           ("r\u00fcn.exe", b"4"), ("a\\b\\c.exe", b"5")]))
    yield "bomb-flat", with_file(b"flat.zip", zipped([("zeros", bytes(20 << 20))]))
    yield "bomb-nested", with_file(b"42.zip", zip_in_zip(4, 6, bytes(1 << 20)))
    yield "bomb-deep", with_file(b"deep.zip", zip_in_zip(12, 1, b"end"))
    yield "bomb-overlapping", with_file(b"overlap.zip", overlapping_zip(20_000, bytes(1 << 20)))
    yield "bomb-gzip", with_file(b"zeros.gz", gzip.compress(bytes(20 << 20), mtime=0))
    yield "bomb-gzip-in-gzip", with_file(b"z.gz", gzip.compress(gzip.compress(bytes(40 << 20), mtime=0), mtime=0))
    yield "bomb-tar-gz", with_file(b"zeros.tar.gz", gzip.compress(tarred([("zeros", bytes(20 << 20))]), mtime=0))


def links():
    html = (b"<a href='http://user:pw@EVIL.example.:8080/x'>a</a><a href=\"ht\r\ntp:/\\tab.example\">b</a>"
            b"<a href=&#104;ttp&colon;//entity.example>c</a><img src=//proto.example/x><a href=http://0x7f.1>d</a>"
            b"<a href='http://[2001:db8::1]/'>e</a><a href='http://%65vil2.example'>f</a><!-- <a href=http://c.example> -->"
            b"<a href='http://b\xc3\xbccher.example'>g</a><a href='http://never-closed.example")
    yield "links-html", plain(html, b"Content-Type: text/html; charset=utf-8\r\n")
    yield "links-100000", plain(b"".join(b"http://h%d.example/\r\n" % i for i in range(100_000)))
    yield "links-idn-flood", plain("http://ü.😀.ü.ü.ü.ü.ü.ü/ ".encode() * 20_000)
    yield "links-one-tag", plain(b"<a " * 300_000, b"Content-Type: text/html\r\n")
    yield "links-quotes", plain(b"<a href=\"" * 100_000, b"Content-Type: text/html\r\n")
    yield "links-references", plain(b"&#x" * 300_000, b"Content-Type: text/html\r\n")
    yield "links-ats", plain(b"http://" + b"@" * 500_000)


def damaged(messages):
    """Cut, and with octets changed, at places that a seeded generator chooses."""
    generator = random.Random(20260310)
    for name, message in messages:
        if not 0 < len(message) <= 20_000:
            continue
        yield name + "-cut", message[:generator.randrange(len(message))]
        changed = bytearray(message)
        for _ in range(1 + len(changed) // 100):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        yield name + "-changed", bytes(changed)


def corpus():
    for family in (headers, bodies, structures, names, archives, links):
        messages = list(family())
        yield from messages
        yield from damaged(messages)


def write(directory):
    directory.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, message in corpus():
        (directory / f"{name}.eml").write_bytes(message)
        count += 1
    return count


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write(pathlib.Path(sys.argv[1])))
