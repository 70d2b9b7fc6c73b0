"""The kernel of the live decoder: it spells tuples, symbol by symbol, without the GIL."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from nesvae_live.model.alike import mark, start_runs, update_runs
from nesvae_live.model.gru import F32, add_plain, add_product, add_row, copy_rows, gru_cell
from nesvae_live.model.song.candidates import (
    fade,
    find_candidates,
    open_gates,
    quote,
    wanted_at,
    weigh,
)
from nesvae_live.model.song.songconfig import LONGEST_MATCH
from nesvae_live.model.song.songweights import SongTables
from nesvae_live.model.song.steering.barsago import BARS_AGO, mend_as_then, stood_then
from nesvae_live.model.song.steering.chording import enter, fitting, is_strange, lead_to, resolve
from nesvae_live.model.song.steering.ending import RULED_OUT
from nesvae_live.model.song.steering.figures import LINES, mend_figure, start_lines, step_then
from nesvae_live.model.song.steering.leaning import (
    agree_with,
    begin_by,
    bring_back,
    close,
    end_on_lines,
    end_with_given,
    has_begun,
    heard_then,
    hold_again,
    hold_until,
    mend_hold,
    mend_note,
    since_heard,
    tones_then,
)
from nesvae_live.model.song.steering.quote import HOLDS, LINE
from nesvae_live.model.symbols import choose, opinion
from nesvae_live.music.metre.place import TICKS_PER_BEAT
from nesvae_live.music.phrase import TUPLES_PER_PHRASE

I64 = NDArray[np.int64]


@njit(nogil=True, cache=True, fastmath=True)
def _tell(tables: tuple[F32, I64, F32], fixed: I64, n_symbols: I64, from_zm: F32, out: F32) -> None:
    """What the first layer is told beside place and tuple; without what is guided no voice is given."""
    notes, first, left = tables
    for g in range(out.shape[0]):
        for voice in range(3):
            add_row(notes, first[voice] + (fixed[voice] if g == 0 else n_symbols[voice]), out[g])
        add_row(left, fixed[3] if g == 0 else 0, out[g])
        add_row(from_zm, g, out[g])


@njit(nogil=True, cache=True, fastmath=True)
def spell(
    zm: F32,
    first: I64,
    uniforms: F32,
    how: F32,
    quoting: F32,
    led: F32,
    due: I64,
    track: I64,
    lines: I64,
    harmony: I64,
    strong: I64,
    enters: I64,
    chord: I64,
    leans: F32,
    patience: F32,
    mends: tuple[F32, ...],
    packed: tuple[NDArray[Any], ...],
    most: int,
    symbols: I64,
    places: I64,
    ticks: I64,
    past: F32,
    keys: F32,
    hidden: F32,
) -> None:
    """Spell T tuples of N candidates; G is 2 where knobs are guided, else 1.

    Args:
        zm: `[G, Z + 8]`, z and mask as they are, and without what is guided.
        first: `[4]`, the tuple before the first one that was ever played.
        uniforms: `[N, T, 4]`, the draws.
        how: temperature, top-p, guidance, log odds of holds that the phrase has had already, and of
            notes that are consonant with given ones; which share of the others is left as it is, and what
            then speaks for what a voice has, after the first tuple; for how many ticks nothing may begin.
        quoting: what is added to the log odds of quoting, and what speaks for the same place of the bar.
        led: `[4]`, what is added to the odds of each slot of what is due.
        due: `[B]`, at which tick each of the first tuples of the past is due that come back.
        track: `[ticks, 5]`, as of `Given.track`; what its last row says stays.
        lines: every so many ticks lies a line on which tuples end, and when the last one was.
        harmony: `[2, 3, 12]`, the pitch classes of each voice on strong places and between.
        strong: every so many ticks lies a strong place, and when the last one was; 0: no harmony is held.
        enters: `[3]`, the tick on which each voice enters; -1: it needn't.
        chord: the ticks on which the last chord begins and ends.
        patience: `[4, 2]`, ticks that each voice may be silent and have one note; `[3, 0]`: that
            nothing may begin.
        mends: what is added to log-probabilities, as of `Marginals`.
        leans: `[2, 3, n]`, what is added to log-probabilities before it and of it.
        packed: the weights, of `SongTables`.
        most: so many places of the past are weighed.
        symbols: `[N, W, 4]`, the past, and room for T tuples, which is filled; so is that of
            `places` and `ticks` `[N, W + 1]`, `keys` `[N, T, keys]` and `hidden` `[T + 1, L, N * G, H]`.
        places: of the tuples.
        ticks: when they begin.
        past: `[W - T, keys]`, of the states before the tuples of the past.
        keys: of those before the others.
        hidden: the states.
    """
    # Row c * branches + g is candidate c, with the knobs set (g 0) or released (g 1). Numba takes long for
    # array expressions, and for the whole of `tables` as an argument: there are few here.
    tables = SongTables(*packed)
    layers, rows, size = hidden.shape[1], hidden.shape[2], hidden.shape[3]
    n, branches, length = symbols.shape[0], zm.shape[0], uniforms.shape[1]
    played = symbols.shape[1] - length
    mended = mends[2].any()  # else nothing is, and there is nothing to work out
    from_zm = np.zeros((branches, 3 * size), np.float32)
    for g in range(branches):
        add_plain(tables.w_zm, zm[g], from_zm[g])
    told = np.empty((rows, 3 * size), np.float32)
    fixed = np.full((n, 5), -1, np.int64)
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
    found, values = np.zeros((n, most, 6), np.int64), np.zeros((n, 8, most), np.int64)
    scores, weights = np.empty((n, 2, most), np.float32), np.empty((2, most), np.float32)
    fits = np.ones(most, np.bool_)
    may, tones = np.ones(12, np.int64), np.zeros((n, 2, 12), np.float32)
    wanted = np.full(n, -1, np.int64)
    then, at_once = (
        np.full((n, BARS_AGO.size), -1, np.int64),
        np.zeros((n, BARS_AGO.size), np.int64),
    )
    steps = np.zeros((n, LINES, played + length), np.int64)
    in_line, begun_last = np.zeros((n, LINES), np.int64), np.zeros((n, 3), np.int64)
    counts = np.zeros(n, np.int64)
    marks = np.empty((n, 4, played + length), np.int32)
    runs = np.zeros((n, 3, played + length + 1), np.int32)
    level = np.empty(played + length + 1, np.int32)
    since, had = np.zeros((n, 4, 2), np.int64), np.zeros((n, tables.b_logits.shape[1]), np.int64)
    start_runs(symbols[0], places[0], played, LONGEST_MATCH, marks, runs)
    since_heard(symbols[0, :played], since)
    if mended:
        start_lines(symbols[0, :played], steps, in_line, begun_last)
    for c in range(n):
        for s in range(max(played + length - TUPLES_PER_PHRASE, 0), played):
            had[c, symbols[c, s, 3]] += 1
    for t in range(length):
        now = played + t
        kinds = rows if t > 0 else branches  # all candidates begin in one state
        for c in range(n):
            tick = min(ticks[c, now] - ticks[c, played], track.shape[0] - 1)
            changed = False
            for i in range(5):
                changed = changed or (fixed[c, i] != track[tick, i] and i < 4)
                fixed[c, i] = track[tick, i]
            if changed:
                out = told[c * branches : (c + 1) * branches]
                copy_rows(tables.b_ih[0], out)
                given = (tables.fixed, tables.first_fixed, tables.left)
                _tell(given, fixed[c], tables.n_symbols, from_zm, out)
        for layer in range(layers):
            if layer == 0:
                for row in range(rows):
                    c = row // branches
                    for i in range(3 * size):
                        gates_in[row, i] = told[row, i]
                    add_row(tables.place, places[c, now], gates_in[row])
                    for slot in range(4):
                        before = symbols[c, now - 1, slot] if now > 0 else first[slot]
                        add_row(tables.heard, tables.first_heard[slot] + before, gates_in[row])
            else:
                copy_rows(tables.b_ih[layer], gates_in)
                w, s = tables.w_ih[layer - 1], tables.s_ih[layer - 1]
                add_product(w, s, hidden[t + 1, layer - 1], gates_in, kinds)
            copy_rows(tables.b_hh[layer], gates_h)
            w, s = tables.w_hh[layer], tables.s_hh[layer]
            add_product(w, s, hidden[t, layer], gates_h, rows if t > 0 else 1)
            gru_cell(gates_in, gates_h, hidden[t, layer], hidden[t + 1, layer])
        top = hidden[t + 1, layers - 1]
        copy_rows(tables.b_query, asked)
        add_product(tables.w_query, tables.s_query, top, asked, kinds)
        copy_rows(tables.b_gate, gates)
        add_product(tables.w_gate, tables.s_gate, top, gates, kinds)
        copy_rows(tables.b_ending, ending)
        add_product(tables.w_ending, tables.s_ending, top, ending, kinds)
        for c in range(n):
            row = c * branches
            copy_rows(tables.b_key, keys[c, t : t + 1])
            add_product(tables.w_key, tables.s_key, top[row : row + 1], keys[c, t : t + 1], 1)
            wanted[c] = wanted_at(due, ticks[c, now] - ticks[c, played])
            counts[c] = find_candidates(
                symbols[c],
                places[c],
                ticks[c],
                now,
                marks[c],
                runs[c],
                level,
                tables.bar[places[c, now]],
                tables.n_symbols,
                wanted[c],
                found[c],
                values[c],
            )
            if mended and wanted[c] < 0:
                tones_then(symbols[c], now, mends[3], tones[c])
                stood_then(ticks[c], now, tables.bar[places[c, now]], then[c], at_once[c])
            weigh(
                asked[row],
                past,
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
                note = fixed[c, voice]
                if note < tables.n_symbols[voice]:
                    symbols[c, now, voice] = note
                    fade(tables.disagree, voice, note, values[c], counts[c], scores[c])
        for slot in range(4):
            count = tables.n_symbols[slot]
            if slot < 3 and fixed[:, slot].max() < count:
                continue
            copy_rows(tables.b_lift[slot], lifted)
            add_product(tables.w_lift[slot], tables.s_lift[slot], top, lifted, kinds)
            for row in range(rows):
                for j in range(slot):
                    add_row(tables.given[slot, j], symbols[row // branches, now, j], lifted[row])
                for i in range(lifted.shape[1]):
                    lifted[row, i] = max(lifted[row, i], np.float32(0))
            copy_rows(tables.b_logits[slot], logits)
            add_product(tables.w_logits[slot], tables.s_logits[slot], lifted, logits, rows)
            if slot < 3:
                copy_rows(tables.b_relative[slot], scored)
                add_product(tables.w_relative[slot], tables.s_relative[slot], top, scored, kinds)
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
            if slot == 3 and lines[0] > 1:
                for row in range(rows):
                    late = lines[1] + ticks[row // branches, now] - ticks[row // branches, played]
                    end_on_lines(logits[row, :count], late, lines[0])
            for c in range(n):
                if slot < 3 and fixed[c, slot] < count:
                    continue
                row = c * branches
                one = logits[row, :count]
                if slot == 3:
                    for g in range(branches):
                        end_with_given(logits[row + g, :count], fixed[c, 4])
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
                    if slot == 3:
                        fits[k] = fits[k] and one[values[c, 3, k]] > RULED_OUT
                quote(one, gates[row], slot, scores[c], values[c], counts[c], fits, weights)
                if branches == 2:
                    for k in range(count):
                        one[k] += lean[k]
                if wanted[c] >= 0:
                    pass  # it comes back as it was
                elif slot < 3:
                    last = symbols[c, now - 1, slot] if now > 0 else 0
                    bring_back(one, slot, last, since[c], patience)
                    if not has_begun(symbols[c], now):
                        begin_by(one, last, since[c, 3, 0], how[7])
                    agree_with(one, slot, fixed[c], how[4])
                    if how[5] < 1 and fitting(fixed[c], may):
                        lead_to(one, slot, last, may, how[5])
                        if t > 0:
                            one[last] += how[6]
                else:
                    if how[3] != 0:
                        hold_again(one, had[c], how[3])
                    begun = has_begun(symbols[c], now)
                    hold_until(one, 0 if begun else since[c, 3, 0], how[7])
                if mended and wanted[c] < 0 and slot < 3:
                    mend_note(one, slot, symbols[c], now, mends[2], tones[c], mends[4], mends[5])
                    begun, had_then = mends[8], mends[9]
                    mend_as_then(one, slot, symbols[c], now, then[c], at_once[c], begun, had_then)
                    if begun_last[c, slot] > 0:
                        line, known = steps[c, slot], in_line[c, slot]
                        mend_figure(one, line, known, begun_last[c, slot], mends[10][slot])
                elif mended and wanted[c] < 0:
                    mend_hold(one, tables.later[places[c, now]], mends[0], mends[1])
                    mend_figure(one, steps[c, slot], in_line[c, slot], 0, mends[10][slot])
                gone = ticks[c, now] - ticks[c, played]
                if slot == 3 and lines[0] > 1:
                    end_on_lines(one, lines[1] + gone, lines[0])
                if slot == 3:
                    end_with_given(one, fixed[c, 4])
                elif gone == enters[slot]:
                    enter(one)
                if strong[0] > 0:
                    late = (strong[1] + gone) % strong[0]
                    if slot < 3:
                        last = symbols[c, now - 1, slot] if now > 0 else 0
                        lead_to(one, slot, last, harmony[min(late, 1), slot], np.float32(0))
                    elif is_strange(symbols[c, now], fixed[c], tables.n_symbols, harmony[0]):
                        resolve(one, strong[0] - late)
                if gone > chord[0] - tables.n_symbols[3]:
                    before = symbols[c, now - 1, slot] if now > 0 and gone > chord[0] else -1
                    close(one, slot, gone, chord, leans, before)
                symbol = choose(one, uniforms[c, t, slot], how[0], how[1], kept)
                symbols[c, now, slot] = symbol
                if slot < 3:
                    fade(tables.disagree, slot, symbol, values[c], counts[c], scores[c])
        for c in range(n):
            held = symbols[c, now, 3] + 1
            had[c, held - 1] += 1
            heard_then(symbols[c], now, since[c])
            if mended:
                step_then(symbols[c], now, steps[c], in_line[c], begun_last[c])
            places[c, now + 1] = tables.later[places[c, now], held]
            ticks[c, now + 1] = ticks[c, now] + held
            mark(symbols[c], places[c], now + 1, marks[c])
            update_runs(marks[c], now + 1, LONGEST_MATCH, runs[c])
