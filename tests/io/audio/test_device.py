"""The sound device: choosing one, keeping the process whole, and real sound through JACK."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import FULL_SCALE, Apu, DcBlocker
from nesvae_live.chip.registers import note_to_period, period_to_frequency
from nesvae_live.control.inputs import SetLevel, SetSolo, Stop
from nesvae_live.io.audio import opening
from nesvae_live.io.audio.device import AudioDevice, AudioError
from nesvae_live.io.audio.mixer import Mixer
from nesvae_live.io.audio.probe import AudioOffer, AudioPort, probe
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.log.entries import Heard
from nesvae_live.music.balance import Balance
from nesvae_live.music.events import Event, NoteOff, NoteOn
from nesvae_live.music.voices import Voice
from tests.support.daemon import Daemon
from tests.support.fakes import NoJournal, RealTime
from tests.support.jack import JackServer, own_server
from tests.support.orphans import ends_with_its_parent
from tests.support.pitch import pitch_of
from tests.support.places import ROOT
from tests.support.probe import JackProbe
from tests.support.sound import open_jack, open_quietly
from tests.support.waiting import wait_until


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without JACK and without a PortAudio device."""
    offer = AudioOffer(jack_fault="no server answers")
    monkeypatch.setattr(opening, "probe", lambda: offer)


@pytest.fixture
def null_device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """PortAudio sees ALSA's null device and one that can't be opened."""
    if not sys.platform.startswith("linux"):
        pytest.skip("ALSA is Linux'")
    config = tmp_path / "asound.conf"
    config.write_text(
        'pcm.quiet_one { type null hint { show on description "null" } }\n'
        'pcm.quiet_two { type null hint { show on description "null" } }\n'
        'pcm.broken { type hw card 31 hint { show on description "none" } }\n'
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(config))
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")


def test_none_opens_nothing_and_says_nothing() -> None:
    assert open_quietly("none") == (None, [])


def test_an_unknown_api_is_an_error_that_names_the_known() -> None:
    with pytest.raises(AudioError, match=r"'alsa'.*auto, portaudio, jack, none"):
        open_quietly("alsa")


def test_auto_without_any_device_says_what_it_could_not_open(nothing: None) -> None:
    opened, said = open_quietly("auto")
    assert opened is None
    assert len(said) == 1
    assert "JACK: no server answers" in said[0]
    assert "PortAudio: it has no output device" in said[0]


@pytest.mark.parametrize("api", ["jack", "portaudio"])
def test_a_named_api_that_is_not_there_is_an_error(nothing: None, api: str) -> None:
    with pytest.raises(AudioError, match=r"no server answers|no output device"):
        open_quietly(api)


@pytest.mark.parametrize("api", ["auto", "portaudio"])
def test_a_named_device_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    offer = AudioOffer(outputs=(AudioPort(0, "Built-in"), AudioPort(4, "USB DAC")))
    monkeypatch.setattr(opening, "probe", lambda: offer)
    with pytest.raises(AudioError, match="'headphones'; there is: 'Built-in', 'USB DAC'"):
        open_quietly(api, "headphones")


def test_probing_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    probe()
    assert capfd.readouterr() == ("", "")


def test_portaudio_devices_are_listed_and_chosen_by_name(null_device: None) -> None:
    assert {port.name for port in probe().outputs} == {"quiet_one", "quiet_two"}
    with pytest.raises(AudioError, match=r"several audio outputs: .*quiet"):
        open_quietly("portaudio", "quiet")


def test_a_portaudio_device_opens_and_closes(null_device: None) -> None:
    # In a process of its own: ALSA's null device asks for blocks as fast as it can.
    code = """
        from tests.support.sound import open_quietly
        from tests.support.waiting import wait_until
        device, said = open_quietly("portaudio", "quiet_two", rate=48000, block=512)
        assert device is not None and not said
        assert (device.api, device.sample_rate, device.block_frames) == ("portaudio", 48000, 512)
        assert wait_until(lambda: device.frames_played() > 0)
        assert device.lost() is None
        device.close()
        device.close()
        assert device.lost() is not None
        print("whole")
    """
    assert run(code) == "whole\n"


