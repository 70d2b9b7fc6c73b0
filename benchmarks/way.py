"""Count the files and rooms that one CC visits on its way to a note, to the sound and to the log.

    python -m benchmarks.way [--files]

The instrument is put together as `play` does it: a MIDI input that is read, the sequencer, the
network and its critic, a MIDI output with its sender, the renderer with the chip and its mixer, the
recorder. The time is given, and RtMidi, the sound device and the network's weights are stand-ins,
so that each thread's turns can be taken one by one and always come out the same. Numba is off:
otherwise nobody sees what compiled code calls.

A turn is what a thread does between two waits. Of all turns those count that the CC, or what came
of it, goes through:

1. the reader's that takes the bytes from the port;
2. the sequencer's that takes the message and turns the knob;
3. the sequencer's that asks for other notes, as late as is safe;
4. the decoder's that answers;
5. the sequencer's that takes the answer and places it;
6. the sequencer's that sends the first note of the answer to the outputs;
7. the MIDI sender's that gives this note to the port: the MIDI note;
8. the renderer's that writes this note to the chip and renders its first sample: the sound;
9. the recorder's that writes the line of the CC: the log line.

A file is visited if code of it runs in such a turn: a function, a method, or the making of a value
of a class in it. That is what somebody sees who steps through with a debugger. Tables that are only
looked up do not count, nor does code that runs because a module is imported. A room is a folder of
the package; what lies in the package itself is in the room `.`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

os.environ["NUMBA_DISABLE_JIT"] = "1"

import numpy as np

from benchmarks.arrows import PACKAGE, room_of
from nesvae_live.app.options import PlayOptions, choose_performance
from nesvae_live.chip.apu import Apu
from nesvae_live.engine.live.config import Setup
from nesvae_live.engine.outputs import DelayedOutput
from nesvae_live.engine.phrases.inference import run_request
from nesvae_live.engine.phrases.request import Item, Request
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.openports import MidiPorts
from nesvae_live.io.midi.sender import DeadlineSender
from nesvae_live.io.midi.slot import Slot
from nesvae_live.log.entries import Entry, Opened, Placed, Sent, Sounded, Spliced
from nesvae_live.model.song.songcritic import make_decoder
from nesvae_live.music.dialect import MidiSpeaker
from nesvae_live.music.events import NoteOn
from nesvae_live.music.voices import CHANNELS, Voice
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.folder import LOG_NAME
from nesvae_live.take.recorder import Recorder
from tests.support.tiny import tiny_checkpoint

RATE = 8000
TICK = 0.004
SEED = 3
WAIT_SECONDS = 10.0
CC_DENSITY = 20
"""The controller number of the default preset's first knob."""

READ, TAKE, ASK, DECODE, PLACE, SEND, TRANSMIT, RENDER, RECORD = range(1, 10)
"""The turns, as they are numbered above."""

DECIDE = (READ, TAKE, ASK, DECODE, PLACE, SEND)
ENDS = (
    ("to the MIDI note", (*DECIDE, TRANSMIT)),
    ("to the chip's sample", (*DECIDE, RENDER)),
    ("to the log line", (READ, TAKE, RECORD)),
    ("note and sound", (*DECIDE, TRANSMIT, RENDER)),
    ("note, sound and log", (*DECIDE, TRANSMIT, RENDER, RECORD)),
)
"""Where the way ends, and through which turns it leads there."""

TURNS = {
    READ: "the reader takes the bytes",
    TAKE: "the sequencer takes the message",
    ASK: "the sequencer asks for other notes",
    DECODE: "the decoder answers",
    PLACE: "the sequencer places the answer",
    SEND: "the sequencer sends its first note",
    TRANSMIT: "the sender gives it to the port",
    RENDER: "the renderer gives it to the chip",
    RECORD: "the recorder writes the line",
}


class Trace:
    """Which modules of the package run while a turn is traced, whichever thread runs them."""

    def __init__(self) -> None:
        self._modules: set[str] | None = None
        threading.setprofile(self)
        sys.setprofile(self)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Hear of a call, as `sys.setprofile` tells it."""
        if self._modules is None or event != "call" or frame.f_code.co_name == "<module>":
            return
        module = str(frame.f_globals.get("__name__", ""))  # a dataclass's methods have it too
        if module.startswith(f"{PACKAGE}."):
            self._modules.add(module)

    @contextmanager
    def turn(self) -> Iterator[set[str]]:
        """Trace what runs meanwhile; the names of its modules."""
        modules: set[str] = set()
        self._modules = modules
        try:
            yield modules
        finally:
            self._modules = None


class GivenTime:
    """A time that is given."""

    value = 100.0

    def now(self) -> float:
        """Seconds."""
        return self.value


class Port:
    """RtMidi's side of our ports: what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, ...]] = []

    def send_message(self, message: Iterable[int]) -> None:
        """Keep what goes out."""
        self.sent.append(tuple(message))


