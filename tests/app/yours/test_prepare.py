"""Prepare: folders of files become an archive that training reads; what is left out is told."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.app.files.encode import read_tuples
from nesvae_live.app.yours.pieces import FOUND, LONGEST_MINUTES, STATED, read_piece, read_pieces
from nesvae_live.app.yours.prepare import Prepared, split
from nesvae_live.chip.corpus import read_split
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.chip.tickcorpus import read_ticks, score_to_song
from nesvae_live.chip.tickfile import dumps_ticks, loads_ticks
from nesvae_live.cli.main import main
from nesvae_live.music.metre.place import FREE
from nesvae_live.music.phrase import Ints
from tests.support.smf import head, message, meta, scale, track
from tests.support.songs import make_score

FOUR = meta(0x58, bytes((4, 2, 24, 8)))


def midi(first: int, times: int = 4) -> bytes:
    """A tune in 4/4 from a note on."""
    notes = tuple(first + step for step in (0, 4, 7, 12, 7, 4, 2, 5))
    return head() + track(FOUR + scale(notes=notes) * times)


def score(seed: int, steps: int = 300) -> bytes:
    made = make_score(np.random.default_rng(seed), steps)
    return dumps_exprsco(ExprScore(24.0, len(made) * 1837, made))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four tunes of MIDI, one of them twice, two scores, and what is no music."""
    root = tmp_path / "mine"
    (root / "more").mkdir(parents=True)
    for i in range(4):
        (root / f"tune{i}.mid").write_bytes(midi(48 + i))
    (root / "more" / "again.mid").write_bytes(midi(48))
    for i in range(2):
        (root / "more" / f"song {i}.exprsco.pkl").write_bytes(score(i))
    (root / "notes.txt").write_text("x")
    (root / "one.mid").write_bytes(head() + track(scale(notes=(60,))))
    (root / "drums.mid").write_bytes(head() + track(scale(channel=9)))
    (root / "broken.mid").write_bytes(b"no midi at all")
    return root


def test_an_archive_holds_each_piece_once_and_training_reads_it(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.tar"
    assert main(["prepare", str(folder), "-o", str(out)]) == 0
    said = capsys.readouterr().err
    assert "6 pieces" in said
    assert "metre as the file says in 4" in said
    train, valid = read_ticks(out, "train"), read_ticks(out, "valid")
    assert len(train.names) + len(valid.names) == 6
    assert not set(train.names) & set(valid.names)
    sung = [song.tobytes() for corpus in (train, valid) for song in corpus.songs]
    for path in (folder / "tune2.mid", folder / "more" / "song 1.exprsco.pkl"):
        assert read_tuples(path, lambda _: None).tobytes() in sung
    tune = next(i for i, name in enumerate((*train.names, *valid.names)) if "tune" in name)
    corpus, i = (train, tune) if tune < len(train.names) else (valid, tune - len(train.names))
    assert corpus.sure[i] == 1.0
    assert (corpus.song(i)[1] != FREE).all()
    assert corpus.seconds[i] == 8.0


def test_what_is_left_out_is_told_in_a_line_each(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", str(folder), "-o", str(tmp_path / "x.tar.gz")]) == 0
    lines = capsys.readouterr().err.splitlines()
    for name, why in (
        ("one.mid", "1 note or chord in it, and a phrase takes 13; left out"),
        ("drums.mid", "only drums"),
        ("broken.mid", "not a MIDI file"),
        ("tune0.mid", "the same piece as"),
        ("tune1.mid", None),
    ):
        told = [line for line in lines if f"{name}: " in line]
        assert len(told) == (why is not None)
        assert why is None or why in told[0]
    assert any("no music by their names: 1 (1 .txt)" in line for line in lines)


def test_the_same_files_make_the_same_archive_to_the_byte(folder: Path, tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "mine.tar"
        assert main(["prepare", str(folder), "-o", str(out)]) == 0
        made.append(out.read_bytes())
    assert made[0] == made[1]
    with tarfile.open(tmp_path / "a" / "mine.tar") as archive:
        assert all(name.startswith("mine/") for name in archive.getnames())


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no music in it"),
        ({"a.txt": b"x"}, "no music in it"),
        ({"a.mid": b"x"}, "the only file of music can't be used"),
        ({"a.mid": midi(50)}, "one piece alone"),
        ({"one.mid": head() + track(scale(notes=(60,)))}, "the only file of music"),
    ],
)
def test_a_folder_that_nothing_can_be_made_of_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, bytes], says: str
) -> None:
    (tmp_path / "mine").mkdir()
    for name, data in files.items():
        (tmp_path / "mine" / name).write_bytes(data)
    out = tmp_path / "mine.tar"
    assert main(["prepare", str(tmp_path / "mine"), "-o", str(out)]) == 1
    assert says in capsys.readouterr().err.splitlines()[-1]
    assert not out.exists()


