"""The sound of the 2A03, clocked as in nesmdb's renderer: its state and the inner loop.

The renderer (VGMPlay 0.40.8's `vgm2wav`) looks at the chip every 4 CPU clocks and averages what
it sees over each output sample, in integers. Every constant and every truncation here was found
by experiment against its files, so that samples are equal to the bit. The units that nesmdb never
uses (frame counter, length and linear counters, envelopes, sweeps, DMC) are nesdev's. The DMC's
interrupt is left out, since nothing is there to be interrupted, and it takes no time of the CPU.

Sources: nesdev's pages on the APU and its units.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nesvae_live.chip.tables import (
    DUTY,
    LENGTHS,
    OTHER_SHARES,
    PULSE_SHARES,
    TRIANGLE,
    Integers,
    system_of,
)

CLOCK_BITS = 24

BOX_BITS = 11
BOX_ONE = 1 << BOX_BITS
"""One look, in the unit in which looks are weighted when averaged to output samples."""

GAIN = 4
"""The factor from mixer units to the WAV's."""

NOISE_SEED = 1 | 1804289383
"""The renderer's initial noise register (a C library's first random number)."""

MEMORY_BYTES = 0x8000
"""What the DMC reads, from $8000 on."""

HALT_OR_LOOP, CONSTANT = 0x20, 0x10
"""Bits of $4000, $4004 and $400C."""


class ChipState(NamedTuple):
    """All that the chip remembers between two samples: arrays, which are written in place.

    `period`, `counter`, `phase`: of P1, P2, TR. `duty`: of P1, P2. `control`: $4000, $4004, $4008
    and $400C as written. `length`: what is left of each voice's, in half frames; 0 is silence.
    `envelope`: `[3, 3]` of P1, P2, NO: start flag, divider, level. `sweep`: `[2, 3]` of P1, P2:
    $4001 or $4005, divider, reload flag. `linear`: TR's counter and its reload flag. `noise`:
    register, counter, period, feedback tap. `dmc`: see `DMC_*`. `memory`: from $8000 on. `status`:
    what $4015 enables. `clock`: fraction of a CPU clock. `frame`: clocks until the frame counter's
    next step, that step, how many there are. `box`: the output sample and the next look, both
    counted within a second. `last`: each voice's share in the last look, the DMC's too. `system`:
    clocks between two looks (in 1/2^24), looks a second, clocks between steps of the frame counter.
    `noise_periods`, `dmc_periods`, `shares`: tables.
    """

    period: Integers
    counter: Integers
    phase: Integers
    duty: Integers
    control: Integers
    length: Integers
    envelope: Integers
    sweep: Integers
    linear: Integers
    noise: Integers
    dmc: Integers
    memory: npt.NDArray[np.uint8]
    status: Integers
    clock: Integers
    frame: Integers
    box: Integers
    last: Integers
    system: Integers
    noise_periods: Integers
    dmc_periods: Integers
    shares: Integers


# Places in `ChipState.dmc`.
DMC_LEVEL, DMC_PERIOD, DMC_COUNTER, DMC_LOOPS = 0, 1, 2, 3
DMC_SHIFT, DMC_BITS, DMC_SILENT = 4, 5, 6
DMC_BUFFER, DMC_FULL = 7, 8
DMC_ADDRESS, DMC_LEFT, DMC_START, DMC_LENGTH = 9, 10, 11, 12


