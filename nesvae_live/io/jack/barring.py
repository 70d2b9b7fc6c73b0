"""The metre by what a master counts, where that isn't the metre that it says.

Ardour 7.3 says the metre of the song's beginning all through, while its bars, beats and ticks go by
its tempo map, its ticks always those of quarter notes. How long a beat is shows where it ends, how
many there are in a bar where that ends; so of a bar that was never played before it is known late.
"""

from __future__ import annotations

from dataclasses import replace

from nesvae_live.io.jack.said import Said

DENOMINATORS = (1, 2, 4, 8, 16, 32)
"""Of metres."""

NEAR = 0.2
"""As a share of a beat: how far one may be from how long it was found."""

MOST_BARS = 10_000
"""Of which it is remembered what they were like."""

Beats = tuple[float, float]
"""How many ticks a beat has, and how many beats a bar."""


class Barring:
    """Watches a master count; one thread."""

    def __init__(self) -> None:
        self._claim: tuple[float, ...] = ()
        self._last: Said | None = None
        self._found: Beats | None = None  # what holds; None: what the master says
        self._bars: dict[int, Beats] = {}

    def take(self, said: Said, quarters: float | None) -> Said:
        """Take a cycle; what is said, in the metre that is counted.

        `quarters` went by since the cycle before; None after a jump, or while it stands.
        """
        claim = said.beats_per_bar, said.beat_type, said.ticks_per_beat
        if claim != self._claim:
            self._claim, self._found, self._last = claim, None, None
            self._bars.clear()
        last, self._last = self._last, said
        if last is not None and quarters is not None:
            self._see(last, said, quarters)
        if last is None or last.bar != said.bar:
            self._found = self._bars.get(said.bar, self._found)
        return self._counted(said)

    def _see(self, last: Said, said: Said, quarters: float) -> None:
        """See a beat end, or a bar."""
        ends_bar = said.bar == last.bar + 1 and said.beat == 0
        if not (ends_bar or (said.bar == last.bar and said.beat == last.beat + 1)):
            return
        whole = said.ticks_per_beat * said.beat_type  # ticks of a whole note
        long = quarters * whole / 4.0 + last.tick - said.tick
        ticks = min((whole / d for d in DENOMINATORS), key=lambda ticks: abs(ticks - long))
        if abs(ticks - long) > NEAR * ticks:
            return
        claimed = said.ticks_per_beat, said.beats_per_bar
        before = self._found or claimed
        if ticks != before[0]:  # the bar stays as long as it was, until its end is seen
            self._found = ticks, max(before[1] * before[0] / ticks, said.beat + 1.0)
        if ends_bar:
            self._found = ticks, last.beat + 1.0
            if self._found != claimed or self._bars:
                self._bars[last.bar] = self._found
                if len(self._bars) > MOST_BARS:
                    self._bars.clear()
        elif said.beat >= (self._found or claimed)[1]:
            self._found = ticks, said.beat + 1.0
        if self._found == claimed:
            self._found = None

    def _counted(self, said: Said) -> Said:
        if self._found is None:
            return said
        ticks, beats = self._found
        beat_type = said.beat_type * said.ticks_per_beat / ticks
        tempo = said.tempo * beat_type / said.beat_type
        return replace(
            said,
            ticks_per_beat=ticks,
            beats_per_bar=beats,
            beat_type=beat_type,
            tempo=tempo,
            bar_start=said.bar_start * said.ticks_per_beat / ticks,
        )
