"""What lies beside a performance: an earlier take, and a tune that somebody has."""

from __future__ import annotations

import lzma
from pathlib import Path

import mido

from nesvae_live.take.folder import LOG_NAME
from tests.support.places import RELEASE


def a_take(folder: Path) -> None:
    """A take as a performance leaves it, as far as its list needs it."""
    folder.mkdir()
    (folder / LOG_NAME).write_bytes(a_log())
    (folder / "take.wav").write_bytes(b"RIFF")
    (folder / "take.mid").write_bytes(b"MThd")
    (folder / "notes.txt").write_text("mine")


def a_log() -> bytes:
    """A log of an earlier release."""
    return lzma.decompress((RELEASE / "led.jsonl.xz").read_bytes())


def a_tune(path: Path, notes: int = 20) -> bytes:
    """A MIDI file of a rising scale, two notes a second."""
    file, track = mido.MidiFile(), mido.MidiTrack()
    for i in range(notes):
        track.append(mido.Message("note_on", note=60 + i % 24, velocity=80, time=0))
        track.append(mido.Message("note_off", note=60 + i % 24, time=file.ticks_per_beat))
    file.tracks.append(track)
    file.save(path)
    return path.read_bytes()
