"""What plays: phrases put onto the schedule, their tails, and what was played before.

All of it runs in the sequencer's thread. A place is a beat before swing; a beat is where it sounds.
"""

from __future__ import annotations

from dataclasses import replace

from nesvae_live.clock.hosttime import Time
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.entries import decoded, spliced
from nesvae_live.engine.phrases.placedphrase import Cut, History, Past, PlacedPhrase
from nesvae_live.engine.phrases.request import Result
from nesvae_live.engine.phrases.requestbuilder import RequestBuilder
from nesvae_live.engine.phrases.schedule import Placer
from nesvae_live.latent.decoding import Condition
from nesvae_live.latent.lines import Loop
from nesvae_live.latent.themes import Theme
from nesvae_live.log.entries import Placed
from nesvae_live.music.grid import Mode
from nesvae_live.music.phrase import Phrase
from nesvae_live.music.voices import Voice


class Playing:
    """Puts phrases down one behind the other; `requests` is told which of them play."""

    def __init__(self, time: Time, live: LiveState, requests: RequestBuilder) -> None:
        self._time = time
        self._live = live
        self._performance = live.performance
        self._journal = live.journal
        self._requests = requests
        self.placer = Placer(live.performance, live.clock)
        self.history = History()
        self.placed: PlacedPhrase | None = None
        """The phrase that plays, or played when the clock broke off."""
        self.condition = live.condition
        """What it was decoded from."""
        self.entered = False
        """Whether a phrase has been placed on the clock's present run."""

    def enter(self, entry: float) -> None:
        """Begin at place `entry` with an empty schedule: the next phrase goes there."""
        self.placer.clear()
        self.placer.reached = entry

    def place(self, result: Result, start: float, condition: Condition | None = None) -> None:
        """Let a whole phrase play from place `start` on."""
        request, phrase = result.request, result.phrase
        played = result.performance
        places, beats = self.placer.put_down(
            phrase, request.index, start, touches=played.touches, strokes=played.strokes
        )
        condition = condition or request.condition
        before, states = self.placed, result.states
        unturned = before is not None and before.condition == condition.key
        if unturned or request.known is not None:
            self._live.themes.went_on(
                request.index, request.follows, states[-1], len(phrase.tuples)
            )
        self.placed = PlacedPhrase(
            *(request.index, phrase.tuples, places, states, condition.key),
            asked=condition,
            performance=played,
        )
        self._requests.count(request.index, condition)
        self.condition = condition
        self.history.add(Past(self.placed, self._live.setting))
        now = self._time.now()
        self._journal.put(decoded(result, now))
        self._journal.put(Placed(now, request.index, beats[0], beats[-1] - beats[0], repeat=False))

    def splice(self, result: Result, cut: Cut, condition: Condition) -> None:
        """Give the phrase that plays a new tail from `cut` on, as if it came from `condition`."""
        request, phrase, placed = result.request, result.phrase, self.placed
        assert placed is not None  # it was cut
        beat = self.placer.swung(cut.place)
        end = placed.end if self._performance.grid.mode is Mode.BARS else None
        before = placed.tuples[cut.kept - 1][:3]
        played = result.performance
        places, beats = self.placer.put_down(
            phrase, request.index, cut.place, end, before, played.touches, played.strokes
        )
        self.condition = condition
        self._requests.count(request.index, request.condition)
        self._live.themes.close(request.index)
        self.placed = placed.spliced(cut, phrase.tuples, places, result.states, condition, played)
        self.history.amend(Past(self.placed, self._live.setting))
        self._journal.put(spliced(result, cut, beat, beats[-1] - beat, self._time.now()))

    def play_again(self, placed: PlacedPhrase, place: float, now: float) -> None:
        """Play a phrase that was placed before once more, from `place` on; `now` is for the log."""
        played = placed.performance
        places, beats = self.placer.put_down(
            *(Phrase(placed.tuples), placed.index, place),
            touches=played.touches,
            strokes=played.strokes,
        )
        self.placed = replace(placed, places=places)
        self._journal.put(Placed(now, placed.index, beats[0], beats[-1] - beats[0], repeat=True))

    def theme(self) -> Theme:
        """The phrase that sounds now, to be kept.

        Raises:
            ValueError: nothing plays.
        """
        placed = self._sounding("marked")
        asked = placed.asked or self._live.condition
        key, end = self._live.arrangement.key, placed.states[-1]
        return Theme(placed.tuples, end, asked, key, placed.index, len(placed.tuples))

    def line(self, voice: Voice) -> Loop:
        """What a voice plays in the phrase that sounds now, to be kept.

        Raises:
            ValueError: nothing plays.
        """
        placed = self._sounding("held")
        if self._live.hold and self.placed is not None:
            placed = self.placed
        in_bars = self._performance.grid.mode is Mode.CLOCK
        bar = self._live.meter.beats_per_bar if in_bars else None
        return self.placer.written.loop(voice, placed.tuples, placed.places, bar)

    def _sounding(self, what: str) -> PlacedPhrase:
        placed, before = self.placed, self.history.before
        if placed is None or not self.entered:
            raise ValueError(f"nothing is playing that could be {what}")
        beat = self._live.clock.ref.beat_at(self._time.now())
        return before.placed if beat < placed.places[0] and before is not None else placed
