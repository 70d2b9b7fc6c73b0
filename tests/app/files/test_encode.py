"""Encode and interpolate: files in, places in z out, and one line for what can't be had."""

from __future__ import annotations

import gzip
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
from PIL import Image

from nesvae_live.app.files.encode import (
    EncodeError,
    encode_file,
    encode_to_bank,
    encode_tuples,
    open_snapshots,
    read_line,
    read_places,
    read_tuples,
)
from nesvae_live.app.files.interpolate import walk_way
from nesvae_live.app.files.piece import Piece, piece_to_figure, write_piece_midi
from nesvae_live.chip.convert import to_midi
from nesvae_live.chip.corpus import read_files
from nesvae_live.chip.nesmdb import (
    ExprScore,
    SeprScore,
    dumps_exprsco,
    dumps_seprsco,
    loads_exprsco,
)
from nesvae_live.chip.tickcorpus import songs_to_corpus
from nesvae_live.cli.main import main, parser
from nesvae_live.evaluation.contexts import encode
from nesvae_live.evaluation.song.songevaluate import load_song_model
from nesvae_live.latent.space import assemble
from nesvae_live.model.song.songcheckpoint import (
    SongCheckpoint,
    load_song_checkpoint,
    save_song_checkpoint,
)
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.metre.ticks import score_to_ticks
from nesvae_live.music.phrase import Ints, steps_to_tuples, tuples_to_phrases, tuples_to_steps
from nesvae_live.music.voices import Voice
from nesvae_live.presets.preset import load_preset
from nesvae_live.presets.snapshotbank import read_bank
from tests.support.metresongs import steady
from tests.support.places import GOLDEN
from tests.support.tinysong import tiny_song_checkpoint
from tests.support.vgmfiles import tune, vgm, write


def make_notes(seed: int = 0, n: int = 500) -> Ints:
    rng = np.random.default_rng(seed)
    holds = rng.integers(1, 9, n)
    notes = np.column_stack([rng.choice([0, lo, lo + 4, lo + 7], n) for lo in (60, 52, 36)])
    return np.repeat(notes, holds, 0)[:n]


def sepr(notes: Ints, rate: float = 24.0) -> SeprScore:
    score = np.zeros((len(notes), 4), np.uint8)
    score[:, :3] = notes
    return SeprScore(rate, round(len(notes) * 44_100 / rate), score)


@pytest.fixture
def checkpoint(tmp_path: Path) -> SongCheckpoint:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, tiny_song_checkpoint(scale=0.3))
    return load_song_checkpoint(path)


def silent(text: str) -> None:
    pytest.fail(f"nothing is to be said, but: {text}")


def write_midi(path: Path, tracks: dict[str, list[tuple[int, float, float]]], bpm: float) -> Path:
    """Tracks of (note, first beat, last beat); the tempo doubles at beat 8."""
    file = mido.MidiFile(ticks_per_beat=96)
    head = [mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))]
    head.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(2 * bpm), time=8 * 96))
    file.tracks.append(mido.MidiTrack(head))
    for channel, (name, notes) in enumerate(tracks.items()):
        timed = [(round(on * 96), "note_on", note) for note, on, _ in notes]
        timed += [(round(off * 96), "note_off", note) for note, _, off in notes]
        track, now = mido.MidiTrack([mido.MetaMessage("track_name", name=name)]), 0
        for tick, kind, note in sorted(timed):
            track.append(mido.Message(kind, note=note, channel=channel + 4, time=tick - now))
            now = tick
        file.tracks.append(track)
    file.save(path)
    return path


