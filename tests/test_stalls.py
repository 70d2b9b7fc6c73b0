"""A test of timing that fails while the machine stands still is tried again, and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.places import ROOT
from tests.support.stalls import ORDINARY, REAL_TIME, StallWatch
from tests.support.waiting import wait_until


@pytest.mark.parametrize("kind", [REAL_TIME, ORDINARY])
def test_a_stall_is_seen_with_its_length(kind: str) -> None:
    watch = StallWatch((kind,))
    (pid,) = watch.pids
    try:
        start = time.perf_counter()
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.05)
        os.kill(pid, signal.SIGCONT)
        assert wait_until(lambda: watch.since(start) >= 0.04)
        assert watch.since(time.perf_counter() + 1.0) == 0.0
    finally:
        watch.close()


TRIED = """
import pytest

from tests.support.stalls import StallWatch

tries = []
StallWatch.since = lambda self, start: {stall}

@pytest.mark.jack
def test_that_passes_the_second_time():
    tries.append(1)
    assert len(tries) == 2

def test_that_keeps_no_time():
    assert len(tries) == 3
"""


@pytest.mark.jack
@pytest.mark.parametrize(
    ("stall", "counted"), [(0.0, "2 failed"), (0.05, "1 failed, 1 passed, 1 rerun")]
)
def test_it_is_tried_again_if_the_machine_stood_still(
    tmp_path: Path, stall: float, counted: str
) -> None:
    path = tmp_path / "test_tried.py"
    path.write_text(TRIED.format(stall=stall), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    command += ["-p", "no:warnings", str(path)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert counted in done.stdout.splitlines()[-1], done.stdout + done.stderr
    assert ("stood still for 50 ms" in done.stderr) == (stall > 0.0)
