"""The whole instrument as a process of its own, through real ports of a real JACK server."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import wave
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.control.inputs import SetSwap, SetTempo, Tap
from nesvae_live.io.realtime import DECIDING, realtime_granted
from nesvae_live.latent.axes import axes_of, labels
from nesvae_live.log.entries import Closed, Decoded, Heard, Placed, Sent, Turned
from nesvae_live.log.jam import Jam
from nesvae_live.model.song.songcheckpoint import load_song_checkpoint
from nesvae_live.music.events import NoteOn, Shape
from nesvae_live.music.voices import VOICES, Voice
from nesvae_live.paths import find_checkpoint
from tests.support.daemon import Daemon
from tests.support.jack import JackServer, own_server
from tests.support.notes import left_on, notes_on
from tests.support.pitch import cents, chip_frequency, pitch_of, strength_at, was_heard
from tests.support.probe import JackProbe
from tests.support.waiting import wait_until

JACK = ("--midi-api", "jack", "--audio", "jack")
SILENT = ("--midi-api", "none", "--audio", "none")
OUT, IN, SOUND = "nesvae_live_out", "nesvae_live_in", "nesvae_live_audio:output_1"
Note = tuple[int, int, bool]
"""Its channel, its number, and whether it begins."""

CHANNEL = {spec.voice: spec.channel for spec in VOICES}


@pytest.mark.jack
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_cc_turns_a_knob_three_channels_speak_and_no_note_is_left_on(
    jack_server: JackServer, tmp_path: Path, how: int
) -> None:
    with (
        Daemon(tmp_path, *JACK, "--seed", "3", "--patch", "off", "--steady", "none") as daemon,
        JackProbe() as probe,
    ):
        probe.connect_midi_from(OUT)
        probe.connect_midi_to(IN)
        probe.connect_audio_from(SOUND)
        for cc, value in ((23, 127), (22, 127), (20, 90)):  # polyphony, bass, density
            probe.send_midi((0xB0 + cc % 16, cc, value))
        assert probe.wait_until(lambda: daemon.ctl(do="status")["knobs"].keys() >= {"density"})
        assert probe.wait_until(lambda: {c for _, c, _ in notes_on(probe.midi)} == {0, 1, 2}, 20.0)
        assert probe.wait_until(lambda: len(notes_on(probe.midi)) >= 5, 20.0)
        assert probe.wait_until(lambda: float(np.abs(probe.audio).max(initial=0.0)) > 0.05)
        assert daemon.end(how) == 0
        assert probe.wait_until(lambda: not left_on(probe.midi))
        captured = probe.midi
    velocities = {d[2] for _, d in captured if d[0] & 0xF0 == 0x90}
    assert velocities == {100}
    said = [tuple(d) for _, d in captured]
    end = len(said) - said[::-1].index((0xB2, 123, 0))
    assert said[end - 3 : end] == [(0xB0, 123, 0), (0xB1, 123, 0), (0xB2, 123, 0)]
    assert all(data[0] & 0xF0 == 0x80 for data in said[end:]), "ends said again, and no more"
    jam = daemon.jam()
    assert jam.cut is None
    assert [t.knob for t in jam.entries if isinstance(t, Turned)] == [
        "polyphony",
        "bass",
        "density",
    ]
    assert isinstance(jam.entries[-1], Closed)
    assert_take_is_whole(daemon.take, jam, at_least=5)


def whole_notes(notes: Sequence[Note]) -> list[Note]:
    """Without the ends of what did not begin here, or was ended before: ends are said again."""
    whole: list[Note] = []
    sounds: set[tuple[int, int]] = set()
    for channel, note, begins in notes:
        if begins or (channel, note) in sounds:
            whole.append((channel, note, begins))
            (sounds.add if begins else sounds.discard)((channel, note))
    return whole


@pytest.mark.jack
def test_what_was_captured_is_what_the_log_says(jack_server: JackServer, tmp_path: Path) -> None:
    options = ("--bars", "10", "--tempo", "240", "--seed", "3")
    with Daemon(tmp_path, *JACK, *options) as daemon, JackProbe() as probe:
        probe.connect_midi_from(OUT)
        assert daemon.wait() == 0
        assert probe.wait_until(lambda: not left_on(probe.midi))
        messages = probe.midi
    sent = [e.event for e in daemon.jam().entries if isinstance(e, Sent)]
    notes = [e for e in sent if not isinstance(e, Shape)]
    played = [(CHANNEL[e.voice], e.note, isinstance(e, NoteOn)) for e in notes]
    captured = whole_notes(
        [
            (d[0] & 0x0F, d[1], d[0] & 0xF0 == 0x90 and d[2] > 0)
            for _, d in messages
            if d[0] & 0xF0 in {0x80, 0x90}
        ]
    )
    assert len(captured) > 20
    begins = [i for i, note in enumerate(played) if note == captured[0]]
    assert captured in [whole_notes(played[i:]) for i in begins]


@pytest.mark.jack
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_density_up_is_more_notes_a_beat(jack_server: JackServer, tmp_path: Path) -> None:
    """4 phrases at each end of the knob, borders from the log; ten seeds are in test_voices_stay."""
    with Daemon(tmp_path, *JACK, "--seed", "0", "--tempo", "400") as daemon:
        with JackProbe() as probe:
            probe.connect_midi_to(IN)
            low = phrases_with(daemon, probe, 0, 4)
            high = phrases_with(daemon, probe, 127, 4)
        assert daemon.end() == 0
    jam = daemon.jam()
    assert rate_of_notes(jam, high) > rate_of_notes(jam, low)


def phrases_with(daemon: Daemon, probe: JackProbe, density: int, n: int) -> list[Placed]:
    """Turn density and wait until n phrases decoded with it have been played; where they lie."""
    probe.send_midi((0xB0, 20, density))
    a = {0: -2.5, 127: 2.5}[density]

    def found() -> list[Placed]:
        entries = daemon.jam().entries
        with_it = {e.index for e in entries if isinstance(e, Decoded) and e.mask[0] and e.z[0] == a}
        # the last one placed is still being played
        return [e for e in entries if isinstance(e, Placed) and e.index in with_it][:-1]

    assert wait_until(lambda: len(found()) >= n, 120.0)
    return found()[:n]


def rate_of_notes(jam: Jam, placed: list[Placed]) -> float:
    """Notes a beat over the phrases."""
    starts = [n.start for n in jam.notes()]
    count = sum(p.beat - 1e-6 <= s < p.beat + p.beats - 1e-6 for p in placed for s in starts)
    return count / sum(p.beats for p in placed)


@pytest.mark.jack
@pytest.mark.timeout(240)
def test_each_voice_alone_is_heard_at_the_pitch_of_its_notes(
    jack_server: JackServer, tmp_path: Path
) -> None:
    options = (*JACK, "--seed", "3", "--patch", "off")
    with Daemon(tmp_path, *options) as daemon, JackProbe(audio_seconds=200) as probe:
        probe.connect_midi_from(OUT)
        probe.connect_audio_from(SOUND)
        # Every voice plays, in notes neither so long that few come nor too short to be heard out.
        daemon.ctl(do="set", knob="density", value=0.4)
        daemon.ctl(do="set", knob="polyphony", value=1.0)
        daemon.ctl(do="set", knob="bass", value=0.7)
        for voice in (Voice.P1, Voice.P2, Voice.TR):
            for other in (Voice.P1, Voice.P2, Voice.TR):
                daemon.ctl(do="mute", voice=other.name, on=other is not voice)
            begin = len(probe.midi)
            found: list[float] = []

            def heard(voice: Voice = voice, begin: int = begin, found: list[float] = found) -> bool:
                found[:] = list(errors_in_cents(probe, voice, probe.midi[begin:]))
                return len(found) >= 4

            assert probe.wait_until(heard, 60.0, every=4.0), (
                f"{voice.name}: only {len(found)} long notes"
            )
            assert np.median(np.abs(found)) < 3.0, f"{voice.name}: {found}"
        assert daemon.end() == 0


def errors_in_cents(
    probe: JackProbe, voice: Voice, messages: Sequence[tuple[int, bytes]]
) -> Iterator[float]:
    """For each note of the voice that lasts 140 ms while nothing else sounds: how far off."""
    audio, rate = probe.audio, probe.sample_rate
    messages = [(frame, data) for frame, data in messages if data[0] < 0xA0]
    for at in range(len(messages) - 1):
        frame, data = messages[at]
        after = messages[at + 1][0]
        alone = left_on(messages[: at + 1]) == {(CHANNEL[voice], data[1])}
        if data[0] != 0x90 + CHANNEL[voice] or data[2] == 0 or not alone:
            continue
        # Sound and message are some periods apart: listen to the middle of the note.
        begin = frame - probe.first_frame + int(0.03 * rate)
        end = after - probe.first_frame - int(0.03 * rate)
        if end - begin > 0.08 * rate and end < len(audio) and was_heard(audio[begin:end]):
            yield cents(pitch_of(audio[begin:end], rate), chip_frequency(voice, data[1]))


@own_server
@pytest.mark.jack
def test_the_death_of_the_jack_server_is_one_line_and_the_take_is_whole(
    jack_server: JackServer, tmp_path: Path
) -> None:
    with Daemon(tmp_path, *JACK) as daemon:
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > 4)
        jack_server.kill()
        assert wait_until(lambda: "JACK" in daemon.said)
        beat = daemon.ctl(do="status")["beat"]
        assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 4), "the music goes on"
        assert daemon.end() == 0
    lines = daemon.said.splitlines()
    assert len(lines) == 1, daemon.said
    assert_take_is_whole(daemon.take, daemon.jam(), at_least=8)


@pytest.mark.slow
def test_with_no_device_at_all_it_plays_into_the_take_and_says_what_it_could_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody_is_here")
    if Path("/dev/snd/seq").exists():
        pytest.skip("this machine has an ALSA sequencer")
    with Daemon(tmp_path, "--bars", "6", "--tempo", "200", "--seed", "2") as daemon:
        assert daemon.wait() == 0
    lines = daemon.said.splitlines()
    assert any("MIDI" in line and "JACK" in line and "ALSA" in line for line in lines)
    assert any("no sound device" in line for line in lines)
    assert len(lines) == 2, daemon.said
    jam = daemon.jam()
    assert jam.bars() == 6
    assert_take_is_whole(daemon.take, jam, at_least=20)


@pytest.mark.slow
def test_the_demo_leaves_a_take_whose_sound_has_the_pitches_of_its_midi_file(
    tmp_path: Path,
) -> None:
    with Daemon(
        tmp_path, "--audio", "none", "--bars", "10", "--tempo", "160", "--seed", "2", command="demo"
    ) as daemon:
        assert daemon.wait() == 0
    jam = daemon.jam()
    assert len([e for e in jam.entries if isinstance(e, Turned)]) > 20
    assert_take_is_whole(daemon.take, jam, at_least=60)
    right, wrong = shares_of_pitches(daemon.take)
    assert right > 0.9
    assert wrong < 0.3


def shares_of_pitches(take: Path) -> tuple[float, float]:
    """In the WAV, the share of the MIDI file's longer notes that sound, and a tritone above."""
    sound, rate = read_wav(take / "take.wav")
    found, elsewhere = [], []
    for voice, note, start, end in midi_notes(take / "take.mid"):
        part = sound[round(start * rate) : round(end * rate)]
        if len(part) > 0.08 * rate and note != 33:
            frequency = chip_frequency(voice, note)
            found.append(strength_at(part, rate, frequency) > 0.1)
            elsewhere.append(strength_at(part, rate, frequency * 2**0.5) > 0.1)
    assert len(found) > 10
    return float(np.mean(found)), float(np.mean(elsewhere))


