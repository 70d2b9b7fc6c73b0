"""The take's MIDI file as other people's programs read it: bars, tempi, notes and their lengths."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import pretty_midi
import pytest
import symusic

from nesvae_live.log.jam import Jam
from nesvae_live.music.voices import CHANNELS, Voice
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, read_jam
from nesvae_live.take.midifile import TICKS_PER_BEAT
from tests.support.simulated import SimulatedJam

Note = tuple[int, int, int, int]
"""Channel, MIDI note, first tick and end."""

PLAYED = (Voice.P1, Voice.P2, Voice.TR)
SEEDS = (1, 6, 11)


@pytest.fixture(scope="module", params=SEEDS)
def take(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Jams with changes of tempo; the last one behind a clock that stops and jumps."""
    jam = SimulatedJam(request.param, 12.0, follows=request.param == SEEDS[-1])
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "take")


@pytest.fixture(scope="module")
def jam(take: Path) -> Jam:
    return read_jam(take / LOG_NAME)


def tick(beat: float) -> int:
    return round(beat * TICKS_PER_BEAT)


def notes_of(jam: Jam) -> list[Note]:
    """What the log says; what rounds to no tick is in no MIDI file."""
    notes = [
        (CHANNELS[n.voice], n.note, tick(n.start), tick(n.end))
        for n in jam.notes()
        if n.voice in PLAYED
    ]
    return sorted(note for note in notes if note[3] > note[2])


def tempi_of(jam: Jam) -> list[tuple[int, float]]:
    """(tick, beats a minute) wherever the tempo changes, by the log's lines."""
    runs = [line for line in jam.lines if line.runs] or list(jam.lines)
    at = {0: runs[0].beat_seconds} | {max(0, tick(e.beat)): e.beat_seconds for e in runs[1:]}
    tempi: list[tuple[int, float]] = []
    for when, beat_seconds in sorted(at.items()):
        if not tempi or round(60e6 / tempi[-1][1]) != round(beat_seconds * 1e6):
            tempi.append((when, 60.0 / beat_seconds))
    return tempi


def test_the_jams_have_notes_and_tempi(jam: Jam) -> None:
    assert len(notes_of(jam)) > 10
    assert len(tempi_of(jam)) > 1


def test_mido_reads_what_the_log_says(take: Path, jam: Jam) -> None:
    file = mido.MidiFile(take / MIDI_NAME)
    read = [note for track in file.tracks for note in mido_notes(track)]
    assert sorted(note for note in read if note[0] < 3) == notes_of(jam)
    assert {sum(m.time for m in track) for track in file.tracks} == {
        jam.bars() * 4 * TICKS_PER_BEAT
    }


def mido_notes(track: mido.MidiTrack) -> Iterator[Note]:
    now, on = 0, {}
    for message in track:
        now += message.time
        if message.type == "note_on" and message.velocity:
            on[message.channel, message.note] = now
        elif message.type in {"note_on", "note_off"}:
            yield (
                message.channel,
                message.note,
                on.pop((message.channel, message.note)),
                now,
            )


def test_symusic_reads_what_the_log_says(take: Path, jam: Jam) -> None:
    score: Any = symusic.Score(str(take / MIDI_NAME))
    assert score.tpq == TICKS_PER_BEAT
    channel_of = {voice.name: CHANNELS[voice] for voice in PLAYED}
    read = [
        (channel_of[track.name], note.pitch, note.time, note.end)
        for track in score.tracks
        if track.name in channel_of
        for note in track.notes
    ]
    assert sorted(read) == notes_of(jam)
    tempi = [(tempo.time, tempo.qpm) for tempo in score.tempos]
    assert [at for at, _ in tempi] == [at for at, _ in tempi_of(jam)]
    assert [bpm for _, bpm in tempi] == pytest.approx([b for _, b in tempi_of(jam)], rel=1e-5)
    (metre,) = score.time_signatures
    assert (metre.time, metre.numerator, metre.denominator) == (0, 4, 4)


def test_pretty_midi_puts_notes_at_the_log_s_seconds(take: Path, jam: Jam) -> None:
    """Where the clock stood still the file's time stands still, so seconds are those of the file."""
    file = pretty_midi.PrettyMIDI(str(take / MIDI_NAME))
    voices = {voice.name for voice in PLAYED}
    read = sorted(
        (note.pitch, file.time_to_tick(note.start), file.time_to_tick(note.end))
        for instrument in file.instruments
        if instrument.name in voices
        for note in instrument.notes
    )
    assert read == sorted(note[1:] for note in notes_of(jam))
    when, bpm = file.get_tempo_changes()
    assert [file.time_to_tick(at) for at in when] == [at for at, _ in tempi_of(jam)]
    assert list(bpm) == pytest.approx([b for _, b in tempi_of(jam)], rel=1e-5)
    downbeats = [file.time_to_tick(at) for at in file.get_downbeats()]
    assert downbeats == [bar * 4 * TICKS_PER_BEAT for bar in range(len(downbeats))]
    assert len(downbeats) >= jam.bars() - 1
    if all(line.runs for line in jam.lines):
        first = min(note.start for note in jam.notes())
        heard = min(n.start for i in file.instruments if i.name in voices for n in i.notes)
        assert heard == pytest.approx(jam.time_of(first), abs=0.002)


@pytest.mark.abcmidi
def test_a_notation_program_imports_what_the_log_says(take: Path, jam: Jam) -> None:
    """abcMIDI's midi2abc: its list of notes, and the score it writes in ABC."""
    listed = abc(take, "-midigram").splitlines()
    rows = [[int(word) for word in line.split()] for line in listed if line[0].isdigit()]
    read = [(channel - 1, note, on, off) for on, off, _, channel, note, _ in rows[:-1]]
    assert sorted(note for note in read if note[0] < 3) == notes_of(jam)
    assert rows[-1] == [max(row[1] for row in rows[:-1])], "how long it lasts"
    score = abc(take)
    assert "M: 4/4" in score
    tempo = re.search(r"Q:1/4=(\d+)", score)
    assert tempo
    assert int(tempo[1]) == pytest.approx(tempi_of(jam)[0][1], abs=1.0)
    first_voice = score.partition("V:1")[2].partition("V:2")[0]
    last_note = max(end for channel, _, _, end in notes_of(jam) if channel == 0)
    bars = -(-last_note // (4 * TICKS_PER_BEAT))
    assert first_voice.count("|") == pytest.approx(bars, abs=1)


def abc(take: Path, *options: str) -> str:
    done = subprocess.run(
        ["midi2abc", str(take / MIDI_NAME), *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout
