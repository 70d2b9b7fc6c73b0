"""What this machine offers, what is missing, and what to do about it. Never raises, whatever lacks."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

from nesvae_live import __version__
from nesvae_live.realtime import realtime_granted
from nesvae_live.soundprobe import probe, quiet

PACKAGES = (
    *("numpy", "numba", "mido", "python-rtmidi", "pyo", "msgspec", "safetensors"),
    *(() if sys.platform == "win32" else ("JACK-Client",)),
)
"""What playing needs, by the names that pip knows."""

MIDI_APIS = {"linux": ("alsa", "jack"), "darwin": ("coremidi", "jack"), "win32": ("winmm",)}

SEQUENCER = Path("/dev/snd/seq")

NO_REALTIME = "not granted; if sound drops out: sudo usermod -aG audio $USER, and log in again"

ADVICE = {
    "linux": {
        "alsa": "load the ALSA sequencer: sudo modprobe snd-seq (not possible in most containers)",
        "jack": "start a JACK server (sudo apt install jackd2, then: jackd -d alsa), "
        "or play through PortAudio",
        "portaudio": "plug in a sound card and join its group: sudo usermod -aG audio $USER; "
        "without one, jackd -d dummy gives ports and the take has the sound",
        "midi": "load the ALSA sequencer (sudo modprobe snd-seq) or start a JACK server "
        "(sudo apt install jackd2)",
        "python-rtmidi": "pip install python-rtmidi; where it has no wheel, first: "
        "sudo apt install g++ python3-dev libasound2-dev libjack-jackd2-dev",
        "pyo": "pip install pyo; where it has no wheel, first: sudo apt install gcc python3-dev "
        "portaudio19-dev libportmidi-dev libsndfile1-dev liblo-dev libjack-jackd2-dev",
    },
    "darwin": {
        "midi": "open Audio MIDI Setup and connect a device, or let the virtual ports be used",
        "portaudio": "choose an output in System Settings > Sound",
        "python-rtmidi": "pip install python-rtmidi; where it has no wheel, first: "
        "xcode-select --install",
        "pyo": "pip install pyo; where it has no wheel, first: "
        "brew install portaudio portmidi libsndfile liblo",
    },
    "win32": {
        "midi": "Windows has no virtual ports: install loopMIDI, add a port there, and name it "
        "with --midi-in and --midi-out",
        "portaudio": "connect or enable an output in Settings > System > Sound",
        "python-rtmidi": "pip install python-rtmidi, with a Python that it has a wheel for",
        "pyo": "pip install pyo, with a Python that it has a wheel for",
    },
}
"""By platform: what is missing -> what to do. What isn't listed has its advice in `OTHERWISE`."""

OTHERWISE = {
    "checkpoint": "install nesvae-live again, or name a file with --checkpoint",
    "config": "make the folder writable; presets are also read from any file that you name",
    "jams": "name a folder that can be written with --jams DIR",
}


class MidiApi(TypedDict):
    """A MIDI system, and the ports it has now, or in `fault` why it can't be used."""

    name: str
    inputs: list[str]
    outputs: list[str]
    fault: str


class Place(TypedDict):
    """A folder or file; `fault` is empty where all is well."""

    path: str
    fault: str


class Missing(TypedDict):
    """Something that isn't there, why, and what to do about it."""

    what: str
    why: str
    do: str


class Ports(TypedDict):
    """What can be named on the command line; `audio` has the fields of `AudioOffer`."""

    midi: list[MidiApi]
    audio: dict[str, Any]


class Report(Ports):
    """All of it, as plain data. `packages`: name -> version, "" if missing.

    `alsa_sequencer` is None where there is no ALSA, `realtime` (whether a sound thread may be
    real-time) where that isn't ours to ask for; `libraries` are the files of libjack and
    libasound that playing loads (the wheels of rtmidi and pyo bring their own).
    """

    version: str
    python: str
    platform: str
    packages: dict[str, str]
    alsa_sequencer: bool | None
    realtime: bool | None
    libraries: list[str]
    config: Place
    jams: Place
    checkpoint: Place
    missing: list[Missing]


