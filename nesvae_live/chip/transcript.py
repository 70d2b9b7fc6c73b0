"""From register writes to what each voice plays: notes, velocities and timbres, to the sample.

Writes that nesmdb made of a score give the score back. Of any other log, a game's, the chip's
units are run as nesmdb runs them (its `rawsco`), so that what comes out is NES-MDB's own
transcript: its frame counter has 240 steps a second (192 with five, 200 and 160 in PAL), of which
every other one is a half frame, and a write to $4017 is followed by one of both kinds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np

from nesvae_live.chip.registers import NOTES, period_to_note
from nesvae_live.chip.tables import LENGTHS, PAL, system_of
from nesvae_live.chip.vgm.registerlog import MEMORY, NTSC_CLOCK, VGM_RATE, RegisterLog
from nesvae_live.music.voices import SILENCE, Voice

State = tuple[int, int, int]
"""A voice's note, velocity and timbre."""

Span = tuple[int, int, State]
"""A first sample, an end, and the state between."""

GAME_S_OWN = (
    ((0x4000, 0x4004, 0x400C), 0x10, 0x00),  # envelope
    ((0x4000, 0x4004, 0x400C), 0x20, 0x00),  # length counter
    ((0x4008,), 0x80, 0x00),  # linear counter
    ((0x4001, 0x4005), 0x80, 0x80),  # sweep
)
"""What nesmdb never writes: (addresses, mask, bits); a write whose masked bits match uses it."""

TONES = (Voice.P1, Voice.P2, Voice.TR)
SHAPED = (Voice.P1, Voice.P2, Voice.NO)
"""The voices with an envelope."""

RATES = {True: (200.0, 160.0), False: (240.0, 192.0)}
"""Steps of the frame counter a second, of four and of five, in PAL and in NTSC."""

NOTE_RANGE = (21, 108)


def is_of_a_score(log: RegisterLog) -> bool:
    """Whether a log uses nothing that nesmdb doesn't write."""
    address, value = log.writes[:, 1], log.writes[:, 2]
    used = [np.isin(address, which) & (value & mask == bits) for which, mask, bits in GAME_S_OWN]
    return abs(log.clock - NTSC_CLOCK) < 2 and not np.any(used)


def voice_spans(log: RegisterLog) -> list[list[Span]]:
    """The spans of each voice, from sample 0 to the end; neighbours differ."""
    if is_of_a_score(log):
        return _collect(_score_states(log), log.nsamps)
    return _collect(_Transcriber(log).states(), log.nsamps)


def _collect(moments: Iterable[tuple[int, list[State]]], nsamps: int) -> list[list[Span]]:
    """The spans of states that hold from their samples on."""
    since = [0] * len(Voice)
    states: list[State] = [(SILENCE, 0, 0)] * len(Voice)
    spans: list[list[Span]] = [[] for _ in Voice]
    for sample, new in moments:
        for voice, state in enumerate(new):
            if state != states[voice]:
                if sample > since[voice]:
                    spans[voice].append((since[voice], sample, states[voice]))
                since[voice], states[voice] = sample, state
    for voice in Voice:
        spans[voice].append((since[voice], max(nsamps, since[voice] + 1), states[voice]))
    return spans


def _by_sample(log: RegisterLog) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """The writes to registers, as (address - $4000, value), of each sample that has any."""
    rows = (row for row in log.writes.tolist() if row[1] < MEMORY)
    for sample, together in groupby(rows, key=lambda row: row[0]):
        yield sample, [(address - 0x4000, value) for _, address, value in together]


def _score_states(log: RegisterLog) -> Iterator[tuple[int, list[State]]]:
    registers = [0] * 0x18
    loaded = 0  # bits of the voices whose length counter was loaded since they were enabled
    for sample, writes in _by_sample(log):
        for address, value in writes:
            registers[address] = value
            if address == 0x15:
                loaded &= value
            elif address in (0x03, 0x07, 0x0B, 0x0F):
                loaded |= 1 << (address >> 2) & registers[0x15]
        yield sample, [_state(voice, registers, bool(loaded >> voice & 1)) for voice in Voice]


