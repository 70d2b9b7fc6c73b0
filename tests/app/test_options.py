"""What the options mean where they leave something open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nesvae_live.app.options import PlayOptions, choose_performance
from nesvae_live.clock.linkclocks import LINK_PORT
from nesvae_live.io.midi.ports import MidiError
from nesvae_live.io.pace import find_pace
from nesvae_live.latent.decoding import QUOTE
from nesvae_live.music.grid import Mode
from nesvae_live.presets.preset import Play, load_preset
from tests.support.tinysong import tiny_song_checkpoint

OURS = "nesvae_live in"


@pytest.mark.parametrize(
    ("options", "ports", "port"),
    [
        (PlayOptions(), (OURS,), None),
        (PlayOptions(clock="link"), (OURS,), LINK_PORT),
        (PlayOptions(clock="midi"), (OURS, "keys"), OURS),
        (PlayOptions(clock="midi"), ("keys",), "keys"),
        (PlayOptions(clock="midi", clock_in="daw"), ("keys", "the daw: out"), "the daw: out"),
    ],
)
def test_the_clock_that_is_followed_is_found(
    options: PlayOptions, ports: tuple[str, ...], port: str | None
) -> None:
    assert options.clock_port(ports) == port


@pytest.mark.parametrize(
    ("options", "ports", "error"),
    [
        (PlayOptions(clock="midi", clock_out=True), (OURS,), "can't go with --clock midi"),
        (PlayOptions(clock="midi"), ("keys", "pads"), "open: 'keys', 'pads'"),
        (PlayOptions(clock="midi"), (), "open: none"),
        (PlayOptions(clock="midi", clock_in="a"), ("pad", "fader"), "2 open inputs match 'a'"),
    ],
)
def test_a_clock_that_is_not_there_or_not_the_only_one_is_told(
    options: PlayOptions, ports: tuple[str, ...], error: str
) -> None:
    with pytest.raises(MidiError, match=error):
        options.clock_port(ports)


def test_the_clock_s_input_is_opened_too_and_once() -> None:
    assert PlayOptions(midi_in=("keys",), clock_in="daw").inputs == ("keys", "daw")
    assert PlayOptions(midi_in=("keys",), clock_in="keys").inputs == ("keys",)
    assert PlayOptions(clock_in=OURS).inputs == ()


def test_music_keeps_time_by_itself_and_is_stretched_to_bars_only_if_asked() -> None:
    assert PlayOptions().phrase_grid().mode is Mode.CLOCK
    assert PlayOptions(clock="midi").phrase_grid().mode is Mode.CLOCK
    assert PlayOptions(clock="midi", grid="native").phrase_grid().mode is Mode.NATIVE
    assert PlayOptions(clock="midi", grid="bars").phrase_grid().mode is Mode.BARS


def test_an_output_that_is_to_be_early_is_decided_the_earlier() -> None:
    pace = find_pace(0.00533, 0.001)
    assert PlayOptions(offset_midi=20.0).lookahead(pace) == pace.lookahead
    assert PlayOptions(offset_midi=-20.0).lookahead(pace) == pytest.approx(pace.lookahead + 0.02)


@pytest.mark.parametrize(("about", "quote"), [({}, QUOTE), ({"quote": 0.65}, 0.65)])
def test_a_checkpoint_says_how_much_it_quotes_unless_the_preset_does(
    about: dict[str, float], quote: float
) -> None:
    checkpoint = replace(tiny_song_checkpoint(), about=about)
    preset = load_preset()
    assert choose_performance(PlayOptions(), preset, checkpoint, 0).quote == quote
    never = replace(preset, play=Play(quote=0.0))
    assert choose_performance(PlayOptions(), never, checkpoint, 0).quote == 0.0
