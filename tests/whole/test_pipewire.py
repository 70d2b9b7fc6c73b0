"""The whole instrument on PipeWire's JACK: no desktop, no sound card, a null sink."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nesvae_live.presets.preset import read_preset
from tests.support.daemon import Daemon
from tests.support.following import Follower
from tests.support.notes import left_on, notes_on
from tests.support.pipewire import PipeWire
from tests.support.probe import JackProbe
from tests.support.transportplaces import placed_notes
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.pipewire, pytest.mark.slow, pytest.mark.timeout(240)]

PLAY = ("--midi-api", "jack", "--seed", "3", "--patch", "off", "--tempo", "200")


FOLLOW = ("--midi-api", "jack", "--audio", "none", "--clock", "jack", "--patch", "off")
BARS = ("--seed", "3", "--grid", "bars", "--bars-per-phrase", "1")
NANO = "a2j:nanoKONTROL2 [28] (capture): nanoKONTROL2 MIDI 1"


@contextmanager
def controller(number: int) -> Iterator[JackProbe]:
    """A controller behind a2jmidid, whose number in it is the system's."""
    port = f"nanoKONTROL2 [{number}] (capture): nanoKONTROL2 MIDI 1"
    with JackProbe("a2j", speaks_as=port) as probe:
        yield probe


@pytest.fixture
def pipewire(monkeypatch: pytest.MonkeyPatch) -> Iterator[PipeWire]:
    """A server that this process' children use, as `pw-jack` starts them."""
    server = PipeWire()
    for name, value in server.jack_environment().items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


def test_doctor_names_the_server_and_nothing_is_missing_on_it(pipewire: PipeWire) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nesvae_live", "doctor"], capture_output=True, text=True, check=False
    )
    assert "PipeWire" in done.stdout
    assert "test_sink:playback_FL" in done.stdout
    assert "jackd2" not in done.stdout


def test_notes_knobs_clock_and_sound_go_through_its_ports_and_survive_another_quantum_and_a_restart(
    pipewire: PipeWire, tmp_path: Path
) -> None:
    with Daemon(tmp_path, *PLAY, "--audio", "jack", "--clock-out") as daemon:
        with JackProbe() as probe:
            probe.connect_midi_from("nesvae_live_out")
            probe.connect_midi_from("nesvae_live_clock")
            probe.connect_midi_to("nesvae_live_in")
            probe.connect_audio_from("nesvae_live_audio")

            def follows(value: int) -> bool:
                probe.send_midi((0xB0, 20, value))
                knobs = daemon.ctl(do="status")["knobs"]
                return bool(abs(knobs.get("density", -1.0) - value / 127) < 0.01)

            assert wait_until(lambda: follows(127), every=0.1)
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 10, 30.0)
            assert probe.wait_until(lambda: any(data == b"\xf8" for _, data in probe.midi))
            assert probe.wait_until(
                lambda: float(abs(probe.audio).max(initial=0.0)) > 0.05, 20.0, 0.5
            )
            status = daemon.ctl(do="status")
            assert (status["midi"], status["audio"]) == ("jack", "jack")
            for quantum in (256, 2048, 512):
                pipewire.set_quantum(quantum)
                before = len(notes_on(probe.midi))
                assert probe.wait_until(lambda: len(notes_on(probe.midi)) > before + 5, 30.0)  # noqa: B023
            assert follows(127)
        pipewire.stop()
        assert wait_until(lambda: "went away" in daemon.said, 20.0), daemon.said
        beat = daemon.ctl(do="status")["beat"]
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 3), "the music goes on"
        pipewire.start()
        assert wait_until(lambda: "MIDI is back" in daemon.said, 30.0), daemon.said
        with JackProbe() as probe:
            probe.connect_midi_from("nesvae_live_out")
            assert probe.wait_until(lambda: len(notes_on(probe.midi)) > 5, 30.0)
            assert wait_until(lambda: "sound is back" in daemon.said, 40.0), daemon.said
            assert daemon.end() == 0
            assert probe.wait_until(lambda: not left_on(probe.midi))


def test_what_is_agreed_to_is_connected_and_known_again_by_its_name_behind_jacks_transport(
    pipewire: PipeWire, tmp_path: Path
) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text("[knobs]\ndensity = { cc = 20 }\n", encoding="utf-8")
    options = (*FOLLOW, *BARS, "--connect", "yes", "--preset", str(preset))
    with controller(28) as knobs, JackProbe("synth") as synth:
        with Follower(tmp_path, *options) as daemon:

            def follows(probe: JackProbe, value: int) -> bool:
                probe.send_midi((0xB0, 20, value))
                turned = daemon.ctl(do="status")["knobs"]
                return bool(abs(turned.get("density", -1.0) - value / 127) < 0.01)

            assert wait_until(lambda: follows(knobs, 127), every=0.1), daemon.said
            synth.transport("stop")
            synth.transport("locate", 0)
            synth.lead(123.4)
            synth.transport("start")
            assert synth.wait_until(lambda: len(notes_on(synth.midi)) > 15, 30.0, every=0.2)
            synth.transport("locate", 1_234_567)
            before = len(notes_on(synth.midi))
            assert synth.wait_until(
                lambda: len(notes_on(synth.midi)) > before + 15, 30.0, every=0.2
            )
            synth.transport("stop")
            assert wait_until(lambda: daemon.motion == "stopped")

            knobs.rename("midi_out", "Knobs")  # PipeWire 0.3 tells nobody of another name
            assert wait_until(lambda: follows(knobs, 30), every=0.1), "its cable stays"
            knobs.close()
            assert wait_until(lambda: "is gone" in daemon.said, 20.0), daemon.said
            with controller(32) as again:
                assert wait_until(lambda: follows(again, 100), 20.0, every=0.2), daemon.said
            assert daemon.end() == 0
        notes = placed_notes(synth, daemon.jam())
    kept = read_preset(preset).connections
    assert kept["controller"] == (NANO.replace(" [28]", ""),)
    assert "synth:midi_in" in kept["notes"]
    off = [note.off for note in notes]
    print("frames off the master's, by note:", off)
    assert {note.index for note in notes} == {0, 1}
    assert max(map(abs, off)) <= 1
