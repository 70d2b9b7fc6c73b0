"""What is counted in music for the tables of `steering/marginals.py`: in songs, and in what is played."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nesvae_live.evaluation.song.beat import (
    FOUR,
    Music,
    metre_of,
    onset_places,
    recurring_grams,
    windows,
)
from nesvae_live.latent.attributes import Quantiles, measure
from nesvae_live.model.song.steering.barsago import BARS_AGO, stood_then
from nesvae_live.model.song.steering.figures import LINES, step_then, went_on
from nesvae_live.model.song.steering.leaning import LOWEST, heard_lately
from nesvae_live.model.song.steering.marginals import (
    LEAPS,
    LENGTHS,
    OF_SCALE,
    RANGES,
    SHAPES,
    UNMENDED,
)
from nesvae_live.music.metre.place import bar_ticks
from nesvae_live.music.phrase import N_VOICES, Ints, tuples_to_phrases, tuples_to_symbols

Floats = NDArray[np.float64]
PASSAGE = 312
"""Tuples of a passage in which it is looked for what comes back."""


class Counts(NamedTuple):
    """How often things happened, in the order of `Marginals`.

    Of what either happens or doesn't the last axis is `[2]`: that it did first.
    """

    place: Floats
    hold: Floats
    stay: Floats
    heard: Floats
    apart: Floats
    leap: Floats
    again: Floats
    quoting: Floats
    begun: Floats
    had: Floats
    figure: Floats
    phrase: Floats


def count(pieces: list[Music], free: bool, quantiles: Quantiles) -> Counts:
    """Count in what is free, or is not."""
    onsets, holds = np.zeros(FOUR), np.zeros(LENGTHS.max() + 1)
    stays, heard, apart = np.zeros((3, 2)), np.zeros(len(UNMENDED.heard)), np.zeros(12)
    again, held, leaps = np.zeros(2), np.zeros(2), np.zeros((3, LEAPS))
    begun, had = np.zeros((*SHAPES["begun"], 2)), np.zeros((*SHAPES["had"], 2))
    figure, phrase = np.zeros((*SHAPES["figure"], 2)), np.zeros(SHAPES["phrase"])
    for piece in pieces:
        parts = windows(piece)
        chosen = [part for part in parts if (metre_of(part) == 0) == free]
        for part in chosen:
            tally(np.ascontiguousarray(tuples_to_symbols(part.tuples)), stays, heard, apart, leaps)
            onsets += onset_places(part)
            held += held_again(part.tuples)
            holds += np.bincount(LENGTHS[part.tuples[:, 3] - 1], minlength=len(holds))
        if parts and len(chosen) == len(parts):
            again += np.array([1.0, 0.0]) + recurring_grams(piece) * np.array([-1.0, 1.0])
        if (metre_of(piece) == 0) == free:
            for passage in windows(piece, PASSAGE):
                come_back(passage, begun, had)
                go_on(passage.tuples, figure)
            add_ranges(piece.tuples, quantiles, phrase)
    return Counts(
        onsets, holds, stays, heard, apart, leaps, held, again[::-1], begun, had, figure, phrase
    )


def tally(symbols: Ints, stays: Floats, heard: Floats, apart: Floats, leaps: Floats) -> None:
    """Count in symbols `[n, 4]`: stays `[3, 2]`, and as of `Marginals`."""
    kinds = np.zeros(12, np.int64)
    for now in range(1, len(symbols)):
        enough = heard_lately(symbols, now, kinds)
        for voice in range(3):
            note, last = symbols[now, voice], symbols[now - 1, voice]
            if note == 0:
                continue
            if last > 0:
                stays[voice, 0 if note == last else 1] += 1
            pitch = LOWEST[voice] + note
            if note != last and enough:
                heard[kinds[pitch % 12]] += 1
                if last > 0 and kinds[pitch % 12] >= OF_SCALE:
                    leaps[voice, min(abs(note - last), LEAPS) % LEAPS] += 1
            for other in range(voice):
                if symbols[now, other] > 0:
                    apart[(pitch - LOWEST[other] - symbols[now, other]) % 12] += 1


def held_again(tuples: Ints) -> Floats:
    """How many tuples hold as long as those before them in the phrase, and not: sums of shares."""
    again = np.zeros(2)
    for phrase in tuples_to_phrases(tuples)[0][:, :, 3]:
        if phrase.min() > 0:
            share = [np.mean(phrase[:i] == phrase[i]) for i in range(1, len(phrase))]
            again += np.sum(share), len(share) - np.sum(share)
    return again


def come_back(passage: Music, begun: Floats, had: Floats) -> None:
    """Count voices that begin notes, or don't, as some bars before, and that have the note of then: `[3, 4, 2]`."""
    ticks, notes = np.append(0, np.cumsum(passage.tuples[:, 3])), passage.tuples[:, :N_VOICES]
    begins = passage.begins()
    then, at = np.zeros(BARS_AGO.size, np.int64), np.zeros(BARS_AGO.size, np.int64)
    for now, place in enumerate(passage.places):
        stood_then(ticks, now, bar_ticks(int(place)), then, at)
        for i in np.flatnonzero(then > 0):
            did = begins[then[i]] & bool(at[i])
            for voice in range(N_VOICES):
                begun[voice, i, 0 if did[voice] == begins[now, voice] else 1] += 1
                note = notes[then[i], voice]
                if note > 0:
                    had[voice, i, 0 if note == notes[now, voice] else 1] += 1


def go_on(tuples: Ints, figure: Floats) -> None:
    """Count steps that go on as a line did before, by how long it agreed: `[4, 9, 2]`."""
    symbols = np.ascontiguousarray(tuples_to_symbols(tuples))
    steps = np.zeros((LINES, len(symbols)), np.int64)
    counts, last = np.zeros(LINES, np.int64), np.zeros(N_VOICES, np.int64)
    for at in range(len(symbols)):
        before = counts.copy()
        step_then(symbols, at, steps, counts, last)
        for line in np.flatnonzero(counts > before):
            longest, step = went_on(steps[line], before[line])
            went = longest > 0 and step == steps[line, before[line]]
            figure[line, longest, 0 if went else 1] += 1


def add_ranges(tuples: Ints, quantiles: Quantiles, phrase: Floats) -> None:
    """Count phrases by the range of each attribute's coordinate: `[8, 7]`."""
    phrases = tuples_to_phrases(tuples)[0]
    kinds = np.searchsorted(RANGES, quantiles.to_coordinates(measure(phrases)))
    for attribute, column in enumerate(kinds.T):
        phrase[attribute] += np.bincount(column, minlength=phrase.shape[1])
