"""From notes to what is written to the chip: periods, and nesmdb's rules of which write when.

nesmdb writes what changes, and nothing else: a note held isn't struck again, velocity and duty
don't touch a pulse's phase, a note's end is a cut. `RegisterWriter` keeps one shadow of the chip
and answers with the writes of a change, for a score's steps and for live notes alike.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nesvae_live.music.voices import SILENCE, VOICES, Voice

CPU_CLOCK = 1_789_773
"""CPU clocks a second (NTSC, as nesmdb has it)."""

STATUS = 0x4015
"""The register whose bits switch the voices on."""

BASE = {Voice.P1: 0x4000, Voice.P2: 0x4004, Voice.TR: 0x4008, Voice.NO: 0x400C}
"""Each voice's first register of four."""

NOISE_PERIODS = (4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068)
"""CPU clocks a step of the noise register takes, by the period's number (nesdev)."""

CLOCKS_PER_CYCLE = {spec.voice: spec.clocks_per_cycle for spec in VOICES}

NOTES = {spec.voice: (spec.lowest, spec.highest) for spec in VOICES} | {Voice.NO: (1, 16)}
"""The lowest and highest note of each voice; a pulse's lower ones would wrap to high ones."""

HIGHEST_PERIOD = 0x7EF
"""A pulse with a longer period is mute, as its sweep unit would leave the register."""

LOWEST_PERIOD = 8
"""A pulse with a shorter period is mute; a bend stops here on the triangle too."""

VELOCITIES = 16
TIMBRES = {Voice.P1: 4, Voice.P2: 4, Voice.TR: 4, Voice.NO: 2}
"""How many timbres a voice has: duties, or the noise's two modes. The triangle ignores its own."""

POWER_ON = (
    (STATUS, 0x00),
    (0x4000, 0x30),  # constant volume 0, length counter halted
    (0x4001, 0x07),  # sweep off, with the shift that mutes least
    (0x4004, 0x30),
    (0x4005, 0x07),
    (0x4008, 0xFF),  # linear counter held
    (0x400C, 0x30),
)
"""What nesmdb writes before the first step."""

Write = tuple[int, int]
"""An address ($4000 to $4017) and a value (0 to 255)."""


def note_to_period(voice: Voice, note: int) -> int:
    """The period register of `note`: 0 to 0x7FF, or the noise's 0 to 15.

    Raises ValueError for a note outside the voice's range (`NOTES`) and for silence.
    Note 33 has a period on the pulses, but the chip mutes it.
    """
    lowest, highest = NOTES[voice]
    if not lowest <= note <= highest:
        raise ValueError(f"{voice.name} has no note {note} (it has {lowest} to {highest})")
    if voice is Voice.NO:
        return 16 - note
    frequency = 440.0 * math.pow(2.0, (note - 69) / 12)
    return round(CPU_CLOCK / (CLOCKS_PER_CYCLE[voice] * frequency) - 1)


def bent_period(voice: Voice, note: int, cents: int) -> int:
    """The period register of `note` bent by `cents`, as far as the voice can go.

    The noise doesn't bend. Raises ValueError for a note outside the voice's range.
    """
    period = note_to_period(voice, note)
    if cents == 0 or voice is Voice.NO:
        return period
    frequency = 440.0 * math.pow(2.0, (note - 69 + cents / 100) / 12)
    bent = round(CPU_CLOCK / (CLOCKS_PER_CYCLE[voice] * frequency) - 1)
    return min(max(bent, LOWEST_PERIOD), HIGHEST_PERIOD)


def period_to_frequency(voice: Voice, period: int) -> float:
    """The sounding frequency in Hz; for the noise, the steps of its register a second."""
    if voice is Voice.NO:
        return CPU_CLOCK / NOISE_PERIODS[period]
    return CPU_CLOCK / (CLOCKS_PER_CYCLE[voice] * (period + 1))


def period_to_note(voice: Voice, period: int) -> int:
    """The nearest note to a period, or `SILENCE` where the voice has none."""
    if voice is Voice.NO:
        return 16 - period
    note = round(69 + 12 * math.log2(period_to_frequency(voice, period) / 440.0))
    lowest, highest = NOTES[voice]
    return note if lowest <= note <= highest else SILENCE


def collapse(writes: Iterable[Write]) -> list[Write]:
    """One write a register: where its first one stood, with its last value (nesmdb's rule)."""
    return list(dict(writes).items())


