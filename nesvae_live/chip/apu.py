"""The chip: register writes in, samples out, in blocks of any size.

`Apu` sounds as nesmdb's renderer does, equal to the bit at 44.1 kHz (`nesvae_live.chip.kernel` has
the details). It is the whole chip: what games use is there too. It knows no device, thread or
clock, and is called from one thread at a time.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.kernel import NOISE_SEED, block_dc, power_on, render_chip
from nesvae_live.chip.registers import CPU_CLOCK
from nesvae_live.chip.vgm.registerlog import HIGHEST_ADDRESS, MEMORY
from nesvae_live.music.ranges import Range
from nesvae_live.music.voices import Voice

SAMPLE_RATES = Range(8_000, 192_000, "Hz")
FULL_SCALE = 32768.0
"""Divide samples by this for floats within ±1; the chip at its loudest is about 0.55 of it, with
the DMC 0.82."""

QUEUE = 4096
"""How many writes can wait before the queue grows: several seconds of the busiest music."""

Samples = npt.NDArray[np.int16]


class Apu:
    """The 2A03 at `sample_rate` (8000 to 192000 Hz), in an NTSC console unless `load` says else.

    `noise_seed` is the value that the noise register starts from, by default the renderer's; 0 is
    refused, as the register would never leave it. Creating an `Apu` compiles the inner loop, or
    loads it from numba's cache; after that, rendering allocates only the arrays that it returns.
    """

    def __init__(self, sample_rate: int = 44_100, noise_seed: int = NOISE_SEED) -> None:
        if sample_rate not in SAMPLE_RATES:
            raise ValueError(f"sample rate {sample_rate} is outside {SAMPLE_RATES}")
        if not 0 < noise_seed < 1 << 31:
            raise ValueError(f"noise seed {noise_seed} is outside 1 to 2^31 - 1")
        self.sample_rate = sample_rate
        self._noise_seed = noise_seed
        self._cpu_clock = CPU_CLOCK
        self._writes = np.zeros((QUEUE, 3), dtype=np.int64)
        self._no_stems = np.zeros((0, len(Voice)), dtype=np.int16)
        self.reset()
        self.render(0)

    def reset(self) -> None:
        """Power-cycle the chip: position 0, no writes waiting, all registers as at power-on."""
        self._state = power_on(self._noise_seed, self._cpu_clock)
        self._first = 0
        self._end = 0
        self._position = 0

    @property
    def position(self) -> int:
        """The absolute index of the next sample to render."""
        return self._position

    @property
    def pending(self) -> int:
        """How many writes are waiting for their sample."""
        return self._end - self._first

    def write(self, address: int, value: int, at_sample: int) -> int:
        """Queue a register write before absolute sample `at_sample`; returns where it takes effect.

        `address` is $4000 to $4017, or from $8000 on of the memory that the DMC reads; `value` 0 to
        255. A late write takes effect at the next sample; writes for the same sample
        do so in the order in which they came. Raises ValueError for another address or value.
        """
        if not (0x4000 <= address <= 0x4017 or MEMORY <= address <= HIGHEST_ADDRESS):
            raise ValueError(f"no register {address:#06x} (0x4000 to 0x4017)")
        if not 0 <= value <= 0xFF:
            raise ValueError(f"value {value} for register {address:#06x} is not a byte")
        if self._end == len(self._writes):
            self._make_room()
        acts = max(at_sample, self._position)
        writes, place = self._writes, self._end
        while place > self._first and writes[place - 1, 0] > acts:
            writes[place] = writes[place - 1]
            place -= 1
        writes[place] = acts, address - 0x4000, value
        self._end += 1
        return acts

    def load(self, writes: npt.NDArray[np.int64], cpu_clock: int = CPU_CLOCK) -> None:
        """Power-cycle the chip and queue `writes` `[n, 3]`: (sample, address, value), by sample.

        Samples are not negative, addresses and values as for `write`. From now on the console's CPU
        has `cpu_clock` Hz.
        """
        self._cpu_clock = cpu_clock
        self.reset()
        queue = max(QUEUE, len(writes))
        self._writes = np.zeros((queue, 3), dtype=np.int64)
        self._writes[: len(writes)] = writes
        self._writes[: len(writes), 1] -= 0x4000
        self._end = len(writes)

    def render(self, frames: int, out: Samples | None = None) -> Samples:
        """Render the next `frames` samples `[frames]`: int16 as in the renderer's WAV, with DC.

        `out`, if given, is a C-contiguous int16 array of that shape, which is filled and returned.
        """
        mix = _array("out", out, (frames,), np.dtype(np.int16))
        self._render(mix, self._no_stems)
        return mix

    def render_stems(
        self,
        frames: int,
        out: Samples | None = None,
        mix: Samples | None = None,
        *,
        dmc: bool = False,
    ) -> Samples:
        """Render the next `frames` samples voice by voice, `[frames, 4]`: P1, P2, TR, NO.

        With `dmc` a fifth column has the DMC. The mixer isn't linear: a stem is the voice's share
        of this mix, not what it would be alone. They add up to the mix within as many units of
        int16 as there are; `mix`, if given, is filled with it.
        """
        stems = _array("out", out, (frames, len(Voice) + dmc), np.dtype(np.int16))
        total = _array("mix", mix, (frames,), np.dtype(np.int16))
        self._render(total, stems)
        return stems

    def _render(self, mix: Samples, stems: Samples) -> None:
        waiting = self._writes[self._first : self._end]
        self._first += render_chip(
            self._state, waiting, self._position, self.sample_rate, mix, stems
        )
        self._position += len(mix)
        if self._first == self._end:
            self._first = self._end = 0

    def _make_room(self) -> None:
        """Move waiting writes to the front; grow only if the queue is more than half full."""
        waiting = self._writes[self._first : self._end].copy()
        if 2 * len(waiting) > len(self._writes):
            self._writes = np.zeros((2 * len(self._writes), 3), dtype=np.int64)
        self._writes[: len(waiting)] = waiting
        self._first, self._end = 0, len(waiting)


def _array(
    name: str, given: npt.NDArray[Any] | None, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> npt.NDArray[Any]:
    """A new array, or the given one if the inner loop can write into it."""
    if given is None:
        return np.empty(shape, dtype=dtype)
    if given.shape != shape or given.dtype != dtype or not given.flags.carray:
        raise ValueError(
            f"{name} is {given.dtype} {given.shape}, not a C-contiguous, writable {dtype} {shape}"
        )
    return given


class DcBlocker:
    """A first-order high-pass filter that removes the DC of the chip's unipolar voices.

    `cutoff_hz` is its -3 dB point. Any split of the input into blocks gives the same samples.
    """

    def __init__(self, sample_rate: int, channels: int = 1, cutoff_hz: float = 10.0) -> None:
        self._pole = math.exp(-2 * math.pi * cutoff_hz / sample_rate)
        self._state = np.zeros((2, channels), dtype=np.float64)

    def reset(self) -> None:
        """Forget the past, as if only zeros had come before."""
        self._state[:] = 0.0

    def process(
        self, samples: npt.ArrayLike, out: npt.NDArray[np.float32] | None = None
    ) -> npt.NDArray[np.float32]:
        """Filter samples `[frames]` (one channel) or `[frames, channels]`, in their own unit.

        `out`, if given, is float32 of the same shape, which is filled and returned; it may be the
        input. Raises ValueError if the number of channels is not the one it was made for.
        """
        source = np.ascontiguousarray(samples, dtype=np.float32)
        channels = self._state.shape[1]
        if source.ndim not in (1, 2) or source.size != len(source) * channels:
            raise ValueError(f"samples of shape {source.shape} don't have {channels} channel(s)")
        result = _array("out", out, source.shape, np.dtype(np.float32))
        block_dc(
            source.reshape(-1, channels), result.reshape(-1, channels), self._pole, self._state
        )
        return result
