"""What tests need from outside: a JACK server, a browser, the corpus, files of other programs.

A test that needs what isn't here is skipped and says so; if NESVAE_REQUIRE names its marker (a
list with commas), it fails instead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.browser import find_chromium
from tests.support.emulators import why_no_emulator
from tests.support.gme import why_no_gme
from tests.support.jack import JackServer, JackServers, why_no_jack
from tests.support.pipewire import why_no_pipewire
from tests.support.places import ROOT
from tests.support.stalls import StallWatch

SHARED = Path(__file__).resolve().parents[2] / "shared"
NICE = 10
TIMED = pytest.StashKey[bool]()
BEGAN = pytest.StashKey[float]()
FAILED = pytest.StashKey[bool]()
TRIES = 3
"""Of a test of timing that fails while the machine stands still."""

settings.register_profile("untimed", deadline=None)  # two processes test side by side
settings.load_profile("untimed")


def find_corpus() -> Path:
    """NES-MDB's archive: NESVAE_CORPUS, or where it lies beside the checkout."""
    beside = SHARED / "data" / "nesmdb24_exprsco_train_valid.tar.xz"
    return Path(os.environ.get("NESVAE_CORPUS", beside))


def find_oracle() -> Path:
    """Files that nesmdb and VGMPlay made: NESVAE_ORACLE, or where they lie beside the checkout."""
    return Path(os.environ.get("NESVAE_ORACLE", SHARED / "oracle"))


def why_no_browser() -> str | None:
    if find_chromium() is None:
        return "no Chromium found (Debian: chromium)"
    return None if find_spec("playwright") else "no playwright: pip install playwright"


def why_no_corpus() -> str | None:
    corpus = find_corpus()
    return None if corpus.exists() else f"no corpus at {corpus} (NESVAE_CORPUS names it)"


def why_no_oracle() -> str | None:
    oracle = find_oracle()
    return None if oracle.is_dir() else f"no oracle at {oracle} (NESVAE_ORACLE names it)"


def find_nesmdb() -> Path:
    """The test files in a checkout of https://github.com/chrisdonahue/nesmdb: NESVAE_NESMDB."""
    return Path(os.environ.get("NESVAE_NESMDB", SHARED / "nesmdb")) / "nesmdb" / "tests" / "data"


def why_no_nesmdb() -> str | None:
    return None if find_nesmdb().is_dir() else "no checkout of nesmdb (NESVAE_NESMDB names it)"


def why_no_musescore() -> str | None:
    there = shutil.which("mscore3") or shutil.which("musescore3")
    return None if there else "no MuseScore 3 found (Debian: musescore3)"


def find_ableton_osc() -> Path:
    """A checkout of https://github.com/ideoforms/AbletonOSC: NESVAE_ABLETONOSC."""
    return Path(os.environ.get("NESVAE_ABLETONOSC", SHARED / "AbletonOSC"))


def why_no_ableton_osc() -> str | None:
    found = (find_ableton_osc() / "abletonosc" / "clip.py").exists()
    return None if found else "no checkout of AbletonOSC (NESVAE_ABLETONOSC names it)"


def why_no_ardour() -> str | None:
    return None if shutil.which("ardour7-lua") else "no ardour7-lua found (Debian: ardour)"


def why_no_abcmidi() -> str | None:
    return None if shutil.which("midi2abc") else "no midi2abc found (Debian: abcmidi)"


def why_no_sox() -> str | None:
    return None if shutil.which("sox") else "no sox found (Debian: sox)"


def why_no_cc65() -> str | None:
    there = shutil.which("ca65") and shutil.which("ld65")
    return None if there else "no ca65 and ld65 found (Debian: cc65)"


@cache
def step_back() -> None:
    """Leave the machine to what has to be in time, which another process tests; from now on."""
    if hasattr(os, "SCHED_IDLE"):  # at once, whenever the other one wants a core
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif hasattr(os, "nice"):
        os.nice(NICE)


@cache
def stall_watch() -> StallWatch:
    """Begins with the first test of timing."""
    watch = StallWatch()
    atexit.register(watch.close)
    return watch