def midi_notes(path: Path) -> Iterator[tuple[Voice, int, float, float]]:
    """(voice, note, start, end in seconds) of each note in a MIDI file with one tempo."""
    file = mido.MidiFile(path)
    tempo = next(m.tempo for m in file.tracks[0] if m.type == "set_tempo")
    for track in file.tracks:
        name = next(m.name for m in track if m.type == "track_name")
        if name not in {"P1", "P2", "TR"}:
            continue
        tick, on = 0, {}
        for message in track:
            tick += message.time
            seconds = mido.tick2second(tick, file.ticks_per_beat, tempo)
            if message.type == "note_on" and message.velocity:
                on[message.note] = seconds
            elif message.type in {"note_on", "note_off"}:
                yield Voice[name], message.note, on.pop(message.note), seconds


def assert_take_is_whole(take: Path, jam: Jam, *, at_least: int) -> None:
    """The four files are there and agree."""
    names = {path.name for path in take.iterdir()}
    assert names == {"take.jsonl", "take.wav", "take.mid", "take.png"}
    assert (take / "take.png").read_bytes().startswith(b"\x89PNG")
    file = mido.MidiFile(take / "take.mid")
    assert file.type == 1
    assert file.ticks_per_beat == 480
    meta = {m.type: m for m in file.tracks[0] if m.is_meta}
    assert mido.tempo2bpm(meta["set_tempo"].tempo) == pytest.approx(jam.opened.tempo, abs=0.01)
    assert f"{meta['time_signature'].numerator}/4" == jam.opened.meter
    names_of = {next(m.name for m in t if m.type == "track_name"): t for t in file.tracks[1:]}
    total = 0
    for voice in (Voice.P1, Voice.P2, Voice.TR):
        open_note = None
        for message in names_of[voice.name]:
            if message.type == "note_on" and message.velocity:
                assert open_note is None, "one note at a time"
                assert message.channel == CHANNEL[voice]
                open_note = message.note
                total += 1
            elif message.type in {"note_on", "note_off"}:
                assert message.note == open_note
                open_note = None
        assert open_note is None, "every note is ended"
    assert total >= at_least
    bar = round(jam.opened.beats_per_bar * 480)
    assert {sum(m.time for m in t) % bar for t in file.tracks} == {0}, "padded to a whole bar"
    sound, rate = read_wav(take / "take.wav")
    assert rate == jam.opened.sample_rate
    assert np.abs(sound - np.median(sound)).max() > 1000
    seconds = jam.bars() * jam.opened.beats_per_bar * 60 / jam.opened.tempo
    assert len(sound) / rate >= seconds - 0.1