def _state(voice: Voice, registers: list[int], loaded: bool) -> State:
    """A voice's state from the chip's registers, all counters at rest."""
    control, _, low, high = registers[4 * voice : 4 * voice + 4]
    if voice is Voice.TR:
        return (period_to_note(voice, (high & 7) << 8 | low) if loaded else SILENCE, 0, 0)
    volume = control & 0x0F
    timbre = control >> 6 if voice is not Voice.NO else low >> 7
    if not loaded or volume == 0:
        return (SILENCE, 0, timbre)
    period = low & 0x0F if voice is Voice.NO else (high & 7) << 8 | low
    note = period_to_note(voice, period)
    return (note, volume if note != SILENCE else 0, timbre)


def _note_table(voice: Voice, clock: int) -> list[int]:
    """The note of each period, in nesmdb's precision."""
    periods = np.arange(0x800).astype(np.float32)
    frequency = np.float32(clock) / ((32 if voice is Voice.TR else 16) * (periods + 1))
    notes = np.round(69 + 12 * np.log(frequency / np.float32(440)) / np.float32(np.log(2)))
    low, high = max(NOTE_RANGE[0], NOTES[voice][0]), NOTE_RANGE[1]
    return [int(note) if low <= note <= high else SILENCE for note in notes.tolist()]


class _Clock:
    """nesmdb's frame counter: at which samples it steps, and whether that is a half frame."""

    def __init__(self, rates: tuple[float, float]) -> None:
        self._intervals = [1.0 / rate for rate in rates]
        self._interval = self._intervals[0]
        self._elapsed = 0.0
        self._steps = 0
        self._sample = 0  # the next one that is looked at
        self._restarted = False
        self._next: tuple[int, bool] | None = None

    def until(self, sample: int) -> Iterator[tuple[int, bool]]:
        """The steps up to a sample, that sample's included: (sample, is a half frame)."""
        while (step := self._peek())[0] <= sample:
            self._next = None
            yield step

    def restart(self, sample: int, *, five: bool) -> None:
        """$4017 was written at a sample: it starts anew, with a step of both kinds behind it."""
        self._interval = self._intervals[five]
        self._elapsed, self._steps = 0.0, 0
        self._sample, self._restarted, self._next = sample + 1, True, None

    def _peek(self) -> tuple[int, bool]:
        """The next step; it is added up as nesmdb does, since that decides at which sample it is."""
        if self._next is None:
            if self._restarted:
                self._restarted = False
                self._next = (self._sample, True)
                return self._next
            sample, a_sample = self._sample, 1.0 / VGM_RATE
            elapsed = self._elapsed + a_sample
            while elapsed <= self._interval:
                elapsed += a_sample
                sample += 1
            self._elapsed = elapsed - self._interval
            self._next = (sample, self._steps % 2 == 1)
            self._steps += 1
            self._sample = sample + 1
        return self._next


