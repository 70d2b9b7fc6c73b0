"""Earlier takes and dropped MIDI files: what a page can have, and what it can't."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nesvae_live.panel.drop import LARGEST
from nesvae_live.panel.facts import PanelFacts
from nesvae_live.take.folder import LOG_NAME
from nesvae_live.take.growing import GrowingFile
from tests.support.earlier import a_log, a_take, a_tune
from tests.support.panels import BarePage, Told, serving, some_facts


@pytest.fixture
def facts(tmp_path: Path) -> PanelFacts:
    now = tmp_path / "jams" / "2026-11-27_12-00-00"
    now.mkdir(parents=True)
    return some_facts(now)


@pytest.fixture
def port(facts: PanelFacts) -> Iterator[int]:
    with serving(facts) as port:
        yield port


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def test_earlier_takes_are_listed_and_had_and_the_one_that_is_recorded_is_not(
    facts: PanelFacts, port: int
) -> None:
    jams = facts.take.parent
    a_take(jams / "2026-11-26_12-00-00")
    playing = GrowingFile(facts.take / LOG_NAME, keep=1 << 20)
    playing.append(a_log())
    playing.flush(sync=False)
    (facts.take / "take.wav").write_bytes(b"RIFF")
    now, then = json.loads(ask(port, "GET", "/takes.json")[1])
    assert (then["name"], then["state"]) == ("2026-11-26_12-00-00", "whole")
    assert then["files"] == ["take.mid", "take.wav", LOG_NAME]
    assert then["seconds"] > 0
    assert then["bars"] > 0
    assert (now["state"], now["files"]) == ("playing", [])
    assert ask(port, "GET", f"/takes/{then['name']}/take.wav") == (200, b"RIFF")
    assert ask(port, "GET", f"/takes/{now['name']}/take.wav")[0] == 404
    playing.close()


@pytest.mark.parametrize(
    "path",
    [
        "/takes/2026-11-26_12-00-00/notes.txt",
        "/takes/2026-11-26_12-00-00/..%2F..%2Fsecret",
        "/takes/..%2Fjams/take.wav",
        "/takes/%2e%2e/take.wav",
        "/takes/none/take.wav",
    ],
)
def test_nothing_but_the_files_of_takes_is_had(facts: PanelFacts, port: int, path: str) -> None:
    a_take(facts.take.parent / "2026-11-26_12-00-00")
    (facts.take.parent.parent / "take.wav").write_text("secret")
    (facts.take.parent.parent / LOG_NAME).write_text("secret")
    status, body = ask(port, "GET", path)
    assert status == 404
    assert b"secret" not in body


def own(port: int) -> dict[str, str]:
    return {"Origin": f"http://127.0.0.1:{port}"}


def test_a_midi_files_phrases_are_found_and_one_is_played(
    tmp_path: Path, facts: PanelFacts, port: int
) -> None:
    status, body = ask(port, "POST", "/midi", a_tune(tmp_path / "tune.mid"), **own(port))
    assert status == 200
    told = json.loads(body)
    first, second = told["phrases"]
    assert [tuples[0] for tuples in first] == list(range(60, 73))
    assert all(tuples[3] == 12 for tuples in first)
    assert len(second) == 7
    with Told(facts.take) as instrument, BarePage(port) as page:
        page.wait_for(lambda: page.pictures > 0)
        page.say(do="phrase", tuples=first)
        page.wait_for(lambda: instrument.heard != [])
        assert [list(t) for t in instrument.heard[0].tuples] == first  # type: ignore[union-attr]


def test_what_is_no_midi_file_is_refused_with_a_reason(tmp_path: Path, port: int) -> None:
    for data in (b"no music", b""):
        status, body = ask(port, "POST", "/midi", data, **own(port))
        assert (status, [*json.loads(body)]) == (200, ["error"])
    status, body = ask(port, "POST", "/midi", b"x" * (LARGEST + 1), **own(port))
    assert (status, b"1 MB" in body) == (413, True)
    tune = a_tune(tmp_path / "tune.mid")
    assert ask(port, "POST", "/midi", tune)[0] == 403
    assert ask(port, "POST", "/midi", tune, Origin="http://elsewhere.example")[0] == 403
