"""What there is to see, kept from one look at the instrument to the next, and told as news.

A `Picture` holds how everything stands; a `Viewer` what one page knows of it already, so that a page
gets only what has changed since, however slowly it reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nesvae_live.latent.attributes import ATTRIBUTES, N_ATTRIBUTES, measure
from nesvae_live.latent.setting import Setting
from nesvae_live.latent.space import assemble, coordinate_to_value
from nesvae_live.music.phrase import N_VOICES
from nesvae_live.panel.facts import PanelFacts

REMEMBERED_BEATS = 32.0
"""What was played so many beats ago is still shown to a page that comes now."""

MOST_EVENTS = 4000
FAMILIAR = (
    "ok",
    "axes",
    "beat",
    "knobs",
    "muted",
    "solo",
    "level",
    "hold",
    "auto",
    "round",
    "take",
)
"""Of the status, what is told elsewhere: the targets say how knobs and switches stand."""

Place = tuple[float, float]
Run = tuple[tuple[int, ...], ...]

ECHO = 4
"""So many tuples in a row that were played before, by the same notes, are heard as a quotation."""

FEWEST_NOTES = 3
"""Different tuples among them: a trill is no quotation."""

MOST_PHRASES = 512
"""Phrases that are looked back on."""


class Picture:
    """How everything stands, as far as is known."""

    def __init__(self, facts: PanelFacts) -> None:
        self.beat = 0.0
        self.things: dict[str, Any] = {}
        """Name -> what is shown under it; values are replaced, never changed."""
        self.targets: Mapping[str, float] = {}
        self.played: deque[list[Any]] = deque(maxlen=MOST_EVENTS)
        self.next_event = 0
        """The number of the event to ask for next."""
        self._facts = facts
        self._echoes = Echoes()
        self._phrase: Any = None
        self._measured: NDArray[np.float64] | None = None  # coordinates, NaN for what isn't there
        self._stood: Any = None
        self._goal: Any = None

    def take(self, told: Mapping[str, Any]) -> None:
        """Take what the instrument told of itself, as `Lookout.look` has it."""
        status = told["status"]
        self.beat = status["beat"]
        self.targets = told["targets"]
        self.things |= {name: value for name, value in status.items() if name not in FAMILIAR}
        self.things["line"] = told["line"]
        self.things["takeover"] = told["takeover"]
        self.things["theme_phrases"] = told["themes"]
        self.things["gone"] = False
        self._take_played(told["played"], told["next"])
        self._take_phrase(told["phrase"])
        self._take_place(told["z"], told["mask"])
        self._take_goal(told["goal"])
        if "snapshots" in told:
            self.things["places"] = self._places(told["snapshots"])

    def lose(self) -> None:
        """The instrument does not answer."""
        self.things["gone"] = True

    def _take_played(self, played: Sequence[list[Any]], next_event: int) -> None:
        if next_event < self.next_event:  # it is another instrument
            self.played.clear()
        self.played.extend(played)
        self.next_event = next_event
        while self.played and abs(self.played[0][1] - self.beat) > REMEMBERED_BEATS:
            self.played.popleft()

    def _take_phrase(self, phrase: Mapping[str, Any] | None) -> None:
        """Measure the phrase that plays, if it is a new one."""
        if phrase == self._phrase:
            return
        self._phrase = phrase
        self.things["phrase"] = None
        if phrase is not None:
            again = self._echoes.again(phrase["index"], phrase["tuples"])
            self.things["phrase"] = {**phrase, "again": again}
        else:
            self._measured, self.things["measured"] = None, {}
            return
        measured = measure(np.array([phrase["tuples"]], np.int64))
        coordinates = self._facts.quantiles.to_coordinates(measured)[0]
        self._measured = np.where(np.isnan(measured[0]), np.nan, coordinates)
        self.things["measured"] = {
            attribute.name: round(float(coordinate_to_value(float(x), *reach)), 4)
            for attribute, x, reach in zip(
                ATTRIBUTES, self._measured, self._facts.reach, strict=True
            )
            if not np.isnan(x)
        }
        self._stood = None

    def _take_place(self, z: Sequence[float], mask: Sequence[float]) -> None:
        """Find the knobs' place on the map; what is released is where the phrase that plays is."""
        stands = (z, mask)
        if self._facts.atlas is None or stands == self._stood:
            return
        self._stood = stands
        point, is_set = np.array(z, np.float32), np.array(mask) > 0
        if self._measured is not None:
            heard = np.nan_to_num(self._measured)
            point[:N_ATTRIBUTES] = np.where(is_set, point[:N_ATTRIBUTES], heard)
        self.things["place"] = self._place(point)

    def _take_goal(self, z: Sequence[float] | None) -> None:
        """Find the place to which the music goes next by itself, if that is known."""
        if self._facts.atlas is None or z == self._goal:
            return
        self._goal = z
        self.things["goal"] = None if z is None else self._place(np.array(z, np.float32))

    def _place(self, z: NDArray[np.float32]) -> Place:
        assert self._facts.atlas is not None  # the caller asked
        x, y = self._facts.atlas.locate(z)
        return round(x, 4), round(y, 4)

    def _places(self, snapshots: Mapping[str, Any]) -> dict[str, Place | None]:
        """Number -> place on the map, of each snapshot; None where that isn't known."""
        places: dict[str, Place | None] = {}
        for slot, kept in sorted(snapshots.items(), key=lambda item: int(item[0])):
            places[slot] = None
            if kept["style"] is None or self._facts.atlas is None:
                continue
            style = np.array(kept["style"], np.float32)
            setting = Setting(kept["knobs"], style, 1.0, 0)
            z, _ = assemble(setting.knobs, setting.pose(style), self._facts.reach)
            places[slot] = self._place(z)
        return places


