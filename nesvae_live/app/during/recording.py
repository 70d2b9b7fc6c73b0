"""The take of a session, and the processes that make files beside the music."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from nesvae_live.take.growing import said_in_advance
from nesvae_live.take.processes import PartExport, Recovery
from nesvae_live.take.recorder import Recorder


@dataclass(frozen=True, slots=True)
class Recording:
    """A take that was `started` at a local time, and grows in `folder`.

    `recovery` completes earlier takes that were cut off, `part_export` exports bars of this one.
    """

    folder: Path
    started: datetime
    recorder: Recorder
    recovery: Recovery
    part_export: PartExport

    @classmethod
    def open(
        cls,
        stack: ExitStack,
        recorder: Recorder,
        jams: Path,
        sample_rate: int,
        warn: Callable[[str], None],
    ) -> Self:
        """Begin a take in `jams`; it is whole before the bars asked for last are exported.

        Args:
            stack: closes all of it, in reverse.
            recorder: of the take, not started yet.
            jams: where takes are.
            sample_rate: of the take, in Hz.
            warn: told a line each, from any thread.

        Raises:
            RecordError: nothing can be written there.
        """
        recovery = stack.enter_context(closing(Recovery(jams, warn)))
        if sys.stderr.isatty():
            print(said_in_advance(jams, sample_rate), file=sys.stderr)
        started = datetime.now().astimezone()
        folder = recorder.start(started)
        part_export = stack.enter_context(closing(PartExport(folder, warn)))
        stack.enter_context(closing(recorder))
        return cls(folder, started, recorder, recovery, part_export)
