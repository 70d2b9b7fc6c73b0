"""The network of format 3 for live use: `song` and `pointer` without torch or the GIL.

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
from nesvae_live.model.gru import F32, add_product, contiguous, gru_cell
from nesvae_live.model.song.candidates import find_candidates, start_runs, update_runs, wanted_at
from nesvae_live.model.song.memory import Memory, SongDecoded, SongState
from nesvae_live.model.song.quote import odds_to_alignment
from nesvae_live.model.song.songconfig import LEAST, UNKNOWN, YOURS, SongConfig
from nesvae_live.model.song.songweights import SongTables, song_tables
from nesvae_live.model.symbols import choose, guide
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE

I64 = NDArray[np.int64]
NEVER = -(2**40)
"""The tick at which a tuple is due that is not to come back."""
WANTED = 20.0
"""What speaks for the tuple that is to come back now."""


@dataclass(frozen=True, slots=True)
class Guide:
    """What tuples are to come back at which tick: those of `memory`, which begins at tick 0.

    `gone` ticks of it are over. `odds` are added to the log odds of quoting it.
    """

    memory: Memory
    gone: int
    odds: float


class SongDecoder:
    """Spells phrases from z, the place and the past; from one thread at a time; releases the GIL."""

    def __init__(self, weights: dict[str, F32], config: SongConfig) -> None:
        self.config = config
        self._tables = song_tables(weights, config)

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
        back: Guide | None = None,
        given: tuple[int, int, int] = YOURS,
        left: int = UNKNOWN,
    ) -> list[SongDecoded]:
        """Spell N candidates at once, from draws `[N, T, 4]`: little dearer than one.

        If there is something to come `back`, it is quoted rather than anything else.
        """
        set_ = np.concatenate((z[:N_ATTRIBUTES] * mask, z[N_ATTRIBUTES:], mask))
        let_go = set_.copy()
        let_go[:N_ATTRIBUTES] = 0.0
        let_go[len(z) :] = 0.0
        guided = sampling.guidance != 1.0 and bool(mask.any())
        branches = [set_, let_go] if guided else [set_]
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
            np.array([odds, odds_to_alignment(odds), back.odds if back else 0.0], np.float32),
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


@njit(nogil=True, cache=True, fastmath=True)
def _softmax(x: F32) -> None:
    highest = x[0]
    for i in range(1, x.shape[0]):
        highest = max(highest, x[i])
    total = np.float32(0)
    for i in range(x.shape[0]):
        x[i] = np.exp(x[i] - highest)
        total += x[i]
    for i in range(x.shape[0]):
        x[i] /= total


@njit(nogil=True, cache=True, fastmath=True)
def _weigh(
    tables: SongTables,
    query: F32,
    keys: F32,
    found: I64,
    n: int,
    scores: F32,
    aligned: np.float32,
    wanted: int,
) -> None:
    """What speaks for each of `n` candidates: `scores` `[2, K]`, from `query` `[2 keys]`.

    Nothing speaks as loudly as being the one that is `wanted` back (-1: none is).
    """
    size = keys.shape[1]
    scale = np.float32(1.0) / np.sqrt(np.float32(size))
    for way in range(2):
        for k in range(n):
            key, asked = keys[found[k, 0]], query[way * size : (way + 1) * size]
            product = np.float32(0)
            for i in range(size):
                product += asked[i] * key[i]
            total = product * scale + tables.same[way, found[k, 1]]
            total += tables.rhythm[way, found[k, 2]] + tables.moved[way, found[k, 3]]
            total += tables.bars[way, found[k, 4]] + tables.age[way, found[k, 5]]
            if found[k, 4] > 0:
                total += aligned
            if found[k, 0] == wanted:
                total += np.float32(WANTED)
            scores[way, k] = total


@njit(nogil=True, cache=True, fastmath=True)
def _fade(tables: SongTables, slot: int, symbol: int, values: I64, n: int, scores: F32) -> None:
    """Candidates that disagree with a slot's symbol lose."""
    for way in range(2):
        loss = tables.disagree[way, slot]
        for k in range(n):
            if values[k, 4 * way + slot] != symbol:
                scores[way, k] -= loss


