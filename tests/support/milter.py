"""A milter client: says to posternd what Postfix would, and what Postfix never would, octet by octet."""
import re
import socket
import struct

ACTIONS = 0x1FF
LEADING_SPACE = 0x100000  # header values come with what stands behind the colon
# What Postfix offers but for steps without an answer: the milter may leave out commands it has no use for.
STEPS = 0x1FFFFF & ~(0x80 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000)
NO_END_OF_HEADER = 0x40
LEFT_OUT = 0x23F  # connect, HELO, MAIL, RCPT, body, headers, DATA: what is always said here
CHUNK = 65535
LONGEST_FIELD = 60000  # Postfix cuts there; libmilter ends the connection at 64 KiB
FINAL = {b"a": "accept", b"c": "continue", b"d": "discard", b"r": "reject", b"t": "tempfail", b"y": "reply"}


def fields_of(block):
    """(name, value) of each field, folded values with bare LF, as Postfix hands them over. A line that is no field
    goes with the one before it, or is left out when it is the first."""
    fields = []
    for line in re.split(rb"\r?\n", block):
        match = re.match(rb"([^\s:\0][^:\0]*?)[ \t]*:", line) if line[:1] not in (b" ", b"\t") else None
        if match:
            fields.append((match[1], [line[match.end():]]))
        elif fields and line:
            fields[-1][1].append(line)
    return [(name, b"\n".join(lines)) for name, lines in fields]


def split(content):
    """(fields, body) of a message file."""
    match = re.search(rb"\r?\n\r?\n", content)
    block, body = (content[:match.start()], content[match.end():]) if match else (content, b"")
    return fields_of(block), body


class MilterClient:
    """One connection, any number of messages. What it sees may hold anything, but no NUL outside the body."""

    def __init__(self, port, address="192.0.2.1", timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.socket.makefile("rb")
        self.edits = []
        self._send(b"O", struct.pack("!III", 6, ACTIONS, STEPS))
        kind, payload = self._receive()
        if kind != b"O":
            raise ConnectionError(f"negotiation answered by {kind!r}")
        self.steps = struct.unpack("!III", payload[:12])[2]
        if self.steps & LEFT_OUT or not self.steps & LEADING_SPACE:
            raise ConnectionError(f"steps {self.steps:#x} are not those that this client takes")
        self._ask(b"C", b"[" + address.encode() + b"]\0" + b"4" + struct.pack("!H", 12345) + address.encode() + b"\0",
                  {"j": "mail.test", "{daemon_name}": "smtpd", "{client_addr}": address})
        self._ask(b"H", b"mx.example.org\0")

    def _send(self, command, payload=b""):
        self.socket.sendall(struct.pack("!I", len(payload) + 1) + command + payload)

    def _receive(self):
        head = self.stream.read(4)
        if len(head) < 4:
            raise ConnectionError("the milter closed the connection")
        packet = self.stream.read(struct.unpack("!I", head)[0])
        return packet[:1], packet[1:]

    def _ask(self, command, payload=b"", macros=None):
        """The verdict: a word, or for a refusal with words of its own those words."""
        if macros:
            text = b"".join(name.encode() + b"\0" + value.encode() + b"\0" for name, value in macros.items())
            self._send(b"D", command + text)
        self._send(command, payload)
        while True:
            kind, answer = self._receive()
            if kind in FINAL:
                return answer.rstrip(b"\0").decode("utf-8", "replace") if kind == b"y" else FINAL[kind]
            if kind == b"s":
                return "skip"
            self.edits.append(kind + answer)

    def message(self, sender, recipients, content, user=None):
        """The verdict on a message: "continue", "discard", or a reply. `user`: has logged in. What was changed on it is in
        `edits`."""
        self.edits = []
        macros = {"{mail_addr}": sender, **({"{auth_authen}": user} if user else {})}
        verdict = self._ask(b"M", f"<{sender}>".encode() + b"\0", macros)
        if verdict != "continue":
            return verdict
        accepted = [to for to in recipients if self._ask(b"R", f"<{to}>".encode() + b"\0") == "continue"]
        if not accepted:
            self._send(b"A")
            return "reject"
        fields, body = split(content)
        verdict = self._ask(b"T", b"", {"i": "QUEUEID"})
        for name, value in fields:
            if verdict != "continue":
                break
            value = value.split(b"\0")[0][:LONGEST_FIELD - len(name)]
            verdict = self._ask(b"L", name[:LONGEST_FIELD] + b"\0" + value + b"\0")
        if verdict == "continue" and not self.steps & NO_END_OF_HEADER:
            verdict = self._ask(b"N")
        for at in range(0, len(body), CHUNK):
            if verdict != "continue":
                break
            verdict = self._ask(b"B", body[at:at + CHUNK])
        if verdict in ("continue", "skip"):
            verdict = self._ask(b"E", b"", {"i": "QUEUEID"})
        self._send(b"A")
        return verdict

    def close(self):
        self._send(b"Q")
        self.stream.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.close()
