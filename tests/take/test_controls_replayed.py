"""A jam played with a controller, with pages, learning and feedback, is played again from its log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nesvae_live.control.controlspec import ControlSpec, Takeover
from nesvae_live.control.inputs import Learn, MidiIn, Refresh, TurnPage, Unlearn
from nesvae_live.control.layout import Defaults, Layout, Page
from nesvae_live.log.codec import entry_to_line, line_to_entry
from nesvae_live.log.entries import Entry, Opened, Sent, Turned
from nesvae_live.log.reader import line_to_opened
from nesvae_live.take.replay import Replay
from tests.support.fakes import ListJournal
from tests.support.simulated import SimulatedJam

PICKUP, SCALE = Takeover.PICKUP, Takeover.SCALE
CONTROLS = Layout(
    (
        ControlSpec("density", 20, takeover=PICKUP, feedback=True),
        ControlSpec("motion", 21, takeover=SCALE, curve="s", low=0.9, high=0.1),
        ControlSpec("bass", 22, kind="twos", feedback=48),
        ControlSpec("focus", 3, kind="cc14", deadband=2),
        ControlSpec("mute-P1", 36, kind="note", feedback=True),
        ControlSpec("page-next", 40, kind="button"),
    ),
    (
        Page("one", (ControlSpec("style1", 23, takeover=PICKUP),)),
        Page("two", (ControlSpec("style2", 23, takeover=PICKUP),)),
    ),
    Defaults(takeover=PICKUP),
)
LEARNABLE = ("density", "register", "style4", "mute-P2", "hold")


class HandledJam(SimulatedJam):
    """A jam in which hands are on a controller all the time."""

    def __init__(self, seed: int, seconds: float) -> None:
        super().__init__(seed, seconds)
        self.sequencer.dispatcher.surface.rearrange(CONTROLS)
        self.setup = replace(self.setup, layout=CONTROLS)
        others = [e for e in self.written.entries if not isinstance(e, Opened)]
        self.written.entries[:] = [self._opened(), *others]
        self.still_until = 0.0

    def pass_time(self, seconds: float) -> None:
        if self.draw.random() < 0.15 and self.time.value > self.still_until:
            self.handle()
        super().pass_time(seconds)

    def handle(self) -> None:
        draw, now = self.draw, self.time.value
        chance = draw.random()
        if chance < 0.1:
            self.put(Learn(draw.choice((*LEARNABLE, None)), at=now))
            for value in (10, 20, 30):
                self.put(MidiIn("knobs", (0xB0, draw.choice([20, 23, 50]), value), now))
            self.still_until = now + draw.choice([0.1, 0.5])
        elif chance < 0.14:
            self.put(Unlearn(at=now))
        elif chance < 0.2:
            self.put(Refresh(at=now, connected=draw.choice([True, True, False, None])))
        elif chance < 0.25:
            self.put(TurnPage(None, draw.choice([-1, 1]), at=now))
        elif chance < 0.4:
            status = draw.choice([0x90, 0x80])
            self.put(MidiIn("pads", (status, draw.choice([36, 37]), 100), now))
        else:
            cc = draw.choice([3, 35, 20, 21, 22, 23, 24, 40])
            place = draw.randrange(128)
            for step in range(draw.choice([1, 5])):
                value = (place + step) % 128 if cc != 22 else draw.choice([1, 127])
                self.put(MidiIn("knobs", (0xB0, cc, value), now))


def decided(entries: list[Entry]) -> list[object]:
    """What a replay must come to: every knob's turn, every event and its beat."""
    return [
        (e.knob, e.value) if isinstance(e, Turned) else (e.beat, e.event)
        for e in entries
        if isinstance(e, Turned | Sent)
    ]


@pytest.mark.parametrize("seed", [0, 2, 3, 4])
def test_what_hands_on_a_controller_did_is_computed_again(seed: int) -> None:
    jam = HandledJam(seed, 6.0)
    jam.play()
    assert jam.sequencer.dispatcher.midi_learn.last is not None, "something was learnt"
    first, *lines = [entry_to_line(e, jam.origin) for e in jam.written.entries]
    journal = ListJournal()
    again = Replay(line_to_opened(first), journal)
    for line in lines:
        again.take(line_to_entry(line))
    again.end()
    played = decided(jam.written.entries)
    assert len(played) > 50
    assert decided(journal.entries) == played
    surface, replayed = (s.dispatcher.surface for s in (jam.sequencer, again.sequencer))
    assert replayed.layout == surface.layout
    assert replayed.page == surface.page
