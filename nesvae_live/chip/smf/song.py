"""A MIDI file: its wrapper, header, division and tracks, and what was passed over.

Read as players read it. A track whose length is wrong ends where it says so, or where the next one
begins; chunks that aren't tracks are passed over, as the standard demands; a file may lie within
another (RIFF's RMID, MacBinary). Sources: the Standard MIDI Files specification 1.0 (MIDI
Association), RP-029 (RMID).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from nesvae_live.chip.smf.trackevents import Faults, MetaEvent, TrackEvents, read_track

HEADER, TRACK = b"MThd", b"MTrk"
RIFF, RMID = b"RIFF", b"RMID"
LEAST_HEADER = 6
HEAD = 8
"""The bytes of a chunk's name and length."""

FARTHEST = 8192
"""Up to where a MIDI file may begin within another file."""

SEQUENTIAL = 2
"""The type whose tracks follow one another; in type 1 they sound together, type 0 has one."""

SMPTE = 0x8000
DROP_FRAME = 29
DROP_FRAME_RATE = Fraction(30_000, 1001)
DEFAULT_TICKS = 120
"""Ticks a beat where a file says 0."""

SET_TEMPO = 0x51
BEAT_MICROSECONDS = 500_000
"""The tempo of a file that names none: 120 beats a minute."""


@dataclass(frozen=True, slots=True)
class Song:
    """A MIDI file.

    `ticks_per_beat`, or None if it has no beats, and counts `ticks_per_second`. `tracks` sound
    together. `said`: a line each, what was passed over or is unusual.
    """

    ticks_per_beat: int | None
    ticks_per_second: Fraction
    tracks: tuple[TrackEvents, ...]
    said: tuple[str, ...]


def read_song(data: bytes) -> Song:
    """Read a file.

    Raises:
        ValueError: it is no MIDI file, or ends within its header; one line.
    """
    said: list[str] = []
    data = _unwrap(data, said)
    if len(data) < HEAD + LEAST_HEADER:
        raise ValueError("MIDI file is damaged: it ends within its header")
    kind, count, division = (int.from_bytes(data[i : i + 2]) for i in (8, 10, 12))
    ticks_per_beat, ticks_per_second = _division(division, said)
    faults: Faults = Counter()
    alien: list[str] = []
    at = HEAD + max(int.from_bytes(data[4:HEAD]), LEAST_HEADER)
    if not _is_chunk(data, at):
        at = max(data.find(TRACK), HEAD + LEAST_HEADER)
    tracks = tuple(_tracks(data, at, faults, alien))
    if alien:
        said.append(f"chunks that aren't tracks are skipped: {len(alien)}, {alien[0]!r} first")
    if len(tracks) != count:
        said.append(f"its header says {count} tracks, and it has {len(tracks)}: all are read")
    said += [f"damaged: {what}: {times}" for what, times in faults.items() if times]
    if kind > SEQUENTIAL:
        said.append(f"its type is {kind}, which is none: read as type 1")
    elif kind == SEQUENTIAL and len(tracks) > 1:
        said.append(f"it is of type 2: its {len(tracks)} tracks follow one another")
        tracks = tuple(_in_turn(tracks))
    return Song(ticks_per_beat, ticks_per_second, tracks, tuple(said))


def _unwrap(data: bytes, said: list[str]) -> bytes:
    """The MIDI file within a file."""
    start = data.find(HEADER, 0, FARTHEST)
    if start < 0:
        raise ValueError("not a MIDI file: it doesn't begin with MThd")
    if start == 0:
        return data
    if data[:4] == RIFF and RMID in data[:start]:
        length = int.from_bytes(data[start - 4 : start], "little")
        return data[start : start + length] if length else data[start:]
    said.append(f"the MIDI file in it begins at byte {start}; what comes before is skipped")
    return data[start:]


def _division(division: int, said: list[str]) -> tuple[int | None, Fraction]:
    """Ticks a beat (None: there are no beats) and ticks a second, at 120 beats a minute if so."""
    if division >= SMPTE:
        frames = 0x100 - (division >> 8)
        rate = DROP_FRAME_RATE if frames == DROP_FRAME else Fraction(frames)
        said.append(f"it counts {frames} SMPTE frames a second, not beats: read in seconds")
        return None, rate * max(division & 0xFF, 1)
    if division == 0:
        said.append(f"it says that a beat has 0 ticks: read with {DEFAULT_TICKS}")
        division = DEFAULT_TICKS
    return division, Fraction(division * 1_000_000, BEAT_MICROSECONDS)


def _tracks(data: bytes, at: int, faults: Faults, alien: list[str]) -> Iterator[TrackEvents]:
    """Every track from byte `at` on, whatever the lengths say."""
    while 0 <= at <= len(data) - HEAD:
        name, start = data[at : at + 4], at + HEAD
        after = start + int.from_bytes(data[at + 4 : start])
        if name != TRACK:
            alien.append(name.decode("latin-1"))
            at = after if _is_chunk(data, after) else data.find(TRACK, start)
            continue
        right = _is_chunk(data, after)
        end = after if right else _next_track(data, start)
        track = read_track(data, start, end, faults)
        if not right:
            faults["tracks whose length is wrong, read up to where they end"] += 1
        elif not track.ended:
            faults["tracks that don't say where they end"] += 1
        yield track
        at = after if right else data.find(TRACK, track.stop)


def _next_track(data: bytes, start: int) -> int:
    following = data.find(TRACK, start)
    return len(data) if following < 0 else following


def _is_chunk(data: bytes, at: int) -> bool:
    """Whether a chunk may begin at a byte, or the file ends there (a byte or so of padding too)."""
    left = len(data) - at
    if left < HEAD:
        return left >= 0
    name = data[at : at + 4]
    length = int.from_bytes(data[at + 4 : at + HEAD])
    fits = length <= left - HEAD
    return name == TRACK or (fits and name.isascii() and name.decode().isprintable())


def _in_turn(tracks: tuple[TrackEvents, ...]) -> Iterator[TrackEvents]:
    """Tracks of a file of type 2, each from where the one before ends, at a tempo of its own."""
    since = 0
    for track in tracks:
        tempo = MetaEvent(since, SET_TEMPO, BEAT_MICROSECONDS.to_bytes(3))
        yield track._replace(
            messages=[m._replace(tick=m.tick + since) for m in track.messages],
            metas=[tempo, *(m._replace(tick=m.tick + since) for m in track.metas)],
            end=track.end + since,
        )
        since += track.end
