"""README, followed to the letter: a fresh home, a JACK server, a controller that no preset knows.

Each command is typed into a shell as it is printed, but for `NAME`, from the clone to the removal; the
placeholder's address leads to this folder. Only `make demo` is left out, whose two minutes are tried
by hand: the environment of the tests stands in for what it installs.
"""

from __future__ import annotations

import os
import sys
import tempfile
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nesvae_live.io.remote.client import ControlError, send_command
from tests.support.jack import JackServer
from tests.support.places import ROOT
from tests.support.probe import JackProbe
from tests.support.terminal import Terminal
from tests.support.waiting import wait_until

README = (ROOT / "README.md").read_text(encoding="utf-8")
ADDRESS = "https://example.org/nesvae_live.git"
CLONE = "nesvae_live"
CC = 77
BARS = 4
SECONDS = 60.0


class Shell:
    """A terminal with bash in which one who reads README types."""

    def __init__(self, home: Path, runtime: Path, *, name: str) -> None:
        (home / name).mkdir(parents=True)
        (home / ".gitconfig").write_text(
            f'[url "{ROOT}"]\n insteadOf = {ADDRESS}\n[safe]\n directory = *\n', encoding="utf-8"
        )
        fresh = {
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "XDG_CONFIG_HOME": "",
            "XDG_MUSIC_DIR": str(home / "music"),
            "XDG_RUNTIME_DIR": str(runtime),
        }
        self.terminal = Terminal(home / name, shell=True, environment=fresh)
        self._count = 0

    def types(self, command: str, *, where: str | None = None) -> None:
        """Type a command of README's; `where` says what stands for `NAME`."""
        assert command in README, f"README does not print {command!r}"
        self.terminal.press(command.replace("NAME", where or "NAME") + "\n")

    def done(self) -> None:
        """Wait until what was typed has ended, and ended well."""
        assert wait_until(self._is_ready, SECONDS), self.terminal.text
        self._count += 1
        self.terminal.press(f"echo ended {self._count} with $?\n")
        ended = f"ended {self._count} with 0".encode()  # what was typed has no 0 there
        assert wait_until(lambda: ended in self.terminal.sent, SECONDS), self.terminal.text

    def _is_ready(self) -> bool:
        """Whether the shell waits: what is typed before goes to what still runs."""
        return self.terminal.sent.rstrip().endswith(b"ready>")


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder for the control socket, whose path may not be as long as `tmp_path`'s can get."""
    with tempfile.TemporaryDirectory(prefix="nesvae_") as folder:
        yield Path(folder)


@pytest.fixture
def shells(tmp_path: Path, runtime: Path) -> Iterator[tuple[Shell, Shell]]:
    with ExitStack() as stack:
        pair = Shell(tmp_path, runtime, name="one"), Shell(tmp_path, runtime, name="two")
        for shell in pair:
            stack.enter_context(shell.terminal)
            shell.terminal.wait_for("ready>")
            shell.terminal.press("cd\n")  # what is exported without -o goes where the shell is
        yield pair


@pytest.mark.jack
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.skipif(
    not (ROOT / ".git").exists() or not (Path(sys.prefix) / "bin" / "activate").exists(),
    reason="needs a checkout to clone, and an environment to activate",
)
def test_from_readme_alone_to_a_learnt_knob_a_snapshot_an_export_and_an_uninstall(
    jack_server: JackServer, tmp_path: Path, runtime: Path, shells: tuple[Shell, Shell]
) -> None:
    stage, other = shells

    def status() -> dict[str, Any]:
        try:
            (control,) = runtime.rglob("control*")
            return dict(send_command({"do": "status"}, control))
        except (ControlError, ValueError):
            return {}

    with JackProbe("WeirdBox") as box:
        install(stage)
        stage.types("nesvae-live play --midi-in NAME", where="WeirdBox")
        stage.terminal.wait_for("[Y/n]")  # README says so: whom to send the notes to
        stage.terminal.press("n\n")
        assert wait_until(lambda: status().get("beat", 0.0) > 0.0, SECONDS), stage.terminal.text
        other.types("nesvae-live learn")
        other.terminal.wait_for("> ")
        other.terminal.press("density\n")
        other.terminal.wait_for("move its control")

        def turned() -> bool:
            for value in (10, 12, 15, 19, 24):
                box.send_midi((0xB0, CC, value))
            return "saved: " in other.terminal.text

        assert wait_until(turned, SECONDS, every=0.5), other.terminal.text
        other.terminal.press("quit\n")
        other.done()
        box.send_midi((0xB0, CC, 127))
        assert wait_until(lambda: status()["knobs"].get("density") == 1.0)
        other.types("nesvae-live ctl store 1")
        other.done()
        other.types("nesvae-live ctl set density 0.8")
        other.done()
        assert status()["knobs"]["density"] == 0.8
        other.types("nesvae-live ctl recall 1")
        other.done()
        assert wait_until(lambda: status()["knobs"]["density"] == 1.0)
        assert wait_until(lambda: status()["bar"] > BARS, SECONDS)
        other.types("nesvae-live ctl stop")
        other.done()
        stage.done()
    other.types('nesvae-live jam export --to nsf,nes --bars 1-4 --title "My tune"')
    other.done()
    made = {
        path.suffix
        for path in tmp_path.rglob("*.*")
        if CLONE not in path.relative_to(tmp_path).parts[:1]
    }
    assert {".nsf", ".nes"} <= made
    (sound,) = (tmp_path / "music").rglob("take.wav")
    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    assert samples.std() > 0, "it sounded"
    uninstall(stage, tmp_path)
    assert sound.exists(), "a take stays"


def install(shell: Shell) -> None:
    """As README says, but for `make demo`."""
    shell.types(f"git clone {ADDRESS}")
    shell.done()
    shell.types(f"cd {CLONE}")
    shell.terminal.press(f"ln -s {sys.prefix} .venv\n")
    shell.types("source .venv/bin/activate")
    shell.done()


def uninstall(shell: Shell, home: Path) -> None:
    presets = home / ".config" / "nesvae_live"
    assert list(presets.rglob("*.toml")), "what was learnt"
    shell.types(f"cd .. && rm -rf {CLONE} ~/.config/nesvae_live")
    shell.done()
    assert not presets.exists()
    assert not (home / CLONE).exists()
