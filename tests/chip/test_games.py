"""Logs as games write them: VGMPlay's sound, and nesmdb's score, commands and blended score.

`golden/games` has writes made for this project, with what VGMPlay's `vgm2wav` and nesmdb made of
them; nesmdb's own test files are read from a checkout of it, if there is one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from nesvae_live.chip.apu import Apu
from nesvae_live.chip.convert import to_midi, vgm_to_samples
from nesvae_live.chip.nesmdb import loads_blndsco, score_to_vgm, vgm_to_exprsco
from nesvae_live.chip.nlm import loads_nlm
from nesvae_live.chip.smf.sound import midi_to_timeline
from nesvae_live.chip.timeline import log_to_timeline
from nesvae_live.chip.transcript import is_of_a_score
from nesvae_live.chip.vgm.reader import vgm_to_writes
from nesvae_live.music.voices import Voice
from tests.support.places import GOLDEN

GAMES = GOLDEN / "games"
NAMES = sorted(path.stem for path in GAMES.glob("*.npz"))

Golden = dict[str, npt.NDArray[np.generic]]


def golden(name: str) -> Golden:
    with np.load(GAMES / f"{name}.npz") as file:
        return dict(file)


def test_golden_files_are_there() -> None:
    assert NAMES == ["counters", "envelopes", "fivesteps", "sweeps"]


@pytest.mark.parametrize("name", NAMES)
def test_they_use_what_nesmdb_never_writes(name: str) -> None:
    assert not is_of_a_score(vgm_to_writes(golden(name)["vgm"].tobytes()))


@pytest.mark.parametrize("name", ["counters", "envelopes", "fivesteps"])
def test_samples_are_vgmplay_s_to_the_bit(name: str) -> None:
    file = golden(name)
    assert np.array_equal(vgm_to_samples(file["vgm"].tobytes(), Apu()), file["samples"])


def test_sweeps_are_vgmplay_s_but_for_when_they_fall_silent() -> None:
    """The console is mute once the next step would lead too far, VGMPlay at that step."""
    file = golden("sweeps")
    samples = vgm_to_samples(file["vgm"].tobytes(), Apu())
    assert np.corrcoef(samples, file["samples"].astype(float))[0, 1] > 0.99
    differ = samples != file["samples"]
    assert differ.mean() < 0.01
    for sample in np.flatnonzero(differ)[::50]:
        assert samples[sample] < file["samples"][sample] + 50


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_nesmdb_s(name: str) -> None:
    file = golden(name)
    score = vgm_to_exprsco(file["vgm"].tobytes())
    assert np.array_equal(score.score, file["score"])
    assert score.score[:, :, 0].any(axis=0).sum() >= 2, "voices that play"


@pytest.mark.parametrize("name", NAMES)
def test_a_midi_file_has_the_notes_to_the_sample(name: str) -> None:
    log = vgm_to_writes(golden(name)["vgm"].tobytes())
    wanted, found = log_to_timeline(log), midi_to_timeline(to_midi(log), pytest.fail)
    for voice in Voice:
        notes = [
            [(c.sample, c.note, c.velocity) for c in t.changes if c.voice is voice and c.note]
            for t in (wanted, found)
        ]
        assert notes[0] == notes[1]
    assert any(c.note for c in wanted.changes)


@pytest.mark.parametrize("name", NAMES)
def test_nesmdb_s_commands_become_its_own_writes(name: str) -> None:
    file = golden(name)
    ours, theirs = loads_nlm(file["nlm"].tobytes()), vgm_to_writes(file["nlm_vgm"].tobytes())
    assert ours.writes.tolist() == theirs.writes.tolist()
    assert (ours.nsamps, ours.clock) == (theirs.nsamps, theirs.clock)


@pytest.mark.parametrize("name", NAMES)
def test_a_blended_score_is_rendered_as_nesmdb_does(name: str) -> None:
    file = golden(name)
    assert np.array_equal(loads_blndsco(file["blndsco"].tobytes()).score, file["blended"])


LENGTHS = {
    "202_LawnMower_00_01Title": 12_283,
    "202_LawnMower_01_02Game": 16_303,
    "202_LawnMower_02_03LevelClear": 1_162,
    "202_LawnMower_03_04OutofFuel": 1_063,
    "202_LawnMower_04_05WellDone": 15_880,
}
"""How long nesmdb's own tests find the VGM of the score of each of its test files, in bytes."""


@pytest.mark.nesmdb
@pytest.mark.parametrize("name", LENGTHS)
def test_the_score_of_nesmdb_s_test_file_is_as_long_as_nesmdb_says(
    name: str, nesmdb_dir: Path
) -> None:
    score = vgm_to_exprsco((nesmdb_dir / f"{name}.vgm").read_bytes())
    assert len(score_to_vgm(score)) == LENGTHS[name]
