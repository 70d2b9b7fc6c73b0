"""The live decoder and encoder: equal to the torch model, and what else they promise."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from nesvae_live.engine.inference import draws
from nesvae_live.latent.decoding import START, Sampling
from nesvae_live.model.decoder import Decoder
from nesvae_live.model.encoder import Encoder
from nesvae_live.music.phrase import SLOT_TABLE, symbols_to_tuples, tuples_to_phrase
from tests.support.tiny import TINY, tiny_checkpoint

SAMPLINGS = [
    Sampling(),
    Sampling(temperature=0.7),
    Sampling(temperature=1.3, top_p=0.9),
    Sampling(temperature=0.9, top_p=0.5),
    Sampling(temperature=0.9, top_p=0.95, guidance=2.5),
]


def random_z(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    z = rng.standard_normal(8 + TINY.style).astype(np.float32)
    return z, (rng.random(8) < 0.5).astype(np.float32)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_the_tokens_are_the_torch_models_phrase_after_phrase(sampling: Sampling) -> None:
    torch = pytest.importorskip("torch")
    from nesvae_live.model.vae import Vae, condition, sample, start_tuple

    checkpoint = tiny_checkpoint()
    model = Vae(TINY).eval()
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    decoder = Decoder(checkpoint)
    state, hidden = decoder.initial_state(), model.decoder.initial_state(1)
    previous = start_tuple(1)
    rng = np.random.default_rng(5)
    for index in range(40):
        z, mask = random_z(rng)
        uniforms = draws(11, index)
        decoded = decoder.decode(z, mask, state, uniforms, sampling)
        zm = condition(*(torch.from_numpy(x[None]) for x in (z[:8], z[8:], mask)))
        expected, hidden = sample(
            model.decoder,
            zm,
            previous,
            hidden,
            torch.from_numpy(uniforms[None]),
            sampling,
        )
        assert np.array_equal(decoded.symbols, expected[0].numpy())
        state, previous = decoded.state(13), expected[:, -1]
        assert np.allclose(state.hidden, hidden[:, 0].numpy(), atol=1e-3)


@pytest.mark.parametrize("count", [1, 7, 13])
def test_the_encoder_is_the_torch_models(count: int) -> None:
    torch = pytest.importorskip("torch")
    from nesvae_live.model.vae import Vae

    checkpoint = tiny_checkpoint(scale=0.3)
    model = Vae(TINY).eval()
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    rng = np.random.default_rng(count)
    symbols = rng.integers(0, 32, (13, 4))
    symbols[count:] = 0
    mu, log_sigma = Encoder(checkpoint).encode(symbols, count)
    with torch.no_grad():
        expected = model.encoder(torch.from_numpy(symbols[None]), torch.tensor([count]))
    assert np.allclose(mu, expected[0][0].numpy(), atol=1e-5)
    assert np.allclose(log_sigma, expected[1][0].numpy(), atol=1e-5)


def test_untrained_weights_spell_legal_phrases() -> None:
    decoder = Decoder(tiny_checkpoint(scale=5.0))
    rng = np.random.default_rng(0)
    n = np.array([slot.n_symbols for slot in SLOT_TABLE])
    state = decoder.initial_state()
    for index in range(50):
        decoded = decoder.decode(*random_z(rng), state, draws(0, index), SAMPLINGS[index % 4])
        assert ((decoded.symbols >= 0) & (decoded.symbols < n)).all()
        phrase = tuples_to_phrase(symbols_to_tuples(decoded.symbols))
        assert len(phrase.tokens) == 52
        state = decoded.state(13)


def test_a_tail_decoded_from_a_kept_state_is_the_same_tail() -> None:
    decoder = Decoder(tiny_checkpoint())
    z, mask = random_z(np.random.default_rng(1))
    uniforms = draws(3, 0)
    whole = decoder.decode(z, mask, decoder.initial_state(), uniforms, SAMPLINGS[2])
    for cut in (0, 1, 6, 12):
        tail = decoder.decode(z, mask, whole.state(cut), uniforms[cut:], SAMPLINGS[2])
        assert np.array_equal(tail.symbols, whole.symbols[cut:])
        assert np.array_equal(tail.hidden[-1], whole.hidden[-1])


def test_a_state_before_the_first_tuple_is_the_start() -> None:
    decoder = Decoder(tiny_checkpoint())
    z, mask = random_z(np.random.default_rng(1))
    decoded = decoder.decode(z, mask, decoder.initial_state(), draws(0, 0), Sampling())
    assert decoded.state(0).previous == START
    assert (decoded.state(0).hidden == 0).all()


def test_an_attribute_that_is_released_has_no_effect() -> None:
    decoder = Decoder(tiny_checkpoint())
    rng = np.random.default_rng(2)
    z, _ = random_z(rng)
    other = z.copy()
    other[:8] = rng.standard_normal(8)
    released = np.zeros(8, np.float32)
    one, two = (
        decoder.decode(x, released, decoder.initial_state(), draws(0, 0), Sampling())
        for x in (z, other)
    )
    assert np.array_equal(one.symbols, two.symbols)
    set_ = np.ones(8, np.float32)
    three = decoder.decode(other, set_, decoder.initial_state(), draws(0, 0), Sampling())
    assert not np.array_equal(one.hidden[-1], three.hidden[-1])


def test_a_low_top_p_is_greedy_whatever_is_drawn() -> None:
    decoder = Decoder(tiny_checkpoint())
    z, mask = random_z(np.random.default_rng(4))
    greedy = [
        decoder.decode(z, mask, decoder.initial_state(), draws(seed, 0), Sampling(1.0, 1e-6))
        for seed in range(3)
    ]
    assert np.array_equal(greedy[0].symbols, greedy[1].symbols)
    assert np.array_equal(greedy[0].symbols, greedy[2].symbols)


def test_decoding_lets_other_threads_run() -> None:
    """A thread that counts goes on counting while a long decode runs."""
    decoder = Decoder(tiny_checkpoint())
    decoder.warm_up()
    z, mask = random_z(np.random.default_rng(4))
    uniforms = np.tile(draws(0, 0), (20_000, 1))
    done = threading.Event()
    spans: list[float] = []

    def decode() -> None:
        began = time.perf_counter()
        decoder.decode(z, mask, decoder.initial_state(), uniforms, Sampling())
        spans.append(time.perf_counter() - began)
        done.set()

    worker = threading.Thread(target=decode)
    ticks = 0
    worker.start()
    while not done.is_set():
        ticks += 1
    worker.join()
    assert spans[0] > 0.05, "too short a decode to tell"
    assert ticks > 1000
