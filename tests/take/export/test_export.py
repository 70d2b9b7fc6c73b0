"""Takes as files for others: whole, or some bars, read without the rest of the log."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path
from typing import Any

import mido
import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.console.nsf import Credits
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.registerlog import NO_TAGS
from nesvae_live.cli.main import main
from nesvae_live.log.entries import Turned
from nesvae_live.log.excerpt import read_excerpt
from nesvae_live.log.jam import Jam
from nesvae_live.log.reader import JamError
from nesvae_live.log.text import jam_to_figures, jam_to_text
from nesvae_live.music.voices import Voice
from nesvae_live.take.export.cutsound import CutSound
from nesvae_live.take.export.export import EXPORT_KINDS, export
from nesvae_live.take.export.release import Release
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import LOG_NAME, SOUND_NAME, read_jam
from nesvae_live.take.takes import TakeError
from tests.support.simulated import RATE, SimulatedJam

NEAR = 1e-6


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 20 bars at a tempo that changes, with every kind of gesture."""
    jam = SimulatedJam(10, 30.0)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-24_20-00-00")


@pytest.fixture(scope="module")
def whole(take: Path) -> Jam:
    return read_jam(take)


def frames(path: Path) -> npt.NDArray[np.int16]:
    with wave.open(str(path)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


@pytest.mark.slow
def test_every_kind_is_made_and_reads(take: Path, whole: Jam, tmp_path: Path) -> None:
    done: list[str] = []
    files = export(read_selection(take, None), EXPORT_KINDS, tmp_path / "out", done.append)
    assert done == list(EXPORT_KINDS)
    base = take.name
    stems = [f"{base}.{voice.name}.wav" for voice in Voice]
    raw = [f"{base}.raw.{voice.name}.wav" for voice in Voice]
    suffixes = (
        *(
            ".mid",
            ".wav",
            ".stereo.wav",
            ".raw.wav",
            ".vgm",
            ".vgz",
            ".nsf",
            ".nes",
            ".exprsco.pkl",
            ".png",
        ),
        *(".ftm", ".famitracker.txt", ".famistudio.txt"),
        *(".dawproject", ".RPP"),
    )
    media = f"{base}_media"
    beside = {f"{media}/{voice.name}.wav" for voice in Voice}
    session = f"{base}_ardour"
    beside |= {f"{session}/{session}.ardour"}
    wanted = {*stems, *raw, *(base + suffix for suffix in suffixes)}
    there = {p.name for p in (tmp_path / "out").iterdir()}
    assert {str(path.relative_to(tmp_path / "out")) for path in files} == wanted | beside
    assert there == wanted | {media, session}
    out = tmp_path / "out" / base
    seconds = whole.time_of(whole.end_beat())
    assert mido.MidiFile(out.with_suffix(".mid")).length >= seconds - 0.1
    score = loads_exprsco(Path(f"{out}.exprsco.pkl").read_bytes())
    assert len(score.score) / 24 == pytest.approx(seconds, abs=2.5)
    log = vgm_to_writes(out.with_suffix(".vgm").read_bytes())
    assert log.nsamps / 44_100 == pytest.approx(seconds, abs=2.5)
    assert np.array_equal(frames(Path(f"{out}.raw.wav")), frames(take / SOUND_NAME))
    mix = frames(out.with_suffix(".wav"))
    assert len(mix) == len(frames(take / SOUND_NAME))
    total = np.sum([frames(tmp_path / "out" / stem).astype(int) for stem in stems], axis=0)
    assert len(total) == len(mix)
    assert np.array_equal(total, mix)
    total = np.sum([frames(tmp_path / "out" / stem).astype(int) for stem in raw], axis=0)
    assert np.abs(total - frames(take / SOUND_NAME)).max() <= 3


def test_a_vgm_goes_on_from_the_bar_that_is_named_and_says_what_it_is(
    take: Path, tmp_path: Path
) -> None:
    selection = read_selection(take, (3, 8))
    release = Release(Credits(artist="N. N."), 5, 60.0)
    for kind in ("vgm", "vgz"):
        (path,) = export(selection, [kind], tmp_path / kind, release=release)
        log = vgm_to_writes(path.read_bytes())
        bar = selection.jam.time_of(2 * 4.0)  # of those exported the third
        assert log.loop == round(bar * 60) * 735
        assert not np.any(log.writes[:, 0] % 735)
        assert (log.tags.title, log.tags.author) == ("Jam of 2026-11-24", "N. N.")
    (plain,) = export(selection, ["vgm"], tmp_path / "plain")
    log = vgm_to_writes(plain.read_bytes())
    assert (log.loop, log.tags) == (None, NO_TAGS)
    with pytest.raises(TakeError, match="it can't loop from bar 9: it has 3 to 8"):
        export(selection, ["vgm"], tmp_path / "none", release=Release(loop=9))


def notes_within(jam: Jam, begin: float, end: float) -> list[tuple[Any, ...]]:
    """Notes cut to the beats, as an excerpt has them."""
    cut = [
        (n.voice, n.note, max(n.start, begin) - begin, min(n.end, end) - begin)
        for n in jam.notes()
        if n.end > begin + NEAR and n.start < end - NEAR
    ]
    return sorted((v, note, round(a, 5), round(b, 5)) for v, note, a, b in cut if b - a > NEAR)


@pytest.mark.parametrize(("first", "last"), [(1, 1), (1, 3), (4, 4), (5, 9), (8, 12)])
def test_an_excerpt_is_the_bars_of_the_whole(
    take: Path, whole: Jam, first: int, last: int, tmp_path: Path
) -> None:
    excerpt = read_excerpt(take / LOG_NAME, first, last)
    begin, end = 4.0 * (first - 1), 4.0 * last
    assert notes_within(excerpt.jam, 0.0, end - begin) == notes_within(whole, begin, end)
    assert excerpt.jam.bars() == last - first + 1
    start = whole.time_of(begin)
    for beat in np.arange(0.0, end - begin, 0.5):
        assert excerpt.jam.time_of(beat) == pytest.approx(
            whole.time_of(begin + beat) - start, abs=0.003
        )
    (wav,) = export(read_selection(take, (first, last)), ["raw"], tmp_path)
    assert wav.name == f"{take.name}_bars{first}-{last}.raw.wav"
    cut, sound = frames(wav), frames(take / SOUND_NAME)
    at = excerpt.first_sample
    assert at == pytest.approx(start * RATE, abs=0.003 * RATE)
    assert np.array_equal(cut, sound[at : at + len(cut)])
    assert len(cut) == pytest.approx((whole.time_of(end) - start) * RATE, abs=0.003 * RATE)


def test_the_knobs_stand_at_an_excerpt_s_beginning_as_they_stood(take: Path, whole: Jam) -> None:
    excerpt = read_excerpt(take / LOG_NAME, 9, 9).jam
    stood: dict[str, float | None] = {}
    for entry in whole.entries:
        if isinstance(entry, Turned) and whole.beat_at(entry.at) < 32.0:
            stood[entry.knob] = entry.value
    at_first = {e.knob: e.value for e in excerpt.entries if isinstance(e, Turned) and e.at == 0.0}
    assert len(at_first) > 2
    assert {k: v for k, v in stood.items() if v is not None}.items() <= at_first.items()


def test_some_bars_of_a_long_log_are_read_without_the_rest(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = take / LOG_NAME
    size = log.stat().st_size
    read = 0

    class Counting(io.FileIO):
        def readline(self, *arguments: Any) -> bytes:
            nonlocal read
            line = super().readline(*arguments)
            read += len(line)
            return line

        def __next__(self) -> bytes:
            line = self.readline()
            if not line:
                raise StopIteration
            return line

    monkeypatch.setattr("nesvae_live.log.excerpt.FEW_BYTES", 4096)
    monkeypatch.setattr(Path, "open", lambda path, _mode: Counting(os.fspath(path)))
    read_excerpt(log, 12, 12)
    assert read < size / 3


@pytest.mark.parametrize("bars", ["0-3", "4-2", "x", "-"])
def test_what_are_no_bars_is_a_wrong_command_line(take: Path, bars: str) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["jam", "export", str(take), "--to", "mid", "--bars", bars])
    assert refused.value.code == 2


def test_bars_behind_the_end_are_one_line(take: Path) -> None:
    with pytest.raises(JamError, match="nothing was played from bar 4000 on"):
        read_excerpt(take / LOG_NAME, 4000, 4001)


def test_nothing_is_written_over(take: Path, tmp_path: Path) -> None:
    selection = read_selection(take, (2, 3))
    names = [export(selection, ["mid", "vgm"], tmp_path)[0].name for _ in range(3)]
    assert names == [f"{take.name}_bars2-3{n}.mid" for n in ("", "_2", "_3")]
    (tmp_path / "file").write_text("")
    with pytest.raises(TakeError, match="file"):
        export(selection, ["mid"], tmp_path / "file")


def test_what_fails_midway_leaves_nothing(
    take: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: CutSound) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(CutSound, "end", full)
    selection = read_selection(take, (2, 3))
    with pytest.raises(TakeError, match="no space left"):
        export(selection, ["stems"], tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_without_its_wav_a_take_is_rendered_anew(take: Path, tmp_path: Path) -> None:
    bare = tmp_path / take.name
    bare.mkdir()
    (bare / LOG_NAME).write_bytes((take / LOG_NAME).read_bytes())
    (wav,) = export(read_selection(bare, None), ["raw"], tmp_path / "out")
    assert np.array_equal(frames(wav), frames(take / SOUND_NAME))


def test_the_command_lists_shows_and_exports(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    jams = ["--jams", str(take.parent)]
    assert main(["jam", "list", *jams]) == 0
    line = capsys.readouterr().out
    assert take.name in line
    assert "whole" in line
    assert main(["jam", "show", *jams]) == 0
    shown = capsys.readouterr().out
    assert "a test's end" in shown
    assert "⠀" in shown
    assert main(["jam", "export", "2026", *jams, "--to", "mid", "-o", str(tmp_path)]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / f"{take.name}.mid")
    assert main(["jam", "export", "1999", *jams, "--to", "mid"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["jam", "replay", *jams, "-o", str(tmp_path / "again"), "--redecode"]) == 1
    error = capsys.readouterr().err
    assert "without --redecode" in error
    assert error.count("\n") == 1
    assert main(["jam", "recover", *jams]) == 0
    assert "no interrupted takes" in capsys.readouterr().out


def test_a_jam_is_drawn_in_the_width_there_is(whole: Jam) -> None:
    for width in (20, 80, 200):
        lines = jam_to_text(whole, width)
        assert max(map(len, lines)) <= width
        assert any(char > "⠀" for line in lines for char in line)
        assert any(line.strip().startswith("density") for line in lines)
    assert "\x1b[34m" in "".join(jam_to_text(whole, 80, colour=True))


def test_the_figures_are_the_jam_s(whole: Jam) -> None:
    figures = jam_to_figures(whole)
    assert f"{whole.bars()} bars of 4/4" in figures["length"]
    assert figures["ended"] == "a test's end"
    assert "P1" in figures["notes"]
