"""A PipeWire of its own for tests: no desktop, no sound card, a null sink; JACK through `pw-jack`."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.support.orphans import ends_with_its_parent
from tests.support.waiting import WAIT_SECONDS, wait_until

PROGRAMS = ("pipewire", "wireplumber", "pw-jack", "pw-cli", "pw-metadata", "dbus-run-session")
SESSION = "pipewire & wireplumber & trap 'kill $(jobs -p)' TERM; wait"
SINK = (
    "{ factory.name=support.null-audio-sink node.name=test_sink media.class=Audio/Sink "
    "object.linger=true audio.position=[FL FR] monitor.channel-volumes=true }"
)
START_SECONDS = 20.0
STARTS = 3


def why_no_pipewire() -> str | None:
    """Why there can be none here, or None."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    packages = "pipewire, pipewire-bin, pipewire-jack, wireplumber and dbus"
    return f"{' and '.join(missing)} not found: install {packages}" if missing else None


class PipeWire:
    """Runs from `start` to `stop`, and again; `environment` is what makes a program use it.

    Programs are started through `command`, as `pw-jack` does it.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="nesvae_pw_")
        self.environment: Mapping[str, str] = {
            **os.environ,
            "XDG_RUNTIME_DIR": self._folder.name,
            "PIPEWIRE_RUNTIME_DIR": self._folder.name,
            "XDG_STATE_HOME": self._folder.name,
            "XDG_CONFIG_HOME": self._folder.name,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it, and wait until JACK clients find it and its sink; anew if it has none."""
        for _ in range(STARTS):
            if self._begin():
                return
            self.stop()
        self.close()
        raise RuntimeError("PipeWire does not start, or has no sink")

    def _begin(self) -> bool:
        self._process = subprocess.Popen(
            ["dbus-run-session", "--", "sh", "-c", SESSION],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=ends_with_its_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        socket = Path(self._folder.name) / "pipewire-0"
        return wait_until(socket.exists, START_SECONDS, every=0.05) and wait_until(
            self._has_sink, START_SECONDS, every=0.2
        )

    def _has_sink(self) -> bool:
        """Whether the sink has its ports; makes it where it is missing.

        `pw-cli` may leave before what it asked for was done, and nothing is made then.
        """
        if "test_sink" not in self.run("pw-cli", "ls", "Node"):
            self.run("pw-cli", "create-node", "adapter", SINK)
        return "test_sink" in self.ports()

    def run(self, *command: str) -> str:
        """Run a program against it; what it prints."""
        done = subprocess.run(
            command, env=dict(self.environment), capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    def ports(self) -> str:
        """The names of all ports, a line each."""
        return self.run("pw-link", "-io")

    def jack_environment(self) -> Mapping[str, str]:
        """What `pw-jack` sets, so that a program finds PipeWire's libjack."""
        said = subprocess.run(
            ["pw-jack", "env"],
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)

    def set_quantum(self, frames: int) -> None:
        """Have all clients go in blocks of so many frames from now on."""
        self.run("pw-metadata", "-n", "settings", "0", "clock.force-quantum", str(frames))

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(WAIT_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def close(self) -> None:
        """End it, and leave no trace."""
        self.stop()
        self._folder.cleanup()
