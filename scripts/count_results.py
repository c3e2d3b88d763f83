#!/usr/bin/python3
"""Counts what scripts/test has run: names what failed, then prints "N passed, N failed". Exit 1 on any failure.

Reads from the results folder: steps.txt ("ok NAME", "not ok NAME"), */*.xml (GoogleTest cases of one preset),
*.integration.xml (pytest) and *.ctest.xml (the programs: one that died leaves no cases, but fails here).
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


class Count:
    def __init__(self):
        self.passed = 0
        self.skipped = []
        self.failed = []

    def add(self, name, bad, skipped=False):
        if bad:
            self.failed.append(name)
        elif skipped:
            self.skipped.append(name)
        else:
            self.passed += 1

    def read_cases(self, path, preset):
        """The cases of one GoogleTest or pytest file; how many of them failed."""
        before = len(self.failed)
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            name = f"{preset}: {case.get('classname')}.{case.get('name')}"
            bad = case.find("failure") is not None or case.find("error") is not None
            self.add(name, bad, case.find("skipped") is not None or case.get("result") == "skipped")
        return len(self.failed) - before


def main():
    results = pathlib.Path(sys.argv[1])
    count = Count()
    for line in (results / "steps.txt").read_text().splitlines():
        word, _, name = line.partition("ok ")
        count.add(name, word.startswith("not"))

    for path in sorted(results.glob("*.ctest.xml")):
        preset = path.name.split(".")[0]
        case_failures = sum(count.read_cases(cases, preset) for cases in sorted((results / preset).glob("*.xml")))
        programs = [case.get("name") for case in ElementTree.parse(path).getroot().iter("testcase")
                    if case.get("status") == "fail"]
        if programs and not case_failures:  # died before or after its cases, or is no GoogleTest program
            for program in programs:
                count.add(f"{preset}: program {program}", True)

    for path in sorted(results.glob("*.integration.xml")):
        count.read_cases(path, path.name.split(".")[0])

    for name in count.skipped:
        print(f"skipped: {name}")
    for name in count.failed:
        print(f"FAILED: {name}")
    print(f"{count.passed} passed, {len(count.failed)} failed")
    sys.exit(1 if count.failed or not count.passed else 0)


if __name__ == "__main__":
    main()
