"""Takes as sessions of DAWs: read by other people's readers, they say what the log says."""

from __future__ import annotations

import io
import wave
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import IO, Any
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import pytest
import rpp
import xmlschema

from nesvae_live.log.entries import Metered, Turned
from nesvae_live.log.jam import Jam
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import Voice
from nesvae_live.take.daw.arrangement import Arrangement, jam_to_arrangement
from nesvae_live.take.export.export import export
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import read_jam
from tests.support.dawjams import jam_that_is
from tests.support.places import ROOT
from tests.support.simulated import RATE

SCHEMAS = ROOT / "tests" / "golden" / "dawproject"
NEAR = 1e-6


@pytest.fixture(scope="module", params=["led", "followed", "metres"])
def take(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take at its own tempo, behind a clock that stops, or a transport whose metre changes."""
    jam = jam_that_is(request.param)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-24_20-00-00")


@pytest.fixture(scope="module")
def jam(take: Path) -> Jam:
    return read_jam(take)


@pytest.fixture(scope="module")
def files(take: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("out")
    made = export(read_selection(take, None), ("dawproject", "rpp", "stems"), out)
    return {path.name.removeprefix(take.name): path for path in made}


def keys(jam: Jam) -> list[tuple[str, int, int, float, float]]:
    """The log's notes as MIDI has them: voice, key, velocity, first and last beat."""
    speaker = MidiSpeaker(jam.opened.dialect)
    found = []
    for note in jam.notes():
        ((_, key, velocity),) = speaker.messages(NoteOn(note.voice, note.note, note.velocity))
        found.append((note.voice.name, key, velocity, note.start, note.end))
    return sorted(found)


def metres(jam: Jam) -> list[tuple[float, int, int]]:
    """The log's metres: from which beat on each holds, and its two numbers."""
    said = [(entry.beat, entry.meter) for entry in jam.entries if isinstance(entry, Metered)]
    found = []
    for beat, meter in [(0.0, jam.opened.meter), *said]:
        numerator, denominator = map(int, meter.split("/"))
        found.append((beat, numerator, denominator))
    return found


def samples(file: str | IO[bytes]) -> npt.NDArray[np.int16]:
    with wave.open(file) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (1, RATE)
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2")


def check_stretches(arrangement: Arrangement, jam: Jam) -> None:
    """Each stretch lies on the log's tempo lines where they begin, and no two overlap."""
    assert arrangement.stretches
    lines = {(line.beat, line.at) for line in jam.lines if line.runs}
    for stretch in arrangement.stretches:
        assert {*stretch.points[:-1]} <= lines | {(0.0, 0.0)}
    for one, other in pairwise(arrangement.stretches):
        assert one.end <= other.start + NEAR


def test_sound_lies_where_its_beats_are(jam: Jam) -> None:
    check_stretches(jam_to_arrangement(jam), jam)


def test_a_dawproject_is_one_by_the_published_schema(files: dict[str, Path]) -> None:
    with zipfile.ZipFile(files[".dawproject"]) as zipped:
        assert zipped.testzip() is None
        for name, schema in (("project.xml", "Project.xsd"), ("metadata.xml", "MetaData.xsd")):
            xmlschema.XMLSchema(str(SCHEMAS / schema)).validate(zipped.read(name).decode())


def test_a_dawproject_has_the_logs_notes_tempi_knobs_and_sound(
    files: dict[str, Path], jam: Jam
) -> None:
    with zipfile.ZipFile(files[".dawproject"]) as zipped:
        root = ET.fromstring(zipped.read("project.xml"))
        named = {track.attrib["id"]: track.attrib["name"] for track in root.iter("Track")}
        notes = [
            (named[lane.attrib["track"]], note.attrib)
            for lane in root.findall("Arrangement/Lanes/Lanes")
            for note in lane.iter("Note")
        ]
        for voice in Voice:
            sound = zipped.read(f"audio/{voice.name}.wav")
            assert np.array_equal(
                samples(io.BytesIO(sound)), samples(str(files[f".{voice.name}.wav"]))
            )
    read = sorted(
        (
            voice,
            int(note["key"]),
            round(float(note["vel"]) * 127),
            float(note["time"]),
            float(note["time"]) + float(note["duration"]),
        )
        for voice, note in notes
    )
    assert len(read) == len(keys(jam)) > 20
    for ours, theirs in zip(keys(jam), read, strict=True):
        assert theirs[:3] == ours[:3]
        assert theirs[3:] == pytest.approx(ours[3:], abs=NEAR)
    tempo = root.find("Arrangement/TempoAutomation")
    assert tempo is not None
    tempi = [(float(p.attrib["time"]), float(p.attrib["value"])) for p in tempo.iter("RealPoint")]
    assert np.allclose(tempi, jam_to_arrangement(jam).tempi, atol=NEAR)
    turned = {e.knob for e in jam.entries if isinstance(e, Turned) and e.value is not None}
    automated = {points.attrib.get("name") for points in root.iter("Points")}
    assert turned & {"density", "register", "noise"} <= automated
    clip = root.find("Arrangement/Lanes/Lanes/Clips/Clip")
    assert clip is not None
    assert float(clip.attrib["duration"]) == jam.bars() * 4.0
    signature = root.find("Transport/TimeSignature")
    assert signature is not None
    first = {"time": "0"} | signature.attrib
    points = [point.attrib for point in root.iter("TimeSignaturePoint")] or [first]
    assert metres(jam) == [
        (float(point["time"]), int(point["numerator"]), int(point["denominator"]))
        for point in points
    ]


def source_events(item: Any) -> list[tuple[int, tuple[int, ...]]]:
    """The MIDI events of an item of Reaper's: ticks, and bytes."""
    source = item.find(".//SOURCE")
    at, found = 0, []
    for line in source:
        if line[0] == "E":
            at += int(line[1])
            found.append((at, tuple(int(byte, 16) for byte in line[2:5])))
    return found


def value(element: Any, name: str) -> list[str]:
    return next(line[1:] for line in element if isinstance(line, list) and line[0] == name)


def test_rpps_parser_reads_the_logs_notes_tempi_and_sound(files: dict[str, Path], jam: Jam) -> None:
    project = rpp.loads(files[".RPP"].read_text(encoding="utf-8"))
    arrangement = jam_to_arrangement(jam)
    tracks = {value(track, "NAME")[0]: track for track in project.findall(".//TRACK")}
    speaking = {track.name for track in arrangement.tracks}
    assert tracks.keys() == {
        *speaking,
        *(["knobs"] if arrangement.knobs else []),
        *(f"{voice.name} chip" for voice in Voice),
    }
    read = []
    for name in speaking:
        item = tracks[name].find(".//ITEM")
        started: dict[int, tuple[int, int]] = {}
        events = source_events(item)
        for at, (status, key, velocity) in events:
            if status & 0xF0 == 0x90:
                assert key not in started
                started[key] = at, velocity
            elif status & 0xF0 == 0x80:
                start, struck = started.pop(key)
                read.append((name, key, struck, start / 960, at / 960))
        assert not started
        assert events[-1][0] == jam.bars() * 4 * 960, "it ends on a bar line"
        length = float(value(item, "LENGTH")[0])
        assert length == pytest.approx(arrangement.seconds(arrangement.end), abs=1e-6)
    ours = [note for note in keys(jam) if round(note[4] * 960) > round(note[3] * 960)]
    assert len(read) == len(ours)
    for note, theirs in zip(ours, sorted(read), strict=True):
        assert theirs[:3] == note[:3]
        assert theirs[3:] == pytest.approx(note[3:], abs=0.5 / 960 + NEAR)
    envelope = project.find(".//TEMPOENVEX")
    points = [line for line in envelope if isinstance(line, list) and line[0] == "PT"]
    tempi = [float(point[2]) for point in points]
    steps = [(float(point[1]), int(point[4])) for point in points if len(point) > 4]
    assert len(steps) == len(metres(jam))
    for (second, both), (beat, numerator, denominator) in zip(steps, metres(jam), strict=True):
        assert divmod(both, 65536) == (denominator, numerator)
        assert second == pytest.approx(arrangement.seconds(beat), abs=NEAR)
    changes = [tempo for before, tempo in pairwise([0.0, *tempi]) if tempo != before]
    assert changes == pytest.approx([tempo for _, tempo in arrangement.tempi])
    assert float(value(project, "TEMPO")[0]) == pytest.approx(tempi[0])
    for voice in Voice:
        items = tracks[f"{voice.name} chip"].findall(".//ITEM")
        assert len(items) == len(arrangement.stretches)
        for item, stretch in zip(items, arrangement.stretches, strict=True):
            file = value(item.find(".//SOURCE"), "FILE")[0]
            assert len(samples(str(files[".RPP"].parent / file))) > 0
            place = float(value(item, "POSITION")[0])
            assert place == pytest.approx(arrangement.seconds(stretch.start), abs=NEAR)
            assert float(value(item, "SOFFS")[0]) == pytest.approx(stretch.points[0][1], abs=NEAR)


def test_one_of_the_takes_changes_its_metre_again_and_again(
    request: pytest.FixtureRequest, jam: Jam
) -> None:
    assert len(metres(jam)) == (4 if "metres" in request.node.name else 1)


def test_with_the_tempo_map_the_sound_lies_on_its_beats_unstretched(jam: Jam) -> None:
    arrangement = jam_to_arrangement(jam)
    for stretch in arrangement.stretches:
        first, begin = stretch.points[0]
        for beat, second in stretch.points:
            mapped = arrangement.seconds(beat) - arrangement.seconds(first)
            assert mapped == pytest.approx(second - begin, abs=1e-6)


def test_some_bars_are_a_project_of_their_own_with_their_sound(take: Path, tmp_path: Path) -> None:
    selection = read_selection(take, (2, 3))
    (path,) = export(selection, ("dawproject",), tmp_path)
    arrangement = jam_to_arrangement(selection.jam)
    assert arrangement.bars == 2
    with zipfile.ZipFile(path) as zipped:
        root = ET.fromstring(zipped.read("project.xml"))
        sound = samples(io.BytesIO(zipped.read("audio/P1.wav")))
    assert len(list(root.iter("Note"))) == len(keys(selection.jam)) > 0
    clips = root.findall("Arrangement/Lanes/Lanes/Clips/Clip")
    assert {float(clip.attrib["duration"]) for clip in clips if clip.find("Notes") is not None} == {
        8.0
    }
    last = arrangement.stretches[-1].points[-1][1]
    assert last - 1 / RATE <= len(sound) / RATE <= last + 0.6, "no clip is longer than its sound"
