"""The drummer, against cases worked out by hand and for any phrase."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.decoding import Sampling
from nesvae_live.music.drums import DRUM_BY_NOTE, DRUMS, HAT, KICK, SNARE, Drummer, Hit
from nesvae_live.music.phrase import Phrase, symbols_to_tuples, tuples_to_phrase
from tests.support.fakes import DrawnDecoder

STEP = 1 / 12  # beats


def phrase_of(seed: int, index: int) -> Phrase:
    decoder = DrawnDecoder()
    z, mask = np.zeros(40, np.float32), np.zeros(8, np.float32)
    state = decoder.initial_state()
    decoded = decoder.decode(z, mask, state, draws(seed, index), Sampling())
    return tuples_to_phrase(symbols_to_tuples(decoded.symbols))


def hits(phrase: Phrase, level: float | None, seed: int = 0, beat: float = 0.0) -> list[Hit]:
    drummer = Drummer(seed)
    drummer.place(phrase, 0, beat, STEP)
    return drummer.pop_due(float("inf"), level)


def beats_of(tuples: list[tuple[int, int, int, int]]) -> dict[float, str]:
    fill = [(0, 0, 0, 1)] * (13 - len(tuples))
    return {
        round(hit.beat, 6): DRUM_BY_NOTE[hit.note].name
        for hit in hits(Phrase((*tuples, *fill)), level=1.0)
    }


def test_the_bass_has_the_kick_the_backbeat_the_snare_and_a_lone_pulse_a_hat() -> None:
    found = beats_of(
        [
            (0, 0, 40, 12),  # on the one: the bass
            (60, 0, 40, 6),  # a backbeat: a pulse while the bass is held
            (62, 0, 40, 6),  # off the beat
            (64, 66, 40, 3),  # on beat 3, which is none: both pulses
        ]
    )
    assert {found[0.0], found[1.0], found[1.5], found[2.0]} == {"kick", "snare", "hat"}
    assert found[0.0] == "kick"
    assert found[1.0] == "snare"
    assert found[1.5] == "hat"
    assert found[2.0] == "snare"


def test_a_long_note_is_filled_with_hats() -> None:
    found = beats_of([(0, 0, 40, 12)])
    assert [beat for beat, drum in found.items() if drum == "hat"] == [0.25, 0.5, 0.75]


def test_silence_has_no_drum() -> None:
    assert not any(beat == 0.0 for beat in beats_of([(0, 0, 0, 2)]))


@given(st.integers(0, 99), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_turning_up_adds_hits_and_moves_none(seed: int, one: float, two: float) -> None:
    phrase = phrase_of(seed, 3)
    few, many = (hits(phrase, level, seed) for level in sorted((one, two)))
    assert set(few) <= set(many)
    assert len(hits(phrase, 1.0)) > len(hits(phrase, 0.0)) == 0
    assert hits(phrase, None) == []


@given(st.integers(0, 99), st.floats(0.0, 100.0))
def test_every_hit_is_a_drum_of_the_kit_in_its_phrase_in_order(seed: int, beat: float) -> None:
    phrase = phrase_of(seed, 1)
    found = hits(phrase, 1.0, seed, beat)
    times = [hit.beat for hit in found]
    assert times == sorted(set(times)), "one at a time"
    assert all(beat <= time < beat + phrase.steps * STEP + 1e-9 for time in times)
    assert {hit.note for hit in found} <= set(DRUM_BY_NOTE)


def test_the_same_seed_and_phrase_give_the_same_drums() -> None:
    phrase = phrase_of(1, 1)
    assert hits(phrase, 0.6, seed=5) == hits(phrase, 0.6, seed=5)
    ranks = [[hit.rank for hit in hits(phrase, 1.0, seed=seed)] for seed in (5, 6)]
    assert ranks[0] != ranks[1]


def test_what_is_placed_anew_takes_the_place_of_what_was() -> None:
    drummer = Drummer(0)
    old, new = phrase_of(1, 1), phrase_of(2, 2)
    drummer.place(old, 0, 0.0, STEP)
    drummer.place(new, 1, 1.0, STEP)
    found = drummer.pop_due(float("inf"), 1.0)
    alone = Drummer(0)
    alone.place(old, 0, 0.0, STEP)
    assert [h for h in found if h.beat < 1.0] == [
        h for h in alone.pop_due(float("inf"), 1.0) if h.beat < 1.0
    ]
    assert [h.beat for h in found] == sorted(h.beat for h in found)


def test_the_kit_is_the_chips_and_every_drum_ends() -> None:
    assert len({drum.note for drum in DRUMS}) == len({drum.midi_note for drum in DRUMS}) == 5
    for drum in DRUMS:
        assert 1 <= drum.note <= 16
        assert 35 <= drum.midi_note <= 81
        assert drum.patch.end is not None
    assert (KICK.midi_note, SNARE.midi_note, HAT.midi_note) == (36, 38, 42)
