"""Clips for Ableton Live's Session view, put there through AbletonOSC.

AbletonOSC (https://github.com/ideoforms/AbletonOSC) is a remote script inside Live: it listens for OSC on
port 11000, calls Live's API, and sends what it returns to port 11001 of who asked.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.osc_packet import ParseError

from nesvae_live import NesvaeError

ASK_PORT, ANSWER_PORT = 11_000, 11_001
ANSWER_SECONDS = 2.0
"""How long Live, which looks ten times a second, may take to answer."""

TRIES = 3
NOTES_AT_ONCE = 100
"""Notes in a message, so that it fits into a datagram of any network."""

LARGEST_BYTES = 65_536


class LiveError(NesvaeError):
    """Ableton Live doesn't answer, or doesn't do what it was asked; one line for a person."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A clip of a MIDI track: (key, start, length, velocity) of each note; times are in beats."""

    track: str
    name: str
    beats: float
    notes: tuple[tuple[int, float, float, int], ...]


class AbletonLive:
    """Ableton Live with AbletonOSC; opened by `with`.

    Args:
        host: the machine that Live runs on.
        ask: the port that AbletonOSC listens on.
        answer: our port, to which it sends.

    Raises:
        LiveError: our port is taken.
    """

    def __init__(
        self, host: str = "127.0.0.1", ask: int = ASK_PORT, answer: int = ANSWER_PORT
    ) -> None:
        self._address = (host, ask)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind(("", answer))
        except OSError as error:
            self._socket.close()
            raise LiveError(f"UDP port {answer}, where Live answers: {error.strerror}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def put(self, clips: Sequence[Clip]) -> int:
        """Put clips into one new row of the Session view, each on the track of its name.

        A track that isn't there is added. The row is the first in which all of these tracks are
        empty; one is added if there is none. No clip of anybody's is touched.

        Returns:
            The scene, counted from 1.

        Raises:
            LiveError: Live doesn't answer, or a clip has other notes than it was given.
        """
        tracks = [self._track(clip.track) for clip in clips]
        scene = self._empty_scene(tracks)
        for track, clip in zip(tracks, clips, strict=True):
            place = (track, scene)
            self._tell("/live/clip_slot/create_clip", *place, float(clip.beats))
            self._tell("/live/clip/set/name", *place, clip.name)
            for first in range(0, len(clip.notes), NOTES_AT_ONCE):
                values: list[int | float | bool] = []
                for key, start, length, velocity in clip.notes[first : first + NOTES_AT_ONCE]:
                    values += [key, float(start), float(length), velocity, False]
                self._tell("/live/clip/add/notes", *place, *values)
            there = len(self._ask("/live/clip/get/notes", *place)[2:]) // 5
            if there != len(clip.notes):
                raise LiveError(
                    f"{clip.track}, scene {scene + 1}: {there} of {len(clip.notes)} notes arrived"
                )
        return scene + 1

    def _track(self, name: str) -> int:
        """The track of a name, which is added at the end if there is none."""
        names = list(self._ask("/live/song/get/track_names"))
        if name not in names:
            self._tell("/live/song/create_midi_track", -1)
            self._tell("/live/track/set/name", len(names), name)
            names = list(self._ask("/live/song/get/track_names"))
            if name not in names:
                raise LiveError(f"Live made no track {name!r}")
        return names.index(name)

    def _empty_scene(self, tracks: Sequence[int]) -> int:
        (scenes,) = self._ask("/live/song/get/num_scenes")
        for scene in range(scenes):
            if not any(
                self._ask("/live/clip_slot/get/has_clip", track, scene)[2] for track in tracks
            ):
                return scene
        self._tell("/live/song/create_scene", -1)
        return int(scenes)

    def _tell(self, address: str, *arguments: float | str) -> None:
        message = OscMessageBuilder(address)
        for argument in arguments:
            message.add_arg(argument)
        try:
            self._socket.sendto(message.build().dgram, self._address)
        except OSError as error:
            raise LiveError(f"{self._address[0]}: {error.strerror}") from None

    def _ask(self, address: str, *arguments: float | str) -> tuple[Any, ...]:
        """Ask, again if nothing comes back; what else arrives meanwhile is dropped."""
        for _ in range(TRIES):
            self._tell(address, *arguments)
            deadline = time.monotonic() + ANSWER_SECONDS
            while (left := deadline - time.monotonic()) > 0:
                self._socket.settimeout(left)
                try:
                    answer = OscMessage(self._socket.recv(LARGEST_BYTES))
                except (OSError, ParseError):
                    continue
                values = tuple(answer.params)
                if answer.address == address and values[: len(arguments)] == arguments:
                    return values
        host, port = self._address
        raise LiveError(
            f"Ableton Live doesn't answer at {host}:{port}: choose AbletonOSC as a control surface in "
            "Live's settings (Link, Tempo & MIDI)"
        )