class _Transcriber:
    """Runs the chip's units over a log, as nesmdb does."""

    def __init__(self, log: RegisterLog) -> None:
        self._log = log
        self._clock = _Clock(RATES[system_of(log.clock) is PAL])
        self._notes = [_note_table(voice, log.clock) for voice in TONES]
        self._registers = [0] * 0x18
        self._registers[0x15] = 0x1F
        self._periods = [0] * 3
        self._targets = [0] * 2  # what the sweeps would lead to
        self._lengths = [0] * 4
        self._levels = dict.fromkeys(SHAPED, 0)  # the envelopes'
        self._dividers = dict.fromkeys(SHAPED, 0)
        self._starts = dict.fromkeys(SHAPED, False)
        self._sweeps = [1, 1]  # their dividers
        self._reloads = [False, False]
        self._linear = 0
        self._linear_reload = False

    def states(self) -> Iterator[tuple[int, list[State]]]:
        """The voices' states, wherever they may change."""
        last = self._log.nsamps - 1
        for sample, writes in _by_sample(self._log):
            for step in self._clock.until(min(sample, last)):
                yield self._step(*step)
            for address, value in writes:
                self._write(address, value)
                if address == 0x17:
                    self._clock.restart(sample, five=bool(value & 0x80))
            yield sample, self._now()
        for step in self._clock.until(last):
            yield self._step(*step)

    def _step(self, sample: int, half: bool) -> tuple[int, list[State]]:
        self._quarter_frame()
        if half:
            self._half_frame()
        return sample, self._now()

    def _control(self, voice: Voice) -> int:
        return self._registers[4 * voice]

    def _quarter_frame(self) -> None:
        control = self._control(Voice.TR)
        if self._linear_reload:
            self._linear = control & 0x7F
        else:
            self._linear -= 1
        if not control & 0x80:
            self._linear_reload = False
        for voice in SHAPED:
            control = self._control(voice)
            if self._starts[voice]:
                self._starts[voice] = False
                self._levels[voice], self._dividers[voice] = 15, 0
                continue
            self._dividers[voice] += 1
            if self._dividers[voice] > control & 0x0F:
                self._dividers[voice] = 0
                if self._levels[voice] > 0:
                    self._levels[voice] -= 1
                elif control & 0x20:
                    self._levels[voice] = 15

    def _half_frame(self) -> None:
        for voice in Voice:
            if not self._control(voice) & (0x80 if voice is Voice.TR else 0x20):
                self._lengths[voice] -= 1
        for i in range(2):
            sweep = self._registers[4 * i + 1]
            if not sweep & 0x80:
                continue
            self._sweeps[i] -= 1
            if self._sweeps[i] <= 0:
                self._aim(i)
                if self._periods[i] >= 8 and self._targets[i] < 0x800 and sweep & 7:
                    self._periods[i] = max(self._targets[i], 0)
                self._sweeps[i] = (sweep >> 4 & 7) + 1
            if self._reloads[i]:
                self._sweeps[i] = (sweep >> 4 & 7) + 1
                self._reloads[i] = False

    def _aim(self, i: int) -> None:
        """Where a pulse's sweep would lead."""
        sweep = self._registers[4 * i + 1]
        change = self._periods[i] >> (sweep & 7)
        if sweep & 8:
            change = -change - (1 - i)
        self._targets[i] = self._periods[i] + change

    def _write(self, address: int, value: int) -> None:
        voice, which = divmod(address, 4)
        if address == 0x15:
            for v in Voice:
                if not value >> v & 1:
                    self._lengths[v] = 0
        elif voice < 2 and which == 1:
            # The target is that of the new enable bit with the old shift: nesmdb takes the byte
            # apart, and aims after its first part.
            self._registers[address] = self._registers[address] & 0x7F | value & 0x80
            self._aim(voice)
            self._reloads[voice] = True
        elif voice < 3 and which == 2:
            self._periods[voice] = self._periods[voice] & 0x700 | value
        elif voice < 4 and which == 3:
            self._load(Voice(voice), value)
        self._registers[address] = value
        if voice < 2 and which >= 2:
            self._aim(voice)

    def _load(self, voice: Voice, value: int) -> None:
        if self._registers[0x15] >> voice & 1:
            self._lengths[voice] = int(LENGTHS[value >> 3])
        if voice is Voice.TR:
            self._linear_reload = True
        else:
            self._starts[voice] = True
        if voice is not Voice.NO:
            self._periods[voice] = self._periods[voice] & 0xFF | (value & 7) << 8

    def _now(self) -> list[State]:
        return [
            self._pulse(Voice.P1),
            self._pulse(Voice.P2),
            self._triangle(),
            self._noise(),
        ]

    def _volume(self, voice: Voice) -> int:
        if self._lengths[voice] <= 0:
            return 0
        control = self._control(voice)
        return control & 0x0F if control & 0x10 else self._levels[voice]

    def _pulse(self, voice: Voice) -> State:
        timbre = self._control(voice) >> 6
        volume = self._volume(voice)
        period = self._periods[voice]
        if volume == 0 or period < 8 or self._targets[voice] >= 0x800:
            return (SILENCE, 0, timbre)
        note = self._notes[voice][period]
        return (note, volume if note else 0, timbre)

    def _triangle(self) -> State:
        sounds = self._lengths[Voice.TR] > 0 and self._linear > 0
        return (self._notes[Voice.TR][self._periods[Voice.TR]] if sounds else SILENCE, 0, 0)

    def _noise(self) -> State:
        mode, period = self._registers[0x0E] >> 7, self._registers[0x0E] & 0x0F
        volume = self._volume(Voice.NO)
        return (16 - period if volume else SILENCE, volume, mode)
