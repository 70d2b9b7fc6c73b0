"""The live decoder of format 3: equal to the torch model, and what else it promises."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.engine.phrases.inference import draws
from nesvae_live.latent.attributes import CONSONANT, N_ATTRIBUTES
from nesvae_live.latent.decoding import Ending, Sampling
from nesvae_live.latent.given import OPEN, Given
from nesvae_live.latent.harmony import Harmony
from nesvae_live.model.song.memory import Memory
from nesvae_live.model.song.songconfig import PAST, YOURS
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.steering.chording import lead_to, resolve
from nesvae_live.model.song.steering.ending import LastChord
from nesvae_live.model.song.steering.quote import CEILING, agreement, heed, quote_to_odds
from nesvae_live.music.key import Key
from nesvae_live.music.metre.place import FREE, place_of
from nesvae_live.music.phrase import SLOTS, TUPLES_PER_PHRASE, Ints, symbols_to_tuples
from nesvae_live.music.voices import Voice
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint

F32 = NDArray[np.float32]
CHECKPOINT = tiny_song_checkpoint()
GUIDED = Sampling(temperature=0.9, top_p=0.95, guidance=2.5)
BASS = tuple((OPEN, OPEN, note) for note in (*[40] * 7, *[0] * 5, *[52] * 40, *[45] * 3))
LEAD = tuple((note, OPEN, 40 + i) for i, note in enumerate((70, 0, 65)) for _ in range(9))
ENDS = (*[(60, 50, OPEN)] * 20, (OPEN, 50, OPEN))
CASES = [
    (Sampling(), 0.0, (), (), FREE, 1),
    (GUIDED, 0.0, (), (), place_of(5, 4), 1),
    (GUIDED, 2.0, (), (), place_of(0, 3), 3),
    (GUIDED, -3.0, BASS, (2,), place_of(0, 4), 1),
    (GUIDED, 1.0, LEAD, (2,), place_of(1, 4), 1),
    (GUIDED, 0.0, ENDS, (0, 1), place_of(9, 3), 1),
    (Sampling(temperature=0.8), 1.0, ((OPEN, 0, 51),), (), place_of(47, 4), 1),
    (GUIDED, 1.0, (), (), place_of(6, 4), 6),
]


def track_of(notes: tuple[tuple[int, int, int], ...], known: tuple[int, ...]) -> Ints | None:
    """Given notes, tick by tick, as the decoder reads them."""
    return Given(np.array(notes), np.isin([0, 1, 2], known)).track() if notes else None


@pytest.fixture(scope="module")
def decoder() -> SongDecoder:
    return SongDecoder(CHECKPOINT)


def random_z(rng: np.random.Generator) -> tuple[F32, F32]:
    z = rng.standard_normal(TINY_SONG.latent).astype(np.float32)
    mask = (rng.random(N_ATTRIBUTES) < 0.5).astype(np.float32)
    mask[0] = 1.0
    return z, mask


@pytest.mark.slow
@pytest.mark.parametrize(("sampling", "odds", "notes", "known", "place", "cell"), CASES)
def test_the_tokens_are_the_torch_models_phrase_after_phrase(
    decoder: SongDecoder,
    sampling: Sampling,
    odds: float,
    notes: tuple[tuple[int, int, int], ...],
    known: tuple[int, ...],
    place: int,
    cell: int,
) -> None:
    torch = pytest.importorskip("torch")
    from nesvae_live.model.song.song import SongVae
    from nesvae_live.model.song.songsampling import nothing_played, sample_songs

    model = SongVae(TINY_SONG).eval()
    model.load_state_dict({k: torch.from_numpy(v) for k, v in CHECKPOINT.weights.items()})
    state, standing = decoder.initial_state(place), nothing_played(model, 1, torch.tensor([place]))
    track = track_of(notes, known)
    rng = np.random.default_rng(6)
    for index in range(12):
        state = replace(state, cell=cell, given=track)
        z, mask = random_z(rng)
        uniforms = draws(12, index)
        decoded = decoder.decode(z, mask, state, uniforms, sampling, odds=odds)
        zm = np.concatenate((z[:N_ATTRIBUTES] * mask, z[N_ATTRIBUTES:], mask))
        expected, standing = sample_songs(
            model,
            torch.from_numpy(zm[None]),
            standing,
            torch.from_numpy(uniforms[None]),
            sampling,
            odds=odds,
            track=track,
            cell=cell,
        )
        assert decoded.symbols.tolist() == expected[0].tolist()
        state = decoded.state(TUPLES_PER_PHRASE)
        assert np.abs(state.hidden - standing.state[:, 0].numpy()).max() < 1e-4
        assert state.place == int(standing.place[0])
        assert len(state.memory) == len(standing.past.places[0])


@pytest.mark.parametrize(
    ("place", "cell"), [(place_of(0, 4), 3), (place_of(12, 4), 12), (FREE, 6), (place_of(9, 3), 3)]
)
def test_where_tuples_begin_on_lines_alone_each_ends_on_one(
    decoder: SongDecoder, place: int, cell: int
) -> None:
    rng = np.random.default_rng(8)
    state = replace(decoder.initial_state(place), cell=cell)
    for index in range(6):
        z, mask = random_z(rng)
        decoded = decoder.decode(z, mask, state, draws(3, index), GUIDED, odds=2.0)
        assert ((decoded.symbols[:, 3] + 1) % cell == 0).all()
        state = replace(decoded.state(TUPLES_PER_PHRASE), cell=cell)


def test_a_last_chord_begins_on_its_tick_and_lasts_to_the_end(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(9)
    for index in range(8):
        z, mask = random_z(rng)
        start = decoder.initial_state(place_of(0, 4))
        ending = Ending(int(rng.integers(50, 100)), 48, Key(2, "minor"))
        chord = LastChord.of(ending, np.zeros((0, SLOTS), np.int64))
        spelt = draws(4, index)[None]
        (found,) = decoder.decode_many(z, mask, start, spelt, GUIDED, chord=chord)
        begins = np.concatenate(([0], np.cumsum(found.symbols[:, 3] + 1)))
        if begins[-1] < ending.ticks:  # the next phrase has it
            continue
        first = begins.tolist().index(ending.ticks - 48)
        tuples = symbols_to_tuples(found.symbols)[first:]
        assert begins[first + 2] == ending.ticks  # 48 ticks are two tuples
        assert (tuples[0, :3] == tuples[1, :3]).all()
        assert tuples[0, 2] % 12 == 2
        assert set((tuples[0, :2] % 12).tolist()) <= {2, 5, 9}


@pytest.mark.parametrize("tick", [None, 0, 5])
def test_a_harmony_is_heard_on_beats_and_its_scale_between(
    decoder: SongDecoder, tick: int | None
) -> None:
    rng = np.random.default_rng(9)
    harmony = Harmony((0, 4, 9), (0, 2, 4, 5, 7, 9, 11), (0, 0, -2), tick)
    state = replace(
        decoder.initial_state(place_of(0, 4)), given=track_of(((70, OPEN, OPEN),), (0,))
    )
    plain = 0
    for index in range(6):
        z, mask = random_z(rng)
        drawn = draws(5, index)
        decoded = decoder.decode(z, mask, replace(state, harmony=harmony), drawn, GUIDED, odds=1.0)
        without = decoder.decode(z, mask, state, drawn, GUIDED, odds=1.0)
        plain += int((symbols_to_tuples(without.symbols)[:, 1] % 12 == 1).sum())
        begin = 0 if tick is None else tick
        for *_, p2, tr, held in symbols_to_tuples(decoded.symbols):
            for note in {p2, tr - 2 if tr else 0} - {0}:
                assert note % 12 in harmony.scale
                line = begin % 12 == 0 or begin // 12 < (begin + held - 1) // 12
                if tick is None or line:
                    assert note % 12 in harmony.chord
            begin += held
    assert plain, "the network alone leaves the scale"


def test_how_often_a_voice_rests_or_moves_is_left_to_the_network() -> None:
    one = np.log(np.array([0.3, *[0.05] * 6, 0.2, *[0.05] * 4], np.float32))
    may = np.zeros(12, np.int64)
    may[[0, 4, 7]] = 1
    before = np.exp(one)
    lead_to(one, Voice.P1, 4, may, np.float32(0))  # symbol 4 is C2
    after = np.exp(one)
    assert after.sum() == pytest.approx(before.sum(), rel=1e-5)
    assert after[0] == pytest.approx(before[0])
    assert after[4] == pytest.approx(before[4]), "what would move moves"
    assert np.flatnonzero(after > 1e-6).tolist() == [0, 4, 8, 11]


def test_a_strange_note_is_held_to_the_beat_at_most() -> None:
    holds = np.log(np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    resolve(holds, 2)
    assert np.exp(holds) == pytest.approx([0.1, 0.9, 0.0, 0.0], rel=1e-5)
    nothing = np.full(4, -2e4, np.float32)
    resolve(nothing, 2)
    assert (nothing == -2e4).all()


def test_a_voice_enters_where_it_is_to(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(4)
    line = tuple((0, OPEN, OPEN) for _ in range(17))
    for index in range(12):
        z, mask = random_z(rng)
        track = track_of((*line, *[(OPEN, OPEN, OPEN)] * 40), (0,))
        state = replace(decoder.initial_state(1), given=track, enters=(17, -1, -1))
        decoded = decoder.decode(z, mask, state, draws(6, index), GUIDED, odds=1.0)
        begins = np.concatenate(([0], np.cumsum(decoded.symbols[:, 3] + 1)))
        assert decoded.symbols[begins.tolist().index(17), 0] > 0
        assert not decoded.symbols[: begins.tolist().index(17), 0].any()


def test_what_no_hand_has_set_is_not_guided(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(8)
    z, mask = random_z(rng)
    state = decoder.decode(z, mask, decoder.initial_state(1), draws(3, 0), GUIDED).state(13)
    plain = Sampling(temperature=0.9, top_p=0.95)
    none, all_ = np.zeros_like(mask), mask

    def spelt(sampling: Sampling, hands: F32 | None) -> list[list[int]]:
        drawn = draws(3, 1)[None]
        found = decoder.decode_many(z, mask, state, drawn, sampling, hands=hands)
        return [list(row) for row in found[0].symbols.tolist()]

    assert spelt(GUIDED, none) == spelt(plain, None)
    assert spelt(GUIDED, all_) == spelt(GUIDED, None)
    assert spelt(GUIDED, all_) != spelt(plain, None)


def test_a_tail_is_what_the_whole_phrase_would_have_been(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(1)
    z, mask = random_z(rng)
    state = decoder.decode(z, mask, decoder.initial_state(1), draws(3, 0), GUIDED).state(13)
    whole = decoder.decode(z, mask, state, draws(3, 1), GUIDED)
    for k in (0, 1, 6, 12):
        tail = decoder.decode(z, mask, whole.state(k), draws(3, 1)[k:], GUIDED)
        # The hidden state of the released branch is not kept over a splice; the first draw of a
        # tail starts both branches from the state that is.
        assert tail.symbols.shape == (13 - k, SLOTS)
    alone = Sampling(temperature=0.9, top_p=0.95)
    whole = decoder.decode(z, mask, state, draws(3, 1), alone)
    for k in (0, 1, 6, 12):
        tail = decoder.decode(z, mask, whole.state(k), draws(3, 1)[k:], alone)
        assert tail.symbols.tolist() == whole.symbols[k:].tolist()


@pytest.mark.parametrize(
    ("notes", "known"), [(BASS, (2,)), (LEAD, (0, 2)), (LEAD, (0,)), (ENDS, (0, 1))]
)
def test_given_voices_play_what_was_given_to_the_tick_and_a_tail_too(
    decoder: SongDecoder, notes: tuple[tuple[int, int, int], ...], known: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(2)
    z, mask = random_z(rng)
    alone = Sampling(temperature=0.9, top_p=0.95)
    track = track_of(notes, known)
    assert track is not None
    start = replace(decoder.initial_state(1), given=track)
    whole = decoder.decode(z, mask, start, draws(1, 1), alone)
    begins = np.concatenate(([0], np.cumsum(whole.symbols[:, 3] + 1)))
    played = np.repeat(whole.symbols[:, :3], whole.symbols[:, 3] + 1, 0)
    at = np.minimum(np.arange(len(played)), len(track) - 1)
    for voice in known:
        fixed = track[at, voice] < YOURS[voice]
        assert (played[fixed, voice] == track[at, voice][fixed]).all()
    for k in (1, 6, 12):
        rest = track[min(begins[k], len(track) - 1) :]
        state = replace(whole.state(k), given=rest)
        tail = decoder.decode(z, mask, state, draws(1, 1)[k:], alone)
        assert tail.symbols.tolist() == whole.symbols[k:].tolist()


def test_a_note_that_nobody_knows_the_end_of_stays(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(2)
    z, mask = random_z(rng)
    track = track_of(((60, OPEN, 0),), ())
    state = replace(decoder.initial_state(), given=track)
    decoded = decoder.decode(z, mask, state, draws(1, 1), GUIDED)
    assert (decoded.symbols[:, 0] == 60 - 33 + 1).all()
    assert (decoded.symbols[:, 2] == 0).all()


def test_candidates_that_are_spelt_together_are_what_each_is_alone(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(3)
    z, mask = random_z(rng)
    state = decoder.decode(z, mask, decoder.initial_state(1), draws(3, 0), GUIDED).state(13)
    uniforms = np.stack([draws(5, i) for i in range(3)])
    together = decoder.decode_many(z, mask, state, uniforms, GUIDED)
    for one, drawn in zip(together, uniforms, strict=True):
        alone = decoder.decode(z, mask, state, drawn, GUIDED)
        assert one.symbols.tolist() == alone.symbols.tolist()


def test_what_is_remembered_is_no_more_than_the_past_that_can_be_pointed_at() -> None:
    memory = Memory.empty(2)
    part = np.zeros((100, SLOTS), np.int64)
    for _ in range(12):
        memory = memory.then(part, 1, np.zeros((100, 2), np.float32))
    assert len(memory) == PAST
    assert memory.ticks[-1] == 1199
    assert memory.places[-1] == place_of(1199 % 48 - 1100 % 48, 4)


def test_the_further_knobs_ask_for_something_else_the_less_is_quoted() -> None:
    assert quote_to_odds(0.5) == 0.0
    assert quote_to_odds(0.0) == -quote_to_odds(1.0)
    assert heed(1.0, 0.3) == 1.0
    assert heed(quote_to_odds(1.0), 0.0) == CEILING
    assert heed(1.0, 2.0) < heed(1.0, 1.0) < 1.0


def test_the_critic_keeps_a_candidate_that_the_decoder_spells(decoder: SongDecoder) -> None:
    critic = SongCritic(decoder, CHECKPOINT.quantiles)
    rng = np.random.default_rng(4)
    z, mask = random_z(rng)
    state = critic.initial_state(1)
    three = Sampling(temperature=0.9, guidance=2.0, candidates=3)
    first = critic.decode(z, mask, state, draws(1, 0), three)
    again = critic.decode(z, mask, state, draws(1, 0), three)
    assert first.symbols.tolist() == again.symbols.tolist()
    free = critic.decode(z, 0 * mask, state, draws(1, 0), three)
    assert free.symbols.shape == (TUPLES_PER_PHRASE, SLOTS)


def test_what_is_given_is_consonant_with_what_is_written_and_more_so_if_it_is_played() -> None:
    assert agreement(None) == (0.0, 1.0)
    known, played = track_of(BASS, (2,)), track_of(((60, OPEN, OPEN),), ())
    odds, left = agreement(known)
    assert odds > 0.0
    assert left == 1.0
    assert 0.0 < agreement(played)[1] < 1.0


def test_notes_that_agree_with_a_given_one_are_spoken_for(decoder: SongDecoder) -> None:
    rng = np.random.default_rng(2)
    shares = []
    hows: list[dict[str, Any]] = [{}, {"agree": 4.0}, {"strange": 0.0}]
    for how in hows:
        good = []
        for index in range(6):
            z, mask = random_z(rng)
            start = replace(decoder.initial_state(), given=track_of(((60, OPEN, OPEN),), ()))
            drawn = draws(1, index)[None]
            (found,) = decoder.decode_many(z, mask, start, drawn, Sampling(), **how)
            notes = symbols_to_tuples(found.symbols)[:, 1:3]
            good += [CONSONANT[abs(n - 60) % 12] for n in notes[notes > 0].tolist()]
        shares.append(np.mean(good))
    assert shares[1] > shares[0] + 0.2
    assert shares[2] == 1.0
