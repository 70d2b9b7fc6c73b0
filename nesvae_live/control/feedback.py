"""Values back to the controller: to motor faders, rings of LEDs and lit buttons.

What is sent is the difference between where a target stands and what its control shows, some
thirty times a second. A hand that moves a control wins: nothing is sent to it until it has been
still for a while. A controller that echoes what it was sent moves nothing. All of it runs in the
sequencer's thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.kinds import (
    CONTROL_CHANGE,
    MOST_7,
    Address,
    Form,
    place_to_raw,
)
from nesvae_live.control.readings import message_to_reading, place_to_messages
from nesvae_live.control.takeover import ControlState
from nesvae_live.control.target import Kind, StateView, choice_to_value, value_to_choice
from nesvae_live.music.events import MidiBytes

EVERY = 0.03
"""Seconds from one look to the next."""

STILL = 0.25
"""Seconds for which a control that was moved by hand is left alone."""

ECHO, PRESS_ECHO, PRESSED_LATELY = 0.5, 0.1, 1.0
"""Seconds within which the same value from a control is the echo of what it was sent; for one that
was pressed lately it is short, because a quick second press looks the same."""

Hands = dict[tuple[Address, str], dict[str, ControlState]]
"""Address and kind -> port -> the physical control there."""

NO_PORT = ""
"""The port of a control that was sent its place and has not been heard yet."""


def to_own_place(spec: ControlSpec) -> bool:
    """Whether its feedback moves the control itself, as a motor fader's does."""
    return spec.feedback is True and spec.kind_spec.form is Form.ABSOLUTE


def shown_raw(spec: ControlSpec, stands: float | None) -> int | None:
    """What a control is to show of a target that stands so; None: leave it as it is."""
    target = spec.target_spec
    if target.kind is Kind.KNOB and spec.kind_spec.form is not Form.PRESS:
        if stands is None:
            return None
        place = spec.value_to_place(stands)
        if spec.feedback is True:
            return place_to_raw(place, spec.kind_spec.most)
        lit = place_to_raw(place, MOST_7) / MOST_7
        return spec.unlit + round((spec.lit - spec.unlit) * lit)  # a ring of LEDs
    if target.kind is Kind.CHOICE and spec.kind_spec.form is not Form.PRESS:
        n = len(target.choices)
        return place_to_raw(choice_to_value(value_to_choice(stands or 0.0, n), n), MOST_7)
    if spec.pick is not None:
        n = len(target.choices)
        lit = value_to_choice(stands or 0.0, n) == target.choices.index(spec.pick)
    else:
        lit = stands is not None and stands > 0.0
    return spec.lit if lit else spec.unlit


@dataclass
class Feedback:
    """What the controller shows, as far as is known; `on` while there is a port to send to."""

    on: bool = False
    _shown: dict[tuple[Address, str], int] = field(default_factory=dict)
    _echoes: dict[Address, list[tuple[int, float]]] = field(default_factory=dict)
    _next: float = 0.0

    def refresh(self, connected: bool | None = None) -> Mapping[str, Any]:
        """Take nothing for shown, so that the next look sends everything; the answer to a person.

        `connected` says whether there is a port to send to; None: as before.
        """
        if connected is not None:
            self.on = connected
        self._shown.clear()
        self._next = 0.0
        if self.on:
            return {"ok": True}
        return {"ok": False, "error": "no port for feedback is open: name one with --feedback"}

    def forget(self, address: Address) -> None:
        """A button that was pressed may have changed its own light."""
        for key in [key for key in self._shown if key[0] == address]:
            del self._shown[key]

    def is_echo(self, address: Address, value: int, at: float) -> bool:
        """Whether a message is what was just sent there, coming back; true once for each."""
        waiting = self._echoes.get(address)
        if not waiting:
            return False
        waiting[:] = [(v, until) for v, until in waiting if until >= at]
        for i, (sent, _) in enumerate(waiting):
            if sent == value:
                del waiting[: i + 1]
                return True
        return False

    def due(
        self,
        specs: Iterable[ControlSpec],
        hands: Hands,
        channels: dict[ControlSpec, int],
        standing: StateView,
        now: float,
    ) -> list[MidiBytes]:
        """The messages to send now.

        `hands` are the physical controls, `channels` where one that listens on any was last heard.
        """
        if not self.on or now < self._next:
            return []
        self._next = now + EVERY
        messages: list[MidiBytes] = []
        for spec in specs:
            if spec.feedback is not False:
                channel = spec.channel if spec.channel is not None else channels.get(spec, 0)
                messages += self._due_of(spec, channel, hands, standing, now)
        return messages

    def _due_of(
        self,
        spec: ControlSpec,
        channel: int,
        hands: Hands,
        standing: StateView,
        now: float,
    ) -> list[MidiBytes]:
        stands = spec.target_spec.now(standing)
        raw = shown_raw(spec, stands)
        if raw is None:
            return []
        own = spec.feedback is True
        kind, number = (spec.kind, spec.number) if own else ("cc", int(spec.feedback))
        status = spec.kind_spec.status if own else CONTROL_CHANGE
        key = ((status, channel, number), kind)
        there = hands.setdefault(key, {})
        moves_it = to_own_place(spec)
        if moves_it and there:
            last = max(there.values(), key=lambda hand: hand.at)
            moving = now - last.at < STILL
            if moving or key in self._shown:
                self._shown[key] = last.raw_of(spec.kind_spec.most)
            if moving:
                return []
        if self._shown.get(key) == raw:
            return []
        self._shown[key] = raw
        if moves_it and stands is not None:
            there.setdefault(NO_PORT, ControlState())
            for hand in there.values():
                hand.put(spec.target, stands, raw, spec.kind_spec.most)
        messages = place_to_messages(kind, channel, number, raw)
        pressed = spec.kind_spec.form is Form.PRESS and any(
            now - hand.at < PRESSED_LATELY for hand in there.values()
        )
        until = now + (PRESS_ECHO if pressed else ECHO)
        for message in messages:
            reading = message_to_reading(message)
            if reading is not None:
                self._echoes.setdefault(reading[0], []).append((reading[1], until))
        return messages
