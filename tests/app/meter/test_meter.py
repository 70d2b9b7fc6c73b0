"""`meter`: the metre of files of every kind, in words, as JSON and as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import mido
import numpy as np
import pytest
from PIL import Image

from nesvae_live.app.meter.found import find_piece, piece_to_text
from nesvae_live.app.meter.meterpicture import meter_to_figure, roll_notes
from nesvae_live.chip.convert import to_vgm
from nesvae_live.chip.nesmdb import ExprScore, dumps_exprsco
from nesvae_live.cli.main import main
from nesvae_live.music.voices import Voice
from tests.support.metresongs import FRAMES_PER_SECOND, Song, steady, unsteady

RATE = 44_100


def expr(song: Song) -> ExprScore:
    return ExprScore(24.0, len(song.score) * RATE // 24, song.score)


def silent(text: str) -> None:
    pytest.fail(text)


@pytest.fixture(scope="module")
def song() -> Song:
    return steady(np.random.default_rng(0))


@pytest.fixture
def score(tmp_path: Path, song: Song) -> Path:
    path = tmp_path / "tune.exprsco.pkl"
    path.write_bytes(dumps_exprsco(expr(song)))
    return path


def write_midi(path: Path, bpm: float, bars: int, *, melody: bool = True) -> None:
    """A bass on the beats, a tune of eighths that comes again every bar, and a drum on 1 and 3."""
    file = mido.MidiFile(type=1, ticks_per_beat=480)
    head = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))])
    tune, bass, drums = (mido.MidiTrack() for _ in range(3))
    for bar in range(bars):
        for eighth in range(8 if melody else 0):
            note = 60 + (0, 2, 4, 7, 4, 2, 5, 7)[eighth]
            tune.append(mido.Message("note_on", note=note, time=0))
            tune.append(mido.Message("note_off", note=note, time=240))
        for beat in range(4):
            note = 36 + (0, 7, 5, 7)[beat] + 2 * (bar % 2)
            bass.append(mido.Message("note_on", channel=1, note=note, time=0))
            bass.append(mido.Message("note_off", channel=1, note=note, time=480))
        for _ in range(2):
            drums.append(mido.Message("note_on", channel=9, note=36, time=0))
            drums.append(mido.Message("note_off", channel=9, note=36, time=960))
    file.tracks += [head, tune, bass, drums] if melody else [head, drums]
    file.save(path)


def test_a_scores_metre_is_told_in_seconds_and_beats(score: Path, song: Song) -> None:
    piece = find_piece(score, silent)
    metre = max((s for s in piece.found if s.metre), key=lambda s: s.end - s.start).metre
    assert metre is not None
    assert metre.row_frames == pytest.approx(song.frames, abs=0.05)
    bar = song.bar_frames / FRAMES_PER_SECOND
    assert metre.bar_seconds == pytest.approx(bar, rel=0.02)
    line = song.downbeat_frame / FRAMES_PER_SECOND
    off = (metre.first_bar_line - line + bar / 2) % bar - bar / 2
    assert abs(off) < 0.05
    assert metre.bpm == pytest.approx(60 * metre.beats_per_bar / metre.bar_seconds)
    text = piece_to_text(piece)
    assert f"{metre.beats_per_bar}/4 at {metre.bpm:.1f} BPM" in text
    assert len(text.splitlines()) == 1 + len(piece.found)


def test_a_vgm_file_of_the_score_has_the_scores_metre(
    tmp_path: Path, score: Path, song: Song
) -> None:
    vgm = tmp_path / "tune.vgm"
    vgm.write_bytes(to_vgm(expr(song)))
    assert find_piece(vgm, silent).sure == pytest.approx(find_piece(score, silent).sure, abs=0.1)


@pytest.mark.parametrize("bpm", [90.0, 120.0, 150.0])
def test_a_midi_files_tempo_and_bars_are_found_by_its_notes(tmp_path: Path, bpm: float) -> None:
    path = tmp_path / "tune.mid"
    write_midi(path, bpm, 12)
    piece = find_piece(path, silent)
    assert piece.sure > 0.9
    metres = [s.metre for s in piece.found if s.metre]
    assert {metre.beats_per_bar for metre in metres} == {4}
    assert [metre.bpm for metre in metres] == pytest.approx([bpm] * len(metres), rel=0.01)
    assert metres[0].first_bar_line == pytest.approx(0.0, abs=0.05)


def test_drums_alone_have_a_metre_too(tmp_path: Path) -> None:
    path = tmp_path / "drums.mid"
    write_midi(path, 120.0, 16, melody=False)
    piece = find_piece(path, silent)
    assert set(np.flatnonzero((piece.score[:, :, 0] > 0).any(0))) == {Voice.NO}


def test_music_without_a_steady_row_is_free(tmp_path: Path) -> None:
    path = tmp_path / "rubato.exprsco.pkl"
    rng = np.random.default_rng(14)
    found = 0.0
    for _ in range(3):
        path.write_bytes(dumps_exprsco(expr(unsteady(rng))))
        piece = find_piece(path, silent)
        found += piece.sure
    assert found / 3 < 0.34
    assert "free: no clear metre" in piece_to_text(piece)


def test_the_command_prints_text_or_json_and_draws(
    score: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["meter", str(score)]) == 0
    assert capsys.readouterr().out.startswith("tune.exprsco.pkl: ")
    picture = tmp_path / "tune.png"
    assert main(["meter", str(score), "--json", "-o", str(picture)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stretches"][-1]["end"] == pytest.approx(told["seconds"])
    with Image.open(picture) as image:
        assert image.format == "PNG"


def test_the_picture_has_every_bar_line_and_every_note(score: Path) -> None:
    piece = find_piece(score, silent)
    figure = meter_to_figure(piece)
    numbers = [int(text.get_text()) for axis in figure.axes for text in axis.texts]
    assert numbers == list(range(1, len(numbers) + 1))
    bars = sum((s.end - s.start) / s.metre.bar_seconds for s in piece.found if s.metre)
    assert abs(len(numbers) - bars) <= 1 + len(piece.found)
    steps = sum(after - first for _, _, first, after in roll_notes(piece))
    assert steps == int((piece.score[:, :3, 0] > 0).sum())


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("tune.wav", b"", "its name must end in"),
        ("tune.mid", b"garbage", "tune.mid: "),
        ("tune.exprsco.pkl", b"garbage", "tune.exprsco.pkl: "),
        ("gone.mid", None, "cannot be read"),
    ],
)
def test_what_cant_be_read_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, says: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    assert main(["meter", str(path)]) == 1
    said = capsys.readouterr().err
    assert says in said
    assert len(said.splitlines()) == 1


def test_a_silent_score_has_no_metre(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "silence.exprsco.pkl"
    path.write_bytes(dumps_exprsco(ExprScore(24.0, RATE, np.zeros((24, 4, 3), np.uint8))))
    assert main(["meter", str(path)]) == 1
    assert "it has no notes" in capsys.readouterr().err
