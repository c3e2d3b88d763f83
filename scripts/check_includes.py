#!/usr/bin/python3
"""Who includes whom in milter/, and whether they may.

The rooms and their arrows are written down once, in ROOMS; third-party headers and where they may
stand, in THIRD_PARTY. Without options: checks, prints a line per fault, exits 1 on any.

  --list            every room and the rooms it includes
  --mermaid         the picture of the house, drawn from the code (arrows that follow from others left out)
  --write-doc FILE  puts the picture between its markers in FILE
  --check-doc FILE  fails when the picture in FILE is not the one the code gives
"""
import argparse
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOUSE = ROOT / "milter"

CORE = ["base", "mail", "content", "policy", "decide", "route"]
ADAPTER = "adapters/*"  # any adapter: the core, the ports and what adapters share; no other adapter
# Streams with deadlines; HTTP; scaling scores; events as text.
SHARED = ["adapters/net", "adapters/http", "adapters/scan", "adapters/events"]

# Room -> the rooms it may include (itself always).
ROOMS = {
    "base": [],
    "mail": ["base"],
    "content": ["base", "mail"],
    "policy": ["base", "mail"],
    "decide": ["base", "mail", "content", "policy"],
    "route": ["base", "mail", "policy"],
    "predict": ["base", "mail", "content", "policy", "decide", "route"],
    "dialects": ["base", "mail", "policy"],
    "ports": ["base", "mail", "content", "policy", "decide"],
    "session": ["base", "mail", "content", "policy", "decide", "route", "ports"],
    "keeper": ["base", "policy", "ports"],
    "health": ["base", "mail", "policy", "decide", "ports"],
    "dns_watch": ["base", "mail", "policy", "health", "ports"],
    "provision": ["base", "mail", "policy", "ports"],
    "outbox": ["base", "ports"],
    "upkeep": ["base", "mail", "policy", "decide", "ports"],
    ADAPTER: CORE + ["ports"] + SHARED,
    "adapters/net": ["base"],
    "adapters/http": ["base"],
    "adapters/admin_api": CORE + ["ports", "dialects", "adapters/http"],
    "adapters/scan": ["base", "policy"],
    "adapters/events": ["base", "ports"],
    "adapters/sender_verify": CORE + ["ports", "adapters/net", "adapters/smtp"],  # asks by SMTP
    "server": ["session", "route", "base", "mail", "policy", "decide"],
    "settings": ["base"],
    "ctl": None,     # the command line: None means every room
    "daemon": None,  # the composition root
    "manual": ["base", "settings", "ctl", "main"],  # reads what they declare
    "main": None,
}

# Header pattern -> rooms whose .cc files may include it. A room's headers (.h) never show a third party.
THIRD_PARTY = [
    (r"libmilter/.*", ["server"]),
    (r"hiredis/.*", ["adapters/redis"]),
    (r"SQLiteCpp/.*|sqlite3\.h", ["adapters/vault", "adapters/policy_cache"]),
    (r"zstd\.h", ["adapters/vault"]),
    (r"curl/.*", ["adapters/http", "adapters/smtp"]),
    (r"yaml-cpp/.*", ["settings", "adapters/directory"]),
    (r"nlohmann/.*", ["*"]),
    (r"systemd/sd-journal\.h", ["base"]),
    (r"systemd/sd-daemon\.h", ["main", "daemon", "base"]),
    (r"prometheus/.*", ["base"]),
    (r"openssl/.*", ["base", "policy", "adapters/*", "ctl"]),
    (r"sodium\.h", ["base"]),
    (r"gmime/.*|glib(-object)?\.h", ["mail", "content"]),
    (r"idn2\.h|libpsl\.h", ["mail"]),
    (r"archive(_entry)?\.h|magic\.h", ["content"]),
    (r"re2/.*", ["policy", "content"]),
    (r"ares(_.*)?\.h", ["adapters/dns"]),
    (r"spf2/.*", ["adapters/spf2"]),
    (r"opendkim/.*", ["adapters/opendkim"]),
    (r"pugixml\.hpp", ["dialects"]),
    (r"httplib\.h", ["server", "ctl"]),
    (r"CLI/.*", ["ctl", "daemon", "main", "manual"]),
]

# Programs that no room builds on: their own headers may show the libraries that their parts share.
PROGRAMS = {"ctl"}

# What the core must not touch: files, sockets, threads, processes. (base carries them for the others.)
PURE = {"mail", "content", "policy", "decide", "route", "dialects"}
IMPURE = re.compile(
    r"thread|stop_token|future|fstream|filesystem|iostream|condition_variable|"
    r"unistd\.h|fcntl\.h|poll\.h|netdb\.h|pthread\.h|signal\.h|csignal|ctime|time\.h|"
    r"(sys|net|netinet|arpa)/.*")

POSIX = re.compile(
    r"(sys|net|netinet|arpa|linux)/[a-z_]+\.h|"
    r"(unistd|fcntl|poll|stdbool|netdb|pthread|signal|syslog|time|errno|strings|grp|pwd|dirent|sysexits|"
    r"dlfcn|resolv|termios|getopt|ftw|fnmatch|spawn|sched|endian|byteswap|malloc|execinfo)\.h")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
BEGIN = "<!-- picture of the house: written by scripts/check_includes.py -->"
END = "<!-- end of the picture -->"


def room_of(path):
    """`adapters/spamd` for milter/adapters/spamd/x.cc, `main` for milter/main.cc."""
    parts = path.parts
    if len(parts) == 1:
        return "main"
    if parts[0] == "adapters" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0]


