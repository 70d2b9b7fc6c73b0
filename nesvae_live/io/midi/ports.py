"""The MIDI systems and their ports, which port a name means, and what our ports are called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nesvae_live import NesvaeError
from nesvae_live.clock.hosttime import PerfTime, Time
from nesvae_live.io.matching import match_name
from nesvae_live.io.midi.jackwatch import JackWatch, hush_libjack

LIST_CLIENT = "nesvae_live_list"
ALSA_SEQUENCER = Path("/dev/snd/seq")


@dataclass(frozen=True, slots=True)
class MidiApi:
    """A MIDI system: RtMidi's name for it, ours for a person, and what to say if it fails."""

    constant: str
    label: str
    remedy: str
    virtual: bool = True


APIS = {
    "alsa": MidiApi("API_LINUX_ALSA", "ALSA", "its sequencer can't be opened (modprobe snd-seq)"),
    "jack": MidiApi("API_UNIX_JACK", "JACK", "no server answers"),
    "coremidi": MidiApi("API_MACOSX_CORE", "CoreMIDI", "it can't be opened"),
    "winmm": MidiApi("API_WINDOWS_MM", "WinMM", "it can't be opened", virtual=False),
}
AUTO = {"linux": ("alsa", "jack"), "darwin": ("coremidi",), "win32": ("winmm",)}
"""The systems that `auto` tries, in this order."""


class MidiError(NesvaeError):
    """A MIDI port can't be opened; the message is one line for a person."""


class MidiUnavailableError(MidiError):
    """A whole MIDI system can't be used here."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The full names of the ports that a MIDI system offers, to read from and to write to."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def list_ports(api: str) -> Ports:
    """List the ports of a MIDI system.

    Raises:
        MidiUnavailableError: the system can't be used here.
    """
    if api == "jack":
        with closing(watch_jack(PerfTime())) as watch:
            return Ports(tuple(watch.readable()), tuple(watch.writable()))
    with ExitStack() as stack:
        reader, writer = (make_client(api, kind, LIST_CLIENT) for kind in ("MidiIn", "MidiOut"))
        stack.callback(reader.delete)
        stack.callback(writer.delete)
        return Ports(tuple(reader.get_ports()), tuple(writer.get_ports()))


def watch_jack(time: Time) -> JackWatch:
    """A watcher of the JACK server.

    Raises:
        MidiUnavailableError: there is none.
    """
    try:
        return JackWatch(time)
    except OSError as error:
        raise MidiUnavailableError(f"JACK: {error}") from None


def match_ports(names: Sequence[str], wanted: Sequence[str], what: str) -> list[int]:
    """For each wanted name the index of the one port that it means (see `match_name`).

    Raises:
        MidiError: no port matches, or several, or two wanted names are one port.
    """
    chosen: list[int] = []
    for part in wanted:
        index = match_name(names, part, what, MidiError)
        if index in chosen:
            raise MidiError(f"the {what} {names[index]!r} is named twice")
        chosen.append(index)
    return chosen


def make_client(api: str, kind: str, name: str) -> Any:
    """Make an RtMidi client, `MidiIn` or `MidiOut`, with no port open.

    Raises:
        MidiError: there is no such API; as `MidiUnavailableError`: it can't be used here.
    """
    if api not in APIS:
        raise MidiError(f"no MIDI API {api!r}: choose one of {', '.join(('auto', *APIS, 'none'))}")
    which = APIS[api]
    os.environ["JACK_NO_START_SERVER"] = "1"  # else asking for a server may start one
    try:
        import rtmidi
    except ImportError:
        raise MidiUnavailableError(
            "python-rtmidi is not installed (pip install python-rtmidi)"
        ) from None
    hush_libjack()
    constant = getattr(rtmidi, which.constant)
    if constant not in rtmidi.get_compiled_api():
        raise MidiUnavailableError(f"{which.label}: this build of python-rtmidi has none")
    # Asked first, because libasound would complain on the terminal.
    if api == "alsa" and not os.access(ALSA_SEQUENCER, os.R_OK | os.W_OK):
        raise MidiUnavailableError(f"ALSA: {which.remedy}")
    try:
        return getattr(rtmidi, kind)(constant, name=name)
    except rtmidi.RtMidiError:
        raise MidiUnavailableError(f"{which.label}: {which.remedy}") from None


IN_CLIENT, IN_PORT = "nesvae_live_in", "nesvae_live in"
OUT_CLIENT, OUT_PORT = "nesvae_live_out", "nesvae_live out"
CLOCK_CLIENT, CLOCK_PORT = "nesvae_live_clock", "nesvae_live clock"
FEEDBACK_CLIENT, FEEDBACK_PORT = "nesvae_live_feedback", "nesvae_live feedback"
OWN_FEEDBACK = ""
"""In place of a port's name: feedback goes to a virtual port of ours."""
