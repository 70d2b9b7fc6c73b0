"""What a loop delays is measured to the frame, as sound and as notes."""

from __future__ import annotations

import numpy as np
import pytest

from nesvae_live.io.audio.clicks import Way, click, click_delay, sound_delay
from nesvae_live.io.audio.loop import JackLoop, LoopError, Route
from tests.support.delay import delay_line
from tests.support.jack import JackServer

RATE = 48_000


@pytest.mark.parametrize("delay", [0, 1, 479, 5000])
@pytest.mark.parametrize("gain", [1.0, -0.5, 0.03])
def test_a_click_is_found_at_its_frame_in_noise_and_hum(delay: int, gain: float) -> None:
    burst = click(RATE)
    draw = np.random.default_rng(1)
    heard = (0.002 * draw.standard_normal(14_400)).astype(np.float32)
    heard += (0.01 * np.sin(np.arange(len(heard)) * 2 * np.pi * 50 / RATE)).astype(np.float32)
    heard[delay : delay + len(burst)] += np.float32(gain) * burst
    assert click_delay(heard, burst) == delay


def test_where_there_is_no_click_none_is_found() -> None:
    draw = np.random.default_rng(2)
    noise = (0.002 * draw.standard_normal(14_400)).astype(np.float32)
    assert click_delay(noise, click(RATE)) is None
    assert click_delay(np.zeros(14_400, np.float32), click(RATE)) is None


def test_a_sound_begins_where_it_rises_over_what_was_before() -> None:
    draw = np.random.default_rng(3)
    noise = (0.001 * draw.standard_normal(10_000)).astype(np.float32)
    heard = noise[2000:].copy()
    heard[777:] += np.float32(0.2)
    assert sound_delay(heard, noise[:2000]) == 777
    assert sound_delay(noise[2000:], noise[:2000]) is None


def test_a_way_has_a_median_and_a_spread() -> None:
    assert (Way("sound", (5, 6, 7)).median, Way("sound", (5, 6, 9)).spread) == (6.0, 4)


LOOP = Route("delay:in", "delay:out", "delay:midi_in", "delay:midi_out")


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_through_jack_a_known_delay_is_measured_to_the_frame(jack_server: JackServer) -> None:
    with delay_line(audio=1234, midi=377, gain=0.2, noise=0.001), JackLoop(LOOP) as loop:
        assert loop.connected
        shares: list[float] = []
        measured = loop.measure(shares.append)
    print(measured)
    assert measured.sample_rate == jack_server.sample_rate
    assert measured.audio is not None
    assert measured.midi is not None
    assert (measured.audio.what, measured.midi.what) == ("sound", "notes")
    assert measured.audio.median == pytest.approx(1234, abs=1)
    assert measured.midi.median == pytest.approx(377, abs=1)
    assert measured.audio.spread <= 1
    assert measured.midi.spread <= 1
    assert 0.0 <= min(shares) < max(shares) <= 1.0


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_what_does_not_come_back_is_none(jack_server: JackServer) -> None:
    with delay_line(audio=100, midi=100):
        with JackLoop(Route(audio_to="delay:in", audio_from="delay:out")) as loop:
            measured = loop.measure()
        assert measured.audio is not None
        assert measured.audio.median == pytest.approx(100, abs=1)
        assert measured.midi is None
        with JackLoop(Route()) as loop:
            assert not loop.connected
        with pytest.raises(LoopError, match="no JACK port matches 'nowhere'"):
            JackLoop(Route(audio_to="nowhere"))


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_where_a_note_comes_back_as_sound_its_beginning_counts(jack_server: JackServer) -> None:
    route = Route("delay:in", "delay:out", midi_to="delay:midi_in")
    with delay_line(audio=50, midi=700, noise=0.0005, synth=True), JackLoop(route) as loop:
        measured = loop.measure()
    assert measured.midi is not None
    assert measured.midi.what == "the notes' sound"
    assert measured.midi.median == pytest.approx(700, abs=1)
    assert measured.audio is not None
    assert measured.audio.median == pytest.approx(50, abs=1)
