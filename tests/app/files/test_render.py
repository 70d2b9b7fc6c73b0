"""The render command: every pair of files, equal to the renderer's samples, and every refusal."""

from __future__ import annotations

import io
import itertools
import pickle
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.app.files.render import RenderError, RenderOptions, render
from nesvae_live.chip.apu import Apu
from nesvae_live.chip.nesmdb import (
    ExprScore,
    SeprScore,
    dumps_exprsco,
    dumps_seprsco,
    expressive_to_separated,
    loads_exprsco,
    score_to_vgm,
)
from nesvae_live.chip.npzscore import loads_npz
from nesvae_live.chip.smf.sound import midi_to_timeline
from nesvae_live.chip.timeline import score_to_timeline
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.cli.main import main
from nesvae_live.io.audio.renderer import Renderer
from nesvae_live.log.codec import entry_to_line
from nesvae_live.log.entries import Closed, Entry, Opened, Sent, Sounded
from nesvae_live.log.reader import lines_to_jam
from nesvae_live.music.drums import DRUM_PATCHES
from nesvae_live.music.events import Event, NoteEvent, NoteOff, NoteOn
from nesvae_live.music.shaper import Shaper
from nesvae_live.music.voices import Voice
from nesvae_live.presets.preset import load_preset
from nesvae_live.take.midifile import jam_to_midi
from nesvae_live.take.sound import jam_to_timeline
from tests.support.fakes import ListJournal, ManualTime
from tests.support.places import GOLDEN, ORACLE, ROOT
from tests.support.vgmfiles import block, tune, vgm, write

NAMES = sorted(path.stem for path in ORACLE.glob("*.npz"))
RATE = 48_000

Samples = npt.NDArray[np.int16]


def read_wav(path: Path) -> tuple[int, Samples]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        frames = file.readframes(file.getnframes())
        return file.getframerate(), np.frombuffer(frames, dtype="<i2")


def short_score(steps: int = 12) -> ExprScore:
    """Half a second of all four voices."""
    score = np.zeros((steps, 4, 3), dtype=np.uint8)
    score[:, Voice.P1] = (69, 12, 2)
    score[2:, Voice.P2] = (60, 9, 1)
    score[4:, Voice.TR] = (45, 0, 0)
    score[6:8, Voice.NO] = (4, 7, 0)
    score[6:, Voice.P1, 1] = 5
    return ExprScore(24.0, 22_050, score)


def save_npz(path: Path, score: ExprScore | SeprScore) -> Path:
    with path.open("wb") as file:
        np.savez(file, rate=score.rate, nsamps=score.nsamps, score=score.score)
    return path


