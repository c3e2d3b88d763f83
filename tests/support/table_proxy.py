"""Stands between Postfix and posternd's tables, and takes single tables away."""
import contextlib
import os
import socket
import socketserver
import threading


def read_netstring(stream):
    length = b""
    while True:
        octet = stream.read(1)
        if not octet:
            return None
        if octet == b":":
            break
        length += octet
    text = stream.read(int(length))
    stream.read(1)
    return text


def netstring(text):
    return b"%d:%s," % (len(text), text)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as upstream:
            connected = False
            while (request := read_netstring(self.rfile)) is not None:
                table = request.split(b" ", 1)[0].decode()
                self.server.asked.append(request.decode(errors="replace"))
                fault = self.server.faults.get(table)
                if fault == "temp":
                    self.wfile.write(netstring(b"TEMP taken away"))
                elif fault == "drop":
                    return
                elif fault == "garbage":
                    self.wfile.write(b"this is no netstring\r\n")
                    return
                else:
                    if not connected:
                        upstream.connect(self.server.upstream)
                        replies = upstream.makefile("rb")
                        connected = True
                    upstream.sendall(netstring(request))
                    reply = read_netstring(replies)
                    if reply is None:
                        return
                    self.wfile.write(netstring(reply))


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


class TableProxy:
    """`faults`: table -> "temp", "drop" or "garbage"; `asked`: every request that came."""

    def __init__(self, path, upstream):
        self.path = str(path)
        self.server = _Server(self.path, _Handler)
        self.server.upstream = str(upstream)
        self.server.faults = {}
        self.server.asked = []
        os.chmod(self.path, 0o666)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def faults(self):
        return self.server.faults

    @property
    def asked(self):
        return self.server.asked

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
