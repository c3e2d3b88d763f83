"""Judges a batch of SPF questions with pyspf: a JSON object a line in, "result<TAB>why" a line out.

{"zone": {"got.example": {"A": [...], "AAAA": [...], "MX": [[10, "mx"]], "TXT": ["<hex>"],
          "PTR": [...], "CNAME": "...", "fault": true}}, "ip": "...", "helo": "...", "sender": "..."}
"""
import json
import socket
import sys

import spf

zone = {}


def look_up(name, qtype, strict=True, timeout=None, level=0):
    labels = [label for label in name.split(".") if label]
    if any(len(label) > 63 for label in labels):
        return
    node = zone.get(".".join(labels).lower())
    if node is None:
        return
    if node.get("fault"):
        raise spf.TempError("DNS fault")
    if "CNAME" in node:
        yield (name, "CNAME"), node["CNAME"]
        if level < 8:
            yield from look_up(node["CNAME"], qtype, strict, timeout, level + 1)
        return
    for value in node.get(qtype, []):
        if qtype == "AAAA":
            value = socket.inet_pton(socket.AF_INET6, value)
        elif qtype == "TXT":
            value = (bytes.fromhex(value),)
        elif qtype == "MX":
            value = (value[0], value[1])
        yield (name, qtype), value


spf.DNSLookup = look_up

for line in sys.stdin:
    case = json.loads(line)
    zone = case["zone"]
    try:
        query = spf.query(i=case["ip"], s=case["sender"], h=case["helo"], strict=True)
        result, _, why = query.check()
    except Exception as error:  # pyspf itself gave up: no opinion
        result, why = "crashed", repr(error)
    print(result, str(why).replace("\n", " ").encode("ascii", "replace").decode(), sep="\t", flush=True)