@njit(nogil=True, cache=True, fastmath=True)
def _quoted(p: F32, gates: F32, slot: int, scores: F32, values: I64, n: int, weights: F32) -> None:
    """Logits to log-probabilities with what the candidates say; `weights` `[K]` is scratch."""
    _softmax(p)
    if n > 0:
        for i in range(p.shape[0]):
            p[i] *= gates[3 * slot]
        for way in range(2):
            weights[:n] = scores[way, :n]
            _softmax(weights[:n])
            for k in range(n):
                symbol = values[k, 4 * way + slot]
                if symbol >= 0:
                    p[symbol] += gates[3 * slot + 1 + way] * weights[k]
    for i in range(p.shape[0]):
        p[i] = np.log(max(p[i], np.float32(LEAST)))


@njit(nogil=True, cache=True, fastmath=True)
def _gates(
    tables: SongTables, odds: np.float32, shift_odds: np.float32, found: I64, n: int, gates: F32
) -> None:
    """How much each slot takes from the network, copies and shifts, from `gates` `[12]` logits."""
    same, moved = 0, 0
    for k in range(n):
        same, moved = max(same, found[k, 1]), max(moved, found[k, 3])
    for slot in range(4):
        part = gates[3 * slot : 3 * slot + 3]
        for way in range(3):
            part[way] += tables.best_same[same, 3 * slot + way]
            part[way] += tables.best_moved[moved, 3 * slot + way]
            if way == 1:
                part[way] += odds
            elif way == 2:
                part[way] += shift_odds
        _softmax(part)