def test_a_portaudio_device_that_crashes_pyo_is_an_error(
    null_device: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = AudioOffer(outputs=(AudioPort(77, "broken"),), default_output=77)
    monkeypatch.setattr(opening, "probe", lambda: offer)
    with pytest.raises(AudioError, match="'broken' can't be opened at 44100 Hz"):
        open_quietly("portaudio")
    opened, said = open_quietly("auto")
    assert opened is None
    assert "'broken' can't be opened" in said[0]


def test_a_portaudio_device_that_refuses_the_rate_is_one_line(
    null_device: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(os.environ["ALSA_CONFIG_PATH"])
    # A plug fits any rate to its slave's; a slave behind a bare hw-like route refuses.
    config.write_text(
        "pcm.picky { type rate slave { pcm { type null } rate 48000 } converter nowhere "
        'hint { show on description "null" } }\n'
    )
    offer = AudioOffer(outputs=(AudioPort(0, "picky"),), default_output=0)
    monkeypatch.setattr(opening, "probe", lambda: offer)
    with pytest.raises(AudioError) as refused:
        open_quietly("portaudio", "picky", rate=11025, block=64)
    said = str(refused.value)
    assert said.startswith("PortAudio: 'picky' can't be opened at 11025 Hz in blocks of 64")
    assert "\n" not in said


def start(code: str) -> subprocess.Popen[str]:
    """Python code in a process of its own, both its streams in one pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        preexec_fn=ends_with_its_parent(),  # noqa: PLW1509
    )


def run(code: str) -> str:
    """What Python code prints in a process of its own, which must end well."""
    with start(code) as process:
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, (process.returncode, said)
    return said


# What follows needs a real JACK server.


def perform(
    device: AudioDevice,
    notes: list[tuple[float, float, Voice, int]],
    seconds: float,
    balance: Balance | None = None,
) -> tuple[Renderer, npt.NDArray[np.int16]]:
    """Play (begin, end, voice, note) for some seconds: the renderer, and the take."""
    chunks: list[npt.NDArray[np.int16]] = []
    rate = device.sample_rate
    mixer = Mixer(rate, len(device.rings), balance)
    renderer = Renderer(Apu(rate), RealTime(), NoJournal(), chunks.append, device, mixer=mixer)
    start = time.perf_counter() + 0.5
    events: list[tuple[float, int, Event]] = []
    for begin, end, voice, note in notes:
        events += [(begin, 1, NoteOn(voice, note)), (end, 0, NoteOff(voice, note))]
    for at, _, event in sorted(events, key=lambda e: e[:2]):
        renderer.send(event, start + at)
    renderer.start(start)
    assert wait_until(lambda: time.perf_counter() > start + seconds, seconds + 10)
    renderer.stop()
    return renderer, np.concatenate(chunks)


@pytest.mark.jack
@pytest.mark.parametrize(
    "jack_server",
    [(48000, 64), (44100, 128), (48000, 256), (44100, 1024)],
    ids=str,
    indirect=True,
)
def test_what_jack_hears_is_the_take_to_the_sample(jack_server: JackServer) -> None:
    device = open_jack()
    rate = jack_server.sample_rate
    assert (device.sample_rate, device.block_frames) == (rate, jack_server.period)
    scale = [(i * 0.1, i * 0.1 + 0.09, Voice.P1, 60 + i) for i in range(15)]
    with JackProbe() as probe:
        probe.connect_audio_from("nesvae_live_audio:output_1")
        renderer, take = perform(device, scale, 1.6)
        assert device.lost() is None
        heard = probe.audio
    device.close()
    wanted = DcBlocker(rate).process(take / np.float32(FULL_SCALE))
    found = found_share(heard, wanted[: int(1.4 * rate)])
    # A busy machine makes the server lose blocks, and us skip: but what is heard is the take.
    assert found > (0.8 if renderer.counters.slips else 0.95), (found, renderer.counters)


def found_share(
    heard: npt.NDArray[np.float32], wanted: npt.NDArray[np.float32], piece: int = 512
) -> float:
    """The share of `wanted`, by pieces, that is heard to the sample, one after the other."""
    equal = 2e-6
    shift = 0
    found = 0
    pieces = range(0, len(wanted) - piece, piece)
    for first in pieces:
        part = wanted[first : first + piece]
        starts = np.array([first + shift])
        if not np.allclose(heard[starts[0] :][:piece], part, atol=equal):
            room = heard[: len(heard) - piece]
            starts = np.flatnonzero(np.abs(room - part[0]) < equal)
            for k in (piece // 3, piece // 2, piece - 1):
                starts = starts[np.abs(heard[starts + k] - part[k]) < equal]
            starts = starts[starts >= first + shift - 4096]
        for start in starts:
            if np.allclose(heard[start : start + piece], part, atol=equal):
                shift = int(start) - first
                found += 1
                break
    return found / len(pieces)


@pytest.mark.jack
def test_both_outputs_are_in_step_to_the_sample(jack_server: JackServer) -> None:
    device = open_jack()
    scale = [(i * 0.1, i * 0.1 + 0.09, Voice.P1, 60 + i) for i in range(15)]
    with JackProbe("one") as left, JackProbe("two") as right:
        left.connect_audio_from("nesvae_live_audio:output_1")
        right.connect_audio_from("nesvae_live_audio:output_2")
        perform(device, scale, 1.6, Balance(spread=0.5))
        first = max(left.first_frame, right.first_frame)
        heard = [probe.audio[first - probe.first_frame :] for probe in (left, right)]
    device.close()
    frames = min(map(len, heard))
    # P1 alone at half the spread is 1.5 on the left for 0.5 on the right, in every sample that
    # both were given in time.
    one, other = (sound[:frames] for sound in heard)
    sounding = (one != 0) & (other != 0)
    assert sounding.sum() > jack_server.sample_rate
    np.testing.assert_allclose(one[sounding], 3.0 * other[sounding], atol=1e-5)


@pytest.mark.jack
def test_while_it_plays_no_block_costs_a_page_fault(jack_server: JackServer) -> None:
    device = open_jack()
    assert wait_until(lambda: device.frames_played() > 48_000)
    blocks, before = device.frames_played() // device.block_frames, page_faults(device)
    assert wait_until(lambda: device.frames_played() // device.block_frames > blocks + 200)
    faults = page_faults(device) - before
    device.close()
    assert faults < 20, "memory is mapped anew in every block"


def page_faults(device: AudioDevice) -> int:
    """How many there were so far in all threads of a device's process."""
    tasks = Path(f"/proc/{device._process.pid}/task")
    if not tasks.exists():
        pytest.skip("there is no /proc here")
    stats = [(task / "stat").read_text().rsplit(")", 1)[1].split() for task in tasks.iterdir()]
    return sum(int(fields[7]) for fields in stats)  # of proc(5)'s fields the tenth


@pytest.mark.jack
def test_each_voice_has_a_port_of_its_own_on_request(jack_server: JackServer) -> None:
    device = open_jack(voice_ports=True)
    notes = [(0.0, 1.0, Voice.P1, 69), (0.0, 1.0, Voice.TR, 45)]
    with JackProbe("one") as p1, JackProbe("two") as p2, JackProbe("three") as tr:
        names = [name for name in p1.port_names() if name.startswith("nesvae_live_audio:")]
        p1.connect_audio_from("nesvae_live_audio:P1")
        p2.connect_audio_from("nesvae_live_audio:P2")
        tr.connect_audio_from("nesvae_live_audio:TR")
        perform(device, notes, 1.0, Balance(level=-90.0))
        heard = [probe.audio for probe in (p1, p2, tr)]
    device.close()
    ports = ("output_1", "output_2", "P1", "P2", "TR", "NO")
    assert names == [f"nesvae_live_audio:{port}" for port in ports]
    assert np.abs(heard[1]).max() < 5 / FULL_SCALE
    for sound, voice, note in ((heard[0], Voice.P1, 69), (heard[2], Voice.TR, 45)):
        onset = int(np.flatnonzero(np.abs(sound) > 0.01)[0])
        wanted = period_to_frequency(voice, note_to_period(voice, note))
        found = pitch_of(sound[onset + 4800 :][:14400], jack_server.sample_rate)
        assert abs(1200 * np.log2(found / wanted)) < 3.0, (voice, found, wanted)


@pytest.mark.jack
@pytest.mark.parametrize("output", [1, 2])
def test_each_voice_sounds_at_its_pitch_on_both_outputs(
    jack_server: JackServer, output: int
) -> None:
    device = open_jack()
    notes = [
        (0.0, 0.5, Voice.P1, 69),
        (0.6, 1.1, Voice.P2, 52),
        (1.2, 1.7, Voice.TR, 45),
    ]
    with JackProbe() as probe:
        probe.connect_audio_from(f"nesvae_live_audio:output_{output}")
        perform(device, notes, 1.9)
        heard = probe.audio
    device.close()
    rate = jack_server.sample_rate
    onset = int(np.flatnonzero(np.abs(heard) > 0.01)[0])
    for begin, _, voice, note in notes:
        first = onset + int((begin + 0.1) * rate)
        wanted = period_to_frequency(voice, note_to_period(voice, note))
        found = pitch_of(heard[first : first + int(0.3 * rate)], rate)
        assert abs(1200 * np.log2(found / wanted)) < 3.0, (voice, found, wanted)


@pytest.mark.jack
def test_a_jack_client_that_is_not_there_is_an_error(jack_server: JackServer) -> None:
    with pytest.raises(AudioError, match="'headphones'; there is: 'system'"):
        open_quietly("jack", "headphones")


@own_server
@pytest.mark.jack
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_death_of_the_jack_server_is_told_and_survived(
    jack_server: JackServer, how: signal.Signals
) -> None:
    code = """
        import time
        from nesvae_live.chip.apu import Apu
        from nesvae_live.io.audio.renderer import Renderer
        from tests.support.fakes import NoJournal, RealTime
        from tests.support.sound import open_jack
        from tests.support.waiting import wait_until
        device = open_jack()
        chunks = []
        renderer = Renderer(Apu(device.sample_rate), RealTime(), NoJournal(), chunks.append, device)
        renderer.start(time.perf_counter())
        assert wait_until(lambda: renderer.samples > 10000)
        assert device.lost() is None
        print("playing", flush=True)
        assert wait_until(lambda: device.lost() is not None)
        print(device.lost())
        before = renderer.samples
        assert wait_until(lambda: renderer.samples > before + 10000)
        renderer.stop()
        device.close()
        assert sum(map(len, chunks)) == renderer.samples
        print("whole")
    """
    with start(code) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "playing\n"
        jack_server.kill(how)
        said = process.communicate(timeout=30)[0]
    assert process.returncode == 0, said
    assert said.splitlines() == [
        "the JACK server went away",
        "whole",
    ]


@own_server
@pytest.mark.jack
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_sound_comes_back_with_the_jack_server_and_is_the_take(
    jack_server: JackServer, how: signal.Signals
) -> None:
    device = open_jack()
    rate = device.sample_rate
    chunks: list[npt.NDArray[np.int16]] = []
    renderer = Renderer(Apu(rate), RealTime(), NoJournal(), chunks.append, device)
    start = time.perf_counter() + 0.5
    for i in range(400):
        renderer.send(NoteOn(Voice.P1, 40 + 7 * i % 60), start + 0.1 * i)
    renderer.start(start)
    assert wait_until(lambda: renderer.samples > rate // 2)
    jack_server.kill(how)
    assert wait_until(lambda: device.lost() is not None)
    assert device.lost() == "the JACK server went away"
    frames = device.frames_played()

    def is_back() -> bool:
        device.recover()
        return device.lost() is None

    samples = renderer.samples
    assert not wait_until(is_back, 1.0)
    assert device.frames_played() == frames
    assert renderer.samples > samples + rate // 2, "the take waits for nobody"
    again = JackServer(rate, 128)
    try:
        assert wait_until(is_back)
        with JackProbe() as probe:
            clients = {name.split(":")[0] for name in probe.port_names()}
            probe.connect_audio_from("nesvae_live_audio:output_1")
            begin = renderer.samples
            assert wait_until(lambda: renderer.samples > begin + 2 * rate)
            heard = probe.audio
        assert [name for name in clients if "nesvae" in name] == ["nesvae_live_audio"]
        renderer.stop()
        device.close()
    finally:
        again.stop()
    take = np.concatenate(chunks)
    wanted = DcBlocker(rate).process(take / np.float32(FULL_SCALE))
    found = found_share(heard, wanted[begin + rate // 2 : begin + 3 * rate // 2])
    assert found > 0.8, (found, renderer.counters)


@own_server
@pytest.mark.jack
def test_a_jack_server_that_comes_back_at_another_rate_is_told(jack_server: JackServer) -> None:
    device = open_jack()
    jack_server.kill(signal.SIGTERM)
    assert wait_until(lambda: device.lost() is not None)
    again = JackServer(44100, 256)

    def reason() -> str:
        device.recover()
        return device.lost() or ""

    try:
        assert wait_until(lambda: "44100 Hz" in reason())
        assert reason() == "the JACK server runs at 44100 Hz, and this take at 48000 Hz"
        device.close()
    finally:
        again.stop()


@own_server
@pytest.mark.jack
def test_a_server_that_hangs_is_lost_and_back_when_it_goes_on(jack_server: JackServer) -> None:
    device = open_jack()
    assert wait_until(lambda: device.frames_played() > 0)
    jack_server.pause()
    assert wait_until(lambda: device.lost() == "the JACK server stopped asking for sound")
    jack_server.resume()
    assert wait_until(lambda: device.lost() is None)
    device.close()


def test_an_output_for_each_voice_needs_jack(nothing: None) -> None:
    for api in ("auto", "jack", "portaudio"):
        with pytest.raises(AudioError, match="an output for each voice needs JACK"):
            open_quietly(api, voice_ports=True)


@pytest.mark.jack
def test_closing_leaves_no_client_behind(jack_server: JackServer) -> None:
    for _ in range(3):
        device = open_jack()
        assert wait_until(lambda: device.frames_played() > 0)  # noqa: B023
        device.close()
    with JackProbe() as probe:
        assert not [name for name in probe.port_names() if "nesvae_live_audio" in name]


@own_server
@pytest.mark.jack
def test_the_instrument_says_once_that_the_sound_is_lost_and_once_that_it_is_back(
    jack_server: JackServer, tmp_path: Path
) -> None:
    options = ("--midi-api", "none", "--audio", "jack", "--level", "-6", "--spread", "0.5")
    with Daemon(tmp_path, *options) as daemon:
        for times in (1, 2):
            jack_server.kill()
            assert wait_until(lambda: daemon.said.count("went away") == times)  # noqa: B023
            jack_server = JackServer()
            assert wait_until(lambda: daemon.said.count("is back") == times)  # noqa: B023
        assert daemon.ctl(do="solo", voice="P1", on=True)["ok"]
        assert daemon.ctl(do="level", voice="P1", level=-3)["ok"]
        assert daemon.ctl(do="status")["solo"] == ["P1"]
        assert not daemon.ctl(do="solo", voice="P3", on=True)["ok"]
        assert daemon.end() == 0
    jack_server.stop()
    assert daemon.said.splitlines() == 2 * [
        "nesvae-live: the JACK server went away: the take goes on, without sound",
        "nesvae-live: the sound is back",
    ]
    asked = [entry.input for entry in daemon.jam().entries if isinstance(entry, Heard)]
    assert asked[:-1] == [
        SetSolo(Voice.P1, True, at=asked[0].at),
        SetLevel(Voice.P1, -3.0, at=asked[1].at),
    ]
    assert isinstance(asked[-1], Stop)
