"""Twenty takes and twenty scores by chance: our 6502 code writes what was meant, in every frame."""

from __future__ import annotations

from pathlib import Path

import pytest

from nesvae_live.chip.console.frames import log_to_frames
from nesvae_live.chip.console.nsf import NO_CREDITS, NSF_HZ, frames_to_nsf
from nesvae_live.chip.convert import Source, to_log
from nesvae_live.chip.corpus import read_files
from nesvae_live.chip.nesmdb import loads_exprsco
from nesvae_live.take.folder import read_jam
from nesvae_live.take.sound import jam_to_timeline
from tests.conftest import find_corpus
from tests.support.machine6502 import NsfMachine
from tests.support.registers import intended
from tests.support.simulated import SimulatedJam

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

MOST_FRAMES = 3600
"""A minute of each."""


def check(source: Source) -> None:
    frames = log_to_frames(*to_log(source), NSF_HZ)
    wanted = intended(frames)[:MOST_FRAMES]
    machine = NsfMachine(frames_to_nsf(frames, NO_CREDITS, None).data)
    machine.call(machine.init)
    assert [machine.call(machine.play) for _ in wanted] == wanted


@pytest.mark.parametrize("seed", range(100, 120))
def test_a_take(seed: int, tmp_path: Path) -> None:
    jam = SimulatedJam(seed, 30.0)
    jam.play()
    check(jam_to_timeline(read_jam(jam.write(tmp_path / "take"))))


@pytest.mark.corpus
@pytest.mark.parametrize("part", range(20))
def test_a_score(part: int) -> None:
    files, _ = read_files(find_corpus(), "valid")
    check(loads_exprsco(files[part * len(files) // 20][1]))