@njit(nogil=True, cache=True, fastmath=True)
def _decode(
    zm: F32,
    first: I64,
    uniforms: F32,
    how: F32,
    quoting: F32,
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
    # Row c * branches + g is candidate c, with the knobs set (g 0) or released (g 1).
    layers, rows, size = hidden.shape[1], hidden.shape[2], hidden.shape[3]
    n, branches, length = symbols.shape[0], zm.shape[0], uniforms.shape[1]
    played = symbols.shape[1] - length
    from_zm = np.empty((branches, 3 * size), np.float32)
    from_zm[:] = tables.b_ih[0]
    for voice in range(3):
        from_zm += tables.fixed[tables.first_fixed[voice] + fixed[voice]]
    from_zm += tables.left[fixed[3]]
    add_product(tables.w_zm, np.ones(3 * size, np.float32), zm, from_zm)
    gates_in = np.empty((rows, 3 * size), np.float32)
    gates_h = np.empty((rows, 3 * size), np.float32)
    lifted = np.empty((rows, tables.w_lift.shape[1]), np.float32)
    logits = np.empty((rows, tables.b_logits.shape[1]), np.float32)
    kept = np.empty(tables.b_logits.shape[1], np.float32)
    scored = np.empty((rows, tables.b_relative.shape[1]), np.float32)
    ending = np.empty((rows, tables.b_ending.shape[0]), np.float32)
    asked = np.empty((rows, tables.b_query.shape[0]), np.float32)
    gates = np.empty((rows, tables.b_gate.shape[0]), np.float32)
    found, values = np.zeros((n, most, 6), np.int64), np.zeros((n, most, 8), np.int64)
    scores, weights = np.empty((rows, 2, most), np.float32), np.empty(most, np.float32)
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
                    gates_in[row] = from_zm[row % branches] + tables.place[places[c, now]]
                    for slot in range(4):
                        before = symbols[c, now - 1, slot] if now > 0 else first[slot]
                        gates_in[row] += tables.heard[tables.first_heard[slot] + before]
            else:
                gates_in[:] = tables.b_ih[layer]
                w, s = tables.w_ih[layer - 1], tables.s_ih[layer - 1]
                add_product(w, s, hidden[t + 1, layer - 1], gates_in)
            gates_h[:] = tables.b_hh[layer]
            add_product(tables.w_hh[layer], tables.s_hh[layer], hidden[t, layer], gates_h)
            gru_cell(gates_in, gates_h, hidden[t, layer], hidden[t + 1, layer])
        top = hidden[t + 1, layers - 1]
        asked[:], gates[:], ending[:] = tables.b_query, tables.b_gate, tables.b_ending
        add_product(tables.w_query, tables.s_query, top, asked)
        add_product(tables.w_gate, tables.s_gate, top, gates)
        add_product(tables.w_ending, tables.s_ending, top, ending)
        for c in range(n):
            keys[c, now] = tables.b_key
            row = c * branches
            add_product(tables.w_key, tables.s_key, top[row : row + 1], keys[c, now : now + 1])
            wanted = wanted_at(due, ticks[c, now] - ticks[c, played])
            copy_odds = quoting[0] if wanted < 0 else quoting[2]
            shift_odds = quoting[0] if wanted < 0 else -np.abs(quoting[2])
            counts[c] = find_candidates(
                symbols[c],
                places[c],
                ticks[c],
                now,
                runs[c],
                tables.bar[places[c, now]],
                tables.n_symbols,
                wanted,
                found[c],
                values[c],
            )
            for r in range(row, row + branches):
                _weigh(
                    tables, asked[r], keys[c], found[c], counts[c], scores[r], quoting[1], wanted
                )
                _gates(tables, copy_odds, shift_odds, found[c], counts[c], gates[r])
                for voice in range(3):
                    if fixed[voice] < tables.n_symbols[voice]:
                        symbols[c, now, voice] = fixed[voice]
                        _fade(tables, voice, fixed[voice], values[c], counts[c], scores[r])
        for slot in range(4):
            if slot < 3 and fixed[slot] < tables.n_symbols[slot]:
                continue
            count = tables.n_symbols[slot]
            lifted[:] = tables.b_lift[slot]
            add_product(tables.w_lift[slot], tables.s_lift[slot], top, lifted)
            for row in range(rows):
                for j in range(slot):
                    lifted[row] += tables.given[slot, j, symbols[row // branches, now, j]]
                for i in range(lifted.shape[1]):
                    lifted[row, i] = max(lifted[row, i], np.float32(0))
            logits[:] = tables.b_logits[slot]
            add_product(tables.w_logits[slot], tables.s_logits[slot], lifted, logits)
            if slot < 3:
                scored[:] = tables.b_relative[slot]
                w, s = tables.w_relative[slot], tables.s_relative[slot]
                add_product(w, s, top, scored)
            for row in range(rows):
                c = row // branches
                for i in range(tables.related.shape[0]):
                    if tables.related[i, 0] != slot:
                        continue
                    source, before, width, offset = tables.related[i, 1:]
                    known = symbols[c, now, source]
                    if before:
                        known = symbols[c, now - 1, source] if now > 0 else first[source]
                    for k in range(count):
                        where = tables.bins[i, known, k]
                        if where < width:
                            logits[row, k] += scored[row, offset + where]
                if slot == 3 and places[c, now] > 0:
                    for k in range(count):
                        logits[row, k] += ending[row, tables.later[places[c, now], k + 1] - 1]
                _quoted(
                    logits[row, :count],
                    gates[row],
                    slot,
                    scores[row],
                    values[c],
                    counts[c],
                    weights,
                )
            for c in range(n):
                row = c * branches
                if branches == 2:
                    guide(logits[row, :count], logits[row + 1, :count], how[2])
                symbol = choose(logits[row, :count], uniforms[c, t, slot], how[0], how[1], kept)
                symbols[c, now, slot] = symbol
                if slot < 3:
                    for r in range(row, row + branches):
                        _fade(tables, slot, symbol, values[c], counts[c], scores[r])
        for c in range(n):
            held = symbols[c, now, 3] + 1
            places[c, now + 1] = tables.later[places[c, now], held]
            ticks[c, now + 1] = ticks[c, now] + held
            update_runs(symbols[c], now + 1, runs[c])
