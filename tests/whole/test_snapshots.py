"""Snapshots by name, their list, and a file that can't be written: through the control socket."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from nesvae_live.cli.main import main
from tests.support.daemon import Daemon
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
QUIET = ("--midi-api", "none", "--audio", "none", "--seed", "3")


def a_store_that_fails(bank: Path, daemon: Daemon, ctl: Callable[[str], tuple[int, str]]) -> None:
    """It answers so, the music goes on, and the file is written once it can be."""
    bank.unlink()
    bank.mkdir()
    code, said = ctl("store refrain")
    assert code == 1
    assert said.count("\n") == 1
    assert "can't be written" in said
    assert "can be recalled" in said
    beat = daemon.ctl(do="status")["beat"]
    assert wait_until(lambda: daemon.ctl(do="status")["beat"] > beat + 1), "it plays on"
    assert ctl("recall refrain")[0] == 0
    bank.rmdir()
    assert wait_until(bank.is_file), "it is written once it can be"


def test_snapshots_have_names_and_a_store_that_fails_answers_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # One instrument for all of it: it takes seconds to start.
    preset = tmp_path / "mine.toml"
    preset.write_text('name = "mine"\n')
    bank = tmp_path / "mine.snapshots.json"
    with Daemon(tmp_path, *QUIET, "--preset", str(preset)) as daemon:

        def ctl(words: str) -> tuple[int, str]:
            verb, *rest = shlex.split(words)
            done = main(["ctl", "--control", str(daemon.control), verb, *rest])
            told = capsys.readouterr()
            return done, told.out + told.err

        assert ctl("snapshots")[1].startswith("there are none")
        ctl("set density 0.8")
        ctl("key D minor")
        assert ctl("store verse") == (0, "snapshot 1 is 'verse' now\n")
        ctl("set density 0.2")
        ctl("mute P2")
        assert ctl("store 7 'the chorus'") == (0, "snapshot 7 is 'the chorus' now\n")
        assert ctl("store bridge")[1] == "snapshot 2 is 'bridge' now\n"
        code, listed = ctl("snapshots")
        assert code == 0
        verse, bridge, chorus = listed.splitlines()
        assert verse == "   1  verse       density 0.80, key D minor"
        assert chorus.split(None, 1)[1].startswith("the chorus")
        assert "density 0.20, mute P2, key D minor" in chorus
        assert bridge[0] == "*", "all stands as in this one, the first of two alike"
        assert ctl("recall VERSE")[0] == 0
        assert wait_until(lambda: daemon.ctl(do="status")["standing"] == 1)
        assert daemon.ctl(do="status")["knobs"] == {"density": 0.8}
        ctl("set density 0.3")
        assert daemon.ctl(do="status")["standing"] is None
        assert ctl("morph 'the chorus' 0.25")[0] == 0
        assert wait_until(lambda: daemon.ctl(do="status")["standing"] in {2, 7})
        code, said = ctl("recall chorsu")
        assert code == 1
        assert "no snapshot 'chorsu'" in said
        assert "did you mean 'the chorus'?" in said
        with pytest.raises(SystemExit):
            ctl("store 99")
        assert "1 to 64" in capsys.readouterr().err
        assert ctl("between verse bridge")[0] == 0
        assert ctl("store 7")[0] == 0, "stored again it keeps its name"
        assert daemon.ctl(do="status")["snapshot_names"]["7"] == "the chorus"
        assert ctl("clear bridge")[0] == 0
        assert bank.exists()

        a_store_that_fails(bank, daemon, ctl)
        assert daemon.end() == 0
    again = Daemon(tmp_path, *QUIET, "--preset", str(preset))
    with again as daemon:
        names = daemon.ctl(do="status")["snapshot_names"]
        assert names == {"1": "verse", "2": "refrain", "7": "the chorus"}
        assert daemon.end() == 0