def read_wav(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    with wave.open(str(path)) as file:
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, "<i2").astype(float), file.getframerate()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--checkpoint", "gone.safetensors"), "gone.safetensors: no such file"),
        (("--preset", "nobody"), "no preset named 'nobody'"),
        (("--midi-api", "winmm"), "WinMM"),
    ],
)
def test_what_is_not_there_is_one_line_and_exit_1(
    tmp_path: Path, options: tuple[str, ...], says: str
) -> None:
    daemon = Daemon(tmp_path, "--audio", "none", "--bars", "1", *options)
    assert daemon.wait() == 1
    assert says in daemon.said
    assert len(daemon.said.splitlines()) == 1
    assert not daemon.jams.exists() or not any(daemon.jams.iterdir())


def test_a_damaged_checkpoint_is_one_line_and_exit_1(tmp_path: Path) -> None:
    from nesvae_live.paths import find_checkpoint

    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(find_checkpoint().read_bytes()[:100_000])
    daemon = Daemon(tmp_path, *SILENT, "--bars", "1", "--checkpoint", str(cut))
    assert daemon.wait() == 1
    assert "cut short" in daemon.said
    assert len(daemon.said.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[knobs]\ndensty = { cc = 20 }\n", "did you mean 'density'"),
        ("[knobs]\ndensity = { cc = 128 }\n", "CC 128"),
        ("[knobs]\ndensity = { cc = 20 }\nmotion = { cc = 20 }\n", "both on CC 20"),
        ("[knobs\n", "not TOML"),
    ],
)
def test_a_bad_preset_is_one_line_and_exit_1(tmp_path: Path, toml: str, says: str) -> None:
    preset = tmp_path / "mine.toml"
    preset.write_text(toml)
    daemon = Daemon(tmp_path, *SILENT, "--bars", "1", "--preset", str(preset))
    assert daemon.wait() == 1
    assert says in daemon.said
    assert str(preset) in daemon.said
    assert len(daemon.said.splitlines()) == 1


