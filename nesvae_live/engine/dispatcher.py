"""The dispatcher: every input is journaled, carried out and answered here.

All of it runs in the sequencer's thread. A command's answer is sent before its effect can be heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nesvae_live.clock.follower import Status
from nesvae_live.clock.hosttime import Time
from nesvae_live.clock.jackclock import JackClock, TransportIn
from nesvae_live.clock.sources import MidiClock
from nesvae_live.clock.taptempo import TapTempo
from nesvae_live.control.inputs import (
    GetLearning,
    GetStatus,
    Input,
    KeepBars,
    Learn,
    LinkBar,
    MidiIn,
    Panic,
    Pause,
    Refresh,
    SetKnob,
    SetLevel,
    SetMute,
    SetOne,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
    TurnPage,
    Unlearn,
)
from nesvae_live.control.learn import MidiLearn
from nesvae_live.control.surface import Surface
from nesvae_live.engine.gestures import Gestures
from nesvae_live.engine.journaling import TempoLog
from nesvae_live.engine.live.protocols import Callbacks
from nesvae_live.engine.live.state import LiveState
from nesvae_live.engine.outputs import Outputs
from nesvae_live.engine.phrases.phraseplayer import PhrasePlayer
from nesvae_live.log.entries import Heard, Noted, Sent

CLOCK_MESSAGES = tuple(int(status) for status in Status)


@dataclass
class Dispatcher:
    """Carries out inputs.

    `follow` is called when the clock has moved, `stop(why)` to end the performance, `pause(on)` when the
    process is about to be stopped, and when it goes on.
    """

    time: Time
    live: LiveState
    surface: Surface
    player: PhrasePlayer
    outputs: Outputs
    tempo_log: TempoLog
    gestures: Gestures
    callbacks: Callbacks
    follow: Callable[[], None]
    stop: Callable[[str], None]
    pause: Callable[[bool], None]

    def __post_init__(self) -> None:
        self.clock = self.live.clock
        self.journal = self.live.journal
        self.midi_learn = MidiLearn(self.surface)
        self.taps = TapTempo()

    def take(self, item: Input) -> None:
        """Journal an input, and carry it out."""
        if not isinstance(item, MidiIn | GetStatus | GetLearning):
            self.journal.put(Heard(item))
        self._carry_out(item)

    def tick(self, now: float) -> None:
        """Go on with MIDI learn, and send the controller what it does not show yet."""
        self.midi_learn.tick(now)
        for message in self.surface.due(self.live, now):
            self.callbacks.show(message)

    def _carry_out(self, item: Input) -> None:
        # A MIDI message comes back here as the inputs that the surface makes of it: see _receive().
        match item:
            case MidiIn() | TransportIn() | LinkBar():
                self._receive(item)
            case SetKnob(knob, value, at=at, reply=reply):
                reply(self._tried(lambda: self.live.turn(knob, value, at)))
            case SetMute(voice, muted, reply=reply):
                arrangement = self.live.arrangement.with_mute(voice, muted=muted)
                self.gestures.rearrange(arrangement)
                reply({"ok": True})
            case SetLevel() | SetSolo():
                self._mix(item)
                item.reply({"ok": True})
            case SetSwap() | SetTempo() | Tap() | SetOne():
                item.reply(self._retime(item))
            case TurnPage():
                item.reply(self._turn_page(item))
            case Refresh(connected, reply=reply):
                reply(self.surface.feedback.refresh(connected))
            case Learn() | Unlearn() | GetLearning():
                item.reply(self.midi_learn.carry_out(item))
            case Panic() | Stop() | Pause():
                self._end(item)
            case GetStatus():
                item.reply({"ok": True, **self.callbacks.status()})
            case KeepBars(bars):
                item.reply(self.callbacks.keep(bars, self._bars_over()))
            case _:
                gesture = item  # gestures are all that is left of the union
                gesture.reply(self._tried(lambda: self.gestures.take(gesture)))

    @staticmethod
    def _tried(act: Callable[[], None]) -> Mapping[str, Any]:
        try:
            act()
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True}

    def _receive(self, message: MidiIn | TransportIn | LinkBar) -> None:
        """Take a MIDI message, a clock's or a control's, or where JACK's transport or a session is.

        A clock that is not followed is ignored.
        """
        if isinstance(message, TransportIn):
            if isinstance(self.clock, JackClock):
                self.clock.move(message)
                self.follow()
            return
        if isinstance(message, LinkBar):
            if isinstance(self.clock, MidiClock):
                self.clock.take_link_bar(message.at - message.ago, message.at)
                self.follow()
            return
        port, data, at = message.port, message.data, message.at
        if data and data[0] in CLOCK_MESSAGES:
            if self.clock.receive(port, data, at):
                self.journal.put(Heard(message))
                self.follow()
            return
        self.journal.put(Heard(message))
        if self.midi_learn.listens:
            self.midi_learn.receive(port, data, at)
            return
        asked = self.surface.receive(port, data, at, self.live)
        for item in asked:
            self._carry_out(item)  # not journaled: in a replay it follows from the message
        self.surface.settle(self.live)
        if not asked and not self.gestures.chords.receive(port, data, at):
            self.gestures.buffer.receive(data, at)
            self.gestures.players.receive(port, data, at, self.live.band.keys_split)

    def _turn_page(self, asked: TurnPage) -> Mapping[str, Any]:
        if not self.surface.layout.pages:
            return {"ok": False, "error": "this preset has no pages"}
        self.surface.turn_page(asked)
        self.live.page = self.surface.page
        return {"ok": True, "page": self.surface.page + 1}

    def _mix(self, item: SetLevel | SetSolo) -> None:
        balance = self.live.balance
        if isinstance(item, SetLevel):
            self.live.mix(balance.with_level(item.voice, item.level))
        else:
            self.live.mix(balance.with_solo(item.voice, solo=item.solo))

    def _retime(self, item: SetSwap | SetTempo | Tap | SetOne) -> Mapping[str, Any]:
        match item:
            case SetSwap(swap):
                self.live.swap = swap
                self.player.plan_anew()
                return {"ok": True}
            case SetTempo(tempo):
                return self._set_tempo(tempo)
            case Tap(at=at):
                tapped = self.taps.tap(at)
                return {"ok": True} if tapped is None else self._set_tempo(tapped)
            case SetOne(at=at):
                answer = self._tried(lambda: self.clock.set_one(at))
                self.follow()
                return answer

    def _set_tempo(self, tempo: float) -> Mapping[str, Any]:
        answer = self._tried(
            lambda: self.tempo_log.set_tempo(tempo, self.player.playing.placer.reached)
        )
        if not answer["ok"]:
            return answer
        self.player.plan_anew()
        return {"ok": True, "tempo": round(tempo, 3)}

    def _end(self, item: Panic | Stop | Pause) -> None:
        """End every note, for now, until it goes on, or with the performance."""
        if isinstance(item, Panic):
            self._panic()
        elif isinstance(item, Pause):
            self.pause(item.paused)
        item.reply({"ok": True})
        if isinstance(item, Stop):
            self.stop(item.why)

    def _bars_over(self) -> int:
        """How many bars of the performance are over."""
        beat = self.clock.ref.beat_at(self.time.now()) if self.clock.runs else self.clock.held
        return int(max(beat, 0.0) // self.live.performance.meter.beats_per_bar)

    def _panic(self) -> None:
        self.player.counters.panics += 1
        self.gestures.players.panic(self.time.now())
        self.gestures.chords.panic(self.time.now())
        at = self.clock.ref.time_of(self.player.playing.placer.reached)
        for event in self.outputs.silence(panic=True):
            self.journal.put(Sent(at, self.player.playing.placer.reached, event))
        self.journal.put(Noted(self.time.now(), "panic"))
