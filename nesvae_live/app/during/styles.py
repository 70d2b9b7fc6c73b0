"""Styles of one's own as files: where they are, how they are written, read and named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nesvae_live import NesvaeError
from nesvae_live.latent.adopted import Adopted
from nesvae_live.latent.attributes import N_ATTRIBUTES
from nesvae_live.log.plain import to_data, to_value
from nesvae_live.model.song.songcheckpoint import SongCheckpoint
from nesvae_live.paths import STYLE_SUFFIX, replacing, user_styles_dir

FORMAT, VERSION = "nesvae_live style", 1
NAMED = re.compile(r"[\w][\w .-]*")
AMOUNT = re.compile(r"(?P<name>.+?)(:(?P<amount>[0-9.]+))?")
NONE = "none"
"""Stands for no style."""


class StyleError(NesvaeError):
    """A style can't be had; one line says which and why."""


def style_path(name_or_path: str | Path) -> Path:
    """The file of a style: a name stands for one among the user's own."""
    text = str(name_or_path)
    if text.endswith(STYLE_SUFFIX) or len(Path(text).parts) > 1:
        return Path(text).expanduser()
    return user_styles_dir() / f"{text}{STYLE_SUFFIX}"


def style_paths() -> Mapping[str, Path]:
    """The user's own styles, by name."""
    found = sorted(user_styles_dir().glob(f"*{STYLE_SUFFIX}"))
    return {path.name.removesuffix(STYLE_SUFFIX): path for path in found}


def write_style(path: Path, style: Adopted) -> None:
    """Write a style; it appears whole or not at all.

    Raises:
        StyleError: it can't be written.
    """
    kept: dict[str, Any] = {"format": FORMAT, "version": VERSION, "style": to_data(style)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part:
            part.write_bytes(msgspec.json.encode(kept) + b"\n")
    except OSError as error:
        raise StyleError(f"style {path}: can't be written ({error.strerror or error})") from None


def open_style(wanted: str | None, checkpoint: SongCheckpoint) -> Adopted | None:
    """The style that `NAME`, `NAME:AMOUNT` or a file of it says; None for none.

    Raises:
        StyleError: there is none, it is damaged, or was made for another checkpoint.
    """
    if wanted is None or wanted == NONE:
        return None
    name, amount = parse_style(wanted)
    path = style_path(name)
    style = _read(path)
    if style.checkpoint_sha256 != checkpoint.sha256:
        raise StyleError(f"style {path}: made for another checkpoint: adopt its files for this one")
    _check(path, style, checkpoint)
    return replace(style, amount=amount)


def parse_style(wanted: str) -> tuple[str, float]:
    """A style's name and amount from `NAME` or `NAME:AMOUNT`.

    Raises:
        StyleError: the amount is none.
    """
    found = AMOUNT.fullmatch(wanted)
    assert found is not None  # it takes anything but nothing
    try:
        amount = float(found["amount"] or 1.0)
    except ValueError:
        amount = -1.0
    if not 0.0 <= amount <= 1.0:
        raise StyleError(f"style {wanted}: NAME:AMOUNT has an amount from 0 to 1")
    return found["name"], amount


def _read(path: Path) -> Adopted:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        there = ", ".join(style_paths()) or "none"
        own = path.parent == user_styles_dir()
        name = repr(path.name.removesuffix(STYLE_SUFFIX)) if own else path
        raise StyleError(
            f"no style {name}; there are: {there} (`nesvae-live adopt` makes them)"
        ) from None
    except OSError as error:
        raise StyleError(f"style {path}: {error.strerror}") from None
    try:
        kept = msgspec.json.decode(data, type=dict[str, Any])
        is_style = (kept.get("format"), kept.get("version")) == (FORMAT, VERSION)
        style: Adopted | None = to_value(kept["style"], Adopted) if is_style else None
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError) as error:
        why = " ".join(str(error).split())
        raise StyleError(f"style {path}: damaged ({why[:100]})") from None
    if style is None:
        raise StyleError(f"style {path}: not a {FORMAT} of version {VERSION}")
    return style


def _check(path: Path, style: Adopted, checkpoint: SongCheckpoint) -> None:
    """Check what a damaged file could have wrong that would be heard only later."""
    size, n_style = checkpoint.config.latent, checkpoint.config.style
    k = len(style.weights)
    right = (
        style.means.shape == (k, size)
        and style.deviations.shape == (k, size)
        and style.correlations.shape == (size, size)
        and style.kept.shape == (size,)
        and sorted(style.order) == list(range(n_style))
        and len(style.labels) == n_style
        and 0.0 <= style.stay <= 1.0
        and all(theme.z.shape == (N_ATTRIBUTES + n_style,) for theme in style.themes)
        and np.isfinite(style.means).all()
        and bool((style.deviations > 0.0).all())
        and bool((np.linalg.eigvalsh(style.correlations) > 0.0).all())
    )
    if not right:
        raise StyleError(f"style {path}: its sizes don't fit together: adopt its files again")
