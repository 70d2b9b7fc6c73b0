"""The control surface: MIDI messages in, the inputs that they ask for out.

All of it runs in the sequencer's thread and never raises, whatever the bytes are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.feedback import NO_PORT, ControlStates, Feedback
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
from nesvae_live.control.target import (
    Kind,
    StateView,
    TargetSpec,
    choice_to_value,
    value_to_choice,
)
from nesvae_live.music.events import MidiBytes

PRESSED_FROM = 64
"""The lowest value of a pressed button."""

UNTOUCHED_PLACE = 0.5
"""The place, 0..1, from which an encoder starts on an untouched knob."""

NOTHING = Selected()
"""What data entry sets on a channel that has selected no NRPN."""


class Surface:
    """Reads a controller whose controls are laid out as in `layout`.

    Raises:
        ValueError: two targets are on one control; the message names both.
    """

    def __init__(self, layout: Layout) -> None:
        self.page = 0
        """The selected page, 0-based."""
        self.feedback = Feedback()
        self._states: ControlStates = {}
        self._channels: dict[ControlSpec, int] = {}
        self._selected: dict[tuple[str, int], Selected] = {}
        self._moved: tuple[ControlState, ControlSpec] | None = None
        self.rearrange(layout)

    def rearrange(self, layout: Layout) -> None:
        """Use another layout, with as many pages.

        Raises:
            ValueError: two targets are on one control; the message names both.
        """
        self._active = layout.sets()
        self._routes = [routes(controls) for controls in self._active]
        self.layout = layout

    def page_of(self, target: str) -> int | None:
        """The page on which `target` is to have its control; None: on all pages."""
        if not self.layout.pages or any(c.target == target for c in self.layout.controls):
            return None
        return self.page

    def turn_page(self, asked: TurnPage) -> None:
        """Select a page (out of range: the first or last), and arm every takeover again."""
        page = self.page + asked.step if asked.page is None else asked.page
        self.page = min(max(page, 0), len(self._active) - 1)
        there = {(spec.number, spec.kind) for spec in self.active}
        for ((_, _, number), kind), states in self._states.items():
            for state in states.values():
                state.target = None
                if (number, kind) not in there:
                    state.raw = None  # until its page is back, nothing tells where it is moved

    @property
    def active(self) -> Sequence[ControlSpec]:
        """The controls of the selected page and of all pages."""
        return self._active[self.page]

    def receive(self, port: str, data: Sequence[int], at: float, view: StateView) -> list[Input]:
        """The inputs that a MIDI message asks for, given the state that `view` shows."""
        reading = message_to_reading(data)
        if reading is None:
            return []
        (status, channel, number), value = reading
        if self.feedback.on and self.feedback.is_echo(reading[0], value, at):
            return []
        found = self._routes[self.page].get(reading[0])
        if status == CONTROL_CHANGE and reserved_because(number) and not _given_up(found):
            return self._receive_data(port, channel, number, value, at, view)
        if found is None:
            return []
        spec, role = found
        state = self._state_of(port, spec, channel)
        self._moved = state, spec
        kind = spec.kind_spec
        if kind.steps is not None:
            return self._step(spec, state, kind.steps(value), at, view)
        if kind.form is Form.PRESS:
            return self._press(spec, state, reading[0], value, at, view)
        if role is Role.WHOLE:
            return self._move(spec, state, value, kind.most, at, view)
        raw = state.combine(role, value, lsb_first=spec.lsb_first)
        most = kind.most if state.is_fine else MOST_7
        return [] if raw is None else self._move(spec, state, raw, most, at, view)

    def settle(self, view: StateView) -> None:
        """Note where the target stands now that the last message's inputs were carried out."""
        if self._moved is not None:
            state, spec = self._moved
            state.settle(spec, spec.target_spec.now(view))
            self._moved = None

    def waiting(self, view: StateView) -> dict[str, float]:
        """Where each control stands that was moved, and doesn't hold its target: it has to take over.

        By target, 0..1 on its scale. Any thread may ask.
        """
        found: dict[str, float] = {}
        for (address, kind), states in list(self._states.items()):
            spec, _ = self._routes[self.page].get(address, (None, None))
            if spec is None or spec.kind != kind or spec.kind_spec.steps is not None:
                continue
            if spec.takeover is Takeover.NONE or spec.target_spec.kind is not Kind.KNOB:
                continue
            last = max(list(states.values()), key=lambda state: state.at)
            place, stands = last.place, _set_by_hand(spec.target_spec, view)
            if place is not None and stands is not None and not last.holds(spec, stands):
                found[spec.target] = round(spec.place_to_value(place), 3)
        return found

    def _state_of(self, port: str, spec: ControlSpec, channel: int) -> ControlState:
        if spec.channel is None:
            self._channels[spec] = channel
        key = (spec.kind_spec.status, channel, spec.number), spec.kind
        states = self._states.setdefault(key, {})
        state = states.get(port)
        if state is None:
            sent = states.get(NO_PORT)
            state = states[port] = ControlState() if sent is None else replace(sent)
        return state

    def due(self, view: StateView, now: float) -> list[MidiBytes]:
        """The feedback to send to the controller now."""
        return self.feedback.due(self.active, self._states, self._channels, view, now)

    def _receive_data(
        self, port: str, channel: int, number: int, value: int, at: float, view: StateView
    ) -> list[Input]:
        """Take a reserved controller: it may be a part of the NRPN of some control."""
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
        state = self._state_of(port, spec, channel)
        self._moved = state, spec
        if (to_steps := spec.kind_spec.steps) is not None:
            turned = step or (to_steps(value) if role is Role.COARSE else 0)
            return self._step(spec, state, turned, at, view)
        if step:
            if state.raw is None:
                return []
            raw, most = min(max(state.raw + step, 0), state.most), state.most
            state.coarse, state.fine = (raw >> 7, raw & MOST_7) if most == MOST_14 else (raw, 0)
            return self._move(spec, state, raw, most, at, view, noise=0)
        combined = state.combine(role, value, lsb_first=spec.lsb_first)
        most = MOST_14 if state.is_fine else MOST_7
        return [] if combined is None else self._move(spec, state, combined, most, at, view)

    # From readings to inputs

    @staticmethod
    def _move(
        spec: ControlSpec,
        state: ControlState,
        raw: int,
        most: int,
        at: float,
        view: StateView,
        noise: int | None = None,
    ) -> list[Input]:
        """An absolute control was moved to `raw`; `noise` replaces its own deadband."""
        before = state.place
        if not state.moves(raw, most, spec.deadband if noise is None else noise):
            return []
        state.at = at
        target, place = spec.target_spec, state.place
        assert place is not None  # it has just moved
        if target.kind is Kind.KNOB:
            value = state.take_over(spec, before, _set_by_hand(target, view))
            return [] if value is None else [target.ask(value, at)]
        if target.kind is Kind.TRIGGER:
            was_down, state.down = state.down, place >= 0.5
            return [target.ask(1.0, at)] if state.down and not was_down else []
        value, n = spec.place_to_value(place), max(len(target.choices), 2)
        stands = target.now(view)
        if stands is not None and value_to_choice(stands, n) == value_to_choice(value, n):
            return []
        return [target.ask(value, at)]

    @staticmethod
    def _step(
        spec: ControlSpec, state: ControlState, steps: int, at: float, view: StateView
    ) -> list[Input]:
        """An encoder was turned by `steps`."""
        if steps == 0:
            return []
        state.at = at
        target = spec.target_spec
        stands = target.now(view)
        if target.kind is Kind.KNOB:
            value = state.asked if state.holds(spec, stands) else stands
            place = UNTOUCHED_PLACE if value is None else spec.value_to_place(value)
            place = min(max(place + steps * spec.speed / MOST_7, 0.0), 1.0)
            return [target.ask(state.hold(spec, spec.place_to_value(place)), at)]
        n = max(len(target.choices), 2)
        up = (1 if steps > 0 else -1) * (1 if spec.high > spec.low else -1)
        index = value_to_choice(stands or 0.0, n)
        to = min(max(index + up, 0), n - 1)
        return [] if to == index else [target.ask(choice_to_value(to, n), at)]

    def _press(
        self,
        spec: ControlSpec,
        state: ControlState,
        address: Address,
        value: int,
        at: float,
        view: StateView,
    ) -> list[Input]:
        """A button or pad acts when it goes down, a momentary one also when it comes up."""
        kind = spec.kind_spec
        was_down = state.down
        is_down = value >= PRESSED_FROM if kind.status == CONTROL_CHANGE else value > 0
        state.down = is_down and kind.name != "program"  # a program change has no release
        if is_down == was_down:
            return []
        state.at = at
        if spec.feedback is True:
            self.feedback.forget(address)
        target = spec.target_spec
        if spec.momentary:
            return [target.ask(spec.high if is_down else spec.low, at)]
        if not is_down:
            return []
        if target.kind is Kind.CHOICE:
            n = len(target.choices)
            index = (value_to_choice(target.now(view) or 0.0, n) + 1) % n
            if spec.pick is not None:
                index = target.choices.index(spec.pick)
            return [target.ask(choice_to_value(index, n), at)]
        if target.kind is Kind.SWITCH:
            return [target.ask(0.0 if (target.now(view) or 0.0) >= 0.5 else 1.0, at)]
        return [target.ask(spec.high, at)]


def _given_up(found: tuple[ControlSpec, Role] | None) -> bool:
    """Whether what a reserved controller means is given up for the control that listens to it."""
    return found is not None and bool(found[0].gives_up)


def _set_by_hand(target: TargetSpec, view: StateView) -> float | None:
    """Where a target stands that a control has to take over; None: no hand has set it."""
    return None if target.name in view.knobs.steadied else target.now(view)
