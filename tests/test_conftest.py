"""A test whose need isn't met is skipped or fails; what tests share lies in `tests/support`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import NEEDS, find_corpus, find_oracle, pytest_runtest_setup
from tests.support import jack as servers
from tests.support.jack import JackServers
from tests.support.places import ROOT
from tests.support.probe import JackProbe


def set_up(request: pytest.FixtureRequest, marker: str) -> None:
    node = request.node
    node.add_marker(marker)
    pytest_runtest_setup(node)


@pytest.fixture(params=["browser", "corpus", "jack", "oracle"])
def missing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(NEEDS, request.param, lambda: "it is not here")
    return str(request.param)


@pytest.mark.parametrize("required", ["", "another", "oracles, jackd"])
def test_what_is_missing_is_skipped_with_its_reason(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, missing: str, required: str
) -> None:
    monkeypatch.setenv("NESVAE_REQUIRE", required)
    with pytest.raises(pytest.skip.Exception, match="it is not here"):
        set_up(request, missing)


def test_what_is_missing_but_required_fails(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setenv("NESVAE_REQUIRE", "jack, browser,corpus,oracle")
    with pytest.raises(pytest.fail.Exception, match=f"{missing} is required .* it is not here"):
        set_up(request, missing)


def test_files_are_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NESVAE_CORPUS", "/nowhere/archive")
    monkeypatch.setenv("NESVAE_ORACLE", "/nowhere")
    assert (find_corpus(), find_oracle()) == (Path("/nowhere/archive"), Path("/nowhere"))
    for marker in ("corpus", "oracle"):
        assert "nowhere" in str(NEEDS[marker]())


def test_no_test_module_lends_to_another() -> None:
    # Programs that tests start are text: so it is looked for in the text.
    lends = re.compile(r"(?:from|import)\s+tests\.(?:\w+\.)*test_\w+")
    paths = sorted((ROOT / "tests").rglob("*.py"))
    lent = [str(path) for path in paths if lends.search(path.read_text(encoding="utf-8"))]
    assert not lent, "what tests share lies in tests/support"


@pytest.mark.jack
def test_a_server_is_shared_until_a_test_wants_its_own_or_leaves_somebody_on_it(
    jack_servers: JackServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = jack_servers.shared()
    assert jack_servers.shared() is first
    own = jack_servers.own(44100, 128)
    assert (first.runs(), own.runs()) == (False, True)
    own.stop()
    second = jack_servers.shared()
    monkeypatch.setattr(servers, "LEAVE_SECONDS", 0.1)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", second.name)
    with JackProbe("left"):
        assert second.clients() == {"left"}
        assert jack_servers.shared() is not second
        assert not second.runs()
