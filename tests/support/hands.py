"""A controller in somebody's hands, on simulated time: what it asks for is carried out at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nesvae_live.clock.sources import InternalClock
from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.inputs import Input, SetKnob, SetMute, SetSwap, TurnPage
from nesvae_live.control.layout import Layout, Page
from nesvae_live.control.surface import Surface
from nesvae_live.engine.live.config import PlayConfig
from nesvae_live.engine.live.state import LiveState
from nesvae_live.music.events import MidiBytes
from tests.support.fakes import ListJournal

PORT = "keys"


class Hands:
    """Controls, what they steer, and a time that goes on by 10 ms a message."""

    def __init__(self, *controls: ControlSpec, pages: Sequence[Page] = ()) -> None:
        self.surface = Surface(Layout(controls, tuple(pages)))
        self.live = LiveState(
            PlayConfig(np.zeros(32, np.float32), np.tile([-2.5, 2.5], (8, 1)), 0),
            ListJournal(),
            InternalClock(120.0),
        )
        self.asked: list[Input] = []
        self.now = 0.0

    def send(self, *data: int, port: str = PORT) -> list[Input]:
        self.now += 0.01
        asked = self.surface.receive(port, data, self.now, self.live)
        for item in asked:
            match item:
                case SetKnob(knob, value, at=at):
                    self.live.turn(knob, value, at)
                case SetMute(voice, muted):
                    now = self.live.arrangement
                    self.live.arrangement = now.with_mute(voice, muted=muted)
                case SetSwap(swap):
                    self.live.swap = swap
                case TurnPage():
                    self.surface.turn_page(item)
                    self.live.page = self.surface.page
                case _:
                    pass
        self.surface.settle(self.live)
        self.asked += asked
        return asked

    def cc(self, number: int, *values: int, channel: int = 0) -> list[float | None]:
        """Where the knob `density` stands after each value."""
        stands = []
        for value in values:
            self.send(0xB0 | channel, number, value)
            stands.append(self.density)
        return stands

    def shown(self, seconds: float = 0.05) -> list[MidiBytes]:
        """What the controller is sent after some time."""
        self.now += seconds
        return self.surface.due(self.live, self.now)

    @property
    def density(self) -> float | None:
        return self.live.knobs.values.get("density")

    @density.setter
    def density(self, value: float | None) -> None:
        self.live.turn("density", value, self.now)


def density(number: int = 20, **options: Any) -> ControlSpec:
    return ControlSpec("density", number, **options)
