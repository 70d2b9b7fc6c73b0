"""Files of music as pieces in ticks, each tuple with its place in the bar.

They are read as `encode` reads them. Of a MIDI file whose notes lie on its own beats the bars are those
of its time signatures; of every other file the metre is found.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.app.files.encode import MUSIC, NO_NOTE, EncodeError, read_data, read_score
from nesvae_live.app.meter.found import midi_to_score
from nesvae_live.app.say import Say
from nesvae_live.chip.smf.bars import midi_to_song
from nesvae_live.chip.smf.reading import SUFFIXES, music_to_tuples, read_midi
from nesvae_live.chip.tickcorpus import score_to_song
from nesvae_live.music.metre.onsets import FRAMES_PER_SECOND
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.metre.ticks import TickSong
from nesvae_live.music.phrase import N_VOICES, STEPS_PER_SECOND, TUPLES_PER_PHRASE

LONGEST_MINUTES = 30
"""Of a longer piece only so much is taken, so that no piece outweighs a hundred others."""

STATED, FOUND = "as the file says", "found"
"""Where a piece's metre is from."""

MOST_NAMED = 3
"""So many kinds of files that are no music are named."""


class PiecesError(NesvaeError):
    """There is no music in what was given; one line says what was looked for."""


@dataclass(frozen=True)
class Piece:
    """A piece of music: its `song` in ticks, the share of it whose metre is `sure`, where that is from."""

    path: Path
    song: TickSong
    sure: float
    metre: str

    @property
    def sha256(self) -> str:
        """Of its tuples, so that it is the same piece in any file."""
        return hashlib.sha256(self.song.tuples.astype("<i2").tobytes()).hexdigest()


def read_pieces(sources: Sequence[Path], say: Say) -> list[Piece]:
    """All music in files and folders, in the order of their names.

    Args:
        sources: files, and folders that are looked through to the bottom.
        say: told, a line each, what was left out or changed, and why.

    Raises:
        PiecesError: a source is not there, or there is no piece in any.
    """
    paths, others = _find(sources)
    if others:
        kinds = ", ".join(f"{n} {kind}" for kind, n in others.most_common(MOST_NAMED))
        say(f"files that are no music by their names: {others.total()} ({kinds})")
    pieces: list[Piece] = []
    there: dict[str, Path] = {}
    for path in paths:
        try:
            piece = read_piece(path, say)
        except EncodeError as error:
            say(f"{error}; left out")
            continue
        same = there.setdefault(piece.sha256, path)
        if same is not path:
            say(f"{path}: the same piece as {same}; left out")
            continue
        pieces.append(piece)
    if not pieces:
        where = ", ".join(str(source) for source in sources[:MOST_NAMED])
        what = f"none of the {len(paths)} files of music can be used" if paths else "no music in it"
        if len(paths) == 1:
            what = "the only file of music can't be used"
        raise PiecesError(f"{where}: {what} (names end in {', '.join(MUSIC)})")
    return pieces


def read_piece(path: Path, say: Say) -> Piece:
    """A file's piece; `say` is told, a line each, what was left out or changed.

    Raises:
        EncodeError: it can't be read, or is shorter than a phrase.
    """

    def tell(text: str) -> None:
        say(f"{path}: {text}")

    kind, data = read_data(path)
    try:
        song, sure, metre = (_read_midi if kind in SUFFIXES else _read_score)(kind, data, tell)
    except ValueError as error:
        raise EncodeError(f"{path}: {' '.join(str(error).split())}") from None
    sounding = int((song.tuples[:, :N_VOICES] > 0).any(1).sum())
    if not sounding:
        raise EncodeError(f"{path}: {NO_NOTE}")
    if sounding < TUPLES_PER_PHRASE:
        notes = (
            f"{sounding} note{'s' if sounding > 1 else ''} or chord{'s' if sounding > 1 else ''}"
        )
        raise EncodeError(f"{path}: {notes} in it, and a phrase takes {TUPLES_PER_PHRASE}")
    return Piece(path, _at_most(song, tell), sure, metre)


def metres_in_words(pieces: Iterable[Piece]) -> str:
    """From where the pieces' metres are, and of how many none is sure."""
    kinds = Counter(piece.metre if piece.sure > 0 else "free" for piece in pieces)
    return ", ".join(f"{name} in {n}" for name, n in kinds.items())


def _find(sources: Sequence[Path]) -> tuple[list[Path], Counter[str]]:
    """The files of music, and how many others of each kind there are."""
    paths: list[Path] = []
    others: Counter[str] = Counter()
    for source in sources:
        if source.is_file():
            paths.append(source)
            continue
        if not source.is_dir():
            raise PiecesError(f"{source}: no such file or folder")
        for path in sorted(source.rglob("*")):
            if path.name.startswith(".") or not path.is_file():
                continue
            if path.name.lower().endswith(MUSIC):
                paths.append(path)
            else:
                others[path.suffix.lower() or "without an ending"] += 1
    return paths, others


def _read_midi(kind: str, data: bytes, tell: Say) -> tuple[TickSong, float, str]:
    del kind
    music = read_midi(data, tell)
    music_to_tuples(music)  # says what is wrong before anything is said of drums
    if music.arrangement.drums:
        tell(f"drums are left out: {len(music.arrangement.drums)} notes")
    song = midi_to_song(data, music)
    if song is not None:
        held = song.tuples[:, 3]
        return song, float(held[song.places != FREE].sum() / held.sum()), STATED
    score = midi_to_score(music)
    begin = int(np.flatnonzero((score[:, :N_VOICES, 0] > 0).any(1))[0])
    found, sure = score_to_song(score[begin:])
    return found, sure, FOUND


def _read_score(kind: str, data: bytes, tell: Say) -> tuple[TickSong, float, str]:
    song, sure = score_to_song(read_score(kind, data, tell))
    return song, sure, FOUND


def _at_most(song: TickSong, tell: Say) -> TickSong:
    """The first half hour of a song."""
    seconds = song.steps / STEPS_PER_SECOND
    if seconds <= 60 * LONGEST_MINUTES:
        return song
    tell(f"it lasts {seconds / 60:.0f} minutes: the first {LONGEST_MINUTES} are taken")
    kept = song.frames - song.frames[0] < 60 * LONGEST_MINUTES * FRAMES_PER_SECOND
    steps = 60 * LONGEST_MINUTES * STEPS_PER_SECOND
    return TickSong(
        song.tuples[kept], song.places[kept], song.frames[kept], song.heard[kept], steps
    )
