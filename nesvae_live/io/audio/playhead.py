"""The playhead: the line from time to samples, steered by the device that plays them.

The line answers which sample of the take belongs to a moment. It always rises and never jumps,
whatever the device does, because the take is cut along it; only its slope follows the device's
clock (a delay-locked loop, held within `MAX_SKEW` of the nominal rate). What the loop cannot
follow, because the device stopped for a while or lost blocks, is taken up by `shift`, which says
where in the device's own count of frames a sample lies: the device skips, the take does not.

An observation of the device can be late, because of a busy thread or a burst of blocks, but never
early: so the loop is updated once a window, with the least late observation of that window.
"""

from __future__ import annotations

import math

MAX_SKEW = 5e-4
"""How far the slope may be from the nominal rate, as a fraction: clocks are within some 1e-4."""

WINDOW_SECONDS = 0.5
"""How long observations are gathered for one update of the loop."""

LOCK_SECONDS = 0.25
"""How long the first window is, after which the device's position is known."""

BANDWIDTH_HZ = 0.03
"""The bandwidth of the loop: it takes some 30 s to learn the device's clock."""

SLIP_SECONDS = 0.008
"""If no observation of a window is nearer than this, the device lost or gained frames."""


class Playhead:
    """The line from seconds to samples of the take: sample 0 falls at `at`.

    Without observations it runs at `sample_rate` (Hz). Only the renderer's thread uses it;
    nothing here locks.
    """

    def __init__(self, sample_rate: int, at: float) -> None:
        self.sample_rate = sample_rate
        self.shift = 0
        """The device's frame that plays sample 0."""
        self.slips = 0
        """How often the device had to skip."""
        self._at = at
        self._sample = 0.0
        self._slope = float(sample_rate)
        self._learnt = float(sample_rate)  # the device's rate on our clock
        self._window_began: float | None = None
        self._locked = False
        self._error = -math.inf  # of the least late observation in this window, frames

    @property
    def skew(self) -> float:
        """The device's clock against ours, as learnt so far: 1e-4 is 100 ppm fast."""
        return self._learnt / self.sample_rate - 1

    def sample_at(self, time: float) -> float:
        """The sample, with its fraction, that belongs to `time`; negative before sample 0."""
        ahead = time - self._at
        near = min(ahead, 2 * WINDOW_SECONDS)
        # Without news of the device the correction ends, and the rate that was learnt goes on.
        return self._sample + near * self._slope + (ahead - near) * self._learnt

    def observe(self, now: float, device_frames: int) -> None:
        """Steer by an observation: at `now` the device had taken `device_frames` frames in all.

        Call it when the count has just changed. The first observation fixes `shift` roughly, and
        the first window exactly: begin at least `LOCK_SECONDS` before sample 0.
        """
        if self._window_began is None:
            self.shift = device_frames - round(self.sample_at(now))
            self._window_began = now
            return
        self._error = max(self._error, device_frames - self.shift - self.sample_at(now))
        elapsed = now - self._window_began
        if elapsed < (WINDOW_SECONDS if self._locked else LOCK_SECONDS):
            return
        if not self._locked:
            self.shift += round(self._error)
            self._locked = True
        elif abs(self._error) > SLIP_SECONDS * self.sample_rate:
            self.shift += round(self._error)
            self.slips += 1
        else:
            self._steer(now, self._error, min(elapsed, 2 * WINDOW_SECONDS))
        self._window_began = now
        self._error = -math.inf

    def _steer(self, now: float, error: float, seconds: float) -> None:
        """Update a critically damped second-order loop that acts on the slope alone."""
        omega = math.tau * BANDWIDTH_HZ
        self._sample, self._at = self.sample_at(now), now
        self._learnt = self._limited(self._learnt + omega * omega * error * seconds)
        self._slope = self._limited(self._learnt + 2 * omega * error)

    def _limited(self, rate: float) -> float:
        lowest, highest = (1 - MAX_SKEW) * self.sample_rate, (1 + MAX_SKEW) * self.sample_rate
        return min(max(rate, lowest), highest)
