"""The snapshot bank: a preset's snapshots in a file of their own beside it, and back.

The file is JSON: each snapshot has a number, its knobs by their ids, the style axes in order, and
the rest by name. It carries the checkpoint's hash: under another checkpoint the style is dropped,
and all else stays.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.latent.knobs import KNOB_BY_NAME
from nesvae_live.latent.setting import Setting, checked_name, is_style, reordered
from nesvae_live.music.arrangement import Arrangement
from nesvae_live.music.key import Key
from nesvae_live.music.ranges import SEEDS, SNAPSHOTS, TEMPERATURE
from nesvae_live.music.voices import VOICES, Voice
from nesvae_live.paths import replacing

FORMAT = "nesvae_live snapshot bank"
VERSION = 1

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class BankError(NesvaeError):
    """A file of snapshots can't be read or written; one line says which file and why."""


class _Snapshot(msgspec.Struct, forbid_unknown_fields=True):
    knobs: dict[str, Share]
    style: list[float]
    temperature: Annotated[float, msgspec.Meta(ge=TEMPERATURE.low, le=TEMPERATURE.high)]
    seed: Annotated[int, msgspec.Meta(ge=SEEDS.low, le=SEEDS.high)]
    mute: list[str] = []
    transpose: tuple[int, int, int] = (0, 0, 0)
    key: str | None = None
    name: str | msgspec.UnsetType = msgspec.UNSET  # none is written where there is none


class _Bank(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    checkpoint_sha256: str
    snapshots: dict[str, _Snapshot]


def settings_to_text(settings: Mapping[int, Setting], checkpoint_sha256: str) -> str:
    """The text of a bank; a setting without a style has an empty one."""
    kept = {
        str(slot): _Snapshot(
            {name: round(value, 6) for name, value in setting.knobs.items()},
            [] if setting.style is None else [round(float(u), 6) for u in setting.style],
            setting.temperature,
            setting.seed,
            sorted(voice.name for voice in setting.arrangement.muted),
            setting.arrangement.transpose,
            None if setting.arrangement.key is None else str(setting.arrangement.key),
            setting.name or msgspec.UNSET,
        )
        for slot, setting in sorted(settings.items())
    }
    bank = _Bank(FORMAT, VERSION, checkpoint_sha256, kept)
    return msgspec.json.format(msgspec.json.encode(bank), indent=1).decode() + "\n"


def text_to_settings(
    text: str, checkpoint_sha256: str, n_style: int
) -> tuple[dict[int, Setting], str]:
    """Read a bank for a checkpoint of `n_style` style axes.

    Returns:
        Number -> setting, and a line that says what was dropped ("" if nothing was).

    Raises:
        ValueError: it is no bank, or something in it is wrong; one line says what.
    """
    try:
        bank = msgspec.json.decode(text, type=_Bank)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"not a bank of snapshots, or damaged ({error})") from None
    if bank.format != FORMAT:
        raise ValueError(f"its format is {bank.format!r}, not {FORMAT!r}")
    if bank.version != VERSION:
        raise ValueError(f"version {bank.version}: this program reads version {VERSION}")
    ours = bank.checkpoint_sha256 == checkpoint_sha256
    settings: dict[int, Setting] = {}
    for name, kept in bank.snapshots.items():
        if not name.isdecimal() or int(name) not in SNAPSHOTS:
            raise ValueError(f"snapshot {name!r}: {SNAPSHOTS}")
        try:
            settings[int(name)] = _setting(kept, n_style, ours=ours)
        except ValueError as error:
            raise ValueError(f"snapshot {name}: {error}") from None
    if ours or not settings:
        return settings, ""
    slots = ", ".join(map(str, sorted(settings)))
    return settings, (
        f"made with another checkpoint (snapshots {slots}): attributes stay, style is dropped"
    )


