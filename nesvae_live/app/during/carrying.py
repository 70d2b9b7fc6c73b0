"""What hands have set, as inputs that set another session the same."""

from __future__ import annotations

from nesvae_live.control.gestureinputs import (
    GiveVoice,
    SetAnswer,
    SetAuto,
    SetChords,
    SetKey,
    SetKeysReturn,
    SetKeysSplit,
    SetQuote,
    SetSteady,
    SetTemperature,
    SetTranspose,
)
from nesvae_live.control.inputs import Input, SetKnob, SetLevel, SetMute, SetSolo
from nesvae_live.engine.live.state import LiveState
from nesvae_live.latent.adopted import Adopted, order_of
from nesvae_live.latent.given import Answer, Source
from nesvae_live.latent.setting import reordered
from nesvae_live.music.voices import VOICES, Voice


def carried(live: LiveState, now: float, adopted: Adopted | None = None) -> list[Input]:
    """Knobs, arrangement, balance, temperature, quote, players, chords and the auto mode, at `now` seconds.

    A knob that the other session hasn't is refused there, and nothing else is. Where style axes have
    another order, for the style that is `adopted` there, knobs go with their axes. A line that is held
    stays behind: the other session has not played it.
    """
    arrangement, balance = live.arrangement, live.balance
    knobs = reordered(live.setting, order_of(live.performance.adopted), order_of(adopted)).knobs
    asked: list[Input] = [SetKnob(knob, x, at=now) for knob, x in knobs.items()]
    asked += [SetMute(voice, voice in arrangement.muted, at=now) for voice in Voice]
    asked += [
        SetTranspose(spec.voice, semitones, at=now)
        for spec, semitones in zip(VOICES, arrangement.transpose, strict=True)
    ]
    asked += [SetKey(arrangement.key, at=now), SetTemperature(live.temperature, at=now)]
    asked.append(SetLevel(None, balance.level, at=now))
    for voice in Voice:
        asked.append(SetLevel(voice, balance.voices[voice], at=now))
        asked.append(SetSolo(voice, voice in balance.solo, at=now))
    if live.quote is not None:
        asked.append(SetQuote(live.quote, at=now))
    asked.append(SetSteady(live.steady.names, at=now))
    asked += [GiveVoice(v, s, at=now) for v, s in live.band.sources.items() if s is Source.KEYS]
    asked += [
        SetKeysReturn(live.band.keys_return, at=now),
        SetKeysSplit(live.band.keys_split, at=now),
    ]
    if live.band.answer is not Answer.OFF:
        asked.append(SetAnswer(live.band.answer, at=now))
    if live.band.chords is not None:
        asked.append(SetChords(live.band.chords, at=now))
    if live.auto:
        asked.append(SetAuto(on=True, at=now))
    return asked
