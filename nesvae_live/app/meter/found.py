"""`meter`: reads any file of music as a score, and says which metre each stretch of it has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.app.files.render import SOURCES, RenderError, read_source
from nesvae_live.app.say import Say
from nesvae_live.chip.convert import SCORE_RATE, to_exprsco
from nesvae_live.chip.smf.reading import (
    SUFFIXES,
    MidiMusic,
    check_length,
    played_in_time,
    read_midi,
)
from nesvae_live.log.jam import Jam
from nesvae_live.music.metre.metre import Stretch, find_metre
from nesvae_live.music.metre.onsets import FRAMES_PER_STEP, STRUCK_AGAIN
from nesvae_live.music.metre.ticks import beat_lines, score_to_ticks
from nesvae_live.music.phrase import STEPS_PER_SECOND
from nesvae_live.music.voicenotes import to_range
from nesvae_live.music.voices import Voice
from nesvae_live.paths import read_whole
from nesvae_live.take.sound import jam_to_timeline

KINDS = (*SOURCES, ".jsonl")
STRUCK = 15
"""The velocity of a step on which a note of a MIDI file is struck; of the others less."""

Score = NDArray[np.uint8]


class MeterError(NesvaeError):
    """A file has no metre to be found; one line says which and why."""


@dataclass(frozen=True)
class FoundMetre:
    """The metre of a stretch.

    `beats_per_bar`; `bpm` beats a minute; `row_frames` the frames (1/60.1 s) of a tracker's row, and
    `rows_per_beat`; `bar_seconds`; `first_bar_line` in seconds of the piece; `sure`, 0 to 1, how
    well what begins lies on the rows; `moved_ms` by how much ticks move what begins, the median.
    """

    beats_per_bar: int
    bpm: float
    row_frames: float
    rows_per_beat: int
    bar_seconds: float
    first_bar_line: float
    sure: float
    moved_ms: float


@dataclass(frozen=True)
class FoundStretch:
    """From `start` to `end`, in seconds; `metre` is None where none is sure: it is free."""

    start: float
    end: float
    metre: FoundMetre | None


@dataclass(frozen=True)
class FoundPiece:
    """A piece: its name, its score `[N, 4, 3]` of 24 steps a second, and its stretches."""

    name: str
    score: Score
    stretches: tuple[Stretch, ...]
    found: tuple[FoundStretch, ...]

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.score) / STEPS_PER_SECOND

    @property
    def sure(self) -> float:
        """The share of it whose metre is sure."""
        return sum(s.end - s.start for s in self.found if s.metre) / self.seconds


def find_piece(path: Path, say: Say) -> FoundPiece:
    """Read a file and find its metre.

    Args:
        path: a score, a VGM file, a MIDI file of any instruments, or a jam's log.
        say: told, a line each, what of the file was left out.

    Raises:
        MeterError: it has no notes, or it is too long.
        RenderError: it can't be read.
    """
    score = _read_score(path, say)
    if not (score[:, :, 0] > 0).any():
        raise MeterError(f"{path}: it has no notes")
    stretches = find_metre(score)
    found = tuple(_found(score, stretch) for stretch in stretches)
    return FoundPiece(path.name, score, tuple(stretches), found)


def piece_to_text(piece: FoundPiece) -> str:
    """A line for the piece and one for each stretch."""
    lines = [f"{piece.name}: {piece.seconds:.1f} s, a clear metre in {piece.sure:.0%} of it"]
    for stretch in piece.found:
        when = f"{_clock(stretch.start)} to {_clock(stretch.end)}"
        metre = stretch.metre
        if metre is None:
            lines.append(f"  {when}  free: no clear metre")
            continue
        lines.append(
            f"  {when}  {metre.beats_per_bar}/4 at {metre.bpm:.1f} BPM, bars of "
            f"{metre.bar_seconds:.2f} s from {_clock(metre.first_bar_line)}; "
            f"{metre.rows_per_beat} rows a beat, {metre.row_frames:.4g} frames a row; "
            f"sure {metre.sure:.2f}"
        )
    return "\n".join(lines)


def piece_to_json(piece: FoundPiece) -> dict[str, Any]:
    """The same as plain data, in seconds."""
    stretches = [asdict(stretch) for stretch in piece.found]
    return {
        "name": piece.name,
        "seconds": piece.seconds,
        "sure": piece.sure,
        "stretches": stretches,
    }


def frames_to_seconds(frames: float) -> float:
    """Frames of the machine to seconds of a score of 24 steps a second."""
    return frames / FRAMES_PER_STEP / STEPS_PER_SECOND


def _found(score: Score, stretch: Stretch) -> FoundStretch:
    start, end = stretch.start / STEPS_PER_SECOND, stretch.stop / STEPS_PER_SECOND
    metre = stretch.metre
    if metre is None:
        return FoundStretch(start, end, None)
    row = stretch.rows.frames
    bar = frames_to_seconds(row * metre.rows_per_bar)
    frames, is_bar = beat_lines(stretch)
    first = frames[is_bar]
    song = score_to_ticks(score, [stretch])
    moved = np.abs(song.moved()) * 1000 / STEPS_PER_SECOND
    return FoundStretch(
        start,
        end,
        FoundMetre(
            beats_per_bar=metre.beats_per_bar,
            bpm=60.0 * metre.beats_per_bar / bar,
            row_frames=row,
            rows_per_beat=metre.rows_per_beat,
            bar_seconds=bar,
            first_bar_line=frames_to_seconds(float(first[0])) if len(first) else end,
            sure=metre.confidence,
            moved_ms=float(np.median(moved)) if len(moved) else 0.0,
        ),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{int(minutes)}:{rest:05.2f}"


def _read_score(path: Path, say: Say) -> Score:
    name = path.name.lower()
    if not name.endswith(KINDS):
        raise MeterError(f"{path}: its name must end in one of {', '.join(KINDS)}")
    try:
        if name.endswith(SUFFIXES):
            music = read_midi(read_whole(path), lambda line: say(f"{path}: {line}"))
            return midi_to_score(music)
        read = read_source(path, say)
        source = jam_to_timeline(read) if isinstance(read, Jam) else read
        score = to_exprsco(source, SCORE_RATE).score
        check_length(len(score) / SCORE_RATE)
    except OSError as error:
        raise RenderError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise MeterError(f"{path}: {' '.join(str(error).split())}") from None
    return score


def midi_to_score(music: MidiMusic) -> Score:
    """Notes of any instruments as a score `[N, 4, 3]` of 24 steps a second; drums are the noise voice.

    A score says of a note that is struck again only that its velocity jumps, so velocity is told
    here where notes begin, and nothing else.

    Raises:
        ValueError: it is too long.
    """
    notes, drums = played_in_time(music)
    played = [(n.voice, to_range(n.voice, n.note), n.on, n.off) for n in notes]
    played += [(Voice.NO, 1, hit.on, hit.on) for hit in drums]
    last = max((off for _, _, _, off in played), default=0.0)
    check_length(last)
    score = np.zeros((round(last * STEPS_PER_SECOND) + 1, 4, 3), np.uint8)
    ended = dict.fromkeys(Voice, -1.0)
    for voice, note, on, off in sorted(played, key=lambda one: (one[2], one[1])):
        # As NES-MDB's scores have it (`music.metre.onsets`): what follows a rest begins in the step in
        # which it does, and what follows a note in the nearest one, without a rest between them.
        rested = on - ended[voice] >= 1.0 / STEPS_PER_SECOND
        first = floor(on * STEPS_PER_SECOND) if rested else round(on * STEPS_PER_SECOND)
        if not rested and voice is not Voice.NO and first > 0 and not score[first - 1, voice, 0]:
            score[first - 1, voice] = score[first - 2, voice]
        ended[voice] = off
        after = max(round(off * STEPS_PER_SECOND), first + 1)
        score[first:, voice] = 0
        score[first:after, voice, 0] = note
        score[first:after, voice, 1] = STRUCK - STRUCK_AGAIN
        score[first, voice, 1] = STRUCK
    return score
