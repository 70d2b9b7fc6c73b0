"""The controller under the hands: its messages in, what they ask of the instrument out.

All of it runs in the sequencer's thread and never raises, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.feedback import NO_PORT, Feedback, Hands
from nesvae_live.control.inputs import Input, TurnPage
from nesvae_live.control.kinds import (
    CONTROL_CHANGE,
    MOST_7,
    MOST_14,
    Address,
    Form,
    Role,
    reserved_because,
)
from nesvae_live.control.layout import Layout, routes
from nesvae_live.control.readings import DATA, SELECTING, Selected, message_to_reading, nrpn_address
from nesvae_live.control.takeover import ControlState
from nesvae_live.control.target import Kind, StateView, choice_to_value, value_to_choice
from nesvae_live.music.events import MidiBytes

PRESSED = 64
"""From here on a button is pressed."""

REST = 0.5
"""Where an encoder sets out from on a knob that is let go."""

NOTHING = Selected()
"""What data entry speaks for where nothing was ever selected."""


class Surface:
    """Reads a controller.

    Raises:
        ValueError: two targets on one control; both are named.
    """

    def __init__(self, layout: Layout) -> None:
        self.page = 0
        """The page that is up."""
        self.feedback = Feedback()
        self._hands: Hands = {}
        self._channels: dict[ControlSpec, int] = {}
        self._selected: dict[tuple[str, int], Selected] = {}
        self._moved: tuple[ControlState, ControlSpec] | None = None
        self.rearrange(layout)

    def rearrange(self, layout: Layout) -> None:
        """Let other controls be there; the pages stay as many.

        Raises:
            ValueError: two targets on one control; both are named.
        """
        self._active = layout.sets()
        self._routes = [routes(controls) for controls in self._active]
        self.layout = layout

    def page_of(self, target: str) -> int | None:
        """The page on which `target` is to have its control; None: on all."""
        if not self.layout.pages or any(c.target == target for c in self.layout.controls):
            return None
        return self.page

    def turn_page(self, asked: TurnPage) -> None:
        """Put a page up; one that isn't there is the nearest end. Every takeover is armed again."""
        page = self.page + asked.step if asked.page is None else asked.page
        self.page = min(max(page, 0), len(self._active) - 1)
        there = {(spec.number, spec.kind) for spec in self.active}
        for ((_, _, number), kind), hands in self._hands.items():
            for hand in hands.values():
                hand.target = None
                if (number, kind) not in there:
                    hand.raw = None  # where it is moved to meanwhile, nobody hears

    @property
    def active(self) -> Sequence[ControlSpec]:
        """The controls that are there now."""
        return self._active[self.page]

    def hear(self, port: str, data: Sequence[int], at: float, standing: StateView) -> list[Input]:
        """What a MIDI message asks for, with things as they stand."""
        reading = message_to_reading(data)
        if reading is None:
            return []
        (status, channel, number), value = reading
        if self.feedback.on and self.feedback.is_echo(reading[0], value, at):
            return []
        if status == CONTROL_CHANGE and reserved_because(number) is not None:
            return self._hear_data(port, channel, number, value, at, standing)
        found = self._routes[self.page].get(reading[0])
        if found is None:
            return []
        spec, role = found
        hand = self._hand(port, spec, channel)
        self._moved = hand, spec
        kind = spec.kind_spec
        if kind.steps is not None:
            return self._step(spec, hand, kind.steps(value), at, standing)
        if kind.form is Form.PRESS:
            return self._press(spec, hand, reading[0], value, at, standing)
        if role is Role.WHOLE:
            return self._move(spec, hand, value, kind.most, at, standing)
        raw = hand.combine(role, value, lsb_first=spec.lsb_first)
        most = kind.most if hand.is_fine else MOST_7
        return [] if raw is None else self._move(spec, hand, raw, most, at, standing)

    def settle(self, standing: StateView) -> None:
        """What the last message asked for has been carried out, and things stand so now."""
        if self._moved is not None:
            hand, spec = self._moved
            hand.settle(spec, spec.target_spec.now(standing))
            self._moved = None

    def _hand(self, port: str, spec: ControlSpec, channel: int) -> ControlState:
        if spec.channel is None:
            self._channels[spec] = channel
        key = (spec.kind_spec.status, channel, spec.number), spec.kind
        hands = self._hands.setdefault(key, {})
        hand = hands.get(port)
        if hand is None:
            sent = hands.get(NO_PORT)
            hand = hands[port] = ControlState() if sent is None else replace(sent)
        return hand

    def due(self, standing: StateView, now: float) -> list[MidiBytes]:
        """What is to be sent to the controller now, so that it shows how things stand."""
        return self.feedback.due(self.active, self._hands, self._channels, standing, now)

    def _hear_data(
        self, port: str, channel: int, number: int, value: int, at: float, standing: StateView
    ) -> list[Input]:
        """Take a reserved controller: a part of an NRPN that some control is, or nothing."""
        if number in SELECTING:
            selected = self._selected.setdefault((port, channel), Selected())
            selected.select(number, value)
            return []
        selected = self._selected.get((port, channel), NOTHING)
        if number not in DATA:
            return []
        if selected.number is None:
            return []
        found = self._routes[self.page].get(nrpn_address(channel, selected.number))
        if found is None:
            return []
        spec, (role, step) = found[0], DATA[number]
        hand = self._hand(port, spec, channel)
        self._moved = hand, spec
        if step:
            if hand.raw is None:
                return []
            raw, most = min(max(hand.raw + step, 0), hand.most), hand.most
            hand.coarse, hand.fine = (raw >> 7, raw & MOST_7) if most == MOST_14 else (raw, 0)
            return self._move(spec, hand, raw, most, at, standing, noise=0)
        combined = hand.combine(role, value, lsb_first=spec.lsb_first)
        most = MOST_14 if hand.is_fine else MOST_7
        return [] if combined is None else self._move(spec, hand, combined, most, at, standing)

    # From readings to what they ask for

    @staticmethod
    def _move(
        spec: ControlSpec,
        hand: ControlState,
        raw: int,
        most: int,
        at: float,
        standing: StateView,
        noise: int | None = None,
    ) -> list[Input]:
        """An absolute control stands somewhere else; `noise` in place of its own deadband."""
        before = hand.place
        if not hand.moves(raw, most, spec.deadband if noise is None else noise):
            return []
        hand.at = at
        target, place = spec.target_spec, hand.place
        assert place is not None  # it has just moved
        if target.kind is Kind.KNOB:
            value = hand.take_over(spec, before, target.now(standing))
            return [] if value is None else [target.ask(value, at)]
        if target.kind is Kind.TRIGGER:
            was_down, hand.down = hand.down, place >= 0.5
            return [target.ask(1.0, at)] if hand.down and not was_down else []
        value, n = spec.place_to_value(place), max(len(target.choices), 2)
        stands = target.now(standing)
        if stands is not None and value_to_choice(stands, n) == value_to_choice(value, n):
            return []
        return [target.ask(value, at)]

    @staticmethod
    def _step(
        spec: ControlSpec, hand: ControlState, steps: int, at: float, standing: StateView
    ) -> list[Input]:
        """An encoder was turned by so many steps."""
        if steps == 0:
            return []
        hand.at = at
        target = spec.target_spec
        stands = target.now(standing)
        if target.kind is Kind.KNOB:
            value = hand.asked if hand.holds(spec, stands) else stands
            place = REST if value is None else spec.value_to_place(value)
            place = min(max(place + steps * spec.speed / MOST_7, 0.0), 1.0)
            return [target.ask(hand.hold(spec, spec.place_to_value(place)), at)]
        n = max(len(target.choices), 2)
        up = (1 if steps > 0 else -1) * (1 if spec.high > spec.low else -1)
        index = value_to_choice(stands or 0.0, n)
        to = min(max(index + up, 0), n - 1)
        return [] if to == index else [target.ask(choice_to_value(to, n), at)]

    def _press(
        self,
        spec: ControlSpec,
        hand: ControlState,
        address: Address,
        value: int,
        at: float,
        standing: StateView,
    ) -> list[Input]:
        """A button, pad or foot switch: it acts when it goes down, a momentary one also when up."""
        kind = spec.kind_spec
        was_down = hand.down
        is_down = value >= PRESSED if kind.status == CONTROL_CHANGE else value > 0
        hand.down = is_down and kind.name != "program"  # which has no end
        if is_down == was_down:
            return []
        hand.at = at
        if spec.feedback is True:
            self.feedback.forget(address)
        target = spec.target_spec
        if spec.momentary:
            return [target.ask(spec.high if is_down else spec.low, at)]
        if not is_down:
            return []
        if target.kind is Kind.CHOICE:
            n = len(target.choices)
            index = (value_to_choice(target.now(standing) or 0.0, n) + 1) % n
            if spec.pick is not None:
                index = target.choices.index(spec.pick)
            return [target.ask(choice_to_value(index, n), at)]
        if target.kind is Kind.SWITCH:
            return [target.ask(0.0 if (target.now(standing) or 0.0) >= 0.5 else 1.0, at)]
        return [target.ask(spec.high, at)]