@pytest.mark.slow
def test_a_jams_folder_that_cannot_be_written_is_one_line_and_exit_1(tmp_path: Path) -> None:
    (tmp_path / "jams").write_text("a file stands where the folder should be")
    daemon = Daemon(tmp_path, *SILENT, "--bars", "1")
    assert daemon.wait() == 1
    assert "--jams" in daemon.said
    assert len(daemon.said.splitlines()) == 1


@pytest.mark.jack
@pytest.mark.parametrize(
    ("port", "says"),
    [("no such port", "no such port"), ("probe", "probe:midi_out")],
)
def test_a_port_that_is_not_there_or_matches_twice_is_one_line_and_exit_1(
    jack_server: JackServer, tmp_path: Path, port: str, says: str
) -> None:
    with JackProbe("probe_one"), JackProbe("probe_two"):
        daemon = Daemon(tmp_path, "--midi-api", "jack", "--audio", "none", "--midi-in", port)
        assert daemon.wait() == 1
    assert len(daemon.said.splitlines()) == 1
    assert port in daemon.said
    assert "probe_one" in daemon.said
    assert "probe_two" in daemon.said


@pytest.mark.parametrize(
    "options",
    [("--tempo", "fast"), ("--bars", "0"), ("--meter", "4/3"), ("--nonsense",), ("--seed", "-1")],
)
def test_a_wrong_command_line_is_exit_2(tmp_path: Path, options: tuple[str, ...]) -> None:
    daemon = Daemon(tmp_path, *options)
    assert daemon.wait() == 2
    assert options[0] in daemon.said