@pytest.mark.parametrize("bpm", [47.0, 90.0, 123.4, 240.0])
def test_a_midi_file_of_any_tempo_is_read_by_its_beats(tmp_path: Path, bpm: float) -> None:
    tracks = {
        "Melody": [(72, 0.0, 4.0), (74, 4.0, 8.0), (76, 8.0, 16.0)],
        "Bass": [(40, 0.0, 16.0)],
    }
    tuples = read_tuples(write_midi(tmp_path / "tune.mid", tracks, bpm), silent)
    found = tuples_to_steps(tuples)
    for note, beats in ((72, 4), (74, 4), (76, 8)):
        assert (found[:, 0] == note).sum() == 12 * beats
    assert (found[:, 2] == 40).all()
    assert (found[:, 1] == 0).all()


def test_chords_are_reduced_and_it_says_how(tmp_path: Path) -> None:
    said: list[str] = []
    piano = [(n, 0.0, 4.0) for n in (48, 60, 64, 67, 72)]
    tuples = read_tuples(write_midi(tmp_path / "p.mid", {"Piano": piano}, 120), said.append)
    assert tuples[0, :3].tolist() == [72, 67, 48]
    (text,) = said
    assert "up to 5 notes at once" in text
    assert "2 of 5 notes are left out" in text


def test_our_own_midi_files_come_back_to_the_tick(tmp_path: Path) -> None:
    notes = make_notes()
    notes[0] = notes[-1] = 60, 52, 36
    tuples = steps_to_tuples(notes)
    write_piece_midi(Piece(tuples[None]), tmp_path / "ours.mid")
    assert np.array_equal(read_tuples(tmp_path / "ours.mid", silent), tuples)
    (tmp_path / "nesmdb.mid").write_bytes(to_midi(sepr(notes)))
    assert np.array_equal(read_tuples(tmp_path / "nesmdb.mid", silent), tuples)