def power_on(noise_seed: int, cpu_clock: int) -> ChipState:
    """The state of a chip that has just been switched on, in a console of this CPU clock."""

    def zeros(*shape: int) -> Integers:
        return np.zeros(shape, dtype=np.int64)

    system = system_of(cpu_clock)
    looks = cpu_clock // 4
    state = ChipState(
        period=zeros(3),
        counter=zeros(3),
        phase=zeros(3),
        duty=zeros(2),
        control=zeros(4),
        length=zeros(4),
        envelope=zeros(3, 3),
        sweep=zeros(2, 3),
        linear=zeros(2),
        noise=zeros(4),
        dmc=zeros(13),
        memory=np.zeros(MEMORY_BYTES, dtype=np.uint8),
        status=zeros(1),
        clock=zeros(1),
        frame=zeros(3),
        box=zeros(2),
        last=zeros(5),
        system=np.array(((cpu_clock << CLOCK_BITS) // looks, looks, system.quarter), np.int64),
        noise_periods=np.array(system.noise_periods, dtype=np.int64),
        dmc_periods=np.array(system.dmc_periods, dtype=np.int64),
        shares=OTHER_SHARES,
    )
    state.noise[:] = (noise_seed, 0, system.noise_periods[0], 1)
    state.status[0] = 0x0F  # a log that begins in the middle need not switch the voices on
    state.linear[1] = 1
    state.frame[:] = (system.quarter, 0, 4)
    state.dmc[DMC_PERIOD] = system.dmc_periods[0]
    state.dmc[DMC_BITS] = 8
    state.dmc[DMC_SILENT] = 1
    state.dmc[DMC_START], state.dmc[DMC_LENGTH] = 0xC000, 1
    return state


# numba's cache heeds this file's date alone: constants from other files are fixed when compiled.


@njit(nogil=True, cache=True)
def write_register(state: ChipState, address: int, value: int) -> None:
    """Write `value` to $4000 + `address`: a register, or from $8000 on the DMC's memory.

    A high period byte resets a pulse's phase, never its counter; a new period clamps the counter.
    """
    voice = address >> 2
    which = address & 3
    if address >= 0x4000:
        state.memory[address - 0x4000] = value
    elif address == 0x15:
        state.status[0] = value
        for i in range(4):
            if not (value >> i) & 1:
                state.length[i] = 0
        if not value & 0x10:
            state.dmc[DMC_LEFT] = 0
        elif state.dmc[DMC_LEFT] == 0:
            _restart_dmc(state)
            _fetch_dmc(state)
    elif address == 0x17:
        state.frame[0] = state.system[2]
        state.frame[1] = 0
        state.frame[2] = 5 if value & 0x80 else 4
        if value & 0x80:
            _quarter_frame(state)
            _half_frame(state)
    elif voice == 4:
        if which == 0:
            state.dmc[DMC_PERIOD] = state.dmc_periods[value & 15]
            state.dmc[DMC_LOOPS] = value >> 6 & 1
        elif which == 1:
            state.dmc[DMC_LEVEL] = value & 0x7F
        elif which == 2:
            state.dmc[DMC_START] = 0xC000 + 64 * value
        else:
            state.dmc[DMC_LENGTH] = 16 * value + 1
    elif voice > 4:
        return
    elif which == 0:
        state.control[voice] = value
        if voice < 2:
            state.duty[voice] = value >> 6
    elif which == 1:
        if voice < 2:
            state.sweep[voice, 0] = value
            state.sweep[voice, 2] = 1
    else:
        if voice < 3:
            if which == 2:
                state.period[voice] = state.period[voice] & 0x700 | value
            else:
                state.period[voice] = state.period[voice] & 0xFF | (value & 7) << 8
            state.counter[voice] = min(state.counter[voice], state.period[voice])
        elif which == 2:
            state.noise[2] = state.noise_periods[value & 15]
            state.noise[3] = 6 if value & 0x80 else 1
            state.noise[1] = min(state.noise[1], state.noise[2])
        if which == 3:
            _strike(state, voice, value)


@njit(nogil=True, cache=True)
def _strike(state: ChipState, voice: int, value: int) -> None:
    """A voice's last register was written, which starts its counters anew."""
    if (state.status[0] >> voice) & 1:
        state.length[voice] = LENGTHS[value >> 3]
    if voice == 2:
        state.linear[1] = 1
    else:
        state.envelope[min(voice, 2), 0] = 1
    if voice < 2:
        state.phase[voice] = 0


@njit(nogil=True, cache=True)
def _step_frame(state: ChipState) -> None:
    """A step of the frame counter: of four all count, of five all but the fourth."""
    step = state.frame[1]
    last = state.frame[2] - 1
    if step != 3 or last == 3:
        _quarter_frame(state)
        if step in (1, last):
            _half_frame(state)
    state.frame[1] = 0 if step == last else step + 1


@njit(nogil=True, cache=True)
def _quarter_frame(state: ChipState) -> None:
    """Clock the envelopes and the triangle's linear counter."""
    if state.linear[1]:
        state.linear[0] = state.control[2] & 0x7F
    elif state.linear[0] > 0:
        state.linear[0] -= 1
    if not state.control[2] & 0x80:
        state.linear[1] = 0
    for i in range(3):
        control = state.control[3 if i == 2 else i]
        if state.envelope[i, 0]:
            state.envelope[i, 0] = 0
            state.envelope[i, 1] = control & 15
            state.envelope[i, 2] = 15
        elif state.envelope[i, 1] > 0:
            state.envelope[i, 1] -= 1
        else:
            state.envelope[i, 1] = control & 15
            if state.envelope[i, 2] > 0:
                state.envelope[i, 2] -= 1
            elif control & HALT_OR_LOOP:
                state.envelope[i, 2] = 15


@njit(nogil=True, cache=True)
def _half_frame(state: ChipState) -> None:
    """Clock the length counters and the sweeps."""
    for voice in range(4):
        halted = state.control[voice] & (0x80 if voice == 2 else HALT_OR_LOOP)
        if not halted and state.length[voice] > 0:
            state.length[voice] -= 1
    for i in range(2):
        register = state.sweep[i, 0]
        period = state.period[i]
        moves = state.sweep[i, 1] == 0 and register & 0x80 and register & 7
        if moves and not _is_mute(period, register):
            change = period >> (register & 7)
            if register & 8:  # P1 adds the ones' complement, P2 the two's
                change = -change - (1 - i)
            state.period[i] = max(period + change, 0)
            state.counter[i] = min(state.counter[i], state.period[i])
        if state.sweep[i, 1] == 0 or state.sweep[i, 2]:
            state.sweep[i, 1] = register >> 4 & 7
            state.sweep[i, 2] = 0
        else:
            state.sweep[i, 1] -= 1


@njit(nogil=True, cache=True)
def _is_mute(period: int, sweep: int) -> bool:
    """Whether a pulse is mute: its period too short, or that to which it would sweep too long."""
    return period < 8 or (not sweep & 8 and period + (period >> (sweep & 7)) >= 0x800)


@njit(nogil=True, cache=True)
def _pulse_volume(state: ChipState, voice: int) -> int:
    if state.length[voice] == 0 or _is_mute(state.period[voice], state.sweep[voice, 0]):
        return 0
    control = state.control[voice]
    return int(control & 15 if control & CONSTANT else state.envelope[voice, 2])


@njit(nogil=True, cache=True)
def _noise_volume(state: ChipState) -> int:
    if state.length[3] == 0:
        return 0
    control = state.control[3]
    return int(control & 15 if control & CONSTANT else state.envelope[2, 2])


@njit(nogil=True, cache=True)
def _restart_dmc(state: ChipState) -> None:
    state.dmc[DMC_ADDRESS] = state.dmc[DMC_START]
    state.dmc[DMC_LEFT] = state.dmc[DMC_LENGTH]


@njit(nogil=True, cache=True)
def _fetch_dmc(state: ChipState) -> None:
    """Fill the DMC's buffer, if it is empty and there is something to fill it with."""
    dmc = state.dmc
    if dmc[DMC_FULL] or dmc[DMC_LEFT] == 0:
        return
    dmc[DMC_BUFFER] = state.memory[dmc[DMC_ADDRESS] - 0x8000]
    dmc[DMC_FULL] = 1
    dmc[DMC_ADDRESS] = 0x8000 if dmc[DMC_ADDRESS] == 0xFFFF else dmc[DMC_ADDRESS] + 1
    dmc[DMC_LEFT] -= 1
    if dmc[DMC_LEFT] == 0 and dmc[DMC_LOOPS]:
        _restart_dmc(state)


@njit(nogil=True, cache=True)
def _step_dmc(state: ChipState) -> None:
    """A step of the DMC's timer: a bit moves its level by two, unless that would leave 0 to 127."""
    dmc = state.dmc
    if not dmc[DMC_SILENT]:
        if dmc[DMC_SHIFT] & 1:
            if dmc[DMC_LEVEL] <= 125:
                dmc[DMC_LEVEL] += 2
        elif dmc[DMC_LEVEL] >= 2:
            dmc[DMC_LEVEL] -= 2
    dmc[DMC_SHIFT] >>= 1
    dmc[DMC_BITS] -= 1
    if dmc[DMC_BITS] == 0:
        dmc[DMC_BITS] = 8
        dmc[DMC_SILENT] = 1 - dmc[DMC_FULL]
        if dmc[DMC_FULL]:
            dmc[DMC_SHIFT] = dmc[DMC_BUFFER]
            dmc[DMC_FULL] = 0
            _fetch_dmc(state)


@njit(nogil=True, cache=True)
def render_chip(
    state: ChipState,
    writes: Integers,
    start: int,
    sample_rate: int,
    mix: npt.NDArray[np.int16],
    stems: npt.NDArray[np.int16],
) -> int:
    """Render `len(mix)` samples from absolute sample `start` on; returns how many writes it used.

    `writes`: `[n, 3]` of (absolute sample, address - $4000, value), sorted by sample. `mix`:
    `[frames]`. `stems`: `[frames, 4]`, or with the DMC `[frames, 5]`, or `[0, 4]` for none. All in
    the WAV's int16 units.
    """
    period, counter, phase = state.period, state.counter, state.phase
    noise, dmc, clock, box, last = state.noise, state.dmc, state.clock, state.box, state.last
    shares = state.shares
    with_stems = len(stems) > 0
    clock_step, chip_rate, quarter = state.system[0], state.system[1], state.system[2]
    step = BOX_ONE * chip_rate // sample_rate
    fraction, sample, look = clock[0], box[0], box[1]
    share1, share2, share3, share4, share5 = last[0], last[1], last[2], last[3], last[4]
    period1 = period2 = period3 = volume1 = volume2 = volume4 = 0
    counter1 = counter2 = counter3 = phase1 = phase2 = phase3 = 0
    register = noise_counter = noise_period = tap = 0
    level1 = level2 = level5 = dmc_counter = dmc_period = until_step = counted = due = 0
    triangle_runs = stepped = False
    duty1 = duty2 = DUTY[0]
    heard4 = -1
    done = 0
    for frame in range(len(mix)):
        written = done < len(writes) and writes[done, 0] <= start + frame
        if written:
            if frame > 0:
                _keep(state, counter1, counter2, counter3, phase1, phase2, phase3)
                noise[0], noise[1] = register, noise_counter
                dmc[DMC_COUNTER] = dmc_counter + counted - due
                state.frame[0] = until_step - counted + due
            while done < len(writes) and writes[done, 0] <= start + frame:
                write_register(state, writes[done, 1], writes[done, 2])
                done += 1
        if written or frame == 0:
            period1, period2, period3 = period[0], period[1], period[2]
            volume1 = _pulse_volume(state, 0)
            volume2 = _pulse_volume(state, 1)
            volume4 = _noise_volume(state)
            triangle_runs = state.length[2] > 0 and state.linear[0] > 0
            duty1, duty2 = DUTY[state.duty[0]], DUTY[state.duty[1]]
            noise_period, tap = noise[2], noise[3]
            counter1, counter2, counter3 = counter[0], counter[1], counter[2]
            phase1, phase2, phase3 = phase[0], phase[1], phase[2]
            register, noise_counter = noise[0], noise[1]
            level5, dmc_counter, dmc_period = dmc[DMC_LEVEL], dmc[DMC_COUNTER], dmc[DMC_PERIOD]
            until_step = state.frame[0]
            counted = due = min(until_step + 1, dmc_period - dmc_counter)
            heard4 = -1
            stepped = True

        # The box is `step` long from where the sample falls: the odd 1/2048 between is dropped.
        at = sample * (BOX_ONE * chip_rate) // sample_rate
        end = at + step
        sum1 = sum2 = sum3 = sum4 = sum5 = 0
        held = (look << BOX_BITS) - at  # for how long the shares have not changed
        if held > 0:  # the last look reaches into this sample
            at += held
        else:
            held = 0
        while look << BOX_BITS < end:
            fraction += clock_step
            clocks = fraction >> CLOCK_BITS
            fraction &= (1 << CLOCK_BITS) - 1

            changed = stepped  # by the frame counter, which the pulses heed a look later
            counter1 += clocks
            while counter1 > period1:
                counter1 -= period1 + 1
                phase1 = (phase1 + 1) & 15
                changed = True
            counter2 += clocks
            while counter2 > period2:
                counter2 -= period2 + 1
                phase2 = (phase2 + 1) & 15
                changed = True
            if changed:
                level1 = volume1 * duty1[phase1]
                level2 = volume2 * duty2[phase2]
            stepped = False
            due -= clocks
            if due <= 0:  # seldom: a step of the frame counter or of the DMC
                until_step -= counted - due
                dmc_counter += counted - due
                if until_step < 0:
                    until_step += quarter
                    counter[0], counter[1] = counter1, counter2  # a sweep may clamp them
                    _step_frame(state)
                    counter1, counter2 = counter[0], counter[1]
                    period1, period2 = period[0], period[1]
                    volume1 = _pulse_volume(state, 0)
                    volume2 = _pulse_volume(state, 1)
                    volume4 = _noise_volume(state)
                    triangle_runs = state.length[2] > 0 and state.linear[0] > 0
                    stepped = True
                if dmc_counter >= dmc_period:
                    dmc_counter -= dmc_period
                    _step_dmc(state)
                    if level5 != dmc[DMC_LEVEL]:
                        level5 = dmc[DMC_LEVEL]
                        changed = True
                counted = due = min(until_step + 1, dmc_period - dmc_counter)
            if triangle_runs:
                counter3 += clocks
                while counter3 > period3:
                    counter3 -= period3 + 1
                    phase3 = (phase3 + 1) & 31
                    changed = True
            level4 = volume4 if register & 0x4000 else 0
            noise_counter += clocks
            if noise_counter >= noise_period:
                before = 0  # the levels up to the last step of the register in this look, averaged
                steps = 0
                while noise_counter >= noise_period:
                    noise_counter -= noise_period
                    before += level4
                    steps += 1
                    feedback = (register ^ (register >> tap)) & 1
                    register = (register >> 1) | (feedback << 14)
                    level4 = volume4 if register & 0x4000 else 0
                if volume4:
                    before *= clocks - noise_counter
                    level4 = (before + level4 * noise_counter * steps) // (clocks * steps)

            if changed or level4 != heard4:
                sum1 += held * share1
                sum2 += held * share2
                sum3 += held * share3
                sum4 += held * share4
                sum5 += held * share5
                held = 0
                heard4 = level4
                level3 = TRIANGLE[phase3]
                share1, share2 = PULSE_SHARES[level1, level2], PULSE_SHARES[level2, level1]
                share3 = shares[level5, 0, level3, level4]
                share4 = shares[level5, 1, level3, level4]
                share5 = shares[level5, 2, level3, level4]
            look += 1
            weight = min(look << BOX_BITS, end) - at
            at += weight
            held += weight
        sum1 += held * share1
        sum2 += held * share2
        sum3 += held * share3
        sum4 += held * share4
        sum5 += held * share5

        sample += 1
        if sample == sample_rate:  # counted within a second, so that no number grows while playing
            sample = 0
            look -= chip_rate

        mix[frame] = (sum1 + sum2 + sum3 + sum4 + sum5) * GAIN // step
        if with_stems:
            stems[frame, 0] = sum1 * GAIN // step
            stems[frame, 1] = sum2 * GAIN // step
            stems[frame, 2] = sum3 * GAIN // step
            stems[frame, 3] = sum4 * GAIN // step
            if stems.shape[1] > 4:
                stems[frame, 4] = sum5 * GAIN // step
    if len(mix) > 0:
        _keep(state, counter1, counter2, counter3, phase1, phase2, phase3)
        noise[0], noise[1] = register, noise_counter
        dmc[DMC_COUNTER] = dmc_counter + counted - due
        state.frame[0] = until_step - counted + due
        last[0], last[1], last[2], last[3], last[4] = share1, share2, share3, share4, share5
        clock[0], box[0], box[1] = fraction, sample, look
    return done


@njit(nogil=True, cache=True)
def _keep(
    state: ChipState,
    counter1: int,
    counter2: int,
    counter3: int,
    phase1: int,
    phase2: int,
    phase3: int,
) -> None:
    """Put the tones' counters and phases back into the state."""
    state.counter[0], state.counter[1], state.counter[2] = counter1, counter2, counter3
    state.phase[0], state.phase[1], state.phase[2] = phase1, phase2, phase3


@njit(nogil=True, cache=True)
def block_dc(
    samples: npt.NDArray[np.float32],
    out: npt.NDArray[np.float32],
    pole: float,
    state: npt.NDArray[np.float64],
) -> None:
    """Filter `[frames, channels]`: `out[n] = samples[n] - samples[n - 1] + pole * out[n - 1]`.

    `state`: `[2, channels]`, the last input and output in float64, which are written in place.
    """
    for channel in range(samples.shape[1]):
        before, value = state[0, channel], state[1, channel]
        for i in range(samples.shape[0]):
            sample = np.float64(samples[i, channel])
            value = sample - before + pole * value
            before = sample
            out[i, channel] = value
        state[0, channel], state[1, channel] = before, value
