"""NES-MDB's scores: pickles, VGM files, and back."""

from __future__ import annotations

import hashlib
import io
import json
import math
import pickle
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nesvae_live.chip.nesmdb import (
    ExprScore,
    SeprScore,
    dumps_exprsco,
    dumps_seprsco,
    expressive_to_separated,
    loads_exprsco,
    loads_seprsco,
    score_to_steps,
    score_to_vgm,
    score_to_writes,
    separated_to_expressive,
    vgm_to_exprsco,
)
from nesvae_live.chip.registers import NOTES, TIMBRES
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.chip.vgm.writer import writes_to_vgm
from nesvae_live.music.voices import Voice
from tests.support.places import ORACLE

NAMES = sorted(path.stem for path in ORACLE.glob("*.npz"))

Score = npt.NDArray[np.uint8]


def read(path: Path) -> ExprScore | SeprScore:
    with np.load(path) as file:
        kind = ExprScore if file["score"].ndim == 3 else SeprScore
        return kind(float(file["rate"]), int(file["nsamps"]), file["score"])


def as_heard(score: ExprScore | SeprScore) -> Score:
    """The expressive score without the velocities that a silent voice and TR don't sound."""
    if isinstance(score, SeprScore):
        score = separated_to_expressive(score)
    heard = score.score.copy()
    heard[:, :, 1][heard[:, :, 0] == 0] = 0
    heard[:, Voice.TR, 1:] = 0
    return heard


