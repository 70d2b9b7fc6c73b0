"""Time the live decoder beside the ancestor's: seconds a phrase of 52 tokens, in one run.

    python benchmarks/decode.py [--checkpoint FILE] [--phrases N] [--audio] [--json]

The ancestor is the post's decoder written anew: a GRU of 2 x 512 in torch eager, one step a token,
52 steps a phrase, z of 128 beside the embedding at each step. The torch row is this project's own
model, one step a tuple, eager, guided. `live` is one candidate without guidance and without a past;
with a long past it has 1,024 tuples to point at, and so has what follows.
`as shipped` is what `play` asks for when a knob is set: several candidates, guided, judged. Rows
take turns phrase by phrase, so that a machine that slows down slows all of them; everything runs on
one thread. A tuple is a 13th of its phrase; the last row decodes one tuple and no more. With
`--audio` the chip plays four voices beside it, through a JACK server started for it. Needs the
train extra.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import Tensor, nn

from nesvae_live.bench.case import BEGINS, READY, Case
from nesvae_live.bench.server import bench_server
from nesvae_live.engine.phrases.inference import draws
from nesvae_live.io.realtime import realtime_granted
from nesvae_live.latent.decoding import SAMPLING, Sampling
from nesvae_live.model.song.song import SongVae
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.model.song.songconfig import PAST
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.songsampling import nothing_played, sample_songs
from nesvae_live.music.metre.place import place_of
from nesvae_live.music.phrase import TOKENS_PER_PHRASE, TUPLES_PER_PHRASE, VOCABULARY
from nesvae_live.paths import find_checkpoint

PLAIN = Sampling(0.9, 0.95)
ONE_TUPLE = "one tuple, as shipped"
AUDIO_FRAMES = 256


class Ancestor(nn.Module):
    """The post's decoder: one step of a GRU of 2 x 512 for each of 52 tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY + 1, 128)
        self.gru = nn.GRU(128 + 128, 512, num_layers=2, batch_first=True)
        self.out = nn.Linear(512, VOCABULARY)

    @torch.no_grad()
    def decode(self, z: Tensor) -> list[int]:
        """Sample 52 tokens from z `[1, 128]`."""
        state = torch.zeros(2, 1, 512)
        token = torch.tensor([VOCABULARY])
        tokens = []
        for _ in range(TOKENS_PER_PHRASE):
            x = torch.cat((self.embed(token), z), -1)[:, None]
            y, state = self.gru(x, state)
            token = torch.multinomial(torch.softmax(self.out(y[:, 0]), -1), 1)[:, 0]
            tokens.append(int(token))
        return tokens


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--checkpoint", help="default: the shipped one")
    parser.add_argument("--phrases", type=int, default=200)
    parser.add_argument("--audio", action="store_true", help="while the chip plays through JACK")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = candidates(arguments.checkpoint)
    rows: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run(0)
    with _audio() if arguments.audio else nullcontext():
        for index in range(arguments.phrases):
            for name, run in runs.items():
                began = time.perf_counter()
                run(index)
                rows[name].append(time.perf_counter() - began)
    figures = {
        name: {f"p{q}": float(np.percentile(seconds, q)) * 1e3 for q in (50, 95, 99)}
        for name, seconds in rows.items()
    }
    ratio = np.asarray(rows["ancestor"]) / np.asarray(rows["live"])
    low, value, high = np.percentile(ratio, (2.5, 50, 97.5))
    speedup = {"value": value, "low": low, "high": high, "n": len(ratio)}
    if arguments.json:
        print(json.dumps({"ms_per_phrase": figures, "ancestor_over_live": speedup}))
        return 0
    print(f"{'ms a phrase':<22}{'p50':>8}{'p95':>8}{'p99':>8}{'a tuple: p50':>14}{'p99':>8}")
    for name, row in figures.items():
        n = 1 if name == ONE_TUPLE else TUPLES_PER_PHRASE
        print(
            f"{name:<22}"
            + "".join(f"{value:8.2f}" for value in row.values())
            + f"{row['p50'] / n:14.3f}{row['p99'] / n:8.3f}"
        )
    print(
        f"ancestor / live, pair by pair: median {value:.1f} (95 % of pairs {low:.1f} to {high:.1f})"
    )
    return 0


def candidates(checkpoint_name: str | None) -> dict[str, Callable[[int], object]]:
    """Name -> what decodes phrase `index`."""
    checkpoint = load_song_checkpoint(find_checkpoint(checkpoint_name))
    live = SongDecoder(checkpoint)
    critic = SongCritic(live, checkpoint.quantiles)
    model = SongVae(checkpoint.config).eval()
    model.load_state_dict({k: torch.from_numpy(v) for k, v in checkpoint.weights.items()})
    rng = np.random.default_rng(0)
    z = rng.standard_normal(checkpoint.config.latent).astype(np.float32)
    mask = np.ones(8, np.float32)
    zm = torch.from_numpy(np.concatenate((z, mask)))[None]
    ancestor = Ancestor().eval()
    z_ancestor = torch.randn(1, 128)
    origin = nothing_played(model, 1, torch.tensor([place_of(0, 4)]))
    fresh = live.initial_state(place_of(0, 4))
    played = fresh
    while len(played.memory) < PAST:  # a performance of some minutes
        index = len(played.memory)
        played = live.decode(z, mask, played, draws(1, index), PLAIN).state(TUPLES_PER_PHRASE)

    def eager(index: int) -> object:
        uniforms = torch.from_numpy(draws(0, index)[None])
        return sample_songs(model, zm, origin, uniforms, SAMPLING)

    def shipped(index: int, tuples: int = TUPLES_PER_PHRASE) -> object:
        return critic.decode(z, mask, played, draws(0, index)[:tuples], SAMPLING)

    return {
        "ancestor": lambda _: ancestor.decode(z_ancestor),
        "torch, by tuple": eager,
        "live": lambda index: live.decode(z, mask, fresh, draws(0, index), PLAIN),
        "live, long past": lambda index: live.decode(z, mask, played, draws(0, index), PLAIN),
        "live, as shipped": shipped,
        ONE_TUPLE: lambda index: shipped(index, 1),
    }


@contextmanager
def _audio() -> Iterator[None]:
    """The chip plays, through a JACK server, in processes of its own."""
    with bench_server(None, AUDIO_FRAMES, realtime=realtime_granted()) as (name, _, _):
        case = Case("chip", loaded=False, seconds=3600.0)
        command = [sys.executable, "-m", "nesvae_live.bench.case", json.dumps(asdict(case))]
        environment = {**os.environ, "JACK_DEFAULT_SERVER": name}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            try:
                said = [process.stdout.readline().strip() for _ in range(2)]
                if said != [READY, BEGINS]:
                    raise SystemExit("the chip does not play; what it said is above")
                yield
            finally:
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