class Device:
    """A sound device that is in time."""

    block_ahead = 0

    def __init__(self, time: GivenTime) -> None:
        self.rings = tuple(np.zeros(8192, np.float32) for _ in range(2))
        self._time = time
        self._began = time.now()

    def frames_played(self) -> int:
        """How many frames it has taken, in blocks."""
        return int((self._time.now() - self._began) * RATE) // 64 * 64


class Journal:
    """The recorder, and what it was told."""

    def __init__(self, recorder: Recorder) -> None:
        self.entries: list[Entry] = []
        self._recorder = recorder

    def put(self, entry: Entry) -> None:
        """Pass it on."""
        self.entries.append(entry)
        self._recorder.put(entry)


class Instrument:
    """The instrument, each of its threads at a stop until it is given a turn."""

    def __init__(self, folder: Path) -> None:
        self.time = GivenTime()
        self.inbox: SimpleQueue[Item] = SimpleQueue()
        self.port = Port()
        self.asked: list[Request] = []
        self.recorder = Recorder(folder, RATE, time=self.time, warn=print, makers={})
        self.log = self.recorder.open(datetime.now(UTC)) / LOG_NAME
        self.journal = Journal(self.recorder)
        self._open_midi()
        preset, checkpoint = load_preset(), tiny_checkpoint()
        self.decoder = make_decoder(checkpoint)
        device = Device(self.time)
        self.renderer = Renderer(
            Apu(RATE),
            self.time,
            self.journal,
            self.recorder.tap,
            device,
            mixer=Mixer(RATE, len(device.rings)),
        )
        assert isinstance(self.midi.output, DeadlineSender)
        self.sender = self.midi.output
        performance = choose_performance(PlayOptions(), preset, checkpoint, SEED)
        self.sequencer = Sequencer(
            Setup(performance, preset.layout),
            self.decoder.initial_state(),
            time=self.time,
            inbox=self.inbox,
            outputs=[DelayedOutput(self.sender, 0.0), DelayedOutput(self.renderer, 0.0)],
            journal=self.journal,
            ask=self.asked.append,
        )
        self._begin()

    def _open_midi(self) -> None:
        self.midi = MidiPorts("none", self.time)
        self.source, target = Slot("alsa", "MidiIn", "in", "in"), Slot("alsa", "MidiOut", "o", "o")
        self.midi.add_input(self.source, self.inbox)
        self.midi.add_output(target, MidiSpeaker())
        self.source.port = target.port = self.port

    def _begin(self) -> None:
        at = self.time.now() + 0.5
        first = self.sequencer.first_request()
        self.sequencer.begin(run_request(first, self.decoder, self.time))
        opened = Opened(
            at=at,
            started="2026-01-01T00:00:00",
            tempo=120.0,
            meter="4/4",
            beats_per_bar=4.0,
            sample_rate=RATE,
            seed=SEED,
            checkpoint="",
            checkpoint_sha256="",
            preset="default",
            settings={},
            versions={},
        )
        self.journal.put(opened)
        self.renderer.prepare(at)
        self.sequencer.start(at)

    def tick(self) -> None:
        """Let some time pass; whoever has something to do does it."""
        self.time.value += TICK
        self.sequencer.step()
        self.sender.step()
        self.renderer.step()
        self.answer()
        self.recorder.step()

    def answer(self) -> None:
        """Answer the newest question, if there is one."""
        if self.asked:
            self.inbox.put(run_request(self.asked[-1], self.decoder, self.time))
            self.asked.clear()

    def play(self, seconds: float) -> None:
        """Play so long, and on until nobody waits for an answer."""
        until = self.time.now() + seconds
        while self.time.now() < until or self.asked or not self.inbox.empty():
            self.tick()

    def turn_knob(self, value: int) -> None:
        """Let a CC come in, from a thread of RtMidi's."""
        message = [0xB0, CC_DENSITY, value], 0.0
        thread = threading.Thread(target=self.source.receive, args=(message,))
        thread.start()
        thread.join()

    def first_note(self, after: int) -> Sent | None:
        """The first note of what was placed since there were `after` entries, if it was sent."""
        beat = float("inf")
        for entry in self.journal.entries[after:]:
            if isinstance(entry, Spliced | Placed):
                beat = entry.beat
            elif isinstance(entry, Sent) and entry.beat >= beat - 1e-6:
                event = entry.event
                if isinstance(event, NoteOn) and event.voice is not Voice.NO:
                    return entry
        return None