class Echoes:
    """Finds what was played before, in an earlier phrase of this take, whoever let it come back."""

    def __init__(self) -> None:
        self._runs: dict[int, set[Run]] = {}  # of each phrase, as it was played last

    def again(self, index: int, tuples: Sequence[Sequence[int]]) -> list[bool]:
        """For each tuple of phrase `index`, whether it is of a run that was played before.

        A run is `ECHO` tuples in a row with the same notes, however long they are held.
        """
        notes = [tuple(row[:N_VOICES]) for row in tuples]
        runs = [tuple(notes[i : i + ECHO]) for i in range(len(notes) - ECHO + 1)]
        again = [False] * len(notes)
        for i, run in enumerate(runs):
            if any(run in before for n, before in self._runs.items() if n < index):
                again[i : i + ECHO] = [True] * ECHO
        self._runs[index] = {run for run in runs if len(set(run)) >= FEWEST_NOTES}
        self._runs.pop(index - MOST_PHRASES, None)
        return again


class Viewer:
    """What one page knows."""

    def __init__(self) -> None:
        self._things: dict[str, Any] = {}
        self._targets: Mapping[str, float] = {}
        self._event = 0

    def news(self, picture: Picture) -> dict[str, Any]:
        """What has changed since this was asked last; the first time, everything.

        Returns:
            `beat`; the `things` that changed; the `targets` that moved, None for one that has no
            value any more; and what was `played`. What is empty isn't there.
        """
        things = {
            name: value
            for name, value in picture.things.items()
            if name not in self._things or self._things[name] != value
        }
        now, before = picture.targets, self._targets
        targets: dict[str, float | None] = {
            name: value for name, value in now.items() if before.get(name) != value
        }
        targets |= {name: None for name in before if name not in now}
        played = self._new(picture)
        self._things |= things
        self._targets = now
        self._event = picture.next_event
        news = {"things": things, "targets": targets, "played": played}
        return {"beat": picture.beat} | {name: value for name, value in news.items() if value}

    def _new(self, picture: Picture) -> list[list[Any]]:
        new = 0
        for event in reversed(picture.played):
            if event[0] < self._event <= picture.next_event:
                break
            new += 1
        return list(islice(picture.played, len(picture.played) - new, None))
