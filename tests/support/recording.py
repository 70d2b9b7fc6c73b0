"""A recorder that a test steps by hand, on a time of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np

from nesvae_live.log.entries import Opened, Sent
from nesvae_live.music.events import NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.recorder import Recorder, Take
from tests.support.fakes import ManualTime

RATE = 48000
STARTED = datetime(2026, 11, 23, 14, 5, 9)  # noqa: DTZ001 - local wall time
START = 5000.0  # beat 0, on the stamps' scale


def opened(at: float = START) -> Opened:
    return Opened(
        at, "2026-11-23T14:05:09", 120.0, "4/4", 4.0, RATE, 7, "map", "ab12", "default", {}, {}
    )


class Session:
    """A recorder that the test steps by hand."""

    def __init__(self, jams: Path, **options: object) -> None:
        self.time = ManualTime(START)
        self.warnings: list[str] = []
        self.recorder = Recorder(
            jams,
            RATE,
            time=self.time,
            warn=self.warnings.append,
            makers={},
            **options,  # type: ignore[arg-type]
        )
        self.folder = self.recorder.open(STARTED)

    def play(self, seconds: float, *, first: float = 0.0) -> None:
        """Half a second of log and sound at a time, stepped as the thread would."""
        at = first
        while at < first + seconds:
            self.recorder.put(Sent(START + at, 2 * at, NoteOn(Voice.P1, 60)))
            self.recorder.put(Sent(START + at + 0.2, 2 * at + 0.4, NoteOff(Voice.P1, 60)))
            self.recorder.tap(sound(RATE // 2, at))
            at += 0.5
            self.time.value = START + at
            self.recorder.step()

    def close(self) -> Take:
        take = self.recorder.close()
        assert take
        return take


def sound(n: int, seed: float) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return np.random.default_rng(int(2 * seed)).integers(-9000, 9000, n).astype(np.int16)
