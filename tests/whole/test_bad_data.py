"""Bad data at the command line: one line that says what and where, exit 1, and never a traceback."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.model.song.songcheckpoint import save_song_checkpoint
from tests.support.songs import make_score
from tests.support.tiny import rewrite, tiny_checkpoint

Files = dict[str, bytes]


def song(seed: int = 0, steps: int = 300) -> bytes:
    score = make_score(np.random.default_rng(seed), steps)
    return dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))


def out_of_range() -> bytes:
    """A song whose pulse has a note that the voice doesn't."""
    score = make_score(np.random.default_rng(0), 50)
    good = dumps_exprsco(ExprScore(24.0, len(score) * 1837, score))
    bad = score.copy()
    bad[7, 0, 0] = 20
    assert score.tobytes() in good
    return good.replace(score.tobytes(), bad.tobytes())


def archive(path: Path, files: Files, mode: str) -> Path:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=f"w:{mode}") as tar:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(f"nesmdb24_exprsco/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    path.write_bytes(written.getvalue())
    return path


def splits(bad: bytes) -> Files:
    names = [f"{split}/00{i}_x.exprsco.pkl" for split in ("train", "valid") for i in range(2)]
    return {name: song(i) for i, name in enumerate(names)} | {"train/bad.exprsco.pkl": bad}


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: -len(path.read_bytes()) // 3])


def garble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))


SONGS: dict[str, tuple[bytes, str]] = {
    "a corrupt pickle": (b"\x80\x02]q\x00garbage", "train/bad.exprsco.pkl: "),
    "a hostile pickle": (b"cos\nsystem\n(S'x'\ntR.", "train/bad.exprsco.pkl: "),
    "an empty file": (b"", "train/bad.exprsco.pkl: "),
    "a note out of range": (out_of_range(), "train/bad.exprsco.pkl: "),
}


def commands(data: Path, folder: Path) -> list[list[str]]:
    checkpoint = folder / "tiny.safetensors"
    save_song_checkpoint(checkpoint, tiny_checkpoint())
    out = str(folder / "out.safetensors")
    return [
        ["train", "--data", str(data), "--out", str(folder / "run"), "--quiet"],
        ["finish", str(checkpoint), "--data", str(data), "-o", out],
        [
            *("evaluate", "--data", str(data), "--split", "train"),
            *("--checkpoint", str(checkpoint), "--json", str(folder / "x.json")),
        ],
    ]


def fails(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert not shown.out
    (line,) = shown.err.splitlines()
    assert line.startswith("nesvae-live: ")
    return line


@pytest.mark.parametrize("what", SONGS)
def test_a_bad_song_is_named_by_every_command(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad, says = SONGS[what]
    path = archive(tmp_path / "data.tar.gz", splits(bad), "gz")
    for arguments in commands(path, tmp_path):
        line = fails(arguments, capsys)
        assert says in line
        assert str(path) in line


@pytest.mark.parametrize("break_it", [cut, garble])
@pytest.mark.parametrize("mode", ["gz", "xz", "bz2"])
def test_a_damaged_archive_is_named_by_every_command(
    mode: str,
    break_it: Callable[[Path], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = archive(tmp_path / f"data.tar.{mode}", splits(song(9)), mode)
    break_it(path)
    for arguments in commands(path, tmp_path):
        assert f"{path}: not a readable archive" in fails(arguments, capsys)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda p: None, "no such archive or folder"),
        (lambda p: p.mkdir(), "`nesvae-live prepare FOLDER"),
        (lambda p: p.write_bytes(b"hello"), "archive (file could not be opened successfully)"),
        (lambda p: archive(p, {"valid/x.exprsco.pkl": song()}, "gz"), "no split 'train'"),
        (lambda p: archive(p, {"train/x.exprsco.pkl": song(0, 0)}, "gz"), "no song with a step"),
    ],
)
def test_data_without_a_train_split_is_one_line(
    make: Callable[[Path], object],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "data"
    make(path)
    for arguments in commands(path, tmp_path):
        assert f"{path}: " in (line := fails(arguments, capsys))
        assert says in line


def test_a_checkpoint_of_another_version_is_one_line_for_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, data = tmp_path / "old.safetensors", tmp_path / "song.exprsco.pkl"
    save_song_checkpoint(path, tiny_checkpoint())
    rewrite(path, load_file(path), version="99")
    data.write_bytes(song())
    for arguments in (
        ["encode", str(data), "--checkpoint", str(path)],
        ["interpolate", str(data), str(data), "-o", str(tmp_path), "--checkpoint", str(path)],
        ["finish", str(path), "--data", str(tmp_path), "-o", str(tmp_path / "x")],
        ["evaluate", "--data", str(tmp_path), "--split", "x", "--checkpoint", str(path)],
        ["play", "--midi-api", "none", "--audio", "none", "--checkpoint", str(path)],
    ):
        assert "version 99, and this program reads" in fails(arguments, capsys)


@pytest.mark.slow
def test_a_song_without_a_note_is_no_fault_of_a_corpus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silent = np.zeros((300, 4, 3), np.uint8)
    files = {f"train/{i}.exprsco.pkl": song(i, 400) for i in range(16)}
    files["train/8.exprsco.pkl"] = dumps_exprsco(ExprScore(24.0, 300 * 1837, silent))
    path = archive(tmp_path / "data.tar.gz", files, "gz")
    _, arguments, _ = commands(path, tmp_path)
    assert main(arguments) == 0
    assert "| `style1` |" in capsys.readouterr().out
