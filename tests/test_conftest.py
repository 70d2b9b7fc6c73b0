"""A test whose need isn't met is skipped or fails; what tests share lies in `tests/support`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import NEEDS, find_corpus, find_oracle, pytest_runtest_setup
from tests.support.places import ROOT


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


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: path.stem)
def test_no_test_module_lends_to_another(path: Path) -> None:
    # Programs that tests start are text: so it is looked for in the text.
    lent = re.findall(
        r"(?:from|import)\s+tests\.(?:\w+\.)*test_\w+", path.read_text(encoding="utf-8")
    )
    assert not lent, f"{path}: what tests share lies in tests/support"
