"""Mixes what is heard of the chip: level, stereo spread and the voices' balance, without clicks.

The take is the chip's own mono mix, which none of this changes. What is heard is that same mix, to
the sample, for as long as every voice has the same gain on an output; where gains differ, it is
made of the voices' stems. DC is removed first, so that no change of a gain moves a loudspeaker.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import FULL_SCALE, DcBlocker
from nesvae_live.music.balance import Balance, Floats
from nesvae_live.music.voices import Voice

RAMP_SECONDS = 0.01
"""How long a change of gains takes."""


class Mixer:
    """Mixes two outputs, and four more with one voice each if `outputs` is 6.

    `balance` may be replaced from any thread; everything else is for the renderer's thread.
    """

    def __init__(self, sample_rate: int, outputs: int = 2, balance: Balance | None = None) -> None:
        self.outputs = outputs
        self.balance = Balance() if balance is None else balance
        self._blocker = DcBlocker(sample_rate, 1 + len(Voice))
        self._ramp = max(1, round(RAMP_SECONDS * sample_rate))
        self._target = self.balance
        self._old = self._new = _weights(self._target.gains(outputs))
        self._done = self._ramp  # frames of the ramp from `_old` to `_new` that are done

    def set_balance(self, balance: Balance) -> None:
        """Change to another balance. From any thread: one assignment."""
        self.balance = balance

    def process(self, mix: npt.NDArray[np.int16], stems: npt.NDArray[np.int16]) -> Floats:
        """The next samples of every output, float32 `[frames, outputs]`, within about -1..1.

        Takes the chip's mix `[frames]` and its stems `[frames, 4]`. Runs in the renderer's thread.
        """
        frames = len(mix)
        sources = np.empty((frames, 1 + len(Voice)), dtype=np.float32)
        sources[:, 0] = mix
        sources[:, 1:] = stems
        sources *= np.float32(1.0 / FULL_SCALE)
        self._blocker.process(sources, sources)
        if self.balance is not self._target:
            self._turn(self.balance)
        heard: Floats = sources @ self._new
        over = self._ramp - self._done
        if over > 0:
            part = min(over, frames)
            steps = np.arange(self._done + 1, self._done + part + 1, dtype=np.float32)
            share = (steps / self._ramp)[:, None]
            heard[:part] = heard[:part] * share + (sources[:part] @ self._old) * (1 - share)
            self._done += part
        return heard

    def _turn(self, balance: Balance) -> None:
        """Begin a ramp to new gains from wherever the old ones are."""
        share = np.float32(self._done / self._ramp)
        self._old = self._new * share + self._old * (1 - share)
        self._new = _weights(balance.gains(self.outputs))
        self._target, self._done = balance, 0


def _weights(gains: Floats) -> Floats:
    """The weights `[5, outputs]` of the mix, and of each stem on top of it.

    The stems add up to the mix except for rounding. So the gain that all voices have in common is
    applied to the mix, which is exact, and only what a voice has more of to its stem.
    """
    common = gains.min(axis=1, keepdims=True)
    return np.ascontiguousarray(np.concatenate((common, gains - common), axis=1).T)
