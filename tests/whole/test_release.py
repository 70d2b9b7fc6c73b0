"""Takes of release 0.1.0, played again: the same log, sound, MIDI file and VGM file as it made.

What lies in `golden/release` and how it was made is in its README.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import math
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.take.export.export import export
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.places import RELEASE

TAKES: dict[str, dict[str, str]] = json.loads((RELEASE / "takes.json").read_text(encoding="utf-8"))
"""Take -> file -> SHA-256 of what release 0.1.0 made when it played the take's log again."""


@cache
def stored(name: str) -> bytes:
    """The log of a stored take, as the release wrote it while it was played."""
    return lzma.decompress((RELEASE / f"{name}.jsonl.xz").read_bytes())


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Take -> folder of its files, made from the stored log."""
    folders = {}
    for name in TAKES:
        folder = tmp_path_factory.mktemp(name)
        (folder / LOG_NAME).write_bytes(stored(name))
        done = replay_take(folder / LOG_NAME, folder / "again")
        assert not done.faults
        assert not done.difference
        folders[name] = folder / "again"
    return folders


def differs(ours: Any, theirs: Any) -> bool:
    """Whether two values of a line differ by more than floating point does."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() != theirs.keys() or any(differs(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) != len(theirs) or any(map(differs, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, float):
        return not math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=2e-6)
    return bool(ours != theirs)


def without_early_time(line: dict[str, Any]) -> dict[str, Any]:
    """The line; of what came before the clock began, a replay does not know when."""
    return {k: v for k, v in line.items() if k != "at" or v >= 0.0}


def by_kind(log: bytes) -> dict[str, list[dict[str, Any]]]:
    """The lines of each kind, in order; between kinds a replay orders what threads did at once."""
    kinds: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in log.splitlines():
        entry = json.loads(line)
        kinds[entry["kind"]].append(without_early_time(entry))
    return kinds


@pytest.mark.parametrize("name", TAKES)
def test_each_line_of_the_replayed_log_says_what_the_stored_line_says(
    name: str, replayed: dict[str, Path]
) -> None:
    before, after = by_kind(stored(name)), by_kind((replayed[name] / LOG_NAME).read_bytes())
    assert after.keys() == before.keys()
    for kind, lines in after.items():
        for number, (ours, theirs) in enumerate(zip(lines, before[kind], strict=True), 1):
            assert not differs(ours, theirs), f"{kind} {number}: {ours} was {theirs}"


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("file", [LOG_NAME, MIDI_NAME, SOUND_NAME])
def test_a_stored_take_plays_again_to_the_byte_and_to_the_sample(
    name: str, file: str, replayed: dict[str, Path]
) -> None:
    made = (replayed[name] / file).read_bytes()
    assert hashlib.sha256(made).hexdigest() == TAKES[name][file]


@pytest.mark.parametrize("name", TAKES)
@pytest.mark.parametrize("kind", ["vgm", "exprsco", "rawstems"])
def test_a_stored_take_is_exported_to_the_byte(
    name: str, kind: str, replayed: dict[str, Path], tmp_path: Path
) -> None:
    made = hashlib.sha256()
    for file in export(read_selection(replayed[name], None), [kind], tmp_path):
        made.update(file.read_bytes())
    assert made.hexdigest() == TAKES[name][kind.removeprefix("raw")]


@pytest.mark.parametrize("name", TAKES)
def test_a_stored_take_has_everything_in_it_that_a_replay_can_get_wrong(name: str) -> None:
    lines = [json.loads(line) for line in stored(name).splitlines()]
    kinds = {line["kind"] for line in lines}
    assert kinds >= {"spliced", "posed", "arranged", "silenced", "barred", "noted", "closed"}
    inputs = {line["input"] for line in lines if line["kind"] == "heard"}
    assert inputs >= {"midi_in", "store_snapshot", "recall_snapshot", "start_morph", "panic"}
    drums = [line for line in lines if line["kind"] == "sent" and line["voice"] == "NO"]
    assert {line["event"] for line in drums} == {"on", "off", "shape"}
    assert lines[0]["setup"]["performance"]["patches"]
    tempos = {line["beat_seconds"] for line in lines if line["kind"] == "clocked"}
    assert max(tempos) > 1.1 * min(tempos)


def test_one_stored_take_followed_a_midi_clock_that_stopped_and_went_on() -> None:
    lines = [json.loads(line) for line in stored("followed").splitlines()]
    assert lines[0]["setup"]["clock"]["port"] == "nesvae_live in"
    heard = [line["data"][0] for line in lines if line.get("input") == "midi_in"]
    assert heard.count(0xF8) > 500
    assert heard.index(0xFC) < len(heard) - 1 - heard[::-1].index(0xFB)
    assert any(not line["runs"] for line in lines[100:] if line["kind"] == "clocked")
