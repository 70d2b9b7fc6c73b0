"""A take as a session of Ardour 7: a folder with the session's file, MIDI files and sound.

What every session has (how routes are built up) is `ardour7.xml`, which Ardour 7.3 wrote itself; what
is the take's (sources, regions, tempo map, markers) is put into it. Ardour counts notes in ticks,
1920 a beat, and sound in superclocks, 282,240,000 a second.
"""

from __future__ import annotations

import copy
import shutil
import wave
from collections.abc import Iterable, Iterator, Sequence
from importlib import resources
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

import mido

from nesvae_live.take.daw.arrangement import Arrangement
from nesvae_live.take.daw.messages import Timed, knob_messages, track_messages

TICKS = 1920
SUPERCLOCKS = 282_240_000
TEMPLATE = "ardour7.xml"
MASTER, MIDI_TRACK, SOUND_TRACK = "Master", "P1", "chip"
"""The routes of the template."""

ID_KEYS = ("id", "midi-playlist", "audio-playlist")
ROUTE_IDS = 1000
"""How many ids each route has to itself: more than the template's largest."""


def write_ardour(
    arrangement: Arrangement, sounds: Sequence[tuple[str, Path]], sample_rate: int, folder: Path
) -> Path:
    """Write a session.

    Args:
        arrangement: what was played.
        sounds: WAV files, which begin with beat 0, and the names of their tracks; they are moved.
        sample_rate: theirs, and the session's, in Hz.
        folder: the session's, which is empty; its name is the session's.

    Returns:
        The session's file.

    Raises:
        OSError: it can't be written.
    """
    return _Session(arrangement, sample_rate, folder).write(sounds)


