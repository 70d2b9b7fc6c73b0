"""What songs cost, the pointer and the prior, in torch."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live import NesvaeError
from nesvae_live.latent.attributes import measure
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint, save_song_checkpoint
from nesvae_live.model.song.songprior import SongPrior
from nesvae_live.music.phrase import symbols_to_tuples
from tests.support.tinysong import TINY_SONG, tick_songs, tiny_song_checkpoint

torch = pytest.importorskip("torch")

from nesvae_live.evaluation.song.songnats import SongNats, song_nats  # noqa: E402
from nesvae_live.model.song.devicecorpus import DeviceCorpus  # noqa: E402
from nesvae_live.model.song.measuring import Ranks, measure_symbols  # noqa: E402
from nesvae_live.model.song.pointer import agreement, exact_codes, moved_codes  # noqa: E402
from nesvae_live.model.song.song import SongVae  # noqa: E402
from nesvae_live.model.song.songbound import SongSettings  # noqa: E402
from nesvae_live.training.songrun import SongRun, Training  # noqa: E402
from nesvae_live.training.songtrain import BEST, LOG, SETTINGS, train_songs  # noqa: E402

CPU = torch.device("cpu")
CHECKPOINT = tiny_song_checkpoint(0.3)


def model() -> SongVae:
    out = SongVae(TINY_SONG).eval()
    out.load_state_dict({k: torch.from_numpy(v) for k, v in CHECKPOINT.weights.items()})
    return out


def told(
    network: SongVae | None = None, given: int | None = None, *, foreseen: bool = True
) -> SongNats:
    network = network or model()
    torch.manual_seed(0)
    ranks = Ranks(CHECKPOINT.quantiles, CPU)
    return song_nats(
        network, ranks, DeviceCorpus(tick_songs(), CPU), given=given, foreseen=foreseen
    )


def test_shapes_of_the_weights_are_those_of_the_configuration() -> None:
    weights = SongVae(TINY_SONG).state_dict()
    assert {k: tuple(v.shape) for k, v in weights.items()} == TINY_SONG.shapes()


def test_attributes_in_torch_are_those_in_numpy() -> None:
    corpus = tick_songs()
    phrases = corpus.symbols[:65].reshape(5, 13, 4)
    real = np.ones((5, 13), bool)
    real[-1, 4:] = False
    tuples = symbols_to_tuples(phrases.reshape(-1, 4)).reshape(phrases.shape) * real[..., None]
    mine = measure_symbols(torch.from_numpy(phrases), torch.from_numpy(real)).numpy()
    theirs = measure(tuples)
    assert np.allclose(mine, theirs, atol=1e-4, equal_nan=True)
    ranks = Ranks(CHECKPOINT.quantiles, CPU)(torch.from_numpy(theirs).float()).numpy()
    assert np.allclose(ranks, CHECKPOINT.quantiles.to_coordinates(theirs), atol=1e-3)


def test_agreement_counts_the_tuples_before_that_are_equal() -> None:
    codes = torch.tensor([[0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 1, 2, 3, 1]])
    there = torch.ones_like(codes, dtype=torch.bool)
    found = agreement(codes, there, 2)[0]
    assert found[1, 11] == 3  # before the last: 1 2 3, and so before place 11
    assert found[0, 10] == 2
    assert found[0, 9] == 0
    there[0, 9] = False
    assert agreement(codes, there, 2)[0][1, 11] == 1


def test_a_transposed_tuple_agrees_by_its_interval_alone() -> None:
    symbols = torch.tensor([[[20, 10, 0, 3], [22, 10, 0, 3], [25, 14, 0, 3], [27, 14, 0, 3]]])
    moved, exact = moved_codes(symbols), exact_codes(symbols)
    assert moved[0, 1] == moved[0, 3]
    assert exact[0, 1] != exact[0, 3]


def test_every_token_of_every_song_costs_something_and_padding_nothing() -> None:
    figures = told()
    assert figures.tuples.tolist() == tick_songs().lengths.tolist()
    assert (figures.slots > 0).all()
    assert figures.phrases.tolist() == [6, 3, 1]


def test_a_given_voice_costs_nothing() -> None:
    figures = told(given=1)
    assert (figures.slots[:, 1] == 0).all()
    assert (figures.slots[:, [0, 2, 3]] > 0).all()


def test_what_is_not_foreseen_knows_nothing_of_the_phrase_itself() -> None:
    other = model()
    with torch.no_grad():
        other.encoder.out.bias.add_(1.0)  # another style of every phrase
    lonely = 2  # this song is one phrase: nothing before it says anything
    assert told(other).slots[lonely].sum() != told().slots[lonely].sum()
    mine, theirs = (told(network, foreseen=False).slots for network in (None, other))
    assert mine[lonely].tolist() == theirs[lonely].tolist()
    assert (mine[:2].sum(1) != theirs[:2].sum(1)).all()  # the prior hears what was before


def test_music_that_comes_again_is_cheaper_with_its_past() -> None:
    figures = told()
    assert figures.slots[0].sum() < figures.alone[0]


def test_the_live_prior_is_the_torch_models() -> None:
    network, live = model(), SongPrior(CHECKPOINT.weights, TINY_SONG)
    rng = np.random.default_rng(0)
    form, state = live.beginning(), network.prior.initial(1)
    z_all, keys = torch.zeros(1, 0, TINY_SONG.latent), torch.zeros(1, 0, TINY_SONG.keys)
    with torch.no_grad():
        for k in range(TINY_SONG.memory + 2):
            j = min(k, TINY_SONG.memory)
            age = torch.arange(j, 0, -1)[None]
            weights, means, sigmas = network.prior.components(
                state, z_all[:, -j:] if j else z_all, keys[:, -j:] if j else keys, age
            )
            mixture = live.mixture(form)
            assert np.allclose(np.log(mixture.weights), weights[0].numpy(), atol=1e-4)
            assert np.allclose(mixture.means, means[0].numpy(), atol=1e-4)
            assert np.allclose(mixture.sigmas, sigmas[0].exp().numpy(), atol=1e-4)
            z = rng.standard_normal(TINY_SONG.latent).astype(np.float32)
            top = rng.standard_normal(TINY_SONG.hidden).astype(np.float32)
            form = live.after(form, z, top)
            state, key = network.prior.after(
                torch.from_numpy(z[None]), torch.from_numpy(top[None]), state
            )
            z_all = torch.cat((z_all, torch.from_numpy(z[None, None])), 1)
            keys = torch.cat((keys, key[:, None]), 1)


@pytest.mark.slow
def test_training_makes_songs_cheaper() -> None:
    corpus = DeviceCorpus(tick_songs(), CPU)
    ranks = Ranks(CHECKPOINT.quantiles, CPU)
    run = SongRun(steps=30, streams=3, chunk=2, warmup=5, learning_rate=0.01, precision="f32")
    training = Training(run, SongSettings(past=60), corpus, ranks, model().train())
    costs = []
    for step in range(30):
        training.learn(step / 30)
        costs.append(training.report()["tokens"])
    assert np.mean(costs[-5:]) < np.mean(costs[:5])


@pytest.mark.slow
def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    corpus = tick_songs()
    told_as = SongSettings(past=60)
    whole = SongRun(steps=6, streams=2, chunk=2, precision="f32")
    logs = {}
    for name, limits in (("whole", (None,)), ("parts", (3, None))):
        for limit in limits:
            figures = train_songs(
                whole, told_as, corpus, corpus, tmp_path / name, config=TINY_SONG, most=limit
            )
        logs[name] = figures
    assert logs["whole"] == logs["parts"]
    one, other = (load_song_checkpoint(tmp_path / name / BEST) for name in logs)
    assert all((one.weights[k] == other.weights[k]).all() for k in one.weights)
    assert one.about["data_sha256"] == corpus.sha256


def test_another_runs_folder_is_refused(tmp_path: Path) -> None:
    corpus, told_as = tick_songs(), SongSettings(past=60)
    run = SongRun(steps=1, streams=2, chunk=2, precision="f32")
    train_songs(run, told_as, corpus, corpus, tmp_path, config=TINY_SONG)
    other = replace(run, learning_rate=1.0)
    with pytest.raises(NesvaeError, match="other settings"):
        train_songs(other, told_as, corpus, corpus, tmp_path, config=TINY_SONG)


def test_a_run_is_made_longer_by_more_steps_and_goes_on(tmp_path: Path) -> None:
    corpus, told_as = tick_songs(), SongSettings(past=60)
    run = SongRun(steps=2, streams=2, chunk=2, precision="f32")
    train_songs(run, told_as, corpus, corpus, tmp_path, config=TINY_SONG)
    train_songs(replace(run, steps=4), told_as, corpus, corpus, tmp_path, config=TINY_SONG)
    steps = [json.loads(line)["step"] for line in (tmp_path / LOG).read_text().splitlines()]
    assert steps == [2, 4]
    assert json.loads((tmp_path / SETTINGS).read_text())["run"]["steps"] == 4
    with pytest.raises(NesvaeError, match="is at step 4 already"):
        train_songs(replace(run, steps=3), told_as, corpus, corpus, tmp_path, config=TINY_SONG)


def test_a_run_from_a_checkpoint_begins_as_that_and_keeps_what_its_knobs_mean(
    tmp_path: Path,
) -> None:
    corpus, told_as = tick_songs(), SongSettings(past=60)
    path = tmp_path / "first.safetensors"
    save_song_checkpoint(path, tiny_song_checkpoint(scale=0.3))
    first = load_song_checkpoint(path)
    run = SongRun(steps=2, streams=2, chunk=2, precision="f32", learning_rate=1e-3, warmup=1)
    train_songs(run, told_as, corpus, corpus, tmp_path / "run", init=first)
    lines = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text().splitlines()]
    assert [line["step"] for line in lines] == [0, 2]
    best = load_song_checkpoint(tmp_path / "run" / BEST)
    assert best.config == first.config
    assert (best.quantiles.values == first.quantiles.values).all()
    assert best.about["init_sha256"] == first.sha256
    with pytest.raises(NesvaeError, match="other settings"):
        train_songs(run, told_as, corpus, corpus, tmp_path / "run", config=TINY_SONG)
    for name in ("decoder.gru.weight_hh_l0", "encoder.out.weight"):
        assert np.abs(best.weights[name] - first.weights[name]).max() < 0.02
