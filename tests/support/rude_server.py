"""A TCP server that takes what comes and says the same thing to everybody, or nothing at all."""
import contextlib
import socketserver
import threading


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        with contextlib.suppress(OSError):
            self.request.settimeout(30)
            self.request.recv(65536)
            if self.server.says is None:
                while self.request.recv(65536):  # until the other side has had enough
                    pass
                return
            self.request.sendall(self.server.says)
            self.request.shutdown(1)
            while self.request.recv(65536):  # what is not read would reset the connection
                pass


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


class RudeServer:
    """`says`: the octets that follow the first that come; None: silence."""

    def __init__(self, says):
        self.server = _Server(("127.0.0.1", 0), _Handler)
        self.server.says = says
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()