def test_no_folder_and_a_wrong_name_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prepare", str(tmp_path / "gone"), "-o", str(tmp_path / "x.tar")]) == 1
    assert "gone: no such file or folder" in capsys.readouterr().err
    assert main(["prepare", str(tmp_path), "-o", str(tmp_path / "x.zip")]) == 1
    assert "an archive's name ends in one of .tar" in capsys.readouterr().err


def test_a_piece_stays_in_its_split_when_others_are_added(folder: Path) -> None:
    pieces = read_pieces([folder], lambda _: None)
    low = min(pieces, key=lambda piece: piece.sha256)
    everything = split(pieces, 0.5)
    assert low in everything.valid
    assert {*map(id, everything.train), *map(id, everything.valid)} == set(map(id, pieces))
    held = {p.sha256 for p in everything.valid}
    some = split(pieces[1:], 0.5)
    assert {p.sha256 for p in some.valid} <= held
    assert isinstance(some, Prepared)


def test_of_a_piece_of_hours_the_first_half_hour_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "long.mid"
    minutes = track(
        FOUR + (scale() + message(3 * 96, 0x90, 50, 1) + message(96, 0x80, 50, 0)) * 500
    )
    path.write_bytes(head() + minutes)
    said: list[str] = []
    piece = read_piece(path, said.append)
    assert said == [f"{path}: it lasts 33 minutes: the first {LONGEST_MINUTES} are taken"]
    assert piece.song.steps == 24 * 60 * LONGEST_MINUTES
    assert piece.song.tuples[:, 3].sum() == pytest.approx(piece.song.steps, abs=100)


def test_what_was_played_freely_has_a_metre_that_is_found(tmp_path: Path) -> None:
    """A tune in sixteenths of 7 frames of the machine, which are nothing in the file's own beats."""
    ticks_per_second, row = 192, 7 / 60.0988
    rng = np.random.default_rng(3)
    notes = [*rng.choice((60, 62, 64, 67, 69), 16).tolist()] * 8
    body, at = b"", 0
    for i, note in enumerate(notes):
        on, off = (round((i + part) * row * ticks_per_second) for part in (0, 0.8))
        body += message(on - at, 0x90, note, 90) + message(off - on, 0x80, note, 0)
        at = off
    path = tmp_path / "free.mid"
    path.write_bytes(head() + track(body))
    piece = read_piece(path, lambda _: None)
    assert piece.metre == FOUND
    assert piece.sure > 0.9
    (tmp_path / "by_beats.mid").write_bytes(midi(60))
    assert read_piece(tmp_path / "by_beats.mid", lambda _: None).metre == STATED


def test_a_song_in_ticks_comes_back_from_its_file_and_damage_is_one_line() -> None:
    song, sure = score_to_song(make_score(np.random.default_rng(0)))
    data = dumps_ticks(song, sure)
    again, same = loads_ticks(data)
    assert same == sure
    assert np.array_equal(again.tuples, song.tuples)
    assert np.array_equal(again.places, song.places)
    assert np.array_equal(again.frames, song.frames)
    early = song.frames.copy()
    early[2] = early[1] - 0.05  # as 5 of the 4,502 train songs have it
    again, _ = loads_ticks(dumps_ticks(replace(song, frames=early), sure))
    assert np.array_equal(again.frames[:3], [*song.frames[:2], song.frames[1]])
    rng = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(data)
        broken[int(rng.integers(len(broken)))] ^= 255
        with pytest.raises(ValueError, match=r"^.+$") as caught:
            loads_ticks(bytes(broken[: rng.integers(1, len(broken))]))
        assert "\n" not in str(caught.value)


def test_a_prepared_song_is_read_in_steps_as_it_was_in_steps(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.tar"
    assert main(["prepare", str(folder), "-o", str(out), "--valid", "0.4"]) == 0
    steps = {
        name: song for s in ("train", "valid") for name, song in zip(*_named(out, s), strict=True)
    }
    name = next(name for name in steps if "tune1" in name)
    assert np.array_equal(steps[name], read_tuples(folder / "tune1.mid", lambda _: None))


def _named(out: Path, name: str) -> tuple[tuple[str, ...], tuple[Ints, ...]]:
    corpus = read_split(out, name)
    return corpus.names, corpus.songs
