"""A take as NSF and ROM, through the commands: bars, loops, credits, and what doesn't fit."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest

from nesvae_live.chip.console.frames import CONSOLE_HZ
from nesvae_live.chip.console.nsf import NSF_HZ
from nesvae_live.chip.tracker.ftmreader import ftm_to_module
from nesvae_live.cli.main import main
from nesvae_live.log.entries import Closed
from nesvae_live.log.tally import LogLines
from nesvae_live.take.folder import LOG_NAME, read_jam
from tests.support.machine6502 import NsfMachine, RomMachine
from tests.support.recording import opened
from tests.support.simulated import SimulatedJam


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    jam = SimulatedJam(12, 16.0)
    jam.play()
    return jam.write(tmp_path_factory.mktemp("jams") / "2026-11-27_20-00-00")


def exported(take: Path, out: Path, *options: str) -> tuple[Path, Path]:
    command = ["jam", "export", str(take), "--to", "nsf,nes", "-o", str(out), *options]
    assert main(command) == 0
    (nsf,), (nes,) = out.glob("*.nsf"), out.glob("*.nes")
    return nsf, nes


def test_bars_go_onto_a_cartridge_with_credits(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nsf, nes = exported(
        take, tmp_path, "--bars", "2-4", "--loop", "3", "--title", "Steered", "--artist", "Me"
    )
    said = capsys.readouterr().err
    assert f"{nes.name}: " in said
    assert "KiB (some " in said
    assert "frames a second" in said
    assert nsf.read_bytes()[0x0E:0x16] == b"Steered\0"
    machine = RomMachine(nes.read_bytes())
    machine.boot()
    jam = read_jam(take)
    bar_frames = [
        round((jam.time_of(4.0 * bar) - jam.time_of(4.0)) * CONSOLE_HZ) for bar in range(1, 5)
    ]
    shown = []
    for _ in range(bar_frames[3] + bar_frames[2] - bar_frames[1] + 20):
        machine.frame()
        shown.append(machine.line(11)[3:16].split()[1])
    assert machine.line(3).strip() == "STEERED"
    changes = [i for i, (a, b) in enumerate(pairwise(shown[1:])) if a != b]
    # What is drawn is what the frame before has read.
    ends = [bar_frames[1], bar_frames[2], bar_frames[3]]
    ends.append(ends[-1] + bar_frames[2] - bar_frames[1])
    assert changes == pytest.approx([end - 1 for end in ends], abs=1)
    assert [shown[end - 3] for end in ends[:3]] == ["1", "2", "3"]
    assert shown[ends[2] + 3] == "2"  # from bar 3 of the take on: the second that is exported


def test_a_loop_outside_of_the_bars_is_one_line(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["jam", "export", str(take), "--to", "nsf", "--bars", "2-4", "-o", str(tmp_path)]
    assert main([*command, "--loop", "9"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "can't loop from bar 9: it has 2 to 4" in said
    assert not list(tmp_path.iterdir())


def test_an_empty_jam_is_a_cartridge_too(tmp_path: Path) -> None:
    lines = LogLines()
    entries = (opened(), Closed(5000.0, 0.0, "nothing was played"))
    folder = tmp_path / "empty"
    folder.mkdir()
    (folder / LOG_NAME).write_bytes(b"".join(line for e in entries for line in lines.take(e)))
    nsf, nes = exported(folder, tmp_path / "out")
    player = NsfMachine(nsf.read_bytes())
    player.call(player.init)
    machine = RomMachine(nes.read_bytes())
    machine.boot()
    for _ in range(300):
        assert not [v for a, v in player.call(player.play) if a == 0x4015 and v]
        assert not [v for a, v in machine.frame() if a == 0x4015 and v]
    assert machine.line(11)[3:16].split()[:2] == ["BAR", "1"]


def test_render_makes_both_of_a_score_and_of_a_log(take: Path, tmp_path: Path) -> None:
    score = tmp_path / "tune.exprsco.pkl"
    assert main(["render", str(take / LOG_NAME), "-o", str(score)]) == 0
    for source in (score, take / LOG_NAME):
        for suffix in ("nsf", "nes"):
            assert main(["render", str(source), "-o", str(tmp_path / f"x.{suffix}")]) == 0
        assert (tmp_path / "x.nsf").read_bytes()[:5] == b"NESM\x1a"
        machine = RomMachine((tmp_path / "x.nes").read_bytes())
        machine.boot()
        for _ in range(70):
            machine.frame()
        wanted = ("TUNE", "SEC") if source == score else ("JAM OF 2026-11-24", "BAR")
        assert machine.line(3).strip() == wanted[0] or source != score
        assert machine.line(11)[3:6] == wanted[1]
    assert NSF_HZ > CONSOLE_HZ


@pytest.mark.parametrize("seed", range(6))
def test_a_garbled_log_is_a_cartridge_or_a_line(
    take: Path, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    draw = random.Random(seed)
    lines = (take / LOG_NAME).read_bytes().splitlines(keepends=True)[: 400 + 300 * seed]
    for _ in range(20):
        at = draw.randrange(1, len(lines))
        line = bytearray(lines[at])
        for _ in range(draw.choice([1, 4])):
            line[draw.randrange(len(line) - 1)] = draw.choice(b'0123456789-e{}",: \xff')
        lines[at] = bytes(line) if draw.random() < 0.8 else b""
    folder = tmp_path / "garbled"
    folder.mkdir()
    (folder / LOG_NAME).write_bytes(b"".join(lines))
    out = tmp_path / "out"
    command = ["jam", "export", str(folder), "--to", "nsf,nes,ftm", "-o", str(out)]
    failed = main(command)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    if failed:
        assert said.splitlines()[-1].startswith("nesvae-live: ")
        return
    machine = RomMachine(next(out.glob("*.nes")).read_bytes())
    machine.boot()
    for _ in range(30):
        machine.frame()
    assert ftm_to_module(next(out.glob("*.ftm")).read_bytes()).tracks
