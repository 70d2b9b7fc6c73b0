"""The figures that a checkpoint's card says, as a Markdown table."""

from __future__ import annotations

from typing import Any

from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.music.voices import VOICES

LIKE = 1.5
"""A feature is like the corpus whose divergence is no more than so many times that of songs."""


def card_table(f: dict[str, Any]) -> str:
    """The table; `f` are the figures of all parts, beside training songs."""
    heard, bar, again = f["heard"], f["bar"], f["recurrence"]
    pulse, songs = f["pulse"]["window"], f["pulse"]["songs"]
    features = [figure["value"] for figure in f["js_over_human"].values()]
    copies = f["copies_in_a_row"].items()
    less, less_live = (
        ", ".join(_short(f[key][v.voice.name]["less"]) for v in VOICES)
        for key in ("given", "given_live")
    )
    scale = _short(heard["auto"]["diatonic"], 2)
    if "songs" in heard:  # else none lasts so long
        scale += f" ({_short(heard['songs']['diatonic'], 2)})"
    rows = (
        ("nats a token, everything counted, with the past", _with(f["nats_per_token"]["carried"])),
        ("nats a token without any past", _with(f["nats_per_token"]["no_context"])),
        ("nats a tuple, with / without the past", _pair(f["nats_per_tuple"], 2)),
        ("nats a second of music, with / without the past", _pair(f["nats_per_second"], 1)),
        ("nats a token saved on the other voices when one is given (P1, P2, TR)", less),
        ("the same, with a z that the prior draws, as live", less_live),
        ("knobs, Spearman mean / worst, as played", _knobs(f["knob_spearman"])),
        (
            "the same, quoting nothing; quoting all it can",
            "; ".join(
                _knobs(f["knobs_at"][key]["knob_spearman"]) for key in ("quote_0", "quote_1")
            ),
        ),
        ("leak", _short(f["leak"])),
        (
            "pulse over 8 phrases, median; above .7 (songs)",
            f"{_pulse(pulse)} ({_pulse(songs)})",
        ),
        ("onsets by tick of the bar, divergence, times human", _with(bar["js_over_human"], 2)),
        (
            "bar lines struck (songs)",
            f"{_short(bar['lines_struck'], 2)} ({_short(bar['songs_lines_struck'], 2)})",
        ),
        (
            "four tuples in a row that occurred within the minute before (songs; quartiles)",
            f"{_short(again['grams'])} ({_quartiles(again['songs']['grams'])})",
        ),
        ("share of 64 s that fits the best scale (songs)", scale),
        (
            f"features within {LIKE} times human, of {len(features)}; the worst",
            f"{sum(value <= LIKE for value in features)}; {max(features):.1f}",
        ),
        (
            f"copies of {', '.join(n for n, _ in copies)} tuples of training songs (held-out music)",
            "; ".join(f"{c['ours']['value']:.2%} ({c['human']['value']:.2%})" for _, c in copies),
        ),
    )
    head = (("measure", "figure"), ("---", "---"))
    return "\n".join(f"| {name} | {figure} |" for name, figure in (*head, *rows)) + "\n"


def _short(figure: dict[str, Any], digits: int = 3) -> str:
    return _number(figure["value"], digits)


def _number(value: float, digits: int) -> str:
    said = f"{value:.{digits}f}"
    return said.removeprefix("0") if abs(value) < 1 else said


def _with(figure: dict[str, Any], digits: int = 3) -> str:
    low, high = (_number(figure[end], digits) for end in ("low", "high"))
    return f"{_short(figure, digits)} ({low} to {high})"


def _pair(nats: dict[str, Any], digits: int) -> str:
    return " / ".join(_short(nats[name], digits) for name in ("carried", "no_context"))


def _pulse(of: dict[str, Any]) -> str:
    return f"{_short(of['median'], 2)}; {of['above_07']['value']:.0%}"


def _quartiles(figure: dict[str, Any]) -> str:
    low, high = figure["quartiles"]
    return f"{_short(figure)}; {_number(low, 3)} to {_number(high, 3)}"


def _knobs(rho: dict[str, Any]) -> str:
    worst = min(ATTRIBUTES, key=lambda spec: rho[spec.name]["value"])
    return f"{_short(rho['mean'])} / {_short(rho[worst.name])} ({worst.name})"
