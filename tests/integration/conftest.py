"""Every test here runs a real posternd behind a real Postfix. scripts/test starts them as root, as Postfix asks."""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from support.world import World  # noqa: E402


def pytest_sessionstart(session):
    if os.getuid() != 0:
        pytest.exit("Postfix can be started by root only: use scripts/test, or sudo", returncode=4)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows what the daemons said meanwhile."""
    report = (yield).get_result()
    if report.failed:
        for world in (value for value in getattr(item, "funcargs", {}).values() if isinstance(value, World)):
            report.sections.append(("posternd", world.posternd.log()[-6000:]))
            report.sections.append(("Postfix", world.postfix.log()[-6000:]))


@pytest.fixture(scope="module")
def world():
    """One world for the whole module; a test that breaks it must mend it."""
    with World() as built:
        yield built


@pytest.fixture
def fresh():
    """Builds worlds for one test alone: fresh(policies=..., settings=...)."""
    built = []

    def build(**arguments):
        built.append(World(**arguments).__enter__())
        return built[-1]

    yield build
    for one in reversed(built):
        one.__exit__(None, None, None)
