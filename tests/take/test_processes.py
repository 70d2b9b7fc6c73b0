"""Keep the last bars: while the music plays, without a note lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mido
import pytest

from nesvae_live.cli.main import main
from nesvae_live.io.remote.client import ControlError
from nesvae_live.take.processes import PartExport
from tests.support.daemon import Daemon
from tests.support.waiting import wait_until

SILENT = ("--midi-api", "none", "--audio", "none", "--no-status")


@pytest.mark.parametrize(
    ("bars", "over", "kept"), [(4, 10, (7, 10)), (4, 3, (1, 3)), (1, 1, (1, 1))]
)
def test_the_last_bars_that_are_over_are_kept(
    tmp_path: Path, bars: int, over: int, kept: tuple[int, int]
) -> None:
    answer = PartExport(tmp_path, print).keep(bars, over)
    assert (answer["first"], answer["last"]) == kept


@pytest.mark.parametrize(
    ("bars", "over", "says"), [(0, 10, "1 or more"), (4, 0, "no bar is complete")]
)
def test_what_cannot_be_kept_is_said(tmp_path: Path, bars: int, over: int, says: str) -> None:
    answer = PartExport(tmp_path, print).keep(bars, over)
    assert not answer["ok"]
    assert says in answer["error"]


def test_what_was_not_made_is_told_in_one_line(tmp_path: Path) -> None:
    said: list[str] = []
    part_export = PartExport(tmp_path / "no take", said.append)
    assert part_export.keep(4, 10)["ok"]
    part_export.close()
    (line,) = said
    assert line.startswith("bars 7-10 were not kept: ")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_bars_are_kept_on_the_grid_while_it_plays_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the command, and by the target that any control can be put on."""
    with Daemon(tmp_path, *SILENT, "--tempo", "240", "--seed", "8") as daemon:

        def status() -> dict[str, Any]:
            return daemon.ctl(do="status")

        control = ["--control", str(daemon.control)]
        assert wait_until(lambda: status()["bar"] > 4)
        capsys.readouterr()
        assert main(["jam", "capture", "--bars", "2", *control]) == 0
        first, last = (int(word) for word in capsys.readouterr().out.split() if word.isdecimal())
        assert last == first + 1
        assert daemon.ctl(do="move", target="keep-4", value=1.0)["ok"]
        assert wait_until(lambda: daemon.said.count("kept bars") == 2, 100.0), daemon.said
        bar = status()["bar"]
        assert wait_until(lambda: status()["bar"] > bar)
        assert daemon.end() == 0
    assert all("kept bars" in line for line in daemon.said.splitlines()), daemon.said
    kept = mido.MidiFile(daemon.take / f"{daemon.take.name}_bars{first}-{last}.mid")
    assert {sum(m.time for m in track) for track in kept.tracks} == {2 * 4 * 480}
    notes = [m for track in kept.tracks for m in track if m.type == "note_on"]
    jam = daemon.jam()
    begin, end = 4.0 * (first - 1), 4.0 * last
    sounding = [n for n in jam.notes() if n.end > begin + 1e-6 and n.start < end - 1e-6]
    assert len(notes) == pytest.approx(len(sounding), abs=2)  # what rounds to no tick isn't there
    wavs = list(daemon.take.glob("*_bars*.wav"))
    assert len(wavs) == 2


def test_with_nothing_that_plays_it_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["jam", "capture", "--control", str(tmp_path / "nobody")]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "nothing plays here" in error
    assert ControlError.__name__ not in error
