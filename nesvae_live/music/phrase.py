"""Phrases and their codec: steps of a score <-> tuples (P1, P2, TR, hold) <-> symbols <-> tokens.

A tuple holds three pitches and for how many steps (1 to 32) all three last; 13 tuples are a phrase.
Tuples carry MIDI notes (0 is silence) and steps; symbols count each slot from 0, which is what the
network sees; tokens are a vocabulary of 275 in which each slot has its own base.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nesvae_live.music.voices import SILENCE, VOICES

STEPS_PER_SECOND = 24
TUPLES_PER_PHRASE = 13
SLOTS = 4
TOKENS_PER_PHRASE = TUPLES_PER_PHRASE * SLOTS
LONGEST_HOLD = 32

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SlotSpec:
    """One slot of a tuple: its name, first token, number of symbols, and what symbol 1 stands for.

    For a voice symbol 0 is silence and symbol k is note `first + k - 1`; for the duration symbol
    k is a hold of k + 1 steps (`first` is then the hold of symbol 1).
    """

    name: str
    token_base: int
    n_symbols: int
    first: int


SLOT_TABLE = (
    *(SlotSpec(v.voice.name, v.token_base, v.n_symbols, v.lowest) for v in VOICES),
    SlotSpec("duration", token_base=243, n_symbols=LONGEST_HOLD, first=2),
)
"""The grammar: the slots follow one another in this order, tuple after tuple."""

VOCABULARY = sum(slot.n_symbols for slot in SLOT_TABLE)
N_VOICES = len(VOICES)


@dataclass(frozen=True, slots=True)
class Phrase:
    """13 tuples of (P1 note, P2 note, TR note, steps); notes are MIDI's, 0 is silence."""

    tuples: tuple[tuple[int, int, int, int], ...]

    @property
    def steps(self) -> int:
        """How many steps the phrase lasts."""
        return sum(held for *_, held in self.tuples)

    @property
    def tokens(self) -> tuple[int, ...]:
        """The phrase as tokens of the vocabulary of 275."""
        return tuple(int(token) for token in tuples_to_tokens(np.array(self.tuples)))


def steps_to_tuples(notes: NDArray[np.integer]) -> Ints:
    """Encode steps as tuples.

    Args:
        notes: `[n, 3]`, the notes of P1, P2, TR at each step, 0 for silence.

    Returns:
        `[m, 4]` int64: notes and hold; a hold over 32 steps becomes several tuples.

    Raises:
        ValueError: a wrong shape, or a note that its voice lacks (step and voice are named).
    """
    if notes.ndim != 2 or notes.shape[1] != N_VOICES:
        raise ValueError(f"steps must be [n, {N_VOICES}], not {list(notes.shape)}")
    if len(notes) == 0:
        return np.zeros((0, SLOTS), np.int64)
    rows: Ints = notes.astype(np.int64)
    _check_notes(rows, "step")
    changed = np.flatnonzero((rows[1:] != rows[:-1]).any(1)) + 1
    starts = np.concatenate(([0], changed))
    lengths = np.diff(np.concatenate((starts, [len(rows)])))
    return split_holds(np.column_stack((rows[starts], lengths)))


