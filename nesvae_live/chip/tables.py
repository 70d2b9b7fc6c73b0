"""What the 2A03 looks up: waveforms, rates, lengths, and the shares of the voices in the mix.

Sources: nesdev's pages on the APU (length counter, noise, DMC, frame counter, mixer), where NTSC's
and PAL's values stand side by side; the mixer's rounding is that of nesmdb's renderer, found by
experiment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.registers import NOISE_PERIODS

Integers = npt.NDArray[np.int64]

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

LENGTHS = np.array(
    [
        *(10, 254, 20, 2, 40, 4, 80, 6, 160, 8, 60, 10, 14, 12, 26, 14),
        *(12, 16, 24, 18, 48, 20, 96, 22, 192, 24, 72, 26, 16, 28, 32, 30),
    ],
    dtype=np.int64,
)
"""Half frames that a voice sounds, by the upper five bits of its last register."""


@dataclass(frozen=True, slots=True)
class System:
    """What differs between consoles, all in CPU clocks.

    `quarter` is between two steps of the frame counter, as the renderer has it: nesdev's are 7457,
    7456, 7458 and 7459 in NTSC, which makes a frame two clocks shorter.
    """

    noise_periods: tuple[int, ...]
    dmc_periods: tuple[int, ...]
    quarter: int


NTSC = System(
    NOISE_PERIODS,
    (428, 380, 340, 320, 286, 254, 226, 214, 190, 160, 142, 128, 106, 84, 72, 54),
    7458,
)
PAL = System(
    (4, 8, 14, 30, 60, 88, 118, 148, 188, 236, 354, 472, 708, 944, 1890, 3778),
    (398, 354, 316, 298, 276, 236, 210, 198, 176, 148, 132, 118, 98, 78, 66, 50),
    8313,
)
PAL_BELOW = 1_720_000
"""Slower CPUs are PAL's; the clones for PAL that have NTSC's tables run at 1773448 Hz."""


def system_of(clock: int) -> System:
    """The console whose CPU has this clock."""
    return PAL if clock < PAL_BELOW else NTSC


def _pulse_shares() -> Integers:
    """A pulse's share of the mix in mixer units, `[level, other pulse's level]`."""
    shares = np.zeros((16, 16), dtype=np.int64)
    for own in range(1, 16):
        for other in range(16):
            total = own + other
            mixed = int(8192 * 95.88 / (8128 / total + 100))
            shares[own, other] = own * mixed // total
    return shares


def _other_shares() -> Integers:
    """The shares of triangle, noise and DMC, `[DMC level, voice, triangle level, noise level]`.

    The non-linear sum is divided in proportion to what each would be in a linear mixer (3 t, 2 v
    and d of 208), which the renderer truncates before it divides.
    """
    dmc, triangle, noise = np.meshgrid(range(128), range(16), range(16), indexing="ij")
    with np.errstate(divide="ignore"):
        loud = 1 / (triangle / 8227 + noise / 12241 + dmc / 22638)
    mixed = (6144 * 159.79 / (100 + loud)).astype(np.int64)
    linear = [6144 * 3 * triangle // 208, 6144 * 2 * noise // 208, 6144 * dmc // 208]
    total = np.maximum(sum(linear), 1)
    return np.stack([share * mixed // total for share in linear], axis=1)


PULSE_SHARES = _pulse_shares()
OTHER_SHARES = _other_shares()
