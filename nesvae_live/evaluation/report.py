"""The evaluation's report: a Markdown page of figures and pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from matplotlib import style

from nesvae_live.evaluation.bootstrap import Estimate
from nesvae_live.evaluation.evaluate import Evaluation
from nesvae_live.evaluation.features import FEATURES
from nesvae_live.evaluation.plots import (
    draw_features,
    draw_knobs,
    draw_rolls,
    draw_seams,
    draw_slerp,
    draw_way,
)
from nesvae_live.latent.attributes import ATTRIBUTES

DPI = 110
PAGE = "report.md"
VOICES_LINE = (
    "Pulse 1 is blue, pulse 2 orange, the triangle green; faint lines separate the phrases."
)
Row = tuple[str, str, str]


def write_report(evaluation: Evaluation, folder: Path) -> Path:
    """Write `report.md` and its pictures into `folder`; returns the page.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with style.context("default", after_reset=True):  # whatever the user's matplotlibrc says
        pictures = {
            "knobs": draw_knobs(evaluation),
            "slerp": draw_slerp(evaluation.ways),
            "way": draw_way(evaluation.ways),
            "seams": draw_seams(evaluation.figures),
            "features": draw_features(evaluation),
            "rolls": draw_rolls(evaluation.music, "The auto mode, some performances"),
        }
        for name, figure in pictures.items():
            figure.savefig(folder / f"{name}.png", dpi=DPI)
    page = folder / PAGE
    page.write_text(report_to_markdown(evaluation.figures), encoding="utf-8")
    return page


def report_to_markdown(f: dict[str, Any]) -> str:
    """The page's text; it refers to the pictures beside it."""
    about, human = f["about"], f["human"]
    nats, held = f["nats_per_token"], f["seam"]["held"]
    parts = [
        f"# Evaluation of {about['checkpoint'] or 'a checkpoint'}",
        (
            f"Checkpoint `{about['checkpoint_sha256'][:12]}`, held-out data "
            f"`{about['held_out_sha256'][:12]}`, {nats['carried']['n']} songs. "
            "The intervals are of 95 %, by song. As played: temperature "
            f"{about['temperature']}, top-p {about['top_p']}."
        ),
        "## What a token costs",
        _table(
            ("nats a token", "value", "interval"),
            _row("no context, everything counted", nats["no_context"]),
            _row("no context, importance-weighted", nats["iwae"]),
            _row("the song's own past, everything counted", nats["carried"]),
            _row("no context, attributes released and unpaid", nats["masked"]),
            _row("of which tokens, no context", f["cross_entropy"]["no_context"]),
            _row("of which tokens, the song's own past", f["cross_entropy"]["carried"]),
            _row("style, nats a phrase", f["kl"], 1),
            _row("attributes, nats a phrase", f["attributes"], 1),
            _row("tokens given back, teacher-forced", f["accuracy"]["teacher_forced"]),
            _row("tokens given back, free-running", f["accuracy"]["free_running"]),
        ),
        "## Knobs",
        "![what each knob does](knobs.png)",
        _table(
            ("knob → its attribute", "Spearman's rho", "interval"),
            *(_row(s.name, f["knob_spearman"][s.name]) for s in ATTRIBUTES),
            _row("mean", f["knob_spearman"]["mean"]),
            _row(f"worst: {f['knob_spearman']['worst']['knob']}", f["knob_spearman"]["worst"]),
            _row("leak into other attributes, mean", f["leak"]),
            _row(
                f"worst leak: {f['leak_worst']['knob']} into {f['leak_worst']['attribute']}",
                f["leak_worst"],
            ),
        ),
        "## Interpolation",
        "![distance along the way](slerp.png)",
        "![one way](way.png)",
        VOICES_LINE,
        _table(
            ("median of the pairs", "value", "interval"),
            _row("largest step over the mean step", f["slerp"]["max_over_mean"]),
            _row("R² of the distance on alpha", f["slerp"]["r2"]),
        ),
        "## Seams",
        "![how phrases join](seams.png)",
        _versus(
            "over the border",
            *((f"{v} holds", held[v], human["seam"]["held"][v]) for v in held),
            ("jump, semitones", f["seam"]["jump"], human["seam"]["jump"]),
            *(
                (
                    f"{s.name}, phrase to phrase",
                    f["phrase_correlation"][s.name],
                    human["phrase_correlation"][s.name],
                )
                for s in ATTRIBUTES[:2]
            ),
        ),
        "## Against the corpus",
        "![histograms](features.png)",
        _divergences(f),
        "## Listen with your eyes",
        "![piano rolls](rolls.png)",
        VOICES_LINE,
    ]
    return "\n\n".join(parts) + "\n"


def _divergences(f: dict[str, Any]) -> str:
    if f["js_over_human"] is None:
        return (
            "No training songs were at hand, so how far real music is from real music, and what "
            "is copied, was not measured."
        )
    table = _table(
        ("Jensen-Shannon over that of as much training music", "value", "interval"),
        *(_row(s.name, f["js_over_human"][s.name], 2) for s in FEATURES),
    )
    copies, human = f["copies"], f["human"]["copies"]
    return (
        f"{table}\n\nOf the auto mode's phrases {copies['value']:.2%} occur in the training songs; "
        f"of held-out music's, {human['value']:.2%}."
    )


def _versus(head: str, *rows: tuple[str, Estimate, Estimate]) -> str:
    lines = [f"| {head} | auto mode | interval | held-out music |", "| --- | --- | --- | --- |"]
    for name, ours, theirs in rows:
        _, value, interval = _row(name, ours)
        lines.append(f"| {name} | {value} | {interval} | {_number(theirs['value'], 3)} |")
    return "\n".join(lines)


def _table(head: Row, *rows: Row) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * 3, *rows))


def _row(name: str, figure: Estimate, digits: int = 3) -> Row:
    low, high = figure["low"], figure["high"]
    interval = "" if low is None else f"{_number(low, digits)} to {_number(high, digits)}"
    return name, _number(figure["value"], digits), interval


def _number(value: float, digits: int) -> str:
    return "undefined" if math.isnan(value) else f"{value:.{digits}f}"
