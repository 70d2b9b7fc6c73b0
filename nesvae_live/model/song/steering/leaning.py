"""What is asked of a symbol beside the knobs, as it is added to the log-probabilities; without the GIL."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import CONSONANT
from nesvae_live.model.song.steering.ending import RULED_OUT
from nesvae_live.model.song.steering.marginals import (
    AT_TIMES,
    ENOUGH,
    LATELY,
    MAJOR,
    OF_SCALE,
    SELDOM,
)
from nesvae_live.model.song.steering.presence import MOST_RISE, RISE
from nesvae_live.music.metre.place import TICKS_PER_BEAT
from nesvae_live.music.phrase import N_VOICES, SLOT_TABLE

F32 = NDArray[np.float32]
LOWEST = np.array([slot.first for slot in SLOT_TABLE[:N_VOICES]])
SYMBOLS = np.array([slot.n_symbols for slot in SLOT_TABLE[:N_VOICES]])
"""Of each voice: its lowest note, and how many symbols it has."""
FIRMLY, SHORTEST = 20.0, 3
"""Log odds against holds that last too long; ticks that a hold may have even then."""
I64 = NDArray[np.int64]


@njit(nogil=True, cache=True)
def end_on_lines(holds: F32, since: int, cell: int) -> None:
    """Rule out the holds that don't end on a line; the last one was `since` ticks ago."""
    for k in range(holds.shape[0]):
        if (since + k + 1) % cell != 0:
            holds[k] = RULED_OUT


@njit(nogil=True, cache=True)
def end_with_given(holds: F32, most: int) -> None:
    """Rule out the holds in which a given voice would change, after `most` ticks."""
    for k in range(most, holds.shape[0]):
        holds[k] = RULED_OUT


@njit(nogil=True, cache=True)
def heard_then(symbols: I64, at: int, since: I64) -> None:
    """Tuple `at` was spelt; `since` `[3, 2]`: for how many ticks each voice is silent, or has its note.

    `[3, 0]` is for how many nothing has begun.
    """
    held, begun = symbols[at, 3] + 1, False
    for voice in range(3):
        note = symbols[at, voice]
        if at == 0 or note != symbols[at - 1, voice]:
            begun = begun or note > 0
            since[voice] = 0
        since[voice, 1 if note > 0 else 0] += held
    since[3, 0] = held if begun else since[3, 0] + held


@njit(nogil=True, cache=True)
def since_heard(symbols: I64, since: I64) -> None:
    """The same after all of the tuples `[W, 4]`, for N candidates: `since` `[N, 4, 2]`, which is 0.

    They are looked at from the last one back, until it is known of all.
    """
    last = symbols.shape[0] - 1
    begun, changed, at = False, np.zeros(3, np.bool_), last
    while at >= 0 and not (begun and changed.all()):
        held = symbols[at, 3] + 1
        if not begun:
            since[0, 3, 0] += held
        for voice in range(3):
            note = symbols[at, voice]
            if not changed[voice]:
                since[0, voice, 1 if note > 0 else 0] += held
            if at == 0 or note != symbols[at - 1, voice]:
                begun = begun or note > 0
                changed[voice] = True
        at -= 1
    for c in range(1, since.shape[0]):
        since[c] = since[0]


@njit(nogil=True, cache=True)
def bring_back(one: F32, voice: int, last: int, since: I64, patience: F32) -> None:
    """Speak against a silence, or a note, or a standstill that has lasted too long."""
    over = np.float32(0)
    for kind in range(2):
        over = max(over, since[voice, kind] - patience[voice, kind])
    over = max(over, since[3, 0] - patience[3, 0])
    one[last] -= min(np.float32(RISE) * over / patience[3, 1], np.float32(MOST_RISE))


@njit(nogil=True, cache=True)
def has_begun(symbols: I64, at: int) -> bool:
    """Whether a note begins in tuple `at`, as far as it is spelt; what is not is 0."""
    for voice in range(3):
        note = symbols[at, voice]
        if note > 0 and (at == 0 or note != symbols[at - 1, voice]):
            return True
    return False


@njit(nogil=True, cache=True)
def begin_by(one: F32, last: int, gone: int, most: np.float32) -> None:
    """Speak for a note of a voice, where nothing has begun for `gone` ticks and `most` are as many as may be."""
    late = np.float32(gone) - most + np.float32(TICKS_PER_BEAT)
    if late > 0:
        much = np.float32(MOST_RISE) * min(late / np.float32(TICKS_PER_BEAT), np.float32(1))
        one[last] -= much
        if last != 0:
            one[0] -= much


@njit(nogil=True, cache=True)
def hold_until(holds: F32, gone: int, most: np.float32) -> None:
    """Speak against holds after which nothing would have begun for more than `most` ticks."""
    left = max(most - np.float32(gone), np.float32(SHORTEST))
    for k in range(holds.shape[0]):
        if k + 1 > left:
            holds[k] -= np.float32(FIRMLY)