def allowed(room):
    if room in ROOMS:
        return ROOMS[room]
    return ROOMS[ADAPTER] if room.startswith("adapters/") else []


def listed(room, rooms):
    return any(r in ("*", room) or (r == ADAPTER and room.startswith("adapters/")) for r in rooms)


class House:
    def __init__(self):
        self.edges = {}   # room -> rooms it includes
        self.faults = []
        for path in sorted(HOUSE.rglob("*")):
            if path.suffix in (".cc", ".h"):
                self.read(path)

    def read(self, path):
        relative = path.relative_to(HOUSE)
        room = room_of(relative)
        is_header = path.suffix == ".h"
        text = path.read_text()
        if room not in ROOMS and not room.startswith("adapters/"):
            self.fault(path, 1, f"room {room} is not in scripts/check_includes.py")
        self.edges.setdefault(room, set())
        if is_header and not text.startswith("// Purpose:"):
            self.fault(path, 1, "a header opens with '// Purpose:'")
        if is_header and "#pragma once" not in text:
            self.fault(path, 1, "#pragma once is missing")
        for number, line in enumerate(text.splitlines(), 1):
            found = INCLUDE.match(line)
            if found:
                self.judge(path, number, room, is_header, found.group(1), found.group(2))

    def judge(self, path, number, room, is_header, quote, name):
        if quote == '"':
            if not (HOUSE / name).is_file():
                self.fault(path, number, f'"{name}" is not a file of milter/: third parties go in < >')
                return
            target = room_of(pathlib.PurePath(name))
            if target != room:
                self.edges[room].add(target)
                may = allowed(room)
                if may is not None and not listed(target, may):
                    self.fault(path, number, f"{room} may not know {target} ({name})")
            return
        if room in PURE and IMPURE.fullmatch(name):
            self.fault(path, number, f"{room} is pure: no <{name}>")
        if re.fullmatch(r"[a-z0-9_]+", name) or POSIX.fullmatch(name):
            return
        for pattern, rooms in THIRD_PARTY:
            if re.fullmatch(pattern, name):
                if is_header and room not in PROGRAMS:
                    self.fault(path, number, f"a header may not show <{name}>")
                elif not listed(room, rooms):
                    self.fault(path, number, f"<{name}> belongs in {', '.join(rooms)}, not in {room}")
                return
        self.fault(path, number, f"<{name}>: unknown header, add it to THIRD_PARTY with its room")

    def fault(self, path, number, what):
        self.faults.append(f"{path.relative_to(ROOT)}:{number}: {what}")

    def check_cycles(self):
        state = {}

        def visit(room, trail):
            if state.get(room) == "done":
                return
            if room in trail:
                circle = trail[trail.index(room):] + [room]
                self.faults.append("milter: rooms include each other in a circle: " + " -> ".join(circle))
                return
            for target in sorted(self.edges.get(room, ())):
                visit(target, trail + [room])
            state[room] = "done"

        for room in sorted(self.edges):
            visit(room, [])

    def reduced(self):
        """The edges without those that follow from two or more others."""
        def reach(start, skip):
            seen, todo = set(), [t for t in self.edges.get(start, ()) if t != skip]
            while todo:
                room = todo.pop()
                if room not in seen:
                    seen.add(room)
                    todo.extend(self.edges.get(room, ()))
            return seen

        return {room: sorted(t for t in targets if t not in reach(room, t))
                for room, targets in sorted(self.edges.items())}

    def mermaid(self):
        def node(room):
            return room.replace("/", "_")

        lines = ["```mermaid", "flowchart TD"]
        groups = [("core", [r for r in CORE if r in self.edges]),
                  ("adapters", [r for r in sorted(self.edges) if r.startswith("adapters/")])]
        grouped = {room for _, rooms in groups for room in rooms}
        for title, rooms in groups:
            if not rooms:
                continue
            lines.append(f"  subgraph group_{title} [{title}]")
            lines += [f"    {node(room)}[{room.split('/')[-1]}]" for room in rooms]
            lines.append("  end")
        lines += [f"  {node(room)}[{room}]" for room in sorted(self.edges) if room not in grouped]
        for room, targets in self.reduced().items():
            lines += [f"  {node(room)} --> {node(target)}" for target in targets]
        return "\n".join(lines + ["```"])


def split_doc(path):
    text = path.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"{path}: needs the markers '{BEGIN}' and '{END}', once each")
    before, rest = text.split(BEGIN)
    return before, *rest.split(END)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--mermaid", action="store_true")
    parser.add_argument("--write-doc", type=pathlib.Path, metavar="FILE")
    parser.add_argument("--check-doc", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()

    house = House()
    house.check_cycles()
    if options.list:
        for room, targets in sorted(house.edges.items()):
            print(f"{room}: {' '.join(sorted(targets)) or '-'}")
    elif options.mermaid:
        print(house.mermaid())
    elif options.write_doc:
        before, _, after = split_doc(options.write_doc)
        options.write_doc.write_text(f"{before}{BEGIN}\n{house.mermaid()}\n{END}{after}")
    else:
        if options.check_doc:
            _, picture, _ = split_doc(options.check_doc)
            if picture.strip() != house.mermaid().strip():
                house.faults.append(f"{options.check_doc}: the picture is stale; run "
                                    f"scripts/check_includes.py --write-doc {options.check_doc}")
        for fault in house.faults:
            print(fault)
        sys.exit(1 if house.faults else 0)


if __name__ == "__main__":
    main()
