"""WAVs for others: no DC, no thump at either end, stems that are the mix, bars that are loops."""

from __future__ import annotations

import shutil
import subprocess
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.control.inputs import Input, SetLevel, SetSolo
from nesvae_live.log.entries import Opened
from nesvae_live.music.voices import Voice
from nesvae_live.take.export.cutsound import IN_SECONDS, OUT_SECONDS, PRIME_SECONDS, CutSound
from nesvae_live.take.export.export import export
from nesvae_live.take.export.selection import read_selection
from nesvae_live.take.folder import SOUND_NAME
from tests.support.simulated import RATE, SimulatedJam

FULL = 32768
DC = FULL * 10 ** (-60 / 20)
"""The most DC that may be left: -60 dBFS."""

Ints = npt.NDArray[np.int64]


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some 20 bars, at a tempo that changes, played by chance."""
    jam = SimulatedJam(10, 30.0)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-24_20-00-00")


def frames(path: Path) -> Ints:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int64)


class Written:
    """A file that keeps what it was given."""

    def __init__(self) -> None:
        self.blocks: list[npt.NDArray[np.int16]] = []

    def write(self, samples: npt.NDArray[np.int16]) -> None:
        self.blocks.append(samples.copy())

    @property
    def all(self) -> Ints:
        return np.concatenate(self.blocks).astype(np.int64)


@pytest.mark.parametrize("bars", [None, (1, 1), (4, 4), (5, 12)])
def test_exports_have_no_dc_and_their_stems_are_their_mix(
    take: Path, bars: tuple[int, int] | None, tmp_path: Path
) -> None:
    selection = read_selection(take, bars)
    mix, *stems = map(frames, export(selection, ["wav", "stems"], tmp_path))
    assert np.array_equal(np.sum(stems, axis=0), mix)
    assert np.abs(mix).max() > FULL / 20
    for track in (mix, *stems):
        assert abs(track.mean()) < DC
        assert track[0] == track[-1] == 0
    if bars is not None:
        seconds = selection.jam.time_of(selection.jam.end_beat())
        assert len(mix) == round(seconds * RATE)


@pytest.mark.parametrize("bars", [(1, 1), (4, 4), (5, 12)])
def test_but_for_the_ramps_it_is_what_the_take_has(
    take: Path, bars: tuple[int, int], tmp_path: Path
) -> None:
    """Inside the ramps it differs from the take by what a high-pass of 10 Hz takes away."""
    selection = read_selection(take, bars)
    wav, raw = map(frames, export(selection, ["wav", "raw"], tmp_path))
    assert len(wav) == len(raw)
    begin, end = round(IN_SECONDS * RATE), len(wav) - round(OUT_SECONDS * RATE)
    steps = np.diff(raw - wav)[begin : end - 1]
    assert np.abs(steps).max() < 0.55 * FULL * 2 * np.pi * 10 / RATE + 3


def test_a_loop_of_eight_has_no_step_at_its_seams(take: Path, tmp_path: Path) -> None:
    (wav,) = export(read_selection(take, (5, 8)), ["wav"], tmp_path)
    loop = np.tile(frames(wav), 8)
    seams = np.arange(1, 8) * (len(loop) // 8)
    assert np.abs(loop[seams] - loop[seams - 1]).max() == 0


@pytest.mark.sox
@pytest.mark.parametrize("kind", ["wav", "stems"])
def test_sox_finds_no_dc_and_the_length_of_the_bars(kind: str, take: Path, tmp_path: Path) -> None:
    selection = read_selection(take, (5, 8))
    frames_wanted = round(selection.jam.time_of(selection.jam.end_beat()) * RATE)
    for file in export(selection, [kind], tmp_path):
        done = subprocess.run(
            ["sox", str(file), "-n", "stat"], capture_output=True, text=True, check=True, timeout=30
        )
        told = dict(line.split(":", 1) for line in done.stderr.splitlines() if ":" in line)
        assert int(told["Samples read"]) == frames_wanted
        assert abs(float(told["Mean    amplitude"])) < DC / FULL


def test_a_cut_behind_the_end_of_the_sound_has_its_length(take: Path, tmp_path: Path) -> None:
    """A take whose last bar isn't over, or of which the last moments are not on the disk yet."""
    selection = read_selection(take, (3, 6))
    short = tmp_path / take.name
    shutil.copytree(take, short)
    sound = short / SOUND_NAME
    n_bytes = 80 + 2 * (selection.first_frame + 4 * RATE)
    sound.write_bytes(sound.read_bytes()[:n_bytes])
    (wav,) = export(read_selection(short, (3, 6)), ["wav"], tmp_path / "out")
    assert len(frames(wav)) == int(selection.end_frame) - selection.first_frame