class StoodStill:
    """Whether the machine stood still since a test began: what it failed of then says nothing."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item
        self.__name__ = "the machine stood still"

    def __call__(self) -> bool:
        if not self._item.stash.get(FAILED, False):  # it is asked of every test
            return False
        stall = stall_watch().since(self._item.stash.get(BEGAN, 0.0))
        if stall:
            text = f"the machine stood still for {1e3 * stall:.0f} ms during {self._item.nodeid}"
            print(text, file=sys.__stderr__)
        return stall > 0.0


NEEDS: dict[str, Callable[[], str | None]] = {
    "abcmidi": why_no_abcmidi,
    "ableton": why_no_ableton_osc,
    "ardour": why_no_ardour,
    "musescore": why_no_musescore,
    "jack": cache(why_no_jack),
    "browser": why_no_browser,
    "cc65": why_no_cc65,
    "sox": why_no_sox,
    "emulator": why_no_emulator,
    "gme": why_no_gme,
    "pipewire": cache(why_no_pipewire),
    "corpus": why_no_corpus,
    "oracle": why_no_oracle,
    "nesmdb": why_no_nesmdb,
}


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before several processes begin, compile once what all of them need."""
    if session.config.getoption("numprocesses", None):  # none in those processes
        command = [sys.executable, "-m", "tests.support.compiled"]
        subprocess.run(command, cwd=ROOT, check=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side (`pytest -n 2 --dist loadgroup`): JACK in one process, modules in the others."""
    for item in items:
        if is_timed(item) or group_of(item) == "jack":
            item.add_marker(pytest.mark.flaky(reruns=TRIES - 1, condition=StoodStill(item)))
    if not getattr(config.option, "loadgroup", False):
        return
    for item in items:
        if not item.get_closest_marker("xdist_group"):
            group = "jack" if is_timed(item) else item.path.stem
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: group_of(item) != "jack")  # it takes longest


def is_timed(item: pytest.Item) -> bool:
    """Whether a server of sound and MIDI keeps the test's time."""
    return any(item.get_closest_marker(server) for server in ("jack", "pipewire"))


def group_of(item: pytest.Item) -> str:
    """With whom a test runs side by side with others."""
    marker = item.get_closest_marker("xdist_group")
    return str(marker.args[0]) if marker else ""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Whether JACK is tested in this run."""
    session.config.stash[TIMED] = any(group_of(item) == "jack" for item in session.items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if getattr(item.config.option, "loadgroup", False):
        if "@" not in item.nodeid:  # where pytest-xdist keeps the group
            pytest.exit("pytest-xdist does not group tests under this pytest", returncode=1)
        if item.config.stash[TIMED] and group_of(item) != "jack":
            step_back()
    if is_timed(item):
        stall_watch()
        item.stash[BEGAN] = time.perf_counter()
    required = os.environ.get("NESVAE_REQUIRE", "").replace(" ", "").split(",")
    for marker, why_missing in NEEDS.items():
        if item.get_closest_marker(marker) is None:
            continue
        reason = why_missing()
        if reason is not None and marker in required:
            pytest.fail(f"{marker} is required (NESVAE_REQUIRE), but {reason}", pytrace=False)
        if reason is not None:
            pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Whether the test has failed, for `StoodStill`."""
    report = yield
    item.stash[FAILED] = report.failed or (report.when != "setup" and item.stash[FAILED])
    return report


@pytest.fixture
def corpus_archive() -> Path:
    """The archive of NES-MDB; mark the test `corpus`."""
    return find_corpus()


@pytest.fixture
def oracle_dir() -> Path:
    """The folder of files that other programs made; mark the test `oracle`."""
    return find_oracle()


@pytest.fixture
def nesmdb_dir() -> Path:
    """The folder of nesmdb's own test files; mark the test `nesmdb`."""
    return find_nesmdb()


@pytest.fixture(scope="session")
def jack_servers() -> Iterator[JackServers]:
    servers = JackServers()
    yield servers
    servers.stop()


@pytest.fixture
def jack_server(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, jack_servers: JackServers
) -> Iterator[JackServer]:
    """A JACK server, the default one for the test and its children, on which nobody else is.

    Mark the test `jack`. Tests share the server, one after the other; one with a parameter (the
    arguments of `JackServer`, taken with `indirect`: `own_server`) has its own.
    """
    own = hasattr(request, "param")
    server = jack_servers.own(*request.param) if own else jack_servers.shared()
    monkeypatch.setenv("JACK_DEFAULT_SERVER", server.name)
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    yield server
    if own:
        server.stop()
