"""A small authoritative DNS server on loopback, UDP and TCP, that a test can change and make misbehave."""
import contextlib
import selectors
import socket
import struct
import threading

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from .tools import free_port

TTL = 60


class DnsServer:
    """`zone`: name -> {type: [texts]}, for example {"example.org": {"MX": ["0 ."], "TXT": ['"v=spf1 -all"']}}.
    A name that is not there, and nothing below it either, is NXDOMAIN. A name's value may be instead
    "servfail", "silent" (never an answer) or "truncate" (a UDP answer always says: ask over TCP); `every` does
    that to all names. A daemon remembers answers: a changed name counts when it was not asked before."""

    def __init__(self, zone=None, every=None):
        self.zone = dict(zone or {})
        self.every = every
        self.asked = []  # (protocol, name, type), as they came
        self._bind()
        self._stopped, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _bind(self):
        while True:
            self.port = free_port()
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                self._udp.bind(("127.0.0.1", self.port))
                self._tcp.bind(("127.0.0.1", self.port))
                self._tcp.listen(64)
                return
            self._udp.close()
            self._tcp.close()

    def _serve(self):
        with selectors.DefaultSelector() as selector:
            for one in (self._udp, self._tcp, self._stopped):
                selector.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._stopped:
                        return
                    if key.fileobj is self._udp:
                        request, client = self._udp.recvfrom(65535)
                        answer = self.answer(request, "udp")
                        if answer:
                            self._udp.sendto(answer, client)
                    else:
                        connection, _ = self._tcp.accept()
                        threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            stream = connection.makefile("rb")
            while True:
                prefix = stream.read(2)
                if len(prefix) < 2:
                    return
                answer = self.answer(stream.read(struct.unpack("!H", prefix)[0]), "tcp")
                if answer:
                    connection.sendall(struct.pack("!H", len(answer)) + answer)

    def answer(self, request, protocol):
        """The answer's octets; None: silence."""
        try:
            query = dns.message.from_wire(request)
        except dns.exception.DNSException:
            return None
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.asked.append((protocol, name, kind))
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        entry = self.zone.get(name)
        way = self.every or (entry if isinstance(entry, str) else None)
        if way == "silent":
            return None
        if way == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        elif protocol == "udp" and (way == "truncate" or (entry or {}).get("truncate")):
            response.flags |= dns.flags.TC
        elif entry:
            self._fill(response, question.name, name, kind)
        elif not any(other.endswith("." + name) for other in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()

    def _fill(self, response, owner, name, kind):
        for _ in range(10):
            entry = self.zone.get(name)
            if not isinstance(entry, dict):
                return
            if kind in entry:
                response.answer.append(dns.rrset.from_text_list(owner, TTL, "IN", kind, entry[kind]))
                return
            if "CNAME" not in entry:
                return
            response.answer.append(dns.rrset.from_text_list(owner, TTL, "IN", "CNAME", entry["CNAME"]))
            owner = dns.name.from_text(entry["CNAME"][0])
            name = owner.to_text(omit_final_dot=True).lower()

    def stop(self):
        self._wake.send(b"x")
        self._thread.join(30)
        for one in (self._udp, self._tcp, self._wake, self._stopped):
            one.close()
