"""Processes of our own: what they can see of the one that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nesvae_live.io.ownprocess import is_stopped
from tests.support.orphans import ends_with_its_parent
from tests.support.waiting import wait_until


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="states are read in /proc")
def test_a_process_is_stopped_until_it_goes_on_and_never_when_it_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        preexec_fn=ends_with_its_parent(),  # noqa: PLW1509
    ) as other:
        assert not is_stopped(other.pid)
        os.kill(other.pid, signal.SIGSTOP)
        assert wait_until(lambda: is_stopped(other.pid))
        os.kill(other.pid, signal.SIGCONT)
        assert wait_until(lambda: not is_stopped(other.pid))
        other.kill()
        other.wait()
        assert not is_stopped(other.pid)
