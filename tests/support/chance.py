"""Gestures by chance: anything that people can do to everything but single knobs."""

from __future__ import annotations

import random

from nesvae_live.control.gestureinputs import (
    Capture,
    CapturePhrase,
    ClearSnapshot,
    ForgetAll,
    Gesture,
    GiveLine,
    GiveVoice,
    GoRound,
    KeepTheme,
    LookBack,
    Mark,
    MoveFader,
    RecallSnapshot,
    ReleaseKnobs,
    ReturnTheme,
    Roll,
    SetAuto,
    SetBounds,
    SetHold,
    SetKey,
    SetKeysReturn,
    SetKeysSplit,
    SetMorphBars,
    SetPair,
    SetPoint,
    SetQuote,
    SetSeed,
    SetTemperature,
    SetTranspose,
    StartMorph,
    StorePoint,
    StoreSnapshot,
)
from nesvae_live.latent.given import SOURCES
from nesvae_live.music.key import SCALES, Key
from nesvae_live.music.voices import VOICES, Voice


def any_memory_gesture(draw: random.Random, at: float) -> Gesture:
    """A gesture that concerns what was played; some ask for what can't be had."""
    letter = draw.choice("AAAAAZ")
    return draw.choice(
        (
            *(SetQuote(draw.choice([0.0, 0.5, 1.0, 1.5]), at=at),) * 2,
            *(KeepTheme(letter, at=at),) * 4,
            *(ReturnTheme(letter, at=at),) * 6,
            *(ForgetAll(at=at),) * 2,
            *(GiveVoice(draw.choice(list(Voice)), draw.choice(SOURCES), at=at),) * 4,
            GiveLine(
                draw.choice(list(Voice)), ((draw.randrange(130), draw.randint(1, 60)),), at=at
            ),
            SetKeysReturn(draw.choice([None, 0.5, 1.0, 100.0]), at=at),
            SetKeysSplit(draw.choice([5, 62, 66]), at=at),
            SetAuto(draw.random() < 0.6, at=at),
            ReleaseKnobs(at=at),
        )
    )


def any_gesture(draw: random.Random, at: float) -> Gesture:
    """A gesture; some ask for what can't be had."""
    slot = draw.choice([1, 2, 3])
    voices = [None, *(spec.voice for spec in VOICES)]
    tuples = tuple(
        (
            draw.choice([0, 60, 67]),
            draw.choice([0, 72]),
            draw.choice([0, 36, 9]),
            draw.randint(1, 9),
        )
        for _ in range(draw.randint(0, 14))
    )
    key = Key(draw.randrange(12), draw.choice(list(SCALES)))
    return draw.choice(
        (
            ReleaseKnobs(at=at),
            SetTranspose(draw.choice(voices), draw.randint(-26, 26), at=at),
            SetKey(draw.choice([None, key]), at=at),
            SetTemperature(draw.uniform(0.0, 4.5), at=at),
            SetSeed(draw.choice([None, 7, -1]), at=at),
            *(SetHold(draw.random() < 0.4, at=at),) * 2,
            *(LookBack(draw.choice([1, 1, 2, -1, -1, 100]), at=at),) * 3,
            *(StoreSnapshot(slot, at=at),) * 3,
            StorePoint(slot, tuple(draw.gauss(0.0, 1.0) for _ in range(40)), at=at),
            ClearSnapshot(slot, at=at),
            *(RecallSnapshot(slot, at=at),) * 3,
            *(StartMorph(slot, draw.choice([None, 0.25, 1.0, 300.0]), at=at),) * 3,
            SetMorphBars(draw.uniform(0.0, 3.0), at=at),
            SetPair(slot, 4 - slot, at=at),
            *(MoveFader(draw.random(), at=at),) * 2,
            SetBounds(draw.random(), at=at),
            Roll(draw.choice([None, 0.2, 1.5]), at=at),
            *(Capture(at=at),) * 2,
            CapturePhrase(tuples, at=at),
            SetPoint(tuple(draw.gauss(0.0, 1.0) for _ in range(draw.choice([40, 40, 3]))), at=at),
            *(SetAuto(draw.random() < 0.6, at=at),) * 2,
            *(GoRound(draw.random() < 0.6, draw.choice([None, 0.5]), at=at),) * 2,
            Mark("here", at=at),
        )
    )