def run(*arguments: object) -> int:
    return main(["render", *map(str, arguments)])


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of a command that must end with 1."""
    assert run(*arguments) == 1
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1, said.err
    return said.err


def opened() -> Opened:
    started = "2026-11-23T14:05:09"
    return Opened(0.0, started, 120.0, "4/4", 4.0, RATE, 7, "map", "ab", "default", {}, {})


def write_log(path: Path, *entries: Entry) -> Path:
    path.write_bytes(b"".join(entry_to_line(entry) for entry in entries))
    return path


def shaped_jam(path: Path) -> tuple[Path, Samples]:
    """The same with patches and drums."""
    bank = load_preset().bank
    patches = {Voice.P1: "siren", Voice.P2: "minor", Voice.TR: "thump"}
    shaper = Shaper({voice: bank.patches[name] for voice, name in patches.items()}, DRUM_PATCHES)
    return played_jam(path, shaper)


def played_jam(path: Path, shaper: Shaper | None = None) -> tuple[Path, Samples]:
    """A jam of two seconds through the live renderer: its log, and the samples of its take."""
    journal, time, chunks = ListJournal(), ManualTime(), list[Samples]()
    renderer = Renderer(Apu(RATE), time, journal, chunks.append)
    renderer.prepare(0.0)
    rng = np.random.default_rng(5)
    sounding: dict[Voice, int] = {}

    def send(event: NoteEvent, at: float) -> None:
        for shaped in [event] if shaper is None else shaper.take([event], at, {}):
            put(shaped, at)

    def put(event: Event, at: float) -> None:
        journal.put(Sent(at, 2 * at, event))
        renderer.send(event, at)

    for at in np.arange(0.0, 1.9, 0.0713).tolist():
        for when, event in [] if shaper is None else shaper.due(at, {}):
            put(event, when)
        if shaper is not None and rng.random() < 0.3:
            send(NoteOn(Voice.NO, int(rng.choice(list(DRUM_PATCHES)))), at)
        voice = Voice(int(rng.integers(3)))
        if voice in sounding:
            send(NoteOff(voice, sounding.pop(voice)), at)
        if rng.random() < 0.8:
            sounding[voice] = int(rng.integers(40, 90))
            send(NoteOn(voice, sounding[voice], int(rng.integers(1, 128))), at)
    while time.value < 1.95:
        time.value += 0.0047
        renderer.step()
    renderer.stop(2.0)
    log = write_log(path, opened(), *journal.entries, Closed(2.0, 4.0, "asked"))
    return log, np.concatenate(chunks)


@pytest.mark.oracle
def test_every_oracle_score_renders_to_the_renderer_s_samples(
    oracle_dir: Path, tmp_path: Path
) -> None:
    scores = sorted(oracle_dir.glob("*.npz"))
    assert scores
    for source in scores:
        out = tmp_path / "out.wav"
        assert run(source, "-o", out, "--dc", "--sample-rate", 44_100) == 0
        rate, samples = read_wav(out)
        assert rate == 44_100
        assert np.array_equal(samples, read_wav(source.with_suffix(".wav"))[1]), source.stem


@pytest.mark.oracle
def test_every_oracle_score_renders_to_nesmdb_s_vgm_and_that_to_the_same_samples(
    oracle_dir: Path, tmp_path: Path
) -> None:
    for source in sorted(oracle_dir.glob("*.npz")):
        made, out = tmp_path / "out.vgm", tmp_path / "out.wav"
        assert run(source, "-o", made) == 0
        assert made.read_bytes() == source.with_suffix(".vgm").read_bytes()
        assert run(made, "-o", out, "--dc") == 0
        assert np.array_equal(read_wav(out)[1], read_wav(source.with_suffix(".wav"))[1])


@pytest.mark.parametrize("name", NAMES)
def test_a_score_by_way_of_nesmdb_s_midi_sounds_the_same_to_the_bit(
    name: str, tmp_path: Path
) -> None:
    midi, out = tmp_path / "out.mid", tmp_path / "out.wav"
    assert run(ORACLE / f"{name}.npz", "-o", midi, "--dialect", "nesmdb") == 0
    assert run(midi, "-o", out, "--dc") == 0
    with np.load(ORACLE / f"{name}.npz") as golden:
        assert np.array_equal(read_wav(out)[1], golden["samples"])


@pytest.fixture
def sources(tmp_path: Path) -> dict[str, Path]:
    """One of each kind that can be rendered; all but the jam sound the same score."""
    score = short_score()
    kinds = {
        "exprsco.pkl": dumps_exprsco(score),
        "seprsco.pkl": dumps_seprsco(expressive_to_separated(score)),
        "vgm": score_to_vgm(score),
    }
    paths = {kind: tmp_path / f"in.{kind}" for kind in kinds}
    for kind, data in kinds.items():
        paths[kind].write_bytes(data)
    paths["npz"] = save_npz(tmp_path / "in.npz", score)
    paths["mid"] = tmp_path / "in.mid"
    assert run(paths["npz"], "-o", paths["mid"]) == 0
    paths["jsonl"] = played_jam(tmp_path / "in.jsonl")[0]
    return paths


def test_every_kind_renders_to_every_kind(
    sources: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    kinds = ("wav", "vgm", "mid", "exprsco.pkl")
    for (kind, source), to in itertools.product(sources.items(), kinds):
        out = tmp_path / f"{kind}-out.{to}"
        assert run(source, "-o", out) == 0
        assert capsys.readouterr().out == f"{out}\n"
        seconds = 2.0 if kind == "jsonl" else 0.5
        if to == "wav":
            rate, samples = read_wav(out)
            assert len(samples) / rate == pytest.approx(seconds, abs=1e-4)
            assert np.ptp(samples) > 5000
        elif to == "vgm":
            log = vgm_to_writes(out.read_bytes())
            assert log.nsamps / 44_100 == pytest.approx(seconds, abs=1e-4)
        elif to == "exprsco.pkl":
            score = loads_exprsco(out.read_bytes())
            assert (score.rate, len(score.score)) == (24.0, round(24 * seconds))
            assert score.score[:, :, 0].any(axis=0).sum() >= 2, "voices that play"
        else:
            assert mido.MidiFile(out).length == pytest.approx(seconds, abs=1e-3)
    assert not list(tmp_path.glob(".*"))


def test_whatever_a_score_was_made_into_it_comes_back_as_it_was(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    original = loads_exprsco(sources["exprsco.pkl"].read_bytes())
    for kind in ("exprsco.pkl", "npz", "vgm", "mid"):
        out = tmp_path / f"{kind}-again.exprsco.pkl"
        assert run(sources[kind], "-o", out) == 0
        again = loads_exprsco(out.read_bytes())
        assert again.nsamps == original.nsamps, kind
        assert np.array_equal(again.score, original.score), kind
    out = tmp_path / "coarse.exprsco.pkl"
    assert run(sources["vgm"], "-o", out, "--rate", "12") == 0
    assert loads_exprsco(out.read_bytes()).score.shape == (len(original.score) // 2, 4, 3)


def test_the_kinds_of_one_score_give_one_sound(sources: dict[str, Path], tmp_path: Path) -> None:
    sounds = {}
    for kind in ("exprsco.pkl", "npz", "vgm", "mid"):
        assert run(sources[kind], "-o", tmp_path / "out.wav", "--dc") == 0
        sounds[kind] = read_wav(tmp_path / "out.wav")[1]
    for kind, sound in sounds.items():
        assert np.array_equal(sound, sounds["npz"]), kind


@pytest.mark.parametrize("play", [played_jam, shaped_jam])
def test_a_jam_renders_to_the_samples_of_its_take(
    play: Callable[[Path], tuple[Path, Samples]], tmp_path: Path
) -> None:
    log, take = play(tmp_path / "take.jsonl")
    assert run(log, "-o", tmp_path / "out.wav", "--dc") == 0
    rate, samples = read_wav(tmp_path / "out.wav")
    assert rate == RATE
    assert np.ptp(samples) > 5000
    assert np.array_equal(samples, take[: len(samples)])
    assert len(samples) == 2 * RATE


def test_a_jam_s_midi_file_is_that_of_its_take(tmp_path: Path) -> None:
    log = played_jam(tmp_path / "take.jsonl")[0]
    expected = io.BytesIO()
    jam_to_midi(lines_to_jam(log.read_bytes().splitlines())).save(file=expected)
    assert run(log, "-o", tmp_path / "out.mid") == 0
    assert (tmp_path / "out.mid").read_bytes() == expected.getvalue()


def test_a_jam_that_no_chip_played_is_rendered_from_what_was_sent(tmp_path: Path) -> None:
    events: list[tuple[float, Event]] = [
        (0.5, NoteOn(Voice.P1, 69)),
        (1.0, NoteOff(Voice.P1, 69)),
    ]
    sent = [Sent(beat / 2, beat, event, n) for n, (beat, event) in enumerate(events)]
    end = Closed(1.0, 2.0, "asked")
    took = [Sounded(round(beat / 2 * RATE), n) for n, (beat, _) in enumerate(events)]
    for name, entries in (("sent", sent), ("both", [*sent, *took])):
        log = write_log(tmp_path / f"{name}.jsonl", opened(), *entries, end)
        assert run(log, "-o", tmp_path / f"{name}.wav", "--dc") == 0
    samples = read_wav(tmp_path / "sent.wav")[1]
    assert np.array_equal(samples, read_wav(tmp_path / "both.wav")[1])
    loud = np.flatnonzero(samples)
    assert loud[0] == pytest.approx(RATE // 4, abs=100)
    assert loud[-1] == pytest.approx(RATE // 2, abs=100)
    assert len(samples) == 2 * RATE  # to the bar line


def test_our_own_take_s_midi_file_renders_as_the_take_within_its_ticks(tmp_path: Path) -> None:
    log = played_jam(tmp_path / "take.jsonl")[0]
    jam = lines_to_jam(log.read_bytes().splitlines())
    assert run(log, "-o", tmp_path / "take.mid") == 0
    assert run(tmp_path / "take.mid", "-o", tmp_path / "out.wav", "--dc") == 0
    from_log, from_midi = (
        [(c.sample / timeline.rate, c.voice, c.note, c.velocity) for c in timeline.changes]
        for timeline in (
            jam_to_timeline(jam),
            midi_to_timeline((tmp_path / "take.mid").read_bytes(), pytest.fail),
        )
    )
    assert len(from_log) > 20
    for voice in Voice:
        by_log, by_midi = ([c for c in cs if c[1] is voice] for cs in (from_log, from_midi))
        assert [c[1:] for c in by_log] == [c[1:] for c in by_midi]
        half_a_tick = 0.5 / 480 / 2
        assert all(
            abs(a[0] - b[0]) < half_a_tick + 2 / RATE for a, b in zip(by_log, by_midi, strict=True)
        )


def test_a_shaped_take_s_midi_file_has_its_volumes_and_duties_and_drums(tmp_path: Path) -> None:
    log = shaped_jam(tmp_path / "take.jsonl")[0]
    assert run(log, "-o", tmp_path / "take.mid") == 0
    read = midi_to_timeline((tmp_path / "take.mid").read_bytes(), pytest.fail)
    played = jam_to_timeline(lines_to_jam(log.read_bytes().splitlines()))
    for voice in Voice:
        states = [
            {(c.note, c.velocity, c.timbre) for c in t.changes if c.voice is voice and c.note}
            for t in (read, played)
        ]
        assert len(states[1]) > 3
        if voice is Voice.NO:  # General MIDI's drums have no shape: their notes alone
            assert {note for note, *_ in states[0]} == {note for note, *_ in states[1]}
            continue
        shared = states[0] & states[1]
        assert len(shared) > 0.8 * len(states[1]), f"{voice.name}: {states}"


def test_a_damaged_log_is_rendered_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = played_jam(tmp_path / "take.jsonl")[0]
    log.write_bytes(log.read_bytes()[:-20])
    assert run(log, "-o", tmp_path / "out.wav") == 0
    said = capsys.readouterr().err
    assert "take.jsonl" in said
    assert "could not be read" in said
    assert said.count("\n") == 1


def test_stems_are_the_voices_shares_of_the_mix(tmp_path: Path) -> None:
    source, out = save_npz(tmp_path / "in.npz", short_score()), tmp_path / "out.wav"
    assert run(source, "-o", out, "--dc") == 0
    alone = read_wav(out)[1]
    assert run(source, "-o", out, "--dc", "--stems") == 0
    stems = [read_wav(tmp_path / f"out.{voice.name}.wav")[1] for voice in Voice]
    mix = read_wav(out)[1]
    assert np.array_equal(mix, alone)
    assert np.abs(mix - np.sum(stems, axis=0)).max() <= 3
    assert all(np.ptp(stem) > 500 for stem in stems)
    quiet = np.flatnonzero(stems[Voice.NO])
    assert 11_000 < quiet[0] < quiet[-1] < 14_800


def test_without_dc_the_sound_is_centred_as_loud_and_nowhere_clipped(tmp_path: Path) -> None:
    score = np.zeros((240, 4, 3), dtype=np.uint8)
    score[:, :, :2] = ((33, 15), (33, 15), (21, 0), (1, 15))
    score[::2, :, 0] = (69, 76, 45, 16)
    source = save_npz(tmp_path / "in.npz", ExprScore(24.0, 441_000, score))
    assert run(source, "-o", tmp_path / "dc.wav", "--dc") == 0
    assert run(source, "-o", tmp_path / "out.wav") == 0
    left = read_wav(tmp_path / "dc.wav")[1].astype(float)
    blocked = read_wav(tmp_path / "out.wav")[1].astype(float)
    assert left.min() == 0
    assert left.mean() > 3000
    assert abs(blocked[44_100:].mean()) < 20
    assert np.abs(blocked).max() <= left.max()
    tone = np.abs(np.fft.rfft(np.stack([left, blocked])[:, -44_100:]))[:, 400:]
    assert np.allclose(np.linalg.norm(tone[0]), np.linalg.norm(tone[1]), rtol=0.01)


@pytest.mark.parametrize("sample_rate", [8_000, 48_000, 192_000])
def test_any_sample_rate_has_the_same_pitch_and_length(sample_rate: int, tmp_path: Path) -> None:
    score = np.zeros((24, 4, 3), dtype=np.uint8)
    score[:, Voice.P1] = (69, 15, 2)
    source = save_npz(tmp_path / "in.npz", ExprScore(24.0, 44_101, score))
    assert run(source, "-o", tmp_path / "out.wav", "--sample-rate", sample_rate) == 0
    rate, samples = read_wav(tmp_path / "out.wav")
    assert (rate, len(samples)) == (sample_rate, sample_rate)
    rises = np.flatnonzero((samples[1:] > 0) & (samples[:-1] <= 0))
    assert (len(rises) - 1) * rate / (rises[-1] - rises[0]) == pytest.approx(440.4, abs=0.2)


def test_a_vgm_of_more_than_one_chip_is_rendered_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.vgm").write_bytes(vgm(tune(within=write(0x80, 0xB8) + b"\xa0\x07\x38")))
    assert run(tmp_path / "in.vgm", "-o", tmp_path / "out.wav") == 0
    said = capsys.readouterr().err
    assert "in.vgm: played without second NES APU, AY8910, which it uses" in said
    assert said.count("\n") == 1


def test_a_long_render_shows_a_bar_on_a_terminal_and_a_short_one_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    score = short_score(24 * 61)
    long = save_npz(tmp_path / "long.npz", ExprScore(24.0, 61 * 44_100, score.score))
    short = save_npz(tmp_path / "short.npz", short_score())
    bars = {}
    for source, progress in ((long, True), (long, False), (short, True)):
        out = tmp_path / f"{source.stem}.wav"
        render(RenderOptions(source, out, progress=progress), pytest.fail)
        bars[source, progress] = capsys.readouterr().err
    assert "100%" in bars[long, True]
    assert not bars[long, False]
    assert not bars[short, True]


GOOD = short_score()


def npz(**arrays: object) -> bytes:
    good = {"rate": 24.0, "nsamps": 22_050, "score": GOOD.score}
    written = io.BytesIO()
    np.savez(written, **{k: v for k, v in (good | arrays).items() if v is not None})  # type: ignore[arg-type]
    return written.getvalue()


def changed(step: int, voice: int, field: int, value: int) -> npt.NDArray[np.uint8]:
    score = GOOD.score.copy()
    score[step, voice, field] = value
    return score


BAD: dict[str, tuple[str, bytes, str]] = {
    "no npz": ("in.npz", b"nothing", "not an npz file"),
    "an empty npz": ("in.npz", b"", "the file is empty"),
    "a cut npz": ("in.npz", npz()[:-30], "npz file is damaged"),
    "objects in an npz": ("in.npz", npz(rate=np.array({}, dtype=object)), "npz file is damaged"),
    "no score": ("in.npz", npz(score=None), "npz file has no score"),
    "a rate that is none": ("in.npz", npz(rate="fast"), "rate is 'fast', not a number"),
    "a rate of 0": ("in.npz", npz(rate=0), "rate is 0.0, not"),
    "a rate that is no number": ("in.npz", npz(rate=np.nan), "rate is nan"),
    "two rates": ("in.npz", npz(rate=[24, 24]), "not a number"),
    "half a sample": ("in.npz", npz(nsamps=0.5), "nsamps is 0.5, not a whole number"),
    "infinite samples": ("in.npz", npz(nsamps=np.inf), "nsamps is inf, not a whole number"),
    "a negative length": ("in.npz", npz(nsamps=-1), "nsamps is -1"),
    "no samples": ("in.npz", npz(nsamps=0), "nothing to render"),
    "one voice": ("in.npz", npz(score=GOOD.score[:, :1]), "shape (12, 1, 3), not (N, 4, 3)"),
    "one dimension": ("in.npz", npz(score=GOOD.score[:, 0, 0]), "shape (12,)"),
    "floats": ("in.npz", npz(score=GOOD.score.astype(float)), "float64, not a uint8"),
    "a high note": ("in.npz", npz(score=changed(3, 0, 0, 109)), "step 3, P1: no note 109"),
    "a wrapping note": ("in.npz", npz(score=changed(3, 1, 0, 32)), "step 3, P2: no note 32"),
    "a high velocity": ("in.npz", npz(score=changed(3, 3, 1, 16)), "step 3, NO: no velocity 16"),
    "a high timbre": ("in.npz", npz(score=changed(3, 3, 2, 2)), "step 3, NO: no timbre 2"),
    "a seprsco called exprsco": (
        "in.exprsco.pkl",
        dumps_seprsco(expressive_to_separated(GOOD)),
        "shape (12, 4), not (N, 4, 3)",
    ),
    "an exprsco called seprsco": (
        "in.seprsco.pkl",
        dumps_exprsco(GOOD),
        "shape (12, 4, 3), not (N, 4)",
    ),
    "a cut pickle": ("in.exprsco.pkl", dumps_exprsco(GOOD)[:-40], "pickle is damaged"),
    "a hostile pickle": ("in.exprsco.pkl", b"cos\nsystem\n(S'true'\ntR.", "refused"),
    "a foreign vgm": ("in.vgm", b"RIFF" + bytes(300), "not a VGM file"),
    "a cut vgm": ("in.vgm", score_to_vgm(GOOD)[:0xC1], "VGM is truncated"),
    "a vgm for another chip": (
        "in.vgm",
        vgm(b"\x50\x9f", header=0x40, version=0x150),
        "VGM has no NES APU: it is for SN76489",
    ),
    "a hostile blndsco": ("in.blndsco.pkl", b"cos\nsystem\n(S'true'\ntR.", "refused"),
    "an exprsco called blndsco": ("in.blndsco.pkl", dumps_exprsco(GOOD), "ndarray, not a list"),
    "a hostile nlm": ("in.nlm.pkl", b"cos\nsystem\n(S'true'\ntR.", "refused"),
    "no clock": ("in.nlm.pkl", pickle.dumps([("w", 3)]), "don't begin with a clock"),
    "an empty vgm": ("in.vgm", b"", "the file is empty"),
    "a foreign midi": ("in.mid", b"RIFF" + bytes(300), "not a MIDI file"),
    "no note": ("in.mid", b"MThd\0\0\0\6\0\1\0\0\1\xe0", "MIDI file has no notes"),
    "a foreign log": ("in.jsonl", b'{"kind":"turned"}\n', "not a jam log"),
    "an unknown kind": (
        "in.xm",
        b"",
        "must end in one of .exprsco.pkl, .seprsco.pkl, .blndsco.pkl, .nlm.pkl, .npz",
    ),
    "a pickle of no kind": ("in.pkl", b"", "must end in one of"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_rendered_is_refused_in_one_line(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, data, fault = BAD[case]
    (tmp_path / name).write_bytes(data)
    out = tmp_path / "out.wav"
    out.write_bytes(b"what was there")
    said = refusal(capsys, tmp_path / name, "-o", out)
    assert fault in said
    assert str(tmp_path / name) in said
    assert out.read_bytes() == b"what was there"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, "out.wav"])


def unwritable(kind: str, folder: Path) -> Path:
    if kind == "folder":
        (folder / "out.wav").mkdir()
    return {
        "nowhere": folder / "nowhere" / "out.wav",
        "folder": folder / "out.wav",
        "file": folder / "in.npz" / "out.wav",
    }[kind]


@pytest.mark.parametrize("kind", ["nowhere", "folder", "file"])
def test_an_output_that_cannot_be_written_is_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = save_npz(tmp_path / "in.npz", GOOD)
    out = unwritable(kind, tmp_path)
    said = refusal(capsys, source, "-o", out)
    assert f"{out}: cannot be written" in said
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_disk_that_fills_up_leaves_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = save_npz(tmp_path / "in.npz", GOOD), tmp_path / "out.wav"
    out.write_bytes(b"what was there")
    (tmp_path / ".out.wav.part").symlink_to("/dev/full")
    assert "No space left" in refusal(capsys, source, "-o", out)
    assert out.read_bytes() == b"what was there"
    assert not list(tmp_path.glob("*.part"))


def test_other_wrong_requests_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = save_npz(tmp_path / "in.npz", GOOD)
    path = tmp_path / "in.vgm"
    assert "must end in one of .wav, .vgm, .vgz, .mid, .nsf, .nes, .exprsco.pkl" in refusal(
        capsys, source, "-o", "out.mp3"
    )
    assert "cannot be read" in refusal(capsys, tmp_path / "none.npz", "-o", "out.wav")
    assert "are for a WAV" in refusal(capsys, source, "-o", path, "--stems")
    assert "--rate is for" in refusal(capsys, source, "-o", path, "--rate", "12")
    assert "--fps is for a VGM" in refusal(capsys, source, "-o", "out.wav", "--fps", "60")
    path.write_bytes(score_to_vgm(GOOD))
    assert "overwrite the input" in refusal(capsys, path, "-o", path)


@pytest.mark.parametrize(
    "entries",
    [
        (
            Sent(0.1, 0.2, NoteOn(Voice.P1, 60), 0),
            Sounded(10**12, 0),
            Closed(1.0, 2.0, "asked"),
        ),
        (Closed(1.0, 1e300, "asked"),),
        (Sent(1e300, 2.0, NoteOn(Voice.P1, 60)), Closed(1.0, 2.0, "asked")),
    ],
)
def test_a_jam_without_end_is_refused(entries: tuple[Entry, ...], tmp_path: Path) -> None:
    log = write_log(tmp_path / "in.jsonl", opened(), *entries)
    with pytest.raises(RenderError, match="hours"):
        render(RenderOptions(log, tmp_path / "out.wav"), pytest.fail)


def test_a_midi_file_without_end_is_refused(tmp_path: Path) -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=2**24 - 1)])
    track.append(mido.Message("note_on", note=60, velocity=9))
    track.append(mido.Message("note_off", note=60, time=2**24))
    mido.MidiFile(tracks=[track], ticks_per_beat=1).save(tmp_path / "in.mid")
    with pytest.raises(RenderError, match="78187 hours"):
        render(RenderOptions(tmp_path / "in.mid", tmp_path / "out.wav"), pytest.fail)


@pytest.mark.parametrize(
    "arguments",
    [[], ["in.npz"], ["in.npz", "-o", "out.wav", "--sample-rate", "7999"], ["-o", "out.wav"]],
)
def test_a_wrong_command_line_ends_with_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*arguments)
    assert ended.value.code == 2


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The program as a process of its own, its folder a test's."""

    def start(*arguments: object) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "nesvae_live", "render", *map(str, arguments)]
        return subprocess.run(
            line, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False
        )

    return start


