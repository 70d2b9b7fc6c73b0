"""All figures of a drummer, beside the songs' own and those of the rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nesvae_live.evaluation.bootstrap import interval, sum_by_song
from nesvae_live.evaluation.drumming.drumfigures import (
    again_figures,
    bar_figures,
    fill_figures,
    joint_figures,
)
from nesvae_live.evaluation.drumming.drumplay import play_by_rule, play_parts
from nesvae_live.model.drums.cells import LENGTHS, NO_BAR, NO_STROKE, Cell
from nesvae_live.model.drums.drumfile import DrumFile
from nesvae_live.model.drums.drummer import CALM, LEAST
from nesvae_live.model.drums.drumnet import DrumNet, Ticks, nats_of
from nesvae_live.model.drums.drumtable import DrumTable
from nesvae_live.model.drums.fills import ends_section
from nesvae_live.model.drums.reading import FILLED, PLAIN

Bytes = NDArray[np.uint8]
RULE_LEVEL = 0.75
"""Where the rule's knob stands."""


def evaluate_drummer(
    drummer: DrumFile,
    table: DrumTable,
    *,
    calm: float = CALM,
    least: float = LEAST,
    seed: int = 0,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a drummer on the drummed parts of held-out songs, told their other voices alone.

    Returns:
        `nats` (everything before each tick known); by who drums (`songs` as the kit has them,
        `drummer`, `rule`) what is in `drumfigures`; and `fill_knob`, the fills at its two ends.
    """
    say("the songs' own kinds")
    truth = table.with_kinds(drummer.kit)
    say("nats")
    figures: dict[str, Any] = {"nats": _nats(drummer, table, truth)}
    ways: dict[str, Callable[[], Bytes]] = {
        "songs": lambda: truth,
        "drummer": lambda: play_parts(drummer, table, calm=calm, least=least, seed=seed),
        "rule": lambda: play_by_rule(table, RULE_LEVEL, seed),
    }
    for name, way in ways.items():
        say(name)
        cells = way()
        figures[name] = {
            "bar": bar_figures(cells, table, truth, seed),
            "joint": joint_figures(cells, table),
            "again": again_figures(cells, table),
            "fills": fill_figures(cells, table),
        }
    say("the knob for fills")
    ends = np.array([ends_section(bar) for bar in range(NO_BAR + 1)])[table.cells[:, Cell.BAR]]
    metred = LENGTHS[table.cells[:, Cell.PLACE]] > 0
    figures["fill_knob"] = {
        name: fill_figures(
            play_parts(
                drummer,
                table,
                calm=calm,
                least=least,
                fills=np.where(metred, np.where(ends & full, FILLED, PLAIN), 0),
                seed=seed,
            ),
            table,
        )
        for name, full in (("none", False), ("all", True))
    }
    return figures


def _nats(drummer: DrumFile, table: DrumTable, truth: Bytes) -> dict[str, Any]:
    """Nats a tick and a stroke, everything before being known, and no fill told."""
    net = DrumNet(drummer.config)
    net.load_state_dict({k: torch.from_numpy(w) for k, w in drummer.weights.items()})
    ticks, n = Ticks(truth, drummer.config.kinds), len(table)
    nats = np.zeros(n)
    with torch.no_grad():
        for part in np.array_split(np.arange(n), 1 + n // 2048):
            batch = ticks.read(part, table.first[part], np.zeros(len(part), np.int64))
            nats[part] = nats_of(net, batch).numpy()
    total = sum_by_song(nats, table.song)
    struck = (truth[:, Cell.STROKE] != NO_STROKE).astype(np.float64)
    return {
        "tick": interval(total, sum_by_song(np.ones(n), table.song)),
        "stroke": interval(total, sum_by_song(struck, table.song)),
    }
