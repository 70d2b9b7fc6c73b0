"""Joining a clock that rolls already, as ALSA and as jackd deliver it: by a tap, a position, Link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from nesvae_live.control.inputs import LinkBar, SetOne
from nesvae_live.io.midi.slot import Slot
from nesvae_live.music.events import NoteOn
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.swap import Swap
from tests.support.fakes import ManualTime
from tests.support.rig import CLOCK_PORT, Rig, Source, check_events

TEMPO = 120.0
CLOCK_SECONDS = 60.0 / TEMPO / 24
FRAME = 1 / 48_000
WAKE_SECONDS = 0.003
"""How late RtMidi's thread wakes up for a message of ALSA's, and then stamps it."""
STALL_SECONDS = 0.015
"""How long it is held up at times, so that messages come in one go."""


class Jackd(Source):
    """Messages come with the time of their frame."""

    def send(self, *data: int, at: float | None = None) -> None:
        at = self.rig.time.value if at is None else at
        super().send(*data, at=round(at / FRAME) * FRAME)


@dataclass
class Alsa(Source):
    """Messages go through the slot of RtMidi's, stamped as its thread wakes up: late, and in bursts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._slot = Slot("alsa", "MidiIn", "nesvae_live_in", CLOCK_PORT)
        self._stamps = ManualTime()
        self._slot.listen(self.rig.inbox, self._stamps)
        self._free_at = 0.0

    def send(self, *data: int, at: float | None = None) -> None:
        at = self.rig.time.value if at is None else at
        if self.draw.random() < 0.01:
            self._free_at = at + STALL_SECONDS * self.draw.random()
        woken = max(at, self._free_at) + WAKE_SECONDS * self.draw.random()
        self._stamps.value = max(woken, self._stamps.value)
        self._slot.receive((list(data), 0.0))


def tap(rig: Rig, source: Source) -> None:
    """A hand that is 6 ms late."""
    run_to(source, 1)
    rig.inbox.put(SetOne(at=last_bar_line(source) + 0.006))


def song_position(rig: Rig, source: Source) -> None:
    """The DAW says where it is, as it rolls."""
    del rig
    run_to(source, 42)
    source.jump(source.clocks + 6 - source.clocks % 6)


def link(rig: Rig, source: Source) -> None:
    """A session whose bars are the DAW's, read in the middle of one."""
    run_to(source, 61)
    now = rig.time.value
    rig.inbox.put(LinkBar(now - last_bar_line(source), now))


def last_bar_line(source: Source) -> float:
    return [at for at, clocks in source.lines if clocks % 96 == 0][-1]


def run_to(source: Source, place: int) -> None:
    """Until a clock of the bar has just come."""
    source.run(((place + 0.5 - source.clocks) % 96) * CLOCK_SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Jackd, Alsa])
@pytest.mark.parametrize(("join", "way"), [("tap", tap), ("now", song_position), ("link", link)])
def test_it_joins_a_clock_that_rolls_on_the_bar_lines_that_it_is_told_and_does_not_drift(
    kind: type[Source], join: str, way: Callable[[Rig, Source], None]
) -> None:
    rig = Rig(midi=True, grid=Grid(Mode.BARS, bars=1.0), swap=Swap.BAR, seed=3, join=join)
    source = kind(rig, TEMPO)
    source.plugged = False
    source.run(3.217)  # the cable comes late, somewhere in a bar
    source.plugged = True
    source.run(2.5)
    if join == "now":
        assert rig.clock.runs, "at once in tempo, wherever the bar is"
    else:
        assert not rig.output.sent
        assert rig.clock.waiting.startswith("clock at 12") or rig.clock.waiting.startswith(
            "clock at 11"
        )
    way(rig, source)
    source.run(1.0)
    assert rig.clock.runs
    assert not rig.clock.waiting
    for _ in range(4):
        source.run(30.0)
        lines = [at for at, clocks in source.lines[-480:] if clocks % 96 == 0]
        off = [(rig.clock.ref.beat_at(at) + 2.0) % 4.0 - 2.0 for at in lines[-1:]]
        late = 0.0 if kind is Jackd else WAKE_SECONDS / 2
        assert off[0] * 60 / TEMPO == pytest.approx(-late, abs=0.0005 if kind is Jackd else 0.004)
        struck = [at for at, event in rig.output.sent if isinstance(event, NoteOn)]
        near = [min((at - line for at in struck), key=abs) for line in lines]
        assert sum(abs(at - late) < 0.006 for at in near) >= len(near) // 2, (
            "notes on its bar lines"
        )
    check_events(rig.output.sent, ended=False)


def test_a_link_session_joins_nothing_that_says_itself_where_it_is() -> None:
    rig = Rig(midi=True, join="link")
    source = Source(rig, TEMPO)
    source.start()
    source.run(3.0)
    source.stop()
    source.run(3.0)
    assert rig.clock.waiting
    epoch = rig.clock.epoch
    rig.inbox.put(LinkBar(0.7, rig.time.value))
    source.run(1.0)
    assert (rig.clock.epoch, rig.clock.runs) == (epoch, False)


def test_a_link_sessions_bar_means_nothing_where_it_was_not_asked_for() -> None:
    rig = Rig(midi=True, join="wait")
    source = Source(rig, TEMPO)
    source.run(3.0)
    rig.inbox.put(LinkBar(0.7, rig.time.value))
    source.run(1.0)
    assert not rig.clock.runs
