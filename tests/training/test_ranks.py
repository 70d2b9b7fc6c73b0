"""Several processes that train one model, started by torch's own launcher."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nesvae_live.chip.corpus import Corpus, read_split
from nesvae_live.training import train as training
from nesvae_live.training.bound import Settings
from nesvae_live.training.ranks import Ranks
from nesvae_live.training.run import Run, TrainingError
from nesvae_live.training.train import LOG, STATE
from tests.support.places import ROOT
from tests.support.small_train import SMALL
from tests.support.songs import write_corpus

SETTINGS = Settings(steps=10_000, streams=6, learning_rate=0.05, seed=4, precision="f32")
"""Of both processes: each has half of the streams; they are asked to end long before."""
CHECK, CHECKS = 6, 5


@dataclass
class Cut:
    """A run of two processes that was asked to end: its folder, what was said, its last step."""

    out: Path
    said: str
    step: int


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "ModelConfig", lambda: SMALL)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus on the disk."""
    root = tmp_path_factory.mktemp("nesmdb24_exprsco")
    write_corpus(root)
    return root


@pytest.fixture(scope="module")
def corpus(folder: Path, small: None) -> tuple[Corpus, Corpus]:
    return read_split(folder, "train"), read_split(folder, "valid")


@pytest.fixture(scope="module")
def cut(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Cut:
    """`torchrun --nproc-per-node 2 nesvae-live train` with a small network, asked to end."""
    out = tmp_path_factory.mktemp("cut")
    s = SETTINGS
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"),
            *("-m", "tests.support.small_train", "train", "--data", str(folder), "--out", str(out)),
            *("--steps", str(s.steps), "--streams", str(s.streams), "--seed", str(s.seed)),
            *("--lr", str(s.learning_rate), "--precision", s.precision),
            *("--check-every", str(CHECK), "--quiet"),
        ],
        cwd=ROOT,
        env=os.environ | {"GLOO_SOCKET_IFNAME": "lo", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = ""
        while f"step {CHECK * CHECKS}:" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=60)[0]
    finally:
        process.kill()
        process.wait()
    return Cut(out, said, json.loads((out / LOG).read_text().splitlines()[-1])["step"])


def checks(out: Path) -> list[float]:
    """What each check found, nats a token with carried state."""
    lines = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    return [x["nats_per_token"]["carried"]["value"] for x in lines if "nats_per_token" in x]


def begin(corpus: tuple[Corpus, Corpus], ranks: Ranks | None = None) -> Run:
    return training.begin(SETTINGS, corpus[0], None, "cpu", ranks or Ranks())


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_processes_agree_with_one_that_has_the_doubled_batch(
    cut: Cut, corpus: tuple[Corpus, Corpus]
) -> None:
    run = begin(corpus)
    one: list[float] = []
    while run.step < cut.step:
        run.learn(run.next_batch())
        if run.step % CHECK == 0 and len(one) < CHECKS:
            one.append(training._check(run, corpus[1])["nats_per_token"]["carried"]["value"])
    two = checks(cut.out)[:CHECKS]
    assert two == pytest.approx(one, abs=0.01)
    assert one[0] - one[-1] > 0.2  # there was something to agree on
    resumed = begin(corpus)  # one process goes on where the two were, with all their streams
    resumed.load(cut.out / STATE)
    assert resumed.step == run.step
    assert resumed.carried.numpy() == pytest.approx(run.carried.numpy(), abs=0.05)
    for name, weight in run.average.items():
        assert resumed.average[name].numpy() == pytest.approx(weight.numpy(), abs=0.05), name


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_run_that_is_asked_to_end_keeps_what_it_has_learnt_and_says_so(cut: Cut) -> None:
    said = f"interrupted after step {cut.step}: the same command resumes from there"
    assert f"nesvae-live: {said}" in cut.said


def test_streams_that_cannot_be_shared_are_one_line(corpus: tuple[Corpus, Corpus]) -> None:
    with pytest.raises(TrainingError, match="6 streams can't be shared by 4 processes evenly"):
        begin(corpus, Ranks(0, 4))


def test_the_parts_of_all_processes_are_the_whole() -> None:
    streams = list(range(12))
    assert [x for rank in range(3) for x in streams[Ranks(rank, 3).part(12)]] == streams
