"""The targets as the page shows them: which there are, where each has its place, what it is called.

The page draws whatever is in here; a target that no rule places comes under `more`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from nesvae_live.control.gesturetargets import TEMPERATURE_KNOB
from nesvae_live.control.target import DB_SPAN, Kind, TargetSpec
from nesvae_live.control.targets import TARGET_BY_NAME, TARGETS
from nesvae_live.latent.attributes import ATTRIBUTES
from nesvae_live.latent.knobs import SOUND_KNOBS
from nesvae_live.music.ranges import KEYS_SPLITS, LEVEL, TEMPO, TRANSPOSE, Range

PLACES: tuple[tuple[str, str], ...] = (
    ("music", "|".join(attribute.name for attribute in ATTRIBUTES)),
    ("style", r"style\d+"),
    ("sound", "|".join(knob.name for knob in SOUND_KNOBS)),
    ("voices", r"(level|mute|solo|transpose|given|keys)-\w+|answer|chords"),
    ("snapshots", r"(recall|store|morph)-\d+"),
    ("themes", r"(mark|return)-[A-H]|forget"),
    ("clock", "tempo|tap|one"),
    ("end", "panic|stop"),
    ("controller", r"page-\w+|refresh|store-to|morph-to"),
    ("take", r"keep-\d+|mark"),
    (
        "playing",
        (
            "swap|key|temperature|quote|bounds|morph|morph-bars|hold|auto|round|back|forward|chance|vary"
            "|capture|release"
        ),
    ),
)
"""Place, and the names of the targets that have it; the first that fits counts."""

ELSEWHERE = "more"

SCALES: tuple[tuple[str, str, Range], ...] = (
    (r"level-\w+", "level", Range(LEVEL.high - DB_SPAN, LEVEL.high, LEVEL.unit)),
    ("tempo", "ratio", TEMPO),
    ("temperature", "ratio", TEMPERATURE_KNOB),
    (r"transpose-\w+", "whole", TRANSPOSE),
    ("keys-split", "whole", KEYS_SPLITS),
)
"""Knobs, the scale that their 0..1 stands for, and its ends; the others are shown in percent."""
_RELEASE = "release-"


def place_of(name: str) -> str:
    """Where on the page a target stands."""
    return next((place for place, names in PLACES if re.fullmatch(names, name)), ELSEWHERE)


def table(n_style: int, axes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every target that does something here, in the table's order.

    Args:
        n_style: how many style axes the checkpoint has; knobs beyond turn nothing.
        axes: what turning a style knob up does, where that is known.
    """
    return [
        _row(spec, axes)
        for spec in TARGETS
        if not spec.name.startswith(_RELEASE) and _axis(spec.name) <= n_style
    ]


def _row(spec: TargetSpec, axes: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": spec.name,
        "kind": str(spec.kind),
        "place": place_of(spec.name),
        "more": axes.get(spec.name, spec.more),
        "choices": list(spec.choices),
        "scale": _scale(spec),
        "release": _RELEASE + spec.name in TARGET_BY_NAME,
    }


def _scale(spec: TargetSpec) -> dict[str, Any] | None:
    """What a knob's 0..1 stands for; None: percent."""
    for names, kind, ends in SCALES:
        if spec.kind is Kind.KNOB and re.fullmatch(names, spec.name):
            return {"kind": kind, "low": ends.low, "high": ends.high, "unit": ends.unit}
    return None


def _axis(name: str) -> int:
    """The number of a style knob's axis; 0 for every other target."""
    found = re.fullmatch(r"style(\d+)", name)
    return int(found[1]) if found else 0