@pytest.mark.slow
def test_the_program_renders_a_score_a_vgm_and_a_midi_file(
    command: Command, tmp_path: Path
) -> None:
    source = ORACLE / "random_expressive.npz"
    files = [tmp_path / f"out.{kind}" for kind in ("vgm", "mid", "wav")]
    for path, out in itertools.pairwise([source, *files]):
        more = {".wav": ["--dc"], ".mid": ["--dialect", "nesmdb"]}.get(out.suffix, [])
        done = command(path, "-o", out, *more)
        assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    with np.load(source) as golden:
        assert files[0].read_bytes() == golden["vgm"].tobytes()
        assert np.array_equal(read_wav(files[2])[1], golden["samples"])


def test_the_program_says_what_is_wrong_in_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "in.vgm").write_bytes(score_to_vgm(GOOD)[:120])
    done = command(tmp_path / "in.vgm", "-o", tmp_path / "out.wav")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"nesvae-live: {tmp_path / 'in.vgm'}: VGM is truncated")
    assert done.stderr.count("\n") == 1


def test_an_npz_is_an_exprsco_or_a_seprsco_by_its_shape() -> None:
    separated = expressive_to_separated(GOOD)
    assert isinstance(loads_npz(npz()), ExprScore)
    read = loads_npz(npz(score=separated.score, nsamps=22_050.0, rate=24))
    assert isinstance(read, SeprScore)
    assert score_to_timeline(read).nsamps == 22_050


