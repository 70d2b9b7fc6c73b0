"""`nesvae-live presets`: the list of presets, what one of them does, and whether it is sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from nesvae_live.control.controlspec import ControlSpec
from nesvae_live.control.kinds import MOST_7, NRPN, Form
from nesvae_live.control.layout import Layout
from nesvae_live.control.learn import full_label
from nesvae_live.control.readings import data_steps, place_to_messages
from nesvae_live.control.surface import Surface
from nesvae_live.control.target import AtRest
from nesvae_live.music.events import MidiBytes
from nesvae_live.music.ranges import nearest
from nesvae_live.paths import ConfigError, shipped_dir, user_presets_dir
from nesvae_live.presets.controllerpicture import picture_to_text
from nesvae_live.presets.preset import Preset, load_preset, preset_paths, read_preset


def known_controllers() -> list[Preset]:
    """The presets that are for a controller, except those that can't be read."""
    found = []
    for path in preset_paths().values():
        try:
            preset = read_preset(path)
        except ConfigError:
            continue  # `presets check` says why
        if preset.controller is not None and preset.controller.ports:
            found.append(preset)
    return found


def presets_to_text() -> str:
    """The list of presets, a line for each."""
    paths = preset_paths()
    width = max(map(len, paths), default=0)
    lines = []
    for name, path in sorted(paths.items()):
        try:
            what = read_preset(path).description
        except ConfigError as error:
            what = str(error)
        lines.append(f"{name:<{width}}  {what}{_whose(path)}")
    return "\n".join(lines)


def _whose(path: Path) -> str:
    """That a preset is the user's own, or his copy of a shipped one; nothing of a shipped one."""
    if path.parent != user_presets_dir():
        return ""
    if not (shipped_dir("presets") / path.name).exists():
        return " (yours)"
    return f" (your copy; `presets reset {path.stem}` goes back to the shipped one)"


def own_copy(name: str) -> Path:
    """The user's copy of a shipped preset.

    Raises:
        ConfigError: there is no such preset, or the user has no copy of it.
    """
    shipped = shipped_dir("presets") / f"{name}.toml"
    if not shipped.exists():
        names = sorted(path.stem for path in shipped_dir("presets").glob("*.toml"))
        meant = nearest(name, names) or f": there are {', '.join(names)}"
        raise ConfigError(f"no preset {name!r} is shipped{meant}")
    own = user_presets_dir() / shipped.name
    if not own.exists():
        raise ConfigError(f"{name} is as it was shipped: you have no copy of it")
    return own


def preset_to_text(preset: Preset) -> str:
    """What a preset does: the picture of its controller, and its controls page by page."""
    lines = [f"{preset.name}: {preset.description}", f"file: {preset.path}"]
    controller = preset.controller
    if controller is not None:
        lines += ["", controller.name]
        lines += [f"ports: {', '.join(controller.ports)}"] if controller.ports else []
        lines += [f"source: {controller.source}", f"unchecked: {controller.unchecked}", ""]
        lines.append(picture_to_text(preset))
    for page, controls in sections(preset.layout):
        lines += ["", page]
        for control in controls:
            lines.append(
                f"  {control.target:<16}{full_label(control):<34}{control.target_spec.more}"
            )
    return "\n".join(lines)


def sections(layout: Layout) -> Iterator[tuple[str, tuple[ControlSpec, ...]]]:
    """The headings of a layout's pages, each with its controls."""
    if layout.controls:
        yield ("on every page" if layout.pages else "controls"), layout.controls
    for i, page in enumerate(layout.pages):
        yield f"page {i + 1}: {page.name}", page.controls


def check_presets(names: Iterable[str]) -> tuple[str, bool]:
    """Check some presets, or all of them; returns what to print, and whether all are sound."""
    lines, fine = [], True
    for name in names or sorted(preset_paths()):
        try:
            preset = load_preset(name)
            faults = check_preset(preset)
        except ConfigError as error:
            faults = [str(error).removeprefix(f"preset {Path(name)}: ")]
        fine = fine and not faults
        lines += [f"{name}: {fault}" for fault in faults]
        if not faults:
            n = sum(len(controls) for _, controls in sections(preset.layout))
            lines.append(f"{name}: fine, {n} controls")
    return "\n".join(lines), fine


def check_preset(preset: Preset) -> list[str]:
    """What is wrong with a readable preset: controls that are in no row, or that move nothing."""
    faults = []
    controller = preset.controller
    if controller is not None:
        faults += [
            f"controller.{key}: it is missing"
            for key in ("name", "source", "unchecked")
            if not getattr(controller, key)
        ]
        if controller.rows:
            faults += [
                f"{control.target} is on {full_label(control)}, which is in no row"
                for control in controller.missing(preset.layout)
            ]
    for _, controls in sections(preset.layout):
        faults += [
            f"{control.target} does not move when {full_label(control)} does"
            for control in controls
            if not moves(control)
        ]
    return faults


def moves(control: ControlSpec) -> bool:
    """Whether a control moves its target when it sends what its kind sends."""
    surface = Surface(Layout((control,)))
    asked = [
        item
        for message in gesture(control)
        for item in surface.receive("hands", message, 0.0, AtRest())
    ]
    return bool(asked)


def gesture(control: ControlSpec) -> list[MidiBytes]:
    """The messages of a control that is moved all the way, or pressed and released."""
    kind = control.kind_spec
    channel = control.channel or 0
    if kind.form is Form.RELATIVE:
        if kind.name == "nrpn_steps":
            return data_steps(channel, control.number, (1, 1, -1, -1, -1))
        up = {"twos": (1, 127), "offset": (65, 63), "sign": (1, 65)}[
            kind.name.removeprefix("nrpn_")
        ]
        readings: tuple[int, ...] = (up[0], up[0], up[1], up[1], up[1])
        if kind.status == NRPN:
            readings = tuple(r << 7 for r in readings)
    elif kind.name == "program":
        return [(kind.status | channel, control.number)]
    elif kind.form is Form.PRESS:
        readings = (MOST_7, 0)
    else:
        readings = (0, kind.most // 3, kind.most, 0)
    return [m for r in readings for m in place_to_messages(kind.name, channel, control.number, r)]
