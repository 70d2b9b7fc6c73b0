"""A round of the snapshots through the real program: what it says, and what it plays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.waiting import wait_until

SILENT = ("--midi-api", "none", "--audio", "none", "--no-status", "--tempo", "400")


@pytest.mark.slow
def test_a_round_that_was_asked_for_at_the_start_needs_snapshots_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    with Daemon(tmp_path, *SILENT, "--auto", "round") as daemon:
        assert not daemon.ctl(do="status")["round"]
        for slot, density in ((1, 0.2), (2, 0.8)):
            daemon.ctl(do="set", knob="density", value=density)
            daemon.ctl(do="store", slot=slot)
        assert daemon.end() == 0
    assert "--auto round: a round needs at least 2 snapshots, and there are 0" in daemon.said
    with Daemon(tmp_path, *SILENT, "--auto", "round") as daemon:
        assert daemon.ctl(do="status")["round"]
        assert wait_until(lambda: daemon.ctl(do="status")["knobs"].get("density") == 0.8)
        assert wait_until(lambda: daemon.ctl(do="status")["knobs"].get("density") == 0.2)
        assert daemon.end() == 0
    assert daemon.said == ""