def _setting(kept: _Snapshot, n_style: int, *, ours: bool) -> Setting:
    for knob in kept.knobs:
        if knob not in KNOB_BY_NAME:
            raise ValueError(f"there is no knob {knob!r}")
    voices = [spec.voice.name for spec in VOICES] + [Voice.NO.name]
    if unknown := [name for name in kept.mute if name not in voices]:
        raise ValueError(f"mute: there is no voice {unknown[0]!r}")
    arrangement = Arrangement(
        frozenset(Voice[name] for name in kept.mute),
        key=None if kept.key is None else Key.parse(kept.key),
    )
    for spec, semitones in zip(VOICES, kept.transpose, strict=True):
        arrangement = arrangement.with_transpose(spec.voice, semitones)
    knobs = {k: v for k, v in kept.knobs.items() if ours or not is_style(k)}
    style = None
    if ours and kept.style:
        if len(kept.style) != n_style or not all(map(math.isfinite, kept.style)):
            raise ValueError(f"style: {n_style} numbers are needed")
        style = np.array(kept.style, np.float32)
    name = checked_name(kept.name) if kept.name else ""
    return Setting(knobs, style, kept.temperature, kept.seed, arrangement, name)


def read_bank(path: Path, checkpoint_sha256: str, n_style: int) -> tuple[dict[int, Setting], str]:
    """Read the bank at `path`, if there is one, as `text_to_settings` does.

    Raises:
        BankError: there is one, and it can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError) as error:
        raise BankError(f"snapshots {path}: can't be read ({_reason(error)})") from None
    try:
        settings, dropped = text_to_settings(text, checkpoint_sha256, n_style)
    except ValueError as error:
        raise BankError(f"snapshots {path}: {error}") from None
    return settings, f"snapshots {path}: {dropped}" if dropped else ""


def write_bank(path: Path, settings: Mapping[int, Setting], checkpoint_sha256: str) -> None:
    """Write the bank; it appears whole or not at all.

    Raises:
        BankError: it can't be written; the file is as it was before.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_text(settings_to_text(settings, checkpoint_sha256), encoding="utf-8")
    except OSError as error:
        raise BankError(f"snapshots {path}: can't be written ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


SUFFIX = ".snapshots.json"
"""How the name of a preset's bank ends."""


class SnapshotFile:
    """The file in which the performer's snapshots are kept; any thread may have them kept.

    One that can't be read is set aside, and a new one is begun: on a stage it must play.

    Args:
        path: the bank's.
        checkpoint_sha256: that of the network that plays.
        n_style: how many style axes it has.
        given: the snapshots to begin with, in place of the file's; None: the file's.
        order: of the style axes of who plays, by those of the checkpoint, which the file has; None: the
            same.
    """

    def __init__(
        self,
        path: Path,
        checkpoint_sha256: str,
        n_style: int,
        given: Mapping[int, Setting] | None = None,
        order: Sequence[int] | None = None,
    ) -> None:
        self.path = path
        self._order = order
        self._sha256 = checkpoint_sha256
        self.found: dict[int, Setting] = {}
        """The snapshots to begin with."""
        self.dropped = ""
        """What a person should know of them, in one line."""
        if given is not None:
            self.found = dict(given)
        else:
            try:
                self.found, self.dropped = read_bank(path, checkpoint_sha256, n_style)
            except BankError as error:
                self.dropped = f"{error}: {self._set_aside()}"
            self.found = {i: reordered(kept, None, order) for i, kept in self.found.items()}
        self._kept: Mapping[int, Setting] = self.found
        self._keeping = threading.Lock()

    def _set_aside(self) -> str:
        """Move the file out of the way, or leave it and write another; says what was done."""
        names = (self.path.with_name(f"{self.path.name}.broken{n}") for n in range(1, 1000))
        aside = next(name for name in names if not name.exists())
        try:
            self.path.rename(aside)
        except OSError:
            self.path = aside.with_name(f"new-{self.path.name}")
            return f"it stays as it is, and what you store goes into {self.path}"
        return f"playing without them; the file is now {aside.name}"

    def keep(self, settings: Mapping[int, Setting]) -> None:
        """Write the snapshots if they are another mapping than before (none is changed in place).

        Raises:
            BankError: they can't be written; the next call tries again.
        """
        with self._keeping:
            if settings is self._kept:
                return
            in_file = {i: reordered(kept, self._order, None) for i, kept in settings.items()}
            write_bank(self.path, in_file, self._sha256)
            self._kept = settings