def split_holds(tuples: Ints) -> Ints:
    """Split every hold over 32 steps into a chain of tuples of 32 steps and a remainder.

    Args:
        tuples: `[n, 4]` with holds of any length from 1.

    Returns:
        `[m, 4]`, m >= n, holds 1 to 32.
    """
    holds = tuples[:, 3]
    pieces = -(-holds // LONGEST_HOLD)
    out = np.repeat(tuples, pieces, axis=0)
    out[:, 3] = LONGEST_HOLD
    last = np.cumsum(pieces) - 1
    out[last, 3] = holds - LONGEST_HOLD * (pieces - 1)
    return out


def tuples_to_steps(tuples: Ints) -> Ints:
    """Undo `steps_to_tuples`: `[m, 4]` tuples to the `[n, 3]` notes of each step."""
    return np.repeat(tuples[:, :N_VOICES], tuples[:, 3], axis=0)


def tuples_to_symbols(tuples: Ints) -> Ints:
    """Number each slot's values from 0.

    Args:
        tuples: `[n, 4]`, notes and hold.

    Returns:
        `[n, 4]` int64: per voice 0 for silence or 1 + note - lowest; hold - 1.

    Raises:
        ValueError: a note or hold is out of range (tuple and slot are named).
    """
    _check_notes(tuples[:, :N_VOICES], "tuple")
    wrong = np.flatnonzero((tuples[:, 3] < 1) | (tuples[:, 3] > LONGEST_HOLD))
    if len(wrong):
        at = int(wrong[0])
        raise ValueError(
            f"tuple {at} is held for {tuples[at, 3]} steps: a hold is 1 to {LONGEST_HOLD}"
        )
    symbols = np.empty_like(tuples, dtype=np.int64)
    for slot, spec in enumerate(SLOT_TABLE[:N_VOICES]):
        notes = tuples[:, slot]
        symbols[:, slot] = np.where(notes == SILENCE, 0, notes - spec.first + 1)
    symbols[:, 3] = tuples[:, 3] - 1
    return symbols


def symbols_to_tuples(symbols: NDArray[np.integer]) -> Ints:
    """Undo `tuples_to_symbols`: `[n, 4]` symbols to notes and holds (symbols are trusted)."""
    tuples = np.empty(symbols.shape, np.int64)
    for slot, spec in enumerate(SLOT_TABLE[:N_VOICES]):
        tuples[:, slot] = np.where(
            symbols[:, slot] == 0, SILENCE, symbols[:, slot] + spec.first - 1
        )
    tuples[:, 3] = symbols[:, 3] + 1
    return tuples


def tuples_to_tokens(tuples: Ints) -> Ints:
    """Write tuples `[n, 4]` as `[4 n]` tokens of the vocabulary of 275."""
    bases = np.array([slot.token_base for slot in SLOT_TABLE])
    tokens: Ints = (tuples_to_symbols(tuples) + bases).reshape(-1)
    return tokens


def tokens_to_tuples(tokens: NDArray[np.integer]) -> Ints:
    """Read tokens as tuples.

    Args:
        tokens: `[4 n]`, P1, P2, TR, duration in turn.

    Returns:
        `[n, 4]`, notes and hold.

    Raises:
        ValueError: an incomplete tuple, or a token that does not belong in its slot (position,
            token and what was expected are named).
    """
    if tokens.ndim != 1 or len(tokens) % SLOTS:
        raise ValueError(
            f"{tokens.size} tokens do not make whole tuples of {SLOTS}: the last one is cut"
        )
    rows = tokens.astype(np.int64).reshape(-1, SLOTS)
    bases = np.array([slot.token_base for slot in SLOT_TABLE])
    counts = np.array([slot.n_symbols for slot in SLOT_TABLE])
    symbols = rows - bases
    wrong = np.flatnonzero(((symbols < 0) | (symbols >= counts)).reshape(-1))
    if len(wrong):
        at = int(wrong[0])
        slot = SLOT_TABLE[at % SLOTS]
        raise ValueError(
            f"token {at} is {tokens[at]}: a {slot.name} token is "
            f"{slot.token_base} to {slot.token_base + slot.n_symbols - 1}"
        )
    return symbols_to_tuples(symbols)


def tuples_to_phrase(tuples: Ints) -> Phrase:
    """Freeze `[13, 4]` tuples into a phrase.

    Raises:
        ValueError: not 13 tuples.
    """
    if tuples.shape != (TUPLES_PER_PHRASE, SLOTS):
        raise ValueError(f"a phrase is [{TUPLES_PER_PHRASE}, {SLOTS}], not {list(tuples.shape)}")
    return Phrase(tuple((int(a), int(b), int(c), int(d)) for a, b, c, d in tuples))


def tuples_to_phrases(tuples: Ints) -> tuple[Ints, Ints]:
    """Cut a song into phrases.

    Args:
        tuples: `[n, 4]`.

    Returns:
        `[m, 13, 4]` tuples, a short last phrase filled up with zeros (a hold of 0: no tuple), and
        `[m]` how many tuples of each are real.
    """
    n_phrases = -(-len(tuples) // TUPLES_PER_PHRASE)
    out = np.zeros((n_phrases * TUPLES_PER_PHRASE, SLOTS), np.int64)
    out[: len(tuples)] = tuples
    counts = np.full(n_phrases, TUPLES_PER_PHRASE)
    if n_phrases:
        counts[-1] = len(tuples) - TUPLES_PER_PHRASE * (n_phrases - 1)
    return out.reshape(n_phrases, TUPLES_PER_PHRASE, SLOTS), counts


def _check_notes(notes: Ints, unit: str) -> None:
    for slot, spec in enumerate(SLOT_TABLE[:N_VOICES]):
        column = notes[:, slot]
        highest = spec.first + spec.n_symbols - 2
        wrong = np.flatnonzero((column != SILENCE) & ((column < spec.first) | (column > highest)))
        if len(wrong):
            at = int(wrong[0])
            raise ValueError(
                f"{unit} {at}: {spec.name} has note {column[at]}: "
                f"it has 0 (silence) and {spec.first} to {highest}"
            )
