"""Figures of drums: where in the bar they fall, with whom, and whether a bar comes again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import Estimate, bootstrap, interval, sum_by_song
from nesvae_live.evaluation.features import jensen_shannon
from nesvae_live.model.drums.cells import LENGTHS, LINES, NO_STROKE, Cell
from nesvae_live.model.drums.drumtable import DrumTable
from nesvae_live.model.drums.fills import ends_section, find_fills
from nesvae_live.model.drums.reading import FILLED, NOT_SAID
from nesvae_live.music.voices import VOICES

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Figures = dict[str, Any]

BAR = 48
"""Ticks of the bars whose strokes are counted by their place."""
BARS_LATER = (1, 2, 4, 8)
LATELY = 8
"""A bar has come again lately if it equals any of so many before."""


def places_struck(cells: Bytes, song: NDArray[np.int64], songs: int) -> Floats:
    """`[songs, BAR]`: how many strokes each song has on each tick of the bars of four."""
    place = cells[:, Cell.PLACE].astype(np.int64)
    mine = (LENGTHS[place] == BAR) & (cells[:, Cell.STROKE] != NO_STROKE)
    where = song[mine] * BAR + place[mine] - LINES[place[mine]]
    return np.bincount(where, minlength=songs * BAR).reshape(songs, BAR).astype(np.float64)


def bar_figures(ours: Bytes, table: DrumTable, truth: Bytes, seed: int = 0) -> Figures:
    """The divergence of strokes by tick of the bar from the songs', and that of halves of the songs."""
    _, song = np.unique(table.song, return_inverse=True)
    songs = int(song.max()) + 1
    mine, theirs = (places_struck(cells, song, songs) for cells in (ours, truth))
    halves = np.random.default_rng(seed).permutation(songs)
    one, other = (theirs[halves[i::2]] for i in range(2))
    return {
        "js": bootstrap(jensen_shannon, mine, theirs, centred=True),
        "human": bootstrap(jensen_shannon, one, other, centred=True),
        "js_over_human": bootstrap(_ratio, mine, theirs, one, other),
    }


def joint_figures(cells: Bytes, table: DrumTable) -> Figures:
    """Of the strokes the share on which each voice begins a note, or any; and how many are struck.

    `struck` is of the notes of any voice the share that begin with a stroke; `strokes` how many
    there are a beat.
    """
    struck = cells[:, Cell.STROKE] != NO_STROKE
    begins = cells[:, Cell.BEGINS]
    out = {
        spec.voice.name: _share(struck & (begins >> spec.voice & 1 == 1), struck, table)
        for spec in VOICES
    }
    metred = LENGTHS[cells[:, Cell.PLACE]] > 0
    return out | {
        "any": _share(struck & (begins != 0), struck, table),
        "struck": _share(struck & (begins != 0), begins != 0, table),
        "strokes": interval(
            12 * sum_by_song((struck & metred).astype(np.float64), table.song),
            sum_by_song(metred.astype(np.float64), table.song),
        ),
    }


def again_figures(cells: Bytes, table: DrumTable) -> Figures:
    """The share of bars that are those of 1, 2, 4, 8 bars before, or any of the last 8.

    A bar is its ticks and their kinds, and in `rhythm` its ticks alone; those without a stroke don't
    count.
    """
    bars: dict[str, list[tuple[int, tuple[bool, ...], bool]]] = {"bars": [], "rhythm": []}
    place = cells[:, Cell.PLACE].astype(np.int64)
    for begin, end in table.parts():
        lines = begin + np.flatnonzero(
            (LENGTHS[place[begin:end]] > 0) & (place[begin:end] == LINES[place[begin:end]])
        )
        past: dict[str, list[bytes]] = {"bars": [], "rhythm": []}
        for line in lines.tolist():
            stop = line + int(LENGTHS[place[line]])
            if stop > end or LENGTHS[place[stop - 1]] != LENGTHS[place[line]]:
                continue
            bar = cells[line:stop, Cell.STROKE]
            for name, row in (("bars", bar), ("rhythm", bar != NO_STROKE)):
                code, before = row.tobytes(), past[name]
                if (bar != NO_STROKE).any():
                    again = tuple(len(before) >= k and before[-k] == code for k in BARS_LATER)
                    bars[name].append((int(table.song[line]), again, code in before[-LATELY:]))
                before.append(code)
    out: Figures = {}
    for name, found in bars.items():
        song = np.array([row[0] for row in found])
        same = np.array([[*row[1], row[2]] for row in found], np.float64)
        total, of = sum_by_song(same, song), sum_by_song(np.ones(len(song)), song)
        names = [*(str(k) for k in BARS_LATER), "lately"]
        out[name] = {key: interval(total[:, i], of) for i, key in enumerate(names)}
    return out


def fill_figures(cells: Bytes, table: DrumTable) -> Figures:
    """The share of bars that end with a fill, of those that end a section, and of the others."""
    fills = find_fills(cells, table.first)
    place = cells[:, Cell.PLACE].astype(np.int64)
    lines = (place == LINES[place]) & (fills != NOT_SAID)
    ends = np.array([ends_section(bar) for bar in range(9)])[cells[:, Cell.BAR]]
    return {
        "section_ends": _share(lines & ends & (fills == FILLED), lines & ends, table),
        "others": _share(lines & ~ends & (fills == FILLED), lines & ~ends, table),
    }


def _share(part: Bools, whole: Bools, table: DrumTable) -> Estimate:
    part_of, whole_of = (x.astype(np.float64) for x in (part, whole))
    return interval(sum_by_song(part_of, table.song), sum_by_song(whole_of, table.song))


def _ratio(ours: Floats, songs: Floats, one: Floats, other: Floats) -> Floats:
    return np.asarray(jensen_shannon(ours, songs) / np.maximum(jensen_shannon(one, other), 1e-9))
