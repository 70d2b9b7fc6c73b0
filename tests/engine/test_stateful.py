"""Whatever is done to the engine, in whatever order, on simulated time, against a model of it.

The model knows the source's clocks and the tempi that were asked for, nothing else. In `make test`
some 2,000 actions are drawn, in `make soak` 100,000.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nesvae_live.clock.follower import Motion
from nesvae_live.clock.joining import CLOCK_JOIN
from nesvae_live.clock.sources import InternalClock
from nesvae_live.clock.timing import ClockRef
from nesvae_live.control.gestureinputs import (
    Capture,
    ForgetAll,
    GiveLine,
    GiveVoice,
    GoRound,
    KeepTheme,
    LookBack,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAnswer,
    SetAuto,
    SetChords,
    SetHold,
    SetKeysReturn,
    SetKeysSplit,
    SetPair,
    SetQuote,
    SetSeed,
    SetTranspose,
    StartMorph,
    StoreSnapshot,
)
from nesvae_live.control.inputs import (
    GetStatus,
    MidiIn,
    Panic,
    SetKnob,
    SetMute,
    SetOne,
    SetSwap,
    SetTempo,
    Stop,
)
from nesvae_live.engine.phrases.phraseplayer import State
from nesvae_live.latent.decoding import Sampling
from nesvae_live.latent.given import ANSWERS, SOURCES
from nesvae_live.latent.given import Source as Player
from nesvae_live.music.events import NoteOn
from nesvae_live.music.swap import Swap
from nesvae_live.music.voices import Voice
from tests.support.fakes import DrawnDecoder
from tests.support.remembering import ComposingDecoder
from tests.support.rig import GRIDS, SHAPED, TICK, Rig, Source, check_events, sounding

VOICES = (Voice.P1, Voice.P2, Voice.TR)
KNOBS = ("density", "motion", "style1", "noise", "decay")
SLOTS = st.integers(0, 3)
SHARES = st.floats(0.0, 1.0)
LOOKAHEAD = 0.05

MAKE: dict[str, Callable[..., Any]] = {
    "knob": SetKnob,
    "mute": SetMute,
    "swap": SetSwap,
    "transpose": SetTranspose,
    "hold": SetHold,
    "auto": SetAuto,
    "round": GoRound,
    "back": LookBack,
    "store": StoreSnapshot,
    "recall": RecallSnapshot,
    "morph": StartMorph,
    "pair": SetPair,
    "fader": MoveFader,
    "roll": Roll,
    "quote": SetQuote,
    "theme": KeepTheme,
    "return": ReturnTheme,
    "forget": ForgetAll,
    "voice": GiveVoice,
    "line": GiveLine,
    "return to": SetKeysReturn,
    "split": SetKeysSplit,
    "answer": SetAnswer,
    "chords": SetChords,
    "seed": SetSeed,
    "release": ReleaseKnobs,
    "capture": Capture,
    "panic": Panic,
    "status": GetStatus,
}
COMMANDS = st.one_of(
    st.tuples(st.just("knob"), st.sampled_from(KNOBS), st.none() | SHARES),
    st.tuples(st.just("mute"), st.sampled_from(VOICES), st.booleans()),
    st.tuples(st.just("swap"), st.sampled_from(Swap)),
    st.tuples(st.just("transpose"), st.none() | st.sampled_from(VOICES), st.integers(-12, 12)),
    st.tuples(st.just("hold"), st.booleans()),
    st.tuples(st.just("auto"), st.booleans()),
    st.tuples(st.just("round"), st.booleans(), st.sampled_from([None, 0.5, 2.0])),
    st.tuples(st.just("back"), st.integers(-3, 3)),
    st.tuples(st.just("store"), SLOTS),
    st.tuples(st.just("recall"), SLOTS),
    st.tuples(st.just("morph"), SLOTS, st.sampled_from([None, 0.5, 2.0])),
    st.tuples(st.just("pair"), SLOTS, SLOTS),
    st.tuples(st.just("fader"), SHARES),
    st.tuples(st.just("roll"), st.none() | SHARES),
    st.tuples(st.just("quote"), st.floats(-0.5, 1.5)),
    st.tuples(st.sampled_from(["theme", "return"]), st.sampled_from("ABZ")),
    st.tuples(st.just("voice"), st.sampled_from(Voice), st.sampled_from(SOURCES)),
    st.tuples(st.just("voice"), st.sampled_from(VOICES), st.just(Player.KEYS)),
    st.tuples(st.just("line"), st.sampled_from(VOICES), st.sampled_from([(), ((60, 12), (0, 40))])),
    st.tuples(st.just("return to"), st.sampled_from([None, 0.5, 1.0, 100.0])),
    st.tuples(st.just("split"), st.integers(20, 100)),
    st.tuples(st.just("answer"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("chords"), st.sampled_from([None, 3, 3, 9])),
    st.tuples(st.just("seed"), st.none() | st.integers(0, 99)),
    *(st.tuples(st.just(name)) for name in ("release", "capture", "panic", "status", "forget")),
)


class Machine(RuleBasedStateMachine):
    """The engine under a performer, and a model of the position that it ought to have."""

    midi = False
    actions = 0
    """How many were carried out, in all runs."""

    @initialize(
        grid=st.sampled_from(GRIDS),
        shaped=st.booleans(),
        seed=st.integers(0, 1000),
        coasts=st.booleans(),
        join=st.sampled_from(CLOCK_JOIN),
        remembers=st.booleans(),
    )
    def begin(
        self, grid: Any, shaped: bool, seed: int, coasts: bool, join: str, remembers: bool
    ) -> None:
        patches = SHAPED if shaped else {}
        self.rig = Rig(
            midi=self.midi,
            grid=grid,
            seed=seed,
            patches=patches,
            coasts=coasts,
            join=join,
            decoder=ComposingDecoder() if remembers else DrawnDecoder(),
            composed=Sampling() if remembers else None,
        )
        self.known = join != "now"  # until it coasts, and again from what the source says next
        self.unheard = not self.known
        self.source = Source(self.rig, jitter=0.003)
        self.lines = [ClockRef(0.0, 0.1, 0.5)]  # of the internal clock, the newest last
        if self.midi:
            self.source.start()

    def tick(self) -> None:
        type(self).actions += 1
        self.source.run(TICK)

    @rule(command=COMMANDS)
    def command(self, command: tuple[Any, ...]) -> None:
        kind, *rest = command
        self.rig.inbox.put(MAKE[kind](*rest, at=self.rig.time.value))
        self.tick()

    @rule(control=st.integers(0, 127), value=st.integers(0, 127), channel=st.integers(0, 15))
    def turn(self, control: int, value: int, channel: int) -> None:
        self.rig.inbox.put(MidiIn("x", (0xB0 | channel, control, value), self.rig.time.value))
        self.tick()

    @rule(turns=st.integers(1, 30), by=st.integers(1, 127))
    def sweep(self, turns: int, by: int) -> None:
        for i in range(turns):
            self.turn(20, i * by % 128, 0)

    @rule(data=st.lists(st.integers(0, 255), max_size=4).filter(lambda d: not d or d[0] != 0xF8))
    def garble(self, data: list[int]) -> None:
        """Anything, on a port that is not the clock's."""
        self.rig.inbox.put(MidiIn("x", tuple(data), self.rig.time.value))
        self.tick()

    @rule(note=st.integers(30, 90), on=st.booleans(), channel=st.sampled_from([0, 3]))
    def key(self, note: int, on: bool, channel: int) -> None:
        data = ((0x90 if on else 0x80) | channel, note, 100)
        self.rig.inbox.put(MidiIn("x", data, self.rig.time.value))
        self.tick()

    @rule(tempo=st.floats(30.0, 300.0))
    def tempo(self, tempo: float) -> None:
        now = self.rig.time.value
        if not self.midi:  # it holds from what was decided on
            at = max(now + LOOKAHEAD, self.lines[0].at)
            self.lines.append(ClockRef(self.lines[-1].beat_at(at), at, 60.0 / tempo))
        self.rig.inbox.put(SetTempo(tempo, at=now))
        self.source.tempo = tempo
        self.tick()

    @rule(seconds=st.floats(0.0, 1.0))
    def wait(self, seconds: float) -> None:
        self.source.run(seconds)
        self.tick()

    @rule(seconds=st.sampled_from([0.001, 0.004, 0.02, 0.1, 0.6, 3.0]))
    def decode_in(self, seconds: float) -> None:
        self.rig.decode_seconds = seconds
        self.tick()

    @rule(clocks=st.sampled_from([0, 6, 96, 330, 9600]))
    def start(self, clocks: int) -> None:
        self.source.start(clocks)
        self.known, self.unheard = True, False
        self.tick()

    @rule()
    def stop(self) -> None:
        self.source.stop()
        self.unheard = False
        self.tick()

    @rule()
    def go_on(self) -> None:
        self.source.go_on()
        self.unheard = False
        self.tick()

    @rule(units=st.integers(0, 300))
    def jump(self, units: int) -> None:
        self.source.jump(units * 6)
        motion = self.rig.clock.motion
        # It was joined, and goes on by the clocks of a source that stands, once they come again.
        alone = motion is not Motion.STOPPED and not self.source.counts
        self.known = not alone and not (self.unheard and motion is Motion.STOPPED)
        self.tick()

    @rule(late=st.floats(0.0, 0.2))
    def one(self, late: float) -> None:
        self.rig.inbox.put(SetOne(at=self.rig.time.value - late))
        self.known = False
        self.tick()

    @rule(rolls=st.booleans())
    def plug(self, rolls: bool) -> None:
        self.source.rolls = rolls
        self.tick()

    @invariant()
    def position_is_the_models(self) -> None:
        if not hasattr(self, "rig"):
            return
        now, clock = self.rig.time.value, self.rig.clock
        if isinstance(clock, InternalClock):
            line = next((x for x in reversed(self.lines) if x.at <= now), self.lines[0])
            assert clock.line(now).beat_at(now) == pytest.approx(line.beat_at(now), abs=1e-6)
        elif clock.motion is Motion.COASTING:
            self.known = False
        elif clock.motion is Motion.RUNNING and self.source.lines and self.known:
            counted = (clock.ref.beat * 24 - self.source.clocks + 1) % 96
            assert min(counted, 96 - counted) == pytest.approx(0.0, abs=1e-3)
        elif clock.motion is not Motion.RUNNING:
            assert not self.due_sounding(), "where the clock stands, nothing sounds"

    @invariant()
    def every_voice_has_one_note_and_events_are_in_order(self) -> None:
        if hasattr(self, "rig"):
            check_events(self.rig.output.sent, ended=False)
            self.forget()

    @invariant()
    def the_player_is_in_a_state_of_its_table(self) -> None:
        if not hasattr(self, "rig"):
            return
        player = self.rig.sequencer.player
        assert player.joining or (player.playing.placed is not None and player.ready is None)
        asked = player.pending
        if asked is not None and asked.captured is None:
            assert bool(asked.splice) == (player.state is State.CUTTING)

    def due_sounding(self) -> dict[Voice, int]:
        now = self.rig.time.value
        return sounding([(at, event) for at, event in self.rig.output.sent if at <= now])

    def forget(self) -> None:
        """Drop what has ended from what was heard, so that a long run stays quick."""
        sent = self.rig.output.sent
        now = self.rig.time.value
        before = [item for item in sent if item[0] <= now - 1.0]
        notes = {
            voice: (at, event)
            for voice, note in sounding(before).items()
            for at, event in before
            if isinstance(event, NoteOn) and event.voice is voice and event.note == note
        }
        kept = sorted(notes.values(), key=lambda item: item[0])
        sent[:] = kept + sent[len(before) :]

    def teardown(self) -> None:
        if not hasattr(self, "rig"):
            return
        rig = self.rig
        rig.inbox.put(Stop(at=rig.time.value))
        rig.play(0.1)
        check_events(rig.output.sent, ended=True)
        assert rig.sequencer.done.is_set()
        assert rig.sequencer.error is None
        placed = [p.index for p in rig.placed() if not p.repeat]
        assert placed == sorted(placed)


class MidiMachine(Machine):
    """The same behind a MIDI clock."""

    midi = True


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize("machine", [Machine, MidiMachine])
def test_a_thousand_actions_leave_no_note_and_no_doubt_about_the_position(
    machine: type[Machine],
) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25, stateful_step_count=40, deadline=None, suppress_health_check=QUIET
        ),
    )


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_actions_leave_no_note_and_no_doubt_about_the_position() -> None:
    Machine.actions = MidiMachine.actions = 0
    for machine in (Machine, MidiMachine):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=700,
                stateful_step_count=100,
                deadline=None,
                suppress_health_check=QUIET,
                database=None,
            ),
        )
    print("actions:", Machine.actions + MidiMachine.actions)
    assert Machine.actions + MidiMachine.actions >= 100_000
