"""A take as a DAWproject: a ZIP of XML and sound that DAWs of several makers open.

The format is version 1.0 of https://github.com/bitwig/dawproject, whose schema a test holds the
files against. Tempo changes are steps. Sound is in pieces of constant tempo, each with its place in
beats and in seconds, so that a DAW that keeps the tempo map plays it unstretched.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

from nesvae_live import __version__
from nesvae_live.clock.timing import Meter
from nesvae_live.music.ranges import TEMPO
from nesvae_live.take.daw.arrangement import KNOB_CC, KNOBS_CHANNEL, Arrangement, Stretch, Track

MOST_7 = 127


class _Project:
    """The document as it grows; every element that may be named gets an id."""

    def __init__(self, arrangement: Arrangement) -> None:
        self._arrangement = arrangement
        self._ids = count()
        self.root = ET.Element("Project", version="1.0")
        ET.SubElement(self.root, "Application", name="nesvae_live", version=__version__)
        transport = ET.SubElement(self.root, "Transport")
        self._tempo = self._add(
            transport,
            "Tempo",
            unit="bpm",
            min=_number(TEMPO.low),
            max=_number(TEMPO.high),
            value=_number(arrangement.tempi[0][1]),
            name="Tempo",
        )
        self._signature = self._add(transport, "TimeSignature", **_parts(arrangement.meter))
        self._structure = ET.SubElement(self.root, "Structure")
        self._arranged = self._add(self.root, "Arrangement")
        self._lanes = self._add(self._arranged, "Lanes", timeUnit="beats")
        self._master = str(self._ids.__next__())

    def _add(self, parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
        return ET.SubElement(parent, tag, attributes, id=f"id{next(self._ids)}")

    def track(self, name: str, content: str) -> ET.Element:
        """Add a track that plays into the master; its lanes."""
        track = self._add(self._structure, "Track", contentType=content, loaded="true", name=name)
        self._channel(track, {"role": "regular", "destination": f"master{self._master}"})
        return self._add(self._lanes, "Lanes", track=track.attrib["id"])

    def master(self) -> None:
        """Add the master, after the others."""
        track = self._add(
            self._structure, "Track", contentType="audio notes", loaded="true", name="Master"
        )
        self._channel(track, {"role": "master", "id": f"master{self._master}"})

    def _channel(self, track: ET.Element, attributes: Mapping[str, str]) -> None:
        fixed = {"audioChannels": "2", "solo": "false", "id": f"id{next(self._ids)}"}
        channel = ET.SubElement(track, "Channel", fixed | dict(attributes))
        self._add(channel, "Mute", value="false", name="Mute")
        self._add(channel, "Pan", unit="normalized", min="0", max="1", value="0.5", name="Pan")
        self._add(channel, "Volume", unit="linear", min="0", max="2", value="1", name="Volume")

    def notes(self, track: Track) -> None:
        """Add a voice: its notes as one clip, its controllers as automation."""
        lanes = self.track(track.name, "notes")
        clips = self._add(lanes, "Clips")
        end = _number(self._arrangement.end)
        clip = ET.SubElement(clips, "Clip", time="0", duration=end, playStart="0", name=track.name)
        notes = self._add(clip, "Notes")
        for note in track.notes:
            ET.SubElement(
                notes,
                "Note",
                time=_number(note.start),
                duration=_number(note.end - note.start),
                channel=str(track.channel),
                key=str(note.key),
                vel=_number(note.velocity / MOST_7),
            )
        for control, points in track.controls.items():
            shares = [(beat, value / MOST_7) for beat, value in points]
            self._automation(lanes, track.channel, control, shares, f"CC {control}")

    def knobs(self) -> None:
        """Add the knobs, each as automation of its controller."""
        if self._arrangement.knobs:
            lanes = self.track("knobs", "automation notes")
            for knob, points in self._arrangement.knobs.items():
                self._automation(lanes, KNOBS_CHANNEL, KNOB_CC[knob], points, knob)

    def _automation(
        self,
        lanes: ET.Element,
        channel: int,
        control: int,
        points: Iterable[tuple[float, float]],
        name: str,
    ) -> None:
        automation = self._add(lanes, "Points", unit="normalized", name=name)
        target = {"expression": "channelController", "channel": str(channel)}
        ET.SubElement(automation, "Target", target, controller=str(control))
        _put_points(automation, points)

    def sound(self, name: str, file: str, sample_rate: int, seconds: float) -> None:
        """Add a track of sound, as far as the clock ran."""
        lanes = self.track(name, "audio")
        clips = self._add(lanes, "Clips")
        for stretch in self._arrangement.stretches:
            self._clip(clips, stretch, name, file, sample_rate, seconds)

    def _clip(
        self,
        clips: ET.Element,
        stretch: Stretch,
        name: str,
        file: str,
        sample_rate: int,
        seconds: float,
    ) -> None:
        length = _number(stretch.end - stretch.start)
        clip = ET.SubElement(
            clips, "Clip", time=_number(stretch.start), duration=length, playStart="0", name=name
        )
        warps = self._add(clip, "Warps", timeUnit="beats", contentTimeUnit="seconds")
        audio = self._add(
            warps,
            "Audio",
            algorithm="raw",
            channels="1",
            sampleRate=str(sample_rate),
            duration=_number(seconds),
        )
        ET.SubElement(audio, "File", path=file)
        for beat, second in stretch.points:
            at, within = _number(beat - stretch.start), _number(second)
            ET.SubElement(warps, "Warp", time=at, contentTime=within)

    def finish(self) -> bytes:
        """Add what stands after the tracks; the whole text."""
        arrangement = self._arrangement
        self.master()
        if arrangement.markers:
            markers = self._add(self._arranged, "Markers")
            for beat, text in arrangement.markers:
                ET.SubElement(markers, "Marker", time=_number(beat), name=text)
        tempo = self._add(self._arranged, "TempoAutomation", timeUnit="beats", unit="bpm")
        ET.SubElement(tempo, "Target", parameter=self._tempo.attrib["id"])
        _put_points(tempo, arrangement.tempi)
        if len(arrangement.meters) > 1:
            metres = self._add(self._arranged, "TimeSignatureAutomation", timeUnit="beats")
            ET.SubElement(metres, "Target", parameter=self._signature.attrib["id"])
            for beat, meter in arrangement.meters:
                ET.SubElement(
                    metres, "TimeSignaturePoint", {"time": _number(beat), **_parts(meter)}
                )
        ET.indent(self.root)
        return _text(self.root)


def _parts(meter: Meter) -> dict[str, str]:
    return {"numerator": str(meter.numerator), "denominator": str(meter.denominator)}


def _put_points(automation: ET.Element, points: Iterable[tuple[float, float]]) -> None:
    for beat, value in points:
        ET.SubElement(
            automation, "RealPoint", time=_number(beat), value=_number(value), interpolation="hold"
        )


def _text(root: ET.Element) -> bytes:
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _number(value: float) -> str:
    """A number without an exponent, to a billionth."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def write_dawproject(
    arrangement: Arrangement,
    sounds: Sequence[tuple[str, Path]],
    sample_rate: int,
    seconds: float,
    path: Path,
) -> None:
    """Write a `.dawproject`.

    Args:
        arrangement: what was played.
        sounds: WAV files, mono, and the names of their tracks; they begin with beat 0.
        sample_rate: theirs, in Hz.
        seconds: how long they are.
        path: the file.

    Raises:
        OSError: it can't be written.
    """
    project = _Project(arrangement)
    for track in arrangement.tracks:
        project.notes(track)
    project.knobs()
    for name, file in sounds:
        project.sound(name, f"audio/{file.name}", sample_rate, seconds)
    about = ET.Element("MetaData")
    ET.SubElement(about, "Title").text = arrangement.title
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("project.xml", project.finish())
        zipped.writestr("metadata.xml", _text(about))
        for _, file in sounds:
            zipped.write(file, f"audio/{file.name}", zipfile.ZIP_STORED)
