"""`prepare`: files of music as an archive in NES-MDB's layout, which `train` reads.

Each piece is in one split alone. Which one follows from its notes, so that it stays there when others are
added; of few pieces at least one is held out.
"""

from __future__ import annotations

import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import Path

from nesvae_live import NesvaeError
from nesvae_live.app.say import Say
from nesvae_live.app.yours.pieces import Piece, metres_in_words, read_pieces
from nesvae_live.chip.tickfile import TICKS_SUFFIX, dumps_ticks
from nesvae_live.paths import replacing

HELD_OUT = 0.1
"""The share of the pieces that are held out, as `valid`."""

MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.xz": "w:xz"}
"""How an archive's name ends -> how it is written."""

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]+")
LONGEST_NAME = 60


class PrepareError(NesvaeError):
    """No archive can be made; one line says why."""


@dataclass(frozen=True)
class Prepared:
    """What was written: the pieces of each split."""

    train: list[Piece]
    valid: list[Piece]

    def __str__(self) -> str:
        """In words: how many pieces, minutes and tuples, and where the metres are from."""
        every = [*self.train, *self.valid]
        minutes = sum(piece.song.steps for piece in every) / 24 / 60
        tuples = sum(len(piece.song.tuples) for piece in every)
        return (
            f"{len(every)} pieces, {minutes:.0f} minutes, {tuples} tuples: {len(self.train)} to train "
            f"on, {len(self.valid)} held out; metre {metres_in_words(every)}"
        )


def prepare(sources: list[Path], out: Path, say: Say, held_out: float = HELD_OUT) -> Prepared:
    """Read all music in files and folders, and write an archive of it.

    Args:
        sources: files and folders.
        out: the archive, `.tar`, `.tar.gz` or `.tar.xz`.
        say: told, a line each, what was left out or changed.
        held_out: the share of the pieces that is held out, 0..1.

    Raises:
        PiecesError: there is no music in them.
        PrepareError: there is but one piece, or the archive can't be written.
    """
    mode = next((m for suffix, m in MODES.items() if out.name.lower().endswith(suffix)), None)
    if mode is None:
        raise PrepareError(f"{out}: an archive's name ends in one of {', '.join(MODES)}")
    if not out.absolute().parent.is_dir():
        raise PrepareError(f"{out.parent}: no such folder for -o")
    pieces = read_pieces(sources, say)
    if len(pieces) < 2:
        raise PrepareError(
            f"{pieces[0].path}: one piece alone can't be learnt from and held out: two are the least"
        )
    prepared = split(pieces, held_out)
    try:
        with replacing(out) as part, tarfile.open(part, mode) as archive:  # type: ignore[call-overload]
            for name, members in (("train", prepared.train), ("valid", prepared.valid)):
                for piece in members:
                    _add(archive, f"{out.name.split('.')[0]}/{name}/{_name(piece)}", piece)
    except OSError as error:
        raise PrepareError(f"{out}: {error.strerror or error}") from None
    return prepared


def split(pieces: list[Piece], held_out: float) -> Prepared:
    """Share pieces out by their notes: those whose hash is low are held out, and one at least."""
    ordered = sorted(pieces, key=lambda piece: piece.sha256)
    low = sum(int(piece.sha256[:8], 16) / 2**32 < held_out for piece in ordered)
    n = min(max(low, 1), len(ordered) - 1)
    held = {piece.sha256 for piece in ordered[:n]}
    return Prepared(
        [piece for piece in pieces if piece.sha256 not in held],
        [piece for piece in pieces if piece.sha256 in held],
    )


def _name(piece: Piece) -> str:
    plain = NOT_IN_NAMES.sub("_", piece.path.name.rsplit(".", 1)[0])[:LONGEST_NAME]
    return f"{piece.sha256[:8]}_{plain}{TICKS_SUFFIX}"


def _add(archive: tarfile.TarFile, name: str, piece: Piece) -> None:
    data = dumps_ticks(piece.song, piece.sure)
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))
