"""The scenarios' DNS, tests/fixtures/dns/zone.yml, as a zone for DnsServer."""
import yaml

from .tools import ROOT

ZONE = ROOT / "tests" / "fixtures" / "dns" / "zone.yml"


def written(kind, value):
    """A record's data as a master file has it."""
    if kind == "MX" and not value.endswith("."):
        return value + "."
    if kind != "TXT":
        return value
    strings = [value[at:at + 255] for at in range(0, len(value), 255)]
    return " ".join('"' + string.replace("\\", "\\\\").replace('"', '\\"') + '"' for string in strings)


def read_zone(path=ZONE):
    zone = {}
    for name, records in yaml.safe_load(path.read_text()).items():
        if "fault" in records:
            zone[name.lower()] = records["fault"]
        else:
            zone[name.lower()] = {kind.upper(): [written(kind.upper(), value) for value in values]
                                  for kind, values in records.items()}
    return zone
