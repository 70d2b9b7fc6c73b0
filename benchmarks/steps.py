"""Train each step of the network's design in an equal budget and measure it on held-out songs.

    python -m benchmarks.steps --data ARCHIVE --out DIR [--minutes M] [--rows NAME ...]
                               [--checkpoint FILE]

The budget is time of this process itself, so that what else the machine does weighs little; one
thread, f32. A row that is already in DIR is not trained again; `table.md` in it is written anew as
each row ends. What needs no training (guidance, candidates) is measured on the checkpoint. Needs
the train extra.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from safetensors.torch import load_file, save_file

from benchmarks.stepfigures import measure_played, measure_row
from benchmarks.variants import (
    Ancestor,
    Blind,
    Fixed,
    FreeBits,
    NoIntervals,
    Smooth,
    Timed,
    TupleSteps,
)
from nesvae_live.chip.corpus import Corpus, read_split
from nesvae_live.evaluation.bootstrap import to_json
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.latent.decoding import SAMPLING
from nesvae_live.model.vae import Vae
from nesvae_live.paths import find_checkpoint
from nesvae_live.training.bound import Bound, Settings
from nesvae_live.training.train import fit

CARRIED = Settings(streams=32, chunk=4, warmup=50, ema=0.99, precision="f32", let_go_any=0.0)
ALONE = replace(CARRIED, streams=128, chunk=1, reset=1.0)
COLUMNS = (
    *("step", "what is new", "steps of training", "no context", "carried", "cross-entropy", "KL"),
    *("knobs, mean / worst", "seams held, P1/P2/TR", "jump", "slerp, largest/mean", "R²"),
)
LET_GO = 1.0
"""How often a row that knows no attributes lets them go."""


@dataclass(frozen=True)
class Row:
    """A row of the table: what is new in it, and what it is made of."""

    name: str
    new: str
    model: Callable[[], Vae]
    settings: Settings
    run: type[Timed] = Timed
    bound: type[Bound] = Bound
    beta: float = 0.1
    raw: str = ""  # the row whose last weights it has, instead of a training of its own

    @property
    def carries(self) -> bool:
        """Whether it knows a past."""
        return self.settings.reset < 1.0

    @property
    def knows_attributes(self) -> bool:
        """Whether it has knobs."""
        return self.settings.let_go < LET_GO


BLIND = replace(CARRIED, let_go=LET_GO)
ROWS = (
    Row(
        "ancestor",
        "the post's network, its fault mended: a step a token, z of 128, 125 nats free",
        Ancestor,
        replace(ALONE, streams=32, let_go=LET_GO),
        FreeBits,
        beta=1.0,
    ),
    Row(
        "tuples",
        "a step a tuple, nested heads",
        TupleSteps,
        replace(ALONE, let_go=LET_GO),
        FreeBits,
        beta=1.0,
    ),
    Row(
        "rate",
        "z of 32 at a rate of 32 nats held by a controller; pooling",
        Blind,
        replace(ALONE, let_go=LET_GO),
    ),
    Row("carried", "the state carried from phrase to phrase", Blind, BLIND),
    Row("attributes", "eight attributes, each let go with 0.2", NoIntervals, CARRIED),
    Row(
        "any-share",
        "any share of the attributes let go in half of the phrases",
        NoIntervals,
        replace(CARRIED, let_go_any=0.5),
    ),
    Row("intervals", "notes scored by their intervals too", Vae, replace(CARRIED, let_go_any=0.5)),
    Row(
        "smooth",
        "a term for an even change along the style",
        Vae,
        replace(CARRIED, let_go_any=0.5),
        bound=Smooth,
    ),
    Row(
        "last-weights",
        "the last weights instead of their moving average (of *intervals*)",
        Vae,
        replace(CARRIED, let_go_any=0.5),
        raw="intervals",
    ),
    Row(
        "fixed-weight",
        "instead of the controller: the KL weighs 0.1 for ever (after *rate*)",
        Blind,
        replace(ALONE, let_go=LET_GO),
        Fixed,
    ),
)
PLAYED = {
    f"guidance-{g}-candidates-{n}": replace(SAMPLING, guidance=float(g), candidates=n)
    for g, n in ((1, 1), (2, 1), (3, 1), (2, 2), (2.5, 2), (2, 4))
}
"""Ways to decode, with the temperature and top-p that ship; measured on the checkpoint."""


def train_row(row: Row, train: Corpus, quantiles: Quantiles, seconds: float, path: Path) -> Any:
    """Train a row for so many seconds and keep its weights; returns what it took."""
    torch.manual_seed(row.settings.seed)
    bound = row.bound(row.model(), row.settings.noise)
    run = row.run(row.settings, train, quantiles, bound, beta=row.beta, seconds=seconds)
    wall = time.monotonic()
    while run.spent() < 1.0:
        parts = run.learn(run.next_batch())
    save_file({k: v.contiguous() for k, v in run.average.items()}, path)
    raw = path.with_suffix(".raw")
    save_file({k: v.contiguous() for k, v in run.model.state_dict().items()}, raw)
    return {
        "steps": run.step,
        "phrases": run.step * row.settings.streams * row.settings.chunk,
        "seconds": time.process_time() - run.began,
        "wall": time.monotonic() - wall,
        "parameters": sum(p.numel() for p in run.model.parameters()),
        **{f"last_{k}": v for k, v in parts.items()},
    }


def write_table(out: Path, names: list[str]) -> None:
    """All rows that are there as Markdown, in the order of the design."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "| --- " * len(COLUMNS) + "|"]
    for name in names:
        path = out / f"{name}.json"
        if path.exists():
            row = json.loads(path.read_text(encoding="utf-8"))
            lines.append("| " + " | ".join(_cells(name, row)) + " |")
    (out / "table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(name: str, row: dict[str, Any]) -> list[str]:
    def figure(path: str, digits: int) -> str:
        value: Any = row
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        value = value.get("value") if isinstance(value, dict) else value
        return "-" if value is None else f"{value:.{digits}f}"

    held = "/".join(figure(f"seam.held.{v}", 2) for v in ("P1", "P2", "TR"))
    return [
        name,
        row["new"],
        figure("training.steps", 0),
        figure("nats.no_context", 3),
        figure("nats.carried", 3),
        figure("nats.cross_entropy", 3),
        figure("nats.kl", 1),
        f"{figure('knob_spearman.mean', 3)} / {figure('knob_spearman.worst', 3)}",
        held,
        figure("seam.jump", 2),
        figure("slerp.max_over_mean", 2),
        figure("slerp.r2", 2),
    ]


def main() -> int:
    """Train and measure what isn't there yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    names = [*(row.name for row in ROWS), *PLAYED]
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=20.0, help="of training, a row")
    parser.add_argument("--rows", nargs="+", choices=names, default=names, metavar="NAME")
    parser.add_argument(
        "--checkpoint", metavar="FILE", help="that guidance and candidates are measured on"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    train, valid = (read_split(arguments.data, split) for split in ("train", "valid"))
    quantiles = fit(train)

    def keep(name: str, figures: dict[str, Any]) -> None:
        (arguments.out / f"{name}.json").write_text(to_json(figures), encoding="utf-8")
        write_table(arguments.out, names)
        print(f"{name}: done", flush=True)

    rows = {row.name: row for row in ROWS}
    for name in arguments.rows:
        if (arguments.out / f"{name}.json").exists():
            continue
        if name in PLAYED:
            path = find_checkpoint(arguments.checkpoint)
            keep(name, {"new": "", **measure_played(path, valid, PLAYED[name])})
            continue
        row, weights = rows[name], arguments.out / f"{name}.safetensors"
        took = arguments.out / f"{row.raw or name}.took.json"
        if row.raw:
            weights = arguments.out / f"{row.raw}.raw"
        elif not took.exists():
            cost = train_row(row, train, quantiles, 60 * arguments.minutes, weights)
            took.write_text(json.dumps(cost), encoding="utf-8")
        model = row.model()
        model.load_state_dict(load_file(weights))
        kind = {"carries": row.carries, "attributes": row.knows_attributes}
        figures = measure_row(model.eval(), valid, quantiles, **kind)
        training = json.loads(took.read_text(encoding="utf-8"))
        keep(name, {"new": row.new, "training": training, **figures})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