@pytest.mark.slow
@pytest.mark.xdist_group("jack")  # it has to be in time, so it isn't niced
def test_the_seed_decides_the_music(tmp_path: Path) -> None:
    notes, repeats = [], []
    for name, seed in (("one", "7"), ("same", "7"), ("other", "8")):
        folder = tmp_path / name
        folder.mkdir()
        with Daemon(folder, *SILENT, "--bars", "2", "--tempo", "240", "--seed", seed) as daemon:
            assert daemon.wait() == 0
        jam = daemon.jam()
        notes.append([(n.voice, n.note, round(n.start, 6)) for n in jam.notes()])
        repeats += [e.beat for e in jam.entries if isinstance(e, Placed) and e.repeat]
    until = min(repeats, default=8.0)  # from where on a slow machine had no phrase in time
    one, same, other = ([note for note in heard if note[2] < until - 1e-6] for heard in notes)
    assert len(one) > 5
    assert one == same
    assert one != other


@pytest.mark.slow
def test_ctl_sets_mutes_asks_and_stops(tmp_path: Path) -> None:
    with Daemon(tmp_path, *SILENT) as daemon:
        assert priorities(daemon.process.pid).count(DECIDING) == realtime_granted(), "the sequencer"
        assert daemon.ctl(do="set", knob="density", value=0.75)["ok"]
        assert not daemon.ctl(do="set", knob="volume", value=0.75)["ok"]
        assert daemon.ctl(do="mute", voice="P2", on=True)["ok"]
        status = daemon.ctl(do="status")
        assert status["knobs"] == {"density": 0.75}
        assert status["muted"] == ["P2"]
        played = load_song_checkpoint(find_checkpoint())
        assert status["axes"] == labels(axes_of(played.about, played.config.style))
        assert daemon.ctl(do="panic")["ok"]
        assert daemon.ctl(do="stop")["ok"]
        assert daemon.wait() == 0
    ends = [e for e in daemon.jam().entries if isinstance(e, Closed)]
    assert len(ends) == 1


def priorities(pid: int) -> list[int]:
    """The real-time priorities of a process' threads; 0: it has none."""
    found: list[int] = []
    for thread in Path(f"/proc/{pid}/task").iterdir() if sys.platform == "linux" else ():
        with contextlib.suppress(ProcessLookupError):  # it has ended
            found.append(os.sched_getparam(int(thread.name)).sched_priority)
    return found


@pytest.mark.slow
def test_ctl_changes_swap_and_tempo_while_it_plays(tmp_path: Path) -> None:
    silent = ("--midi-api", "none", "--audio", "none")
    options = ("--swap", "bar", "--grid", "bars", "--swing", "60", "--offset-midi", "-20")
    with Daemon(tmp_path, *silent, *options) as daemon:
        assert daemon.ctl(do="status")["swap"] == "bar"
        assert daemon.ctl(do="swap", mode="beat")["ok"]
        assert not daemon.ctl(do="swap", mode="soon")["ok"]
        assert daemon.ctl(do="tempo", tempo=174)["ok"]
        assert not daemon.ctl(do="tempo", tempo=4000)["ok"]
        assert daemon.ctl(do="tap")["ok"]
        status = daemon.ctl(do="status")
        assert (status["swap"], status["tempo"], status["clock"]) == ("beat", 174.0, "internal")
        assert daemon.ctl(do="stop")["ok"]
        assert daemon.wait() == 0
    jam = daemon.jam()
    assert [round(60 / line.beat_seconds) for line in jam.lines] == [120, 174]
    heard = [type(e.input) for e in jam.entries if isinstance(e, Heard)]
    assert heard[:4] == [SetSwap, SetTempo, SetTempo, Tap]


@pytest.mark.slow
@pytest.mark.xdist_group("jack")  # it has to be in time, so it isn't niced
def test_phrases_follow_each_other_by_the_log(tmp_path: Path) -> None:
    with Daemon(tmp_path, *SILENT, "--bars", "6", "--tempo", "240", "--seed", "3") as daemon:
        assert daemon.wait() == 0
    placed = [e for e in daemon.jam().entries if isinstance(e, Placed)]
    assert len(placed) > 3
    for one, two in pairwise(placed):
        assert two.beat == pytest.approx(one.beat + one.beats)
    assert not any(p.repeat for p in placed)


def test_it_is_ready_to_stop_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it is still starting: no traceback, no half take."""
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")  # it says what it has imported
    daemon = Daemon(tmp_path, *SILENT)
    assert wait_until(lambda: "nesvae_live.cli.bench\n" in daemon.said), "the first command"
    daemon.process.send_signal(signal.SIGINT)
    assert daemon.wait() in {0, 130, -signal.SIGINT}
    assert "Traceback" not in daemon.said
