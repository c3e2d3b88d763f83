"""A login server in Dovecot's protocol, as Postfix asks it: PLAIN, and one password for every user or one for each."""
import base64
import contextlib
import os
import socketserver
import threading

PASSWORD = "king-in-the-north"


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\n"
                         b"COOKIE\t00112233445566778899aabbccddeeff\nDONE\n")
        with contextlib.suppress(ConnectionError):
            for line in self.rfile:
                fields = line.decode().rstrip("\n").split("\t")
                if fields[0] == "AUTH":
                    self.wfile.write(self.judge(fields).encode())

    def judge(self, fields):
        request = fields[1]
        response = next((f[5:] for f in fields if f.startswith("resp=")), "")
        _, user, password = (base64.b64decode(response).decode().split("\0") + ["", "", ""])[:3]
        self.server.tried.append((user, password))
        if user in self.server.passwords and password == self.server.passwords[user]:
            return f"OK\t{request}\tuser={user}\n"
        if password == PASSWORD and user in self.server.users:
            return f"OK\t{request}\tuser={user}\n"
        return f"FAIL\t{request}\tuser={user}\n"


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


class SaslServer:
    """`users` may log in with PASSWORD, those of `passwords` each with his own; more may be added while it runs."""

    def __init__(self, path, users=(), passwords=None):
        self.server = _Server(str(path), _Handler)
        self.server.users = set(users)
        self.server.passwords = dict(passwords or {})
        self.server.tried = []  # (user, password) of every login, as they came
        os.chmod(path, 0o666)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def add(self, user):
        self.server.users.add(user)

    @property
    def passwords(self):
        return self.server.passwords

    @property
    def tried(self):
        return self.server.tried

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
