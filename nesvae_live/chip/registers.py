"""From notes to register writes: periods, and nesmdb's rules for what is written when.

nesmdb writes only what changes: a held note isn't retriggered, velocity and duty don't affect a
pulse's phase, and a note ends with a cut. `RegisterWriter` keeps a shadow of the registers and
returns the writes for a change, both for a score's steps and for live notes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nesvae_live.chip.vgm.registerlog import NTSC_CLOCK
from nesvae_live.music.voices import SILENCE, VOICES, Voice

CPU_CLOCK = NTSC_CLOCK
"""CPU clocks a second, of the console that we write for."""

STATUS = 0x4015
"""The register whose bits switch the voices on."""

BASE = {Voice.P1: 0x4000, Voice.P2: 0x4004, Voice.TR: 0x4008, Voice.NO: 0x400C}
"""Each voice's first register of four."""

NOISE_PERIODS = (4, 8, 16, 32, 64, 96, 128, 160, 202, 254, 380, 508, 762, 1016, 2034, 4068)
"""CPU clocks per step of the noise register, by the number of the period (nesdev)."""

CLOCKS_PER_CYCLE = {spec.voice: spec.clocks_per_cycle for spec in VOICES}

NOTES = {spec.voice: (spec.lowest, spec.highest) for spec in VOICES} | {Voice.NO: (1, 16)}
"""The lowest and highest note of each voice; on a pulse, lower ones would wrap to high ones."""

HIGHEST_PERIOD = 0x7EF
"""A pulse with a longer period is mute, because its sweep unit would overflow."""

LOWEST_PERIOD = 8
"""A pulse with a shorter period is mute; bends stop here, on the triangle too."""

VELOCITIES = 16
TIMBRES = {Voice.P1: 4, Voice.P2: 4, Voice.TR: 4, Voice.NO: 2}
"""How many timbres a voice has: duties, or the noise's two modes. The triangle ignores them."""

POWER_ON = (
    (STATUS, 0x00),
    (0x4000, 0x30),  # constant volume 0, length counter halted
    (0x4001, 0x07),  # sweep off, with the shift that mutes the fewest notes
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
    """The period register of `note` bent by `cents`, within the voice's limits.

    The noise doesn't bend. Raises ValueError for a note outside the voice's range.
    """
    period = note_to_period(voice, note)
    if cents == 0 or voice is Voice.NO:
        return period
    frequency = 440.0 * math.pow(2.0, (note - 69 + cents / 100) / 12)
    bent = round(CPU_CLOCK / (CLOCKS_PER_CYCLE[voice] * frequency) - 1)
    return min(max(bent, LOWEST_PERIOD), HIGHEST_PERIOD)


def period_to_frequency(voice: Voice, period: int) -> float:
    """The frequency in Hz; for the noise, how many steps a second its register takes."""
    if voice is Voice.NO:
        return CPU_CLOCK / NOISE_PERIODS[period]
    return CPU_CLOCK / (CLOCKS_PER_CYCLE[voice] * (period + 1))


def period_to_note(voice: Voice, period: int) -> int:
    """The note nearest to a period, or `SILENCE` if the voice has none."""
    if voice is Voice.NO:
        return 16 - period
    note = round(69 + 12 * math.log2(period_to_frequency(voice, period) / 440.0))
    lowest, highest = NOTES[voice]
    return note if lowest <= note <= highest else SILENCE


def collapse(writes: Iterable[Write]) -> list[Write]:
    """One write per register, in the place of its first and with its last value (nesmdb's rule)."""
    return list(dict(writes).items())


class RegisterWriter:
    """Turns states of the voices into the register writes that bring them about.

    Call `start()` first, then `set()` for one voice or `step()` for all four. Addresses are the
    console's ($4000 to $4017). `note`, `velocity`, `timbre` and `cents` hold what was last set for
    each voice.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> list[Write]:
        """The writes that initialise a chip with all voices off; forgets everything before."""
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
        """The writes that end the voice's note; it keeps its timbre."""
        return self.set(voice, SILENCE, 0, self.timbre[voice])

    def silence(self) -> list[Write]:
        """The writes that end every note."""
        return collapse(write for voice in Voice for write in self.release(voice))

    def step(self, states: Iterable[tuple[int, int, int]]) -> list[Write]:
        """The writes for a step of a score: (note, velocity, timbre) of P1, P2, TR and NO."""
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
