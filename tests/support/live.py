"""Ableton Live's API as far as clips need it, and AbletonOSC's addresses over it: ours, or its own.

`TheirServer` loads the handlers of a checkout of AbletonOSC, over the same stub of Live.
"""

from __future__ import annotations

import importlib
import socket
import sys
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder


@dataclass
class MidiNoteSpecification:
    """A note, as Live's API takes it."""

    start_time: float
    duration: float
    pitch: int
    velocity: float
    mute: bool


@dataclass
class StubClip:
    """A MIDI clip."""

    length: float
    name: str = ""
    notes: list[MidiNoteSpecification] = field(default_factory=list)

    def add_new_notes(self, notes: tuple[MidiNoteSpecification, ...]) -> None:
        self.notes += notes

    def get_notes_extended(self, *_: float) -> list[MidiNoteSpecification]:
        return self.notes


@dataclass
class StubSlot:
    """A clip slot, empty at first; Live raises where there is a clip already."""

    clip: StubClip | None = None

    @property
    def has_clip(self) -> bool:
        return self.clip is not None

    def create_clip(self, length: float) -> None:
        if self.clip is not None:
            raise RuntimeError("there is a clip already")
        self.clip = StubClip(length)


@dataclass
class StubTrack:
    """A track, with a slot for each scene."""

    name: str
    clip_slots: list[StubSlot]


class StubSong:
    """A Live set."""

    def __init__(self, names: list[str], scenes: int) -> None:
        self.scenes = [object() for _ in range(scenes)]
        self.tracks = [StubTrack(name, [StubSlot() for _ in self.scenes]) for name in names]

    def create_midi_track(self, index: int) -> None:
        assert index == -1
        name = f"{len(self.tracks) + 1}-MIDI"
        self.tracks.append(StubTrack(name, [StubSlot() for _ in self.scenes]))

    def create_scene(self, index: int) -> None:
        assert index == -1
        self.scenes.append(object())
        for track in self.tracks:
            track.clip_slots.append(StubSlot())


class OurServer:
    """AbletonOSC's addresses for clips, after its documentation."""

    def __init__(self, song: StubSong, port: int, answer: int) -> None:
        self._song = song
        self._answer = ("127.0.0.1", answer)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.05)

    def process(self) -> None:
        try:
            message = OscMessage(self._socket.recv(65_536))
        except OSError:
            return
        values = self._call(message.address.removeprefix("/live/"), list(message.params))
        if values is not None:
            answer = OscMessageBuilder(message.address)
            for value in values:
                answer.add_arg(value)
            self._socket.sendto(answer.build().dgram, self._answer)

    def shutdown(self) -> None:
        self._socket.close()

    def _call(self, what: str, given: list[Any]) -> tuple[Any, ...] | None:
        song = self._song
        tracks: dict[str, Callable[[], Any]] = {
            "song/get/track_names": lambda: tuple(track.name for track in song.tracks),
            "song/get/num_scenes": lambda: (len(song.scenes),),
            "song/create_midi_track": lambda: song.create_midi_track(*given),
            "song/create_scene": lambda: song.create_scene(*given),
        }
        if what in tracks:
            return tracks[what]()  # type: ignore[no-any-return]
        track = song.tracks[given[0]]
        if what == "track/set/name":
            track.name = given[1]
            return None
        slot = track.clip_slots[given[1]]
        if what == "clip_slot/get/has_clip":
            return (*given, slot.has_clip)
        if what == "clip_slot/create_clip":
            slot.create_clip(given[2])
            return None
        assert slot.clip is not None
        if what == "clip/set/name":
            slot.clip.name = given[2]
        elif what == "clip/add/notes":
            for at in range(2, len(given), 5):
                pitch, start, length, velocity, mute = given[at : at + 5]
                slot.clip.notes.append(MidiNoteSpecification(start, length, pitch, velocity, mute))
        elif what == "clip/get/notes":
            return (
                *given,
                *(
                    value
                    for n in slot.clip.notes
                    for value in (n.pitch, n.start_time, n.duration, n.velocity, n.mute)
                ),
            )
        return None


def their_server(checkout: Path, song: StubSong, port: int, answer: int) -> Any:
    """AbletonOSC's own server and handlers, from a checkout of it."""
    live = types.ModuleType("Live")
    live.Clip = types.SimpleNamespace(MidiNoteSpecification=MidiNoteSpecification)  # type: ignore[attr-defined]
    component = types.ModuleType("ableton.v2.control_surface.component")
    component.Component = type("Component", (), {"song": song})  # type: ignore[attr-defined]
    package = types.ModuleType("their_remote")
    package.__path__ = [str(checkout)]
    inner = types.ModuleType("their_remote.abletonosc")
    inner.__path__ = [str(checkout / "abletonosc")]
    outer = ("ableton", "ableton.v2", "ableton.v2.control_surface")
    loaded = {name: types.ModuleType(name) for name in outer}
    loaded |= {"Live": live, component.__name__: component, "their_remote": package}
    loaded |= {inner.__name__: inner}
    for name in [name for name in sys.modules if name.startswith("their_remote")]:
        del sys.modules[name]
    sys.modules.update(loaded)
    load = importlib.import_module
    server = load("their_remote.abletonosc.osc_server").OSCServer(
        ("127.0.0.1", port), ("127.0.0.1", answer)
    )
    manager = types.SimpleNamespace(osc_server=server)
    for module, handler in (
        ("song", "SongHandler"),
        ("track", "TrackHandler"),
        ("clip_slot", "ClipSlotHandler"),
        ("clip", "ClipHandler"),
    ):
        getattr(load(f"their_remote.abletonosc.{module}"), handler)(manager)
    return server


@contextmanager
def serving(server: Any) -> Iterator[None]:
    """Let a server look for messages, as Live does, until the end."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.001):
            server.process()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        server.shutdown()