def trace_cc(folder: Path) -> dict[int, set[str]]:
    """Turn -> the modules that a CC visits in it."""
    trace = Trace()
    it = Instrument(folder)
    it.play(2.0)
    it.turn_knob(30)  # so that all that is loaded or made once is there
    it.play(2.0)
    found: dict[int, set[str]] = {}
    with trace.turn() as found[READ]:
        it.turn_knob(110)
    with trace.turn() as found[TAKE]:
        it.sequencer.step()
    with trace.turn() as found[RECORD]:
        it.recorder.step()
    assert f'"data":[176,{CC_DENSITY},110]' in it.log.read_text(encoding="utf-8")
    found[ASK] = found[TAKE]
    while not it.asked:
        it.time.value += TICK
        with trace.turn() as found[ASK]:
            it.sequencer.step()
        it.sender.step()
        it.renderer.step()
    with trace.turn() as found[DECODE]:
        result = run_request(it.asked.pop(), it.decoder, it.time)
    it.inbox.put(result)
    after, it.port.sent[:] = len(it.journal.entries), []
    with trace.turn() as found[PLACE]:
        it.sequencer.step()
    note = it.first_note(after)
    if note is not None:
        found[SEND] = found[PLACE]
    while not found.keys() >= TURNS.keys():
        it.time.value += TICK
        note = _trace_tick(it, trace, found, after, note)
    return found


def _trace_tick(
    it: Instrument, trace: Trace, found: dict[int, set[str]], after: int, note: Sent | None
) -> Sent | None:
    """Let a tick pass, and keep of its turns those through which the first note goes."""
    with trace.turn() as sequencing:
        it.sequencer.step()
    if note is None and (note := it.first_note(after)) is not None:
        found[SEND] = sequencing
    for turn, step, done in (
        (TRANSMIT, it.sender.step, is_sent),
        (RENDER, it.renderer.step, sounds),
    ):
        with trace.turn() as modules:
            step()
        if note is not None and turn not in found and done(it, note):
            found[turn] = modules
    it.answer()
    return note


def is_sent(it: Instrument, note: Sent) -> bool:
    """Whether the port got a note."""
    assert isinstance(note.event, NoteOn)
    head = (0x90 | CHANNELS[note.event.voice], note.event.note)
    return it.time.now() >= note.at and any(sent[:2] == head for sent in it.port.sent)


def sounds(it: Instrument, note: Sent) -> bool:
    """Whether the chip took a note, and rendered it."""
    return any(
        isinstance(entry, Sounded) and entry.first <= note.n < entry.first + entry.count
        for entry in it.journal.entries
    )


def way_to_text(found: dict[int, set[str]], *, files: bool) -> str:
    """A table of what is visited; with `files` every turn's files, where they are visited first."""
    lines = [f"{'a CC':<24}{'files':>7}{'rooms':>7}   files in each room"]
    for end, turns in ENDS:
        modules = set[str]().union(*(found[turn] for turn in turns))
        rooms: dict[str, int] = defaultdict(int)
        for module in modules:
            rooms[room_of(module)] += 1
        each = ", ".join(f"{room} {n}" for room, n in sorted(rooms.items()))
        lines.append(f"{end:<24}{len(modules):>7}{len(rooms):>7}   {each}")
    if files:
        seen: set[str] = set()
        for turn, what in TURNS.items():
            new = sorted(found[turn] - seen)
            seen |= found[turn]
            short = ", ".join(module.removeprefix(f"{PACKAGE}.") for module in new)
            lines += ["", f"{turn}. {what}: {len(found[turn])} files, new are {short or 'none'}"]
    return "\n".join(lines)


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", action="store_true", help="name the files, turn by turn")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(way_to_text(trace_cc(Path(folder)), files=arguments.files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
