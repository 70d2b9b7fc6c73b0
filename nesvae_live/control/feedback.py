"""Values sent back to the controller: to motor faders, rings of LEDs and lit buttons.

Some thirty times a second each control whose target no longer stands where the control shows it is
sent the difference. The hand wins: a control that is being moved is sent nothing until it has been
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

EVERY_SECONDS = 0.03
"""Seconds between two updates."""

STILL_SECONDS = 0.25
"""Seconds for which a control that was moved by hand is left alone."""

ECHO_SECONDS, PRESS_ECHO_SECONDS, PRESSED_LATELY_SECONDS = 0.5, 0.1, 1.0
"""Seconds within which the same value from a control is an echo of what it was sent. For a button
pressed lately the time is short, because a quick second press looks the same."""

ControlStates = dict[tuple[Address, str], dict[str, ControlState]]
"""Address and kind -> port -> the state of the physical control there."""

NO_PORT = ""
"""The port of a control that was sent its place and has sent nothing itself yet."""


def to_own_place(spec: ControlSpec) -> bool:
    """Whether its feedback moves the control itself, as a motor fader's does."""
    return spec.feedback is True and spec.kind_spec.form is Form.ABSOLUTE


def shown_raw(spec: ControlSpec, stands: float | None) -> int | None:
    """The reading by which a control shows a target at `stands`; None leaves it as it is."""
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
    """What the controller shows, as far as it is known; `on` while there is a port to send to."""

    on: bool = False
    _shown: dict[tuple[Address, str], int] = field(default_factory=dict)
    _echoes: dict[Address, list[tuple[int, float]]] = field(default_factory=dict)
    _next: float = 0.0

    def refresh(self, connected: bool | None = None) -> Mapping[str, Any]:
        """Send everything at the next update; returns the answer to whoever asked.

        `connected` says whether there is a port to send to; None: as before.
        """
        if connected is not None:
            self.on = connected
        self._shown.clear()
        self._next = 0.0
        if self.on:
            return {"ok": True}
        return {"ok": False, "error": "no feedback port is open: name one with --feedback"}

    def forget(self, address: Address) -> None:
        """Forget what `address` shows: a button that was pressed may have changed its own light."""
        for key in [key for key in self._shown if key[0] == address]:
            del self._shown[key]

    def is_echo(self, address: Address, value: int, at: float) -> bool:
        """Whether a message is the echo of what was just sent there; true once for each."""
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
        states: ControlStates,
        channels: dict[ControlSpec, int],
        view: StateView,
        now: float,
    ) -> list[MidiBytes]:
        """The messages to send now.

        `states` are the physical controls; `channels` is the channel on which a control that
        listens on any channel last sent.
        """
        if not self.on or now < self._next:
            return []
        self._next = now + EVERY_SECONDS
        messages: list[MidiBytes] = []
        for spec in specs:
            if spec.feedback is not False:
                channel = spec.channel if spec.channel is not None else channels.get(spec, 0)
                messages += self._due_of(spec, channel, states, view, now)
        return messages

    def _due_of(
        self,
        spec: ControlSpec,
        channel: int,
        states: ControlStates,
        view: StateView,
        now: float,
    ) -> list[MidiBytes]:
        stands = spec.target_spec.now(view)
        raw = shown_raw(spec, stands)
        if raw is None:
            return []
        own = spec.feedback is True
        kind, number = (spec.kind, spec.number) if own else ("cc", int(spec.feedback))
        status = spec.kind_spec.status if own else CONTROL_CHANGE
        key = ((status, channel, number), kind)
        there = states.setdefault(key, {})
        moves_it = to_own_place(spec)
        if moves_it and there:
            last = max(there.values(), key=lambda state: state.at)
            moving = now - last.at < STILL_SECONDS
            if moving or key in self._shown:
                self._shown[key] = last.raw_of(spec.kind_spec.most)
            if moving:
                return []
        if self._shown.get(key) == raw:
            return []
        self._shown[key] = raw
        if moves_it and stands is not None:
            there.setdefault(NO_PORT, ControlState())
            for state in there.values():
                state.put(spec.target, stands, raw, spec.kind_spec.most)
        messages = place_to_messages(kind, channel, number, raw)
        pressed = spec.kind_spec.form is Form.PRESS and any(
            now - state.at < PRESSED_LATELY_SECONDS for state in there.values()
        )
        until = now + (PRESS_ECHO_SECONDS if pressed else ECHO_SECONDS)
        for message in messages:
            reading = message_to_reading(message)
            if reading is not None:
                self._echoes.setdefault(reading[0], []).append((reading[1], until))
        return messages