def examine() -> Report:
    """Look at everything; takes a second or so, starts no server, opens no device for long."""
    ports = examine_ports()
    packages = {name: _version(name) for name in PACKAGES}
    config, jams, checkpoint = map(_asked, (_config_folder, _jams_folder, _checkpoint))
    faults = {name: "not installed" for name, version in packages.items() if not version}
    faults |= _device_faults(ports)
    places = {"config": config, "jams": jams, "checkpoint": checkpoint}
    faults |= {name: place["fault"] for name, place in places.items() if place["fault"]}
    advice = ADVICE.get(sys.platform, ADVICE["linux"]) | OTHERWISE
    return Report(
        version=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        platform=platform.platform(),
        packages=packages,
        **ports,
        alsa_sequencer=SEQUENCER.exists() if sys.platform == "linux" else None,
        realtime=realtime_granted() if sys.platform == "linux" else None,
        libraries=_libraries(),
        config=config,
        jams=jams,
        checkpoint=checkpoint,
        missing=[
            Missing(what=what, why=why, do=advice.get(what, f"pip install {what}"))
            for what, why in faults.items()
        ],
    )


def examine_ports() -> Ports:
    """The MIDI ports and sound devices there are now."""
    names = MIDI_APIS.get(sys.platform, MIDI_APIS["linux"])
    return Ports(midi=[_midi_api(name) for name in names], audio=asdict(probe()))


def to_text(report: Report) -> str:
    """The report for a person, one thing a line; ends with what is missing."""
    rows = [
        ("nesvae-live", report["version"]),
        ("Python", report["python"]),
        ("platform", report["platform"]),
        *((name, version or "not installed") for name, version in report["packages"].items()),
        *_port_rows(report),
    ]
    if report["alsa_sequencer"] is not None:
        there = "is there" if report["alsa_sequencer"] else "is not there"
        rows.append(("ALSA sequencer", f"{SEQUENCER} {there}"))
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


def ports_to_text(ports: Ports) -> str:
    """The ports for a person, one kind a line."""
    return _aligned(_port_rows(ports))


def _aligned(rows: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name:16} {value}" for name, value in rows)


def _port_rows(ports: Ports) -> list[tuple[str, str]]:
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
    jack = f"{audio['jack_rate']} Hz, blocks of {audio['jack_block']}, plays to "
    jack += ", ".join(audio["jack_outputs"]) or "nothing yet"
    rows.append(("JACK server", audio["jack_fault"] or jack))
    rows.append(("PortAudio", audio["portaudio_fault"] or outputs or "no output device"))
    return rows


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _midi_api(name: str) -> MidiApi:
    """The ports of a MIDI system, or why it has none."""
    try:
        with quiet():
            from nesvae_live.midiports import list_ports

            ports = list_ports(name)
    except Exception as error:  # noqa: BLE001 - a doctor reports what fails, whatever it is
        return MidiApi(name=name, inputs=[], outputs=[], fault=_text(error))
    return MidiApi(name=name, inputs=list(ports.inputs), outputs=list(ports.outputs), fault="")


def _libraries() -> list[str]:
    """The libjack and libasound files in this process once rtmidi and pyo are loaded.

    Empty where the system doesn't say (there is no /proc).
    """
    with quiet():
        for name in ("rtmidi", "pyo"):
            try:
                importlib.import_module(name)
            except ImportError:
                continue
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    files = {line.split(maxsplit=5)[5] for line in lines if line.count("/")}
    return sorted(f for f in files if Path(f).name.startswith(("libjack", "libasound")))


def _asked(question: Callable[[], Place]) -> Place:
    """The answer, or what went wrong instead of it."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - a doctor reports what fails, whatever it is
        return Place(path="", fault=_text(error))


def _config_folder() -> Place:
    from nesvae_live.config import user_presets_dir

    return _folder(user_presets_dir())


def _jams_folder() -> Place:
    from nesvae_live.config import default_jams_dir

    return _folder(default_jams_dir())


def _checkpoint() -> Place:
    from nesvae_live.config import find_checkpoint

    return Place(path=str(find_checkpoint()), fault="")


def _folder(path: Path) -> Place:
    """Whether files can be made in a folder, or, where it isn't there yet, whether it can be."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return Place(path=str(path), fault=f"can't be written: {error.strerror or error}")
    return Place(path=str(path), fault="")


def _device_faults(ports: Ports) -> dict[str, str]:
    """What keeps MIDI, and sound, from going anywhere."""
    faults = {}
    if all(api["fault"] for api in ports["midi"]):
        faults["midi"] = "; ".join(api["fault"] for api in ports["midi"])
    audio = ports["audio"]
    if not audio["jack_rate"] and not audio["outputs"]:
        faults["portaudio"] = audio["portaudio_fault"] or "no output device"
        if sys.platform == "linux":
            faults["jack"] = audio["jack_fault"]
    return faults


def _text(error: Exception) -> str:
    return str(error) or type(error).__name__
