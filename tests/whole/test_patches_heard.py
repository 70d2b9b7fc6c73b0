"""Each voice captured alone from JACK has the pitch, duty and envelope that were asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.registers import CPU_CLOCK, NOISE_PERIODS
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.opening import open_audio
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.io.midi.opening import open_midi
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.patch import FRAME_SECONDS, table_to_patch
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import CHANNELS, Voice
from tests.support.fakes import NoJournal, RealTime
from tests.support.jack import JackServer
from tests.support.pitch import cents, chip_frequency, pitch_of, was_heard
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

LOUD = 12
"""Frames that a note is loud: 0.2 s; then it falls to a third, or on the triangle ends."""

HELD_SECONDS, SLOT_SECONDS = 0.5, 0.8
"""How long a note is held, and from one to the next: the chip's DC has faded by then."""

ROUNDS = 3
"""A busy machine makes a server lose blocks: a note that was not heard whole is played anew."""

HARMONICS = 8
SHORT_NOISE_STEPS = 93

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Case:
    """A note, how it is played (the table of a patch, knobs turned), and what is to be heard."""

    voice: Voice
    note: int
    table: Mapping[str, object]
    knobs: Mapping[str, float]
    duties: tuple[float, float] | None = None
    """High share of the cycle early and late in the note, for a pulse."""
    bends: tuple[int, int] = (0, 0)
    """Cents off the note early and late."""


FALLING = f"15x{LOUD} 5"
CASES = {
    "12.5 %": Case(Voice.P1, 57, {"volume": FALLING, "duty": "0"}, {}, (0.125, 0.125)),
    "25 %": Case(Voice.P1, 60, {"volume": FALLING, "duty": "1"}, {}, (0.25, 0.25)),
    "50 %": Case(Voice.P2, 52, {"volume": FALLING, "duty": "2"}, {}, (0.5, 0.5)),
    "75 %": Case(Voice.P2, 64, {"volume": FALLING, "duty": "3"}, {}, (0.75, 0.75)),
    "a duty sequence": Case(
        Voice.P1, 55, {"volume": FALLING, "duty": f"0x{LOUD} 2"}, {}, (0.125, 0.5)
    ),
    "the duty knob": Case(
        Voice.P2, 55, {"volume": FALLING, "duty": "0"}, {"duty2": 0.6}, (0.5, 0.5)
    ),
    "a step of pitch": Case(
        Voice.P1,
        57,
        {"volume": FALLING, "duty": "2", "arpeggio": f"0x{LOUD} 7"},
        {},
        (0.5, 0.5),
        (0, 700),
    ),
    "the triangle": Case(Voice.TR, 45, {"volume": f"15x{LOUD} 0"}, {}),
    "the noise": Case(Voice.NO, 6, {"volume": FALLING, "duty": "1"}, {}),
}


def early_and_late(sound: Floats, rate: int) -> tuple[Floats, Floats]:
    """A note's sound while it is loud, and after it, without the steps between."""
    loud = LOUD * FRAME_SECONDS
    early = sound[int(0.04 * rate) : int((loud - 0.02) * rate)]
    late = sound[int((loud + 0.05) * rate) : int((HELD_SECONDS - 0.02) * rate)]
    return early, late


