"""The desk: every input is carried out here, written into the log, and answered.

All of it runs in the sequencer's thread. A command's answer is sent before its effect can be heard.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nesvae_live.ensemble import Ensemble
from nesvae_live.follower import Status
from nesvae_live.inputs import (
    GetStatus,
    Input,
    MidiIn,
    Panic,
    SetKnob,
    SetLevel,
    SetMute,
    SetSolo,
    SetSwap,
    SetTempo,
    Stop,
    Tap,
)
from nesvae_live.journal import Heard, Noted, Sent
from nesvae_live.knobs import ControlMap
from nesvae_live.performer import Performer
from nesvae_live.player import Player
from nesvae_live.protocols import Clock, Journal, Time
from nesvae_live.taptempo import TapTempo
from nesvae_live.tempolog import TempoLog
from nesvae_live.voices import Voice

CLOCK_MESSAGES = tuple(int(status) for status in Status)


@dataclass
class Desk:
    """Carries out inputs. `follow` is called when the clock moved, `stop` to end the performance."""

    time: Time
    clock: Clock
    journal: Journal
    controls: ControlMap
    performer: Performer
    player: Player
    ensemble: Ensemble
    tempo_log: TempoLog
    follow: Callable[[], None]
    stop: Callable[[], None]
    status: Callable[[], Mapping[str, Any]]
    taps: TapTempo = field(default_factory=TapTempo)

    def take(self, item: Input) -> None:
        """Carry an input out."""
        match item:
            case MidiIn(port, data, at):
                self._hear(port, data, at)
            case SetKnob(knob, value, at, reply):
                self._note(at, "set", knob, value)
                reply(self._tried(lambda: self.performer.turn(knob, value, at)))
            case SetMute(voice, muted, at, reply):
                self._note(at, "mute", voice.name, int(muted))
                self._mute(voice, muted)
                reply({"ok": True})
            case SetLevel() | SetSolo():
                self._mix(item)
                item.reply({"ok": True})
            case SetSwap() | SetTempo() | Tap():
                item.reply(self._retime(item))
            case Panic(at, reply):
                self._note(at, "panic")
                self._panic()
                reply({"ok": True})
            case Stop(at, reply):
                self._note(at, "stop")
                reply({"ok": True})
                self.stop()
            case GetStatus(_, reply):
                reply({"ok": True, **self.status()})

    def _note(self, at: float, what: str, *data: float | str | None) -> None:
        self.journal.put(Heard(at, what, "control", data))

    @staticmethod
    def _tried(act: Callable[[], None]) -> Mapping[str, Any]:
        try:
            act()
        except ValueError as error:
            return {"ok": False, "error": str(error)}
        return {"ok": True}

    def _hear(self, port: str, data: tuple[int, ...], at: float) -> None:
        """Take a MIDI message: the clock's, a control's; a clock elsewhere is nobody's."""
        if data and data[0] in CLOCK_MESSAGES:
            if not self.clock.hear(port, data, at):
                return
            if data[0] != Status.CLOCK:
                self.journal.put(Heard(at, "midi", port, data))
            self.follow()
            return
        self.journal.put(Heard(at, "midi", port, data))
        turned = self.controls.read(data)
        if turned is not None:
            self.performer.turn(*turned, at)

    def _mix(self, item: SetLevel | SetSolo) -> None:
        balance = self.performer.balance
        if isinstance(item, SetLevel):
            name = "all" if item.voice is None else item.voice.name
            self._note(item.at, "level", name, item.level)
            self.performer.mix(balance.with_level(item.voice, item.level))
        else:
            self._note(item.at, "solo", item.voice.name, int(item.solo))
            self.performer.mix(balance.with_solo(item.voice, solo=item.solo))

    def _retime(self, item: SetSwap | SetTempo | Tap) -> Mapping[str, Any]:
        match item:
            case SetSwap(swap, at):
                self._note(at, "swap", swap.value)
                self.performer.swap = swap
                self.player.plan_anew()
                return {"ok": True}
            case SetTempo(tempo, at):
                self._note(at, "tempo", tempo)
                return self._set_tempo(tempo)
            case Tap(at):
                self._note(at, "tap")
                tapped = self.taps.tap(at)
                return {"ok": True} if tapped is None else self._set_tempo(tapped)

    def _set_tempo(self, tempo: float) -> Mapping[str, Any]:
        answer = self._tried(lambda: self.tempo_log.set_tempo(tempo, self.player.reached))
        if not answer["ok"]:
            return answer
        self.player.plan_anew()
        return {"ok": True, "tempo": round(tempo, 3)}

    def _mute(self, voice: Voice, muted: bool) -> None:
        if muted:
            self.performer.muted.add(voice)
            self.ensemble.end(self.player.reached, self.clock.ref, {voice})
        else:
            self.performer.muted.discard(voice)

    def _panic(self) -> None:
        at = self.clock.ref.time_of(self.player.reached)
        for event in self.ensemble.silence(panic=True):
            self.journal.put(Sent(at, self.player.reached, event))
        self.journal.put(Noted(self.time.now(), "panic"))
