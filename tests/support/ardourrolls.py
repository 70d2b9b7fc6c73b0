"""Ardour as the one whose transport rolls: on JACK, its timebase master, without its window."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.places import ROOT

SCRIPT = ROOT / "tests" / "support" / "ardour_rolls.lua"
TICKS = 1920
NEAR = 4096
"""So few frames from where it is to stand Ardour says it is: it says places some cycles ahead."""

WAIT = (
    "for i = 1, 10000000 // {2} do if {0} then break end; {1} ARDOUR.LuaAPI.usleep({2}) end; "
    "assert({0}, 'the transport is elsewhere')"
)
"""Lua that waits until something is so, and does something until then."""

CONFIG = """<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config/>
  <TransportMasters current="JACK Transport">
    <TransportMaster type="Engine" name="JACK Transport" collect="1" removeable="0"/>
  </TransportMasters>
</Ardour>
"""
"""What makes Ardour drive JACK's transport, and follow it."""


class ArdourError(RuntimeError):
    """Ardour ended, or could not do what it was told."""


class ArdourRolls:
    """Ardour with a session of its own on the default server; `with` ends it.

    Args:
        folder: an empty one.
        tempo_map: pieces of Lua that make its tempo map, of `map`.
        bars: the beats (quarters) from which on bars have so many; the first from 0.
    """

    def __init__(
        self, folder: Path, tempo_map: Sequence[str], bars: Sequence[tuple[float, float]]
    ) -> None:
        config = folder / ".config" / "ardour7"
        config.mkdir(parents=True)
        (config / "config").write_text(CONFIG, encoding="utf-8")
        self._bars = bars
        self._errors = (folder / "stderr.txt").open("w")
        self._process = subprocess.Popen(
            ["ardour7-lua", str(SCRIPT)],
            env={
                **os.environ,
                "HOME": str(folder),
                "XDG_CONFIG_HOME": str(folder / ".config"),
                "SESSION_FOLDER": str(folder / "rolls"),
                "MAP": "; ".join(tempo_map),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._read("READY")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def ask(self, lua: str) -> list[list[str]]:
        """Have a line of Lua done; what it tells."""
        assert self._process.stdin is not None
        self._process.stdin.write(lua + "\n")
        self._process.stdin.flush()
        return self._read("DONE")

    def begin(self) -> None:
        """Roll from frame 0: the server's transport stands where the last test on it left it.

        In the middle of a map whose tempi and metres were never played nobody could know them.
        """
        near, rolls = (f"session:transport_sample() {sign} {NEAR}" for sign in ("<", ">="))
        self.locate(0)
        self.ask(WAIT.format(near, "", 1000))
        # While it locates, it may not take notice.
        self.ask(WAIT.format(rolls, "session:request_roll(UI);", 100_000))

    def roll(self) -> None:
        self.ask("session:request_roll(UI)")

    def stop(self) -> None:
        self.ask("session:request_stop(false, false, UI)")

    def locate(self, frame: int) -> None:
        dispositions = "ARDOUR.LocateTransportDisposition"
        self.ask(f"session:request_locate({frame}, false, {dispositions}.RollIfAppropriate, UI)")

    def locate_when_past(self, last: int, frame: int) -> None:
        """Wait until the transport is past a frame, locate one before it, and wait until it is there."""
        for there in (
            f"session:transport_sample() >= {last}",
            f"session:transport_sample() < {last}",
        ):
            self.ask(WAIT.format(there, "", 1000))
            if ">=" in there:
                self.locate(frame)

    def beat_at(self, frame: float) -> float:
        """The beat that falls on a frame, as Ardour has it."""
        lua = "tell(Temporal.TempoMap.read():quarters_at(Temporal.timepos_t({})):str())"
        ((said,),) = self.ask(lua.format(round(frame)))
        beats, ticks = said.split(":")
        return int(beats) + int(ticks) / TICKS

    def frame_of(self, beat: float) -> int:
        """The frame on which a beat falls: it knows those of whole ticks, a dozen frames apart."""
        tick, share = divmod(beat * TICKS, 1.0)
        lua = "for i = 0, 1 do tell(Temporal.timepos_t.from_ticks({} + i):samples()) end"
        (before,), (after,) = self.ask(lua.format(int(tick)))
        return round(int(before) + share * (int(after) - int(before)))

    def bar_before(self, beat: float) -> float:
        """The last beat, up to this one, on which a bar begins."""
        since, length = [item for item in self._bars if item[0] <= beat + 1e-6][-1]
        return since + (beat - since + 1e-6) // length * length

    def _read(self, last: str) -> list[list[str]]:
        assert self._process.stdout is not None
        said: list[list[str]] = []
        for line in self._process.stdout:
            words = line.rstrip("\n").split("\t")
            if words == [last]:
                return said
            if words[0] == "FAULT":
                raise ArdourError(line)
            if "[WARNING]" not in line:
                said.append(words)
        raise ArdourError("Ardour ended")
