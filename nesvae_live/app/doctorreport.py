"""The report of `doctor`: as plain data, and as text for a person."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

from nesvae_live.io.midi.ports import ALSA_SEQUENCER

ASK = """What I typed:
What I expected:
What came (attach the take's `take.jsonl`: it replays the whole jam):"""

NO_REALTIME = "not granted; if sound drops out: sudo usermod -aG audio $USER, and log in again"


class MidiApiReport(TypedDict):
    """A MIDI system and the ports that it has now, or, in `fault`, why it can't be used."""

    name: str
    inputs: list[str]
    outputs: list[str]
    fault: str


class PathReport(TypedDict):
    """A folder or a file; `fault` is empty if all is well."""

    path: str
    fault: str


class Missing(TypedDict):
    """Something that is missing, why, and what to do about it."""

    what: str
    why: str
    do: str


class PortsReport(TypedDict):
    """What can be named on the command line; `audio` has the fields of `AudioOffer`."""

    midi: list[MidiApiReport]
    audio: dict[str, Any]


class Report(PortsReport):
    """The whole report, as plain data.

    `packages` maps names to versions, "" for what is missing. `alsa_sequencer` is None where there
    is no ALSA; `realtime`, whether a sound thread may run in real time, is None where that isn't
    granted by the system. `libraries` are the files of libjack and libasound that playing loads
    (the wheels of rtmidi and pyo bring their own).
    """

    version: str
    python: str
    platform: str
    packages: dict[str, str]
    alsa_sequencer: bool | None
    realtime: bool | None
    libraries: list[str]
    config: PathReport
    jams: PathReport
    checkpoint: PathReport
    missing: list[Missing]


def to_markdown(report: Report, home: Path) -> str:
    """The report for a bug report: what to write beside it, and nobody's home."""
    text = to_text(report).replace(str(home), "~") if len(home.parts) > 1 else to_text(report)
    return f"{ASK}\n\n```\n{text}\n```"


def to_text(report: Report) -> str:
    """The report for a person, one thing a line, with what is missing at its end."""
    rows = [
        ("nesvae-live", report["version"]),
        ("Python", report["python"]),
        ("platform", report["platform"]),
        *((name, version or "not installed") for name, version in report["packages"].items()),
        *_port_rows(report),
    ]
    if report["alsa_sequencer"] is not None:
        there = "is there" if report["alsa_sequencer"] else "is not there"
        rows.append(("ALSA sequencer", f"{ALSA_SEQUENCER} {there}"))
    if report["realtime"] is not None:
        rows.append(("real time", "granted" if report["realtime"] else NO_REALTIME))
    rows += [("library", path) for path in report["libraries"]]
    for name, place in (
        ("presets", report["config"]),
        ("jams", report["jams"]),
        ("checkpoint", report["checkpoint"]),
    ):
        said = (place["path"], place["fault"] and f"({place['fault']})")
        rows.append((name, " ".join(filter(None, said))))
    lines = [_aligned(rows), "", "Missing:" if report["missing"] else "Nothing is missing."]
    for missing in report["missing"]:
        lines += [f"- {missing['what']}: {missing['why']}", f"  {missing['do']}"]
    return "\n".join(lines)


def ports_to_text(ports: PortsReport) -> str:
    """The ports for a person, one kind of port a line."""
    return _aligned(_port_rows(ports))


def _aligned(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:16} {value}" for name, value in rows)


def _port_rows(ports: PortsReport) -> list[tuple[str, str]]:
    rows = []
    for api in ports["midi"]:
        if api["fault"]:
            rows.append((f"MIDI, {api['name']}", api["fault"]))
        else:
            rows.append((f"MIDI in, {api['name']}", ", ".join(api["inputs"]) or "no port"))
            rows.append((f"MIDI out, {api['name']}", ", ".join(api["outputs"]) or "no port"))
    audio = ports["audio"]
    outputs = ", ".join(
        port["name"] + (" (default)" if port["index"] == audio["default_output"] else "")
        for port in audio["outputs"]
    )
    jack = f"{audio['jack_server']}, {audio['jack_rate']} Hz, blocks of {audio['jack_block']}, plays to "
    jack += ", ".join(audio["jack_outputs"]) or "nothing yet"
    rows.append(("JACK server", audio["jack_fault"] or jack))
    rows.append(("PortAudio", audio["portaudio_fault"] or outputs or "no output device"))
    return rows
