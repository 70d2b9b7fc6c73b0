"""What each key does: a key, or two, become a command of the control socket.

The letters are those of the panel's page where both have the gesture. A key that takes another one
after it (`s` and a number) says so until that has come, or Escape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nesvae_live.control.target import choice_to_value, tempo_to_value, value_to_tempo
from nesvae_live.control.targets import TARGET_BY_NAME
from nesvae_live.latent.themes import LETTERS
from nesvae_live.music.voices import Voice

Command = dict[str, Any]

TRIGGERS = {
    "t": ("tap", "tap"),
    "c": ("chance", "chance"),
    "v": ("vary", "vary"),
    "r": ("release", "free"),
    "[": ("back", "back"),
    "]": ("forward", "on"),
    "m": ("mark", "mark"),
    "k": ("keep-8", "keep 8 bars"),
    ".": ("panic", "panic"),
}
"""Key -> the target that it presses, and what the foot of the view calls it."""

SWITCHES = {"h": ("hold", "hold"), "a": ("auto", "auto"), "w": ("round", "round")}
"""Key -> the switch that it turns over."""

SLOTS = {"s": ("store", "store as"), "g": ("morph", "morph to")}
"""Key -> what it does to the snapshot whose number comes next."""

STRIPS = {"u": ("mute", "mute"), "o": ("solo", "solo")}
"""Key -> what it turns over for the voice whose number comes next."""

THEMES = {
    "e": ("mark", "mark what is playing as which theme"),
    "E": ("return", "bring back which theme"),
}
"""Key -> what it does with the theme whose letter comes next."""

NUMBERS = "123456789"
STEP, FINE, FAR = 0.02, 0.005, 0.1
"""By so much of its range a knob is turned by an arrow, with Shift, by Page Up and Page Down."""

TURNS = {
    "up": STEP,
    "down": -STEP,
    "shift+up": FINE,
    "shift+down": -FINE,
    "page up": FAR,
    "page down": -FAR,
}
SELECTS = {"left": -1, "right": 1, "tab": 1}
ENDS = {"home": 0.0, "end": 1.0}


class Hands:
    """Who plays by keys: which knob is selected, and what a key waits for.

    Args:
        knobs: the knobs that arrows go through, in their order.
    """

    def __init__(self, knobs: Sequence[str]) -> None:
        self.selected = 0
        """The index of the knob that the arrows turn."""
        self.waits_for = ""
        """What is to come after the last key, for a person; empty if nothing is."""
        self.shows_keys = False
        """Whether all keys are listed."""
        self._knobs = tuple(knobs)
        self._first = ""

    @property
    def knob(self) -> str:
        """The knob that the arrows turn."""
        return self._knobs[self.selected]

    def press(self, key: str, targets: Mapping[str, float]) -> list[Command]:
        """What a key asks for.

        Args:
            key: as `keystrokes` names it.
            targets: where each target stands that has a value, now.
        """
        first, self._first, self.waits_for = self._first, "", ""
        if first:
            return self._second(first, key, targets)
        if key in TRIGGERS:
            return [_move(TRIGGERS[key][0])]
        if key in SWITCHES:
            return [_turn_over(SWITCHES[key][0], targets)]
        if key in NUMBERS:
            return [_move(f"recall-{key}")]
        if key in SLOTS:
            self._wait(key, f"{SLOTS[key][1]} which snapshot? 1 to 9")
        elif key in STRIPS:
            voices = ", ".join(f"{voice + 1} {voice.name}" for voice in Voice)
            self._wait(key, f"{STRIPS[key][1]} which voice? {voices}")
        elif key in THEMES:
            self._wait(key, f"{THEMES[key][1]}? A to {LETTERS[-1]}")
        elif key == "q":
            self._wait(key, "end the performance? y: yes, the take is kept")
        elif key == "b":
            return [_next_choice("swap", targets)]
        elif key in {"+", "=", "-"}:
            return _change_tempo(-1.0 if key == "-" else 1.0, targets)
        elif key == "?":
            self.shows_keys = not self.shows_keys
        else:
            return self._arrow(key, targets)
        return []

    def _wait(self, key: str, what: str) -> None:
        self._first, self.waits_for = key, what

    def _second(self, first: str, key: str, targets: Mapping[str, float]) -> list[Command]:
        """What two keys ask for; any other second key takes the first one back."""
        if first == "q":
            return [{"do": "stop"}] if key.lower() == "y" else []
        if first in SLOTS and key in NUMBERS:
            return [_move(f"{SLOTS[first][0]}-{key}")]
        if first in THEMES and key.upper() in LETTERS:
            return [_move(f"{THEMES[first][0]}-{key.upper()}")]
        if first in STRIPS and key in NUMBERS[: len(Voice)]:
            voice = Voice(int(key) - 1)
            return [_turn_over(f"{STRIPS[first][0]}-{voice.name}", targets)]
        return []

    def _arrow(self, key: str, targets: Mapping[str, float]) -> list[Command]:
        """Select a knob, or turn the one that is selected."""
        if key in SELECTS:
            self.selected = (self.selected + SELECTS[key]) % len(self._knobs)
            return []
        knob = self.knob
        if key in {"backspace", "delete"}:
            return [_move(f"release-{knob}")]
        if key not in TURNS and key not in ENDS:
            return []
        turned = ENDS.get(key, targets.get(knob, 0.5) + TURNS.get(key, 0.0))
        return [_move(knob, round(min(max(turned, 0.0), 1.0), 4))]


def _move(target: str, value: float = 1.0) -> Command:
    assert target in TARGET_BY_NAME  # the tables above name only targets that there are
    return {"do": "move", "target": target, "value": value}


def _turn_over(target: str, targets: Mapping[str, float]) -> Command:
    return _move(target, 0.0 if targets.get(target, 0.0) >= 0.5 else 1.0)


def _next_choice(target: str, targets: Mapping[str, float]) -> Command:
    n = len(TARGET_BY_NAME[target].choices)
    now = round(targets.get(target, 0.0) * (n - 1))
    return _move(target, choice_to_value((now + 1) % n, n))


def _change_tempo(by: float, targets: Mapping[str, float]) -> list[Command]:
    if "tempo" not in targets:
        return []
    tempo = round(value_to_tempo(targets["tempo"])) + by
    return [_move("tempo", tempo_to_value(tempo))]
