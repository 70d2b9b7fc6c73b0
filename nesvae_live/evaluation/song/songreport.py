"""The report of an evaluation of format 3: a Markdown page of figures and pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from matplotlib import style

from nesvae_live.evaluation.bootstrap import Estimate
from nesvae_live.evaluation.features import FEATURES
from nesvae_live.evaluation.plots import draw_features, draw_knobs, draw_rolls, draw_seams
from nesvae_live.evaluation.song.heard import MEASURES
from nesvae_live.evaluation.song.songcard import card_table
from nesvae_live.evaluation.song.songevaluate import SongEvaluation
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.music.voices import VOICES

DPI = 110
PAGE, CARD = "report.md", "card.md"
NAMES = {"four": "in bars of four", "three": "in bars of three", "free": "free"}
NEEDED = {"nats_per_token", "given_live", "pulse", "heard", "decode_ms", "knobs_at"}
"""A figure of each part."""
HEARD = {
    "beat": "a beat: greatest autocorrelation of onsets, 1/6 to 1 s",
    "bars": "bars: the same, 1 to 8 s",
    "slow_pulse": "a steady pulse of 1/6 s or slower, in 16 s",
    "pulse": "a pulse at all, over the minute",
    "grams": "four tuples in a row that stood before",
    "figures": "six-note figures that stood before, in any key",
    "windows": "2 s of which 80 % stood before",
    "diatonic": "share in the best major scale",
    "key_changes": "key changes a minute",
    "standstill": "longest time without an onset, s",
}


def write_song_report(evaluation: SongEvaluation, folder: Path) -> Path | None:
    """Write `report.md` and its pictures into `folder`, and `card.md`, the table of the checkpoint's card.

    Pictures of parts that were not measured stay as they are there.

    Returns:
        The page; None if figures are missing for it.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures, music = evaluation.figures, evaluation.music
    pictures = {}
    with style.context("default", after_reset=True):  # whatever the user's matplotlibrc says
        if evaluation.responses is not None:
            pictures["knobs"] = draw_knobs(evaluation.responses, figures)
        if music is not None:
            pictures["seams"] = draw_seams(figures)
            pictures["features"] = draw_features(music, evaluation.held_out, figures)
            pictures["rolls"] = draw_rolls(music, "The auto mode, some performances, in ticks")
        for name, figure in pictures.items():
            figure.savefig(folder / f"{name}.png", dpi=DPI)
    if not figures.keys() >= NEEDED:
        return None
    page = folder / PAGE
    page.write_text(song_report_to_markdown(figures), encoding="utf-8")
    if figures["js_over_human"] is not None:  # else there were no training songs
        (folder / CARD).write_text(card_table(figures), encoding="utf-8")
    return page


def song_report_to_markdown(f: dict[str, Any]) -> str:
    """The page's text; it refers to the pictures beside it."""
    about, human = f["about"], f["human"]
    parts = [
        f"# Evaluation of {about['checkpoint'] or 'a checkpoint'}",
        (
            f"Checkpoint `{about['checkpoint_sha256'][:12]}`, held-out data "
            f"`{about['held_out_sha256'][:12]}`, {f['nats_per_token']['carried']['n']} songs in "
            f"ticks, {f['metre']['sure']['value']:.0%} of them in a sure metre. The intervals are of "
            f"95 %, by song. As played: temperature {about['temperature']}, top-p "
            f"{about['top_p']}, guidance {about['guidance']}, {about['candidates']} candidates, "
            f"quoting {about['quote']}."
        ),
        "## What music costs",
        _table(
            ("nats", "with the past", "interval", "without", "interval"),
            *(
                (f"a {unit}", *_cells(f[key]["carried"]), *_cells(f[key]["no_context"]))
                for unit, key in (
                    ("token", "nats_per_token"),
                    ("tuple", "nats_per_tuple"),
                    ("second", "nats_per_second"),
                )
            ),
        ),
        _table(
            (
                "one voice given: the others, nats a token less",
                "z known",
                "interval",
                "z not foreseen",
                "interval",
            ),
            *(
                (name, *_cells(f["given"][name]["less"]), *_cells(f["given_live"][name]["less"]))
                for name in (v.voice.name for v in VOICES)
            ),
        ),
        "## How long a decode takes",
        "On the machine that measured, beside whatever else it did.",
        _table(
            ("ms", "p50", "interval", "p99", "interval"),
            *(
                (name, *_cells(f["decode_ms"][key]["p50"]), *_cells(f["decode_ms"][key]["p99"]))
                for key, name in (
                    ("phrase", "a phrase, guided, beside 1,024 tuples"),
                    ("first_tuple", "its first tuple alone"),
                )
            ),
        ),
        "## Beat, bars, and what comes back",
        _table(
            ("in ticks", "auto mode", "interval", "songs", "interval"),
            _beside("pulse over 8 phrases, median", f["pulse"], "window", "songs", "median"),
            _beside("the same, above .7", f["pulse"], "window", "songs", "above_07"),
            *_by_metre(f["pulse"]),
            (
                "bar lines struck",
                *_cells(f["bar"]["lines_struck"]),
                *_cells(f["bar"]["songs_lines_struck"]),
            ),
            (
                "bass onto the bar line by a falling fifth or a rising fourth",
                *_cells(f["bar"]["fifths"]),
                *_cells(f["bar"]["songs_fifths"]),
            ),
            (
                "onsets on a sixteenth or a triplet",
                *_cells(f["bar"]["on_line"]),
                *_cells(f["bar"]["songs_on_line"]),
            ),
            (
                "onsets by tick of the bar, JS over human",
                *_cells(f["bar"]["js_over_human"]),
                "",
                "",
            ),
            *(
                (name, *_cells(f["recurrence"][key]), *_cells(f["recurrence"]["songs"][key]))
                for key, name in (
                    ("grams", "four tuples again within a minute"),
                    ("bars", "bars again after 1, 2, 4 or 8"),
                )
            ),
            ("four tuples again, KS distance", *_cells(f["recurrence"]["grams_ks"]), "", ""),
        ),
        "## What is heard in 64 s",
        _heard(f["heard"]),
        "## Knobs",
        "![what each knob does](knobs.png)",
        _knobs(f),
        "## Seams",
        "![how phrases join](seams.png)",
        _table(
            ("over the border", "auto mode", "interval", "held-out music", "interval"),
            *(
                (f"{v} holds", *_cells(held), *_cells(human["seam"]["held"][v]))
                for v, held in f["seam"]["held"].items()
            ),
            ("jump, semitones", *_cells(f["seam"]["jump"]), *_cells(human["seam"]["jump"])),
        ),
        "## Against the corpus",
        "![histograms](features.png)",
        _corpus(f),
        "## Listen with your eyes",
        "![piano rolls](rolls.png)",
        "Pulse 1 is blue, pulse 2 orange, the triangle green; faint lines separate the phrases.",
    ]
    return "\n\n".join(parts) + "\n"


