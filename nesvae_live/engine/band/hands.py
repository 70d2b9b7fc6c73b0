"""What hands play in place of what was written: laid over the moments as they become due."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from nesvae_live.engine.band.moment import Moment
from nesvae_live.latent.lines import SLACK
from nesvae_live.music.phrase import N_VOICES
from nesvae_live.music.voices import SILENCE, Voice


@dataclass(frozen=True, slots=True)
class Played:
    """For `at` seconds a hand plays a note of a voice, 0 for silence, or leaves the voice (None).

    If it is for a `beat`, it comes before what was written for that.
    """

    at: float
    voice: Voice
    note: int | None
    beat: float | None = None


class Hands:
    """Notes of hands, each for its time; in the sequencer's thread."""

    def __init__(self) -> None:
        self._coming: deque[Played] = deque()
        self._now: dict[Voice, int] = {}  # what hands play as of what was sent
        self._written = (SILENCE,) * N_VOICES

    def play(self, played: Played) -> None:
        """A hand plays; in order of time."""
        self._coming.append(played)

    def clear(self) -> None:
        """Nothing sounds any more; what is held begins again with what is due next."""
        self._written = (SILENCE,) * N_VOICES
        for played in self._coming:
            self._take(played)
        self._coming.clear()

    def over(
        self, due: Sequence[Moment], until: float, first: float, beat_at: Callable[[float], float]
    ) -> list[Moment]:
        """The moments with what hands play, in order of beat.

        Args:
            due: what was written, up to beat `until`.
            until: what hands play for later beats waits.
            first: what was for earlier beats is played on this one.
            beat_at: the beat that falls on a time.
        """
        out: list[Moment] = []
        moments = deque(due)
        while moments or self._coming:
            beat = max(self._beat(beat_at), first) if self._coming else until
            before = beat - SLACK if self._coming and self._coming[0].beat is not None else beat
            if moments and (not self._coming or moments[0].beat <= before):
                moment = moments.popleft()
                self._written = moment.notes
                touches = tuple(t for t in moment.touches if t.voice not in self._now)
                out.append(replace(moment, notes=self._notes(), touches=touches))
                continue
            if beat > until:
                break
            self._take(self._coming.popleft())
            out.append(Moment(beat, self._notes()))
        return out

    def _beat(self, beat_at: Callable[[float], float]) -> float:
        played = self._coming[0]
        return beat_at(played.at) if played.beat is None else played.beat

    def _take(self, played: Played) -> None:
        if played.note is None:
            self._now.pop(played.voice, None)
        else:
            self._now[played.voice] = played.note

    def _notes(self) -> tuple[int, int, int]:
        p1, p2, tr = (self._now.get(Voice(i), self._written[i]) for i in range(N_VOICES))
        return p1, p2, tr
