"""Asks what sound devices there are where it can do no harm: in a child process.

PortAudio can crash the process that asks it where there is no device, a driver can take seconds,
and libjack and ALSA write to the terminal. Run as a program (`python -m
nesvae_live.io.audio.probe`), this module is the child.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nesvae_live.io.libraries import loaded_libraries
from nesvae_live.io.ownprocess import own_command

PROBE_SECONDS = 20.0
"""How long the child may take: listing devices asks every driver of the machine."""

NO_LIBJACK = "there is no libjack on this machine"

JACKD, PIPEWIRE = "jackd", "PipeWire"
"""The JACK servers, as a person calls them; jackdbus is a jackd."""

JACK_NO_START = 0x01
JACK_PORT_IS_INPUT = 0x1
JACK_PORT_IS_PHYSICAL = 0x4
JACK_AUDIO = b"32 bit float mono audio"
"""Constants of jack/types.h."""


@dataclass(frozen=True, slots=True)
class AudioPort:
    """A PortAudio output device: the number that pyo knows it by, and its name."""

    index: int
    name: str


@dataclass(frozen=True, slots=True)
class AudioOffer:
    """What this machine offers; `jack_rate` 0 means that no JACK server answers.

    `jack_outputs` are the physical playback ports; a fault says why something isn't known.
    """

    outputs: tuple[AudioPort, ...] = ()
    default_output: int = -1
    jack_rate: int = 0
    jack_block: int = 0
    jack_outputs: tuple[str, ...] = ()
    jack_fault: str = ""
    portaudio_fault: str = ""
    library: str = ""
    """The libjack through which the server answers, or else pyo's."""
    jack_server: str = ""
    """Which server answers: `JACKD` or `PIPEWIRE`."""
    pyo_reaches: bool = True
    """Whether that is pyo's: else the server isn't jackd, and JACK-Client plays."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of pyo and PortAudio."""


def probe() -> AudioOffer:
    """Ask in a child process what sound devices there are; never raises, never prints."""
    answer = _child()
    if isinstance(answer, str):
        return AudioOffer(portaudio_fault=answer, jack_fault=answer)
    outputs = tuple(AudioPort(**port) for port in answer.pop("outputs"))
    jack_outputs = tuple(answer.pop("jack_outputs"))
    return AudioOffer(outputs=outputs, jack_outputs=jack_outputs, **answer)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep what C libraries print (ALSA's complaints at boot) off the terminal for a moment."""
    set_environment()
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stdout.flush()
        for fd, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, fd)
            os.close(copy)
        os.close(nowhere)


def set_environment() -> None:
    """Set the variables that pyo and libjack read when they are loaded."""
    os.environ["PYO_GUI_WX"] = "0"  # else the import prints a notice about wxPython
    os.environ["JACK_NO_START_SERVER"] = "1"  # else asking for a server starts one
    for name in ("PYO_SERVER_AUDIO", "PYO_SERVER_MIDI", "PYO_SERVER_WINHOST"):
        os.environ.pop(name, None)  # they would override what we ask pyo for


def _child() -> dict[str, Any] | str:
    """Run this module in a process of its own; its answer, or one line why there is none."""
    command, environment = own_command("io.audio.probe")
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the sound drivers did not answer within {PROBE_SECONDS:.0f} s"
    except OSError as error:
        return f"no child process could be started ({error.strerror})"
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        last = lines[-1] if lines and done.returncode > 0 else "it crashed"
        return f"asking the sound drivers failed ({last})"
    try:
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return "asking the sound drivers gave no answer"
    return answer


def ask_here() -> AudioOffer:
    """Ask in this process, which may crash or write to the terminal."""
    set_environment()
    import pyo

    outputs: tuple[AudioPort, ...] = ()
    default = -1
    if pyo.pa_count_devices() > 0:
        names, indices = pyo.pa_get_output_devices()
        outputs = tuple(AudioPort(i, n) for n, i in zip(names, indices, strict=True))
        default = pyo.pa_get_default_output()
    return replace(
        ask_jack(),
        outputs=outputs,
        default_output=default if any(port.index == default for port in outputs) else -1,
        versions={
            "pyo": ".".join(map(str, pyo.getVersion())),
            "portaudio": pyo.pa_get_version_text(),
        },
    )


def ask_jack() -> AudioOffer:
    """Ask a JACK server in this process, through the libjack that pyo uses, or else the system's."""
    path = _jack_library()
    offer = _ask_through(path) if path else AudioOffer(jack_fault=NO_LIBJACK)
    if not offer.jack_rate and (system := _system_libjack()) and system != path:
        other = replace(_ask_through(system), pyo_reaches=False)
        offer = other if other.jack_rate or not path else offer
    return offer


def _ask_through(path: str) -> AudioOffer:
    """Ask through one libjack."""
    jack = ctypes.CDLL(path)
    jack.jack_client_open.restype = ctypes.c_void_p
    jack.jack_get_ports.restype = ctypes.POINTER(ctypes.c_char_p)
    status = ctypes.c_int()
    name = b"nesvae_live_probe"
    client = jack.jack_client_open(name, ctypes.c_int(JACK_NO_START), ctypes.byref(status))
    if not client:
        return AudioOffer(jack_fault="no server answers", library=path)
    handle = ctypes.c_void_p(client)
    jack.jack_get_version_string.restype = ctypes.c_char_p
    version = jack.jack_get_version_string() or b""
    rate = int(jack.jack_get_sample_rate(handle))
    block = int(jack.jack_get_buffer_size(handle))
    flags = ctypes.c_ulong(JACK_PORT_IS_INPUT | JACK_PORT_IS_PHYSICAL)
    found = jack.jack_get_ports(handle, None, JACK_AUDIO, flags)
    ports: list[str] = []
    while found and found[len(ports)]:
        ports.append(found[len(ports)].decode())
    jack.jack_client_close(handle)
    return AudioOffer(
        jack_rate=rate,
        jack_block=block,
        jack_outputs=tuple(ports),
        library=path,
        jack_server=PIPEWIRE if b"PipeWire" in version else JACKD,
    )


def _jack_library() -> str:
    """The file of the libjack that came with pyo's import, else the system's."""
    if loaded := loaded_libraries("libjack"):
        return str(loaded[0])
    import pyo

    folder = Path(pyo.__file__).parent
    for pattern in (".dylibs/libjack*", "../pyo.libs/libjack*"):
        for path_found in sorted(folder.glob(pattern)):
            return str(path_found)
    return _system_libjack()


def _system_libjack() -> str:
    """The system's libjack, or the one that `pw-jack` puts in its place; "" if there is none."""
    return ctypes.util.find_library("jack") or ctypes.util.find_library("jack64") or ""


if __name__ == "__main__":
    print(json.dumps(asdict(ask_here())))
