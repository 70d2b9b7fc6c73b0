"""Each voice captured alone from JACK has the pitch, duty and envelope that its patch asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.voices import CHANNELS, Voice
from tests.daemon import Daemon
from tests.jack import JackProbe, JackServer
from tests.pitch import cents, chip_frequency, pitch_of, was_heard

FRAMES = 9
"""How long a note is loud: 0.15 s; then it falls to a third, or on the triangle ends."""

PRESET = f"""
[voices]
patch = {{ P1 = "thin", P2 = "wide", TR = "short" }}
[patches.thin]
volume = "15x{FRAMES} 5"
duty = "0"
[patches.wide]
volume = "15x{FRAMES} 5"
duty = "2"
[patches.short]
volume = "15x{FRAMES} 0"
"""

HARMONICS = 8

Notes = Callable[[], list[tuple[int, int, int]]]


@dataclass(frozen=True)
class Heard:
    """A note as it was captured: how far off its pitch, how strong, its harmonics."""

    cents_off: float
    loud: float
    soft: float
    harmonics: list[float]


def harmonics(sound: npt.NDArray[np.floating], rate: int, pitch: float) -> list[float]:
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


def level_out(sound: npt.NDArray[np.floating], rate: int, pitch: float) -> npt.NDArray[np.float64]:
    """The sound without what is slower than its pitch: the chip's DC, on its way out."""
    period = round(rate / pitch)
    slow = np.convolve(sound, np.ones(period) / period, mode="valid")
    return np.asarray(sound[period // 2 :][: len(slow)] - slow, np.float64)


def strength(sound: npt.NDArray[np.floating]) -> float:
    return float(np.std(sound))


def level(volume: int) -> float:
    """What the chip's mixer makes of a pulse alone (nesdev's formula)."""
    return 95.88 / (8128 / volume + 100)


def long_notes(
    messages: Sequence[tuple[int, bytes]], channel: int, shortest: float, rate: int
) -> list[tuple[int, int, int]]:
    """(frame of the on, of the off, note) of a channel's notes, at least `shortest` seconds."""
    found, on = [], None
    for frame, data in messages:
        if data[0] == 0x90 | channel and data[2]:
            on = (frame, data[1])
        elif data[0] == 0x80 | channel and on is not None:
            if frame - on[0] >= shortest * rate:
                found.append((on[0], frame, on[1]))
            on = None
    return found


def listen(probe: JackProbe, voice: Voice, notes: Sequence[tuple[int, int, int]]) -> list[Heard]:
    """The notes that were captured whole; sound and message are some periods apart."""
    sounds, rate = probe.audio, probe.sample_rate
    found = []
    for on, off, note in notes:
        start, end = on - probe.first_frame, off - probe.first_frame
        pitch = chip_frequency(voice, note)
        early = sounds[start + int(0.03 * rate) : start + int(0.12 * rate)]
        late = sounds[start + int(0.18 * rate) : end - int(0.03 * rate)]
        if end > len(sounds) or not was_heard(sounds[start + int(0.03 * rate) : end]):
            continue
        if HARMONICS * pitch > rate / 4:
            continue  # too few harmonics below the device's own filter
        loud = level_out(early, rate, pitch)
        soft = level_out(late, rate, pitch) if len(late) > 0.05 * rate else loud
        off_pitch = abs(cents(pitch_of(loud, rate), pitch))
        found.append(Heard(off_pitch, strength(loud), strength(soft), harmonics(loud, rate, pitch)))
    return found


@pytest.mark.soak  # hears nothing where the music rests the voice: give it notes of its own
@pytest.mark.jack
@pytest.mark.timeout(240)
def test_each_voice_alone_has_the_pitch_the_duty_and_the_envelope_of_its_patch(
    jack_server: JackServer, tmp_path: Path
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text(PRESET, encoding="utf-8")
    options = ("--midi-api", "jack", "--audio", "jack", "--seed", "21", "--preset", str(preset))
    with Daemon(tmp_path, *options) as daemon, JackProbe(audio_seconds=150) as probe:
        probe.connect_midi_from("nesvae_live_out")
        probe.connect_audio_from("nesvae_live_audio:output_1")
        daemon.ctl(do="set", knob="density", value=0.25)
        rate = probe.sample_rate
        for voice, duty in ((Voice.P1, 0.125), (Voice.P2, 0.5), (Voice.TR, None)):
            for other in (Voice.P1, Voice.P2, Voice.TR):
                daemon.ctl(do="mute", voice=other.name, on=other is not voice)
            begin = len(probe.midi)
            shortest = 0.3 if duty else 0.14

            def notes(
                begin: int = begin, voice: Voice = voice, shortest: float = shortest
            ) -> list[tuple[int, int, int]]:
                return long_notes(probe.midi[begin:], CHANNELS[voice], shortest, rate)[1:]

            heard: list[Heard] = []

            def enough(
                notes: Notes = notes, heard: list[Heard] = heard, voice: Voice = voice
            ) -> bool:
                heard[:] = listen(probe, voice, notes())
                return len(heard) >= 6

            assert probe.wait_until(enough, 60.0, every=6.0), (
                f"{voice.name}: {len(heard)} notes were heard"
            )
            assert np.median([note.cents_off for note in heard]) < 3.0
            length = float(np.median([off - on for on, off, _ in notes()])) / rate
            said = [(f, d) for f, d in probe.midi[begin:] if d[0] == 0xB0 | CHANNELS[voice]]
            if duty is None:
                assert length == pytest.approx(FRAMES / 60, abs=0.005), "the gate"
                assert {d[1] for _, d in said} <= {123}, "no controllers"
                continue
            fall = np.median([note.loud / note.soft for note in heard])
            assert fall == pytest.approx(level(15) / level(5), rel=0.05)
            np.testing.assert_allclose(
                np.median([note.harmonics for note in heard], axis=0), of_a_pulse(duty), atol=0.06
            )
            falls = [frame for frame, d in said if (d[1], d[2]) == (11, 33)]
            after = [f - on for on, off, _ in notes() for f in falls if on <= f <= off]
            assert len(after) >= 5
            assert np.median(after) == pytest.approx(FRAMES / 60 * rate, abs=0.005 * rate)
        assert daemon.end() == 0
    duties = {
        message.value
        for track in mido.MidiFile(daemon.take / "take.mid").tracks
        for message in track
        if message.type == "control_change" and message.control == 12 and message.channel < 2
    }
    assert duties == {0, 2}
