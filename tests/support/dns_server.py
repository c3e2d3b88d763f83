"""A name server on the loopback that serves a file like tests/fixtures/dns/zone.yml, over UDP and TCP."""
import contextlib
import socket
import socketserver
import struct
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import yaml

from .tools import ROOT, free_port

ZONE = ROOT / "tests" / "fixtures" / "dns" / "zone.yml"
KINDS = {"a": "A", "aaaa": "AAAA", "mx": "MX", "txt": "TXT"}


def written(kind, value):
    """A record's data as a zone file has it."""
    if kind != "txt":
        return value if kind != "mx" or value.endswith(".") else value + "."
    strings = [value[at:at + 255] for at in range(0, len(value), 255)]
    return " ".join('"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"' for string in strings)


class Zone:
    def __init__(self, path=ZONE):
        self.names = {name.lower(): records for name, records in yaml.safe_load(path.read_text()).items()}

    def answer(self, packet, udp):
        question = dns.message.from_wire(packet)
        response = dns.message.make_response(question, recursion_available=True)
        asked = question.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        records = self.names.get(name)
        if records is None:
            if not any(other.endswith("." + name) for other in self.names):
                response.set_rcode(dns.rcode.NXDOMAIN)
        elif records.get("fault") == "servfail":
            response.set_rcode(dns.rcode.SERVFAIL)
        else:
            for kind, values in records.items():
                if dns.rdatatype.from_text(KINDS[kind]) == asked.rdtype:
                    response.answer.append(dns.rrset.from_text(asked.name, 300, "IN", KINDS[kind],
                                                               *[written(kind, value) for value in values]))
        wire = response.to_wire(max_size=65535)
        if udp and len(wire) > max(512, question.payload):
            response.answer.clear()
            response.flags |= dns.flags.TC
            wire = response.to_wire()
        return wire


class DnsServer:
    def __init__(self, path=ZONE):
        zone = Zone(path)

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                packet, sock = self.request
                sock.sendto(zone.answer(packet, True), self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                while len(head := self.rfile.read(2)) == 2:
                    wire = zone.answer(self.rfile.read(struct.unpack("!H", head)[0]), False)
                    self.wfile.write(struct.pack("!H", len(wire)) + wire)

        class TcpServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.servers = []
        while not self.servers:
            self.port = free_port()
            with contextlib.suppress(OSError):
                udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), Udp)
                udp.daemon_threads = True
                udp.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
                try:
                    self.servers = [udp, TcpServer(("127.0.0.1", self.port), Tcp)]
                except OSError:
                    udp.server_close()
        for server in self.servers:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def setting(self):
        return [f"127.0.0.1:{self.port}"]

    def stop(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop()
