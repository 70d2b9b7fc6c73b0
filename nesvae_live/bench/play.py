"""One case of `bench timing`, in a process of its own: the instrument as `play` runs it.

It prints `ready` when it plays, stops when it reads a line, and then prints as JSON what it meant
to do and when; the listener knows what came of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from nesvae_live.app.during.choices import load
from nesvae_live.app.options import PlayOptions
from nesvae_live.app.play import run
from nesvae_live.app.session import Session
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.inputs import MidiIn, SetKnob
from nesvae_live.engine.phrases.request import Request
from nesvae_live.io.midi.ports import make_client
from nesvae_live.io.midi.sender import DeadlineSender
from nesvae_live.io.pace import FORMER
from nesvae_live.log.entries import Clocked, Heard, Placed, Sent, Spliced
from nesvae_live.log.jam import Jam
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.music.dialect import MidiSpeaker, noise_to_drum
from nesvae_live.music.drums import NOISE_KNOB, RULE
from nesvae_live.music.events import Event, NoteOn
from nesvae_live.music.voices import CHANNELS, Voice
from nesvae_live.paths import find_checkpoint
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.folder import read_jam

CONTROL_CHANGE = 0xB0
RTMIDI_CLIENT = "nesvae_rtmidi_out"
PLAIN = ("P1=lead", "P2=comp")
"""The hand-made patches of the pulses."""


@dataclass(frozen=True, slots=True)
class PlayCase:
    """How to play: `clock` and `swap` as in `play`; `audio` is jack or none.

    With `beside` the notes leave through RtMidi too, from a port of their own, as they did before
    they were written at their frame. With `former` things are decided as far ahead as they were then.
    A `plain` one has hand-made patches, and drums by the rule, in place of those that are learnt.
    """

    clock: str = "internal"
    swap: str = "now"
    tempo: float = 120.0
    audio: str = "jack"
    beside: bool = False
    former: bool = False
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Meant:
    """What a case meant to do.

    `notes` are (due time, beat, channel, note); `lines` are the tempo's (beat, time, seconds a
    beat); `turned` is (stamp, control, value) of each knob's message; `decoded` is (time when it
    was asked for, start of its first tuple) of each decode that was played. Times are in seconds
    of `time.perf_counter`.
    """

    notes: tuple[tuple[float, float, int, int], ...] = ()
    lines: tuple[tuple[float, float, float], ...] = ()
    turned: tuple[tuple[float, int, int], ...] = ()
    decoded: tuple[tuple[float, float], ...] = ()
    missed: int = 0
    splices: int = 0
    splices_late: int = 0
    events_late: int = 0
    underruns: int = 0


def main(argument: str) -> None:
    """Run the case, a JSON object."""
    case = PlayCase(**json.loads(argument))
    checkpoint = load_song_checkpoint(find_checkpoint(None))
    preset = load_preset("default")
    patch, drums = (PLAIN, RULE) if case.plain else ((), None)
    loaded = load(preset, checkpoint, patch, drums=drums)
    with tempfile.TemporaryDirectory() as folder:
        options = PlayOptions(
            midi_api="jack",
            audio=case.audio,
            clock=case.clock,
            clock_out=case.clock == "internal",
            swap=case.swap,
            tempo=case.tempo,
            patch=patch,
            drums=drums,
            seed=7,
            jams=Path(folder) / "jams",
            control=Path(folder) / "control",
            status=False,
        )
        with ExitStack() as stack:
            session = Session.open(stack, options, loaded, FORMER if case.former else None)
            asked = _note_requests(session)
            if case.beside:
                stack.enter_context(_by_rtmidi(session))
            threading.Thread(target=_talk, args=(session,), daemon=True).start()
            run(session)  # in the main thread, for its signals
            status = session.engine.status()
        meant = _meant(read_jam(session.folder), asked)
    figures = ("splices", "splices_late", "events_late", "underruns")
    counted = {name: status[name] for name in figures} | {"missed": status["decodes_missed"]}
    print(json.dumps(asdict(meant) | counted), flush=True)


def _talk(session: Session) -> None:
    """Let drums be heard, print that it plays, and wait for the line that stops it."""
    session.inbox.put(SetKnob(NOISE_KNOB, 0.5, at=session.stage.time.now()))
    clock = session.engine.clock
    while isinstance(clock, InternalClock) and clock.ref.beat_at(session.stage.time.now()) <= 0:
        time.sleep(0.01)
    print("ready", flush=True)
    sys.stdin.readline()
    session.stage.stopping.set()


def _note_requests(session: Session) -> dict[tuple[int, int], float]:
    """When each decode was last asked for, by phrase and splice."""
    asked: dict[tuple[int, int], float] = {}
    player = session.engine.sequencer.player
    ask = player.ask

    def note(request: Request) -> None:
        asked[request.index, request.splice] = session.stage.time.now()
        ask(request)

    player.ask = note
    return asked


@contextmanager
def _by_rtmidi(session: Session) -> Iterator[None]:
    """Have all notes leave through RtMidi too, from a thread that sleeps until each is due."""
    port = make_client("jack", "MidiOut", RTMIDI_CLIENT)
    port.open_virtual_port(RTMIDI_CLIENT)
    speaker = MidiSpeaker(session.preset.dialect)

    def transmit(event: Event) -> None:
        for message in speaker.messages(event):
            port.send_message(message)

    sender = DeadlineSender(transmit, lambda _panic: None, session.stage.time)
    sender.start()
    session.engine.sequencer.outputs.devices.append(sender)
    yield
    sender.stop()
    port.close_port()
    port.delete()


def _meant(jam: Jam, asked: dict[tuple[int, int], float]) -> Meant:
    notes, lines, turned, decoded = [], [], [], []
    line, origin = ClockRef(), jam.opened.origin  # the log's times count from there
    for entry in jam.entries:
        match entry:
            case Sent(at, beat, NoteOn(voice, note)):
                key = noise_to_drum(note) if voice is Voice.NO else note
                notes.append((at + origin, beat, CHANNELS[voice], key))
            case Clocked(at, beat, beat_seconds, runs):
                line = ClockRef(beat, at + origin, beat_seconds)
                lines += [(beat, at + origin, beat_seconds)] if runs else []
            case Heard(MidiIn(_, data, at)) if data[0] == CONTROL_CHANGE:
                turned.append((at + origin, data[1], data[2]))
            case Spliced():
                decoded.append((asked[entry.index, entry.splice], line.time_of(entry.beat)))
            case Placed(repeat=False) if (entry.index, 0) in asked:
                decoded.append((asked[entry.index, 0], line.time_of(entry.beat)))
    return Meant(tuple(notes), tuple(lines), tuple(turned), tuple(decoded))


if __name__ == "__main__":
    main(sys.argv[1])