def _beside(name: str, tree: dict[str, Any], ours: str, theirs: str, key: str) -> tuple[str, ...]:
    return (name, *_cells(tree[ours][key]), *_cells(tree[theirs][key]))


def _by_metre(pulse: dict[str, Any]) -> list[tuple[str, ...]]:
    """A row for each metre that both have."""
    ours, theirs = pulse["window"]["by_metre"], pulse["songs"]["by_metre"]
    return [
        (f"{NAMES[kind]}, {name}", *_cells(ours[kind][key]), *_cells(theirs[kind][key]))
        for kind in ours
        if kind in theirs
        for key, name in (("median", "median"), ("above_07", "above .7"))
    ]


def _heard(heard: dict[str, Any]) -> str:
    names = [name for name in ("untouched", "auto", "songs") if name in heard]
    rows = [(HEARD[key], *(_median(heard[name][key]) for name in names)) for key in MEASURES]
    for key, name in (
        ("clear_pulse", "pulse above .7"),
        ("lost", "a voice all but silent in the second half"),
        ("lost_two", "two of them"),
    ):
        rows.append((name, *(_number(heard[which][key]["value"]) for which in names)))
    return _table(("median (quartiles)", *names), *rows)


def _knobs(f: dict[str, Any]) -> str:
    ends = f["knobs_at"]["quote_0"], f["knobs_at"]["quote_1"]
    rows = [
        (
            name,
            *_cells(f["knob_spearman"][name]),
            *(_number(end["knob_spearman"][name]["value"]) for end in ends),
        )
        for name in (*(s.name for s in ATTRIBUTES), "mean", "worst")
    ]
    leaks = [_number(end["leak"]["value"]) for end in ends]
    rows.append(("leak", *_cells(f["leak"]), *leaks))
    return _table(
        ("Spearman's rho", "as played", "interval", "never quoting", "quoting all"), *rows
    )


def _corpus(f: dict[str, Any]) -> str:
    if f["js_over_human"] is None:
        return (
            "No training songs were at hand, so how far real music is from real music, and what "
            "is copied, was not measured."
        )
    table = _table(
        ("Jensen-Shannon over that of as much training music", "value", "interval"),
        *((s.name, *_cells(f["js_over_human"][s.name])) for s in FEATURES),
    )
    copies = _table(
        ("tuples in a row that stand in a training song", "auto mode", "held-out music"),
        *(
            (n, f"{pair['ours']['value']:.2%}", f"{pair['human']['value']:.2%}")
            for n, pair in f["copies_in_a_row"].items()
        ),
    )
    return f"{table}\n\n{copies}"


def _median(figure: dict[str, Any]) -> str:
    if not figure["quartiles"]:
        return "undefined"
    low, high = figure["quartiles"]
    return f"{_number(figure['value'])} ({_number(low)} to {_number(high)})"


def _cells(figure: Estimate) -> tuple[str, str]:
    low, high = figure["low"], figure["high"]
    interval = "" if low is None else f"{_number(low)} to {_number(high)}"
    return _number(figure["value"]), interval


def _table(head: tuple[str, ...], *rows: tuple[str, ...]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.3f}"
