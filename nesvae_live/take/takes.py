"""The takes in a folder: which there are, how long they are, and whether they are whole."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

from nesvae_live import NesvaeError
from nesvae_live.clock.timing import Meter
from nesvae_live.log.codec import line_to_entry
from nesvae_live.log.entries import Barred, Closed, Entry, Opened, Sent
from nesvae_live.log.reader import JamError, line_to_opened
from nesvae_live.music.ranges import Range, nearest
from nesvae_live.paths import replacing
from nesvae_live.take.folder import LOG_NAME, MIDI_NAME, PICTURE_NAME, SOUND_NAME
from nesvae_live.take.growing import is_held

TAIL_BYTES = 1 << 16
"""How much of a log's end is read to learn how it ended."""

OF_A_TAKE = (LOG_NAME, SOUND_NAME, MIDI_NAME, PICTURE_NAME)
LOG_SUFFIX = Path(LOG_NAME).suffix

LONGEST_LINE = 1 << 20
"""How much of a log is read as its first line, in bytes."""


class TakeError(NesvaeError):
    """A take isn't there or can't be used; one line says which and why."""


class TakeState(StrEnum):
    """How a take ended, if it did."""

    WHOLE = "whole"
    CUT = "cut off"
    PLAYING = "playing"
    FOREIGN = "unreadable"


