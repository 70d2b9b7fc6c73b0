"""Sound devices are asked for in a child process, which finds this program by its own path."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nesvae_live.io.audio import probe as module
from nesvae_live.io.audio.probe import probe


def test_the_child_answers_with_or_without_devices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From another folder and with a bare environment, as an installed program is started."""
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "no-such-server")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.chdir(tmp_path)
    started: list[tuple[list[str], dict[str, str]]] = []
    run = subprocess.run

    def watched(command: list[str], *, env: dict[str, str], **rest: Any) -> Any:
        started.append((command, env))
        return run(command, env=env, **rest)

    monkeypatch.setattr(subprocess, "run", watched)
    offer = probe()
    ((command, environment),) = started
    name = command[command.index("-m") + 1]
    folder = Path(environment["PYTHONPATH"].split(os.pathsep)[0])
    assert (folder / Path(*name.split("."))).with_suffix(".py").samefile(str(module.__file__))
    assert offer.versions.keys() == {"pyo", "portaudio"}, offer
    assert not offer.portaudio_fault
    assert offer.jack_rate == 0
    assert offer.jack_fault


def test_a_probe_that_crashes_is_a_fault_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/no/such/python")
    offer = probe()
    assert "no child process" in offer.portaudio_fault
    assert offer.outputs == ()
    assert offer.jack_rate == 0
