"""Adopt: files become a style; what can't be had is one line; a style that plays is in its take."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nesvae_live.app.during.styles import StyleError, open_style, style_path
from nesvae_live.app.yours import calibrate
from nesvae_live.app.yours.adopt import adopt
from nesvae_live.cli.main import main
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.setting import Setting
from nesvae_live.model.song.songcheckpoint import (
    SongCheckpoint,
    load_song_checkpoint,
    save_song_checkpoint,
)
from nesvae_live.model.song.songcritic import SongCritic
from nesvae_live.model.song.songdecoder import SongDecoder
from nesvae_live.model.song.yours.styledprior import StyledPrior, turned
from nesvae_live.music.metre.place import tick_of_bar
from nesvae_live.presets.snapshotbank import SnapshotFile
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, SOUND_NAME
from nesvae_live.take.replayfiles import replay_take
from tests.support.daemon import Daemon
from tests.support.simulated import SimulatedJam
from tests.support.smf import head, scale, track
from tests.support.styles import tiny_style, tune
from tests.support.tinysong import TINY_SONG, tiny_song_checkpoint
from tests.support.waiting import wait_until


@pytest.fixture(autouse=True)
def listens_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A style listens to itself for a moment only."""
    for name, brief in (("ROUNDS", 1), ("RUNS", 1), ("PHRASES", 3)):
        monkeypatch.setattr(calibrate, name, brief)


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.safetensors"
    save_song_checkpoint(path, tiny_song_checkpoint(scale=0.3))
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for i in range(3):
        (folder / f"tune{i}.mid").write_bytes(tune(50 + 3 * i))
    return folder


def adopted(files: Path, tiny: Path, out: Path, *more: str) -> Adopted:
    path = out / "mine.style.json"
    assert main(["adopt", str(files), "-o", str(path), "--checkpoint", str(tiny), *more]) == 0
    style = open_style(str(path), load_song_checkpoint(tiny))
    assert style is not None
    return style


def test_files_become_a_style_the_same_each_time(files: Path, tiny: Path, tmp_path: Path) -> None:
    style = adopted(files, tiny, tmp_path / "a")
    assert (style.name, style.pieces, style.amount) == ("mine", 3, 1.0)
    assert style.phrases == 3 * 4
    assert sorted(style.order) == list(range(TINY_SONG.style))
    assert all("yours: " in label for label in style.labels)
    adopted(files, tiny, tmp_path / "b")
    made = [(tmp_path / name / "mine.style.json").read_bytes() for name in "ab"]
    assert made[0] == made[1]


def test_a_name_is_kept_where_the_users_own_are(
    files: Path, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main(["adopt", str(files / "tune0.mid"), "-o", "mine", "--checkpoint", str(tiny)]) == 0
    assert style_path("mine").is_file()
    style = open_style("mine:.5", load_song_checkpoint(tiny))
    assert style is not None
    assert str(style) == "mine:0.5"


def test_themes_are_beginnings_from_bar_lines(files: Path, tiny: Path, tmp_path: Path) -> None:
    style = adopted(files, tiny, tmp_path, "--themes")
    assert 3 <= len(style.themes) <= 8
    assert {theme.name for theme in style.themes} == {f"tune{i}.mid" for i in range(3)}
    assert (tick_of_bar(np.array([theme.place for theme in style.themes])) == 0).all()


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("one.mid", head() + track(scale(notes=(60,))), "1 note or chord in it"),
        ("drums.mid", head() + track(scale(channel=9)), "only drums"),
        ("x.mid", b"nothing", "not a MIDI file"),
        ("x.pdf", b"nothing", "its name must end in one of"),
    ],
)
def test_files_that_no_style_can_be_made_of_are_a_line_each(
    tmp_path: Path,
    tiny: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    data: bytes,
    says: str,
) -> None:
    (tmp_path / name).write_bytes(data)
    out = tmp_path / "mine.style.json"
    given = ["adopt", str(tmp_path / name), "-o", str(out), "--checkpoint", str(tiny)]
    assert main(given) == 1
    said = capsys.readouterr().err.splitlines()
    assert says in said[0]
    assert "the only file of music can't be used" in said[-1]
    assert len(said) == 2
    assert not out.exists()


def test_a_style_that_cant_be_had_is_one_line(files: Path, tiny: Path, tmp_path: Path) -> None:
    style = adopted(files, tiny, tmp_path)
    path = tmp_path / f"{style.name}.style.json"
    checkpoint = load_song_checkpoint(tiny)
    for wanted, says in (
        (f"{path}:2", "an amount from 0 to 1"),
        (f"{path}:.", "an amount from 0 to 1"),
        ("nowhere", "no style 'nowhere'; there are: "),
    ):
        with pytest.raises(StyleError, match=says):
            open_style(wanted, checkpoint)
    assert open_style("none", checkpoint) is None
    other = tmp_path / "other.safetensors"
    save_song_checkpoint(other, tiny_song_checkpoint(scale=0.4))
    with pytest.raises(StyleError, match="made for another checkpoint"):
        open_style(str(path), load_song_checkpoint(other))
    whole = path.read_text()
    kept = json.loads(whole)
    kept["style"]["order"] = [0, 0, 1, 2, 3]
    for text, says in (
        (whole[:-200], "damaged"),
        ("{}", "nesvae_live style of version 1"),
        (json.dumps(kept), "don't fit together"),
        (whole.replace('"stay":', '"stay":"x","was":'), "damaged"),
    ):
        path.write_text(text)
        with pytest.raises(StyleError, match=says) as caught:
            open_style(str(path), checkpoint)
        assert "\n" not in str(caught.value)