def test_scores_without_a_metre_are_the_same_music_at_any_rate(tmp_path: Path) -> None:
    notes = make_notes()
    score = np.zeros((len(notes), 4, 3), np.uint8)
    score[:, :3, 0] = notes
    score[:, :2, 1] = 15
    files = {
        "a.exprsco.pkl": dumps_exprsco(ExprScore(24.0, len(notes) * 1837, score)),
        "b.seprsco.pkl": dumps_seprsco(sepr(notes)),
        "c.seprsco.pkl": dumps_seprsco(sepr(np.repeat(notes, 5, 0), 120.0)),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        assert np.array_equal(read_tuples(tmp_path / name, silent), steps_to_tuples(notes))


def test_a_score_with_a_metre_is_read_in_ticks(tmp_path: Path) -> None:
    score = steady(np.random.default_rng(0)).score
    written = score_to_ticks(score)
    assert (written.places != FREE).any()
    files = {
        "a.exprsco.pkl": dumps_exprsco(ExprScore(24.0, len(score) * 1837, score)),
        "b.seprsco.pkl": dumps_seprsco(SeprScore(24.0, len(score) * 1837, score[:, :, 0].copy())),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert np.array_equal(read_tuples(tmp_path / "a.exprsco.pkl", silent), written.tuples)
    ticks = int(read_tuples(tmp_path / "b.seprsco.pkl", silent)[:, 3].sum())
    assert abs(ticks - int(written.tuples[:, 3].sum())) <= 12  # said without loudness, by a beat


@pytest.mark.slow
@pytest.mark.corpus
def test_real_songs_get_the_places_that_training_gives_them(
    corpus_archive: Path, checkpoint: SongCheckpoint
) -> None:
    (name, one), (other, two) = read_files(corpus_archive, "valid")[0][:2]
    songs = [score_to_ticks(loads_exprsco(data).score) for data in (one, two)]
    part = songs_to_corpus([name, other], songs, np.ones(2), "")
    rng = np.random.default_rng(0)
    reference = encode(load_song_model(checkpoint), checkpoint.quantiles, part, rng)
    places = [e.place for song in part.songs for e in encode_tuples(song, checkpoint, "x")]
    assert len(places) == len(reference)
    assert np.allclose([p.a for p in places], reference.a, atol=1e-6)
    us = [p.u for p in places if p.u is not None]
    assert np.allclose(us, reference.mu, atol=1e-4)


@pytest.mark.slow
def test_the_command_writes_a_bank_that_is_read_back(
    tmp_path: Path, checkpoint: SongCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "song.seprsco.pkl", tmp_path / "mine.snapshots.json"
    source.write_bytes(dumps_seprsco(sepr(make_notes())))
    arguments = ["encode", str(source), "--checkpoint", str(checkpoint.path)]
    assert main([*arguments, "-o", str(out)]) == 0
    printed, preset = capsys.readouterr(), tmp_path / "mine.toml"
    assert printed.out.split() == [str(out), str(preset)]
    n = len(encode_file(source, checkpoint, silent))
    assert f"{n} phrases: play --preset ./mine.toml recalls them" in printed.err
    made = load_preset(str(preset))
    assert (made.name, made.bank_path) == ("mine", out)
    preset.write_text(preset.read_text() + "# mine\n")
    assert main([*arguments, "-o", str(out)]) == 0
    assert capsys.readouterr().out.split() == [str(out)]
    assert preset.read_text().endswith("# mine\n")
    assert main(arguments) == 0
    assert capsys.readouterr().out == out.read_text()
    tuples = read_tuples(source, silent)
    wanted = [e.place for e in encode_file(source, checkpoint, silent)]
    found = read_places(out, checkpoint, silent)
    assert len(found) == len(wanted) == len(tuples_to_phrases(tuples)[0])
    for one, other in zip(found, wanted, strict=True):
        assert np.allclose(one.a, other.a, atol=1e-4)
        assert one.u is not None
        assert other.u is not None
        assert np.allclose(one.u, other.u, atol=1e-5)


def test_a_piece_s_phrases_are_snapshots_at_once(
    tmp_path: Path, checkpoint: SongCheckpoint
) -> None:
    source, said = tmp_path / "song.seprsco.pkl", list[str]()
    source.write_bytes(dumps_seprsco(sepr(make_notes())))
    n = len(encode_file(source, checkpoint, silent))
    file = open_snapshots(source, checkpoint, said.append)
    assert list(file.found) == list(range(1, n + 1))
    assert said == [f"{source}: snapshots 1 to {n} are the first of {n} phrases"]
    assert not file.path.exists()
    file.keep({**file.found, 60: file.found[1]})
    assert file.path == tmp_path / "song.snapshots.json"
    for again in (source, file.path):
        assert list(open_snapshots(again, checkpoint, said.append).found) == [*file.found, 60]
    assert said[1:] == [
        f"{source}: its snapshots are read from song.snapshots.json, where they were changed"
    ]
    with pytest.raises(EncodeError, match="no such file"):
        open_snapshots(tmp_path / "none.mid", checkpoint, silent)


def test_what_the_instrument_is_given_is_what_was_encoded(
    tmp_path: Path, checkpoint: SongCheckpoint
) -> None:
    source, out = tmp_path / "song.seprsco.pkl", tmp_path / "mine.snapshots.json"
    source.write_bytes(dumps_seprsco(sepr(make_notes())))
    encoded = encode_file(source, checkpoint, silent)
    encode_to_bank(encoded, checkpoint, 0.8, out)
    settings, dropped = read_bank(out, checkpoint.sha256, 5)
    assert not dropped
    assert list(settings) == list(range(1, len(encoded) + 1))
    assert settings[2].temperature == 0.8
    assert settings[2].style is not None
    z, mask = assemble(settings[2].knobs, settings[2].style, checkpoint.quantiles.reach())
    assert mask.all()
    assert np.allclose(z[:8], encoded[1].place.a, atol=1e-4)
    u = encoded[1].place.u
    assert u is not None
    assert np.allclose(z[8:], u, atol=1e-5)


@pytest.mark.slow
def test_of_a_long_piece_64_phrases_are_taken_from_where_one_says(
    tmp_path: Path, checkpoint: SongCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "long.seprsco.pkl", tmp_path / "x.json"
    source.write_bytes(dumps_seprsco(sepr(make_notes(n=5000))))
    arguments = ["encode", str(source), "--checkpoint", str(checkpoint.path), "-o", str(out)]
    encoded = encode_file(source, checkpoint, silent)
    assert main([*arguments, "--first", "3"]) == 0
    assert f"phrases 3 to 66 of {len(encoded)}" in capsys.readouterr().err
    found = read_places(out, checkpoint, silent)
    assert len(found) == 64
    assert np.allclose(found[0].a, encoded[2].place.a, atol=1e-4)
    assert main([*arguments, "--first", "9999"]) == 1
    assert "there is no phrase 9999" in capsys.readouterr().err


def test_under_another_checkpoint_the_style_is_dropped_and_it_says_so(
    tmp_path: Path, checkpoint: SongCheckpoint
) -> None:
    encoded = encode_tuples(steps_to_tuples(make_notes(n=60)), checkpoint, "x")
    encode_to_bank(encoded, checkpoint, 0.9, tmp_path / "x.json")
    said: list[str] = []
    other = replace(checkpoint, sha256="another")
    first, *_ = read_places(tmp_path / "x.json", other, said.append)
    assert first.u is None
    assert first.mask.all()
    (text,) = said
    assert text.endswith("attributes stay, style is dropped")


@pytest.mark.parametrize("text", ["", "[]", '{"format": "x"}', "\x00"])
def test_a_file_of_snapshots_that_is_none_is_one_line(
    text: str, tmp_path: Path, checkpoint: SongCheckpoint
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(EncodeError, match=r"x\.json") as caught:
        read_places(path, checkpoint, silent)
    assert "\n" not in str(caught.value)


def nothing(path: Path) -> None:
    mido.MidiFile(ticks_per_beat=96, tracks=[mido.MidiTrack()]).save(path)


def drums(path: Path) -> None:
    hits = [mido.Message(k, note=38, channel=9, time=50) for k in ("note_on", "note_off")]
    mido.MidiFile(ticks_per_beat=96, tracks=[mido.MidiTrack(hits)]).save(path)


def endless(path: Path) -> None:
    notes = [mido.Message("note_on", note=60), mido.Message("note_off", note=60, time=2**27)]
    mido.MidiFile(ticks_per_beat=96, tracks=[mido.MidiTrack(notes)]).save(path)


BAD: list[tuple[str, Callable[[Path], object], str]] = [
    ("gone.mid", lambda _: None, "cannot be read: No such file"),
    ("folder.mid", lambda p: p.mkdir(), "cannot be read"),
    ("song.ogg", lambda p: p.write_bytes(b"x"), "its name must end in one of .mid"),
    ("foreign.mid", lambda p: p.write_bytes(b"RIFFxxxx"), "not a MIDI file"),
    ("cut.mid", lambda p: p.write_bytes(b"MThd\0\0"), "MIDI file is damaged"),
    ("empty.mid", nothing, "MIDI file has no notes"),
    ("drums.mid", drums, "MIDI file has only drums"),
    ("endless.mid", endless, "it lasts 194 hours"),
    ("corrupt.exprsco.pkl", lambda p: p.write_bytes(b"\x80\x02garbage"), "corrupt.exprsco.pkl: "),
    ("hostile.seprsco.pkl", lambda p: p.write_bytes(b"cos\nsystem\n(S'x'\ntR."), ": "),
    (
        "silent.seprsco.pkl",
        lambda p: p.write_bytes(dumps_seprsco(sepr(np.zeros((50, 3), np.int64)))),
        "it has no notes for P1, P2 or TR",
    ),
    (
        "none.seprsco.pkl",
        lambda p: p.write_bytes(dumps_seprsco(sepr(np.zeros((0, 3), np.int64)))),
        "none.seprsco.pkl: ",
    ),
]


@pytest.mark.parametrize(("name", "make", "says"), BAD, ids=[name for name, *_ in BAD])
def test_a_bad_file_is_one_line_and_exit_1(
    name: str,
    make: Callable[[Path], object],
    says: str,
    tmp_path: Path,
    checkpoint: SongCheckpoint,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / name
    make(path)
    for command in (["encode", str(path)], ["interpolate", str(path), str(path), "-o", "x"]):
        assert main([*command, "--checkpoint", str(checkpoint.path)]) == 1
        shown = capsys.readouterr()
        assert not shown.out
        (line,) = shown.err.splitlines()
        assert says in line
        assert str(path) in line


def test_a_note_out_of_range_in_a_score_is_refused_with_its_place(tmp_path: Path) -> None:
    notes = make_notes()
    good = dumps_seprsco(sepr(notes))
    notes[7, 0] = 60
    score = sepr(notes).score
    score[7, 0] = 20
    bad = good.replace(sepr(make_notes()).score.tobytes(), score.tobytes())
    path = tmp_path / "bad.seprsco.pkl"
    path.write_bytes(bad)
    with pytest.raises(EncodeError, match=r"bad\.seprsco\.pkl: .*20"):
        read_tuples(path, silent)


@pytest.mark.slow
def test_interpolate_writes_midi_sound_and_picture(
    tmp_path: Path, checkpoint: SongCheckpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / name for name in ("a.seprsco.pkl", "b.mid")]
    files[0].write_bytes(dumps_seprsco(sepr(make_notes(1))))
    files[1].write_bytes(to_midi(sepr(make_notes(2))))
    folder = tmp_path / "way"
    arguments = ["interpolate", *map(str, files), "--steps", "7", "-o", str(folder)]
    arguments += ["--phrase-b", "3", "--checkpoint", str(checkpoint.path)]
    assert main(arguments) == 0
    paths = [folder / f"interpolation{suffix}" for suffix in (".mid", ".wav", ".png")]
    assert capsys.readouterr().out.splitlines() == list(map(str, paths))
    file = mido.MidiFile(paths[0])
    assert [track.name for track in file.tracks[1:]] == ["P1", "P2", "TR"]
    markers = [m.text for m in file.tracks[0] if m.type == "marker"]
    assert markers == ["0.00", "0.17", "0.33", "0.50", "0.67", "0.83", "1.00"]
    start, end = (
        encode_file(f, checkpoint, silent)[i].place for f, i in zip(files, (0, 2), strict=True)
    )
    phrases = walk_way(checkpoint, start, end, 7)
    seconds = phrases[:, :, 3].sum() / 24
    assert file.length == pytest.approx(seconds, abs=0.01)
    with wave.open(str(paths[1])) as sound:
        assert sound.getnframes() / sound.getframerate() == pytest.approx(seconds, abs=0.05)
    with Image.open(paths[2]) as picture:
        assert picture.width > 1000
    assert main([*arguments, "--phrase-a", "999"]) == 1
    assert "there is no phrase 999, only" in capsys.readouterr().err


@pytest.mark.slow
def test_the_ends_of_the_way_are_the_places_own_phrases(checkpoint: SongCheckpoint) -> None:
    tuples = steps_to_tuples(make_notes())
    a, b = (e.place for e in encode_tuples(tuples, checkpoint, "x")[:2])
    there = walk_way(checkpoint, a, b, 5)
    back = walk_way(checkpoint, b, a, 5)
    assert np.array_equal(there[0], back[-1])
    assert np.array_equal(there[-1], back[0])
    assert (walk_way(checkpoint, a, a, 3) == there[0]).all()


def test_a_long_piece_is_drawn_in_lines() -> None:
    phrases = np.tile([60, 52, 40, 32], (40, 13, 1))  # 693 seconds
    figure = piece_to_figure(Piece(phrases, [str(i) for i in range(40)], "long"))
    assert len(figure.axes) == 35


def test_encoding_needs_no_torch(tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(to_midi(sepr(make_notes())))
    code = (
        "import sys, nesvae_live.cli.main as c;"
        f"r = c.main(['encode', {str(tmp_path / 'a.mid')!r}, '-o', {str(tmp_path / 'o.json')!r}]);"
        "print(r, 'torch' in sys.modules, 'sklearn' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100
    )
    assert done.stdout.splitlines()[-1] == "0 False False"


def test_every_kind_of_score_and_a_vgm_are_read_alike(tmp_path: Path) -> None:
    with np.load(GOLDEN / "games" / "counters.npz") as file:
        score = ExprScore(24.0, 94_080, file["score"])
        np.savez(tmp_path / "a.npz", rate=24.0, nsamps=94_080, score=file["score"])
        (tmp_path / "a.vgm").write_bytes(file["vgm"].tobytes())
        (tmp_path / "a.vgz").write_bytes(gzip.compress(file["vgm"].tobytes()))
        (tmp_path / "a.nlm.pkl").write_bytes(file["nlm"].tobytes())
        (tmp_path / "a.blndsco.pkl").write_bytes(file["blndsco"].tobytes())
    (tmp_path / "a.exprsco.pkl").write_bytes(dumps_exprsco(score))
    wanted = read_tuples(tmp_path / "a.exprsco.pkl", pytest.fail)
    for kind in ("npz", "vgm", "vgz", "nlm.pkl"):
        assert np.array_equal(read_tuples(tmp_path / f"a.{kind}", pytest.fail), wanted), kind
    blended = read_tuples(tmp_path / "a.blndsco.pkl", pytest.fail)
    assert {n for n in blended[:, :3].ravel().tolist() if n} == {
        n for n in wanted[:, :3].ravel().tolist() if n
    }


def test_what_of_a_vgm_is_left_out_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.vgm").write_bytes(vgm(tune(within=write(0x80, 0xB8))))
    said: list[str] = []
    assert read_tuples(tmp_path / "a.vgm", said.append).any()
    assert said == [f"{tmp_path / 'a.vgm'}: played without second NES APU, which it uses"]


def test_a_files_line_keeps_its_place_in_the_bar(tmp_path: Path) -> None:
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    song.tracks.append(track)
    for note, wait, lasts in ((60, 480, 480), (62, 0, 240), (67, 240, 960)):
        track.append(mido.Message("note_on", note=note, time=wait))
        track.append(mido.Message("note_off", note=note, time=lasts))
    path = tmp_path / "tune.mid"
    song.save(path)
    line = [(0, 12), (60, 12), (62, 6), (0, 6), (67, 24)]
    assert read_line(path, Voice.P1, silent) == line
    assert read_line(path, Voice.TR, silent) == line, "the file has nothing else"
    given = parser().parse_args(["ctl", "voice", "tr", "file", str(path)])
    assert given.command_of(given) == {"do": "line", "voice": "TR", "line": line}
    with pytest.raises(EncodeError, match="cannot be read"):
        read_line(tmp_path / "none.mid", Voice.P1, silent)


def test_a_scores_line_is_laid_on_the_bars_that_are_found_in_it(tmp_path: Path) -> None:
    path = tmp_path / "score.seprsco.pkl"
    notes = make_notes(n=300)
    notes[:, 1] = 0
    path.write_bytes(dumps_seprsco(sepr(notes)))
    line = read_line(path, Voice.TR, lambda _: None)
    assert {note for note, _ in line} - {0} == set(notes[:, 2]) - {0}
    busiest = read_line(path, Voice.P2, lambda _: None)
    assert {note for note, _ in busiest} in (
        {n for n, _ in line},
        {n for n, _ in read_line(path, Voice.P1, lambda _: None)},
    )
