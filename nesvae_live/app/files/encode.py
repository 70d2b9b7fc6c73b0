"""`encode`: finds where the phrases of a file of music lie in z, without torch.

The network reads music in ticks, 12 a beat. A MIDI file says where its beats are; of a score the
metre is found, and what has no sure metre is read as it is, a step of 1/24 s to a tick.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nesvae_live import NesvaeError
from nesvae_live.chip.convert import READERS, to_exprsco
from nesvae_live.chip.smf.reading import SUFFIXES, check_length, midi_to_tuples, read_midi
from nesvae_live.chip.vgm.registerlog import RegisterLog
from nesvae_live.latent.attributes import N_ATTRIBUTES, measure
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.latent.point import LatentPoint, point_to_setting, setting_to_point
from nesvae_live.latent.setting import Setting
from nesvae_live.model.encoder import Encoder
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.music import ranges
from nesvae_live.music.metre.place import tick_of_bar
from nesvae_live.music.metre.ticks import score_to_ticks
from nesvae_live.music.phrase import (
    N_VOICES,
    SLOTS,
    STEPS_PER_SECOND,
    Ints,
    steps_to_tuples,
    tuples_to_phrases,
    tuples_to_steps,
    tuples_to_symbols,
)
from nesvae_live.music.voicenotes import played_to_tuples
from nesvae_live.music.voices import Voice
from nesvae_live.paths import read_whole
from nesvae_live.presets.snapshotbank import (
    SUFFIX,
    BankError,
    SnapshotFile,
    read_bank,
    settings_to_text,
    write_bank,
)

Say = Callable[[str], None]
"""Takes one line for a person."""

SNAPSHOTS = ".json"
MUSIC = (*SUFFIXES, *READERS)
NO_NOTE = "it has no notes for P1, P2 or TR"


class EncodeError(NesvaeError):
    """A file can't be encoded; one line says which and why."""


@dataclass(frozen=True)
class FilePhrase:
    """A phrase of a file: its place in z, and its tuples `[13, 4]`.

    A phrase at the end of a piece may be short: the tuples that it lacks have a hold of 0.
    """

    place: LatentPoint
    tuples: Ints


def encode_file(path: Path, checkpoint: SongCheckpoint, say: Say) -> list[FilePhrase]:
    """The phrases of a file of music, each with its place.

    Args:
        path: a MIDI file, a score or a VGM file.
        checkpoint: its encoder finds the style.
        say: told, a line each, what was left out of the file or changed in it.

    Raises:
        EncodeError: it can't be read, or there is no note in it.
    """
    tuples = read_tuples(path, say)
    return encode_tuples(tuples, checkpoint, path.name)


def read_places(path: Path, checkpoint: SongCheckpoint, say: Say) -> list[LatentPoint]:
    """The places in z of a file of snapshots, or of the phrases of a file of music.

    Raises:
        EncodeError: it can't be read.
    """
    if not path.name.lower().endswith(SNAPSHOTS):
        return [encoded.place for encoded in encode_file(path, checkpoint, say)]
    if not path.exists():
        raise EncodeError(f"{path}: no such file")
    try:
        settings, dropped = read_bank(path, checkpoint.sha256, checkpoint.config.style)
    except BankError as error:
        raise EncodeError(_one_line(error)) from None
    if not settings:
        raise EncodeError(f"{path}: it has no snapshots")
    if dropped:
        say(dropped)
    reach = checkpoint.quantiles.reach()
    return [
        setting_to_point(f"{path.name} {slot}", setting, reach)
        for slot, setting in sorted(settings.items())
    ]


def encode_to_bank(
    encoded: list[FilePhrase], checkpoint: SongCheckpoint, temperature: float, out: Path | None
) -> str:
    """The phrases as snapshots 1, 2 and so on of a bank, written to `out` if that is given.

    Returns:
        The text of the bank.

    Raises:
        EncodeError: it can't be written.
    """
    settings = phrases_to_settings(encoded, checkpoint, temperature)
    if out is not None:
        try:
            write_bank(out, settings, checkpoint.sha256)
        except BankError as error:
            raise EncodeError(_one_line(error)) from None
    return settings_to_text(settings, checkpoint.sha256)


def open_snapshots(
    path: Path, checkpoint: SongCheckpoint, say: Say, order: Sequence[int] | None = None
) -> SnapshotFile:
    """The snapshots of a file: a bank's, or a piece's phrases, from the first on.

    `order` is that of the checkpoint's style axes, if they are those of a style (`SnapshotFile`).

    Those of a piece are kept beside it, once they change; from then on that file is read.

    Raises:
        EncodeError: it isn't there, or no music can be read in it.
    """
    n_style = checkpoint.config.style
    if not path.is_file():
        raise EncodeError(f"{path}: no such file")
    if path.name.lower().endswith(SNAPSHOTS):
        return SnapshotFile(path, checkpoint.sha256, n_style, order=order)
    suffix = next((s for s in MUSIC if path.name.lower().endswith(s)), "")
    bank = path.with_name(path.name[: len(path.name) - len(suffix)] + SUFFIX)
    if bank.exists():
        say(f"{path}: its snapshots are read from {bank.name}, where they were changed")
        return SnapshotFile(bank, checkpoint.sha256, n_style, order=order)
    encoded = encode_file(path, checkpoint, say)
    settings = phrases_to_settings(encoded, checkpoint, SAMPLING.temperature)
    say(f"{path}: snapshots 1 to {len(settings)} are the first of {len(encoded)} phrases")
    return SnapshotFile(bank, checkpoint.sha256, n_style, settings, order)


