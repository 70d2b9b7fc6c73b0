"""What who looks on is told: what is played, what comes, and where everything stands.

The sequencer's thread puts each event into a place of a ring, and that is all it does. The rest is
read in the thread of who asks, from values that are replaced and never changed: so looking on costs
the music nothing, however often it is done, and what is read may be a step old.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.targets import TARGETS
from nesvae_live.engine.live.protocols import Decode
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.phrases.inference import composed
from nesvae_live.engine.phrases.phraseplayer import PhrasePlayer, State
from nesvae_live.engine.phrases.placedphrase import PlacedPhrase
from nesvae_live.music.events import Event, NoteOff, NoteOn

REMEMBERED = 2048
"""Events in the ring: some ten seconds of them."""

MOST_TOLD = 512
"""Events that are told at once, the newest."""


@dataclass(frozen=True, slots=True)
class Played:
    """Event `n` that was sent, for `at` seconds, while the clock went by `ref`; None: a silence."""

    n: int
    at: float
    ref: ClockRef
    event: Event | None

    def plain(self) -> list[Any]:
        """As it is told: its number, its beat, and what it is.

        A note's start has its voice, note and velocity, its end its voice and note, a shape its
        voice, volume, duty and cents, and a silence nothing.
        """
        head = [self.n, round(self.ref.beat_at(self.at), 4)]
        event = self.event
        if isinstance(event, NoteOn):
            return [*head, "on", event.voice.name, event.note, event.velocity]
        if isinstance(event, NoteOff):
            return [*head, "off", event.voice.name, event.note]
        if event is None:
            return [*head, "silence"]
        return [*head, "shape", event.voice.name, event.volume, event.duty, event.cents]


class PlayedRing:
    """Remembers the last `REMEMBERED` events; an output that makes no sound.

    `ref` gives the clock's line. One thread writes, the sequencer's; any may read.
    """

    def __init__(self, time: Time, ref: Callable[[], ClockRef]) -> None:
        self.count = 0
        """How many events there were; the number of the next."""
        self._time = time
        self._ref = ref
        self._places: list[Played | None] = [None] * REMEMBERED

    def send(self, event: Event, at: float) -> None:
        """Remember `event`. Runs in the sequencer's thread."""
        self._put(event, at)

    def silence(self, *, panic: bool = False) -> None:
        """Remember that everything ended now. Runs in the sequencer's thread."""
        del panic
        self._put(None, self._time.now())

    def since(self, n: int) -> list[Played]:
        """Event `n` and those after it, of those that are still remembered."""
        first = max(n, self.count - MOST_TOLD)
        found = [self._places[i % REMEMBERED] for i in range(first, self.count)]
        return [played for played in found if played is not None and played.n >= first]

    def _put(self, event: Event | None, at: float) -> None:
        n = self.count
        self._places[n % REMEMBERED] = Played(n, at, self._ref(), event)
        self.count = n + 1


class Foresight:
    """Sees where the music goes by itself, before it goes there.

    What the decoder composes follows from what was played, and from a seed: who asks it while a
    phrase plays is told where the next one will be, as long as no hand comes in between. It is asked
    once for each phrase, by the thread that looks, and not at all while nobody does.
    """

    def __init__(self, live: LiveState, player: PhrasePlayer, decoder: Decode) -> None:
        self._live, self._player, self._decoder = live, player, decoder
        self._seen: tuple[PlacedPhrase, bytes, list[float] | None] | None = None

    def goal(self) -> list[float] | None:
        """The z `[8 + U]` of the next phrase; None while hands steer, or it isn't known."""
        live, player = self._live, self._player
        placed, key = player.playing.placed, live.condition.key
        settled = player.state is State.PLAYING and not live.hold
        if placed is None or live.known is None or placed.condition != key or not settled:
            return None
        seen = self._seen
        if seen is None or seen[0] is not placed or seen[1] != key:
            self._seen = seen = placed, key, self._foresee(placed)
        return seen[2]

    def _foresee(self, placed: PlacedPhrase) -> list[float] | None:
        request = self._player.requests.following(placed, placed.end)
        if request.known is None:
            return None
        return [round(float(x), 4) for x in composed(request, self._decoder)[1]]


@dataclass(frozen=True, slots=True)
class Lookout:
    """Tells what there is to see. Any thread may ask."""

    live: LiveState
    player: PhrasePlayer
    ring: PlayedRing
    status: Callable[[], Mapping[str, Any]]
    foresight: Foresight
    takeover: Callable[[], Mapping[str, float]] = dict

    def look(self, after: int = 0, snapshots: bool = False) -> dict[str, Any]:
        """How everything stands, and the events from number `after` on.

        Returns:
            `status` as `ctl status` has it; `targets`: where each stands that has a value, 0..1;
            `z` `[8 + U]` and `mask` `[8]`: where the knobs point; `goal`: where the music goes next by
            itself, as `Foresight` has it; `phrase`: what plays, as it was decoded, or None; `line`: the beat from which what was turned last is heard, or None;
            `takeover`: where controls stand that have to take over their targets, by target, 0..1;
            `themes`: the first and the last phrase of each, by letter; `played`: see
            `Played.plain`; `next`: the number to ask from next time. With `snapshots`, those too,
            by number.
        """
        live, player = self.live, self.player
        condition = live.condition
        values = {spec.name: spec.now(live) for spec in TARGETS}
        line = player.heard_from
        told: dict[str, Any] = {
            "status": self.status(),
            "targets": {name: value for name, value in values.items() if value is not None},
            "z": condition.z.tolist(),
            "mask": condition.mask.tolist(),
            "goal": self.foresight.goal(),
            "phrase": self._phrase(),
            "line": None if line is None else round(player.playing.placer.swung(line), 4),
            "takeover": self.takeover(),
            "themes": {
                letter: [theme.last - theme.phrases + 1, theme.last]
                for letter, theme in live.themes.kept.items()
            },
            "played": [played.plain() for played in self.ring.since(after)],
            "next": self.ring.count,
        }
        if snapshots:
            told["snapshots"] = {
                str(slot): {
                    "name": kept.name,
                    "knobs": {name: round(value, 4) for name, value in kept.knobs.items()},
                    "style": None
                    if kept.style is None
                    else [round(float(x), 3) for x in kept.style],
                }
                for slot, kept in live.snapshots.items()
            }
        return told

    def _phrase(self) -> dict[str, Any] | None:
        placed = self.player.playing.placed
        if placed is None or self.player.joining:
            return None
        beats = [round(self.player.playing.placer.swung(place), 4) for place in placed.places]
        return {"index": placed.index, "tuples": placed.tuples, "beats": beats}
