"""The sound of the 2A03's four voices, clocked as in nesmdb's renderer: tables and the inner loop.

The renderer (VGMPlay 0.40.8's `vgm2wav`) looks at the chip every 4 CPU clocks and averages what
it sees over each output sample, in integers. Every constant and every truncation here was found
by experiment against its files, so that samples are equal to the bit. What nesmdb never writes is
left out: the DMC, volume envelopes, sweeps, running length counters (`vgm.features_left_out`).

Sources: nesdev's pages on the APU for the sequencers, the LFSR and the mixer's form.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from nesvae_live.chip.registers import CPU_CLOCK, NOISE_PERIODS

Integers = npt.NDArray[np.int64]

CHIP_RATE = CPU_CLOCK // 4
"""How many times a second the renderer looks at the chip."""

CLOCK_BITS = 24
CLOCK_STEP = (CPU_CLOCK << CLOCK_BITS) // CHIP_RATE
"""CPU clocks between two looks, in units of 1/2^24: 4, and 5 once in 453,438 looks."""

BOX_BITS = 11
BOX_ONE = 1 << BOX_BITS
"""One look, in the unit in which looks are weighted when averaged to output samples."""

GAIN = 4
"""The factor from mixer units to the WAV's."""

NOISE_SEED = 1 | 1804289383
"""The renderer's initial noise register (a C library's first random number)."""

TRIANGLE_START = 7458
"""CPU clocks until the first quarter frame, before which the triangle's linear counter is 0."""

