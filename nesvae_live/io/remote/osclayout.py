"""The layout for Open Stage Control, made from the table of targets: each target is a widget.

`session()` gives the text of the file in `presets/osc`; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nesvae_live.control.gesturetargets import N_SNAPSHOTS
from nesvae_live.control.target import Kind, TargetSpec
from nesvae_live.control.targets import TARGET_BY_NAME, TARGETS
from nesvae_live.io.remote.oscmap import ROOT
from nesvae_live.latent.knobs import KNOBS, SOUND_KNOBS
from nesvae_live.latent.setting import ATTRIBUTE_KNOBS
from nesvae_live.latent.themes import LETTERS
from nesvae_live.music.voices import VOICES, Voice

FADER = (70, 220)
BUTTON = (70, 50)
MENU = (150, 50)
GAP = 6
STYLE_ROW = 16
"""How many style axes a row of faders has."""

Widget = dict[str, Any]


def session() -> str:
    """The text of the session's file."""
    tabs = [
        _tab("map", _map()),
        _tab("style", _style()),
        _tab("snapshots", _snapshots()),
        _tab("voices", _voices()),
    ]
    root: Widget = {"type": "root", "id": "root", "widgets": [], "tabs": tabs}
    whole = {"createdWith": "Open Stage Control", "version": "1.25.0", "type": "session"}
    return json.dumps({**whole, "content": root}, indent=1) + "\n"


def _map() -> list[Widget]:
    knobs = [knob.name for knob in (*ATTRIBUTE_KNOBS, *SOUND_KNOBS)]
    switches = ("hold", "auto", "round")
    keeps = [spec.name for spec in TARGETS if spec.name.startswith("keep-")]
    actions = ("release", "chance", "vary", "capture", "back", "forward", "mark", "panic")
    return [
        *_row(knobs, 0, FADER),
        *_row([f"release-{name}" for name in knobs], FADER[1] + GAP, BUTTON, shown="free"),
        *_row(actions, FADER[1] + BUTTON[1] + 2 * GAP, BUTTON),
        *_row((*switches, *keeps), FADER[1] + BUTTON[1] + 2 * GAP, BUTTON, first=len(actions)),
        *_row(
            ("morph", "temperature", "quote", "bounds"),
            FADER[1] + 2 * (BUTTON[1] + GAP) + GAP,
            FADER,
        ),
    ]


def _style() -> list[Widget]:
    axes = [knob.name for knob in KNOBS[len(ATTRIBUTE_KNOBS) :]]
    widgets: list[Widget] = []
    for row in range(0, len(axes), STYLE_ROW):
        names = axes[row : row + STYLE_ROW]
        top = row // STYLE_ROW * (FADER[1] + BUTTON[1] + 2 * GAP)
        widgets += _row(names, top, FADER)
        free = [f"release-{name}" for name in names]
        widgets += _row(free, top + FADER[1] + GAP, BUTTON, shown="free")
    return widgets


def _snapshots() -> list[Widget]:
    slots = range(1, N_SNAPSHOTS + 1)
    widgets: list[Widget] = []
    for i, verb in enumerate(("recall", "morph", "store")):
        widgets += _row([f"{verb}-{slot}" for slot in slots], i * (BUTTON[1] + GAP), BUTTON)
    below = 3 * (BUTTON[1] + GAP)
    marks, returns = ([f"{verb}-{x}" for x in LETTERS] for verb in ("mark", "return"))
    widgets += _row((*marks, *returns), below, BUTTON)
    widgets += _row(("forget",), below + BUTTON[1] + GAP, BUTTON)
    return [*widgets, *_row(("morph-bars",), below + 2 * (BUTTON[1] + GAP), MENU)]


def _voices() -> list[Widget]:
    levels = ["level-all", *(f"level-{voice.name}" for voice in Voice), "tempo"]
    transposes = ["transpose-all", *(f"transpose-{spec.voice.name}" for spec in VOICES)]
    below = FADER[1] + GAP
    return [
        *_row([*levels, *transposes, "keys-split"], 0, FADER),
        *_row([f"mute-{voice.name}" for voice in Voice], below, BUTTON),
        *_row([f"solo-{voice.name}" for voice in Voice], below, BUTTON, first=len(Voice)),
        *_row(("tap", "one", "stop"), below, BUTTON, first=2 * len(Voice)),
        *_row(("swap", "key"), below + BUTTON[1] + GAP, MENU),
        *_row(
            [*(f"given-{spec.voice.name}" for spec in VOICES), "keys-return", "answer", "chords"],
            below + 2 * (BUTTON[1] + GAP),
            MENU,
        ),
    ]


def _tab(name: str, widgets: list[Widget]) -> Widget:
    return {"type": "tab", "id": name, "label": name, "widgets": widgets}


def _row(
    names: Sequence[str], top: int, size: tuple[int, int], *, first: int = 0, shown: str = ""
) -> list[Widget]:
    """Widgets side by side, from position `first` on."""
    width, height = size
    place = {"top": top, "width": width, "height": height}
    return [
        {
            **_widget(TARGET_BY_NAME[name], shown or name),
            **place,
            "left": (first + i) * (width + GAP),
        }
        for i, name in enumerate(names)
    ]


def _widget(spec: TargetSpec, label: str) -> Widget:
    common = {"id": spec.name, "label": label, "address": ROOT + spec.name}
    match spec.kind:
        case Kind.KNOB:
            return {"type": "fader", **common, "range": {"min": 0, "max": 1}, "decimals": 5}
        case Kind.CHOICE:
            values = list(spec.choices)
            return {"type": "dropdown", **common, "values": values, "typeTags": "s"}
        case Kind.SWITCH:
            return {"type": "button", **common, "mode": "toggle", "on": 1, "off": 0}
        case Kind.TRIGGER:
            return {"type": "button", **common, "mode": "push", "on": 1, "off": 0}
