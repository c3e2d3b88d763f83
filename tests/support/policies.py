"""Policy directories: a copy of a set whose platforms point at the sinks of this run."""
import json
import os
import pathlib
import shutil

import yaml

from .tools import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "policies"
SHIPPED = ROOT / "config" / "policy"

# name in scenarios -> (address, port) in the documents
HOPS = {"primary": ("127.0.0.11", 25), "fallback": ("127.0.0.12", 25), "second": ("127.0.0.13", 25),
        "starttls": ("127.0.0.14", 25), "smtps": ("127.0.0.15", 465)}


class Policies:
    """`hops`: address in the documents -> (address, port) of the sink that stands for it."""

    def __init__(self, source, target, hops):
        self.folder = pathlib.Path(target)
        self.hops = hops
        for path in sorted(pathlib.Path(source).rglob("*")):
            if path.suffix in (".json", ".yml"):
                key = f"{path.parent.name}:{path.stem}"
                text = path.read_text()
                self.put(key, json.loads(text) if path.suffix == ".json" else yaml.safe_load(text))

    def path(self, key):
        kind, name = key.split(":", 1)
        return self.folder / kind / f"{name}.json"

    def rerouted(self, node):
        if isinstance(node, list):
            return [self.rerouted(item) for item in node]
        if not isinstance(node, dict):
            return node
        node = {name: self.rerouted(value) for name, value in node.items()}
        for dest, port in (("transportDest", "transportPort"), ("fallbackTransportDest", "fallbackTransportPort")):
            if node.get(dest) in self.hops:
                node[dest], node[port] = self.hops[node[dest]]
        if node.get("filtermx") in self.hops:  # of an OpenSRS domain
            node["filtermx"] = "{}:{}".format(*self.hops[node["filtermx"]])
        return node

    def put(self, key, document):
        """Writes a document as an editor would: whole, under its name at once."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.new")
        fresh.write_text(json.dumps(self.rerouted(document), indent=1, ensure_ascii=False))
        os.replace(fresh, path)

    def get(self, key):
        return json.loads(self.path(key).read_text())

    def change(self, key, **members):
        """Changes members of a document; `policy__spamScore=3` reaches into the nested policy."""
        document = self.get(key)
        for name, value in members.items():
            *parents, last = name.split("__")
            node = document
            for parent in parents:
                node = node[parent]
            node[last] = value
        self.put(key, document)
        return document

    def delete(self, key):
        self.path(key).unlink()

    def keys(self):
        return sorted(f"{path.parent.name}:{path.stem}" for path in self.folder.rglob("*.json")
                      if not path.name.startswith("."))

    def copy_to(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)


def variant(target, documents, base="cleanmail"):
    """A set of its own for World(policies=...): that of the fixtures with `documents` (key -> content, or a function
    that changes the content that stands) laid over it."""
    target = pathlib.Path(target)
    shutil.copytree(FIXTURES / base, target)
    for key, content in documents.items():
        kind, name = key.split(":", 1)
        path = target / kind / f"{name}.json"
        if callable(content):
            document = json.loads(path.read_text())
            content(document)
            content = document
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    return target
