"""Replay: what was played is computed again, to the byte and to the sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from nesvae_live.clock.jackclock import TransportIn
from nesvae_live.control.inputs import (
    MidiIn,
    Panic,
    SetKnob,
    SetMute,
    SetOne,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
)
from nesvae_live.engine.journaling import STALLED
from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import (
    Answered,
    Barred,
    Drummed,
    Entry,
    Heard,
    Metered,
    Noted,
    Performed,
    Placed,
    Silenced,
    Spliced,
    Themed,
)
from nesvae_live.log.reader import JamError
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replay import ReplayError
from nesvae_live.take.replayfiles import replay_take
from nesvae_live.take.wav import HEAD_BYTES
from tests.support.fakes import DrawnDecoder
from tests.support.simulated import SimulatedJam
from tests.support.simulatedtransport import TransportJam

SLOW = [pytest.mark.slow]

Change = Callable[[dict[str, Any]], dict[str, Any] | None]


def changed(log: Path, out: Path, change: Change) -> Path:
    """The log with each entry changed, or left out."""
    out.mkdir()
    lines = [change(json.loads(line)) for line in log.read_bytes().splitlines()]
    text = "".join(json.dumps(line) + "\n" for line in lines if line is not None)
    (out / LOG_NAME).write_text(text)
    return out / LOG_NAME


def without_outputs(entry: dict[str, Any]) -> dict[str, Any] | None:
    computed = {
        "sent",
        "turned",
        "decoded",
        "placed",
        "spliced",
        "clocked",
        "metered",
        "noted",
        "posed",
        "quoted",
        "themed",
        "arranged",
    }
    return None if entry["kind"] in computed else entry


def falsified(entry: dict[str, Any]) -> dict[str, Any] | None:
    if entry["kind"] == "sent":
        return entry | {"event": "on", "note": 60, "velocity": 1, "beat": 7.0, "voice": "TR"}
    if entry["kind"] in {"turned", "clocked"}:
        return entry | {"at": 1.0, "value": 0.1, "beat_seconds": 2.0}
    return entry


@pytest.mark.slow
def test_the_random_jams_have_everything_in_them() -> None:
    entries: list[Entry] = []
    for seed in range(0, 18, 2):
        remembers = seed % 4 == 0
        seconds = 20.0 if seed == 16 else 7.0  # what is to return must have played
        follows = seed % 3 == 2
        jam = SimulatedJam(seed, seconds, follows=follows, remembers=remembers, bands=seed % 8 == 0)
        jam.play()
        entries += jam.written.entries
    transported = TransportJam(3, 12.0)
    transported.play()
    entries += transported.written.entries
    inputs = {type(e.input) for e in entries if isinstance(e, Heard)}
    assert inputs >= {MidiIn, SetKnob, SetMute, SetSwap, SetTempo, Tap, Panic, Stop}
    assert {type(e) for e in entries} == set(get_args(Entry)) - {Barred, Performed, Drummed}
    whats = {e.what for e in entries if isinstance(e, Themed)}
    assert whats == {"kept", "returns", "forgotten"}
    assert any(isinstance(e, Answered) and e.z and not e.index for e in entries), "composed"
    assert any(isinstance(e, Placed) and e.repeat for e in entries)
    assert any(isinstance(e, Silenced) and not e.panic for e in entries)
    answers = [e for e in entries if isinstance(e, Answered) and e.splice]
    assert len(answers) > sum(isinstance(e, Spliced) for e in entries) > 10, "some came too late"


@pytest.mark.parametrize(
    "seed",
    [
        *(pytest.param(n, marks=[pytest.mark.slow] if n >= 10 else []) for n in range(18)),
        *(pytest.param(n, marks=pytest.mark.soak) for n in range(18, 50)),
    ],
)
def test_a_random_jam_plays_again_to_the_byte_and_to_the_sample(seed: int, tmp_path: Path) -> None:
    """Its log is stripped of all that can be computed, or falsified, in turn."""
    follows, remembers = seed % 3 == 2, seed % 4 == 0
    jam = SimulatedJam(seed, 7.0, follows=follows, remembers=remembers, bands=seed % 8 == 0)
    jam.play()
    take = jam.write(tmp_path / "take")
    log = take / LOG_NAME
    if seed % 5 != 0:
        log = changed(log, tmp_path / "log", without_outputs if seed % 2 else falsified)
    replayed = replay_take(log, tmp_path / "again")
    assert not replayed.faults
    for name in (MIDI_NAME, SOUND_NAME):
        assert (tmp_path / "again" / name).read_bytes() == (take / name).read_bytes(), name
    if seed % 10 == 0:
        done = replay_take(log, tmp_path / "decoded", decoder=type(jam.decoder)())
        assert not done.difference
        assert (tmp_path / "decoded" / MIDI_NAME).read_bytes() == (take / MIDI_NAME).read_bytes()


@pytest.mark.parametrize("seed", [4, *(pytest.param(n, marks=SLOW) for n in range(5, 12))])
def test_a_jam_whose_process_was_stopped_plays_again(seed: int, tmp_path: Path) -> None:
    jam: SimulatedJam
    if seed % 4 == 3:
        jam = TransportJam(seed, 10.0, stalls=True)
    else:
        jam = SimulatedJam(seed, 12.0, follows=seed % 3 == 2, remembers=seed % 4 == 0, stalls=True)
    jam.play()
    stalled = [e for e in jam.written.entries if isinstance(e, Noted) and STALLED in e.text]
    assert stalled
    take = jam.write(tmp_path / "take")
    log = changed(take / LOG_NAME, tmp_path / "log", falsified) if seed % 2 else take / LOG_NAME
    replayed = replay_take(log, tmp_path / "again")
    assert not replayed.faults
    for name in (MIDI_NAME, SOUND_NAME):
        assert (tmp_path / "again" / name).read_bytes() == (take / name).read_bytes(), name


def test_a_log_that_lacks_seconds_is_told_from_one_that_was_stopped(tmp_path: Path) -> None:
    jam = SimulatedJam(6, 7.0, stalls=False)
    jam.play()

    def lacking(entry: dict[str, Any]) -> dict[str, Any] | None:
        return None if 2.0 < entry.get("at", 0.0) < 5.0 else entry

    log = changed(jam.write(tmp_path / "take") / LOG_NAME, tmp_path / "log", lacking)
    try:
        faults = replay_take(log, tmp_path / "again").faults
    except ReplayError:
        return
    assert any("nothing is logged" in fault for fault in faults)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 3, 5, 8])
def test_a_jam_behind_jacks_transport_plays_again(seed: int, tmp_path: Path) -> None:
    jam = TransportJam(seed, 12.0)
    jam.play()
    told = [e.input for e in jam.written.entries if isinstance(e, Heard)]
    assert any(isinstance(item, TransportIn) and item.bend for item in told)
    assert sum(isinstance(e, Metered) for e in jam.written.entries) >= 1
    take = jam.write(tmp_path / "take")
    log = changed(take / LOG_NAME, tmp_path / "log", without_outputs)
    replayed = replay_take(log, tmp_path / "again")
    assert not replayed.faults
    for name in (MIDI_NAME, SOUND_NAME):
        assert (tmp_path / "again" / name).read_bytes() == (take / name).read_bytes(), name


@pytest.mark.parametrize("join", ["now", "tap"])
def test_a_jam_that_joined_a_rolling_clock_plays_again(join: str, tmp_path: Path) -> None:
    jam = SimulatedJam(3, 9.0, follows=True, join=join)
    jam.play()
    entries = jam.written.entries
    assert sum(isinstance(e, Placed) for e in entries) > 2
    assert sum(isinstance(e, Heard) and isinstance(e.input, SetOne) for e in entries) > 1
    take = jam.write(tmp_path / "take")
    replayed = replay_take(take / LOG_NAME, tmp_path / "again")
    assert not replayed.faults
    for name in (MIDI_NAME, SOUND_NAME):
        assert (tmp_path / "again" / name).read_bytes() == (take / name).read_bytes(), name


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    jam = SimulatedJam(4, 7.0)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "take")


def test_what_came_in_decides_what_is_played(take: Path, tmp_path: Path) -> None:
    def muted(entry: dict[str, Any]) -> dict[str, Any]:
        if entry.get("input") == "set_mute":
            return entry | {"muted": not entry["muted"]}
        return entry

    log = changed(take / LOG_NAME, tmp_path / "log", muted)
    replay_take(log, tmp_path / "again")
    assert (tmp_path / "again" / MIDI_NAME).read_bytes() != (take / MIDI_NAME).read_bytes()


def test_the_network_s_first_difference_is_named(take: Path, tmp_path: Path) -> None:
    entries = [line_to_entry(line) for line in (take / LOG_NAME).read_bytes().splitlines()]
    index = [e.index for e in entries if isinstance(e, Answered) and not e.splice][-1]
    assert index > 0

    def respelt(entry: dict[str, Any]) -> dict[str, Any]:
        if (entry["kind"], entry.get("index"), entry.get("splice")) == ("answered", index, 0):
            tokens = list(entry["tokens"])
            tokens[9] = 77 + (tokens[9] - 77 + 1) % 77
            return entry | {"tokens": tokens}
        return entry

    log = changed(take / LOG_NAME, tmp_path / "log", respelt)
    done = replay_take(log, tmp_path / "again", decoder=DrawnDecoder())
    assert f"phrase {index}, tuple 3: token" in done.difference
    assert not done.files
    assert not list((tmp_path / "again").iterdir())
    assert replay_take(log, tmp_path / "trusted").files


def test_an_earlier_replay_is_not_overwritten(take: Path) -> None:
    with pytest.raises(ReplayError, match="there already"):
        replay_take(take / LOG_NAME, take)


def test_a_log_that_does_not_say_its_setup_is_one_line(take: Path, tmp_path: Path) -> None:
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({}, "jam export"),
        ({"performance": {}}, "another version"),
    )
    for setup, says in cases:
        folder = tmp_path / says.replace(" ", "_")
        log = changed(
            take / LOG_NAME,
            folder,
            lambda e: e | {"setup": setup} if e["kind"] == "opened" else e,  # noqa: B023
        )
        with pytest.raises(ReplayError, match=says) as refused:
            replay_take(log, folder / "again")
        assert "\n" not in str(refused.value)


def test_a_log_without_its_middle_says_what_it_lacks(take: Path, tmp_path: Path) -> None:
    lines = (take / LOG_NAME).read_bytes().splitlines(keepends=True)
    cut = tmp_path / LOG_NAME
    cut.write_bytes(b"".join(lines[: len(lines) // 4] + lines[3 * len(lines) // 4 :]))
    try:
        (said, *_) = replay_take(cut, tmp_path / "again").faults
    except ReplayError as error:
        said = str(error)
    assert "nothing is logged from" in said or "an answer that nothing asked for" in said


def test_a_log_cut_at_its_end_plays_up_to_there(take: Path, tmp_path: Path) -> None:
    whole = (take / LOG_NAME).read_bytes()
    cut = tmp_path / LOG_NAME
    cut.write_bytes(whole[: whole.index(b"\n", len(whole) * 3 // 4) + 10])
    done = replay_take(cut, tmp_path / "again")
    assert "could not be read" in done.faults[0]
    sound, again = (f.read_bytes() for f in (take / SOUND_NAME, tmp_path / "again" / SOUND_NAME))
    assert 0.3 * len(sound) < len(again) < len(sound)
    assert again[HEAD_BYTES:] == sound[HEAD_BYTES : len(again)]


def test_a_foreign_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_bytes(b"\x89PNG\r\n")
    with pytest.raises(JamError, match="not a jam log"):
        replay_take(tmp_path / LOG_NAME, tmp_path / "again")


def test_a_sample_that_was_garbled_costs_its_event_alone(take: Path, tmp_path: Path) -> None:
    garbled = iter([10**15, -5])

    def far(entry: dict[str, Any]) -> dict[str, Any]:
        if entry["kind"] == "sounded" and entry["first"] > 40:
            return entry | {"sample": next(garbled, entry["sample"])}
        return entry

    log = changed(take / LOG_NAME, tmp_path / "log", far)
    replay_take(log, tmp_path / "again")
    assert (tmp_path / "again" / SOUND_NAME).stat().st_size == (take / SOUND_NAME).stat().st_size
