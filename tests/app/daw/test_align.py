"""What comes back late is sent earlier: the offsets are measured, said, and kept in the preset."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.app.daw.align import offsets_of, told
from nesvae_live.app.options import PlayOptions
from nesvae_live.cli.main import main
from nesvae_live.io.audio.clicks import Way
from nesvae_live.io.audio.loop import LoopError, Measured
from nesvae_live.presets.preset import Play, read_preset
from tests.support.delay import delay_line
from tests.support.jack import JackServer

SOUND, NOTES = Way("sound", (480,) * 10), Way("notes", (96, 96, 97, 96, 96, 97, 96))


def test_offsets_undo_the_delays() -> None:
    measured = Measured(48_000, 256, SOUND, NOTES)
    assert offsets_of(measured) == {"offset_audio": -10.0, "offset_midi": -2.0}
    assert offsets_of(Measured(48_000, 256, None, NOTES)) == {"offset_midi": -2.0}
    with pytest.raises(LoopError, match="250"):
        offsets_of(Measured(8_000, 256, Way("sound", (2_100,) * 9), None))


def test_what_is_said_has_frames_milliseconds_and_the_spread() -> None:
    measured = Measured(48_000, 256, SOUND, NOTES)
    assert told(NOTES, measured) == (
        "notes back after 96 frames, 2.00 ms (7 times, within 1 frames; a period is 256)"
    )
    shaky = Way("sound", (400, 480, 500, 520, 600, 700))
    assert told(shaky, measured).endswith("that is unsteady: measure again")


def test_the_command_line_comes_before_the_preset() -> None:
    play = Play(offset_midi=-5.0, offset_audio=-30.0)
    options = PlayOptions(offset_midi=7.0).with_offsets(play)
    assert (options.offset_midi, options.offset_audio) == (7.0, -30.0)
    assert PlayOptions(offset_midi=0.0).with_offsets(play).offset_midi == 0.0
    assert PlayOptions().with_offsets(Play()).offset_audio == 0.0


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_through_a_jack_loop_with_a_known_delay_the_offsets_are_right_to_the_frame(
    jack_server: JackServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text("[play] # how it starts\ntempo = 96\n", encoding="utf-8")
    ports = [
        *("--audio-to", "delay:in", "--audio-from", "delay:out"),
        *("--midi-to", "delay:midi_in", "--midi-from", "delay:midi_out"),
    ]
    with delay_line(audio=960, midi=240):
        assert main(["align", *ports, "--preset", str(preset)]) == 0
    said = capsys.readouterr().out
    print(said)
    play = read_preset(preset).play
    frame = 1e3 / jack_server.sample_rate
    assert play.offset_audio == pytest.approx(-20.0, abs=frame)
    assert play.offset_midi == pytest.approx(-5.0, abs=frame)
    assert play.tempo == 96.0
    assert "# how it starts" in preset.read_text()
    assert f"kept in [play] of {preset}" in said


@pytest.mark.jack
@pytest.mark.timeout(120)
def test_where_nothing_comes_back_nothing_is_kept(
    jack_server: JackServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text("", encoding="utf-8")
    with delay_line(audio=0, midi=0, gain=0.0):
        ports = ("--audio-to", "delay:in", "--audio-from", "delay:out")
        assert main(["align", *ports, "--preset", str(preset)]) == 1
    assert "nothing came back" in capsys.readouterr().err
    assert preset.read_text() == ""