class RegisterWriter:
    """Turns voices' states into the writes that change the chip to them.

    `start()` first; then `set()` a voice at a time, or `step()` all four. Addresses are the
    console's ($4000 to $4017). `note`, `velocity`, `timbre` and `cents` hold what was set last,
    a voice.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> list[Write]:
        """The writes that make a chip ready, all voices off; forgets what was before."""
        self._registers = dict.fromkeys(range(0x4000, 0x4018), 0) | dict(POWER_ON)
        self.note = [SILENCE] * 4
        self.velocity = [0] * 4
        self.timbre = [0] * 4
        self.cents = [0] * 4
        return list(POWER_ON)

    def set(
        self, voice: Voice, note: int, velocity: int = 15, timbre: int = 0, cents: int = 0
    ) -> list[Write]:
        """The writes that bring a voice to a note (0: off), a volume (0-15) and a timbre.

        `cents` bend the note on P1, P2 and TR.

        The timbre is a duty (0-3) on P1 and P2, a mode (0-1) on NO; TR has neither volume nor
        timbre. Velocity 0 leaves the chip's volume as it is, even under a new note (nesmdb's
        rule). A voice that was silent is struck: a pulse's phase starts anew.
        Raises ValueError, and changes nothing, for what the voice doesn't have.
        """
        if not 0 <= velocity < VELOCITIES:
            raise ValueError(f"{voice.name} has no velocity {velocity} (it has 0 to 15)")
        if not 0 <= timbre < TIMBRES[voice]:
            last = TIMBRES[voice] - 1
            raise ValueError(f"{voice.name} has no timbre {timbre} (it has 0 to {last})")
        period = 0 if note == SILENCE else bent_period(voice, note, cents)

        before = self.note[voice]
        writes: list[Write] = []
        if (before == SILENCE) != (note == SILENCE):
            enabled = self._registers[STATUS] ^ (1 << voice)
            self._put(writes, STATUS, enabled)
        if voice is Voice.TR:
            self._set_triangle(writes, note, period, cents)
        elif voice is Voice.NO:
            self._set_noise(writes, note, period, velocity, timbre)
        else:
            self._set_pulse(writes, voice, note, period, velocity, timbre)
        self.note[voice], self.velocity[voice], self.timbre[voice] = note, velocity, timbre
        self.cents[voice] = cents
        return writes

    def release(self, voice: Voice) -> list[Write]:
        """The writes that end the voice's note; its timbre stays."""
        return self.set(voice, SILENCE, 0, self.timbre[voice])

    def silence(self) -> list[Write]:
        """The writes that end every note."""
        return collapse(write for voice in Voice for write in self.release(voice))

    def step(self, states: Iterable[tuple[int, int, int]]) -> list[Write]:
        """The writes of a score's step: (note, velocity, timbre) of P1, P2, TR, NO."""
        writes: list[Write] = []
        for voice, (note, velocity, timbre) in zip(Voice, states, strict=True):
            writes += self.set(voice, note, velocity, timbre)
        return collapse(writes)

    def _set_pulse(
        self, writes: list[Write], voice: Voice, note: int, period: int, velocity: int, timbre: int
    ) -> None:
        base = BASE[voice]
        new_velocity = 0 < velocity != self.velocity[voice]
        if timbre != self.timbre[voice] or new_velocity:
            volume = velocity if new_velocity else self._registers[base] & 0x0F
            self._put(writes, base, timbre << 6 | 0x30 | volume)
        if period & 0xFF != self._registers[base + 2]:
            self._put(writes, base + 2, period & 0xFF)
        struck = self.note[voice] == SILENCE != note
        if struck or period >> 8 != self._registers[base + 3]:
            self._put(writes, base + 3, period >> 8)

    def _set_triangle(self, writes: list[Write], note: int, period: int, cents: int) -> None:
        if note != self.note[Voice.TR] or cents != self.cents[Voice.TR]:
            self._put(writes, 0x400A, period & 0xFF)
            self._put(writes, 0x400B, period >> 8)

    def _set_noise(
        self, writes: list[Write], note: int, period: int, velocity: int, timbre: int
    ) -> None:
        if 0 < velocity != self.velocity[Voice.NO]:
            self._put(writes, 0x400C, 0x30 | velocity)
        new_note = note not in (SILENCE, self.note[Voice.NO])
        if timbre != self.timbre[Voice.NO] or new_note:
            number = period if new_note else self._registers[0x400E] & 0x0F
            self._put(writes, 0x400E, timbre << 7 | number)
        if new_note:
            self._put(writes, 0x400F, 0)

    def _put(self, writes: list[Write], address: int, value: int) -> None:
        self._registers[address] = value
        writes.append((address, value))