class _Session:
    def __init__(self, arrangement: Arrangement, sample_rate: int, folder: Path) -> None:
        self._arrangement = arrangement
        self._rate = sample_rate
        self._folder = folder
        text = (resources.files("nesvae_live.take.daw") / TEMPLATE).read_text(encoding="utf-8")
        self._root = ET.fromstring(text)  # noqa: S314 - our own
        self._routes = self._part("Routes")
        self._templates = {route.attrib["name"]: route for route in self._routes}
        for route in list(self._routes):
            self._routes.remove(route)
        self._ids = count(ROUTE_IDS * 100)
        self._order = count()

    def write(self, sounds: Sequence[tuple[str, Path]]) -> Path:
        name = self._folder.name
        self._root.set("name", name)
        self._root.set("sample-rate", str(self._rate))
        inside = self._folder / "interchange" / name
        midi, audio = inside / "midifiles", inside / "audiofiles"
        for each in (midi, audio):
            each.mkdir(parents=True)
        self._route(MASTER, MASTER)
        for track in self._arrangement.tracks:
            self._midi_track(track.name, track_messages(track), midi)
        if self._arrangement.knobs:
            self._midi_track("knobs", knob_messages(self._arrangement), midi)
        for track_name, file in sounds:
            shutil.move(file, audio / file.name)
            self._sound_track(track_name, audio / file.name)
        self._tempo_map()
        self._locations()
        self._root.set("id-counter", str(next(self._ids) + 1))
        ET.indent(self._root)
        path = self._folder / f"{name}.ardour"
        path.write_bytes(ET.tostring(self._root, encoding="UTF-8", xml_declaration=True))
        return path

    def _part(self, tag: str) -> ET.Element:
        found = self._root.find(tag)
        assert found is not None, f"{TEMPLATE} has no {tag}"
        return found

    def _route(self, template: str, name: str) -> ET.Element:
        """Add a route like one of the template, under another name and with ids of its own."""
        route = copy.deepcopy(self._templates[template])
        order = next(self._order)
        for element in route.iter():
            for key in ID_KEYS:
                if key in element.attrib:
                    element.set(key, str(int(element.attrib[key]) + ROUTE_IDS * (order + 1)))
            if "name" in element.attrib:
                old = element.attrib["name"]
                if old == template or old.startswith(f"{template}/"):
                    element.set("name", name + old.removeprefix(template))
                elif old.endswith((f":{template}", f"-{template}")):
                    element.set("name", old.removesuffix(template) + name)
        info = route.find("PresentationInfo")
        assert info is not None
        info.set("order", str(order))
        self._routes.append(route)
        return route

    def _midi_track(self, name: str, messages: Iterable[Timed], folder: Path) -> None:
        file = f"{name}.mid"
        _write_midi(messages, self._arrangement.end, folder / file)
        route = self._route(MIDI_TRACK, name)
        route.set("playback-channel-mode", "AllChannels")
        route.set("capture-channel-mode", "AllChannels")
        route.set("capture-channel-mask", "0xffff")
        source = self._source(file, "midi", {})
        length = round(self._arrangement.end * TICKS)
        playlist = self._playlist(route, name, "midi")
        for parent, whole in ((self._part("Regions"), "1"), (playlist, "0")):
            self._region(parent, name, source, "midi", whole, ("b0", f"b{length}@b0"))

    def _sound_track(self, name: str, file: Path) -> None:
        with wave.open(str(file)) as sound:
            lasts = sound.getnframes() / sound.getframerate()
        route = self._route(SOUND_TRACK, name)
        source = self._source(file.name, "audio", {"channel": "0", "gain": "1"})
        playlist = self._playlist(route, name, "audio")
        for stretch in self._arrangement.stretches:
            begin, end = stretch.points[0][1], min(stretch.points[-1][1], lasts)
            place = _clocks(self._arrangement.seconds(stretch.start))
            span = (f"a{_clocks(begin)}", f"a{_clocks(end - begin)}@a{place}")
            self._region(playlist, name, source, "audio", "0", span)

    def _source(self, file: str, kind: str, more: dict[str, str]) -> str:
        number = str(next(self._ids))
        fixed = {"name": file, "take-id": "", "type": kind, "flags": "", "id": number, "origin": ""}
        ET.SubElement(self._part("Sources"), "Source", fixed | more)
        return number

    def _playlist(self, route: ET.Element, name: str, kind: str) -> ET.Element:
        return ET.SubElement(
            self._part("Playlists"),
            "Playlist",
            {
                "id": route.attrib[f"{kind}-playlist"],
                "name": name,
                "type": kind,
                "orig-track-id": route.attrib["id"],
                "frozen": "0",
                "combine-ops": "0",
            },
        )

    def _region(
        self,
        parent: ET.Element,
        name: str,
        source: str,
        kind: str,
        whole: str,
        span: tuple[str, str],
    ) -> None:
        start, length = span
        zero = f"{start[0]}0"
        ET.SubElement(
            parent,
            "Region",
            {
                "name": name,
                "id": str(next(self._ids)),
                "type": kind,
                "muted": "0",
                "opaque": "1",
                "locked": "0",
                "automatic": "0",
                "whole-file": whole,
                "import": "0",
                "external": "0",
                "hidden": "0",
                "position-locked": "0",
                "start": start,
                "length": length,
                "sync-position": zero,
                "ancestral-start": zero,
                "ancestral-length": f"{zero}@{zero}",
                "stretch": "1",
                "shift": "1",
                "layering-index": "0",
                "first-edit": "nothing",
                "source-0": source,
                "master-source-0": source,
                "channels": "1",
                "scale-amplitude": "1",
                "default-fade-in": "0",
                "default-fade-out": "0",
                "fade-in-active": "0",
                "fade-out-active": "0",
                "envelope-active": "0",
            },
        )

    def _tempo_map(self) -> None:
        arrangement = self._arrangement
        tempos, meters = self._part("TempoMap/Tempos"), self._part("TempoMap/Meters")
        first, meter = tempos[0], meters[0]
        tempos.remove(first)
        meters.remove(meter)
        for beat, tempo in arrangement.tempi:
            point = self._point(first, beat)
            for key in ("npm", "enpm"):
                point.set(key, f"{tempo:.12g}")
            tempos.append(point)
        for beat, changed in arrangement.meters:
            point = self._point(meter, beat)
            point.set("note-value", str(changed.denominator))
            point.set("divisions-per-bar", str(changed.numerator))
            meters.append(point)

    def _point(self, like: ET.Element, beat: float) -> ET.Element:
        """A point of the tempo map on a beat."""
        point, ticks = copy.deepcopy(like), round(beat * TICKS)
        point.set("sclock", str(_clocks(self._arrangement.seconds(ticks / TICKS))))
        point.set("quarters", f"{ticks // TICKS}:{ticks % TICKS}")
        point.set("bbt", self._bbt(ticks))
        return point

    def _bbt(self, ticks: int) -> str:
        """Bar, beat of the metre and tick of a quarter note, as Ardour counts: the first two from 1."""
        begun = (item for item in self._arrangement.meters if round(item[0] * TICKS) <= ticks)
        beat, meter = max(begun, key=lambda item: item[0])
        bar, _ = meter.position(beat)
        note = TICKS * 4 // meter.denominator
        bars, rest = divmod(ticks - round(beat * TICKS), meter.numerator * note)
        count_, tick = divmod(rest, note)
        return f"{bar + bars}|{count_ + 1}|{tick}"

    def _locations(self) -> None:
        locations = self._part("Locations")
        end = _clocks(self._arrangement.seconds(self._arrangement.end))
        marks = [("session", 0, end, "IsSessionRange")]
        for beat, text in self._arrangement.markers:
            at = _clocks(self._arrangement.seconds(beat))
            marks.append((text, at, at, "IsMark"))
        for name, start, stop, flags in marks:
            span = {"start": f"a{start}", "end": f"a{stop}", "flags": flags, "locked": "0"}
            number = str(next(self._ids))
            ET.SubElement(locations, "Location", {"id": number, "name": name, **span})


def _clocks(seconds: float) -> int:
    return round(seconds * SUPERCLOCKS)


def _write_midi(messages: Iterable[Timed], end: float, path: Path) -> None:
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for tick, message in _with_distances(messages, end):
        message.time = tick
        track.append(message)
    file.save(str(path))


def _with_distances(
    messages: Iterable[Timed], end: float
) -> Iterator[tuple[int, mido.Message | mido.MetaMessage]]:
    """Messages with the ticks since the one before, and the end of the track."""
    before = 0
    for beat, data in messages:
        at = round(beat * TICKS)
        yield at - before, mido.Message.from_bytes(data)
        before = at
    yield max(0, round(end * TICKS) - before), mido.MetaMessage("end_of_track")