@pytest.mark.parametrize("cut_at", [lambda n: [n], lambda n: [1, 7, n // 2, n]])
@pytest.mark.parametrize("seconds", [2.0, 70.0])
def test_blocks_of_any_size_give_the_same_file(
    seconds: float, cut_at: Callable[[int], list[int]]
) -> None:
    rate = 8000
    n = round(seconds * rate)
    time = np.arange(n) / rate
    sound = (9000 + 3000 * np.sign(np.sin(440 * time))).astype(np.int16)
    written = []
    for ends in ([n], cut_at(n)):
        file = Written()
        cut = CutSound([file], rate)  # type: ignore[list-item]
        for begin, end in zip([0, *ends], ends, strict=False):
            cut.put(sound[begin:end])
        cut.end()
        written.append(file.all)
    assert len(written[0]) == n
    assert np.array_equal(written[0], written[1])
    assert abs(written[0].mean()) < DC
    assert abs(written[0][rate // 2]) < 4000


def test_what_stood_before_the_cut_is_listened_to() -> None:
    """A cut begins as the high-pass stands there, not with a jump of its own."""
    rate = 8000
    sound = np.concatenate([np.zeros(rate), np.full(rate, 9000.0)]).astype(np.int16)
    file = Written()
    cut = CutSound([file], rate, first=round(1.2 * rate))  # type: ignore[list-item]
    assert cut.needed_from == round((1.2 - PRIME_SECONDS) * rate)
    cut.put(sound[cut.needed_from :])
    cut.end()
    assert np.abs(file.all).max() <= 1  # the step was 0.2 s ago, and is forgotten


def test_voices_that_are_silent_stay_silent() -> None:
    rate = 8000
    draw = np.random.default_rng(1)
    block = np.zeros((rate, 1 + len(Voice)), np.int16)
    block[:, 1] = 3000 * (np.arange(rate) // 20 % 2)
    block[:, 0] = block[:, 1] + draw.integers(-3, 4, rate)
    files = [Written() for _ in Voice]
    cut = CutSound(files, rate)  # type: ignore[arg-type]
    cut.put(block)
    cut.end()
    assert not any(file.all.any() for file in files[1:])


def stereo(path: Path) -> Ints:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 2)
        return (
            np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int64).reshape(-1, 2)
        )


class BalancedJam(SimulatedJam):
    """One in which the voices' levels and solos are moved at known times."""

    def __init__(self, changes: dict[float, Input], level: float, spread: float) -> None:
        self.changes = dict(changes)
        self.begins_with = {"level": str(level), "spread": str(spread)}
        super().__init__(10, 12.0)

    def _opened(self) -> Opened:
        return replace(super()._opened(), settings=self.begins_with)

    def act(self) -> None:
        """Do nothing by chance."""

    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        for at in [at for at in self.changes if self.time.value >= self.origin + at]:
            self.put(replace(self.changes.pop(at), at=self.time.value))


def balanced(
    folder: Path, changes: dict[float, Input], level: float = 0.0, spread: float = 0.0
) -> Path:
    jam = BalancedJam(changes, level, spread)
    jam.play()
    return jam.write(folder)


@pytest.mark.parametrize("bars", [None, (2, 3)])
def test_without_spread_both_sides_are_the_mix(
    bars: tuple[int, int] | None, tmp_path: Path
) -> None:
    take = balanced(tmp_path / "take", {})
    selection = read_selection(take, bars)
    (mono,) = export(selection, ["wav"], tmp_path / "mono")
    (made,) = export(selection, ["stereo"], tmp_path / "stereo")
    sides, mix = stereo(made), frames(mono)
    assert len(sides) == len(mix)
    assert (sides[:, 0] == sides[:, 1]).all()
    assert abs(sides[:, 0].mean()) < DC
    # The mix is made free of DC once more; else they differ by rounding alone.
    assert np.abs(sides[:, 0] - sides[:, 0].mean() - (mix - mix.mean())).max() < 40


def test_levels_solos_and_spread_are_heard_as_they_stood(tmp_path: Path) -> None:
    changes: dict[float, Input] = {
        3.0: SetSolo(Voice.P1, True, at=0.0),
        6.0: SetSolo(Voice.P1, False, at=0.0),
        6.01: SetLevel(None, -60.0, at=0.0),
        9.0: SetLevel(None, 0.0, at=0.0),
    }
    take = balanced(tmp_path / "take", changes, spread=1.0)
    selection = read_selection(take, None)
    (made,) = export(selection, ["stereo"], tmp_path / "out")
    sides = stereo(made)
    p1, p2, tr, no = (frames(path) for path in export(selection, ["stems"], tmp_path / "stems"))

    def part(a: float, b: float) -> slice:
        return slice(round(a * RATE), round(b * RATE))

    def near(ours: Ints, theirs: Ints) -> bool:
        ours, theirs = ours - ours.mean(), theirs - theirs.mean()
        return bool(np.abs(ours - theirs).max() < 0.02 * FULL)

    begin, alone, quiet, end = part(0.5, 2.9), part(3.2, 5.9), part(6.2, 8.9), part(9.2, 11.5)
    for where in (begin, end):  # at a spread of 1 each pulse has one side to itself, at twice
        assert near(sides[where, 0], 2 * p1[where] + tr[where] + no[where])
        assert near(sides[where, 1], 2 * p2[where] + tr[where] + no[where])
    assert near(sides[alone, 0], 2 * p1[alone])
    assert np.abs(sides[alone, 1]).max() < 0.01 * FULL
    assert np.abs(sides[quiet]).max() < 0.01 * FULL
