"""How often things happen: mended where no hand steers, and only where the sampling is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.latent.decoding import SAMPLING, Sampling
from nesvae_live.log.plain import to_value
from nesvae_live.model.song.memory import SongState
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.model.song.steering.leaning import (
    heard_lately,
    mend_hold,
    mend_note,
    tones_then,
)
from nesvae_live.model.song.steering.marginals import (
    LEAPS,
    UNMENDED,
    by_length,
    by_place,
)
from nesvae_live.model.song.steering.mendtables import MENDS, OF_BEFORE, OF_METRE
from nesvae_live.music.metre.place import N_PLACES, advance_table, place_of
from nesvae_live.music.phrase import LONGEST_HOLD, TUPLES_PER_PHRASE
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

CHECKPOINT = tiny_song_checkpoint()
NO_RECALL = replace(SAMPLING, recalls=False)
IN_METRE_ONLY = replace(NO_RECALL, heeds_metre=False)
BEFORE = replace(IN_METRE_ONLY, calibrated=False)
RECALLED = {"begun", "had", "figure", "phrase"}
FREE, BAR = 0, 1
NOTHING = np.zeros(TINY_SONG.latent, np.float32)
EVERYTHING = np.ones(N_ATTRIBUTES, np.float32)


@pytest.fixture(scope="module")
def critic() -> SongCritic:
    prior = SongPrior(CHECKPOINT.weights, CHECKPOINT.config)
    return SongCritic(SongDecoder(CHECKPOINT), CHECKPOINT.quantiles, prior)


def played(critic: SongCritic, start: SongState, sampling: Sampling) -> list[list[int]]:
    """Four phrases, one after the other."""
    spelt = []
    for index in range(4):
        found = critic.decode(NOTHING, EVERYTHING, start, draws(7, index), sampling)
        spelt += found.symbols.tolist()
        start = replace(found.state(TUPLES_PER_PHRASE), hands=start.hands)
    return spelt


def test_each_table_has_a_number_for_each_of_its_kinds_and_none_is_large() -> None:
    for mends, nothing in (
        (MENDS.metre, set()),
        (MENDS.free, {"place", "begun", "had"}),
        (OF_METRE.metre, RECALLED),
        (OF_METRE.free, {"place"} | RECALLED),
        (OF_BEFORE.metre, {"hold", "leap", "again", "quoting"} | RECALLED),
        (OF_BEFORE.free, set(UNMENDED._fields)),
    ):
        for name, mended, plain in zip(mends._fields, mends, UNMENDED, strict=True):
            assert mended.shape == plain.shape
            assert mended.dtype == np.float32
            assert np.abs(mended).max() <= 2.5
            assert mended.any() != (name in nothing)
            assert not plain.any()


def test_bars_of_three_have_the_first_the_second_and_the_last_beat_and_free_music_no_place() -> (
    None
):
    table = by_place(np.arange(48.0).reshape(4, 12))
    assert table.shape == (N_PLACES,)
    assert table[FREE] == 0
    assert table[place_of(0, 4) :][:48].tolist() == list(range(48))
    assert table[place_of(0, 3) :].tolist() == [*range(24), *range(36, 48)]


def test_longer_holds_are_told_apart_in_three_kinds() -> None:
    table = by_length(np.arange(15.0))
    assert table.shape == (LONGEST_HOLD,)
    assert table.tolist() == [*range(12), *[12] * 4, *[13] * 8, *[14] * 8]


def test_what_a_table_says_is_added_to_the_symbols_it_is_about() -> None:
    c, d, e = 1, 3, 5  # symbols of the first voice, whose lowest note is silence plus one
    symbols = np.zeros((21, 4), np.int64)
    symbols[:20, 0], symbols[:20, 1], symbols[20, 1] = c, c + 12, c + 12
    symbols[:10, 2] = c
    stay, apart = np.array([5, 6, 7], np.float32), np.arange(12, dtype=np.float32) / 100
    kinds = np.zeros(12, np.int64)
    assert heard_lately(symbols, 20, kinds)
    assert not heard_lately(symbols, 5, np.zeros(12, np.int64))  # too few notes for a scale
    heard = np.arange(8, dtype=np.float32) / 10
    one, tones = np.zeros(10, np.float32), np.zeros((2, 12), np.float32)
    leap = np.zeros((3, LEAPS), np.float32)
    tones_then(symbols, 20, heard, tones)
    mend_note(one, 0, symbols, 20, stay, tones, apart, leap)
    assert one[0] == 0  # silence
    assert one[c] == 5
    assert one[d] == heard[kinds[(np.int64(kinds.argmax()) + 2) % 12]]
    assert one[e] in heard[[0, 4]]
    second = np.zeros(40, np.float32)
    symbols[20, 0] = d
    tones_then(symbols, 5, heard, tones)
    assert not tones.any()
    mend_note(second, 1, symbols, 20, stay, tones, apart, leap)
    gap = second[c + 12 : c + 14]
    rest = round(100 * float(gap[0] - 6)), round(100 * float(gap[1]))
    assert (rest[1] - rest[0]) % 12 == 1  # a semitone more


def test_a_move_within_the_scale_is_mended_by_how_far_it_goes() -> None:
    symbols = np.zeros((21, 4), np.int64)
    symbols[:20, 0] = 20 + np.array([0, 2, 4, 5, 7])[np.arange(20) % 5]
    symbols[:20, 1] = symbols[:20, 0]
    nothing, tones = np.zeros(12, np.float32), np.zeros((2, 12), np.float32)
    tones_then(symbols, 20, nothing[:8], tones)
    leap = np.arange(3 * LEAPS, dtype=np.float32).reshape(3, LEAPS) / 100
    one = np.zeros(60, np.float32)
    last = symbols[19, 0]  # a fifth above the first
    mend_note(one, 0, symbols, 20, nothing[:3], tones, nothing, leap)
    assert one[last] == 0
    assert one[last - 2] == leap[0, 2]
    assert one[last + 12] == leap[0, 12]
    assert one[last + 24] == one[last + 17] == leap[0, 0]
    assert one[last + 1] == one[last - 1] == 0  # neither is of the scale
    symbols[19, 0] = 0  # after a rest nothing moves
    mend_note(one := np.zeros(60, np.float32), 0, symbols, 20, nothing[:3], tones, nothing, leap)
    assert not one.any()


def test_a_hold_is_mended_by_where_the_next_tuple_begins() -> None:
    later = advance_table(LONGEST_HOLD)[place_of(45, 4)]
    place = by_place(np.eye(4, 12))
    one = np.zeros(LONGEST_HOLD, np.float32)
    mend_hold(one, later, place, np.zeros(LONGEST_HOLD, np.float32))
    assert one[2] == 1  # three ticks to the bar line
    assert one[0] == 0
    free = advance_table(LONGEST_HOLD)[FREE]
    mend_hold(
        one := np.zeros(LONGEST_HOLD, np.float32), free, place, np.arange(32, dtype=np.float32)
    )
    assert one.tolist() == list(range(32))


def test_it_is_mended_where_no_hand_steers_and_only_if_it_is_calibrated(
    critic: SongCritic,
) -> None:
    hands = NOTHING.copy()
    hands[1] = 1.0
    for place, by, mends in ((BAR, NOTHING, True), (BAR, hands, False), (FREE, NOTHING, True)):
        start = replace(critic.initial_state(place), hands=by)
        assert (played(critic, start, SAMPLING) != played(critic, start, BEFORE)) is mends
    start = replace(critic.initial_state(FREE), hands=NOTHING)
    assert played(critic, start, IN_METRE_ONLY) == played(critic, start, BEFORE)


def test_a_tail_is_as_the_whole_phrase_has_it(critic: SongCritic) -> None:
    start = replace(critic.initial_state(BAR), hands=NOTHING)
    one = replace(SAMPLING, candidates=1)
    for index in range(5):
        whole = critic.decode(NOTHING, EVERYTHING, start, draws(3, index), one)
        cut = replace(whole.state(6), hands=NOTHING)
        tail = critic.decode(NOTHING, EVERYTHING, cut, draws(3, index)[6:], one)
        assert tail.symbols.tolist() == whole.symbols[6:].tolist()
        start = replace(whole.state(TUPLES_PER_PHRASE), hands=NOTHING)


def test_where_it_goes_is_as_before_for_takes_of_before_and_for_what_is_not_mended(
    critic: SongCritic,
) -> None:
    own = SongCritic(
        SongDecoder(CHECKPOINT),
        CHECKPOINT.quantiles,
        SongPrior(CHECKPOINT.weights, CHECKPOINT.config),
        None,
    )
    start, known = critic.initial_state(BAR), NOTHING > 0

    def drawn(by: SongCritic, sampling: Sampling) -> bytes:
        every = [by.compose(start, NOTHING, known, (1, i), sampling)[1] for i in range(8)]
        return np.stack(every).tobytes()

    now = drawn(critic, SAMPLING)
    no_recall, in_metre_only = drawn(critic, NO_RECALL), drawn(critic, IN_METRE_ONLY)
    before = drawn(critic, BEFORE)
    assert before == drawn(own, SAMPLING)
    assert len({now, no_recall, in_metre_only, before}) == 4
    assert not to_value({"temperature": 0.85, "candidates": 2, "stirs": True}, Sampling).calibrated
    assert not to_value({"temperature": 0.85, "calibrated": True}, Sampling).heeds_metre
    assert not to_value({"temperature": 0.85, "heeds_metre": True}, Sampling).recalls