def test_what_the_music_misses_is_aimed_for(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for `at`, this network writes what lies half a deviation below, and half as wide."""
    checkpoint = load_song_checkpoint(tiny)
    style = tiny_style(regions=1)
    wanted = np.random.default_rng(0).normal(1.5, 0.2, (400, TINY_SONG.latent))
    asked: list[Adopted] = []

    def made(mine: SongCheckpoint, aimed: Adopted) -> Adopted:
        del mine
        asked.append(aimed)
        return aimed

    def heard(aimed: Adopted, *_: object) -> np.ndarray:
        middle = aimed.weights @ aimed.means - 0.5
        return np.asarray(middle + 0.5 * aimed.deviations[0] * (wanted - 1.5) / 0.1)

    monkeypatch.setattr(calibrate, "ROUNDS", 6)
    monkeypatch.setattr(calibrate, "make_styled_decoder", made)
    monkeypatch.setattr(calibrate, "play", lambda aimed: aimed)
    monkeypatch.setattr(calibrate, "phrases_to_z", heard)
    last = calibrate.calibrate(style, checkpoint, wanted)
    assert len(asked) == 6
    assert last.means == pytest.approx(2.0, abs=0.05)
    assert last.deviations.min() > style.deviations.max()


def test_snapshots_go_with_their_axes_into_the_file_and_back(tmp_path: Path) -> None:
    path, order = tmp_path / "x.snapshots.json", tiny_style().order
    plain = SnapshotFile(path, "sha", 5)
    plain.keep({1: Setting({"style1": 0.9}, np.arange(5, dtype=np.float32), 1.0, 0)})
    mine = SnapshotFile(path, "sha", 5, order=order)
    assert mine.found[1].knobs == {"style5": 0.9}
    assert mine.found[1].style is not None
    assert mine.found[1].style.tolist() == [4, 3, 2, 1, 0]
    before = path.read_bytes()
    mine.keep(dict(mine.found))
    assert path.read_bytes() == before


def styled_critic() -> SongCritic:
    style = tiny_style(0.7)
    mine = turned(tiny_song_checkpoint(), style)
    return SongCritic(SongDecoder(mine), mine.quantiles, StyledPrior(mine, style))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_a_jam_in_a_style_is_computed_again_to_the_byte(seed: int, tmp_path: Path) -> None:
    jam = SimulatedJam(
        seed,
        8.0,
        decoder=styled_critic(),
        style=TINY_SONG.style,
        remembers=True,
        adopted=tiny_style(0.7),
    )
    assert jam.sequencer.live.themes.kept.keys() == {"A"}
    jam.play()
    take = jam.write(tmp_path / "take")
    for name, decoder in (("given", None), ("decoded", styled_critic())):
        done = replay_take(take / LOG_NAME, tmp_path / name, decoder=decoder)
        assert not done.faults
        assert not done.difference
        for file in (MIDI_NAME, SOUND_NAME):
            assert (tmp_path / name / file).read_bytes() == (take / file).read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_it_plays_in_a_style_goes_on_in_another_and_replays(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert main(["adopt", str(files), "-o", "mine", "--themes"]) == 0
    quiet = (
        "--audio",
        "none",
        "--midi-api",
        "none",
        "--no-status",
        "--seed",
        "3",
        "--tempo",
        "180",
    )
    with Daemon(tmp_path, "--style", "mine", *quiet) as daemon:
        first = Path(daemon.ctl(do="status")["take"])
        assert daemon.ctl(do="choices")["style"]["now"] == "mine:1"
        assert "yours: " in daemon.ctl(do="status")["axes"]["style1"]
        assert daemon.ctl(do="return", theme="A")["ok"]
        socket = ["--control", str(daemon.control)]
        assert main(["ctl", *socket, "style", "gone"]) == 1
        assert main(["ctl", *socket, "adopt", str(files / "tune0.mid"), "--out", "other"]) == 0
        assert wait_until(lambda: daemon.ctl(do="status")["take"] != str(first), every=0.1)
        second = Path(daemon.ctl(do="status")["take"])
        assert daemon.ctl(do="choices")["style"]["now"] == "other:1"
        assert wait_until(lambda: daemon.ctl(do="status")["bar"] > 2)
        assert daemon.end() == 0
    assert "style other:1: the music goes on in" in daemon.said
    style_path("mine").unlink()  # what a take was played with is in it
    for take in (first, second):
        again = tmp_path / f"again {take.name}"
        assert main(["jam", "replay", str(take), "-o", str(again), "--redecode"]) == 0
        for name in (SOUND_NAME, MIDI_NAME):
            assert (again / name).read_bytes() == (take / name).read_bytes(), name
    assert "Error" not in capsys.readouterr().err


def test_an_adopted_piece_is_where_encode_finds_it(files: Path, tiny: Path) -> None:
    checkpoint: SongCheckpoint = load_song_checkpoint(tiny)
    style = adopt([files / "tune1.mid"], checkpoint, "mine", lambda _: None)
    assert (style.pieces, len(style.weights)) == (1, 1)
    assert np.isfinite(style.draw(np.random.default_rng(0))).all()