def level_out(sound: Floats, rate: int, pitch: float) -> npt.NDArray[np.float64]:
    """The sound without what is slower than its pitch: the chip's DC, on its way out."""
    period = round(rate / pitch)
    slow = np.convolve(sound, np.ones(period) / period, mode="valid")
    return np.asarray(sound[period // 2 :][: len(slow)] - slow, np.float64)


def harmonics(sound: Floats, rate: int, pitch: float) -> list[float]:
    """The first harmonics' strengths, of the first one's."""
    windowed = (sound - sound.mean()) * np.hanning(len(sound))
    turns = np.exp(
        -2j * np.pi / rate * np.outer(np.arange(1, HARMONICS + 1) * pitch, np.arange(len(sound)))
    )
    found = np.abs(turns @ windowed)
    return [float(strength) for strength in found / found[0]]


def of_a_pulse(duty: float) -> list[float]:
    """The same of an ideal pulse."""
    strengths = [abs(np.sin(np.pi * n * duty)) / n for n in range(1, HARMONICS + 1)]
    return [float(strength / strengths[0]) for strength in strengths]


def pulse_level(volume: int) -> float:
    """What the chip's mixer makes of a pulse alone (nesdev's formula)."""
    return 95.88 / (8128 / volume + 100)


def noise_level(volume: int) -> float:
    """The same of the noise."""
    return 159.79 / (100 + 12241 / volume)


def play(case: Case, renderer: Renderer, midi: object, at: float) -> None:
    """Send a case's note, shaped as while playing, to the chip and to the MIDI output."""
    patch = table_to_patch(dict(case.table))
    shaper = Shaper({case.voice: patch}, {case.note: patch})
    timed: list[tuple[float, Event]] = [
        (at, event) for event in shaper.take([NoteOn(case.voice, case.note)], at, case.knobs)
    ]
    timed += shaper.due(at + HELD_SECONDS, case.knobs)
    off = [NoteOff(case.voice, case.note)]
    timed += [(at + HELD_SECONDS, e) for e in shaper.take(off, at + HELD_SECONDS, case.knobs)]
    for moment, event in timed:
        for output in (renderer, midi):
            output.send(event, moment)  # type: ignore[attr-defined]


def cut_out(sounds: Floats, rate: int, around: int) -> Floats:
    """The note that begins around a frame of the capture, which must have it whole."""
    first = max(around - int(0.1 * rate), 0)
    window = sounds[first : first + int((0.2 + HELD_SECONDS) * rate)]
    onsets = np.flatnonzero(np.abs(window) > 0.01)
    assert onsets.size, "nothing was heard"
    assert onsets[0] < 0.2 * rate, "it came late"
    sound = window[onsets[0] :]
    assert was_heard(sound[: int(LOUD * FRAME_SECONDS * rate)]), "the server lost blocks"
    return sound


def check_sound(case: Case, sound: Floats, rate: int) -> None:
    early, late = early_and_late(sound, rate)
    if case.voice is Voice.NO:
        assert early.std() / late.std() == pytest.approx(noise_level(15) / noise_level(5), rel=0.1)
        steps = CPU_CLOCK / NOISE_PERIODS[16 - case.note] / SHORT_NOISE_STEPS
        assert abs(cents(pitch_of(early, rate), steps)) < 5.0
        return
    pitches = [chip_frequency(case.voice, case.note + bend // 100) for bend in case.bends]
    if case.voice is Voice.TR:
        assert abs(cents(pitch_of(level_out(early, rate, pitches[0]), rate), pitches[0])) < 3.0
        # It holds its level when the gate shuts, and the DC blocker lets go of that.
        assert late[len(late) // 2 :].std() < 0.001 * early.std()
        return
    assert case.duties is not None
    parts = [
        level_out(part, rate, pitch) for part, pitch in zip((early, late), pitches, strict=True)
    ]
    for part, pitch, duty in zip(parts, pitches, case.duties, strict=True):
        assert abs(cents(pitch_of(part, rate), pitch)) < 3.0
        np.testing.assert_allclose(harmonics(part, rate, pitch), of_a_pulse(duty), atol=0.06)
    heights = [
        np.percentile(part, 98) - np.percentile(part, 2) for part in parts
    ]  # of a pulse the height is the volume, whatever the duty
    assert heights[0] / heights[1] == pytest.approx(pulse_level(15) / pulse_level(5), rel=0.06)


def check_midi(case: Case, messages: Sequence[tuple[int, bytes]], around: int, rate: int) -> None:
    """The note's velocity, and volume and duty under it, said when they change."""
    channel = CHANNELS[case.voice]
    first, last = around - int(0.2 * rate), around + int(0.6 * rate)
    ours = [(f, data) for f, data in messages if data[0] & 15 == channel and first <= f < last]
    kinds = [data[0] & 0xF0 for _, data in ours]
    struck, ended = kinds.index(0x90), kinds.index(0x80)
    on, off = ours[struck][0], ours[ended][0]
    assert ours[struck][1][2] == 100
    said = [(frame, data[1], data[2]) for frame, data in ours[struck + 1 : ended]]
    length = LOUD * FRAME_SECONDS if case.voice is Voice.TR else HELD_SECONDS
    assert (off - on) / rate == pytest.approx(length, abs=0.03)
    if case.duties is None:
        assert not said, "neither the triangle nor General MIDI's drums have controllers"
        return
    falls = [(frame - on) / rate for frame, control, value in said if (control, value) == (11, 33)]
    assert falls == [pytest.approx(LOUD * FRAME_SECONDS, abs=0.03)]
    duties = [value for _, control, value in said if control == 12]
    assert duties == ([2] if case.duties[0] != case.duties[1] else [])


def is_over(end: float) -> bool:
    return time.perf_counter() > end


@pytest.mark.jack
def test_each_voice_alone_has_the_pitch_the_duty_and_the_envelope_that_were_asked_for(
    jack_server: JackServer,
) -> None:
    clock, warned = RealTime(), list[str]()
    midi = open_midi("jack", (), None, inbox=SimpleQueue(), time=clock, warn=warned.append)
    with midi:
        device = open_audio(
            "jack", None, sample_rate=1, block_frames=1, time=clock, warn=warned.append
        )
        assert device is not None
        rate = device.sample_rate
        taken: list[npt.NDArray[np.int16]] = []
        mixer = Mixer(rate, len(device.rings))
        renderer = Renderer(Apu(rate), clock, NoJournal(), taken.append, device, mixer=mixer)
        left, faults = dict(CASES), dict[str, AssertionError]()
        with JackProbe() as probe:
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_audio_from("nesvae_live_audio:output_1")
            began, frame = time.perf_counter(), probe.first_frame + probe.frames
            first = began + 1.0
            renderer.start(first)
            for _ in range(ROUNDS):
                slots = {name: first + i * SLOT_SECONDS for i, name in enumerate(left)}
                for name, at in slots.items():
                    play(left[name], renderer, midi.output, at)
                end = first + len(slots) * SLOT_SECONDS + 0.3
                assert wait_until(partial(is_over, end), 30.0)
                sounds, messages = probe.audio, probe.midi
                for name, at in slots.items():
                    at_frame = frame + round((at - began) * rate)
                    try:
                        sound = cut_out(sounds, rate, at_frame - probe.first_frame)
                        check_sound(left[name], sound, rate)
                        check_midi(left[name], messages, at_frame, rate)
                    except AssertionError as fault:
                        faults[name] = fault
                    else:
                        del left[name]
                if not left:
                    break
                first = time.perf_counter() + 0.5
        renderer.stop()
        device.close()
    assert not warned
    assert not left, {name: str(faults[name]) for name in left}
