"""A song in ticks as a file: what `prepare` makes of a piece, and what training reads.

It is an npz of numbers, so that reading one runs nothing: `tuples`, `places`, `frames` and `steps` as of
`TickSong`, and `sure`, the share of the song whose metre is sure.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.chip.npzscore import read_arrays
from nesvae_live.music.metre.place import N_PLACES
from nesvae_live.music.metre.ticks import TickSong
from nesvae_live.music.phrase import LONGEST_HOLD, SLOTS, tuples_to_symbols

TICKS_SUFFIX = ".ticks.npz"
FIELDS = {"tuples": "i", "places": "i", "frames": "f", "steps": "i", "sure": "f"}
"""Each array of the file, and the kind of its numbers."""


def dumps_ticks(song: TickSong, sure: float) -> bytes:
    """A song as the bytes of a file; the same song gives the same bytes.

    Rows of uneven length can put a tick a fraction of a frame before the one before it; in the file they
    begin together.
    """
    out = io.BytesIO()
    np.savez_compressed(
        out,
        tuples=song.tuples.astype(np.int16),
        places=song.places.astype(np.int16),
        frames=np.maximum.accumulate(song.frames.astype(np.float64)),
        steps=np.int64(song.steps),
        sure=np.float64(sure),
    )
    return out.getvalue()


def loads_ticks(data: bytes) -> tuple[TickSong, float]:
    """A song, and the share of it whose metre is sure.

    Raises:
        ValueError: it is damaged, or no such file; one line.
    """
    found = _load(data)
    tuples, places = found["tuples"].astype(np.int64), found["places"].astype(np.int64)
    frames = found["frames"].astype(np.float64)
    n = len(places) if places.ndim == 1 else -1
    if tuples.shape != (n, SLOTS) or frames.shape != (n,) or n < 1:
        raise ValueError(
            "a song in ticks has a place and a frame for every tuple, and one at least"
        )
    if not ((tuples[:, 3] >= 1) & (tuples[:, 3] <= LONGEST_HOLD)).all():
        raise ValueError(f"a tuple holds for 1 to {LONGEST_HOLD} ticks")
    if not ((places >= 0) & (places < N_PLACES)).all():
        raise ValueError(f"a place is 0 to {N_PLACES - 1}")
    if not np.isfinite(frames).all() or (np.diff(frames) < 0).any():
        raise ValueError("tuples begin one after the other")
    tuples_to_symbols(tuples)  # checks the notes
    steps, sure = int(found["steps"]), float(found["sure"])
    if steps < 1 or not 0.0 <= sure <= 1.0:
        raise ValueError("it says no length, or no share that is sure")
    return TickSong(tuples, places, frames, frames, steps), sure


def _load(data: bytes) -> dict[str, NDArray[Any]]:
    try:
        found = read_arrays(data, FIELDS)
    except ValueError as error:
        raise ValueError(f"the song is damaged: {error}") from None
    for name, kind in FIELDS.items():
        if name not in found or found[name].dtype.kind != kind:
            raise ValueError(f"a song in ticks has {', '.join(FIELDS)}; {name} is missing or wrong")
    if found["steps"].shape or found["sure"].shape:
        raise ValueError("steps and sure are a number each")
    return found
