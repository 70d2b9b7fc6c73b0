"""A delay-locked loop: the steady line behind clocks that arrive early, late or in bursts."""

from __future__ import annotations

from nesvae_live.clock.timing import CLOCKS_PER_BEAT

UNKNOWN = 0.3
"""How wrong the period is taken to be before a source is heard (a relative standard deviation)."""

REMEMBERED = 0.01
"""The same for a period that is known from before a pause."""

LEAST_NOISE = 0.0002
"""The least jitter that is assumed, in seconds (a standard deviation)."""

FIRST_NOISE = 0.001
"""The jitter assumed before anything is known of a source."""

NOISE_MEMORY = 128
"""Clocks after which a burst is forgotten."""

TRACKING = 0.002
"""How much a period wanders from clock to clock, in units of the jitter: the loop's bandwidth."""

BUNCH = 0.25
"""The jitter, in clocks, that is assumed when clocks come in a burst."""

BIAS_WEIGHT = 1 / 6
BIAS_LIMIT = 1.0
"""How far the running mean of about six errors may be from zero, in units of the jitter."""

ANEW_LIMIT = 2.5
"""How far off the line, in units of the jitter, a first clock still counts as the line's next."""

FASTEST, SLOWEST = 60 / 600 / CLOCKS_PER_BEAT, 60 / 20 / CLOCKS_PER_BEAT
"""The shortest and longest clock, in seconds: 600 and 20 beats a minute."""


class TempoLoop:
    """Tracks one source of clocks: from the stamp of each it finds when clocks truly fall.

    The gains are those of a Kalman filter over phase and period: wide open at first, so that the
    first clocks count most, then closing to about two beats of memory. The jitter is measured
    from the stamps' second differences, which a change of tempo hardly affects; errors that stay
    on one side mean that the tempo has changed, and open the loop again. What is tracked is the
    middle of the jitter: a constant delay is left for an offset to compensate.

    Measured at every clock, with delays spread evenly over 5 ms, at 40 to 240 beats a minute: the
    line is off by 0.6 ms in the median and 2.4 at p99 in the first beat, 0.2 and 0.9 after two;
    0.7 and 3.1 while the tempo goes from 60 to 180 in 8 bars; a beat after a jump from 120 to 90
    by 0.3 and 1.1. With clocks in bursts of 21 ms it is off by 3.4 and 18 ms in the first beat,
    0.6 and 2.7 after four.
    """

    def __init__(self, clock_seconds: float = 0.5 / CLOCKS_PER_BEAT) -> None:
        self.at = 0.0
        """When the last clock fell, without its jitter, in seconds."""
        self.clock_seconds = clock_seconds
        """How long a clock lasts at present, in seconds."""
        self.noise = FIRST_NOISE
        """The jitter's standard deviation as measured, in seconds."""
        self._doubt = UNKNOWN
        self._stamps: tuple[float, ...] = ()
        self._bias = self._var_at = self._covar = self._var_clock = 0.0

    def track(self, at: float, *, anew: bool = False) -> None:
        """Take the stamp of the clock after the last one, in seconds.

        `anew` says that the source may have restarted its clocks with this one (after a start): if
        it lies farther off than jitter can explain, the phase is taken from it alone.
        """
        error = at - self.at - self.clock_seconds
        if not self._stamps or (anew and abs(error) > ANEW_LIMIT * self.noise):
            self._begin(at)
            return
        self._measure_noise(at)
        measured = self.noise * self.noise
        self.at += self.clock_seconds
        self._var_at += 2.0 * self._covar + self._var_clock
        self._covar += self._var_clock
        self._var_clock += (TRACKING * self.noise) ** 2
        self._bias += BIAS_WEIGHT * (error - self._bias)
        if abs(self._bias) > BIAS_LIMIT * self.noise + self._var_at**0.5:
            # A step in phase or in tempo? Assume one in phase; the next clock will tell.
            self._var_at = measured + error * error
            self._covar = 0.0
            self._var_clock += self._bias**2
            self._bias = 0.0
        total = self._var_at + measured
        gain_at, gain_clock = self._var_at / total, self._covar / total
        self.at += gain_at * error
        self.clock_seconds = min(max(self.clock_seconds + gain_clock * error, FASTEST), SLOWEST)
        self._var_clock -= gain_clock * self._covar
        self._var_at *= 1.0 - gain_at
        self._covar *= 1.0 - gain_at

    def pause(self) -> None:
        """Forget the phase but keep the tempo: clocks have stopped, and may resume anywhere."""
        self._stamps = ()

    def coast(self, now: float) -> int:
        """Go on along the line without clocks; returns how many would have fallen up to `now`."""
        clocks = max(0, int((now - self.at) / self.clock_seconds))
        self.at += clocks * self.clock_seconds
        return clocks

    def _begin(self, at: float) -> None:
        self.at = at
        self._stamps = (at,)
        self._bias = 0.0
        self._var_at = self.noise * self.noise
        self._covar = 0.0
        self._var_clock = (self._doubt * self.clock_seconds) ** 2
        self._doubt = REMEMBERED

    def _measure_noise(self, at: float) -> None:
        seen = LEAST_NOISE
        if at - self._stamps[-1] < FASTEST:  # no tempo is that fast, so it is a burst
            seen = BUNCH * self.clock_seconds
        self._stamps = (*self._stamps[-2:], at)
        if len(self._stamps) == 3:
            first, second, third = self._stamps
            # The step of a burst, or uniform jitter of the same width, is 3.5 to 6 deviations.
            seen = max(seen, abs(third - 2.0 * second + first) / 4.5)
        self.noise = max(seen, self.noise * (1.0 - 1.0 / NOISE_MEMORY))
