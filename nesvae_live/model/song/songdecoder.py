"""The network for live use: `song` and `pointer` without torch or the GIL.

What is table rows in its input is added up at load time: the tuple before, the place, the given
notes. Of a step there remain the GRU's products, the heads, and the pointer, whose candidates are
found by comparing integers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import Sampling
from nesvae_live.model.gru import F32, add_plain, add_product, contiguous, gru_cell
from nesvae_live.model.song.candidates import (
    fade,
    find_candidates,
    open_gates,
    quote,
    start_runs,
    update_runs,
    wanted_at,
    weigh,
)
from nesvae_live.model.song.memory import Memory, SongDecoded, SongState
from nesvae_live.model.song.quote import HOLDS, LINE, odds_to_alignment
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.model.song.songconfig import UNKNOWN, YOURS
from nesvae_live.model.song.songweights import SongTables, song_tables
from nesvae_live.model.symbols import choose, opinion
from nesvae_live.music.metre.place import FREE, TICKS_PER_BEAT
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE

I64 = NDArray[np.int64]
NEVER = -(2**40)
"""The tick at which a tuple is due that is not to come back."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What tuples are to come back at which tick: those of `memory`, which begins at tick 0.

    `gone` ticks of it are over. `odds` are added to the log odds of quoting each slot of it.
    """

    memory: Memory
    gone: int
    odds: tuple[float, float, float, float]


class SongDecoder:
    """Spells phrases from z, the place and the past; from one thread at a time; releases the GIL."""

    def __init__(self, checkpoint: SongCheckpoint) -> None:
        self.config = checkpoint.config
        self._tables = song_tables(checkpoint.weights, checkpoint.config)

    def initial_state(self, place: int = FREE) -> SongState:
        """No past."""
        c = self.config
        return SongState.beginning(c.layers, c.hidden, c.keys, place)

    def decode(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling = Sampling(),
        *,
        odds: float = 0.0,
        given: tuple[int, int, int] = YOURS,
        left: int = UNKNOWN,
    ) -> SongDecoded:
        """Spell tuples.

        Args:
            z: `[8 + U]` float32, attribute coordinates and style.
            mask: `[8]` float32, 1 where an attribute is set, 0 where it is released.
            start: where to go on from.
            uniforms: `[T, 4]` float32 in 0..1, one draw a token; T is how many tuples to spell.
            sampling: temperature, top-p and guidance.
            odds: added to the log odds of quoting the past.
            given: the symbols of the voices that are given, `YOURS` of the others.
            left: for how many ticks those stay, 1 to 32, or `UNKNOWN`.

        Returns:
            T tuples and the states between them.
        """
        draws = uniforms[None]
        found = self.decode_many(z, mask, start, draws, sampling, odds=odds, given=given, left=left)
        return found[0]

    def decode_many(
        self,
        z: F32,
        mask: F32,
        start: SongState,
        uniforms: F32,
        sampling: Sampling,
        *,
        odds: float = 0.0,
        hands: F32 | None = None,
        back: Guide | None = None,
        given: tuple[int, int, int] = YOURS,
        left: int = UNKNOWN,
    ) -> list[SongDecoded]:
        """Spell N candidates at once, from draws `[N, T, 4]`: little dearer than one.

        What is guided is what `hands` `[8]` have set (None: all that is set), against the rest
        alone. If there is something to come `back`, it is quoted rather than anything else.
        """
        turned = mask * (mask if hands is None else hands)
        left_over = mask * (turned == 0)
        branches = [
            np.concatenate((z[:N_ATTRIBUTES] * known, z[N_ATTRIBUTES:], known)).astype(np.float32)
            for known in (mask, left_over)
        ]
        if sampling.guidance == 1.0 or not turned.any():
            branches = branches[:1]
        n, length = uniforms.shape[:2]
        memory = start.memory if back is None else start.memory.recent_after(back.memory)
        rows, played = n * len(branches), len(memory)
        c = self.config
        symbols = np.zeros((n, played + length, SLOTS), np.int64)
        symbols[:, :played] = memory.symbols
        places = np.zeros((n, played + length + 1), np.int64)
        places[:, :played] = memory.places
        places[:, played] = start.place
        ticks = np.zeros((n, played + length + 1), np.int64)
        ticks[:, :played] = memory.ticks
        ticks[:, played] = memory.end
        keys = np.zeros((n, played + length, c.keys), np.float32)
        keys[:, :played] = memory.keys
        due = np.full(played + length, NEVER, np.int64)
        if back is not None:
            due[: len(back.memory)] = back.memory.ticks - back.gone
        hidden = np.zeros((length + 1, c.layers, rows, c.hidden), np.float32)
        hidden[0] = start.hidden[:, None]
        _decode(
            contiguous(np.stack(branches)),
            np.array(start.previous, np.int64),
            contiguous(uniforms),
            np.array([sampling.temperature, sampling.top_p, sampling.guidance], np.float32),
            np.array([odds, odds_to_alignment(odds)], np.float32),
            np.array(back.odds if back else [0.0] * SLOTS, np.float32),
            due,
            np.array((*given, left), np.int64),
            self._tables,
            c.candidates,
            symbols,
            places,
            ticks,
            keys,
            hidden,
        )
        kept = np.ascontiguousarray(hidden[:, :, :: len(branches)].transpose(2, 0, 1, 3))
        return [
            SongDecoded(symbols[i, played:].copy(), kept[i], keys[i, played:].copy(), start)
            for i in range(n)
        ]

    def warm_up(self) -> float:
        """Compile and touch every weight; returns the seconds that a phrase then takes."""
        z = np.zeros(self.config.latent, np.float32)
        mask = np.ones(N_ATTRIBUTES, np.float32)
        uniforms = np.full((TUPLES_PER_PHRASE, SLOTS), 0.5, np.float32)
        seconds = 0.0
        for _ in range(3):
            began = time.perf_counter()
            self.decode(z, mask, self.initial_state(), uniforms, Sampling(guidance=2.0))
            seconds = time.perf_counter() - began
        return seconds


@njit(nogil=True, cache=True)
def _copy_rows(row: F32, out: F32) -> None:
    for r in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[r, i] = row[i]


@njit(nogil=True, cache=True, fastmath=True)
def _add_row(table: F32, row: int, out: F32) -> None:
    for i in range(out.shape[0]):
        out[i] += table[row, i]


@njit(nogil=True, cache=True, fastmath=True)
def _decode(
    zm: F32,
    first: I64,
    uniforms: F32,
    how: F32,
    quoting: F32,
    led: F32,
    due: I64,
    fixed: I64,
    tables: SongTables,
    most: int,
    symbols: I64,
    places: I64,
    ticks: I64,
    keys: F32,
    hidden: F32,
) -> None:
    # Row c * branches + g is candidate c, with the knobs set (g 0) or released (g 1). Numba takes long
    # for array expressions, and for the whole of `tables` as an argument: there are none here.
    layers, rows, size = hidden.shape[1], hidden.shape[2], hidden.shape[3]
    n, branches, length = symbols.shape[0], zm.shape[0], uniforms.shape[1]
    played = symbols.shape[1] - length
    from_zm = np.empty((branches, 3 * size), np.float32)
    _copy_rows(tables.b_ih[0], from_zm)
    for g in range(branches):
        for voice in range(3):
            _add_row(tables.fixed, tables.first_fixed[voice] + fixed[voice], from_zm[g])
        _add_row(tables.left, fixed[3], from_zm[g])
        add_plain(tables.w_zm, zm[g], from_zm[g])
    gates_in = np.empty((rows, 3 * size), np.float32)
    gates_h = np.empty((rows, 3 * size), np.float32)
    lifted = np.empty((rows, tables.w_lift.shape[1]), np.float32)
    logits = np.empty((rows, tables.b_logits.shape[1]), np.float32)
    kept = np.empty(tables.b_logits.shape[1], np.float32)
    lean = np.empty(tables.b_logits.shape[1], np.float32)
    scored = np.empty((rows, tables.b_relative.shape[1]), np.float32)
    ending = np.empty((rows, tables.b_ending.shape[0]), np.float32)
    asked = np.empty((rows, tables.b_query.shape[0]), np.float32)
    gates = np.empty((rows, tables.b_gate.shape[0]), np.float32)
    found, values = np.zeros((n, most, 6), np.int64), np.zeros((n, most, 8), np.int64)
    scores, weights = np.empty((n, 2, most), np.float32), np.empty((2, most), np.float32)
    fits = np.ones(most, np.bool_)
    wanted = np.full(n, -1, np.int64)
    counts = np.zeros(n, np.int64)
    runs = np.zeros((n, 3, symbols.shape[1]), np.int64)
    for c in range(n):
        start_runs(symbols[c], played, runs[c])
    for t in range(length):
        now = played + t
        for layer in range(layers):
            if layer == 0:
                for row in range(rows):
                    c = row // branches
                    for i in range(3 * size):
                        gates_in[row, i] = from_zm[row % branches, i]
                    _add_row(tables.place, places[c, now], gates_in[row])
                    for slot in range(4):
                        before = symbols[c, now - 1, slot] if now > 0 else first[slot]
                        _add_row(tables.heard, tables.first_heard[slot] + before, gates_in[row])
            else:
                _copy_rows(tables.b_ih[layer], gates_in)
                w, s = tables.w_ih[layer - 1], tables.s_ih[layer - 1]
                add_product(w, s, hidden[t + 1, layer - 1], gates_in)
            _copy_rows(tables.b_hh[layer], gates_h)
            add_product(tables.w_hh[layer], tables.s_hh[layer], hidden[t, layer], gates_h)
            gru_cell(gates_in, gates_h, hidden[t, layer], hidden[t + 1, layer])
        top = hidden[t + 1, layers - 1]
        _copy_rows(tables.b_query, asked)
        add_product(tables.w_query, tables.s_query, top, asked)
        _copy_rows(tables.b_gate, gates)
        add_product(tables.w_gate, tables.s_gate, top, gates)
        _copy_rows(tables.b_ending, ending)
        add_product(tables.w_ending, tables.s_ending, top, ending)
        for c in range(n):
            row = c * branches
            _copy_rows(tables.b_key, keys[c, now : now + 1])
            add_product(tables.w_key, tables.s_key, top[row : row + 1], keys[c, now : now + 1])
            wanted[c] = wanted_at(due, ticks[c, now] - ticks[c, played])
            counts[c] = find_candidates(
                symbols[c],
                places[c],
                ticks[c],
                now,
                runs[c],
                tables.bar[places[c, now]],
                tables.n_symbols,
                wanted[c],
                found[c],
                values[c],
            )
            weigh(
                asked[row],
                keys[c],
                found[c],
                counts[c],
                tables.same,
                tables.rhythm,
                tables.moved,
                tables.bars,
                tables.age,
                quoting[1],
                wanted[c],
                scores[c],
            )
            best_same, best_moved = tables.best_same, tables.best_moved
            open_gates(
                best_same, best_moved, quoting[0], led, wanted[c], found[c], counts[c], gates[row]
            )
            for voice in range(3):
                if fixed[voice] < tables.n_symbols[voice]:
                    symbols[c, now, voice] = fixed[voice]
                    fade(tables.disagree, voice, fixed[voice], values[c], counts[c], scores[c])
        for slot in range(4):
            if slot < 3 and fixed[slot] < tables.n_symbols[slot]:
                continue
            count = tables.n_symbols[slot]
            _copy_rows(tables.b_lift[slot], lifted)
            add_product(tables.w_lift[slot], tables.s_lift[slot], top, lifted)
            for row in range(rows):
                for j in range(slot):
                    _add_row(tables.given[slot, j], symbols[row // branches, now, j], lifted[row])
                for i in range(lifted.shape[1]):
                    lifted[row, i] = max(lifted[row, i], np.float32(0))
            _copy_rows(tables.b_logits[slot], logits)
            add_product(tables.w_logits[slot], tables.s_logits[slot], lifted, logits)
            if slot < 3:
                _copy_rows(tables.b_relative[slot], scored)
                add_product(tables.w_relative[slot], tables.s_relative[slot], top, scored)
            for row in range(rows):
                c = row // branches
                for i in range(tables.related.shape[0]):
                    if tables.related[i, 0] != slot:
                        continue
                    source, before = tables.related[i, 1], tables.related[i, 2]
                    width, offset = tables.related[i, 3], tables.related[i, 4]
                    known = symbols[c, now, source]
                    if before:
                        known = symbols[c, now - 1, source] if now > 0 else first[source]
                    for k in range(count):
                        where = tables.bins[i, known, k]
                        if where < width:
                            logits[row, k] += scored[row, offset + where]
                if slot == 3 and places[c, now] > 0:
                    for k in range(count):
                        end = tables.later[places[c, now], k + 1]
                        logits[row, k] += ending[row, end - 1]
                        if end == tables.line[end]:
                            logits[row, k] += np.float32(LINE)
            for c in range(n):
                row = c * branches
                one = logits[row, :count]
                if branches == 2:
                    much = how[2] - np.float32(1)
                    if slot == 3:
                        much *= np.float32(HOLDS)
                    opinion(one, logits[row + 1, :count], much, lean)
                for k in range(counts[c]):
                    fits[k] = True
                    if slot == 3 and places[c, now] > 0 and wanted[c] < 0:
                        apart = places[c, found[c, k, 0]] - places[c, now]
                        fits[k] = apart != -places[c, now] and apart % TICKS_PER_BEAT == 0
                quote(one, gates[row], slot, scores[c], values[c], counts[c], fits, weights)
                if branches == 2:
                    for k in range(count):
                        one[k] += lean[k]
                symbol = choose(one, uniforms[c, t, slot], how[0], how[1], kept)
                symbols[c, now, slot] = symbol
                if slot < 3:
                    fade(tables.disagree, slot, symbol, values[c], counts[c], scores[c])
        for c in range(n):
            held = symbols[c, now, 3] + 1
            places[c, now + 1] = tables.later[places[c, now], held]
            ticks[c, now + 1] = ticks[c, now] + held
            update_runs(symbols[c], now + 1, runs[c])