@njit(nogil=True, cache=True)
def agree_with(one: F32, voice: int, given: I64, much: np.float32) -> None:
    """Speak for the notes of a voice that are consonant with given ones, symbols `[>= 3]`."""
    for other in range(3):
        note = given[other]
        if 0 < note < SYMBOLS[other]:
            apart = LOWEST[voice] - LOWEST[other] - note
            for k in range(1, one.shape[0]):
                if CONSONANT[abs(k + apart) % 12] > 0:
                    one[k] += much


@njit(nogil=True, cache=True)
def hold_again(one: F32, had: I64, much: np.float32) -> None:
    """Speak for holds by how much of the phrase has them."""
    total = had.sum()
    for k in range(one.shape[0]):
        one[k] += much * np.float32(had[k] / max(total, 1))


@njit(nogil=True, cache=True)
def close(one: F32, slot: int, gone: int, chord: I64, leans: F32, before: int) -> None:
    """Let a symbol lead to the last chord, or be of it; `before` is the one before, if that was."""
    for k in range(one.shape[0]):
        if slot == 3:
            longest = chord[0] - gone if gone < chord[0] else chord[1] - gone
            whole = gone >= chord[0] and k + 1 != min(longest, one.shape[0]) and longest > 0
            if whole or 0 < longest < k + 1:
                one[k] = RULED_OUT
        elif before >= 0:
            one[k] = 0 if k == before else RULED_OUT
        elif gone == chord[0]:
            one[k] += leans[1, slot, k]
        elif gone >= chord[0] - TICKS_PER_BEAT:
            one[k] += leans[0, slot, k]


@njit(nogil=True, cache=True)
def heard_lately(symbols: I64, now: int, kinds: I64) -> bool:
    """Tell of which kind each pitch class is at tuple `now` of symbols `[W, 4]`.

    Args:
        symbols: the music.
        now: which tuple.
        kinds: `[12]`, filled with 0 to 7, as in `Marginals.heard`.

    Returns:
        Whether enough was heard to tell.
    """
    counts = np.zeros(12, np.int64)
    for s in range(max(now - LATELY, 0), now):
        for voice in range(N_VOICES):
            if symbols[s, voice] > 0:
                counts[(LOWEST[voice] + symbols[s, voice]) % 12] += 1
    total = counts.sum()
    scale, most = 0, -1
    for key in range(12):
        within = 0
        for i in range(12):
            within += counts[(key + i) % 12] * MAJOR[i]
        if within > most:
            scale, most = key, within
    for i in range(12):
        share = 100 * counts[i]
        kind = 0
        if share > 0:
            kind = 1 if share < SELDOM * total else (2 if share < AT_TIMES * total else 3)
        kinds[i] = kind + 4 * MAJOR[(i - scale) % 12]
    return bool(total > ENOUGH)


@njit(nogil=True, cache=True)
def tones_then(symbols: I64, now: int, heard: F32, tones: F32) -> None:
    """What speaks for a note that begins in tuple `now`, by its pitch class: `tones` `[2, 12]` is filled.

    First what is added, by `heard` `[8]`, how often that was heard; then whether it is of the scale. 0
    where not enough was heard to tell.
    """
    kinds = np.zeros(12, np.int64)
    enough = heard_lately(symbols, now, kinds)
    for tone in range(12):
        tones[0, tone] = heard[kinds[tone]] if enough else 0
        tones[1, tone] = 1 if enough and kinds[tone] >= OF_SCALE else 0


@njit(nogil=True, cache=True)
def mend_note(
    one: F32,
    voice: int,
    symbols: I64,
    now: int,
    stay: F32,
    tones: F32,
    apart: F32,
    leap: F32,
) -> None:
    """Mend the note of a voice of tuple `now` of symbols `[W, 4]`; the voices before it are spelt."""
    last = symbols[now - 1, voice] if now > 0 else 0
    for k in range(1, one.shape[0]):
        pitch = LOWEST[voice] + k
        if k == last:
            one[k] += stay[voice]
        else:
            one[k] += tones[0, pitch % 12]
            if last > 0:
                moved = min(abs(k - last), leap.shape[1]) % leap.shape[1]
                one[k] += tones[1, pitch % 12] * leap[voice, moved]
        for other in range(voice):
            if symbols[now, other] > 0:
                one[k] += apart[(pitch - LOWEST[other] - symbols[now, other]) % 12]


@njit(nogil=True, cache=True)
def mend_hold(one: F32, later: I64, place: F32, hold: F32) -> None:
    """Mend how long tuples hold and on which places the next begin; `later[n]` is the one n ticks on."""
    for k in range(one.shape[0]):
        one[k] += place[later[k + 1]] + hold[k]
