"""Register writes at the console's frames: one set of writes for each voice and frame at most.

A game writes to the chip once a frame, and so does the player. Writes go to the nearest frame;
within one, the last value of a register counts. A note that would begin and end within one frame
lasts for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from nesvae_live.chip.registers import BASE, CPU_CLOCK, STATUS
from nesvae_live.chip.vgm.registerlog import RegisterLog
from nesvae_live.music.voices import Voice

CLOCKS_PER_FRAME = 29_780.5
"""CPU clocks in a frame of an NTSC console's picture (nesdev: 341 x 262 - 0.5 dots, 3 a clock)."""

CONSOLE_HZ = CPU_CLOCK / CLOCKS_PER_FRAME
"""60.0988: how many frames a second a console draws."""

STRIKES = 3
"""The register that strikes a voice anew, whatever its value was."""

SWEEP = 1
"""The pulses' sweep, which a write of the same value reloads."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is written to a voice in one frame.

    `values` are those of its four registers (None: not written); `on` switches it in $4015, on
    before the registers are written, or off (None: as it was).
    """

    values: tuple[int | None, int | None, int | None, int | None]
    on: bool | None = None


VoiceTurns = list[tuple[int, Turn]]
"""A voice's turns with their frames, in order; frames without one are left out."""


@dataclass(frozen=True, slots=True)
class FrameLog:
    """`count` frames at `fps`, and the turns of P1, P2, TR and NO.

    `moved_ms` is by how much strikes lie off their own time: on average, and at most. `left_out`
    names what was written that the frames don't have.
    """

    fps: float
    count: int
    voices: tuple[VoiceTurns, ...]
    moved_ms: tuple[float, float]
    left_out: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.count / self.fps

    def in_order(self) -> list[tuple[int, int, Turn]]:
        """Every turn as (frame, voice, turn), in the order in which the player writes."""
        every = [(f, v, turn) for v, turns in enumerate(self.voices) for f, turn in turns]
        return sorted(every, key=lambda one: one[:2])


class _VoiceFrames:
    """Collects the turns of one voice."""

    def __init__(self, voice: Voice) -> None:
        self._sweeps = voice in {Voice.P1, Voice.P2}
        self._values = [0] * 4
        self._on = False
        self._ends_at: int | None = None  # the frame where a note ends that was too short
        self._behind: dict[int, int] = {}  # what was written when it had ended
        self.turns: VoiceTurns = []

    def add(
        self, frame: int, written: dict[int, int], switched: Sequence[bool], behind: dict[int, int]
    ) -> None:
        """What was written in a frame: by register; and to the voice's bit of $4015, in order.

        `behind` is what was written after it had been switched on and off again.
        """
        self.end_before(frame)
        on = switched[-1] if switched else self._on
        if self._ends_at == frame:
            on, self._ends_at = bool(switched) and switched[-1], None
            written = self._behind | written | behind
        elif not on and not self._on and any(switched):
            on, self._ends_at, self._behind = True, frame + 1, behind
        else:
            written |= behind
        self._turn(frame, written, on=on)

    def end_before(self, frame: int) -> None:
        """End a note that was too short, if its end lies before `frame`."""
        if self._ends_at is not None and self._ends_at < frame:
            at, self._ends_at = self._ends_at, None
            self._turn(at, self._behind, on=False)

    def _turn(self, frame: int, written: dict[int, int], *, on: bool) -> None:
        values: list[int | None] = [None] * 4
        for register, value in written.items():
            again = register == STRIKES or (register == SWEEP and self._sweeps)
            if again or value != self._values[register]:
                values[register] = self._values[register] = value
        turn = Turn((*values,), None if on == self._on else on)  # type: ignore[arg-type]
        self._on = on
        if turn.on is not None or any(value is not None for value in values):
            self.turns.append((frame, turn))


def log_to_frames(rate: int, log: RegisterLog, fps: float = CONSOLE_HZ) -> FrameLog:
    """The frames of writes stamped at `rate` a second.

    As in the renderer, what is stamped t >= 1 acts at sample t - 1. The DMC's registers and the
    frame counter's are left out, and named if they matter.
    """
    count = max(1, round(max(log.nsamps - 1, 0) / rate * fps))
    exact = np.maximum(log.writes[:, 0] - 1, 0) / rate * fps
    frames = np.rint(exact).astype(np.int64)
    struck = np.isin(log.writes[:, 1], [base + STRIKES for base in BASE.values()])
    moved = np.abs(frames - exact)[struck] / fps * 1000.0
    voices = [_VoiceFrames(voice) for voice in Voice]
    left_out: dict[str, None] = {}
    rows = zip(frames.tolist(), log.writes[:, 1].tolist(), log.writes[:, 2].tolist(), strict=True)
    for frame, together in groupby(rows, key=lambda row: row[0]):
        if frame >= count:
            break
        _add_frame(voices, frame, ((a, v) for _, a, v in together), left_out)
    for voice in voices:
        voice.end_before(count)
    distance = (float(moved.mean()), float(moved.max())) if len(moved) else (0.0, 0.0)
    turns = tuple(voice.turns for voice in voices)
    return FrameLog(fps, count, turns, distance, tuple(left_out))


def _add_frame(
    voices: list[_VoiceFrames],
    frame: int,
    writes: Iterable[tuple[int, int]],
    left_out: dict[str, None],
) -> None:
    written: list[dict[int, int]] = [{} for _ in voices]
    behind: list[dict[int, int]] = [{} for _ in voices]
    switched: list[list[bool]] = [[] for _ in voices]
    for address, value in writes:
        if address == STATUS:
            for voice, bits in enumerate(switched):
                bits.append(bool(value >> voice & 1))
                if bits[-1]:
                    written[voice] |= behind[voice]
                    behind[voice] = {}
            if value & 0x10:
                left_out["DMC"] = None
        elif address < 0x4010:
            voice = address - 0x4000 >> 2
            bits = switched[voice]
            over = any(bits) and not bits[-1]
            (behind if over else written)[voice][address & 3] = value
        elif address == 0x4017:
            if value & 0x80:
                left_out["five-step frame counter"] = None
        elif address == 0x4011 and value:
            left_out["DMC"] = None
    for voice, frames in enumerate(voices):
        frames.add(frame, written[voice], switched[voice], behind[voice])


def frames_to_log(frames: FrameLog) -> tuple[int, RegisterLog]:
    """The writes of the frames as our chip takes them: the rate of their stamps, and the log."""
    writes: list[tuple[int, int, int]] = []
    status = 0
    for frame, voice, turn in frames.in_order():
        stamp = 1 + round(frame / frames.fps * CPU_CLOCK)
        if turn.on is not None:
            status = status | 1 << voice if turn.on else status & ~(1 << voice)
            writes.append((stamp, STATUS, status))
        for register, value in enumerate(turn.values):
            if value is not None:
                writes.append((stamp, 0x4000 + 4 * voice + register, value))
    nsamps = 1 + round(frames.seconds * CPU_CLOCK)
    return CPU_CLOCK, RegisterLog(nsamps, np.array(writes, dtype=np.int64).reshape(-1, 3))