class Label(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a person says of a take: its name, and 1 to 5 stars; 0 is none."""

    name: str = ""
    stars: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0


NO_LABEL = Label()
STARS = Range(0, 5, "stars")
LABEL_NAME = "label.json"
"""The file in a take's folder that has its label."""


def read_label(take: Path) -> Label:
    """What was said of a take; nothing, where its file is missing or damaged."""
    try:
        return msgspec.json.decode((take / LABEL_NAME).read_bytes(), type=Label)
    except (OSError, msgspec.DecodeError):
        return NO_LABEL


def change_label(take: Path, *, name: str | None = None, stars: int | None = None) -> None:
    """Keep what is said of a take; None stays as it was.

    Raises:
        TakeError: it can't be written.
    """
    was = read_label(take)
    label = Label(was.name if name is None else name, was.stars if stars is None else stars)
    try:
        with replacing(take / LABEL_NAME) as part:
            part.write_bytes(msgspec.json.encode(label) + b"\n")
    except OSError as error:
        raise TakeError(f"{take / LABEL_NAME}: {error.strerror or error}") from None


@dataclass(frozen=True, slots=True)
class TakeInfo:
    """What a take's folder tells without reading the whole log.

    `seconds` and `beat` are where it ended, `n_bytes` is the size of all its files; `fault` says in
    one line why its log can't be read, if so.
    """

    folder: Path
    state: TakeState
    opened: Opened | None = None
    seconds: float = 0.0
    beat: float = 0.0
    n_bytes: int = 0
    fault: str = ""
    label: Label = NO_LABEL

    @property
    def bars(self) -> int:
        """How many bars it fills, counting a begun one."""
        if self.opened is None:
            return 0
        whole = Meter.parse(self.opened.meter).whole_bars(self.beat)
        return max(1, round(whole / self.opened.beats_per_bar))


def find_takes(jams: Path) -> list[Path]:
    """The folders in `jams` that hold a take, in the order in which they were begun.

    That is the order of their own clocks, each with its distance from Greenwich: names go back when
    summer time ends. A take whose log says nothing is placed by its name.

    Raises:
        TakeError: there is no such folder.
    """
    try:
        takes = [path for path in jams.iterdir() if (path / LOG_NAME).is_file()]
    except FileNotFoundError:
        raise TakeError(
            f"there is no folder {jams}: `nesvae-live play` makes it with the first take; "
            "--jams names another"
        ) from None
    except OSError as error:
        raise TakeError(f"{jams}: {error.strerror}; name the folder of takes with --jams") from None
    return sorted(takes, key=lambda take: (_begun(take), take.name))


NAMED = "%Y-%m-%d_%H-%M-%S"
"""How a take's folder is named, by local time."""


def _begun(take: Path) -> float:
    """When a take began, in seconds."""
    with suppress(OSError, ValueError, JamError), (take / LOG_NAME).open("rb") as log:
        return datetime.fromisoformat(
            line_to_opened(log.readline(LONGEST_LINE)).started
        ).timestamp()
    with suppress(ValueError):
        return datetime.strptime(take.name[:19], NAMED).astimezone().timestamp()
    return 0.0


NEWEST = "newest"


def find_take(name: str | None, jams: Path) -> Path:
    """The folder of a take.

    Args:
        name: a take's folder or one of its files, or the beginning of a take's name in `jams`, or the name
            that a person gave it; None, or `newest`, means the newest there.
        jams: the folder of takes.

    Raises:
        TakeError: there is none, or several names begin so.
    """
    name = None if name == NEWEST else name
    if name is not None:
        path = Path(name).expanduser()
        if (path / LOG_NAME).is_file():
            return path
        if path.name in OF_A_TAKE and (path.parent / LOG_NAME).is_file():
            return path.parent
        if path.suffix == LOG_SUFFIX and path.is_file():
            raise TakeError(
                f"{path}: a take is a folder with {LOG_NAME} in it; "
                "`nesvae-live render` takes a log by itself"
            )
    takes = find_takes(jams)
    named = takes[-1:] if name is None else [take for take in takes if take.name.startswith(name)]
    named = [take for take in named if take.name == name] or named
    if name is not None and len(named) != 1:
        given = name.casefold()
        labelled = [take for take in takes if read_label(take).name.casefold() == given]
        named = labelled or named
    if len(named) == 1:
        return named[0]
    if name is None:
        raise TakeError(f"no take in {jams}: name another folder with --jams")
    if named:
        raise TakeError(f"{len(named)} takes in {jams} begin with {name!r}: {named[0].name}, ...")
    meant = nearest(name, (take.name for take in takes))
    raise TakeError(f"no take in {jams} begins with {name!r}{meant} (`nesvae-live jam list`)")


def inspect_take(folder: Path) -> TakeInfo:
    """Find out about a take from the beginning and the end of its log."""
    log = folder / LOG_NAME
    try:
        n_bytes = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
        playing = is_held(log)
        first, last = _ends(log)
    except OSError as error:
        return TakeInfo(folder, TakeState.FOREIGN, fault=error.strerror or str(error))
    try:
        opened = line_to_opened(first)
    except JamError as error:
        state = TakeState.PLAYING if playing else TakeState.CUT if not first else TakeState.FOREIGN
        return TakeInfo(folder, state, n_bytes=n_bytes, fault=str(error))
    closed = any(isinstance(entry, Closed) for entry in last)
    state = TakeState.PLAYING if playing else TakeState.WHOLE if closed else TakeState.CUT
    if state is TakeState.WHOLE and not (folder / MIDI_NAME).exists():
        state = TakeState.CUT
    label = read_label(folder)
    beat = max((e.beat for e in last if isinstance(e, Sent | Closed | Barred)), default=0.0)
    seconds = max((e.at for e in last if isinstance(e, Sent | Closed | Barred)), default=0.0)
    return TakeInfo(folder, state, opened, seconds, beat, n_bytes, label=label)


def _ends(log: Path) -> tuple[bytes, list[Entry]]:
    """A log's first line, and the entries of its end."""
    with log.open("rb") as file:
        first = file.readline(LONGEST_LINE)
        size = file.seek(0, 2)
        file.seek(max(len(first), size - TAIL_BYTES))
        lines = file.read().splitlines()
    entries: list[Entry] = []
    for line in lines:  # the first of them may be half a line
        try:
            entries.append(line_to_entry(line))
        except ValueError:
            continue
    return first, entries
