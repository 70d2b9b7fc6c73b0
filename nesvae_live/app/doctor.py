"""Examines what this machine offers and what is missing; it never raises."""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from nesvae_live import __version__
from nesvae_live.app.doctorreport import (
    MidiApiReport,
    Missing,
    PathReport,
    PortsReport,
    Report,
)
from nesvae_live.io import pipewire
from nesvae_live.io.audio.probe import probe, quiet
from nesvae_live.io.libraries import loaded_libraries
from nesvae_live.io.midi.ports import ALSA_SEQUENCER
from nesvae_live.io.realtime import realtime_granted

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
"""By platform: what is missing -> what to do. `OTHERWISE` has what is the same everywhere."""

OTHERWISE = {
    "checkpoint": "install nesvae-live again, or name a file with --checkpoint",
    "config": "make the folder writable; presets are also read from any file that you name",
    "jams": "name a folder that can be written with --jams DIR",
}


def remedy(what: str, platform: str) -> str:
    """What to do if `what` is missing on a `sys.platform`; the default is to install a package."""
    advice = ADVICE.get(platform, ADVICE["linux"]) | OTHERWISE
    return advice.get(what, f"pip install {what}")


def _remedy_here(what: str) -> str:
    """What to do on this machine: who has PipeWire needs no other server."""
    if what in {"jack", "midi"} and sys.platform == "linux" and pipewire.runs():
        return pipewire.remedy()
    return remedy(what, sys.platform)


PACKAGES = (
    *("numpy", "numba", "mido", "python-rtmidi", "pyo", "msgspec", "safetensors"),
    *(() if sys.platform == "win32" else ("JACK-Client",)),
)
"""The packages that playing needs, by the names that pip knows."""

MIDI_APIS = {"linux": ("alsa", "jack"), "darwin": ("coremidi", "jack"), "win32": ("winmm",)}


def examine() -> Report:
    """Look at everything: in about a second, with no server started and no device kept open."""
    ports = examine_ports()
    packages = {name: _version(name) for name in PACKAGES}
    config, jams, checkpoint = map(_asked, (_config_folder, _jams_folder, _checkpoint))
    faults = {name: "not installed" for name, version in packages.items() if not version}
    faults |= _device_faults(ports)
    places = {"config": config, "jams": jams, "checkpoint": checkpoint}
    faults |= {name: place["fault"] for name, place in places.items() if place["fault"]}
    return Report(
        version=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        platform=platform.platform(),
        packages=packages,
        **ports,
        alsa_sequencer=ALSA_SEQUENCER.exists() if sys.platform == "linux" else None,
        realtime=realtime_granted() if sys.platform == "linux" else None,
        libraries=_libraries(),
        config=config,
        jams=jams,
        checkpoint=checkpoint,
        missing=[
            Missing(what=what, why=why, do=_remedy_here(what)) for what, why in faults.items()
        ],
    )


def examine_ports() -> PortsReport:
    """The MIDI ports and sound devices that there are now."""
    names = MIDI_APIS.get(sys.platform, MIDI_APIS["linux"])
    return PortsReport(midi=[_midi_api(name) for name in names], audio=asdict(probe()))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _midi_api(name: str) -> MidiApiReport:
    """The ports of a MIDI system, or why it can't be used."""
    try:
        with quiet():
            from nesvae_live.io.midi.ports import list_ports

            ports = list_ports(name)
    except Exception as error:  # noqa: BLE001 - a doctor reports what fails, whatever it is
        return MidiApiReport(name=name, inputs=[], outputs=[], fault=_text(error))
    return MidiApiReport(
        name=name, inputs=list(ports.inputs), outputs=list(ports.outputs), fault=""
    )


def _libraries() -> list[str]:
    """The files of libjack and libasound in this process, once all that plays is loaded.

    Empty where the system doesn't tell (there is no /proc).
    """
    with quiet():
        for name in ("rtmidi", "pyo", "jack"):
            try:
                importlib.import_module(name)
            except (ImportError, OSError):  # JACK-Client without a libjack
                continue
    return sorted(map(str, loaded_libraries("libjack", "libasound")))


def _asked(question: Callable[[], PathReport]) -> PathReport:
    """The answer to a question, or what went wrong when it was asked."""
    try:
        return question()
    except Exception as error:  # noqa: BLE001 - a doctor reports what fails, whatever it is
        return PathReport(path="", fault=_text(error))


def _config_folder() -> PathReport:
    from nesvae_live.paths import user_presets_dir

    return _folder(user_presets_dir())


def _jams_folder() -> PathReport:
    from nesvae_live.paths import default_jams_dir

    return _folder(default_jams_dir())


def _checkpoint() -> PathReport:
    from nesvae_live.paths import find_checkpoint

    return PathReport(path=str(find_checkpoint()), fault="")


def _folder(path: Path) -> PathReport:
    """Whether files can be made in a folder, or, if it isn't there yet, in the nearest above it."""
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return PathReport(path=str(path), fault=f"can't be written: {error.strerror or error}")
    return PathReport(path=str(path), fault="")


def _device_faults(ports: PortsReport) -> dict[str, str]:
    """Why no MIDI, or no sound, can leave this machine, if so."""
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