@st.composite
def scores(draw: st.DrawFn, rate: float = 24.0) -> ExprScore:
    """Scores as the corpus has them: a velocity of 1-15 exactly under a note."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    steps = draw(st.integers(0, 40))
    score = np.zeros((steps, 4, 3), dtype=np.uint8)
    for voice in Voice:
        lowest, highest = NOTES[voice]
        notes = rng.integers(lowest, highest + 1, steps)
        notes = np.where(rng.random(steps) < 0.5, np.roll(notes, 1), notes)
        score[:, voice, 0] = np.where(rng.random(steps) < 0.3, 0, notes)
        if voice is not Voice.TR:
            score[:, voice, 1] = np.where(score[:, voice, 0], rng.integers(1, 16, steps), 0)
            score[:, voice, 2] = rng.integers(0, TIMBRES[voice], steps)
    tail = draw(st.integers(0, int(44_100 / rate) - 2))
    return ExprScore(rate, math.ceil(steps * 44_100 / rate) + tail, score)


def corpus(archive: Path, split: str) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(archive) as tar:
        for member in tar:
            folder, _, name = member.name.rpartition("/")
            if member.isfile() and folder.endswith(split):
                file = tar.extractfile(member)
                assert file is not None
                yield name.removesuffix(".exprsco.pkl"), file.read()


@pytest.mark.parametrize("name", NAMES)
def test_vgm_is_nesmdb_s_to_the_byte(name: str) -> None:
    with np.load(ORACLE / f"{name}.npz") as golden:
        assert score_to_vgm(read(ORACLE / f"{name}.npz")) == golden["vgm"].tobytes()


@pytest.mark.oracle
def test_vgm_of_every_oracle_file_is_equal_to_the_byte(oracle_dir: Path) -> None:
    names = sorted(path.stem for path in oracle_dir.glob("*.npz"))
    assert names
    for name in names:
        expected = (oracle_dir / f"{name}.vgm").read_bytes()
        assert score_to_vgm(read(oracle_dir / f"{name}.npz")) == expected, name


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.corpus
@pytest.mark.timeout(600)
@pytest.mark.parametrize("nth", [pytest.param(1, marks=pytest.mark.soak), 5])
def test_vgm_of_valid_songs_has_nesmdb_s_hash_and_reads_back(
    oracle_dir: Path, corpus_archive: Path, nth: int
) -> None:
    hashes = json.loads((oracle_dir / "valid_vgm_sha256.json").read_text(encoding="utf-8"))
    seen = set()
    for i, (name, data) in enumerate(corpus(corpus_archive, "valid")):
        seen.add(name)
        if i % nth:
            continue
        song = loads_exprsco(data)
        vgm = score_to_vgm(song)
        separated = score_to_vgm(expressive_to_separated(song))
        assert hashlib.sha256(vgm).hexdigest() == hashes[name]["expressive"], name
        assert hashlib.sha256(separated).hexdigest() == hashes[name]["separated"], name
        assert np.array_equal(vgm_to_exprsco(vgm).score, song.score), name
    assert seen == hashes.keys()


@pytest.mark.slow
@pytest.mark.corpus
def test_every_song_loads_and_is_written_as_it_was(corpus_archive: Path) -> None:
    count = 0
    for name, data in corpus(corpus_archive, "train"):
        song = loads_exprsco(data)
        assert song.rate == 24.0, name
        again = loads_exprsco(dumps_exprsco(song))
        assert again.nsamps == song.nsamps, name
        assert np.array_equal(again.score, song.score), name
        count += 1
    assert count == 4502


@pytest.mark.parametrize("name", sorted({*NAMES} - {"note_on_velocity_0"}))
def test_golden_scores_read_back_from_their_vgm_as_they_sound(name: str) -> None:
    score = read(ORACLE / f"{name}.npz")
    back = vgm_to_exprsco(score_to_vgm(score))
    assert (back.rate, back.nsamps) == (score.rate, score.nsamps)
    assert np.array_equal(back.score, as_heard(score))


def test_a_note_at_velocity_0_reads_back_at_the_volume_before_it() -> None:
    score = np.zeros((3, 4, 3), dtype=np.uint8)
    score[:, Voice.P1, :2] = [[60, 9], [0, 0], [62, 0]]
    back = vgm_to_exprsco(score_to_vgm(ExprScore(24.0, 5_513, score))).score
    assert back[:, Voice.P1, :2].tolist() == [[60, 9], [0, 0], [62, 9]]


@settings(deadline=None)
@given(scores())
def test_a_score_makes_the_round_trip_through_vgm(score: ExprScore) -> None:
    assert np.array_equal(vgm_to_exprsco(score_to_vgm(score)).score, score.score)


@settings(deadline=None)
@given(scores(rate=60.0))
def test_other_rates_make_the_round_trip(score: ExprScore) -> None:
    back = vgm_to_exprsco(score_to_vgm(score), rate=60.0)
    assert np.array_equal(back.score, score.score)


@given(scores())
def test_pickles_make_the_round_trip(score: ExprScore) -> None:
    again = loads_exprsco(dumps_exprsco(score))
    assert (again.rate, again.nsamps) == (score.rate, score.nsamps)
    assert np.array_equal(again.score, score.score)
    separated = expressive_to_separated(score)
    assert np.array_equal(loads_seprsco(dumps_seprsco(separated)).score, separated.score)


@given(scores())
def test_writes_with_samples_are_those_of_the_vgm(score: ExprScore) -> None:
    log, read_back = score_to_writes(score), vgm_to_writes(score_to_vgm(score))
    assert log.nsamps == read_back.nsamps == score.nsamps
    assert np.array_equal(log.writes, read_back.writes)
    assert np.array_equal(vgm_to_writes(writes_to_vgm(log)).writes, log.writes)


def test_steps_fall_on_nesmdb_s_samples() -> None:
    score = ExprScore(24.0, 8_000, np.zeros((4, 4, 3), dtype=np.uint8))
    assert [wait for _, wait in score_to_steps(score)] == [1_837, 1_838, 1_837, 1_838, 650]


def test_no_step_outlasts_the_song() -> None:
    score = ExprScore(24.0, 2_000, np.zeros((3, 4, 3), dtype=np.uint8))
    assert [wait for _, wait in score_to_steps(score)] == [1_837, 163, 0]


def test_a_score_without_steps_is_a_silent_chip() -> None:
    vgm = score_to_vgm(ExprScore(24.0, 100, np.zeros((0, 4, 3), dtype=np.uint8)))
    log = vgm_to_writes(vgm)
    assert log.nsamps == 100
    assert log.writes[0].tolist() == [0, 0x4015, 0]
    assert len(vgm_to_exprsco(vgm).score) == 0


def test_separated_notes_get_full_velocity_but_for_the_triangle() -> None:
    notes = np.array([[60, 0, 48, 3]], dtype=np.uint8)
    expressive = separated_to_expressive(SeprScore(24.0, 1_837, notes)).score
    assert expressive.tolist() == [[[60, 15, 0], [0, 15, 0], [48, 0, 0], [3, 15, 0]]]


def test_a_coarser_rate_takes_what_sounded_longest() -> None:
    score = np.zeros((4, 4, 3), dtype=np.uint8)
    score[:, Voice.P1] = [[0, 0, 1], [60, 9, 1], [62, 9, 1], [62, 3, 1]]
    vgm = score_to_vgm(ExprScore(24.0, 7_350, score))
    assert vgm_to_exprsco(vgm, rate=6.0).score[:, Voice.P1].tolist() == [[62, 9, 1]]


def edited(shape: tuple[int, ...], *edits: tuple[tuple[int, ...], int]) -> Score:
    score = np.zeros(shape, dtype=np.uint8)
    for at, value in edits:
        score[at] = value
    return score


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (edited((4, 4)), r"score has shape \(4, 4\), not \(N, 4, 3\)"),
        (edited((4, 3, 4)), r"score has shape \(4, 3, 4\)"),
        (edited((48,)), r"score has shape \(48,\)"),
        (np.zeros((4, 4, 3), dtype=np.int64), "score is int64, not a uint8 array"),
        (np.zeros((4, 4, 3)), "score is float64, not a uint8 array"),
        (edited((4, 4, 3), ((2, 0, 0), 32), ((3, 0, 0), 1)), "step 2, P1: no note 32"),
        (edited((4, 4, 3), ((1, 1, 0), 109)), "step 1, P2: no note 109"),
        (edited((4, 4, 3), ((3, 2, 0), 20)), "step 3, TR: no note 20"),
        (edited((4, 4, 3), ((0, 3, 0), 17)), "step 0, NO: no note 17"),
        (edited((4, 4, 3), ((2, 1, 1), 16)), "step 2, P2: no velocity 16"),
        (edited((4, 4, 3), ((2, 0, 2), 4)), "step 2, P1: no timbre 4"),
        (edited((4, 4, 3), ((1, 3, 2), 2)), "step 1, NO: no timbre 2"),
    ],
)
def test_a_wrong_score_is_refused_with_its_first_fault(score: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        loads_exprsco(pickle.dumps((24.0, 7_350, score), 2))


def test_a_wrong_separated_score_is_refused() -> None:
    with pytest.raises(ValueError, match="step 1, P2: no note 200"):
        loads_seprsco(pickle.dumps((24.0, 7_350, edited((4, 4), ((1, 1), 200)))))
    with pytest.raises(ValueError, match=r"not \(N, 4\)"):
        loads_seprsco(pickle.dumps((24.0, 7_350, edited((4, 4, 3)))))


@pytest.mark.parametrize(
    ("rate", "nsamps", "message"),
    [
        (0.0, 1, "rate is 0.0, not 0.001 to 44100 steps a second"),
        (-24.0, 1, "rate is -24.0"),
        (float("nan"), 1, "rate is nan"),
        (float("inf"), 1, "rate is inf"),
        (44_101.0, 1, "rate is 44101.0"),
        (24.0, -1, "nsamps is -1"),
        (24.0, 2**31, "nsamps is 2147483648"),
    ],
)
def test_a_wrong_rate_or_length_is_refused(rate: float, nsamps: int, message: str) -> None:
    score = np.zeros((2, 4, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=message):
        ExprScore(rate, nsamps, score)
    with pytest.raises(ValueError, match=message):
        loads_exprsco(pickle.dumps((rate, nsamps, score)))


def test_a_hostile_score_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pickle names posix.system|pickle names os.system"):
        loads_exprsco(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match=r"."):
        loads_seprsco(io.BytesIO(b"\x80\x04\x95").getvalue())
