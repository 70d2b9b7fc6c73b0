"""Jams on simulated time: a random player, the whole way from the inbox to the take's files."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt

from nesvae_live.chip.apu import Apu
from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.gestureinputs import (
    ForgetAll,
    GiveVoice,
    KeepTheme,
    ReturnTheme,
    SetAnswer,
    SetChords,
)
from nesvae_live.control.inputs import (
    Input,
    MidiIn,
    Panic,
    Pause,
    SetKnob,
    SetMute,
    SetOne,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
)
from nesvae_live.control.layout import Layout
from nesvae_live.engine.live.config import REMEMBERS, ClockSetup, PlayConfig, Setup
from nesvae_live.engine.live.protocols import Decode, Encode
from nesvae_live.engine.phrases.inference import run_request
from nesvae_live.engine.phrases.request import Item, Request
from nesvae_live.engine.sequencer import Sequencer
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import Quantiles
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.given import ANSWERS, Source
from nesvae_live.log.entries import Closed, Journal, Noted, Opened
from nesvae_live.log.plain import to_data
from nesvae_live.log.tally import LogLines
from nesvae_live.music.grid import Grid, Mode
from nesvae_live.music.patch import Macro, Patch, Vibrato
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME, make_files
from nesvae_live.take.midifile import write_midi
from nesvae_live.take.wav import wav_head
from tests.support.chance import any_gesture, any_memory_gesture
from tests.support.fakes import (
    CapturingOutput,
    DrawnDecoder,
    ListJournal,
    ManualTime,
    MeasuringEncoder,
)
from tests.support.remembering import ComposingDecoder

TICK = 0.005
PORT = "a DAW's clock"
RATE = 22_050
VOICES = (Voice.P1, Voice.P2, Voice.TR)
PATCHES = {
    Voice.P1: Patch(
        volume=Macro((15, 12, 9, 7, 6)), release=Macro((8, 4, 1)), vibrato=Vibrato(cents=20)
    ),
    Voice.P2: Patch(volume=Macro.parse("15x3 10x3 | 8 9", 0, 15), duty=Macro((1, 2, 0))),
}


class Device:
    """A sound device whose clock is off, and that stops for a while now and then."""

    def __init__(self, skew: float) -> None:
        self.rings = (np.zeros(16_384, np.float32), np.zeros(16_384, np.float32))
        self.stopped = False
        self._rate = RATE * (1 + skew)
        self._frames = 0.0

    def run(self, seconds: float) -> None:
        if not self.stopped:
            self._frames += seconds * self._rate

    block_ahead = 0

    def frames_played(self) -> int:
        return int(self._frames) // 256 * 256


class SimulatedJam:
    """A jam of `seconds`, played by chance; everything that can be done is done in it.

    With a decoder that `remembers`, so is what concerns the past; with `bands` chords are held, and what
    is played is answered. With `stalls` the process is stopped now and then.
    """

    followed = PORT
    """What is followed, if anything is."""

    def __init__(
        self,
        seed: int,
        seconds: float,
        *,
        follows: bool = False,
        join: str = "wait",
        decoder: Decode | None = None,
        style: int = 32,
        origin: float = 5000.5,
        journal: Journal | None = None,
        tap: Callable[[npt.NDArray[np.int16]], None] | None = None,
        encoder: Encode | None = None,
        remembers: bool = False,
        adopted: Adopted | None = None,
        stalls: bool = False,
        learnt_drums: bool = False,
        bands: bool = False,
        steady: tuple[str, ...] = (),
        quantiles: Quantiles | None = None,
    ) -> None:
        self.draw = random.Random(seed)
        self.band = random.Random(seed) if bands else None
        self.slow = random.Random(seed)  # of its own: what is drawn elsewhere stays as it was
        self.seconds = seconds
        self.origin = origin
        self.time = ManualTime(round(origin - 0.6, 6))
        self.written = ListJournal()
        self.journal: Journal = journal or self.written
        self.remembers = remembers
        self.stalls = stalls
        self.decoder = decoder or (ComposingDecoder() if remembers else DrawnDecoder())
        self.encoder = encoder or MeasuringEncoder()
        self.inbox: SimpleQueue[Item] = SimpleQueue()
        self.asked: list[tuple[float, Request]] = []
        self.chunks: list[npt.NDArray[np.int16]] = []
        self.follows = follows
        self.joins = join != "wait"
        self.rolls = self.joins
        self.next_clock = self.time.value
        self.busy_until = 0.0
        self.tempo = self.draw.uniform(90, 200)
        draw = self.draw
        performance = PlayConfig(
            np.random.default_rng(seed).standard_normal(style).astype(np.float32),
            np.tile([-2.5, 2.5], (8, 1)),
            seed,
            swap=draw.choice(list(Swap)),
            grid=Grid(
                draw.choice(list(Mode)),
                quantise=draw.choice([None, None, 16]),
                swing=draw.choice([50.0, 62.0]),
            ),
            patches=PATCHES if draw.random() < 0.7 else {},
            composed=Sampling() if remembers else None,
            adopted=adopted,
            resumes=stalls,
            learnt_drums=learnt_drums,
            punctual=bands,
            steady=steady,
            quantiles=quantiles,
        )
        self.setup = Setup(
            performance,
            Layout(tuple(ControlSpec(knob, cc) for knob, cc in (("density", 20), ("noise", 21)))),
            (Voice.P2,) if draw.random() < 0.2 else (),
            ClockSetup(self.tempo, self.followed if follows else None, join=join),
        )
        self.device = Device(draw.uniform(-2e-4, 2e-4)) if draw.random() < 0.8 else None
        self.renderer = Renderer(
            Apu(RATE), self.time, self.journal, tap or self.chunks.append, self.device
        )
        self.sequencer = Sequencer(
            self.setup,
            self.decoder.initial_state(),
            time=self.time,
            inbox=self.inbox,
            outputs=[self.renderer] if tap else [self.renderer, CapturingOutput()],
            journal=self.journal,
            ask=lambda request: self.asked.append((self.time.value, request)),
        )
        first = self.sequencer.first_request()
        self.sequencer.begin(run_request(first, self.decoder, self.time))
        self.journal.put(self._opened())
        self.renderer.prepare(origin)
        self.sequencer.start(origin)

    def _opened(self) -> Opened:
        return Opened(
            at=self.origin,
            started="2026-11-24T22:00:00",
            tempo=self.tempo,
            meter="4/4",
            beats_per_bar=4.0,
            sample_rate=RATE,
            seed=self.setup.performance.seed,
            checkpoint="drawn",
            checkpoint_sha256="",
            preset="a test's",
            settings={},
            versions={},
            origin=self.origin,
            setup=to_data(self.setup) | ({REMEMBERS: True} if self.remembers else {}),
        )

    def play(self) -> None:
        """Play it to the end."""
        draw = self.draw
        surely: list[tuple[float, Callable[[float], Input]]] = [
            (0.1, lambda at: GiveVoice(self.draw.choice(VOICES), Source.KEYS, at=at)),
            (0.4, lambda at: KeepTheme("A", at=at)),
            (0.5, lambda at: GiveVoice(Voice.TR, Source.HELD, at=at)),
            (0.6, lambda at: ReturnTheme("A", at=at)),
            (0.75, lambda at: GiveVoice(Voice.TR, Source.MODEL, at=at)),
            (0.85, lambda at: ForgetAll(at=at)),
        ]
        while self.time.value < self.origin + self.seconds:
            self.pass_time(draw.choice([TICK, TICK, 0.003, 0.0061, 0.02]))
            over = (self.time.value - self.origin) / self.seconds
            if self.remembers and surely and over > surely[0][0]:
                self.put(surely.pop(0)[1](self.time.value))
            if draw.random() < 0.04:
                self.act()
            if self.band is not None and self.band.random() < 0.06:
                self.band_acts(self.band)
        self.inbox.put(Stop(at=self.time.value, why="a test's end"))
        self.pass_time(TICK)
        s = self.sequencer
        assert s.done.is_set()
        self.time.value = round(s.ended_at + 0.1, 6)
        self.renderer.stop(
            s.clock.ref.time_of(np.ceil(s.ended_beat / 4) * 4) if s.clock.runs else None
        )
        self.journal.put(Closed(s.ended_at, s.ended_beat, s.why))

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and everyone do what they do then."""
        self.time.value = round(self.time.value + seconds, 6)
        now, draw = self.time.value, self.draw
        if self.device:
            self.device.run(seconds)
        while self.follows and self.rolls and self.next_clock <= now:
            late = draw.choice([0.0, 0.0, draw.uniform(0, 0.004)])
            self.inbox.put(MidiIn(PORT, (0xF8,), round(min(self.next_clock + late, now), 6)))
            self.next_clock += 60.0 / self.tempo / 24
        while self.asked and self.asked[0][0] + 0.004 <= now:
            if now < self.busy_until or draw.random() < 0.03:
                break  # it comes later, or too late
            asked, request = self.asked.pop(0)
            result = run_request(request, self.decoder, self.time, self.encoder)
            took = 0.004 if self.slow.random() < 0.9 else round(now - asked, 6)
            self.inbox.put(replace(result, seconds=took))
        self.sequencer.step()
        if draw.random() < 0.9:
            self.renderer.step()

    def act(self) -> None:
        """Do something that a performer, a DAW or a cable may do."""
        acts: list[Callable[[], None]] = [self.knob, self.knob, self.cc, self.mute, self.swap]
        acts += [self.gesture, self.gesture, self.note]
        acts += [self.stall, self.pause] if self.stalls else []
        acts += [self.retempo, self.port, self.busy] + (
            [self.panic] if self.draw.random() < 0.3 else []
        )
        if self.joins:
            acts += [self.one, self.one]
        elif self.follows:
            acts += [self.transport, self.transport]
        self.draw.choice(acts)()

    def put(self, item: Input) -> None:
        self.inbox.put(item)

    def knob(self) -> None:
        names = ("density", "register", "style3", "noise", "duty1", "vibrato", "decay")
        value = self.draw.choice([None, self.draw.random(), self.draw.random()])
        self.put(SetKnob(self.draw.choice(names), value, at=self.time.value))

    def cc(self) -> None:
        for _ in range(self.draw.choice([1, 1, 20])):
            data = (0xB0, self.draw.choice([20, 21, 99]), self.draw.randrange(128))
            self.put(MidiIn("keys", data, self.time.value))

    def gesture(self) -> None:
        if self.remembers and self.draw.random() < 0.6:
            self.put(any_memory_gesture(self.draw, self.time.value))
        else:
            self.put(any_gesture(self.draw, self.time.value))

    def note(self) -> None:
        """A key goes down or up."""
        status = self.draw.choice([0x90, 0x90, 0x80]) | self.draw.choice([0, 2, 5])
        self.put(MidiIn("keys", (status, self.draw.choice([60, 64, 67]), 80), self.time.value))

    def band_acts(self, draw: random.Random) -> None:
        """A chord is held or let go, or a phrase played, or somebody says what is to come of them."""
        now = self.time.value
        if draw.random() < 0.2:
            self.put(SetAnswer(draw.choice(ANSWERS[:4]), at=now))
            self.put(SetChords(draw.choice([5, 5, None, 9]), at=now))
        channel, on = draw.choice([0, 5]), draw.random() < 0.6
        for note in draw.sample((57, 60, 64, 67, 71), 3 if channel == 5 else 1):
            self.put(MidiIn("keys", (0x90 | channel, note, 90 if on else 0), now))

    def mute(self) -> None:
        self.put(SetMute(self.draw.choice(VOICES), self.draw.random() < 0.5, at=self.time.value))

    def swap(self) -> None:
        self.put(SetSwap(self.draw.choice(list(Swap)), at=self.time.value))

    def retempo(self) -> None:
        """Of the DAW if it leads, else of our own clock, set or tapped."""
        if self.follows:
            self.tempo *= self.draw.uniform(0.8, 1.25)
        elif self.draw.random() < 0.7:
            self.put(SetTempo(self.draw.uniform(60, 240), at=self.time.value))
        else:
            self.put(Tap(at=round(self.time.value - 0.4, 6)))
            self.put(Tap(at=self.time.value))

    def port(self) -> None:
        """Something is lost, or comes back."""
        self.journal.put(Noted(self.time.value, "a cable was pulled"))
        if self.device:
            self.device.stopped = not self.device.stopped
        if self.follows and self.rolls and self.draw.random() < 0.5:
            self.rolls = False

    def busy(self) -> None:
        """Something else takes the machine for a while."""
        self.busy_until = self.time.value + self.draw.uniform(0.0, 1.5)

    def stall(self) -> None:
        """The process is stopped for a while; what comes in meanwhile waits."""
        seconds = round(self.draw.choice([0.3, 0.7, self.draw.uniform(1, 8)]), 6)
        self.time.value = round(self.time.value + seconds, 6)
        if self.device:
            self.device.run(seconds)

    def pause(self) -> None:
        """Ctrl-Z, and `fg`."""
        self.put(Pause(paused=True, at=self.time.value))
        self.pass_time(TICK)
        self.stall()
        self.put(Pause(paused=False, at=self.time.value))

    def one(self) -> None:
        """A tap on the first beat of a bar, or a song position of a DAW that rolls already."""
        now, draw = self.time.value, self.draw
        if draw.random() < 0.7:
            self.put(SetOne(at=round(now - draw.random() * 0.02, 6)))
        else:
            self.put(MidiIn(PORT, (0xF2, draw.randrange(64), 0), now))
        self.rolls, self.next_clock = True, max(self.next_clock, now)

    def panic(self) -> None:
        self.put(Panic(at=self.time.value))

    def transport(self) -> None:
        now, draw = self.time.value, self.draw
        if self.rolls and draw.random() < 0.5:
            self.put(MidiIn(PORT, (0xFC,), now))
            self.rolls = draw.random() < 0.5  # some go on sending clocks
            return
        if draw.random() < 0.5:
            self.put(MidiIn(PORT, (0xF2, draw.randrange(64), 0), now))
        self.put(MidiIn(PORT, (draw.choice([0xFA, 0xFB]),), now))
        self.rolls, self.next_clock = True, now + 0.002

    def write(self, folder: Path) -> Path:
        """Write the take as the recorder does; returns its folder."""
        folder.mkdir(parents=True)
        entries = self.written.entries
        opened = next(e for e in entries if isinstance(e, Opened))
        rest = [e for e in entries if e is not opened]
        lines = LogLines()
        log = [line for entry in (opened, *rest) for line in lines.take(entry)]
        (folder / LOG_NAME).write_bytes(b"".join(log))
        sound = b"".join(chunk.astype("<i2").tobytes() for chunk in self.chunks)
        (folder / SOUND_NAME).write_bytes(wav_head(len(sound), RATE) + sound)
        assert not make_files(folder, {MIDI_NAME: write_midi})
        return folder