DUTY = np.array(
    [
        [0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ],
    dtype=np.int64,
)
"""Pulse levels `[duty, phase]`."""

TRIANGLE = np.array([*range(16), *range(15, -1, -1)], dtype=np.int64)
"""Triangle levels `[phase]`."""

NOISE = np.array(NOISE_PERIODS, dtype=np.int64)


def _pulse_shares() -> Integers:
    """A pulse's share of the mix in mixer units, `[level, other pulse's level]`."""
    shares = np.zeros((16, 16), dtype=np.int64)
    for own in range(1, 16):
        for other in range(16):
            total = own + other
            mixed = int(8192 * 95.88 / (8128 / total + 100))
            shares[own, other] = own * mixed // total
    return shares


def _triangle_noise_shares() -> Integers:
    """The triangle's and noise's shares of the mix, `[voice, triangle level, noise level]`.

    The non-linear sum is divided in proportion to what each would be in a linear mixer (3 t and 2 v
    of 208), which the renderer truncates before it divides.
    """
    shares = np.zeros((2, 16, 16), dtype=np.int64)
    for triangle in range(16):
        for noise in range(16):
            if triangle + noise == 0:
                continue
            mixed = int(6144 * 159.79 / (100 + 1 / (triangle / 8227 + noise / 12241)))
            linear = (6144 * 3 * triangle // 208, 6144 * 2 * noise // 208)
            for voice in range(2):
                shares[voice, triangle, noise] = linear[voice] * mixed // sum(linear)
    return shares


PULSE_SHARES = _pulse_shares()
TRIANGLE_NOISE_SHARES = _triangle_noise_shares()


class ChipState(NamedTuple):
    """All that the chip remembers between two samples: arrays, which are written in place.

    `period`, `counter`, `phase`: of P1, P2, TR. `duty`: of P1, P2. `volume`, `on`: of all voices
    (TR's volume is unused). `noise`: register, counter, period, feedback tap. `status`: what $4015
    enables. `clock`: fraction of a CPU clock, and clocks until the triangle may start. `box`: the
    output sample and the next look, both counted within a second. `last`: each voice's share in the
    last look.
    """

    period: Integers
    counter: Integers
    phase: Integers
    duty: Integers
    volume: Integers
    on: Integers
    noise: Integers
    status: Integers
    clock: Integers
    box: Integers
    last: Integers


def power_on(noise_seed: int) -> ChipState:
    """The state of a chip that has just been switched on."""

    def zeros(size: int) -> Integers:
        return np.zeros(size, dtype=np.int64)

    state = ChipState(
        period=zeros(3),
        counter=zeros(3),
        phase=zeros(3),
        duty=zeros(2),
        volume=zeros(4),
        on=zeros(4),
        noise=zeros(4),
        status=zeros(1),
        clock=zeros(2),
        box=zeros(2),
        last=zeros(4),
    )
    state.noise[:] = (noise_seed, 0, NOISE[0], 1)
    state.clock[1] = TRIANGLE_START
    return state


# numba's cache heeds this file's date alone: constants from other files are fixed when compiled.


@njit(nogil=True, cache=True)
def write_register(state: ChipState, address: int, value: int) -> None:
    """Write `value` to register $4000 + `address`; the DMC's registers do nothing.

    A high period byte resets a pulse's phase, never its counter; a new period clamps the counter.
    """
    voice = address >> 2
    which = address & 3
    if address == 0x15:
        state.status[0] = value
        for i in range(4):
            if not (value >> i) & 1:
                state.on[i] = 0
    elif voice < 3 and which >= 2:
        if which == 2:
            state.period[voice] = state.period[voice] & 0x700 | value
        else:
            state.period[voice] = state.period[voice] & 0xFF | (value & 7) << 8
            state.on[voice] = (state.status[0] >> voice) & 1
            if voice < 2:
                state.phase[voice] = 0
        state.counter[voice] = min(state.counter[voice], state.period[voice])
    elif voice < 2 and which == 0:
        state.duty[voice] = value >> 6
        state.volume[voice] = value & 15
    elif voice == 3:
        if which == 0:
            state.volume[3] = value & 15
        elif which == 2:
            state.noise[2] = NOISE[value & 15]
            state.noise[3] = 6 if value & 0x80 else 1
            state.noise[1] = min(state.noise[1], state.noise[2])
        elif which == 3:
            state.on[3] = (state.status[0] >> 3) & 1


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
    `[frames]`. `stems`: `[frames, 4]`, or `[0, 4]` for none. Both in the WAV's int16 units.
    """
    period, counter, phase, volume, on = (
        state.period,
        state.counter,
        state.phase,
        state.volume,
        state.on,
    )
    noise, clock, box, last = state.noise, state.clock, state.box, state.last
    with_stems = len(stems) > 0
    step = BOX_ONE * CHIP_RATE // sample_rate
    done = 0
    for frame in range(len(mix)):
        while done < len(writes) and writes[done, 0] <= start + frame:
            write_register(state, writes[done, 1], writes[done, 2])
            done += 1

        period1, period2, period3 = period[0], period[1], period[2]
        volume1 = 0 if _is_mute(period1) else volume[0] * on[0]
        volume2 = 0 if _is_mute(period2) else volume[1] * on[1]
        volume4 = volume[3] * on[3]
        duty1, duty2 = DUTY[state.duty[0]], DUTY[state.duty[1]]
        noise_period, tap = noise[2], noise[3]
        counter1, counter2, counter3 = counter[0], counter[1], counter[2]
        phase1, phase2, phase3 = phase[0], phase[1], phase[2]
        register, noise_counter = noise[0], noise[1]
        share1, share2, share3, share4 = last[0], last[1], last[2], last[3]

        # The box is `step` long from where the sample falls: the odd 1/2048 between is dropped.
        at = box[0] * (BOX_ONE * CHIP_RATE) // sample_rate
        end = at + step
        look = box[1]
        sum1 = sum2 = sum3 = sum4 = 0
        held = (look << BOX_BITS) - at  # for how long the shares have not changed
        if held > 0:  # the last look reaches into this sample
            at += held
        else:
            held = 0
        heard4 = -1
        while look << BOX_BITS < end:
            clock[0] += CLOCK_STEP
            clocks = clock[0] >> CLOCK_BITS
            clock[0] &= (1 << CLOCK_BITS) - 1

            changed = False
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
            if clock[1] > 0:
                clock[1] -= clocks
            if on[2] and clock[1] <= 0:
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
                held = 0
                heard4 = level4
                level1 = volume1 * duty1[phase1]
                level2 = volume2 * duty2[phase2]
                level3 = TRIANGLE[phase3]
                share1, share2 = PULSE_SHARES[level1, level2], PULSE_SHARES[level2, level1]
                share3 = TRIANGLE_NOISE_SHARES[0, level3, level4]
                share4 = TRIANGLE_NOISE_SHARES[1, level3, level4]
            look += 1
            weight = min(look << BOX_BITS, end) - at
            at += weight
            held += weight
        sum1 += held * share1
        sum2 += held * share2
        sum3 += held * share3
        sum4 += held * share4

        counter[0], counter[1], counter[2] = counter1, counter2, counter3
        phase[0], phase[1], phase[2] = phase1, phase2, phase3
        noise[0], noise[1] = register, noise_counter
        last[0], last[1], last[2], last[3] = share1, share2, share3, share4
        box[0] += 1
        box[1] = look
        if box[0] == sample_rate:  # counted within a second, so that no number grows while playing
            box[0] = 0
            box[1] -= CHIP_RATE

        mix[frame] = (sum1 + sum2 + sum3 + sum4) * GAIN // step
        if with_stems:
            stems[frame, 0] = sum1 * GAIN // step
            stems[frame, 1] = sum2 * GAIN // step
            stems[frame, 2] = sum3 * GAIN // step
            stems[frame, 3] = sum4 * GAIN // step
    return done


@njit(nogil=True, cache=True)
def _is_mute(period: int) -> bool:
    """Whether a pulse of this period is mute (too short, or the idle sweep's target too long)."""
    return period < 8 or period + (period >> 7) >= 0x800


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