def test_a_vgm_has_the_tags_the_loop_and_the_frames_that_are_asked_for(
    sources: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out.vgz"
    given = ("--title", "Étude", "--artist", "N. N.", "--loop", "on", "--fps", "60")
    assert run(sources["npz"], "-o", out, *given) == 0
    log = vgm_to_writes(out.read_bytes())
    assert (log.tags.title, log.tags.author, log.loop) == ("Étude", "N. N.", 0)
    assert not np.any(log.writes[:, 0] % 735)
    again, cut = tmp_path / "again.vgm", tmp_path / "cut.vgm"
    assert run(out, "-o", again, "--title", "Another") == 0
    log = vgm_to_writes(again.read_bytes())
    assert (log.tags.title, log.tags.author, log.loop) == ("Another", "N. N.", 0)
    assert run(again, "-o", cut, "--loop", "off") == 0
    assert vgm_to_writes(cut.read_bytes()).loop is None
    assert run(again, "-o", tmp_path / "out.nsf") == 0
    assert (tmp_path / "out.nsf").read_bytes()[0x0E:0x16] == b"Another\0"


def test_a_game_s_samples_have_a_stem_of_their_own(tmp_path: Path) -> None:
    memory = block(0xC2, b"\0\xc0" + bytes((255, 0)) * 100)
    play = b"".join(write(*pair) for pair in ((0x10, 9), (0x12, 0), (0x13, 9), (0x15, 0x1F)))
    (tmp_path / "in.vgm").write_bytes(vgm(tune(before=memory, within=play)))
    assert run(tmp_path / "in.vgm", "-o", tmp_path / "out.wav", "--dc", "--stems") == 0
    names = [*(voice.name for voice in Voice), "DM"]
    stems = [read_wav(tmp_path / f"out.{name}.wav")[1] for name in names]
    assert np.abs(read_wav(tmp_path / "out.wav")[1] - np.sum(stems, axis=0)).max() <= 4
    assert np.ptp(stems[-1]) > 500


def test_scores_of_nesmdb_s_other_formats_are_rendered(tmp_path: Path) -> None:
    with np.load(GOLDEN / "games" / "counters.npz") as file:
        (tmp_path / "in.nlm.pkl").write_bytes(file["nlm"].tobytes())
        (tmp_path / "in.blndsco.pkl").write_bytes(file["blndsco"].tobytes())
        (tmp_path / "in.vgm").write_bytes(file["vgm"].tobytes())
    sounds = {}
    for kind in ("nlm.pkl", "blndsco.pkl", "vgm"):
        assert run(tmp_path / f"in.{kind}", "-o", tmp_path / "out.wav", "--dc") == 0
        sounds[kind] = read_wav(tmp_path / "out.wav")[1].astype(float)
    assert np.corrcoef(sounds["nlm.pkl"], sounds["vgm"])[0, 1] > 0.99
    assert np.ptp(sounds["blndsco.pkl"]) > 5000