def phrases_to_settings(
    encoded: list[FilePhrase], checkpoint: SongCheckpoint, temperature: float
) -> dict[int, Setting]:
    """The phrases as snapshots 1, 2 and so on."""
    reach = checkpoint.quantiles.reach()
    slots = zip(ranges.SNAPSHOTS.whole, encoded, strict=False)
    return {slot: point_to_setting(e.place, reach, temperature) for slot, e in slots}


def read_tuples(path: Path, say: Say) -> Ints:
    """The tuples `[n, 4]` of a file of music, their holds in ticks.

    Raises:
        EncodeError: it can't be read, or there is no note in it.
    """
    kind, data = read_data(path)
    try:
        if kind in SUFFIXES:
            tuples = midi_to_tuples(data, lambda text: say(f"{path}: {text}"))
        else:
            score = read_score(kind, data, lambda text: say(f"{path}: {text}"))
            tuples = score_to_ticks(score).tuples if len(score) else np.zeros((0, SLOTS), np.int64)
    except ValueError as error:
        raise EncodeError(f"{path}: {_one_line(error)}") from None
    if not (tuples[:, :N_VOICES] > 0).any():
        raise EncodeError(f"{path}: {NO_NOTE}")
    return tuples


def read_line(path: Path, voice: Voice, say: Say) -> list[tuple[int, int]]:
    """A voice's line in a file of music: notes, 0 for silence, and for how many ticks each lasts.

    It begins on a bar line. Where the file has nothing for the voice, it is the busiest of its lines.

    Raises:
        EncodeError: it can't be read, or there is no note in it.
    """
    kind, data = read_data(path)
    try:
        if kind in SUFFIXES:
            music = read_midi(data, lambda text: say(f"{path}: {text}"))
            tuples, late = played_to_tuples(music.arrangement.notes, 0.0), 0
        else:
            score = read_score(kind, data, lambda text: say(f"{path}: {text}"))
            song = score_to_ticks(score)
            tuples = song.tuples
            late = max(int(tick_of_bar(song.places[:1]).sum()), 0)
    except ValueError as error:
        raise EncodeError(f"{path}: {_one_line(error)}") from None
    notes = np.concatenate((np.zeros((late, N_VOICES), np.int64), tuples_to_steps(tuples)))
    begins = ((notes[1:] != notes[:-1]) & (notes[1:] > 0)).sum(0) + (notes[:1] > 0).sum(0)
    if not begins.any():
        raise EncodeError(f"{path}: {NO_NOTE}")
    line = notes[:, voice if begins[voice] else int(begins.argmax())]
    starts = [0, *(np.flatnonzero(line[1:] != line[:-1]) + 1), len(line)]
    return [(int(line[a]), int(b - a)) for a, b in pairwise(starts)]


def read_data(path: Path) -> tuple[str, bytes]:
    """What kind of music a file is by its name, of `MUSIC`, and its bytes.

    Raises:
        EncodeError: it is none, or can't be read.
    """
    kind = next((suffix for suffix in MUSIC if path.name.lower().endswith(suffix)), None)
    if kind is None:
        raise EncodeError(f"{path}: its name must end in one of {', '.join(MUSIC)}")
    try:
        return kind, read_whole(path)
    except OSError as error:
        raise EncodeError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise EncodeError(f"{path}: {error}") from None


def read_score(kind: str, data: bytes, tell: Say) -> NDArray[np.uint8]:
    """A score or a VGM file as a score `[N, 4, 3]` of 24 steps a second.

    Raises:
        ValueError: it can't be read, is too long, or has a note that no voice has.
    """
    source = READERS[kind](data)
    for notice in source.notices if isinstance(source, RegisterLog) else ():
        tell(notice)
    score = to_exprsco(source)
    seconds = len(score.score) / score.rate
    check_length(seconds)
    voices = score.score
    if score.rate != STEPS_PER_SECOND and len(voices):
        middles = (np.arange(max(round(seconds * STEPS_PER_SECOND), 1)) + 0.5) / STEPS_PER_SECOND
        voices = voices[np.minimum((middles * score.rate).astype(np.int64), len(voices) - 1)]
    steps_to_tuples(voices[:, :N_VOICES, 0])  # checks the notes
    return voices


def encode_tuples(tuples: Ints, checkpoint: SongCheckpoint, name: str) -> list[FilePhrase]:
    """The phrases of the piece `name`, `[n, 4]`, in order; the last one may be short."""
    phrases, counts = tuples_to_phrases(tuples)
    a = checkpoint.quantiles.to_coordinates(measure(phrases)).astype(np.float32)
    encoder = Encoder(checkpoint)
    set_ = np.ones(N_ATTRIBUTES, np.float32)
    out = []
    for i, (phrase, count) in enumerate(zip(phrases, counts.tolist(), strict=True)):
        symbols = np.zeros_like(phrase)
        symbols[:count] = tuples_to_symbols(phrase[:count])
        u, _ = encoder.encode(symbols, count)
        out.append(FilePhrase(LatentPoint(f"{name} {i + 1}", a[i], set_, u), phrase))
    return out


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
