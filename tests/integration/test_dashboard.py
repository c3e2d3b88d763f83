"""config/grafana/postern.json asks for nothing that the daemon does not tell: names and labels as docs/metrics.md has
them, and as a daemon that handles mail really answers."""
import json
import re

import pytest

from support.tools import ROOT

DASHBOARD = ROOT / "config/grafana/postern.json"
METRICS = ROOT / "docs/metrics.md"


def described():
    """name -> labels, from the tables of docs/metrics.md."""
    found = {}
    for line in METRICS.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        names = re.findall(r"`(postern_[a-z_]+)`", cells[0])
        for name in names:
            found[name] = set(re.findall(r"`([a-z]+)`", cells[2])) if len(cells) > 3 else set()
    return found


def panels():
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def questions():
    return [(panel["title"], target["expr"]) for panel in panels() for target in panel["targets"]]


def family(name):
    return re.sub(r"_(bucket|count|sum)$", "", name)


@pytest.mark.parametrize("title, question", questions())
def test_it_asks_for_what_is_described(title, question):
    known = described()
    names = re.findall(r"postern_[a-z_]+", question)
    assert names
    for name in names:
        assert family(name) in known, name
    grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", question)))) - {"le", "instance"}
    chosen = set(re.findall(r"(\w+)=~?\"", question)) - {"instance"}
    for label in grouped | chosen:
        assert any(label in known[family(name)] for name in names), label


def test_what_is_shown_beside_a_line_is_a_label_of_it():
    for panel in panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
            assert shown <= (grouped or {"instance"}), panel["title"]


def test_the_daemon_tells_them(world):
    """What has a series from the start or from the first message; the others begin with their first event."""
    assert world.send("a@example.org", "arya@stark.net").accepted
    served = {family(name) for name in re.findall(r"^(postern_[a-z_]+)", world.posternd.get("/metrics")[1], re.M)}
    asked = {family(name) for _, question in questions() for name in re.findall(r"postern_[a-z_]+", question)}
    later = {"postern_scanner_seconds", "postern_scanner_failures_total", "postern_sender_verify_total",
             "postern_events_published_total", "postern_events_dropped_total"}
    assert asked - later <= served, asked - later - served


def test_no_two_panels_are_one_and_none_covers_another():
    everything = json.loads(DASHBOARD.read_text())["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    cells = [(x, y) for panel in everything for place in [panel["gridPos"]]
             for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])]
    assert len(set(cells)) == len(cells) and max(x for x, _ in cells) < 24
