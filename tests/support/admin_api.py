"""A Cleanmail-style admin API over HTTP, which a test can change and make misbehave in every way one can."""
import copy
import http.server
import json
import threading
import time
import urllib.parse

from .tools import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "cleanmail"
TOKEN = "2ab6ac9404f26a929a8ea88f392fa874"


def example(file, **members):
    """One of the API's own examples, with an id of its own: its documentation gives one id to everything."""
    document = json.loads((FIXTURES / file).read_text())
    if isinstance(document, list):
        return document
    return {**document, **members}


def tidy(entries, **members):
    """A list of an example with ids that differ."""
    return [{**entry, "id": str(number), **members} for number, entry in enumerate(entries)]


class AdminApi:
    """`domains`, `users`: by id. `groups`, `attachments`, `uris`, `wblist`, `options`, `dkim`: by domain id;
    `user_wblist`: by user id. `most`: entries a page at most, whatever is asked for.

    `fault`: a function of (api, path, query, count of this path) that answers None, or (status, headers, body) to be
    answered instead; it may also change the data or wait. `asked`: every request, as (path, query)."""

    def __init__(self, certificate=None, most=2):
        self.most = most
        self.token = TOKEN
        self.fault = None
        self.asked = []
        self.tokens = set()
        self.total = {}  # path -> what X-Total-Count says instead; None: no such header
        self.domains = {
            "d-got": example("domain_got.com_created.json", id="d-got"),
            "d-stark": example("domain_stark.net.json", id="d-stark"),
            "d-lannister": example("domain_got.com_six_platforms.json", id="d-lannister", name="lannister.net",
                                   domainAliases=[])}
        self.users = {f"u{number}": example(f"user_{name}.json", id=f"u{number}") for number, name in enumerate(
            ("cersei@lannister.net", "joffrey@lannister.net", "sansa@stark.net", "tommen@lannister.net",
             "tywin@lannister.net"))}
        self.groups = {"d-stark": example("groups_stark.net.json")}
        self.attachments = {"d-stark": tidy(example("attachments_stark.net.json"))}
        self.uris = {"d-stark": tidy(example("uris_stark.net.json"))}
        self.wblist = {"d-stark": tidy(example("wblist_alive.net.json"), owner="stark.net")}
        self.user_wblist = {"u2": tidy(example("wblist_notyet@iswittercoming.net.json"), owner="sansa@stark.net")}
        self.options = {"d-stark": [{"value": "reporter@targaryen.net", "parentValue": "noreply@cleanmail.eu",
                                     "option": {"name": "DOMAIN_ADMIN", "type": "EMAIL"}}]}
        self.dkim = {}
        self._lock = threading.Lock()
        self._counts = {}
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                status, headers, body = api.respond(self.path, self.headers)
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    if "Content-Length" not in headers:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                    if int(headers.get("Content-Length", len(body))) != len(body):
                        self.close_connection = True
                except OSError:
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        if certificate:
            self.server.socket = certificate.server_context().wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}/api"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.server.shutdown()
        self.server.server_close()

    # -- answering ---------------------------------------------------------------------------------------------
    def respond(self, target, headers):
        parts = urllib.parse.urlsplit(target)
        path = parts.path.removeprefix("/api")
        query = dict(urllib.parse.parse_qsl(parts.query))
        with self._lock:
            self.asked.append((path, query))
            self.tokens.add(headers.get("Authorization"))
            count = self._counts[path] = self._counts.get(path, 0) + 1
        if headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {"Content-Type": "application/json"}, b'{"error":"expired"}'
        if self.fault:
            answer = self.fault(self, path, query, count)
            if answer:
                return answer
        return self.ordinary(path, query)

    def ordinary(self, path, query):
        words = [urllib.parse.unquote(word) for word in path.strip("/").split("/")]
        with self._lock:
            found = copy.deepcopy(self._find(words))
        if found is None:
            return 404, {"Content-Type": "application/json"}, b"{}"
        if not isinstance(found, list) or words[-1] == "dkim":
            return self.json(found)
        # No paging is documented for options: everything comes at once, whatever is asked for.
        if words[-1] != "options":
            offset, size = int(query.get("offset", 0)), min(int(query.get("pageSize", 40)), self.most)
            page = found[offset:offset + size]
        else:
            page = found
        total = self.total.get(path, len(found))
        return self.json(page, {} if total is None else {"X-Total-Count": str(total)})

    def _find(self, words):
        match words:
            case ["domains"]:
                return [self.domains[key] for key in sorted(self.domains)]
            case ["users"]:
                return [self.users[key] for key in sorted(self.users)]
            case ["domains", key]:
                return self.domains.get(key)
            case ["users", key]:
                return self.users.get(key)
            case ["domains", key, "dkim"]:
                return self.dkim.get(key)
            case ["domains", key, *rest] if key in self.domains:
                lists = {"groups": self.groups, "wblist": self.wblist, "options": self.options,
                         "filters/attachments": self.attachments, "filters/uris": self.uris}
                return lists["/".join(rest)].get(key, []) if "/".join(rest) in lists else None
            case ["users", key, "wblist"] if key in self.users:
                return self.user_wblist.get(key, [])
        return None

    @staticmethod
    def json(content, headers=None):
        body = json.dumps(content).encode()
        return 200, {"Content-Type": "application/json", **(headers or {})}, body

    # -- faults --------------------------------------------------------------------------------------------------
    @staticmethod
    def on(path, answer, times=None):
        """A fault on requests whose path is `path` (or begins so, with a * at the end), for the first `times`."""
        def fault(api, asked, query, count):
            hit = asked.startswith(path[:-1]) if path.endswith("*") else asked == path
            if not hit or (times is not None and count > times):
                return None
            return answer(api, asked, query) if callable(answer) else answer
        return fault

    @staticmethod
    def status(code, **headers):
        return (code, {"Content-Type": "application/json", **{name.replace("_", "-"): value
                                                             for name, value in headers.items()}}, b"{}")

    @staticmethod
    def stall(seconds):
        def answer(api, path, query):
            time.sleep(seconds)
            return None
        return answer
