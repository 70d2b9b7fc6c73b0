"""Ardour opens the session of a take, and says what is in it: the log's notes, tempi and marks."""

from __future__ import annotations

import os
import subprocess
import wave
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from nesvae_live.clock.timing import Meter
from nesvae_live.log.entries import Metered
from nesvae_live.log.jam import Jam
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import CHANNELS, Voice
from nesvae_live.take.daw.ardour import TICKS
from nesvae_live.take.daw.arrangement import Arrangement, jam_to_arrangement
from nesvae_live.take.export.export import export
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import SOUND_NAME, read_jam
from tests.support.dawjams import jam_that_is
from tests.support.places import ROOT
from tests.support.simulated import RATE

pytestmark = [pytest.mark.ardour, pytest.mark.slow, pytest.mark.timeout(180)]

SCRIPT = ROOT / "tests" / "support" / "ardour.lua"


@pytest.fixture(
    scope="module",
    params=["led", *(pytest.param(way, marks=pytest.mark.soak) for way in ("followed", "metres"))],
)
def take(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    jam = jam_that_is(request.param)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-24_20-00-00")


@pytest.fixture(scope="module")
def jam(take: Path) -> Jam:
    return read_jam(take)


@pytest.fixture(scope="module")
def said(take: Path, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """What Ardour says of the session, a list of words a line; it has saved it then."""
    (session,) = export(read_selection(take, None), ("ardour",), tmp_path_factory.mktemp("out"))
    before = session.read_bytes()
    done = subprocess.run(
        ["ardour7-lua", str(SCRIPT)],
        env={
            **os.environ,
            "SESSION_FOLDER": str(session.parent),
            "SESSION_NAME": session.stem,
            "HOME": str(session.parent.parent),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    output = done.stdout + done.stderr
    assert "[ERROR]" not in output
    assert "Error:" not in output
    assert session.read_bytes() != before, "it saved it as its own"
    return [line.split("\t") for line in output.splitlines()]


def lines(said: list[list[str]], kind: str) -> Iterator[list[str]]:
    return (line[1:] for line in said if line[0] == kind)


def ticks(quarters: str) -> int:
    beats, rest = quarters.split(":")
    return int(beats) * TICKS + int(rest)


def test_ardour_has_the_logs_notes_at_their_beats(said: list[list[str]], jam: Jam) -> None:
    speaker = MidiSpeaker(jam.opened.dialect)
    ours = []
    for note in jam.notes():
        ((_, key, velocity),) = speaker.messages(NoteOn(note.voice, note.note, note.velocity))
        start, end = round(note.start * TICKS), round(note.end * TICKS)
        if end > start:
            name = note.voice.name
            ours.append((name, CHANNELS[note.voice], key, velocity, start, end - start))
    theirs = [
        (track, int(channel), int(key), int(velocity), ticks(at), ticks(length))
        for track, channel, key, velocity, at, length in lines(said, "NOTE")
    ]
    assert len(ours) > 20
    assert sorted(theirs) == sorted(ours)


def beat_of(arrangement: Arrangement, seconds: float) -> float:
    """The beat that falls at so many seconds by the tempo map."""
    at = 0.0
    for i, (beat, tempo) in enumerate(arrangement.tempi):
        following = arrangement.tempi[i + 1][0] if i + 1 < len(arrangement.tempi) else 1e9
        length = (following - beat) * 60.0 / tempo
        if seconds <= at + length:
            return beat + (seconds - at) * tempo / 60.0
        at += length
    raise AssertionError


def test_ardours_bars_lie_where_the_tempo_map_says(said: list[list[str]], jam: Jam) -> None:
    arrangement = jam_to_arrangement(jam)
    told = list(lines(said, "TEMPO"))
    assert len(told) == 13
    for second, tempo, quarters in told:
        beat = beat_of(arrangement, float(second))
        assert ticks(quarters) / TICKS == pytest.approx(beat, abs=3 / TICKS)
        assert any(float(tempo) == pytest.approx(bpm, abs=1e-3) for _, bpm in arrangement.tempi)


def test_ardour_counts_the_logs_bars(said: list[list[str]], jam: Jam) -> None:
    """On each quarter note it has the bar, the count and the tick that the log's metres make.

    What its Lua says a metre is at a place is the song's first one everywhere (in 7.3).
    """
    told = [(float(beat), *map(int, rest)) for beat, *rest in lines(said, "PLACE")]
    assert len(told) > 20
    log = [(0.0, jam.opened.meter)]
    log += [(entry.beat, entry.meter) for entry in jam.entries if isinstance(entry, Metered)]
    bar = 0
    for (since, text), (until, _) in pairwise([*log, (1e9, "")]):
        meter = Meter.parse(text)
        here = [item for item in told if since <= item[0] < until]
        for beat, bars, beats, tick in here:
            whole, rest = divmod((beat - since) * meter.denominator / 4.0, meter.numerator)
            assert (bars - 1, beats - 1) == (bar + int(whole), int(rest))
            assert tick == pytest.approx(rest % 1.0 * TICKS * 4 / meter.denominator)
        bar += round((until - since) / meter.beats_per_bar) if until < 1e9 else 0


def test_ardours_regions_lie_where_the_music_is(
    said: list[list[str]], jam: Jam, take: Path
) -> None:
    arrangement = jam_to_arrangement(jam)
    with wave.open(str(take / SOUND_NAME)) as wav:
        frames = wav.getnframes()
    regions = [(track, *map(int, numbers)) for track, *numbers in lines(said, "REGION")]
    sound = [
        (
            round(arrangement.seconds(stretch.start) * RATE),
            round((stretch.points[-1][1] - stretch.points[0][1]) * RATE),
            round(stretch.points[0][1] * RATE),
        )
        for stretch in arrangement.stretches
    ]
    for voice in Voice:
        theirs = sorted(region[1:] for region in regions if region[0] == f"{voice.name} chip")
        assert len(theirs) == len(sound)
        for (place, length, start), other in zip(theirs, sorted(sound), strict=True):
            assert (place, start) == pytest.approx((other[0], other[2]), abs=1)
            assert length == pytest.approx(min(other[1], frames - start), abs=1)
    end = arrangement.seconds(arrangement.end) * RATE
    for track in arrangement.tracks:
        ((_, place, length, _),) = (region for region in regions if region[0] == track.name)
        assert place == 0
        assert length == pytest.approx(end, abs=0.01 * RATE)


def test_ardour_has_the_marks(said: list[list[str]], jam: Jam) -> None:
    arrangement = jam_to_arrangement(jam)
    theirs = [(int(at), name) for at, name in lines(said, "MARK")]
    ours = [(arrangement.seconds(beat) * RATE, text) for beat, text in arrangement.markers]
    assert [name for _, name in sorted(theirs)] == [name for _, name in sorted(ours)]
    for (at, _), (wanted, _) in zip(sorted(theirs), sorted(ours), strict=True):
        assert at == pytest.approx(wanted, abs=1)
